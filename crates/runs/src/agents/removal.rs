//! What goes for good: flows with their runs, projects, groups of versions, agents. The project's own jobs stay.

use plan::{AgentFault, Value};

use super::{Env, Failure, Told, key, statements as agent};
use crate::record::text;

/// What goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// A version of a flow.
    Flow(u128),
    /// All versions of a flow, and what they share.
    Group(u128),
    /// A project and its flows.
    Project(u128),
    /// An agent.
    Agent(u128),
}

/// Removes it with all that belongs to it; false where there is no such row.
pub(super) async fn remove(env: &Env<'_>, removal: Removal) -> Result<Told, Failure> {
    let (version, project, job) = match removal {
        Removal::Flow(version) => (Some(version), None, None),
        Removal::Project(project) => (None, Some(project), None),
        Removal::Group(job) => (None, None, Some(job)),
        Removal::Agent(of) => return gone(env, (&agent::REMOVE_AGENT, of)).await,
    };
    let of = || vec![key(version), key(project), key(job)];
    let found = env.tx.one(&agent::REMOVE_FOUND, of()).await?;
    if found.iter().any(|row| text(row.get(1)).as_deref() != Some("external")) {
        return Err(AgentFault::Declared.into());
    }
    let statements = [
        &agent::REMOVE_STEP_STATES,
        &agent::REMOVE_ARTIFACTS,
        &agent::REMOVE_LOGS,
        &agent::REMOVE_STEPS,
        &agent::REMOVE_RUN_STATES,
        &agent::REMOVE_EVENTS,
        &agent::REMOVE_TAGS,
        &agent::REMOVE_RUNS,
        &agent::REMOVE_EDGES,
        &agent::REMOVE_OPS,
        &agent::REMOVE_VERSIONS,
    ];
    env.tx.run(statements.into_iter().map(|fixed| (fixed, of())).collect()).await?;
    match removal {
        Removal::Project(project) => gone(env, (&agent::REMOVE_PROJECT, project)).await,
        Removal::Group(job) => gone(env, (&agent::REMOVE_JOB, job)).await,
        Removal::Flow(_) | Removal::Agent(_) => Ok(Told::done(!found.is_empty())),
    }
}

async fn gone(env: &Env<'_>, (fixed, of): (&store::Fixed, u128)) -> Result<Told, Failure> {
    Ok(Told::done(!env.tx.one(fixed, vec![Value::Uuid(of)]).await?.is_empty()))
}
