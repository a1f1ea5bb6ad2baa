//! What the parts of a schema mean: every field, argument, input field, enum value and scalar carries one of these words.
//!
//! A dialect (a file below `dialect/`) writes [`crate::definition::Definitions`] with these words; the interpreter (`interpret/`)
//! reads them and knows no dialect. A new dialect is a new file of definitions; when a word is missing, it is added here and the
//! compiler names every place that has to think about it.
//!
//! Two things are told by the schema instead of by a word: what rows or elements an object type stands for
//! ([`crate::definition::Stands`]), and the names (sort paths are looked up among the bound fields of the object type).

use crate::tell::Teller;
use model::{Bound, ComponentId, ConnectionPart, FieldId, Operator, TypeId};
use plan::{
    Column, Derived, Direction, Effect, Form, Function, LinkKind, Nulls, PublicationFilter, Status, ValueKind, Within,
};

/// What a field of an object type means.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldBinding {
    // ---- at the root
    /// Rows of a content type.
    List {
        /// Which.
        of: TypeId,
        /// What is made of them.
        shape: RowsShape,
        /// How its page arguments are read, and what holds without them.
        page: PageRule,
    },
    /// One row of a content type: the one that the field's [`InputBinding::Key`] arguments name; the only one when it has none.
    ByKey {
        /// Which.
        of: TypeId,
    },
    /// Makes a document. The answer is the row, or an object of [`FieldBinding::Written`] words.
    Create {
        /// Of which content type.
        of: TypeId,
    },
    /// Changes the document that the [`InputBinding::Key`] argument names; the only one when there is no such argument.
    Update {
        /// Of which content type.
        of: TypeId,
        /// Made when there is none.
        or_create: bool,
    },
    /// Removes a document.
    Delete {
        /// Of which content type.
        of: TypeId,
        /// A missing one is a fault.
        must_exist: bool,
    },
    /// The one row that is the caller's own account.
    Account {
        /// Its content type.
        of: TypeId,
    },
    /// An effect that names the row to answer with. Its arguments are bound by [`InputBinding::Given`]; the answer is the row, or an object
    /// of [`FieldBinding::Written`] and [`FieldBinding::Made`] words.
    Command {
        /// What is done.
        effect: Effect,
        /// The content type of the row.
        of: TypeId,
    },
    // ---- on a row, or on an element of a component
    /// A column, written in a form.
    Column(Column, Form),
    /// Related rows of one content type. On an element: the relation is a member of its component.
    Relation {
        /// The relation.
        field: FieldId,
        /// What is made of the rows: [`RowsShape::One`] for a to-one relation.
        shape: RowsShape,
        /// How its page arguments are read, and what holds without them.
        page: PageRule,
    },
    /// Related rows of several content types. The field's type is a union (or interface) of object types that stand for them.
    Switch {
        /// The relation.
        field: FieldId,
        /// How its page arguments are read, and what holds without them.
        page: PageRule,
    },
    /// The row's other locales.
    Localizations {
        /// What is made of the rows.
        shape: RowsShape,
        /// How its page arguments are read, and what holds without them.
        page: PageRule,
    },
    /// Elements of a component field. The field's type is the object type of the component, or a union of them for a dynamic zone.
    Component {
        /// The component field.
        field: FieldId,
        /// How its page arguments are read, and what holds without them.
        page: PageRule,
    },
    /// The id of the element at hand.
    ElementId,
    /// A pure function of columns.
    Derived(Derived),
    // ---- around rows: members of the object of a field whose shape is `Parts`
    /// The rows themselves; where the field is no list, the first row or null. Around the answer to a write: the row written.
    Nodes,
    /// Number of rows, whatever the page.
    Total,
    /// Number of the page.
    PageNumber,
    /// Rows of a page.
    PageSize,
    /// Number of pages.
    PageCount,
    /// An aggregate. [`InputBinding::Columns`] and [`InputBinding::DistinctValues`] arguments change its columns.
    Aggregate {
        /// Which function.
        function: Function,
        /// Over which column; none counts rows.
        column: Option<Column>,
        /// Over which rows.
        within: Within,
        /// How the value is spelt.
        form: Form,
    },
    // ---- around the answer to a write
    /// What a write says about itself.
    Written(WrittenPart),
    /// What a command has made under this name.
    Made(&'static str),
    // ---- anywhere
    /// A field of the project's own API: the model says what it means, and which of its arguments stand where.
    Own(Box<Bound>),
    /// A part of a connection of the project's own API.
    Part(ConnectionPart),
    /// What the dialect tells of its arguments, the model and rows ([`crate::tell`]): the whole tree below the root field.
    Told(Teller),
    /// An object around things of the same level: it adds a name, nothing else.
    Wrap,
    /// A value that is known already. JSON text.
    Constant(String),
}

