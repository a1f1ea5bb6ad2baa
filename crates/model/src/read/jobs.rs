//! Types with `@job`: the short form, in which a job's fields are its ops and their arguments are config.

mod config;
mod launching;
mod needs;
mod ops;

use std::collections::{HashMap, HashSet};

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;
use apollo_compiler::schema::ObjectType;

use self::config::Configs;
use super::catalog::Named;
use super::{Env, Faults, arguments, declarations, rules};
use crate::{Diagnostic, Executor, Job, Model, Place, Tags, WorkerLost, naming};

/// Ops of one job.
pub const OPS_MAX: usize = 1_000;
/// Tags in one list of them.
pub const TAGS_MAX: usize = 100;

/// Directives that a job may bear; `later` refuses those that are not served yet.
const ON_JOBS: [&str; 6] = ["job", "schedule", "on", "allow", "sensor", "partitions"];

/// Every job of the schema, in the order of the text. A faulty part is left out.
pub(super) fn read(env: &Env, model: &mut Model, faults: &mut Faults) {
    let mut configs = Configs::new(env);
    let objects = env.schema.types.values().filter_map(|of| of.as_object());
    let jobs = objects.filter(|object| is_job(env, object));
    model.jobs = jobs.map(|object| job(env, model, object, &mut configs, faults)).collect();
    check_names(&model.jobs, faults);
}

/// A job, and nothing else besides.
fn is_job(env: &Env, object: &ObjectType) -> bool {
    env.catalog.get(&object.name) == Some(Named::Workflow) && object.directives.has("job")
}

/// Inputs that the config of a job uses, directly or within others.
pub(super) fn inputs(env: &Env) -> HashSet<String> {
    config::inputs(env, env.schema.types.values().filter_map(|of| of.as_object()).filter(|object| is_job(env, object)))
}

fn job(env: &Env, model: &Model, object: &ObjectType, configs: &mut Configs, faults: &mut Faults) -> Job {
    declarations::check_kind(env, object, faults);
    check_directives(env, object, faults);
    // `is_job` has seen it.
    let directive = object.directives.get("job").expect("a job has @job");
    let text = |argument: &str| arguments::text(env, directive, argument).unwrap_or_default().to_owned();
    let mut job = Job {
        name: name(env, directive, &object.name, faults),
        type_name: object.name.to_string(),
        description: object.description.as_ref().map(ToString::to_string),
        location: text("location"),
        repository: text("repository"),
        tags: tags(env, directive, "tags", faults),
        run_tags: tags(env, directive, "runTags", faults),
        executor: executor(env, directive),
        max_concurrent: max_concurrent(env, directive, faults),
        on_worker_lost: on_worker_lost(env, directive),
        max_runtime: declarations::duration(env, directive, "maxRuntime", faults),
        ops: ops::read(env, object, configs, faults),
        schedules: Vec::new(),
        triggers: Vec::new(),
        rules: rules::of_job(env, object, faults),
        place: env.texts.place(object.name.location()),
    };
    needs::read(env, object, &mut job, faults);
    launching::schedules(env, object, &mut job, faults);
    job.triggers = launching::triggers(env, model, object, faults);
    job
}

fn check_directives(env: &Env, object: &ObjectType, faults: &mut Faults) {
    for directive in object.directives.iter().filter(|of| !ON_JOBS.contains(&of.name.as_str())) {
        let is_known = env.schema.directive_definitions.contains_key(&directive.name);
        let is_kind = ["model", "component", "ops", "graph", "assets", "outputs"].contains(&directive.name.as_str());
        if is_known && !is_kind {
            let message = format!("@{} has no meaning on a job", directive.name);
            faults.push(Diagnostic::new(message, env.texts.place(directive.location())).help("remove it"));
        }
    }
    if let Some(implemented) = object.implements_interfaces.first() {
        let message = format!("the job `{}` cannot implement an interface", object.name);
        let fault = Diagnostic::new(message, env.texts.place(implemented.location()));
        faults.push(fault.help("only content types implement interfaces"));
    }
}

