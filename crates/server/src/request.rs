//! Reads a GraphQL request out of a body or a URL. Pure: bytes in, [`Request`] or a fault out.

use std::borrow::Cow;
use std::fmt;

use graphql::transport::{HashFault, JsonFault, RequestFault};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// One operation as a client sent it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Request<'a> {
    /// Text of the document; empty where its hash stands for it.
    pub query: Cow<'a, str>,
    /// The document's hash, where the client will name it by that; with a text, it is that text's.
    pub hash: Option<DocumentHash>,
    /// Which of its operations.
    pub operation_name: Option<Cow<'a, str>>,
    /// Values of its variables, not yet checked against their types.
    pub variables: Map<String, Value>,
}

impl Request<'_> {
    /// The same, borrowing nothing of the body that it was read from.
    #[must_use]
    pub fn into_owned(self) -> Request<'static> {
        Request {
            query: Cow::Owned(self.query.into_owned()),
            hash: self.hash,
            operation_name: self.operation_name.map(|name| Cow::Owned(name.into_owned())),
            variables: self.variables,
        }
    }
}

/// SHA-256 of a document's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DocumentHash([u8; 32]);

/// A body: one request, or a list of them.
#[derive(Debug, PartialEq)]
pub enum Requests<'a> {
    /// One.
    One(Request<'a>),
    /// A list, answered by a list.
    Batch(Vec<Result<Request<'a>, RequestFault>>),
}

/// What a body may hold.
#[derive(Debug, Clone, Copy)]
pub struct BodyRules {
    /// Deepest nesting of brackets.
    pub nesting_max: usize,
    /// Longest list of requests; `None`: lists are refused.
    pub batch_max: Option<usize>,
    /// Variables may come as JSON within text.
    pub variables_as_text: bool,
    /// Documents may be named by their hashes.
    pub keeps_documents: bool,
}

/// Reads the JSON body of a POST.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn from_body(body: &[u8], rules: BodyRules) -> Result<Requests<'_>, RequestFault> {
    // A byte-order mark is no JSON, but some clients send one and the servers that they know take it.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let Some(first) = body.iter().find(|byte| !byte.is_ascii_whitespace()) else { return Err(RequestFault::BodyEmpty) };
    if nesting(body) > rules.nesting_max {
        return Err(RequestFault::BodyTooDeep(rules.nesting_max));
    }
    match first {
        b'{' => parse(body)?.into_request(rules).map(Requests::One),
        b'[' => batch(body, rules).map(Requests::Batch),
        _other => Err(serde_json::from_slice::<IgnoredAny>(body)
            .map_or_else(|error| not_json(&error), |_| RequestFault::BodyNotObject)),
    }
}

/// Reads the query of a URL, or the fields of a form.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn from_parameters(text: &str, rules: BodyRules) -> Result<Request<'static>, RequestFault> {
    let mut members = Members::default();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(name) = MEMBERS.iter().copied().find(|member| url_decoded(name) == *member) else { continue };
        let value = url_decoded(value);
        if matches!(name, "variables" | "extensions") {
            let value = if value.is_empty() { Value::Null } else { parameter_json(name, &value, rules)? };
            members.set(name, Given::Json(value))?;
        } else if !(name == "operationName" && value.is_empty()) {
            members.set(name, Given::Text(Cow::Owned(value.into_owned())))?;
        }
    }
    if members.count == 0 {
        return Err(RequestFault::QueryMissing);
    }
    members.into_request(rules)
}

fn parameter_json(name: &'static str, text: &str, rules: BodyRules) -> Result<Value, RequestFault> {
    if nesting(text.as_bytes()) > rules.nesting_max {
        return Err(RequestFault::BodyTooDeep(rules.nesting_max));
    }
    serde_json::from_str(text).map_err(|_| RequestFault::ParameterNotJson(name))
}

/// Members of a request; any other is ignored.
const MEMBERS: [&str; 4] = ["query", "operationName", "variables", "extensions"];

