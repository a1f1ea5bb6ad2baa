//! Running a change in its transactions: one for each root entry, or one for all. An answer's bytes leave only behind COMMIT.

mod at_once;

use std::sync::Arc;
use std::time::Duration;

use plan::{Boundary, Cause, Data, Fault, ShapedFrom, Values, WriteAction};

use super::apply::{End, apply, fault};
use super::change::ChangeEnv;
use super::command::{Asked, CommandEnv, Commands, Ended, PreparedCommand, Work, Works, apply_command};
use super::context::WriteContext;
use super::door::{Door, Env, Shown, Spot};
use super::failure::Failure;
use super::password::{Hashes, hashes};
use super::postgres::{Commit, PostgresDoor};
use super::prepared::{ChangeRoot, ChangeValue, PreparedChange, PreparedWrite};
use super::sqlite::{SqliteDoor, ready_now};
use crate::answer::{Wrote, shape_onto};
use crate::postgres::{Begin, Postgres, Session};
use crate::read::{Answer, Room};
use crate::tx::{EffectFailure, Sequel, Tx, drive};
use crate::{Driver, Error, Store};

/// Runs of one transaction that other transactions stand in the way of.
const RUNS_MAX: u32 = 4;
/// Longest pause before the next run.
const PAUSE_MAX_MS: u64 = 40;

/// What every transaction of a request takes along.
#[derive(Clone)]
struct Request {
    prepared: Arc<PreparedChange>,
    values: Arc<Values>,
    context: WriteContext,
    hashes: Arc<Hashes>,
    /// What the commands of the transaction do.
    works: Arc<Works>,
    default_locale: String,
    locales: Arc<[String]>,
    /// What the answer may still grow by.
    bytes_max: usize,
    /// What follows in the same transaction.
    sequel: Option<Sequel>,
}

/// What one transaction adds to the answer.
#[derive(Default)]
struct Part {
    bytes: Vec<u8>,
    faults: Vec<Fault>,
    /// The whole answer is null.
    is_null: bool,
}

/// Why a transaction has no answer, and which root entry it was at.
struct Stopped {
    failure: Failure,
    root: usize,
    fate: Fate,
}

/// What became of what a transaction wrote that has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It was rolled back.
    Undone,
    /// It is committed, or may be.
    MayBeWritten,
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Stopped {
        let is_open = matches!(error, Error::OutcomeUnknown { .. });
        let fate = if is_open { Fate::MayBeWritten } else { Fate::Undone };
        Stopped { failure: Failure::Store(error), root: 0, fate }
    }
}

impl Store {
    /// Runs a change with the values of one request and appends the value of `data` to the buffer.
    ///
    /// What is refused is a fault at its root entry, and nothing of its transaction is written. What is written but cannot be shown (it is larger than an
    /// answer may be) is null with a fault, too: on PostgreSQL COMMIT is on its way before the answer is there.
    pub(crate) async fn change(
        &self,
        prepared: &Arc<PreparedChange>,
        values: Values,
        (context, commands): (WriteContext, &dyn Commands),
        (Room { bytes: buffer, bytes_max }, sequel): (Room, Option<Sequel>),
    ) -> Answer {
        let start = buffer.len();
        let mut answer = Answer { bytes: buffer, faults: Vec::new(), is_null: false };
        let locales = self.locales();
        let request = Request {
            prepared: Arc::clone(prepared),
            values: Arc::new(values),
            context,
            hashes: Arc::default(),
            works: Arc::default(),
            default_locale: locales.default,
            locales: locales.all,
            bytes_max: bytes_max.min(self.limits().answer_bytes_max),
            sequel,
        };
        answer.bytes.push(b'{');
        let roots = prepared.roots.len();
        let whole = match prepared.boundary {
            Boundary::Whole => true,
            Boundary::EachRoot | Boundary::Read => request.sequel.is_some(),
        };
        let steps: Vec<(usize, usize)> =
            if whole { vec![(0, roots)] } else { (0..roots).map(|root| (root, root + 1)).collect() };
        for (from, to) in steps {
            self.step(&request, commands, (from, to), &mut answer).await;
            if answer.is_null {
                break;
            }
        }
        if answer.is_null {
            answer.bytes.truncate(start);
            answer.bytes.extend_from_slice(b"null");
        } else {
            answer.bytes.push(b'}');
        }
        answer
    }

