//! The whole migration in one transaction: interrupted, it never was.

use sql::change::{Convert, Work};

use super::{MigrationProgress, Stage, stored};
use crate::Error;
use crate::ledger::{Entry, read_postgres};
use crate::postgres::{Begin, Postgres, Session};

/// Long work is expected here; only one server migrates at a time.
const SETTINGS: &str = "set local statement_timeout = 0; set local lock_timeout = '30s'; set local idle_in_transaction_session_timeout = 0;
    select pg_advisory_xact_lock(7235101886250803)";

/// A plan waits for a migration that is under way as long as a migration does, and then reads as long as it takes.
const READING: &str = "set local statement_timeout = 0; set local lock_timeout = '30s'";

/// Waits until no server migrates.
const NOBODY: &str = "select pg_advisory_xact_lock_shared(7235101886250803)";

/// Waits until no server migrates: what is planned then is planned from what it left.
pub(super) async fn nobody_migrates(postgres: &Postgres) -> Result<(), Error> {
    reading(postgres, async |session| Ok(session.client().batch_execute(NOBODY).await?)).await
}

/// Reads for a plan.
async fn reading<T>(postgres: &Postgres, read: impl AsyncFnOnce(&Session) -> Result<T, Error>) -> Result<T, Error> {
    let loan = postgres.loan().await?;
    loan.transaction(Begin::Write, async |session: &Session| {
        session.client().batch_execute(READING).await?;
        read(session).await
    })
    .await
}

/// The only column of a statement's rows, as texts.
pub(super) async fn texts(postgres: &Postgres, statement: &str) -> Result<Vec<String>, Error> {
    let messages = reading(postgres, async |session| Ok(session.client().simple_query(statement).await?)).await?;
    let rows = messages.iter().filter_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
        _ => None,
    });
    Ok(rows.collect())
}

/// How many values of a column a conversion gives nothing, or not all, for.
pub(super) async fn unconverted(postgres: &Postgres, convert: &Convert) -> Result<u64, Error> {
    let mut count = 0;
    let rows =
        reading(postgres, async |session| Ok(session.client().query(convert.select.as_str(), &[]).await?)).await?;
    for row in rows {
        let stored = stored::of_text(row.try_get(1)?, convert.conversion.from);
        count += u64::from(convert.conversion.loses(&stored));
    }
    Ok(count)
}

/// Puts what becomes of the values of a column into the side table.
async fn rewrite(session: &Session, convert: &Convert) -> Result<(), Error> {
    let client = session.client();
    let insert = client.prepare(&convert.insert).await?;
    for row in client.query(convert.select.as_str(), &[]).await? {
        let stored = stored::of_text(row.try_get(1)?, convert.conversion.from);
        if let Some(converted) = convert.conversion.convert(&stored) {
            let text = stored::to_text(&converted, convert.conversion.to);
            client.execute(&insert, &[&row.try_get::<_, String>(0)?, &text]).await?;
        }
    }
    Ok(())
}

pub(super) async fn apply<Progress>(postgres: &Postgres, stage: &Stage, progress: &mut Progress) -> Result<(), Error>
where
    Progress: FnMut(MigrationProgress<'_>) + Send,
{
    let loan = postgres.loan().await?;
    let done = loan.transaction(Begin::Write, async |session: &Session| run(session, stage, progress).await).await;
    loan.forget_statements();
    done?;
    Ok(loan.client().batch_execute(sql::load::analyze()).await?)
}

async fn run<Progress>(session: &Session, stage: &Stage, progress: &mut Progress) -> Result<(), Error>
where
    Progress: FnMut(MigrationProgress<'_>) + Send,
{
    let client = session.client();
    client.batch_execute(SETTINGS).await?;
    // What the plan was made from may have changed while this server waited for the lock.
    let applied = read_postgres(client).await?.applied;
    if applied.as_ref() == Some(&stage.target) {
        return Ok(());
    }
    if applied != stage.base {
        return Err(Error::MigratedMeanwhile);
    }
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
            Work::Convert(convert) => rewrite(session, convert).await?,
        }
    }
    Entry::Applied(stage.target.clone()).put_postgres(client).await
}
