//! What an answer looks like: objects keyed by response key, around rows, elements and aggregates.

use model::{ComponentId, FieldId, TypeId};

use crate::{Column, Filter, HoleId, Page, Refusal, Scale, Select, SortKey, Version};

/// What is shown of each row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// A row that cannot be shown (a null where none may be) takes the whole list with it.
    pub non_null: bool,
    /// Its object.
    pub object: Object,
}

/// An object of the answer, in the order of the selection.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object {
    /// Keys are unique.
    pub entries: Vec<Entry>,
}

/// One member of an object of the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Member<V> {
    /// Key in the answer.
    pub key: String,
    /// A null here takes the object with it. The name `Type.field` for the message stands in `name`.
    pub non_null: bool,
    /// `Type.field` as the schema has it, for messages about nulls.
    pub name: String,
    /// What it is.
    pub value: V,
}

/// A member of an object that belongs to a row or an element.
pub type Entry = Member<RowValue>;

/// A member of an object around the rows of a select.
pub type PartEntry = Member<Part>;

/// What stands under a key of a row's object.
#[derive(Debug, Clone, PartialEq)]
pub enum RowValue {
    /// A value known already. JSON text.
    Constant(String),
    /// A column of the row or element, written in this form.
    Column(Column, Form),
    /// The id of the component element at hand.
    ElementId,
    /// An object around things of the same row.
    Wrap(Object),
    /// Related rows.
    Select(Box<Select>),
    /// Related rows of several content types.
    Switch(Box<Switch>),
    /// A component field.
    Component(Box<ComponentSelect>),
    /// A pure function of columns of the row.
    Derived(Derived),
    /// Where the row stands among those that its select orders: opaque text, see [`crate::cursor_text`].
    Cursor,
    /// The row that a link leads to; inside an object of [`SwitchShape::Parts`] alone.
    Linked(Linked),
    /// Not allowed: null with this fault.
    Refused(Refusal),
}

/// How a value is spelt in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Form {
    /// As its kind has it: numbers and decimals as JSON numbers, instants as `2026-11-21T15:04:05.000Z` (milliseconds), JSON as it is.
    Plain,
    /// As text.
    Text,
    /// A 64-bit integer as number up to 2^53, beyond as text.
    SafeInteger,
    /// PostgreSQL's words: instants with up to 6 fraction digits and `+00:00`, times of day with trailing zeros cut.
    Postgres,
    /// The same, but instants as numbers: microseconds since 1970.
    Micros,
    /// The enum's word for the stored text.
    Word(model::EnumId),
    /// `draft` or `published` of the status column.
    StatusWord,
    /// A value inside a JSON column. Keys and indexes are bound values; missing is null.
    JsonPath(Vec<String>),
}

/// Pure functions of columns, closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Derived {
    /// Strapi's file size: kilobytes as a JSON float.
    FloatOf(Column),
    /// A number in another unit.
    Scaled(Column, Scale),
}

/// Rows of several content types: of a relation to an interface or union, or of all of them together.
#[derive(Debug, Clone, PartialEq)]
pub struct Switch {
    /// Where the rows come from.
    pub from: SwitchFrom,
    /// Which part of the list.
    pub page: Page,
    /// One arm for each content type that is shown; rows of others are left out.
    pub arms: Vec<SwitchArm>,
    /// What is made of the rows.
    pub shape: SwitchShape,
}

/// Where rows of several content types come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwitchFrom {
    /// Those that the row above is linked to by this field of its content type; without a sort in their order.
    Relation(TypeId, FieldId),
    /// All of the types together; without a sort by key.
    Types,
}

/// What is made of rows of several content types.
#[derive(Debug, Clone, PartialEq)]
pub enum SwitchShape {
    /// A list.
    List(Linked),
    /// The first row or null.
    One(Linked),
    /// An object around them. A [`Part::Rows`] inside makes an object for each link.
    Parts(Vec<PartEntry>),
}

/// What is shown of the row that a link leads to, for each content type.
#[derive(Debug, Clone, PartialEq)]
pub struct Linked {
    /// One for each arm that is shown.
    pub rows: Vec<(TypeId, Row)>,
}

