//! `dragoman guard` with real processes: whatever they do, nothing of them is left and the worker is told how it ended.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use runs::process::{Ended, Held, LINE_BYTES_MAX, Reason, STREAM_BYTES_MAX, STREAM_LINES_MAX, Stream, Task, Told};

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_mins(1);

/// A folder of one test; its path in the environment of a process says whose it is.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("dragoman-guard-{name}-{}", std::process::id()));
        let _none = fs::remove_dir_all(&path).is_ok();
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("input"), "{\"config\": {}}").unwrap();
        Place(path)
    }

    fn task(&self, command: &[&str]) -> Task {
        let path = std::env::var("PATH").unwrap_or_default();
        Task {
            command: command.iter().map(ToString::to_string).collect(),
            directory: self.0.clone(),
            environment: BTreeMap::from([("PATH".to_owned(), path), ("MARK".to_owned(), self.0.display().to_string())]),
            input: self.0.join("input"),
            timeout_ms: None,
            grace_ms: 60_000,
            line_bytes_max: LINE_BYTES_MAX,
            stream_bytes_max: STREAM_BYTES_MAX,
            stream_lines_max: STREAM_LINES_MAX,
        }
    }

    fn shell(&self, script: &str) -> Task {
        self.task(&["sh", "-c", script])
    }

    /// Living processes that bear the mark of this place.
    fn left(&self) -> Vec<String> {
        let mark = format!("MARK={}", self.0.display());
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let bears = |path: &PathBuf| {
            let environment = fs::read(path.join("environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|word| word == mark.as_bytes())
        };
        entries.map(|entry| entry.path()).filter(bears).map(|path| path.display().to_string()).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0).is_ok();
    }
}

fn start(task: &Task) -> Held {
    Held::start(env!("CARGO_BIN_EXE_dragoman").as_ref(), task).unwrap()
}

/// Reads until the end; lines of each stream in order.
fn follow(held: &mut Held) -> (Vec<String>, Vec<String>, Ended) {
    let (mut out, mut error) = (Vec::new(), Vec::new());
    loop {
        match held.listen().unwrap() {
            Told::Started { .. } => {}
            Told::Line(line) => match line.stream {
                Stream::Out => out.push(line.text),
                Stream::Error => error.push(line.text),
            },
            Told::Ended(ended) => return (out, error, ended),
            told @ Told::NotStarted { .. } => panic!("{told:?}"),
        }
    }
}

/// Reads until a process says that it is ready.
fn wait_for(held: &mut Held, word: &str) {
    loop {
        match held.listen().unwrap() {
            Told::Line(line) if line.text == word => return,
            Told::Started { .. } | Told::Line(_) => {}
            told @ (Told::Ended(_) | Told::NotStarted { .. }) => panic!("{told:?} before {word}"),
        }
    }
}

/// What must hold of the lines of both streams and of the end.
type Expected<'e> = &'e dyn Fn(&[String], &[String], &Ended);

fn check(name: &str, task: impl Fn(&Place) -> Task, expected: Expected<'_>) {
    let place = Place::new(name);
    let mut held = start(&task(&place));
    let (out, error, ended) = follow(&mut held);
    assert_eq!(place.left(), Vec::<String>::new(), "{name}");
    expected(&out, &error, &ended);
}

#[test]
fn input_comes_from_the_file_and_lines_are_told() {
    check(
        "plain",
        |place| place.shell("cat; echo; echo two >&2; echo last line without end | tr -d '\\n'"),
        &|out, error, ended| {
            assert_eq!(
                (out, error),
                (&["{\"config\": {}}".to_owned(), "last line without end".to_owned()][..], &["two".to_owned()][..])
            );
            assert_eq!(
                (ended.reason, ended.status, ended.left_behind, ended.is_killed),
                (Reason::Exit, Some(0), 0, false)
            );
        },
    );
}

#[test]
fn a_status_and_a_signal_are_told() {
    check("status", |place| place.shell("exit 3"), &|_, _, ended| {
        assert_eq!((ended.status, ended.signal), (Some(3), None));
    });
    check("signal", |place| place.shell("kill -9 $$"), &|_, _, ended| {
        assert_eq!((ended.status, ended.signal), (None, Some(9)));
    });
}

#[test]
fn the_environment_is_the_tasks_alone() {
    check("environment", |place| place.task(&["env"]), &|out, _, _| {
        let names: Vec<&str> = out.iter().map(|line| line.split('=').next().unwrap_or_default()).collect();
        assert!(names.iter().all(|name| ["PATH", "MARK"].contains(name)), "{names:?}");
    });
}

