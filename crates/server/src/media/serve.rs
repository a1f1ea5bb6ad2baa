//! Files as they are served: by name alone, under headers that let a browser run nothing of them.
//!
//! Source: RFC 9110 13 (conditions), 14 (ranges).

use std::io::SeekFrom;
use std::time::UNIX_EPOCH;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use bytes::Bytes;
use files::{Disposition, Folder, extension_of, served_as};
use futures_util::stream;
use rustix::fs::OFlags;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 64 * 1024;
/// Nothing of a file runs, loads or sends anything, even where it is opened by itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
/// How long a browser may keep a file before it asks again: what is removed here must not be shown for long elsewhere.
const CACHE: &str = "public, max-age=3600";

/// Answers with a file of the folder.
pub(super) async fn file(folder: &Folder, name: &str, parts: &Parts) -> Response<Body> {
    if parts.method != Method::GET && parts.method != Method::HEAD {
        let mut response = with_status(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match opened(folder, name).await {
        Some(opened) => shown(opened, name, parts).await,
        None => with_status(StatusCode::NOT_FOUND),
    }
}

/// A file that is open.
struct Opened {
    file: File,
    bytes: u64,
    tag: String,
    kind: (&'static str, Disposition),
}

/// Opens a file of the folder. A link to elsewhere is none.
async fn opened(folder: &Folder, name: &str) -> Option<Opened> {
    let kind = served_as(extension_of(name))?;
    let path = folder.file(name)?;
    let mut options = tokio::fs::OpenOptions::new();
    // Neither follows a link nor waits for the other end of a pipe.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let file = options.read(true).custom_flags(i32::from_ne_bytes(flags.to_ne_bytes())).open(path).await.ok()?;
    let about = file.metadata().await.ok().filter(std::fs::Metadata::is_file)?;
    let changed = about.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let tag = format!("\"{:x}-{:x}\"", about.len(), changed.as_nanos());
    Some(Opened { file, bytes: about.len(), tag, kind })
}

async fn shown(opened: Opened, name: &str, parts: &Parts) -> Response<Body> {
    let is_known = text(&parts.headers, &header::IF_NONE_MATCH).is_some_and(|tags| has_tag(tags, &opened.tag));
    if is_known {
        let mut response = with_status(StatusCode::NOT_MODIFIED);
        set(response.headers_mut(), header::ETAG, &opened.tag);
        set(response.headers_mut(), header::CACHE_CONTROL, CACHE);
        return response;
    }
    let is_same = text(&parts.headers, &header::IF_RANGE).is_none_or(|tag| tag == opened.tag);
    let asked = text(&parts.headers, &header::RANGE).filter(|_| is_same).map(|range| range_of(range, opened.bytes));
    let (status, from, length) = match asked {
        None | Some(Asked::Whole) => (StatusCode::OK, 0, opened.bytes),
        Some(Asked::Part { from, length }) => (StatusCode::PARTIAL_CONTENT, from, length),
        Some(Asked::Outside) => {
            let mut response = with_status(StatusCode::RANGE_NOT_SATISFIABLE);
            set(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{}", opened.bytes));
            return response;
        }
    };
    let Opened { mut file, bytes, tag, kind: (mime, disposition) } = opened;
    if from > 0 && file.seek(SeekFrom::Start(from)).await.is_err() {
        return with_status(StatusCode::NOT_FOUND);
    }
    let body = if parts.method == Method::HEAD { Body::empty() } else { streamed(file, length) };
    let mut response = with_status(status);
    *response.body_mut() = body;
    let headers = response.headers_mut();
    set(headers, header::CONTENT_TYPE, mime);
    set(headers, header::CONTENT_LENGTH, &length.to_string());
    set(headers, header::ACCEPT_RANGES, "bytes");
    set(headers, header::ETAG, &tag);
    set(headers, header::CACHE_CONTROL, CACHE);
    set(headers, header::CONTENT_DISPOSITION, &disposed(disposition, name));
    if status == StatusCode::PARTIAL_CONTENT {
        set(headers, header::CONTENT_RANGE, &format!("bytes {from}-{}/{bytes}", from + length - 1));
    }
    response
}

/// Names of the folder hold no letter that would have to be quoted.
fn disposed(disposition: Disposition, name: &str) -> String {
    match disposition {
        Disposition::Inline => "inline".to_owned(),
        Disposition::Attachment => ["attachment; filename=\"", name, "\""].concat(),
    }
}

/// The bytes from where the file stands, as many as were announced.
fn streamed(file: File, length: u64) -> Body {
    let read = |(mut file, left): (File, u64)| async move {
        if left == 0 {
            return Ok::<_, std::io::Error>(None);
        }
        let most = usize::try_from(left).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
        let mut chunk = vec![0; most];
        let met = file.read(&mut chunk).await?;
        if met == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        chunk.truncate(met);
        Ok(Some((Bytes::from(chunk), (file, left - met as u64))))
    };
    Body::from_stream(stream::try_unfold((file, length), read))
}

/// What a range asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part { from: u64, length: u64 },
    Outside,
}

/// Reads one range of bytes. Several, and other units, are answered by the whole, as they may be.
fn range_of(text: &str, bytes: u64) -> Asked {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Asked::Whole;
    };
    let number = |digits: &str| digits.trim().parse::<u64>().ok();
    match (first.trim(), last.trim()) {
        ("", last) => match number(last) {
            None => Asked::Whole,
            Some(0) => Asked::Outside,
            Some(_) if bytes == 0 => Asked::Outside,
            Some(length) => Asked::Part { from: bytes.saturating_sub(length), length: length.min(bytes) },
        },
        (first, last) => match (number(first), number(last)) {
            (Some(from), to) if last.is_empty() || to.is_some_and(|to| to >= from) => {
                if from >= bytes {
                    return Asked::Outside;
                }
                let to = to.unwrap_or(u64::MAX).min(bytes - 1);
                Asked::Part { from, length: to - from + 1 }
            }
            (Some(_) | None, _) => Asked::Whole,
        },
    }
}

fn has_tag(tags: &str, tag: &str) -> bool {
    tags.split(',').map(str::trim).any(|met| met == "*" || met.trim_start_matches("W/") == tag)
}

/// An empty answer under the headers that every answer of this place has.
fn with_status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        let part = |from, length| Asked::Part { from, length };
        let cases = [
            ("bytes=0-3", part(0, 4)),
            ("bytes=6-", part(6, 4)),
            ("bytes=-3", part(7, 3)),
            ("bytes=-30", part(0, 10)),
            ("bytes=8-99", part(8, 2)),
            ("bytes=10-", Asked::Outside),
            ("bytes=-0", Asked::Outside),
            ("bytes=3-1", Asked::Whole),
            ("bytes=0-1,3-4", Asked::Whole),
            ("lines=1-2", Asked::Whole),
            ("bytes=a-b", Asked::Whole),
        ];
        for (text, asked) in cases {
            assert_eq!(range_of(text, 10), asked, "{text}");
        }
        assert_eq!(range_of("bytes=-3", 0), Asked::Outside);
    }
}
