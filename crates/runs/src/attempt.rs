//! One attempt of a step while its process runs, and what became of it.

use std::sync::mpsc::Sender;

use serde_json::{Value as Json, json};
use tokio::sync::oneshot::{self, error::TryRecvError};

use crate::definition::OpDefinition;
use crate::process::{Ended, Lifeline, Line, Reason, Stream};
use crate::progress::{NewEvent, NewLog, Progress};
use crate::step::{Ask, Beginning, Gave, Hand};
use crate::words::{self, Failure};

/// Lines of standard error that are shown with a failure.
const LAST_LINES: usize = 20;

/// An attempt under way.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// 1, 2, …
    pub(crate) number: u32,
    asks: Sender<Ask>,
    coming: Option<oneshot::Receiver<Lifeline>>,
    lifeline: Option<Lifeline>,
    is_canceled: bool,
    last_lines: Vec<String>,
}

/// What became of an attempt.
pub(crate) enum Outcome {
    /// It gave this.
    Succeeded(Option<Json>),
    /// It was asked to end.
    Canceled,
    /// It failed.
    Failed(Failure),
}

/// What is told of an attempt that ended.
pub(crate) struct Told {
    pub(crate) progress: Vec<Progress>,
    pub(crate) outcome: Outcome,
}

impl Attempt {
    pub(crate) fn new(number: u32, beginning: Beginning) -> Attempt {
        let Beginning { asks, lifeline } = beginning;
        Attempt { number, asks, coming: Some(lifeline), lifeline: None, is_canceled: false, last_lines: Vec::new() }
    }

    /// The guard of its process, which has ended.
    pub(crate) fn into_hand(mut self) -> Option<Hand> {
        self.take_lifeline();
        self.lifeline.map(|lifeline| Hand::again(self.asks, lifeline))
    }

    /// Takes hold of the process, if its guard is there: from now on it ends when this value goes. What was asked of it before is asked now.
    pub(crate) fn take_lifeline(&mut self) {
        match self.coming.as_mut().map(oneshot::Receiver::try_recv) {
            // The guard is still being started.
            None | Some(Err(TryRecvError::Empty)) => return,
            Some(Ok(lifeline)) => self.lifeline = Some(lifeline),
            Some(Err(TryRecvError::Closed)) => {}
        }
        self.coming = None;
        if self.is_canceled
            && let Some(lifeline) = &mut self.lifeline
        {
            lifeline.cancel();
        }
    }

    /// Asks the process to end; one whose guard is not there yet, when it comes.
    pub(crate) fn cancel(&mut self) {
        self.take_lifeline();
        if !std::mem::replace(&mut self.is_canceled, true)
            && let Some(lifeline) = &mut self.lifeline
        {
            lifeline.cancel();
        }
    }

    /// A line that it wrote.
    pub(crate) fn line(&mut self, key: &str, line: Line, at: i64) -> NewLog {
        let stream = match line.stream {
            Stream::Out => "out",
            Stream::Error => "err",
        };
        if line.stream == Stream::Error {
            if self.last_lines.len() >= LAST_LINES {
                self.last_lines.remove(0);
            }
            self.last_lines.push(line.text.clone());
        }
        NewLog { step: key.to_owned(), attempt: self.number, stream: Some(stream), level: None, message: line.text, at }
    }

