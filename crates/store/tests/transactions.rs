//! What a job may rely on: it sees its own writes, fails alone, is stopped at its deadline, and an answer means that it is written.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::time::Duration;

use store::sqlite::Sqlite;
use store::{Address, Driver, Error, Store, StoreConfig};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("dragoman-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn sqlite(store: &Store) -> &Sqlite {
    match store.driver() {
        Driver::Sqlite(sqlite) => sqlite,
        Driver::Postgres(_) => panic!("a file was opened"),
    }
}

fn open(folder: &Folder, read_timeout: Duration) -> Store {
    let mut config = StoreConfig::new(Address::in_folder(&folder.0));
    config.limits.read_timeout = read_timeout;
    Store::open(&config).unwrap()
}

async fn count(store: &Store) -> i64 {
    let counted = sqlite(store)
        .read(|connection| Ok::<_, Error>(connection.query_row("select count(*) from t", [], |row| row.get(0))?));
    counted.await.unwrap()
}

#[tokio::test]
async fn a_failed_job_fails_alone() {
    let folder = Folder::new("alone");
    let store = open(&folder, Duration::from_secs(10));
    assert!(store.is_ready().await);
    let made = sqlite(&store)
        .write_alone(|connection| Ok::<_, Error>(connection.execute_batch("create table t (v integer unique)")?));
    made.await.unwrap();
    let insert = |value: i64| {
        sqlite(&store).write(move |connection| {
            connection.execute("insert into t values (?1 + 100)", [value])?;
            Ok::<_, Error>(connection.execute("insert into t values (?1)", [value])?)
        })
    };
    let (first, second, third) = tokio::join!(insert(1), insert(1), insert(2));
    assert_eq!([first.is_ok(), second.is_ok(), third.is_ok()], [true, false, true]);
    assert_eq!(count(&store).await, 4);
    drop(store);
    assert_eq!(count(&open(&folder, Duration::from_secs(10))).await, 4);
}

/// A statement that finds no space takes the transaction back that other jobs share: what is told to be written is, and nothing else.
#[tokio::test]
async fn what_follows_a_lost_transaction_is_told_as_it_is() {
    let folder = Folder::new("full");
    let store = open(&folder, Duration::from_secs(10));
    let made = sqlite(&store).write_alone(|connection| {
        connection.execute_batch("create table t (v integer, filling blob); insert into t values (0, null)")?;
        let pages: i64 = connection.query_row("pragma page_count", [], |row| row.get(0))?;
        Ok::<_, Error>(connection.pragma_update(None, "max_page_count", pages)?)
    });
    made.await.unwrap();
    let (go, gone) = std::sync::mpsc::channel();
    let insert = |value: i64, bytes: i64| {
        sqlite(&store).write(move |connection| {
            let text = "insert into t values (?1, randomblob(?2))";
            Ok::<_, Error>(connection.execute(text, [value, bytes])?)
        })
    };
    // The writer is held until all wait for it, so that they share a transaction.
    let held = sqlite(&store).write_alone(move |_| gone.recv().map_err(|_| Error::Closed));
    let (held, first, full, third, sent) =
        tokio::join!(biased; held, insert(1, 1), insert(2, 1 << 20), insert(3, 1), async { go.send(()) });
    held.unwrap();
    sent.unwrap();
    let code = match full {
        Err(Error::Sqlite(error)) => error.sqlite_error_code(),
        other => panic!("{other:?}"),
    };
    assert_eq!(code, Some(rusqlite::ErrorCode::DiskFull));
    assert!(matches!(first, Ok(_) | Err(Error::TransactionFailed { .. })), "{first:?}");
    assert!(third.is_ok(), "{third:?}");
    assert_eq!(count(&store).await, 1 + i64::from(first.is_ok()) + i64::from(third.is_ok()));
}

#[tokio::test]
async fn a_panic_is_rolled_back_and_the_writer_lives() {
    let folder = Folder::new("panic");
    let store = open(&folder, Duration::from_secs(10));
    let made =
        sqlite(&store).write(|connection| Ok::<_, Error>(connection.execute_batch("create table t (v integer)")?));
    made.await.unwrap();
    let broken = sqlite(&store).write(|connection| {
        connection.execute("insert into t values (1)", [])?;
        let rows: i64 = connection.query_row("select count(*) from t", [], |row| row.get(0))?;
        assert_eq!(rows, 0, "a fault of ours");
        Ok::<_, Error>(())
    });
    assert!(matches!(broken.await, Err(Error::Panicked)));
    assert_eq!(count(&store).await, 0);
}

#[tokio::test]
async fn a_reader_cannot_write_and_stops_in_time() {
    let folder = Folder::new("deadline");
    let store = open(&folder, Duration::from_millis(50));
    let written =
        sqlite(&store).read(|connection| Ok::<_, Error>(connection.execute_batch("create table t (v integer)")?));
    assert!(matches!(written.await, Err(Error::Sqlite(_))));
    let endless = "with recursive n (v) as (select 1 union all select v + 1 from n) select max(v) from n";
    let stopped =
        sqlite(&store).read(|connection| Ok::<i64, Error>(connection.query_row(endless, [], |row| row.get(0))?));
    assert!(matches!(stopped.await, Err(Error::Timeout { deadline_ms: 50 })));
    assert!(store.is_ready().await);
}

#[tokio::test]
async fn a_database_that_is_away_is_said_to_be() {
    let store =
        Store::open(&StoreConfig::new(Address::Postgres("postgres://nobody@127.0.0.1:1/nothing".to_owned()))).unwrap();
    assert!(!store.is_ready().await);
}
