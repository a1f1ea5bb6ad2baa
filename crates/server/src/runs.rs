//! Commands about runs of the project's own jobs: what a request gives becomes what the engine is asked, its refusals become causes.

use std::sync::{Arc, PoisonError};

use ::runs::transition::RunStatus;
use ::runs::{Again, CancelOutcome, Ending, Engine, Error, Launch, NewRun, OWN_TAGS, RunKey, RunRecord};
use model::{Action, Job, Tags};
use plan::{Cause, JobGrants, Policy, RunEffect, RunFault, Value};
use serde_json::{Map, Value as Json, json};
use store::{Asked, When, Work};

use crate::accounts::Sender;
use crate::app::App;

/// Runs that one request may end.
const RUNS_ENDED_MAX: usize = 10_000;
/// Runs that one request may launch.
const RUNS_LAUNCHED_MAX: usize = 1_000;
/// Tags that a repetition does not take from the run that it repeats.
const NOT_REPEATED: [&str; 5] = [
    "dagster/will_retry",
    "dagster/failure_reason",
    "dagster/retry_number",
    "dagster/is_resume_retry",
    "dagster/auto_retry_run_id",
];

/// Prepares one command.
pub(crate) async fn prepare(
    (app, sender): (&App, &Sender),
    asked: Asked<'_>,
    effect: RunEffect,
) -> Result<Work, Cause> {
    if effect == RunEffect::Reread {
        return Ok(reread(sender));
    }
    let engine = app.engine().ok_or(Cause::Run(RunFault::NoEngine))?;
    let granted = Policy::of(app.model(), &sender.caller).jobs();
    let command = Command { app, engine, granted, asked };
    match effect {
        RunEffect::Launch => command.launch().await,
        RunEffect::LaunchEach => command.launch_each().await,
        RunEffect::Repeat => command.repeat().await,
        RunEffect::Terminate => command.terminate().await,
        RunEffect::TerminateEach => command.terminate_each().await,
        RunEffect::Delete => command.delete().await,
        RunEffect::SwitchSchedule => command.switch_schedule().await,
        RunEffect::Reread => Ok(reread(sender)),
    }
}

/// The project has been read before its answer was begun; what is left is to say how that went.
fn reread(sender: &Sender) -> Work {
    let failure = sender.reread.as_ref().and_then(|outcome| outcome.failure.clone());
    let made = move |_: &Value| Ok(vec![("failure", json!(failure).to_string())]);
    Work { made: Some(Box::new(made)), ..Work::row(None) }
}

struct Command<'a> {
    app: &'a App,
    engine: &'a Arc<Engine>,
    granted: JobGrants,
    asked: Asked<'a>,
}

