//! What the processes of steps wrote, and what their programs said: by the file key that an event of the step tells.

use std::collections::BTreeSet;

use plan::{Operator, Page, Select, ValueKind};
use serde_json::{Value as Json, json};

use super::rows::{Table, nested};
use super::runs::{file_key, rows_of};
use crate::tell::{Asked, Holes, Telling, Told};

/// Columns that a line is told from.
const COLUMNS: [&str; 6] = ["number", "timestamp", "level", "message", "stream", "stepName"];

/// Lines that are read at once where a limit is asked for: fewer than a list may have, unless `rows_max` is set to less.
const LINES: usize = 1_000;

/// The lines of a run.
pub(super) fn lines(table: Table<'_>) -> Select {
    table.related("logs", "number", &COLUMNS)
}

/// The lines of the steps whose files these are. A step that the project does not declare any more is not known by its file: then all lines.
pub(super) fn lines_of(table: Table<'_>, (run, files): (&str, &[&str]), holes: &mut Holes<'_>) -> Select {
    let jobs = table.model().jobs_by_id();
    let steps = jobs.flat_map(|(_, job)| job.ops_by_id().map(|(_, op)| op.name.as_str()));
    let steps: BTreeSet<&str> = steps.filter(|step| files.contains(&file_key(run, step).as_str())).collect();
    let mut lines = lines(table);
    if !steps.is_empty() {
        lines.filter = table.toward("logs").is(holes, "stepName", Operator::In, (ValueKind::Text, json!(steps)));
    }
    lines
}

/// `capturedLogs`.
pub(super) fn captured<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let key: Vec<&str> =
        asked.argument("logKey").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
    let (run, file) = (key.first().copied().unwrap_or_default(), key.last().copied().unwrap_or_default());
    let Some(table) = Table::named(telling.model, "_Run") else { return Told::Unserved };
    rows_of(
        move |holes| {
            let mut lines = lines_of(table, (run, &[file]), holes);
            let behind = Cursor::asked(asked).line;
            if behind > 0 {
                let is_behind = table.toward("logs").is(holes, "number", Operator::Gt, (ValueKind::Int, behind.into()));
                lines.filter = lines.filter.and(is_behind);
            }
            if limit(asked).is_some() {
                let limit = holes.value(ValueKind::Int, LINES.into());
                lines.page = Page::Offset { start: None, limit: Some(limit) };
            }
            let mut row = table.row(&["_key", "jobName"]);
            row.object.entries.push(nested("logs", lines));
            table.one(table.is(holes, "_key", Operator::Eq, (ValueKind::Uuid, run.into())), row)
        },
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

/// How far somebody has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Cursor {
    /// Bytes of both streams.
    read: Bytes,
    /// All lines up to this number are read and not looked at again.
    line: i64,
    /// Bytes of both streams up to there.
    behind: Bytes,
}

/// Bytes of the two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Bytes {
    out: usize,
    err: usize,
}

impl Cursor {
    /// What was told before; from the start where it was not.
    fn asked(asked: &Asked) -> Cursor {
        let parts: Vec<&str> = asked.text("cursor").unwrap_or_default().split(':').collect();
        let bytes = |at: usize| parts.get(at).and_then(|part| part.parse().ok()).unwrap_or(0);
        let line = parts.get(2).and_then(|part| part.parse::<i64>().ok()).unwrap_or(0).max(0);
        let two = |at: usize| Bytes { out: bytes(at), err: bytes(at + 1) };
        Cursor { read: two(0), line, behind: if line > 0 { two(3) } else { Bytes::default() } }
    }

    /// `OUT:ERR`; where lines are behind it that are not looked at again, `OUT:ERR:LINE:OUT:ERR`.
    fn text(self) -> String {
        let Cursor { read, line, behind } = self;
        if line > 0 {
            format!("{}:{}:{line}:{}:{}", read.out, read.err, behind.out, behind.err)
        } else {
            format!("{}:{}", read.out, read.err)
        }
    }
}

/// Bytes of each stream that are asked for.
fn limit(asked: &Asked) -> Option<usize> {
    asked.number("limit").and_then(|limit| usize::try_from(limit).ok())
}

