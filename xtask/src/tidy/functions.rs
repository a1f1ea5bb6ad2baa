//! Rules on size and on names of files.

use super::Fault;
use super::source::{closing, is_name_character};
use super::tree::Tree;

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 800;
/// Names that say nothing about what a file holds.
const EMPTY_NAMES: [&str; 9] = ["util", "utils", "helper", "helpers", "common", "manager", "managers", "types", "misc"];

/// From the line with `fn` to the one with the closing brace.
pub(super) fn function_lengths(tree: &Tree, faults: &mut Vec<Fault>) {
    for (path, source) in tree.rust() {
        for start in source.find("fn ") {
            let signature = &source.code[start..];
            let name: String = signature[3..].trim_start().chars().take_while(|c| is_name_character(*c)).collect();
            let body = signature.find('{').filter(|open| !has_end_before(&signature[..*open]));
            let Some(open) = body.filter(|_| !name.is_empty()) else { continue };
            let line = source.line(start);
            let lines = source.line(closing(&source.code, start + open) - 1) + 1 - line;
            if lines > FUNCTION_LINES_MAX {
                faults.push(Fault {
                    path: path.to_owned(),
                    line,
                    rule: "function-length",
                    met: format!("`{name}` has {lines} lines, {FUNCTION_LINES_MAX} is the most"),
                    fix: "give its parts names of their own, below it, in order of use",
                });
            }
        }
    }
}

/// A `;` outside brackets ends a signature without a body; the one in an array type does not.
fn has_end_before(signature: &str) -> bool {
    let mut depth = 0_i32;
    signature.chars().any(|character| {
        depth += match character {
            '[' | '(' => 1,
            ']' | ')' => -1,
            _ => 0,
        };
        character == ';' && depth == 0
    })
}

pub(super) fn file_lengths(tree: &Tree, faults: &mut Vec<Fault>) {
    for (path, source) in tree.rust().filter(|(_, source)| source.line_count() > FILE_LINES_MAX) {
        faults.push(Fault {
            path: path.to_owned(),
            line: FILE_LINES_MAX + 1,
            rule: "file-length",
            met: format!("the file has {} lines, {FILE_LINES_MAX} is the most", source.line_count()),
            fix: "split it by what its parts hold",
        });
    }
}

pub(super) fn file_names(tree: &Tree, faults: &mut Vec<Fault>) {
    for (path, _) in tree.rust() {
        let mut parts = path.trim_end_matches(".rs").split('/').filter(|part| EMPTY_NAMES.contains(part));
        if let Some(name) = parts.next() {
            faults.push(Fault {
                path: path.to_owned(),
                line: 1,
                rule: "file-name",
                met: format!("`{name}` does not say what the file holds"),
                fix: "name it after what it holds",
            });
        }
    }
}