impl Command<'_> {
    async fn launch(&self) -> Result<Work, Cause> {
        let members = ["location", "repository", "job", "key", "parent", "root"].into_iter();
        let texts = members.filter_map(|name| Some((name.to_owned(), self.text(name)?.into())));
        let documents = ["config", "tags", "steps", "selection"].into_iter();
        let documents = documents.map(|name| (name.to_owned(), self.json(name)));
        let mut launch = launch_of(&texts.chain(documents).collect::<Map<_, _>>().into())?;
        if let (Some(parent), Some("failed")) = (launch.parent, self.text("strategy").as_deref()) {
            self.may_launch(&launch).await?;
            launch.steps = self.engine.again(parent, Again::FromFailure).await.map_err(|error| cause(&error))?.steps;
        }
        self.launched(launch).await
    }

    /// Each launch is checked by itself; those that hold are written together.
    async fn launch_each(&self) -> Result<Work, Cause> {
        let launches = self.json("launches");
        let launches = launches.as_array().map(Vec::as_slice).unwrap_or_default();
        if launches.len() > RUNS_LAUNCHED_MAX {
            let text =
                format!("{} runs are more than the {RUNS_LAUNCHED_MAX} that one request may launch", launches.len());
            return Err(Cause::Run(RunFault::Status(text)));
        }
        let (mut rows, mut faults, mut all) = (Vec::with_capacity(launches.len()), Vec::new(), Vec::new());
        for given in launches {
            let prepared = self.prepared(given).await;
            match prepared.and_then(|new| if rows.contains(&new.key().value()) { Err(taken(&new)) } else { Ok(new) }) {
                Ok(new) => {
                    rows.push(new.key().value());
                    all.push(new);
                }
                Err(cause) => {
                    // A key that no run has: nothing is shown of it but why.
                    let missing = self.app.settings.ids.uuid(self.app.settings.clock.now());
                    let missing = Value::Uuid(missing.map_err(|_| Cause::Internal)?);
                    faults.push((missing.clone(), fault_word(&cause)));
                    rows.push(missing);
                }
            }
        }
        let made = move |key: &Value| {
            let fault = faults.iter().find(|(missing, _)| missing == key).map(|(_, fault)| fault);
            Ok(vec![("fault", json!(fault).to_string())])
        };
        let work = Work::effect(self.engine.launches_effect(all, cause));
        Ok(Work { rows, made: Some(Box::new(made)), ..work })
    }

    async fn prepared(&self, given: &Json) -> Result<NewRun, Cause> {
        let launch = launch_of(given)?;
        self.may_launch(&launch).await?;
        let new = self.engine.prepare(launch).await.map_err(|error| cause(&error))?;
        let is_taken = self.engine.run(new.key()).await.map_err(|error| cause(&error))?.is_some();
        if is_taken { Err(taken(&new)) } else { Ok(new) }
    }

    async fn repeat(&self) -> Result<Work, Cause> {
        let parent = run_key(&self.text("parent").unwrap_or_default())?;
        let is_from_failure = self.text("strategy").as_deref() == Some("failed");
        self.seen(parent).await?;
        let again = if is_from_failure { Again::FromFailure } else { Again::All };
        let mut launch = self.engine.again(parent, again).await.map_err(|error| cause(&error))?;
        launch.tags.retain(|name, _| !NOT_REPEATED.contains(&name.as_str()) && !name.starts_with(".dagster/"));
        if self.boolean("fresh") {
            launch.tags.clear();
        }
        launch.tags.extend(tags_of(&self.json("tags")));
        let root = launch.root.unwrap_or(parent);
        launch.tags.insert("dagster/parent_run_id".to_owned(), parent.to_string());
        launch.tags.insert("dagster/root_run_id".to_owned(), root.to_string());
        if is_from_failure {
            launch.tags.insert("dagster/is_resume_retry".to_owned(), "true".to_owned());
        }
        self.launched(launch).await
    }

    async fn launched(&self, launch: Launch) -> Result<Work, Cause> {
        self.may_launch(&launch).await?;
        let new = self.engine.prepare(launch).await.map_err(|error| cause(&error))?;
        Ok(Work::effect(self.engine.launch_effect(new, cause)))
    }

    /// The job is one that the caller sees and may launch, the runs that are named before it ones that he sees. Tags of the engine's own come from no
    /// request, but for those of the run of the same job that is repeated.
    async fn may_launch(&self, launch: &Launch) -> Result<(), Cause> {
        let job = (launch.location.as_str(), launch.repository.as_str(), launch.job.as_str());
        self.may(job, Action::Find)?;
        self.may(job, Action::Launch)?;
        let parent = match launch.parent {
            Some(parent) => Some(self.seen(parent).await?),
            None => None,
        };
        if let Some(root) = launch.root {
            let run = self.seen(root).await?;
            if !launch.is_of_job_of(&run) {
                return Err(Cause::Run(RunFault::NoRun(root.to_string())));
            }
        }
        let kept = parent.filter(|run| launch.is_of_job_of(run)).map(|run| run.tags).unwrap_or_default();
        let mut own = launch.tags.iter().filter(|(name, _)| name.starts_with(OWN_TAGS));
        match own.find(|(name, value)| kept.get(*name) != Some(*value)) {
            None => Ok(()),
            Some((name, _)) => Err(Cause::Run(RunFault::Unserved(format!(
                "the tag `{name}` cannot be given to a run: tags that begin with `{OWN_TAGS}` are the server's own"
            )))),
        }
    }

    async fn terminate(&self) -> Result<Work, Cause> {
        let (run, ending) = (self.run(Action::Cancel).await?, self.ending());
        let done = can_end(run.status, ending);
        let made = move |_: &Value| Ok(vec![("done", done.to_string())]);
        let shown = if ending == Ending::AtOnce { When::After } else { When::Before };
        let work = if done { Work::effect(self.engine.cancel_effect(run.key, ending, cause)) } else { Work::row(None) };
        Ok(Work { row: Some(run.key.value()), shown, made: Some(Box::new(made)), ..work })
    }

    /// Each run by itself: what could not be ended keeps no other from it.
    async fn terminate_each(&self) -> Result<Work, Cause> {
        let ids = texts(&self.json("runs")).unwrap_or_default();
        if ids.len() > RUNS_ENDED_MAX {
            let text = format!("{} runs are more than the {RUNS_ENDED_MAX} that one request may end", ids.len());
            return Err(Cause::Run(RunFault::Status(text)));
        }
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.push(self.to_end(id).await?);
        }
        let keys = found.iter().filter_map(|found| found.as_ref().ok()).map(|run| run.key).collect();
        let (effect, outcomes) = self.engine.cancel_each_effect(keys, (self.ending(), can_end), cause);
        let made = move |_: &Value| {
            let outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
            let mut outcomes = outcomes.iter();
            let told = found.iter().map(|found| match found {
                Ok(run) => ended(run, outcomes.next().copied().unwrap_or(CancelOutcome::Missing)),
                Err(told) => told.clone(),
            });
            Ok(vec![("done", told.collect::<Json>().to_string())])
        };
        Ok(Work { made: Some(Box::new(made)), ..Work::effect(effect) })
    }

    /// A run that the caller may end, or what is told of it.
    async fn to_end(&self, id: String) -> Result<Result<RunRecord, Json>, Cause> {
        let Some(key) = RunKey::of_text(&id) else { return Ok(Err(not_ended(&id, "missing"))) };
        let Some(run) = self.engine.run(key).await.map_err(|error| cause(&error))? else {
            return Ok(Err(not_ended(&id, "missing")));
        };
        let is_allowed = self.may((&run.location, &run.repository, &run.job), Action::Cancel).is_ok();
        Ok(if is_allowed { Ok(run) } else { Err(not_ended(&id, "forbidden")) })
    }

    async fn delete(&self) -> Result<Work, Cause> {
        let run = self.run(Action::Operate).await?;
        let work = Work::effect(self.engine.delete_effect(run.key, cause));
        Ok(Work { row: Some(run.key.value()), shown: When::Before, ..work })
    }

    async fn switch_schedule(&self) -> Result<Work, Cause> {
        let text = |name: &str| self.text(name).unwrap_or_default();
        let (location, repository, name) = (text("location"), text("repository"), text("schedule"));
        let is_its = |job: &&Job| {
            job.location == location
                && job.repository == repository
                && job.schedules.iter().any(|schedule| schedule.name == name)
        };
        let job = self.app.model().jobs.iter().find(is_its).ok_or(Cause::Run(RunFault::NoJob))?;
        self.may((&location, &repository, &job.name), Action::Operate)?;
        let is_running = self.value("running").map(|value| *value == Value::Boolean(true));
        let found = self.engine.schedule((&location, &repository), &name).await.map_err(|error| cause(&error))?;
        let key = found.ok_or(Cause::Run(RunFault::NoJob))?;
        let work = Work::effect(self.engine.switch_effect(key, is_running, cause));
        Ok(Work { row: Some(Value::Uuid(key)), shown: When::After, ..work })
    }

    /// A run that the caller sees: of a job that he may not find there is none.
    async fn seen(&self, key: RunKey) -> Result<RunRecord, Cause> {
        let run = self.engine.run(key).await.map_err(|error| cause(&error))?;
        let run = run.filter(|run| self.may((&run.location, &run.repository, &run.job), Action::Find).is_ok());
        run.ok_or_else(|| Cause::Run(RunFault::NoRun(key.to_string())))
    }

    /// The run that the request names, if its job's rules let the caller do that with it.
    async fn run(&self, action: Action) -> Result<RunRecord, Cause> {
        let id = self.text("run").unwrap_or_default();
        let missing = || Cause::Run(RunFault::NoRun(id.clone()));
        let key = RunKey::of_text(&id).ok_or_else(missing)?;
        let run = self.engine.run(key).await.map_err(|error| cause(&error))?.ok_or_else(missing)?;
        self.may((&run.location, &run.repository, &run.job), action)?;
        Ok(run)
    }

    fn may(&self, (location, repository, name): (&str, &str, &str), action: Action) -> Result<(), Cause> {
        let mut jobs = self.app.model().jobs_by_id();
        let found = jobs.find(|(_, job)| job.name == name && job.repository == repository && job.location == location);
        let is_allowed = found.map_or(self.granted.everything, |(id, _)| self.granted.allows(id, action));
        if is_allowed { Ok(()) } else { Err(Cause::Run(RunFault::Forbidden)) }
    }

    fn ending(&self) -> Ending {
        if self.boolean("at_once") { Ending::AtOnce } else { Ending::InOrder }
    }

    fn value(&self, name: &str) -> Option<&Value> {
        let (_, hole) = self.asked.command.given.iter().find(|(given, _)| *given == name)?;
        Some(self.asked.values.get(*hole))
    }

    fn text(&self, name: &str) -> Option<String> {
        match self.value(name) {
            Some(Value::Text(text)) => Some(text.clone()),
            Some(_) | None => None,
        }
    }

    fn boolean(&self, name: &str) -> bool {
        matches!(self.value(name), Some(Value::Boolean(true)))
    }

    fn json(&self, name: &str) -> Json {
        match self.value(name) {
            Some(Value::Json(text)) => serde_json::from_str(text).unwrap_or_default(),
            Some(_) | None => Json::Null,
        }
    }
}

