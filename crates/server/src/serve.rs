//! A server from its first connection to its last.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::accounts::Peer;
use crate::app::{Door, Shared};
use crate::listen::Listener;
use crate::settings::Limits;

/// A bound socket and what it shows.
#[derive(Debug)]
pub struct Way {
    /// The socket.
    pub listener: Listener,
    /// The one endpoint that it shows, or everything.
    pub endpoint: Option<String>,
}

/// Serves until `stop` becomes true and the running requests have ended, or their grace is over.
pub async fn serve(shared: &Shared, ways: Vec<Way>, limits: &Limits, stop: watch::Receiver<bool>) {
    let mut listening = JoinSet::new();
    for Way { listener, endpoint } in ways {
        let door = endpoint.map_or(Door::Main, |path| Door::Alone(path.into()));
        let shared = shared.clone();
        let handle = move |request: Request<Incoming>, peer: IpAddr| {
            let (shared, door) = (shared.clone(), door.clone());
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            async move { Box::pin(shared.handle(door, request)).await }
        };
        listening.spawn(listener.serve(limits.clone(), stop.clone(), handle));
    }
    let mut stop = stop;
    // An error means that the sender is gone: an end, too.
    let _ended = stop.wait_for(|stop| *stop).await.is_err();
    shared.stop();
    while let Some(ended) = listening.join_next().await {
        if let Err(error) = ended {
            tracing::error!(error = %error, "a listener broke");
        }
    }
}