    /// One transaction, and what it leaves in the answer.
    async fn step(&self, request: &Request, commands: &dyn Commands, (from, to): (usize, usize), answer: &mut Answer) {
        let bytes_max = request.bytes_max.saturating_sub(answer.bytes.len());
        let outcome = self.transaction(Request { bytes_max, ..request.clone() }, commands, (from, to)).await;
        match outcome {
            Ok(part) => {
                answer.bytes.extend_from_slice(&part.bytes);
                answer.faults.extend(part.faults);
                answer.is_null = part.is_null;
            }
            Err(stopped) => {
                let root = &request.prepared.roots[from + stopped.root];
                let is_whole = to - from > 1 || request.sequel.is_some();
                let cause = match stopped.failure {
                    Failure::Refused(cause) => cause,
                    Failure::Store(Error::AnswerTooLarge { .. }) => {
                        Error::AnswerTooLarge { bytes_max: request.bytes_max }.logged()
                    }
                    Failure::Store(error) => error.logged(),
                };
                if !is_whole && let Some(part) = told(root, (from, &cause), request.context.now) {
                    answer.bytes.extend_from_slice(&part.bytes);
                    answer.faults.extend(part.faults);
                    answer.is_null = part.is_null;
                    return;
                }
                answer.faults.push(fault(&root.key, root.place, cause));
                answer.is_null = root.non_null || is_whole;
                open_entry(&mut answer.bytes, from, root);
                answer.bytes.extend_from_slice(b"null");
            }
        }
    }

    async fn transaction(
        &self,
        mut request: Request,
        commands: &dyn Commands,
        range: (usize, usize),
    ) -> Result<Part, Stopped> {
        let prepared = Arc::clone(&request.prepared);
        let writes: Vec<&PreparedWrite> =
            prepared.roots[range.0..range.1].iter().filter_map(|root| root.value.write()).collect();
        request.works = Arc::new(works(&request, commands, range).await?);
        let works = Arc::clone(&request.works);
        let is_heard =
            writes.iter().any(|write| write.listeners.is_some()) || works.iter().any(|(_, work)| work.is_heard());
        let ran = async {
            if is_heard {
                self.outbox_ready().await?;
            }
            request.hashes = Arc::new(self.hashed(&request, &writes).await?);
            match self.driver() {
                _ if writes.is_empty() && works.is_empty() && request.sequel.is_none() => {
                    Ok(constants(&request, range))
                }
                Driver::Sqlite(sqlite) => {
                    // What watches the files travels with the answer: it is dropped behind the commit, whoever waits for it.
                    let files = request.context.files.clone();
                    let job = move |connection: &_| on_sqlite(connection, &request, range).map(|part| (part, files));
                    sqlite.write(job).await.map(|(part, _files)| part)
                }
                Driver::Postgres(postgres) => {
                    let (limit, is_watched) = (self.limits().write_timeout, request.context.files.is_watched());
                    let job = in_time_on_postgres(Arc::clone(postgres), request, range, limit);
                    // What files wait for is brought to its end, also when nobody waits for its answer.
                    if is_watched { ended_by_itself(job).await } else { job.await }
                }
            }
        };
        let outcome: Result<Part, Stopped> = ran.await;
        if !matches!(&outcome, Err(Stopped { fate: Fate::Undone, .. })) {
            self.tell_changed(writes.iter().map(|write| write.write.of));
            for (_, work) in works.iter() {
                self.tell_changed(work.types());
            }
            if is_heard {
                self.tell_outbox();
            }
        }
        for (_, work) in works.iter() {
            work.tell(ended(&outcome));
        }
        outcome
    }

    async fn hashed(&self, request: &Request, writes: &[&PreparedWrite]) -> Result<Hashes, Stopped> {
        let model = &request.prepared.served.model;
        let mut all = Hashes::new();
        for write in writes {
            if let Some(data) = data_of(&write.write.action) {
                all.extend(hashes(model, model.content_type(write.write.of), data, &request.values).await?);
            }
        }
        Ok(all)
    }
}

