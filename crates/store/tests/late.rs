//! A transaction that runs out of time while it is committed is told as one whose outcome nobody knows.
#![allow(clippy::unwrap_used)]

mod database;

use std::time::Duration;

use database::{Place, execute};
use store::{Driver, Error, Fixed};

const PUT: Fixed =
    Fixed { sqlite: "insert into t values (1)", postgres: "insert into t values (1)", params: &[], columns: &[] };

/// COMMIT waits for a lock that the test has.
const HELD_UP: &str = "create table t (v integer);
create function held_up() returns trigger language plpgsql as 'begin perform pg_advisory_xact_lock(7); return null; end';
create constraint trigger held_up after insert on t deferrable initially deferred for each row execute function held_up();";

#[tokio::test]
async fn a_commit_that_takes_too_long_may_be_written() {
    for place in Place::both("late").await {
        let store = place.open_with(|limits| limits.write_timeout = Duration::from_millis(300));
        if let Driver::Postgres(postgres) = store.driver() {
            execute(&place.open(), HELD_UP).await;
            let holder = postgres.loan().await.unwrap();
            holder.client().batch_execute("select pg_advisory_lock(7)").await.unwrap();
            let told: Result<(), Error> = store
                .tell(|tx| {
                    Box::pin(async move {
                        tx.one(&PUT, Vec::new()).await?;
                        Ok(())
                    })
                })
                .await;
            assert!(matches!(told, Err(Error::OutcomeUnknown { .. })), "{told:?}");
            holder.client().batch_execute("select pg_advisory_unlock(7)").await.unwrap();
        }
        drop(store);
        place.remove().await;
    }
}
