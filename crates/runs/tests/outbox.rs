//! Events of content on both databases: each one that a job listens to becomes one run, in whatever order changes, launches and crashes come.
#![allow(clippy::unwrap_used)]

#[path = "../../store/tests/database/mod.rs"]
mod database;
#[path = "../../store/tests/writing/mod.rs"]
mod writing;

use std::sync::Arc;
use std::time::Duration;

use database::Place;
use model::Source;
use runs::{Clock, Engine, Hand, Happening, OUTBOX_AGE_MAX};
use store::Ids;
use writing::Script;

const SCHEMA: &str = r#"
type Place @model(draftAndPublish: true, localized: true) { name: String! @localized  stars: Int @range(max: 5) }
type Kind @model { name: String }
type Secret @model { name: String }
type Menu @job(repository: "kitchen")
  @on(model: "Place", events: [PUBLISH, DELETE]) @on(model: "Place", events: [PUBLISH]) {
  build(limit: Int! = 5): JSON @run(command: ["true"])
}
type Diary @job(repository: "kitchen")
  @on(model: "Place", events: [CREATE, UPDATE, UNPUBLISH]) @on(model: "Kind", events: [CREATE, UPDATE, DELETE]) {
  note: JSON @run(command: ["true"])
}
"#;

/// An engine of its own on a database, as another process has it.
async fn engine(place: &Place, schema: &str) -> Engine {
    let sources = vec![Source { name: "schema.graphql".to_owned(), text: schema.to_owned() }];
    let model = model::read(sources).unwrap_or_else(|faults| panic!("{faults}"));
    let engine = Engine::open(Arc::new(place.open()), Clock::Database, Arc::new(Ids::Random)).await.unwrap();
    engine.serve(Arc::new(model)).await.unwrap();
    engine
}

/// What has launched the runs of a database, the oldest first.
async fn launched(engine: &Engine) -> Vec<String> {
    let mut runs = engine.runs(None, None, runs::PAGE_MAX).await.unwrap();
    runs.reverse();
    let word = |run: &runs::RunRecord| {
        let event = Happening::of_tags(&run.tags).unwrap();
        assert!(!event.document_id.is_empty() && !event.key.is_empty() && event.time.ends_with('Z'), "{event:?}");
        let locale = event.locale.map(|locale| format!(" {locale}")).unwrap_or_default();
        format!("{}: {} {}{locale}", run.job, event.event, event.model)
    };
    runs.iter().map(word).collect()
}

/// Does one thing to what the steps before have left; these runs come of it.
async fn check(test: &str, before: &[&str], step: &str, expected: &[&str]) {
    for place in Place::both(&format!("outbox_{test}")).await {
        let mut script = Script::begin(place.open(), SCHEMA).await;
        for step in before {
            let told = script.step(step).await;
            assert!(!told.starts_with('!'), "{step}: {told}");
        }
        let engine = engine(&place, SCHEMA).await;
        while engine.launch_waiting().await.unwrap() > 0 {}
        let known = launched(&engine).await.len();
        script.step(step).await;
        assert_eq!(launched(&engine).await.len(), known, "{test}: launched by whoever looks at the outbox");
        engine.launch_waiting().await.unwrap();
        assert_eq!(launched(&engine).await[known..], *expected, "{test}");
        assert_eq!(engine.launch_waiting().await.unwrap(), 0, "{test}: each event once");
        drop((script, engine));
        place.remove().await;
    }
}

macro_rules! cases {
    ($($name:ident: [$($before:literal),*] $step:literal => [$($expected:literal),*];)+) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            check(stringify!($name), &[$($before),*], $step, &[$($expected),*]).await;
        }
    )+ };
}

