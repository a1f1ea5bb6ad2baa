//! What launches runs by itself: `@schedule` by the clock, `@on` by changes of content.

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;
use apollo_compiler::parser::Parser;
use apollo_compiler::schema::ObjectType;
use serde_json::{Value as Json, json};

use super::{ops, tags};
use crate::read::{Env, Faults, arguments, declarations, literals, own};
use crate::{ContentEvent, Cron, CronFault, Diagnostic, Job, Model, Schedule, ScheduleConfig, Trigger, config, naming};

/// Schedules of one job.
pub const SCHEDULES_MAX: usize = 100;
/// Bytes of the config that a schedule gives.
const CONFIG_BYTES_MAX: usize = 1 << 20;
/// Tokens of it.
const CONFIG_TOKENS_MAX: usize = 100_000;

pub(super) fn schedules(env: &Env, object: &ObjectType, job: &mut Job, faults: &mut Faults) {
    let directives: Vec<_> = object.directives.get_all("schedule").collect();
    if directives.len() > SCHEDULES_MAX {
        let message = format!("`{}` has more than the {SCHEDULES_MAX} schedules that a job may have", job.type_name);
        faults.push(Diagnostic::new(message, job.place.clone()));
        return;
    }
    let read = directives.into_iter().filter_map(|directive| schedule(env, job, directive, faults));
    let schedules = read.collect();
    job.schedules = schedules;
}

fn schedule(env: &Env, job: &Job, directive: &Node<Directive>, faults: &mut Faults) -> Option<Schedule> {
    let written = arguments::text(env, directive, "name");
    if let Some(word) = written {
        declarations::check_word(env, directive, "name", word, faults);
    }
    let state = arguments::value(env, directive, "defaultStatus").and_then(|value| arguments::word(value));
    let cron = cron(env, directive, faults);
    let config = config_of(env, job, directive, faults);
    Some(Schedule {
        name: written.map_or_else(|| [job.name.as_str(), "_schedule"].concat(), str::to_owned),
        description: arguments::text(env, directive, "description").map(str::to_owned),
        tags: tags(env, directive, "tags", faults),
        run_tags: tags(env, directive, "runTags", faults),
        config,
        is_running: state == Some("RUNNING"),
        place: env.texts.place(directive.location()),
        cron: cron?,
    })
}

fn cron(env: &Env, directive: &Node<Directive>, faults: &mut Faults) -> Option<Cron> {
    let text = arguments::text(env, directive, "cron")?;
    let zone = arguments::text(env, directive, "timezone").unwrap_or("UTC");
    let met = match Cron::new(text, zone) {
        Ok(cron) => return Some(cron),
        Err(met) => met,
    };
    for fault in met {
        let (argument, help) = cron_help(&fault);
        faults.push(Diagnostic::new(fault.to_string(), arguments::place(env, directive, argument)).help(help));
    }
    None
}

/// The argument that is wrong, and the fix.
fn cron_help(fault: &CronFault) -> (&'static str, &'static str) {
    match fault {
        CronFault::Expression { .. } => {
            ("cron", "write minute, hour, day of month, month and day of week: \"0 3 * * *\" is every night at three")
        }
        CronFault::Never { .. } => ("cron", "change the day or the month"),
        CronFault::Zone { .. } => ("timezone", "write an IANA name such as \"Europe/Paris\""),
    }
}

