//! Every process that came from this one, found in `/proc`: children, their children, and orphans that came back.

use std::collections::{HashMap, HashSet};
use std::fs;

use rustix::process::{Pid, PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal};

/// A process as it was seen: the time of its start tells it from a later one of the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pid: i32,
    parent: i32,
    started: u64,
    is_dead: bool,
}

/// All below, without those that are dead and only wait to be told of.
pub(super) fn all() -> Vec<Seen> {
    let mut children: HashMap<i32, Vec<Seen>> = HashMap::new();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    for seen in entries.filter_map(|entry| look(entry.file_name().to_str()?.parse().ok()?)) {
        children.entry(seen.parent).or_default().push(seen);
    }
    let mut found = Vec::new();
    let mut open = vec![getpid().as_raw_nonzero().get()];
    while let Some(parent) = open.pop() {
        for child in children.remove(&parent).unwrap_or_default() {
            open.push(child.pid);
            found.push(child);
        }
    }
    found.retain(|seen| !seen.is_dead);
    found
}

/// A process, whatever it does since: its id and the time of its start.
pub(super) type Asked = HashSet<(i32, u64)>;

/// Asks all below to end that were not asked before.
pub(super) fn ask(asked: &mut Asked) {
    for seen in all() {
        if asked.insert((seen.pid, seen.started)) {
            let _sent = send(seen, Signal::TERM);
        }
    }
}

/// Kills all below; how many there were.
pub(super) fn kill() -> usize {
    all().into_iter().filter(|seen| send(*seen, Signal::KILL)).count()
}

/// To that very process: one of the same id that started since is left alone.
fn send(seen: Seen, signal: Signal) -> bool {
    let Some(pid) = Pid::from_raw(seen.pid) else { return false };
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return false };
    let is_same = look(seen.pid).is_some_and(|now| now.started == seen.started && !now.is_dead);
    is_same && pidfd_send_signal(handle, signal).is_ok()
}

/// One line of `/proc`: `pid (name) state parent ...`, where the name may hold anything, also spaces and parentheses.
fn look(pid: i32) -> Option<Seen> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let text = String::from_utf8_lossy(&text);
    let mut words = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = words.next()?;
    let parent = words.next()?.parse().ok()?;
    // The 22nd word of the line; state is the third.
    let started = words.nth(17)?.parse().ok()?;
    Some(Seen { pid, parent, started, is_dead: matches!(state, "Z" | "X") })
}
