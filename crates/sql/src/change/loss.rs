//! How much a change takes away, as statements that count it.

use model::change::{Change, EnumChange, FieldAt, FieldChange, Owner, TypeChange};
use model::{FieldId, FieldKind, TypeId};

use super::guard::column_name;
use super::{Env, Fate, LossCount};
use crate::Database;
use crate::layout::{FieldLayout, STATUS_DRAFT, STATUS_PUBLISHED};

/// None where nothing of it is stored in this database.
pub(super) fn count(env: &Env<'_>, change: &Change, fates: &[Fate]) -> Option<LossCount> {
    match change {
        Change::TypeRemoved(of) => {
            Some(numbers(vec![count_rows(env, &env.before.layout.key_table(*of).name, "1 = 1")]))
        }
        Change::Type(pair, change) => of_type(env, pair.before, *change).map(|statement| numbers(vec![statement])),
        Change::FieldRemoved(at) => removed(env, *at).map(numbers),
        Change::Field(pair, change) => of_field(env, pair.before, pair.after, change, fates),
        Change::Enum(pair, EnumChange::Removed(value)) => {
            let raw = &env.before.model.enumeration(pair.before).values[*value].raw;
            Some(numbers(words(env, pair.before, raw)))
        }
        Change::TypeAdded(_)
        | Change::ComponentAdded(_)
        | Change::ComponentRemoved(_)
        | Change::ComponentRenamed(_)
        | Change::FieldAdded { .. }
        | Change::OwnerSwapped { .. }
        | Change::Enum(_, EnumChange::Added(_) | EnumChange::Renamed(_))
        | Change::UniqueKeyRemoved(..)
        | Change::UniqueKeyAdded(..)
        | Change::IndexRemoved(..)
        | Change::IndexAdded(..) => None,
    }
}

fn numbers(statements: Vec<String>) -> LossCount {
    LossCount::Numbers(statements)
}

/// `select count(*) from "x" as b where ..`
fn count_rows(env: &Env<'_>, table: &str, condition: &str) -> String {
    let mut text = env.text();
    text.push("select count(*) from ").name(table).push(" as b where ").push(condition);
    text.text
}

fn of_type(env: &Env<'_>, of: TypeId, change: TypeChange) -> Option<String> {
    let rows = &env.before.layout.row_table(of).name;
    let mut text = env.text();
    match change {
        TypeChange::DraftsOff => {
            text.name("_status").push(" = ").number(STATUS_DRAFT).push(" and not exists (select 1 from ").name(rows);
            text.push(" as p where p.")
                .name("_key")
                .push(" = b.")
                .name("_key")
                .push(" and p.")
                .name("_locale")
                .push(" = b.");
            text.name("_locale").push(" and p.").name("_status").push(" = ").number(STATUS_PUBLISHED).push(" and p.");
            text.name("_updated_at").push(" >= b.").name("_updated_at").push(")");
        }
        TypeChange::LocalesOff => {
            text.name("_locale").push(" <> ").literal(env.default_locale);
        }
        TypeChange::TrashOff => {
            text.name("_deleted_at").push(" is not null");
        }
        TypeChange::SingleOn => {
            text.name("_key").push(" <> (select min(").name("_key").push(") from ").name(rows).push(")");
        }
        TypeChange::Renamed
        | TypeChange::DraftsOn
        | TypeChange::LocalesOn
        | TypeChange::SingleOff
        | TypeChange::Key
        | TypeChange::KeySequence
        | TypeChange::TableImported
        | TypeChange::TableOwned
        | TypeChange::TrashOn
        | TypeChange::History => return None,
    }
    Some(count_rows(env, rows, &text.text))
}

