//! Running a read: programs that were prepared once, values that come with each request, bytes that go out.

mod adviser;
mod bind;
pub(crate) mod postgres;
mod prepared;
pub(crate) mod sqlite;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use plan::{Cause, Fault, Values, Window};
use sql::{CountProgram, Node};

use crate::answer::{Ask, At, Out, Source, Visit, Walk, Wrote};
use crate::{Driver, Error, Store, StoreLimits};
pub(crate) use bind::Env;
pub(crate) use postgres::{cell as postgres_cell, integer as postgres_integer, raw as postgres_bytes};
pub(crate) use prepared::PreparedRead;
use prepared::{PreparedRoot, PreparedValue};
pub(crate) use sqlite::cell as sqlite_cell;

/// What a request is answered with.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The buffer that the caller gave, with the value of `data` behind what was in it.
    pub bytes: Vec<u8>,
    /// What went wrong, each with its path.
    pub faults: Vec<Fault>,
    /// The value of `data` is null.
    pub is_null: bool,
}

/// Where an answer goes: bytes that stand already, and how long the whole may become.
#[derive(Debug)]
pub struct Room {
    /// What is written so far.
    pub bytes: Vec<u8>,
    /// Longest answer, where that is less than the store's `answer_bytes_max`.
    pub bytes_max: usize,
}

impl From<Vec<u8>> for Room {
    /// No less room than an answer may have anyway.
    fn from(bytes: Vec<u8>) -> Room {
        Room { bytes, bytes_max: usize::MAX }
    }
}

impl Store {
    /// Runs a read with the values of one request and appends the value of `data` to the buffer.
    ///
    /// Every level sees one snapshot. A fault of the database makes the whole answer null; what it was stands in the log.
    pub(crate) async fn read(&self, prepared: &Arc<PreparedRead>, values: Values, room: impl Into<Room>) -> Answer {
        let Room { bytes: buffer, bytes_max } = room.into();
        let bytes_max = bytes_max.min(self.limits().answer_bytes_max);
        // The buffer goes with the work, and is lost with it where the work fails.
        let prefix = buffer.clone();
        let answered = if prepared.statements == 0 {
            write_data(prepared, &NoSource, &values, Out::new(buffer, bytes_max))
        } else {
            match self.driver() {
                Driver::Sqlite(sqlite) => sqlite::run(sqlite, bytes_max, prepared, values, buffer).await,
                Driver::Postgres(postgres) => {
                    let limits = StoreLimits { answer_bytes_max: bytes_max, ..*self.limits() };
                    Box::pin(postgres::run(postgres, &limits, prepared, &values, buffer)).await
                }
            }
        };
        self.advise(&prepared.adviser).await;
        answered.unwrap_or_else(|error| Answer::failed(prefix, &error))
    }
}

impl Answer {
    /// Nothing but the reason, which the log tells in full.
    fn failed(mut bytes: Vec<u8>, error: &Error) -> Answer {
        bytes.extend_from_slice(b"null");
        Answer { bytes, faults: vec![Fault { path: Vec::new(), place: None, cause: error.logged() }], is_null: true }
    }
}

/// Writes the object of all root entries.
fn write_data<'a>(
    prepared: &'a PreparedRead,
    source: &'a dyn Source,
    values: &'a Values,
    mut out: Out<'a>,
) -> Result<Answer, Error> {
    let start = out.mark();
    let is_null = write_roots(prepared, source, values, &mut out)? != Wrote::Value;
    if is_null {
        out.null_instead(start);
    }
    Ok(Answer { bytes: out.bytes, faults: out.faults, is_null })
}

fn write_roots<'a>(
    prepared: &'a PreparedRead,
    source: &'a dyn Source,
    values: &'a Values,
    out: &mut Out<'a>,
) -> Result<Wrote, Error> {
    out.bytes.push(b'{');
    for (index, root) in prepared.roots.iter().enumerate() {
        if index > 0 {
            out.bytes.push(b',');
        }
        out.bytes.extend_from_slice(root.key_json.as_bytes());
        out.enter_root(&root.key, root.place);
        let mark = out.mark();
        match write_root(root, &mut Walk::new(source, values, prepared.rows_max, out))? {
            Wrote::Value => out.check_size()?,
            Wrote::Null if root.non_null => return Ok(out.fault(Cause::NullInNonNull(root.name.clone()))),
            Wrote::Failed if root.non_null => return Ok(Wrote::Failed),
            Wrote::Null | Wrote::Failed => out.null_instead(mark),
        }
    }
    out.bytes.push(b'}');
    Ok(Wrote::Value)
}

fn write_root<'a>(root: &'a PreparedRoot, walk: &mut Walk<'a, '_>) -> Result<Wrote, Error> {
    match &root.value {
        PreparedValue::Constant(json) => Ok(walk.constant(json)),
        PreparedValue::Select(node) => walk.node(node, None),
        PreparedValue::Switch(switch) => walk.switch(switch, None),
        PreparedValue::Through(node) => walk.through(node),
        PreparedValue::Shaped(nodes, shaped) => walk.shaped(nodes, shaped),
        PreparedValue::Refused(refusal) => Ok(walk.fault(refusal.cause.clone())),
    }
}

/// The source of plans that read nothing.
struct NoSource;

impl Source for NoSource {
    fn each(&self, _: Ask<'_>, _: Visit<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn known_total(&self, _: &Node, _: &CountProgram, _: Option<At<'_>>, _: Window) -> Result<Option<u64>, Error> {
        Ok(None)
    }
}
