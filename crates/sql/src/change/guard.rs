//! What must hold before a migration begins: the rows as they will be are asked for every rule that is new to them.

use model::{FieldId, TypeId};

use super::{Env, Fate, Fill, GUARD_ROWS_SHOWN, Guard};
use crate::ddl::{Check, CheckRule, Table};
use crate::layout::{FieldLayout, RowCondition, UniqueLayout};

pub(super) fn guards(env: &Env<'_>, fates: &[Fate]) -> Vec<Guard> {
    let mut guards = Vec::new();
    for (of, content_type) in env.after.model.content_types() {
        let stored = env.after.layout.content_type(of);
        let index = usize::from(stored.rows.0);
        let Some(before) = env.pairs.type_before(of).map(|was| &env.before.layout.row_table(was).name) else {
            continue;
        };
        let Some(before) = env.before.schema.table(before) else { continue };
        let after = &env.after.schema.tables[index];
        let rows = match &fates[index] {
            Fate::Made(fills) => fills.iter().collect::<Vec<_>>(),
            Fate::Kept => Vec::new(),
        };
        let kept = kept_rows(env, before);
        let rows = if rows.is_empty() { vec![&kept] } else { rows };
        let guard = TypeGuard { env, of, name: &content_type.name, before, after, rows: &rows };
        guard.checks(&mut guards);
        guard.nulls(&mut guards);
        guard.uniques(&mut guards);
    }
    guards
}

/// A table that stays, read as if it were moved.
fn kept_rows(env: &Env<'_>, table: &Table) -> Fill {
    Fill {
        columns: table.columns.iter().map(|column| (column.name.clone(), env.column("b", &column.name))).collect(),
        from: env.table_as(&table.name, "b"),
        driver: table.name.clone(),
        alias: "b",
        filters: Vec::new(),
        converts: Vec::new(),
        may_repeat: false,
    }
}

struct TypeGuard<'a> {
    env: &'a Env<'a>,
    of: TypeId,
    name: &'a str,
    before: &'a Table,
    after: &'a Table,
    rows: &'a [&'a Fill],
}

