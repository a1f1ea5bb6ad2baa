//! One HTTP exchange at a GraphQL endpoint: what the request must be, who sends it, how the answer leaves.
//!
//! Everything that differs between dialects comes from the endpoint's [`TransportRules`].

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use bytes::Bytes;
use graphql::transport::{FormBody, GetRule, HintHeaders, Refusal as TransportRefusal, RequestFault, TransportRules};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use plan::{Caller, Cause};

use crate::accounts::{self, Client, Peer, Sender};
use crate::answer::{Answer, Methods, Outcome, answer, no_room, refused_unread};
use crate::app::{App, Endpoint};
use crate::media;
use crate::negotiate::{MediaType, Sent, answer_media_type, prefers_html, sent_media_type};
use crate::page::{PageSettings, page};
use crate::refusal::Refusal;
use crate::request::{BodyRules, Request, Requests, from_body, from_parameters};

/// What the page's editor holds at first.
const FIRST_QUERY: &str = "# Ctrl+Space completes, Ctrl+Enter runs.\n{\n  __typename\n}\n";
/// A body must arrive at least this fast; slower ones hold a connection for nothing.
const BODY_BYTES_PER_SECOND_MIN: usize = 1024;
/// Beside that, every body gets this long.
const BODY_TIME: Duration = Duration::from_secs(10);

/// Answers one request at an endpoint.
pub(crate) async fn exchange(endpoint: Endpoint<'_>, parts: &Parts, body: Body) -> Response<Body> {
    let accept = text(&parts.headers, &header::ACCEPT);
    if endpoint.app.settings.graphiql && asks_for_page(parts, accept) {
        return page(PageSettings { path: parts.uri.path(), query: FIRST_QUERY, subscriptions: false });
    }
    let media = answer_media_type(accept);
    let outcome = match media {
        Some(_) if brings_files(endpoint, parts) => match Box::pin(with_files(endpoint, parts, body)).await {
            Ok(outcome) => outcome,
            Err(refusal) => return refusal.response(),
        },
        // What is below has thousands of bytes of state, which each layer above would copy into its own before it begins.
        Some(_) => Box::pin(answered(endpoint, parts, body)).await,
        None => Err(RequestFault::NotAcceptable),
    };
    let media = media.unwrap_or(MediaType::Json);
    match outcome {
        Ok(answer) => written(endpoint.rules(), media, answer),
        Err(fault) => {
            let mut response = refused(endpoint.rules(), media, &fault);
            if fault == RequestFault::CredentialsInvalid && reads_refusals(endpoint, parts) {
                *response.status_mut() = StatusCode::OK;
            }
            response
        }
    }
}

/// A client that says its release reads from the body why its credentials are refused.
fn reads_refusals(endpoint: Endpoint<'_>, parts: &Parts) -> bool {
    endpoint.rules().hints.is_some_and(|hints| parts.headers.contains_key(hints.release))
}

/// A fault of the request in the endpoint's words.
pub(crate) fn refused(rules: &TransportRules, media: MediaType, fault: &RequestFault) -> Response<Body> {
    let TransportRefusal { status, body } = (rules.describe)(fault);
    let mut response = match body {
        serde_json::Value::String(text) => {
            let mut response = respond(status, media, Bytes::from(text));
            set(response.headers_mut(), header::CONTENT_TYPE, "text/plain; charset=utf-8");
            response
        }
        body => respond(status, media, Bytes::from(body.to_string())),
    };
    let headers = response.headers_mut();
    if matches!(fault, RequestFault::OperationByGet(_)) {
        set(headers, header::ALLOW, "POST");
    } else if matches!(fault, RequestFault::MethodNotAllowed | RequestFault::GetNotServed) {
        set(headers, header::ALLOW, rules.allow);
    } else if status == 401 && *fault == RequestFault::CredentialsInvalid {
        set(headers, header::WWW_AUTHENTICATE, "Bearer");
    } else if *fault == RequestFault::Unavailable {
        set(headers, header::RETRY_AFTER, "1");
    }
    response
}

fn asks_for_page(parts: &Parts, accept: Option<&str>) -> bool {
    let has_query = parts.uri.query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("query=")));
    parts.method == Method::GET && !has_query && prefers_html(accept)
}

async fn answered(endpoint: Endpoint<'_>, parts: &Parts, body: Body) -> Result<Answer, RequestFault> {
    match &parts.method {
        &Method::GET => {
            allow_get(endpoint.rules(), parts)?;
            let sender = sender_of(endpoint, parts).await?;
            let request = from_parameters(parts.uri.query().unwrap_or_default(), body_rules(endpoint))?;
            answer(endpoint, &sender, request, Methods::QueriesOnly).await
        }
        &Method::POST => posted(endpoint, parts, body).await,
        _other => Err(RequestFault::MethodNotAllowed),
    }
}

