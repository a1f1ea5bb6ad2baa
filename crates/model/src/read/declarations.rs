//! Content types, components, zones, groups and enums, each without what needs the whole model.

use apollo_compiler::ast::{Directive, Value};
use apollo_compiler::schema::{Component as Part, DirectiveList, EnumType, ObjectType};
use apollo_compiler::{Name, Node};

use super::catalog::Named;
use super::fields::{self, Owner};
use super::{Env, Faults, arguments};
use crate::{
    Component, ContentType, Diagnostic, DialectNames, Enum, EnumValue, Group, GroupId, GroupKind, Key, Model, TypeId,
    Zone, naming,
};

/// Versions kept of each document at most.
pub const HISTORY_MAX: u32 = 10_000;

pub(super) fn model(env: &Env, faults: &mut Faults) -> Model {
    let groups: Vec<Group> = env.catalog.groups.iter().map(|name| group(env, name, faults)).collect();
    let model = Model {
        types: env
            .catalog
            .types
            .iter()
            .filter_map(|name| Some(content_type(env, env.schema.get_object(name)?, &groups, faults)))
            .collect(),
        components: env
            .catalog
            .components
            .iter()
            .filter_map(|name| Some(component(env, env.schema.get_object(name)?, faults)))
            .collect(),
        zones: env.catalog.zones.iter().map(|name| zone(env, name, faults)).collect(),
        enums: env
            .catalog
            .enums
            .iter()
            .filter_map(|name| Some(enumeration(env, env.schema.get_enum(name)?, faults)))
            .collect(),
        groups,
        own: Vec::new(),
        jobs: Vec::new(),
        repositories: Vec::new(),
        status_sensors: Vec::new(),
    };
    check_names(&model, faults);
    model
}

fn content_type(env: &Env, object: &ObjectType, groups: &[Group], faults: &mut Faults) -> ContentType {
    let name = object.name.to_string();
    let id = env.catalog.get(&name);
    check_kind(env, object, faults);
    // `Catalog` calls it a content type because it has the directive.
    let directive = object.directives.get("model").expect("a content type has @model");
    let is_system = env.texts.is_prelude(object.name.location());
    let draft_and_publish = arguments::is_true(env, directive, "draftAndPublish");
    let localized = arguments::is_true(env, directive, "localized");
    let owner = Owner::Type { name: &name, localized };
    let member_of = |group: &Group| group.members.iter().any(|member| id == Some(Named::Type(*member)));
    ContentType {
        plural: plural(env, directive, &name, faults),
        description: object.description.as_ref().map(ToString::to_string),
        names: dialect_names(env, &object.directives, faults),
        is_system,
        single: arguments::is_true(env, directive, "single"),
        draft_and_publish,
        localized,
        key: key(env, directive, faults),
        keys: arguments::text(env, directive, "keys").map(str::to_owned),
        table: table(env, directive, faults),
        trash: duration(env, directive, "trash", faults),
        history: history(env, directive, faults),
        fields: fields::read(env, &owner, object, faults),
        unique: Vec::new(),
        indexes: Vec::new(),
        rules: Vec::new(),
        groups: (0..).map(GroupId).zip(groups).filter(|(_, group)| member_of(group)).map(|(id, _)| id).collect(),
        renamed_from: renamed_from(env, &object.directives, &name, faults),
        place: env.texts.place(object.name.location()),
        name,
    }
}

/// A type is one thing: two of @model, @component, @job at once say nothing.
pub(super) fn check_kind(env: &Env, object: &ObjectType, faults: &mut Faults) {
    let kinds: Vec<_> = object
        .directives
        .iter()
        .filter(|of| {
            of.name == "model" || of.name == "component" || super::catalog::WORKFLOW.contains(&of.name.as_str())
        })
        .collect();
    // The same one twice is told by GraphQL's validation.
    if let [first, .., last] = kinds.as_slice()
        && first.name != last.name
    {
        let message = format!("`{}` cannot be both @{} and @{}", object.name, first.name, last.name);
        faults.push(Diagnostic::new(message, env.texts.place(last.location())).help("keep one of them"));
    }
    if object.name.starts_with('_') && !env.texts.is_prelude(object.name.location()) {
        let message =
            format!("`{}` begins with an underscore, which is kept for system columns and tables", object.name);
        faults.push(Diagnostic::new(message, env.texts.place(object.name.location())).help("take the underscore off"));
    }
}

fn plural(env: &Env, directive: &Node<Directive>, name: &str, faults: &mut Faults) -> String {
    let Some(written) = arguments::text(env, directive, "plural") else {
        return naming::plural(name);
    };
    check_word(env, directive, "plural", written, faults);
    written.to_owned()
}

