//! What the store runs for one select: statements, and the object that their rows fill.

use crate::Lead;
use model::{ComponentId, TypeId};
use plan::{Form, HoleId, Page, Refusal, Scale};

/// The two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Database {
    /// Embedded.
    Sqlite,
    /// Beyond one machine.
    Postgres,
}

/// One statement, prepared once for each connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Its text; `?1 ..` on SQLite, `$1 ..` on PostgreSQL, in the order of `params`.
    pub sql: String,
    /// What is bound.
    pub params: Vec<Param>,
    /// Kinds of the result's columns.
    pub columns: Vec<ColumnKind>,
    /// Number of this statement in its program, by which the store finds it prepared. The printer leaves 0, [`Node::number`] sets it.
    pub slot: u16,
}

/// A value bound to a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// The value of a hole, as this kind of column.
    Hole(HoleId, ColumnKind),
    /// The value of a list hole: one array on PostgreSQL; on SQLite a JSON array text (read by `json_each`).
    List(HoleId, ColumnKind),
    /// A hole's text with `%`, `_` and `\` escaped, inside the wildcards asked for.
    Like {
        /// Which hole.
        hole: HoleId,
        /// `%` before.
        before: bool,
        /// `%` behind.
        behind: bool,
    },
    /// The longest text between two wildcards of a hole's `like` pattern: it stands in whatever matches.
    LikePiece(HoleId),
    /// One of the two members of a list hole (`between`).
    Member(HoleId, usize, ColumnKind),
    /// A literal of the plan itself (a locale's name, a component's word).
    Text(String),
    /// The key of the row above: one on SQLite, the array of all parents' keys on PostgreSQL.
    ParentKey(ColumnKind),
    /// Rows at most, by this page; where the page has no limit: `rows_max + 1`, so that one more row is noticed.
    Limit(Page),
    /// Rows to skip, by this page.
    Start(Page),
    /// The project's default locale.
    DefaultLocale,
    /// The locale of the row above: one on SQLite, an array beside the keys on PostgreSQL.
    ParentLocale,
}

/// What a result column holds, which says how it is read and written. SQLite keeps what stands behind the dash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// 64 bits (`int4` columns are cast or read as they come) - INTEGER.
    Int,
    /// Double - REAL.
    Float,
    /// Exact decimal: `numeric` - TEXT in canonical digits with the collation `decimal`.
    Decimal,
    /// Boolean - INTEGER 0 or 1.
    Boolean,
    /// Day - TEXT `2026-11-21`.
    Date,
    /// Time of day: `time` - TEXT `15:04:05.000`.
    Time,
    /// Instant: `timestamptz` - INTEGER microseconds since 1970.
    Instant,
    /// Length of time: `interval` - TEXT as PostgreSQL prints it, with the collation `interval`.
    Interval,
    /// JSON: `jsonb` - TEXT that was checked when written.
    Json,
    /// `uuid` - TEXT, lower case with hyphens.
    Uuid,
}

/// One select: its statements and its shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The rows; none when only counts are asked.
    pub rows: Option<Statement>,
    /// How rows find the row above.
    pub parent: Parent,
    /// Totals and aggregates over all rows of the filter: one row (one for each parent, with `parent`).
    pub counts: Option<CountProgram>,
    /// The same over the rows of the page.
    pub page_counts: Option<CountProgram>,
    /// The page asked for: what page numbers are worked out from, and whether `rows_max` guards.
    pub page: Page,
    /// What is made of them.
    pub shape: NodeShape,
}

/// One statement of totals and aggregates.
#[derive(Debug, Clone, PartialEq)]
pub struct CountProgram {
    /// The statement.
    pub statement: Statement,
    /// Column of the total, when it is among them.
    pub total: Option<u16>,
    /// Column that holds the parent's key, below a row on PostgreSQL, where one row comes for each key bound, in their order of value. On SQLite
    /// one row comes for the one parent, and this is none.
    pub parent_column: Option<u16>,
    /// Column that holds the parent's locale, where [`Parent::Key::locale_above`] is bound.
    pub parent_locale_column: Option<u16>,
}

/// How the rows of a level find the row above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parent {
    /// A root: there is none.
    None,
    /// By a key.
    Key {
        /// Column of the parent's row that is bound as [`Param::ParentKey`].
        above: u16,
        /// Column of this level's rows that equals it. Rows come ordered by it on PostgreSQL. On SQLite, where rows of one parent come at a
        /// time, it is not selected and this is 0.
        here: u16,
        /// Column of the parent's row that is bound as [`Param::ParentLocale`].
        locale_above: Option<u16>,
        /// Column of this level's rows that equals it; rows come ordered by key, then locale, on PostgreSQL.
        locale_here: Option<u16>,
        /// Kind of the key.
        kind: ColumnKind,
    },
    /// By the row above and the id of a component element in it: links inside components.
    Element {
        /// Column of the owning row that is bound as [`Param::ParentKey`] (its `_row`).
        above: u16,
        /// Column of this level's rows that equals it; 0 on SQLite, where it is not selected.
        here: u16,
        /// Column of this level's rows that holds the element's id. Rows come ordered by the row above, then by it; the page of the node is
        /// cut for each element by the store.
        element: u16,
    },
}