#[test]
fn what_is_not_there_is_told() {
    let place = Place::new("missing");
    for (task, words) in [
        (place.task(&["no-such-program"]), "cannot start no-such-program"),
        (place.task(&[]), "the command is empty"),
        (Task { input: place.0.join("nothing"), ..place.shell("true") }, "cannot read"),
        (Task { directory: place.0.join("nowhere"), ..place.shell("true") }, "cannot start sh in"),
    ] {
        match start(&task).listen().unwrap() {
            Told::NotStarted { reason } => assert!(reason.contains(words), "{reason}"),
            told => panic!("{told:?}"),
        }
    }
}

#[test]
fn children_and_daemons_do_not_outlive_their_op() {
    check("children", |place| place.shell("tail -f /dev/null & tail -f /dev/null & exit 0"), &|_, _, ended| {
        assert_eq!((ended.status, ended.left_behind, ended.is_killed), (Some(0), 2, false));
    });
    // Forked twice, in a session of its own, its streams closed.
    let daemon = "(setsid sh -c 'tail -f /dev/null' </dev/null >/dev/null 2>&1 &) ; echo gone";
    check("daemon", |place| place.shell(daemon), &|out, _, ended| {
        assert_eq!(out, ["gone"]);
        assert!(ended.left_behind >= 1, "{ended:?}");
    });
}

#[test]
fn who_ignores_being_asked_is_killed() {
    let place = Place::new("stubborn");
    let script = "trap '' TERM; (trap '' TERM; tail -f /dev/null) & echo ready; while :; do read line < fifo; done";
    assert!(Command::new("mkfifo").arg(place.0.join("fifo")).status().unwrap().success());
    let mut held = start(&Task { grace_ms: 50, ..place.shell(script) });
    wait_for(&mut held, "ready");
    held.cancel();
    let (_, _, ended) = follow(&mut held);
    assert_eq!((ended.reason, ended.signal, ended.is_killed), (Reason::Cancel, Some(9), true));
    assert_eq!(place.left(), Vec::<String>::new());
}

#[test]
fn who_ends_in_order_when_asked_is_not_killed() {
    let place = Place::new("orderly");
    // Who says that it is ready has no trap: between fork and exec a shell's child has that of the shell.
    let script = "trap 'echo bye; exit 7' TERM; sh -c 'echo ready; exec tail -f /dev/null' & wait";
    let mut held = start(&place.shell(script));
    wait_for(&mut held, "ready");
    held.cancel();
    let (out, _, ended) = follow(&mut held);
    assert_eq!((out.as_slice(), ended.status, ended.is_killed), (&["bye".to_owned()][..], Some(7), false));
    assert_eq!(place.left(), Vec::<String>::new());
}

#[test]
fn what_takes_too_long_is_ended() {
    check("timeout", |place| Task { timeout_ms: Some(50), ..place.shell("tail -f /dev/null") }, &|_, _, ended| {
        assert_eq!((ended.reason, ended.signal), (Reason::Timeout, Some(15)));
    });
}

#[test]
fn a_hundred_megabytes_hold_nobody_up_and_are_cut() {
    let flood = "yes $(printf %0999d 0) | head -c 100000000; echo done >&2";
    check("flood", |place| place.shell(flood), &|out, error, ended| {
        let bytes: usize = out.iter().map(|line| line.len() + 1).sum();
        let most = usize::try_from(STREAM_BYTES_MAX).unwrap();
        assert!(bytes <= most && bytes > most - 1_000, "{bytes}");
        assert_eq!((error, ended.status), (&["done".to_owned()][..], Some(0)));
        assert_eq!(ended.lines_lost, 100_000 - u64::try_from(out.len()).unwrap());
    });
    check("empty", |place| place.shell("yes '' | head -c 1000000"), &|out, _, ended| {
        assert_eq!(u64::try_from(out.len()).unwrap(), STREAM_LINES_MAX);
        assert_eq!(ended.lines_lost, 1_000_000 - STREAM_LINES_MAX);
    });
    check("line", |place| place.shell("head -c 10000000 /dev/zero; echo"), &|out, _, _| {
        assert_eq!(out.iter().map(String::len).collect::<Vec<_>>(), [LINE_BYTES_MAX]);
    });
}

