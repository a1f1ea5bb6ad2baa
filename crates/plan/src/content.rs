//! What a document or a component element holds after a write, as far as it is known: the [`Data`] of a write with its holes filled.
//!
//! Rules are checked over it, and the store writes from it. Nothing here knows how a value is stored.

use model::{ComponentId, Field, FieldId, FieldKind, Model, Scalar, Target, TypeId};
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value as Json};

use crate::{Data, Element, Given, LinkKind, Links, Value, Values};

/// The length of a public id that is made here; no key has as many digits.
const DOCUMENT_ID_CHARACTERS: usize = 24;

/// Values of the fields of a document or an element, as far as they are known, in the order of the model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Content {
    /// Fields that are known.
    pub fields: Vec<(FieldId, Held)>,
}

/// What one field holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Held {
    /// Null.
    Null,
    /// A scalar, an enum's stored text, or a list of them.
    Value(Value),
    /// Whatever it holds now, and this number more.
    Increment(Value),
    /// The list that it holds now, and these behind it.
    Append(Vec<Value>),
    /// Documents, in order.
    Links(Vec<Link>),
    /// The documents that it links now, and these behind them.
    AddedLinks(Vec<Link>),
    /// Component elements, in order.
    Elements(Vec<ElementContent>),
    /// A password's hash: nothing more is asked of it.
    Hash(String),
    /// Something that was there before and is not looked at again.
    Kept,
}

/// A document that is linked.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Its content type.
    pub of: TypeId,
    /// Which of [`Data::links`] it comes from.
    pub slot: usize,
    /// Which document.
    pub id: LinkId,
}

/// How a linked document is named.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LinkId {
    /// By its public id.
    Document(String),
    /// By its key, as text.
    Key(String),
}

/// One component element.
#[derive(Debug, Clone, PartialEq)]
pub struct ElementContent {
    /// Which component.
    pub component: ComponentId,
    /// The id of the element that is changed in place.
    pub id: Option<i64>,
    /// Its members.
    pub content: Content,
}

impl Content {
    /// What `data` gives, with the request's values. `fields` are those of the type that `data` is of.
    #[must_use]
    pub fn given(model: &Model, fields: &[Field], data: &Data, values: &Values) -> Content {
        Reader { model, values, slot: 0 }.content(fields, data)
    }

    /// What this field holds, when it is known.
    #[must_use]
    pub fn get(&self, field: FieldId) -> Option<&Held> {
        self.fields.iter().find(|(id, _)| *id == field).map(|(_, held)| held)
    }

    /// Puts a value in its place, instead of the one that was there.
    pub fn put(&mut self, field: FieldId, held: Held) {
        match self.fields.binary_search_by_key(&field, |(id, _)| *id) {
            Ok(index) => self.fields[index].1 = held,
            Err(index) => self.fields.insert(index, (field, held)),
        }
    }

    /// Fills what a new document does not say with the defaults of the model, in its elements, too.
    pub fn fill_defaults(&mut self, model: &Model, fields: &[Field]) {
        for (id, field) in (0u16..).map(FieldId).zip(fields) {
            if let (None, Some(default)) = (self.get(id), &field.default) {
                self.put(id, default_of(model, field, default));
            }
        }
        self.fill_defaults_of_new_elements(model);
    }

    /// Fills the members that new elements (those without an id) do not say with the defaults of the model.
    pub fn fill_defaults_of_new_elements(&mut self, model: &Model) {
        for (_, held) in &mut self.fields {
            let Held::Elements(elements) = held else { continue };
            for element in elements {
                if element.id.is_none() {
                    element.content.fill_defaults(model, &model.component(element.component).fields);
                } else {
                    element.content.fill_defaults_of_new_elements(model);
                }
            }
        }
    }

    /// The caller's values as JSON under the fields' names, as messages show them. Links and hidden fields are left out.
    #[must_use]
    pub fn to_json(&self, model: &Model, fields: &[Field]) -> Json {
        let entries = self.fields.iter().filter_map(|(id, held)| {
            let field = fields.get(usize::from(id.0))?;
            if field.is_hidden() { None } else { Some((field.name.clone(), held.to_json(model)?)) }
        });
        Json::Object(entries.collect::<Map<_, _>>())
    }
}

