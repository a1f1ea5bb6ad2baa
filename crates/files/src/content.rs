//! What a file is, by its first bytes; names and senders only choose between kinds that have no mark of their own.

use crate::Error;
use crate::name::extension_of;

/// First bytes of a file that are looked at.
pub const HEAD_BYTES: usize = 8192;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// Its media type.
    pub mime: &'static str,
    /// Its extension on disk, with the dot.
    pub extension: &'static str,
    /// Its family.
    pub family: Family,
    /// Where a browser would run what is in it.
    active: Option<ActiveIn>,
}

/// Families of files, those of `@media(allow:)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Pictures.
    Image,
    /// Films.
    Video,
    /// Sound.
    Audio,
    /// Everything else.
    File,
}

/// Where a browser would run what is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActiveIn {
    /// As a page: HTML, XML.
    Page,
    /// As a picture that may hold scripts: SVG.
    Picture,
}

/// How a browser may show a file that it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Where it is asked for.
    Inline,
    /// Only as a download.
    Attachment,
}

const fn plain(mime: &'static str, extension: &'static str, family: Family) -> Content {
    Content { mime, extension, family, active: None }
}

const UNKNOWN: Content = plain("application/octet-stream", ".bin", Family::File);
const TEXT: Content = plain("text/plain", ".txt", Family::File);
const SVG: Content =
    Content { mime: "image/svg+xml", extension: ".svg", family: Family::Image, active: Some(ActiveIn::Picture) };
const HTML: Content =
    Content { mime: "text/html", extension: ".html", family: Family::File, active: Some(ActiveIn::Page) };
const XML: Content =
    Content { mime: "application/xml", extension: ".xml", family: Family::File, active: Some(ActiveIn::Page) };

/// Kinds with a mark in their first bytes. The first of several names of one kind is the one that is kept.
static MARKED: &[Content] = &[
    plain("image/jpeg", ".jpg", Family::Image),
    plain("image/png", ".png", Family::Image),
    plain("image/gif", ".gif", Family::Image),
    plain("image/webp", ".webp", Family::Image),
    plain("image/avif", ".avif", Family::Image),
    plain("image/heif", ".heif", Family::Image),
    plain("image/bmp", ".bmp", Family::Image),
    plain("image/tiff", ".tiff", Family::Image),
    plain("image/vnd.microsoft.icon", ".ico", Family::Image),
    plain("video/mp4", ".mp4", Family::Video),
    plain("video/x-m4v", ".m4v", Family::Video),
    plain("video/webm", ".webm", Family::Video),
    plain("video/quicktime", ".mov", Family::Video),
    plain("video/x-matroska", ".mkv", Family::Video),
    plain("video/x-msvideo", ".avi", Family::Video),
    plain("video/mpeg", ".mpg", Family::Video),
    plain("audio/mpeg", ".mp3", Family::Audio),
    plain("audio/m4a", ".m4a", Family::Audio),
    plain("audio/ogg", ".ogg", Family::Audio),
    plain("audio/x-flac", ".flac", Family::Audio),
    plain("audio/x-wav", ".wav", Family::Audio),
    plain("audio/aac", ".aac", Family::Audio),
    plain("audio/midi", ".mid", Family::Audio),
    plain("application/pdf", ".pdf", Family::File),
    plain("application/zip", ".zip", Family::File),
    plain("application/gzip", ".gz", Family::File),
    plain("application/x-7z-compressed", ".7z", Family::File),
    plain("application/vnd.rar", ".rar", Family::File),
    plain("application/x-tar", ".tar", Family::File),
    plain("application/epub+zip", ".epub", Family::File),
    plain("application/rtf", ".rtf", Family::File),
    plain("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx", Family::File),
    plain("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx", Family::File),
    plain("application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx", Family::File),
    plain("application/vnd.oasis.opendocument.text", ".odt", Family::File),
    plain("application/vnd.oasis.opendocument.spreadsheet", ".ods", Family::File),
    plain("application/vnd.oasis.opendocument.presentation", ".odp", Family::File),
    plain("application/msword", ".doc", Family::File),
    plain("application/vnd.ms-excel", ".xls", Family::File),
    plain("application/vnd.ms-powerpoint", ".ppt", Family::File),
    plain("application/font-woff", ".woff", Family::File),
    plain("application/font-woff2", ".woff2", Family::File),
    plain("application/font-sfnt", ".ttf", Family::File),
];

