//! What agents of others, and their users, ask of the workflow engine: values of a request become a question to it.

use std::io::Read as _;
use std::sync::Arc;

use ::runs::agents::{
    Ask, FlowJob, GroupChange, Keep, NewAgent, NewExternalRun, NewFlow, NewLine, NewOwnRun, NewSchedule, NewState,
    Removal, WithoutType,
};
use ::runs::{Engine, Launch, RunKey};
use flate2::read::GzDecoder;
use model::Action;
use plan::{
    AgentEffect, AgentFault, AgentGroup, AgentKeep, AgentRemoval, Cause, JobGrants, Need, Policy, Value, uuid_of_text,
};
use serde_json::{Map, Value as Json};
use store::{Asked, Work};

use crate::accounts::{Client, Sender};
use crate::app::App;
use crate::runs;

/// Bytes of a flow that came packed, when it is unpacked.
const FLOW_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Prepares what an agent asks.
pub(crate) async fn prepare(
    (app, sender): (&App, &Sender),
    effect: AgentEffect,
    asked: Asked<'_>,
) -> Result<Work, Cause> {
    let given = Given { asked, client: &sender.client };
    let Some(engine) = app.engine() else {
        tracing::error!("an agent asks, and there is no workflow engine");
        return Err(Cause::Internal);
    };
    let may = May { app, engine, granted: Policy::of(app.model(), &sender.caller).jobs() };
    let ask = match effect.need() {
        Need::Job(Action::Launch) => Some(may.launch(given.launch()).await?),
        Need::Job(action) => may.change(effect, action, &given).await?,
        Need::Nothing | Need::Action(_) => ask(effect, &given).map_err(Cause::Agent)?,
    };
    Ok(ask.map_or_else(answered, |ask| engine.agent_work(ask)))
}

/// A beat of nobody is answered like one of somebody.
fn answered() -> Work {
    Work { made: Some(Box::new(|_| Ok(vec![("success", "true".to_owned())]))), ..Work::row(None) }
}

/// What a caller may do with the runs of which jobs.
struct May<'a> {
    app: &'a App,
    engine: &'a Arc<Engine>,
    granted: JobGrants,
}

impl May<'_> {
    /// A launch: by the engine itself where the project declares the job.
    async fn launch(&self, new: NewExternalRun) -> Result<Ask, Cause> {
        let found = self.engine.flow_job(new.version, new.version_group.as_ref()).await;
        let Some(flow) = found.map_err(|error| runs::cause(&error))? else {
            let is_seen = new.version.is_none() || self.granted.everything;
            return if is_seen { Ok(Ask::Launch(Box::new(new))) } else { Err(Cause::Agent(unknown(new))) };
        };
        let job = (flow.location.as_str(), flow.repository.as_str(), flow.name.as_str());
        if !self.allows(job, Action::Find) {
            return Err(Cause::Agent(unknown(new)));
        }
        if !self.allows(job, Action::Launch) {
            return Err(Cause::Forbidden);
        }
        if !flow.is_own {
            return Ok(Ask::Launch(Box::new(new)));
        }
        if flow.is_archived {
            return Err(Cause::Agent(AgentFault::FlowArchived(flow.version)));
        }
        self.launch_own(flow, new).await
    }

    /// Parameters are the job's config, over those that all its runs have; a fault of it is told before anything is written.
    async fn launch_own(&self, flow: FlowJob, new: NewExternalRun) -> Result<Ask, Cause> {
        let mut config = flow.defaults.as_object().cloned().unwrap_or_default();
        match new.parameters {
            Json::Null => {}
            Json::Object(parameters) => config.extend(parameters),
            _ => return Err(Cause::Agent(AgentFault::Unreadable("parameters"))),
        }
        let launch = Launch {
            location: flow.location,
            repository: flow.repository,
            job: flow.name,
            config: Json::Object(config),
            name: new.name,
            idempotency_key: new.idempotency_key,
            scheduled_for: new.start,
            ..Launch::default()
        };
        let run = self.engine.prepare(launch).await.map_err(|error| runs::cause(&error))?;
        let shared: Option<Vec<String>> = serde_json::from_value(flow.labels).ok();
        let run_config = if new.run_config.is_null() { flow.run_config } else { new.run_config };
        let labels = new.labels.or(shared).unwrap_or_default();
        Ok(Ask::LaunchOwn(Box::new(NewOwnRun { run, labels, context: new.context, run_config })))
    }

    /// A change of one run. To those who may not see it, it is not there.
    async fn change(&self, effect: AgentEffect, action: Action, given: &Given<'_>) -> Result<Option<Ask>, Cause> {
        let key = given.key("flow_run_id").map_err(Cause::Agent)?;
        if let Some(run) = self.engine.run(RunKey(key)).await.map_err(|error| runs::cause(&error))? {
            let job = (run.location.as_str(), run.repository.as_str(), run.job.as_str());
            if !self.allows(job, Action::Find) {
                return if effect == AgentEffect::Cancel {
                    Err(Cause::Agent(AgentFault::RunInvalid(key)))
                } else {
                    Ok(Some(Ask::Nothing))
                };
            }
            if !self.allows(job, action) {
                return Err(Cause::Forbidden);
            }
        }
        ask(effect, given).map_err(Cause::Agent)
    }

    /// Jobs that the project does not declare, and so have no rules, are for operators.
    fn allows(&self, (location, repository, name): (&str, &str, &str), action: Action) -> bool {
        let mut jobs = self.app.model().jobs_by_id();
        let found = jobs.find(|(_, job)| job.name == name && job.repository == repository && job.location == location);
        found.map_or(self.granted.everything, |(id, _)| self.granted.allows(id, action))
    }
}

