//! What GraphQL's validation says, in graphql-js's words with its suggestions, and what it is about for dialects with words of their own.
//!
//! The validator hands out sentences, not causes; its sentences are read here, and nowhere else.

use crate::Schema;
use crate::coerce::did_you_mean;
use crate::definition::{Field, Kind};
use crate::request::Complaint;

/// The sentence as graphql-js has it, and what it is about where that is known.
pub(super) fn read(schema: &Schema, said: &str) -> (String, Option<Complaint>) {
    let names: Vec<&str> = said.split('"').skip(1).step_by(2).collect();
    let text = |index: usize| names.get(index).copied().unwrap_or_default().to_owned();
    let begins = |start: &str| said.starts_with(start);
    if begins("Cannot query field ") {
        let hint = fields_near(schema, &text(0), &text(1));
        return (said.to_owned() + &hint, Some(Complaint::Field { name: text(0), of: text(1) }));
    }
    if begins("Unknown argument ") && said.contains(" on field ") {
        let (of, field) = split(names.get(1).copied().unwrap_or_default());
        let known =
            field_of(schema, of, field).into_iter().flat_map(|field| field.arguments.keys().map(String::as_str));
        let hint = did_you_mean("", &text(0), known);
        return (said.to_owned() + &hint, Some(Complaint::Argument { name: text(0), field: field.to_owned() }));
    }
    if begins("Field ") && said.contains(" is not defined by type ") {
        let hint = match kind(schema, &text(1)) {
            Some(Kind::Input(inputs)) => did_you_mean("", &text(0), inputs.keys().map(String::as_str)),
            Some(Kind::Object { .. } | Kind::Interface { .. } | Kind::Union(_) | Kind::Enum(_) | Kind::Scalar(_))
            | None => String::new(),
        };
        return (said.to_owned() + &hint, Some(Complaint::Field { name: text(0), of: text(1) }));
    }
    if begins("Value ") && said.contains(" does not exist in ") {
        let words = words(schema, &text(1));
        let hint = did_you_mean(" the enum value", &text(0), words.iter().map(String::as_str));
        return (said.to_owned() + &hint, Some(Complaint::Word { word: text(0), of: text(1), known: words }));
    }
    if begins("Field ") && said.contains(" argument ") && said.contains(" is required") {
        return (said.to_owned(), Some(Complaint::Missing { name: text(1) }));
    }
    if begins("Unknown type ") {
        let hint = did_you_mean("", &text(0), schema.definitions.types.keys().map(String::as_str));
        return (said.to_owned() + &hint, None);
    }
    (of_value(schema, said).unwrap_or_else(|| of_selection(schema, said, &names)), None)
}

/// `Int cannot represent value: "x"`, as each kind says it.
fn of_value(schema: &Schema, said: &str) -> Option<String> {
    let (of, value) = said.split_once(" cannot represent value: ")?;
    let kept = match of {
        "Int" => format!("Int cannot represent non-integer value: {value}"),
        "Float" => format!("Float cannot represent non numeric value: {value}"),
        "Boolean" => format!("Boolean cannot represent a non boolean value: {value}"),
        "String" => format!("String cannot represent a non string value: {value}"),
        "ID" => format!("ID cannot represent a non-string and non-integer value: {value}"),
        of => {
            let words = words(schema, of);
            if words.is_empty() {
                return None;
            }
            let hint = did_you_mean(" the enum value", value.trim_matches('"'), words.iter().map(String::as_str));
            format!("Enum \"{of}\" cannot represent non-enum value: {value}.{hint}")
        }
    };
    Some(kept)
}

/// A selection that lacks, or that must not be there: of the field's type, not of the type around it.
fn of_selection(schema: &Schema, said: &str, names: &[&str]) -> String {
    if let ([field, of, ..], true) = (names, said.contains(" must have a selection of subfields")) {
        let shown = field_of(schema, of, field).map_or_else(|| (*of).to_owned(), |field| field.of.to_string());
        return said.replacen(&format!("of type \"{of}\""), &format!("of type \"{shown}\""), 1);
    }
    if said.contains(" must not have a selection since ") && !said.ends_with('.') {
        return said.to_owned() + ".";
    }
    said.to_owned()
}

/// Fields with a near name; of a union the members that have the field.
fn fields_near(schema: &Schema, name: &str, of: &str) -> String {
    match kind(schema, of) {
        Some(Kind::Object { fields, .. } | Kind::Interface { fields, .. }) => {
            did_you_mean("", name, fields.keys().map(String::as_str))
        }
        Some(Kind::Union(members)) => {
            let having = members.iter().filter(|member| field_of(schema, member, name).is_some());
            let quoted: Vec<String> = having.take(5).map(|member| format!("\"{member}\"")).collect();
            match quoted.as_slice() {
                [] => String::new(),
                [one] => format!(" Did you mean to use an inline fragment on {one}?"),
                [one, other] => format!(" Did you mean to use an inline fragment on {one} or {other}?"),
                [rest @ .., last] => {
                    format!(" Did you mean to use an inline fragment on {}, or {last}?", rest.join(", "))
                }
            }
        }
        Some(Kind::Input(_) | Kind::Enum(_) | Kind::Scalar(_)) | None => String::new(),
    }
}

fn words(schema: &Schema, of: &str) -> Vec<String> {
    match kind(schema, of) {
        Some(Kind::Enum(values)) => values.keys().cloned().collect(),
        Some(Kind::Object { .. } | Kind::Interface { .. } | Kind::Union(_) | Kind::Input(_) | Kind::Scalar(_))
        | None => Vec::new(),
    }
}

fn field_of<'s>(schema: &'s Schema, of: &str, name: &str) -> Option<&'s Field> {
    match kind(schema, of)? {
        Kind::Object { fields, .. } | Kind::Interface { fields, .. } => fields.get(name),
        Kind::Union(_) | Kind::Input(_) | Kind::Enum(_) | Kind::Scalar(_) => None,
    }
}

fn kind<'s>(schema: &'s Schema, of: &str) -> Option<&'s Kind> {
    schema.definitions.get(of).map(|definition| &definition.kind)
}

/// `Type.field`.
fn split(owner: &str) -> (&str, &str) {
    owner.split_once('.').unwrap_or((owner, ""))
}