/// Kinds of text, which only their names tell apart.
static TEXTS: &[Content] = &[
    TEXT,
    plain("text/csv", ".csv", Family::File),
    plain("text/markdown", ".md", Family::File),
    plain("application/json", ".json", Family::File),
    plain("text/vtt", ".vtt", Family::File),
    plain("text/calendar", ".ics", Family::File),
];

/// Kinds of text that a browser would run.
static ACTIVE: &[Content] = &[SVG, HTML, XML];

/// Other names of the same kinds.
static OTHER_EXTENSIONS: &[(&str, &str)] = &[
    (".jpeg", ".jpg"),
    (".jfif", ".jpg"),
    (".tif", ".tiff"),
    (".heic", ".heif"),
    (".mpeg", ".mpg"),
    (".oga", ".ogg"),
    (".midi", ".mid"),
    (".tgz", ".gz"),
    (".otf", ".ttf"),
    (".htm", ".html"),
    (".xhtml", ".html"),
    (".markdown", ".md"),
];

/// Other media types of the same kinds, with the extension.
static OTHER_MIMES: &[(&str, &str)] = &[
    ("image/jpg", ".jpg"),
    ("image/pjpeg", ".jpg"),
    ("image/x-png", ".png"),
    ("image/heic", ".heif"),
    ("image/x-ms-bmp", ".bmp"),
    ("image/x-icon", ".ico"),
    ("audio/mp3", ".mp3"),
    ("audio/mp4", ".m4a"),
    ("audio/x-m4a", ".m4a"),
    ("audio/flac", ".flac"),
    ("audio/wav", ".wav"),
    ("audio/wave", ".wav"),
    ("video/avi", ".avi"),
    ("application/x-gzip", ".gz"),
    ("application/x-zip-compressed", ".zip"),
    ("application/vnd.ms-fontobject", ".bin"),
    ("text/rtf", ".rtf"),
    ("font/woff", ".woff"),
    ("font/woff2", ".woff2"),
    ("font/ttf", ".ttf"),
    ("font/otf", ".ttf"),
    ("application/xhtml+xml", ".html"),
    ("text/xml", ".xml"),
];

impl Content {
    /// What a file is: by its first bytes (up to [`HEAD_BYTES`]), then by its name.
    ///
    /// # Errors
    /// [`Error::KindDiffers`] where the name or the sender's media type claims another family than the content has.
    pub fn of(head: &[u8], name: &str, declared: Option<&str>) -> Result<Content, Error> {
        let claims = [claimed_by_name(name), declared.and_then(claimed_by_mime)];
        let found = found(head, claims.into_iter().flatten());
        match claims.into_iter().flatten().find(|claim| !is_fitting(*claim, found)) {
            None => Ok(found),
            Some(claim) => Err(Error::KindDiffers {
                name: name.to_owned(),
                claimed: claim.mime.to_owned(),
                found: found.mime.to_owned(),
            }),
        }
    }

    /// Whether smaller formats are made of it.
    #[must_use]
    pub fn has_formats(self) -> bool {
        matches!(self.mime, "image/jpeg" | "image/png" | "image/gif" | "image/webp")
    }
}

/// As what a file with this extension is sent, and how a browser may show it. `None`: nothing with this extension is ever sent.
#[must_use]
pub fn served_as(extension: &str) -> Option<(&'static str, Disposition)> {
    let of = by_extension(extension)?;
    Some(match (of.active, of.family) {
        // Nobody's page is shown under this origin, not even as a download that keeps its type.
        (Some(ActiveIn::Page), _) => ("text/plain; charset=utf-8", Disposition::Attachment),
        (None, Family::Image | Family::Video | Family::Audio) => (of.mime, Disposition::Inline),
        (Some(ActiveIn::Picture), _) | (None, Family::File) => (of.mime, Disposition::Attachment),
    })
}

fn all() -> impl Iterator<Item = Content> {
    MARKED.iter().chain(TEXTS).chain(ACTIVE).chain([&UNKNOWN]).copied()
}

