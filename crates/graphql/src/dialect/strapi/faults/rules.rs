//! Words for values that break rules of the model.
//!
//! Source: dialect manual section 7.4.

use model::{Field, FieldKind, Model, Scalar};
use plan::{BrokenRule, FieldFault, Segment};
use serde_json::{Value as Json, json};

/// The message of all, and the details with each of them, and with the value that was given where that is told.
pub(super) fn told(model: &Model, faults: &[FieldFault], shows_values: bool) -> (String, Json) {
    let messages: Vec<String> = faults.iter().map(|fault| message(model, fault)).collect();
    let details = faults.iter().zip(&messages).map(|(fault, message)| detail(fault, message, shows_values));
    let details: Vec<Json> = details.collect();
    let all = match messages.as_slice() {
        [one] => one.clone(),
        many => format!("{} errors occurred", many.len()),
    };
    (all, json!({ "errors": details }))
}

/// Details about a fault that is of no one field.
pub(super) fn detail_of_all(message: &str) -> Json {
    json!({ "errors": [{ "path": [], "message": message, "name": "ValidationError" }] })
}

fn detail(fault: &FieldFault, message: &str, shows_value: bool) -> Json {
    let path: Vec<String> = fault
        .path
        .iter()
        .map(|segment| match segment {
            Segment::Key(key) => key.clone(),
            Segment::Index(index) => index.to_string(),
        })
        .collect();
    match fault.value.as_ref().filter(|_| shows_value) {
        Some(value) => json!({ "path": path, "message": message, "name": "ValidationError", "value": value }),
        None => json!({ "path": path, "message": message, "name": "ValidationError" }),
    }
}

/// `openingHours[0].day`.
fn place(path: &[Segment]) -> String {
    let mut out = String::new();
    for segment in path {
        match segment {
            Segment::Key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
            Segment::Index(index) => {
                out.push('[');
                out.push_str(&index.to_string());
                out.push(']');
            }
        }
    }
    out
}

fn message(model: &Model, fault: &FieldFault) -> String {
    let place = place(&fault.path);
    let null = |kind: &str| format!("{place} must be a `{kind}` type, but the final value was: `null`.");
    match &fault.rule {
        BrokenRule::Missing => format!("{place} must be defined."),
        BrokenRule::Null => null(kind_of(model, &fault.path)),
        BrokenRule::ListNull => null("array"),
        BrokenRule::TooShort(least) => format!("{place} must be at least {least} characters"),
        BrokenRule::TooLong(most) => format!("{place} must be at most {most} characters"),
        BrokenRule::TooSmall(least) => format!("{place} must be greater than or equal to {least}"),
        BrokenRule::TooGreat(most) => format!("{place} must be less than or equal to {most}"),
        BrokenRule::Email => format!("{place} must be a valid email"),
        BrokenRule::Pattern(pattern) => format!("{place} must match the following: \"/{pattern}/\""),
        BrokenRule::Uid => format!("{place} must match the following: \"/^[A-Za-z0-9-_.~]*$/\""),
        BrokenRule::NotUnique => "This attribute must be unique".to_owned(),
        BrokenRule::NotInteger => format!("{place} must be a valid integer"),
        BrokenRule::TooFewItems(least) => format!("{place} field must have at least {least} items"),
        BrokenRule::TooManyItems(most) => format!("{place} field must have less than or equal to {most} items"),
        BrokenRule::Kind(kind) => format!("{place} must be a `{kind}` type"),
        BrokenRule::Blocks(problem) => problem.clone(),
        BrokenRule::Word(_) => format!("{place} must be one of the values of its enumeration"),
        BrokenRule::Password => "Password must be less than 73 bytes".to_owned(),
    }
}

/// What should stand at a place. The place names fields; where two types have one of that name, the first tells.
fn kind_of(model: &Model, path: &[Segment]) -> &'static str {
    let Some(Segment::Key(name)) = path.last() else { return "object" };
    let types = model.types.iter().flat_map(|of| &of.fields);
    let fields: Vec<&Field> = if path.len() == 1 {
        types.filter(|field| field.name == *name).collect()
    } else {
        model.components.iter().flat_map(|of| &of.fields).filter(|field| field.name == *name).collect()
    };
    fields.first().map_or("string", |field| match &field.kind {
        FieldKind::Component { repeatable: false, .. } => "object",
        FieldKind::Component { .. }
        | FieldKind::Zone { .. }
        | FieldKind::Scalar { list: true, .. }
        | FieldKind::Enum { list: true, .. } => "array",
        FieldKind::Scalar { scalar: Scalar::Int | Scalar::Float | Scalar::Decimal, .. } => "number",
        FieldKind::Scalar { scalar: Scalar::Boolean, .. } => "boolean",
        FieldKind::Scalar { .. } | FieldKind::Enum { .. } | FieldKind::Relation(_) => "string",
    })
}