/// A member's value as it was met: text is borrowed from the body where it holds no escapes.
#[derive(Debug)]
enum Given<'a> {
    Text(Cow<'a, str>),
    Json(Value),
}

/// The members of one request before their types are checked.
#[derive(Debug, Default)]
struct Members<'a> {
    query: Option<Given<'a>>,
    operation_name: Option<Given<'a>>,
    variables: Option<Given<'a>>,
    extensions: Option<Given<'a>>,
    /// A name that came twice; reported when the whole body is known to be JSON.
    repeated: Option<&'static str>,
    /// Members of any name.
    count: usize,
}

impl<'a> Members<'a> {
    fn slot(&mut self, name: &str) -> &mut Option<Given<'a>> {
        match name {
            "query" => &mut self.query,
            "operationName" => &mut self.operation_name,
            "variables" => &mut self.variables,
            _extensions => &mut self.extensions,
        }
    }

    fn set(&mut self, name: &'static str, value: Given<'a>) -> Result<(), RequestFault> {
        self.count += 1;
        let slot = self.slot(name);
        if slot.is_some() {
            return Err(RequestFault::MemberRepeated(name));
        }
        *slot = Some(value);
        Ok(())
    }

    fn into_request(self, rules: BodyRules) -> Result<Request<'a>, RequestFault> {
        if let Some(name) = self.repeated {
            return Err(RequestFault::MemberRepeated(name));
        }
        if self.count == 0 {
            return Err(RequestFault::ObjectEmpty);
        }
        let query = match self.query {
            Some(Given::Text(text)) if !text.is_empty() => Some(text),
            None | Some(Given::Text(_) | Given::Json(Value::Null)) => None,
            Some(Given::Json(_)) => return Err(RequestFault::QueryNotText),
        };
        let hash = document_hash(query.as_deref(), self.extensions.as_ref(), rules)?;
        let operation_name = match self.operation_name {
            Some(Given::Text(text)) => Some(text),
            None | Some(Given::Json(Value::Null)) => None,
            Some(Given::Json(_)) => return Err(RequestFault::OperationNameNotText),
        };
        let variables = match self.variables {
            Some(Given::Text(text)) if rules.variables_as_text => Some(within_text(&text, rules)?),
            given => given,
        };
        let variables = object_member("variables", variables)?;
        object_member("extensions", self.extensions)?;
        Ok(Request { query: query.unwrap_or_default(), hash, operation_name, variables })
    }
}

/// The hash by which a document is named, checked against its text where that is there, too: what is kept under a hash must be what
/// it stands for, whoever sent it.
///
/// Source: Apollo's automatic persisted queries.
fn document_hash(
    text: Option<&str>,
    extensions: Option<&Given<'_>>,
    rules: BodyRules,
) -> Result<Option<DocumentHash>, RequestFault> {
    let persisted = match extensions {
        Some(Given::Json(extensions)) => extensions.get("persistedQuery").filter(|persisted| !persisted.is_null()),
        None | Some(Given::Text(_)) => None,
    };
    let refused = |fault| Err(RequestFault::PersistedQuery(fault));
    let Some(persisted) = persisted else {
        return if text.is_some() { Ok(None) } else { Err(RequestFault::QueryMissing) };
    };
    if !rules.keeps_documents {
        return if text.is_some() { Ok(None) } else { refused(HashFault::NotKept) };
    }
    if persisted.get("version").and_then(Value::as_u64) != Some(1) {
        return refused(HashFault::Version);
    }
    let named = persisted.get("sha256Hash").and_then(Value::as_str).and_then(DocumentHash::named);
    match (text, named) {
        (None, None) => refused(HashFault::Unknown),
        (None, Some(named)) => Ok(Some(named)),
        (Some(text), named) if named == Some(DocumentHash::of(text)) => Ok(named),
        (Some(_), _) => refused(HashFault::Differs),
    }
}

