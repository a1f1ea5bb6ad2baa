//! The project's own API: every type as it is written, and what each of its fields means.
//!
//! Nothing here has a table: a difference of models does not look at it. A declared endpoint serves these types as they stand; endpoints
//! of generated dialects take over the root fields alone.

use serde_json::Value;

use crate::{ColumnName, ComponentId, Condition, EnumId, FieldId, Place, SystemColumn, Term, TypeId};

/// One type, as written.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnType {
    /// Its name.
    pub name: String,
    /// Shown to API users.
    pub description: Option<String>,
    /// What it is.
    pub kind: OwnKind,
    /// Where it is declared.
    pub place: Place,
}

impl OwnType {
    /// Whether a field of it has the type of this name, or it is a union of such types.
    #[must_use]
    pub fn mentions(&self, name: &str) -> bool {
        match &self.kind {
            OwnKind::Object { fields, .. } | OwnKind::Interface { fields, .. } => {
                fields.iter().any(|field| field.of.name() == name)
            }
            OwnKind::Union { members, .. } => members.iter().any(|member| member == name),
            OwnKind::Enum { .. } | OwnKind::Input { .. } => false,
        }
    }
}

/// What a written type is.
#[derive(Debug, Clone, PartialEq)]
pub enum OwnKind {
    /// Fields of an answer.
    Object {
        /// What it shows.
        stands: OwnStands,
        /// Interfaces, in the order of the text.
        implements: Vec<String>,
        /// Fields that are not hidden.
        fields: Vec<OwnField>,
    },
    /// Fields that several types share.
    Interface {
        /// Interfaces, in the order of the text.
        implements: Vec<String>,
        /// Its fields, without a meaning of their own.
        fields: Vec<OwnField>,
    },
    /// One of several object types.
    Union {
        /// Their names.
        members: Vec<String>,
        /// A list of components, not of content types.
        is_zone: bool,
    },
    /// Words.
    Enum {
        /// Which.
        of: EnumId,
        /// Its words.
        values: Vec<OwnValue>,
    },
    /// Members of an argument.
    Input {
        /// Its members.
        members: Vec<OwnInput>,
    },
}

/// What an object type shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnStands {
    /// The fields of queries.
    Query,
    /// The fields of mutations.
    Mutation,
    /// The fields of subscriptions.
    Subscription,
    /// A row.
    Content(TypeId),
    /// An element.
    Component(ComponentId),
    /// Something around rows: a connection, an edge, a page's borders.
    Shape,
}

/// One field.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnField {
    /// Its name.
    pub name: String,
    /// Shown to API users.
    pub description: Option<String>,
    /// Why it should not be used any more.
    pub deprecated: Option<String>,
    /// Its type.
    pub of: OwnRef,
    /// Its arguments.
    pub arguments: Vec<OwnInput>,
    /// What it means.
    pub bound: Bound,
    /// Where it is declared.
    pub place: Place,
}

/// An argument, or a member of an input type.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnInput {
    /// Its name.
    pub name: String,
    /// Shown to API users.
    pub description: Option<String>,
    /// Why it should not be used any more.
    pub deprecated: Option<String>,
    /// Its type.
    pub of: OwnRef,
    /// Its value where none is given; an enum's word is a text.
    pub default: Option<Value>,
}

/// One word of an enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnValue {
    /// The word.
    pub name: String,
    /// Shown to API users.
    pub description: Option<String>,
    /// Why it should not be used any more.
    pub deprecated: Option<String>,
}

/// A type with its lists and `!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnRef {
    /// By its name.
    Named(String),
    /// A list of it.
    List(Box<OwnRef>),
    /// Never null.
    NonNull(Box<OwnRef>),
}

