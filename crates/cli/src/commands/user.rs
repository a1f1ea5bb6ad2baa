//! `dragoman user`: accounts, by the machine's owner.

use std::io::BufRead as _;

use crate::arguments::User;
use crate::commands::print;
use crate::error::Error;
use crate::keeping::Keep;

/// Longest line that is read as a password, in bytes.
const LINE_BYTES_MAX: u64 = 1024;

/// Runs one of the subcommands.
pub(crate) fn run(user: User) -> Result<(), Error> {
    match user {
        User::Create { project, username, email, role } => {
            let password = password()?;
            Keep::UserCreate { username: username.clone(), email, password, role }.done(&project)?;
            eprintln!("The account {username} is made.");
            Ok(())
        }
        User::Code { project, user, confirm } => {
            let code = Keep::UserCode { user, confirms: confirm }.done(&project)?;
            print::print(&[code.as_str().unwrap_or_default(), "\n"].concat());
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
