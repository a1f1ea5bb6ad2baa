//! Values that are rewritten outside the database: another kind of scalar, members of component elements.

use std::collections::BTreeMap;

use model::change::Owner;
use model::{Component, ComponentId, Field, FieldId, FieldKind, Model, Scalar};
use plan::{Value, interval_text, value_json, value_of_json};
use serde_json::{Map, Value as Json};

use super::pairs::ids;
use super::{Convert, Env, slice_condition, slice_end};
use crate::ddl_print::{Text, type_words};
use crate::element::{ELEMENT_COMPONENT, ELEMENT_ID, value_of_stored, value_to_stored};
use crate::layout::{ColumnType, TypeLayout, column_of_scalar};
use crate::{ColumnKind, Database};

/// What becomes of the values of a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversion {
    /// `Album.year`, for people.
    pub what: String,
    /// What the column held.
    pub from: ColumnKind,
    /// What it will hold.
    pub to: ColumnKind,
    /// The side table.
    pub side: String,
    /// What `row` of the side table holds.
    row: ColumnType,
    /// What `value` of it holds.
    value: ColumnType,
    rule: Rule,
}

#[derive(Debug, Clone, PartialEq)]
enum Rule {
    Scalar(ScalarRule),
    Elements { elements: Elements, to_list: bool },
}

/// Another kind of scalar, or a list of it.
#[derive(Debug, Clone, PartialEq)]
struct ScalarRule {
    from: ColumnKind,
    from_list: bool,
    to: ScalarTo,
    to_list: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum ScalarTo {
    Scalar(Scalar),
    /// Stored texts before and after; what is not among the first goes.
    Words(Vec<(String, String)>),
}

/// Components by their word before. An element of a component that is not among them goes.
type Elements = BTreeMap<String, ComponentRule>;

#[derive(Debug, Clone, PartialEq)]
struct ComponentRule {
    /// The word after.
    word: String,
    /// Members that stay: name before, name after, what becomes of their values.
    members: Vec<(String, String, MemberRule)>,
}

#[derive(Debug, Clone, PartialEq)]
enum MemberRule {
    Keep,
    Scalar(ScalarRule),
    Elements { to_list: bool },
}

impl Conversion {
    /// What a stored value becomes, in the form of a member of an element; none when it has no counterpart.
    #[must_use]
    pub fn convert(&self, stored: &Json) -> Option<Json> {
        match &self.rule {
            Rule::Scalar(rule) => rule.convert(stored),
            Rule::Elements { elements, to_list } => convert_elements(elements, stored, *to_list),
        }
    }

    /// Whether a value has a counterpart, but not all of it: further items of a list, elements that go.
    #[must_use]
    pub fn loses(&self, stored: &Json) -> bool {
        let items = |json: &Json| json.as_array().map_or(1, Vec::len);
        if items(stored) == 0 {
            return false;
        }
        self.convert(stored).is_none_or(|converted| match &self.rule {
            Rule::Scalar(rule) => rule.from_list && items(&converted) < items(stored),
            Rule::Elements { .. } => items(&converted) < items(stored),
        })
    }
}

impl ScalarRule {
    fn convert(&self, stored: &Json) -> Option<Json> {
        let items: Vec<&Json> = match stored {
            Json::Array(items) if self.from_list => items.iter().collect(),
            single => vec![single],
        };
        let mut converted = items.into_iter().filter_map(|item| self.convert_one(item));
        let is_json = matches!(self.to, ScalarTo::Scalar(Scalar::Json));
        if self.to_list || self.from_list && is_json { Some(converted.collect()) } else { converted.next() }
    }

