//! `x_bool_exp`: conditions over the rows of a table.

use indexmap::IndexMap;

use super::Draft;
use super::columns::{
    ColumnField, ColumnType, ComponentField, ComponentOf, RelationField, Table, Tables, component_name,
};
use super::scalars::comparison;
use crate::binding::{Emptiness, FilterRule, InputBinding, NullOperand, RelationLogic};
use crate::definition::{Input, Kind, TypeRef};

/// How filters are read here: `{}` is true, an empty `_or` false, a null operand refused.
pub(super) const RULE: FilterRule =
    FilterRule { empty: Emptiness::Counts, relations: RelationLogic::Exists, null: NullOperand::Refused };

/// Adds the filter object of a table.
pub(super) fn add(draft: &mut Draft, tables: &Tables<'_>, table: &Table<'_>) {
    let name = bool_exp(&table.name);
    let mut members = logic(&name);
    add_columns(&mut members, &table.columns);
    add_relations(&mut members, &table.relations);
    for component in &table.components {
        add_component(draft, &mut members, tables, component);
    }
    draft.add(&name, &table.of.name, Kind::Input(members));
}

/// Name of the filter object over an object type.
pub(super) fn bool_exp(name: &str) -> String {
    [name, "_bool_exp"].concat()
}

/// `_and`, `_not` and `_or`.
pub(super) fn logic(name: &str) -> IndexMap<String, Input> {
    let one = || TypeRef::named(name);
    let members = [
        ("_and", one().non_null().list(), InputBinding::And),
        ("_not", one(), InputBinding::Not),
        ("_or", one().non_null().list(), InputBinding::Or),
    ];
    members.into_iter().map(|(word, of, binding)| (word.to_owned(), member(of, binding))).collect()
}

/// Comparisons of columns. The status is chosen by the argument of that name, not filtered.
pub(super) fn add_columns(members: &mut IndexMap<String, Input>, columns: &[ColumnField]) {
    for column in columns.iter().filter(|column| column.kind != ColumnType::Status) {
        let of = TypeRef::named(comparison(column.kind.name()));
        members.insert(column.name.clone(), member(of, InputBinding::Column(column.column)));
    }
}

/// Some related row.
pub(super) fn add_relations(members: &mut IndexMap<String, Input>, relations: &[RelationField]) {
    for relation in relations {
        let binding = if relation.member {
            InputBinding::SomeOf(relation.field, relation.target_of)
        } else {
            InputBinding::Some(relation.field)
        };
        members.insert(relation.name.clone(), member(TypeRef::named(bool_exp(&relation.target)), binding));
    }
}

/// Some element of a component; of a dynamic zone an object with a member for each component.
pub(super) fn add_component(
    draft: &mut Draft,
    members: &mut IndexMap<String, Input>,
    tables: &Tables<'_>,
    component: &ComponentField,
) {
    let element = |of: model::ComponentId| {
        let name = component_name(tables.model.component(of));
        (name.clone(), member(TypeRef::named(bool_exp(&name)), InputBinding::Element(component.field, of)))
    };
    match &component.of {
        ComponentOf::One(of) => {
            members.insert(component.name.clone(), element(*of).1);
        }
        ComponentOf::Zone(zone, union) => {
            let name = bool_exp(union);
            let zone = tables.model.zone(*zone);
            draft.add(&name, &zone.name, Kind::Input(zone.members.iter().map(|of| element(*of)).collect()));
            members.insert(component.name.clone(), member(TypeRef::named(name), InputBinding::Zone));
        }
    }
}

fn member(of: TypeRef, binding: InputBinding) -> Input {
    Input { description: None, of, default: None, binding }
}
