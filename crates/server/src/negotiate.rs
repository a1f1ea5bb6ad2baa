//! Media types: what a client accepts, and what it sent.

/// What an answer is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// `application/json`.
    Json,
    /// `application/graphql-response+json`.
    GraphqlResponse,
}

impl MediaType {
    /// The value of `Content-Type`.
    #[must_use]
    pub fn header(self) -> &'static str {
        match self {
            MediaType::Json => "application/json; charset=utf-8",
            MediaType::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        }
    }
}

/// The answer's media type for an `Accept` header: the higher quality wins, at a tie GraphQL's own. `None`: neither is
/// accepted.
///
/// Source: GraphQL over HTTP, "Accept"; RFC 9110, 12.5.1.
#[must_use]
pub fn answer_media_type(accept: Option<&str>) -> Option<MediaType> {
    let Some(accept) = accept.map(str::trim).filter(|text| !text.is_empty()) else { return Some(MediaType::Json) };
    if accept == "*/*" || accept == "application/json" {
        return Some(MediaType::Json);
    }
    let json = quality(accept, "application", "json");
    let graphql = quality(accept, "application", "graphql-response+json");
    match (json, graphql) {
        (None, None) => None,
        // A wildcard names neither: the older type is what a client understands that has never heard of the newer.
        (Some(json), Some(graphql)) if graphql.specificity < Specificity::Exact && json.quality >= graphql.quality => {
            Some(MediaType::Json)
        }
        (Some(json), Some(graphql)) if json.quality > graphql.quality => Some(MediaType::Json),
        (Some(_), None) => Some(MediaType::Json),
        (_, Some(_)) => Some(MediaType::GraphqlResponse),
    }
}

/// Whether a browser asks for a page: `text/html` by name, and not below the types of GraphQL.
#[must_use]
pub fn prefers_html(accept: Option<&str>) -> bool {
    let Some(accept) = accept else { return false };
    let Some(html) = quality(accept, "text", "html").filter(|found| found.specificity == Specificity::Exact) else {
        return false;
    };
    let named =
        |subtype| quality(accept, "application", subtype).filter(|found| found.specificity == Specificity::Exact);
    [named("json"), named("graphql-response+json")].into_iter().flatten().all(|other| html.quality >= other.quality)
}

/// What the `Content-Type` of a request says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// JSON in UTF-8.
    Json,
    /// JSON in another charset.
    JsonOtherCharset,
    /// An HTML form.
    Form,
    /// A form with files.
    Multipart,
    /// Another type that a page can send to other sites unasked.
    Simple,
    /// Any other type.
    Other,
    /// No type.
    Missing,
}

/// Reads a `Content-Type`.
#[must_use]
pub fn sent_media_type(content_type: Option<&str>) -> Sent {
    let Some(content_type) = content_type.map(str::trim).filter(|text| !text.is_empty()) else { return Sent::Missing };
    let mut parts = content_type.split(';');
    let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/json" => {
            let charset = parts
                .filter_map(|part| part.split_once('='))
                .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
            let is_utf8 = charset.is_none_or(|(_, value)| {
                let value = value.trim().trim_matches('"');
                value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8")
            });
            if is_utf8 { Sent::Json } else { Sent::JsonOtherCharset }
        }
        "application/x-www-form-urlencoded" => Sent::Form,
        "multipart/form-data" => Sent::Multipart,
        "text/plain" => Sent::Simple,
        _other => Sent::Other,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Specificity {
    Anything,
    Type,
    Exact,
}

#[derive(Debug, Clone, Copy)]
struct Found {
    /// Thousandths, 1 to 1000.
    quality: u16,
    specificity: Specificity,
}

