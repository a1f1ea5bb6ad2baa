//! Ops that change content, on both databases: what is written and that the step has succeeded stand or fall together, whatever the database, the
//! worker and others do meanwhile.
#![allow(clippy::unwrap_used)]

#[path = "../../store/tests/database/mod.rs"]
mod database;
mod kitchen;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kitchen::Kitchen;
use plan::{Cause, Value};
use runs::transition::StepStatus;
use runs::{Clock, Ending, Engine, Hand, Mutating, MutationAsked, Mutations, NotMade, Scratch, WorkerSettings, work};
use serde_json::json;
use sql::ColumnKind;
use store::{EffectFailure, Fixed, Ids, MaybeStore, Store};
use tokio::sync::watch;

const PATIENCE: Duration = Duration::from_mins(1);

const JOB: &str = r#"
type Nightly @job(repository: "kitchen") {
  extract: JSON @mutation(document: "mutation($name: String = \"soup\") { note(name: $name) }") @retry(max: 1)
}
"#;

/// As many bytes as an output may have.
fn large() -> usize {
    usize::try_from(runs::OUTPUT_BYTES_MAX).expect("an output fits into memory")
}

const TABLE: Fixed = Fixed {
    sqlite: "create table note (name text not null)",
    postgres: "create table note (name text not null)",
    params: &[],
    columns: &[],
};
const NOTE: Fixed = Fixed {
    sqlite: "insert into note (name) values (?1)",
    postgres: "insert into note (name) values ($1)",
    params: &[ColumnKind::Text],
    columns: &[],
};
const NOTES: Fixed = Fixed {
    sqlite: "select name from note",
    postgres: "select name from note",
    params: &[],
    columns: &[ColumnKind::Text],
};

/// What befalls a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nothing.
    Good,
    /// The endpoint refuses it.
    Refused,
    /// It is not reached.
    Away,
    /// It is written, and nobody hears of it.
    Unheard,
    /// Another worker takes the run before the transaction ends.
    Overtaken,
    /// It answers with more than an output may have.
    Large,
}

/// What somebody does while it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    /// Nothing.
    Wait,
    /// Cancels the run.
    Cancel,
    /// Ends the worker.
    Stop,
}

/// An endpoint whose one mutation writes a note.
struct Notes {
    store: Arc<Store>,
    fates: Vec<Fate>,
    tries: AtomicUsize,
    overtake: Box<dyn Fn() -> Mutating<'static> + Send + Sync>,
}

/// Why a note is not written.
enum NotNoted {
    Store(store::Error),
    Refused,
}

impl From<store::Error> for NotNoted {
    fn from(error: store::Error) -> NotNoted {
        NotNoted::Store(error)
    }
}

impl MaybeStore for NotNoted {
    fn store(&self) -> Option<&store::Error> {
        match self {
            NotNoted::Store(error) => Some(error),
            NotNoted::Refused => None,
        }
    }
}

impl Notes {
    async fn note(&self, asked: MutationAsked) -> Result<(), NotMade> {
        let refused = |message: &str| NotMade::Refused { message: message.to_owned(), errors: json!([]) };
        let fate = self.fates.get(self.tries.fetch_add(1, Ordering::SeqCst)).copied().unwrap_or(Fate::Good);
        match fate {
            Fate::Away => return Err(NotMade::Away),
            Fate::Refused => return Err(refused("no soup today")),
            Fate::Overtaken => (self.overtake)().await?,
            Fate::Good | Fate::Unheard | Fate::Large => {}
        }
        let name = Value::Text(asked.variables["name"].as_str().unwrap().to_owned());
        let sequel = Arc::clone(&asked.sequel);
        let answer: Arc<[u8]> = match fate {
            Fate::Large => format!("{{\"note\":\"{}\"}}", "o".repeat(large())).into_bytes().into(),
            Fate::Good | Fate::Refused | Fate::Away | Fate::Unheard | Fate::Overtaken => (*br#"{"note":true}"#).into(),
        };
        let told = self.store.tell(move |tx| {
            let (name, sequel, answer) = (name.clone(), Arc::clone(&sequel), Arc::clone(&answer));
            Box::pin(async move {
                tx.one(&NOTE, vec![name]).await?;
                sequel(tx, &answer).await.map_err(|failure| match failure {
                    EffectFailure::Store(error) => NotNoted::Store(error),
                    EffectFailure::Refused(Cause::Internal) => NotNoted::Refused,
                    EffectFailure::Refused(cause) => panic!("{cause:?}"),
                })
            })
        });
        match told.await {
            Ok(()) if fate == Fate::Unheard => Err(NotMade::Away),
            Ok(()) => Ok(()),
            Err(NotNoted::Store(error)) => panic!("{error}"),
            Err(NotNoted::Refused) => Err(refused("")),
        }
    }
}

impl Mutations for Notes {
    fn run(&self, asked: MutationAsked) -> Mutating<'_> {
        Box::pin(self.note(asked))
    }
}

