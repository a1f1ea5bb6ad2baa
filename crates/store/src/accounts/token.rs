//! Tokens that programs call with, rows of the system type `ApiToken`: a name, the hash of the text, roles, and an end.
//!
//! They are looked up by fixed statements, for no plan names a hash; they are made and taken back by plans in the product's own name.

use std::sync::Arc;

use model::{ContentType, TypeId};
use plan::{
    Answer, Assignment, Boundary, Caller, Cause, Data, Find, Given, HoleId, Holes, Locale, Policy, RootValue, Value,
    Values, Write, WriteAction, WriteVersion, authorize,
};
use sql::ColumnKind;

use super::{Access, Fixed, text};
use crate::{Error, Served, Store, WriteContext};

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

const ROW: &[ColumnKind] = &[ColumnKind::Text, ColumnKind::Text, ColumnKind::Instant, ColumnKind::Instant];

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

/// Fields of a new token, in the order of its values.
const FIELDS: [&str; 4] = ["name", "hash", "roles", "expiresAt"];

impl Store {
    /// Keeps a token; false: its name is taken, and nothing is kept.
    ///
    /// # Errors
    /// [`Error::TokenNotKept`] with what the database said.
    pub async fn token_insert(&self, served: &Arc<Served>, new: NewToken<'_>) -> Result<bool, Error> {
        let StoredToken { name, roles, created_at, expires_at } = new.token;
        let values = vec![
            Value::Text(name.clone()),
            Value::Text(new.hash.to_owned()),
            Value::List(roles.iter().cloned().map(Value::Text).collect()),
            expires_at.map_or(Value::Null, Value::Instant),
        ];
        let (_, content_type) = token_type(served);
        let mut assignments: Vec<Assignment> =
            (0..).zip(FIELDS).map(|(hole, name)| given(content_type, name, hole)).collect();
        assignments.sort_by_key(|assignment| assignment.field);
        let data = Data { assignments };
        let action = WriteAction::Create { data, version: WriteVersion::Only, locale: Locale::Only };
        let context = WriteContext { now: *created_at, ..WriteContext::of_system() };
        match self.token_write(served, action, (Values(values), context)).await? {
            None => Ok(true),
            Some(Cause::Rules(_)) => Ok(false),
            Some(cause) => Err(Error::TokenNotKept { cause }),
        }
    }

    /// Takes a token back; false: there is none of this name.
    ///
    /// # Errors
    /// [`Error::TokenNotKept`] with what the database said.
    pub async fn token_remove(&self, served: &Arc<Served>, name: &str) -> Result<bool, Error> {
        let (_, content_type) = token_type(served);
        let by_name = given(content_type, "name", 0).field;
        let find = Find::Unique(vec![(by_name, Some(HoleId(0)))]);
        let action = WriteAction::Delete { find, locale: Locale::Only, must_exist: true };
        let values = Values(vec![Value::Text(name.to_owned())]);
        match self.token_write(served, action, (values, WriteContext::of_system())).await? {
            None => Ok(true),
            Some(Cause::NotFound(_)) => Ok(false),
            Some(cause) => Err(Error::TokenNotKept { cause }),
        }
    }

    /// One change of a token in the product's own name; gives why it was refused.
    async fn token_write(
        &self,
        served: &Arc<Served>,
        action: WriteAction,
        (values, context): (Values, WriteContext),
    ) -> Result<Option<Cause>, Error> {
        let (of, _) = token_type(served);
        let write = Write::new(of, action, Answer::Wrap(Vec::new()));
        let roots = vec![("token".to_owned(), RootValue::Write(Box::new(write)))];
        let plan = Holes::default().plan(roots, Boundary::Whole, 1);
        let plan = authorize(plan, &Policy::of(&served.model, &Caller::Owner), &served.model);
        let answer = self.run(&self.prepare(served, &plan)?, values, context, Vec::new()).await;
        Ok(answer.faults.into_iter().next().map(|fault| fault.cause))
    }

    /// Every token, the oldest first, at most [`TOKENS_MAX`].
    ///
    /// # Errors
    /// What the database said.
    pub async fn tokens(&self) -> Result<Vec<StoredToken>, Error> {
        let rows = self.fixed(&LIST, Vec::new(), Access::Read).await?;
        rows.iter().take(TOKENS_MAX).map(|row| token(row)).collect()
    }

    /// The token whose text has this hash.
    ///
    /// # Errors
    /// What the database said.
    pub async fn token_by_hash(&self, hash: &str) -> Result<Option<StoredToken>, Error> {
        let rows = self.fixed(&BY_HASH, vec![Value::Text(hash.to_owned())], Access::Read).await?;
        rows.first().map(|row| token(row)).transpose()
    }
}

fn token_type(served: &Served) -> (TypeId, &ContentType) {
    let of = served.model.type_named("ApiToken").expect("the system types are always there");
    (of, served.model.content_type(of))
}

fn given(content_type: &ContentType, name: &str, hole: u32) -> Assignment {
    let field = content_type.field_named(name).expect("the fields of system types are always there");
    Assignment { field, given: Given::Engine(HoleId(hole)) }
}

fn token(row: &[Value]) -> Result<StoredToken, Error> {
    let instant = |value: Option<&Value>| match value {
        Some(Value::Instant(micros)) => Some(*micros),
        _ => None,
    };
    let malformed = Error::Malformed { expected: "the roles and the time of a token" };
    let roles = text(row.get(1)).and_then(|roles| serde_json::from_str(&roles).ok());
    let (Some(roles), Some(created_at)) = (roles, instant(row.get(2))) else { return Err(malformed) };
    Ok(StoredToken { name: text(row.first()).unwrap_or_default(), roles, created_at, expires_at: instant(row.get(3)) })
}
