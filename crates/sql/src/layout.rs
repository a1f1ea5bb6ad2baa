//! What tables a model has: names, columns, keys and indexes, the same for both databases.
//!
//! [`Layout::of`] is the one place that decides how a content type is stored. DDL, reads and writes look names up here and never make one.
//!
//! ```text
//! no drafts, no locales   <type>            _key, _document_id, fields, system columns            (_row is _key)
//! drafts or locales       <type>_document   _key, _document_id
//!                         <type>            _row, _key, _document_id, _locale, _status, fields, system columns
//! relations in lists      <holder>_<field>_link      owner, target, position, target_position (target_type, target_status)
//! links in components     <type>_component_link      _row, component, element, field, target.., position
//! sequences               component_sequence, key_sequence
//! ```
//!
//! Columns of the house begin with `_`, those of fields never do. Tables that begin with `_` are the store's
//! own and those of the workflow engine's types (`_run`, `_step_run`, …).

mod columns;
mod make;
mod relations;

use model::{FieldId, Key, Model, Scalar, TypeId};

use crate::ColumnKind;

pub(crate) use relations::targets;

pub use columns::{
    COMPONENT_SEQUENCE, KEY_SEQUENCE, POSITION_LAST, STATUS_DRAFT, STATUS_PUBLISHED, column_of_scalar,
    component_column, system_column,
};

/// The tables of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Every table, in the order of the model: a type's document table before its row table, link tables behind all of them.
    pub tables: Vec<Table>,
    /// How each content type is stored, by [`TypeId`].
    pub types: Vec<TypeLayout>,
}

/// Index into [`Layout::tables`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(pub u16);

/// How a content type is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeLayout {
    /// The document table, where documents have several rows.
    pub document: Option<TableId>,
    /// The table of rows: one for each document, or for each version of it.
    pub rows: TableId,
    /// Links inside components, where a component of the type (or one nested in it) has relations.
    pub component_links: Option<ComponentLinks>,
    /// What `_key` holds.
    pub key: ColumnType,
    /// Where a new key comes from.
    pub key_source: KeySource,
    /// The column that names one row: `_row`, or `_key` where a document has one row.
    pub row_column: &'static str,
    /// What that column holds.
    pub row: ColumnType,
    /// Rows have `_status`.
    pub has_status: bool,
    /// Rows have `_locale`. A type with drafts and without locales has the column too, always `''`.
    pub has_locale: bool,
    /// Deleted rows stay for a while: `_deleted_at` is not null.
    pub has_trash: bool,
    /// Each field, by [`FieldId`].
    pub fields: Vec<FieldLayout>,
}

/// Where a new key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// The identity column of the document table, or of the row table where there is none.
    Identity,
    /// The row of this name in `key_sequence`: several types share it.
    Shared(String),
    /// A new UUID, made by the writer.
    Uuid,
    /// The request.
    Given,
}

/// How a field is stored.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldLayout {
    /// One column: a scalar, an enum's stored text, or JSON (lists, components, zones).
    Column {
        /// Its name.
        name: String,
        /// What it holds.
        of: ColumnType,
    },
    /// A to-one relation held by this type: the target's key in a column of the row.
    ToOne(ToOneLayout),
    /// A relation held by this type in a link table.
    Link(LinkLayout),
    /// A relation that the other side holds: look there.
    Inverse {
        /// The other content type.
        of: TypeId,
        /// Its field.
        field: FieldId,
    },
}

/// A to-one relation in the row.
#[derive(Debug, Clone, PartialEq)]
pub struct ToOneLayout {
    /// `<field>_key`: the target's key.
    pub key: String,
    /// What it holds.
    pub of: ColumnType,
    /// `<field>_type`: the target's table name, for a relation to an interface or union.
    pub target_type: Option<String>,
    /// `<field>_position`, where the other side is a list: the order of this row in it ([`POSITION_LAST`] when it gave none). Types of the workflow engine
    /// have none.
    pub position: Option<String>,
}

/// A relation in a link table. Its columns are always called `owner`, `target`, `position` (of the target in the owner's list),
/// `target_position` (of the owner in the target's list), and where there is need `target_type` and `target_status`.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkLayout {
    /// The table.
    pub table: TableId,
    /// What `owner` holds: the holder's [`TypeLayout::row_column`].
    pub owner: ColumnType,
    /// What `target` holds: the target's key.
    pub target: ColumnType,
    /// Has `target_type`: the target's table name, for a relation to an interface or union.
    pub has_target_type: bool,
    /// Has `target_status`: the holder has no drafts, the target has them ([`plan::link_scope`]).
    pub has_target_status: bool,
}

