//! What keeps a server from starting.

use std::net::SocketAddr;

use model::Diagnostics;

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
    /// The dialects of the endpoints cannot show the model: every reason, at its place in the model.
    #[error("{0}")]
    Schema(Diagnostics),
}

fn known_dialects() -> String {
    graphql::dialect::ALL.iter().map(|dialect| dialect.name).collect::<Vec<_>>().join(", ")
}