/// What is made of rows.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeShape {
    /// A list.
    List(RowProgram),
    /// The first row or null.
    One(RowProgram),
    /// An object around them.
    Parts(Vec<PartProgramEntry>),
}

/// The object of each row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowProgram {
    /// A null row takes the list with it.
    pub non_null: bool,
    /// The object.
    pub object: ObjectProgram,
}

/// An object of the answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ObjectProgram {
    /// In the order of the selection.
    pub entries: Vec<EntryProgram>,
}

/// One entry of it.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryProgram {
    /// `{"key":` of the first entry, `,"key":` of the others.
    pub lead: Lead,
    /// The bare key, for paths of faults.
    pub key: String,
    /// A null here takes the object with it.
    pub non_null: bool,
    /// `Type.field`, for messages.
    pub name: String,
    /// What it is.
    pub value: ValueProgram,
}

/// What stands under a key.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueProgram {
    /// JSON text.
    Constant(String),
    /// A column of the row at hand.
    Column {
        /// Which.
        index: u16,
        /// Its kind.
        kind: ColumnKind,
        /// How it is spelt.
        form: Form,
        /// For [`Form::Word`]: (stored text, word).
        words: Vec<(String, String)>,
    },
    /// A member of the component element at hand, by its name in the stored JSON.
    Member {
        /// Its name.
        name: String,
        /// Its kind.
        kind: ColumnKind,
        /// How it is spelt.
        form: Form,
        /// For [`Form::Word`]: (stored text, word).
        words: Vec<(String, String)>,
    },
    /// The id of the component element at hand.
    ElementId,
    /// An object around things of the same row.
    Wrap(ObjectProgram),
    /// A related row, which stands beside the row at hand.
    Joined(Box<JoinedProgram>),
    /// Related rows.
    Node(Box<Node>),
    /// Related rows of several content types.
    Switch(Box<SwitchProgram>),
    /// A component field.
    Component(Box<ComponentProgram>),
    /// A column's number as a JSON float.
    FloatOf(u16, ColumnKind),
    /// A column's number in another unit.
    Scaled(u16, ColumnKind, Scale),
    /// Where the row stands among those of its level.
    Cursor,
    /// What the link at hand leads to.
    Linked(LinkedProgram),
    /// Null with this fault.
    Refused(Refusal),
}

/// A related row whose columns stand in the row at hand.
#[derive(Debug, Clone, PartialEq)]
pub struct JoinedProgram {
    /// Column of its key: null where there is no such row.
    pub key: u16,
    /// What that holds.
    pub kind: ColumnKind,
    /// Its object.
    pub object: ObjectProgram,
}

/// Rows of several content types.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchProgram {
    /// The linked documents in order, with the page applied: columns `parent, type, key`; type is text, the [`SwitchArmProgram::word`] of an
    /// arm. On SQLite and at a root `parent` is null, as the links of one parent come at a time.
    pub links: Statement,
    /// The number of all links, where it is asked for.
    pub counts: Option<CountProgram>,
    /// How links find the row above.
    pub parent: Parent,
    /// The page asked for.
    pub page: Page,
    /// What is made of the links.
    pub shape: SwitchShapeProgram,
}

/// What is made of links.
#[derive(Debug, Clone, PartialEq)]
pub enum SwitchShapeProgram {
    /// A list of the rows that they lead to.
    List(LinkedProgram),
    /// The first of them or null.
    One(LinkedProgram),
    /// An object around them.
    Parts(Vec<PartProgramEntry>),
}

/// What links lead to.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkedProgram {
    /// One for each content type shown.
    pub arms: Vec<SwitchArmProgram>,
}

/// One content type of a switch: its rows by key.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchArmProgram {
    /// Which content type.
    pub of: TypeId,
    /// Its word in the links' type column.
    pub word: String,
    /// Rows by key.
    pub node: Node,
}

/// A component field: elements of a JSON column.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentProgram {
    /// Column of the row at hand that holds the JSON; inside an element: the member of this name.
    pub source: ComponentSource,
    /// A list.
    pub many: bool,
    /// The part of the list that is shown; none when the statement has cut it already, or all is asked.
    pub page: Page,
    /// What is shown for each component.
    pub arms: Vec<ArmProgram>,
}

/// Where elements are.
#[derive(Debug, Clone, PartialEq)]
pub enum ComponentSource {
    /// A column of the row.
    Column(u16),
    /// A member of the element above.
    Member(String),
}

