//! Columns of the house and of fields.

use model::{Component, ContentType, Field, FieldId, FieldKind, Scalar, SystemColumn};

use super::{ColumnDefault, ColumnType, TableColumn, TypeLayout};

/// `_status` of a draft row.
pub const STATUS_DRAFT: i64 = 0;
/// `_status` of a published row.
pub const STATUS_PUBLISHED: i64 = 1;
/// Position of a row that its list gave none: behind all others. 2^53 - 1, which every JSON reader keeps.
pub const POSITION_LAST: i64 = 9_007_199_254_740_991;
/// The table of the next element id of each component: `component` (`category.name`), `next`.
pub const COMPONENT_SEQUENCE: &str = "component_sequence";
/// The table of the next key of types that share keys: `name`, `next`.
pub const KEY_SEQUENCE: &str = "key_sequence";

/// What a scalar is kept in.
#[must_use]
pub fn column_of_scalar(scalar: Scalar) -> ColumnType {
    match scalar {
        Scalar::String
        | Scalar::Text
        | Scalar::RichText
        | Scalar::Email
        | Scalar::Password
        | Scalar::Uid
        | Scalar::Id => ColumnType::Text,
        Scalar::Blocks | Scalar::Json => ColumnType::Json,
        Scalar::Int => ColumnType::Integer,
        Scalar::BigInt => ColumnType::BigInt,
        Scalar::Float => ColumnType::Float,
        Scalar::Decimal => ColumnType::Decimal,
        Scalar::Boolean => ColumnType::Boolean,
        Scalar::Date => ColumnType::Date,
        Scalar::Time => ColumnType::Time,
        Scalar::DateTime => ColumnType::Instant,
        Scalar::Interval => ColumnType::Interval,
        Scalar::Uuid => ColumnType::Uuid,
    }
}

/// What a field that is no relation is kept in; none for a relation.
pub(super) fn column_of_field(field: &Field) -> Option<ColumnType> {
    match &field.kind {
        FieldKind::Scalar { list: true, .. }
        | FieldKind::Enum { list: true, .. }
        | FieldKind::Component { .. }
        | FieldKind::Zone { .. } => Some(ColumnType::Json),
        FieldKind::Scalar { scalar, list: false } => Some(column_of_scalar(*scalar)),
        FieldKind::Enum { list: false, .. } => Some(ColumnType::Text),
        FieldKind::Relation(_) => None,
    }
}

/// A component's member in the stored JSON: its name there and what it would be kept in as a column. None for a relation, whose links are
/// in the table of component links.
#[must_use]
pub fn component_column(component: &Component, member: FieldId) -> Option<(&str, ColumnType)> {
    let field = component.field(member);
    column_of_field(field).map(|of| (field.name.as_str(), of))
}

/// Whether the database itself refuses null: a required value of a type whose rows are all published.
pub(super) fn refuses_null(content_type: &ContentType, field: &Field) -> bool {
    let kept_as_value =
        matches!(field.kind, FieldKind::Scalar { list: false, .. } | FieldKind::Enum { list: false, .. });
    field.required && kept_as_value && !content_type.draft_and_publish
}

/// The name and the type of a system column; none where the content type has no such column.
#[must_use]
pub fn system_column(of: &TypeLayout, column: SystemColumn) -> Option<(&'static str, ColumnType)> {
    match column {
        SystemColumn::Key => Some(("_key", of.key)),
        SystemColumn::DocumentId => Some(("_document_id", ColumnType::Text)),
        SystemColumn::Locale => of.document.is_some().then_some(("_locale", ColumnType::Text)),
        SystemColumn::Status => of.document.is_some().then_some(("_status", ColumnType::SmallInt)),
        SystemColumn::CreatedAt => Some(("_created_at", ColumnType::Instant)),
        SystemColumn::UpdatedAt => Some(("_updated_at", ColumnType::Instant)),
        SystemColumn::PublishedAt => Some(("_published_at", ColumnType::Instant)),
        SystemColumn::CreatedBy => Some(("_created_by", ColumnType::BigInt)),
        SystemColumn::UpdatedBy => Some(("_updated_by", ColumnType::BigInt)),
        SystemColumn::Revision => Some(("_revision", ColumnType::BigInt)),
        SystemColumn::Entry => Some(if of.has_locale { ("_entry", ColumnType::BigInt) } else { ("_key", of.key) }),
    }
}

/// The system columns behind the fields of every row table.
pub(super) fn trailing_columns(content_type: &ContentType) -> Vec<TableColumn> {
    let mut columns = vec![
        column("_created_at", ColumnType::Instant),
        column("_updated_at", ColumnType::Instant),
        nullable("_published_at", ColumnType::Instant),
        nullable("_created_by", ColumnType::BigInt),
        nullable("_updated_by", ColumnType::BigInt),
        TableColumn { default: ColumnDefault::Number(1), ..column("_revision", ColumnType::BigInt) },
    ];
    if content_type.localized {
        columns.push(nullable("_entry", ColumnType::BigInt));
    }
    if content_type.trash.is_some() {
        columns.push(nullable("_deleted_at", ColumnType::Instant));
    }
    columns
}

/// A column that refuses null and has no default.
pub(super) fn column(name: &str, of: ColumnType) -> TableColumn {
    TableColumn { name: name.to_owned(), of, nullable: false, default: ColumnDefault::None, field: None }
}

/// A column that may be null.
pub(super) fn nullable(name: &str, of: ColumnType) -> TableColumn {
    TableColumn { nullable: true, ..column(name, of) }
}