impl DocumentHash {
    /// The hash of a text.
    fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// A hash as clients write it: 64 hexadecimal digits in lower case.
    fn named(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 2 * bytes.len() || text.contains(|letter: char| letter.is_ascii_uppercase()) {
            return None;
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = hex(digits[0])? * 16 + hex(digits[1])?;
        }
        Some(Self(bytes))
    }
}

/// The JSON within a text.
fn within_text(text: &str, rules: BodyRules) -> Result<Given<'static>, RequestFault> {
    if nesting(text.as_bytes()) > rules.nesting_max {
        return Err(RequestFault::BodyTooDeep(rules.nesting_max));
    }
    serde_json::from_str(text).map(Given::Json).map_err(|_| RequestFault::MemberAsText("variables"))
}

fn object_member(name: &'static str, given: Option<Given<'_>>) -> Result<Map<String, Value>, RequestFault> {
    match given {
        None | Some(Given::Json(Value::Null)) => Ok(Map::new()),
        Some(Given::Json(Value::Object(map))) => Ok(map),
        Some(Given::Text(_)) => Err(RequestFault::MemberAsText(name)),
        Some(Given::Json(_)) => Err(RequestFault::MemberNotObject(name)),
    }
}

fn parse(body: &[u8]) -> Result<Members<'_>, RequestFault> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let members = reader.deserialize_map(MembersVisitor).map_err(|error| not_json(&error))?;
    reader.end().map_err(|error| not_json(&error))?;
    Ok(members)
}

fn batch(body: &[u8], rules: BodyRules) -> Result<Vec<Result<Request<'_>, RequestFault>>, RequestFault> {
    let items: Vec<&serde_json::value::RawValue> = serde_json::from_slice(body).map_err(|error| not_json(&error))?;
    let Some(longest) = rules.batch_max else { return Err(RequestFault::BatchRefused) };
    if items.is_empty() || items.len() > longest {
        return Err(RequestFault::BatchLength(longest));
    }
    Ok(items.into_iter().map(|item| one_of_batch(item, rules)).collect())
}

fn one_of_batch(item: &serde_json::value::RawValue, rules: BodyRules) -> Result<Request<'_>, RequestFault> {
    let text = item.get();
    if text.starts_with('{') { parse(text.as_bytes())?.into_request(rules) } else { Err(RequestFault::BodyNotObject) }
}

fn not_json(error: &serde_json::Error) -> RequestFault {
    RequestFault::BodyNotJson(match error.classify() {
        serde_json::error::Category::Eof => JsonFault::Truncated,
        serde_json::error::Category::Syntax | serde_json::error::Category::Data | serde_json::error::Category::Io => {
            JsonFault::Syntax { line: error.line(), column: error.column() }
        }
    })
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Members::default();
        while let Some(name) = map.next_key::<CowText<'de>>()? {
            let Some(name) = MEMBERS.iter().copied().find(|member| name.0 == **member) else {
                map.next_value::<IgnoredAny>()?;
                members.count += 1;
                continue;
            };
            let value = map.next_value_seed(GivenSeed)?;
            if members.set(name, value).is_err() {
                members.repeated = Some(name);
            }
        }
        Ok(members)
    }
}

/// Text that is borrowed where it can be: `Cow<str>` itself always copies when deserialized.
struct CowText<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for CowText<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(GivenVisitor)? {
            Given::Text(text) => Ok(CowText(text)),
            Given::Json(_) => Err(D::Error::custom("a name must be text")),
        }
    }
}

struct GivenSeed;

impl<'de> DeserializeSeed<'de> for GivenSeed {
    type Value = Given<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(GivenVisitor)
    }
}