/// The key that the request gives its run is another's.
fn taken(new: &NewRun) -> Cause {
    cause(&runs::Error::Taken(new.key()))
}

/// In order a run ends that waits or has started; at once every one that has not ended.
fn can_end(status: RunStatus, ending: Ending) -> bool {
    match (status, ending) {
        (RunStatus::Queued | RunStatus::Started, _) | (RunStatus::Starting | RunStatus::Canceling, Ending::AtOnce) => {
            true
        }
        (RunStatus::Starting | RunStatus::Canceling, Ending::InOrder)
        | (RunStatus::Succeeded | RunStatus::Failed | RunStatus::Canceled, _) => false,
    }
}

/// What is told of a run that was to end with others.
fn ended(run: &RunRecord, outcome: CancelOutcome) -> Json {
    let key = run.key.to_string();
    let (word, status) = match outcome {
        CancelOutcome::Done(status) => ("done", status),
        CancelOutcome::Refused(status) => ("ended", status),
        CancelOutcome::Missing => return not_ended(&key, "missing"),
    };
    json!({
        "_key": key, "outcome": word,
        "status": status.word(), "jobName": run.job, "repository": run.repository, "location": run.location,
        "tags": run.tags, "config": run.config, "opSelection": run.op_selection,
        "parent": run.parent.map(|key| key.to_string()), "root": run.root.map(|key| key.to_string()),
    })
}

