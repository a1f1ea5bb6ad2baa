//! The last step: old tables go, new ones take their names, what joins them is made. One transaction.

use model::Model;

use super::{Env, Fate, made_name};
use crate::Database;
use crate::ddl::{Index, Table, add_references, create_index, create_sequence, drop_index};
use crate::ddl_print::type_words;
use crate::layout::{COMPONENT_SEQUENCE, ColumnDefault, KEY_SEQUENCE, KeySource, TableId};
use crate::load::raise_identity;

pub(super) fn exchange(env: &Env<'_>, fates: &[Fate]) -> Vec<String> {
    let mut statements = Vec::new();
    let made: Vec<usize> = (0..fates.len()).filter(|index| fates[*index] != Fate::Kept).collect();
    let is_kept = |table: &&Table| {
        let index = env.after.schema.tables.iter().position(|after| after.name == table.name);
        index.is_some_and(|index| fates[index] == Fate::Kept)
    };
    let gone: Vec<&Table> = env.before.schema.tables.iter().filter(|table| !is_kept(table)).collect();
    let sides = side_tables(fates);
    carry_identities(env, &made, &mut statements);
    drop_tables(env.database, &gone, &sides, &mut statements);
    for index in &made {
        name_made(env, *index, &mut statements);
    }
    for (index, after) in env.after.schema.tables.iter().enumerate() {
        if fates[index] == Fate::Kept
            && let Some(before) = env.before.schema.table(&after.name)
        {
            change_in_place(env.database, before, after, &mut statements);
        }
    }
    join_tables(env, fates, &gone, &mut statements);
    sequences(env, &mut statements);
    statements
}

/// Drops what the steps before the last have made.
pub(super) fn give_up(env: &Env<'_>, fates: &[Fate]) -> Vec<String> {
    let made = (0..fates.len()).filter(|index| fates[*index] != Fate::Kept).map(made_name);
    let drop = |name: String| {
        let mut text = env.text();
        text.push("drop table if exists ").name(&name);
        text.text
    };
    made.chain(side_tables(fates)).map(drop).collect()
}

fn side_tables(fates: &[Fate]) -> Vec<String> {
    let fills = fates.iter().filter_map(|fate| match fate {
        Fate::Kept => None,
        Fate::Made(fills) => Some(fills),
    });
    fills.flatten().flat_map(|fill| &fill.converts).map(|convert| convert.conversion.side.clone()).collect()
}

/// Numbers that were given and whose rows are gone are not given again.
fn carry_identities(env: &Env<'_>, made: &[usize], statements: &mut Vec<String>) {
    for index in made {
        let after = &env.after.schema.tables[*index];
        let Some(column) = after.columns.iter().find(|column| column.default == ColumnDefault::Identity) else {
            continue;
        };
        let before = env.source_of(TableId(u16::try_from(*index).unwrap_or(u16::MAX)), &column.name);
        let name = made_name(*index);
        match (env.database, before) {
            (Database::Sqlite, None) => {}
            (Database::Sqlite, Some(before)) => {
                let mut clear = env.text();
                clear.push("delete from sqlite_sequence where name = ").literal(&name);
                let mut carry = env.text();
                carry.push("insert into sqlite_sequence (name, seq) select ").literal(&name);
                carry.push(", seq from sqlite_sequence where name = ").literal(&before);
                statements.extend([clear.text, carry.text]);
            }
            (Database::Postgres, before) => {
                if let Some(before) = before {
                    statements.push(carry_identity(env, &before, &name, &column.name));
                }
                statements.push(raise_identity(&name, &column.name));
            }
        }
    }
}

/// `select setval(<of the new table>, pg_sequence_last_value(<of the old one>)) where .. is not null`
fn carry_identity(env: &Env<'_>, before: &str, after: &str, column: &str) -> String {
    let sequence = |table: &str| {
        let mut quoted = env.text();
        quoted.name(table);
        let mut text = env.text();
        text.push("pg_get_serial_sequence(").literal(&quoted.text).push(", ").literal(column).push(")");
        text.text
    };
    let last = ["pg_sequence_last_value(", &sequence(before), "::regclass)"].concat();
    ["select setval(", &sequence(after), ", ", &last, ") where ", &last, " is not null"].concat()
}

impl Env<'_> {
    /// The table before whose identity column of this name a table after goes on with.
    fn source_of(&self, id: TableId, column: &str) -> Option<String> {
        let of = self.after.layout.table(id).of?;
        let was = self.pairs.type_before(of)?;
        let stored = self.before.layout.content_type(was);
        let tables = [Some(stored.rows), stored.document].into_iter().flatten().map(|id| self.before.layout.table(id));
        let has = |table: &&crate::layout::Table| {
            table.column(column).is_some_and(|column| column.default == crate::layout::ColumnDefault::Identity)
        };
        tables.into_iter().find(has).map(|table| table.name.clone())
    }
}

/// On PostgreSQL references to the tables go with them.
fn drop_tables(database: Database, gone: &[&Table], sides: &[String], statements: &mut Vec<String>) {
    let names = gone.iter().map(|table| table.name.clone()).chain(sides.iter().cloned());
    for name in names {
        let mut text = crate::ddl_print::Text::new(database);
        text.push("drop table ").name(&name).push(if database == Database::Postgres { " cascade" } else { "" });
        statements.push(text.text);
    }
}