    /// What became of it, by its last word and what it gave, at this time.
    pub(crate) fn outcome(&self, op: &OpDefinition, (ended, gave): (&Ended, Gave), at: i64) -> Told {
        let mut progress = Vec::new();
        let mut said = None;
        for event in &gave.events {
            match words::program_event(op, self.number, event) {
                words::ProgramEvent::Happened(happened) => {
                    progress.extend(words::line_of(&happened, self.number, at));
                    progress.push(Progress::Event(happened));
                }
                words::ProgramEvent::Failure(failure) => said = Some(failure),
            }
        }
        if ended.lines_lost > 0 {
            let message = match ended.lines_lost {
                1 => "1 line of output is beyond what is kept and is lost".to_owned(),
                lines => format!("{lines} lines of output are beyond what is kept and are lost"),
            };
            progress.push(Progress::Event(NewEvent::new("LOG", "WARNING", message).of_step(&op.name, self.number)));
        }
        if ended.left_behind > 0 {
            let message = match ended.left_behind {
                1 => "1 process was left behind and was ended".to_owned(),
                processes => format!("{processes} processes were left behind and were ended"),
            };
            progress.push(Progress::Event(NewEvent::new("LOG", "WARNING", message).of_step(&op.name, self.number)));
        }
        let outcome = match ended.reason {
            Reason::Cancel | Reason::Abandoned => Outcome::Canceled,
            Reason::Timeout => Outcome::Failed(Failure::of("StepTimeout", &words::timed_out(op), &[])),
            Reason::Exit => match said {
                // Why it ends is a failure whatever the status.
                Some(failure) => Outcome::Failed(failure),
                None if ended.status == Some(0) => self.given(op, gave.value, &mut progress),
                None => Outcome::Failed(words::exited(op, ended, &self.last_lines)),
            },
        };
        Told { progress, outcome }
    }

    /// A program that ended well has given what its op declares, or has failed all the same.
    fn given(&self, op: &OpDefinition, value: Result<Option<Json>, String>, progress: &mut Vec<Progress>) -> Outcome {
        let value = match value {
            Ok(value) => value,
            Err(reason) => return Outcome::Failed(Failure::of("OutputUnreadable", &reason, &[])),
        };
        let told = words::outputs(op, self.number, value.as_ref());
        progress.extend(told.events.into_iter().map(Progress::Event));
        match told.fault {
            None => Outcome::Succeeded(value),
            Some(failure) => Outcome::Failed(failure),
        }
    }
}

/// The outputs in what a program gave: its whole value under the name of the one output, or what `$outputs` lists.
pub(crate) fn outputs_of(op: &OpDefinition, value: Option<&Json>) -> Vec<(String, Json)> {
    if let Some(listed) = value.and_then(|value| value.get("$outputs")).and_then(Json::as_array) {
        let named = |item: &Json| {
            let name = item.get("output").and_then(Json::as_str)?.to_owned();
            Some((name, item.get("value").cloned().unwrap_or(Json::Null)))
        };
        return listed.iter().filter_map(named).collect();
    }
    let [only] = op.outputs.as_slice() else { return Vec::new() };
    if only.is_maybe && value.is_none() {
        return Vec::new();
    }
    vec![(only.name.clone(), value.cloned().unwrap_or(json!(null)))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{Held, Task};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    /// A guard that ends when it is asked to.
    const GUARD: &str = r#"#!/bin/sh
read -r task
read -r word
echo '{"ended":{"reason":"'$word'","status":null,"signal":null,"left_behind":0,"is_killed":false,"lines_lost":0}}'
"#;

    #[test]
    fn what_is_cancelled_before_its_guard_is_there_ends_when_it_comes() {
        let folder = std::env::temp_dir().join(format!("dragoman-attempt-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let guard = folder.join("guard");
        std::fs::write(&guard, GUARD).expect("a file");
        std::fs::set_permissions(&guard, std::fs::Permissions::from_mode(0o755)).expect("a program");
        let (give, lifeline) = oneshot::channel();
        let mut attempt = Attempt::new(1, Beginning { asks: std::sync::mpsc::channel().0, lifeline });
        attempt.cancel();
        let mut held = Held::start(&guard, &task(&folder)).expect("a guard");
        give.send(held.lifeline().expect("a lifeline")).expect("the attempt waits for it");
        attempt.take_lifeline();
        let told = held.listen().expect("the guard answers");
        assert!(matches!(&told, crate::process::Told::Ended(ended) if ended.reason == Reason::Cancel), "{told:?}");
        std::fs::remove_dir_all(&folder).expect("the folder");
    }

    fn task(folder: &Path) -> Task {
        Task {
            command: vec!["true".to_owned()],
            directory: folder.to_path_buf(),
            environment: std::collections::BTreeMap::new(),
            input: folder.join("input.json"),
            timeout_ms: None,
            grace_ms: 0,
            line_bytes_max: 1,
            stream_bytes_max: 1,
            stream_lines_max: 1,
        }
    }
}