fn not_ended(id: &str, word: &str) -> Json {
    json!({ "_key": id, "outcome": word })
}

/// A launch from the members that a request gives to it.
fn launch_of(given: &Json) -> Result<Launch, Cause> {
    let text = |name: &str| given[name].as_str().unwrap_or_default().to_owned();
    let key = |name: &str| given[name].as_str().map(run_key).transpose();
    Ok(Launch {
        location: text("location"),
        repository: text("repository"),
        job: text("job"),
        config: given["config"].clone(),
        tags: tags_of(&given["tags"]),
        key: key("key")?,
        steps: texts(&given["steps"]),
        op_selection: given.get("selection").filter(|selection| !selection.is_null()).cloned(),
        parent: key("parent")?,
        root: key("root")?,
        ..Launch::default()
    })
}

/// Why one of several is not done: a word for what the caller may not do, a sentence for all else.
fn fault_word(cause: &Cause) -> String {
    let Cause::Run(fault) = cause else { return "the run could not be launched".to_owned() };
    if *fault == RunFault::Forbidden { "forbidden".to_owned() } else { fault.to_string() }
}

fn run_key(text: &str) -> Result<RunKey, Cause> {
    RunKey::of_text(text).ok_or_else(|| Cause::Run(RunFault::NoRun(text.to_owned())))
}

fn texts(json: &Json) -> Option<Vec<String>> {
    let list = json.as_array()?;
    Some(list.iter().filter_map(Json::as_str).map(str::to_owned).collect())
}

fn tags_of(json: &Json) -> Tags {
    let pairs = json.as_object().into_iter().flatten();
    pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// Why the engine does not do what it is asked.
pub(crate) fn cause(error: &Error) -> Cause {
    Cause::Run(match error {
        Error::NoJob { .. } => RunFault::NoJob,
        Error::NoRun(run) => RunFault::NoRun(run.to_string()),
        Error::Config { faults, .. } => RunFault::Config(faults.clone()),
        Error::Selection(_) => RunFault::Steps(error.to_string()),
        Error::Taken(run) => RunFault::Taken(run.to_string()),
        Error::Refused(_) | Error::NotFailed(_) => RunFault::Status(error.to_string()),
        Error::Dynamic { .. } | Error::Hooked { .. } => RunFault::Unserved(error.to_string()),
        Error::Store(_) | Error::Lost(_) | Error::NoAnswer(_) | Error::Unreadable { .. } | Error::File { .. } => {
            tracing::error!(%error, "the workflow engine failed");
            return Cause::Internal;
        }
    })
}
