//! `dragoman user`: accounts, by the machine's owner.

use std::io::BufRead as _;
use std::sync::Arc;

use server::{App, CodePurpose, NewUser, UserRefused};

use crate::arguments::{Project as Arguments, User};
use crate::commands::migrate::require_none;
use crate::commands::print;
use crate::commands::query::only_writer;
use crate::error::Error;
use crate::project::Project;
use crate::serving::{Mode, app, block_on, open_store};

/// Longest line that is read as a password, in bytes.
const LINE_BYTES_MAX: u64 = 1024;

/// Runs one of the subcommands.
pub(crate) fn run(user: User) -> Result<(), Error> {
    match user {
        User::Create { project, username, email, role } => {
            let password = password()?;
            let new =
                NewUser { username: &username, email: &email, password: &password, role: &role, is_confirmed: true };
            on_app(&project, async |app| app.user_create(new).await)?;
            eprintln!("The account {username} is made.");
            Ok(())
        }
        User::Code { project, user, confirm } => {
            let purpose = if confirm { CodePurpose::Address } else { CodePurpose::Password };
            let code = on_app(&project, async |app| app.user_code(&user, purpose).await)?;
            print::print(&[&code, "\n"].concat());
            Ok(())
        }
    }
}

/// The first line of standard input.
fn password() -> Result<String, Error> {
    let mut line = String::new();
    let read = std::io::Read::take(std::io::stdin().lock(), LINE_BYTES_MAX).read_line(&mut line);
    read.map_err(|source| Error::read("standard input".as_ref(), source))?;
    let password = line.trim_end_matches(['\n', '\r']);
    if password.is_empty() { Err(Error::NoPassword) } else { Ok(password.to_owned()) }
}

/// Runs a job on the project, whose database no server may hold where it has one writer, and which fits the model.
fn on_app<T>(arguments: &Arguments, job: impl AsyncFnOnce(&App) -> Result<T, UserRefused>) -> Result<T, Error> {
    let project = Project::open(arguments, &[])?;
    let _alone = only_writer(&project)?;
    let model = Arc::new(project.model()?);
    let sources = project.schema_texts()?;
    let store = Arc::new(open_store(&project)?);
    block_on(async {
        require_none(&store, &model, &sources).await?;
        let app = app(&project, Mode::Production, (&model, &store), None)?;
        Ok(job(&app).await?)
    })?
}
