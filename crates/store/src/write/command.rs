//! Commands: who runs them, what they leave for their transaction, and how its answer is shown.
//!
//! A command has two parts. [`Commands::prepare`] takes its time outside any transaction: it looks rows up, hashes, reads files. What it gives
//! is data, a [`Work`]: changes in the product's own name, which one transaction makes, and the row that the answer shows. An upload keeps its files and their
//! rows before that, as its REST interface does, and takes them away again where it refuses.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use plan::{Cause, Command, Value, Values};
use sql::AnswerProgram;

use super::apply::{End, Show, make};
use super::change::{ChangeEnv, Written};
use super::context::WriteContext;
use super::door::{Door, Shown, Spot};
use super::failure::Failure;
use super::password::Hashes;
use super::prepared::PreparedChange;
use crate::Prepared;
use crate::answer::Wrote;
use crate::tx::{EffectFailure, SharedEffect, Tx, drive};

/// Runs the first part of commands.
pub trait Commands: Send + Sync {
    /// Does what needs no transaction, and tells what its transaction does. Nothing may be left behind when it refuses.
    fn prepare<'a>(&'a self, asked: Asked<'a>) -> Preparing<'a>;
}

/// What a command is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Which command, with the names of what is given.
    pub command: &'a Command,
    /// The values of the request.
    pub values: &'a Values,
}

/// A command that is being prepared.
pub type Preparing<'a> = Pin<Box<dyn Future<Output = Result<Work, Cause>> + Send + 'a>>;

/// For where no command is bound: each is refused.
#[derive(Debug, Clone, Copy)]
pub struct NoCommands;

/// What a command does in its transaction, and what its answer shows.
pub struct Work {
    /// Changes in the product's own name, in this order: all are made, or none.
    pub changes: Vec<OwnChange>,
    /// Key of the row to answer with; none: the row that the last change has met.
    pub row: Option<Value>,
    /// Keys of the rows to answer with, where the answer is a list.
    pub rows: Vec<Value>,
    /// When the row is read.
    pub shown: When,
    /// Values that the answer shows under names of the command, as JSON texts, given the key of the row. It may be asked several times.
    pub made: Option<Made>,
    /// Told when the transaction has ended.
    pub ended: Option<Told>,
    /// What the workflow engine does, behind the changes; the key that it gives is the row to answer with.
    pub effect: Option<SharedEffect>,
}

/// Gives the values that a command makes.
pub type Made = Box<dyn Fn(&Value) -> Result<Vec<(&'static str, String)>, Cause> + Send + Sync>;

/// Is told how a transaction has ended.
pub type Told = Box<dyn Fn(Ended) + Send + Sync>;

/// When the row of an answer is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before the changes: they remove it.
    Before,
    /// After them.
    After,
}

/// How a transaction has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Its changes are written.
    Written,
    /// Nothing is written.
    Undone,
    /// They may be written: the connection was lost while they were committed.
    Unknown,
}

/// A change that a command makes in the product's own name.
#[derive(Debug)]
pub struct OwnChange {
    /// A prepared plan of changes, authorized for the product itself.
    pub prepared: Prepared,
    /// Its values.
    pub values: Values,
    /// Passwords among them and their hashes.
    pub hashes: HashMap<String, String>,
}

/// A command whose answer is printed.
#[derive(Debug)]
pub(super) struct PreparedCommand {
    /// What is asked.
    pub(super) command: Command,
    /// What its answer shows.
    pub(super) answer: AnswerProgram,
    /// Number of statements of its answer.
    pub(super) statements: u16,
}

/// What the transaction of a command takes along.
#[derive(Clone, Copy)]
pub(super) struct CommandEnv<'a> {
    pub(super) values: &'a Values,
    pub(super) context: &'a WriteContext,
    pub(super) default_locale: &'a str,
    /// The project's locales; empty: any.
    pub(super) locales: &'a [String],
}

impl fmt::Debug for Work {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Work").field("changes", &self.changes.len()).finish_non_exhaustive()
    }
}

impl Work {
    /// Nothing but a row to answer with.
    #[must_use]
    pub fn row(key: Option<Value>) -> Work {
        let rows = Vec::new();
        Work { changes: Vec::new(), row: key, rows, shown: When::After, made: None, ended: None, effect: None }
    }

    /// An effect of the workflow engine, and the row that it gives to answer with.
    #[must_use]
    pub fn effect(effect: SharedEffect) -> Work {
        Work { effect: Some(effect), ..Work::row(None) }
    }

    /// The content types that its changes are of.
    pub(super) fn types(&self) -> impl Iterator<Item = model::TypeId> {
        let changes = self.changes.iter().filter_map(|own| own.prepared.change());
        changes.flat_map(|change| change.roots.iter().filter_map(|root| root.value.write()).map(|write| write.write.of))
    }

    /// Whether somebody listens to one of its changes.
    pub(super) fn is_heard(&self) -> bool {
        self.changes.iter().filter_map(|own| own.prepared.change()).any(|change| change.is_heard())
    }

