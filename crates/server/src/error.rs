//! What keeps a server from starting.

use std::net::SocketAddr;

use graphql::dialect::SchemaFault;

/// What keeps a server from starting.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A listener names an endpoint that is not there.
    #[error("the listener on {address} shows {endpoint}, but no endpoint has that path")]
    ListenerEndpoint {
        /// Of the listener.
        address: SocketAddr,
        /// The path it names.
        endpoint: String,
    },
    /// An endpoint names a dialect that is not there.
    #[error("the endpoint {path} names the dialect {name:?}, which is not there; known: {}", known_dialects())]
    Dialect {
        /// Of the endpoint.
        path: String,
        /// As it was written.
        name: String,
    },
    /// The store cannot serve the model.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The dialects of an endpoint cannot show the model.
    #[error("the model cannot be served at {path}:\n{}", lines(faults))]
    Schema {
        /// Of the endpoint.
        path: String,
        /// Every reason.
        faults: Vec<SchemaFault>,
    },
}

fn known_dialects() -> String {
    graphql::dialect::ALL.iter().map(|dialect| dialect.name).collect::<Vec<_>>().join(", ")
}

fn lines(faults: &[SchemaFault]) -> String {
    faults.iter().map(|fault| format!("  {fault}")).collect::<Vec<_>>().join("\n")
}