fn by_extension(extension: &str) -> Option<Content> {
    let extension = extension.to_ascii_lowercase();
    let usual = OTHER_EXTENSIONS.iter().find(|(other, _)| *other == extension).map(|(_, usual)| *usual);
    let wanted = usual.unwrap_or(&extension);
    all().find(|content| content.extension == wanted)
}

fn claimed_by_name(name: &str) -> Option<Content> {
    by_extension(extension_of(name)).filter(|content| *content != UNKNOWN)
}

fn claimed_by_mime(declared: &str) -> Option<Content> {
    let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let other =
        OTHER_MIMES.iter().find(|(other, _)| *other == essence).and_then(|(_, extension)| by_extension(extension));
    other.or_else(|| all().find(|content| content.mime == essence)).filter(|content| *content != UNKNOWN)
}

/// What the bytes are. Claims choose between kinds of text, and between a container and what is kept in it.
fn found(head: &[u8], mut claims: impl Iterator<Item = Content> + Clone) -> Content {
    if let Some(marked) = marked(head) {
        let is_inside = |claim: &Content| marked.extension == ".zip" && ZIPPED.contains(&claim.extension);
        return claims.find(is_inside).unwrap_or(marked);
    }
    if !is_text(head) {
        return UNKNOWN;
    }
    let text_claim = claims.clone().find(|claim| TEXTS.contains(claim));
    match (markup(head), text_claim) {
        (_, Some(claim)) => claim,
        (Some(markup), None) => markup,
        (None, None) => TEXT,
    }
}

/// Kinds that are zip archives inside; some writers leave no mark that tells them from others.
const ZIPPED: [&str; 7] = [".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".epub"];

fn marked(head: &[u8]) -> Option<Content> {
    // Frames of MPEG audio without a tag before them begin with eleven set bits.
    if head.len() > 3 && head[0] == 0xFF && head[1] & 0xE0 == 0xE0 && head[1] & 0x06 == 0x02 {
        return by_extension(".mp3");
    }
    let extension = [".", infer::get(head)?.extension()].concat();
    by_extension(&extension).filter(|content| MARKED.contains(content))
}

/// UTF-8 without control characters. The last character may be cut.
fn is_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).expect("it was just found to be valid so far")
        }
        Err(_) => return false,
    };
    !valid.chars().any(|letter| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r' | '\u{c}'))
}

/// Text that begins with a tag is what its first tags say.
fn markup(head: &[u8]) -> Option<Content> {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\n', '\r', '\u{c}']);
    if !text.starts_with('<') {
        return None;
    }
    let page = ["<!doctype html", "<html", "<head", "<body", "<script", "<iframe", "<form", "<meta", "<link"];
    if text.contains("<svg") && !page.iter().take(4).any(|tag| text.contains(tag)) {
        return Some(SVG);
    }
    Some(if text.starts_with("<?xml") && !text.contains("<html") { XML } else { HTML })
}

