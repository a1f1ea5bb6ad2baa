//! `@sensor` and `@partitions`: read and shown, not yet run.

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;
use apollo_compiler::schema::ObjectType;

use super::{ops, tags};
use crate::read::{Env, Faults, arguments, declarations};
use crate::{Diagnostic, Job, PartitionKeys, Partitions, Sensor};

/// Keys of one set of partitions that are written out.
const KEYS_MAX: usize = 10_000;

pub(super) fn sensors(env: &Env, object: &ObjectType, faults: &mut Faults) -> Vec<Sensor> {
    object.directives.get_all("sensor").filter_map(|directive| sensor(env, directive, faults)).collect()
}

/// A sensor. One that would run without anybody starting it is refused, since nothing asks sensors yet.
pub(super) fn sensor(env: &Env, directive: &Node<Directive>, faults: &mut Faults) -> Option<Sensor> {
    let name = arguments::text(env, directive, "name")?;
    declarations::check_word(env, directive, "name", name, faults);
    let state = arguments::value(env, directive, "defaultStatus").and_then(|value| arguments::word(value));
    if state == Some("RUNNING") {
        let message = "a sensor that is running is part of the language, but this version does not serve it yet";
        let fault = Diagnostic::new(message, arguments::place(env, directive, "defaultStatus"));
        faults.push(fault.help("leave it out for now: sensors are shown, and nothing asks them"));
    }
    let every = declarations::duration(env, directive, "every", faults).unwrap_or_default();
    if every.is_zero() {
        let message = format!("`{name}` would be asked without a pause");
        faults.push(Diagnostic::new(message, arguments::place(env, directive, "every")).help("write an interval"));
    }
    Some(Sensor {
        name: name.to_owned(),
        every,
        description: arguments::text(env, directive, "description").map(str::to_owned),
        command: ops::command(env, directive, faults),
        place: env.texts.place(directive.location()),
    })
}

pub(super) fn partitions(env: &Env, object: &ObjectType, job: &Job, faults: &mut Faults) -> Option<Partitions> {
    let directive = object.directives.get("partitions")?;
    let text = |argument: &str| arguments::text(env, directive, argument).map(str::to_owned);
    let keys = keys(env, directive, faults)?;
    let written = text("name");
    if let Some(word) = &written {
        declarations::check_word(env, directive, "name", word, faults);
    }
    Some(Partitions {
        name: written.unwrap_or_else(|| [job.name.as_str(), "_partition_set"].concat()),
        keys,
        config: text("config"),
        tags: tags(env, directive, "tags", faults),
        place: env.texts.place(directive.location()),
    })
}

/// One of `keys`, `daily` and `command`.
fn keys(env: &Env, directive: &Node<Directive>, faults: &mut Faults) -> Option<PartitionKeys> {
    let is_given = |argument: &&str| arguments::value(env, directive, argument).is_some();
    let given: Vec<&str> = ["keys", "daily", "command"].into_iter().filter(is_given).collect();
    let [which] = given.as_slice() else {
        let fault = Diagnostic::new(
            "partitions have one of `keys`, `daily` and `command`",
            env.texts.place(directive.location()),
        );
        faults.push(fault.help("write one of them"));
        return None;
    };
    Some(match *which {
        "daily" => PartitionKeys::Daily(arguments::text(env, directive, "daily").unwrap_or_default().to_owned()),
        "command" => PartitionKeys::Command(ops::command(env, directive, faults)),
        _ => {
            let mut keys: Vec<String> = Vec::new();
            for (word, node) in arguments::words(env, directive, "keys").unwrap_or_default() {
                if keys.iter().any(|key| key == word) {
                    let fault =
                        Diagnostic::new(format!("`{word}` stands here twice"), env.texts.place(node.location()));
                    faults.push(fault.help("keep one of them"));
                } else {
                    keys.push(word.to_owned());
                }
            }
            if keys.is_empty() || keys.len() > KEYS_MAX {
                let message = format!("partitions have between 1 and {KEYS_MAX} keys");
                faults.push(Diagnostic::new(message, arguments::place(env, directive, "keys")));
            }
            PartitionKeys::Fixed(keys)
        }
    })
}
