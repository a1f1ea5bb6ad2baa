//! `x_order_by`: orders by columns, by the related row, by aggregates over related rows.

use indexmap::IndexMap;
use plan::Function;

use super::Draft;
use super::aggregates::FUNCTIONS;
use super::columns::{ColumnField, ComponentOf, Table, Tables, component_name};
use crate::binding::InputBinding;
use crate::definition::{Input, Kind, TypeRef};

/// Adds the order object of a table, and the one that orders by aggregates over its rows.
pub(super) fn add(draft: &mut Draft, tables: &Tables<'_>, table: &Table<'_>) {
    let mut members: IndexMap<String, Input> = by_columns(table.columns.iter());
    for relation in table.relations.iter().filter(|relation| !relation.member) {
        if relation.many {
            let of = TypeRef::named([&relation.target, "_aggregate_order_by"].concat());
            members
                .insert([&relation.name, "_aggregate"].concat(), member(of, InputBinding::ByAggregate(relation.field)));
        } else {
            members.insert(
                relation.name.clone(),
                member(order_of(&relation.target), InputBinding::ByRelation(relation.field)),
            );
        }
    }
    for component in table.components.iter().filter(|component| !component.many) {
        let ComponentOf::One(of) = &component.of else { continue };
        let name = component_name(tables.model.component(*of));
        members.insert(component.name.clone(), member(order_of(&name), InputBinding::ByComponent(component.field)));
    }
    draft.add(&order_by(&table.name), &table.of.name, Kind::Input(members));
    add_aggregate_orders(draft, table);
}

fn add_aggregate_orders(draft: &mut Draft, table: &Table<'_>) {
    let mut members = IndexMap::new();
    members.insert("count".to_owned(), member(TypeRef::named("order_by"), InputBinding::ByCount));
    for (word, function) in FUNCTIONS {
        let columns = by_columns(table.columns.iter().filter(|column| function_takes(function, column)));
        if columns.is_empty() {
            continue;
        }
        let name = [&table.name, "_", word, "_order_by"].concat();
        members.insert(word.to_owned(), member(TypeRef::named(&name), InputBinding::ByFunction(function)));
        draft.add(&name, &table.of.name, Kind::Input(columns));
    }
    draft.add(&[&table.name, "_aggregate_order_by"].concat(), &table.of.name, Kind::Input(members));
}

/// Whether an aggregate function is offered over a column.
pub(super) fn function_takes(function: Function, column: &ColumnField) -> bool {
    match function {
        Function::Min | Function::Max => column.kind.is_ordered(),
        Function::Count => false,
        Function::Sum
        | Function::Average
        | Function::StddevSample
        | Function::StddevPopulation
        | Function::VarianceSample
        | Function::VariancePopulation => column.kind.is_number(),
    }
}

/// An order word for each column.
pub(super) fn by_columns<'a>(columns: impl Iterator<Item = &'a ColumnField>) -> IndexMap<String, Input> {
    columns
        .map(|column| (column.name.clone(), member(TypeRef::named("order_by"), InputBinding::By(column.column))))
        .collect()
}

/// Name of the order object over an object type.
pub(super) fn order_by(name: &str) -> String {
    [name, "_order_by"].concat()
}

fn order_of(name: &str) -> TypeRef {
    TypeRef::named(order_by(name))
}

fn member(of: TypeRef, binding: InputBinding) -> Input {
    Input { description: None, of, default: None, binding }
}
