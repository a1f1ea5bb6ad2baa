//! Faults of config in this API's words, each kind with its own members.
//!
//! Source: Dagster's evaluation errors, whose texts clients show and compare.

use model::Scalar;
use model::config::{ConfigFault, ConfigFaultKind, ConfigField, ConfigStep, ConfigType, ShapeKind};
use serde_json::{Map, Value as Json, json};

use super::config::field;
use super::python::{class, list, repr, str_of};
use crate::tell::Told;

/// Every fault.
pub(super) fn told<'a>(faults: &[ConfigFault]) -> Told<'a> {
    Told::List(faults.iter().map(fault).collect())
}

fn fault<'a>(of: &ConfigFault) -> Told<'a> {
    let at = place(&of.path);
    let (type_name, reason, message) = words(&of.kind, &at);
    let own = own(&of.kind);
    let entries: Json = of.path.iter().map(entry).collect();
    let kind = of.kind.clone();
    Told::object(type_name, move |asked| match asked.name.as_str() {
        "message" => Told::text(Some(message.clone())),
        "path" => Told::Json(json!([])),
        "reason" => Told::text(Some(reason)),
        "stack" => Told::Json(json!({ "entries": entries })),
        "field" => match &kind {
            ConfigFaultKind::MissingField { field: missing } => field(missing),
            _ => Told::Unserved,
        },
        "fields" => match &kind {
            ConfigFaultKind::MissingFields { fields } => Told::List(fields.iter().map(field).collect()),
            _ => Told::Unserved,
        },
        name => {
            own.as_ref().filter(|(own, _)| *own == name).map_or(Told::Unserved, |(_, value)| Told::Json(value.clone()))
        }
    })
}

/// The member that only this kind has.
fn own(kind: &ConfigFaultKind) -> Option<(&'static str, Json)> {
    match kind {
        ConfigFaultKind::Null { .. } => Some(("valueRep", "None".into())),
        ConfigFaultKind::NotScalar { met, .. }
        | ConfigFaultKind::NotSelector { met }
        | ConfigFaultKind::NotObject { met, .. }
        | ConfigFaultKind::NotMap { met, .. }
        | ConfigFaultKind::NotList { met, .. }
        | ConfigFaultKind::NotWord { met, .. } => Some(("valueRep", repr(met).into())),
        ConfigFaultKind::UnknownWord { met, .. } => Some(("valueRep", repr(&Json::from(met.as_str())).into())),
        ConfigFaultKind::UnknownField { name, .. } => Some(("fieldName", name.as_str().into())),
        ConfigFaultKind::UnknownFields { names, .. } => Some(("fieldNames", json!(names))),
        ConfigFaultKind::MissingField { .. } | ConfigFaultKind::MissingFields { .. } => None,
        ConfigFaultKind::NoneChosen { .. } | ConfigFaultKind::OnlyOneMissing { .. } => {
            Some(("incomingFields", json!([])))
        }
        ConfigFaultKind::SeveralChosen { given, .. } => Some(("incomingFields", json!(given))),
    }
}

fn entry(step: &ConfigStep) -> Json {
    match step {
        ConfigStep::Field(name) => json!({ "__typename": "EvaluationStackPathEntry", "fieldName": name }),
        ConfigStep::Item(index) => json!({ "__typename": "EvaluationStackListItemEntry", "listIndex": index }),
        ConfigStep::MapKey(key) => json!({ "__typename": "EvaluationStackMapKeyEntry", "mapKey": key }),
        ConfigStep::MapValue(key) => json!({ "__typename": "EvaluationStackMapValueEntry", "mapKey": key }),
    }
}

/// `at the root`, or `at path root:ops:extract`.
fn place(path: &[ConfigStep]) -> String {
    if path.is_empty() {
        return "at the root".to_owned();
    }
    path.iter().fold("at path root".to_owned(), |text, step| match step {
        ConfigStep::Field(name) => [&text, ":", name].concat(),
        ConfigStep::Item(index) => format!("{text}[{index}]"),
        ConfigStep::MapKey(key) => format!("{text}:{}:key", repr(&Json::from(key.as_str()))),
        ConfigStep::MapValue(key) => format!("{text}:{}:value", repr(&Json::from(key.as_str()))),
    })
}

/// Type name, reason and message.
fn words(kind: &ConfigFaultKind, at: &str) -> (&'static str, &'static str, String) {
    let message = message(kind, at);
    match kind {
        ConfigFaultKind::Null { .. }
        | ConfigFaultKind::NotScalar { .. }
        | ConfigFaultKind::NotSelector { .. }
        | ConfigFaultKind::NotObject { .. }
        | ConfigFaultKind::NotMap { .. }
        | ConfigFaultKind::NotList { .. }
        | ConfigFaultKind::NotWord { .. }
        | ConfigFaultKind::UnknownWord { .. } => ("RuntimeMismatchConfigError", "RUNTIME_TYPE_MISMATCH", message),
        ConfigFaultKind::UnknownField { .. } => ("FieldNotDefinedConfigError", "FIELD_NOT_DEFINED", message),
        ConfigFaultKind::UnknownFields { .. } => ("FieldsNotDefinedConfigError", "FIELDS_NOT_DEFINED", message),
        ConfigFaultKind::MissingField { .. } => ("MissingFieldConfigError", "MISSING_REQUIRED_FIELD", message),
        ConfigFaultKind::MissingFields { .. } => ("MissingFieldsConfigError", "MISSING_REQUIRED_FIELDS", message),
        ConfigFaultKind::NoneChosen { .. }
        | ConfigFaultKind::OnlyOneMissing { .. }
        | ConfigFaultKind::SeveralChosen { .. } => ("SelectorTypeConfigError", "SELECTOR_FIELD_ERROR", message),
    }
}

