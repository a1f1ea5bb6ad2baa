//! Tokens that programs call with: kept and taken back, and those of a database that an earlier version made, on both databases.
#![allow(clippy::unwrap_used)]

mod database;
mod migrating;
mod question;

use std::sync::Arc;

use database::{Place, execute};
use migrating::{bring, load, read, sources};
use question::rows;
use sql::Database;
use store::{Error, NewToken, Served, Store, StoredToken};

const NOTES: &str = "type Note @model { title: String }";
const SEED: &str = r#"{ "type": "Note", "entries": [{ "documentId": "n1", "data": { "title": "kept" } }] }"#;
const MADE: i64 = 1_700_000_000_000_001;

fn token(name: &str, roles: &[&str], expires_at: Option<i64>) -> StoredToken {
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    StoredToken { name: name.to_owned(), roles, created_at: MADE, expires_at }
}

fn served(schema: &str) -> Arc<Served> {
    Served::new(Arc::new(read(schema))).unwrap()
}

/// What an earlier version has left: its table of tokens, no content type of them, and a ledger that says no version.
async fn make_old(store: &Store, tokens: &str) {
    let key = match store.database() {
        Database::Sqlite => "integer primary key autoincrement",
        Database::Postgres => "bigint generated always as identity primary key",
    };
    let table = ["drop table api_token; create table _token (id ", key, ", name text not null unique, hash text not null unique, roles text not null, created_at bigint not null, expires_at bigint)"].concat();
    execute(store, &table).await;
    execute(store, tokens).await;
    let ledger = [
        r#"update _ledger set value = '[{"name":"schema/model.graphql","text":""#,
        NOTES,
        r#""}]' where name = 'model'"#,
    ];
    execute(store, &ledger.concat()).await;
}

#[tokio::test]
async fn tokens_are_kept_and_taken_back() {
    for place in Place::both("tokens").await {
        let store = place.open();
        bring(&store, NOTES, false).await.unwrap();
        let served = served(NOTES);
        let robot = token("robot", &["editor", "a \"b\""], Some(MADE + 7));
        let keep = async |token: &StoredToken, hash: &str| store.token_insert(&served, NewToken { token, hash }).await;
        assert!(keep(&robot, "h1").await.unwrap());
        assert!(!keep(&robot, "h2").await.unwrap(), "its name is taken");
        assert!(keep(&token("other", &["public"], None), "h3").await.unwrap());
        assert_eq!(store.token_by_hash("h1").await.unwrap(), Some(robot.clone()));
        assert_eq!(store.token_by_hash("h2").await.unwrap(), None);
        assert_eq!(store.tokens().await.unwrap(), [robot, token("other", &["public"], None)]);
        assert!(store.token_remove(&served, "robot").await.unwrap());
        assert!(!store.token_remove(&served, "robot").await.unwrap());
        assert_eq!(store.token_by_hash("h1").await.unwrap(), None);
        drop(store);
        place.remove().await;
    }
}

const OLD: &str = r#"insert into _token (name, hash, roles, created_at, expires_at) values
    ('robot', 'h1', 'editor,a "b"', 1700000000000001, 1700000000000008), ('other', 'h3', 'public', 1700000000000001, null)"#;

#[tokio::test]
async fn tokens_of_an_earlier_version_are_taken_over() {
    let folder = std::env::temp_dir().join(format!("dragoman-tokens-seed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // With the same types, and with others: the rows are taken over in the same step.
    for after in [NOTES, "type Note @model { title: String! @default(value: \"-\") more: Int }"] {
        for place in Place::both("tokens_old").await {
            let store = place.open();
            bring(&store, NOTES, false).await.unwrap();
            load(&store, NOTES, &folder, SEED).await;
            make_old(&store, OLD).await;
            let plan = store.migrate_plan(&read(after), &sources(after)).await.unwrap();
            assert!(
                plan.changes().any(|change| change.contains("ApiToken")),
                "{:?}",
                plan.changes().collect::<Vec<_>>()
            );
            assert!(plan.losses().is_empty());
            bring(&store, after, false).await.unwrap();
            assert_eq!(rows(&store, "select title from note").await, ["kept"]);
            let robot = token("robot", &["editor", "a \"b\""], Some(MADE + 7));
            assert_eq!(store.tokens().await.unwrap(), [robot.clone(), token("other", &["public"], None)]);
            assert_eq!(store.token_by_hash("h1").await.unwrap(), Some(robot));
            assert!(store.migrate_plan(&read(after), &sources(after)).await.unwrap().is_empty());
            let old = match store.database() {
                Database::Sqlite => "select name from sqlite_master where name = '_token'",
                Database::Postgres => "select table_name from information_schema.tables where table_name = '_token'",
            };
            assert!(rows(&store, old).await.is_empty(), "the old table is gone");
            assert!(store.token_remove(&served(after), "robot").await.unwrap());
            let next = token("next", &["public"], None);
            assert!(store.token_insert(&served(after), NewToken { token: &next, hash: "h4" }).await.unwrap());
            drop(store);
            place.remove().await;
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_database_of_an_earlier_version_without_tokens_gets_the_type() {
    for place in Place::both("tokens_none").await {
        let store = place.open();
        bring(&store, NOTES, false).await.unwrap();
        make_old(&store, "drop table _token").await;
        bring(&store, NOTES, false).await.unwrap();
        assert!(store.tokens().await.unwrap().is_empty());
        drop(store);
        place.remove().await;
    }
}

#[tokio::test]
async fn a_database_of_a_later_version_is_refused() {
    for place in Place::both("tokens_later").await {
        let store = place.open();
        bring(&store, NOTES, false).await.unwrap();
        execute(
            &store,
            r#"update _ledger set value = '[{"name":"the version of the language","text":"99"}]' where name = 'model'"#,
        )
        .await;
        let refused = bring(&store, NOTES, false).await;
        assert!(matches!(refused, Err(Error::LedgerNewer { version: 99, .. })), "{refused:?}");
        drop(store);
        place.remove().await;
    }
}
