//! Conditions over rows as a project writes them (`@allow(where:)` and the like), resolved against the model.

use serde_json::Value;

use crate::FieldId;

/// A comparison. Text operators see text by code points; the ones that ignore case fold it as Unicode does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Equal, ignoring case.
    EqFold,
    /// Not equal; unknown for null.
    Ne,
    /// Not equal, ignoring case.
    NeFold,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// One of a list; false for the empty list.
    In,
    /// None of a list; true for the empty list.
    NotIn,
    /// Contains the text.
    Contains,
    /// Does not contain the text.
    NotContains,
    /// Contains the text, ignoring case.
    ContainsFold,
    /// Does not contain the text, ignoring case.
    NotContainsFold,
    /// Starts with the text.
    StartsWith,
    /// Ends with the text.
    EndsWith,
    /// Between two values, both included. The operand is a list of two.
    Between,
    /// SQL `LIKE` with `%`, `_` and backslash escape, case-sensitive.
    Like,
    /// Not `LIKE`.
    NotLike,
    /// `LIKE`, ignoring case.
    LikeFold,
    /// Not `LIKE`, ignoring case.
    NotLikeFold,
    /// SQL `SIMILAR TO` over the whole text.
    Similar,
    /// Not `SIMILAR TO`.
    NotSimilar,
    /// Regular expression found anywhere in the text.
    Regex,
    /// Regular expression found nowhere in the text.
    NotRegex,
    /// Regular expression, ignoring case.
    RegexFold,
    /// Regular expression found nowhere, ignoring case.
    NotRegexFold,
    /// JSON containment, PostgreSQL's `@>`.
    JsonContains,
    /// JSON containment the other way, `<@`.
    JsonContainedIn,
    /// JSON has this key or string element, `?`.
    JsonHasKey,
    /// JSON has any of these keys, `?|`.
    JsonHasKeysAny,
    /// JSON has all of these keys, `?&`.
    JsonHasKeysAll,
}

/// What an operator takes beside its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operands {
    /// A value of the column's kind.
    Value,
    /// A list of values of the column's kind.
    Values,
    /// Text, whatever the column's kind: the column is seen as text, too.
    Text,
    /// A key of a JSON column.
    Key,
    /// Keys of a JSON column.
    Keys,
}

impl Operator {
    /// What it takes beside its column.
    #[must_use]
    pub fn operands(self) -> Operands {
        match self {
            Operator::Eq
            | Operator::Ne
            | Operator::Lt
            | Operator::Lte
            | Operator::Gt
            | Operator::Gte
            | Operator::JsonContains
            | Operator::JsonContainedIn => Operands::Value,
            Operator::In | Operator::NotIn | Operator::Between => Operands::Values,
            Operator::EqFold
            | Operator::NeFold
            | Operator::Contains
            | Operator::NotContains
            | Operator::ContainsFold
            | Operator::NotContainsFold
            | Operator::StartsWith
            | Operator::EndsWith
            | Operator::Like
            | Operator::NotLike
            | Operator::LikeFold
            | Operator::NotLikeFold
            | Operator::Similar
            | Operator::NotSimilar
            | Operator::Regex
            | Operator::NotRegex
            | Operator::RegexFold
            | Operator::NotRegexFold => Operands::Text,
            Operator::JsonHasKey => Operands::Key,
            Operator::JsonHasKeysAny | Operator::JsonHasKeysAll => Operands::Keys,
        }
    }
}

/// One side of a comparison in a project's own condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// A literal in the form that is stored: an enum's text, not its word.
    Literal(Value),
    /// A member of the caller: `$user.id` is `["id"]`.
    Caller(Vec<String>),
    /// An argument of the field that holds the directive: `$review.stars` is `["review", "stars"]`; `optional` is the form `$name?`.
    Argument {
        /// Name of the argument, then members of it.
        path: Vec<String>,
        /// The entry is dropped when the argument is null or absent.
        optional: bool,
    },
    /// The clock.
    Now,
}

/// A condition over the rows of one content type (or, inside [`Condition::Some`] over a component field, over its elements).
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Holds when all hold; the empty list holds.
    And(Vec<Condition>),
    /// Holds when one holds; the empty list does not.
    Or(Vec<Condition>),
    /// Holds when the inner one is false; unknown stays unknown.
    Not(Box<Condition>),
    /// A scalar or enum field against a value. `system` columns are named by [`crate::Field`]-less words in `Column`.
    Compare {
        /// The field, or a system column by its strapi5 name.
        column: ColumnName,
        /// How.
        operator: Operator,
        /// Against what.
        value: Term,
    },
    /// The column is null (`true`) or not.
    Null {
        /// The field, or a system column.
        column: ColumnName,
        /// Whether null is asked for.
        is_null: bool,
    },
    /// Some related row, or some element of a component field, meets the inner condition.
    Some {
        /// A relation or component field.
        field: FieldId,
        /// What it meets.
        condition: Box<Condition>,
    },
}

/// What a condition or a sort of the project names: a field of the type, or a column that every content type has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ColumnName {
    /// A scalar or enum field.
    Field(FieldId),
    /// A system column.
    System(SystemColumn),
}

/// The columns that every content type has, whatever its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SystemColumn {
    /// The key, `_key`: shared by all versions of a document.
    Key,
    /// The public id, text.
    DocumentId,
    /// The locale, `''` for none.
    Locale,
    /// Draft or published.
    Status,
    /// Instant of the first write.
    CreatedAt,
    /// Instant of the last write.
    UpdatedAt,
    /// Instant of publishing; null on a draft.
    PublishedAt,
    /// Key of the user who wrote it first.
    CreatedBy,
    /// Key of the user who wrote it last.
    UpdatedBy,
    /// Counts writes.
    Revision,
    /// Strapi 4's entry number.
    Entry,
}
