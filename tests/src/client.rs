//! The smallest HTTP client that asks one question: one connection, one request, the whole answer.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::judge::Answer;

/// A request as it goes out.
#[derive(Debug, Clone, Default)]
pub struct Outgoing<'a> {
    /// Method.
    pub method: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// Headers beside host, length and connection.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// Longest wait for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// Sends a request and reads the answer to its end.
///
/// # Panics
/// When the server cannot be reached, does not answer in time, or answers what is no HTTP.
#[must_use]
pub fn send(address: SocketAddr, outgoing: &Outgoing<'_>) -> Answer {
    let Whole { status, body, .. } = send_whole(address, outgoing);
    Answer { status, body: serde_json::from_slice(&body).ok() }
}

/// An answer with all that came.
#[derive(Debug, Clone)]
pub struct Whole {
    /// Status.
    pub status: u16,
    /// Names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Whole {
    /// The value of a header; empty where it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(header, _)| header == name).map_or("", |(_, value)| value)
    }
}

/// Sends a request and reads the answer to its end, with its headers and its body as it is.
///
/// # Panics
/// When the server cannot be reached, does not answer in time, or answers what is no HTTP.
#[must_use]
pub fn send_whole(address: SocketAddr, outgoing: &Outgoing<'_>) -> Whole {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(ANSWER_TIMEOUT)).expect("a socket takes a timeout");
    // A server that refuses need not read to the end; what it answers counts.
    let _refused = stream.write_all(&bytes(address, outgoing)).is_err();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    assert!(read.is_ok() || !answer.is_empty(), "the server answers in time: {read:?}");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
    let head = String::from_utf8_lossy(&answer[..end]);
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("an answer has a status");
    let headers = head.lines().filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Whole { status, headers, body: answer[end + 4..].to_vec() }
}

fn bytes(address: SocketAddr, outgoing: &Outgoing<'_>) -> Vec<u8> {
    let mut head =
        format!("{} {} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n", outgoing.method, outgoing.path);
    let has_body = !outgoing.body.is_empty() || outgoing.method == "POST";
    let is_told = |(name, _): &(String, String)| {
        ["content-length", "transfer-encoding"].contains(&name.to_ascii_lowercase().as_str())
    };
    if has_body && !outgoing.headers.iter().any(is_told) {
        head.push_str("content-length: ");
        head.push_str(&outgoing.body.len().to_string());
        head.push_str("\r\n");
    }
    for (name, value) in &outgoing.headers {
        head.push_str(&[name, ": ", value, "\r\n"].concat());
    }
    head.push_str("\r\n");
    [head.as_bytes(), &outgoing.body].concat()
}

impl Outgoing<'_> {
    /// The same with an `Authorization` header, where there is one.
    #[must_use]
    pub fn with(mut self, authorization: Option<String>) -> Self {
        self.headers.extend(authorization.map(|value| ("authorization".to_owned(), value)));
        self
    }
}

/// A GraphQL request by POST.
#[must_use]
pub fn graphql<'a>(path: &'a str, body: &serde_json::Value, token: Option<&str>) -> Outgoing<'a> {
    let mut headers = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("accept".to_owned(), "application/json".to_owned()),
    ];
    headers.extend(token.map(|token| ("authorization".to_owned(), ["Bearer ", token].concat())));
    Outgoing { method: "POST", path, headers, body: body.to_string().into_bytes() }
}
