//! What can go wrong between us and a database.

use std::path::PathBuf;

use plan::Cause;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database's address means nothing.
    #[error("the database address cannot be used: {problem}")]
    Address {
        /// What is wrong; never the address itself, which may hold a password.
        problem: String,
    },
    /// The SQLite file could not be opened.
    #[error("could not open the database file {path}")]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// A thread of the store could not be started.
    #[error("could not start the thread {name}")]
    Thread {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// SQLite refused a statement.
    #[error("SQLite refused a statement")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused a statement, or went away.
    #[error("PostgreSQL refused a statement")]
    Postgres(#[from] tokio_postgres::Error),
    /// PostgreSQL could not be reached.
    #[error("could not connect to PostgreSQL")]
    Connect(#[source] tokio_postgres::Error),
    /// No connection came free in time.
    #[error("no connection to PostgreSQL came free within {waited_ms} ms")]
    Busy {
        /// How long was waited.
        waited_ms: u128,
    },
    /// Too many jobs wait already.
    #[error("{waiting} jobs wait already")]
    Overloaded {
        /// How many.
        waiting: usize,
    },
    /// Stopped at its deadline.
    #[error("stopped at the deadline of {deadline_ms} ms")]
    Timeout {
        /// How long it was given.
        deadline_ms: u128,
    },
    /// It could not be noted that a file goes with its row.
    #[error("could not note that the file {hash} goes with its row: {reason}")]
    FileNote {
        /// The file.
        hash: String,
        /// Why.
        reason: String,
    },
    /// The rows of the project's locales could not be read or brought in step with its setting; the log has the rest.
    #[error("could not keep the rows of the project's locales in step with the setting `locales`: {cause:?}")]
    LocalesNotKept {
        /// The first fault.
        cause: Cause,
    },
    /// A token of programs could not be kept or taken back; the log has the rest.
    #[error("could not change the tokens of programs: {cause:?}")]
    TokenNotKept {
        /// The first fault.
        cause: Cause,
    },
    /// The store is closing.
    #[error("the store is closing")]
    Closed,
    /// The commit failed in a way that leaves open whether the data is written.
    #[error("the commit failed, it is unknown whether the data is written: {reason}")]
    OutcomeUnknown {
        /// What the database said.
        reason: String,
    },
    /// The transaction could not begin or commit; nothing of it is written.
    #[error("the transaction could not begin or commit, nothing of it is written: {reason}")]
    TransactionFailed {
        /// What the database said.
        reason: String,
    },
    /// The system gave no randomness, or nothing could be hashed with it.
    #[error("no randomness: {reason}")]
    Randomness {
        /// What the system said.
        reason: String,
    },
    /// A job panicked; its transaction was rolled back.
    #[error("a job of the store panicked")]
    Panicked,
    /// Another server has migrated the database since the plan was made.
    #[error(
        "another server has migrated the database to another schema since this migration was planned: nothing was changed; run it again to plan from there"
    )]
    MigratedMeanwhile,
    /// A row is not what its program promised.
    #[error("the column {column} of a result does not hold what the program promises: {expected}")]
    Column {
        /// Which column, from 0.
        column: u16,
        /// What was promised.
        expected: &'static str,
    },
    /// A stored value, or a program, is not what it should be.
    #[error("a stored value or a program is malformed: {expected} was expected")]
    Malformed {
        /// What was expected.
        expected: &'static str,
    },
    /// Stored text is not UTF-8.
    #[error("a stored text is not UTF-8")]
    NotText,
    /// The answer is larger than the limit.
    #[error("the answer is larger than {bytes_max} bytes")]
    AnswerTooLarge {
        /// The limit.
        bytes_max: usize,
    },
    /// A value of a request does not fit the parameter it is bound to.
    #[error("a value of the request cannot be bound as {expected}")]
    Bind {
        /// What was wanted.
        expected: &'static str,
    },
    /// An entry of the ledger is no JSON.
    #[error("the entry {name} of the ledger cannot be read")]
    Ledger {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The applied model, kept in the ledger, does not read any more.
    #[error("the model that the database was made for cannot be read by this version: {first}")]
    LedgerModel {
        /// The first fault.
        first: String,
    },
    /// The database was brought to its model by a later version of the product.
    #[error(
        "the database was brought to version {version} of the language by a later version of the product; this one knows {known}"
    )]
    LedgerNewer {
        /// Of the ledger.
        version: u32,
        /// Of this product.
        known: u32,
    },
    /// The model cannot be stored.
    #[error(transparent)]
    Layout(#[from] sql::LayoutError),
    /// A seed file cannot be read, or is no JSON of the form that `docs/seed.md` describes.
    #[error("could not read the seed file {file}")]
    SeedUnreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Entries of the seed are wrong; nothing of it is loaded.
    #[error("the seed has {count} fault{}, nothing of it is loaded:\n{}", if *count == 1 { "" } else { "s" }, faults.join("\n"))]
    Seed {
        /// Each with its file and entry: the first [`crate::SEED_FAULTS_MAX`].
        faults: Vec<String>,
        /// How many there are.
        count: usize,
    },
    /// Rows do not fit the new model.
    #[error("the database cannot be brought to the new model: {}", problems.join("; "))]
    InTheWay {
        /// Each with the rows in the way and the fix.
        problems: Vec<String>,
    },
    /// A migration would take values away for ever.
    #[error("the migration would lose {}; allow it with --allow-data-loss", losses.join(", "))]
    Loss {
        /// What and how much.
        losses: Vec<String>,
    },
}