/// What a write says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrittenPart {
    /// The public id of the document; where a missing document is no fault, the id that was given.
    DocumentId,
    /// Number of documents.
    Affected,
    /// The rows.
    Rows,
    /// The row as its own table has it: what it leads to is null, for nobody has looked it up.
    RowAlone,
}

/// What is made of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsShape {
    /// The first row or null.
    One,
    /// A list.
    List,
    /// An object around the first row, whose member bound by `Nodes` is the row or null.
    OneInside,
    /// An object around them, whose members are bound by `Nodes`, `Total`, `Aggregate`, ...
    Parts,
}

/// How page numbers are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageRule {
    /// No page arguments: all rows.
    None,
    /// Numbers out of bounds are pressed into them; a limit of -1 asks for all rows, or for `limit_max`.
    Clamped {
        /// Rows without a page argument.
        limit_default: u32,
        /// Rows at most.
        limit_max: Option<u32>,
    },
    /// Numbers out of bounds are refused.
    Strict,
}

/// What an argument or an input field means. The words of one group stand in one kind of place.
#[derive(Debug, Clone, PartialEq)]
pub enum InputBinding {
    // ---- arguments of fields that give rows
    /// A filter object over the rows; its members are bound by the words of the next two groups.
    Filter(FilterRule),
    /// The row (or document) where this column has this value.
    Key(Column),
    /// The document of which a locale has this entry number: the locale asked for is a new one of it.
    BesideEntry,
    /// An object whose members are bound by [`InputBinding::Page`].
    Paging,
    /// One number of paging.
    Page(PageWord),
    /// Paths as text, `author.name:desc`, several in one text by commas. Words are names of bound fields of the rows' object type.
    SortPaths(SortNames),
    /// Objects whose members are bound by the sort group; the order of keys counts.
    SortObjects,
    /// Columns (enum values) for which the first row is taken.
    Distinct,
    /// An enum word bound by [`ValueBinding::Status`], or null for the default.
    Status,
    /// A locale; `*` is every one.
    Locale,
    /// An enum word bound by [`ValueBinding::Publication`].
    Publication,
    /// `true`: documents with a published version; `false`: without.
    HasPublished,
    // ---- members of a filter object
    /// All of a list of filter objects hold.
    And,
    /// One of a list of filter objects holds.
    Or,
    /// The filter object is false.
    Not,
    /// Comparisons of a column: an object whose members are bound by the next group.
    Column(Column),
    /// Some related row meets a filter object.
    Some(FieldId),
    /// Some related row of this member of a relation to an interface or union meets a filter object.
    SomeOf(FieldId, TypeId),
    /// Some row of another locale of the same document meets a filter object.
    OtherLocale,
    /// Some element of this component meets a filter object.
    Element(FieldId, ComponentId),
    /// An object of filter objects, one for each component of a dynamic zone, bound by [`InputBinding::Element`].
    Zone,
    // ---- members of a comparisons object
    /// The column against a value. [`FilterRule::null`] says what a null means.
    Compare(Operator),
    /// The column against each value of a list: all hold.
    Every(Operator),
    /// `true`: the column is null. `negated` turns it round; so does `false`.
    IsNull {
        /// `true` asks for not null.
        negated: bool,
    },
    // ---- members of a sort object
    /// By a column: an enum word bound by [`ValueBinding::Order`].
    By(Column),
    /// By something of the related row: a sort object.
    ByRelation(FieldId),
    /// By something of the component: a sort object.
    ByComponent(FieldId),
    /// By aggregates over related rows: an object whose members are bound by the next two.
    ByAggregate(FieldId),
    /// By one aggregate without a column: an enum word.
    ByCount,
    /// By one function: an object whose members are bound by [`InputBinding::By`].
    ByFunction(Function),
    // ---- arguments of output columns and aggregates
    /// The path into a JSON column.
    JsonPath,
    /// Columns of an aggregate, enum words bound by [`ValueBinding::Column`].
    Columns,
    /// Equal values count once.
    DistinctValues,
    // ---- writing
    /// The fields that are written: an object whose members are bound by the rest of this group.
    Data,
    /// A field: its value, ids of linked documents, an element, or a list of elements; the model says which.
    Set {
        /// Which field of the content type or component.
        field: FieldId,
        /// How linked documents are named.
        link: LinkKind,
    },
    /// A field that is no relation; null is as if it were not there.
    SetUnlessNull(FieldId),
    /// The id of the element that is changed in place.
    ElementId,
    /// When the document was published: an instant publishes it, null takes what is published back.
    PublishedAt,
    // ---- the project's own API
    /// A value that the field's own binding places ([`FieldBinding::Own`]); a member of an input, too.
    Argument,
    /// The unit that a number is asked for in.
    Unit,
    /// Given to a command under this name.
    Given {
        /// The name.
        name: &'static str,
        /// What it must be.
        kind: ValueKind,
    },
    /// An object whose members are bound by [`InputBinding::Given`].
    GivenGroup,
    /// Handed to what the dialect tells, as it is.
    Told,
    /// Accepted, without effect.
    Ignored,
}

