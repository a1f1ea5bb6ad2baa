//! Values that a request brings, and the holes of a plan that they fill.

use serde_json::Value as Json;

use crate::Segment;

/// Index into [`crate::Plan::holes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HoleId(pub u32);

/// A place in a plan for a value that is known only when a request comes.
#[derive(Debug, Clone, PartialEq)]
pub struct Hole {
    /// Where the value comes from.
    pub source: HoleSource,
    /// What it must be.
    pub kind: ValueKind,
    /// A list of that kind.
    pub list: bool,
    /// What is done to it first.
    pub transform: Transform,
    /// For messages: where in the request it stands (argument names, members, indexes).
    pub path: Vec<Segment>,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum HoleSource {
    /// A variable of the operation, or a part of it: the first segment is its name.
    Variable(Vec<Segment>),
    /// A literal that was lifted out of the text.
    Literal(Json),
    /// A member of the caller: `["id"]` is the user's key. Null for a caller that has none.
    Caller(Vec<String>),
    /// The clock.
    Now,
}

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// Text.
    Text,
    /// Integer of 64 bits.
    Int,
    /// A double.
    Float,
    /// Exact decimal.
    Decimal,
    /// Boolean.
    Boolean,
    /// Day.
    Date,
    /// Time of day.
    Time,
    /// Instant.
    DateTime,
    /// Length of time.
    Interval,
    /// Any JSON.
    Json,
    /// 128 bits.
    Uuid,
    /// A word of this enum, kept as its stored text.
    Word(model::EnumId),
}

/// Pure change of a value while it is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transform {
    /// None.
    Keep,
    /// An integer pressed into these bounds, both included.
    Clamp(i64, i64),
    /// An integer refused outside these bounds.
    Within(i64, i64),
    /// A `LIKE` pattern, refused when it ends with an escape of nothing: whether a database sees that depends on its rows.
    Pattern,
    /// What does not read as the kind is null: no row has it.
    NullIfOther,
    /// The number that a cursor's text names; any other text is refused.
    Cursor,
    /// Empty text becomes null.
    EmptyIsNull,
}

/// A value of a request, in the kind its hole asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Null, or absent.
    Null,
    /// Boolean.
    Boolean(bool),
    /// Integer.
    Int(i64),
    /// Finite double.
    Float(f64),
    /// Exact decimal.
    Decimal(rust_decimal::Decimal),
    /// Text without NUL.
    Text(String),
    /// Day.
    Date(jiff::civil::Date),
    /// Time of day.
    Time(jiff::civil::Time),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// Length of time: months, days, microseconds, as PostgreSQL keeps them.
    Interval(i32, i32, i64),
    /// JSON text.
    Json(String),
    /// 128 bits.
    Uuid(u128),
    /// A list.
    List(Vec<Value>),
}

/// The values of one request, one for each hole.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Values(pub Vec<Value>);

impl Values {
    /// The value of this hole.
    #[must_use]
    pub fn get(&self, hole: HoleId) -> &Value {
        &self.0[hole.0 as usize]
    }
}