/// The first part of every command of the transaction.
async fn works(request: &Request, commands: &dyn Commands, (from, to): (usize, usize)) -> Result<Works, Stopped> {
    let mut works = Works::new();
    for index in from..to {
        let Some(prepared) = request.prepared.roots[index].value.command() else { continue };
        let asked = Asked { command: &prepared.command, values: &request.values };
        match commands.prepare(asked).await {
            Ok(work) => works.push((index, Arc::new(work))),
            Err(cause) => {
                for (_, work) in &works {
                    work.tell(Ended::Undone);
                }
                return Err(stopped(Failure::Refused(cause), index - from));
            }
        }
    }
    Ok(works)
}

fn ended(outcome: &Result<Part, Stopped>) -> Ended {
    match outcome {
        Ok(_) => Ended::Written,
        Err(Stopped { fate: Fate::Undone, .. }) => Ended::Undone,
        Err(Stopped { fate: Fate::MayBeWritten, .. }) => Ended::Unknown,
    }
}

async fn in_time_on_postgres(
    postgres: Arc<Postgres>,
    request: Request,
    range: (usize, usize),
    limit: Duration,
) -> Result<Part, Stopped> {
    let commit = Commit::default();
    let job = on_postgres(&postgres, &request, range, &commit);
    let ran = tokio::time::timeout(limit, job).await.unwrap_or_else(|_| Err(Stopped::from(late(&commit, limit))));
    if matches!(&ran, Err(Stopped { failure: Failure::Store(Error::OutcomeUnknown { .. }), .. })) {
        request.context.files.leave();
    }
    ran
}

async fn ended_by_itself(job: impl Future<Output = Result<Part, Stopped>> + Send + 'static) -> Result<Part, Stopped> {
    tokio::spawn(job).await.unwrap_or_else(|_| Err(Stopped::from(Error::Panicked)))
}

/// A transaction that ran out of time. The server may still do what it was sent: with COMMIT among it, nobody knows.
pub(crate) fn late(commit: &Commit, limit: Duration) -> Error {
    let deadline_ms = limit.as_millis();
    if commit.is_sent() {
        Error::OutcomeUnknown { reason: Error::Timeout { deadline_ms }.to_string() }
    } else {
        Error::Timeout { deadline_ms }
    }
}

fn data_of(action: &WriteAction) -> Option<&Data> {
    match action {
        WriteAction::Create { data, .. } | WriteAction::Update { data, .. } => Some(data),
        WriteAction::Delete { .. } => None,
    }
}

impl Request {
    fn env(&self) -> Env<'_> {
        Env {
            values: &self.values,
            rows_max: self.prepared.rows_max,
            default_locale: &self.default_locale,
            bytes_max: self.bytes_max,
        }
    }
}

fn on_sqlite(connection: &rusqlite::Connection, request: &Request, range: (usize, usize)) -> Result<Part, Stopped> {
    let door = SqliteDoor { connection, env: request.env() };
    ready_now(roots(&door, request, range))
}

/// Runs the transaction; when others stand in its way, again, at most [`RUNS_MAX`] times: nothing of its answer has left.
async fn on_postgres(
    postgres: &Postgres,
    request: &Request,
    range: (usize, usize),
    commit: &Commit,
) -> Result<Part, Stopped> {
    let loan = postgres.loan().await?;
    if let Some(part) = at_once::at_once(&loan, request, range, commit).await? {
        return Ok(part);
    }
    let mut run = 1;
    loop {
        let outcome = once(&loan, request, range, commit).await;
        let Err(Stopped { failure: Failure::Store(error), root, fate }) = outcome else { return outcome };
        let may_help = fate == Fate::Undone && (is_in_the_way(&error) || error.is_stale_statement());
        if run >= RUNS_MAX || !may_help {
            return Err(Stopped { failure: Failure::Store(error), root, fate });
        }
        commit.begin();
        if error.is_stale_statement() {
            loan.forget_statements();
        } else {
            let pause = request.context.ids.below(PAUSE_MAX_MS)?;
            tokio::time::sleep(Duration::from_millis(pause + 1)).await;
        }
        run += 1;
    }
}

/// Whether the transaction failed because of another one: `serialization_failure`, `deadlock_detected`, or `unique_violation` of a key that is
/// not a field's (the same locale made twice, the same partner taken twice).
pub(crate) fn is_in_the_way(error: &Error) -> bool {
    let Error::Postgres(error) = error else { return false };
    error.code().is_some_and(|code| matches!(code.code(), "40001" | "40P01" | "23505"))
}

