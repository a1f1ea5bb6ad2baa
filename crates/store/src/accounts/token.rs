//! Tokens that programs call with: a name, the hash of the text, roles, and an end.

use std::sync::atomic::Ordering;

use plan::Value;
use sql::ColumnKind;

use super::{Access, Fixed, int, text};
use crate::{Error, Store};

/// Most tokens of one database.
pub const TOKENS_MAX: usize = 10_000;

/// A token as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// Its name.
    pub name: String,
    /// The roles that whoever has it calls with.
    pub roles: Vec<String>,
    /// When it was made: microseconds since 1970.
    pub created_at: i64,
    /// When it runs out; none: it lasts until it is taken back.
    pub expires_at: Option<i64>,
}

/// A token that is to be kept.
#[derive(Clone)]
pub struct NewToken<'a> {
    /// What is kept beside its hash.
    pub token: &'a StoredToken,
    /// The hash of its text.
    pub hash: &'a str,
}

const TABLE: Fixed = Fixed {
    sqlite: include_str!("token_table.sqlite.sql"),
    postgres: include_str!("token_table.postgres.sql"),
    params: &[],
    columns: &[],
};

const ROW: &[ColumnKind] = &[ColumnKind::Int, ColumnKind::Text, ColumnKind::Text, ColumnKind::Int, ColumnKind::Int];

const LIST: Fixed = Fixed {
    sqlite: include_str!("token_list.sqlite.sql"),
    postgres: include_str!("token_list.postgres.sql"),
    params: &[],
    columns: ROW,
};

const BY_HASH: Fixed = Fixed {
    sqlite: include_str!("token_by_hash.sqlite.sql"),
    postgres: include_str!("token_by_hash.postgres.sql"),
    params: &[ColumnKind::Text],
    columns: ROW,
};

const INSERT: Fixed = Fixed {
    sqlite: include_str!("token_insert.sqlite.sql"),
    postgres: include_str!("token_insert.postgres.sql"),
    params: &[ColumnKind::Text, ColumnKind::Text, ColumnKind::Text, ColumnKind::Int, ColumnKind::Int],
    columns: &[ColumnKind::Int],
};

const REMOVE: Fixed = Fixed {
    sqlite: include_str!("token_remove.sqlite.sql"),
    postgres: include_str!("token_remove.postgres.sql"),
    params: &[ColumnKind::Text],
    columns: &[ColumnKind::Int],
};

impl Store {
    /// Makes the table of tokens where it is not there.
    ///
    /// # Errors
    /// What the database said.
    pub async fn tokens_ready(&self) -> Result<(), Error> {
        if !self.has_tokens.load(Ordering::Acquire) {
            self.fixed(&TABLE, Vec::new(), Access::Write).await?;
            self.has_tokens.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Keeps a token; false: its name is taken, and nothing is kept.
    ///
    /// # Errors
    /// What the database said.
    pub async fn token_insert(&self, new: NewToken<'_>) -> Result<bool, Error> {
        self.tokens_ready().await?;
        let StoredToken { name, roles, created_at, expires_at } = new.token;
        let values = vec![
            Value::Text(name.clone()),
            Value::Text(new.hash.to_owned()),
            Value::Text(roles.join(",")),
            Value::Int(*created_at),
            expires_at.map_or(Value::Null, Value::Int),
        ];
        Ok(!self.fixed(&INSERT, values, Access::Write).await?.is_empty())
    }

    /// Takes a token back; false: there is none of this name.
    ///
    /// # Errors
    /// What the database said.
    pub async fn token_remove(&self, name: &str) -> Result<bool, Error> {
        self.tokens_ready().await?;
        Ok(!self.fixed(&REMOVE, vec![Value::Text(name.to_owned())], Access::Write).await?.is_empty())
    }

    /// Every token, the oldest first, at most [`TOKENS_MAX`].
    ///
    /// # Errors
    /// What the database said.
    pub async fn tokens(&self) -> Result<Vec<StoredToken>, Error> {
        self.tokens_ready().await?;
        let rows = self.fixed(&LIST, Vec::new(), Access::Read).await?;
        rows.iter().take(TOKENS_MAX).map(|row| token(row)).collect()
    }

    /// The token whose text has this hash.
    ///
    /// # Errors
    /// What the database said.
    pub async fn token_by_hash(&self, hash: &str) -> Result<Option<StoredToken>, Error> {
        self.tokens_ready().await?;
        let rows = self.fixed(&BY_HASH, vec![Value::Text(hash.to_owned())], Access::Read).await?;
        rows.first().map(|row| token(row)).transpose()
    }
}

fn token(row: &[Value]) -> Result<StoredToken, Error> {
    let roles = text(row.get(2)).unwrap_or_default();
    Ok(StoredToken {
        name: text(row.get(1)).unwrap_or_default(),
        roles: roles.split(',').filter(|role| !role.is_empty()).map(str::to_owned).collect(),
        created_at: int(row.get(3))?,
        expires_at: row.get(4).and_then(|value| int(Some(value)).ok()),
    })
}