fn message(kind: &ConfigFaultKind, at: &str) -> String {
    match kind {
        ConfigFaultKind::Null { expected } => format!("Value {at} must not be None. Expected \"{expected}\""),
        ConfigFaultKind::NotScalar { expected, met } => format!(
            "Invalid scalar {at}. Value \"{}\" of type \"<class '{}'>\" is not valid for expected type \"{}\".",
            str_of(met),
            class(met),
            ConfigType::Scalar(*expected)
        ),
        ConfigFaultKind::NotSelector { .. } => format!("Value for selector type {at} must be a dict"),
        ConfigFaultKind::NotObject { expected, .. } => format!("Value {at} must be dict. Expected: \"{expected}\"."),
        ConfigFaultKind::NotMap { expected, .. } => format!("Value {at} must be dict. Expected: \"{expected}\""),
        ConfigFaultKind::NotList { expected, .. } => format!("Value {at} must be list. Expected: \"{expected}\""),
        ConfigFaultKind::NotWord { name, .. } => format!("Value {at} for enum type {name} must be a string"),
        ConfigFaultKind::UnknownWord { name, met } => format!("Value {at} not in enum type {name} got {met}"),
        ConfigFaultKind::UnknownField { name, expected } => {
            format!("Received unexpected config entry \"{name}\" {at}. Expected: \"{expected}\".")
        }
        ConfigFaultKind::UnknownFields { names, expected } => format!(
            "Received unexpected config entries \"{}\" {at}. Expected: \"{}.\"",
            list(names),
            list(&members(expected))
        ),
        ConfigFaultKind::MissingField { field } => missing(std::slice::from_ref(field), at),
        ConfigFaultKind::MissingFields { fields } => missing(fields, at),
        ConfigFaultKind::NoneChosen { defined } => {
            format!("Must specify a field {at} if more than one field is defined. Defined fields: {}", list(defined))
        }
        ConfigFaultKind::OnlyOneMissing { defined } => {
            format!("Must specify the required field {at}. Defined fields: {}", list(defined))
        }
        ConfigFaultKind::SeveralChosen { given, defined } => format!(
            "You can only specify a single field {at}. You specified {}. The available fields are {}",
            list(given),
            list(defined)
        ),
    }
}

/// What is said of members that are missing, with an example of them.
fn missing(fields: &[ConfigField], at: &str) -> String {
    let example = repr(&example(fields));
    if let [field] = fields {
        let what = format!("Missing required config entry \"{}\" {at}.", field.name);
        return format!(
            "{what} You must provide this value in your run config. Example config for the missing entry: {example}"
        );
    }
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let what = format!("Missing required config entries {} {at}.", list(&names));
    format!(
        "{what} You must provide these values in your run config. Example config for the missing entries: {example}"
    )
}

fn members(of: &ConfigType) -> Vec<String> {
    match of {
        ConfigType::Shape(shape) => shape.fields.iter().map(|field| field.name.clone()).collect(),
        ConfigType::Any
        | ConfigType::Scalar(_)
        | ConfigType::Source(_)
        | ConfigType::Enum(_)
        | ConfigType::Nullable(_)
        | ConfigType::List(_)
        | ConfigType::Map(_)
        | ConfigType::Either(_) => Vec::new(),
    }
}

/// An object with the least value of each field.
fn example(fields: &[ConfigField]) -> Json {
    Json::Object(fields.iter().map(|field| (field.name.clone(), least(&field.of))).collect::<Map<_, _>>())
}

fn least(of: &ConfigType) -> Json {
    match of {
        ConfigType::Any => "AnyType".into(),
        ConfigType::Scalar(scalar) => least_scalar(*scalar),
        ConfigType::Source(source) => least_scalar(source.scalar()),
        ConfigType::Enum(of) => of.values.first().map_or(Json::Null, |(word, _)| word.as_str().into()),
        ConfigType::Nullable(_) => "<unknown>".into(),
        ConfigType::List(_) => json!([]),
        ConfigType::Map(_) => json!({}),
        ConfigType::Shape(shape) if shape.kind == ShapeKind::OneOf => "<selector>".into(),
        ConfigType::Shape(shape) => {
            let required: Vec<ConfigField> = shape.fields.iter().filter(|field| field.required).cloned().collect();
            example(&required)
        }
        ConfigType::Either(either) => least_scalar(either.scalar),
    }
}

fn least_scalar(of: Scalar) -> Json {
    match of {
        Scalar::Int | Scalar::BigInt => json!(0),
        Scalar::Float => json!(0.0),
        Scalar::Boolean => json!(true),
        Scalar::String
        | Scalar::Text
        | Scalar::RichText
        | Scalar::Blocks
        | Scalar::Email
        | Scalar::Password
        | Scalar::Uid
        | Scalar::Id
        | Scalar::Decimal
        | Scalar::Date
        | Scalar::Time
        | Scalar::DateTime
        | Scalar::Interval
        | Scalar::Json
        | Scalar::Uuid => "...".into(),
    }
}
