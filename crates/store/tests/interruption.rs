//! A migration that is interrupted goes on, one that fails leaves everything as it was, on both databases.
#![allow(clippy::unwrap_used)]

mod database;
mod description;
mod migrating;
mod question;

use database::Place;
use description::describe;
use migrating::{bring, load, read, sources};
use question::rows;
use store::postgres::Postgres;
use store::{Driver, Error, MigrateOptions, Store};

const TRACKS: &str = r#"type Track @model { title: String! year: Int tags: [Tag!] @relation(inverse: "tracks") } type Tag @model { word: String tracks: [Track!] @relation(mappedBy: "tags") }"#;
const TRACKS_AFTER: &str = r#"type Track @model(draftAndPublish: true) { name: String! @renamedFrom(name: "title") year: String tags: [Tag!] @relation(inverse: "tracks") sold: Int! @default(value: 3) }
    type Tag @model { word: String tracks: [Track!] @relation(mappedBy: "tags") }"#;
const TRACKS_LATER: &str = r#"type Track @model(draftAndPublish: true) { name: String! @renamedFrom(name: "title") year: String tags: [Tag!] @relation(inverse: "tracks") sold: Int note: String }
    type Tag @model { word: String tracks: [Track!] @relation(mappedBy: "tags") }"#;

/// 2,500 tracks: three slices.
fn many_tracks() -> String {
    let track = |id: u32| {
        format!(
            r#"{{ "type": "Track", "id": {id}, "data": {{ "title": "T{id}", "year": {}, "tags": ["t"] }} }}"#,
            1900 + id
        )
    };
    let mut lines = vec![r#"{ "type": "Tag", "id": 1, "documentId": "t", "data": { "word": "x" } }"#.to_owned()];
    lines.extend((1..=2500).map(track));
    lines.join("\n")
}

/// Starts a migration and leaves it when this many reports have come. True when it was done before.
async fn bring_until(store: &Store, text: &str, reports: usize) -> bool {
    let plan = store.migrate_plan(&read(text), &sources(text)).await.unwrap();
    let stop = tokio::sync::Notify::new();
    let mut seen = 0;
    let apply = store.migrate_apply(&plan, MigrateOptions::default(), |_| {
        seen += 1;
        if seen > reports {
            stop.notify_one();
        }
    });
    tokio::select! {
        biased;
        () = stop.notified() => false,
        done = apply => {
            done.unwrap();
            true
        }
    }
}

/// What the migration of the tracks must leave, however often it was interrupted.
async fn contents(store: &Store) -> Vec<String> {
    let mut lines = describe(store).await;
    for question in [
        "select count(*), count(distinct _key), min(name), min(year), max(year), sum(sold) from track",
        "select _status, count(*) from track group by _status order by 1",
        "select count(*), count(distinct owner) from track_tags_link",
        "select count(*) from track_document",
    ] {
        lines.extend(rows(store, question).await);
    }
    lines
}

/// Leaves a migration when this many reports have come, and ends it from another store: what it leaves is what one that nothing stops leaves.
async fn check_interrupted(reports: usize) {
    let folder = std::env::temp_dir().join(format!("dragoman-interrupted{reports}-seed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let seed = many_tracks();
    let wholes = Place::both(&format!("whole{reports}")).await;
    let interrupted = Place::both(&format!("interrupted{reports}")).await;
    for (whole, place) in wholes.into_iter().zip(interrupted) {
        let store = whole.open();
        bring(&store, TRACKS, false).await.unwrap();
        load(&store, TRACKS, &folder, &seed).await;
        bring(&store, TRACKS_AFTER, false).await.unwrap();
        let expected = contents(&store).await;
        drop(store);
        whole.remove().await;
        let store = place.open();
        bring(&store, TRACKS, false).await.unwrap();
        load(&store, TRACKS, &folder, &seed).await;
        let is_done = bring_until(&store, TRACKS_AFTER, reports).await;
        drop(store);
        let store = place.open();
        if !is_done {
            bring(&store, TRACKS_AFTER, false).await.unwrap();
        }
        assert_eq!(contents(&store).await, expected, "after {reports} reports on {:?}", store.database());
        assert_eq!(store.ledger().await.unwrap().unfinished, None);
        drop(store);
        place.remove().await;
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

// A test for each: all of them behind one another take longer on a machine with much to do than a test may.
macro_rules! interrupted {
    ($($name:ident: $reports:literal;)+) => { $(
        #[tokio::test]
        async fn $name() {
            check_interrupted($reports).await;
        }
    )+ };
}

interrupted! {
    a_migration_goes_on_that_was_interrupted_in_its_first_step: 1;
    a_migration_goes_on_that_was_interrupted_soon: 3;
    a_migration_goes_on_that_was_interrupted_between_slices: 7;
    a_migration_goes_on_that_was_interrupted_late: 12;
    a_migration_goes_on_that_was_interrupted_at_its_end: 16;
}

#[tokio::test]
async fn an_interrupted_migration_is_ended_before_the_next() {
    let folder = std::env::temp_dir().join(format!("dragoman-later-seed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for place in Place::both("later").await {
        let store = place.open();
        bring(&store, TRACKS, false).await.unwrap();
        load(&store, TRACKS, &folder, &many_tracks()).await;
        assert!(!bring_until(&store, TRACKS_AFTER, 5).await);
        drop(store);
        let store = place.open();
        let without_year = TRACKS_LATER.replace("year: String ", "");
        let refused = bring(&store, &without_year, false).await;
        assert!(matches!(refused, Err(Error::Loss { .. })), "the later stage loses years: {refused:?}");
        assert_eq!(rows(&store, "select count(*) from track where year is null").await, ["0"]);
        bring(&store, TRACKS_LATER, false).await.unwrap();
        assert_eq!(rows(&store, "select count(*), min(name) from track").await, ["5000|T1"]);
        assert_eq!(
            store.ledger().await.unwrap().applied,
            Some([sources(TRACKS_LATER), vec![model::language(model::LANGUAGE)]].concat())
        );
        drop(store);
        place.remove().await;
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn servers_that_migrate_at_once_do_so_once() {
    let places = Place::both("at_once").await;
    let (first, second) = (places[1].open(), places[1].open());
    bring(&first, TRACKS, false).await.unwrap();
    let plan = first.migrate_plan(&read(TRACKS_AFTER), &sources(TRACKS_AFTER)).await.unwrap();
    let same = second.migrate_plan(&read(TRACKS_AFTER), &sources(TRACKS_AFTER)).await.unwrap();
    let other = second.migrate_plan(&read(TRACKS_LATER), &sources(TRACKS_LATER)).await.unwrap();
    first.migrate_apply(&plan, MigrateOptions::default(), |_| {}).await.unwrap();
    let was = describe(&first).await;
    second.migrate_apply(&same, MigrateOptions::default(), |_| {}).await.unwrap();
    let refused = second.migrate_apply(&other, MigrateOptions::default(), |_| {}).await;
    assert!(matches!(refused, Err(Error::MigratedMeanwhile)), "{refused:?}");
    assert_eq!(describe(&first).await, was);
    drop((first, second));
    for place in places {
        place.remove().await;
    }
}

#[tokio::test]
async fn a_migration_that_fails_leaves_everything_as_it_was() {
    let folder = std::env::temp_dir().join(format!("dragoman-fails-seed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // Two numbers become one: only the conversion, which no guard can look through, shows it.
    let seed = r#"{ "type": "Sum", "data": { "value": 1.5, "name": "a" } } { "type": "Sum", "data": { "value": 1.50, "name": "b" } }"#;
    let before = "type Sum @model { value: Decimal name: String }";
    for place in Place::both("fails").await {
        let store = place.open();
        bring(&store, before, false).await.unwrap();
        load(&store, before, &folder, seed).await;
        let was = describe(&store).await;
        let failed = bring(&store, "type Sum @model { value: Float @unique name: String }", false).await;
        assert!(matches!(failed, Err(Error::Sqlite(_) | Error::Postgres(_))), "{failed:?}");
        assert_eq!(describe(&store).await, was);
        assert_eq!(rows(&store, "select name from sum order by 1").await, ["a", "b"]);
        assert_eq!(store.ledger().await.unwrap().unfinished, None);
        bring(&store, "type Sum @model { value: Float name: String }", false).await.unwrap();
        drop(store);
        place.remove().await;
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The model that a database was made for, as its ledger says it.
const APPLIED: &str = "select value from _ledger where name = 'model'";

#[tokio::test]
async fn who_plans_while_another_server_migrates_plans_from_what_it_left() {
    let places = Place::both("plans_meet").await.into_iter().zip(Place::both("plans_meet_done").await);
    for (place, done) in places {
        let (store, other) = (place.open(), done.open());
        // SQLite has one server at a time.
        if let (Driver::Postgres(postgres), Driver::Postgres(migrated)) = (store.driver(), other.driver()) {
            bring(&store, TRACKS, false).await.unwrap();
            bring(&other, TRACKS_LATER, false).await.unwrap();
            let server = postgres.loan().await.unwrap();
            let lock = "begin; select pg_advisory_xact_lock(7235101886250803)";
            server.client().batch_execute(lock).await.unwrap();
            let (model, texts) = (read(TRACKS_LATER), sources(TRACKS_LATER));
            let planning = store.migrate_plan(&model, &texts);
            tokio::pin!(planning);
            tokio::select! {
                _planned = &mut planning => panic!("it waits for nobody"),
                () = somebody_waits(postgres) => {}
            }
            let migrating = async {
                let row = migrated.loan().await.unwrap().client().query_one(APPLIED, &[]).await.unwrap();
                let set = "update _ledger set value = $1 where name = 'model'";
                server.client().execute(set, &[&row.get::<_, String>(0)]).await.unwrap();
                server.client().batch_execute("commit").await.unwrap();
            };
            let (planned, ()) = tokio::join!(planning, migrating);
            assert!(planned.unwrap().is_empty());
        }
        drop((store, other));
        place.remove().await;
        done.remove().await;
    }
}

/// Waits until somebody waits for a lock.
async fn somebody_waits(postgres: &Postgres) {
    let loan = postgres.loan().await.unwrap();
    let text = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    while loan.client().query_one(text, &[]).await.unwrap().get::<_, i64>(0) == 0 {}
}
