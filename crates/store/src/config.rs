//! What the store is told at start: which database, and how much of everything at most.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Error;

/// Statements kept prepared for each connection; the least recently used one goes first.
pub const STATEMENTS_MAX: usize = 256;

/// Which database, and its limits.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// Where the data is.
    pub address: Address,
    /// The project's default locale.
    pub default_locale: String,
    /// The project's locales: nothing is written in another one. Empty: in any.
    pub locales: Vec<String>,
    /// How much of everything at most.
    pub limits: StoreLimits,
}

/// Where the data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// The file of an SQLite database. It is made when it is not there.
    Sqlite(PathBuf),
    /// `postgres://user:password@host:port/database?..`; `host=/folder` names the folder of a socket, `sslmode` and `sslrootcert` are understood.
    Postgres(String),
}

/// How much of everything at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreLimits {
    /// A read that takes longer is stopped. Default 10 s.
    pub read_timeout: Duration,
    /// A write that takes longer is stopped and rolled back. Default 30 s.
    pub write_timeout: Duration,
    /// How long a request waits for a connection of its own. Default 2 s.
    pub connection_wait: Duration,
    /// Connections to PostgreSQL. Default 4 for each core, at most 32.
    pub connections_max: usize,
    /// Reader threads of SQLite. Default one for each core, from 2 to 16.
    pub readers: usize,
    /// Jobs that wait for SQLite's readers, and as many for its writer; beyond it a request is turned away. Default 1,024.
    pub queue_max: usize,
    /// Bytes of one answer. Default 32 MiB.
    pub answer_bytes_max: usize,
}

impl Default for StoreLimits {
    fn default() -> StoreLimits {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        StoreLimits {
            read_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            connection_wait: Duration::from_secs(2),
            connections_max: (4 * cores).min(32),
            readers: cores.clamp(2, 16),
            queue_max: 1024,
            answer_bytes_max: 32 << 20,
        }
    }
}

impl StoreConfig {
    /// This address, with the default limits and the default locale `en`.
    #[must_use]
    pub fn new(address: Address) -> StoreConfig {
        StoreConfig { address, default_locale: "en".to_owned(), locales: Vec::new(), limits: StoreLimits::default() }
    }
}

impl Address {
    /// The file `dragoman.db` in a project's data folder.
    #[must_use]
    pub fn in_folder(data: &Path) -> Address {
        Address::Sqlite(data.join("dragoman.db"))
    }

    /// Reads `postgres://..`, `postgresql://..`, `sqlite:path` or `sqlite://path`.
    ///
    /// # Errors
    /// [`Error::Address`] for another scheme, and for what names no host.
    pub fn parse(url: &str) -> Result<Address, Error> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            crate::postgres::config_of(url)?;
            return Ok(Address::Postgres(url.to_owned()));
        }
        match url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")) {
            Some(path) if !path.is_empty() => Ok(Address::Sqlite(PathBuf::from(path))),
            Some(_) => Err(Error::Address { problem: "`sqlite:` must be followed by the path of a file".to_owned() }),
            None => Err(Error::Address {
                problem: "a database address begins with `postgres://`, `postgresql://` or `sqlite:`".to_owned(),
            }),
        }
    }
}
