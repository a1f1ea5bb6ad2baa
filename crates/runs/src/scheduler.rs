//! Launches runs by the clock. Each time of a schedule is a row that is written once, in the transaction of its launch, so that several servers
//! launch it once and a crash neither loses nor doubles it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::{Schedule, ScheduleConfig};
use plan::Value;
use serde_json::json;
use store::{MaybeStore as _, Tx};
use tokio::sync::watch;

use crate::engine::ServedJobs;
use crate::launch::{Launch, NewRun};
use crate::record::{instant, text, uuid};
use crate::schedule::{CatchUp, due};
use crate::{Engine, Error, launch, statements as of};

/// Times that passed while nobody looked are made up for, the last of them.
pub const MISSED_MAX: usize = 5;
/// Between two looks at schedules that others may have switched.
const LOOK: Duration = Duration::from_secs(30);

/// Between two looks at schedules of flows that others execute: their runs are made ahead of their time.
const PLAN: Duration = Duration::from_secs(150);

/// Launches what is due, and makes the next runs of others' flows, until it is told to stop.
pub async fn schedule_runs(engine: Arc<Engine>, stop: watch::Receiver<bool>) {
    tokio::join!(launch_due(Arc::clone(&engine), stop.clone()), plan_ahead(engine, stop));
}

/// The first look comes after a while, too: runs that were made ahead stand in the database when the server begins.
async fn plan_ahead(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            () = tokio::time::sleep(PLAN) => {}
            _stopped = stop.changed() => return,
        }
        if let Err(error) = engine.plan_ahead().await {
            let error = crate::chain(&error);
            tracing::warn!(error, "schedules of others could not be looked at; tried again later");
        }
    }
}

async fn launch_due(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    let mut switched = engine.hints.schedules.subscribe();
    while !*stop.borrow() {
        let next = match engine.tick(engine.clock.now()).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(error = crate::chain(&error), "schedules could not be looked at; tried again later");
                None
            }
        };
        let look = engine.clock.moment() + LOOK;
        let look = next.map_or(look, |next| engine.clock.moment_of(next).min(look));
        tokio::select! {
            () = engine.clock.until(look) => {}
            _switched = switched.changed() => {}
            _stopped = stop.changed() => {}
        }
    }
}

/// A schedule as it stands.
struct Standing {
    key: u128,
    done_until: Timestamp,
    launch: Launch,
    schedule: Schedule,
}

impl Engine {
    /// Launches what is due at this time; gives the next time at which something is.
    ///
    /// # Errors
    /// What the database said.
    pub async fn tick(&self, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        let served = self.served();
        if served.model.jobs.iter().all(|job| job.schedules.is_empty()) {
            return Ok(None);
        }
        let mut next: Option<Timestamp> = None;
        for row in self.store.ask(&of::SCHEDULES_READ, Vec::new()).await? {
            let Some(standing) = standing(&served, &row) else { continue };
            let found = due(&standing.schedule.cron, standing.done_until, now, CatchUp::All(MISSED_MAX));
            for time in &found.times {
                // What hinders one schedule keeps no other from its times; the next look tries it again.
                if let Err(error) = self.launch_for(&standing, *time, now).await {
                    let name = &standing.schedule.name;
                    tracing::error!(schedule = name, %time, error = crate::chain(&error), "a schedule could not launch");
                    break;
                }
            }
            next = [next, found.next].into_iter().flatten().min();
        }
        Ok(next)
    }

    /// The key of the schedule of this name; none when there is none.
    ///
    /// # Errors
    /// What the database said.
    pub async fn schedule(&self, (location, repository): (&str, &str), name: &str) -> Result<Option<u128>, Error> {
        let words = [location, repository, name].map(|word| Value::Text(word.to_owned()));
        let rows = self.store.ask(&of::SCHEDULE_FIND, words.to_vec()).await?;
        Ok(uuid(rows.first().and_then(|row| row.first())))
    }

