//! Orders. Every order is total: the key ends it, and the locale where several are read.

use model::{FieldId, SystemColumn, TypeId};
use plan::{Column, Direction, Filter, Function, Locale, Nulls, SortKey, SortPath, Version};

use crate::aggregate::aggregate;
use crate::filter::{Correlated, Related, correlated, elements, target_types};
use crate::layout::FieldLayout;
use crate::scope::{Aliases, Env, Scope, Typed};
use crate::tree::{Expr, Order, Query};
use crate::{ColumnKind, Database};

/// The keys of an order over rows at hand, made total. Without sort keys the relation's own order leads, and what the link gives for the key
/// ends it, so that the link's index holds the whole order.
///
/// ```sql
/// order by t0."name", t0."_key"                                             -- PostgreSQL, nulls last by itself
/// order by t0."name" nulls last, t0."_key"                                  -- SQLite, a column that may be null
/// order by (select t1."name" from "artist" as t1 where t1."_key" = t0."artist_key"), t0."_key"
/// ```
pub(crate) fn order(
    env: Env,
    aliases: &mut Aliases,
    scope: &Scope,
    (sort, (own, tie)): (&[SortKey], (Option<Expr>, Option<Expr>)),
    version: &Version,
) -> Vec<Order> {
    let mut keys: Vec<Order> = sort.iter().map(|key| sort_key(env, aliases, scope, key)).collect();
    if keys.is_empty() {
        keys.extend(own.map(Order::ascending));
    }
    let Scope::Row { of, alias } = scope else { return keys };
    let several_locales = version.locale == Locale::All && env.layout.content_type(*of).has_locale;
    if sort.iter().any(|key| names_one_document(env, *of, key)) {
        if several_locales {
            keys.push(Order::ascending(Expr::column(*alias, "_locale")));
        }
        return keys;
    }
    let key = tie.filter(|_| sort.is_empty()).unwrap_or_else(|| Expr::column(*alias, "_key"));
    keys.push(Order::ascending(key));
    if several_locales {
        keys.push(Order::ascending(Expr::column(*alias, "_locale")));
    }
    keys
}

/// Whether a sort key alone tells documents apart.
fn names_one_document(env: Env, of: TypeId, key: &SortKey) -> bool {
    match key.path {
        SortPath::Column(Column::System(SystemColumn::Key | SystemColumn::DocumentId)) => true,
        SortPath::Column(Column::Field(field)) => {
            let table = env.layout.row_table(of);
            let FieldLayout::Column { name, .. } = env.layout.content_type(of).field(field) else { return false };
            let not_null = table.column(name).is_some_and(|column| !column.nullable);
            not_null
                && table.unique.iter().any(|key| key.fields == [field] && key.only.is_empty() && key.columns.len() == 1)
        }
        SortPath::Column(Column::System(_))
        | SortPath::Relation { .. }
        | SortPath::Component { .. }
        | SortPath::Aggregate { .. } => false,
    }
}

fn sort_key(env: Env, aliases: &mut Aliases, scope: &Scope, key: &SortKey) -> Order {
    let value = path(env, aliases, scope, &key.path, key.direction);
    ordered(env, value, key.direction, key.nulls)
}

/// An order by a value. Nulls are spelt only where there can be some and the database would put them elsewhere, so that indexes stay usable.
pub(crate) fn ordered(env: Env, value: Typed, direction: Direction, nulls: Nulls) -> Order {
    let by_itself = match (env.database, direction) {
        (Database::Postgres, Direction::Ascending) | (Database::Sqlite, Direction::Descending) => Nulls::Last,
        (Database::Postgres, Direction::Descending) | (Database::Sqlite, Direction::Ascending) => Nulls::First,
    };
    let spelt = (value.nullable && nulls != by_itself).then_some(nulls);
    Order { expr: comparable(env, value), direction, nulls: spelt }
}

/// What an order compares. On SQLite the value of a sub-select or a function has lost the collation of the column it is from:
/// `(select ..) collate decimal`.
fn comparable(env: Env, value: Typed) -> Expr {
    let collation = match value.kind {
        ColumnKind::Decimal => "decimal",
        ColumnKind::Interval => "interval",
        ColumnKind::Text
        | ColumnKind::Int
        | ColumnKind::Float
        | ColumnKind::Boolean
        | ColumnKind::Date
        | ColumnKind::Time
        | ColumnKind::Instant
        | ColumnKind::Json
        | ColumnKind::Uuid => return value.expr,
    };
    let has_lost_it = matches!(value.expr, Expr::Scalar(_) | Expr::Call(..) | Expr::CallDistinct(..));
    if env.is_sqlite() && has_lost_it { Expr::Collate(Box::new(value.expr), collation) } else { value.expr }
}

