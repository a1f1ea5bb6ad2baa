//! What commands do about accounts: signing in, making one, and its password.

use plan::rules::PASSWORD_BYTES_MAX;
use plan::{AccountFault, BrokenRule, Cause, Effect, FieldFault, Segment, Value};
use store::{Account, Asked, Commands, Made, Preparing, Work};

use super::own::NewUser;
use super::throttle::{Attempt, Subject};
use super::{Sender, is_open, person_token, user_key};
use crate::app::App;
use crate::caller::digest;
use crate::{media, runs};

/// Runs the commands of one request.
pub(crate) struct ForRequest<'a> {
    pub(crate) app: &'a App,
    pub(crate) sender: &'a Sender,
}

impl Commands for ForRequest<'_> {
    fn prepare<'a>(&'a self, asked: Asked<'a>) -> Preparing<'a> {
        Box::pin(async move {
            match asked.command.effect {
                Effect::SignIn => self.sign_in(asked).await,
                Effect::Register => self.register(asked).await,
                Effect::ChangePassword => self.change_password(asked).await,
                Effect::ForgotPassword => self.forgot_password(asked),
                Effect::ResetPassword => self.reset_password(asked).await,
                Effect::ConfirmEmail => self.confirm_email(asked).await,
                Effect::Agent(effect) => crate::agents::prepare((self.app, self.sender), effect, asked).await,
                Effect::Upload => media::upload((self.app, self.sender), asked).await,
                Effect::Run(effect) => runs::prepare((self.app, self.sender), asked, effect).await,
            }
        })
    }
}

/// The one provider that accounts sign in with.
const LOCAL: &str = "local";
/// How long a code is good, in microseconds.
const CODE_LASTS: i64 = 60 * 60 * 1_000_000;
/// Random bytes of a code.
const CODE_BYTES: usize = 32;

