//! PostgreSQL: one statement for each level over the keys of all rows above, level by level, then the answer from the rows in memory.
//!
//! What does not need each other's result is sent together: sibling roots, sibling relations, counts that no page can prove, BEGIN with the first level
//! and COMMIT behind the last. Several statements read one snapshot; a single one needs no transaction.

mod keys;
mod level;
mod param;

use std::sync::Arc;

use futures_util::future::{FutureExt as _, join_all};
use futures_util::{StreamExt as _, pin_mut};
use plan::{Value, Values, Window};
use sql::{
    CountProgram, LinkedProgram, Node, NodeShape, ObjectProgram, Parent, PartProgram, PartProgramEntry, Statement,
    SwitchProgram, SwitchShapeProgram, ValueProgram,
};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::{Answer, Env, PreparedRead, PreparedValue, write_data};
use crate::answer::{Out, has_aggregates, proves_total, window_of};
use crate::postgres::{Begin, Postgres, Session};
use crate::{Error, StoreLimits};
use keys::Keys;
use level::Level;
pub(crate) use level::Levels;
pub(crate) use level::{cell, integer, raw};
pub(crate) use param::Parameter;

/// Runs a prepared read on a connection of its own, which goes back before the answer is written.
pub(super) async fn run(
    postgres: &Postgres,
    limits: &StoreLimits,
    prepared: &Arc<PreparedRead>,
    values: &Values,
    buffer: Vec<u8>,
) -> Result<Answer, Error> {
    let env = Env { values, rows_max: prepared.rows_max, default_locale: &prepared.default_locale };
    let reading = async {
        // Many tasks' look-ups on one connection cost the server and us fewer turns than one connection for each.
        if prepared.is_look_up {
            fetched(&*postgres.shared().await?, env, limits, prepared).await
        } else {
            fetched(&*postgres.loan().await?, env, limits, prepared).await
        }
    };
    let late = |_| Error::Timeout { deadline_ms: limits.read_timeout.as_millis() };
    let levels = tokio::time::timeout(limits.read_timeout, reading).await.map_err(late).flatten()?;
    write_data(prepared, &levels, values, Out::new(buffer, limits.answer_bytes_max))
}

/// The rows of every level, through this connection.
async fn fetched<'e>(
    session: &Session,
    env: Env<'e>,
    limits: &StoreLimits,
    prepared: &'e PreparedRead,
) -> Result<Levels, Error> {
    let fetch = Fetch { session, env, bytes_max: limits.answer_bytes_max };
    match fetch.all(prepared).await {
        // The tables have changed under a prepared statement.
        Err(error) if error.is_stale_statement() => {
            session.forget_statements();
            fetch.all(prepared).await
        }
        outcome => outcome,
    }
}

/// The rows of the document with this key and of every level below, as the answer to the write that holds this connection shows them.
pub(crate) async fn written<'e>(
    session: &Session,
    env: Env<'e>,
    (node, statements): (&'e Node, u16),
    key: &Value,
    bytes_max: usize,
) -> Result<Levels, Error> {
    let fetch = Fetch { session, env, bytes_max };
    let mut levels = Levels::new(statements, env.rows_max);
    let mut wave = Vec::new();
    let keys = Arc::new(Keys::of_values(std::slice::from_ref(key)));
    push_node(&mut wave, node, Some(&keys));
    while !wave.is_empty() {
        wave = fetch.wave(wave, &mut levels).await?;
    }
    Ok(levels)
}

/// The rows that a statement finds for these keys.
pub(crate) async fn kept(
    session: &Session,
    env: Env<'_>,
    statement: &Statement,
    keys: &[Value],
    bytes_max: usize,
) -> Result<Vec<Row>, Error> {
    let fetch = Fetch { session, env, bytes_max };
    let keys = Some(Arc::new(Keys::of_values(keys)));
    fetch.rows(&Task { statement, here: None, keys, then: Then::Counts }).await
}

const COMMIT: &str = "commit";
/// Statements of one wave that are surely sent before anything else has its turn.
const SENT_AT_ONCE_MAX: usize = 16;

/// What of a transaction's statements is on its way.
struct Sent {
    /// Statements that may still follow.
    left: usize,
    /// COMMIT, too.
    is_ended: bool,
}

/// What is fetched through one connection.
struct Fetch<'s, 'e> {
    session: &'s Session,
    env: Env<'e>,
    bytes_max: usize,
}