/// A folder for a worker's files, gone when the test has ended.
struct Folder(PathBuf);

impl Folder {
    fn of(test: &str) -> Folder {
        Folder(std::env::temp_dir().join(format!("dragoman-mutation-{test}-{}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0).is_ok();
    }
}

fn settings(folder: &Folder) -> WorkerSettings {
    WorkerSettings {
        name: "one".to_owned(),
        guard: PathBuf::from("/bin/false"),
        directory: std::env::temp_dir(),
        scratch: Arc::new(Scratch::take(&folder.0, "one").unwrap()),
        environment: std::collections::BTreeMap::new(),
        runs_max: 4,
        steps_max: 4,
        grace: Duration::from_millis(100),
    }
}

/// Waits until the run has ended, or another has it.
async fn settled(engine: &Engine, run: runs::RunKey, mut taken: watch::Receiver<bool>) {
    let mut progress = engine.progress();
    let settled = async {
        loop {
            progress.mark_unchanged();
            let record = engine.run(run).await.unwrap().unwrap();
            if record.status.is_finished() || record.worker.as_deref() == Some("two") {
                return;
            }
            tokio::select! {
                changed = progress.changed() => changed.unwrap(),
                taken = taken.changed() => taken.unwrap(),
            }
        }
    };
    tokio::time::timeout(PATIENCE, settled).await.expect("the run ends");
}

/// Waits until the step of the run has begun.
async fn begun(engine: &Engine, run: runs::RunKey) {
    let mut progress = engine.progress();
    let begun = async {
        loop {
            progress.mark_unchanged();
            if engine.steps(run).await.unwrap().iter().any(|step| step.status == StepStatus::Running) {
                return;
            }
            progress.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, begun).await.expect("the step begins");
}

/// Plays one run whose mutation meets these fates, one after another; then this is told, and so many notes are there.
async fn check(test: &str, (job, deed): (&str, Deed), fates: &[Fate], (expected, notes): (&[&str], usize)) {
    let folder = Folder::of(test);
    for kitchen in Kitchen::of(&format!("mutation_{test}"), job).await {
        let store = Arc::new(kitchen.place.open());
        store.put(&TABLE, Vec::new()).await.unwrap();
        let engine = &kitchen.engine;
        let (take, taken) = watch::channel(false);
        let late = Arc::new(elsewhere(&kitchen).await);
        let overtake = move || -> Mutating<'static> {
            let (late, take) = (Arc::clone(&late), take.clone());
            Box::pin(async move {
                assert_eq!(late.claim("two", runs::LEASE, 1).await.unwrap().len(), 1);
                take.send_replace(true);
                Ok(())
            })
        };
        let fates = fates.to_vec();
        let endpoint =
            Notes { store: Arc::clone(&store), fates, tries: AtomicUsize::new(0), overtake: Box::new(overtake) };
        engine.mutate_by(Arc::new(endpoint));
        let run = engine.launch(&engine.prepare(Kitchen::launch()).await.unwrap()).await.unwrap().run;
        let (stop, stopped) = watch::channel(false);
        let worker = tokio::spawn(work(Arc::clone(engine), settings(&folder), stopped));
        if deed != Deed::Wait {
            begun(engine, run).await;
        }
        if deed == Deed::Cancel {
            engine.cancel(run, Ending::InOrder).await.unwrap();
        }
        if deed != Deed::Stop {
            settled(engine, run, taken).await;
        }
        stop.send_replace(true);
        tokio::time::timeout(PATIENCE, worker).await.expect("the worker ends").unwrap();
        let status = engine.run(run).await.unwrap().unwrap().status;
        let mut told = vec![format!("run {}", status.word())];
        for step in engine.steps(run).await.unwrap() {
            let output = step.output.filter(|output| !output.is_null());
            let output = output.map(|output| format!(" {output}")).unwrap_or_default();
            let error = step.error.and_then(|error| error["message"].as_str().map(str::to_owned)).unwrap_or_default();
            told.push(
                format!("{} {} {}{output} {error}", step.key, step.status.word(), step.attempt).trim_end().to_owned(),
            );
        }
        assert_eq!(told, expected, "{test}");
        let events = engine.events(run, 0).await.unwrap();
        let successes = events.iter().filter(|event| event.kind == "STEP_SUCCESS").count();
        assert_eq!((store.ask(&NOTES, Vec::new()).await.unwrap().len(), successes), (notes, notes), "{test}");
        engine.mutate_by(Arc::new(Nobody));
        drop(store);
        kitchen.remove().await;
    }
}

/// An engine on another machine, for which the leases of this one have ended. Its clock is its own: were it the kitchen's, the worker would say that it
/// lives as soon as the clock is moved, and who is first would be left to chance.
async fn elsewhere(kitchen: &Kitchen) -> Engine {
    let late = Arc::new(Hand::new(kitchen.now.now()));
    late.forward(runs::LEASE + Duration::from_millis(1));
    let store = Arc::new(kitchen.place.open());
    Engine::open(store, Clock::Manual(late), Arc::new(Ids::seeded(8))).await.unwrap()
}

/// Holds nothing of a test.
struct Nobody;

impl Mutations for Nobody {
    fn run(&self, _asked: MutationAsked) -> Mutating<'_> {
        Box::pin(async { Err(NotMade::Away) })
    }
}

macro_rules! cases {
    ($($name:ident: $fates:expr => $expected:expr, $notes:literal;)+) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            check(stringify!($name), (JOB, Deed::Wait), &$fates, (&$expected, $notes)).await;
        }
    )+ };
}