impl ForRequest<'_> {
    async fn sign_in(&self, asked: Asked<'_>) -> Result<Work, Cause> {
        let (identifier, password) = (text(asked, "identifier"), text(asked, "password"));
        required(&[("identifier", &identifier), ("password", &password)])?;
        if text(asked, "provider") != LOCAL {
            return refused(AccountFault::ProviderDisabled);
        }
        let mut attempt = self.attempt(Some(Subject::identifier(&identifier)))?;
        let found = self.app.store.account_by_name(&identifier).await.map_err(|error| error.logged())?;
        let found = found.filter(|account| account.provider.as_deref().is_none_or(|provider| provider == LOCAL));
        let hash = found.as_ref().and_then(|account| account.password_hash.as_deref());
        // An account that has had too many attempts by another of its names answers like one that is not there: a wait would tell that both are its.
        let is_open = found.as_ref().is_none_or(|account| attempt.also(Subject::Account(account.key)));
        let is_right = is_password(&password, hash).await? && is_open;
        let Some(account) = found.filter(|_| is_right) else { return refused(AccountFault::CredentialsWrong) };
        attempt.succeeded();
        self.open(&account)?;
        Ok(self.signed_in(&account, account.password_hash.clone()))
    }

    async fn register(&self, asked: Asked<'_>) -> Result<Work, Cause> {
        let settings = &self.app.settings.accounts;
        if !settings.register {
            return refused(AccountFault::RegisterClosed);
        }
        let (username, email, password) = (text(asked, "username"), text(asked, "email"), text(asked, "password"));
        required(&[("username", &username), ("email", &email), ("password", &password)])?;
        let _counted = self.attempt(None)?;
        let is_confirmed = !settings.confirm_email;
        let new = NewUser {
            username: &username,
            email: &email,
            password: &password,
            role: &settings.default_role,
            is_confirmed,
        };
        self.app.not_taken(new).await?;
        let role = self.app.role_key(new.role).await?;
        let hash = hashed(&password).await?;
        let made = is_confirmed.then(|| self.token_of_key(hash.clone()));
        let change = self.app.accounts.own.create(new, role, hash.as_deref());
        Ok(Work { changes: vec![change], made, ..Work::row(None) })
    }

    async fn change_password(&self, asked: Asked<'_>) -> Result<Work, Cause> {
        let Some(key) = user_key(&self.sender.caller) else { return refused(AccountFault::NotSignedIn) };
        let (current, password) = (text(asked, "current"), text(asked, "password"));
        required(&[("currentPassword", &current), ("password", &password)])?;
        agreed(asked, &password)?;
        let attempt = self.attempt(Some(Subject::Change(key)))?;
        let found = self.app.store.account_by_key(key).await.map_err(|error| error.logged())?;
        let hash = found.as_ref().and_then(|account| account.password_hash.as_deref());
        let is_right = is_password(&current, hash).await?;
        let Some(account) = found.filter(|_| is_right) else { return refused(AccountFault::PasswordWrong) };
        attempt.succeeded();
        if current == password {
            return refused(AccountFault::PasswordSame);
        }
        self.with_password(&account, &password).await
    }

    /// Answers alike whether there is such an account or not. No mail is sent: the project's keeper hands the code out.
    fn forgot_password(&self, asked: Asked<'_>) -> Result<Work, Cause> {
        let email = text(asked, "email");
        required(&[("email", &email)])?;
        let _counted = self.attempt(Some(Subject::code(&email)))?;
        tracing::info!("somebody asks for a new password; no mail is sent: `dragoman user code` makes a code for them");
        let made: Made = Box::new(|_| Ok(vec![("ok", "true".to_owned())]));
        Ok(Work { made: Some(made), ..Work::row(None) })
    }

    async fn reset_password(&self, asked: Asked<'_>) -> Result<Work, Cause> {
        let (code, password) = (text(asked, "code"), text(asked, "password"));
        required(&[("code", &code), ("password", &password)])?;
        agreed(asked, &password)?;
        let _counted = self.attempt(None)?;
        let account = self.coded(&code, |account| account.reset_hash.as_deref()).await?;
        let Some(account) = account else { return refused(AccountFault::CodeWrong) };
        self.open(&account)?;
        self.with_password(&account, &password).await
    }

    async fn confirm_email(&self, asked: Asked<'_>) -> Result<Work, Cause> {
        let code = text(asked, "code");
        required(&[("confirmation", &code)])?;
        let _counted = self.attempt(None)?;
        let account = self.coded(&code, |account| account.confirmation_hash.as_deref()).await?;
        let Some(account) = account else { return refused(AccountFault::ConfirmationWrong) };
        if account.is_blocked {
            return refused(AccountFault::Blocked);
        }
        let hash = account.password_hash.clone();
        let change = self.app.accounts.own.confirmed(account.key);
        Ok(Work { changes: vec![change], ..self.signed_in(&account, hash) })
    }

    async fn with_password(&self, account: &Account, password: &str) -> Result<Work, Cause> {
        let hash = hashed(password).await?;
        let change = self.app.accounts.own.password(account.key, password, hash.as_deref().unwrap_or_default());
        Ok(Work { changes: vec![change], ..self.signed_in(account, hash) })
    }

    /// The account that a code was made for, while it is good.
    async fn coded(&self, code: &str, kept: fn(&Account) -> Option<&str>) -> Result<Option<Account>, Cause> {
        let Some(key) = code.split_once('-').and_then(|(key, _)| key.parse::<i64>().ok()) else { return Ok(None) };
        let found = self.app.store.account_by_key(key).await.map_err(|error| error.logged())?;
        let now = self.app.settings.clock.now();
        Ok(found.filter(|account| kept(account).is_some_and(|kept| is_code(code, kept, now))))
    }

    /// Refuses accounts that do not open.
    fn open(&self, account: &Account) -> Result<(), Cause> {
        match account {
            account if is_open(account, &self.app.settings.accounts) => Ok(()),
            account if account.is_blocked => refused(AccountFault::Blocked),
            _ => refused(AccountFault::NotConfirmed),
        }
    }

    fn signed_in(&self, account: &Account, hash: Option<String>) -> Work {
        Work { made: Some(self.token_of_key(hash)), ..Work::row(Some(Value::Int(account.key))) }
    }

    /// A token for the account whose key the transaction names.
    fn token_of_key(&self, hash: Option<String>) -> Made {
        let (settings, clock) = (self.app.settings.accounts.clone(), self.app.settings.clock);
        let key = self.app.settings.token_key.clone();
        Box::new(move |row| {
            let (Some(key), Value::Int(account)) = (&key, row) else {
                tracing::error!("no token can be signed: there is no key of tokens");
                return Err(Cause::Unavailable);
            };
            let token = person_token((key, settings.token_lasts), clock.now(), *account, hash.as_deref());
            let token = token.ok_or(Cause::Internal)?;
            Ok(vec![("jwt", serde_json::Value::from(token).to_string())])
        })
    }

    fn attempt(&self, subject: Option<Subject>) -> Result<Attempt<'_>, Cause> {
        let (settings, now) = (&self.app.settings.accounts, self.app.settings.clock.now());
        let whose = (subject, self.sender.address);
        self.app.accounts.throttle.attempt(whose, settings, now).map_err(Cause::TooManyAttempts)
    }
}

