//! A database of its own for a test, of either kind, and what stands in it as sorted lines.

use std::path::PathBuf;

use store::{Address, Driver, Error, Store, StoreConfig};

/// Where a test's database is.
pub enum Place {
    /// A folder.
    Sqlite(PathBuf),
    /// The server's address and the database's name.
    Postgres { server: String, name: String },
}

impl Place {
    /// One of each kind, empty.
    pub async fn both(test: &str) -> Vec<Place> {
        let unique = format!("{test}_{}", std::process::id());
        let folder = std::env::temp_dir().join(format!("dragoman-{unique}"));
        std::fs::create_dir_all(&folder).unwrap();
        let server = std::env::var("DRAGOMAN_TEST_POSTGRES")
            .expect("DRAGOMAN_TEST_POSTGRES names a PostgreSQL: `cargo xtask test` starts one");
        let place = Place::Postgres { server, name: format!("t_{unique}") };
        place.on_server("create database").await;
        vec![Place::Sqlite(folder), place]
    }

    /// Opens it.
    pub fn open(&self) -> Store {
        let address = match self {
            Place::Sqlite(folder) => Address::in_folder(folder),
            Place::Postgres { server, name } => {
                let (before, after) = server.rsplit_once('/').unwrap();
                let options = after.split_once('?').map(|(_, options)| format!("?{options}")).unwrap_or_default();
                Address::Postgres(format!("{before}/{name}{options}"))
            }
        };
        Store::open(&StoreConfig::new(address)).unwrap()
    }

    /// Removes it; every store on it must be closed.
    pub async fn remove(self) {
        match &self {
            Place::Sqlite(folder) => std::fs::remove_dir_all(folder).unwrap(),
            Place::Postgres { .. } => self.on_server("drop database").await,
        }
    }

    async fn on_server(&self, words: &str) {
        let Place::Postgres { server, name } = self else { return };
        let store = Store::open(&StoreConfig::new(Address::Postgres(server.clone()))).unwrap();
        let force = if words.starts_with("drop") { " with (force)" } else { "" };
        execute(&store, &[words, " \"", name, "\"", force].concat()).await;
    }
}

/// Runs statements outside a transaction.
pub async fn execute(store: &Store, statements: &str) {
    match store.driver() {
        Driver::Sqlite(sqlite) => {
            let statements = statements.to_owned();
            sqlite.write_alone(move |connection| Ok::<_, Error>(connection.execute_batch(&statements)?)).await.unwrap();
        }
        Driver::Postgres(postgres) => {
            postgres.loan().await.unwrap().client().batch_execute(statements).await.unwrap();
        }
    }
}

/// Rows of a statement, their columns as texts joined by `|`; null is `-`.
pub async fn rows(store: &Store, statement: &str) -> Vec<String> {
    match store.driver() {
        Driver::Sqlite(sqlite) => {
            let statement = statement.to_owned();
            let rows = sqlite.read(move |connection| {
                let mut prepared = connection.prepare(&statement)?;
                let width = prepared.column_count();
                let rows = prepared.query_map([], |row| {
                    let texts: Vec<String> = (0..width).map(|index| text(row.get_ref(index).unwrap())).collect();
                    Ok(texts.join("|"))
                })?;
                Ok::<_, Error>(rows.collect::<Result<Vec<_>, _>>()?)
            });
            rows.await.unwrap()
        }
        Driver::Postgres(postgres) => {
            let loan = postgres.loan().await.unwrap();
            let messages = loan.client().simple_query(statement).await.unwrap();
            let rows = messages.iter().filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => {
                    Some((0..row.len()).map(|index| row.get(index).unwrap_or("-")).collect::<Vec<_>>().join("|"))
                }
                _ => None,
            });
            rows.collect()
        }
    }
}

fn text(value: rusqlite::types::ValueRef<'_>) -> String {
    use rusqlite::types::ValueRef;
    match value {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

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
