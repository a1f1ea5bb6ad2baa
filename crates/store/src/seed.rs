//! First data: files of entries, loaded once. The form of the files: `docs/seed.md`.
//!
//! Two passes. The first gathers which documents there are, so that entries may link each other in any order and across files; the second reads every
//! entry as content of the model, checks it by the rules of any other write, and loads it. All of it is one transaction: a seed with a fault leaves
//! nothing behind, and all its faults are told at once. The reading thread and the writing one meet in a short queue, so that a file may be larger
//! than memory.

mod content;
mod identity;
mod index;
mod pass;
mod postgres;
mod read;
mod rows;
mod sqlite;
mod unique;

use std::path::PathBuf;
use std::sync::Arc;

use model::{Key, Model, TypeId};
use plan::{Cause, Value, uuid_of_text};
use sql::Layout;
use tokio::sync::mpsc;

use crate::ledger::Entry as LedgerEntry;
use crate::write::failure::Failure;
use crate::{Driver, Error, Store};
pub use index::SEED_IDS_MAX;
use pass::Pass;
use read::Entry;
use rows::Batch;

/// Faults that are told of one seed.
pub const SEED_FAULTS_MAX: usize = 100;
/// Rows that go to the database together.
const BATCH_ROWS: usize = 2000;
/// Bytes of files from which a load into empty tables does without their indexes and makes them at its end.
const LARGE_BYTES: u64 = 1 << 20;
/// Batches that wait between reading and writing.
const BATCHES_MAX: usize = 4;

/// Makes the text that is kept of a password, or says why it cannot.
pub type HashPassword = Arc<dyn Fn(&str) -> Result<String, String> + Send + Sync>;
/// Is told how many entries are read, now and then.
pub type SeedProgress = Arc<dyn Fn(u64) + Send + Sync>;

