//! Words between clients whose agents execute runs elsewhere, and the workflow engine: what they ask, and why it is refused.

use model::Action;

use crate::command::Need;

/// What is asked on behalf of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgentEffect {
    /// A run is in another state; `keeps_type`: a document without a type leaves the type as it is.
    RunState {
        /// Such a document is taken.
        keeps_type: bool,
    },
    /// Several runs are.
    RunStates,
    /// A step is in another state.
    StepState,
    /// Several steps are.
    StepStates,
    /// A run of a registered version.
    Launch,
    /// A step, old or new.
    Step,
    /// A run is to end.
    Cancel,
    /// A run is removed.
    Delete,
    /// A run is named.
    RunName,
    /// A step is named.
    StepName,
    /// A run gets labels.
    RunLabels,
    /// A run is alive.
    RunBeat,
    /// A step is alive.
    StepBeat,
    /// One line of a log.
    Line,
    /// Lines of logs.
    Lines,
    /// Runs that may be taken.
    Queue,
    /// A new project.
    Project,
    /// A project is named.
    ProjectName,
    /// A project is described.
    ProjectDescription,
    /// A flow is registered.
    Flow,
    /// The same, packed.
    FlowPacked,
    /// A flow is archived.
    Archive,
    /// Tasks of a flow.
    Tasks,
    /// Edges of a flow.
    Edges,
    /// Its schedule is switched; none: as the request says.
    Schedule(Option<bool>),
    /// A setting of a flow's group.
    Setting(&'static str, bool),
    /// Something that all versions of a flow share.
    Group(AgentGroup),
    /// An agent makes itself known.
    Agent,
    /// A flow launches again.
    Unarchive,
    /// A flow moves to another project.
    Move,
    /// Something goes for good.
    Remove(AgentRemoval),
    /// Something is kept beside runs.
    Keep(AgentKeep),
}

/// What all versions of a flow share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgentGroup {
    /// Labels of its runs.
    Labels,
    /// How its runs are executed.
    RunConfig,
    /// Parameters of its runs.
    Defaults,
    /// What it is for.
    Description,
    /// A schedule is set.
    Schedule,
    /// It is taken away.
    ScheduleRemove,
}

/// What goes for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgentRemoval {
    /// A version of a flow.
    Flow,
    /// All versions of a flow.
    Group,
    /// A project.
    Project,
    /// An agent.
    Agent,
}

/// What is kept beside runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgentKeep {
    /// Something that a step shows.
    Artifact,
    /// It shows something else.
    ArtifactSet,
    /// It goes.
    ArtifactRemove,
    /// A value under a key.
    Value,
    /// It goes.
    ValueRemove,
    /// A new tenant.
    Tenant,
    /// Its name, slug or settings.
    TenantSet,
}

impl AgentEffect {
    /// Who may ask for it. What is done with one job, or with one run, goes by the rules of that job, too; whoever runs the command asks for
    /// them. All else is for operators.
    #[must_use]
    pub fn need(self) -> Need {
        match self {
            AgentEffect::Launch => Need::Job(Action::Launch),
            AgentEffect::Cancel => Need::Job(Action::Cancel),
            AgentEffect::Delete | AgentEffect::RunName | AgentEffect::RunLabels => Need::Job(Action::Operate),
            AgentEffect::RunState { .. }
            | AgentEffect::RunStates
            | AgentEffect::StepState
            | AgentEffect::StepStates
            | AgentEffect::Step
            | AgentEffect::StepName
            | AgentEffect::RunBeat
            | AgentEffect::StepBeat
            | AgentEffect::Line
            | AgentEffect::Lines
            | AgentEffect::Queue
            | AgentEffect::Project
            | AgentEffect::ProjectName
            | AgentEffect::ProjectDescription
            | AgentEffect::Flow
            | AgentEffect::FlowPacked
            | AgentEffect::Archive
            | AgentEffect::Tasks
            | AgentEffect::Edges
            | AgentEffect::Schedule(_)
            | AgentEffect::Setting(..)
            | AgentEffect::Group(_)
            | AgentEffect::Agent
            | AgentEffect::Unarchive
            | AgentEffect::Move
            | AgentEffect::Remove(_)
            | AgentEffect::Keep(_) => Need::Action(Action::Operate),
        }
    }
}

/// Why something is not done for an agent. Nothing of it is written then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentFault {
    /// No run has this key.
    RunUnknown(u128),
    /// The same, where a run is to end.
    RunInvalid(u128),
    /// No step has this key.
    StepUnknown(u128),
    /// A state's document has no type.
    StateTypeMissing,
    /// Its type is none.
    StateTypeUnknown(String),
    /// It is no object.
    StateNotObject,
    /// It has more bytes than this.
    StateTooLarge(usize),
    /// One of its members is of another kind.
    StateMember(&'static str),
    /// Another agent has the run.
    Submitted,
    /// The teller knows another version than the present one.
    Version {
        /// The run.
        run: u128,
        /// What the teller knows.
        given: u64,
        /// What it is.
        present: u64,
    },
    /// A step runs only while its run does.
    RunNotRunning {
        /// The step.
        step: u128,
        /// Its run.
        run: u128,
    },
    /// The run is executed by the server itself.
    ExecutedHere(u128),
    /// The step is.
    StepExecutedHere(u128),
    /// What is asked of the run does not happen where it stands.
    Refused {
        /// The run.
        run: u128,
        /// Why not.
        why: String,
    },
    /// Neither a flow nor a group of versions is named.
    FlowUnnamed,
    /// No flow has this key.
    FlowUnknown(u128),
    /// The flow is archived.
    FlowArchived(u128),
    /// The flow is a job that the project declares: it is launched by the engine's own ways.
    FlowDeclared(u128),
    /// All versions of the group are archived.
    GroupArchived(String),
    /// Parameters without a value.
    ParametersMissing(Vec<String>),
    /// The op is none of the run's.
    TaskUnknown,
    /// The name belongs to another row.
    NameTaken,
    /// A name is empty.
    NameEmpty,
    /// There is no such row.
    NothingUpdated,
    /// There is no tenant.
    NoTenant,
    /// There is no such project.
    ProjectUnknown,
    /// What is registered is no object with a name.
    FlowNotObject,
    /// It cannot be unpacked.
    FlowPacked,
    /// There is no such flow.
    FlowInvalid,
    /// A task has no word of its own.
    TaskUnnamed,
    /// An edge names a task that is not there.
    EdgeUnknown,
    /// A value of the request does not read as what it must be.
    Unreadable(&'static str),
    /// A schedule is none that can be reckoned.
    Schedule(String),
    /// Runs of a schedule would lack a parameter.
    ScheduleParameters,
    /// The project declares it: it is changed, and goes, with what the project declares.
    Declared,
    /// The flow or the project is not there, or they are of two tenants.
    MoveImpossible,
    /// No step has this key, so that nothing is kept of it.
    StepMissing(u128),
    /// What an artifact shows has more bytes than this.
    ArtifactTooLarge(usize),
    /// A value under a key has more bytes than this.
    ValueTooLarge(usize),
    /// A text or document has more bytes than it may have.
    TooLong {
        /// What it is.
        what: &'static str,
        /// Bytes that it may have.
        most: usize,
    },
    /// As many are kept already as may be.
    TooMany {
        /// What they are.
        what: &'static str,
        /// So many.
        most: i64,
    },
    /// A tenant's slug has letters that slugs have not.
    SlugInvalid,
    /// There is no such tenant.
    TenantUnknown,
}
