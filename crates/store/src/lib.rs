//! Connections, transactions, and running a compiled plan to the bytes of an answer, on SQLite and on PostgreSQL.
//!
//! In flow the statements that `sql` has made of an `Authorized<Plan>` and the values of one request; out come the bytes of `data` and the faults. What
//! differs between the two databases stands in `sqlite` and `postgres`; how a row becomes bytes is written once, for both.
//!
//! This crate must never know GraphQL or HTTP.

#[cfg(test)]
extern crate self as store;

mod accounts;
mod answer;
mod config;
#[cfg(test)]
#[path = "../tests/database/mod.rs"]
mod database;
mod error;
mod hashing;
mod ids;
mod ledger;
mod locales;
mod migrate;
mod open;
pub mod outbox;
pub mod postgres;
#[cfg(test)]
#[path = "../tests/question/mod.rs"]
mod question;
mod read;
mod seed;
pub mod sqlite;
mod tx;
mod write;

pub use accounts::{Account, Fixed, NewToken, StoredToken, TOKENS_MAX};
pub use config::{Address, STATEMENTS_MAX, StoreConfig, StoreLimits};
pub use error::Error;
pub use hashing::{HASHES_PER_CORE, HASHES_WAITING_PER_CORE, password_hash, password_hash_now, password_matches};
pub use ids::{DOCUMENT_ID_LENGTH, Ids};
pub use ledger::{Ledger, Unfinished};
pub use migrate::{MigrateOptions, MigrationPlan, MigrationProgress, SLICE_ROWS};
pub use open::{CHANGES_MAX, Driver, Locales, Prepared, Served, Store};
pub use read::{Answer, Room};
pub use seed::{HashPassword, SEED_FAULTS_MAX, SEED_IDS_MAX, SeedFile, SeedJob, SeedOptions, SeedProgress, SeedReport};
pub use tx::{Effect, EffectFailure, MaybeStore, Rows, Sequel, SharedEffect, Telling, Tx};
pub use write::{
    Asked, Commands, Ended, FileWatch, Made, NoCommands, OwnChange, Preparing, RemovedFile, Told, When, Work,
    WriteContext,
};
