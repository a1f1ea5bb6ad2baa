//! The GraphiQL page and its files, built into the binary: no network is needed to show it.
//!
//! The files are kept brotli-compressed and sent as they are to whoever can read that, else unpacked once. Their folder has
//! a hash in its name, so that they are cached for ever; the page itself is never cached.

use std::io::{Cursor, Read as _};
use std::sync::OnceLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

/// Nothing but this server's own files runs on the page.
///
/// Monaco draws its underlines by inline styles and loads fonts out of its style sheet by `data:`; without these two it is
/// not usable. Its workers break under `require-trusted-types-for`.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TEMPLATE: &str = include_str!("../graphiql/src/index.html");
const MANIFEST: &str = include_str!("../graphiql/dist/manifest.json");
/// Most bytes that one file may unpack to; they are ours, so this only catches a wrong build.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

struct Asset {
    name: &'static str,
    content_type: &'static str,
    brotli: &'static [u8],
    plain: OnceLock<Bytes>,
}

macro_rules! asset {
    ($name:literal, $content_type:literal) => {
        Asset {
            name: $name,
            content_type: $content_type,
            brotli: include_bytes!(concat!("../graphiql/dist/", $name, ".br")),
            plain: OnceLock::new(),
        }
    };
}

static ASSETS: [Asset; 6] = [
    asset!("graphiql.js", "text/javascript; charset=utf-8"),
    asset!("graphiql.css", "text/css; charset=utf-8"),
    asset!("graphql.worker.js", "text/javascript; charset=utf-8"),
    asset!("json.worker.js", "text/javascript; charset=utf-8"),
    asset!("editor.worker.js", "text/javascript; charset=utf-8"),
    asset!("codicon.ttf", "font/ttf"),
];

/// What the page is told.
#[derive(Debug, Clone, Copy)]
pub struct PageSettings<'a> {
    /// Path of the endpoint.
    pub path: &'a str,
    /// First text in the editor.
    pub query: &'a str,
    /// Whether it may open a socket for subscriptions.
    pub subscriptions: bool,
}

/// The folder of the files below an endpoint's path.
pub fn folder(path: &str) -> String {
    format!("{path}/_page/{}", hash())
}

/// The page of one endpoint.
pub fn page(settings: PageSettings<'_>) -> Response<Body> {
    let folder = folder(settings.path);
    let json = json!({ "url": settings.path, "assets": folder, "query": settings.query, "subscriptions": settings.subscriptions });
    // Within a script element only `<` could end it.
    let json = json.to_string().replace('<', "\\u003c");
    let html = TEMPLATE.replace("{{settings}}", &json).replace("{{assets}}", &folder);
    let mut response = Response::new(Body::from(html));
    let headers = response.headers_mut();
    set(headers, header::CONTENT_TYPE, "text/html; charset=utf-8");
    set(headers, header::CACHE_CONTROL, "no-store");
    protect(headers);
    response
}

/// One of its files.
pub fn file(name: &str, accept_encoding: Option<&str>) -> Response<Body> {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        let mut response = Response::new(Body::from("There is no such file"));
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    let reads_brotli = accept_encoding.is_some_and(accepts_brotli);
    let bytes = if reads_brotli { Bytes::from_static(asset.brotli) } else { plain(asset) };
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    set(headers, header::CONTENT_TYPE, asset.content_type);
    set(headers, header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    set(headers, header::VARY, "accept-encoding");
    if reads_brotli {
        set(headers, header::CONTENT_ENCODING, "br");
    }
    protect(headers);
    response
}

fn protect(headers: &mut HeaderMap) {
    set(headers, header::CONTENT_SECURITY_POLICY, POLICY);
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::REFERRER_POLICY, "no-referrer");
    set(headers, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

fn accepts_brotli(accept_encoding: &str) -> bool {
    accept_encoding.split(',').any(|part| {
        let (coding, parameters) = part.split_once(';').unwrap_or((part, ""));
        let refused =
            parameters.trim().strip_prefix("q=").is_some_and(|quality| quality.trim_end_matches(['0', '.']).is_empty());
        coding.trim().eq_ignore_ascii_case("br") && !refused
    })
}

fn plain(asset: &'static Asset) -> Bytes {
    let unpacked = asset.plain.get_or_init(|| {
        let mut bytes = Vec::new();
        let reader = brotli_decompressor::Decompressor::new(Cursor::new(asset.brotli), 16 * 1024);
        reader
            .take(FILE_BYTES_MAX)
            .read_to_end(&mut bytes)
            .expect("the files in the binary unpack: a test unpacks each");
        Bytes::from(bytes)
    });
    unpacked.clone()
}

#[derive(Deserialize)]
struct Manifest {
    hash: String,
}

fn hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        serde_json::from_str::<Manifest>(MANIFEST).expect("the build writes this file; a test reads it").hash
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_unpacks_to_the_size_in_the_manifest() {
        let manifest: serde_json::Value = serde_json::from_str(MANIFEST).unwrap();
        assert_eq!(manifest["files"].as_object().unwrap().len(), ASSETS.len());
        for asset in &ASSETS {
            let expected = manifest["files"][asset.name]["bytes"].as_u64().unwrap();
            assert_eq!(plain(asset).len() as u64, expected, "{}", asset.name);
        }
    }

    #[tokio::test]
    async fn the_page_holds_its_settings_and_no_way_out_of_them() {
        let settings =
            PageSettings { path: "/graphql", query: "</script><script>alert(1)</script>", subscriptions: false };
        let body = axum::body::to_bytes(page(settings).into_body(), usize::MAX).await.unwrap();
        let html = String::from_utf8(body.to_vec()).unwrap();
        assert!(!html.contains("{{") && !html.contains("<script>alert"), "{html}");
        assert_eq!(html.matches("<script").count(), 2, "{html}");
        assert!(html.contains(&format!("src=\"/graphql/_page/{}/graphiql.js\"", hash())), "{html}");
    }

    #[test]
    fn brotli_is_for_those_who_ask() {
        for (header, expected) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0", true),
            ("br;q=0", false),
            ("br; q=0.0", false),
            ("gzip", false),
            ("*", false),
        ] {
            assert_eq!(accepts_brotli(header), expected, "{header}");
        }
    }
}