/// `alter table "_m_3" rename to "x"`, on PostgreSQL the primary key's name, too.
fn name_made(env: &Env<'_>, index: usize, statements: &mut Vec<String>) {
    let table = &env.after.schema.tables[index];
    let made = made_name(index);
    let mut rename = env.text();
    rename.push("alter table ").name(&made).push(" rename to ").name(&table.name);
    statements.push(rename.text);
    if env.database == Database::Postgres && !table.primary_key.is_empty() {
        let mut key = env.text();
        key.push("alter table ").name(&table.name).push(" rename constraint ").name(&[&made, "_pkey"].concat());
        key.push(" to ").name(&[table.name.as_str(), "_pkey"].concat());
        statements.push(key.text);
    }
}

/// New columns and indexes, and indexes that go.
fn change_in_place(database: Database, before: &Table, after: &Table, statements: &mut Vec<String>) {
    for column in after.columns.iter().filter(|column| before.column(&column.name).is_none()) {
        let mut text = crate::ddl_print::Text::new(database);
        text.push("alter table ").name(&after.name).push(" add column ").name(&column.name).push(" ");
        text.push(type_words(column.of, database));
        statements.push(text.text);
    }
    let goes = |index: &&Index| !after.indexes.contains(index);
    statements.extend(before.indexes.iter().filter(goes).flat_map(|index| drop_index(index, database)));
    let comes = |index: &&Index| !before.indexes.contains(index);
    statements.extend(after.indexes.iter().filter(comes).flat_map(|index| create_index(index, &after.name, database)));
}

/// References and indexes of new tables, and references of old tables to those that were made anew.
fn join_tables(env: &Env<'_>, fates: &[Fate], gone: &[&Table], statements: &mut Vec<String>) {
    for (index, after) in env.after.schema.tables.iter().enumerate() {
        if fates[index] == Fate::Kept {
            let was_cut = |name: &str| gone.iter().any(|table| table.name == name);
            let mut cut = after.clone();
            cut.references.retain(|reference| was_cut(&reference.table));
            statements.extend(add_references(&cut, env.database));
        } else {
            statements.extend(add_references(after, env.database));
            statements.extend(after.indexes.iter().flat_map(|index| create_index(index, &after.name, env.database)));
        }
    }
}

/// Sequences of components and shared keys: renamed, new, gone, and put behind the keys that there are.
fn sequences(env: &Env<'_>, statements: &mut Vec<String>) {
    let mut renamed = Vec::new();
    for (id, was) in (0u16..).map(model::ComponentId).zip(&env.before.model.components) {
        let after = env.pairs.component_after(id).map(|after| env.after.model.component(after).uid());
        match after {
            Some(after) if after != was.uid() => renamed.push((was.uid(), after)),
            Some(_) => {}
            None => statements.push(delete_sequence(env, COMPONENT_SEQUENCE, "component", &was.uid())),
        }
    }
    if !renamed.is_empty() {
        let mut text = env.text();
        text.push("update ").name(COMPONENT_SEQUENCE).push(" set ").name("component").push(" = ");
        text.push(&env.mapped("\"component\"", &renamed)).push(" where ");
        let words: Vec<String> = renamed.iter().map(|(was, _)| was.clone()).collect();
        text.push(&env.among("\"component\"", &words));
        statements.push(text.text);
    }
    for sequence in &env.after.schema.sequences {
        let was_there =
            env.before.schema.sequences.contains(sequence) || renamed.iter().any(|(_, is)| *is == sequence.name);
        if !was_there {
            statements.push(create_sequence(sequence, env.database));
        }
    }
    let words = |model: &Model| model.types.iter().filter_map(|of| of.keys.clone()).collect::<Vec<String>>();
    let (before, after) = (words(env.before.model), words(env.after.model));
    for word in before.iter().filter(|word| !after.contains(word)) {
        statements.push(delete_sequence(env, KEY_SEQUENCE, "name", word));
    }
    for (of, _) in env.after.model.content_types() {
        if let KeySource::Shared(word) = &env.after.layout.content_type(of).key_source {
            statements.push(raise_shared(env, word, &env.after.layout.key_table(of).name));
        }
    }
}

fn delete_sequence(env: &Env<'_>, table: &str, column: &str, name: &str) -> String {
    let mut text = env.text();
    text.push("delete from ").name(table).push(" where ").name(column).push(" = ").literal(name);
    text.text
}

/// `update "key_sequence" set "next" = greatest("next", (select coalesce(max("_key"), 0) + 1 from "x")) where "name" = 'w'`
fn raise_shared(env: &Env<'_>, word: &str, table: &str) -> String {
    let mut text = env.text();
    text.push("update ").name(KEY_SEQUENCE).push(" set ").name("next").push(" = ");
    text.push(if env.database == Database::Sqlite { "max(" } else { "greatest(" }).name("next");
    text.push(", (select coalesce(max(").name("_key").push("), 0) + 1 from ").name(table).push(")) where ");
    text.name("name").push(" = ").literal(word);
    text.text
}
