//! What the engine's tables cost by hand: the rows of a launch, a page of runs, the events of one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};
use axum::routing::post;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use tokio_postgres::{Client, NoTls, Statement};

/// Tables of a launch, each before those that refer to it, with the column that says whose they are.
const TABLES: [(&str, &str); 6] = [
    ("_run", "_key"),
    ("_run_tag", "run_key"),
    ("_step_run", "run_key"),
    ("_run_state", "run_key"),
    ("_step_state", "step_key"),
    ("_run_event", "run_key"),
];
/// Far above the numbers of real runs.
const FIRST_NUMBER: i64 = 1_000_000_000;

const PAGE_SQLITE: &str = "select json_group_array(json_object('runId', _key, 'status', status, 'jobName', job_name, \
    'startTime', start_time, 'endTime', end_time)) from (select * from _run order by number desc limit 20)";
const EVENTS_SQLITE: &str = "select json_group_array(json_object('message', message, 'timestamp', timestamp, 'level', level, \
    'stepKey', step_key, 'eventType', kind)) from (select * from _run_event where run_key = ?1 order by number limit 100)";
const PAGE_POSTGRES: &str = "select coalesce(json_agg(json_build_object('runId', _key, 'status', status, 'jobName', job_name, \
    'startTime', start_time, 'endTime', end_time)), '[]')::text from (select * from _run order by number desc limit 20) as r";
const EVENTS_POSTGRES: &str = "select coalesce(json_agg(json_build_object('message', message, 'timestamp', \"timestamp\", 'level', level, \
    'stepKey', step_key, 'eventType', kind)), '[]')::text from (select * from _run_event where run_key = $1::text::uuid order by number limit 100) as e";

/// Inserts the rows of a run again and again, under new keys, each time in a transaction of its own; prints what each took, in milliseconds.
pub(crate) fn launches(database: &str, run: &str, count: usize) -> Result<()> {
    let times = if database.starts_with("postgres://") {
        let runtime = tokio::runtime::Runtime::new().context("the runtime could not be made")?;
        runtime.block_on(postgres_launches(database, run, count))?
    } else {
        sqlite_launches(database, run, count)?
    };
    println!("{}", serde_json::to_string(&times)?);
    Ok(())
}

/// A table of a launch: its columns, and the rows of one.
struct Rows<V> {
    columns: Vec<String>,
    rows: Vec<Vec<V>>,
}

/// New keys for old ones, alike in every table of one launch.
struct Keys {
    launch: i64,
    known: HashMap<String, String>,
}

impl Keys {
    fn of<V>(launch: i64, tables: &[Rows<V>], text: impl Fn(&V) -> Option<&str>) -> Keys {
        let mut known = HashMap::new();
        for rows in tables {
            let Some(at) = rows.columns.iter().position(|column| column == "_key") else { continue };
            for key in rows.rows.iter().filter_map(|row| text(&row[at])) {
                let number = known.len();
                known.insert(key.to_owned(), format!("{launch:08x}-0000-4000-8000-{number:012x}"));
            }
        }
        Keys { launch, known }
    }
}

fn number(launch: i64) -> i64 {
    FIRST_NUMBER + launch
}

fn owner(table: &str, column: &str, place: &str) -> String {
    match column {
        "step_key" => {
            format!("select * from {table} where step_key in (select _key from _step_run where run_key = {place})")
        }
        _ => format!("select * from {table} where {column} = {place}"),
    }
}

fn text_of(value: &Value) -> Option<&str> {
    if let Value::Text(text) = value { Some(text) } else { None }
}

