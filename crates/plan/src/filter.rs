//! Which rows: conditions with three-valued logic, as SQL has it.

use model::{FieldId, Operator, SystemColumn};

use crate::{Column, HoleId, Version};

/// A condition over the rows of one content type, or over the elements of one component.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Every row.
    All,
    /// No row.
    Nothing,
    /// All hold. Never empty, never nested in another `And`: see [`Filter::and`].
    And(Vec<Filter>),
    /// One holds. Never empty.
    Or(Vec<Filter>),
    /// The inner one is false; unknown stays unknown.
    Not(Box<Filter>),
    /// A column against a value.
    Compare(Comparison),
    /// The column is null, or is not.
    Null {
        /// Which column.
        column: Column,
        /// Whether null is asked for.
        is_null: bool,
    },
    /// A related row meets the inner filter. True or false, never unknown.
    Some {
        /// A relation of the type at hand, or of the component at hand.
        field: FieldId,
        /// Which version of the related documents.
        version: Version,
        /// What it meets.
        filter: Box<Filter>,
    },
    /// A related row of this one member of a relation to an interface or union meets the inner filter.
    SomeOf {
        /// The relation.
        field: FieldId,
        /// Which content type.
        of: model::TypeId,
        /// Which version of the related documents.
        version: Version,
        /// What it meets.
        filter: Box<Filter>,
    },
    /// A row of another locale of the same document meets the inner filter. True or false, never unknown.
    OtherLocale {
        /// Which version of those rows.
        version: Version,
        /// What it meets.
        filter: Box<Filter>,
    },
    /// The number of related rows that meet the inner filter, compared.
    Count {
        /// The relation.
        field: FieldId,
        /// Which version of the related documents.
        version: Version,
        /// Which related rows count.
        filter: Box<Filter>,
        /// How.
        operator: Operator,
        /// Against what.
        value: Operand,
    },
    /// An element of a component field meets the inner filter, which is over the component's members. True or false, never unknown.
    Element {
        /// The component field, or member of the component at hand.
        field: FieldId,
        /// Which component (a zone has several).
        component: model::ComponentId,
        /// What it meets.
        filter: Box<Filter>,
    },
}

/// A column against a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Which column.
    pub column: Column,
    /// How.
    pub operator: Operator,
    /// Against what.
    pub value: Operand,
}

/// The other side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// A hole, of the column's kind (a list of it for `In`, `NotIn`, `Between`).
    Hole(HoleId),
    /// Another column of the same row.
    Column(Column),
    /// The value of the compared column in the row of the same type that has this key; null where there is none. Of types without drafts and
    /// locales alone.
    OfKey(HoleId),
}

impl Filter {
    /// A comparison with null: `eq` and `ne` ask for it; with every other operator nothing compares.
    #[must_use]
    pub fn null_compared(column: Column, operator: Operator) -> Filter {
        if operator == Operator::Eq || operator == Operator::Ne {
            return Filter::Null { column, is_null: operator == Operator::Eq };
        }
        Filter::Nothing
    }

    /// Both hold; flat, and without `All`.
    #[must_use]
    pub fn and(self, other: Filter) -> Filter {
        Filter::all_of([self, other])
    }

    /// All hold; flat, without `All`, and `Nothing` if one is.
    #[must_use]
    pub fn all_of(filters: impl IntoIterator<Item = Filter>) -> Filter {
        let mut list = Vec::new();
        for filter in filters {
            match filter {
                Filter::All => {}
                Filter::Nothing => return Filter::Nothing,
                Filter::And(inner) => list.extend(inner),
                other => list.push(other),
            }
        }
        match list.len() {
            0 => Filter::All,
            1 => list.remove(0),
            _ => Filter::And(list),
        }
    }

    /// One holds; the empty list is `Nothing`, a member that is `All` makes it `All`.
    #[must_use]
    pub fn any_of(filters: impl IntoIterator<Item = Filter>) -> Filter {
        let mut list = Vec::new();
        for filter in filters {
            match filter {
                Filter::All => return Filter::All,
                Filter::Nothing => {}
                other => list.push(other),
            }
        }
        match list.len() {
            0 => Filter::Nothing,
            1 => list.remove(0),
            _ => Filter::Or(list),
        }
    }

    /// Whether it says which document alone: by its key or its public id.
    pub(crate) fn finds_one(&self) -> bool {
        let Filter::Compare(Comparison { column: Column::System(column), operator, value }) = self else {
            return false;
        };
        matches!(column, SystemColumn::Key | SystemColumn::DocumentId)
            && *operator == Operator::Eq
            && matches!(value, Operand::Hole(_))
    }

    /// The inner one is false.
    #[must_use]
    pub fn negated(self) -> Filter {
        match self {
            Filter::All => Filter::Nothing,
            Filter::Nothing => Filter::All,
            other => Filter::Not(Box::new(other)),
        }
    }
}
