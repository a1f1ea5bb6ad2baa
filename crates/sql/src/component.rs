//! Component fields: the elements that a select keeps, in its order, and the object of each.

use model::{ComponentId, FieldKind};
use plan::{Column, ComponentSelect, Filter};

use crate::compile::{Inside, Rows, row_program};
use crate::filter::{condition, conditions, elements};
use crate::sort::{ordered, path};
use crate::tree::{Expr, Order, Query};
use crate::{ArmProgram, ComponentProgram, ComponentSource, ValueProgram};

/// The object for each component that is shown.
pub(crate) fn component_program(rows: &mut Rows, select: &ComponentSelect, source: ComponentSource) -> ValueProgram {
    let mut arms = Vec::with_capacity(select.arms.len());
    for arm in &select.arms {
        let word = rows.env.model.component(arm.component).uid();
        let row = row_program(rows, &arm.row, Inside::Element(arm.component));
        arms.push(ArmProgram { component: arm.component, word, row });
    }
    ValueProgram::Component(Box::new(ComponentProgram { source, many: select.many, page: select.page.clone(), arms }))
}

/// The column's text as it is; with a filter or an order the elements kept, put together again:
///
/// ```sql
/// case when t0."quotes" is not null then (select json_group_array(json(t1."value") order by t1."value" ->> 'rank', t1."key")
///   from json_each(t0."quotes") as t1 where ..) end                                                                        -- SQLite
/// case when t0."quotes" is not null then coalesce((select jsonb_agg(t1."value" order by .., t1."key")
///   from jsonb_array_elements(t0."quotes") with ordinality as t1("value", "key") where ..), ('[]')::jsonb) end              -- PostgreSQL
/// case when exists (select 1 from (select t0."quote" as "value") as t1 where ..) then t0."quote" end                        -- one element
/// ```
pub(crate) fn kept_elements(rows: &mut Rows, select: &ComponentSelect) -> Expr {
    let json = rows.column(Column::Field(select.field)).expr;
    if select.filter == Filter::All && select.sort.is_empty() {
        return json;
    }
    match rows.env.model.content_type(rows.of()).field(select.field).kind {
        FieldKind::Component { of, repeatable: true } => kept_list(rows, select, of, json),
        FieldKind::Component { of, repeatable: false } => kept_one(rows, select, of, json),
        FieldKind::Zone { .. } | FieldKind::Scalar { .. } | FieldKind::Enum { .. } | FieldKind::Relation(_) => json,
    }
}

fn kept_one(rows: &mut Rows, select: &ComponentSelect, component: ComponentId, json: Expr) -> Expr {
    let filter = Filter::Element { field: select.field, component, filter: Box::new(select.filter.clone()) };
    let scope = rows.scope();
    let is_kept = condition(rows.env, &mut rows.level.aliases, &scope, &filter);
    Expr::Case(Box::new(is_kept), Box::new(json), None)
}

fn kept_list(rows: &mut Rows, select: &ComponentSelect, component: ComponentId, json: Expr) -> Expr {
    let env = rows.env;
    let scope = rows.scope();
    let aliases = &mut rows.level.aliases;
    let Some(found) = elements(env, aliases, &scope, select.field) else { return json };
    let inner = found.scope(component);
    let mut order: Vec<Order> = Vec::new();
    for key in &select.sort {
        let value = path(env, aliases, &inner, &key.path, key.direction);
        order.push(ordered(env, value, key.direction, key.nulls));
    }
    order.push(Order::ascending(found.index.clone()));
    let filter = conditions(env, aliases, &inner, &select.filter);
    let together = if env.is_sqlite() {
        Expr::Ordered("json_group_array", Box::new(Expr::Call("json", vec![found.value])), order)
    } else {
        Expr::Ordered("jsonb_agg", Box::new(found.value), order)
    };
    let query = Query { columns: vec![(together, None)], from: vec![found.source], filter, ..Query::default() };
    let kept = Expr::Scalar(Box::new(query));
    let kept = if env.is_sqlite() {
        kept
    } else {
        let none = Expr::Cast(Box::new(Expr::Text("[]".to_owned())), crate::ColumnKind::Json);
        Expr::Call("coalesce", vec![kept, none])
    };
    Expr::Case(Box::new(json.null_test(false)), Box::new(kept), None)
}