/// What is asked of a process that has ended meanwhile does not meet the next one.
#[test]
fn one_guard_holds_one_process_after_another() {
    let place = Place::new("again");
    let mut held = start(&place.shell("(setsid tail -f /dev/null &); echo one"));
    let (out, _, ended) = follow(&mut held);
    assert_eq!((out.as_slice(), ended.status, ended.left_behind), (&["one".to_owned()][..], Some(0), 1));
    held.cancel();
    for (script, status) in [("echo two; exit 2", 2), ("echo three; exit 3", 3)] {
        held.begin(&place.shell(script)).unwrap();
        let (out, _, ended) = follow(&mut held);
        assert_eq!((out.len(), ended.reason, ended.status, ended.left_behind), (1, Reason::Exit, Some(status), 0));
    }
    held.begin(&place.shell("echo ready; tail -f /dev/null")).unwrap();
    wait_for(&mut held, "ready");
    drop(held);
    assert_eq!(place.left(), Vec::<String>::new());
}

#[test]
fn a_worker_that_lets_go_leaves_nothing() {
    let place = Place::new("dropped");
    let mut held = start(&place.shell("(setsid tail -f /dev/null &); echo ready; tail -f /dev/null"));
    wait_for(&mut held, "ready");
    assert!(!place.left().is_empty());
    drop(held);
    assert_eq!(place.left(), Vec::<String>::new());
}

/// A worker that goes while what it had started is in its grace: an hour, of which nothing is waited for.
fn check_abandoned(name: &str, script: &str, ask: impl Fn(&Place, &mut Held)) {
    // Who is asked says so and goes on.
    let stubborn =
        "trap 'echo asked' TERM; (trap '' TERM; echo ready; exec tail -f /dev/null) & while :; do wait; done";
    let place = Place::new(name);
    assert!(Command::new("mkfifo").arg(place.0.join("fifo")).status().unwrap().success());
    fs::write(place.0.join("stubborn"), stubborn).unwrap();
    let mut held = start(&Task { grace_ms: 3_600_000, ..place.shell(script) });
    wait_for(&mut held, "ready");
    ask(&place, &mut held);
    wait_for(&mut held, "asked");
    let (told, gone) = std::sync::mpsc::channel();
    let letting_go = std::thread::spawn(move || {
        drop(held);
        told.send(()).unwrap();
    });
    gone.recv_timeout(PATIENCE).expect("the process is gone long before its grace is over");
    letting_go.join().unwrap();
    assert_eq!(place.left(), Vec::<String>::new(), "{name}");
}

#[test]
fn a_worker_that_goes_in_the_grace_of_its_process_leaves_nothing() {
    check_abandoned("asked", "exec sh stubborn", |_, held| held.cancel());
    check_abandoned("leftover", "sh stubborn & read go < fifo", |place, _| {
        fs::write(place.0.join("fifo"), "go\n").unwrap();
    });
}

/// A worker that is killed: a shell that holds the guard's pipe, and dies without a word.
#[test]
fn a_worker_that_is_killed_leaves_nothing() {
    let place = Place::new("killed");
    let task = serde_json::to_string(&place.shell("echo ready; tail -f /dev/null")).unwrap();
    fs::write(place.0.join("task"), [task.as_str(), "\n"].concat()).unwrap();
    let told = place.0.join("told");
    assert!(Command::new("mkfifo").args([&told, &place.0.join("life")]).status().unwrap().success());
    // The worker is the only one that holds the writing end of `life`.
    let script =
        "exec 3<>life; \"$GUARD\" guard <life 3>&- >told & cat task >life; exec 4>life 3>&-; read never < /dev/stdin";
    let mut worker = Command::new("sh")
        .args(["-c", script])
        .current_dir(&place.0)
        .env("GUARD", env!("CARGO_BIN_EXE_dragoman"))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = std::io::BufReader::new(fs::File::open(&told).unwrap());
    let mut line = String::new();
    while !line.contains("ready") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut told, &mut line).unwrap() > 0);
    }
    assert!(!place.left().is_empty());
    worker.kill().unwrap();
    worker.wait().unwrap();
    // The guard closes its end when everything below has ended.
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut told, &mut rest).unwrap();
    assert!(rest.contains("abandoned"), "{rest}");
    assert_eq!(place.left(), Vec::<String>::new());
}

#[test]
fn a_guard_without_a_worker_says_what_it_is() {
    let output = Command::new(env!("CARGO_BIN_EXE_dragoman")).arg("guard").stdin(Stdio::null()).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("started by a worker"));
}