/// Texts that become names in an API must be GraphQL names.
pub(super) fn check_word(env: &Env, directive: &Node<Directive>, argument: &str, word: &str, faults: &mut Faults) {
    if Name::new(word).is_err() || word.starts_with('_') {
        let message = format!("`{word}` cannot be a name: letters, digits and `_` only, a letter first");
        faults.push(Diagnostic::new(message, arguments::place(env, directive, argument)));
    }
}

fn key(env: &Env, directive: &Node<Directive>, faults: &mut Faults) -> Key {
    let has_table = arguments::value(env, directive, "table").is_some();
    let key = arguments::value(env, directive, "key").map(|value| read_key(value));
    let is_written = directive.specified_argument_by_name("key").is_some();
    let place = || arguments::place(env, directive, "key");
    match key {
        Some(Some(Key::Columns(columns))) if has_table => return Key::Columns(columns),
        Some(Some(Key::Columns(_))) => {
            faults.push(
                Diagnostic::new("key columns belong to an imported table", place())
                    .help("name the table with `table:`, or write BIGINT, UUID or TEXT"),
            );
        }
        Some(Some(key)) if !has_table => return key,
        Some(Some(_)) if is_written => {
            faults.push(
                Diagnostic::new("an imported table has its own key", place())
                    .help("name its key column, or a list of them: `key: \"id\"`"),
            );
        }
        Some(Some(_)) => {
            faults.push(
                Diagnostic::new("an imported table needs its key", arguments::place(env, directive, "table"))
                    .help("name its key column, or a list of them: `key: \"id\"`"),
            );
        }
        Some(None) => {
            faults.push(
                Diagnostic::new("this is no key", place())
                    .help("write BIGINT, UUID or TEXT, or the key columns of an imported table"),
            );
        }
        None => {}
    }
    Key::BigInt
}

fn read_key(value: &Value) -> Option<Key> {
    match value {
        Value::Enum(word) if word == "BIGINT" => Some(Key::BigInt),
        Value::Enum(word) if word == "UUID" => Some(Key::Uuid),
        Value::Enum(word) if word == "TEXT" => Some(Key::Text),
        Value::String(column) if !column.is_empty() => Some(Key::Columns(vec![column.clone()])),
        Value::List(columns) if !columns.is_empty() => {
            let names: Option<Vec<String>> = columns
                .iter()
                .map(|column| column.as_str().filter(|name| !name.is_empty()).map(str::to_owned))
                .collect();
            names.map(Key::Columns)
        }
        _ => None,
    }
}

fn table(env: &Env, directive: &Node<Directive>, faults: &mut Faults) -> Option<String> {
    let table = arguments::text(env, directive, "table")?;
    for argument in ["draftAndPublish", "localized"] {
        if arguments::is_true(env, directive, argument) {
            let message = format!("an imported table has no versions of a row, so `{argument}` cannot be true");
            faults.push(Diagnostic::new(message, arguments::place(env, directive, argument)).help("leave it out"));
        }
    }
    for argument in ["trash", "history", "keys"] {
        if directive.specified_argument_by_name(argument).is_some() {
            let message = format!("an imported table is never altered, so it has no place for `{argument}`");
            faults.push(Diagnostic::new(message, arguments::place(env, directive, argument)).help("leave it out"));
        }
    }
    Some(table.to_owned())
}

pub(super) fn duration(
    env: &Env,
    directive: &Node<Directive>,
    argument: &str,
    faults: &mut Faults,
) -> Option<std::time::Duration> {
    let text = arguments::text(env, directive, argument)?;
    let parsed = parse_duration(text);
    if parsed.is_none() {
        let message = format!("`{text}` is no duration");
        faults.push(
            Diagnostic::new(message, arguments::place(env, directive, argument))
                .help("write a number and ms, s, m, h or d: \"90s\", \"30d\""),
        );
    }
    parsed
}

/// A whole number and its unit: `250ms`, `90s`, `5m`, `12h`, `30d`.
fn parse_duration(text: &str) -> Option<std::time::Duration> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let unit_ms = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(unit_ms).map(std::time::Duration::from_millis)
}

fn history(env: &Env, directive: &Node<Directive>, faults: &mut Faults) -> u32 {
    let asked = arguments::number(env, directive, "history").unwrap_or(0);
    let kept = u32::try_from(asked).ok().filter(|kept| *kept <= HISTORY_MAX);
    if kept.is_none() {
        let message = format!("`history` is the number of versions kept, 0 to {HISTORY_MAX}, not {asked}");
        faults.push(Diagnostic::new(message, arguments::place(env, directive, "history")));
    }
    kept.unwrap_or(0)
}