/// There is nothing to launch of that name; whatever stands there is not told.
fn unknown(new: NewExternalRun) -> AgentFault {
    match (new.version, new.version_group) {
        (Some(version), _) => AgentFault::FlowUnknown(version),
        (None, Some(group)) => AgentFault::GroupArchived(group),
        (None, None) => AgentFault::FlowUnnamed,
    }
}

/// What the engine is asked; none: nothing.
fn ask(effect: AgentEffect, given: &Given<'_>) -> Result<Option<Ask>, AgentFault> {
    let run = || given.key("flow_run_id");
    let flow = || given.key("flow_id");
    Ok(Some(match effect {
        AgentEffect::RunState { keeps_type } => {
            let without_type = if keeps_type { WithoutType::Kept } else { WithoutType::Refused };
            Ask::RunStates(vec![given.state("flow_run_id", without_type)?], given.client.agent)
        }
        AgentEffect::RunStates => Ask::RunStates(given.states("flow_run_id")?, given.client.agent),
        AgentEffect::StepState => Ask::StepStates(vec![given.state("task_run_id", WithoutType::Refused)?]),
        AgentEffect::StepStates => Ask::StepStates(given.states("task_run_id")?),
        AgentEffect::Launch => Ask::Launch(Box::new(given.launch())),
        AgentEffect::Step => {
            Ask::Step { run: run()?, op: given.key("task_id")?, map_index: given.int("map_index").unwrap_or(-1) }
        }
        AgentEffect::Cancel => Ask::Cancel(run()?),
        AgentEffect::Delete => Ask::Delete(run()?),
        AgentEffect::RunName => Ask::RunName(run()?, given.text("name").unwrap_or_default()),
        AgentEffect::StepName => Ask::StepName(given.key("task_run_id")?, given.text("name").unwrap_or_default()),
        AgentEffect::RunLabels => Ask::RunLabels(run()?, given.texts("labels").unwrap_or_default()),
        AgentEffect::RunBeat => match given.maybe_key("flow_run_id") {
            Some(run) => Ask::RunBeat(run),
            None => return Ok(None),
        },
        AgentEffect::StepBeat => match given.maybe_key("task_run_id") {
            Some(step) => Ask::StepBeat(step),
            None => return Ok(None),
        },
        AgentEffect::Line => Ask::Logs(vec![given.line()?]),
        AgentEffect::Lines => Ask::Logs(given.objects("logs").iter().map(line_of).collect::<Result<_, _>>()?),
        AgentEffect::Queue => Ask::Queue {
            tenant: given.maybe_key("tenant_id"),
            before: given.instant("before"),
            labels: given.texts("labels").unwrap_or_default(),
            agent: given.client.agent,
        },
        AgentEffect::Project => Ask::Project {
            tenant: given.maybe_key("tenant_id"),
            name: given.text("name").unwrap_or_default(),
            description: given.text("description"),
        },
        AgentEffect::ProjectName => Ask::ProjectSet(given.key("project_id")?, given.text("name"), None),
        AgentEffect::ProjectDescription => Ask::ProjectSet(given.key("project_id")?, None, given.text("description")),
        AgentEffect::Flow => Ask::Flow(Box::new(given.flow(given.json("serialized_flow")))),
        AgentEffect::FlowPacked => {
            let packed = given.text("serialized_flow").unwrap_or_default();
            Ask::Flow(Box::new(given.flow(unpacked(&packed).ok_or(AgentFault::FlowPacked)?)))
        }
        AgentEffect::Archive => Ask::Archive(flow()?),
        AgentEffect::Tasks => Ask::Tasks(flow()?, given.json("serialized_tasks")),
        AgentEffect::Edges => Ask::Edges(flow()?, given.json("serialized_edges")),
        AgentEffect::Schedule(is_active) => {
            Ask::Schedule(flow()?, is_active.or_else(|| given.boolean("set_active")).unwrap_or_default())
        }
        AgentEffect::Setting(name, is_on) => {
            Ask::Group { version: Some(flow()?), job: None, change: GroupChange::Setting(name, is_on) }
        }
        AgentEffect::Group(what) => given.group(what)?,
        AgentEffect::Agent => Ask::Agent(Box::new(given.agent())),
        AgentEffect::Unarchive => Ask::Unarchive(flow()?),
        AgentEffect::Move => Ask::Move(flow()?, given.key("project_id")?),
        AgentEffect::Remove(what) => Ask::Remove(given.removal(what)?),
        AgentEffect::Keep(what) => Ask::Keep(Box::new(given.keep(what)?)),
    }))
}