/// The name that is written, or the type's in snake case.
fn name(env: &Env, directive: &Node<Directive>, type_name: &str, faults: &mut Faults) -> String {
    let Some(written) = arguments::text(env, directive, "name") else {
        return naming::snake(type_name);
    };
    declarations::check_word(env, directive, "name", written, faults);
    written.to_owned()
}

fn executor(env: &Env, directive: &Node<Directive>) -> Executor {
    match arguments::value(env, directive, "executor").and_then(|value| arguments::word(value)) {
        Some("IN_PROCESS") => Executor::InProcess,
        // The default; any other word was refused by GraphQL's validation.
        _ => Executor::Multiprocess,
    }
}

fn on_worker_lost(env: &Env, directive: &Node<Directive>) -> WorkerLost {
    match arguments::value(env, directive, "onWorkerLost").and_then(|value| arguments::word(value)) {
        Some("FAIL") => WorkerLost::Fail,
        // The default; any other word was refused by GraphQL's validation.
        _ => WorkerLost::Resume,
    }
}

fn max_concurrent(env: &Env, directive: &Node<Directive>, faults: &mut Faults) -> Option<u32> {
    let asked = arguments::number(env, directive, "maxConcurrent")?;
    let most = u32::try_from(asked).ok().filter(|most| *most > 0);
    if most.is_none() {
        let message =
            format!("`maxConcurrent` is the number of steps that may run side by side, 1 or more, not {asked}");
        faults.push(Diagnostic::new(message, arguments::place(env, directive, "maxConcurrent")));
    }
    most
}

/// An object of text to text.
fn tags(env: &Env, directive: &Node<Directive>, argument: &str, faults: &mut Faults) -> Tags {
    let Some(value) = arguments::value(env, directive, argument) else { return Tags::new() };
    let place = || arguments::place(env, directive, argument);
    let Some(members) = value.as_object() else {
        let fault = Diagnostic::new(format!("`{argument}` is an object of texts"), place());
        faults.push(fault.help(format!("write `{argument}: {{ team: \"menu\" }}`")));
        return Tags::new();
    };
    if members.len() > TAGS_MAX {
        let message = format!("{} tags are more than the {TAGS_MAX} that may stand here", members.len());
        faults.push(Diagnostic::new(message, place()));
    }
    let mut tags = Tags::new();
    for (key, value) in members {
        if let Some(text) = value.as_str() {
            tags.insert(key.to_string(), text.to_owned());
        } else {
            let fault = Diagnostic::new(format!("the tag `{key}` is no text"), env.texts.place(value.location()));
            faults.push(fault.help("write it in quotes"));
        }
    }
    tags
}

/// Jobs and schedules are found by their names within a repository.
fn check_names(jobs: &[Job], faults: &mut Faults) {
    let mut seen_jobs: HashMap<(&str, &str, &str), &Place> = HashMap::new();
    let mut seen_schedules: HashMap<(&str, &str, &str), &Place> = HashMap::new();
    for job in jobs {
        let key = (job.location.as_str(), job.repository.as_str(), job.name.as_str());
        if let Some(first) = seen_jobs.insert(key, &job.place) {
            let message = format!("two jobs of the repository `{}` are called `{}`", job.repository, job.name);
            let fault = Diagnostic::new(message, job.place.clone()).related(first.clone(), "the other one");
            faults.push(fault.help("give one of them a `name:`, or another `repository:`"));
        }
        for schedule in &job.schedules {
            let key = (job.location.as_str(), job.repository.as_str(), schedule.name.as_str());
            if let Some(first) = seen_schedules.insert(key, &schedule.place) {
                let message =
                    format!("two schedules of the repository `{}` are called `{}`", job.repository, schedule.name);
                let fault = Diagnostic::new(message, schedule.place.clone()).related(first.clone(), "the other one");
                faults.push(fault.help("give one of them a `name:`"));
            }
        }
    }
}
