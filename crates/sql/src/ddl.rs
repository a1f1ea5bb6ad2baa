//! The statements that make a database for a model.
//!
//! In flow a model and its [`Layout`], out comes a [`Schema`] (what must stand in the database, as data) and its statements. Rules that hold
//! for every row, or for every published one, are in the database: what is required, bounds of numbers and lengths, words of an enum.
//! Patterns, and bounds inside lists and components, are the writer's alone.

use model::{ContentType, Field, FieldKind, Model, Scalar};

use crate::Database;
pub use crate::ddl_print::{add_references, create_index, create_schema, create_sequence, create_table, drop_index};
pub use crate::ddl_table::{Check, CheckRule, Column, Index, Reference, Schema, Sequence, Table};
use crate::layout::ColumnType;
use crate::layout::{
    COMPONENT_SEQUENCE, FieldLayout, KEY_SEQUENCE, KeySource, Layout, TableId, TypeLayout, UniqueLayout,
};
use crate::name::{NAME_BYTES_MAX, shortened, snake_case};

/// Every statement that makes the database of this model from nothing, in order.
#[must_use]
pub fn create(model: &Model, layout: &Layout, database: Database) -> Vec<String> {
    create_schema(&schema(model, layout), database)
}

/// What must stand in the database for this model.
#[must_use]
pub fn schema(model: &Model, layout: &Layout) -> Schema {
    let mut tables: Vec<Table> = layout.tables.iter().map(|table| plain_table(layout, table)).collect();
    for (of, content_type) in model.content_types() {
        let stored = layout.content_type(of);
        let TableId(rows) = stored.rows;
        let table = &mut tables[usize::from(rows)];
        table.checks = checks(model, content_type, stored, &table.name);
    }
    Schema { tables, sequences: sequences(model, layout) }
}

/// The table as the layout says it, without checks.
fn plain_table(layout: &Layout, table: &crate::layout::Table) -> Table {
    let column = |column: &crate::layout::TableColumn| Column {
        name: column.name.clone(),
        of: column.of,
        nullable: column.nullable,
        default: column.default,
    };
    let reference = |key: &crate::layout::ForeignKey| Reference {
        name: key.name.clone(),
        column: key.column.clone(),
        table: layout.table(key.table).name.clone(),
        key: key.references.to_owned(),
        on_delete: key.on_delete,
    };
    let plain = table.indexes.iter().map(|index| Index {
        name: index.name.clone(),
        columns: index.columns.clone(),
        unique: false,
        nulls_equal: false,
        only: Vec::new(),
    });
    Table {
        name: table.name.clone(),
        columns: table.columns.iter().map(column).collect(),
        primary_key: table.primary_key.clone(),
        checks: Vec::new(),
        references: table.foreign_keys.iter().map(reference).collect(),
        indexes: table.unique.iter().map(unique_index).chain(plain).collect(),
    }
}

fn unique_index(unique: &UniqueLayout) -> Index {
    Index {
        name: unique.name.clone(),
        columns: unique.columns.iter().map(|name| (name.clone(), false)).collect(),
        unique: true,
        nulls_equal: unique.nulls_equal,
        only: unique.only.clone(),
    }
}

/// A row for each component, and for each word by which types share their keys.
fn sequences(model: &Model, layout: &Layout) -> Vec<Sequence> {
    let components = model.components.iter().map(|component| Sequence {
        table: COMPONENT_SEQUENCE,
        column: "component",
        name: component.uid(),
    });
    let mut words: Vec<&String> = layout.types.iter().filter_map(|stored| shared_word(&stored.key_source)).collect();
    words.sort_unstable();
    words.dedup();
    let keys = words.into_iter().map(|word| Sequence { table: KEY_SEQUENCE, column: "name", name: word.clone() });
    components.chain(keys).collect()
}

fn shared_word(source: &KeySource) -> Option<&String> {
    match source {
        KeySource::Shared(word) => Some(word),
        KeySource::Identity | KeySource::Uuid | KeySource::Given => None,
    }
}

/// Rules of the fields that are columns. Lower bounds and presence are asked of published rows only, upper bounds of drafts, too.
fn checks(model: &Model, content_type: &ContentType, stored: &TypeLayout, table: &str) -> Vec<Check> {
    let mut checks = Vec::new();
    for (id, field) in content_type.fields_by_id() {
        let FieldLayout::Column { name, of } = stored.field(id) else { continue };
        let rules = field_rules(model, field, &FieldColumn { name, of: *of });
        for (word, rule) in rules.published {
            // A null is refused by the column itself where every row is published.
            let is_said_by_column =
                matches!(rule, CheckRule::Present(_)) && !stored.has_status && is_single_value(field);
            let rule = if stored.has_status { CheckRule::Published(Box::new(rule)) } else { rule };
            if !is_said_by_column {
                checks.push(Check { name: check_name(table, &field.name, word), rule });
            }
        }
        let always = rules.always.into_iter();
        checks.extend(always.map(|(word, rule)| Check { name: check_name(table, &field.name, word), rule }));
    }
    checks
}

struct FieldColumn<'a> {
    name: &'a str,
    of: ColumnType,
}

/// Rules of one field with the word that its check is named by.
#[derive(Default)]
struct FieldRules {
    published: Vec<(&'static str, CheckRule)>,
    always: Vec<(&'static str, CheckRule)>,
}

fn field_rules(model: &Model, field: &Field, column: &FieldColumn) -> FieldRules {
    let mut rules = FieldRules::default();
    let name = || column.name.to_owned();
    if field.required && (is_single_value(field) || is_single_component(field)) {
        rules.published.push(("required", CheckRule::Present(name())));
    }
    if is_text_with_bounds(field) {
        let (least, most) = field.rules.length;
        rules.published.extend(least.map(|least| ("length_min", CheckRule::LengthLeast(name(), least))));
        rules.always.extend(most.map(|most| ("length_max", CheckRule::LengthMost(name(), most))));
    }
    if is_single_value(field) {
        let (least, most) = field.rules.range.clone();
        rules.published.extend(least.map(|least| ("range_min", CheckRule::NumberLeast(name(), column.of, least))));
        rules.always.extend(most.map(|most| ("range_max", CheckRule::NumberMost(name(), column.of, most))));
    }
    if let FieldKind::Enum { of, list: false } = &field.kind {
        let texts = model.enumeration(*of).values.iter().map(|value| value.raw.clone()).collect();
        rules.always.push(("word", CheckRule::OneOf(name(), texts)));
    }
    if column.of == ColumnType::Json && !is_single_value(field) && !is_single_component(field) {
        rules.always.extend(field.rules.items.1.map(|most| ("items_max", CheckRule::ItemsMost(name(), most))));
    }
    rules
}

fn is_single_value(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Scalar { list: false, .. } | FieldKind::Enum { list: false, .. })
}

fn is_single_component(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Component { repeatable: false, .. })
}

/// What a password's column holds is a hash: its length says nothing.
fn is_text_with_bounds(field: &Field) -> bool {
    matches!(&field.kind, FieldKind::Scalar { scalar, list: false } if *scalar != Scalar::Password && ColumnType::is_text(*scalar))
}

/// `<table>_<field>_<word>`, by which a broken rule is led back to its field.
fn check_name(table: &str, field: &str, word: &str) -> String {
    let name = [table, snake_case(field).as_str(), word].join("_");
    if name.len() > NAME_BYTES_MAX { shortened(&name, &[table, field, word].join(".")) } else { name }
}