fn component(env: &Env, object: &ObjectType, faults: &mut Faults) -> Component {
    let name = object.name.to_string();
    check_kind(env, object, faults);
    // `Catalog` calls it a component because it has the directive.
    let directive = object.directives.get("component").expect("a component has @component");
    for allow in object.directives.get_all("allow") {
        let message = format!("`{name}` is a component: who may see it is said by the types that hold it");
        faults.push(Diagnostic::new(message, env.texts.place(allow.location())).help("move @allow to those types"));
    }
    if let Some(implemented) = object.implements_interfaces.first() {
        let message = format!("the component `{name}` cannot implement an interface");
        faults.push(
            Diagnostic::new(message, env.texts.place(implemented.location()))
                .help("only content types implement interfaces"),
        );
    }
    Component {
        category: part_of_uid(env, directive, "category", faults).unwrap_or_default(),
        short_name: part_of_uid(env, directive, "name", faults).unwrap_or_else(|| naming::kebab(&name)),
        description: object.description.as_ref().map(ToString::to_string),
        names: dialect_names(env, &object.directives, faults),
        fields: fields::read(env, &Owner::Component { name: &name }, object, faults),
        renamed_from: renamed_from(env, &object.directives, &name, faults),
        place: env.texts.place(object.name.location()),
        name,
    }
}

/// `category` and `name` of a component: together they are the word kept with each element.
fn part_of_uid(env: &Env, directive: &Node<Directive>, argument: &str, faults: &mut Faults) -> Option<String> {
    let text = arguments::text(env, directive, argument)?;
    let is_word = text.starts_with(|letter: char| letter.is_ascii_lowercase())
        && text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    if !is_word {
        let message = format!(
            "`{text}` cannot be a component's {argument}: lower-case letters, digits and hyphens, a letter first"
        );
        let fault = Diagnostic::new(message, arguments::place(env, directive, argument));
        let kebab = naming::kebab(text);
        faults.push(if kebab.is_empty() { fault } else { fault.help(format!("write \"{kebab}\"")) });
    }
    Some(text.to_owned())
}

fn zone(env: &Env, name: &str, faults: &mut Faults) -> Zone {
    let union = env.schema.types.get(name).and_then(|of| of.as_union()).expect("the catalog's zones are unions");
    let mut members = Vec::new();
    for member in &union.members {
        if let Some(Named::Component(component)) = env.catalog.get(member) {
            members.push(component);
        } else if env.schema.types.contains_key(&member.name) {
            let message = format!("`{}` is no component, so it cannot stand in the dynamic zone `{name}`", member.name);
            faults.push(
                Diagnostic::new(message, env.texts.place(member.location()))
                    .help("give it @component(category: …), or take it out"),
            );
        }
    }
    Zone {
        name: name.to_owned(),
        names: dialect_names(env, &union.directives, faults),
        members,
        place: env.texts.place(union.name.location()),
    }
}

fn group(env: &Env, name: &str, faults: &mut Faults) -> Group {
    let definition = env.schema.types.get(name).expect("the catalog's names are the schema's");
    let kind = if definition.is_union() { GroupKind::Union } else { GroupKind::Interface };
    let members = match definition.as_union() {
        Some(union) => union.members.iter().filter_map(|member| union_member(env, name, member, faults)).collect(),
        None => (0..)
            .map(TypeId)
            .zip(&env.catalog.types)
            .filter(|(_, of)| implements(env, of, name))
            .map(|(id, _)| id)
            .collect(),
    };
    Group {
        name: name.to_owned(),
        names: dialect_names(env, definition.directives(), faults),
        kind,
        description: definition.description().map(ToString::to_string),
        members,
        place: env.texts.place(definition.name().location()),
    }
}

fn union_member(
    env: &Env,
    union: &str,
    member: &apollo_compiler::schema::ComponentName,
    faults: &mut Faults,
) -> Option<TypeId> {
    match env.catalog.get(member) {
        Some(Named::Type(id)) => Some(id),
        Some(_) => {
            let message = format!("`{}` is no content type, but other members of `{union}` are", member.name);
            faults.push(
                Diagnostic::new(message, env.texts.place(member.location()))
                    .help("a union holds content types only, or components with @dynamicZone"),
            );
            None
        }
        None => None,
    }
}

fn implements(env: &Env, object: &str, interface: &str) -> bool {
    env.schema.get_object(object).is_some_and(|of| of.implements_interfaces.contains(interface))
}

