//! Directives on the schema: `@repository`, `@hook`, `@runStatusSensor`. They stand on `extend schema`, which GraphQL's own validation does
//! not see here, so what it would say of their arguments is said here.

use std::collections::HashMap;

use apollo_compiler::Node;
use apollo_compiler::ast::{Definition, Directive, Document, Type, Value};

use super::{automation, ops};
use crate::read::{Env, Faults, arguments, declarations};
use crate::{Diagnostic, Hook, HookOn, Repository, StatusSensor, naming};

/// Those that a schema may bear.
pub(in crate::read) const ON_SCHEMA: [&str; 3] = ["repository", "hook", "runStatusSensor"];

/// The directives on the schema whose arguments fit.
pub(super) struct SchemaDirectives {
    list: Vec<Node<Directive>>,
}

impl SchemaDirectives {
    pub(super) fn read(env: &Env, documents: &[Document], faults: &mut Faults) -> SchemaDirectives {
        let extensions = documents.iter().flat_map(|document| &document.definitions);
        let directives = extensions.filter_map(|definition| match definition {
            Definition::SchemaExtension(of) => Some(of.directives.iter()),
            _ => None,
        });
        let known = directives.flatten().filter(|directive| ON_SCHEMA.contains(&directive.name.as_str()));
        SchemaDirectives { list: known.filter(|directive| fits(env, directive, faults)).cloned().collect() }
    }

    fn all<'s>(&'s self, name: &'static str) -> impl Iterator<Item = &'s Node<Directive>> {
        self.list.iter().filter(move |directive| directive.name == name)
    }

    pub(super) fn repositories(&self, env: &Env, faults: &mut Faults) -> Vec<Repository> {
        let mut list: Vec<Repository> = Vec::new();
        for directive in self.all("repository") {
            let text = |argument: &str| arguments::text(env, directive, argument).map(str::to_owned);
            let repository = Repository {
                location: text("location").unwrap_or_default(),
                name: text("name").unwrap_or_default(),
                description: text("description"),
                place: env.texts.place(directive.location()),
            };
            let same = list.iter().find(|of| (&of.location, &of.name) == (&repository.location, &repository.name));
            if let Some(first) = same {
                let message =
                    format!("the repository `{}` of `{}` is named twice", repository.name, repository.location);
                let fault = Diagnostic::new(message, repository.place).related(first.place.clone(), "first here");
                faults.push(fault.help("keep one of them"));
            } else {
                list.push(repository);
            }
        }
        list
    }

    pub(super) fn hooks(&self, env: &Env, faults: &mut Faults) -> HashMap<(String, String), Hook> {
        let mut hooks: HashMap<(String, String), Hook> = HashMap::new();
        for directive in self.all("hook") {
            let text = |argument: &str| arguments::text(env, directive, argument).unwrap_or_default().to_owned();
            declarations::check_word(env, directive, "name", &text("name"), faults);
            let on = arguments::value(env, directive, "on").and_then(|value| arguments::word(value));
            let hook = Hook {
                name: text("name"),
                location: text("location"),
                on: if on == Some("FAILURE") { HookOn::Failure } else { HookOn::Success },
                command: ops::command(env, directive, faults),
                place: env.texts.place(directive.location()),
            };
            let key = (hook.location.clone(), hook.name.clone());
            if let Some(first) = hooks.get(&key) {
                faults.push(super::library::twice("hook", &key, (hook.place, &first.place)));
            } else {
                hooks.insert(key, hook);
            }
        }
        hooks
    }

    pub(super) fn status_sensors(&self, env: &Env, faults: &mut Faults) -> Vec<StatusSensor> {
        let sensor = |directive: &Node<Directive>, faults: &mut Faults| {
            let words = |argument: &str| {
                let words = arguments::words(env, directive, argument)?;
                Some(words.into_iter().map(|(word, _)| word.to_owned()).collect::<Vec<_>>())
            };
            Some(StatusSensor {
                location: arguments::text(env, directive, "location")?.to_owned(),
                repository: arguments::text(env, directive, "repository")?.to_owned(),
                sensor: automation::sensor(env, directive, faults)?,
                statuses: words("statuses").unwrap_or_default(),
                jobs: words("jobs"),
            })
        };
        self.all("runStatusSensor").filter_map(|directive| sensor(directive, faults)).collect()
    }
}

/// Its arguments are those of its definition, each of its kind.
fn fits(env: &Env, directive: &Node<Directive>, faults: &mut Faults) -> bool {
    let Some(definition) = env.schema.directive_definitions.get(&directive.name) else { return false };
    let before = faults.list.len();
    for argument in &directive.arguments {
        let place = env.texts.place(argument.name.location());
        let Some(known) = definition.arguments.iter().find(|known| known.name == argument.name) else {
            let near = naming::nearest(&argument.name, definition.arguments.iter().map(|of| of.name.as_str()));
            let message = format!("@{} has no argument `{}`", directive.name, argument.name);
            let fault = Diagnostic::new(message, place);
            faults.push(match near {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault.help("remove it"),
            });
            continue;
        };
        if !is_of(env, &known.ty, &argument.value) {
            let message = format!("`{}` of @{} is of type {}", argument.name, directive.name, known.ty);
            faults.push(Diagnostic::new(message, env.texts.place(argument.value.location())));
        }
    }
    for known in definition.arguments.iter().filter(|known| known.ty.is_non_null() && known.default_value.is_none()) {
        if directive.specified_argument_by_name(&known.name).is_none() {
            let message = format!("@{} needs `{}`", directive.name, known.name);
            faults.push(Diagnostic::new(message, env.texts.place(directive.location())).help("add it"));
        }
    }
    faults.list.len() == before
}

/// A value of a type that these directives have: texts, words, lists of them.
fn is_of(env: &Env, of: &Type, value: &Value) -> bool {
    if value.is_null() {
        return !of.is_non_null();
    }
    match (of, value) {
        (Type::List(item) | Type::NonNullList(item), Value::List(items)) => {
            items.iter().all(|value| is_of(env, item, value))
        }
        (Type::List(item) | Type::NonNullList(item), value) => is_of(env, item, value),
        (Type::Named(name) | Type::NonNullNamed(name), value) => match env.schema.get_enum(name) {
            Some(words) => value.as_enum().is_some_and(|word| words.values.contains_key(word)),
            None => value.as_str().is_some(),
        },
    }
}