    pub(crate) fn hint_schedules(&self) {
        self.hints.schedules.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// One time of a schedule: its row and its run in one transaction, or the row with the reason why there is no run.
    async fn launch_for(&self, standing: &Standing, time: Timestamp, now: Timestamp) -> Result<(), Error> {
        let schedule = &standing.schedule;
        let config = match &schedule.config {
            ScheduleConfig::Given(config) => Ok(config.clone()),
            ScheduleConfig::Command(_) => Err("this version asks no programs which runs to launch".to_owned()),
        };
        let prepared = match config {
            Ok(config) => {
                let mut tags = schedule.run_tags.clone();
                tags.insert("dagster/schedule_name".to_owned(), schedule.name.clone());
                let launch = Launch {
                    config,
                    tags,
                    schedule: Some(standing.key),
                    scheduled_for: Some(time.as_microsecond()),
                    ..standing.launch.clone()
                };
                match self.prepare(launch).await {
                    Ok(new) => Ok(Arc::new(new)),
                    Err(error @ Error::Store(_)) => return Err(error),
                    Err(error) => Err(error.to_string()),
                }
            }
            Err(reason) => Err(reason),
        };
        if let Err(reason) = &prepared {
            tracing::error!(schedule = schedule.name, %time, reason, "a schedule launched nothing");
        }
        let zone = TimeZone::get(schedule.cron.zone()).unwrap_or(TimeZone::UTC);
        let local = time.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let tick = self.ids.uuid(now.as_microsecond())?;
        let values =
            [Value::Uuid(tick), Value::Uuid(standing.key), Value::Instant(time.as_microsecond()), Value::Text(local)];
        let values = (values, now.as_microsecond());
        match self.launch_tick(values.clone(), prepared).await {
            // What is refused in the transaction is refused for good: its time is dealt with, and says so.
            Err(error) if error.store().is_none() => {
                let reason = error.to_string();
                tracing::error!(schedule = schedule.name, %time, reason, "a schedule launched nothing");
                self.launch_tick(values, Err(reason)).await?;
            }
            told => told?,
        }
        self.hint_queue();
        Ok(())
    }

    async fn launch_tick(
        &self,
        (values, at): ([Value; 4], i64),
        prepared: Result<Arc<NewRun>, String>,
    ) -> Result<(), Error> {
        let clock = self.clock.clone();
        self.store
            .tell(move |tx| {
                let (values, prepared, clock) = (values.clone(), prepared.clone(), clock.given());
                Box::pin(async move { tell(tx, clock, (values, at), prepared).await })
            })
            .await
    }
}

/// Writes a time of a schedule and launches its run; nothing where somebody has dealt with it.
async fn tell(
    tx: &Tx,
    clock: Value,
    (values, at): ([Value; 4], i64),
    prepared: Result<Arc<NewRun>, String>,
) -> Result<(), Error> {
    let [_, schedule, due, _] = &values;
    let done = vec![schedule.clone(), due.clone()];
    let (status, error, runs) = match &prepared {
        Ok(new) => ("succeeded", Value::Null, json!([new.key().to_string()])),
        Err(reason) => ("failed", Value::Json(json!({ "message": reason }).to_string()), json!([])),
    };
    let mut row = values.to_vec();
    row.extend([Value::Text(status.to_owned()), Value::Instant(at), error, Value::Json(runs.to_string())]);
    let made = tx.one(&of::TICK_INSERT, row).await?;
    if let (Ok(new), false) = (&prepared, made.is_empty()) {
        launch::tell(tx, clock, new).await?;
    }
    tx.one(&of::SCHEDULE_DONE, done).await?;
    Ok(())
}

/// What stands in a row, with what the project says of it.
fn standing(served: &ServedJobs, row: &[Value]) -> Option<Standing> {
    let (name, location, repository, job) =
        (text(row.get(1))?, text(row.get(2))?, text(row.get(3))?, text(row.get(4))?);
    let of =
        served.model.jobs.iter().find(|of| of.name == job && of.repository == repository && of.location == location)?;
    let schedule = of.schedules.iter().find(|schedule| schedule.name == name)?.clone();
    Some(Standing {
        key: uuid(row.first())?,
        done_until: Timestamp::from_microsecond(instant(row.get(5))?).ok()?,
        launch: Launch { location, repository, job, ..Launch::default() },
        schedule,
    })
}

/// Switches a schedule on or off, or lets what the project says hold again.
pub(crate) async fn switch(tx: &Tx, clock: Value, (schedule, is_running): (u128, Option<bool>)) -> Result<(), Error> {
    let now = tx.run(vec![(&of::CLOCK, vec![clock])]).await?;
    let now = now.first().and_then(|rows| rows.first()?.first()).cloned().unwrap_or(Value::Null);
    let chosen = is_running.map_or(Value::Null, Value::Boolean);
    tx.run(vec![(&of::SCHEDULE_SWITCH, vec![Value::Uuid(schedule), chosen, now])]).await?;
    Ok(())
}
