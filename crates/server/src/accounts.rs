//! Accounts: who may sign in, with what, how often; and what commands about accounts do.
//!
//! A token of a person says which account it is for, and carries an imprint of the account's password (its epoch): whoever changes the password
//! ends every token made before. The account is read on each request, so that one that is blocked or gone opens nothing from then on.

mod commands;
mod login;
mod members;
mod own;
mod routes;
mod setup;
mod throttle;

use std::net::IpAddr;
use std::time::Duration;

use graphql::transport::RequestFault;
use plan::Caller;
use serde_json::{Map, Value as Json, json};
use store::{Account, Store};

use crate::app::App;
use crate::caller::{Credentials, TokenKey, credentials};
use crate::media::Arrived;
use crate::reread;

pub(crate) use commands::ForRequest;
pub(crate) use login::login;
pub(crate) use members::Members;
pub(crate) use own::OwnChanges;
pub use own::{CodePurpose, NewUser, UserRefused};
pub(crate) use routes::routes;
pub use setup::SetupCode;
pub(crate) use throttle::Throttle;

/// What a project may say about accounts. Each has a key of the same name under `auth` or `limits` in `dragoman.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSettings {
    /// People may make accounts of their own.
    pub register: bool,
    /// An account opens only when its address is confirmed.
    pub confirm_email: bool,
    /// The role of new accounts.
    pub default_role: String,
    /// How long a token of a person is good.
    pub token_lasts: Duration,
    /// Proxies whose word about a client's address is taken.
    pub trusted_proxies: Vec<IpAddr>,
    /// Attempts to open one account within the window.
    pub attempts_max: u32,
    /// Attempts from one network (/24 or /56) within the window.
    pub address_attempts_max: u32,
    /// After this time attempts are forgotten.
    pub attempts_window: Duration,
    /// Accounts and networks whose attempts are counted; beyond it the oldest are forgotten.
    pub attempts_kept_max: usize,
}

impl Default for AccountSettings {
    fn default() -> Self {
        Self {
            register: true,
            confirm_email: false,
            default_role: "authenticated".to_owned(),
            token_lasts: Duration::from_hours(30 * 24),
            trusted_proxies: Vec::new(),
            attempts_max: 10,
            address_attempts_max: 100,
            attempts_window: Duration::from_mins(15),
            attempts_kept_max: 10_000,
        }
    }
}

/// What a caller has whose account has no role: no rule names it.
const NO_ROLE: &str = "(no role)";

/// The peer of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Who sends a request.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Who it is.
    pub caller: Caller,
    /// The client's address, where it is known.
    pub address: Option<IpAddr>,
    /// Files that came with the request, which commands take.
    pub(crate) files: Arrived,
    /// How reading the project again went, where the request asked for it.
    pub(crate) reread: Option<reread::Outcome>,
    /// What its client tells of itself.
    pub(crate) client: Client,
}

/// What a client tells of itself. Nothing is allowed for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Client {
    /// The key of the agent that asks.
    pub(crate) agent: Option<u128>,
    /// Its release.
    pub(crate) release: Option<String>,
}

impl Sender {
    /// Somebody on this machine, without a connection.
    #[must_use]
    pub fn local(caller: Caller) -> Sender {
        Sender { caller, address: None, files: Arrived::default(), reread: None, client: Client::default() }
    }
}

/// Who sends this `Authorization` header.
///
/// # Errors
/// [`RequestFault::CredentialsInvalid`] for whatever is not a good token of an open account, [`RequestFault::Unavailable`] while it cannot be known.
pub(crate) async fn caller(app: &App, authorization: Option<&[u8]>) -> Result<Caller, RequestFault> {
    let key = app.settings.token_key.as_ref();
    let read = credentials(authorization, key).map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        invalid(&format!("{error} {cause}"))
    })?;
    match read {
        Credentials::Nobody => Ok(Caller::public()),
        Credentials::Roles(caller) => Ok(caller),
        // Boxed: most requests look nobody up, and would carry the size of it.
        Credentials::Person { account, epoch } => Box::pin(of_person(app, account, &epoch)).await,
        Credentials::Program { hash } => Box::pin(of_program(app, &hash)).await,
    }
}