/// A seed to load.
#[derive(Clone)]
pub struct SeedJob {
    /// The model of the database.
    pub model: Arc<Model>,
    /// Its tables.
    pub layout: Arc<Layout>,
    /// The files in order.
    pub files: Vec<SeedFile>,
    /// What entries do not say.
    pub options: SeedOptions,
    /// Makes the text that is kept of a password.
    pub hash_password: HashPassword,
    /// Is told how many entries are read, now and then.
    pub progress: SeedProgress,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedFile {
    /// How messages and the ledger call it, as a rule the path below the project folder.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// What entries do not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedOptions {
    /// Times of entries that name none: microseconds since 1970.
    pub now: i64,
    /// Locale of entries that name none, where their type has locales.
    pub default_locale: String,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeedReport {
    /// Names of the files that were loaded.
    pub loaded: Vec<String>,
    /// Names of files that were loaded before and are not as they were: they are not loaded again.
    pub changed: Vec<String>,
    /// Entries that were loaded.
    pub entries: u64,
}

impl SeedJob {
    /// Reads the files without a database: their form, and of each entry its type, its key, its status and its locale.
    ///
    /// # Errors
    /// [`Error::Seed`] with the faults of all files.
    pub fn check(&self) -> Result<(), Error> {
        Pass::check(self)
    }
}

/// Where rows are loaded to.
struct Destination {
    layout: Arc<Layout>,
    /// The tables are empty and the files large: indexes and references are made after the rows.
    stripped: Option<sql::ddl::Schema>,
}

impl Destination {
    fn of(job: &SeedJob, known: &pass::Known) -> Destination {
        let bytes: u64 =
            job.files.iter().filter_map(|file| std::fs::metadata(&file.path).ok()).map(|file| file.len()).sum();
        let is_worth_it = bytes >= LARGE_BYTES && known.is_empty;
        Destination {
            layout: Arc::clone(&job.layout),
            stripped: is_worth_it.then(|| sql::ddl::schema(&job.model, &job.layout)),
        }
    }
}

/// What the reading thread tells the writing one.
enum Message {
    /// Rows to load.
    Rows(Batch),
    /// Nothing follows: everything was right.
    End(Box<Ending>),
}

/// What is done behind the last row.
struct Ending {
    /// Next element id of components, by `category.name`.
    elements: Vec<(String, i64)>,
    /// Next number of shared keys, by their word.
    keys: Vec<(String, i64)>,
    /// Lines of the ledger.
    ledger: Vec<LedgerEntry>,
}

impl Store {
    /// Loads the files that the ledger does not name yet.
    ///
    /// # Errors
    /// [`Error::Seed`] with all faults of the files, [`Error::SeedUnreadable`] for a file that is no JSON, what the database said. Then nothing is
    /// loaded.
    pub async fn seed(&self, job: SeedJob) -> Result<SeedReport, Error> {
        let (job, mut report) = self.files_to_load(job).await?;
        if job.files.is_empty() {
            return Ok(report);
        }
        let known = match self.driver() {
            Driver::Sqlite(sqlite) => sqlite::known(sqlite, &job).await?,
            Driver::Postgres(postgres) => postgres::known(postgres, &job).await?,
        };
        report.loaded = job.files.iter().map(|file| file.name.clone()).collect();
        let (model, layout) = (Arc::clone(&job.model), Arc::clone(&job.layout));
        let (sender, receiver) = mpsc::channel(BATCHES_MAX);
        let destination = Destination::of(&job, &known);
        let reader = std::thread::Builder::new()
            .name("seed".to_owned())
            .spawn(move || Pass::both(&job, known, &sender))
            .map_err(|source| Error::Thread { name: "seed".to_owned(), source })?;
        let written = match self.driver() {
            Driver::Sqlite(sqlite) => sqlite::load(sqlite, destination, receiver).await,
            Driver::Postgres(postgres) => postgres::load(postgres, &destination, receiver).await,
        };
        // The reader ends when its queue is closed or its files are read: it is not waited for long.
        let read = reader.join().map_err(|_| Error::Panicked)?;
        match (read, written) {
            (Err(error), _) => Err(error),
            (Ok(_), Err(error)) => Err(taken(error, &model, &layout)),
            (Ok(entries), Ok(())) => Ok(SeedReport { entries, ..report }),
        }
    }

    /// The same as [`SeedJob::check`], of the files that the ledger does not name yet.
    ///
    /// # Errors
    /// [`Error::Seed`] with the faults of all of them, what the database said.
    pub async fn seed_check(&self, job: SeedJob) -> Result<(), Error> {
        self.files_to_load(job).await?.0.check()
    }

    /// Leaves out what is loaded already.
    async fn files_to_load(&self, mut job: SeedJob) -> Result<(SeedJob, SeedReport), Error> {
        let seeds = self.ledger().await?.seeds;
        let mut report = SeedReport::default();
        let mut files = Vec::new();
        for file in job.files {
            match seeds.iter().find(|(name, _)| *name == file.name) {
                None => files.push(file),
                Some((_, hash)) if *hash == read::hash(&file.path)? => {}
                Some(_) => report.changed.push(file.name),
            }
        }
        job.files = files;
        Ok((job, report))
    }
}

/// A unique key that the database found broken: its entries have no two alike, so a document that was there before has the value.
fn taken(error: Error, model: &Model, layout: &Layout) -> Error {
    match Failure::of_constraint(error, model, layout) {
        Failure::Store(error) => error,
        Failure::Refused(cause) => {
            let faults: Vec<String> = match cause {
                Cause::Rules(list) => list.iter().map(content::fault_words).collect(),
                other => vec![format!("{other:?}")],
            };
            Error::Seed {
                count: faults.len(),
                faults: faults
                    .iter()
                    .map(|fault| ["a document of the database has a value of the seed: ", fault].concat())
                    .collect(),
            }
        }
    }
}

/// The key that an entry gives, read as its type's keys are.
fn given_key(model: &Model, of: TypeId, entry: &Entry) -> Result<Option<Value>, String> {
    let Some(id) = entry.id.as_ref().filter(|id| !id.is_null()) else { return Ok(None) };
    let key = match model.content_type(of).key {
        Key::BigInt => id.as_i64().or_else(|| id.as_str()?.parse().ok()).filter(|key| *key > 0).map(Value::Int),
        Key::Uuid => id.as_str().and_then(uuid_of_text).map(Value::Uuid),
        Key::Text | Key::Columns(_) => {
            id.as_str().filter(|text| !text.is_empty()).map(|text| Value::Text(text.to_owned()))
        }
    };
    key.map(Some).ok_or_else(|| ["the id ", &id.to_string(), " is no key of this type"].concat())
}

/// A key for an entry that names none.
fn made_key(model: &Model, of: TypeId, number: i64) -> Value {
    match model.content_type(of).key {
        Key::BigInt => Value::Int(number),
        // Version 8: made by a rule of our own. The same seed gives the same keys.
        Key::Uuid => {
            let low = u128::from(number.unsigned_abs());
            let of = u128::from(of.0);
            Value::Uuid((of << 80) | (8 << 76) | (2 << 62) | low)
        }
        Key::Text | Key::Columns(_) => Value::Null,
    }
}
