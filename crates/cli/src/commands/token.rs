//! `dragoman token`: the tokens that programs call with.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use server::PROGRAM_TOKEN_PREFIX;
use store::StoredToken;

use crate::arguments::{Project as Arguments, Token};
use crate::commands::migrate::require_none;
use crate::commands::print::{self, Holder, counted};
use crate::error::Error;
use crate::keeping::Keep;
use crate::project::{Project, secret};
use crate::serving::{block_on, open_made_store};

/// Runs one of the subcommands.
pub(crate) fn run(token: Token) -> Result<(), Error> {
    match token {
        Token::Create { project, name, roles, days } => {
            let created_at = now();
            let end = |days: u32| created_at + micros(Duration::from_hours(u64::from(days) * 24));
            create(&project, StoredToken { name, roles, created_at, expires_at: days.map(end) })
        }
        Token::List { project } => list(&project),
        Token::Revoke { project, name } => Keep::TokenRevoke { name }.done(&project).map(|_| ()),
        Token::Sign { project, role, user, hours } => print::token(&project, &Holder { role, user, hours }),
    }
}

fn create(arguments: &Arguments, token: StoredToken) -> Result<(), Error> {
    if token.name.is_empty() || token.roles.iter().any(|role| role.is_empty() || role.contains(',')) {
        return Err(Error::TokenWords);
    }
    let text = [PROGRAM_TOKEN_PREFIX, &secret()?].concat();
    let hash = server::digest(&text);
    let StoredToken { name, roles, created_at, expires_at } = token;
    Keep::TokenCreate { name, hash, roles, created_at, expires_at }.done(arguments)?;
    eprintln!("The token is shown this once:");
    print::print(&[&text, "\n"].concat());
    Ok(())
}

fn list(arguments: &Arguments) -> Result<(), Error> {
    // What is only read may be read beside a server.
    let project = Project::open(arguments, &[])?;
    let (model, sources) = (project.model()?, project.schema_texts()?);
    let store = open_made_store(&project)?;
    let tokens = block_on(async {
        require_none(&store, &model, &sources).await?;
        Ok::<_, Error>(store.tokens().await?)
    })??;
    let mut text = String::new();
    for token in tokens {
        let end = match token.expires_at {
            None => "until it is revoked".to_owned(),
            Some(end) if end <= now() => "has run out".to_owned(),
            Some(end) => [&counted(days_left(end), ("day", "days")), " left"].concat(),
        };
        text.extend([token.name.as_str(), "\t", &token.roles.join(", "), "\t", &end, "\n"]);
    }
    print::print(&text);
    Ok(())
}

fn now() -> i64 {
    micros(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// Days until then; one that has begun counts.
fn days_left(end: i64) -> u64 {
    let day = micros(Duration::from_hours(24)).unsigned_abs();
    end.saturating_sub(now()).unsigned_abs().div_ceil(day)
}
