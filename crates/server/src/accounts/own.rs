//! Changes of accounts in the product's own name: ordinary changes of content, authorized for the product itself.

use std::collections::HashMap;
use std::sync::Arc;

use model::{ContentType, FieldKind, Model};
use plan::{
    Answer, Assignment, Boundary, Caller, Cause, Data, Fault, Filter, Find, Given, HoleId, Holes, LinkKind, Links,
    Locale, Plan, Policy, RootValue, Value, Values, Write, WriteAction, WriteVersion,
};
use store::{FileWatch, NewToken, OwnChange, Prepared, Served, Store, WriteContext};

use crate::app::App;

/// The system type of accounts.
pub(super) const USER: &str = "User";

/// Changes of accounts, prepared.
pub(crate) struct OwnChanges {
    create: Prepared,
    password: Prepared,
    confirmed: Prepared,
    reset: Prepared,
    confirmation: Prepared,
    role: Prepared,
}

/// Fields of a new account, in the order of its values.
const ACCOUNT_FIELDS: [&str; 7] = ["username", "email", "provider", "password", "confirmed", "blocked", "role"];

impl OwnChanges {
    /// Prints their statements.
    ///
    /// # Errors
    /// What the store said.
    pub(crate) fn new(store: &Store, served: &Arc<Served>, model: &Model) -> Result<Self, store::Error> {
        let prepared = |name: &str, finds: bool, fields: &[&str]| {
            let plan = plan_of(model, name, finds, fields);
            store.prepare(served, &plan::authorize(plan, &Policy::of(model, &Caller::Owner), model))
        };
        Ok(OwnChanges {
            create: prepared(USER, false, &ACCOUNT_FIELDS)?,
            password: prepared(USER, true, &["password", "resetPasswordToken"])?,
            confirmed: prepared(USER, true, &["confirmed", "confirmationToken"])?,
            reset: prepared(USER, true, &["resetPasswordToken"])?,
            confirmation: prepared(USER, true, &["confirmationToken"])?,
            role: prepared("Role", false, &["name", "description", "type"])?,
        })
    }

    /// Gives an account a new password; no code for another one stays good.
    pub(super) fn password(&self, key: i64, password: &str, hash: &str) -> OwnChange {
        let values = vec![key_value(key), Value::Text(password.to_owned()), Value::Null];
        let hashes = HashMap::from([(password.to_owned(), hash.to_owned())]);
        OwnChange { prepared: self.password.clone(), values: Values(values), hashes }
    }

    /// Confirms an account's address.
    pub(super) fn confirmed(&self, key: i64) -> OwnChange {
        let values = vec![key_value(key), Value::Boolean(true), Value::Null];
        OwnChange { prepared: self.confirmed.clone(), values: Values(values), hashes: HashMap::new() }
    }

    /// Makes an account.
    pub(super) fn create(&self, new: NewUser<'_>, role: i64, hash: Option<&str>) -> OwnChange {
        let text = |text: &str| Value::Text(text.to_owned());
        let values = vec![
            text(new.username),
            text(&new.email.to_lowercase()),
            text("local"),
            text(new.password),
            Value::Boolean(new.is_confirmed),
            Value::Boolean(false),
            key_value(role),
        ];
        let hashes = hash.map(|hash| (new.password.to_owned(), hash.to_owned())).into_iter().collect();
        OwnChange { prepared: self.create.clone(), values: Values(values), hashes }
    }
}

/// An account to be made.
#[derive(Clone, Copy)]
pub struct NewUser<'a> {
    /// Its name.
    pub username: &'a str,
    /// Its address.
    pub email: &'a str,
    /// Its password.
    pub password: &'a str,
    /// The word that rules know its role by.
    pub role: &'a str,
    /// Its address is known to be right.
    pub is_confirmed: bool,
}

/// What a code for an account is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodePurpose {
    /// Giving it a new password.
    Password,
    /// Confirming its address.
    Address,
}

/// Why an account is not made.
#[derive(Debug, thiserror::Error)]
#[error("{failed}: {reasons}")]
pub struct UserRefused {
    /// What was tried.
    pub failed: &'static str,
    /// In the words of the project's API.
    pub reasons: String,
}

impl App {
    /// Makes an account, and its role where there is none yet.
    ///
    /// # Errors
    /// Values that break a rule, a name that is taken, a database that is away.
    pub async fn user_create(&self, new: NewUser<'_>) -> Result<(), UserRefused> {
        let made = async {
            let role = self.role_key(new.role).await?;
            self.not_taken(new).await?;
            let change = self.accounts.own.create(new, role, None);
            self.made(&change.prepared, change.values).await
        };
        made.await.map_err(|cause| self.told("the account cannot be made", cause))
    }

