//! What agents of others and their users ask of the engine, on both databases: of runs that the engine executes itself, and of their own.
#![allow(clippy::unwrap_used)]

#[path = "../../store/tests/database/mod.rs"]
mod database;
mod kitchen;

use std::sync::Arc;
use std::time::Duration;

use kitchen::Kitchen;
use plan::{AgentFault, Cause, Value};
use runs::agents::{Ask, NewExternalRun, NewFlow, NewLine, NewState, WithoutType};
use runs::transition::{RunEvent, RunStatus};
use runs::{Progress, RunKey};
use serde_json::json;
use sql::ColumnKind;
use store::postgres::Postgres;
use store::{Driver, EffectFailure, Error, Fixed, MaybeStore, Store};

const JOBS: &str = include_str!("kitchen/nightly.graphql");
const LEASE: Duration = Duration::from_secs(10);

/// Why nothing is written.
struct Failed(EffectFailure);

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed(EffectFailure::Store(error))
    }
}

impl MaybeStore for Failed {
    fn store(&self) -> Option<&Error> {
        match &self.0 {
            EffectFailure::Store(error) => Some(error),
            EffectFailure::Refused(_) => None,
        }
    }
}

/// Asks in a transaction of its own; gives the key of the row to answer with.
async fn ask(kitchen: &Kitchen, store: &Store, ask: Ask) -> Result<Option<u128>, Cause> {
    let effect = kitchen.engine.agent_work(ask).effect.unwrap();
    let told = store.tell(move |tx| {
        let effect = Arc::clone(&effect);
        Box::pin(async move { effect.tell(tx).await.map_err(Failed) })
    });
    match told.await {
        Ok(Some(Value::Uuid(key))) => Ok(Some(key)),
        Ok(_) => Ok(None),
        Err(Failed(EffectFailure::Refused(cause))) => Err(cause),
        Err(Failed(EffectFailure::Store(error))) => panic!("{error}"),
    }
}

/// A run of the job, which the engine executes.
async fn own_run(kitchen: &Kitchen) -> RunKey {
    let new = kitchen.engine.prepare(Kitchen::launch()).await.unwrap();
    kitchen.engine.launch(&new).await.unwrap().run
}

/// The key that a statement over one key gives.
async fn key(store: &Store, columns: (&'static str, &'static str), of: u128) -> u128 {
    let fixed =
        Fixed { sqlite: columns.0, postgres: columns.1, params: &[ColumnKind::Uuid], columns: &[ColumnKind::Uuid] };
    match store.ask(&fixed, vec![Value::Uuid(of)]).await.unwrap().remove(0).remove(0) {
        Value::Uuid(key) => key,
        other => panic!("{other:?} is no key"),
    }
}

/// The key of the first op of a run.
async fn op_of(store: &Store, run: RunKey) -> u128 {
    let text = (
        "select op_key from _step_run where run_key = ?1 order by position limit 1",
        "select op_key from _step_run where run_key = $1 order by position limit 1",
    );
    key(store, text, run.0).await
}

#[tokio::test]
async fn a_run_of_the_engine_gets_no_step_that_an_agent_asks_for() {
    for kitchen in Kitchen::of("agents_step", JOBS).await {
        let store = kitchen.place.open();
        let run = own_run(&kitchen).await;
        let op = op_of(&store, run).await;
        let known = ask(&kitchen, &store, Ask::Step { run: run.0, op, map_index: -1 }).await;
        assert!(known.unwrap().is_some(), "a step that is there is answered");
        let asked = ask(&kitchen, &store, Ask::Step { run: run.0, op, map_index: 3 }).await;
        assert_eq!(asked, Err(Cause::Agent(AgentFault::ExecutedHere(run.0))));
        assert_eq!(kitchen.engine.steps(run).await.unwrap().len(), 2);
        drop(store);
        kitchen.remove().await;
    }
}