impl Error {
    /// What a client is told: never more than that it took too long, that it may try again, or that the fault is ours.
    #[must_use]
    pub fn cause(&self) -> Cause {
        match self {
            Error::Timeout { .. } => Cause::Timeout,
            Error::Connect(_)
            | Error::Busy { .. }
            | Error::Overloaded { .. }
            | Error::Closed
            | Error::TransactionFailed { .. } => Cause::Unavailable,
            Error::OutcomeUnknown { .. } => Cause::OutcomeUnknown,
            Error::LocalesNotKept { cause } | Error::TokenNotKept { cause } => cause.clone(),
            Error::Sqlite(error) => sqlite_cause(error),
            Error::Postgres(error) => postgres_cause(error),
            Error::Address { .. }
            | Error::Open { .. }
            | Error::Thread { .. }
            | Error::Ledger { .. }
            | Error::LedgerModel { .. }
            | Error::LedgerNewer { .. }
            | Error::Layout(_)
            | Error::InTheWay { .. }
            | Error::Loss { .. }
            | Error::SeedUnreadable { .. }
            | Error::Seed { .. }
            | Error::FileNote { .. }
            | Error::Panicked
            | Error::MigratedMeanwhile
            | Error::Randomness { .. }
            | Error::Column { .. }
            | Error::Malformed { .. }
            | Error::NotText
            | Error::Bind { .. } => Cause::Internal,
            Error::AnswerTooLarge { bytes_max } => Cause::AnswerTooLarge(u64::try_from(*bytes_max).unwrap_or(u64::MAX)),
        }
    }

    /// PostgreSQL is there and refuses whom the address names: the database is not there, or the name or the password is wrong.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        const REFUSALS: [&str; 3] = ["3D000", "28P01", "28000"];
        matches!(self, Error::Connect(error) if error.code().is_some_and(|code| REFUSALS.contains(&code.code())))
    }

    /// PostgreSQL's "cached plan must not change result type": the tables have changed under a prepared statement.
    pub(crate) fn is_stale_statement(&self) -> bool {
        matches!(self, Error::Postgres(error) if error.code().is_some_and(|code| code.code() == "0A000"))
    }

    /// The cause, after the whole chain of errors was written to the log under the request's span.
    #[must_use]
    pub fn logged(&self) -> Cause {
        let cause = self.cause();
        let mut reason = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(inner) = source {
            reason.push_str(": ");
            reason.push_str(&inner.to_string());
            source = inner.source();
        }
        match cause {
            // The caller's doing, and the caller is told.
            Cause::Invalid { .. } | Cause::AnswerTooLarge(_) => tracing::debug!(%reason, "a request was refused"),
            Cause::Timeout | Cause::Unavailable => {
                tracing::warn!(%reason, "the database did not answer");
            }
            _ => tracing::error!(%reason, "the database failed"),
        }
        cause
    }
}

fn sqlite_cause(error: &rusqlite::Error) -> Cause {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::OperationInterrupted) => Cause::Timeout,
        Some(
            rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked | rusqlite::ErrorCode::DiskFull,
        ) => Cause::Unavailable,
        _ if error.to_string().starts_with(INVALID_PATTERN) => invalid_pattern(),
        _ => Cause::Internal,
    }
}

/// How the message of a function begins that was given a pattern it cannot read.
pub(crate) const INVALID_PATTERN: &str = "invalid regular expression";

fn invalid_pattern() -> Cause {
    Cause::Invalid { problem: plan::Problem::Text(INVALID_PATTERN.to_owned()) }
}

fn postgres_cause(error: &tokio_postgres::Error) -> Cause {
    let Some(code) = error.code() else {
        let is_io = std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
        return if is_io || error.is_closed() { Cause::Unavailable } else { Cause::Internal };
    };
    match code.code() {
        // query_canceled, lock_not_available, idle_in_transaction_session_timeout
        "57014" | "55P03" | "25P03" => Cause::Timeout,
        // invalid_regular_expression, invalid_escape_sequence, invalid_escape_character
        "2201B" | "22025" | "22019" => invalid_pattern(),
        // serialization_failure, deadlock_detected
        "40001" | "40P01" => Cause::Unavailable,
        // connection faults, too many connections, shutting down
        code if code.starts_with("08") || code.starts_with("53") || code.starts_with("57P") => Cause::Unavailable,
        _ => Cause::Internal,
    }
}
