//! `x_aggregate`: counts and functions over the rows of the page, and the rows themselves.

use indexmap::IndexMap;
use plan::{Form, Function, Within};

use super::Draft;
use super::columns::{ColumnField, Table};
use super::orders::function_takes;
use super::rows::select_column;
use crate::binding::{FieldBinding, InputBinding};
use crate::definition::{Field, Input, Kind, Stands, TypeRef};

/// Aggregate functions over one column, by their names.
pub(super) const FUNCTIONS: [(&str, Function); 10] = [
    ("avg", Function::Average),
    ("max", Function::Max),
    ("min", Function::Min),
    ("stddev", Function::StddevSample),
    ("stddev_pop", Function::StddevPopulation),
    ("stddev_samp", Function::StddevSample),
    ("sum", Function::Sum),
    ("var_pop", Function::VariancePopulation),
    ("var_samp", Function::VarianceSample),
    ("variance", Function::VarianceSample),
];

/// Adds the aggregate types of a table.
pub(super) fn add(draft: &mut Draft, table: &Table<'_>) {
    let mut functions = IndexMap::new();
    functions.insert("count".to_owned(), count(table));
    for (word, function) in FUNCTIONS {
        let columns: IndexMap<String, Field> = table
            .columns
            .iter()
            .filter(|column| function_takes(function, column))
            .map(|column| (column.name.clone(), aggregate(function, column)))
            .collect();
        if columns.is_empty() {
            continue;
        }
        let name = [&table.name, "_", word, "_fields"].concat();
        functions.insert(word.to_owned(), around(TypeRef::named(&name), FieldBinding::Wrap));
        draft.add(&name, &table.of.name, Kind::Object { stands: Stands::Around, fields: columns });
    }
    let fields = [&table.name, "_aggregate_fields"].concat();
    draft.add(&fields, &table.of.name, Kind::Object { stands: Stands::Around, fields: functions });
    let rows = TypeRef::named(&table.name).non_null().list().non_null();
    let members = IndexMap::from([
        ("aggregate".to_owned(), around(TypeRef::named(fields), FieldBinding::Wrap)),
        ("nodes".to_owned(), around(rows, FieldBinding::Nodes)),
    ]);
    draft.add(
        &[&table.name, "_aggregate"].concat(),
        &table.of.name,
        Kind::Object { stands: Stands::Around, fields: members },
    );
}

/// Rows, or rows where the columns are not null, or different values of them.
fn count(table: &Table<'_>) -> Field {
    let columns = TypeRef::named(select_column(&table.name)).non_null().list();
    let argument = |of: TypeRef, binding: InputBinding| Input { description: None, of, default: None, binding };
    let arguments = IndexMap::from([
        ("columns".to_owned(), argument(columns, InputBinding::Columns)),
        ("distinct".to_owned(), argument(TypeRef::named("Boolean"), InputBinding::DistinctValues)),
    ]);
    let binding =
        FieldBinding::Aggregate { function: Function::Count, column: None, within: Within::Page, form: Form::Plain };
    Field { description: None, arguments, of: TypeRef::named("Int").non_null(), binding }
}

/// A sum, a least and a greatest are of the column's type; a mean and the deviations are floats.
fn aggregate(function: Function, column: &ColumnField) -> Field {
    let (of, form) = match function {
        Function::Sum | Function::Min | Function::Max => (column.kind.name(), column.kind.form()),
        Function::Count
        | Function::Average
        | Function::StddevSample
        | Function::StddevPopulation
        | Function::VarianceSample
        | Function::VariancePopulation => ("Float", Form::Plain),
    };
    let binding = FieldBinding::Aggregate { function, column: Some(column.column), within: Within::Page, form };
    around(TypeRef::named(of), binding)
}

fn around(of: TypeRef, binding: FieldBinding) -> Field {
    Field { description: None, arguments: IndexMap::new(), of, binding }
}