/// One statement that can be sent now.
struct Task<'p> {
    statement: &'p Statement,
    /// Column of its rows that holds the key of the row above.
    here: Option<u16>,
    /// Keys of the rows above; none for a root.
    keys: Option<Arc<Keys>>,
    then: Then<'p>,
}

/// What its rows lead to.
enum Then<'p> {
    /// Rows of a node: to the levels below, and to its total where they do not prove it.
    Rows(&'p Node),
    /// Links: to the rows of each content type.
    Links(&'p SwitchProgram),
    /// Counts: to nothing.
    Counts,
}

impl<'e> Fetch<'_, 'e> {
    /// Every level of every root.
    async fn all(&self, prepared: &'e PreparedRead) -> Result<Levels, Error> {
        let mut wave = Vec::new();
        for root in &prepared.roots {
            match &root.value {
                PreparedValue::Select(node) | PreparedValue::Through(node) => push_node(&mut wave, node, None),
                PreparedValue::Switch(switch) => push_switch(&mut wave, switch, None),
                PreparedValue::Shaped(nodes, _) => nodes.iter().for_each(|node| push_node(&mut wave, node, None)),
                PreparedValue::Constant(_) | PreparedValue::Refused(_) => {}
            }
        }
        let mut levels = Levels::new(prepared.statements, prepared.rows_max);
        let use_of_session = self.session.in_use();
        let client = self.session.client();
        let is_transaction = prepared.statements > 1;
        let mut sent = Sent { left: usize::from(prepared.statements), is_ended: false };
        let fetched = if is_transaction {
            self.snapshot(wave, &mut levels, &mut sent).await
        } else {
            self.wave(wave, &mut levels).await.map(drop)
        };
        // Rows that nobody reads would stand before those of the next user: such a connection is stopped and closed.
        if matches!(fetched, Err(Error::AnswerTooLarge { .. })) {
            return fetched.map(|()| levels);
        }
        // What ends the transaction is sent, and what follows on this connection stands behind it: nobody has to wait for the answer.
        if is_transaction && !sent.is_ended {
            let end = if fetched.is_ok() { COMMIT } else { "rollback" };
            drop(client.batch_execute(end).now_or_never());
        }
        use_of_session.ends();
        fetched.map(|()| levels)
    }

    /// Wave after wave in one transaction, which begins with the first.
    async fn snapshot(&self, first: Vec<Task<'e>>, levels: &mut Levels, sent: &mut Sent) -> Result<(), Error> {
        let begun = self.session.client().batch_execute(Begin::Snapshot.text());
        let (begun, next) = tokio::join!(biased; begun, self.next_wave(first, levels, sent));
        begun?;
        let mut next = next?;
        while !next.is_empty() {
            next = self.next_wave(next, levels, sent).await?;
        }
        Ok(())
    }

    /// A wave; COMMIT goes with it where nothing can follow, so that it costs no turn of its own.
    async fn next_wave(
        &self,
        tasks: Vec<Task<'e>>,
        levels: &mut Levels,
        sent: &mut Sent,
    ) -> Result<Vec<Task<'e>>, Error> {
        // What must be prepared first is not sent at once: COMMIT would overtake it.
        let is_known = |task: &Task<'e>| self.session.knows(&task.statement.sql);
        let is_last = tasks.len() == sent.left && tasks.len() <= SENT_AT_ONCE_MAX && tasks.iter().all(is_known);
        sent.left = sent.left.saturating_sub(tasks.len());
        sent.is_ended = is_last;
        let end = async {
            if is_last {
                drop(self.session.client().batch_execute(COMMIT).now_or_never());
            }
        };
        let (next, ()) = tokio::join!(biased; self.wave(tasks, levels), end);
        next
    }

    /// Sends all statements of a wave together, keeps their rows, and says what comes next.
    async fn wave(&self, tasks: Vec<Task<'e>>, levels: &mut Levels) -> Result<Vec<Task<'e>>, Error> {
        let answers = join_all(tasks.iter().map(|task| self.rows(task))).await;
        let mut next = Vec::new();
        for (task, rows) in tasks.into_iter().zip(answers) {
            let level = Level::new(rows?, task.here, task.keys.as_deref())?;
            match task.then {
                Then::Rows(node) => self.below_rows(&mut next, node, &level, task.keys)?,
                Then::Links(switch) => below_links(&mut next, switch, &level)?,
                Then::Counts => {}
            }
            levels.keep(task.statement.slot, level);
        }
        Ok(next)
    }

    async fn rows(&self, task: &Task<'e>) -> Result<Vec<Row>, Error> {
        let statement = self.session.prepare(&task.statement.sql).await?;
        let mut parameters = Vec::with_capacity(task.statement.params.len());
        for param in &task.statement.params {
            parameters.push(Parameter::new(self.env.bound(param)?, task.keys.as_deref(), self.env.default_locale));
        }
        let stream = self
            .session
            .client()
            .query_raw(&statement, parameters.iter().map(|parameter| parameter as &(dyn ToSql + Sync)))
            .await?;
        pin_mut!(stream);
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while let Some(row) = stream.next().await {
            let row = row?;
            bytes += row.raw_size_bytes();
            if bytes > self.bytes_max {
                return Err(Error::AnswerTooLarge { bytes_max: self.bytes_max });
            }
            rows.push(row);
        }
        Ok(rows)
    }

    fn below_rows(
        &self,
        next: &mut Vec<Task<'e>>,
        node: &'e Node,
        level: &Level,
        keys: Option<Arc<Keys>>,
    ) -> Result<(), Error> {
        if let Some(counts) = node.counts.as_ref().filter(|counts| !has_aggregates(counts)) {
            let window = window_of(&node.page, self.env.values);
            if !level.proves_totals(node, window, self.env.rows_max, keys.as_deref()) {
                next.push(counts_task(counts, keys));
            }
        }
        match &node.shape {
            NodeShape::List(row) | NodeShape::One(row) => push_object(next, &row.object, level.rows()),
            NodeShape::Parts(entries) => push_parts(next, entries, level.rows()),
        }
    }
}