impl TypeGuard<'_> {
    fn checks(&self, guards: &mut Vec<Guard>) {
        for check in &self.after.checks {
            let is_known = self.before.checks.iter().any(|known| known.rule == check.rule);
            let column = column_of(&check.rule);
            if !is_known && let Some(sets) = self.readable(&[column]) {
                let mut condition = self.env.text();
                condition.push("not (").rule(&check.rule).push(")");
                guards.extend(
                    sets.iter().map(|set| self.guard(set, &condition.text, &self.check_problem(check, column))),
                );
            }
        }
    }

    fn check_problem(&self, check: &Check, column: &str) -> String {
        let field = [self.name, ".", &self.field_of(column)].concat();
        let problem = match innermost(&check.rule) {
            CheckRule::Present(_) => {
                " is required and published documents lack it: give them a value first, or give the field a @default"
            }
            CheckRule::OneOf(..) => " holds words that its enum does not have: change them first, or keep the words",
            CheckRule::LengthLeast(..) | CheckRule::LengthMost(..) => {
                " holds texts outside the new bounds of @length: change them first, or widen the bounds"
            }
            CheckRule::NumberLeast(..) | CheckRule::NumberMost(..) => {
                " holds numbers outside the new bounds of @range: change them first, or widen the bounds"
            }
            CheckRule::ItemsMost(..) | CheckRule::Published(_) => {
                " holds lists longer than @items allows: shorten them first, or widen the bounds"
            }
        };
        [&field, problem].concat()
    }

    /// Columns that refuse null and did not.
    fn nulls(&self, guards: &mut Vec<Guard>) {
        for column in self.after.columns.iter().filter(|column| !column.nullable) {
            let is_known = self.before.column(&column.name).is_some_and(|before| !before.nullable);
            let is_field =
                self.env.after.layout.row_table(self.of).column(&column.name).is_some_and(|own| own.field.is_some());
            if is_known || !is_field {
                continue;
            }
            if let Some(sets) = self.readable(&[&column.name]) {
                let mut condition = self.env.text();
                condition.name(&column.name).push(" is null");
                let problem = [
                    self.name,
                    ".",
                    &self.field_of(&column.name),
                    " is required and documents lack it: give them a value first, or give the field a @default",
                ];
                guards.extend(sets.iter().map(|set| self.guard(set, &condition.text, &problem.concat())));
            }
        }
    }

    fn uniques(&self, guards: &mut Vec<Guard>) {
        for unique in &self.env.after.layout.row_table(self.of).unique {
            let is_same = |known: &crate::ddl::Index| {
                known.unique
                    && known.nulls_equal == unique.nulls_equal
                    && known.columns.iter().map(|(name, _)| name).eq(&unique.columns)
                    && known.only == unique.only
            };
            let is_known =
                self.before.indexes.iter().any(is_same) && matches!(self.rows, [fill] if fill.filters.is_empty());
            if is_known || unique.fields.is_empty() {
                continue;
            }
            let names: Vec<&str> = unique.columns.iter().map(String::as_str).collect();
            if let Some(sets) = self.readable(&names) {
                guards.extend(sets.iter().map(|set| self.unique_guard(set, unique)));
            }
        }
    }

    /// `select min("_document_id") from (..) as given where "_status" = 1 and "a" is not null group by "a" having count(*) > 1 limit 5`
    fn unique_guard(&self, set: &str, unique: &UniqueLayout) -> Guard {
        let mut text = self.env.text();
        text.push("select min(").name("_document_id").push(") from (").push(set).push(") as given where 1 = 1");
        for condition in &unique.only {
            text.push(" and ").condition(condition);
        }
        if !unique.nulls_equal {
            for column in &unique.columns {
                text.push(" and ").condition(&RowCondition::NotNull(column.clone()));
            }
        }
        text.push(" group by ").names(&unique.columns).push(" having count(*) > 1 limit ").number(GUARD_ROWS_SHOWN);
        let fields: Vec<&str> = unique.fields.iter().map(|field| self.field_name(*field)).collect();
        let problem =
            [self.name, ".", &fields.join(" + "), " must be unique and documents share values: change them first"];
        Guard { problem: problem.concat(), rows: text.text }
    }

    /// `select "_document_id" from (..) as given where not (..) limit 5`
    fn guard(&self, set: &str, condition: &str, problem: &str) -> Guard {
        let mut text = self.env.text();
        text.push("select ").name("_document_id").push(" from (").push(set).push(") as given where ").push(condition);
        text.push(" limit ").number(GUARD_ROWS_SHOWN);
        Guard { problem: problem.to_owned(), rows: text.text }
    }

    /// The rows as they will be; none where a column is not there or comes from a conversion, which is not done yet.
    fn readable(&self, columns: &[&str]) -> Option<Vec<String>> {
        let is_plain = |fill: &&Fill| {
            columns.iter().all(|name| {
                let cell = fill.columns.iter().find(|(column, _)| column == name);
                cell.is_some_and(|(_, expression)| !expression.contains("\"_v_"))
            })
        };
        let read = |fill: &&&Fill| {
            let needed =
                |name: &str| columns.contains(&name) || matches!(name, "_document_id" | "_status" | "_deleted_at");
            let columns = fill.columns.iter().filter(|(name, _)| needed(name)).cloned().collect();
            Fill { columns, ..(**fill).clone() }.select(self.env.database, false)
        };
        self.rows.iter().all(is_plain).then(|| self.rows.iter().map(|fill| read(&fill)).collect())
    }

    fn field_of(&self, column: &str) -> String {
        let field = self.env.after.layout.row_table(self.of).column(column).and_then(|column| column.field);
        field.map_or_else(|| column.to_owned(), |field| self.field_name(field).to_owned())
    }

    fn field_name(&self, field: FieldId) -> &str {
        &self.env.after.model.content_type(self.of).field(field).name
    }
}

fn innermost(rule: &CheckRule) -> &CheckRule {
    match rule {
        CheckRule::Published(rule) => innermost(rule),
        other => other,
    }
}

fn column_of(rule: &CheckRule) -> &str {
    match rule {
        CheckRule::Present(column)
        | CheckRule::LengthLeast(column, _)
        | CheckRule::LengthMost(column, _)
        | CheckRule::NumberLeast(column, ..)
        | CheckRule::NumberMost(column, ..)
        | CheckRule::ItemsMost(column, _)
        | CheckRule::OneOf(column, _) => column,
        CheckRule::Published(rule) => column_of(rule),
    }
}

/// The key of a to-one relation or the column of a value.
pub(super) fn column_name(layout: &FieldLayout) -> Option<&str> {
    match layout {
        FieldLayout::Column { name, .. } => Some(name),
        FieldLayout::ToOne(to_one) => Some(&to_one.key),
        FieldLayout::Link(_) | FieldLayout::Inverse { .. } => None,
    }
}
