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
    if definitions.query != "Query" || (definitions.mutation != "Mutation" && has_mutation(definitions)) {
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
    while let Some(name) = open.pop() {
        let Some((name, definition)) = definitions.types.get_key_value(name) else { continue };
        if !seen.insert(name.as_str()) {
            continue;
        }
        match &definition.kind {
            Kind::Object { fields, .. } => {
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
            line(out, format_args!("type {name} {{"));
            for (name, field) in fields {
                print_field(out, name, field, definitions);
            }
            line(out, format_args!("}}"));
        }
        Kind::Input(inputs) => {
            line(out, format_args!("input {name} {{"));
            for (name, input) in inputs {
                describe(out, "  ", input.description.as_deref());
                line(out, format_args!("  {}", input_text(name, input, definitions)));
            }
            line(out, format_args!("}}"));
        }
        Kind::Enum(values) => print_enum(out, name, values),
    }
}

fn print_enum(out: &mut String, name: &str, values: &IndexMap<String, EnumValue>) {
    line(out, format_args!("enum {name} {{"));
    for (word, value) in values {
        describe(out, "  ", value.description.as_deref());
        line(out, format_args!("  {word}"));
    }
    line(out, format_args!("}}"));
}

fn print_field(out: &mut String, name: &str, field: &Field, definitions: &Definitions) {
    describe(out, "  ", field.description.as_deref());
    if field.arguments.is_empty() {
        line(out, format_args!("  {name}: {}", field.of));
    } else if field.arguments.values().all(|input| input.description.is_none()) {
        let arguments: Vec<String> =
            field.arguments.iter().map(|(name, input)| input_text(name, input, definitions)).collect();
        line(out, format_args!("  {name}({}): {}", arguments.join(", "), field.of));
    } else {
        line(out, format_args!("  {name}("));
        for (name, input) in &field.arguments {
            describe(out, "    ", input.description.as_deref());
            line(out, format_args!("    {}", input_text(name, input, definitions)));
        }
        line(out, format_args!("  ): {}", field.of));
    }
}

fn input_text(name: &str, input: &Input, definitions: &Definitions) -> String {
    match &input.default {
        None => format!("{name}: {}", input.of),
        Some(default) => format!("{name}: {} = {}", input.of, literal(default, &input.of, definitions)),
    }
}

/// A value in the literal syntax of GraphQL; texts of an enum type are words.
fn literal(json: &Json, of: &TypeRef, definitions: &Definitions) -> String {
    let is_enum = matches!(definitions.get(of.name()).map(|of| &of.kind), Some(Kind::Enum(_)));
    match json {
        Json::String(word) if is_enum => word.clone(),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| literal(item, of, definitions)).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(name, value)| format!("{name}: {}", literal(value, of, definitions))).collect();
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