/// Whether content may stand under a claim. Nothing is read from a claim; it only must not lie.
fn is_fitting(claim: Content, found: Content) -> bool {
    if claim == found {
        return true;
    }
    let is_unknown = found == UNKNOWN;
    match (claim.family, found.family) {
        // Pictures under the name of another kind of picture are common and harmless; those that can run are neither.
        (Family::Image, Family::Image) => claim.active.is_none() && found.active.is_none(),
        // One container holds both, and not every kind of them has a mark that is known.
        (Family::Video | Family::Audio, Family::Video | Family::Audio) => true,
        (Family::Video | Family::Audio, Family::File) => is_unknown,
        (Family::File, Family::File) => {
            let is_kept_inside =
                |one: Content, other: Content| one.extension == ".zip" && ZIPPED.contains(&other.extension);
            let are_texts = |one: Content| TEXTS.contains(&one) || ACTIVE.contains(&one);
            is_kept_inside(claim, found) || is_kept_inside(found, claim) || (are_texts(claim) && are_texts(found))
        }
        (Family::Image | Family::File, Family::Video | Family::Audio)
        | (Family::Image, Family::File)
        | (Family::Video | Family::Audio | Family::File, Family::Image) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const PDF: &[u8] = b"%PDF-1.7\n%\xe2\xe3";
    const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0\x08\0";

    fn check(head: &[u8], name: &str, declared: Option<&str>) -> String {
        Content::of(head, name, declared).map_or_else(|error| error.to_string(), |content| content.mime.to_owned())
    }

    #[test]
    fn content_decides() {
        let cases: &[(&[u8], &str, Option<&str>, &str)] = &[
            (PNG, "a.png", Some("image/png"), "image/png"),
            (PNG, "a.jpg", Some("image/jpeg"), "image/png"),
            (PNG, "noname", None, "image/png"),
            (PNG, "a", Some("application/octet-stream"), "image/png"),
            (PNG, "a.txt", None, "a.txt is said to be text/plain, but its content is image/png"),
            (PNG, "a.svg", None, "a.svg is said to be image/svg+xml, but its content is image/png"),
            (PDF, "a.pdf", None, "application/pdf"),
            (PDF, "a.png", None, "a.png is said to be image/png, but its content is application/pdf"),
            (ZIP, "a.zip", Some("application/x-zip-compressed"), "application/zip"),
            (ZIP, "a.odt", None, "application/vnd.oasis.opendocument.text"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "a.JPEG", None, "image/jpeg"),
            (b"\xff\xf3\x40\xc0\0\0", "a.mp3", None, "audio/mpeg"),
            (b"hello", "a.txt", None, "text/plain"),
            (b"hello", "a.html", Some("text/html"), "text/plain"),
            (b"a,b\n1,2", "a.csv", None, "text/csv"),
            (b"hello", "a.exe", None, "text/plain"),
            (b"MZ\x90\0\x03\0\0\0", "a.exe", None, "application/octet-stream"),
            (b"\0\x01\x02", "a.mp4", None, "application/octet-stream"),
            (
                b"\0\x01\x02",
                "a.png",
                None,
                "a.png is said to be image/png, but its content is application/octet-stream",
            ),
            (b"", "a.txt", None, "text/plain"),
            (b"gr\xc3\xbc\xc3", "a.txt", None, "text/plain"),
        ];
        for (head, name, declared, expected) in cases {
            assert_eq!(check(head, name, *declared), *expected, "{name} {declared:?}");
        }
    }

    #[test]
    fn what_a_browser_would_run_is_seen() {
        let cases: &[(&[u8], &str, Option<&str>, &str)] = &[
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "x.svg", None, "image/svg+xml"),
            (b"<?xml version='1.0'?><!DOCTYPE s []><svg/>", "x.svg", Some("image/svg+xml"), "image/svg+xml"),
            (b"\xef\xbb\xbf \n<SVG>", "x", None, "image/svg+xml"),
            (b"<html><script>alert(1)</script></html>", "x.html", None, "text/html"),
            (b"<html><svg></svg>", "x", None, "text/html"),
            (b"<?xml version='1.0'?><feed/>", "x.xml", None, "application/xml"),
            (b"<html>", "x.png", Some("image/png"), "x.png is said to be image/png, but its content is text/html"),
            (b"<html>", "x.html", Some("image/png"), "x.html is said to be image/png, but its content is text/html"),
            (b"<svg/>", "x.png", None, "x.png is said to be image/png, but its content is image/svg+xml"),
            (b"<p>a readme", "x.md", None, "text/markdown"),
        ];
        for (head, name, declared, expected) in cases {
            assert_eq!(check(head, name, *declared), *expected, "{name} {declared:?}");
        }
    }

    #[test]
    fn nothing_active_is_shown_where_it_is_asked_for() {
        for active in ACTIVE {
            assert_eq!(served_as(active.extension).map(|(_, how)| how), Some(Disposition::Attachment));
        }
        assert_eq!(served_as(".htm"), Some(("text/plain; charset=utf-8", Disposition::Attachment)));
        assert_eq!(served_as(".png"), Some(("image/png", Disposition::Inline)));
        assert_eq!(served_as(".PDF"), Some(("application/pdf", Disposition::Attachment)));
        assert_eq!(served_as(".php"), None);
        assert_eq!(served_as(""), None);
    }

    #[test]
    fn every_kind_is_named_once() {
        let mut extensions: Vec<&str> = all().map(|content| content.extension).collect();
        extensions.sort_unstable();
        let count = extensions.len();
        extensions.dedup();
        assert_eq!(extensions.len(), count);
    }
}