/// One component of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmProgram {
    /// Which.
    pub component: ComponentId,
    /// Its word in `__component` of the stored element (`category.name`).
    pub word: String,
    /// The element's object.
    pub row: RowProgram,
}

/// One entry of an object around rows.
#[derive(Debug, Clone, PartialEq)]
pub struct PartProgramEntry {
    /// `"key":`, escaped.
    pub key_json: String,
    /// The bare key.
    pub key: String,
    /// A null here takes the object with it.
    pub non_null: bool,
    /// `Type.field`, for messages.
    pub name: String,
    /// What it is.
    pub value: PartProgram,
}

/// What belongs to all rows together.
#[derive(Debug, Clone, PartialEq)]
pub enum PartProgram {
    /// JSON text.
    Constant(String),
    /// An object.
    Wrap(Vec<PartProgramEntry>),
    /// The rows of the page.
    Rows(RowProgram),
    /// The first row or null.
    First(RowProgram),
    /// Number of rows.
    Total,
    /// Number of the page.
    PageNumber,
    /// Rows of a page.
    PageSize,
    /// Number of pages.
    PageCount,
    /// A column of `counts` (or of `page_counts`).
    Aggregate {
        /// Whether it is of `page_counts`.
        of_page: bool,
        /// Which column.
        index: u16,
        /// Its kind.
        kind: ColumnKind,
        /// How it is spelt.
        form: Form,
    },
    /// The rows that links lead to.
    Linked(LinkedProgram),
    /// Whether there are rows behind those of the page.
    HasNextPage,
    /// Whether there are rows before those of the page.
    HasPreviousPage,
    /// The cursor of the page's first row.
    StartCursor,
    /// The cursor of the page's last row.
    EndCursor,
    /// Null with this fault.
    Refused(Refusal),
}

impl Node {
    /// Numbers every statement below in the order of the selection, from `next` on; gives the first free number.
    pub fn number(&mut self, next: u16) -> u16 {
        let mut next = next;
        let counts =
            [&mut self.counts, &mut self.page_counts].into_iter().flatten().map(|counts| &mut counts.statement);
        for statement in self.rows.iter_mut().chain(counts) {
            statement.slot = next;
            next += 1;
        }
        match &mut self.shape {
            NodeShape::List(row) | NodeShape::One(row) => row.object.number(next),
            NodeShape::Parts(entries) => number_parts(entries, next),
        }
    }
}

impl SwitchProgram {
    /// Numbers every statement below in the order of the selection, from `next` on; gives the first free number.
    pub fn number(&mut self, next: u16) -> u16 {
        self.links.slot = next;
        let mut next = next + 1;
        if let Some(counts) = &mut self.counts {
            counts.statement.slot = next;
            next += 1;
        }
        match &mut self.shape {
            SwitchShapeProgram::List(linked) | SwitchShapeProgram::One(linked) => linked.number(next),
            SwitchShapeProgram::Parts(entries) => number_parts(entries, next),
        }
    }
}

impl LinkedProgram {
    fn number(&mut self, next: u16) -> u16 {
        self.arms.iter_mut().fold(next, |next, arm| arm.node.number(next))
    }
}

impl ObjectProgram {
    fn number(&mut self, next: u16) -> u16 {
        self.entries.iter_mut().fold(next, |next, entry| entry.value.number(next))
    }
}

impl ValueProgram {
    fn number(&mut self, next: u16) -> u16 {
        match self {
            ValueProgram::Constant(_)
            | ValueProgram::Column { .. }
            | ValueProgram::Member { .. }
            | ValueProgram::ElementId
            | ValueProgram::FloatOf(..)
            | ValueProgram::Scaled(..)
            | ValueProgram::Cursor
            | ValueProgram::Refused(_) => next,
            ValueProgram::Wrap(object) => object.number(next),
            ValueProgram::Joined(joined) => joined.object.number(next),
            ValueProgram::Node(node) => node.number(next),
            ValueProgram::Switch(switch) => switch.number(next),
            ValueProgram::Linked(linked) => linked.number(next),
            ValueProgram::Component(component) => {
                component.arms.iter_mut().fold(next, |next, arm| arm.row.object.number(next))
            }
        }
    }
}

fn number_parts(entries: &mut [PartProgramEntry], next: u16) -> u16 {
    entries.iter_mut().fold(next, |next, entry| match &mut entry.value {
        PartProgram::Wrap(inner) => number_parts(inner, next),
        PartProgram::Rows(row) | PartProgram::First(row) => row.object.number(next),
        PartProgram::Linked(linked) => linked.number(next),
        PartProgram::Constant(_)
        | PartProgram::Total
        | PartProgram::PageNumber
        | PartProgram::PageSize
        | PartProgram::PageCount
        | PartProgram::HasNextPage
        | PartProgram::HasPreviousPage
        | PartProgram::StartCursor
        | PartProgram::EndCursor
        | PartProgram::Aggregate { .. }
        | PartProgram::Refused(_) => next,
    })
}
