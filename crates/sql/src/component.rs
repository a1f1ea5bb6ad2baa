//! Component fields: the elements that a select keeps, in its order, and the object of each.

use model::{Component, ComponentId, FieldKind};
use plan::{Arm, Column, ComponentSelect, Filter, Object, RowValue};

use crate::compile::{Inside, Rows, row_program};
use crate::filter::{condition, conditions, elements};
use crate::scope::{Aliases, Env, Scope};
use crate::sort::{ordered, path};
use crate::tree::{Expr, Order, Query};
use crate::{ArmProgram, ColumnKind, ComponentProgram, ComponentSource, ValueProgram};

/// The object for each component that is shown.
pub(crate) fn component_program(rows: &mut Rows, select: &ComponentSelect, source: ComponentSource) -> ValueProgram {
    let mut arms = Vec::with_capacity(select.arms.len());
    for arm in &select.arms {
        let word = rows.env.model.component(arm.component).uid();
        let row = row_program(rows, &arm.row, Inside::Element(arm.component, &arm.row.object));
        arms.push(ArmProgram { component: arm.component, word, row });
    }
    ValueProgram::Component(Box::new(ComponentProgram { source, many: select.many, page: select.page.clone(), arms }))
}

/// The JSON of a component field as the select wants it: the column as it is, or with a filter or an order, here or in an element below, the
/// elements that are kept, put together again:
///
/// ```sql
/// case when t0."quotes" is not null then (select json_group_array(json(t1."value") order by t1."value" ->> 'rank', t1."key")
///   from json_each(t0."quotes") as t1 where ..) end                                                                        -- SQLite
/// case when t0."quotes" is not null then coalesce((select jsonb_agg(t1."value" order by .., t1."key")
///   from jsonb_array_elements(t0."quotes") with ordinality as t1("value", "key") where ..), ('[]')::jsonb) end              -- PostgreSQL
/// case when exists (select 1 from (select t0."quote" as "value") as t1 where ..) then t0."quote" end                        -- one element
/// ```
pub(crate) fn kept_elements(env: Env, aliases: &mut Aliases, scope: &Scope, select: &ComponentSelect) -> Expr {
    let json = env.column(aliases, scope, Column::Field(select.field)).expr;
    if !is_changed(select) {
        return json;
    }
    let declared = match scope {
        Scope::Row { of, .. } | Scope::Key { of, .. } => env.model.content_type(*of).field(select.field),
        Scope::Element { component, .. } => env.model.component(*component).field(select.field),
    };
    match declared.kind {
        FieldKind::Component { of, repeatable: true } => kept_list(env, aliases, scope, select, of),
        FieldKind::Component { of, repeatable: false } => kept_one(env, aliases, scope, select, of),
        FieldKind::Zone { of } => match env.model.zone(of).members.first() {
            Some(first) => kept_list(env, aliases, scope, select, *first),
            None => json,
        },
        FieldKind::Scalar { .. } | FieldKind::Enum { .. } | FieldKind::Relation(_) => json,
    }
}

/// Whether the stored JSON is not what is shown.
fn is_changed(select: &ComponentSelect) -> bool {
    let is_changed_below = select.arms.iter().any(|arm| !changed_inside(&arm.row.object).is_empty());
    select.filter != Filter::All || !select.sort.is_empty() || is_changed_below
}

/// The component fields in an element's object whose elements are filtered or sorted, each once.
fn changed_inside(object: &Object) -> Vec<&ComponentSelect> {
    let mut found: Vec<&ComponentSelect> = Vec::new();
    for entry in &object.entries {
        let inside = match &entry.value {
            RowValue::Component(select) if is_changed(select) => vec![select.as_ref()],
            RowValue::Wrap(inner) => changed_inside(inner),
            RowValue::Component(_)
            | RowValue::Constant(_)
            | RowValue::Column(..)
            | RowValue::ElementId
            | RowValue::Select(_)
            | RowValue::Switch(_)
            | RowValue::Derived(_)
            | RowValue::Cursor
            | RowValue::Linked(_)
            | RowValue::Refused(_) => Vec::new(),
        };
        for select in inside {
            if !found.contains(&select) {
                found.push(select);
            }
        }
    }
    found
}

