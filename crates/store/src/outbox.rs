//! The outbox: events of content that launch runs (`@on`), each a row that is written in the transaction of the change.
//!
//! Only changes of types that a job of the model listens to write any: what they tell is found when their plan is prepared, and other changes
//! are not even asked. Whoever launches the runs takes the rows out in the transaction of the launch, so that none is lost and none launches twice.

use std::sync::atomic::Ordering;

use model::{ContentEvent, Model, TypeId};
use plan::Value;
use sql::{ColumnKind, Database, WriteStatement};
use tokio::sync::watch;

use crate::{Error, Fixed, Store};

const TABLE: Fixed = Fixed {
    sqlite: include_str!("outbox/outbox_table.sqlite.sql"),
    postgres: include_str!("outbox/outbox_table.postgres.sql"),
    params: &[],
    columns: &[],
};

const PUT: Fixed = Fixed {
    sqlite: include_str!("outbox/outbox_put.sqlite.sql"),
    postgres: include_str!("outbox/outbox_put.postgres.sql"),
    params: &[
        ColumnKind::Text,
        ColumnKind::Text,
        ColumnKind::Text,
        ColumnKind::Text,
        ColumnKind::Text,
        ColumnKind::Text,
        ColumnKind::Text,
        ColumnKind::Text,
        ColumnKind::Instant,
        ColumnKind::Text,
    ],
    columns: &[],
};

/// Takes events of jobs, the oldest first: a JSON list of `location`, `repository` and `job`, and how many at most. On PostgreSQL those that another
/// transaction takes are passed over.
///
/// Gives number, location, repository, job, event, model, document id, key, locale, time and cause.
pub const TAKE: Fixed = Fixed {
    sqlite: include_str!("outbox/outbox_take.sqlite.sql"),
    postgres: include_str!("outbox/outbox_take.postgres.sql"),
    params: &[ColumnKind::Json, ColumnKind::Int],
    columns: &[
        ColumnKind::Int,
        ColumnKind::Text,
        ColumnKind::Text,
        ColumnKind::Text,
        ColumnKind::Text,
        ColumnKind::Text,
        ColumnKind::Text,
        ColumnKind::Text,
        ColumnKind::Text,
        ColumnKind::Instant,
        ColumnKind::Text,
    ],
};

/// Removes events that were taken: a JSON list of their numbers.
pub const DONE: Fixed = Fixed {
    sqlite: include_str!("outbox/outbox_done.sqlite.sql"),
    postgres: include_str!("outbox/outbox_done.postgres.sql"),
    params: &[ColumnKind::Json],
    columns: &[],
};

/// Removes events from before a time, whose numbers it gives.
pub const RETIRE: Fixed = Fixed {
    sqlite: include_str!("outbox/outbox_retire.sqlite.sql"),
    postgres: include_str!("outbox/outbox_retire.postgres.sql"),
    params: &[ColumnKind::Instant],
    columns: &[ColumnKind::Int],
};

/// Whether the outbox is there: a row, or none.
pub const THERE: Fixed = Fixed {
    sqlite: include_str!("outbox/outbox_there.sqlite.sql"),
    postgres: include_str!("outbox/outbox_there.postgres.sql"),
    params: &[],
    columns: &[ColumnKind::Int],
};

/// The jobs that listen to a content type.
#[derive(Debug)]
pub(crate) struct Listeners {
    put: WriteStatement,
    /// The type's name.
    model: String,
    /// Location, repository and name of each, with the events that it listens to.
    jobs: Vec<([String; 3], Vec<ContentEvent>)>,
}

/// A document to which something happened.
pub(crate) struct Happened<'a> {
    pub(crate) document_id: &'a str,
    pub(crate) key: String,
    /// `''` for none.
    pub(crate) locale: &'a str,
    /// When: microseconds since 1970.
    pub(crate) at: i64,
    /// What has caused the change, in the words of who launches runs.
    pub(crate) cause: Option<&'a str>,
}

impl Listeners {
    /// Those of a content type; none where no job listens.
    pub(crate) fn of(model: &Model, of: TypeId, database: Database) -> Option<Listeners> {
        let mut jobs = Vec::new();
        for job in &model.jobs {
            let triggers = job.triggers.iter().filter(|trigger| trigger.of == of);
            let mut events: Vec<ContentEvent> = Vec::new();
            for event in triggers.flat_map(|trigger| &trigger.events) {
                // Two directives may name the same event: it is one all the same.
                if !events.contains(event) {
                    events.push(*event);
                }
            }
            if !events.is_empty() {
                jobs.push(([job.location.clone(), job.repository.clone(), job.name.clone()], events));
            }
        }
        let named = || model.content_type(of).name.clone();
        (!jobs.is_empty()).then(|| Listeners { put: PUT.statement(database), model: named(), jobs })
    }

    /// The statement that puts an event into the outbox, and what it binds for each job that listens to it.
    pub(crate) fn calls(&self, event: ContentEvent, happened: &Happened<'_>) -> (&WriteStatement, Vec<Vec<Value>>) {
        let listening = self.jobs.iter().filter(|(_, events)| events.contains(&event));
        let text = |text: &str| Value::Text(text.to_owned());
        let values = |([location, repository, job], _): &([String; 3], Vec<ContentEvent>)| {
            vec![
                text(location),
                text(repository),
                text(job),
                text(event.word()),
                text(&self.model),
                text(happened.document_id),
                text(&happened.key),
                text(happened.locale),
                Value::Instant(happened.at),
                happened.cause.map_or(Value::Null, text),
            ]
        };
        (&self.put, listening.map(values).collect())
    }
}

impl Store {
    /// Makes the outbox where it is not there.
    ///
    /// # Errors
    /// What the database said.
    pub async fn outbox_ready(&self) -> Result<(), Error> {
        if !self.has_outbox.load(Ordering::Acquire) {
            // As a story: it is told again where another server makes the table at the same time.
            self.tell(|tx| Box::pin(async move { tx.one(&TABLE, Vec::new()).await.map(drop) })).await?;
            self.has_outbox.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Rises behind each commit that may have put events into the outbox here; of other machines PostgreSQL tells.
    #[must_use]
    pub fn outbox(&self) -> watch::Receiver<u64> {
        self.outbox.subscribe()
    }

    /// Something was put into the outbox, and is committed.
    pub(crate) fn tell_outbox(&self) {
        self.outbox.send_modify(|count| *count = count.wrapping_add(1));
    }
}
