//! Statements that belong to no plan, run through the same doors as those of changes.

use plan::{Value, Values};
use sql::WriteStatement;

use super::door::{Door, Env, Rows};
use super::frame::Call;
use super::postgres::{Commit, PostgresDoor};
use super::sqlite::{SqliteDoor, ready_now};
use crate::accounts::Access;
use crate::{Driver, Error, Store};

/// Runs one statement by itself and gives its rows.
pub(crate) async fn run_fixed(
    store: &Store,
    statement: WriteStatement,
    values: Vec<Value>,
    access: Access,
) -> Result<Rows, Error> {
    match store.driver() {
        Driver::Sqlite(sqlite) => {
            let job = move |connection: &rusqlite::Connection| {
                let nothing = Values::default();
                let door = SqliteDoor { connection, env: env(&nothing) };
                ready_now(one(&door, &statement, values))
            };
            match access {
                Access::Read => sqlite.read(job).await,
                Access::Write => sqlite.write(job).await,
            }
        }
        Driver::Postgres(postgres) => {
            let loan = postgres.loan().await?;
            let (nothing, commit) = (Values::default(), Commit::default());
            one(&PostgresDoor::new(&loan, env(&nothing), &commit), &statement, values).await
        }
    }
}

async fn one<D: Door>(door: &D, statement: &WriteStatement, values: Vec<Value>) -> Result<Rows, Error> {
    let rows = door.run(vec![Call { statement, values }]).await?;
    Ok(rows.into_iter().next().unwrap_or_default())
}

fn env(values: &Values) -> Env<'_> {
    Env { values, rows_max: 0, default_locale: "", bytes_max: 0 }
}
