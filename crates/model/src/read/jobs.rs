//! Jobs: the short form, in which a job's fields are its ops and their arguments are config, and the whole language, in which they use ops
//! and graphs of libraries.

mod automation;
mod body;
mod config;
mod definitions;
mod inputs;
mod launching;
mod library;
mod mutation;
mod ops;
mod schema;
mod sources;

use std::collections::{HashMap, HashSet};

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Document};
use apollo_compiler::schema::ObjectType;

use self::body::Body;
pub use self::body::GRAPH_DEPTH_MAX;
use self::config::Configs;
pub(crate) use self::inputs::as_config;
use self::library::Library;
pub(super) use self::schema::ON_SCHEMA;
use self::schema::SchemaDirectives;
use super::catalog::{Named, WORKFLOW};
use super::{Env, Faults, arguments, declarations, rules};
use crate::{Diagnostic, Executor, Hook, Job, Model, Place, Repository, Tags, WorkerLost, naming};

/// Ops of one job.
pub const OPS_MAX: usize = 1_000;
/// Tags in one list of them.
pub const TAGS_MAX: usize = 100;
/// What the job that makes the assets of a repository is called.
pub const ASSET_JOB: &str = "__ASSET_JOB";

/// Directives that a job may bear.
const ON_JOBS: [&str; 6] = ["job", "schedule", "on", "allow", "sensor", "partitions"];

/// Every job of the schema, in the order of the text, and what is declared around them. A faulty part is left out.
pub(super) fn read(env: &Env, documents: &[Document], model: &mut Model, faults: &mut Faults) {
    let mut configs = Configs::new(env);
    let schema = SchemaDirectives::read(env, documents, faults);
    let library = Library::read(env, &schema, &mut configs, faults);
    let mut reader = Reader { env, library, configs };
    model.jobs = objects(env, "job").map(|object| reader.job(model, object, faults)).collect();
    let assets = reader.asset_jobs(faults);
    model.jobs.extend(assets);
    model.repositories = schema.repositories(env, faults);
    add_repositories(model);
    model.status_sensors = schema.status_sensors(env, faults);
    check_names(&model.jobs, faults);
}

/// Types of the workflow language with this directive.
fn objects<'a>(env: &Env<'a>, directive: &'static str) -> impl Iterator<Item = &'a ObjectType> {
    let objects = env.schema.types.values().filter_map(|of| of.as_object());
    let objects: Vec<&'a ObjectType> = objects
        .filter(|object| env.catalog.get(&object.name) == Some(Named::Workflow))
        .filter(|object| object.directives.has(directive))
        .collect();
    objects.into_iter()
}

/// Inputs that the config of a job uses, directly or within others, and resources.
pub(super) fn inputs(env: &Env) -> HashSet<String> {
    config::inputs_reached(env, WORKFLOW.into_iter().flat_map(|word| objects(env, word)), library::resources(env))
}

/// Repositories that nobody names but jobs.
fn add_repositories(model: &mut Model) {
    for job in &model.jobs {
        let is_same = |of: &Repository| of.location == job.location && of.name == job.repository;
        if !model.repositories.iter().any(is_same) {
            let (location, name, place) = (job.location.clone(), job.repository.clone(), job.place.clone());
            model.repositories.push(Repository { location, name, description: None, place });
        }
    }
}

struct Reader<'r, 'a> {
    env: &'r Env<'a>,
    library: Library<'a>,
    configs: Configs<'r>,
}

impl<'a> Reader<'_, 'a> {
    fn job(&mut self, model: &Model, object: &'a ObjectType, faults: &mut Faults) -> Job {
        let env = self.env;
        declarations::check_kind(env, object, faults);
        check_directives(env, object, faults);
        let directive = object.directives.get("job").expect("the caller looked for it");
        let text = |argument: &str| arguments::text(env, directive, argument).unwrap_or_default().to_owned();
        let place = env.texts.place(object.name.location());
        let mut job = Job {
            description: object.description.as_ref().map(ToString::to_string),
            tags: tags(env, directive, "tags", faults),
            run_tags: tags(env, directive, "runTags", faults),
            executor: executor(env, directive),
            max_concurrent: max_concurrent(env, directive, faults),
            on_worker_lost: on_worker_lost(env, directive),
            max_runtime: declarations::duration(env, directive, "maxRuntime", faults),
            rules: rules::of_job(env, object, faults),
            ..Job::named(
                &name(env, directive, &object.name, faults),
                &object.name,
                (&text("location"), &text("repository")),
                place,
            )
        };
        job.hooks = self.hooks(directive, &job.location, faults);
        self.body(&mut job, &[object], faults);
        launching::schedules(env, object, &mut job, faults);
        job.triggers = launching::triggers(env, model, (object, &job), faults);
        job.sensors = automation::sensors(env, object, faults);
        job.partitions = automation::partitions(env, object, &job, faults);
        job
    }

    /// The ops of a job and what feeds them.
    fn body(&mut self, job: &mut Job, objects: &[&'a ObjectType], faults: &mut Faults) {
        let (env, library, configs) = (self.env, &self.library, &mut self.configs);
        Body { env, library, configs, faults: &mut *faults, job: &mut *job, around: Vec::new() }.read(objects);
        job.resources.sort_by(|one, other| one.name.cmp(&other.name));
        sources::check_circles(job, faults);
    }

    /// One job for the assets of each repository.
    fn asset_jobs(&mut self, faults: &mut Faults) -> Vec<Job> {
        let mut groups: Vec<((String, String), Vec<&'a ObjectType>)> = Vec::new();
        for object in objects(self.env, "assets") {
            declarations::check_kind(self.env, object, faults);
            let directive = object.directives.get("assets").expect("the caller looked for it");
            let text = |argument: &str| arguments::text(self.env, directive, argument).unwrap_or_default().to_owned();
            let key = (text("location"), text("repository"));
            match groups.iter_mut().find(|(of, _)| *of == key) {
                Some((_, objects)) => objects.push(object),
                None => groups.push((key, vec![object])),
            }
        }
        let job = |((location, repository), objects): ((String, String), Vec<&'a ObjectType>)| {
            let place = self.env.texts.place(objects[0].name.location());
            let mut job = Job::named(ASSET_JOB, &objects[0].name, (&location, &repository), place);
            self.body(&mut job, &objects, faults);
            job
        };
        groups.into_iter().map(job).collect()
    }

    fn hooks(&self, directive: &Node<Directive>, location: &str, faults: &mut Faults) -> Vec<Hook> {
        let mut hooks = Vec::new();
        for (word, node) in arguments::words(self.env, directive, "hooks").unwrap_or_default() {
            if let Some(hook) = self.library.hooks.get(&(location.to_owned(), word.to_owned())) {
                hooks.push(hook.clone());
            } else {
                let place = self.env.texts.place(node.location());
                faults.push(library::unknown("hook", (location, word), place, self.library.hooks.keys()));
            }
        }
        hooks
    }
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
