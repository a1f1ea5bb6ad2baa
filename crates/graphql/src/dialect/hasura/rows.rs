//! The object type of a table, its arguments, and its root fields.

use indexmap::IndexMap;
use plan::{Column, SystemColumn};

use super::Draft;
use super::columns::{
    ColumnField, ColumnType, ComponentField, ComponentOf, RelationField, Table, Tables, component_name,
};
use crate::binding::{FieldBinding, FilterRule, InputBinding, PageRule, PageWord, RowsShape};
use crate::definition::{Field, Input, Kind, Stands, TypeRef};

/// Adds the object type of a table and the enum of its columns.
pub(super) fn add(draft: &mut Draft, tables: &Tables<'_>, table: &Table<'_>) {
    let mut fields: IndexMap<String, Field> =
        table.columns.iter().map(|column| (column.name.clone(), column_field(column))).collect();
    for relation in &table.relations {
        add_relation(&mut fields, relation, tables.rule);
    }
    for component in &table.components {
        fields.insert(component.name.clone(), component_field(tables, component));
    }
    draft.add(&table.name, &table.of.name, Kind::Object { stands: Stands::Row(table.id), fields });
    draft.describe(table.of.description.as_ref());
    let words = table.columns.iter().map(|column| {
        let binding = crate::binding::ValueBinding::Column(column.column);
        (column.name.clone(), crate::definition::EnumValue { description: None, binding })
    });
    draft.add(&select_column(&table.name), &table.of.name, Kind::Enum(words.collect()));
}

/// Adds the root fields of a table.
pub(super) fn add_roots(roots: &mut IndexMap<String, Field>, table: &Table<'_>, rule: FilterRule) {
    let versions = (table.of.draft_and_publish, table.of.localized);
    let list = |shape: RowsShape, of: TypeRef| Field {
        description: None,
        arguments: row_arguments(&table.name, versions, rule),
        of,
        binding: FieldBinding::List { of: table.id, shape, page: PageRule::Strict },
    };
    let rows = TypeRef::named(&table.name).non_null().list().non_null();
    roots.insert(table.name.clone(), list(RowsShape::List, rows));
    let aggregate = [&table.name, "_aggregate"].concat();
    roots.insert(aggregate.clone(), list(RowsShape::Parts, TypeRef::named(aggregate).non_null()));
    let key = table.columns.iter().find(|column| column.column == Column::System(SystemColumn::Key));
    if let Some(key) = key {
        roots.insert([&table.name, "_by_pk"].concat(), by_key(table, key, versions));
    }
}

fn by_key(table: &Table<'_>, key: &ColumnField, versions: (bool, bool)) -> Field {
    let of = TypeRef::named(key.kind.name()).non_null();
    let mut arguments = IndexMap::new();
    arguments.insert(key.name.clone(), argument(of, InputBinding::Key(key.column)));
    add_version_arguments(&mut arguments, versions);
    Field {
        description: None,
        arguments,
        of: TypeRef::named(&table.name),
        binding: FieldBinding::ByKey { of: table.id },
    }
}

/// The arguments of everything that gives rows of a table.
fn row_arguments(table: &str, versions: (bool, bool), rule: FilterRule) -> IndexMap<String, Input> {
    let mut arguments = IndexMap::new();
    let mut add = |name: &str, of: TypeRef, binding: InputBinding| {
        arguments.insert(name.to_owned(), argument(of, binding));
    };
    add("distinct_on", TypeRef::named(select_column(table)).non_null().list(), InputBinding::Distinct);
    add("limit", TypeRef::named("Int"), InputBinding::Page(PageWord::Limit));
    add("offset", TypeRef::named("Int"), InputBinding::Page(PageWord::Start));
    add("order_by", TypeRef::named([table, "_order_by"].concat()).non_null().list(), InputBinding::SortObjects);
    add("where", TypeRef::named([table, "_bool_exp"].concat()), InputBinding::Filter(rule));
    add_version_arguments(&mut arguments, versions);
    arguments
}

