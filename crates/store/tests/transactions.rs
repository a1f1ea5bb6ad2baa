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
