//! Rules on every text: words that must not stay, paths of one machine, links that lead nowhere.

use super::Fault;
use super::tree::{File, Tree, extension};

/// Data sets and recorded answers are quoted, not written.
const QUOTED_EXTENSIONS: [&str; 2] = ["csv", "json"];

pub(super) fn unfinished_words(tree: &Tree, faults: &mut Vec<Fault>) {
    // In pieces, or this file would be its own fault.
    let words = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X"].concat()];
    for (file, line, text) in lines(tree) {
        if let Some(word) = words.iter().find(|word| has_word(text, word)) {
            let fix = "do it, or say in the docs what is not there";
            faults.push(fault(file, line, "unfinished", Met { what: format!("the word {word}"), fix }));
        }
    }
}

pub(super) fn machine_paths(tree: &Tree, faults: &mut Vec<Fault>) {
    let folders = ["work", "root", "home"].map(|folder| format!("/{folder}/"));
    for (file, line, text) in lines(tree) {
        for folder in &folders {
            let is_path = |at: usize| {
                let before = text[..at].chars().next_back();
                before.is_none_or(|character| !character.is_alphanumeric() && !"._-}*>/".contains(character))
            };
            if text.match_indices(folder.as_str()).any(|(at, _)| is_path(at)) {
                let fix = "say it relative to the workspace, or read it from the configuration";
                faults.push(fault(file, line, "machine-path", Met { what: format!("a path below {folder}"), fix }));
            }
        }
    }
}

/// A link of a document leads to a file that exists; links to other sites and to headings are not followed.
pub(super) fn links(tree: &Tree, faults: &mut Vec<Fault>) {
    for (file, line, text) in lines(tree).filter(|(file, ..)| extension(&file.path) == "md") {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().unwrap_or_default();
            let is_elsewhere = path.is_empty() || path.contains("://") || path.starts_with("mailto:");
            if !is_elsewhere && !tree.has(&resolve(&file.path, path)) {
                let met = Met { what: format!("the link leads to {path}, which is not there"), fix: "mend the link" };
                faults.push(fault(file, line, "link", met));
            }
        }
    }
}

pub(super) fn pending_snapshots(tree: &Tree, faults: &mut Vec<Fault>) {
    for file in tree.files.iter().filter(|file| file.path.ends_with(".snap.new")) {
        let met = Met { what: "a snapshot waits for review".to_owned(), fix: "review it: accept or delete it" };
        faults.push(fault(file, 1, "snapshot", met));
    }
}

/// The path of a link seen from the file that it stands in.
fn resolve(from: &str, link: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

fn lines(tree: &Tree) -> impl Iterator<Item = (&File, usize, &str)> {
    let written = tree.files.iter().filter(|file| !QUOTED_EXTENSIONS.contains(&extension(&file.path)));
    written.flat_map(|file| file.text.lines().enumerate().map(move |(index, text)| (file, index + 1, text)))
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let is_edge = |character: Option<char>| character.is_none_or(|character| !character.is_alphanumeric());
        is_edge(text[..at].chars().next_back()) && is_edge(text[at + word.len()..].chars().next())
    })
}

struct Met {
    what: String,
    fix: &'static str,
}

fn fault(file: &File, line: usize, rule: &'static str, met: Met) -> Fault {
    Fault { path: file.path.clone(), line, rule, met: met.what, fix: met.fix }
}