/// The value that an order compares, as one expression for each row.
pub(crate) fn path(env: Env, aliases: &mut Aliases, scope: &Scope, path_to: &SortPath, direction: Direction) -> Typed {
    match path_to {
        SortPath::Column(column) => env.column(aliases, scope, *column),
        SortPath::Relation { field, version, filter, then } => {
            through_relation(env, aliases, scope, &related(*field, version, filter), (then, direction))
        }
        SortPath::Component { field, then } => through_component(env, aliases, scope, *field, (then, direction)),
        SortPath::Aggregate { field, version, filter, aggregate: function } => {
            let wanted = related(*field, version, filter);
            let found = first_target(env, aliases, scope, &wanted);
            let Some(found) = found else { return nothing() };
            let value = aggregate(env, aliases, &found.scope, function);
            let query = Query {
                columns: vec![(value.expr, None)],
                from: found.sources,
                filter: found.filter,
                ..Query::default()
            };
            let nullable = function.function != Function::Count;
            Typed { expr: Expr::Scalar(Box::new(query)), kind: value.kind, nullable }
        }
    }
}

fn related<'a>(field: FieldId, version: &'a Version, filter: &'a Filter) -> Related<'a> {
    Related { field, of: None, version, filter }
}

fn nothing() -> Typed {
    Typed { expr: Expr::Null, kind: ColumnKind::Text, nullable: true }
}

/// Paths go through relations to one content type.
fn first_target(env: Env, aliases: &mut Aliases, scope: &Scope, wanted: &Related) -> Option<Correlated> {
    let target = target_types(env, scope, wanted).into_iter().next()?;
    correlated(env, aliases, scope, wanted, target)
}

/// To-one: `(select t1."name" from "artist" as t1 where t1."_key" = t0."artist_key")`. Of several rows the least (ascending) or greatest:
/// `(select t1."likes" from "comment" as t1 where t1."article_key" = t0."_key" and t1."likes" is not null order by t1."likes" desc limit 1)`.
fn through_relation(
    env: Env,
    aliases: &mut Aliases,
    scope: &Scope,
    wanted: &Related,
    (then, direction): (&SortPath, Direction),
) -> Typed {
    let Some(found) = first_target(env, aliases, scope, wanted) else { return nothing() };
    let value = path(env, aliases, &found.scope, then, direction);
    let several = !found.reach.by_key || wanted.version.locale == Locale::All;
    let query = Query { from: found.sources, filter: found.filter, ..Query::default() };
    extreme(env, query, value, several.then_some(direction))
}

/// The least or greatest value of several elements: `(select t1."value" ->> 'label' from json_each(t0."quotes") as t1 where .. limit 1)`.
fn through_component(
    env: Env,
    aliases: &mut Aliases,
    scope: &Scope,
    field: FieldId,
    (then, direction): (&SortPath, Direction),
) -> Typed {
    let declared = match scope {
        Scope::Row { of, .. } | Scope::Key { of, .. } => env.model.content_type(*of).field(field),
        Scope::Element { component, .. } => env.model.component(*component).field(field),
    };
    let model::FieldKind::Component { of: component, repeatable } = declared.kind else { return nothing() };
    let Some(found) = elements(env, aliases, scope, field) else { return nothing() };
    let value = path(env, aliases, &found.scope(component), then, direction);
    let query = Query { from: vec![found.source], ..Query::default() };
    extreme(env, query, value, repeatable.then_some(direction))
}

/// The one value of a sub-select, or of several the first in this direction.
fn extreme(env: Env, mut query: Query, value: Typed, of_several: Option<Direction>) -> Typed {
    if let Some(direction) = of_several {
        query.filter.push(value.expr.clone().null_test(false));
        query.order = vec![Order { expr: comparable(env, value.clone()), direction, nulls: None }];
        query.limit = Some(Expr::Number(1));
    }
    query.columns = vec![(value.expr, None)];
    Typed { expr: Expr::Scalar(Box::new(query)), kind: value.kind, nullable: true }
}