/// The part of both streams that is asked for.
pub(super) fn of_file<'a>(raw: &Json, (run, file): (&str, &str), asked: &Asked) -> Told<'a> {
    let before = Cursor::asked(asked);
    let (mut out, mut err, mut is_known) = (String::new(), String::new(), before.line > 0);
    let lines: &[Json] = raw["logs"].as_array().map_or(&[], Vec::as_slice);
    for line in lines {
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
    let most = limit(asked).unwrap_or(usize::MAX);
    let (stdout, at_out) = part(&out, (before.read.out, before.behind.out), most);
    let (stderr, at_err) = part(&err, (before.read.err, before.behind.err), most);
    let read = Bytes { out: at_out, err: at_err };
    let last = lines.last().and_then(|line| line["number"].as_i64());
    let whole =
        Bytes { out: before.behind.out.saturating_add(out.len()), err: before.behind.err.saturating_add(err.len()) };
    let after = match last {
        // There may be more lines, and of these nothing is left.
        Some(line) if lines.len() >= LINES && read == whole => Cursor { read, line, behind: whole },
        Some(_) | None => Cursor { read, ..before },
    };
    let shown = |text: &str| if is_known { Json::from(text) } else { Json::Null };
    Told::Json(json!({
        "__typename": "CapturedLogs",
        "logKey": [run, "compute_logs", file],
        "stdout": shown(stdout),
        "stderr": shown(stderr),
        "cursor": after.text(),
    }))
}

/// What is behind so many bytes of a stream, where the text is what of it stands behind so many, and where it ends; never within a character.
fn part(text: &str, (read, behind): (usize, usize), most: usize) -> (&str, usize) {
    let start = text.floor_char_boundary(read.saturating_sub(behind));
    let end = text.floor_char_boundary(start.saturating_add(most));
    (&text[start..end], behind.saturating_add(end))
}

/// A message of a program as it stands among what it wrote.
fn said((raw, run, step): (&Json, &str, &str), line: &Json, text: &str) -> String {
    let instant = line["timestamp"]
        .as_i64()
        .and_then(|micros| jiff::Timestamp::from_microsecond(micros).ok())
        .unwrap_or_default();
    let at = instant.strftime("%Y-%m-%d %H:%M:%S +0000");
    let (level, job) = (line["level"].as_str().unwrap_or("INFO"), raw["jobName"].as_str().unwrap_or_default());
    format!("{at} - dagster - {level} - {job} - {run} - {step} - {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "0198";

    /// What `capturedLogs` reads of these lines with this cursor, as the select does, and tells.
    fn read(lines: &[Json], (cursor, limit): (Option<&str>, Option<usize>)) -> Json {
        let arguments = json!({ "cursor": cursor, "limit": limit });
        let asked = Asked {
            key: "capturedLogs".to_owned(),
            name: "capturedLogs".to_owned(),
            arguments: arguments.as_object().cloned().unwrap_or_default(),
            inside: Vec::new(),
        };
        let behind = Cursor::asked(&asked).line;
        let rows = lines.iter().filter(|line| line["number"].as_i64() > Some(behind));
        let rows: Vec<&Json> = rows.take(limit.map_or(usize::MAX, |_| LINES)).collect();
        let Told::Json(told) = of_file(&json!({ "logs": rows }), (RUN, &file_key(RUN, "one")), &asked) else {
            panic!("lines are told as JSON");
        };
        told
    }

    fn line(number: usize, stream: &str) -> Json {
        json!({ "number": number, "stepName": "one", "stream": stream, "message": format!("{stream} é {number}") })
    }

    /// Reads to the end by cursors: both streams, and the last cursor.
    fn read_all(lines: &[Json], limit: usize) -> (String, String, String) {
        let (mut out, mut err, mut cursor) = (String::new(), String::new(), String::new());
        loop {
            let told = read(lines, (Some(&cursor), Some(limit)));
            out.push_str(told["stdout"].as_str().unwrap());
            err.push_str(told["stderr"].as_str().unwrap());
            if told["cursor"] == cursor.as_str() {
                return (out, err, cursor);
            }
            told["cursor"].as_str().unwrap().clone_into(&mut cursor);
        }
    }

    #[test]
    fn more_lines_than_are_read_at_once_are_read_by_cursors() {
        let lines: Vec<Json> =
            (1..=2 * LINES + 5).map(|number| line(number, if number % 3 == 0 { "err" } else { "out" })).collect();
        let whole = read(&lines, (None, None));
        let (out, err, cursor) = read_all(&lines, 5_000);
        assert_eq!(
            (out.as_str(), err.as_str()),
            (whole["stdout"].as_str().unwrap(), whole["stderr"].as_str().unwrap())
        );
        assert!(cursor.starts_with(&format!("{}:{}:{}:", out.len(), err.len(), 2 * LINES)), "{cursor}");
    }

    #[test]
    fn a_cursor_of_few_lines_counts_bytes_alone() {
        let lines = [line(1, "out"), line(2, "err"), line(3, "out")];
        assert_eq!(read(&lines, (None, None))["cursor"], "18:9");
        let told = read(&lines, (Some("9:0"), Some(5)));
        // Never within a character.
        assert_eq!(
            (&told["stdout"], &told["stderr"], &told["cursor"]),
            (&json!("out "), &json!("err "), &json!("13:4"))
        );
        assert_eq!(read(&lines, (Some("no:cursor:-5:7"), None))["cursor"], "18:9");
        assert_eq!(read(&[], (None, Some(5)))["stdout"], Json::Null);
    }
}
