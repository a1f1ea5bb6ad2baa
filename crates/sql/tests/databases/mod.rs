//! The two real databases, with the tables of a model: a statement that does not prepare is a fault of the printer.

use model::Model;
use rusqlite::Connection;
use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use sql::{Database, Layout, ddl, function};

/// An SQLite database in memory with the model's tables.
pub fn sqlite(model: &Model, layout: &Layout) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    register(&connection);
    for statement in ddl::create(model, layout, Database::Sqlite) {
        connection.execute_batch(&statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    connection
}

/// What the store registers, with no meaning: to prepare a statement, names and arguments suffice.
fn register(connection: &Connection) {
    struct Nothing;
    impl Aggregate<(), Option<i64>> for Nothing {
        fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<()> {
            Ok(())
        }
        fn step(&self, _: &mut Context<'_>, (): &mut ()) -> rusqlite::Result<()> {
            Ok(())
        }
        fn finalize(&self, _: &mut Context<'_>, _: Option<()>) -> rusqlite::Result<Option<i64>> {
            Ok(None)
        }
    }
    let flags = FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_UTF8;
    for (name, arguments) in function::SCALARS {
        connection.create_scalar_function(name, i32::from(arguments), flags, |_| Ok(0)).unwrap();
    }
    for name in function::AGGREGATES {
        connection.create_aggregate_function(name, 1, flags, Nothing).unwrap();
    }
    for name in function::COLLATIONS {
        connection.create_collation(name, str::cmp).unwrap();
    }
}

/// The lines of `explain query plan`, indented by depth. Values are left unbound.
pub fn query_plan(connection: &Connection, sql: &str) -> Vec<String> {
    let explain = ["explain query plan ", sql].concat();
    let mut statement = connection.prepare(&explain).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    let rows = statement.raw_query().mapped(|row| Ok((row.get(0)?, row.get(1)?, row.get(3)?)));
    let rows: Vec<(i64, i64, String)> = rows.map(Result::unwrap).collect();
    let depth = |mut parent: i64| {
        let mut depth = 0;
        while let Some((_, above, _)) = rows.iter().find(|(id, ..)| *id == parent && parent != 0) {
            parent = *above;
            depth += 1;
        }
        depth
    };
    rows.iter().map(|(_, parent, detail)| format!("{}{detail}", "  ".repeat(depth(*parent)))).collect()
}

/// A PostgreSQL session whose tables live as long as it does.
pub struct Postgres {
    client: tokio_postgres::Client,
    runtime: tokio::runtime::Runtime,
}

impl Postgres {
    /// The model's tables in a schema of this name.
    pub fn new(model: &Model, layout: &Layout, schema: &str) -> Postgres {
        let url = std::env::var("DRAGOMAN_TEST_POSTGRES")
            .expect("DRAGOMAN_TEST_POSTGRES names a PostgreSQL: `cargo xtask test` starts one");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            client
        });
        let postgres = Postgres { client, runtime };
        let name = format!("{schema}_{}", std::process::id());
        postgres
            .execute(&format!("drop schema if exists {name} cascade; create schema {name}; set search_path = {name}"));
        for statement in ddl::create(model, layout, Database::Postgres) {
            postgres.execute(&statement);
        }
        postgres
    }

    fn execute(&self, statement: &str) {
        self.runtime
            .block_on(self.client.batch_execute(statement))
            .unwrap_or_else(|error| panic!("{statement}\n{error:?}"));
    }

    /// Prepares a statement; gives the number of its result columns, or what the server says against it.
    pub fn prepare(&self, sql: &str) -> Result<usize, String> {
        let prepared = self.runtime.block_on(self.client.prepare(sql));
        prepared.map(|statement| statement.columns().len()).map_err(|error| match error.as_db_error() {
            Some(error) => error.to_string(),
            None => error.to_string(),
        })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let dropped = "do $$ begin execute format('drop schema %I cascade', current_schema()); end $$";
        self.runtime.block_on(self.client.batch_execute(dropped)).ok();
    }
}