impl Held {
    /// The value as JSON, as messages show it; none for links.
    #[must_use]
    pub fn to_json(&self, model: &Model) -> Option<Json> {
        match self {
            Held::Null => Some(Json::Null),
            Held::Value(value) | Held::Increment(value) => Some(value_json(value)),
            Held::Append(items) => Some(items.iter().map(value_json).collect()),
            Held::Links(_) | Held::AddedLinks(_) | Held::Hash(_) | Held::Kept => None,
            Held::Elements(elements) => Some(
                elements
                    .iter()
                    .map(|element| element.content.to_json(model, &model.component(element.component).fields))
                    .collect(),
            ),
        }
    }
}

/// Reads [`Data`] in the order of [`Data::links`].
struct Reader<'a> {
    model: &'a Model,
    values: &'a Values,
    slot: usize,
}

impl Reader<'_> {
    fn content(&mut self, fields: &[Field], data: &Data) -> Content {
        let mut content = Content { fields: Vec::with_capacity(data.assignments.len()) };
        for assignment in &data.assignments {
            let held = self.held(&fields[usize::from(assignment.field.0)], &assignment.given);
            content.fields.push((assignment.field, held));
        }
        content.fields.sort_by_key(|(field, _)| *field);
        content
    }

    fn held(&mut self, field: &Field, given: &Given) -> Held {
        match given {
            Given::Null => match field.relation() {
                Some(_) => Held::Links(Vec::new()),
                None => Held::Null,
            },
            Given::Value(hole) | Given::Engine(hole) => match self.values.get(*hole) {
                Value::Null => Held::Null,
                value => Held::Value(value.clone()),
            },
            Given::Increment(hole) => Held::Increment(self.values.get(*hole).clone()),
            Given::Append(hole) => Held::Append(match self.values.get(*hole) {
                Value::List(items) => items.clone(),
                single => vec![single.clone()],
            }),
            Given::Links(links) => Held::Links(self.links_of_field(field, links)),
            Given::AddedLinks(links) => Held::AddedLinks(self.links_of_field(field, links)),
            Given::TypedLinks(list) => {
                Held::Links(list.iter().flat_map(|(of, links)| self.links(*of, links)).collect())
            }
            Given::Elements(elements) => Held::Elements(elements.iter().map(|element| self.element(element)).collect()),
        }
    }

    fn links_of_field(&mut self, field: &Field, links: &Links) -> Vec<Link> {
        match field.relation().map(|relation| relation.target) {
            Some(Target::Type(of)) => self.links(of, links),
            Some(Target::Group(_)) | None => Vec::new(),
        }
    }

    fn links(&mut self, of: TypeId, links: &Links) -> Vec<Link> {
        let slot = self.slot;
        self.slot += 1;
        let mut texts = Vec::new();
        gather_texts(self.values.get(links.ids), &mut texts);
        texts.into_iter().map(|text| Link { of, slot, id: link_id(text, links.kind) }).collect()
    }

    fn element(&mut self, element: &Element) -> ElementContent {
        let id = element.id.and_then(|hole| element_id(self.values.get(hole)));
        let fields = &self.model.component(element.component).fields;
        ElementContent { component: element.component, id, content: self.content(fields, &element.data) }
    }
}

impl Data {
    /// Every set of links that is given, in its elements, too, in the order of the assignments, each with the content type of its documents.
    #[must_use]
    pub fn links<'a>(&'a self, model: &'a Model, fields: &'a [Field]) -> Vec<(TypeId, &'a Links)> {
        let mut list = Vec::new();
        for assignment in &self.assignments {
            match (
                &assignment.given,
                fields[usize::from(assignment.field.0)].relation().map(|relation| relation.target),
            ) {
                (Given::Links(links) | Given::AddedLinks(links), Some(Target::Type(of))) => list.push((of, links)),
                (Given::TypedLinks(typed), _) => list.extend(typed.iter().map(|(of, links)| (*of, links))),
                (Given::Elements(elements), _) => {
                    for element in elements {
                        list.extend(element.data.links(model, &model.component(element.component).fields));
                    }
                }
                (
                    Given::Null
                    | Given::Value(_)
                    | Given::Engine(_)
                    | Given::Increment(_)
                    | Given::Append(_)
                    | Given::Links(_)
                    | Given::AddedLinks(_),
                    _,
                ) => {}
            }
        }
        list
    }
}

