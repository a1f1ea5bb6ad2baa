//! What stands in a database as sorted lines, so that two can be compared.

use store::{Driver, Store};

use crate::question::rows;

/// What stands in the database: tables, columns, keys, checks, indexes, each a line, sorted. The ledger is left out.
pub async fn describe(store: &Store) -> Vec<String> {
    let mut lines = match store.driver() {
        Driver::Sqlite(_) => {
            let made = "select type || ' ' || name || ' ' || coalesce(sql, '') from sqlite_master
                where name not like 'sqlite_%' and name not like '\\_%' escape '\\'";
            let mut lines = Vec::new();
            for line in rows(store, made).await {
                lines.extend(parts(&line));
            }
            lines.extend(sequences(store).await);
            lines
        }
        Driver::Postgres(_) => {
            let mut lines = rows(store, POSTGRES_COLUMNS).await;
            lines.extend(rows(store, POSTGRES_CONSTRAINTS).await);
            lines.extend(rows(store, POSTGRES_INDEXES).await);
            lines.extend(sequences(store).await);
            lines
        }
    };
    lines.sort();
    lines
}

async fn sequences(store: &Store) -> Vec<String> {
    let mut lines = rows(store, "select component from component_sequence").await;
    lines.extend(rows(store, "select name from key_sequence").await);
    lines
}

/// A statement's columns and constraints, each a line of its own: their order does not matter.
fn parts(line: &str) -> Vec<String> {
    let Some((head, body)) = line.split_once('(').filter(|_| line.starts_with("table")) else {
        return vec![line.to_owned()];
    };
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for letter in body.chars() {
        depth += match letter {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if letter == ',' && depth == 0 { parts.push(String::new()) } else { parts.last_mut().unwrap().push(letter) }
    }
    parts.iter().map(|part| format!("{head}: {}", part.trim().trim_end_matches(") strict"))).collect()
}

const POSTGRES_COLUMNS: &str = "select 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
    pg_get_expr(d.adbin, d.adrelid), l.collname
    from pg_class c join pg_attribute a on a.attrelid = c.oid left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    left join pg_collation l on l.oid = a.attcollation
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped and c.relname not like '\\_%'";
const POSTGRES_CONSTRAINTS: &str =
    "select 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid) from pg_constraint
    where connamespace = 'public'::regnamespace and conrelid::regclass::text not like '\\_%'";
const POSTGRES_INDEXES: &str =
    "select 'index', indexdef from pg_indexes where schemaname = 'public' and tablename not like '\\_%'";