    fn convert_one(&self, stored: &Json) -> Option<Json> {
        match &self.to {
            ScalarTo::Words(words) => {
                let text = stored.as_str()?;
                words.iter().find(|(was, _)| was == text).map(|(_, is)| Json::String(is.clone()))
            }
            ScalarTo::Scalar(scalar) => scalar_value(self.from, *scalar, stored).map(|value| value_to_stored(&value)),
        }
    }
}

/// The counterpart of one value: what its text means in the other kind.
fn scalar_value(from: ColumnKind, to: Scalar, stored: &Json) -> Option<Value> {
    let value = value_of_stored(from, stored)?;
    let given = match &value {
        Value::Interval(months, days, micros) => Json::String(interval_text(*months, *days, *micros)),
        Value::Decimal(number) => Json::String(number.normalize().to_string()),
        other => value_json(other),
    };
    let text = given.as_str().map_or_else(|| given.to_string(), str::to_owned);
    let given = match to {
        Scalar::Password => return None,
        Scalar::Json | Scalar::Blocks => given,
        Scalar::Int | Scalar::BigInt => Json::from(integer(&text, to == Scalar::Int)?),
        Scalar::Float => Json::from(text.trim().parse::<f64>().ok()?),
        Scalar::Boolean => Json::Bool(text.parse().ok()?),
        Scalar::Date => Json::String(text.get(..10)?.to_owned()),
        Scalar::Time if matches!(value, Value::Instant(_)) => {
            Json::String(text.get(11..)?.trim_end_matches('Z').to_owned())
        }
        Scalar::DateTime if matches!(value, Value::Date(_)) => Json::String([&text, "T00:00:00Z"].concat()),
        Scalar::String
        | Scalar::Text
        | Scalar::RichText
        | Scalar::Email
        | Scalar::Uid
        | Scalar::Id
        | Scalar::Decimal
        | Scalar::Time
        | Scalar::DateTime
        | Scalar::Interval
        | Scalar::Uuid => Json::String(text),
    };
    value_of_json(&Model::default(), &FieldKind::Scalar { scalar: to, list: false }, &given)
}

fn integer(text: &str, is_small: bool) -> Option<i64> {
    let digits = text.trim();
    let whole = digits
        .split_once('.')
        .map_or(Some(digits), |(whole, rest)| rest.bytes().all(|digit| digit == b'0').then_some(whole));
    let number: i64 = whole?.parse().ok()?;
    (!is_small || i32::try_from(number).is_ok()).then_some(number)
}

fn convert_elements(elements: &Elements, stored: &Json, to_list: bool) -> Option<Json> {
    let list: Vec<&Json> = match stored {
        Json::Array(list) => list.iter().collect(),
        single => vec![single],
    };
    let mut converted = list.into_iter().filter_map(|element| convert_element(elements, element));
    if to_list { Some(converted.collect()) } else { converted.next() }
}

fn convert_element(elements: &Elements, element: &Json) -> Option<Json> {
    let rule = elements.get(element.get(ELEMENT_COMPONENT)?.as_str()?)?;
    let mut members = Map::new();
    members.insert(ELEMENT_ID.to_owned(), element.get(ELEMENT_ID).cloned().unwrap_or(Json::Null));
    members.insert(ELEMENT_COMPONENT.to_owned(), Json::String(rule.word.clone()));
    for (was, is, what) in &rule.members {
        let Some(value) = element.get(was).filter(|value| !value.is_null()) else { continue };
        let value = match what {
            MemberRule::Keep => Some(value.clone()),
            MemberRule::Scalar(rule) => rule.convert(value),
            MemberRule::Elements { to_list } => convert_elements(elements, value, *to_list),
        };
        members.extend(value.map(|value| (is.clone(), value)));
    }
    Some(Json::Object(members))
}

/// A column whose values are rewritten.
pub(super) struct Rewritten<'a> {
    pub(super) what: String,
    /// The side table's name.
    pub(super) side: String,
    /// How the type was stored.
    pub(super) stored: &'a TypeLayout,
    pub(super) table: &'a str,
    pub(super) column: &'a str,
    pub(super) was: ColumnType,
    pub(super) is: ColumnType,
    /// Which rows count.
    pub(super) filters: &'a [String],
}