struct GivenVisitor;

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = Given<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Given::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Given::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Given::Json(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Given::Json(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Given::Json(Value::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Given::Json(Value::from(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Given::Json(Value::from(value)))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, sequence: A) -> Result<Self::Value, A::Error> {
        serde::Deserialize::deserialize(serde::de::value::SeqAccessDeserializer::new(sequence)).map(Given::Json)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        serde::Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Given::Json)
    }
}

/// Deepest nesting of brackets outside of text.
fn nesting(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => skip_text(&mut bytes),
            _other => {}
        }
    }
    deepest
}

fn skip_text<'a>(bytes: &mut impl Iterator<Item = &'a u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _other => {}
        }
    }
}

/// Names and values of a form or a query, decoded.
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (url_decoded(name).into_owned(), url_decoded(value).into_owned()))
}

/// Decodes `%41` and `+`. What is not UTF-8 becomes replacement characters, which no document survives.
fn url_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, after),
                _not_hex => (b'%', &rest[1..]),
            },
            (b'+', after) => (b' ', after),
            (other, after) => (*other, after),
        };
        decoded.push(byte);
        rest = after;
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: BodyRules =
        BodyRules { nesting_max: 8, batch_max: None, variables_as_text: false, keeps_documents: false };

    fn check(body: &str, expected: Result<(&str, Option<&str>, &str), RequestFault>) {
        let met = from_body(body.as_bytes(), RULES).map(|requests| match requests {
            Requests::One(request) => request,
            Requests::Batch(_) => panic!("a list was read from {body}"),
        });
        let expected = expected.map(|(query, name, variables)| Request {
            query: query.into(),
            hash: None,
            operation_name: name.map(Into::into),
            variables: serde_json::from_str(variables).unwrap(),
        });
        assert_eq!(met, expected, "{body}");
    }

    #[test]
    fn bodies_are_read() {
        check(r#"{"query":"{ a }"}"#, Ok(("{ a }", None, "{}")));
        check("\u{feff}{\"query\":\"{ a }\"}", Ok(("{ a }", None, "{}")));
        check(
            r#" {"query":"{ \"a\" }","variables":null,"operationName":null,"extensions":null}"#,
            Ok(("{ \"a\" }", None, "{}")),
        );
        check(
            r#"{"variables":{"a":[1,{"b":null}]},"operationName":"A","query":"x","other":[1],"extensions":{"a":1}}"#,
            Ok(("x", Some("A"), r#"{"a":[1,{"b":null}]}"#)),
        );
    }

    #[test]
    fn faults_of_bodies_are_named() {
        check("", Err(RequestFault::BodyEmpty));
        check("  ", Err(RequestFault::BodyEmpty));
        check("{}", Err(RequestFault::ObjectEmpty));
        check(r#"{"other":1}"#, Err(RequestFault::QueryMissing));
        check(r#"{"query": "#, Err(RequestFault::BodyNotJson(JsonFault::Truncated)));
        check(r#"{"query": }"#, Err(RequestFault::BodyNotJson(JsonFault::Syntax { line: 1, column: 11 })));
        check(r#"{"query":"a"} x"#, Err(RequestFault::BodyNotJson(JsonFault::Syntax { line: 1, column: 15 })));
        check("null", Err(RequestFault::BodyNotObject));
        check(r#""{ a }""#, Err(RequestFault::BodyNotObject));
        check("[]", Err(RequestFault::BatchRefused));
        check(r#"{"query":null}"#, Err(RequestFault::QueryMissing));
        check(r#"{"query":""}"#, Err(RequestFault::QueryMissing));
        let hash = r#"{"extensions":{"persistedQuery":{"version":1}}}"#;
        check(hash, Err(RequestFault::PersistedQuery(HashFault::NotKept)));
        check(r#"{"query":5}"#, Err(RequestFault::QueryNotText));
        check(r#"{"query":"a","query":"b"}"#, Err(RequestFault::MemberRepeated("query")));
        check(r#"{"query":"a","operationName":5}"#, Err(RequestFault::OperationNameNotText));
        check(r#"{"query":"a","variables":[]}"#, Err(RequestFault::MemberNotObject("variables")));
        check(r#"{"query":"a","variables":"{}"}"#, Err(RequestFault::MemberAsText("variables")));
        check(r#"{"query":"a","extensions":"x"}"#, Err(RequestFault::MemberAsText("extensions")));
        check(r#"{"query":"a","variables":{"a":[[[[[[[[1]]]]]]]]}}"#, Err(RequestFault::BodyTooDeep(8)));
        check(
            r#"{"query":"{{{{{{{{{{","variables":{"a":"[[[[[[[[[[\"[["}}"#,
            Ok(("{{{{{{{{{{", None, r#"{"a":"[[[[[[[[[[\"[["}"#)),
        );
    }

    #[test]
    fn lists_are_read_where_allowed() {
        let rules = BodyRules { batch_max: Some(2), ..RULES };
        let read = from_body(br#"[{"query":"a"}, 5]"#, rules).unwrap();
        let expected = Requests::Batch(vec![
            Ok(Request { query: "a".into(), ..Request::default() }),
            Err(RequestFault::BodyNotObject),
        ]);
        assert_eq!(read, expected);
        assert_eq!(from_body(b"[]", rules), Err(RequestFault::BatchLength(2)));
        assert_eq!(from_body(b"[{},{},{}]", rules), Err(RequestFault::BatchLength(2)));
    }

    fn check_hash(query: &str, persisted: &str, expected: Result<&str, HashFault>) {
        let rules = BodyRules { keeps_documents: true, ..RULES };
        let body = format!(r#"{{"query":{query},"extensions":{{"persistedQuery":{persisted}}}}}"#);
        let met = from_body(body.as_bytes(), rules).map(|requests| match requests {
            Requests::One(request) => (request.query.into_owned(), request.hash),
            Requests::Batch(_) => panic!("a list was read from {body}"),
        });
        let expected = expected.map(|text| (text.to_owned(), Some(DocumentHash::of("{__typename}"))));
        assert_eq!(met, expected.map_err(RequestFault::PersistedQuery), "{body}");
    }

    #[test]
    fn hashes_are_those_of_their_texts() {
        const HASH: &str = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
        let first = |hash: &str| format!(r#"{{"version":1,"sha256Hash":"{hash}"}}"#);
        check_hash(r#""{__typename}""#, &first(HASH), Ok("{__typename}"));
        check_hash("null", &first(HASH), Ok(""));
        check_hash("null", &first("00"), Err(HashFault::Unknown));
        check_hash("null", r#"{"version":1}"#, Err(HashFault::Unknown));
        check_hash(r#""{ __typename}""#, &first(HASH), Err(HashFault::Differs));
        check_hash(r#""{__typename}""#, &first(&HASH.to_uppercase()), Err(HashFault::Differs));
        check_hash(r#""{__typename}""#, r#"{"version":1,"sha256Hash":5}"#, Err(HashFault::Differs));
        check_hash(r#""{__typename}""#, r#"{"version":2,"sha256Hash":"00"}"#, Err(HashFault::Version));
        check_hash("null", "5", Err(HashFault::Version));
    }

    #[test]
    fn urls_are_read() {
        let read = from_parameters("query=%7B+a%20%7D&variables=%7B%22l%22%3A2%7D&operationName=&x=1", RULES).unwrap();
        assert_eq!(read.query, "{ a }");
        assert_eq!(read.operation_name, None);
        assert_eq!(Value::Object(read.variables), serde_json::json!({ "l": 2 }));
        assert_eq!(from_parameters("query=a&variables=nope", RULES), Err(RequestFault::ParameterNotJson("variables")));
        assert_eq!(from_parameters("query=a&query=b", RULES), Err(RequestFault::MemberRepeated("query")));
        assert_eq!(from_parameters("variables=%7B%7D", RULES), Err(RequestFault::QueryMissing));
    }
}