fn invalid(reason: &str) -> RequestFault {
    tracing::info!(reason, "a caller was refused");
    RequestFault::CredentialsInvalid
}

/// The caller of a person's token, while its account is open and has the password of then.
async fn of_person(app: &App, account: i64, epoch: &str) -> Result<Caller, RequestFault> {
    let found = app.store.account_by_key(account).await.map_err(|error| away(&error))?;
    let Some(found) = found else { return Err(invalid("the account is gone")) };
    let key = app.settings.token_key.as_ref();
    let is_good = key.is_some_and(|key| key.epoch(found.key, found.password_hash.as_deref()) == epoch);
    if !is_good || !is_open(&found, &app.settings.accounts) {
        return Err(invalid("the account is blocked, or its password has changed"));
    }
    let members = app.accounts.members.of(&app.store, found.key).await;
    Ok(person(&found, members.map_err(|_told| RequestFault::Unavailable)?))
}

/// The caller of a program's token, while it is good.
async fn of_program(app: &App, hash: &str) -> Result<Caller, RequestFault> {
    let found = app.store.token_by_hash(hash).await.map_err(|error| away(&error))?;
    let now = app.settings.clock.now();
    match found.filter(|token| token.expires_at.is_none_or(|end| end > now)) {
        Some(token) if !token.roles.is_empty() => {
            let user = Map::from_iter([("token".to_owned(), json!(token.name))]);
            Ok(Caller::Roles { roles: token.roles, user })
        }
        Some(_) | None => Err(invalid("the token was taken back, or has run out")),
    }
}

fn away(error: &store::Error) -> RequestFault {
    let _cause = error.logged();
    RequestFault::Unavailable
}

fn is_open(account: &Account, settings: &AccountSettings) -> bool {
    !account.is_blocked && (account.is_confirmed || !settings.confirm_email)
}

/// The caller that an account makes.
fn person(account: &Account, mut members: Map<String, Json>) -> Caller {
    let role = account.role.clone().unwrap_or_else(|| NO_ROLE.to_owned());
    let user = json!({
        "id": account.key,
        "documentId": account.document_id,
        "username": account.username,
        "email": account.email,
        "confirmed": account.is_confirmed,
        "blocked": account.is_blocked,
    });
    let Json::Object(user) = user else { unreachable!("an object was written") };
    members.extend(user);
    Caller::Roles { roles: vec![role], user: members }
}

/// The key of the caller's account, for the columns that name who writes.
pub(crate) fn user_key(caller: &Caller) -> Option<i64> {
    match caller {
        Caller::Owner => None,
        Caller::Roles { user, .. } => user.get("id").and_then(Json::as_i64),
    }
}

/// What accounts need while an app serves.
pub(crate) struct Accounts {
    pub(crate) throttle: Throttle,
    pub(crate) own: OwnChanges,
    pub(crate) members: Members,
}

/// A new token of a person, good from now on.
fn person_token((key, lasts): (&TokenKey, Duration), now: i64, account: i64, hash: Option<&str>) -> Option<String> {
    let from = u64::try_from(now / 1_000_000).unwrap_or(0);
    let until = from + lasts.as_secs();
    key.sign_person(account, hash, crate::caller::Lasts { from, until })
        .inspect_err(|error| tracing::error!(error = %error, "a token could not be signed"))
        .ok()
}

/// Whether nobody keeps the project yet.
///
/// # Errors
/// What the database said.
pub async fn has_administrator(store: &Store) -> Result<bool, store::Error> {
    Ok(store.accounts_of_role(plan::ADMINISTRATOR).await? > 0)
}