impl Env<'_> {
    /// How the values of a field are rewritten; none when they stay as they are.
    pub(super) fn conversion(&self, was: &Field, is: &Field, column: &Rewritten<'_>) -> Option<Convert> {
        let rule = if let FieldKind::Scalar { .. } | FieldKind::Enum { .. } = is.kind {
            Rule::Scalar(self.scalar_rule(was, is)?)
        } else {
            let elements = self.elements();
            let to_list = crate::element::is_list(is);
            let is_same = to_list == crate::element::is_list(was) && self.is_identity(was, is, &elements);
            if is_same {
                return None;
            }
            Rule::Elements { elements: self.allowed(is, elements), to_list }
        };
        let conversion = Conversion {
            what: column.what.clone(),
            from: column.was.kind(),
            to: column.is.kind(),
            side: column.side.clone(),
            row: column.stored.row,
            value: column.is,
            rule,
        };
        Some(Convert {
            select: self.select_values(column),
            slice_end: slice_end(column.table, self.database),
            insert: insert_value(&conversion, self.database),
            conversion,
        })
    }

    /// None: the stored values are right as they are.
    fn scalar_rule(&self, was: &Field, is: &Field) -> Option<ScalarRule> {
        let (from, from_list) = single_kind(was)?;
        let (_, to_list) = single_kind(is)?;
        let to = match is.kind {
            FieldKind::Enum { of, .. } => ScalarTo::Words(self.kept_words(was, of)),
            FieldKind::Scalar { scalar, .. } => ScalarTo::Scalar(scalar),
            FieldKind::Relation(_) | FieldKind::Component { .. } | FieldKind::Zone { .. } => return None,
        };
        let is_same = match (&was.kind, &is.kind) {
            (FieldKind::Scalar { scalar: was, .. }, FieldKind::Scalar { scalar: is, .. }) => {
                column_of_scalar(*was) == column_of_scalar(*is)
                    && (*was == Scalar::Password) == (*is == Scalar::Password)
            }
            (FieldKind::Enum { .. }, FieldKind::Scalar { scalar, .. }) => {
                column_of_scalar(*scalar) == ColumnType::Text && *scalar != Scalar::Password
            }
            (_, FieldKind::Enum { .. }) => match &to {
                ScalarTo::Words(words) => matches!(was.kind, FieldKind::Enum { .. }) && self.keeps_words(was, words),
                ScalarTo::Scalar(_) => false,
            },
            _ => false,
        };
        (!is_same || from_list != to_list).then_some(ScalarRule { from, from_list, to, to_list })
    }

    /// The stored texts of an enum's words before and after. A field that held something else may hold any of them.
    fn kept_words(&self, was: &Field, of: model::EnumId) -> Vec<(String, String)> {
        let after = self.after.model.enumeration(of);
        let FieldKind::Enum { of: was, .. } = was.kind else {
            return after.values.iter().map(|value| (value.raw.clone(), value.raw.clone())).collect();
        };
        let before = self.before.model.enumeration(was);
        let mut words = Vec::new();
        for value in &after.values {
            let by_name = before.values.iter().find(|was| was.name == value.name);
            let by_former = || before.values.iter().find(|was| value.renamed_from.contains(&was.name));
            let by_text = || before.values.iter().find(|was| was.raw == value.raw);
            let found = by_name.or_else(by_former).or_else(by_text);
            words.extend(found.map(|was| (was.raw.clone(), value.raw.clone())));
        }
        words
    }

    fn keeps_words(&self, was: &Field, words: &[(String, String)]) -> bool {
        let FieldKind::Enum { of, .. } = was.kind else { return false };
        self.before
            .model
            .enumeration(of)
            .values
            .iter()
            .all(|value| words.contains(&(value.raw.clone(), value.raw.clone())))
    }

    /// What becomes of the elements of every component that is in both models.
    fn elements(&self) -> Elements {
        let mut elements = Elements::new();
        for (id, was) in (0u16..).map(ComponentId).zip(&self.before.model.components) {
            let Some(after) = self.pairs.component_after(id) else { continue };
            let is = self.after.model.component(after);
            elements.insert(was.uid(), ComponentRule { word: is.uid(), members: self.members(after, was, is) });
        }
        elements
    }

    fn members(&self, after: ComponentId, was: &Component, is: &Component) -> Vec<(String, String, MemberRule)> {
        let mut members = Vec::new();
        for (id, member) in is.fields_by_id() {
            let Some(before) = self.pairs.field_before(Owner::Component(after), id) else { continue };
            let before: &Field = was.field(before);
            let rule = match (&before.kind, &member.kind) {
                (FieldKind::Relation(_), _) | (_, FieldKind::Relation(_)) => continue,
                (FieldKind::Component { .. } | FieldKind::Zone { .. }, _) => {
                    MemberRule::Elements { to_list: crate::element::is_list(member) }
                }
                (FieldKind::Scalar { .. } | FieldKind::Enum { .. }, _) => match self.scalar_rule(before, member) {
                    Some(rule) => MemberRule::Scalar(rule),
                    None => MemberRule::Keep,
                },
            };
            members.push((before.name.clone(), member.name.clone(), rule));
        }
        members
    }

    /// Elements that may still stand in this field.
    fn allowed(&self, is: &Field, elements: Elements) -> Elements {
        let FieldKind::Zone { of } = is.kind else { return elements };
        let words: Vec<String> =
            self.after.model.zone(of).members.iter().map(|id| self.after.model.component(*id).uid()).collect();
        // A component that the zone takes no more may still stand inside another element: only those of no use go.
        let is_nested = |word: &str| {
            self.before.model.components.iter().any(|outer| outer.fields.iter().any(|field| self.holds(field, word)))
        };
        elements.into_iter().filter(|(was, rule)| words.contains(&rule.word) || is_nested(was)).collect()
    }

    fn holds(&self, field: &Field, word: &str) -> bool {
        let inside: Vec<ComponentId> = match &field.kind {
            FieldKind::Component { of, .. } => vec![*of],
            FieldKind::Zone { of } => self.before.model.zone(*of).members.clone(),
            FieldKind::Scalar { .. } | FieldKind::Enum { .. } | FieldKind::Relation(_) => Vec::new(),
        };
        inside.iter().any(|id| self.before.model.component(*id).uid() == word)
    }

    /// Nothing changes about any component that a field may hold.
    fn is_identity(&self, was: &Field, is: &Field, elements: &Elements) -> bool {
        let mut waiting: Vec<ComponentId> = Vec::new();
        let mut met: Vec<ComponentId> = Vec::new();
        components_in(self.before.model, was, &mut waiting);
        let mut allowed = Vec::new();
        components_in(self.after.model, is, &mut allowed);
        let first = waiting.clone();
        if first.iter().any(|id| self.pairs.component_after(*id).is_none_or(|after| !allowed.contains(&after))) {
            return false;
        }
        while let Some(id) = waiting.pop() {
            if met.contains(&id) {
                continue;
            }
            met.push(id);
            let component = self.before.model.component(id);
            let Some(rule) = elements.get(&component.uid()) else { return false };
            if rule.word != component.uid() || !keeps_members(component, rule) {
                return false;
            }
            for field in &component.fields {
                components_in(self.before.model, field, &mut waiting);
            }
        }
        true
    }

    /// `select b."_row", b."body" from "x" as b where b."body" is not null and ..`
    fn select_values(&self, column: &Rewritten<'_>) -> String {
        let mut row = Text::new(self.database);
        row.push("b.").name(column.stored.row_column);
        let mut value = Text::new(self.database);
        value.push("b.").name(column.column);
        let mut text = Text::new(self.database);
        text.push("select ");
        match self.database {
            Database::Sqlite => text.push("b._rowid_, ").push(&row.text).push(", ").push(&value.text),
            Database::Postgres if column.was == ColumnType::Instant => {
                text.push("cast(").push(&row.text).push(" as text), cast(cast(extract(epoch from ");
                text.push(&value.text).push(") * 1000000 as bigint) as text)")
            }
            Database::Postgres => {
                text.push("cast(").push(&row.text).push(" as text), cast(").push(&value.text).push(" as text)")
            }
        };
        text.push(" from ").name(column.table).push(" as b where ").push(&value.text).push(" is not null");
        let slice = slice_condition("b", self.database);
        for filter in column.filters.iter().chain(&slice) {
            text.push(" and ").push(filter);
        }
        text.text
    }
}