fn enumeration(env: &Env, definition: &EnumType, faults: &mut Faults) -> Enum {
    let values: Vec<EnumValue> = definition.values.values().map(|value| enum_value(env, value, faults)).collect();
    for (at, value) in values.iter().enumerate() {
        if let Some(same) = values[..at].iter().find(|before| before.raw == value.raw) {
            let message = format!("`{}` and `{}` are both stored as \"{}\"", same.name, value.name, value.raw);
            let place = definition.values.get(value.name.as_str()).and_then(|part| part.location());
            faults.push(Diagnostic::new(message, env.texts.place(place)).help("give one of them another @raw text"));
        }
    }
    Enum {
        name: definition.name.to_string(),
        names: dialect_names(env, &definition.directives, faults),
        description: definition.description.as_ref().map(ToString::to_string),
        values,
        renamed_from: renamed_from(env, &definition.directives, &definition.name, faults),
        place: env.texts.place(definition.name.location()),
    }
}

fn enum_value(env: &Env, value: &Part<apollo_compiler::ast::EnumValueDefinition>, faults: &mut Faults) -> EnumValue {
    let name = value.value.to_string();
    let raw = value.directives.get("raw").and_then(|of| arguments::text(env, of, "value")).unwrap_or(&name).to_owned();
    let former =
        value.directives.get_all("renamedFrom").filter_map(|of| arguments::text(env, of, "name")).map(str::to_owned);
    let renamed_from: Vec<String> = former.collect();
    if renamed_from.contains(&name) {
        faults.push(
            Diagnostic::new(format!("`{name}` says that it was `{name}` before"), env.texts.place(value.location()))
                .help("@renamedFrom takes the former name"),
        );
    }
    EnumValue { raw, description: value.description.as_ref().map(ToString::to_string), renamed_from, name }
}

/// `@name(strapi:, strapi4:, hasura:)`.
pub(super) fn dialect_names(env: &Env, directives: &DirectiveList, faults: &mut Faults) -> DialectNames {
    let Some(directive) = directives.get("name") else {
        return DialectNames::default();
    };
    dialect_names_of(env, directive, faults)
}

/// The names that one `@name` gives.
pub(super) fn dialect_names_of(env: &Env, directive: &Node<Directive>, faults: &mut Faults) -> DialectNames {
    let mut read = |argument: &str| {
        let word = arguments::text(env, directive, argument)?;
        check_word(env, directive, argument, word, faults);
        Some(word.to_owned())
    };
    DialectNames { strapi: read("strapi"), strapi4: read("strapi4"), hasura: read("hasura") }
}

fn renamed_from(env: &Env, directives: &DirectiveList, name: &str, faults: &mut Faults) -> Vec<String> {
    let mut former = Vec::new();
    for directive in directives.get_all("renamedFrom") {
        let Some(text) = arguments::text(env, directive, "name") else {
            continue;
        };
        let place = || arguments::place(env, directive, "name");
        if text == name {
            faults.push(
                Diagnostic::new(format!("`{name}` says that it was `{name}` before"), place())
                    .help("@renamedFrom takes the former name"),
            );
        } else if env.schema.types.contains_key(text) {
            faults.push(
                Diagnostic::new(
                    format!("`{text}` is still defined, so `{name}` cannot have been renamed from it"),
                    place(),
                )
                .help("remove one of the two"),
            );
        }
        former.push(text.to_owned());
    }
    former
}

/// Lists are named by plurals, and a component's word must be its own.
fn check_names(model: &Model, faults: &mut Faults) {
    check_plurals(model, faults);
    for (at, component) in model.components.iter().enumerate() {
        if let Some(same) = model.components[..at].iter().find(|other| other.uid() == component.uid()) {
            let message =
                format!("`{}` and `{}` are both the component `{}`", same.name, component.name, component.uid());
            let fault =
                Diagnostic::new(message, component.place.clone()).related(same.place.clone(), "the first of them");
            faults.push(fault.help("give one of them another `name:` or `category:`"));
        }
    }
}

/// A list is called by the plural, and every list and type of its own name.
fn check_plurals(model: &Model, faults: &mut Faults) {
    let listed = || model.types.iter().filter(|of| !of.single && !of.is_system);
    for (at, of) in listed().enumerate() {
        let help = format!("name the list: `@model(plural: \"{}List\")`", of.name);
        let fault = |message: String| Diagnostic::new(message, of.place.clone()).help(&help);
        if of.plural == of.name {
            faults.push(fault(format!(
                "`{}` is its own plural, so one and the list of them would have one name",
                of.name
            )));
        } else if let Some(other) = model.types.iter().find(|other| other.name == of.plural) {
            let message = format!("the list of `{}` would be called `{}`, which is a type", of.name, of.plural);
            faults.push(fault(message).related(other.place.clone(), "this one"));
        } else if let Some(other) = listed().take(at).find(|other| other.plural == of.plural) {
            let message =
                format!("the lists of `{}` and `{}` would both be called `{}`", other.name, of.name, of.plural);
            faults.push(fault(message).related(other.place.clone(), "the other one"));
        }
    }
}
