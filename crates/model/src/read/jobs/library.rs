//! What jobs are made of, by code location: op definitions, graphs, resources, hooks.

use std::collections::HashMap;

use apollo_compiler::schema::{InputObjectType, ObjectType};

use super::config::Configs;
use super::definitions::{self, OpDefinition};
use super::ops::{self, Site};
use super::schema::SchemaDirectives;
use crate::read::{Env, Faults, arguments, declarations};
use crate::{Diagnostic, Hook, Place, Resource, naming};

/// Everything by (location, name).
pub(super) struct Library<'a> {
    pub(super) ops: HashMap<(String, String), OpDefinition>,
    pub(super) graphs: HashMap<(String, String), &'a ObjectType>,
    pub(super) resources: HashMap<(String, String), Resource>,
    pub(super) hooks: HashMap<(String, String), Hook>,
}

impl<'a> Library<'a> {
    /// Reads every library of the schema; what is faulty is told and left out.
    pub(super) fn read(
        env: &Env<'a>,
        schema: &SchemaDirectives,
        configs: &mut Configs,
        faults: &mut Faults,
    ) -> Library<'a> {
        let mut library = Library {
            ops: HashMap::new(),
            graphs: HashMap::new(),
            resources: HashMap::new(),
            hooks: schema.hooks(env, faults),
        };
        for object in super::objects(env, "ops") {
            library.op_definitions(env, object, configs, faults);
        }
        for object in super::objects(env, "graph") {
            library.graph(env, object, faults);
        }
        for object in super::objects(env, "outputs") {
            declarations::check_kind(env, object, faults);
            definitions::check_outputs(env, object, faults);
        }
        for input in resources(env) {
            library.resource(env, input, configs, faults);
        }
        library
    }

    fn op_definitions(&mut self, env: &Env<'a>, object: &'a ObjectType, configs: &mut Configs, faults: &mut Faults) {
        declarations::check_kind(env, object, faults);
        let directive = object.directives.get("ops").expect("the caller looked for it");
        let location = arguments::text(env, directive, "location").unwrap_or_default();
        for part in object.fields.values() {
            let site = Site { env, job: &object.name, definition: part };
            let definition = definitions::read(&site, &ops::ON_DEFINITIONS, configs, faults);
            let key = (location.to_owned(), definition.name.clone());
            if let Some(first) = self.ops.get(&key) {
                faults.push(twice("op", &key, (definition.place, &first.place)));
            } else {
                self.ops.insert(key, definition);
            }
        }
    }

    fn graph(&mut self, env: &Env<'a>, object: &'a ObjectType, faults: &mut Faults) {
        declarations::check_kind(env, object, faults);
        let directive = object.directives.get("graph").expect("the caller looked for it");
        let text = |argument: &str| arguments::text(env, directive, argument).unwrap_or_default().to_owned();
        declarations::check_word(env, directive, "name", &text("name"), faults);
        let key = (text("location"), text("name"));
        let place = env.texts.place(object.name.location());
        if let Some(first) = self.graphs.get(&key) {
            faults.push(twice("graph", &key, (place, &env.texts.place(first.name.location()))));
        } else {
            self.graphs.insert(key, object);
        }
    }

    fn resource(&mut self, env: &Env<'a>, input: &'a InputObjectType, configs: &mut Configs, faults: &mut Faults) {
        let directive = input.directives.get("resource").expect("the caller looked for it");
        let text = |argument: &str| arguments::text(env, directive, argument).unwrap_or_default().to_owned();
        declarations::check_word(env, directive, "name", &text("name"), faults);
        let command = arguments::value(env, directive, "command").is_some();
        let resource = Resource {
            name: text("name"),
            description: input.description.as_ref().map(ToString::to_string),
            location: text("location"),
            command: command.then(|| ops::command(env, directive, faults)),
            config: configs.of_resource(input, faults),
            place: env.texts.place(input.name.location()),
        };
        let key = (resource.location.clone(), resource.name.clone());
        if let Some(first) = self.resources.get(&key) {
            faults.push(twice("resource", &key, (resource.place, &first.place)));
        } else {
            self.resources.insert(key, resource);
        }
    }
}

/// Every input with `@resource`.
pub(super) fn resources<'a>(env: &Env<'a>) -> impl Iterator<Item = &'a InputObjectType> {
    let inputs = env.schema.types.values().filter_map(|of| of.as_input_object());
    inputs.filter(|input| input.directives.has("resource"))
}

pub(super) fn twice(what: &str, (location, name): &(String, String), (place, first): (Place, &Place)) -> Diagnostic {
    Diagnostic::new(format!("the location `{location}` has two {what}s called `{name}`"), place)
        .related(first.clone(), "the other one")
        .help("give one of them another name or location")
}

/// A name that a location does not have.
pub(super) fn unknown<'k>(
    what: &str,
    (location, name): (&str, &str),
    place: Place,
    known: impl Iterator<Item = &'k (String, String)>,
) -> Diagnostic {
    let names: Vec<&str> = known.filter(|(of, _)| of == location).map(|(_, name)| name.as_str()).collect();
    let fault = Diagnostic::new(format!("the location `{location}` has no {what} `{name}`"), place);
    match naming::nearest(name, names) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault,
    }
}
