//! The whole migration in one transaction: interrupted, it never was.

use sql::change::Work;

use super::{MigrationProgress, Stage};
use crate::Error;
use crate::ledger::Entry;
use crate::postgres::{Begin, Postgres, Session};

/// Long work is expected here; only one server migrates at a time.
const SETTINGS: &str = "set local statement_timeout = 0; set local lock_timeout = '30s'; set local idle_in_transaction_session_timeout = 0;
    select pg_advisory_xact_lock(7235101886250803)";

/// The only column of a statement's rows, as texts.
pub(super) async fn texts(postgres: &Postgres, statement: &str) -> Result<Vec<String>, Error> {
    let loan = postgres.loan().await?;
    let messages = loan.client().simple_query(statement).await?;
    let rows = messages.iter().filter_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
        _ => None,
    });
    Ok(rows.collect())
}

pub(super) async fn apply<Progress>(postgres: &Postgres, stage: &Stage, progress: &mut Progress) -> Result<(), Error>
where
    Progress: FnMut(MigrationProgress<'_>) + Send,
{
    let loan = postgres.loan().await?;
    let done = loan.transaction(Begin::Write, async |session: &Session| run(session, stage, progress).await).await;
    loan.forget_statements();
    done
}

async fn run<Progress>(session: &Session, stage: &Stage, progress: &mut Progress) -> Result<(), Error>
where
    Progress: FnMut(MigrationProgress<'_>) + Send,
{
    let client = session.client();
    client.batch_execute(SETTINGS).await?;
    let steps = &stage.migration.steps;
    for (index, step) in steps.iter().enumerate() {
        progress(MigrationProgress { step: index, steps: steps.len(), text: &step.text, rows_done: 0 });
        match &step.work {
            Work::Statements(statements) => {
                for statement in statements {
                    client.batch_execute(statement).await?;
                }
            }
            Work::Rows { statement, .. } => {
                client.execute(statement.as_str(), &[]).await?;
            }
        }
    }
    Entry::Applied(stage.target.clone()).put_postgres(client).await
}
