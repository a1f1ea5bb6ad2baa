//! Random plans over the projects of the conformance suites: SQLite and PostgreSQL answer alike, and neither fails.
//!
//! A plan is drawn from a number, so that a case that fails is named by it and drawn again the same.
#![allow(clippy::unwrap_used)]

mod database;
mod random;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use database::Place;
use model::{Model, Source};
use plan::{Boundary, Caller, Cause, Plan, Policy, Request, Root, RootValue, Variables, authorize, bind};
use random::Draw;
use serde_json::Value as Json;
use sql::Layout;
use store::{Answer, MigrateOptions, SeedFile, SeedJob, SeedOptions, Served, Store, WriteContext};

/// Plans drawn for each project.
const PLANS: u64 = 300;

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

async fn load(store: &Store, folder: &Path) -> Arc<Model> {
    let source = |path: PathBuf| Source { name: name(&path), text: std::fs::read_to_string(&path).unwrap() };
    let sources: Vec<Source> = files_in(&folder.join("schema")).into_iter().map(source).collect();
    let model = Arc::new(model::read(sources.clone()).unwrap_or_else(|faults| panic!("{:#?}", faults.list)));
    let plan = store.migrate_plan(&model, &sources).await.unwrap();
    store.migrate_apply(&plan, MigrateOptions::default(), |_| ()).await.unwrap();
    let files = files_in(&folder.join("seed")).into_iter().map(|path| SeedFile { name: name(&path), path });
    let job = SeedJob {
        model: Arc::clone(&model),
        layout: Arc::new(Layout::of(&model).unwrap()),
        files: files.collect(),
        options: SeedOptions { now: 1_700_000_000_000_000, default_locale: "en".to_owned() },
        hash_password: Arc::new(|text| Ok(text.to_owned())),
        progress: Arc::new(|_| ()),
    };
    store.seed(job).await.unwrap();
    model
}

/// The plan of a number.
fn draw(model: &Model, number: u64) -> Plan {
    let mut draw = Draw::new(model, number);
    let select = draw.root();
    let value = RootValue::Select(Box::new(select));
    let root = Root { key: "all".to_owned(), non_null: false, place: plan::Place::default(), value };
    Plan { roots: vec![root], holes: draw.holes, boundary: Boundary::Read, rows_max: 1000 }
}

async fn answer(store: &Store, served: &Arc<Served>, model: &Model, plan: Plan) -> Answer {
    let variables = Variables::new();
    let request = Request { variables: &variables, caller: &Caller::Owner, now: 0 };
    let plan = authorize(plan, &Policy::Everything, model);
    let values = bind(model, &plan.get().holes, request).unwrap();
    let prepared = store.prepare(served, &plan).unwrap();
    store.run(&prepared, values, WriteContext::of_system(), Vec::new()).await
}

/// Whether two answers say the same: doubles by all but their last digits, which depend on the order of addition.
fn is_alike(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => {
            let (Some(left), Some(right)) = (left.as_f64(), right.as_f64()) else { return false };
            left.total_cmp(&right).is_eq() || (left - right).abs() <= 1e-12 * left.abs()
        }
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_alike(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            let members = left.iter().all(|(key, value)| right.get(key).is_some_and(|other| is_alike(value, other)));
            left.len() == right.len() && members
        }
        _ => left == right,
    }
}

async fn check(test: &str, path: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    let places = Place::both(test).await;
    let (ours, theirs) = (places[0].open(), places[1].open());
    let model = load(&ours, &folder).await;
    load(&theirs, &folder).await;
    let served = Served::new(Arc::clone(&model)).unwrap();
    let mut faults = Vec::new();
    let mut shown = 0u64;
    for number in 0..PLANS {
        let plan = draw(&model, number);
        let left = answer(&ours, &served, &model, plan.clone()).await;
        let right = answer(&theirs, &served, &model, plan.clone()).await;
        let data = |answer: &Answer| serde_json::from_slice::<Json>(&answer.bytes);
        let (Ok(left_data), Ok(right_data)) = (data(&left), data(&right)) else {
            faults.push(format!("{number}: an answer is no JSON"));
            continue;
        };
        let failed = [&left, &right].map(|answer| answer.faults.iter().any(|fault| fault.cause == Cause::Internal));
        if failed != [false, false] || left.faults != right.faults || !is_alike(&left_data, &right_data) {
            faults.push(format!(
                "{number}: {plan:#?}\nSQLite:     {left_data}\n{:?}\nPostgreSQL: {right_data}\n{:?}",
                left.faults, right.faults
            ));
        }
        shown += u64::from(left.bytes.len() > 20);
    }
    drop((ours, theirs));
    for place in places {
        place.remove().await;
    }
    assert!(faults.is_empty(), "{} of {PLANS} plans differ; the first is {}", faults.len(), faults[0]);
    assert!(shown * 2 > PLANS, "only {shown} answers of {PLANS} show rows: the plans ask for too little");
}

#[tokio::test]
async fn the_restaurants() {
    check("alike_strapi", "tests/conformance/strapi5/project").await;
}

#[tokio::test]
async fn the_flows() {
    check("alike_hasura", "tests/conformance/hasura/project").await;
}