/// What a field of the project's own API means.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// Nothing by itself: a field of an interface.
    Shared,
    /// A field of the content type or component.
    Field(FieldId),
    /// A column that every content type has; the key too.
    System(SystemColumn),
    /// A number in the unit that an argument asks for.
    Unit(Unit),
    /// One row, or null.
    Get {
        /// Where to look, and for what.
        rows: Vec<OwnRows>,
        /// Answer with this to-one relation of the row found.
        field: Option<FieldId>,
    },
    /// Rows in an order.
    List {
        /// Where to look, for what, in which order.
        rows: Vec<OwnRows>,
        /// Rows at most.
        limit: Option<Term>,
        /// Rows to skip.
        offset: Option<Term>,
    },
    /// Rows in which a field contains a text.
    Search {
        /// Where to look, in which order.
        rows: Vec<OwnRows>,
        /// What to look for.
        text: Term,
        /// Fields to look in, for each of `rows`.
        fields: Vec<Vec<FieldId>>,
        /// Rows at most.
        limit: Option<Term>,
    },
    /// A Relay connection over rows.
    Connection(Box<Connection>),
    /// A part of a connection, an edge or a page's borders.
    Part(ConnectionPart),
    /// Makes a document.
    Create {
        /// Of which content type.
        of: TypeId,
        /// What is written.
        data: OwnData,
    },
    /// Changes a document.
    Update {
        /// Of which content type.
        of: TypeId,
        /// Which one.
        by: Condition,
        /// What is written.
        data: OwnData,
    },
    /// Deletes a document.
    Delete {
        /// Of which content type.
        of: TypeId,
        /// Which one.
        by: Condition,
    },
    /// Rows that were written, one event each.
    Changes {
        /// Which rows of which types.
        rows: Vec<OwnRows>,
        /// Which events.
        events: Vec<ContentEvent>,
    },
}

/// Rows of one content type that a field of the project's own API reads.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnRows {
    /// Which content type.
    pub of: TypeId,
    /// Which rows.
    pub condition: Condition,
    /// In which order; the key breaks ties.
    pub sort: Vec<OwnSort>,
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSort {
    /// Relations and single components on the way.
    pub path: Vec<FieldId>,
    /// The column at its end.
    pub column: ColumnName,
    /// Greatest first.
    pub descending: bool,
}

/// A Relay connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    /// The relation; none on a root field.
    pub over: Option<FieldId>,
    /// Rows of each content type that the nodes may be.
    pub rows: Vec<OwnRows>,
    /// Rows from the start.
    pub first: Option<Term>,
    /// Cursor to start behind.
    pub after: Option<Term>,
    /// Rows from the end.
    pub last: Option<Term>,
    /// Cursor to end before.
    pub before: Option<Term>,
}

/// A part of a connection, an edge or a page's borders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectionPart {
    /// Number of rows, whatever the page.
    Total,
    /// The rows with their cursors.
    Edges,
    /// The rows.
    Nodes,
    /// The page's borders.
    PageInfo,
    /// The cursor of an edge.
    Cursor,
    /// The row of an edge.
    Node,
    /// The cursor of the first row.
    StartCursor,
    /// The cursor of the last row.
    EndCursor,
    /// There are rows behind the last.
    HasNextPage,
    /// There are rows before the first.
    HasPreviousPage,
}

/// A number that is kept in one unit and answered in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The field that keeps it.
    pub field: FieldId,
    /// The argument that asks for the unit.
    pub argument: String,
    /// Factor of the unit it is kept in, as exact digits.
    pub kept: String,
    /// Factors of the units that can be asked for, by their words, as exact digits.
    pub factors: Vec<(String, String)>,
    /// Decimals at most.
    pub decimals: u32,
}

/// What a field of the project's own API writes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OwnData {
    /// Fields, each with what is written.
    pub entries: Vec<OwnEntry>,
}

/// One field and what is written.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnEntry {
    /// Which field.
    pub field: FieldId,
    /// How.
    pub how: OwnWrite,
    /// The value.
    pub value: Term,
    /// What is absent changes nothing: members of an input.
    pub if_given: bool,
}

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnWrite {
    /// The value takes the place of the present one.
    Set,
    /// A number is added; null adds nothing.
    Increment,
    /// An item, or a list of them, is put behind those that are there; null adds nothing.
    Append,
}

/// Events of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentEvent {
    /// A document was made.
    Create,
    /// One was changed.
    Update,
    /// One was removed.
    Delete,
    /// One was published.
    Publish,
    /// A published version was taken back.
    Unpublish,
}

impl OwnRef {
    /// The innermost name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            OwnRef::Named(name) => name,
            OwnRef::List(inner) | OwnRef::NonNull(inner) => inner.name(),
        }
    }

    /// Whether it is a list.
    #[must_use]
    pub fn is_list(&self) -> bool {
        match self {
            OwnRef::Named(_) => false,
            OwnRef::List(_) => true,
            OwnRef::NonNull(inner) => inner.is_list(),
        }
    }

    /// Whether it is never null.
    #[must_use]
    pub fn is_non_null(&self) -> bool {
        matches!(self, OwnRef::NonNull(_))
    }
}
