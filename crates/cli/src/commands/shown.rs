//! What commands show of a run: its lines and what happened between them, by time. Text of programs does nothing to the terminal.

use std::collections::HashMap;

use serde_json::Value as Json;

use crate::control::{Question, Reach};
use crate::error::Error;

/// Levels of messages that are shown as what happened.
const GRAVE: [&str; 3] = ["WARNING", "ERROR", "CRITICAL"];
/// Characters of the time and the step before a line.
const HEAD: usize = "15:04:05 ".len() + 16;

/// What was shown of a run.
pub(super) struct Seen {
    /// The run's number, as soon as it is known.
    number: Option<i64>,
    /// Events up to here are known.
    events: i64,
    /// Lines up to here are known.
    logs: i64,
    /// The day of what was shown last; today at first.
    day: String,
    /// Grave messages that came as lines and not yet as events, by step and text: an op's message is both.
    written: HashMap<(String, String), usize>,
    /// What may be later than what is still to come.
    held: Vec<(i64, String)>,
    /// It was told that nothing happens yet.
    is_waiting_told: bool,
}

/// What an answer brought.
pub(super) struct News {
    /// The run as it stands.
    pub(super) run: Json,
    /// Lines to show, in the order of time.
    pub(super) lines: Vec<String>,
    /// There was nothing new.
    pub(super) is_empty: bool,
}

impl Seen {
    /// Nothing yet.
    pub(super) fn new(number: Option<i64>) -> Seen {
        let day = day(jiff::Timestamp::now().as_microsecond());
        let written = HashMap::new();
        Seen { number, events: 0, logs: 0, day, written, held: Vec::new(), is_waiting_told: false }
    }

    /// What is new of a run, or soon.
    pub(super) async fn ask(&mut self, reach: &mut Reach, run: &str) -> Result<News, Error> {
        let question = Question::News { run: run.to_owned(), events: self.events, logs: self.logs };
        let news = reach.ask(question).await.map_err(|error| match (error, self.number) {
            (Error::ServerEnded, Some(run)) => Error::ServerEndedMeanwhile { run },
            (other, _) => other,
        })?;
        self.number = news["run"]["number"].as_i64().or(self.number);
        Ok(self.take(&news))
    }

    fn take(&mut self, news: &Json) -> News {
        let list = |name: &str| news[name].as_array().map(Vec::as_slice).unwrap_or_default();
        let (events, logs) = (list("events"), list("logs"));
        let mut new: Vec<(i64, String)> = Vec::new();
        for log in logs {
            self.logs = log["number"].as_i64().unwrap_or(self.logs);
            if log["stream"].is_null() && log["level"].as_str().is_some_and(|level| GRAVE.contains(&level)) {
                *self.written.entry(message_of(log)).or_default() += 1;
            }
            new.push((at(log), entry(log, "| ", log["message"].as_str().unwrap_or_default())));
        }
        for event in events {
            self.events = event["number"].as_i64().unwrap_or(self.events);
            if !self.is_written(event) {
                new.extend(happened(event).map(|text| (at(event), entry(event, "", &text))));
            }
        }
        self.held.append(&mut new);
        self.held.sort_by_key(|(at, _)| *at);
        // Of a list that is not empty there may be more, no earlier than its last.
        let until = [events, logs].iter().filter_map(|list| list.last()).map(at).min().unwrap_or(i64::MAX);
        let later = self.held.split_off(self.held.partition_point(|(at, _)| *at <= until));
        let ready = std::mem::replace(&mut self.held, later);
        News { run: news["run"].clone(), lines: self.dated(ready), is_empty: events.is_empty() && logs.is_empty() }
    }

    /// Whether an op's message was shown as a line of it.
    fn is_written(&mut self, event: &Json) -> bool {
        if event["kind"] != "LOG" {
            return false;
        }
        let is_left = self.written.get_mut(&message_of(event)).filter(|count| **count > 0);
        is_left.map(|count| *count -= 1).is_some()
    }

    /// The lines, with the day before the first of each that is another one.
    fn dated(&mut self, lines: Vec<(i64, String)>) -> Vec<String> {
        let mut dated = Vec::with_capacity(lines.len());
        for (at, line) in lines {
            let day = day(at);
            if day != self.day {
                dated.push(format!("{day} (UTC)"));
                self.day = day;
            }
            dated.push(line);
        }
        dated
    }

    /// Says once what a run waits for with which nothing happens.
    pub(super) fn tell_of_waiting(&mut self, run: &Json) {
        if self.is_waiting_told {
            return;
        }
        let number = &run["number"];
        if run["is_of_agent"].as_bool().unwrap_or_default() && !run["is_finished"].as_bool().unwrap_or_default() {
            eprintln!("run {number} is executed by an agent elsewhere: its lines come when the agent sends them");
            self.is_waiting_told = true;
        } else if run["status"].as_str() == Some("queued") {
            eprintln!(
                "run {number} waits for a worker with room: `dragoman serve`, `dragoman dev` and, on PostgreSQL, `dragoman worker` are some"
            );
            self.is_waiting_told = true;
        }
    }
}

