//! Related rows that stand beside the row itself, so that one statement reads both.
//!
//! On PostgreSQL a statement more is a turn more, and several need a transaction to read one snapshot. Where all that a root shows beside its own
//! columns are single rows behind keys that it holds, they are joined to its page. One relation more, and each is a level of its own: a join would
//! repeat wide rows for nothing.

use model::TypeId;
use plan::{Column, Derived, From, Object, RowValue, Select, Shape};

use crate::compile::{Inside, Rows, row_program};
use crate::filter::conditions;
use crate::layout::{FieldLayout, ToOneLayout, system_column};
use crate::level::{Join, Origin, Spec};
use crate::scope::{Env, Scope};
use crate::tree::Expr;
use crate::version::version;
use crate::{JoinedProgram, ValueProgram};

/// Rows that stand beside one row, at most.
const JOINS_MAX: usize = 3;

/// Whether everything that the rows show is theirs or can stand beside them.
pub(crate) fn may_join(env: Env, spec: &Spec) -> bool {
    let is_root = matches!(spec.origin, Origin::Type | Origin::Written) && !spec.by_locale;
    let (Shape::List(row) | Shape::One(row)) = &spec.select.shape else { return false };
    let mut joins = 0;
    is_root
        && !env.is_sqlite()
        && spec.select.distinct.is_empty()
        && is_plain(env, &row.object, &mut joins)
        && (1..=JOINS_MAX).contains(&joins)
}

/// Whether an object has nothing but columns and rows that can stand beside it, which are counted.
fn is_plain(env: Env, object: &Object, joins: &mut usize) -> bool {
    object.entries.iter().all(|entry| match &entry.value {
        RowValue::Constant(_) | RowValue::Column(..) | RowValue::Refused(_) | RowValue::Derived(_) => true,
        RowValue::Wrap(inner) => is_plain(env, inner, joins),
        RowValue::Select(select) => {
            *joins += 1;
            joinable(env, select).is_some()
        }
        RowValue::ElementId | RowValue::Switch(_) | RowValue::Component(_) | RowValue::Cursor | RowValue::Linked(_) => {
            false
        }
    })
}

/// The column that leads to the one row of a select which shows nothing but columns of its own. Documents of several rows are none.
fn joinable<'a>(env: Env<'a>, select: &Select) -> Option<&'a ToOneLayout> {
    let From::Relation(owner, field) = select.from else { return None };
    let FieldLayout::ToOne(to_one) = env.layout.content_type(owner).field(field) else { return None };
    let Shape::One(row) = &select.shape else { return None };
    let has_one_row = env.layout.content_type(select.of).document.is_none();
    let is_joinable = to_one.target_type.is_none()
        && has_one_row
        && select.distinct.is_empty()
        && has_own(env, select.of, &row.object);
    is_joinable.then_some(to_one)
}

/// Whether an object shows nothing but columns of its row's table.
fn has_own(env: Env, of: TypeId, object: &Object) -> bool {
    object.entries.iter().all(|entry| match &entry.value {
        RowValue::Constant(_) => true,
        RowValue::Column(column, _) | RowValue::Derived(Derived::FloatOf(column) | Derived::Scaled(column, _)) => {
            is_own(env, of, *column)
        }
        RowValue::Wrap(inner) => has_own(env, of, inner),
        RowValue::Select(_)
        | RowValue::ElementId
        | RowValue::Switch(_)
        | RowValue::Component(_)
        | RowValue::Cursor
        | RowValue::Linked(_)
        | RowValue::Refused(_) => false,
    })
}

fn is_own(env: Env, of: TypeId, column: Column) -> bool {
    let stored = env.layout.content_type(of);
    match column {
        Column::System(column) => system_column(stored, column).is_some(),
        Column::Field(field) => match stored.field(field) {
            FieldLayout::Column { .. } | FieldLayout::ToOne(_) => true,
            FieldLayout::Link(_) | FieldLayout::Inverse { .. } => false,
        },
    }
}

/// The row of a select beside the row at hand; none where it is a level of its own.
pub(crate) fn joined(rows: &mut Rows, select: &Select) -> Option<ValueProgram> {
    let to_one = joinable(rows.env, select).filter(|_| rows.joins)?;
    let Shape::One(row) = &select.shape else { return None };
    let (env, of) = (rows.env, select.of);
    let alias = rows.level.aliases.next();
    let scope = Scope::Row { of, alias };
    let mut filter = version(env, &mut rows.level.aliases, of, alias, (&select.version, None));
    filter.extend(conditions(env, &mut rows.level.aliases, &scope, &select.filter));
    let key = Expr::column(rows.level.alias, &to_one.key);
    rows.level.joins.push(Join { table: env.layout.row_table(of).name.clone(), alias, key, filter });
    let kind = env.layout.content_type(of).key.kind();
    let key = rows.need(Expr::column(alias, "_key"), kind);
    let object = row_program(rows, row, Inside::Beside(of, alias)).object;
    Some(ValueProgram::Joined(Box::new(JoinedProgram { key, kind, object })))
}
