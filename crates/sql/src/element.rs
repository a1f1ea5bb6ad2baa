//! How component elements stand in their JSON column.
//!
//! ```json
//! {"id": 7, "__component": "default.closing-period", "label": "Summer", "start_date": "2026-08-01", "notes": [{"id": 9, "__component": ..}]}
//! ```
//!
//! Members stand under their SDL names; one without a value is absent. A member is kept as SQLite keeps a column of its kind, so that both
//! databases compare it alike: numbers and booleans as JSON has them, decimals as their digits in a text, instants as microseconds, days,
//! times, intervals and UUIDs as text. Relations are not here but in the table of component links.

use model::{Component, Field, FieldId, FieldKind, Model, Scalar};
use plan::{Content, ElementContent, Held, Value, interval_text, uuid_of_text, uuid_text};
use serde_json::{Map, Value as Json};

use crate::ColumnKind;
use crate::layout::component_column;

/// The member that holds an element's id.
pub const ELEMENT_ID: &str = "id";
/// The member that names an element's component, `category.name`.
pub const ELEMENT_COMPONENT: &str = "__component";

/// The elements of a component field as its column holds them: a list, or for a single component one element (null without any).
#[must_use]
pub fn elements_to_json(model: &Model, elements: &[ElementContent], is_list: bool) -> Json {
    let mut list = elements.iter().map(|element| element_to_json(model, element));
    if is_list { list.collect() } else { list.next().unwrap_or(Json::Null) }
}

fn element_to_json(model: &Model, element: &ElementContent) -> Json {
    let component = model.component(element.component);
    let mut members = Map::new();
    members.insert(ELEMENT_ID.to_owned(), element.id.map_or(Json::Null, Json::from));
    members.insert(ELEMENT_COMPONENT.to_owned(), Json::String(component.uid()));
    for (id, held) in &element.content.fields {
        let field = component.field(*id);
        if let Some(value) = member_to_json(model, field, held) {
            members.insert(field.name.clone(), value);
        }
    }
    Json::Object(members)
}

fn member_to_json(model: &Model, field: &Field, held: &Held) -> Option<Json> {
    match held {
        Held::Value(value) => Some(value_to_stored(value)),
        Held::Elements(elements) => Some(elements_to_json(model, elements, is_list(field))),
        Held::Hash(hash) => Some(Json::String(hash.clone())),
        Held::Null | Held::Increment(_) | Held::Append(_) | Held::Links(_) | Held::AddedLinks(_) | Held::Kept => None,
    }
}

/// A value as it stands in a JSON column: of a list of scalars, or of an element.
#[must_use]
pub fn value_to_stored(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(truth) => Json::Bool(*truth),
        Value::Int(number) | Value::Instant(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Decimal(number) => Json::String(number.normalize().to_string()),
        Value::Text(text) => Json::String(text.clone()),
        Value::Date(date) => Json::String(date.to_string()),
        Value::Time(time) => Json::String(time.strftime("%H:%M:%S%.3f").to_string()),
        Value::Interval(months, days, micros) => Json::String(interval_text(*months, *days, *micros)),
        Value::Json(text) => serde_json::from_str(text).unwrap_or(Json::Null),
        Value::Uuid(bits) => Json::String(uuid_text(*bits)),
        Value::List(list) => Json::Array(list.iter().map(value_to_stored).collect()),
    }
}

/// The elements that a component field's column holds. What does not read as an element of the model (a component that is gone) is left out.
#[must_use]
pub fn elements_of_json(model: &Model, json: &Json) -> Vec<ElementContent> {
    match json {
        Json::Array(list) => list.iter().filter_map(|element| element_of_json(model, element)).collect(),
        Json::Object(_) => element_of_json(model, json).into_iter().collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Vec::new(),
    }
}

fn element_of_json(model: &Model, json: &Json) -> Option<ElementContent> {
    let word = json.get(ELEMENT_COMPONENT)?.as_str()?;
    let (of, component) =
        (0u16..).map(model::ComponentId).zip(&model.components).find(|(_, component)| component.uid() == word)?;
    let mut content = Content::default();
    for (id, field) in component.fields_by_id() {
        if let Some(held) = member_of_json(model, component, id, field, json) {
            content.fields.push((id, held));
        }
    }
    Some(ElementContent { component: of, id: json.get(ELEMENT_ID)?.as_i64(), content })
}

fn member_of_json(model: &Model, component: &Component, id: FieldId, field: &Field, element: &Json) -> Option<Held> {
    let (name, of) = component_column(component, id)?;
    let json = element.get(name)?;
    if json.is_null() {
        return Some(Held::Null);
    }
    if is_component(field) {
        return Some(Held::Elements(elements_of_json(model, json)));
    }
    match (&field.kind, json) {
        (FieldKind::Scalar { scalar: Scalar::Password, .. }, Json::String(hash)) => Some(Held::Hash(hash.clone())),
        (_, json) => value_of_stored(of.kind(), json).map(Held::Value),
    }
}

/// The value of a member as it stands in an element.
#[must_use]
pub fn value_of_stored(kind: ColumnKind, json: &Json) -> Option<Value> {
    match kind {
        ColumnKind::Text => json.as_str().map(|text| Value::Text(text.to_owned())),
        ColumnKind::Int => json.as_i64().map(Value::Int),
        ColumnKind::Float => json.as_f64().map(Value::Float),
        ColumnKind::Decimal => json.as_str()?.parse().ok().map(Value::Decimal),
        ColumnKind::Boolean => json.as_bool().map(Value::Boolean),
        ColumnKind::Date => json.as_str()?.parse().ok().map(Value::Date),
        ColumnKind::Time => json.as_str()?.parse().ok().map(Value::Time),
        ColumnKind::Instant => json.as_i64().map(Value::Instant),
        ColumnKind::Interval => plan::interval_of_text(json.as_str()?),
        ColumnKind::Json => Some(Value::Json(json.to_string())),
        ColumnKind::Uuid => uuid_of_text(json.as_str()?).map(Value::Uuid),
    }
}

/// Whether a field's column holds a list of elements.
#[must_use]
pub fn is_list(field: &Field) -> bool {
    match field.kind {
        FieldKind::Component { repeatable, .. } => repeatable,
        FieldKind::Zone { .. } => true,
        FieldKind::Scalar { .. } | FieldKind::Enum { .. } | FieldKind::Relation(_) => false,
    }
}

/// Whether a field holds elements at all.
#[must_use]
pub fn is_component(field: &Field) -> bool {
    match field.kind {
        FieldKind::Component { .. } | FieldKind::Zone { .. } => true,
        FieldKind::Scalar { .. } | FieldKind::Enum { .. } | FieldKind::Relation(_) => false,
    }
}