fn below_links<'e>(next: &mut Vec<Task<'e>>, switch: &'e SwitchProgram, level: &Level) -> Result<(), Error> {
    match &switch.shape {
        SwitchShapeProgram::List(linked) | SwitchShapeProgram::One(linked) => below_linked(next, linked, level),
        SwitchShapeProgram::Parts(entries) => below_link_parts(next, entries, level),
    }
}

fn below_link_parts<'e>(next: &mut Vec<Task<'e>>, entries: &'e [PartProgramEntry], level: &Level) -> Result<(), Error> {
    for entry in entries {
        match &entry.value {
            PartProgram::Wrap(inner) => below_link_parts(next, inner, level)?,
            PartProgram::Rows(row) | PartProgram::First(row) => below_link_object(next, &row.object, level)?,
            PartProgram::Linked(linked) => below_linked(next, linked, level)?,
            PartProgram::Constant(_)
            | PartProgram::Total
            | PartProgram::PageNumber
            | PartProgram::PageSize
            | PartProgram::PageCount
            | PartProgram::Aggregate { .. }
            | PartProgram::HasNextPage
            | PartProgram::HasPreviousPage
            | PartProgram::StartCursor
            | PartProgram::EndCursor
            | PartProgram::Refused(_) => {}
        }
    }
    Ok(())
}

/// An object of a link: what it leads to.
fn below_link_object<'e>(next: &mut Vec<Task<'e>>, object: &'e ObjectProgram, level: &Level) -> Result<(), Error> {
    for entry in &object.entries {
        match &entry.value {
            ValueProgram::Wrap(inner) => below_link_object(next, inner, level)?,
            ValueProgram::Linked(linked) => below_linked(next, linked, level)?,
            ValueProgram::Constant(_)
            | ValueProgram::Column { .. }
            | ValueProgram::Member { .. }
            | ValueProgram::ElementId
            | ValueProgram::Joined(_)
            | ValueProgram::Node(_)
            | ValueProgram::Switch(_)
            | ValueProgram::Component(_)
            | ValueProgram::FloatOf(..)
            | ValueProgram::Scaled(..)
            | ValueProgram::Cursor
            | ValueProgram::Refused(_) => {}
        }
    }
    Ok(())
}

fn below_linked<'e>(next: &mut Vec<Task<'e>>, linked: &'e LinkedProgram, level: &Level) -> Result<(), Error> {
    for arm in &linked.arms {
        let mut links = Vec::new();
        for row in level.rows() {
            if level::raw(row, 1)? == Some(arm.word.as_bytes()) {
                links.push(row);
            }
        }
        push_below(next, &arm.node, &links)?;
    }
    Ok(())
}

