//! Forms with files, as browsers and GraphQL clients send them.

/// What stands between the parts.
pub const BOUNDARY: &str = "a-boundary-of-these-tests";

/// The media type of a form.
#[must_use]
pub fn media_type() -> String {
    ["multipart/form-data; boundary=", BOUNDARY].concat()
}

/// A form of these parts.
#[must_use]
pub fn form(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in parts {
        body.extend_from_slice(&[b"--", BOUNDARY.as_bytes(), b"\r\n", part, b"\r\n"].concat());
    }
    body.extend_from_slice(&[b"--", BOUNDARY.as_bytes(), b"--\r\n"].concat());
    body
}

/// A part with a text.
#[must_use]
pub fn field(name: &str, text: &str) -> Vec<u8> {
    format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}").into_bytes()
}

/// A part with a file; an empty media type is left out.
#[must_use]
pub fn file(part: &str, name: &str, mime: &str, content: &[u8]) -> Vec<u8> {
    let mime = if mime.is_empty() { String::new() } else { format!("Content-Type: {mime}\r\n") };
    let head = format!("Content-Disposition: form-data; name=\"{part}\"; filename=\"{name}\"\r\n{mime}\r\n");
    [head.as_bytes(), content].concat()
}
