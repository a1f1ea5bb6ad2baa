//! The ledger: which model the database was made for, how far a migration has come, which seeds are loaded.
//!
//! It is the table `_ledger` of names and JSON texts. The model stands in it as the SDL texts that it was read from, so that the next version of the
//! product reads them with its own eyes. Every change of the ledger is in the transaction of what it speaks of.

use model::Source;
use serde_json::{Map, Value as Json, json};

use crate::{Driver, Error, Store};

const CREATE: &str = "create table if not exists _ledger (name text primary key, value text not null)";
const READ: &str = "select name, value from _ledger";
const PUT_SQLITE: &str =
    "insert into _ledger (name, value) values (?1, ?2) on conflict (name) do update set value = excluded.value";
const PUT_POSTGRES: &str =
    "insert into _ledger (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value";
const REMOVE_SQLITE: &str = "delete from _ledger where name = ?1";
const REMOVE_POSTGRES: &str = "delete from _ledger where name = $1";

/// Name of the entry that holds the applied model.
const MODEL: &str = "model";
/// Name of the entry that holds an unfinished migration.
const MIGRATION: &str = "migration";
/// Beginning of the names of loaded seeds; the rest is the file's name.
const SEED: &str = "seed:";

/// What the ledger says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ledger {
    /// The texts of the applied model; none for a database that was never made.
    pub applied: Option<Vec<Source>>,
    /// A migration that was begun and is not finished.
    pub unfinished: Option<Unfinished>,
    /// Seed files that are loaded, by name, with the hash of what was in them.
    pub seeds: Vec<(String, String)>,
}

/// A migration that was begun and is not finished.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfinished {
    /// The texts of the model that it leads to.
    pub target: Vec<Source>,
    /// The default locale that it was planned with.
    pub default_locale: String,
    /// Steps that are done.
    pub steps_done: usize,
    /// Within the next step: the last row that is done.
    pub row_done: Option<i64>,
}

/// One change of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entry {
    /// This model is applied, and no migration is unfinished.
    Applied(Vec<Source>),
    /// A migration has come so far.
    Unfinished(Unfinished),
    /// A migration that was begun is undone.
    GivenUp,
    /// A seed file is loaded.
    Seeded {
        /// Its name.
        file: String,
        /// The hash of what was in it.
        hash: String,
    },
}

impl Store {
    /// What the ledger says. The table is made when it is not there.
    ///
    /// # Errors
    /// What the database said; [`Error::Ledger`] when an entry cannot be read.
    pub async fn ledger(&self) -> Result<Ledger, Error> {
        match self.driver() {
            Driver::Sqlite(sqlite) => {
                let rows: Vec<(String, String)> = sqlite
                    .write_alone(|connection| {
                        connection.execute(CREATE, [])?;
                        let mut statement = connection.prepare(READ)?;
                        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                        Ok::<_, Error>(rows.collect::<Result<_, _>>()?)
                    })
                    .await?;
                read(&rows)
            }
            Driver::Postgres(postgres) => read_postgres(postgres.loan().await?.client()).await,
        }
    }
}

/// What the ledger says on this connection, inside its transaction.
pub(crate) async fn read_postgres(client: &tokio_postgres::Client) -> Result<Ledger, Error> {
    client.batch_execute(CREATE).await?;
    let rows = client.query(READ, &[]).await?;
    let rows = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<Vec<_>, Error>>()?;
    read(&rows)
}

fn read(rows: &[(String, String)]) -> Result<Ledger, Error> {
    let mut ledger = Ledger::default();
    for (name, text) in rows {
        let value: Json = serde_json::from_str(text).map_err(|source| Error::Ledger { name: name.clone(), source })?;
        match name.as_str() {
            MODEL => ledger.applied = Some(sources_of(&value)),
            MIGRATION => {
                let number = |key: &str| value.get(key).and_then(Json::as_i64);
                ledger.unfinished = Some(Unfinished {
                    target: value.get("target").map(sources_of).unwrap_or_default(),
                    default_locale: value.get("locale").and_then(Json::as_str).unwrap_or_default().to_owned(),
                    steps_done: number("steps").and_then(|steps| usize::try_from(steps).ok()).unwrap_or(0),
                    row_done: number("row"),
                });
            }
            _ => {
                let hash = || value.as_str().unwrap_or_default().to_owned();
                ledger.seeds.extend(name.strip_prefix(SEED).map(|file| (file.to_owned(), hash())));
            }
        }
    }
    Ok(ledger)
}

fn sources_of(value: &Json) -> Vec<Source> {
    let entries = value.as_array().into_iter().flatten();
    let text = |entry: &Json, key: &str| entry.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    entries.map(|entry| Source { name: text(entry, "name"), text: text(entry, "text") }).collect()
}

fn sources_json(sources: &[Source]) -> Json {
    sources.iter().map(|source| json!({ "name": source.name, "text": source.text })).collect()
}

impl Entry {
    /// The entry's name and text, and the name of the entry that it ends.
    fn row(&self) -> (String, String, Option<&'static str>) {
        match self {
            Entry::Applied(sources) => (MODEL.to_owned(), sources_json(sources).to_string(), Some(MIGRATION)),
            Entry::Unfinished(unfinished) => {
                let mut value = Map::new();
                value.insert("target".to_owned(), sources_json(&unfinished.target));
                value.insert("locale".to_owned(), Json::from(unfinished.default_locale.as_str()));
                value.insert("steps".to_owned(), Json::from(unfinished.steps_done));
                value.insert("row".to_owned(), unfinished.row_done.map_or(Json::Null, Json::from));
                (MIGRATION.to_owned(), Json::Object(value).to_string(), None)
            }
            Entry::GivenUp => (MIGRATION.to_owned(), "null".to_owned(), Some(MIGRATION)),
            Entry::Seeded { file, hash } => ([SEED, file].concat(), Json::from(hash.as_str()).to_string(), None),
        }
    }

    /// Writes the entry inside the transaction that is open.
    pub(crate) fn put_sqlite(&self, connection: &rusqlite::Connection) -> Result<(), Error> {
        let (name, value, ended) = self.row();
        connection.execute(CREATE, [])?;
        connection.execute(PUT_SQLITE, [name, value])?;
        if let Some(ended) = ended {
            connection.execute(REMOVE_SQLITE, [ended])?;
        }
        Ok(())
    }

    /// Writes the entry inside the transaction that is open.
    pub(crate) async fn put_postgres(&self, client: &tokio_postgres::Client) -> Result<(), Error> {
        let (name, value, ended) = self.row();
        client.batch_execute(CREATE).await?;
        client.execute(PUT_POSTGRES, &[&name, &value]).await?;
        if let Some(ended) = ended {
            client.execute(REMOVE_POSTGRES, &[&ended]).await?;
        }
        Ok(())
    }
}