/// Where the values, links or elements of a field stand.
fn removed(env: &Env<'_>, at: FieldAt) -> Option<Vec<String>> {
    let of = match at.owner {
        Owner::Component(component) => {
            let component = env.before.model.component(component);
            let member = &component.field(at.field).name;
            return Some(elements_with(env, &["\"__component\":", "\"", &component.uid(), "\""].concat(), member));
        }
        Owner::Type(of) => of,
    };
    let rows = &env.before.layout.row_table(of).name;
    match env.before.layout.content_type(of).field(at.field) {
        FieldLayout::Link(link) => Some(vec![count_rows(env, &env.before.layout.table(link.table).name, "1 = 1")]),
        FieldLayout::Inverse { .. } => None,
        own => {
            let name = column_name(own)?;
            let mut text = env.text();
            text.push("b.").name(name).push(" is not null");
            if matches!(own, FieldLayout::Column { of: crate::layout::ColumnType::Json, .. }) {
                text.push(" and cast(b.").name(name).push(" as text) <> '[]'");
            }
            Some(vec![count_rows(env, rows, &text.text)])
        }
    }
}

/// Rows with an element whose text names both words. It may count a row too many, never one too few.
fn elements_with(env: &Env<'_>, component: &str, member: &str) -> Vec<String> {
    let mut statements = Vec::new();
    for (of, content_type) in env.before.model.content_types() {
        for (field, _) in content_type.fields_by_id().filter(|(_, field)| super::rows::holds_elements(field)) {
            let Some(name) = column_name(env.before.layout.content_type(of).field(field)) else { continue };
            let mut text = env.text();
            // PostgreSQL prints a space behind a colon.
            let column = ["replace(cast(", &env.column("b", name), " as text), ': ', ':')"].concat();
            text.push(&column).push(" like ").literal(&["%", component, "%"].concat());
            text.push(" and ").push(&column).push(" like ").literal(&["%\"", member, "\":%"].concat());
            statements.push(count_rows(env, &env.before.layout.row_table(of).name, &text.text));
        }
    }
    statements
}

fn of_field(env: &Env<'_>, was: FieldAt, is: FieldAt, change: &FieldChange, fates: &[Fate]) -> Option<LossCount> {
    let Owner::Type(of) = was.owner else { return None };
    match change {
        FieldChange::Scalar(_) | FieldChange::RepeatableOff | FieldChange::ZoneMemberRemoved(_) => {
            let Owner::Type(after) = is.owner else { return None };
            converted(env, after, is.field, fates)
        }
        FieldChange::Side => removed(env, was).map(numbers),
        FieldChange::LocalizedOff => other_locales(env, of, was.field).map(|statement| numbers(vec![statement])),
        FieldChange::ToOne => several(env, of, was.field).map(|statement| numbers(vec![statement])),
        FieldChange::Retargeted { lost } if !lost.is_empty() => {
            Some(numbers(to_types(env, of, was.field, lost).into_iter().collect()))
        }
        FieldChange::Renamed
        | FieldChange::ToMany
        | FieldChange::Retargeted { .. }
        | FieldChange::RepeatableOn
        | FieldChange::ZoneMemberAdded(_)
        | FieldChange::LocalizedOn
        | FieldChange::Bounds
        | FieldChange::RequiredOn
        | FieldChange::RequiredOff
        | FieldChange::UniqueOn
        | FieldChange::UniqueOff => None,
    }
}

/// The conversion of a field that is made anew.
fn converted(env: &Env<'_>, of: TypeId, field: FieldId, fates: &[Fate]) -> Option<LossCount> {
    let rows = usize::from(env.after.layout.content_type(of).rows.0);
    let Fate::Made(fills) = &fates[rows] else { return None };
    let content_type = env.after.model.content_type(of);
    let what = [content_type.name.as_str(), ".", &content_type.field(field).name].concat();
    let mut converts = fills.iter().flat_map(|fill| &fill.converts);
    let convert = converts.find(|convert| convert.conversion.what == what)?;
    let mut convert = convert.clone();
    if env.database == Database::Sqlite {
        // The whole column is looked at: no slice.
        convert.select = convert.select.replace(" and b._rowid_ > ?1 and b._rowid_ <= ?2", "");
    }
    Some(LossCount::Unconverted(Box::new(convert)))
}