async fn posted(endpoint: Endpoint<'_>, parts: &Parts, body: Body) -> Result<Answer, RequestFault> {
    let sent = sent_media_type(text(&parts.headers, &header::CONTENT_TYPE));
    let is_form = allow_post(endpoint.rules(), parts, sent)?;
    let sender = sender_of(endpoint, parts).await?;
    let body = collect(endpoint, parts, body).await?;
    let rules = body_rules(endpoint);
    if is_form {
        let form = std::str::from_utf8(&body).map_err(|_| RequestFault::BodyEmpty)?;
        let request = from_parameters(form, rules)?;
        return answer(endpoint, &sender, request, Methods::All).await;
    }
    match from_body(&body, rules)? {
        Requests::One(request) => answer(endpoint, &sender, request, Methods::All).await,
        Requests::Batch(requests) => Box::pin(batch(endpoint, &sender, requests)).await,
    }
}

/// Whether a request comes with files, where such are taken.
fn brings_files(endpoint: Endpoint<'_>, parts: &Parts) -> bool {
    let is_taken = endpoint.rules().takes_files && endpoint.app.media.is_some();
    is_taken
        && parts.method == Method::POST
        && sent_media_type(text(&parts.headers, &header::CONTENT_TYPE)) == Sent::Multipart
}

/// Answers a request that came as a form with its files. What is wrong with the form itself is told as for any upload.
async fn with_files(
    endpoint: Endpoint<'_>,
    parts: &Parts,
    body: Body,
) -> Result<Result<Answer, RequestFault>, Refusal> {
    let FormBody::Preflighted(headers) = endpoint.rules().form_body else {
        return Ok(Err(RequestFault::ContentTypeUnsupported));
    };
    if !is_preflighted(parts, Sent::Multipart, headers) {
        return Ok(Err(RequestFault::PreflightMissing));
    }
    let sender = match sender_of(endpoint, parts).await {
        Ok(sender) => sender,
        Err(fault) => return Ok(Err(fault)),
    };
    let Some(media) = endpoint.app.media.as_ref().filter(|_| media::may_upload(endpoint.app, &sender.caller)) else {
        return Ok(Ok(refused_unread(endpoint, Cause::Forbidden)));
    };
    let (request, files) = match media.receive(endpoint.app, (parts, body), body_rules(endpoint)).await? {
        Ok(received) => received,
        Err(fault) => return Ok(Err(fault)),
    };
    Ok(answer(endpoint, &Sender { files, ..sender }, request, Methods::All).await)
}

/// Answers a list by a list, one after the other: the next may need what the one before has written.
async fn batch(
    endpoint: Endpoint<'_>,
    sender: &Sender,
    requests: Vec<Result<Request<'_>, RequestFault>>,
) -> Result<Answer, RequestFault> {
    let mut joined = Vec::from(b"[");
    let mut has_errors = false;
    let mut retry_after = None;
    for (index, request) in requests.into_iter().enumerate() {
        if index > 0 {
            joined.push(b',');
        }
        // The list is one answer: what is before takes from what may follow.
        let answer_bytes_max = endpoint.answer_bytes_max.saturating_sub(joined.len());
        let outcome = match request {
            Ok(_) if answer_bytes_max == 0 => Ok(no_room(endpoint)),
            Ok(request) => answer(Endpoint { answer_bytes_max, ..endpoint }, sender, request, Methods::All).await,
            Err(fault) => Err(fault),
        };
        match outcome {
            Ok(answer) => {
                has_errors |= answer.has_errors;
                retry_after = retry_after.max(answer.retry_after);
                joined.extend_from_slice(&answer.body);
            }
            Err(fault) => {
                has_errors = true;
                joined.extend_from_slice((endpoint.rules().describe)(&fault).body.to_string().as_bytes());
            }
        }
    }
    joined.push(b']');
    Ok(Answer { body: Bytes::from(joined), outcome: Outcome::Executed, has_errors, retry_after })
}

fn allow_get(rules: &TransportRules, parts: &Parts) -> Result<(), RequestFault> {
    match rules.get {
        GetRule::Served => Ok(()),
        GetRule::Refused => Err(RequestFault::GetNotServed),
        GetRule::Preflighted(headers) => {
            let sent = sent_media_type(text(&parts.headers, &header::CONTENT_TYPE));
            if is_preflighted(parts, sent, headers) { Ok(()) } else { Err(RequestFault::PreflightMissing) }
        }
    }
}

