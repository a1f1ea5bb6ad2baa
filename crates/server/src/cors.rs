//! Which pages of other sites may read answers. Without a setting none may.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

/// Headers that such pages may send.
const HEADERS: &str =
    "authorization, content-type, apollo-require-preflight, x-apollo-operation-name, x-hasura-role, x-request-id";
/// How long a browser may remember the leave, in seconds.
const REMEMBERED_S: &str = "600";

/// The answer to a browser that asks leave before it sends the request proper, which gives none where no setting names its page; `None` where this is
/// no such question.
pub(crate) fn leave(origins: &[String], parts: &Parts) -> Option<Response<Body>> {
    if parts.method != Method::OPTIONS || !parts.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    if allow(origins, parts, headers) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(HEADERS));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(REMEMBERED_S));
    }
    Some(response)
}

/// Lets the page read the answer, where its origin is among those of the settings. Cookies are never allowed: there are none.
pub(crate) fn allow(origins: &[String], parts: &Parts, headers: &mut HeaderMap) -> bool {
    if origins.is_empty() {
        return false;
    }
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    let Some(origin) = parts.headers.get(header::ORIGIN) else { return false };
    let is_allowed = origins.iter().any(|allowed| allowed == "*" || allowed.as_bytes() == origin.as_bytes());
    if is_allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
    is_allowed
}
