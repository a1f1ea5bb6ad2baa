//! The tables of `transition`, printed into `docs/runs.md`; with `DRAGOMAN_RECORD=1` this test writes them there. And what holds of them whatever
//! happens.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;
use runs::transition::{
    Event, Executor, Refused, Report, RunEvent, RunState, RunStatus, StepEvent, StepStatus, Word, launched,
    step_reported, step_transition, transition,
};

const BEGIN: &str = "<!-- the tables of `transition`, written by its test -->\n";
const END: &str = "<!-- end of the tables -->\n";

#[test]
fn the_documentation_shows_the_tables() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/runs.md");
    let text = std::fs::read_to_string(&path).expect("the page on runs");
    let (before, rest) = text.split_once(BEGIN).expect("the page has a place for the tables");
    let (_, after) = rest.split_once(END).expect("the place has an end");
    let drawn = [before, BEGIN, &tables(), END, after].concat();
    if std::env::var_os("DRAGOMAN_RECORD").is_some() {
        std::fs::write(&path, &drawn).expect("the page can be written");
    }
    assert_eq!(text, drawn, "run this test again with DRAGOMAN_RECORD=1 and review the page");
}

fn tables() -> String {
    let mut out = String::from("\nA run of our own:\n\n");
    let own = |from: RunStatus, event| match transition(Executor::Own, at(from), Event::Own(event)) {
        Ok(next) => next.status.word(),
        Err(_) => "",
    };
    table(
        &mut out,
        &RunStatus::ALL.map(|of| (of.word(), RunEvent::ALL.map(|event| own(of, event)))),
        &RunEvent::ALL.map(RunEvent::word),
    );
    out.push_str("\nA run that an agent executes: any word may follow any, but for the locks. What each word is to the engine:\n\n");
    out.push_str("| status | words |\n| --- | --- |\n");
    for status in RunStatus::ALL {
        let words: Vec<&str> = Word::ALL.into_iter().filter(|word| word.status() == status).map(Word::name).collect();
        writeln!(out, "| {} | {} |", status.word(), words.join(", ")).expect("text takes text");
    }
    out.push_str("\nA step:\n\n");
    let step = |from: StepStatus, event| step_transition(from, event).map_or("", StepStatus::word);
    table(
        &mut out,
        &StepStatus::ALL.map(|of| (of.word(), StepEvent::ALL.map(|event| step(of, event)))),
        &StepEvent::ALL.map(StepEvent::word),
    );
    out.push('\n');
    out
}

fn table<const COLUMNS: usize>(out: &mut String, rows: &[(&str, [&str; COLUMNS])], head: &[&str; COLUMNS]) {
    writeln!(out, "| from | {} |", head.join(" | ")).expect("text takes text");
    writeln!(out, "| --- |{}", " --- |".repeat(COLUMNS)).expect("text takes text");
    for (from, cells) in rows {
        writeln!(out, "| {from} | {} |", cells.join(" | ")).expect("text takes text");
    }
}

fn at(status: RunStatus) -> RunState {
    RunState { status, word: status.state_word(), version: 5 }
}

fn reported(word: Word, version: Option<u64>, submitted_seconds_ago: Option<u64>) -> Event {
    Event::Reported(Report { word, version, submitted_ago: submitted_seconds_ago.map(Duration::from_secs) })
}

#[test]
fn agents_words_are_taken_but_for_the_locks() {
    let check = |from: RunStatus, event, expected: Result<Word, Refused>| {
        assert_eq!(
            transition(Executor::External, at(from), event).map(|next| next.word),
            expected,
            "{from:?} {event:?}"
        );
    };
    check(RunStatus::Succeeded, reported(Word::Scheduled, None, None), Ok(Word::Scheduled));
    check(RunStatus::Queued, reported(Word::Submitted, None, None), Ok(Word::Submitted));
    check(RunStatus::Queued, reported(Word::Submitted, None, Some(5)), Ok(Word::Submitted));
    check(RunStatus::Starting, reported(Word::Submitted, None, Some(29)), Err(Refused::Submitted));
    check(RunStatus::Starting, reported(Word::Submitted, None, Some(900)), Err(Refused::Submitted));
    check(RunStatus::Started, reported(Word::Submitted, None, Some(30)), Ok(Word::Submitted));
    check(RunStatus::Started, reported(Word::Submitted, None, Some(5)), Err(Refused::Submitted));
    check(RunStatus::Failed, reported(Word::Submitted, None, Some(5)), Err(Refused::Submitted));
    check(RunStatus::Started, reported(Word::Success, Some(5), None), Ok(Word::Success));
    let conflict = Refused::Version { given: 4, present: 5 };
    check(RunStatus::Started, reported(Word::Success, Some(4), None), Err(conflict));
    assert_eq!(conflict.to_string(), "provided version 4 but current version is 5");
}

#[test]
fn agents_words_of_steps_are_taken_but_for_running_in_a_run_that_does_not() {
    for run in Word::ALL {
        for word in Word::ALL {
            let is_taken = word != Word::Running || run == Word::Running;
            assert_eq!(step_reported(run, word).ok(), is_taken.then(|| word.step_status()), "{run:?} {word:?}");
        }
    }
}

#[test]
fn who_does_not_execute_a_run_has_no_say() {
    let own = transition(Executor::Own, launched(), reported(Word::Success, None, None));
    assert_eq!(own.expect_err("refused").to_string(), "the run is executed by the server");
    let external = transition(Executor::External, launched(), Event::Own(RunEvent::Take));
    assert_eq!(external.expect_err("refused").to_string(), "the run is executed by an agent");
}

#[test]
fn words_are_found_by_their_spelling() {
    for word in Word::ALL {
        assert_eq!(Word::named(word.name()), Some(word));
    }
    assert_eq!(Word::named("Exploded"), None);
    for status in RunStatus::ALL {
        assert_eq!(status.state_word().status(), status);
    }
}

proptest! {
    #[test]
    fn a_run_ends_once_and_stays(events in prop::collection::vec(0..RunEvent::ALL.len(), 0..40)) {
        let mut state = launched();
        let mut ends = 0;
        for event in events {
            let event = RunEvent::ALL[event];
            match transition(Executor::Own, state, Event::Own(event)) {
                Ok(next) => {
                    prop_assert!(!state.status.is_finished(), "{state:?} was left by {event:?}");
                    prop_assert_eq!(next.version, state.version + 1);
                    prop_assert_eq!(next.word.status(), next.status);
                    ends += u32::from(next.status.is_finished());
                    state = next;
                }
                Err(Refused::Ended(of)) => prop_assert!(of == state.status && of.is_finished()),
                Err(_) => prop_assert!(!state.status.is_finished()),
            }
        }
        prop_assert!(ends <= 1);
    }
}