/// Whether the body is a form; JSON otherwise.
fn allow_post(rules: &TransportRules, parts: &Parts, sent: Sent) -> Result<bool, RequestFault> {
    if let Some(encoding) =
        text(&parts.headers, &header::CONTENT_ENCODING).filter(|encoding| !encoding.eq_ignore_ascii_case("identity"))
    {
        return Err(RequestFault::EncodingUnsupported(encoding.chars().take(ENCODING_SHOWN_MAX).collect()));
    }
    match (sent, rules.form_body) {
        (Sent::Json, _) => Ok(false),
        (Sent::JsonOtherCharset, _) => Err(RequestFault::CharsetUnsupported),
        (sent, FormBody::Preflighted(headers)) if !is_preflighted(parts, sent, headers) => {
            Err(RequestFault::PreflightMissing)
        }
        (Sent::Form, FormBody::Preflighted(_)) => Ok(true),
        (Sent::Form | Sent::Multipart | Sent::Simple | Sent::Other | Sent::Missing, _) => {
            Err(RequestFault::ContentTypeUnsupported)
        }
    }
}

const ENCODING_SHOWN_MAX: usize = 40;

/// Whether a browser would have asked leave before it let a page of another site send this.
fn is_preflighted(parts: &Parts, sent: Sent, headers: &[&str]) -> bool {
    let by_type = match sent {
        Sent::Json | Sent::JsonOtherCharset | Sent::Other => true,
        Sent::Form | Sent::Multipart | Sent::Simple | Sent::Missing => false,
    };
    by_type || headers.iter().any(|name| parts.headers.get(*name).is_some_and(|value| !value.is_empty()))
}

/// Who sends a request, and from where.
pub(crate) async fn sender(app: &App, parts: &Parts) -> Result<Sender, RequestFault> {
    let authorization = parts.headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
    let address = address(app, parts);
    if authorization.is_none() && app.settings.anonymous_operates && is_of_this_machine(address, &parts.headers) {
        return Ok(Sender { address, ..Sender::local(operator()) });
    }
    let caller = accounts::caller(app, authorization).await?;
    Ok(Sender { address, ..Sender::local(caller) })
}

/// Somebody without a token who operates the workflow engine all the same.
fn operator() -> Caller {
    Caller::Roles { roles: vec![plan::OPERATOR.to_owned(), plan::PUBLIC.to_owned()], user: serde_json::Map::new() }
}

/// What a proxy writes into a request that it passes on for somebody else.
const OF_PROXIES: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// The request comes over loopback, from no proxy that says so, and names it as its host: a page of another site that had its name lead
/// here names itself.
fn is_of_this_machine(address: Option<IpAddr>, headers: &HeaderMap) -> bool {
    if OF_PROXIES.iter().any(|name| headers.contains_key(*name)) {
        return false;
    }
    let host = text(headers, &header::HOST).unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name).trim_start_matches('[').trim_end_matches(']');
    let is_loopback =
        name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|name: IpAddr| name.is_loopback());
    is_loopback && address.is_some_and(|address| address.to_canonical().is_loopback())
}

/// The client's address: that of the connection, or what a trusted proxy says of it.
pub(crate) fn address(app: &App, parts: &Parts) -> Option<IpAddr> {
    let Peer(peer) = *parts.extensions.get::<Peer>()?;
    let trusted = &app.settings.accounts.trusted_proxies;
    if !trusted.contains(&peer.to_canonical()) {
        return Some(peer);
    }
    let said = parts.headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let hops = said.flat_map(|value| value.split(',')).map(|hop| hop.trim().parse::<IpAddr>());
    // The last hop that is none of our proxies is the client; what stands before it, anybody may have written.
    let hops: Vec<_> = hops.collect();
    let client = hops.into_iter().rev().map_while(Result::ok).find(|hop| !trusted.contains(&hop.to_canonical()));
    Some(client.unwrap_or(peer))
}

const FORWARDED_FOR: &str = "x-forwarded-for";

async fn sender_of(endpoint: Endpoint<'_>, parts: &Parts) -> Result<Sender, RequestFault> {
    let Sender { caller, address, .. } = sender(endpoint.app, parts).await?;
    let client = endpoint.rules().hints.map(|hints| client(hints, &parts.headers)).unwrap_or_default();
    let narrow = endpoint.rules().role_header.and_then(|rule| Some((rule, parts.headers.get(rule.name)?)));
    let caller = match narrow {
        None => caller,
        Some((rule, asked)) => {
            narrowed(caller, asked.to_str().unwrap_or_default(), rule.aliases).ok_or(RequestFault::RoleRefused)?
        }
    };
    Ok(Sender { address, client, ..Sender::local(caller) })
}