/// One content type of a [`Switch`].
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchArm {
    /// Which.
    pub of: TypeId,
    /// Which version of its documents.
    pub version: Version,
    /// Which rows; the permission's rule is added here.
    pub filter: Filter,
    /// First key first: as many as every other arm has, which are compared with each other.
    pub sort: Vec<SortKey>,
}

/// A component field: elements of the row's own JSON column (or of an element above).
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentSelect {
    /// Field of the content type, or member of the component above.
    pub field: FieldId,
    /// A list (repeatable, or a zone); otherwise one element or null.
    pub many: bool,
    /// Elements wanted.
    pub filter: Filter,
    /// Order; none: as stored.
    pub sort: Vec<SortKey>,
    /// Which part of the list.
    pub page: Page,
    /// What is shown for each component; elements of others are left out.
    pub arms: Vec<Arm>,
}

/// One component of a [`ComponentSelect`].
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// Which.
    pub component: ComponentId,
    /// What is shown.
    pub row: Row,
}

/// What belongs to all rows of a select together.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// A value known already. JSON text.
    Constant(String),
    /// An object.
    Wrap(Vec<PartEntry>),
    /// The rows of the page.
    Rows(Row),
    /// The first row or null.
    First(Row),
    /// Number of rows, whatever the page.
    Total,
    /// Number of the page: start / size + 1; 1 when all rows are asked.
    PageNumber,
    /// Rows of a page: the limit, at least 1; when all rows are asked: total - start.
    PageSize,
    /// Number of pages: total / size, rounded up; 1 when all rows are asked.
    PageCount,
    /// An aggregate.
    Aggregate(Aggregate),
    /// The rows that the links of a switch lead to.
    Linked(Linked),
    /// Whether there are rows behind those of the page.
    HasNextPage,
    /// Whether there are rows before those of the page.
    HasPreviousPage,
    /// The cursor of the first row of the page.
    StartCursor,
    /// The cursor of the last row of the page.
    EndCursor,
    /// Not allowed: null with this fault.
    Refused(Refusal),
}

/// A function over rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// Which function.
    pub function: Function,
    /// Columns it is over; none for the number of rows, several only for [`Function::Count`].
    pub columns: Vec<Column>,
    /// Equal values count once.
    pub distinct: bool,
    /// Over which rows.
    pub within: Within,
    /// How the value is spelt.
    pub form: Form,
}

/// Which rows an aggregate sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Within {
    /// All that the filter keeps.
    Filter,
    /// Those of the page.
    Page,
}

/// Aggregate functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    /// Number of rows, or of rows where the column is not null.
    Count,
    /// Sum; of integers exact, of no rows null.
    Sum,
    /// Mean.
    Average,
    /// Least.
    Min,
    /// Greatest.
    Max,
    /// Deviation of the sample.
    StddevSample,
    /// Deviation of the population.
    StddevPopulation,
    /// Variance of the sample.
    VarianceSample,
    /// Variance of the population.
    VariancePopulation,
}

/// Number of rows that a page leads to, worked out from what was asked and how many there are: start, limit, total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Rows skipped.
    pub start: u64,
    /// Rows at most; none: all.
    pub limit: Option<u64>,
}

impl Window {
    /// The number of the page.
    #[must_use]
    pub fn page_number(self) -> u64 {
        self.limit.map_or(1, |limit| self.start / limit.max(1) + 1)
    }

    /// Rows of a page.
    #[must_use]
    pub fn page_size(self, total: u64) -> u64 {
        self.limit.map_or_else(|| total.saturating_sub(self.start), |limit| limit.max(1))
    }

    /// Number of pages.
    #[must_use]
    pub fn page_count(self, total: u64) -> u64 {
        self.limit.map_or(1, |limit| total.div_ceil(limit.max(1)))
    }
}

impl Page {
    /// The holes that it reads.
    #[must_use]
    pub fn holes(&self) -> Vec<HoleId> {
        match self {
            Page::One | Page::All => Vec::new(),
            Page::Offset { start, limit } => start.iter().chain(limit).copied().collect(),
            Page::Numbered { number, size } => vec![*number, *size],
            Page::Cursor(cursor) => {
                [cursor.first, cursor.after, cursor.last, cursor.before].into_iter().flatten().collect()
            }
        }
    }
}