/// Quality of one type in an `Accept` header, by its most specific range; `None` where it is absent or 0.
fn quality(accept: &str, kind: &str, subtype: &str) -> Option<Found> {
    let mut best: Option<Found> = None;
    for range in accept.split(',') {
        let mut parts = range.split(';');
        let Some((range_kind, range_subtype)) = parts.next().and_then(|essence| essence.trim().split_once('/')) else {
            continue;
        };
        let specificity = match (range_kind, range_subtype) {
            ("*", "*") => Specificity::Anything,
            (range_kind, "*") if range_kind.eq_ignore_ascii_case(kind) => Specificity::Type,
            (range_kind, range_subtype)
                if range_kind.eq_ignore_ascii_case(kind) && range_subtype.eq_ignore_ascii_case(subtype) =>
            {
                Specificity::Exact
            }
            _other => continue,
        };
        if best.is_none_or(|found| specificity > found.specificity) {
            best = Some(Found { quality: range_quality(parts), specificity });
        }
    }
    best.filter(|found| found.quality > 0)
}

/// The `q` of one range in thousandths; what cannot be read counts as 1.
fn range_quality<'a>(mut parameters: impl Iterator<Item = &'a str>) -> u16 {
    let weight = parameters
        .find_map(|parameter| parameter.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("q")));
    weight.and_then(|(_, value)| thousandths(value.trim())).unwrap_or(1000)
}

/// `0.75` as 750; at most three digits count.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(3);
    let mut sum: u16 = 0;
    for digit in digits {
        sum = sum * 10 + u16::from(char::from(digit).to_digit(10).and_then(|digit| u8::try_from(digit).ok())?);
    }
    match whole {
        "0" => Some(sum),
        "1" => Some(1000),
        _other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_chooses_the_answers_type() {
        let cases: [(Option<&str>, Option<MediaType>); 14] = [
            (None, Some(MediaType::Json)),
            (Some(""), Some(MediaType::Json)),
            (Some("*/*"), Some(MediaType::Json)),
            (Some("application/*"), Some(MediaType::Json)),
            (Some("application/json"), Some(MediaType::Json)),
            (Some("application/graphql-response+json"), Some(MediaType::GraphqlResponse)),
            (Some("application/graphql-response+json, application/json"), Some(MediaType::GraphqlResponse)),
            (Some("application/json, application/graphql-response+json"), Some(MediaType::GraphqlResponse)),
            (Some("application/graphql-response+json;q=0.5, application/json;q=0.9"), Some(MediaType::Json)),
            (
                Some("application/graphql-response+json; charset=utf-8, application/json; charset=utf-8"),
                Some(MediaType::GraphqlResponse),
            ),
            (Some("multipart/mixed; deferSpec=20220824, application/json"), Some(MediaType::Json)),
            (Some("application/graphql-response+json, */*;q=0.1"), Some(MediaType::GraphqlResponse)),
            (Some("text/plain"), None),
            (Some("application/json;q=0"), None),
        ];
        for (accept, expected) in cases {
            assert_eq!(answer_media_type(accept), expected, "{accept:?}");
        }
    }

    #[test]
    fn browsers_get_the_page() {
        let cases = [
            (None, false),
            (Some("*/*"), false),
            (Some("text/html"), true),
            (Some("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), true),
            (Some("application/json, text/html;q=0.5"), false),
            (Some("application/json"), false),
        ];
        for (accept, expected) in cases {
            assert_eq!(prefers_html(accept), expected, "{accept:?}");
        }
    }

    #[test]
    fn content_types_are_read() {
        let cases = [
            (None, Sent::Missing),
            (Some("application/json"), Sent::Json),
            (Some("Application/JSON; Charset=UTF-8"), Sent::Json),
            (Some("application/json; charset=\"utf-8\""), Sent::Json),
            (Some("application/json; charset=iso-8859-1"), Sent::JsonOtherCharset),
            (Some("application/x-www-form-urlencoded"), Sent::Form),
            (Some("text/plain;charset=utf-8"), Sent::Simple),
            (Some("application/graphql"), Sent::Other),
        ];
        for (content_type, expected) in cases {
            assert_eq!(sent_media_type(content_type), expected, "{content_type:?}");
        }
    }
}