/// The table of links inside components: `_row`, `component` (`category.name`), `element` (its id), `field` (the member's SDL name),
/// a column for each kind of key, `target_type` (the target's table name), `target_status`, `position`.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentLinks {
    /// The table.
    pub table: TableId,
    /// The column for each kind of key that targets have: `target` for bigint, `target_uuid`, `target_text`; of one row exactly one is set.
    pub targets: Vec<(ColumnType, String)>,
}

/// What a column holds. The kind that the store reads and writes is [`ColumnType::kind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ColumnType {
    /// Text ordered by code points: `text collate "C"` - TEXT.
    Text,
    /// 16 bits.
    SmallInt,
    /// 32 bits.
    Integer,
    /// 64 bits.
    BigInt,
    /// Double.
    Float,
    /// Exact decimal.
    Decimal,
    /// True or false.
    Boolean,
    /// Day.
    Date,
    /// Time of day, milliseconds.
    Time,
    /// Instant, microseconds.
    Instant,
    /// Length of time.
    Interval,
    /// JSON.
    Json,
    /// 128 bits.
    Uuid,
}

/// One table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The content type that it belongs to; none for the sequences.
    pub of: Option<TypeId>,
    /// Its columns, in order.
    pub columns: Vec<TableColumn>,
    /// Columns of the primary key; none for a table that has no need of one.
    pub primary_key: Vec<String>,
    /// Further unique keys.
    pub unique: Vec<UniqueLayout>,
    /// Indexes.
    pub indexes: Vec<IndexLayout>,
    /// References to other tables.
    pub foreign_keys: Vec<ForeignKey>,
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub of: ColumnType,
    /// May be null.
    pub nullable: bool,
    /// Its value where none is given.
    pub default: ColumnDefault,
    /// The field that it belongs to.
    pub field: Option<FieldId>,
}

/// A column's value where none is given. Defaults of fields are the writer's business, not the database's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnDefault {
    /// None.
    None,
    /// The next number, never used again.
    Identity,
    /// This number.
    Number(i64),
    /// The empty text.
    EmptyText,
}

/// A unique key.
#[derive(Debug, Clone, PartialEq)]
pub struct UniqueLayout {
    /// Its name, unique in the database.
    pub name: String,
    /// Columns in order.
    pub columns: Vec<String>,
    /// At most one row with null; otherwise null is never a duplicate.
    pub nulls_equal: bool,
    /// The rows that count: of several conditions all hold.
    pub only: Vec<RowCondition>,
    /// The fields that it stands for, for messages; none for keys of the house.
    pub fields: Vec<FieldId>,
}

/// Which rows a partial index is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowCondition {
    /// `_status = 1`.
    Published,
    /// `_deleted_at is null`.
    NotDeleted,
    /// This column is not null.
    NotNull(String),
}

/// An index.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexLayout {
    /// Its name, unique in the database.
    pub name: String,
    /// Columns in order, each descending or not.
    pub columns: Vec<(String, bool)>,
}

/// A reference to another table. Checked at the end of the transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignKey {
    /// Its name, unique in the database.
    pub name: String,
    /// The column here.
    pub column: String,
    /// The table there.
    pub table: TableId,
    /// The column there: a primary or unique key.
    pub references: &'static str,
    /// What happens when the row there goes.
    pub on_delete: OnDelete,
}

/// What happens to a row when the row that it references goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// It goes, too.
    Cascade,
    /// Its reference becomes null.
    SetNull,
}

/// Why a model has no layout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Existing tables are not served yet.
    #[error(
        "cannot store the content type `{name}` in the existing table `{table}`: imported tables are not served by this version"
    )]
    Imported {
        /// The content type.
        name: String,
        /// The table that it names.
        table: String,
    },
    /// A key made of columns without a table.
    #[error(
        "cannot store the content type `{name}`: keys made of named columns are for imported tables, which this version does not serve"
    )]
    KeyColumns {
        /// The content type.
        name: String,
    },
    /// A relation to an interface or union whose members have keys of several kinds.
    #[error(
        "cannot store the relation `{owner}.{field}`: members of its interface or union have keys of several kinds ({kinds})"
    )]
    MixedKeys {
        /// The content type that owns it.
        owner: String,
        /// The field.
        field: String,
        /// The kinds met.
        kinds: String,
    },
}

