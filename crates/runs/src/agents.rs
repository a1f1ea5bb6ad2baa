//! Runs that agents of others execute: what agents and their users ask, and what it does to the engine's rows.
//!
//! Each [`Ask`] is one story in one transaction. There is no lease: a run is held by its row's lock, by the state `Submitted`, and, where its job
//! wants it, by the version that an agent must know. Which state follows which is said by [`crate::transition`] alone.

mod calendar;
mod flows;
mod kept;
mod launch;
mod removal;
mod rows;
mod schedules;
mod state;
mod statements;

use std::sync::{Arc, Mutex, PoisonError};

use plan::{AgentFault, Cause, Value, uuid_text};
use serde_json::{Value as Json, json};
use store::{Effect, EffectFailure, Ended, Ids, Made, MaybeStore, Telling, Tx, Work};

use crate::record::{clock_of, uuid};
use crate::{Clock, Engine, Error, statements as of};

pub use calendar::{Calendar, CalendarFault, Planned};
pub use flows::{GroupChange, NewFlow};
pub use kept::Keep;
pub use launch::{FlowJob, NewExternalRun, NewOwnRun};
pub use removal::Removal;
pub use schedules::NewSchedule;
pub use state::{NewState, WithoutType, micros};

/// Runs of one answer to an agent that looks for work.
const QUEUE_MAX: i64 = 25;

/// What is asked.
#[derive(Debug, Clone)]
pub enum Ask {
    /// Runs are in other states: all of them or none. The agent that says so, where it is known.
    RunStates(Vec<NewState>, Option<u128>),
    /// Steps are in other states: all of them or none.
    StepStates(Vec<NewState>),
    /// A run of a registered version.
    Launch(Box<NewExternalRun>),
    /// A run of a job of the project, checked, with what its client keeps beside it.
    LaunchOwn(Box<NewOwnRun>),
    /// The step of an op in a run, by its number in a mapped op; made where it is not there.
    Step {
        /// The run.
        run: u128,
        /// The op.
        op: u128,
        /// -1 unless it is mapped.
        map_index: i64,
    },
    /// A run is to end.
    Cancel(u128),
    /// A run and all of it is removed.
    Delete(u128),
    /// A run is named.
    RunName(u128, String),
    /// A step is named.
    StepName(u128, String),
    /// A run gets labels.
    RunLabels(u128, Vec<String>),
    /// A run is alive.
    RunBeat(u128),
    /// A step is alive.
    StepBeat(u128),
    /// Lines of logs.
    Logs(Vec<NewLine>),
    /// Runs that may be taken.
    Queue {
        /// Of this tenant, or of all.
        tenant: Option<u128>,
        /// Whose time comes before: microseconds since 1970; none: now.
        before: Option<i64>,
        /// Labels of the agent.
        labels: Vec<String>,
        /// The agent, where it says who it is.
        agent: Option<u128>,
    },
    /// A new project.
    Project {
        /// Of this tenant, or the first.
        tenant: Option<u128>,
        /// Its name.
        name: String,
        /// What it is for.
        description: Option<String>,
    },
    /// A project is named or described.
    ProjectSet(u128, Option<String>, Option<String>),
    /// A new version of a flow.
    Flow(Box<NewFlow>),
    /// A version launches nothing any more.
    Archive(u128),
    /// Tasks of a version.
    Tasks(u128, Json),
    /// Edges of a version.
    Edges(u128, Json),
    /// The schedule of a version is switched.
    Schedule(u128, bool),
    /// What all versions of a job share is changed: of this version, or of this job.
    Group {
        /// By a version.
        version: Option<u128>,
        /// By itself.
        job: Option<u128>,
        /// What.
        change: GroupChange,
    },
    /// An agent makes itself known.
    Agent(Box<NewAgent>),
    /// A version launches again.
    Unarchive(u128),
    /// A version moves to another project.
    Move(u128, u128),
    /// The schedule that all versions of a job share is set, or taken away.
    GroupSchedule(u128, Option<NewSchedule>),
    /// Something that is not there is to be changed.
    Nothing,
    /// Rows go for good.
    Remove(Removal),
    /// Something is kept beside runs.
    Keep(Box<Keep>),
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct NewLine {
    /// Of which run.
    pub run: u128,
    /// Of which step.
    pub step: Option<u128>,
    /// When: microseconds since 1970; none: now.
    pub at: Option<i64>,
    /// Name of the logger.
    pub name: Option<String>,
    /// How grave.
    pub level: String,
    /// The text.
    pub message: Option<String>,
    /// What belongs to it.
    pub info: Json,
}

/// An agent that makes itself known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NewAgent {
    /// Of this tenant, or the first.
    pub tenant: Option<u128>,
    /// Its settings.
    pub config: Option<u128>,
    /// Its name.
    pub name: Option<String>,
    /// Its kind.
    pub kind: String,
    /// The release of its client.
    pub core_version: Option<String>,
    /// Its labels.
    pub labels: Vec<String>,
}