/// How a filter object is read where dialects differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterRule {
    /// What `{}` and empty lists mean.
    pub empty: Emptiness,
    /// What a relation without related rows means.
    pub relations: RelationLogic,
    /// What a null operand means.
    pub null: NullOperand,
}

/// What a filter that says nothing means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emptiness {
    /// As if it were not there, wherever it stands.
    Ignored,
    /// `{}` is true, so its `not` is false; an empty `or` is false; an empty filter through a relation asks that a row is there.
    Counts,
}

/// What a condition through a relation means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationLogic {
    /// Some related row meets it: true or false.
    Exists,
    /// As over the rows of an outer join: without a related row the condition is asked of a row of nulls, and `not` asks for a
    /// joined row that fails.
    Joined,
}

/// What a null operand means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NullOperand {
    /// Equal to null is "is null", not equal is "is not null", a null comparisons object is "is null"; any other operator is unknown.
    IsNull,
    /// The operator is dropped.
    Dropped,
    /// Refused.
    Refused,
}

/// One number of paging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageWord {
    /// Number of the page, from 1.
    Number,
    /// Rows of a page.
    Size,
    /// Rows to skip.
    Start,
    /// Rows at most.
    Limit,
}

/// Words of sort paths beside the bound fields of the rows' object type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortNames {
    /// The word for the key, if it has one.
    pub key: Option<&'static str>,
    /// Relations that give an object around their rows are words, too.
    pub around: bool,
}

/// What a value of an enum type means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueBinding {
    /// A word of an enum of the model.
    Word,
    /// A version of the document.
    Status(Status),
    /// A choice of documents.
    Publication(PublicationFilter),
    /// A direction.
    Order(Direction, Nulls),
    /// A column.
    Column(Column),
}

/// How values of a scalar type are checked and turned into the form that plans take.
#[derive(Debug, Clone, PartialEq)]
pub enum ScalarRule {
    /// Text.
    String,
    /// Integer of 32 bits.
    Int,
    /// Any JSON number.
    Float,
    /// Boolean.
    Boolean,
    /// Text, or an integer that is read as text.
    Id,
    /// Integer of 64 bits, as a number or as digits.
    Long,
    /// `2026-11-21`.
    Date,
    /// `15:04:05.000`, shorter without the fraction.
    Time,
    /// An instant with its zone, RFC 3339.
    DateTime,
    /// Any JSON.
    Json,
    /// A locale's code, or the word for every locale, which becomes [`EVERY_LOCALE`].
    Locale {
        /// The word.
        every: &'static str,
    },
    /// An object that names its component by `__typename`; the members are those of that component's input type.
    Element(Vec<ElementInput>),
    /// Anything: `plan::bind` reads it as its kind.
    Loose(ValueKind),
}

/// What [`InputBinding::Locale`] reads as every locale.
pub const EVERY_LOCALE: &str = "*";

/// One component that a [`ScalarRule::Element`] takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementInput {
    /// Its name in `__typename`.
    pub name: String,
    /// Which component.
    pub component: ComponentId,
    /// The input type that binds its members (it need not be reachable in the schema).
    pub input: String,
}