    /// Tells how its transaction has ended.
    pub(super) fn tell(&self, ended: Ended) {
        if let Some(told) = &self.ended {
            told(ended);
        }
        if let Some(effect) = &self.effect {
            effect.ended(ended);
        }
    }
}

impl Commands for NoCommands {
    fn prepare<'a>(&'a self, asked: Asked<'a>) -> Preparing<'a> {
        tracing::error!(effect = ?asked.command.effect, "a command was asked where none is run");
        Box::pin(std::future::ready(Err(Cause::Internal)))
    }
}

/// Makes the changes of a command and appends its answer.
pub(super) async fn apply_command<D: Door>(
    env: CommandEnv<'_>,
    (prepared, work): (&PreparedCommand, &Work),
    door: &D,
    (spot, bytes): (Spot<'_>, Vec<u8>),
) -> Result<Shown, Failure> {
    let named = work.row.clone().map(Written::named);
    match work.shown {
        When::Before => {
            let shown = show(env, (prepared, work), door, named, (spot, bytes)).await?;
            changes(env, work, door).await?;
            Ok(shown)
        }
        When::After => {
            let met = changes(env, work, door).await?;
            if prepared.command.is_list {
                return show_each(env, (prepared, work), door, (spot, bytes)).await;
            }
            show(env, (prepared, work), door, named.or(met), (spot, bytes)).await
        }
    }
}

/// Makes the changes; gives the document that the last one has met.
async fn changes<D: Door>(env: CommandEnv<'_>, work: &Work, door: &D) -> Result<Option<Written>, Failure> {
    let mut met = None;
    for own in &work.changes {
        let Some(change) = own.prepared.change() else { continue };
        for root in &change.roots {
            let Some(write) = root.value.write() else { continue };
            let env = own_env(env, change, write, own);
            // The product's own changes have no rules of rows, so that the door is asked for nothing by the values of the request.
            met = make(env, door).await?;
        }
    }
    if let Some(effect) = &work.effect {
        let tx = Tx::new(door.database());
        match drive(door, &tx, effect.tell(&tx)).await {
            Ok(key) => met = key.map(Written::named),
            Err(EffectFailure::Refused(cause)) => return Err(Failure::Refused(cause)),
            Err(EffectFailure::Store(error)) => return Err(Failure::Store(error)),
        }
    }
    Ok(met)
}

fn own_env<'a>(
    env: CommandEnv<'a>,
    change: &'a PreparedChange,
    write: &'a super::prepared::PreparedWrite,
    own: &'a OwnChange,
) -> ChangeEnv<'a> {
    let hashes: &Hashes = &own.hashes;
    ChangeEnv {
        model: &change.served.model,
        layout: &change.served.layout,
        patterns: &change.served.patterns,
        program: &write.program,
        write: &write.write,
        values: &own.values,
        context: env.context,
        default_locale: env.default_locale,
        locales: env.locales,
        hashes,
        listeners: write.listeners.as_ref(),
    }
}

async fn show<D: Door>(
    env: CommandEnv<'_>,
    (prepared, work): (&PreparedCommand, &Work),
    door: &D,
    written: Option<Written>,
    (spot, bytes): (Spot<'_>, Vec<u8>),
) -> Result<Shown, Failure> {
    let key = written.as_ref().map_or(&Value::Null, |written| &written.key);
    let made = work.made.as_ref().map_or(Ok(Vec::new()), |made| made(key)).map_err(Failure::Refused)?;
    let end = End { statements: prepared.statements, ends: false, is_promised: false };
    Show::of((&prepared.answer, env.values), door, (end, spot), written).making(&made).answer(spot, bytes).await
}

/// A list of what each row shows; null for one that cannot be shown.
async fn show_each<D: Door>(
    env: CommandEnv<'_>,
    (prepared, work): (&PreparedCommand, &Work),
    door: &D,
    (spot, bytes): (Spot<'_>, Vec<u8>),
) -> Result<Shown, Failure> {
    let mut all = Shown { bytes, faults: Vec::new(), wrote: Wrote::Value };
    all.bytes.push(b'[');
    for (index, key) in work.rows.iter().enumerate() {
        if index > 0 {
            all.bytes.push(b',');
        }
        let start = all.bytes.len();
        let named = Some(Written::named(key.clone()));
        let bytes = std::mem::take(&mut all.bytes);
        let one = show(env, (prepared, work), door, named, (spot, bytes)).await?;
        all.bytes = one.bytes;
        all.faults.extend(one.faults);
        match one.wrote {
            Wrote::Value => {}
            Wrote::Null | Wrote::Failed => {
                all.bytes.truncate(start);
                all.bytes.extend_from_slice(b"null");
            }
        }
    }
    all.bytes.push(b']');
    Ok(all)
}

/// What every command of a request was prepared to do, by the place of its root entry.
pub(super) type Works = Vec<(usize, Arc<Work>)>;
