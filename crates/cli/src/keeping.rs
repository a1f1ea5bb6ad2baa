//! What commands do about accounts and tokens: in the project's database, or through the living server that holds it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use server::{App, CodePurpose, NewUser};
use store::{NewToken, StoredToken};

use crate::arguments::Project as Arguments;
use crate::commands::migrate::require_none;
use crate::commands::query::only_writer;
use crate::control::Reach;
use crate::error::Error;
use crate::project::Project;
use crate::serving::{Mode, app, block_on, open_made_store};

/// One change of accounts or tokens. It does not print: there may be a password in it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Keep {
    /// Make an account whose address is known to be right.
    UserCreate {
        /// Its name.
        username: String,
        /// Its address.
        email: String,
        /// Its password.
        password: String,
        /// The word that rules know its role by.
        role: String,
    },
    /// Make a code for an account; the answer is the code.
    UserCode {
        /// Its name or address.
        user: String,
        /// The code confirms the address instead of giving a new password.
        confirms: bool,
    },
    /// Keep a token; its text stays with whoever asks.
    TokenCreate {
        /// Its name.
        name: String,
        /// The hash of its text.
        hash: String,
        /// The roles that its holder calls with.
        roles: Vec<String>,
        /// Now, in microseconds since 1970.
        created_at: i64,
        /// When it runs out.
        expires_at: Option<i64>,
    },
    /// Take a token back.
    TokenRevoke {
        /// Its name.
        name: String,
    },
}

impl Keep {
    /// Does it. On SQLite a living server is asked, which alone may write; where none lives its database is held meanwhile.
    pub(crate) fn done(self, arguments: &Arguments) -> Result<Json, Error> {
        let project = Project::open(arguments, &[])?;
        let alone = match only_writer(&project) {
            Err(held @ Error::Held { .. }) => return block_on(asked(&project, self, held))?,
            alone => alone?,
        };
        let model = Arc::new(project.model()?);
        let sources = project.schema_texts()?;
        let store = Arc::new(open_made_store(&project)?);
        let kept = block_on(async {
            require_none(&store, &model, &sources).await?;
            let app = app(&project, Mode::Production, (&model, &store), None)?;
            self.by(&app).await
        })?;
        drop(alone);
        kept
    }

    /// Does it with what a server serves.
    pub(crate) async fn by(self, app: &App) -> Result<Json, Error> {
        match self {
            Keep::UserCreate { username, email, password, role } => {
                let new = NewUser {
                    username: &username,
                    email: &email,
                    password: &password,
                    role: &role,
                    is_confirmed: true,
                };
                app.user_create(new).await?;
                Ok(Json::Null)
            }
            Keep::UserCode { user, confirms } => {
                let purpose = if confirms { CodePurpose::Address } else { CodePurpose::Password };
                Ok(json!(app.user_code(&user, purpose).await?))
            }
            Keep::TokenCreate { name, hash, roles, created_at, expires_at } => {
                let token = StoredToken { name, roles, created_at, expires_at };
                let is_kept = app.token_create(NewToken { token: &token, hash: &hash }).await?;
                if is_kept { Ok(Json::Null) } else { Err(Error::TokenName { name: token.name }) }
            }
            Keep::TokenRevoke { name } => {
                let was_there = app.token_revoke(&name).await?;
                if was_there { Ok(Json::Null) } else { Err(Error::NoToken { name }) }
            }
        }
    }
}

/// Asks the server that holds the database; whoever else holds it answers nothing.
async fn asked(project: &Project, keep: Keep, held: Error) -> Result<Json, Error> {
    match Reach::living(project).await {
        Some(mut reach) => reach.keep(keep).await,
        None => Err(held),
    }
}
