//! Functions over rows.

use plan::{Aggregate, Function};

use crate::function as registered;
use crate::scope::{Aliases, Env, Scope, Typed};
use crate::tree::Expr;
use crate::{ColumnKind, Database};

/// One aggregate over the rows at hand. The mean and the deviations are doubles on both databases, sums of integers and decimals exact.
///
/// ```sql
/// count(*)   count(t0."a")   count(distinct t0."a")   sum(t0."a")::numeric   avg(t0."a")::double precision      -- PostgreSQL
/// count(*)   count(t0."a")   count(distinct t0."a")   dragoman_sum(t0."a")   dragoman_average(t0."a")           -- SQLite
/// ```
pub(crate) fn aggregate(env: Env, aliases: &mut Aliases, scope: &Scope, wanted: &Aggregate) -> Typed {
    let columns: Vec<Typed> = wanted.columns.iter().map(|column| env.column(aliases, scope, *column)).collect();
    aggregate_of(env, wanted, columns)
}

/// The same over values that are there already.
pub(crate) fn aggregate_of(env: Env, wanted: &Aggregate, columns: Vec<Typed>) -> Typed {
    if wanted.function == Function::Count {
        let expr = count(env, columns, wanted.distinct);
        return Typed { expr, kind: ColumnKind::Int, nullable: false };
    }
    let Some(column) = columns.into_iter().next() else {
        return Typed { expr: Expr::Null, kind: ColumnKind::Text, nullable: true };
    };
    let kind = kind_of(wanted.function, column.kind);
    let call = |name, argument| {
        if wanted.distinct { Expr::CallDistinct(name, vec![argument]) } else { Expr::Call(name, vec![argument]) }
    };
    let expr = match wanted.function {
        Function::Min => extreme(env, &column, "min", "bool_and"),
        Function::Max => extreme(env, &column, "max", "bool_or"),
        Function::Sum if column.kind == ColumnKind::Float => call("sum", column.expr),
        Function::Count
        | Function::Sum
        | Function::Average
        | Function::StddevSample
        | Function::StddevPopulation
        | Function::VarianceSample
        | Function::VariancePopulation => {
            let (sqlite, postgres) = function_names(wanted.function);
            match env.database {
                Database::Sqlite => call(sqlite, column.expr),
                Database::Postgres => Expr::Cast(Box::new(call(postgres, column.expr)), kind),
            }
        }
    };
    Typed { expr, kind, nullable: true }
}

/// Rows where a column is not null; of several columns every row (a row of values is never null), or the distinct rows of them.
fn count(env: Env, columns: Vec<Typed>, distinct: bool) -> Expr {
    let exprs: Vec<Expr> = columns.into_iter().map(|column| column.expr).collect();
    match (exprs.len(), distinct) {
        (1, false) => Expr::Call("count", exprs),
        (1, true) => Expr::CallDistinct("count", exprs),
        (0, _) | (_, false) => Expr::CountAll,
        (_, true) => {
            let row = match env.database {
                Database::Sqlite => Expr::Call("json_array", exprs),
                Database::Postgres => Expr::Tuple(exprs),
            };
            Expr::CallDistinct("count", vec![row])
        }
    }
}

/// `min(a)`; PostgreSQL has none for booleans (`bool_and`) and UUIDs (by their text, which has the same order).
fn extreme(env: Env, column: &Typed, name: &'static str, of_booleans: &'static str) -> Expr {
    let value = column.expr.clone();
    let is_postgres = env.database == Database::Postgres;
    match column.kind {
        ColumnKind::Boolean if is_postgres => Expr::Call(of_booleans, vec![value]),
        ColumnKind::Uuid if is_postgres => {
            let text = Expr::Collate(Box::new(Expr::Cast(Box::new(value), ColumnKind::Text)), "C");
            Expr::Cast(Box::new(Expr::Call(name, vec![text])), ColumnKind::Uuid)
        }
        ColumnKind::Json => Expr::Null,
        ColumnKind::Text
        | ColumnKind::Int
        | ColumnKind::Float
        | ColumnKind::Decimal
        | ColumnKind::Boolean
        | ColumnKind::Date
        | ColumnKind::Time
        | ColumnKind::Instant
        | ColumnKind::Interval
        | ColumnKind::Uuid => Expr::Call(name, vec![value]),
    }
}

/// What an aggregate gives, by what it is over.
pub(crate) fn kind_of(function: Function, column: ColumnKind) -> ColumnKind {
    match function {
        Function::Count => ColumnKind::Int,
        Function::Min | Function::Max => column,
        Function::Sum if column == ColumnKind::Float => ColumnKind::Float,
        Function::Sum => ColumnKind::Decimal,
        Function::Average
        | Function::StddevSample
        | Function::StddevPopulation
        | Function::VarianceSample
        | Function::VariancePopulation => ColumnKind::Float,
    }
}

fn function_names(function: Function) -> (&'static str, &'static str) {
    match function {
        Function::Count => ("count", "count"),
        Function::Min => ("min", "min"),
        Function::Max => ("max", "max"),
        Function::Sum => (registered::SUM, "sum"),
        Function::Average => (registered::AVERAGE, "avg"),
        Function::StddevSample => (registered::STDDEV_SAMPLE, "stddev_samp"),
        Function::StddevPopulation => (registered::STDDEV_POPULATION, "stddev_pop"),
        Function::VarianceSample => (registered::VARIANCE_SAMPLE, "var_samp"),
        Function::VariancePopulation => (registered::VARIANCE_POPULATION, "var_pop"),
    }
}
