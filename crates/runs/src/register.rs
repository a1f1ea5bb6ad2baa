//! The project's jobs become rows: each definition is kept by the hash of its content when it is first served.

use model::{Job, Model};
use plan::{Value, uuid_text};
use serde_json::{Value as Json, json};
use store::{Ids, Tx};

use crate::Error;
use crate::definition::{Definition, WorkDefinition};
use crate::record::{clock_of, only, uuid};
use crate::statements as of;

/// What of the project's jobs becomes rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Register {
    projects: Vec<Json>,
    jobs: Vec<Json>,
    versions: Vec<Json>,
    ops: Vec<Json>,
    edges: Vec<Json>,
    schedules: Vec<Json>,
    tenant: u128,
}

impl Register {
    /// All rows under new keys: those that are there already keep theirs.
    pub(crate) fn of(model: &Model, ids: &Ids, now: i64) -> Result<Register, Error> {
        let mut register = Register { tenant: ids.uuid(now)?, ..Register::default() };
        let id = || Ok::<String, Error>(uuid_text(ids.uuid(now)?));
        for job in &model.jobs {
            register.projects.push(json!({ "id": id()?, "name": job.repository }));
            register.jobs.push(json!({ "id": id()?, "location": job.location, "repository": job.repository,
                "name": job.name, "description": job.description, "tags": job.tags }));
            for schedule in &job.schedules {
                register.schedules.push(json!({ "id": id()?, "location": job.location, "repository": job.repository,
                    "name": job.name, "schedule": schedule.name, "description": schedule.description,
                    "cron": schedule.cron.text(), "timezone": schedule.cron.zone(), "tags": schedule.tags,
                    "runs_by_default": schedule.is_running }));
            }
            register.version(model, job, id)?;
        }
        Ok(register)
    }

    fn version(&mut self, model: &Model, job: &Job, id: impl Fn() -> Result<String, Error>) -> Result<(), Error> {
        let definition = Definition::of(model, job);
        let hash = definition.hash(job);
        self.versions.push(json!({ "id": id()?, "location": job.location, "repository": job.repository,
            "name": job.name, "hash": hash, "description": job.description, "definition": definition,
            "parameters": [] }));
        for (at, op) in definition.ops.iter().enumerate() {
            let kind = match op.work {
                WorkDefinition::Process { .. } => "process",
                WorkDefinition::Mutation { .. } => "mutation",
            };
            let is_needed = definition.ops.iter().any(|other| other.needs.contains(&at));
            self.ops.push(json!({ "id": id()?, "hash": hash, "name": op.name, "slug": op.name,
                "description": job.ops.get(at).and_then(|op| op.description.clone()), "kind": kind,
                "retries_max": op.retry.map_or(0, |retry| retry.max), "is_root": op.needs.is_empty(),
                "is_terminal": !is_needed }));
            for need in &op.needs {
                let up = &definition.ops[*need].name;
                self.edges.push(json!({ "id": id()?, "hash": hash, "up": up, "down": op.name }));
            }
        }
        Ok(())
    }
}

/// What becomes of what the database has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// These jobs are the current ones: what the project declares no longer stays, and is said not to be current.
    Served,
    /// Others say which jobs are current: what is not there is added, and nothing that is there is changed.
    Added,
}

/// Writes them.
pub(crate) async fn tell(tx: &Tx, clock: Value, (register, standing): (&Register, Standing)) -> Result<(), Error> {
    let now = tx.one(&of::CLOCK, vec![clock]).await?;
    let now = Value::Instant(clock_of(&now)?);
    let calls = vec![(&of::TENANT_PUT, vec![Value::Uuid(register.tenant), now.clone()]), (&of::TENANT_READ, vec![])];
    let rows = tx.run(calls).await?;
    let tenant = uuid(rows.get(1).and_then(|rows| only(rows))).ok_or(Error::NoAnswer("tenant"))?;
    let list = |items: &[Json]| Value::Json(Json::from(items).to_string());
    let with = |items: &[Json]| vec![list(items), Value::Uuid(tenant), now.clone()];
    let standing_with = |items: &[Json]| {
        let mut values = with(items);
        values.push(Value::Boolean(standing == Standing::Served));
        values
    };
    tx.run(vec![
        (&of::PROJECTS_PUT, with(&register.projects)),
        (&of::JOBS_PUT, standing_with(&register.jobs)),
        (&of::VERSIONS_PUT, standing_with(&register.versions)),
        (&of::OPS_PUT, with(&register.ops)),
        (&of::EDGES_PUT, with(&register.edges)),
    ])
    .await?;
    match standing {
        Standing::Added => Ok(()),
        Standing::Served => {
            tx.run(vec![
                (&of::JOBS_RETIRE, vec![list(&register.jobs), now.clone()]),
                (&of::VERSIONS_ARCHIVE, vec![list(&register.versions)]),
                (&of::SCHEDULES_PUT, with(&register.schedules)),
                (&of::SCHEDULES_RETIRE, vec![list(&register.schedules)]),
            ])
            .await?;
            Ok(())
        }
    }
}
