//! Which index a select would need: a pure comparison of what it asks with what its table has.

use model::{Model, SystemColumn};
use plan::{Column, Direction, Filter, From, Operand, Page, Select, SortPath};

use crate::Layout;
use crate::layout::{FieldLayout, Table, TypeLayout, system_column};

/// An index that a select would need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The table.
    pub table: String,
    /// The content type to which the line belongs.
    pub content_type: String,
    /// The line to add: `@index(fields: ["state", "lang", "views:desc"])`.
    pub line: String,
}

/// A column that a select fixes or orders by: its name in the table, its name in the model, and whether it descends.
struct Part {
    column: String,
    name: Option<String>,
    descending: bool,
}

/// The index that a root select would need; none where one fits, or where no index of the type's own columns would help.
///
/// An index fits when its first columns are fixed by the filter and the next are those of the order, all in its direction or all in the other;
/// without an order, when the filter fixes its first column beyond what every read of the type fixes.
///
/// Source: the house's rule for reading; how many rows make it worth saying is for the store to know.
#[must_use]
pub fn advice(model: &Model, layout: &Layout, select: &Select) -> Option<Advice> {
    if select.from != From::Type || select.page == Page::One {
        return None;
    }
    let of = layout.content_type(select.of);
    let table = layout.table(of.rows);
    let mut fixed = Vec::new();
    fixed_by(model, of, select, &select.filter, &mut fixed);
    let order = order_of(model, of, select)?;
    let always = ["_status", "_locale"].map(str::to_owned);
    if fits(table, &fixed, &order, &always) {
        return None;
    }
    let names: Option<Vec<String>> = fixed.iter().chain(&order).map(Part::shown).collect();
    let names = names?;
    let list = names.iter().map(|name| ["\"", name, "\""].concat()).collect::<Vec<_>>().join(", ");
    Some(Advice {
        table: table.name.clone(),
        content_type: model.content_type(select.of).name.clone(),
        line: ["@index(fields: [", &list, "])"].concat(),
    })
}

impl Part {
    fn shown(&self) -> Option<String> {
        let name = self.name.as_ref()?;
        Some(if self.descending { [name, ":desc"].concat() } else { name.clone() })
    }
}

/// The columns that a filter fixes to one value, each once.
fn fixed_by(model: &Model, of: &TypeLayout, select: &Select, filter: &Filter, fixed: &mut Vec<Part>) {
    match filter {
        Filter::And(list) => list.iter().for_each(|inner| fixed_by(model, of, select, inner, fixed)),
        Filter::Compare(comparison) => {
            let is_fixed =
                matches!(comparison.operator, plan::Operator::Eq) && matches!(comparison.value, Operand::Hole(_));
            if let Some(part) = part(model, of, select, comparison.column).filter(|_| is_fixed)
                && fixed.iter().all(|known| known.column != part.column)
            {
                fixed.push(part);
            }
        }
        Filter::All
        | Filter::Nothing
        | Filter::Or(_)
        | Filter::Not(_)
        | Filter::Null { .. }
        | Filter::Some { .. }
        | Filter::SomeOf { .. }
        | Filter::OtherLocale { .. }
        | Filter::Count { .. }
        | Filter::Element { .. } => {}
    }
}

/// The columns of the order up to the key, which every index ends with; none where it goes through a relation or a component.
fn order_of(model: &Model, of: &TypeLayout, select: &Select) -> Option<Vec<Part>> {
    let mut order = Vec::new();
    for key in &select.sort {
        match &key.path {
            SortPath::Column(Column::System(SystemColumn::Key)) => break,
            SortPath::Column(column) => {
                let descending = key.direction == Direction::Descending;
                order.push(Part { descending, ..part(model, of, select, *column)? });
            }
            SortPath::Relation { .. } | SortPath::Component { .. } | SortPath::Aggregate { .. } => return None,
        }
    }
    Some(order)
}

fn part(model: &Model, of: &TypeLayout, select: &Select, column: Column) -> Option<Part> {
    match column {
        Column::Field(field) => match &of.fields[usize::from(field.0)] {
            FieldLayout::Column { name, .. } => {
                let shown = model.content_type(select.of).field(field).name.clone();
                Some(Part { column: name.clone(), name: Some(shown), descending: false })
            }
            FieldLayout::ToOne(to_one) => {
                let shown = model.content_type(select.of).field(field).name.clone();
                Some(Part { column: to_one.key.clone(), name: Some(shown), descending: false })
            }
            FieldLayout::Link(_) | FieldLayout::Inverse { .. } => None,
        },
        Column::System(system) => {
            let name = match system {
                SystemColumn::CreatedAt => Some("createdAt"),
                SystemColumn::UpdatedAt => Some("updatedAt"),
                SystemColumn::PublishedAt => Some("publishedAt"),
                SystemColumn::Key
                | SystemColumn::DocumentId
                | SystemColumn::Locale
                | SystemColumn::Status
                | SystemColumn::CreatedBy
                | SystemColumn::UpdatedBy
                | SystemColumn::Revision
                | SystemColumn::Entry => None,
            };
            let (column, _) = system_column(of, system)?;
            Some(Part { column: column.to_owned(), name: name.map(str::to_owned), descending: false })
        }
    }
}

fn fits(table: &Table, fixed: &[Part], order: &[Part], always: &[String]) -> bool {
    if fixed.is_empty() && order.is_empty() {
        return true;
    }
    let is_fixed = |column: &String| always.contains(column) || fixed.iter().any(|part| part.column == *column);
    let serves = |columns: &[(String, bool)]| {
        let rest = columns.iter().skip_while(|(column, _)| is_fixed(column));
        let meets = |flipped: bool| {
            let mut rest = rest.clone();
            order.iter().all(|part| {
                rest.next()
                    .is_some_and(|(column, down)| *column == part.column && (*down != flipped) == part.descending)
            })
        };
        let is_led =
            columns.iter().take_while(|(column, _)| is_fixed(column)).any(|(column, _)| !always.contains(column));
        if order.is_empty() { is_led } else { meets(false) || meets(true) }
    };
    let plain = |columns: &[String]| columns.iter().map(|column| (column.clone(), false)).collect::<Vec<_>>();
    serves(&plain(&table.primary_key))
        || table.unique.iter().any(|unique| serves(&plain(&unique.columns)) || unique.columns.iter().all(is_fixed))
        || table.indexes.iter().any(|index| serves(&index.columns))
}