/// Step and text of a line or an event.
fn message_of(of: &Json) -> (String, String) {
    let text = |name: &str| of[name].as_str().unwrap_or_default().to_owned();
    (text("step"), text("message"))
}

fn at(of: &Json) -> i64 {
    of["timestamp"].as_i64().unwrap_or_default()
}

/// What people want to know of it.
fn happened(event: &Json) -> Option<String> {
    let kind = event["kind"].as_str().unwrap_or_default();
    let message = event["message"].as_str().unwrap_or_default();
    match kind {
        "STEP_START" | "STEP_RESTARTED" => Some("started".to_owned()),
        "STEP_SUCCESS" => Some("done".to_owned()),
        "STEP_SKIPPED" => Some("skipped".to_owned()),
        "STEP_FAILURE" | "STEP_UP_FOR_RETRY" => {
            let error = event["data"]["error"].clone();
            let cause = error.get("cause").filter(|cause| cause.is_object()).unwrap_or(&error);
            let cause = cause["message"].as_str().unwrap_or_default().trim_end();
            Some(format!("{}: {cause}", message.trim_end_matches('.')))
        }
        "ENGINE_EVENT" | "RUN_CANCELING" | "RUN_CANCELED" | "RUN_FAILURE" => Some(message.to_owned()),
        "LOG" if event["level"].as_str().is_some_and(|level| GRAVE.contains(&level)) => Some(message.to_owned()),
        _ => None,
    }
}

/// A text behind its time and step; its further lines stand below the first, so that none looks like an entry of its own.
fn entry(of: &Json, mark: &str, text: &str) -> String {
    let time = moment(at(of));
    let step = harmless(of["step"].as_str().unwrap_or_default());
    let head = format!("{} {step:<16}", time.get(11..19).unwrap_or_default());
    let below = format!("\n{:HEAD$} {mark}", "");
    let lines = text.split('\n').map(|line| harmless(line.strip_suffix('\r').unwrap_or(line)));
    format!("{head} {mark}{}", lines.collect::<Vec<_>>().join(&below))
}

/// A text without what a terminal obeys: control characters but the tab are spelled out.
pub(super) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\t' {
            shown.extend(["\\x", &format!("{:02x}", u32::from(character))]);
        } else {
            shown.push(character);
        }
    }
    shown
}

/// `2026-11-21`.
fn day(micros: i64) -> String {
    moment(micros).chars().take_while(|character| *character != 'T').collect()
}

/// `2026-11-21T15:04:05Z`.
pub(super) fn moment(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DAY: i64 = 86_400_000_000;

    fn log(number: i64, timestamp: i64, message: &str) -> Json {
        json!({ "number": number, "timestamp": timestamp, "step": "one", "stream": "out", "level": null, "message": message })
    }

    fn event(number: i64, timestamp: i64, (level, message): (&str, &str)) -> Json {
        json!({ "number": number, "timestamp": timestamp, "kind": "LOG", "step": "one", "level": level, "message": message })
    }

    #[test]
    fn what_programs_print_does_nothing_to_the_terminal() {
        let shown = entry(&log(1, DAY, ""), "| ", "a\tb\u{1b}]0;x\u{7}\u{9b}2J\r\n00:00:00 forged");
        let below = " ".repeat(HEAD + 1);
        assert_eq!(shown, format!("00:00:00 one              | a\tb\\x1b]0;x\\x07\\x9b2J\n{below}| 00:00:00 forged"));
    }

    #[test]
    fn lines_and_events_come_by_time_once_and_with_their_day() {
        let mut seen = Seen::new(None);
        let mut written = log(2, DAY + 3, "careful");
        (written["stream"], written["level"]) = (Json::Null, json!("WARNING"));
        let news = json!({ "run": {}, "logs": [log(1, DAY + 1, "first"), written],
            "events": [event(1, DAY + 2, ("ERROR", "blocked")), event(2, DAY + 3, ("WARNING", "careful")), event(3, DAY + 9, ("ERROR", "late"))] });
        let first = seen.take(&news).lines;
        let words: Vec<&str> = first.iter().map(|line| line.get(HEAD + 1..).unwrap_or(line)).collect();
        assert_eq!(words, ["1970-01-02 (UTC)", "| first", "blocked", "| careful"]);
        let last = seen.take(&json!({ "run": {}, "logs": [], "events": [] }));
        assert!(last.is_empty && last.lines.len() == 1 && last.lines[0].ends_with(" late"), "{:?}", last.lines);
    }
}