cases! {
    it_is_written_with_its_step: [Fate::Good] => ["run succeeded", r#"extract succeeded 1 {"note":true}"#], 1;
    what_nobody_heard_of_is_not_written_again: [Fate::Unheard, Fate::Good]
        => ["run succeeded", r#"extract succeeded 1 {"note":true}"#], 1;
    it_waits_for_a_database_that_is_away: [Fate::Away, Fate::Away]
        => ["run succeeded", r#"extract succeeded 1 {"note":true}"#], 1;
    what_is_refused_is_tried_again_as_its_op_says: [Fate::Refused]
        => ["run succeeded", r#"extract succeeded 2 {"note":true}"#], 1;
    what_is_refused_for_good_fails: [Fate::Refused, Fate::Refused]
        => ["run failed", "extract failed 2 MutationRefused: no soup today"], 0;
    what_answers_with_too_much_fails: [Fate::Large, Fate::Large]
        => ["run failed", "extract failed 2 OutputTooLarge: the mutation answered with 16777227 bytes, more than the 16777216 that the output of a step may have"], 0;
    who_has_lost_the_run_writes_nothing: [Fate::Overtaken] => ["run started", "extract running 1"], 0;
}

/// A database that stays away.
const AWAY: [Fate; 1_000] = [Fate::Away; 1_000];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_waits_no_longer_than_its_op_may_take() {
    let job = JOB.replace("@retry(max: 1)", "@timeout(after: \"300ms\")");
    let told = ["run failed", "extract failed 1 StepTimeout: the step took longer than its 0.3 s and was ended"];
    check("limit", (&job, Deed::Wait), &AWAY, (&told, 0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cancels_the_run_does_not_wait_for_a_database_that_is_away() {
    check("cancel", (JOB, Deed::Cancel), &AWAY, (&["run canceled", "extract canceled 1"], 0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_ends_leaves_it_to_the_next() {
    check("stop", (JOB, Deed::Stop), &AWAY, (&["run started", "extract running 1"], 0)).await;
}