fn gather_texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Text(text) => texts.push(text.clone()),
        Value::Int(number) => texts.push(number.to_string()),
        Value::Uuid(bits) => texts.push(uuid_text(*bits)),
        Value::List(list) => list.iter().for_each(|one| gather_texts(one, texts)),
        Value::Null
        | Value::Boolean(_)
        | Value::Float(_)
        | Value::Decimal(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::Instant(_)
        | Value::Interval(..)
        | Value::Json(_) => {}
    }
}

/// What begins with digits is a key made of them, all else a public id; a text as long as a public id is one, whatever it begins with.
///
/// Source: strapi.md 7.5. It has no such bound, so that ids made of a key (zeros first) would lead to another document.
fn link_id(text: String, kind: LinkKind) -> LinkId {
    match kind {
        LinkKind::DocumentId => LinkId::Document(text),
        LinkKind::Key | LinkKind::Entry => LinkId::Key(text),
        LinkKind::Either => {
            let digits = text.trim_start().bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 || text.len() >= DOCUMENT_ID_CHARACTERS {
                LinkId::Document(text)
            } else {
                LinkId::Key(text.trim_start()[..digits].to_owned())
            }
        }
    }
}

/// The id of an element; one that is no number is an id that no row has.
fn element_id(value: &Value) -> Option<i64> {
    match value {
        Value::Null => None,
        Value::Int(id) => Some(*id),
        Value::Text(text) => Some(text.trim().parse().unwrap_or(i64::MIN)),
        Value::Boolean(_)
        | Value::Float(_)
        | Value::Decimal(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::Instant(_)
        | Value::Interval(..)
        | Value::Json(_)
        | Value::Uuid(_)
        | Value::List(_) => Some(i64::MIN),
    }
}

fn default_of(model: &Model, field: &Field, default: &Json) -> Held {
    match default {
        Json::Null => Held::Null,
        given => match value_of_json(model, &field.kind, given) {
            Some(value) => Held::Value(value),
            None => Held::Null,
        },
    }
}

/// A value in the form of the API's input, as the kind of a field. None for what does not read as it, and for fields that hold no scalars.
#[must_use]
pub fn value_of_json(model: &Model, kind: &FieldKind, json: &Json) -> Option<Value> {
    if json.is_null() {
        return Some(Value::Null);
    }
    match kind {
        FieldKind::Scalar { scalar, list: false } => scalar_of_json(*scalar, json),
        FieldKind::Enum { of, list: false } => word_of_json(model, *of, json),
        FieldKind::Scalar { scalar, list: true } => {
            json.as_array()?.iter().map(|one| scalar_of_json(*scalar, one)).collect::<Option<Vec<_>>>().map(Value::List)
        }
        FieldKind::Enum { of, list: true } => json
            .as_array()?
            .iter()
            .map(|one| word_of_json(model, *of, one))
            .collect::<Option<Vec<_>>>()
            .map(Value::List),
        FieldKind::Relation(_) | FieldKind::Component { .. } | FieldKind::Zone { .. } => None,
    }
}

/// An enum's word becomes the text that is stored.
fn word_of_json(model: &Model, of: model::EnumId, json: &Json) -> Option<Value> {
    let word = json.as_str()?;
    let value = model.enumeration(of).values.iter().find(|value| value.name == word)?;
    Some(Value::Text(value.raw.clone()))
}

fn scalar_of_json(scalar: Scalar, json: &Json) -> Option<Value> {
    match scalar {
        Scalar::String
        | Scalar::Text
        | Scalar::RichText
        | Scalar::Email
        | Scalar::Password
        | Scalar::Uid
        | Scalar::Id => match json {
            Json::String(text) => Some(Value::Text(text.clone())),
            Json::Number(number) => Some(Value::Text(number.to_string())),
            Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
        },
        Scalar::Int | Scalar::BigInt => json.as_i64().or_else(|| json.as_str()?.parse().ok()).map(Value::Int),
        Scalar::Float => json.as_f64().map(Value::Float),
        Scalar::Decimal => decimal_of_json(json).map(Value::Decimal),
        Scalar::Boolean => json.as_bool().map(Value::Boolean),
        Scalar::Date => json.as_str()?.parse().ok().map(Value::Date),
        Scalar::Time => json.as_str()?.parse().ok().map(Value::Time),
        Scalar::DateTime => {
            json.as_str()?.parse::<jiff::Timestamp>().ok().map(|at| Value::Instant(at.as_microsecond()))
        }
        Scalar::Interval => crate::interval_of_text(json.as_str()?),
        Scalar::Blocks | Scalar::Json => Some(Value::Json(json.to_string())),
        Scalar::Uuid => uuid_of_text(json.as_str()?).map(Value::Uuid),
    }
}

fn decimal_of_json(json: &Json) -> Option<Decimal> {
    match json {
        Json::Number(number) => {
            let text = number.to_string();
            text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())
        }
        Json::String(text) => text.parse().ok(),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// A value as JSON, in the form of the API's input: what messages show. Words of enums are their stored text.
#[must_use]
pub fn value_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(truth) => Json::Bool(*truth),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
        Value::Decimal(number) => number.to_string().parse::<Number>().map_or(Json::Null, Json::Number),
        Value::Text(text) => Json::String(text.clone()),
        Value::Date(date) => Json::String(date.to_string()),
        Value::Time(time) => Json::String(time.strftime("%H:%M:%S%.3f").to_string()),
        Value::Instant(at) => Json::String(instant_text(*at)),
        Value::Interval(months, days, micros) => Json::from(vec![i64::from(*months), i64::from(*days), *micros]),
        Value::Json(text) => serde_json::from_str(text).unwrap_or(Json::Null),
        Value::Uuid(bits) => Json::String(uuid_text(*bits)),
        Value::List(list) => Json::Array(list.iter().map(value_json).collect()),
    }
}

