//! Printing definitions as schema language, and finding what the roots reach.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::definition::{Definition, Definitions, EnumValue, Field, Input, Kind, TypeRef};

/// Scalars that every GraphQL schema has: they are not printed.
pub(crate) const BUILT_IN: [&str; 5] = ["String", "Int", "Float", "Boolean", "ID"];

/// The schema language of every type that the roots reach, in the order of the definitions.
pub(crate) fn print(definitions: &Definitions) -> String {
    let reached = reached(definitions);
    let mut out = String::new();
    let is_named_otherwise = definitions.query != "Query"
        || (definitions.mutation != "Mutation" && has_mutation(definitions))
        || definitions.subscription.as_deref().is_some_and(|name| name != "Subscription");
    if is_named_otherwise {
        schema_block(&mut out, definitions);
    }
    for (name, definition) in &definitions.types {
        if reached.contains(name.as_str()) && !BUILT_IN.contains(&name.as_str()) {
            if !out.is_empty() {
                out.push('\n');
            }
            print_type(&mut out, name, definition, definitions);
        }
    }
    out
}

fn schema_block(out: &mut String, definitions: &Definitions) {
    line(out, format_args!("schema {{"));
    line(out, format_args!("  query: {}", definitions.query));
    if has_mutation(definitions) {
        line(out, format_args!("  mutation: {}", definitions.mutation));
    }
    if let Some(subscription) = &definitions.subscription {
        line(out, format_args!("  subscription: {subscription}"));
    }
    line(out, format_args!("}}"));
}

fn has_mutation(definitions: &Definitions) -> bool {
    definitions.fields(&definitions.mutation).is_some_and(|fields| !fields.is_empty())
}

/// Names of the types that the roots reach.
pub(crate) fn reached(definitions: &Definitions) -> BTreeSet<&str> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = vec![&definitions.query];
    if has_mutation(definitions) {
        open.push(&definitions.mutation);
    }
    open.extend(definitions.subscription.as_deref());
    while let Some(name) = open.pop() {
        let Some((name, definition)) = definitions.types.get_key_value(name) else { continue };
        if !seen.insert(name.as_str()) {
            continue;
        }
        match &definition.kind {
            Kind::Object { fields, .. } | Kind::Interface { fields, .. } => {
                open.extend(definitions.interfaces(name));
                if let Kind::Interface { members, implements, .. } = &definition.kind {
                    open.extend(members.iter().chain(implements).map(String::as_str));
                }
                for field in fields.values() {
                    open.push(field.of.name());
                    open.extend(field.arguments.values().map(|input| input.of.name()));
                }
            }
            Kind::Union(members) => open.extend(members.iter().map(String::as_str)),
            Kind::Input(inputs) => open.extend(inputs.values().map(|input| input.of.name())),
            Kind::Enum(_) | Kind::Scalar(_) => {}
        }
    }
    seen
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a String cannot fail");
    out.push('\n');
}

fn print_type(out: &mut String, name: &str, definition: &Definition, definitions: &Definitions) {
    describe(out, "", definition.description.as_deref());
    match &definition.kind {
        Kind::Scalar(_) => line(out, format_args!("scalar {name}")),
        Kind::Union(members) => line(out, format_args!("union {name} = {}", members.join(" | "))),
        Kind::Object { fields, .. } => {
            print_fields(out, ("type", name), (&definitions.interfaces(name), fields), definitions);
        }
        Kind::Interface { implements, fields, .. } => {
            let implements: Vec<&str> = implements.iter().map(String::as_str).collect();
            print_fields(out, ("interface", name), (&implements, fields), definitions);
        }
        Kind::Input(inputs) => {
            line(out, format_args!("input {name} {{"));
            for (member, input) in inputs {
                describe(out, "  ", input.description.as_deref());
                line(out, format_args!("  {}", input_text(&[name, member], input, definitions)));
            }
            line(out, format_args!("}}"));
        }
        Kind::Enum(values) => print_enum(out, name, values, definitions),
    }
}