/// Which version of each document: only on types that have several.
fn add_version_arguments(arguments: &mut IndexMap<String, Input>, (drafts, locales): (bool, bool)) {
    if drafts {
        let mut status = argument(TypeRef::named("document_status"), InputBinding::Status);
        status.description =
            Some("Which version of each document; without it the published one, below a row the row's own".to_owned());
        arguments.insert("status".to_owned(), status);
    }
    if locales {
        let mut locale = argument(TypeRef::named("String"), InputBinding::Locale);
        locale.description = Some("Which locale; `*` is every one".to_owned());
        arguments.insert("locale".to_owned(), locale);
    }
}

fn argument(of: TypeRef, binding: InputBinding) -> Input {
    Input { description: None, of, default: None, binding }
}

/// A column; a JSON one takes a path into it.
pub(in crate::dialect) fn column_field(column: &ColumnField) -> Field {
    let mut arguments = IndexMap::new();
    if column.kind == ColumnType::Scalar("jsonb") {
        arguments.insert("path".to_owned(), argument(TypeRef::named("String"), InputBinding::JsonPath));
    }
    Field {
        description: column.description.clone(),
        arguments,
        of: TypeRef::named(column.kind.name()).required_if(column.required),
        binding: FieldBinding::Column(column.column, column.kind.form()),
    }
}

/// An object relationship, or an array relationship with its aggregate.
pub(super) fn add_relation(fields: &mut IndexMap<String, Field>, relation: &RelationField, rule: FilterRule) {
    if relation.member {
        add_member(fields, relation);
        return;
    }
    let binding = |shape: RowsShape| FieldBinding::Relation { field: relation.field, shape, page: PageRule::Strict };
    let mut add = |name: String, of: TypeRef, shape: RowsShape| {
        let arguments = if shape == RowsShape::One {
            IndexMap::new()
        } else {
            row_arguments(&relation.target, relation.versions, rule)
        };
        fields
            .insert(name, Field { description: relation.description.clone(), arguments, of, binding: binding(shape) });
    };
    if !relation.many {
        add(relation.name.clone(), TypeRef::named(&relation.target).required_if(relation.required), RowsShape::One);
        return;
    }
    add(relation.name.clone(), TypeRef::named(&relation.target).non_null().list().non_null(), RowsShape::List);
    let aggregate = TypeRef::named([&relation.target, "_aggregate"].concat()).non_null();
    add([&relation.name, "_aggregate"].concat(), aggregate, RowsShape::Parts);
}

/// The rows of one member of a relation to an interface or union; rows of other members are left out, or null.
fn add_member(fields: &mut IndexMap<String, Field>, relation: &RelationField) {
    let of = TypeRef::named(&relation.target);
    let of = if relation.many { of.non_null().list().non_null() } else { of };
    let binding = FieldBinding::Switch { field: relation.field, page: PageRule::None };
    fields.insert(
        relation.name.clone(),
        Field { description: relation.description.clone(), arguments: IndexMap::new(), of, binding },
    );
}

/// A component, a list of them, or a dynamic zone.
pub(super) fn component_field(tables: &Tables<'_>, component: &ComponentField) -> Field {
    let name = match &component.of {
        ComponentOf::One(of) => component_name(tables.model.component(*of)),
        ComponentOf::Zone(_, union) => union.clone(),
    };
    let of = TypeRef::named(name);
    let of = if component.many { of.non_null().list().non_null() } else { of.required_if(component.required) };
    let binding = FieldBinding::Component { field: component.field, page: PageRule::None };
    Field { description: component.description.clone(), arguments: IndexMap::new(), of, binding }
}

/// Name of the enum of a table's columns.
pub(super) fn select_column(table: &str) -> String {
    [table, "_select_column"].concat()
}