    /// Stores the hash of a code for an account, with the moment until which it is good, and answers with the code.
    ///
    /// # Errors
    /// There is no such account; the database is away.
    pub async fn user_code(&self, identifier: &str, purpose: CodePurpose) -> Result<String, UserRefused> {
        let change = match purpose {
            CodePurpose::Password => &self.accounts.own.reset,
            CodePurpose::Address => &self.accounts.own.confirmation,
        };
        let made = async {
            let found = self.store.account_by_name(identifier).await.map_err(|error| error.logged())?;
            let account = found.ok_or(Cause::NotFound(self.model().type_named(USER)))?;
            let (code, kept) = super::commands::new_code(account.key, self.settings.clock.now())?;
            self.made(change, Values(vec![key_value(account.key), Value::Text(kept)])).await?;
            Ok(code)
        };
        made.await.map_err(|cause| self.told("a code for the account cannot be made", cause))
    }

    /// Keeps a token of a program; false: its name is taken.
    ///
    /// # Errors
    /// What the store said.
    pub async fn token_create(&self, new: NewToken<'_>) -> Result<bool, store::Error> {
        self.store.token_insert(&self.served, new).await
    }

    /// Takes a token of a program back; false: there is none of this name.
    ///
    /// # Errors
    /// What the store said.
    pub async fn token_revoke(&self, name: &str) -> Result<bool, store::Error> {
        self.store.token_remove(&self.served, name).await
    }

    fn told(&self, failed: &'static str, cause: Cause) -> UserRefused {
        let faults = [Fault { path: Vec::new(), place: None, cause }];
        let words = graphql::dialect::words(self.model(), &faults);
        UserRefused { failed, reasons: words.join("; ") }
    }

    /// The key of a role, which is made where there is none.
    pub(super) async fn role_key(&self, word: &str) -> Result<i64, Cause> {
        for _ in 0..ROLE_TRIES {
            if let Some(key) = self.store.role_by_word(word).await.map_err(|error| error.logged())? {
                return Ok(key);
            }
            let (name, about) = (capitalized(word), format!("The role that rules call {word}."));
            let values = vec![Value::Text(name), Value::Text(about), Value::Text(word.to_owned())];
            match self.made(&self.accounts.own.role, Values(values)).await {
                // Somebody else may have made it meanwhile: it is looked for again.
                Ok(()) | Err(Cause::Rules(_)) => {}
                Err(cause) => return Err(cause),
            }
        }
        Err(Cause::Unavailable)
    }

    /// Neither the name nor the address belongs to another account.
    pub(super) async fn not_taken(&self, new: NewUser<'_>) -> Result<(), Cause> {
        for word in [new.username, new.email] {
            if self.store.account_by_name(word).await.map_err(|error| error.logged())?.is_some() {
                return Err(Cause::Account(plan::AccountFault::Taken));
            }
        }
        Ok(())
    }

    async fn made(&self, prepared: &Prepared, values: Values) -> Result<(), Cause> {
        let ids = Arc::clone(&self.settings.ids);
        let context =
            WriteContext { now: self.settings.clock.now(), user: None, ids, files: FileWatch::default(), cause: None };
        let answer = self.store.run(prepared, values, context, Vec::new()).await;
        answer.faults.into_iter().next().map_or(Ok(()), |fault| Err(fault.cause))
    }
}

/// Looks for a role, and makes it, at most so often.
const ROLE_TRIES: usize = 3;

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

pub(super) fn key_value(key: i64) -> Value {
    Value::Text(key.to_string())
}

/// One change. Its holes are its fields in their order; before them, where a document is looked for, its key.
fn plan_of(model: &Model, name: &str, finds: bool, fields: &[&str]) -> Plan {
    let of = model.type_named(name).expect("the system types are always there");
    let content_type = model.content_type(of);
    let first = usize::from(finds);
    let mut assignments: Vec<Assignment> =
        fields.iter().enumerate().map(|(index, field)| assignment(content_type, field, first + index)).collect();
    assignments.sort_by_key(|assignment| assignment.field);
    let (data, version, locale) = (Data { assignments }, WriteVersion::Only, Locale::Only);
    let action = if finds {
        WriteAction::Update { find: Find::Key(HoleId(0)), data, version, locale, or_create: false }
    } else {
        WriteAction::Create { data, version, locale }
    };
    let write = Write::new(of, action, Answer::Wrap(Vec::new()));
    Holes::default().plan(vec![("made".to_owned(), RootValue::Write(Box::new(write)))], Boundary::EachRoot, 1)
}

fn assignment(content_type: &ContentType, name: &str, index: usize) -> Assignment {
    let field = content_type.field_named(name).expect("the fields of system types are always there");
    let declared = content_type.field(field);
    let hole = HoleId(u32::try_from(index).expect("a handful of fields"));
    let given = match &declared.kind {
        FieldKind::Relation(_) => Given::Links(Links { ids: hole, kind: LinkKind::Key, visible: Filter::All }),
        FieldKind::Scalar { .. } | FieldKind::Enum { .. } | FieldKind::Component { .. } | FieldKind::Zone { .. } => {
            Given::Value(hole)
        }
    };
    Assignment { field, given }
}