/// The member of an element that holds the elements of a nested select: the stored one, or the one that [`with_kept_members`] adds,
/// `<member>#<number>`, which no stored member is called.
pub(crate) fn member_name(component: &Component, object: &Object, select: &ComponentSelect) -> String {
    let name = &component.field(select.field).name;
    match changed_inside(object).iter().position(|known| *known == select) {
        Some(number) => [name.as_str(), number.to_string().as_str()].join("#"),
        None => name.clone(),
    }
}

fn kept_one(env: Env, aliases: &mut Aliases, scope: &Scope, select: &ComponentSelect, component: ComponentId) -> Expr {
    let json = env.column(aliases, scope, Column::Field(select.field)).expr;
    let filter = Filter::Element { field: select.field, component, filter: Box::new(select.filter.clone()) };
    let is_kept = condition(env, aliases, scope, &filter);
    let element = with_kept_members(env, aliases, scope, (&select.arms, json));
    Expr::Case(Box::new(is_kept), Box::new(element), None)
}

fn kept_list(env: Env, aliases: &mut Aliases, scope: &Scope, select: &ComponentSelect, component: ComponentId) -> Expr {
    let json = env.column(aliases, scope, Column::Field(select.field)).expr;
    let Some(found) = elements(env, aliases, scope, select.field) else { return json };
    let inner = found.scope(component);
    let mut order: Vec<Order> = Vec::new();
    for key in &select.sort {
        let value = path(env, aliases, &inner, &key.path, key.direction);
        order.push(ordered(env, value, key.direction, key.nulls));
    }
    order.push(Order::ascending(found.index.clone()));
    let filter = conditions(env, aliases, &inner, &select.filter);
    let element = with_kept_members(env, aliases, &inner, (&select.arms, found.value.clone()));
    let (together, element) =
        if env.is_sqlite() { ("json_group_array", Expr::Call("json", vec![element])) } else { ("jsonb_agg", element) };
    let together = Expr::Ordered(together, Box::new(element), order);
    let query = Query { columns: vec![(together, None)], from: vec![found.source], filter, ..Query::default() };
    let kept = Expr::Scalar(Box::new(query));
    let kept = if env.is_sqlite() {
        kept
    } else {
        let none = Expr::Cast(Box::new(Expr::Text("[]".to_owned())), ColumnKind::Json);
        Expr::Call("coalesce", vec![kept, none])
    };
    Expr::Case(Box::new(json.null_test(false)), Box::new(kept), None)
}

/// An element with a further member for each nested select that keeps some of its elements:
///
/// ```sql
/// json_set(t1."value", '$."notes#0"', json(case when .. end))                              -- SQLite
/// t1."value" || jsonb_build_object('notes#0', case when .. end)                            -- PostgreSQL
/// case when t1."value" ->> '__component' = 'default.quote' then .. else t1."value" end     -- where several components may stand
/// ```
fn with_kept_members(env: Env, aliases: &mut Aliases, scope: &Scope, (arms, element): (&[Arm], Expr)) -> Expr {
    let (owner, alias) = match scope {
        Scope::Row { of, alias } | Scope::Element { owner: of, alias, .. } => (*of, *alias),
        Scope::Key { .. } => return element,
    };
    let mut whole = element.clone();
    for arm in arms {
        let changed = changed_inside(&arm.row.object);
        if changed.is_empty() {
            continue;
        }
        let inside = Scope::Element { owner, alias, component: arm.component, value: element.clone() };
        let mut members = Vec::new();
        for select in changed {
            let name = member_name(env.model.component(arm.component), &arm.row.object, select);
            members.push((name, kept_elements(env, aliases, &inside, select)));
        }
        let is_arm = env.is_of_component(&element, arm.component);
        let added = add_members(env, element.clone(), members);
        whole = Expr::Case(Box::new(is_arm), Box::new(added), Some(Box::new(whole)));
    }
    whole
}

fn add_members(env: Env, element: Expr, members: Vec<(String, Expr)>) -> Expr {
    if env.is_sqlite() {
        let mut arguments = vec![element];
        for (name, value) in members {
            arguments.push(Expr::Text(["$.\"", name.as_str(), "\""].concat()));
            arguments.push(Expr::Call("json", vec![value]));
        }
        return Expr::Call("json_set", arguments);
    }
    let arguments = members.into_iter().flat_map(|(name, value)| [Expr::Text(name), value]).collect();
    element.binary("||", Expr::Call("jsonb_build_object", arguments))
}
