//! Why runs failed, for lists of them: one statement, however many they are.

use plan::{Value, uuid_text};
use serde_json::Value as Json;

use crate::record::{json, text, uuid};
use crate::{Engine, Error, RunKey, statements as of};

/// Why a run failed.
#[derive(Debug, Clone, PartialEq)]
pub struct FailureRecord {
    /// Which.
    pub run: RunKey,
    /// What was told at its end.
    pub message: String,
    /// The error of the first step that failed, as its event has it.
    pub error: Option<Json>,
}

impl Engine {
    /// What was told at the ends of those of these runs that failed.
    ///
    /// # Errors
    /// What the database said.
    pub async fn failures(&self, runs: &[RunKey]) -> Result<Vec<FailureRecord>, Error> {
        let keys: Json = runs.iter().map(|run| Json::String(uuid_text(run.0))).collect();
        let rows = self.store.ask(&of::RUNS_FAILURES, vec![Value::Json(keys.to_string())]).await?;
        let row = |row: &Vec<Value>| {
            let error = json(row.get(2)).and_then(|data: Json| data.get("error").cloned());
            Some(FailureRecord { run: RunKey(uuid(row.first())?), message: text(row.get(1))?, error })
        };
        Ok(rows.iter().filter_map(row).collect())
    }
}
