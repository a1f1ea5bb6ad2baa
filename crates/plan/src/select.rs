//! Which rows: from where, which of them, in which order, which part, which version of each document.

use model::{ColumnName, FieldId, SystemColumn, TypeId};

use crate::{Aggregate, Filter, HoleId, Part, PartEntry, Row};

/// Rows of one content type.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    /// Where the rows come from.
    pub from: From,
    /// Their content type.
    pub of: TypeId,
    /// Which version of each document.
    pub version: Version,
    /// Which rows. Everything is [`Filter::All`], on purpose.
    pub filter: Filter,
    /// First key first. The printer appends the key (and the locale, when several are read) so that the order is total.
    pub sort: Vec<SortKey>,
    /// First row for each combination of these columns, in the order of `sort`, which must begin with them.
    pub distinct: Vec<Column>,
    /// Which part of the ordered rows.
    pub page: Page,
    /// What is made of them.
    pub shape: Shape,
}

/// Where rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// All of the type.
    Type,
    /// Those that the row above is linked to by this field of its content type.
    Relation(TypeId, FieldId),
    /// Those that the component element above is linked to by this member. The content type owns the element.
    ElementRelation(TypeId, model::ComponentId, FieldId),
    /// The row above's other locales, of the same status.
    Localizations,
    /// The row that the enclosing write has just written.
    Written,
}

/// Which version of each document. Canonical: a type without drafts has [`Status::Only`], one without locales [`Locale::Only`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version {
    /// Draft or published.
    pub status: Status,
    /// Which locale.
    pub locale: Locale,
    /// Further choice among the documents by the state of their sibling versions.
    pub publication: Option<PublicationFilter>,
}

/// Which of draft and published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// The type has one version of each document.
    Only,
    /// The published row.
    Published,
    /// The draft row.
    Draft,
    /// The published row, else the draft.
    Either,
}

/// Which locale.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Locale {
    /// The type has no locales.
    Only,
    /// The project's default.
    Default,
    /// This one.
    Named(String),
    /// Every one, a row each.
    All,
    /// The row above's, which is of a localized type; below a row without locale the default.
    Inherited,
}

/// Which documents, by the state of draft and published rows (of the pair, or of the document over all locales).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PublicationFilter {
    /// No published row in this locale.
    NeverPublished,
    /// A published row in this locale.
    HasPublished,
    /// Draft changed after publishing.
    Modified,
    /// Draft not changed after publishing.
    Unmodified,
    /// No published row in any locale.
    NeverPublishedDocument,
    /// A published row in some locale.
    HasPublishedDocument,
    /// Published row without a draft row.
    PublishedWithoutDraft,
    /// Published row with a draft row.
    PublishedWithDraft,
}

/// A column of the row (or component element) at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Column {
    /// A field that is no relation. For a to-one relation kept as a column, its target's key.
    Field(FieldId),
    /// One that every content type has.
    System(SystemColumn),
}

impl std::convert::From<ColumnName> for Column {
    fn from(name: ColumnName) -> Self {
        match name {
            ColumnName::Field(field) => Self::Field(field),
            ColumnName::System(system) => Self::System(system),
        }
    }
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    /// What is compared.
    pub path: SortPath,
    /// Which way.
    pub direction: Direction,
    /// Where nulls go.
    pub nulls: Nulls,
}

/// What an order compares.
#[derive(Debug, Clone, PartialEq)]
pub enum SortPath {
    /// A column of the row.
    Column(Column),
    /// Through a relation: the related row's; of several, the least (ascending) or greatest (descending).
    Relation {
        /// The relation.
        field: FieldId,
        /// Which version of the related documents.
        version: Version,
        /// Which related rows count.
        filter: Box<Filter>,
        /// What of the related row.
        then: Box<SortPath>,
    },
    /// Through a component: a member of it; of several elements, the least or greatest.
    Component {
        /// The component field.
        field: FieldId,
        /// What of the element.
        then: Box<SortPath>,
    },
    /// An aggregate over the related rows.
    Aggregate {
        /// The relation.
        field: FieldId,
        /// Which version of the related documents.
        version: Version,
        /// Which related rows count.
        filter: Box<Filter>,
        /// The aggregate.
        aggregate: Aggregate,
    },
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Least first.
    Ascending,
    /// Greatest first.
    Descending,
}

/// Where nulls go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nulls {
    /// Before all values.
    First,
    /// Behind all values.
    Last,
}

/// Which part of the ordered rows. Numbers are holes, already clamped by their transform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// The first row alone: a look-up by key, a to-one relation.
    One,
    /// All, up to `rows_max`.
    All,
    /// From `start` (0 when absent), at most `limit` (all when absent).
    Offset {
        /// Rows to skip.
        start: Option<HoleId>,
        /// Rows at most.
        limit: Option<HoleId>,
    },
    /// The `number`th page, counted from 1, of `size` rows.
    Numbered {
        /// Which page.
        number: HoleId,
        /// Rows of a page.
        size: HoleId,
    },
    /// Between cursors.
    Cursor(CursorPage),
}

/// Rows between two cursors, cut from the start or from the end. Cursors count rows from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CursorPage {
    /// Rows at most, from the start.
    pub first: Option<HoleId>,
    /// The row before the first.
    pub after: Option<HoleId>,
    /// Rows at most, from the end.
    pub last: Option<HoleId>,
    /// The row behind the last.
    pub before: Option<HoleId>,
}

/// What is made of the rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A list.
    List(Row),
    /// The first row or null.
    One(Row),
    /// An object around the rows: counts, aggregates, page numbers, and the rows themselves.
    Parts(Vec<PartEntry>),
}

impl Select {
    /// Whether no more than one row of the type is looked at: the one with a key or public id, held against nothing but its own columns.
    #[must_use]
    pub fn is_look_up(&self) -> bool {
        let is_own = |filter: &Filter| matches!(filter, Filter::Compare(_) | Filter::Null { .. });
        let conditions = match &self.filter {
            Filter::And(conditions) => conditions.as_slice(),
            single => std::slice::from_ref(single),
        };
        self.from == From::Type && conditions.iter().all(is_own) && conditions.iter().any(Filter::finds_one)
    }

    /// The rows' selections that stand in it, if any: one for a list or one row, any number inside parts.
    pub fn rows_mut(&mut self) -> Vec<&mut Row> {
        match &mut self.shape {
            Shape::List(row) | Shape::One(row) => vec![row],
            Shape::Parts(entries) => entries.iter_mut().flat_map(|entry| entry.value.rows_mut()).collect(),
        }
    }
}

impl Part {
    fn rows_mut(&mut self) -> Vec<&mut Row> {
        match self {
            Part::Rows(row) | Part::First(row) => vec![row],
            Part::Wrap(entries) => entries.iter_mut().flat_map(|entry| entry.value.rows_mut()).collect(),
            Part::Constant(_)
            | Part::Total
            | Part::PageNumber
            | Part::PageSize
            | Part::PageCount
            | Part::Aggregate(_)
            | Part::HasNextPage
            | Part::HasPreviousPage
            | Part::StartCursor
            | Part::EndCursor
            | Part::Linked(_)
            | Part::Refused(_) => Vec::new(),
        }
    }
}
