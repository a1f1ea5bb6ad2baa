//! One setting: from a TOML value, or from text, to what its key takes.

use std::net::{IpAddr, SocketAddr};

use toml::de::DeValue;

use super::keys::Kind;

/// A setting of the kind that its key takes. Bytes and times are numbers: bytes and milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Boolean(bool),
    Number(u64),
    Texts(Vec<String>),
}

/// Reads a value of the file. The error says what was met.
pub(crate) fn from_toml(kind: Kind, value: &DeValue<'_>) -> Result<Value, String> {
    match (kind, value) {
        (Kind::Boolean, DeValue::Boolean(on)) => Ok(Value::Boolean(*on)),
        // What may be "on", "off" or something else is often written as a truth.
        (Kind::Word(words), DeValue::Boolean(on)) if words.contains(&"on") => {
            Ok(Value::Text(if *on { "on" } else { "off" }.to_owned()))
        }
        (Kind::Number(..) | Kind::Bytes(..), DeValue::Integer(number)) => {
            let number = i64::from_str_radix(&number.as_str().replace('_', ""), number.radix());
            number
                .ok()
                .and_then(|number| u64::try_from(number).ok())
                .map_or_else(|| Err(out_of_bounds()), |number| bounded(kind, number))
        }
        (Kind::Locales | Kind::Addresses | Kind::Origins, DeValue::Array(items)) => {
            let texts = items.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
            let texts = texts.collect::<Option<Vec<_>>>();
            listed(kind, texts.ok_or_else(|| "a list with something else than texts".to_owned())?)
        }
        (
            Kind::Text
            | Kind::Secret
            | Kind::Key
            | Kind::Locale
            | Kind::Address
            | Kind::Word(_)
            | Kind::Bytes(..)
            | Kind::Duration(..),
            DeValue::String(text),
        ) => from_text(kind, text),
        (
            Kind::Boolean
            | Kind::Number(..)
            | Kind::Locales
            | Kind::Addresses
            | Kind::Origins
            | Kind::Text
            | Kind::Secret
            | Kind::Key
            | Kind::Locale
            | Kind::Address
            | Kind::Word(_)
            | Kind::Bytes(..)
            | Kind::Duration(..),
            _,
        ) => Err(name_of(value).to_owned()),
    }
}

/// Reads a value from the environment or from a flag.
pub(crate) fn from_text(kind: Kind, text: &str) -> Result<Value, String> {
    match kind {
        Kind::Text | Kind::Secret if text.is_empty() => Err("empty text".to_owned()),
        Kind::Key if text.len() < server::TOKEN_KEY_BYTES_MIN => Err(format!("text of {} bytes", text.len())),
        Kind::Text | Kind::Secret | Kind::Key => Ok(Value::Text(text.to_owned())),
        Kind::Boolean => match text {
            "true" => Ok(Value::Boolean(true)),
            "false" => Ok(Value::Boolean(false)),
            _other => Err(shown(text)),
        },
        Kind::Address => address(text).map(|address| Value::Text(address.to_string())),
        Kind::Word(words) => words.contains(&text).then(|| Value::Text(text.to_owned())).ok_or_else(|| shown(text)),
        Kind::Locale if model::locale::is_code(text) => Ok(Value::Text(text.to_owned())),
        Kind::Locale => Err(shown(text)),
        Kind::Locales | Kind::Addresses | Kind::Origins => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            listed(kind, items.map(str::to_owned).collect())
        }
        Kind::Number(..) => text.parse().map_err(|_| shown(text)).and_then(|number| bounded(kind, number)),
        Kind::Bytes(..) => bytes(text).ok_or_else(|| shown(text)).and_then(|number| bounded(kind, number)),
        Kind::Duration(..) => milliseconds(text).ok_or_else(|| shown(text)).and_then(|number| bounded(kind, number)),
    }
}

/// An address and a port; `localhost` is the loopback address, other names are not looked up.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let written = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    written.parse().map_err(|_| {
        let names_host = text.rsplit_once(':').is_some_and(|(host, port)| {
            host.starts_with(|letter: char| letter.is_ascii_alphabetic()) && port.parse::<u16>().is_ok()
        });
        let hint = if names_host { ": names are not looked up, write the address" } else { "" };
        [&shown(text), hint].concat()
    })
}

/// A list whose items are what the key takes.
fn listed(kind: Kind, texts: Vec<String>) -> Result<Value, String> {
    let fits = |text: &String| match kind {
        Kind::Locales => model::locale::is_code(text),
        Kind::Addresses => text.parse::<IpAddr>().is_ok(),
        Kind::Origins => text == "*" || is_origin(text),
        Kind::Text
        | Kind::Secret
        | Kind::Key
        | Kind::Boolean
        | Kind::Address
        | Kind::Word(_)
        | Kind::Locale
        | Kind::Number(..)
        | Kind::Bytes(..)
        | Kind::Duration(..) => true,
    };
    match texts.iter().find(|text| !fits(text)) {
        Some(wrong) => Err(shown(wrong)),
        None => Ok(Value::Texts(texts)),
    }
}

/// What a browser sends as `Origin`: it ends with the host, or its port.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let is_scheme = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
    let is_host = |letter: char| !letter.is_whitespace() && !"/?#@*".contains(letter);
    !scheme.is_empty() && scheme.chars().all(is_scheme) && !host.is_empty() && host.chars().all(is_host)
}

fn bounded(kind: Kind, number: u64) -> Result<Value, String> {
    let (Kind::Number(least, greatest) | Kind::Bytes(least, greatest) | Kind::Duration(least, greatest)) = kind else {
        return Ok(Value::Number(number));
    };
    if (least..=greatest).contains(&number) { Ok(Value::Number(number)) } else { Err(out_of_bounds()) }
}

fn out_of_bounds() -> String {
    "a value outside these bounds".to_owned()
}

/// `8 MiB`, `64KiB`, `1000`.
fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(text)?;
    let factor = match unit {
        "" | "B" => 1,
        "KiB" => 1024,
        "MiB" => 1024 * 1024,
        "GiB" => 1024 * 1024 * 1024,
        _other => return None,
    };
    number.checked_mul(factor)
}

/// `250ms`, `10s`, `5m`, `1h`.
fn milliseconds(text: &str) -> Option<u64> {
    let (number, unit) = number_and_unit(text)?;
    let factor = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        _other => return None,
    };
    number.checked_mul(factor)
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..digits].parse().ok()?, text[digits..].trim()))
}

/// What was met, cut so that a message stays short.
fn shown(text: &str) -> String {
    let cut: String = text.chars().take(SHOWN_MAX).collect();
    format!("{cut:?}")
}

const SHOWN_MAX: usize = 60;

fn name_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
