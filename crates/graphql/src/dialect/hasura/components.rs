//! Components as object types: what a document owns is shown, filtered and ordered like a table of its elements.

use model::{Component, FieldKind, Target};
use plan::Column;

use super::Draft;
use super::columns::{
    ColumnField, ComponentField, ComponentOf, RelationField, Tables, component_name, field_name, member_type,
    table_name,
};
use super::{filters, orders, rows};
use crate::definition::{Kind, Stands};

/// Adds every component's object, filter and order types, and the unions of dynamic zones. What is not reached is not served.
pub(super) fn add(draft: &mut Draft, tables: &Tables<'_>) {
    for (id, component) in (0u16..).map(model::ComponentId).zip(&tables.model.components) {
        let parts = Parts::of(tables, component);
        let name = component_name(component);
        let mut fields: indexmap::IndexMap<_, _> =
            parts.columns.iter().map(|column| (column.name.clone(), rows::column_field(column))).collect();
        for relation in &parts.relations {
            rows::add_relation(&mut fields, relation, tables.rule);
        }
        for inner in &parts.components {
            fields.insert(inner.name.clone(), rows::component_field(tables, inner));
        }
        draft.add(&name, &component.name, Kind::Object { stands: Stands::Element(id), fields });
        draft.describe(component.description.as_ref());
        add_inputs(draft, tables, component, &parts);
    }
    for component in tables.list.iter().flat_map(|table| &table.components) {
        let ComponentOf::Zone(zone, union) = &component.of else { continue };
        let zone = tables.model.zone(*zone);
        let members = zone.members.iter().map(|of| component_name(tables.model.component(*of))).collect();
        draft.add(union, &zone.name, Kind::Union(members));
    }
}

fn add_inputs(draft: &mut Draft, tables: &Tables<'_>, component: &Component, parts: &Parts) {
    let name = component_name(component);
    let filter = filters::bool_exp(&name);
    let mut members = filters::logic(&filter);
    filters::add_columns(&mut members, &parts.columns);
    filters::add_relations(&mut members, &parts.relations);
    for inner in &parts.components {
        filters::add_component(draft, &mut members, tables, inner);
    }
    draft.add(&filter, &component.name, Kind::Input(members));
    draft.add(&orders::order_by(&name), &component.name, Kind::Input(orders::by_columns(parts.columns.iter())));
}

/// The members of a component by kind.
struct Parts {
    columns: Vec<ColumnField>,
    relations: Vec<RelationField>,
    components: Vec<ComponentField>,
}

impl Parts {
    fn of(tables: &Tables<'_>, component: &Component) -> Parts {
        let mut parts = Parts { columns: Vec::new(), relations: Vec::new(), components: Vec::new() };
        // A draft may lack members, too; one type shows the component wherever it is used.
        let is_whole = !tables.model.types.iter().any(|of| of.draft_and_publish);
        for (id, field) in component.fields_by_id().filter(|(_, field)| !field.is_hidden()) {
            let (name, description) = (field_name(field), field.description.clone());
            match &field.kind {
                FieldKind::Scalar { .. } | FieldKind::Enum { .. } => {
                    let Some(kind) = member_type(tables.model, field) else { continue };
                    parts.columns.push(ColumnField {
                        name,
                        description,
                        column: Column::Field(id),
                        kind,
                        required: field.required && is_whole,
                    });
                }
                FieldKind::Component { of, repeatable } => {
                    let of = ComponentOf::One(*of);
                    parts.components.push(ComponentField {
                        name,
                        description,
                        field: id,
                        of,
                        many: *repeatable,
                        required: field.required && is_whole,
                    });
                }
                FieldKind::Relation(relation) => {
                    let Target::Type(target_of) = relation.target else { continue };
                    let Some(target) = tables.list.iter().find(|table| table.id == target_of) else { continue };
                    parts.relations.push(RelationField {
                        name,
                        description,
                        field: id,
                        target: table_name(target.of),
                        target_of,
                        versions: (target.of.draft_and_publish, target.of.localized),
                        many: relation.many,
                        required: field.required && is_whole && !relation.many,
                        member: false,
                    });
                }
                // The language has no dynamic zone inside a component.
                FieldKind::Zone { .. } => {}
            }
        }
        parts
    }
}
