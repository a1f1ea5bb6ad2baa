//! What processes used, from `/proc`.

use std::collections::HashMap;
use std::fs;

/// Clock ticks that processes spent on a processor, in user and system mode.
pub(crate) fn ticks_of_tree(root: u32) -> u64 {
    let all = stats();
    let mut ticks = 0;
    let mut waiting = vec![root];
    while let Some(parent) = waiting.pop() {
        ticks += all.get(&parent).map_or(0, |stat| stat.ticks);
        waiting.extend(all.iter().filter(|(_, stat)| stat.parent == parent).map(|(id, _)| *id));
    }
    ticks
}

/// Ticks that every processor of the machine was busy.
pub(crate) fn ticks_of_machine() -> u64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<u64> = text
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .filter_map(|field| field.parse().ok())
        .collect();
    // user, nice, system, then idle and waiting, then interrupts and time stolen by other machines.
    fields.iter().take(8).enumerate().filter(|(at, _)| !matches!(at, 3 | 4)).map(|(_, ticks)| ticks).sum()
}

/// Memory of one process in bytes: what belongs to it alone, and its share of mapped files.
#[derive(Clone, Copy, Default, serde::Serialize)]
pub(crate) struct Memory {
    pub(crate) anonymous_bytes: u64,
    pub(crate) file_bytes: u64,
}

pub(crate) fn memory_of(process: u32) -> Memory {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let kib = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or_default() * 1024
    };
    Memory { anonymous_bytes: kib("Pss_Anon:"), file_bytes: kib("Pss_File:") + kib("Pss_Shmem:") }
}

struct Stat {
    parent: u32,
    ticks: u64,
}

/// The children that died are counted with their parents.
fn stats() -> HashMap<u32, Stat> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let read = |entry: fs::DirEntry| {
        let id: u32 = entry.file_name().to_str()?.parse().ok()?;
        let text = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name of the program stands in brackets and may hold anything.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
        Some((id, Stat { parent: fields.get(1)?.parse().ok()?, ticks }))
    };
    processes.filter_map(read).collect()
}