/// What a client tells of itself.
fn client(hints: HintHeaders, headers: &HeaderMap) -> Client {
    let named = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let release = named(hints.release).map(|release| release.chars().take(RELEASE_CHARACTERS_MAX).collect());
    Client { agent: named(hints.agent).and_then(plan::uuid_of_text), release }
}

/// Longest word for a release.
const RELEASE_CHARACTERS_MAX: usize = 60;

/// The caller with one of their roles alone.
fn narrowed(caller: Caller, asked: &str, aliases: &[(&str, &str)]) -> Option<Caller> {
    let asked = aliases.iter().find(|(alias, _)| *alias == asked).map_or(asked, |(_, role)| role);
    match caller {
        Caller::Roles { roles, user } => {
            roles.iter().any(|role| role == asked).then(|| Caller::Roles { roles: vec![asked.to_owned()], user })
        }
        Caller::Owner => None,
    }
}

fn body_rules(endpoint: Endpoint<'_>) -> BodyRules {
    let limits = &endpoint.app.settings.limits;
    let rules = endpoint.rules();
    BodyRules {
        nesting_max: limits.nesting_max,
        batch_max: rules.batching.then_some(limits.batch_max),
        variables_as_text: rules.variables_as_text,
        keeps_documents: rules.keeps_documents,
    }
}

async fn collect(endpoint: Endpoint<'_>, parts: &Parts, body: Body) -> Result<Bytes, RequestFault> {
    body_of(endpoint.app.settings.limits.body_bytes_max, parts, body).await
}

/// Reads a body within its bounds of size and time.
pub(crate) async fn body_of(longest: usize, parts: &Parts, body: Body) -> Result<Bytes, RequestFault> {
    let announced = text(&parts.headers, &header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > longest) {
        return Err(RequestFault::BodyTooLarge(longest));
    }
    let seconds = announced.unwrap_or(longest) / BODY_BYTES_PER_SECOND_MIN;
    let time = BODY_TIME + Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX));
    let collected = tokio::time::timeout(time, Limited::new(body, longest).collect())
        .await
        .map_err(|_| RequestFault::BodyTooSlow)?;
    match collected {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(RequestFault::BodyTooLarge(longest)),
        // The client went away: nobody reads what is answered.
        Err(_) => Err(RequestFault::BodyEmpty),
    }
}

fn written(rules: &TransportRules, media: MediaType, answer: Answer) -> Response<Body> {
    let status = match (answer.outcome, media) {
        (Outcome::Executed, _) => 200,
        (Outcome::Refused, MediaType::Json) => rules.refused_status_json,
        (Outcome::Refused, MediaType::GraphqlResponse) => rules.refused_status_graphql,
        (Outcome::Unavailable, _) => 503,
    };
    let mut response = respond(status, media, answer.body);
    if answer.outcome == Outcome::Unavailable {
        set(response.headers_mut(), header::RETRY_AFTER, "1");
    }
    if let Some(seconds) = answer.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn respond(status: u16, media: MediaType, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).expect("statuses come from the tables of the dialects");
    let headers = response.headers_mut();
    set(headers, header::CONTENT_TYPE, media.header());
    set(headers, header::CACHE_CONTROL, "no-store");
    response
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use axum::http::{HeaderMap, HeaderValue, header};

    fn check(address: &str, host: &'static str, proxy: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
        headers
            .extend(proxy.map(|name| (header::HeaderName::from_static(name), HeaderValue::from_static("192.0.2.1"))));
        super::is_of_this_machine(address.parse::<IpAddr>().ok(), &headers)
    }

    #[test]
    fn a_request_is_of_this_machine_by_its_address_its_host_and_no_proxy() {
        for host in ["localhost", "LOCALHOST:1337", "127.0.0.1:1337", "[::1]:1337"] {
            assert!(check("127.0.0.1", host, None), "{host}");
        }
        assert!(check("::ffff:127.0.0.1", "localhost", None));
        for host in ["", "shop.example", "shop.example:1337", "192.0.2.1"] {
            assert!(!check("127.0.0.1", host, None), "{host}");
        }
        assert!(!check("192.0.2.1", "localhost", None));
        for proxy in super::OF_PROXIES {
            assert!(!check("127.0.0.1", "localhost", Some(proxy)), "{proxy}");
        }
    }
}