fn sqlite_launches(file: &str, run: &str, count: usize) -> Result<Vec<f64>> {
    let database = Connection::open(file)?;
    database.execute_batch("pragma synchronous = full; pragma foreign_keys = on; pragma busy_timeout = 5000")?;
    let mut tables = Vec::new();
    for (table, column) in TABLES {
        let mut read = database.prepare(&owner(table, column, "?1"))?;
        let columns: Vec<String> = read.column_names().map(str::to_owned).collect();
        let width = columns.len();
        let rows =
            read.query_map([run], |row| (0..width).map(|at| row.get(at)).collect::<rusqlite::Result<Vec<Value>>>())?;
        tables.push(Rows { rows: rows.collect::<rusqlite::Result<_>>()?, columns });
    }
    let mut times = Vec::new();
    for launch in 0..i64::try_from(count)? {
        let keys = Keys::of(launch, &tables, text_of);
        let began = Instant::now();
        database.execute_batch("begin immediate")?;
        for ((table, _), rows) in TABLES.iter().zip(&tables) {
            let places: Vec<&str> = rows.columns.iter().map(|_| "?").collect();
            let columns: Vec<String> = rows.columns.iter().map(|column| format!("\"{column}\"")).collect();
            let statement = format!("insert into {table} ({}) values ({})", columns.join(", "), places.join(", "));
            let mut insert = database.prepare_cached(&statement)?;
            for row in &rows.rows {
                let changed = row.iter().zip(&rows.columns).map(|(value, column)| match value {
                    Value::Integer(_) if *table == "_run" && column == "number" => Value::Integer(number(keys.launch)),
                    Value::Text(text) => Value::Text(keys.known.get(text).unwrap_or(text).clone()),
                    other => other.clone(),
                });
                insert.execute(params_from_iter(changed))?;
            }
        }
        database.execute_batch("commit")?;
        times.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    database.execute(&format!("update _run set status = 'canceled' where number >= {FIRST_NUMBER}"), [])?;
    Ok(times)
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.context("PostgreSQL cannot be reached")?;
    tokio::spawn(connection);
    Ok(client)
}

async fn postgres_launches(url: &str, run: &str, count: usize) -> Result<Vec<f64>> {
    let client = connect(url).await?;
    let (mut tables, mut inserts): (Vec<Rows<Option<String>>>, Vec<Statement>) = (Vec::new(), Vec::new());
    for (table, column) in TABLES {
        let types = client
            .query("select column_name::text, udt_name::text from information_schema.columns where table_name = $1 order by ordinal_position", &[&table])
            .await?;
        let columns: Vec<String> = types.iter().map(|row| row.get(0)).collect();
        let texts: Vec<String> = columns.iter().map(|column| format!("\"{column}\"::text")).collect();
        let read = owner(table, column, "$1::text::uuid")
            .replace("select * from", &format!("select {} from", texts.join(", ")));
        let rows = client.query(&read, &[&run]).await?;
        let places: Vec<String> = types
            .iter()
            .enumerate()
            .map(|(at, row)| format!("${}::text::{}", at + 1, row.get::<_, String>(1)))
            .collect();
        let quoted: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
        let insert = format!("insert into {table} ({}) values ({})", quoted.join(", "), places.join(", "));
        inserts.push(client.prepare(&insert).await?);
        let width = columns.len();
        let rows = rows.iter().map(|row| (0..width).map(|at| row.get(at)).collect()).collect();
        tables.push(Rows { columns, rows });
    }
    let text: fn(&Option<String>) -> Option<&str> = |value| value.as_deref();
    let mut times = Vec::new();
    for launch in 0..i64::try_from(count)? {
        let keys = Keys::of(launch, &tables, text);
        let began = Instant::now();
        client.batch_execute("begin").await?;
        for (((table, _), rows), insert) in TABLES.iter().zip(&tables).zip(&inserts) {
            for row in &rows.rows {
                let changed = row.iter().zip(&rows.columns).map(|(value, column)| {
                    if *table == "_run" && column == "number" {
                        return Some(number(keys.launch).to_string());
                    }
                    value.as_ref().map(|text| keys.known.get(text).unwrap_or(text).clone())
                });
                client.execute_raw(insert, changed.collect::<Vec<_>>()).await?;
            }
        }
        client.batch_execute("commit").await?;
        times.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    client.batch_execute(&format!("update _run set status = 'canceled' where number >= {FIRST_NUMBER}")).await?;
    Ok(times)
}

/// One prepared statement for each question, whose text is passed on.
enum Database {
    Sqlite(Mutex<Vec<Connection>>, String),
    Postgres(Client, [Statement; 2]),
}

/// Answers `/runs` and `/events`.
pub(crate) fn serve(database: &str, address: &str) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("the runtime could not be made")?;
    runtime.block_on(async {
        let database = if database.starts_with("postgres://") {
            let client = connect(database).await?;
            let statements = [client.prepare(PAGE_POSTGRES).await?, client.prepare(EVENTS_POSTGRES).await?];
            Database::Postgres(client, statements)
        } else {
            Database::Sqlite(Mutex::default(), database.to_owned())
        };
        let routes = Router::new().route("/{question}", post(answer)).with_state(Arc::new(database));
        crate::serve::listen(address, routes).await
    })
}

async fn answer(State(database): State<Arc<Database>>, Path(question): Path<String>, body: Bytes) -> Response<Body> {
    let asked: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let run = asked["id"].as_str().unwrap_or_default().to_owned();
    let is_page = question == "runs";
    let outcome = match &*database {
        Database::Sqlite(..) => {
            let database = Arc::clone(&database);
            let asked = tokio::task::spawn_blocking(move || sqlite_answer(&database, is_page, &run));
            asked.await.map_err(Into::into).and_then(|answer| answer)
        }
        Database::Postgres(client, [page, events]) => {
            let rows =
                if is_page { client.query_one(page, &[]).await } else { client.query_one(events, &[&run]).await };
            rows.map(|row| row.get::<_, String>(0)).map_err(Into::into)
        }
    };
    match outcome {
        Ok(text) => crate::serve::respond(StatusCode::OK, Body::from(format!("{{\"data\":{text}}}"))),
        Err(error) => crate::serve::respond(StatusCode::INTERNAL_SERVER_ERROR, Body::from(format!("{error:#}"))),
    }
}

fn sqlite_answer(database: &Database, is_page: bool, run: &str) -> Result<String> {
    let Database::Sqlite(idle, file) = database else { anyhow::bail!("not a file") };
    let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let connection = taken.map_or_else(|| Connection::open(file), Ok)?;
    let text = if is_page {
        connection.prepare_cached(PAGE_SQLITE)?.query_row([], |row| row.get(0))?
    } else {
        connection.prepare_cached(EVENTS_SQLITE)?.query_row([run], |row| row.get(0))?
    };
    idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    Ok(text)
}