#[tokio::test]
async fn a_run_of_the_engine_that_ends_may_be_asked_to_end_again() {
    for kitchen in Kitchen::of("agents_cancel", JOBS).await {
        let (engine, store) = (&kitchen.engine, kitchen.place.open());
        let run = own_run(&kitchen).await;
        let lease = engine.claim("one", LEASE, 1).await.unwrap().remove(0).lease;
        let why = "a run that is starting cannot ask to cancel".to_owned();
        let asked = ask(&kitchen, &store, Ask::Cancel(run.0)).await;
        assert_eq!(asked, Err(Cause::Agent(AgentFault::Refused { run: run.0, why })));
        let begin = Progress::Run { event: RunEvent::Begin, message: String::new() };
        engine.report(&lease, vec![begin]).await.unwrap();
        kitchen.now.forward(LEASE / 2);
        let told = || NewState {
            of: run.0,
            version: None,
            document: json!({ "type": "Cancelled" }),
            without_type: WithoutType::Refused,
        };
        for asked in [Ask::Cancel(run.0), Ask::Cancel(run.0), Ask::RunStates(vec![told()], None)] {
            assert_eq!(ask(&kitchen, &store, asked).await, Ok(Some(run.0)));
            assert_eq!(engine.run(run).await.unwrap().unwrap().status, RunStatus::Canceling);
        }
        drop(store);
        kitchen.remove().await;
    }
}

/// Waits until somebody waits for a lock.
async fn somebody_waits(postgres: &Postgres) {
    let loan = postgres.loan().await.unwrap();
    let text = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    while loan.client().query_one(text, &[]).await.unwrap().get::<_, i64>(0) == 0 {}
}

/// What is answered to who has to wait for a lock until the rest is done.
async fn meets<T>(postgres: &Postgres, asked: impl Future<Output = T>, rest: impl Future<Output = ()>) -> T {
    tokio::pin!(asked);
    tokio::select! {
        _told = &mut asked => panic!("it waits for nobody"),
        () = somebody_waits(postgres) => {}
    }
    tokio::join!(asked, rest).0
}

#[tokio::test]
async fn a_run_that_is_asked_to_end_while_its_worker_reports_stops_neither() {
    for kitchen in Kitchen::of("agents_order", JOBS).await {
        let (engine, store) = (&kitchen.engine, kitchen.place.open());
        // SQLite has one writer at a time.
        if let Driver::Postgres(postgres) = store.driver() {
            let run = own_run(&kitchen).await;
            let lease = engine.claim("one", LEASE, 1).await.unwrap().remove(0).lease;
            let begin = Progress::Run { event: RunEvent::Begin, message: String::new() };
            engine.report(&lease, vec![begin]).await.unwrap();
            let worker = postgres.loan().await.unwrap();
            worker.client().batch_execute("begin; select from _lease for update").await.unwrap();
            let reporting = async {
                let rest = worker.client().batch_execute("select from _run for no key update nowait; commit").await;
                rest.expect("who waits for the lease does not hold the run");
            };
            let asked = meets(postgres, ask(&kitchen, &store, Ask::Cancel(run.0)), reporting).await;
            assert_eq!(asked, Ok(Some(run.0)));
            assert_eq!(engine.run(run).await.unwrap().unwrap().status, RunStatus::Canceling);
        }
        drop(store);
        kitchen.remove().await;
    }
}

/// A flow that others registered.
async fn flow(kitchen: &Kitchen, store: &Store, name: &str) -> u128 {
    let project = Ask::Project { tenant: None, name: name.to_owned(), description: None };
    let project = ask(kitchen, store, project).await.unwrap();
    let serialized = json!({ "name": name, "tasks": [{ "slug": "bake", "name": "bake" }], "edges": [] });
    let new = NewFlow { serialized, project, ..NewFlow::default() };
    ask(kitchen, store, Ask::Flow(Box::new(new))).await.unwrap().unwrap()
}

/// A run of it, as its schedule makes one.
async fn scheduled_run(kitchen: &Kitchen, store: &Store, version: u128) -> RunKey {
    let new = NewExternalRun { version: Some(version), is_scheduled: true, ..NewExternalRun::default() };
    RunKey(ask(kitchen, store, Ask::Launch(Box::new(new))).await.unwrap().unwrap())
}