fn print_fields(
    out: &mut String,
    (word, name): (&str, &str),
    (implements, fields): (&[&str], &IndexMap<String, Field>),
    definitions: &Definitions,
) {
    let implements =
        if implements.is_empty() { String::new() } else { [" implements ", &implements.join(" & ")].concat() };
    line(out, format_args!("{word} {name}{implements} {{"));
    for (field, definition) in fields {
        print_field(out, (name, field), definition, definitions);
    }
    line(out, format_args!("}}"));
}

/// ` @deprecated(reason: "..")` for what stands at this coordinate.
fn deprecated(coordinate: &[&str], definitions: &Definitions) -> String {
    let reason =
        if definitions.deprecated.is_empty() { None } else { definitions.deprecated.get(&coordinate.join(".")) };
    reason.map(|reason| format!(" @deprecated(reason: {})", Json::from(reason.as_str()))).unwrap_or_default()
}

fn print_enum(out: &mut String, name: &str, values: &IndexMap<String, EnumValue>, definitions: &Definitions) {
    line(out, format_args!("enum {name} {{"));
    for (word, value) in values {
        describe(out, "  ", value.description.as_deref());
        line(out, format_args!("  {word}{}", deprecated(&[name, word], definitions)));
    }
    line(out, format_args!("}}"));
}

fn print_field(out: &mut String, (owner, name): (&str, &str), field: &Field, definitions: &Definitions) {
    describe(out, "  ", field.description.as_deref());
    let old = deprecated(&[owner, name], definitions);
    let text = |argument: &str, input: &Input| input_text(&[owner, name, argument], input, definitions);
    if field.arguments.is_empty() {
        line(out, format_args!("  {name}: {}{old}", field.of));
    } else if field.arguments.values().all(|input| input.description.is_none()) {
        let arguments: Vec<String> = field.arguments.iter().map(|(argument, input)| text(argument, input)).collect();
        line(out, format_args!("  {name}({}): {}{old}", arguments.join(", "), field.of));
    } else {
        line(out, format_args!("  {name}("));
        for (argument, input) in &field.arguments {
            describe(out, "    ", input.description.as_deref());
            line(out, format_args!("    {}", text(argument, input)));
        }
        line(out, format_args!("  ): {}{old}", field.of));
    }
}

/// A member of an input or an argument, by its coordinate.
fn input_text(coordinate: &[&str], input: &Input, definitions: &Definitions) -> String {
    let name = coordinate.last().copied().unwrap_or_default();
    let old = deprecated(coordinate, definitions);
    match &input.default {
        None => format!("{name}: {}{old}", input.of),
        Some(default) => format!("{name}: {} = {}{old}", input.of, literal(default, &input.of, definitions)),
    }
}

/// A value in the literal syntax of GraphQL; texts of an enum type are words.
fn literal(json: &Json, of: &TypeRef, definitions: &Definitions) -> String {
    let kind = definitions.get(of.name()).map(|of| &of.kind);
    let is_enum = matches!(kind, Some(Kind::Enum(_)));
    let members_of = |name: &String| match kind {
        Some(Kind::Input(inputs)) => inputs.get(name).map_or(of, |input| &input.of),
        Some(Kind::Object { .. } | Kind::Interface { .. } | Kind::Union(_) | Kind::Enum(_) | Kind::Scalar(_))
        | None => of,
    };
    match json {
        Json::String(word) if is_enum => word.clone(),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| literal(item, of, definitions)).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{name}: {}", literal(value, members_of(name), definitions)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => json.to_string(),
    }
}

fn describe(out: &mut String, indent: &str, description: Option<&str>) {
    let Some(text) = description.map(|text| text.replace("\"\"\"", "\\\"\"\"")) else { return };
    if text.contains('\n') || text.len() > 70 || text.ends_with('"') || text.ends_with('\\') {
        line(out, format_args!("{indent}\"\"\""));
        for row in text.lines() {
            line(out, format_args!("{indent}{row}"));
        }
        line(out, format_args!("{indent}\"\"\""));
    } else {
        line(out, format_args!("{indent}\"\"\"{text}\"\"\""));
    }
}
