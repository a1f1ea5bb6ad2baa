//! The statements of this crate as a typed tree. [`crate::print`] makes text of it, and nothing else does.

use plan::{Direction, Nulls};

use crate::{ColumnKind, Param};

/// The name of a table, a row set or a sub-select inside one statement: `t0`, `t1`, ...
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Alias(pub(crate) u32);

/// Something with a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    /// `t0."name"`.
    Column(Alias, String),
    /// A value that is bound; cast to its type on PostgreSQL, so that the server never guesses.
    Param(Param),
    /// A name of the model (a component's word, a locale of the text) as a literal.
    Text(String),
    /// A number of the house: a status.
    Number(i64),
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// `count(*)`.
    CountAll,
    /// `name(a, b)`.
    Call(&'static str, Vec<Expr>),
    /// `name(distinct a, b)`.
    CallDistinct(&'static str, Vec<Expr>),
    /// `(a, b)`.
    Tuple(Vec<Expr>),
    /// `a operator b`.
    Binary(Box<Expr>, &'static str, Box<Expr>),
    /// `a between b and c`.
    Between(Box<Expr>, Box<Expr>, Box<Expr>),
    /// A value in a bound list: `a = any($1)`, `a <> all($1)`; on SQLite `a in (select "value" from json_each(?1))`, `a not in (..)`.
    Listed { value: Box<Expr>, negated: bool, list: Param },
    /// `a in (select ..)` or `not in`.
    In { value: Box<Expr>, negated: bool, query: Box<Query> },
    /// `a is null` or `is not null`.
    IsNull(Box<Expr>, bool),
    /// `not a`.
    Not(Box<Expr>),
    /// `a and b`, at least one.
    And(Vec<Expr>),
    /// `a or b`, at least one.
    Or(Vec<Expr>),
    /// `exists (select ..)`.
    Exists(Box<Query>),
    /// `(select ..)` of one column and at most one row.
    Scalar(Box<Query>),
    /// `case when a then b else c end`; without `else` null.
    Case(Box<Expr>, Box<Expr>, Option<Box<Expr>>),
    /// `a::type` on PostgreSQL, `cast(a as type)` on SQLite.
    Cast(Box<Expr>, ColumnKind),
    /// `a collate "name"`.
    Collate(Box<Expr>, &'static str),
    /// `name(a order by b)`.
    Ordered(&'static str, Box<Expr>, Vec<Order>),
    /// `row_number() over (partition by a order by b)`.
    RowNumber { partition: Vec<Expr>, order: Vec<Order> },
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Order {
    pub(crate) expr: Expr,
    pub(crate) direction: Direction,
    /// Spelt only where it differs from what the database does by itself.
    pub(crate) nulls: Option<Nulls>,
}

/// A select.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Query {
    /// `distinct on (..)`, PostgreSQL alone.
    pub(crate) distinct_on: Vec<Expr>,
    /// Result columns with the name that an outer select uses, where there is one.
    pub(crate) columns: Vec<(Expr, Option<String>)>,
    pub(crate) from: Vec<Source>,
    /// All hold.
    pub(crate) filter: Vec<Expr>,
    pub(crate) order: Vec<Order>,
    pub(crate) limit: Option<Expr>,
    pub(crate) offset: Option<Expr>,
}

/// One member of `from`; all but the first are joined with `cross join` and a condition in `where`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    /// A table.
    Table(String, Alias),
    /// `left join "table" as t1 on ..`: behind another source, and each of its rows stands once at most beside this one's.
    Left(String, Alias, Vec<Expr>),
    /// `(select ..) as t0`.
    Query(Box<Query>, Alias),
    /// `(select .. union all select ..) as t0`.
    Union(Vec<Query>, Alias),
    /// `lateral (select ..) as t0`, PostgreSQL alone.
    Lateral(Box<Query>, Alias),
    /// `unnest($1, $2) as t0(key, locale)`, PostgreSQL alone.
    Unnest(Vec<Param>, Alias),
    /// The elements of a JSON array as `t0."value"`, counted by `t0."key"`: `json_each` or `jsonb_array_elements .. with ordinality`.
    Elements(Expr, Alias),
}

impl Expr {
    pub(crate) fn column(alias: Alias, name: impl Into<String>) -> Expr {
        Expr::Column(alias, name.into())
    }

    pub(crate) fn equals(self, other: Expr) -> Expr {
        self.binary("=", other)
    }

    pub(crate) fn binary(self, operator: &'static str, other: Expr) -> Expr {
        Expr::Binary(Box::new(self), operator, Box::new(other))
    }

    pub(crate) fn null_test(self, wanted: bool) -> Expr {
        Expr::IsNull(Box::new(self), wanted)
    }

    pub(crate) fn negated(self) -> Expr {
        Expr::Not(Box::new(self))
    }

    /// One holds; of none `false`.
    pub(crate) fn any_of(mut list: Vec<Expr>) -> Expr {
        match list.len() {
            0 => Expr::Boolean(false),
            1 => list.remove(0),
            _ => Expr::Or(list),
        }
    }

    /// All hold; of none `true`.
    pub(crate) fn all_of(mut list: Vec<Expr>) -> Expr {
        match list.len() {
            0 => Expr::Boolean(true),
            1 => list.remove(0),
            _ => Expr::And(list),
        }
    }
}

impl Query {
    /// `select 1 from ..`, for `exists`.
    pub(crate) fn one_of(from: Vec<Source>, filter: Vec<Expr>) -> Query {
        Query { columns: vec![(Expr::Number(1), None)], from, filter, ..Query::default() }
    }
}
