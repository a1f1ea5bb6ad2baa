//! What the processes of steps wrote, and what their programs said: by the file key that an event of the step tells.

use plan::{Operator, Select, ValueKind};
use serde_json::{Value as Json, json};

use super::rows::{Table, nested};
use super::runs::{file_key, rows_of};
use crate::tell::{Asked, Telling, Told};

/// Columns that a line is told from.
const COLUMNS: [&str; 6] = ["number", "timestamp", "level", "message", "stream", "stepName"];

/// The lines of a run.
pub(super) fn lines(table: Table<'_>) -> Select {
    table.related("logs", "number", &COLUMNS)
}

/// `capturedLogs`.
pub(super) fn captured<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let key: Vec<&str> =
        asked.argument("logKey").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
    let (run, file) = (key.first().copied().unwrap_or_default(), key.last().copied().unwrap_or_default());
    let Some(table) = Table::named(telling.model, "_Run") else { return Told::Unserved };
    let mut row = table.row(&["_key", "jobName"]);
    row.object.entries.push(nested("logs", lines(table)));
    rows_of(
        move |holes| table.one(table.is(holes, "_key", Operator::Eq, (ValueKind::Uuid, run.into())), row),
        move |rows| of_file(rows.first().unwrap_or(&Json::Null), (run, file), asked),
    )
}

/// `capturedLogsMetadata`: lines are rows, not files, so that there is neither a place nor a download.
pub(super) fn places<'a>(_asked: &Asked) -> Told<'a> {
    Told::Json(json!({
        "__typename": "CapturedLogsMetadata",
        "stdoutLocation": null, "stderrLocation": null, "stdoutDownloadUrl": null, "stderrDownloadUrl": null,
    }))
}

/// The part of both streams that is asked for.
pub(super) fn of_file<'a>(raw: &Json, (run, file): (&str, &str), asked: &Asked) -> Told<'a> {
    let (mut out, mut err, mut is_known) = (String::new(), String::new(), false);
    for line in raw["logs"].as_array().into_iter().flatten() {
        let step = line["stepName"].as_str().unwrap_or_default();
        if file_key(run, step) != file {
            continue;
        }
        is_known = true;
        let text = line["message"].as_str().unwrap_or_default();
        match line["stream"].as_str() {
            Some("out") => out.extend([text, "\n"]),
            Some(_) => err.extend([text, "\n"]),
            None => err.extend([said((raw, run, step), line, text).as_str(), "\n"]),
        }
    }
    let (read_out, read_err) = asked.text("cursor").and_then(|cursor| cursor.split_once(':')).unwrap_or_default();
    let most = asked.number("limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let (stdout, at_out) = part(&out, read_out, most);
    let (stderr, at_err) = part(&err, read_err, most);
    let shown = |text: &str| if is_known { Json::from(text) } else { Json::Null };
    Told::Json(json!({
        "__typename": "CapturedLogs",
        "logKey": [run, "compute_logs", file],
        "stdout": shown(stdout),
        "stderr": shown(stderr),
        "cursor": format!("{at_out}:{at_err}"),
    }))
}

/// What is behind so many bytes, and where it ends; never within a character.
fn part<'t>(text: &'t str, read: &str, most: usize) -> (&'t str, usize) {
    let start = text.floor_char_boundary(read.parse().unwrap_or(0));
    let end = text.floor_char_boundary(start.saturating_add(most));
    (&text[start..end], end)
}

/// A message of a program as it stands among what it wrote.
fn said((raw, run, step): (&Json, &str, &str), line: &Json, text: &str) -> String {
    let instant = line["timestamp"].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok()).unwrap_or_default();
    let at = instant.strftime("%Y-%m-%d %H:%M:%S +0000");
    let (level, job) = (line["level"].as_str().unwrap_or("INFO"), raw["jobName"].as_str().unwrap_or_default());
    format!("{at} - dagster - {level} - {job} - {run} - {step} - {text}")
}
