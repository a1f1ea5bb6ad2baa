//! Accounts and tokens, as whoever checks them needs them: the one reader of password hashes.
//!
//! A plan cannot name a password or a token's hash, for any role; so these few statements are fixed. They read the tables of the system types
//! User, Role and `ApiToken`.

mod token;

use plan::Value;
use sql::{Arg, ColumnKind, Database, WriteParam, WriteStatement};

use crate::write::run_fixed;
use crate::{Error, Store};

pub use token::{NewToken, StoredToken, TOKENS_MAX};

/// What is known of an account.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Its key.
    pub key: i64,
    /// Its public id.
    pub document_id: String,
    /// Its name.
    pub username: String,
    /// Its address.
    pub email: String,
    /// Who signs it in; none or `local`: we.
    pub provider: Option<String>,
    /// The hash of its password; none: it cannot sign in with one.
    pub password_hash: Option<String>,
    /// The hash of the code that gives it a new password.
    pub reset_hash: Option<String>,
    /// The hash of the code that confirms its address.
    pub confirmation_hash: Option<String>,
    /// Its address is confirmed.
    pub is_confirmed: bool,
    /// It may not sign in.
    pub is_blocked: bool,
    /// Its role, by the word that rules know it by: the role's type, or its name where it has none.
    pub role: Option<String>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Account").field("key", &self.key).field("role", &self.role).finish_non_exhaustive()
    }
}

/// A statement that is the same for every model, but not on both databases.
#[derive(Debug, Clone, Copy)]
pub struct Fixed {
    /// Its text for SQLite, with `?1`, `?2`, …
    pub sqlite: &'static str,
    /// Its text for PostgreSQL, with `$1`, `$2`, …
    pub postgres: &'static str,
    /// Kinds of what it binds, in order.
    pub params: &'static [ColumnKind],
    /// Kinds of the columns of its rows, in order.
    pub columns: &'static [ColumnKind],
}

impl Fixed {
    pub(crate) fn statement(&self, database: Database) -> WriteStatement {
        let sql = match database {
            Database::Sqlite => self.sqlite,
            Database::Postgres => self.postgres,
        };
        let param =
            |(index, kind): (usize, &ColumnKind)| WriteParam { arg: Arg::Own(index), kind: *kind, is_list: false };
        WriteStatement {
            sql: sql.to_owned(),
            params: self.params.iter().enumerate().map(param).collect(),
            columns: self.columns.to_vec(),
        }
    }
}

/// What of accounts is read, in the order of [`Account`].
const COLUMNS: &[ColumnKind] = &[
    ColumnKind::Int,
    ColumnKind::Text,
    ColumnKind::Text,
    ColumnKind::Text,
    ColumnKind::Text,
    ColumnKind::Text,
    ColumnKind::Text,
    ColumnKind::Text,
    ColumnKind::Boolean,
    ColumnKind::Boolean,
    ColumnKind::Text,
];

const BY_KEY: Fixed = Fixed {
    sqlite: include_str!("accounts/by_key.sqlite.sql"),
    postgres: include_str!("accounts/by_key.postgres.sql"),
    params: &[ColumnKind::Int],
    columns: COLUMNS,
};

const BY_NAME: Fixed = Fixed {
    sqlite: include_str!("accounts/by_name.sqlite.sql"),
    postgres: include_str!("accounts/by_name.postgres.sql"),
    params: &[ColumnKind::Text, ColumnKind::Text],
    columns: COLUMNS,
};

const ROLE_BY_WORD: Fixed = Fixed {
    sqlite: include_str!("accounts/role.sqlite.sql"),
    postgres: include_str!("accounts/role.postgres.sql"),
    params: &[ColumnKind::Text],
    columns: &[ColumnKind::Int],
};

const COUNT_OF_ROLE: Fixed = Fixed {
    sqlite: include_str!("accounts/count_of_role.sqlite.sql"),
    postgres: include_str!("accounts/count_of_role.postgres.sql"),
    params: &[ColumnKind::Text],
    columns: &[ColumnKind::Int],
};

impl Store {
    /// The account with this key.
    ///
    /// # Errors
    /// What the database said.
    pub async fn account_by_key(&self, key: i64) -> Result<Option<Account>, Error> {
        let rows = self.fixed(&BY_KEY, vec![Value::Int(key)], Access::Read).await?;
        rows.first().map(|row| account(row)).transpose()
    }

    /// The account with this address, or else with this name. Addresses are compared in lower case.
    ///
    /// # Errors
    /// What the database said.
    pub async fn account_by_name(&self, identifier: &str) -> Result<Option<Account>, Error> {
        let values = vec![Value::Text(identifier.to_lowercase()), Value::Text(identifier.to_owned())];
        let rows = self.fixed(&BY_NAME, values, Access::Read).await?;
        rows.first().map(|row| account(row)).transpose()
    }

    /// Key of the role that rules know by this word.
    ///
    /// # Errors
    /// What the database said.
    pub async fn role_by_word(&self, word: &str) -> Result<Option<i64>, Error> {
        let rows = self.fixed(&ROLE_BY_WORD, vec![Value::Text(word.to_owned())], Access::Read).await?;
        rows.first().map(|row| int(row.first())).transpose()
    }

    /// Number of accounts that may sign in with a role.
    ///
    /// # Errors
    /// What the database said.
    pub async fn accounts_of_role(&self, word: &str) -> Result<i64, Error> {
        let rows = self.fixed(&COUNT_OF_ROLE, vec![Value::Text(word.to_owned())], Access::Read).await?;
        int(rows.first().and_then(|row| row.first()))
    }

    async fn fixed(&self, fixed: &Fixed, values: Vec<Value>, access: Access) -> Result<Vec<Vec<Value>>, Error> {
        run_fixed(self, fixed.statement(self.database()), values, access).await
    }
}

/// Whether a fixed statement changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// It does not.
    Read,
    /// It does.
    Write,
}

fn account(row: &[Value]) -> Result<Account, Error> {
    Ok(Account {
        key: int(row.first())?,
        document_id: text(row.get(1)).unwrap_or_default(),
        username: text(row.get(2)).unwrap_or_default(),
        email: text(row.get(3)).unwrap_or_default(),
        provider: text(row.get(4)),
        password_hash: text(row.get(5)),
        reset_hash: text(row.get(6)),
        confirmation_hash: text(row.get(7)),
        is_confirmed: row.get(8) == Some(&Value::Boolean(true)),
        is_blocked: row.get(9) == Some(&Value::Boolean(true)),
        role: text(row.get(10)),
    })
}

fn int(value: Option<&Value>) -> Result<i64, Error> {
    match value {
        Some(Value::Int(number)) => Ok(*number),
        _ => Err(Error::Malformed { expected: "a number in a fixed statement's row" }),
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    match value {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}
