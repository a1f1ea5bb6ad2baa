//! Sockets: accepting, limits on heads and connections, a graceful end. What is answered is decided elsewhere.

use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::error::Error;
use crate::settings::Limits;

/// A socket that is bound and not yet served.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds an address. Port 0 takes a free one.
    ///
    /// # Errors
    /// The address is taken, or not ours.
    pub async fn bind(address: SocketAddr) -> Result<Self, Error> {
        let failed = |source| Error::Bind { address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, address })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` becomes true, then lets running requests end within the grace.
    pub(crate) async fn serve<H, F>(self, limits: Limits, mut stop: watch::Receiver<bool>, handle: H)
    where
        H: Fn(Request<Incoming>, IpAddr) -> F + Clone + Send + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let places = Arc::new(Semaphore::new(limits.connections_max));
        let connections = GracefulShutdown::new();
        let builder = builder(&limits);
        loop {
            let place = tokio::select! {
                biased;
                () = stopped(&mut stop) => break,
                place = Arc::clone(&places).acquire_owned() => place.expect("the semaphore is never closed"),
            };
            let (stream, peer) = tokio::select! {
                biased;
                () = stopped(&mut stop) => break,
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, peer)) => (stream, peer.ip()),
                    Err(error) => { accept_failed(&error).await; continue }
                },
            };
            let (handle, most) = (handle.clone(), limits.header_bytes_max);
            let service = hyper::service::service_fn(move |request| {
                let response =
                    if head_bytes(&request) > most { Err(too_large(most)) } else { Ok(handle(request, peer)) };
                async move {
                    Ok::<_, Infallible>(match response {
                        Ok(response) => response.await,
                        Err(refused) => refused,
                    })
                }
            });
            let connection = builder.serve_connection(TokioIo::new(without_delay(stream)), service);
            let connection = connections.watch(connection);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(error = %error, "a connection broke");
                }
                drop(place);
            });
        }
        drop(self.socket);
        if tokio::time::timeout(limits.shutdown_grace, connections.shutdown()).await.is_err() {
            tracing::warn!(
                grace_s = limits.shutdown_grace.as_secs(),
                "requests were still running after the grace and are cut off"
            );
        }
    }
}

fn builder(limits: &Limits) -> hyper::server::conn::http1::Builder {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(limits.headers_max)
        // Room for a head above the limit, so that it is answered with words; beyond this the connection is cut off.
        .max_buf_size((2 * limits.header_bytes_max).max(MIN_BUFFER_BYTES))
        .half_close(false)
        .keep_alive(true);
    builder
}

/// Bytes of a head as HTTP/1.1 writes it.
fn head_bytes(request: &Request<Incoming>) -> usize {
    // "GET / HTTP/1.1\r\n", ": " and "\r\n" of each header, and the empty line.
    let line = request.method().as_str().len() + request.uri().to_string().len() + " HTTP/1.1\r\n ".len();
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    line + headers.sum::<usize>() + 2
}

fn too_large(most: usize) -> Response<Body> {
    let message = format!("the head of the request has more than limits.header_bytes_max ({most}) allows");
    let body = serde_json::json!({ "errors": [{ "message": message, "extensions": { "code": "HEADERS_TOO_LARGE" } }] });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    // The rest of what the client says is not waited for.
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// What hyper takes at least.
const MIN_BUFFER_BYTES: usize = 8192;

/// A small answer must not wait for the client's delayed acknowledgement.
fn without_delay(stream: TcpStream) -> TcpStream {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = %error, "TCP_NODELAY could not be set");
    }
    stream
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, which is an end, too.
    let _ended = stop.wait_for(|stop| *stop).await.is_err();
}

/// Out of file descriptors, as a rule: others must close before another try has a chance.
async fn accept_failed(error: &std::io::Error) {
    tracing::error!(error = %error, "a connection could not be accepted");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

const ACCEPT_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);
