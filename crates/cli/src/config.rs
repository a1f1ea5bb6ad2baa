//! The configuration: `dragoman.toml`, then the environment, then flags; later ones win. Every fault is found at once, with its
//! place.

mod keys;
mod read;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use model::Diagnostics;
use server::{EndpointSettings, ListenerSettings};

pub(crate) use keys::{
    ADDRESS, COMPRESSION, CONFIRM_EMAIL, CORS_ORIGINS, DATA, DATABASE, DEFAULT_LOCALE, DEFAULT_ROLE, GRAPHIQL,
    INTROSPECTION, KEYS, LOCALES, LOG_FORMAT, LOG_LEVEL, NULLABLE_DRAFTS, REGISTER, TOKEN_HOURS, TOKEN_KEY,
    TOKEN_KEY_FILE, TRUSTED_PROXIES, WORKFLOWS_ANONYMOUS, variable,
};
pub(crate) use value::{Value, address};

/// Name of the file in a project's folder.
pub(crate) const FILE_NAME: &str = "dragoman.toml";

/// Where settings come from.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    /// Text of `dragoman.toml`, where there is one.
    pub(crate) file: Option<String>,
    /// The process's environment.
    pub(crate) environment: Vec<(String, String)>,
    /// Flags of the command line, by the keys that they set.
    pub(crate) flags: Vec<(&'static str, String)>,
}

/// Every setting, checked. A key that nothing sets has its default.
#[derive(Debug)]
pub(crate) struct Config {
    values: BTreeMap<&'static str, Value>,
    /// `[[endpoint]]`; empty: the usual ones.
    pub(crate) endpoints: Vec<EndpointSettings>,
    /// `[[listen]]`.
    pub(crate) listeners: Vec<ListenerSettings>,
}

impl Config {
    /// Reads all of them.
    pub(crate) fn read(origins: &Origins) -> Result<Config, Diagnostics> {
        read::read(origins)
    }

    /// The settings of the start that are not those of `before`: a running server keeps what it was started with.
    pub(crate) fn differs_at_start(&self, before: &Config) -> Vec<&'static str> {
        let differs = |name: &&'static str| self.values.get(name) != before.values.get(name);
        let listeners = (self.listeners != before.listeners).then_some("[[listen]]");
        keys::AT_START.iter().copied().filter(differs).chain(listeners).collect()
    }

    /// The text of a key; none where it is not set.
    pub(crate) fn text(&self, name: &'static str) -> Option<&str> {
        match self.values.get(name) {
            Some(Value::Text(text)) => Some(text),
            Some(Value::Boolean(_) | Value::Number(_) | Value::Texts(_)) | None => None,
        }
    }

    /// One of a key's words; they all have defaults.
    pub(crate) fn word(&self, name: &'static str) -> &str {
        self.text(name).unwrap_or_default()
    }

    /// Whether it is on.
    pub(crate) fn is_on(&self, name: &'static str) -> bool {
        matches!(self.values.get(name), Some(Value::Boolean(true)))
    }

    /// A list of texts.
    pub(crate) fn texts(&self, name: &'static str) -> Vec<String> {
        match self.values.get(name) {
            Some(Value::Texts(texts)) => texts.clone(),
            Some(Value::Boolean(_) | Value::Number(_) | Value::Text(_)) | None => Vec::new(),
        }
    }

    /// A number, bytes, or milliseconds.
    pub(crate) fn number(&self, name: &'static str) -> u64 {
        match self.values.get(name) {
            Some(Value::Number(number)) => *number,
            Some(Value::Boolean(_) | Value::Text(_) | Value::Texts(_)) | None => {
                unreachable!("{name} is a number with a default: a test reads every key")
            }
        }
    }

    /// A number that counts things in memory.
    pub(crate) fn size(&self, name: &'static str) -> usize {
        usize::try_from(self.number(name)).unwrap_or(usize::MAX)
    }

    /// A number below the bound of the key, which is far below this type's.
    pub(crate) fn count(&self, name: &'static str) -> u32 {
        u32::try_from(self.number(name)).unwrap_or(u32::MAX)
    }

    /// A length of time.
    pub(crate) fn duration(&self, name: &'static str) -> Duration {
        Duration::from_millis(self.number(name))
    }

    /// Where the server listens.
    pub(crate) fn address(&self) -> SocketAddr {
        let text = self.text(ADDRESS).unwrap_or_default();
        text.parse().expect("the text was parsed when it was read, and the key has a default")
    }
}