async fn once(session: &Session, request: &Request, range: (usize, usize), commit: &Commit) -> Result<Part, Stopped> {
    let door = PostgresDoor::new(session, request.env(), commit);
    let use_of_session = session.in_use();
    let begun = session.client().batch_execute(Begin::Write.text());
    // BEGIN is on its way before the first statement and is not waited for by itself.
    let (begun, outcome) = tokio::join!(biased; begun, roots(&door, request, range));
    let outcome = begun.map_err(|error| Stopped::from(Error::Postgres(error))).and(outcome);
    match outcome {
        Ok(part) => {
            if !commit.has_returned() {
                door.commit().await?;
            }
            use_of_session.ends();
            Ok(part)
        }
        Err(stopped) if commit.has_returned() => {
            use_of_session.ends();
            Err(Stopped { fate: Fate::MayBeWritten, ..stopped })
        }
        Err(stopped) => {
            if session.client().batch_execute("rollback").await.is_ok() {
                use_of_session.ends();
            }
            Err(stopped)
        }
    }
}

/// Entries without a change.
fn constants(request: &Request, (from, to): (usize, usize)) -> Part {
    let mut part = Part::default();
    for index in from..to {
        let root = &request.prepared.roots[index];
        open_entry(&mut part.bytes, index, root);
        constant(root, &mut part, request.context.now);
    }
    part
}

fn constant(root: &ChangeRoot, part: &mut Part, now: i64) {
    match &root.value {
        ChangeValue::Constant(json) => part.bytes.extend_from_slice(json.as_bytes()),
        ChangeValue::Refused(refusal) => {
            part.faults.push(fault(&root.key, root.place, refusal.cause.clone()));
            part.bytes.extend_from_slice(b"null");
            part.is_null |= root.non_null;
        }
        ChangeValue::Shaped(None, shaped) => {
            let met = match &shaped.from {
                ShapedFrom::Refused(refusal) => Err(&refusal.cause),
                ShapedFrom::Rows(_) | ShapedFrom::Command(_) => Ok(&b"[]"[..]),
            };
            shape(root, (shaped, met, now), part);
        }
        ChangeValue::Write(_) | ChangeValue::Command(_) | ChangeValue::Shaped(Some(_), _) => {
            part.bytes.extend_from_slice(b"null");
        }
    }
}

/// The answer of a root that says in its own words why it was refused; none for another root, and for faults of ours.
fn told(root: &ChangeRoot, (index, cause): (usize, &Cause), now: i64) -> Option<Part> {
    let shaped = root.value.shaped()?;
    let mut part = Part::default();
    open_entry(&mut part.bytes, index, root);
    let start = part.bytes.len();
    shape(root, (shaped, Err(cause), now), &mut part);
    (!part.is_null && part.faults.is_empty() && part.bytes[start..] != *b"null").then_some(part)
}

/// Appends what a root makes of what was met.
fn shape(root: &ChangeRoot, (shaped, met, now): (&plan::Shaped, Result<&[u8], &Cause>, i64), part: &mut Part) {
    let (wrote, faults) = shape_onto(&mut part.bytes, shaped, (met, now))
        .unwrap_or_else(|error| (Wrote::Failed, vec![(Vec::new(), error.logged())]));
    for (below, cause) in faults {
        let mut fault = fault(&root.key, root.place, cause);
        fault.path.extend(below);
        part.faults.push(fault);
    }
    if wrote != Wrote::Value {
        part.bytes.extend_from_slice(b"null");
        part.is_null |= root.non_null;
    }
}

fn open_entry(bytes: &mut Vec<u8>, index: usize, root: &ChangeRoot) {
    if index > 0 {
        bytes.push(b',');
    }
    for part in ["\"", root.key.as_str(), "\":"] {
        bytes.extend_from_slice(part.as_bytes());
    }
}

/// What a root entry does.
enum Action<'a> {
    Write(&'a PreparedWrite),
    Command(&'a PreparedCommand, &'a Work),
}

/// What a root entry does; none for a constant, a refusal, and a command that nobody has prepared.
fn action(request: &Request, index: usize) -> Option<Action<'_>> {
    let value = &request.prepared.roots[index].value;
    if let Some(command) = value.command() {
        let (_, work) = request.works.iter().find(|(at, _)| *at == index)?;
        return Some(Action::Command(command, work));
    }
    value.write().map(Action::Write)
}