/// The config of the runs: a value literal that the job must take, or a program.
fn config_of(env: &Env, job: &Job, directive: &Node<Directive>, faults: &mut Faults) -> ScheduleConfig {
    let written = arguments::text(env, directive, "config");
    if arguments::value(env, directive, "command").is_some() {
        if written.is_some() {
            let message = "a schedule has either `config` or a `command` that gives it";
            let fault = Diagnostic::new(message, arguments::place(env, directive, "config"));
            faults.push(fault.help("remove one of the two"));
        }
        return ScheduleConfig::Command(ops::command(env, directive, faults));
    }
    let place = || arguments::place(env, directive, "config");
    let value = match written.map(literal) {
        None => json!({}),
        Some(Ok(value)) => value,
        Some(Err(reason)) => {
            let fault = Diagnostic::new(format!("the config of this schedule is no value: {reason}"), place());
            faults.push(fault.help("write a GraphQL value: `{ ops: { extract: { config: { limit: 5 } } } }`"));
            return ScheduleConfig::Given(json!({}));
        }
    };
    for fault in config::check(&job.config_type(), &value) {
        let message = format!("the job `{}` does not take the config of this schedule: {fault}", job.name);
        faults.push(Diagnostic::new(message, place()));
    }
    ScheduleConfig::Given(value)
}

/// A GraphQL value as JSON: read as the argument of a directive, which is where the grammar has values.
fn literal(text: &str) -> Result<Json, String> {
    if text.len() > CONFIG_BYTES_MAX {
        return Err(format!("it has more than {CONFIG_BYTES_MAX} bytes"));
    }
    let document = ["extend scalar S @s(of: ", text, ")"].concat();
    let parsed = Parser::new().token_limit(CONFIG_TOKENS_MAX).parse_ast(document, "config");
    let document = parsed.map_err(|failed| {
        failed.errors.iter().next().map_or_else(|| "it does not parse".to_owned(), |error| error.error.to_string())
    })?;
    let [definition] = document.definitions.as_slice() else {
        return Err("it is more than one value".to_owned());
    };
    let directives = definition.directives();
    let value = directives.first().filter(|of| directives.len() == 1 && of.arguments.len() == 1);
    let value = value.ok_or_else(|| "it is more than one value".to_owned())?;
    Ok(literals::to_json(&value.arguments[0].value))
}

pub(super) fn triggers(
    env: &Env,
    model: &Model,
    (object, job): (&ObjectType, &Job),
    faults: &mut Faults,
) -> Vec<Trigger> {
    if let Some(first) = object.directives.get("on") {
        for fault in config::check(&job.config_type(), &json!({})) {
            let message =
                format!("an event of content gives no config, and the job `{}` needs some: {fault}", job.name);
            let fault = Diagnostic::new(message, env.texts.place(first.location()));
            faults.push(fault.help("give it a default"));
        }
    }
    object.directives.get_all("on").filter_map(|directive| trigger(env, model, directive, faults)).collect()
}

fn trigger(env: &Env, model: &Model, directive: &Node<Directive>, faults: &mut Faults) -> Option<Trigger> {
    let name = arguments::text(env, directive, "model")?;
    let Some(of) = model.type_named(name).filter(|of| !model.content_type(*of).is_of_engine()) else {
        let near = naming::nearest(name, model.shown_types().map(|(_, of)| of.name.as_str()));
        let message = format!("there is no content type `{name}`");
        let fault = Diagnostic::new(message, arguments::place(env, directive, "model"));
        faults.push(match near {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None => fault.help("name a type with @model"),
        });
        return None;
    };
    let mut events = Vec::new();
    let words = arguments::words(env, directive, "events").unwrap_or_default();
    if words.is_empty() {
        let fault = Diagnostic::new("this names no event", arguments::place(env, directive, "events"));
        faults.push(fault.help("name CREATE, UPDATE, DELETE, PUBLISH or UNPUBLISH"));
    }
    for (word, node) in words {
        let Some(event) = own::event(word) else { continue };
        let is_of_drafts = matches!(event, ContentEvent::Publish | ContentEvent::Unpublish);
        if is_of_drafts && !model.content_type(of).draft_and_publish {
            let message = format!("{word} never happens: `{name}` has no drafts");
            let fault = Diagnostic::new(message, env.texts.place(node.location()));
            faults.push(fault.help("name CREATE or UPDATE, or give the type `draftAndPublish: true`"));
        }
        if !events.contains(&event) {
            events.push(event);
        }
    }
    Some(Trigger { of, events })
}