cases! {
    a_published_document: [] r#"create Place {"name": "a"}"# => ["diary: CREATE Place en", "menu: PUBLISH Place en"];
    a_draft: [] r#"create draft Place {"name": "a"}"# => ["diary: CREATE Place en"];
    a_change_that_publishes: [r#"a: create draft Place {"name": "a"}"#] r#"update Place @a {"name": "b"}"#
        => ["diary: UPDATE Place en", "menu: PUBLISH Place en"];
    a_change_of_the_draft: [r#"a: create Place {"name": "a"}"#] r#"update draft Place @a {"name": "b"}"#
        => ["diary: UPDATE Place en"];
    a_change_of_both_versions: [r#"a: create Place {"name": "a"}"#] r#"keep Place @a {"name": "b"}"#
        => ["diary: UPDATE Place en", "menu: PUBLISH Place en"];
    a_new_locale: [r#"a: create Place {"name": "a"}"#] r#"update locale fr Place @a {"name": "b"}"#
        => ["diary: UPDATE Place fr", "menu: PUBLISH Place fr"];
    what_is_taken_back: [r#"a: create Place {"name": "a"}"#] "unpublish Place @a"
        => ["diary: UPDATE Place en", "diary: UNPUBLISH Place en"];
    what_was_never_published: [r#"a: create draft Place {"name": "a"}"#] "unpublish Place @a"
        => ["diary: UPDATE Place en"];
    a_document_that_goes: [r#"a: create Place {"name": "a"}"#] "delete locale * Place @a" => ["menu: DELETE Place"];
    a_locale_that_goes: [r#"a: create Place {"name": "a"}"#, r#"update locale fr Place @a {"name": "b"}"#]
        "delete locale fr Place @a" => ["menu: DELETE Place fr"];
    a_type_without_drafts: [r#"a: create Kind {"name": "a"}"#] r#"update Kind @a {"name": "b"}"#
        => ["diary: UPDATE Kind"];
    a_type_that_nobody_listens_to: [] r#"create Secret {"name": "a"}"# => [];
    what_is_refused: [] r#"create Place {"name": "a", "stars": 9}"# => [];
    what_falls_with_others: [] r#"create Place {"name": "a"} && create Place {"name": "b", "stars": 9}"# => [];
    what_stands_with_others: [] r#"create Kind {"name": "a"} && create Kind {"name": "b"}"#
        => ["diary: CREATE Kind", "diary: CREATE Kind"];
}

/// Several servers look at once: each event becomes one run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_servers_launch_each_event_once() {
    for place in Place::both("outbox_servers").await {
        let script = Script::begin(place.open(), SCHEMA).await;
        let engines = [engine(&place, SCHEMA).await, engine(&place, SCHEMA).await];
        let look = async |engine: &Engine| {
            for _ in 0..10 {
                engine.launch_waiting().await.unwrap();
            }
        };
        let write = async {
            for at in 0..30 {
                let told = script.told(&format!("create Kind {{\"name\": \"{at}\"}}")).await;
                assert!(told.starts_with('{'), "{told}");
            }
        };
        tokio::join!(look(&engines[0]), write, look(&engines[1]));
        tokio::join!(look(&engines[0]), look(&engines[1]));
        assert_eq!(launched(&engines[0]).await, ["diary: CREATE Kind"; 30]);
        drop((script, engines));
        place.remove().await;
    }
}

/// What a server with other jobs leaves alone is launched by the one whose job it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_waits_for_whoever_has_its_job() {
    for place in Place::both("outbox_jobs").await {
        let script = Script::begin(place.open(), SCHEMA).await;
        let first = engine(&place, SCHEMA).await;
        script.told(r#"create Place {"name": "a"}"#).await;
        let renamed = SCHEMA.replace("type Menu", "type Card").replace("UPDATE, UNPUBLISH", "UPDATE");
        let second = engine(&place, &renamed).await;
        assert_eq!(second.launch_waiting().await.unwrap(), 1);
        assert_eq!(launched(&second).await, ["diary: CREATE Place en"]);
        assert_eq!(first.launch_waiting().await.unwrap(), 1, "whoever registers its jobs takes no event from others");
        assert_eq!(launched(&second).await, ["diary: CREATE Place en", "menu: PUBLISH Place en"]);
        drop((script, first, second));
        place.remove().await;
    }
}

/// What nobody comes for goes at last.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_nobody_comes_for_goes_after_a_week() {
    for place in Place::both("outbox_age").await {
        let script = Script::begin(place.open(), SCHEMA).await;
        script.told(r#"create Kind {"name": "a"}"#).await;
        let store = Arc::new(place.open());
        let now = Arc::new(Hand::new(1_700_000_000_000_000));
        let clock = Clock::Manual(Arc::clone(&now));
        let deaf = Engine::open(Arc::clone(&store), clock, Arc::new(Ids::Random)).await.unwrap();
        now.forward(OUTBOX_AGE_MAX);
        assert_eq!((deaf.launch_waiting().await.unwrap(), deaf.retire_waiting().await.unwrap()), (0, 0));
        now.forward(Duration::from_mins(1));
        assert_eq!(deaf.retire_waiting().await.unwrap(), 1);
        let late = engine(&place, SCHEMA).await;
        assert_eq!(late.launch_waiting().await.unwrap(), 0);
        drop((script, deaf, store, late));
        place.remove().await;
    }
}

/// What waits for jobs that the project had goes where no engine is; a database that never had an engine has nothing to remove.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_project_without_jobs_go_after_a_week() {
    for place in Place::both("outbox_alone").await {
        let store = place.open();
        let now = Arc::new(Hand::new(1_700_000_000_000_000));
        let clock = Clock::Manual(Arc::clone(&now));
        assert_eq!(runs::retire_waiting(&store, &clock).await.unwrap(), 0);
        let script = Script::begin(place.open(), SCHEMA).await;
        script.told(r#"create Kind {"name": "a"}"#).await;
        now.forward(OUTBOX_AGE_MAX);
        assert_eq!(runs::retire_waiting(&store, &clock).await.unwrap(), 0);
        now.forward(Duration::from_mins(1));
        assert_eq!(runs::retire_waiting(&store, &clock).await.unwrap(), 1);
        drop((script, store));
        place.remove().await;
    }
}

/// What a run has changed launches other jobs, and none whose run led to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_does_not_launch_itself() {
    for place in Place::both("outbox_chain").await {
        let mut script = Script::begin(place.open(), SCHEMA).await;
        let engine = engine(&place, SCHEMA).await;
        script.cause = Some(r#"{"run": "the first", "jobs": [["main", "kitchen", "diary"]]}"#.into());
        script.told(r#"create Place {"name": "a"}"#).await;
        assert_eq!(engine.launch_waiting().await.unwrap(), 2);
        assert_eq!(launched(&engine).await, ["menu: PUBLISH Place en"]);
        let run = engine.runs(None, None, 1).await.unwrap().remove(0);
        let cause = Happening::of_tags(&run.tags).unwrap().cause;
        assert_eq!(cause.run.as_deref(), Some("the first"));
        assert_eq!(cause.jobs, [["main".to_owned(), "kitchen".to_owned(), "diary".to_owned()]]);
        drop((script, engine));
        place.remove().await;
    }
}