/// What was done: the row to answer with, and values beside it.
#[derive(Debug, Default)]
pub(crate) struct Told {
    row: Option<Value>,
    made: Vec<(&'static str, Json)>,
}

/// Why a story ends.
#[derive(Debug)]
pub(crate) enum Failure {
    Refused(AgentFault),
    Engine(Error),
}

/// What a story has at hand.
pub(crate) struct Env<'a> {
    pub(crate) tx: &'a Tx,
    pub(crate) ids: &'a Arc<Ids>,
    pub(crate) clock: &'a Clock,
    /// The database's time.
    pub(crate) now: i64,
}

impl Engine {
    /// The work of a command that asks this, in the transaction of its request.
    #[must_use]
    pub fn agent_work(self: &Arc<Self>, ask: Ask) -> Work {
        let made = Arc::new(Mutex::new(Vec::new()));
        let effect = Asked { engine: Arc::clone(self), ask, made: Arc::clone(&made) };
        let show: Made = Box::new(move |_| {
            let made = made.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(made.iter().map(|(name, json): &(&'static str, Json)| (*name, json.to_string())).collect())
        });
        Work { made: Some(show), ..Work::effect(Arc::new(effect)) }
    }
}

struct Asked {
    engine: Arc<Engine>,
    ask: Ask,
    made: Arc<Mutex<Vec<(&'static str, Json)>>>,
}

impl Effect for Asked {
    fn tell<'a>(&'a self, tx: &'a Tx) -> Telling<'a, Option<Value>, EffectFailure> {
        Box::pin(async move {
            match tell(tx, &self.engine, &self.ask).await {
                Ok(told) => {
                    *self.made.lock().unwrap_or_else(PoisonError::into_inner) = told.made;
                    Ok(told.row)
                }
                Err(Failure::Refused(fault)) => Err(EffectFailure::Refused(Cause::Agent(fault))),
                Err(Failure::Engine(Error::Store(error))) => Err(EffectFailure::Store(error)),
                Err(Failure::Engine(error)) => {
                    tracing::error!(error = %error, "what an agent asked could not be done");
                    Err(EffectFailure::Refused(Cause::Internal))
                }
            }
        })
    }

    fn ended(&self, ended: Ended) {
        match ended {
            Ended::Written | Ended::Unknown => match self.ask.concern() {
                Concern::Queue => self.engine.hint_queue(),
                Concern::Held => self.engine.hint_cancel(),
                Concern::Onlookers => self.engine.hint_progress(),
            },
            Ended::Undone => {}
        }
    }
}

/// Who must know at once that something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Concern {
    /// Workers with room: a run of theirs waits.
    Queue,
    /// Workers that have runs: one may have to end.
    Held,
    /// Nobody but who follows what happens.
    Onlookers,
}

impl Ask {
    fn concern(&self) -> Concern {
        match self {
            Ask::LaunchOwn(_) => Concern::Queue,
            Ask::Cancel(_) | Ask::RunStates(..) | Ask::Delete(_) => Concern::Held,
            Ask::StepStates(_)
            | Ask::Launch(_)
            | Ask::Step { .. }
            | Ask::RunName(..)
            | Ask::StepName(..)
            | Ask::RunLabels(..)
            | Ask::RunBeat(_)
            | Ask::StepBeat(_)
            | Ask::Logs(_)
            | Ask::Queue { .. }
            | Ask::Project { .. }
            | Ask::ProjectSet(..)
            | Ask::Flow(_)
            | Ask::Archive(_)
            | Ask::Tasks(..)
            | Ask::Edges(..)
            | Ask::Schedule(..)
            | Ask::Group { .. }
            | Ask::Agent(_)
            | Ask::Unarchive(_)
            | Ask::Move(..)
            | Ask::GroupSchedule(..)
            | Ask::Nothing
            | Ask::Remove(_)
            | Ask::Keep(_) => Concern::Onlookers,
        }
    }
}

/// What a story has at hand, at the database's time.
async fn env<'a>(tx: &'a Tx, engine: &'a Engine) -> Result<Env<'a>, Failure> {
    let now = tx.one(&of::CLOCK, vec![engine.clock.given()]).await?;
    let now = clock_of(&now)?;
    Ok(Env { tx, ids: &engine.ids, clock: &engine.clock, now })
}

async fn tell(tx: &Tx, engine: &Engine, ask: &Ask) -> Result<Told, Failure> {
    let env = env(tx, engine).await?;
    match ask {
        Ask::RunStates(list, agent) => state::runs(&env, list, *agent).await,
        Ask::StepStates(list) => state::steps(&env, list).await,
        Ask::Launch(new) => launch::launch(&env, new).await,
        Ask::LaunchOwn(new) => launch::launch_own(&env, new).await,
        Ask::Step { run, op, map_index } => launch::step(&env, (*run, *op), *map_index).await,
        Ask::Cancel(run) => state::cancel(&env, *run).await,
        Ask::Delete(run) => rows::delete(&env, *run).await,
        Ask::RunName(run, name) => rows::named(&env, (&statements::RUN_NAME, *run), name).await,
        Ask::StepName(step, name) => rows::named(&env, (&statements::STEP_NAME, *step), name).await,
        Ask::RunLabels(run, labels) => rows::labels(&env, *run, labels).await,
        Ask::RunBeat(run) => rows::beat(&env, (&statements::RUN_BEAT, *run)).await,
        Ask::StepBeat(step) => rows::beat(&env, (&statements::STEP_BEAT, *step)).await,
        Ask::ProjectSet(project, name, description) => {
            rows::project_set(&env, *project, (name.as_ref(), description.as_ref())).await
        }
        Ask::Logs(lines) => rows::logs(&env, lines).await,
        Ask::Queue { tenant, before, labels, agent } => {
            rows::seen(&env, *agent).await?;
            rows::queue(&env, *tenant, (*before, labels)).await
        }
        Ask::Project { tenant, name, description } => rows::project(&env, *tenant, (name, description.as_ref())).await,
        Ask::Flow(new) => flows::register(&env, new).await,
        Ask::Archive(version) => flows::archive(&env, *version).await,
        Ask::Tasks(version, list) => flows::tasks(&env, *version, list).await,
        Ask::Edges(version, list) => flows::edges(&env, *version, list).await,
        Ask::Schedule(version, is_active) => schedules::switch(&env, *version, *is_active).await,
        Ask::Group { version, job, change } => flows::group(&env, (*version, *job), change).await,
        Ask::Agent(new) => rows::agent(&env, new).await,
        Ask::Unarchive(version) => flows::unarchive(&env, *version).await,
        Ask::Move(version, project) => flows::move_to(&env, *version, *project).await,
        Ask::GroupSchedule(job, new) => schedules::share(&env, *job, new.as_ref()).await,
        Ask::Nothing => Ok(Told::done(false)),
        Ask::Remove(removal) => removal::remove(&env, *removal).await,
        Ask::Keep(what) => kept::keep(&env, what).await,
    }
}

impl Env<'_> {
    pub(crate) fn id(&self) -> Result<u128, Failure> {
        Ok(self.ids.uuid(self.now)?)
    }

    fn id_text(&self) -> Result<String, Failure> {
        Ok(uuid_text(self.id()?))
    }

    fn at(&self) -> Value {
        Value::Instant(self.now)
    }

    /// The tenant that is asked for, or the first.
    async fn tenant(&self, asked: Option<u128>) -> Result<u128, Failure> {
        let rows = self.tx.one(&statements::TENANT, vec![key(asked)]).await?;
        uuid(rows.first().and_then(|row| row.first())).ok_or(Failure::Refused(AgentFault::NoTenant))
    }
}

impl Told {
    /// A row.
    fn row(key: u128) -> Told {
        Told { row: Some(Value::Uuid(key)), made: Vec::new() }
    }

    /// That it was done, or that there was no such row.
    fn done(success: bool) -> Told {
        Told { row: None, made: vec![("success", json!(success))] }
    }
}

/// A key that must stand in a column; one that cannot be read is no key at all.
fn key_at(row: &[Value], column: usize, what: &'static str) -> Result<u128, Error> {
    uuid(row.get(column)).ok_or(Error::NoAnswer(what))
}

fn key(key: Option<u128>) -> Value {
    key.map_or(Value::Null, Value::Uuid)
}

fn maybe_text(text: Option<&String>) -> Value {
    text.map_or(Value::Null, |text| Value::Text(text.clone()))
}

/// JSON as statements bind it: null is no JSON.
fn json_value(json: &Json) -> Value {
    if json.is_null() { Value::Null } else { Value::Json(json.to_string()) }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Failure {
        Failure::Engine(Error::Store(error))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Engine(error)
    }
}

impl From<AgentFault> for Failure {
    fn from(fault: AgentFault) -> Failure {
        Failure::Refused(fault)
    }
}

impl MaybeStore for Failure {
    fn store(&self) -> Option<&store::Error> {
        match self {
            Failure::Engine(error) => error.store(),
            Failure::Refused(_) => None,
        }
    }
}