/// A code for an account, and what is kept of it: its hash and when it runs out.
pub(super) fn new_code(account: i64, now: i64) -> Result<(String, String), Cause> {
    let mut random = [0_u8; CODE_BYTES];
    getrandom::fill(&mut random).map_err(|_| Cause::Internal)?;
    let secret: String = random
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect();
    let code = [&account.to_string(), "-", &secret].concat();
    let kept = [&digest(&code), ".", &(now + CODE_LASTS).to_string()].concat();
    Ok((code, kept))
}

fn is_code(code: &str, kept: &str, now: i64) -> bool {
    let Some((hash, until)) = kept.rsplit_once('.') else { return false };
    until.parse::<i64>().is_ok_and(|until| until > now) && digest(code) == hash
}

/// Whether the password is the one of the hash. A password that could be nobody's costs as much as a wrong one.
async fn is_password(password: &str, hash: Option<&str>) -> Result<bool, Cause> {
    let is_possible = password.len() <= PASSWORD_BYTES_MAX;
    let (password, hash) = if is_possible { (password, hash) } else { ("", None) };
    store::password_matches(password.to_owned(), hash.map(str::to_owned)).await.map_err(|error| error.logged())
}

/// The hash of a new password; none for one that is too long, which a rule refuses later.
async fn hashed(password: &str) -> Result<Option<String>, Cause> {
    if password.len() > PASSWORD_BYTES_MAX {
        return Ok(None);
    }
    store::password_hash(password.to_owned()).await.map(Some).map_err(|error| error.logged())
}

fn text(asked: Asked<'_>, name: &str) -> String {
    let hole = asked.command.given.iter().find(|(given, _)| *given == name);
    match hole.map(|(_, hole)| asked.values.get(*hole)) {
        Some(Value::Text(text)) => text.clone(),
        Some(_) | None => String::new(),
    }
}

/// Every text that must not be empty is there.
fn required(given: &[(&str, &str)]) -> Result<(), Cause> {
    let missing = given.iter().filter(|(_, text)| text.is_empty());
    let faults: Vec<FieldFault> = missing
        .map(|(name, _)| FieldFault {
            path: vec![Segment::Key((*name).to_owned())],
            rule: BrokenRule::Missing,
            value: None,
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(Cause::Rules(faults)) }
}

/// The new password was given twice alike.
fn agreed(asked: Asked<'_>, password: &str) -> Result<(), Cause> {
    if text(asked, "confirmation") == password { Ok(()) } else { refused(AccountFault::PasswordsDiffer) }
}

fn refused<T>(fault: AccountFault) -> Result<T, Cause> {
    Err(Cause::Account(fault))
}
