//! Changes on both databases: each case is a schema and a script of steps; what every step answers is recorded, the same for both.
#![allow(clippy::unwrap_used)]

mod database;
mod writing;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use database::Place;
use store::Driver;
use writing::Script;

/// Runs the script of a case on both databases and compares what it tells with the record beside it.
async fn check(case: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/writes");
    let text = std::fs::read_to_string(folder.join(format!("{case}.txt"))).unwrap();
    let (schema, steps) = text.split_once("\n---\n").unwrap();
    let mut told: Vec<String> = Vec::new();
    for place in Place::both(&format!("writes_{case}")).await {
        let mut script = Script::begin(place.open(), schema).await;
        let mut lines = String::new();
        for step in steps.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            writeln!(lines, "> {step}\n{}", script.step(step).await).unwrap();
        }
        drop(script);
        place.remove().await;
        told.push(lines);
    }
    assert_eq!(told[0], told[1], "SQLite and PostgreSQL tell the same in {case}");
    insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "writes", omit_expression => true }, {
        insta::assert_snapshot!(case, told[0]);
    });
}

macro_rules! cases {
    ($($name:ident)+) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            check(stringify!($name)).await;
        }
    )+ };
}

cases! {
    scalars
    rules
    at_once
    unique
    uid
    links_plain
    links_drafts
    links_mixed
    one_to_one
    components
    drafts
    authors
    single
    locales
    locales_each
    locales_uids
    locales_shared
    groups
    deletes
    roles
    roles_locales
    roles_links
    roles_publish
    roles_publish_locales
    roles_hidden
    whole
}

/// Two requests that make one unique value at a time: one wins, the other is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_that_want_the_same_value_gets_it() {
    for place in Place::both("writes_race").await {
        let script = Arc::new(Script::begin(place.open(), "type Item @model { code: String! @unique }").await);
        let make = |script: Arc<Script>| async move { script.told("create Item {\"code\": \"same\"}").await };
        let mut outcomes = Vec::new();
        let running: Vec<_> = (0..8).map(|_| tokio::spawn(make(Arc::clone(&script)))).collect();
        for one in running {
            outcomes.push(one.await.unwrap());
        }
        let won = outcomes.iter().filter(|told| told.starts_with('{')).count();
        let lost = outcomes.iter().filter(|told| told.contains("code: NotUnique")).count();
        assert_eq!((won, lost), (1, 7), "{outcomes:#?}");
        drop(script);
        place.remove().await;
    }
}

/// Eight requests that set a single type where nothing is: one document comes of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_type_is_made_once() {
    for place in Place::both("writes_single_race").await {
        let script = Arc::new(Script::begin(place.open(), "type Home @model(single: true) { heading: String }").await);
        let set = |script: Arc<Script>| async move { script.told("set Home {\"heading\": \"x\"}").await };
        let running: Vec<_> = (0..8).map(|_| tokio::spawn(set(Arc::clone(&script)))).collect();
        for one in running {
            let told = one.await.unwrap();
            assert!(told.contains("\"heading\":\"x\""), "{told}");
        }
        assert_eq!(script.told("read Home").await.lines().count(), 1);
        drop(script);
        place.remove().await;
    }
}

/// PostgreSQL gets COMMIT before the answer is there: what is too large to be shown is written, and then hinted at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_but_not_shown_is_hinted_at() {
    const SCHEMA: &str = "type Item @model { code: String! }";
    for place in Place::both("writes_large").await {
        if matches!(place, Place::Postgres { .. }) {
            let store = place.open_with(|limits| limits.answer_bytes_max = 100);
            let mut hints = store.changes();
            let script = Script::begin(store, SCHEMA).await;
            let told = script.told(&format!("create Item {{\"code\": \"{}\"}}", "x".repeat(200))).await;
            assert_eq!(told, "! it AnswerTooLarge(100)");
            assert!(hints.try_recv().is_ok());
            drop(script);
            let script = Script::begin(place.open(), SCHEMA).await;
            assert!(script.told("read Item").await.contains("xxx"));
        }
        place.remove().await;
    }
}

/// The clock runs out while the server is at COMMIT: nobody knows what came of it, and nobody says that nothing did.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_takes_too_long_is_of_unknown_outcome() {
    const WAITS_AT_COMMIT: &str = "create function wait() returns trigger language plpgsql as
        'begin perform pg_advisory_xact_lock(1); return null; end';
        create constraint trigger waits after insert on item deferrable initially deferred for each row execute function wait()";
    for place in Place::both("writes_late").await {
        if matches!(place, Place::Postgres { .. }) {
            let other = place.open();
            let store = place.open_with(|limits| limits.write_timeout = Duration::from_millis(1500));
            let script = Script::begin(store, "type Item @model { code: String! }").await;
            script.told("create Item {\"code\": \"first\"}").await;
            database::execute(&other, WAITS_AT_COMMIT).await;
            let Driver::Postgres(postgres) = other.driver() else { panic!("a server was opened") };
            let holder = postgres.loan().await.unwrap();
            holder.client().batch_execute("select pg_advisory_lock(1)").await.unwrap();
            assert_eq!(script.told("create Item {\"code\": \"second\"}").await, "! it OutcomeUnknown");
            drop((holder, script));
        }
        place.remove().await;
    }
}