/// The statements of a node that can be sent at once. A total alone waits for the rows, which may prove it.
fn push_node<'e>(next: &mut Vec<Task<'e>>, node: &'e Node, keys: Option<&Arc<Keys>>) {
    let here = match node.parent {
        Parent::None => None,
        Parent::Key { here, .. } | Parent::Element { here, .. } => Some(here),
    };
    if let Some(statement) = &node.rows {
        next.push(Task { statement, here, keys: keys.cloned(), then: Then::Rows(node) });
    }
    let waits = |counts: &&CountProgram| node.rows.is_none() || has_aggregates(counts);
    for counts in node.counts.iter().filter(waits).chain(&node.page_counts) {
        next.push(counts_task(counts, keys.cloned()));
    }
}

fn counts_task(counts: &CountProgram, keys: Option<Arc<Keys>>) -> Task<'_> {
    let here = counts.parent_column.filter(|_| keys.is_some());
    Task { statement: &counts.statement, here, keys, then: Then::Counts }
}

/// The statements of a node below these rows; none where no row has a key.
fn push_below<'e>(next: &mut Vec<Task<'e>>, node: &'e Node, rows: &[&Row]) -> Result<(), Error> {
    let keys = Keys::of(node.parent, rows)?;
    if !keys.is_empty() {
        push_node(next, node, Some(&Arc::new(keys)));
    }
    Ok(())
}

fn push_object<'e>(next: &mut Vec<Task<'e>>, object: &'e ObjectProgram, rows: &[Row]) -> Result<(), Error> {
    for entry in &object.entries {
        match &entry.value {
            ValueProgram::Wrap(inner) => push_object(next, inner, rows)?,
            ValueProgram::Node(node) => push_below(next, node, &rows.iter().collect::<Vec<_>>())?,
            ValueProgram::Switch(switch) => {
                let keys = Keys::of(switch.parent, &rows.iter().collect::<Vec<_>>())?;
                if !keys.is_empty() {
                    push_switch(next, switch, Some(&Arc::new(keys)));
                }
            }
            ValueProgram::Component(component) => {
                for arm in &component.arms {
                    push_object(next, &arm.row.object, rows)?;
                }
            }
            ValueProgram::Constant(_)
            | ValueProgram::Column { .. }
            | ValueProgram::Member { .. }
            | ValueProgram::ElementId
            | ValueProgram::Joined(_)
            | ValueProgram::FloatOf(..)
            | ValueProgram::Scaled(..)
            | ValueProgram::Cursor
            | ValueProgram::Linked(_)
            | ValueProgram::Refused(_) => {}
        }
    }
    Ok(())
}

/// The statements of a switch that can be sent at once.
fn push_switch<'e>(next: &mut Vec<Task<'e>>, switch: &'e SwitchProgram, keys: Option<&Arc<Keys>>) {
    let here = match switch.parent {
        Parent::None => None,
        Parent::Key { here, .. } | Parent::Element { here, .. } => Some(here),
    };
    next.push(Task { statement: &switch.links, here, keys: keys.cloned(), then: Then::Links(switch) });
    next.extend(switch.counts.iter().map(|counts| counts_task(counts, keys.cloned())));
}

fn push_parts<'e>(next: &mut Vec<Task<'e>>, entries: &'e [PartProgramEntry], rows: &[Row]) -> Result<(), Error> {
    for entry in entries {
        match &entry.value {
            PartProgram::Wrap(inner) => push_parts(next, inner, rows)?,
            PartProgram::Rows(row) | PartProgram::First(row) => push_object(next, &row.object, rows)?,
            PartProgram::Constant(_)
            | PartProgram::Total
            | PartProgram::PageNumber
            | PartProgram::PageSize
            | PartProgram::PageCount
            | PartProgram::Aggregate { .. }
            | PartProgram::HasNextPage
            | PartProgram::HasPreviousPage
            | PartProgram::StartCursor
            | PartProgram::EndCursor
            | PartProgram::Linked(_)
            | PartProgram::Refused(_) => {}
        }
    }
    Ok(())
}

/// The total that rows prove: all of them where the statement has no limit, else as a page does.
fn known(node: &Node, window: Window, rows: u64, rows_max: u32) -> Option<u64> {
    let statement = node.rows.as_ref()?;
    let is_cut = statement.params.iter().any(|param| matches!(param, sql::Param::Limit(_) | sql::Param::Start(_)));
    if is_cut { proves_total(window, rows, rows_max) } else { Some(rows) }
}