fn keeps_members(component: &Component, rule: &ComponentRule) -> bool {
    let stored: Vec<&Field> = component.fields.iter().filter(|field| field.relation().is_none()).collect();
    let is_kept = |(was, is, what): &(String, String, MemberRule)| {
        let is_list = component.fields.iter().find(|field| field.name == *was).is_some_and(crate::element::is_list);
        was == is
            && match what {
                MemberRule::Keep => true,
                MemberRule::Scalar(_) => false,
                MemberRule::Elements { to_list } => *to_list == is_list,
            }
    };
    stored.len() == rule.members.len() && rule.members.iter().all(is_kept)
}

fn components_in(model: &Model, field: &Field, list: &mut Vec<ComponentId>) {
    match &field.kind {
        FieldKind::Component { of, .. } => list.push(*of),
        FieldKind::Zone { of } => list.extend(&model.zone(*of).members),
        FieldKind::Scalar { .. } | FieldKind::Enum { .. } | FieldKind::Relation(_) => {}
    }
}

/// The kind of one value of a scalar or enum field, and whether it is a list.
fn single_kind(field: &Field) -> Option<(ColumnKind, bool)> {
    match &field.kind {
        FieldKind::Scalar { scalar, list } => Some((column_of_scalar(*scalar).kind(), *list)),
        FieldKind::Enum { list, .. } => Some((ColumnKind::Text, *list)),
        FieldKind::Relation(_) | FieldKind::Component { .. } | FieldKind::Zone { .. } => None,
    }
}

