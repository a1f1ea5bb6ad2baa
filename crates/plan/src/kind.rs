//! Which kind of value a column takes.

use model::{FieldKind, Scalar, SystemColumn};

use crate::ValueKind;

impl ValueKind {
    /// The kind of a field's stored value: of one item, where it is a list. None for relations and components, which hold no single value.
    #[must_use]
    pub fn of_field(kind: &FieldKind) -> Option<ValueKind> {
        match kind {
            FieldKind::Scalar { list: true, .. } | FieldKind::Enum { list: true, .. } => Some(ValueKind::Json),
            FieldKind::Scalar { scalar, list: false } => Some(ValueKind::of_scalar(*scalar)),
            FieldKind::Enum { .. } => Some(ValueKind::Text),
            FieldKind::Relation(_) | FieldKind::Component { .. } | FieldKind::Zone { .. } => None,
        }
    }

    /// The kind of a scalar.
    #[must_use]
    pub fn of_scalar(scalar: Scalar) -> ValueKind {
        match scalar {
            Scalar::String
            | Scalar::Text
            | Scalar::RichText
            | Scalar::Email
            | Scalar::Password
            | Scalar::Uid
            | Scalar::Id => ValueKind::Text,
            Scalar::Int | Scalar::BigInt => ValueKind::Int,
            Scalar::Float => ValueKind::Float,
            Scalar::Decimal => ValueKind::Decimal,
            Scalar::Boolean => ValueKind::Boolean,
            Scalar::Date => ValueKind::Date,
            Scalar::Time => ValueKind::Time,
            Scalar::DateTime => ValueKind::DateTime,
            Scalar::Interval => ValueKind::Interval,
            Scalar::Json | Scalar::Blocks => ValueKind::Json,
            Scalar::Uuid => ValueKind::Uuid,
        }
    }

    /// The kind of a system column; the key's depends on the content type.
    #[must_use]
    pub fn of_system(column: SystemColumn, key: &model::Key) -> ValueKind {
        match column {
            SystemColumn::Key => ValueKind::of_key(key),
            SystemColumn::DocumentId | SystemColumn::Locale => ValueKind::Text,
            SystemColumn::Status
            | SystemColumn::Revision
            | SystemColumn::Entry
            | SystemColumn::CreatedBy
            | SystemColumn::UpdatedBy => ValueKind::Int,
            SystemColumn::CreatedAt | SystemColumn::UpdatedAt | SystemColumn::PublishedAt => ValueKind::DateTime,
        }
    }

    /// The kind of a key.
    #[must_use]
    pub fn of_key(key: &model::Key) -> ValueKind {
        match key {
            model::Key::BigInt => ValueKind::Int,
            model::Key::Uuid => ValueKind::Uuid,
            model::Key::Text | model::Key::Columns(_) => ValueKind::Text,
        }
    }
}