#[tokio::test]
async fn a_run_that_an_agent_takes_while_its_flow_is_archived_or_switched_off_stays() {
    for kitchen in Kitchen::of("agents_taken", JOBS).await {
        let (engine, store) = (&kitchen.engine, kitchen.place.open());
        // SQLite has one writer at a time.
        if let Driver::Postgres(postgres) = store.driver() {
            for (name, asked) in
                [("archived", Ask::Archive as fn(u128) -> Ask), ("off", |flow| Ask::Schedule(flow, false))]
            {
                let flow = flow(&kitchen, &store, name).await;
                let taken = scheduled_run(&kitchen, &store, flow).await;
                let gone = scheduled_run(&kitchen, &store, flow).await;
                let waits = scheduled_run(&kitchen, &store, flow).await;
                let agent = postgres.loan().await.unwrap();
                let taking = format!(
                    "begin; update _run set state_name = 'Submitted', status = 'starting' where _key = '{taken}';
                     delete from _step_state where step_key in (select _key from _step_run where run_key = '{gone}');
                     delete from _step_run where run_key = '{gone}'; delete from _run_state where run_key = '{gone}';
                     delete from _run where _key = '{gone}'"
                );
                agent.client().batch_execute(&taking).await.unwrap();
                let rest = async { agent.client().batch_execute("commit").await.unwrap() };
                let told = meets(postgres, ask(&kitchen, &store, asked(flow)), rest).await;
                assert_eq!(told, Ok(None), "{name}");
                let state = engine.run(taken).await.unwrap().map(|run| run.state_name);
                assert_eq!(state.as_deref(), Some("Submitted"), "{name}");
                assert_eq!(engine.run(waits).await.unwrap(), None, "{name}: what waits goes");
            }
        }
        drop(store);
        kitchen.remove().await;
    }
}

#[tokio::test]
async fn lines_of_agents_are_read_behind_a_number_as_those_of_the_engine() {
    for kitchen in Kitchen::of("agents_lines", JOBS).await {
        let (engine, store) = (&kitchen.engine, kitchen.place.open());
        let flow = flow(&kitchen, &store, "bakery").await;
        let (run, other) = (scheduled_run(&kitchen, &store, flow).await, scheduled_run(&kitchen, &store, flow).await);
        let line = |run: RunKey, text: &str| NewLine {
            run: run.0,
            step: None,
            at: None,
            name: None,
            level: "INFO".to_owned(),
            message: Some(text.to_owned()),
            info: serde_json::Value::Null,
        };
        let unknown = RunKey(7);
        let sent = vec![line(run, "flour"), line(other, "salt"), line(unknown, "sand"), line(run, "water")];
        ask(&kitchen, &store, Ask::Logs(sent)).await.unwrap();
        ask(&kitchen, &store, Ask::Logs(vec![line(run, "oven")])).await.unwrap();
        let read = async |run, after| -> Vec<(i64, String)> {
            let lines = engine.logs(run, after).await.unwrap();
            lines.into_iter().map(|line| (line.number, line.message)).collect()
        };
        let of = |list: &[(i64, &str)]| list.iter().map(|(at, text)| (*at, (*text).to_owned())).collect::<Vec<_>>();
        assert_eq!(read(run, 0).await, of(&[(1, "flour"), (2, "water"), (3, "oven")]));
        assert_eq!(read(run, 2).await, of(&[(3, "oven")]));
        assert_eq!(read(other, 0).await, of(&[(1, "salt")]));
        drop(store);
        kitchen.remove().await;
    }
}

#[tokio::test]
async fn a_step_that_is_told_to_run_while_its_run_ends_does_not_run() {
    for kitchen in Kitchen::of("agents_ending", JOBS).await {
        let store = kitchen.place.open();
        // SQLite has one writer at a time.
        if let Driver::Postgres(postgres) = store.driver() {
            let flow = flow(&kitchen, &store, "bakery").await;
            let run = scheduled_run(&kitchen, &store, flow).await;
            let text = "select _key from _step_run where run_key = $1";
            let step = key(&store, (text, text), run.0).await;
            let state = |of: u128| NewState {
                of,
                version: None,
                document: json!({ "type": "Running" }),
                without_type: WithoutType::Refused,
            };
            ask(&kitchen, &store, Ask::RunStates(vec![state(run.0)], None)).await.unwrap();
            let agent = postgres.loan().await.unwrap();
            agent.client().batch_execute("begin; update _run set state_name = 'Cancelled'").await.unwrap();
            let rest = async { agent.client().batch_execute("commit").await.unwrap() };
            let told = meets(postgres, ask(&kitchen, &store, Ask::StepStates(vec![state(step)])), rest).await;
            assert_eq!(told, Err(Cause::Agent(AgentFault::RunNotRunning { step, run: run.0 })));
        }
        drop(store);
        kitchen.remove().await;
    }
}