/// `create table "_v_3_2" ("row" bigint primary key, "value" text)`
pub(super) fn create_side(conversion: &Conversion, database: Database) -> String {
    let mut text = Text::new(database);
    text.push("create table ").name(&conversion.side).push(" (").name("row").push(" ");
    text.push(type_words(conversion.row, database)).push(" not null primary key, ").name("value").push(" ");
    text.push(type_words(conversion.value, database));
    text.push(if database == Database::Sqlite { ") strict" } else { ")" });
    text.text
}

/// `insert into "_v_3_2" ("row", "value") values (?1, ?2)`
fn insert_value(conversion: &Conversion, database: Database) -> String {
    let mut text = Text::new(database);
    text.push("insert into ").name(&conversion.side).push(" (").name("row").push(", ").name("value").push(") values (");
    match database {
        Database::Sqlite => text.push("?1, ?2)"),
        Database::Postgres => {
            let words = |of: ColumnType| type_words(of, database).trim_end_matches(" collate \"C\"").to_owned();
            text.push("cast($1::text as ").push(&words(conversion.row)).push("), ");
            if conversion.value == ColumnType::Instant {
                text.push("timestamptz 'epoch' + cast($2::text as bigint) * interval '1 microsecond')")
            } else {
                text.push("cast($2::text as ").push(&words(conversion.value)).push("))")
            }
        }
    };
    text.text
}

/// The id of a field in a list, for names of side tables.
pub(super) fn field_number(fields: &[Field], field: &Field) -> usize {
    ids(fields).find(|(_, own)| own.name == field.name).map_or(0, |(FieldId(id), _)| usize::from(id))
}