/// The root entries of one transaction. The first one that fails stops it.
async fn roots<D: Door>(door: &D, request: &Request, (from, to): (usize, usize)) -> Result<Part, Stopped> {
    let mut part = Part::default();
    for index in from..to {
        let root = &request.prepared.roots[index];
        open_entry(&mut part.bytes, index, root);
        let Some(action) = action(request, index) else {
            if let (ChangeValue::Refused(refusal), true) = (&root.value, to - from > 1 || request.sequel.is_some()) {
                return Err(stopped(Failure::Refused(refusal.cause.clone()), index - from));
            }
            constant(root, &mut part, request.context.now);
            continue;
        };
        let start = part.bytes.len();
        let path = [root.key.as_str()];
        let spot = Spot { path: &path, place: root.place };
        let bytes = std::mem::take(&mut part.bytes);
        let shown = match action {
            Action::Write(write) => {
                let (ends, is_promised) = (is_alone(request, (from, to)), root.non_null);
                let end = End { statements: write.statements, ends, is_promised };
                apply(change_env(request, write), end, door, (spot, bytes)).await
            }
            Action::Command(command, work) => {
                let (values, context) = (&*request.values, &request.context);
                let (default_locale, locales) = (&*request.default_locale, &*request.locales);
                let env = CommandEnv { values, context, default_locale, locales };
                apply_command(env, (command, work), door, (spot, bytes)).await
            }
        };
        let shown = shown.map_err(|failure| stopped(failure, index - from))?;
        closed_entry(root, (start, request.context.now), shown, &mut part);
    }
    follow(door, request, &part).await?;
    Ok(part)
}

/// Tells what follows the change, if anything does; not where the change has faults.
async fn follow<D: Door>(door: &D, request: &Request, part: &Part) -> Result<(), Stopped> {
    let Some(sequel) = &request.sequel else { return Ok(()) };
    if let Some(fault) = part.faults.first() {
        return Err(stopped(Failure::Refused(fault.cause.clone()), 0));
    }
    let answer = [b"{", part.bytes.as_slice(), b"}"].concat();
    let tx = Tx::new(door.database());
    let told = drive(door, &tx, sequel(&tx, &answer)).await;
    told.map_err(|failure| match failure {
        EffectFailure::Refused(cause) => stopped(Failure::Refused(cause), 0),
        EffectFailure::Store(error) => stopped(Failure::Store(error), 0),
    })
}

/// Takes what was shown of a root entry, whose value begins at `start`, into the answer.
fn closed_entry(root: &ChangeRoot, (start, now): (usize, i64), Shown { bytes, faults, wrote }: Shown, part: &mut Part) {
    part.bytes = bytes;
    part.faults.extend(faults);
    match wrote {
        Wrote::Value => {}
        Wrote::Null | Wrote::Failed => {
            part.bytes.truncate(start);
            part.bytes.extend_from_slice(b"null");
            // Where an answer is promised, a document that is not there is the reason why there is none.
            if root.non_null && wrote == Wrote::Null {
                let of = root.value.write().map(|write| write.write.of);
                part.faults.push(fault(&root.key, root.place, Cause::NotFound(of)));
            }
            part.is_null |= root.non_null;
        }
    }
    if let (Some(shaped), Wrote::Value) = (root.value.shaped(), wrote) {
        let answer = part.bytes.split_off(start);
        shape(root, (shaped, Ok(&answer), now), part);
    }
}

/// Whether a root entry is all that its transaction does: COMMIT may go with its last statement, or the statement be a transaction by itself.
fn is_alone(request: &Request, (from, to): (usize, usize)) -> bool {
    to - from == 1 && request.works.is_empty() && request.sequel.is_none()
}

fn stopped(failure: Failure, root: usize) -> Stopped {
    match failure {
        Failure::Store(error) => Stopped { root, ..Stopped::from(error) },
        Failure::Refused(_) => Stopped { failure, root, fate: Fate::Undone },
    }
}

fn change_env<'a>(request: &'a Request, write: &'a PreparedWrite) -> ChangeEnv<'a> {
    let served = &request.prepared.served;
    ChangeEnv {
        model: &served.model,
        layout: &served.layout,
        patterns: &served.patterns,
        program: &write.program,
        write: &write.write,
        values: &request.values,
        context: &request.context,
        default_locale: &request.default_locale,
        locales: &request.locales,
        hashes: &request.hashes,
        listeners: write.listeners.as_ref(),
    }
}