/// The values of a request by their names.
struct Given<'a> {
    asked: Asked<'a>,
    client: &'a Client,
}

impl Given<'_> {
    fn value(&self, name: &str) -> &Value {
        let hole = self.asked.command.given.iter().find(|(given, _)| given == name);
        hole.map_or(&Value::Null, |(_, hole)| self.asked.values.get(*hole))
    }

    fn text(&self, name: &str) -> Option<String> {
        match self.value(name) {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    fn maybe_key(&self, name: &str) -> Option<u128> {
        match self.value(name) {
            Value::Uuid(bits) => Some(*bits),
            _ => None,
        }
    }

    fn key(&self, name: &'static str) -> Result<u128, AgentFault> {
        self.maybe_key(name).ok_or(AgentFault::Unreadable(name))
    }

    fn int(&self, name: &str) -> Option<i64> {
        match self.value(name) {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    fn boolean(&self, name: &str) -> Option<bool> {
        match self.value(name) {
            Value::Boolean(truth) => Some(*truth),
            _ => None,
        }
    }

    fn instant(&self, name: &str) -> Option<i64> {
        match self.value(name) {
            Value::Instant(at) => Some(*at),
            _ => None,
        }
    }

    fn texts(&self, name: &str) -> Option<Vec<String>> {
        let Value::List(items) = self.value(name) else { return None };
        let text = |item: &Value| match item {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        Some(items.iter().filter_map(text).collect())
    }

    /// A document. One that is written as text in a request is read: releases before 1.0 document it so.
    fn json(&self, name: &str) -> Json {
        match self.value(name) {
            Value::Json(text) => read(serde_json::from_str(text).unwrap_or_default()),
            _ => Json::Null,
        }
    }

    /// The objects of a list, their members under names in snake case.
    fn objects(&self, name: &str) -> Vec<Map<String, Json>> {
        let Value::List(items) = self.value(name) else { return Vec::new() };
        let object = |item: &Value| match item {
            Value::Json(text) => serde_json::from_str::<Map<String, Json>>(text).ok(),
            _ => None,
        };
        items.iter().filter_map(object).map(in_snake_case).collect()
    }

    fn state(&self, name: &'static str, without_type: WithoutType) -> Result<NewState, AgentFault> {
        let of = self.maybe_key(name).or_else(|| self.maybe_key("id")).ok_or(AgentFault::Unreadable(name))?;
        Ok(NewState { of, version: self.int("version"), document: self.json("state"), without_type })
    }

    fn states(&self, name: &'static str) -> Result<Vec<NewState>, AgentFault> {
        let state = |object: &Map<String, Json>| {
            Ok(NewState {
                of: key_of(object, name).ok_or(AgentFault::Unreadable(name))?,
                version: object.get("version").and_then(Json::as_i64),
                document: read(object.get("state").cloned().unwrap_or_default()),
                without_type: WithoutType::Refused,
            })
        };
        self.objects("states").iter().map(state).collect()
    }

    fn launch(&self) -> NewExternalRun {
        NewExternalRun {
            version: self.maybe_key("flow_id"),
            version_group: self.text("version_group_id"),
            parameters: self.json("parameters"),
            labels: self.texts("labels"),
            run_config: self.json("run_config"),
            context: self.json("context"),
            start: self.instant("scheduled_start_time"),
            idempotency_key: self.text("idempotency_key"),
            name: self.text("flow_run_name"),
            is_scheduled: false,
        }
    }

    fn flow(&self, serialized: Json) -> NewFlow {
        NewFlow {
            serialized,
            project: self.maybe_key("project_id"),
            version_group: self.text("version_group_id"),
            description: self.text("description"),
            idempotency_key: self.text("idempotency_key"),
            is_scheduled: self.boolean("set_schedule_active").unwrap_or(true),
        }
    }

    fn line(&self) -> Result<NewLine, AgentFault> {
        Ok(NewLine {
            run: self.key("flow_run_id")?,
            step: self.maybe_key("task_run_id"),
            at: self.instant("timestamp"),
            name: self.text("name"),
            level: self.text("level").unwrap_or_else(|| LEVEL.to_owned()),
            message: self.text("message"),
            info: self.json("info"),
        })
    }

    fn removal(&self, what: AgentRemoval) -> Result<Removal, AgentFault> {
        Ok(match what {
            AgentRemoval::Flow => Removal::Flow(self.key("flow_id")?),
            AgentRemoval::Group => Removal::Group(self.key("flow_group_id")?),
            AgentRemoval::Project => Removal::Project(self.key("project_id")?),
            AgentRemoval::Agent => Removal::Agent(self.key("agent_id")?),
        })
    }

    /// What is kept beside runs.
    fn keep(&self, what: AgentKeep) -> Result<Keep, AgentFault> {
        let text = |name: &str| self.text(name).unwrap_or_default();
        Ok(match what {
            AgentKeep::Artifact => {
                Keep::Artifact { step: self.key("task_run_id")?, kind: text("kind"), data: self.json("data") }
            }
            AgentKeep::ArtifactSet => Keep::ArtifactSet(self.key("task_run_artifact_id")?, self.json("data")),
            AgentKeep::ArtifactRemove => Keep::ArtifactRemove(self.key("task_run_artifact_id")?),
            AgentKeep::Value => Keep::Value { key: text("key"), value: self.json("value") },
            AgentKeep::ValueRemove => Keep::ValueRemove(self.key("key_value_id")?),
            AgentKeep::Tenant => Keep::Tenant { name: text("name"), slug: text("slug") },
            AgentKeep::TenantSet => Keep::TenantSet {
                tenant: self.key("tenant_id")?,
                name: self.text("name"),
                slug: self.text("slug"),
                settings: self.json("settings"),
            },
        })
    }

    /// What all versions of a flow share.
    fn group(&self, what: AgentGroup) -> Result<Ask, AgentFault> {
        let job = self.key("flow_group_id")?;
        let change = match what {
            AgentGroup::Labels => GroupChange::Labels(self.texts("labels")),
            AgentGroup::RunConfig => GroupChange::RunConfig(self.json("run_config")),
            AgentGroup::Defaults => GroupChange::Defaults(self.json("parameters")),
            AgentGroup::Description => GroupChange::Description(self.text("description")),
            AgentGroup::Schedule => {
                let (crons, intervals) = (self.objects("cron_clocks"), self.objects("interval_clocks"));
                let schedule = NewSchedule { crons, intervals, timezone: self.text("timezone") };
                return Ok(Ask::GroupSchedule(job, Some(schedule)));
            }
            AgentGroup::ScheduleRemove => return Ok(Ask::GroupSchedule(job, None)),
        };
        Ok(Ask::Group { version: None, job: Some(job), change })
    }

    fn agent(&self) -> NewAgent {
        NewAgent {
            tenant: self.maybe_key("tenant_id"),
            config: self.maybe_key("agent_config_id"),
            name: self.text("name"),
            kind: self.text("type").unwrap_or_default(),
            core_version: self.client.release.clone(),
            labels: self.texts("labels").unwrap_or_default(),
        }
    }
}

/// How grave a line is that does not say.
const LEVEL: &str = "INFO";

fn line_of(object: &Map<String, Json>) -> Result<NewLine, AgentFault> {
    let text = |name: &str| object.get(name).and_then(Json::as_str).map(str::to_owned);
    let at = match text("timestamp") {
        Some(text) => Some(::runs::agents::micros(&text).ok_or(AgentFault::Unreadable("timestamp"))?),
        None => None,
    };
    Ok(NewLine {
        run: key_of(object, "flow_run_id").ok_or(AgentFault::Unreadable("flow_run_id"))?,
        step: match object.get("task_run_id") {
            None | Some(Json::Null) => None,
            Some(_) => Some(key_of(object, "task_run_id").ok_or(AgentFault::Unreadable("task_run_id"))?),
        },
        at,
        name: text("name"),
        level: text("level").unwrap_or_else(|| LEVEL.to_owned()),
        message: text("message"),
        info: object.get("info").cloned().unwrap_or_default(),
    })
}

fn key_of(object: &Map<String, Json>, name: &str) -> Option<u128> {
    object.get(name).and_then(Json::as_str).and_then(uuid_of_text)
}

/// JSON within text is read; text that is no JSON stays text.
fn read(json: Json) -> Json {
    match json {
        Json::String(text) => serde_json::from_str(&text).unwrap_or(Json::String(text)),
        other => other,
    }
}

/// `flowRunId` is `flow_run_id`.
fn in_snake_case(object: Map<String, Json>) -> Map<String, Json> {
    let snake = |name: String| {
        name.chars().fold(String::with_capacity(name.len() + 4), |mut snake, letter| {
            if letter.is_ascii_uppercase() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
            snake
        })
    };
    object.into_iter().map(|(name, value)| (snake(name), value)).collect()
}

/// A document as base64 of gzip.
fn unpacked(text: &str) -> Option<Json> {
    let packed = of_base64(text)?;
    let mut unpacked = Vec::new();
    let mut reader = GzDecoder::new(packed.as_slice()).take(FLOW_BYTES_MAX + 1);
    reader.read_to_end(&mut unpacked).ok()?;
    let fits = u64::try_from(unpacked.len()).is_ok_and(|bytes| bytes <= FLOW_BYTES_MAX);
    fits.then(|| serde_json::from_slice(&unpacked).ok()).flatten()
}

/// The bytes of a text in base64, with or without its padding.
pub(crate) fn of_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for letter in text.trim().trim_end_matches('=').bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _other => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    Some(bytes)
}