fn instant_text(at: i64) -> String {
    jiff::Timestamp::from_microsecond(at)
        .map_or_else(|_| at.to_string(), |at| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// Lower case with hyphens.
#[must_use]
pub fn uuid_text(bits: u128) -> String {
    let hex = |from: u32, width: usize| (width, bits >> from);
    let parts = [hex(96, 8), hex(80, 4), hex(64, 4), hex(48, 4), hex(0, 12)];
    let texts: Vec<String> = parts
        .iter()
        .map(|(width, bits)| format!("{:0width$x}", bits & ((1 << (4 * width)) - 1), width = *width))
        .collect();
    texts.join("-")
}

/// 32 hexadecimal digits of any case, with or without hyphens or braces.
#[must_use]
pub fn uuid_of_text(text: &str) -> Option<u128> {
    let digits: String =
        text.trim().trim_start_matches('{').trim_end_matches('}').chars().filter(|letter| *letter != '-').collect();
    let is_whole = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_whole.then(|| u128::from_str_radix(&digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{LinkId, link_id};
    use crate::LinkKind;

    fn check(text: &str, expected: &LinkId) {
        assert_eq!(link_id(text.to_owned(), LinkKind::Either), *expected, "{text}");
    }

    #[test]
    fn texts_that_name_a_document_are_told_from_keys() {
        check("7", &LinkId::Key("7".to_owned()));
        check(" 7th", &LinkId::Key("7".to_owned()));
        check("abc", &LinkId::Document("abc".to_owned()));
        check("00000000000000000000007a", &LinkId::Document("00000000000000000000007a".to_owned()));
        check("7x9wq2m4k8b1c5d3f6g0h2j4", &LinkId::Document("7x9wq2m4k8b1c5d3f6g0h2j4".to_owned()));
        check("9223372036854775807", &LinkId::Key("9223372036854775807".to_owned()));
    }
}
