//! Which fields of its content type a node names. Rules add up by rows, but a row is shown only where one rule allows all fields that are
//! asked of it: otherwise a rule for few fields of all rows and a rule for all fields of few rows would together show everything.

use std::collections::BTreeSet;

use model::FieldId;

use crate::{
    Aggregate, Column, Data, Derived, Filter, From, Object, Operand, Part, PartEntry, Row, RowValue, Select, Shape,
    SortPath, SwitchArm, SwitchFrom,
};

/// Fields of one content type.
pub(super) type Fields = BTreeSet<FieldId>;

/// Fields that a select names: in its filter, order, distinct, aggregates and outputs.
pub(super) fn of_select(select: &Select) -> Fields {
    let mut fields = Fields::new();
    add_filter(&select.filter, &mut fields);
    for key in &select.sort {
        add_sort(&key.path, &mut fields);
    }
    select.distinct.iter().for_each(|column| add_column(*column, &mut fields));
    match &select.shape {
        Shape::List(row) | Shape::One(row) => add_object(&row.object, &mut fields),
        Shape::Parts(entries) => add_parts(entries, &mut fields),
    }
    fields
}

/// Fields that an arm of a switch names: in its filter, its order, and in what is shown of its rows.
pub(super) fn of_arm(arm: &SwitchArm, shown: &[&Row]) -> Fields {
    let mut fields = of_filter(&arm.filter);
    arm.sort.iter().for_each(|key| add_sort(&key.path, &mut fields));
    for row in shown {
        add_object(&row.object, &mut fields);
    }
    fields
}

/// Fields that a filter names at its own level.
pub(super) fn of_filter(filter: &Filter) -> Fields {
    let mut fields = Fields::new();
    add_filter(filter, &mut fields);
    fields
}

/// Fields that a sort path names at its own level.
pub(super) fn of_sort(path: &SortPath) -> Fields {
    let mut fields = Fields::new();
    add_sort(path, &mut fields);
    fields
}

/// Columns of an aggregate.
pub(super) fn of_aggregate(aggregate: &Aggregate) -> Fields {
    let mut fields = Fields::new();
    aggregate.columns.iter().for_each(|column| add_column(*column, &mut fields));
    fields
}

/// Fields that are given.
pub(super) fn of_data(data: &Data) -> Fields {
    data.assignments.iter().map(|assignment| assignment.field).collect()
}

fn add_column(column: Column, fields: &mut Fields) {
    match column {
        Column::Field(field) => {
            fields.insert(field);
        }
        Column::System(_) => {}
    }
}

fn add_filter(filter: &Filter, fields: &mut Fields) {
    match filter {
        // Rows of other locales are rows of their own: their fields are asked for where the filter steps there.
        Filter::All | Filter::Nothing | Filter::OtherLocale { .. } => {}
        Filter::And(list) | Filter::Or(list) => list.iter().for_each(|inner| add_filter(inner, fields)),
        Filter::Not(inner) => add_filter(inner, fields),
        Filter::Compare(comparison) => {
            add_column(comparison.column, fields);
            match &comparison.value {
                Operand::Hole(_) | Operand::OfKey(_) => {}
                Operand::Column(column) => add_column(*column, fields),
            }
        }
        Filter::Null { column, .. } => add_column(*column, fields),
        Filter::Some { field, .. }
        | Filter::SomeOf { field, .. }
        | Filter::Count { field, .. }
        | Filter::Element { field, .. } => {
            fields.insert(*field);
        }
    }
}

fn add_sort(path: &SortPath, fields: &mut Fields) {
    match path {
        SortPath::Column(column) => add_column(*column, fields),
        SortPath::Relation { field, .. } | SortPath::Component { field, .. } | SortPath::Aggregate { field, .. } => {
            fields.insert(*field);
        }
    }
}

fn add_object(object: &Object, fields: &mut Fields) {
    for entry in &object.entries {
        match &entry.value {
            // What stands below a link is asked of its own rows.
            RowValue::Constant(_)
            | RowValue::ElementId
            | RowValue::Cursor
            | RowValue::Linked(_)
            | RowValue::Refused(_) => {}
            RowValue::Column(column, _) | RowValue::Derived(Derived::FloatOf(column) | Derived::Scaled(column, _)) => {
                add_column(*column, fields);
            }
            RowValue::Wrap(inner) => add_object(inner, fields),
            RowValue::Select(select) => match select.from {
                From::Relation(_, field) => {
                    fields.insert(field);
                }
                From::Type | From::Written | From::Localizations | From::ElementRelation(..) => {}
            },
            RowValue::Switch(switch) => match switch.from {
                SwitchFrom::Relation(_, field) => {
                    fields.insert(field);
                }
                SwitchFrom::Types => {}
            },
            RowValue::Component(component) => {
                fields.insert(component.field);
            }
        }
    }
}

fn add_parts(entries: &[PartEntry], fields: &mut Fields) {
    for entry in entries {
        match &entry.value {
            Part::Constant(_)
            | Part::Total
            | Part::PageNumber
            | Part::PageSize
            | Part::PageCount
            | Part::HasNextPage
            | Part::HasPreviousPage
            | Part::StartCursor
            | Part::EndCursor
            | Part::Linked(_)
            | Part::Refused(_) => {}
            Part::Wrap(inner) => add_parts(inner, fields),
            Part::Rows(row) | Part::First(row) => add_object(&row.object, fields),
            Part::Aggregate(aggregate) => aggregate.columns.iter().for_each(|column| add_column(*column, fields)),
        }
    }
}