impl Layout {
    /// The tables of this model.
    ///
    /// # Errors
    /// What this version cannot store, the first that is met.
    pub fn of(model: &Model) -> Result<Layout, LayoutError> {
        make::layout(model)
    }

    /// The table of this id.
    #[must_use]
    pub fn table(&self, id: TableId) -> &Table {
        &self.tables[usize::from(id.0)]
    }

    /// How this content type is stored.
    #[must_use]
    pub fn content_type(&self, of: TypeId) -> &TypeLayout {
        &self.types[usize::from(of.0)]
    }

    /// The table that holds `_key` as its primary key: documents, or rows where a document has one.
    #[must_use]
    pub fn key_table(&self, of: TypeId) -> &Table {
        self.table(self.content_type(of).key_table())
    }

    /// The table of rows.
    #[must_use]
    pub fn row_table(&self, of: TypeId) -> &Table {
        self.table(self.content_type(of).rows)
    }

    /// The text that says "of this content type" in a `target_type` column: the name of its row table.
    #[must_use]
    pub fn type_word(&self, of: TypeId) -> &str {
        &self.row_table(of).name
    }
}

impl TypeLayout {
    /// How this field is stored.
    #[must_use]
    pub fn field(&self, field: FieldId) -> &FieldLayout {
        &self.fields[usize::from(field.0)]
    }

    /// The table that holds `_key` as its primary key.
    #[must_use]
    pub fn key_table(&self) -> TableId {
        self.document.unwrap_or(self.rows)
    }
}

impl Table {
    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&TableColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl ComponentLinks {
    /// The column that holds targets with keys of this type.
    #[must_use]
    pub fn target(&self, of: ColumnType) -> Option<&str> {
        self.targets.iter().find(|(column_type, _)| *column_type == of).map(|(_, name)| name.as_str())
    }
}

/// What a key is kept as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// A number.
    Number,
    /// 128 bits.
    Uuid,
    /// Text.
    Text,
}

impl KeyKind {
    /// The column of links inside components that holds keys of this kind.
    #[must_use]
    pub fn target_column(self) -> &'static str {
        match self {
            KeyKind::Number => "target",
            KeyKind::Uuid => "target_uuid",
            KeyKind::Text => "target_text",
        }
    }
}

impl ColumnType {
    /// What a key in a column of this type is: numbers are the rule.
    #[must_use]
    pub fn key_kind(self) -> KeyKind {
        match self {
            ColumnType::Uuid => KeyKind::Uuid,
            ColumnType::Text => KeyKind::Text,
            ColumnType::SmallInt
            | ColumnType::Integer
            | ColumnType::BigInt
            | ColumnType::Float
            | ColumnType::Decimal
            | ColumnType::Boolean
            | ColumnType::Date
            | ColumnType::Time
            | ColumnType::Instant
            | ColumnType::Interval
            | ColumnType::Json => KeyKind::Number,
        }
    }

    /// How the store reads and writes it.
    #[must_use]
    pub fn kind(self) -> ColumnKind {
        match self {
            ColumnType::Text => ColumnKind::Text,
            ColumnType::SmallInt | ColumnType::Integer | ColumnType::BigInt => ColumnKind::Int,
            ColumnType::Float => ColumnKind::Float,
            ColumnType::Decimal => ColumnKind::Decimal,
            ColumnType::Boolean => ColumnKind::Boolean,
            ColumnType::Date => ColumnKind::Date,
            ColumnType::Time => ColumnKind::Time,
            ColumnType::Instant => ColumnKind::Instant,
            ColumnType::Interval => ColumnKind::Interval,
            ColumnType::Json => ColumnKind::Json,
            ColumnType::Uuid => ColumnKind::Uuid,
        }
    }

    /// What a key of this kind is kept in. `Columns` are refused by [`Layout::of`].
    pub(crate) fn of_key(key: &Key) -> ColumnType {
        match key {
            Key::BigInt | Key::Columns(_) => ColumnType::BigInt,
            Key::Uuid => ColumnType::Uuid,
            Key::Text => ColumnType::Text,
        }
    }

    /// Whether `scalar` is kept as text (so that text operators apply).
    #[must_use]
    pub fn is_text(scalar: Scalar) -> bool {
        column_of_scalar(scalar) == ColumnType::Text
    }
}
