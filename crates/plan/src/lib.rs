//! What is asked, in words of the model: what to select, what to write, who may.
//!
//! Every dialect ends in a [`Plan`], both databases start from an [`Authorized`] one: this crate is the narrow waist of the house. A plan
//! is made once for an operation text and kept; what differs between requests are its [`Hole`]s, filled by [`bind`] into [`Value`]s. No
//! value of a caller is ever inside a plan.
//!
//! ```text
//! Operation --graphql::to_plan--> Plan --authorize--> Authorized<Plan> --sql--> statements --store + Values--> bytes
//! ```
//!
//! This crate must never know GraphQL names, SQL, or async. A word such as `edges`, `attributes`, `_eq` or `json_agg` here is a defect.

mod agent;
mod authorize;
mod bind;
mod caller;
mod command;
mod content;
mod cursor;
mod fault;
mod filter;
mod interval;
mod kind;
mod link_scope;
mod linked;
mod output;
mod own_plan;
mod picture;
pub mod rules;
mod run;
mod scale;
mod select;
mod shaped;
mod value;
mod write;

pub use agent::{AgentEffect, AgentFault, AgentGroup, AgentKeep, AgentRemoval};
pub use authorize::{Authorized, authorize};
pub use bind::{Request, Variables, bind, whole_number};
pub use caller::{ADMINISTRATOR, Caller, Fingerprint, OPERATOR, PUBLIC, Policy};
pub use command::{Command, Effect, Need};
pub use content::{Content, ElementContent, Held, Link, LinkId, uuid_of_text, uuid_text, value_json, value_of_json};
pub use cursor::{cursor_number, cursor_text};
pub use fault::{
    AccountFault, BrokenRule, Cause, Fault, FieldFault, NewLocaleFault, Place, Problem, Refusal, RefusedPart, Segment,
};
pub use filter::{Comparison, Filter, Operand};
pub use interval::{interval_of_text, interval_text};
pub use link_scope::{LinkScope, link_scope};
pub use model::{Operator, SystemColumn};
pub use output::{
    Aggregate, Arm, ComponentSelect, Derived, Entry, Form, Function, Linked, Member, Object, Part, PartEntry, Row,
    RowValue, Switch, SwitchArm, SwitchFrom, SwitchShape, Window, Within,
};
pub use own_plan::Holes;
pub use picture::{Detail, picture};
pub use run::{RunEffect, RunFault};
pub use scale::Scale;
pub use select::{
    Column, CursorPage, Direction, From, Locale, Nulls, Page, PublicationFilter, Select, Shape, SortKey, SortPath,
    Status, Version,
};
pub use shaped::{JobGrants, Made, Making, Met, Shaped, ShapedFrom, Shaper};
pub use value::{Hole, HoleId, HoleSource, Transform, Value, ValueKind, Values};
pub use write::{
    Answer, AnswerEntry, AnswerValue, Assignment, Data, Element, Find, Given, LinkKind, Links, Losing, MadeEntry,
    RowRules, Write, WriteAction, WriteVersion,
};

/// Everything that one operation asks, in the order of its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Root entries in the order of the response.
    pub roots: Vec<Root>,
    /// What a request fills in.
    pub holes: Vec<Hole>,
    /// What is one transaction.
    pub boundary: Boundary,
    /// Longest list that one select may answer with, unless its page asks for less. Beyond it: [`Cause::TooManyRows`], never a silent cut.
    pub rows_max: u32,
}

/// How much of a plan stands or falls together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// Nothing is written; all levels read one snapshot.
    Read,
    /// Each root entry is a transaction of its own, in order.
    EachRoot,
    /// The whole plan is one transaction; the first fault rolls all back and `data` is absent.
    Whole,
}

/// One entry of the answer's top level.
#[derive(Debug, Clone, PartialEq)]
pub struct Root {
    /// Key in the answer.
    pub key: String,
    /// A null here makes the whole answer null.
    pub non_null: bool,
    /// Where the operation names it, for faults.
    pub place: Place,
    /// What it is.
    pub value: RootValue,
}

/// What stands under a root key.
#[derive(Debug, Clone, PartialEq)]
pub enum RootValue {
    /// A value known already: a type name, introspection. JSON text.
    Constant(String),
    /// Rows.
    Select(Box<Select>),
    /// Rows of several content types.
    Switch(Box<Switch>),
    /// What stands in the only entry of the first row's object, in place of the object; null without a row.
    Through(Box<Select>),
    /// The caller's own account, whatever rules say about others'. `authorize` turns it into rows, or refuses it.
    Own(Box<Select>),
    /// A change, and what it answers with.
    Write(Box<Write>),
    /// An effect that names the row to answer with.
    Command(Box<Command>),
    /// What a pure function makes of rows, or of what a command answers with.
    Shaped(Box<Shaped>),
    /// Not allowed, or known to fail: the entry is null with this fault.
    Refused(Refusal),
}