/// Rows whose value is not that of the default locale.
fn other_locales(env: &Env<'_>, of: TypeId, field: FieldId) -> Option<String> {
    let rows = &env.before.layout.row_table(of).name;
    let name = column_name(env.before.layout.content_type(of).field(field))?;
    let mut text = env.text();
    text.push("exists (select 1 from ").name(rows).push(" as d where d.").name("_key").push(" = b.").name("_key");
    text.push(" and d.").name("_status").push(" = b.").name("_status").push(" and d.").name("_locale").push(" = ");
    text.literal(env.default_locale).push(" and d.").name(name).push(" is not null and d.").name(name);
    text.push(" is distinct from b.").name(name).push(")");
    Some(count_rows(env, rows, &text.text))
}

/// Links beyond the first of each owner.
fn several(env: &Env<'_>, of: TypeId, field: FieldId) -> Option<String> {
    let mut text = env.text();
    match env.before.layout.content_type(of).field(field) {
        FieldLayout::Link(link) => {
            text.push("select count(*) - count(distinct ").name("owner").push(") from ");
            text.name(&env.before.layout.table(link.table).name);
        }
        FieldLayout::Inverse { of, field } => match env.before.layout.content_type(*of).field(*field) {
            FieldLayout::ToOne(to_one) => {
                text.push("select count(")
                    .name(&to_one.key)
                    .push(") - count(distinct ")
                    .name(&to_one.key)
                    .push(") from ");
                text.name(&env.before.layout.row_table(*of).name);
            }
            FieldLayout::Link(link) => {
                text.push("select count(*) - count(distinct ").name("target").push(") from ");
                text.name(&env.before.layout.table(link.table).name);
            }
            FieldLayout::Column { .. } | FieldLayout::Inverse { .. } => return None,
        },
        FieldLayout::ToOne(_) | FieldLayout::Column { .. } => return None,
    }
    Some(text.text)
}

fn to_types(env: &Env<'_>, of: TypeId, field: FieldId, lost: &[TypeId]) -> Option<String> {
    let words: Vec<String> = lost.iter().map(|of| env.before.layout.type_word(*of).to_owned()).collect();
    match env.before.layout.content_type(of).field(field) {
        FieldLayout::Link(link) => {
            let condition =
                if link.has_target_type { env.among("b.\"target_type\"", &words) } else { "1 = 1".to_owned() };
            Some(count_rows(env, &env.before.layout.table(link.table).name, &condition))
        }
        FieldLayout::ToOne(to_one) => {
            let key = [&env.column("b", &to_one.key), " is not null"].concat();
            let condition = to_one.target_type.as_ref().map_or(key, |name| env.among(&env.column("b", name), &words));
            Some(count_rows(env, &env.before.layout.row_table(of).name, &condition))
        }
        FieldLayout::Column { .. } | FieldLayout::Inverse { .. } => None,
    }
}

/// Rows that hold a word of an enum.
fn words(env: &Env<'_>, of: model::EnumId, raw: &str) -> Vec<String> {
    let mut statements = Vec::new();
    for (id, content_type) in env.before.model.content_types() {
        for (field, declared) in content_type.fields_by_id() {
            let FieldKind::Enum { of: own, list } = declared.kind else { continue };
            let Some(name) = column_name(env.before.layout.content_type(id).field(field)).filter(|_| own == of) else {
                continue;
            };
            let mut text = env.text();
            if list {
                text.push("cast(")
                    .push(&env.column("b", name))
                    .push(" as text) like ")
                    .literal(&["%\"", raw, "\"%"].concat());
            } else {
                text.push(&env.column("b", name)).push(" = ").literal(raw);
            }
            statements.push(count_rows(env, &env.before.layout.row_table(id).name, &text.text));
        }
    }
    statements
}
