//! How values and near names are shown in messages, as graphql-js shows them.

use serde_json::Value as Json;

/// Characters of a value that a message shows at most.
const SHOWN_MAX: usize = 100;
/// Names that a message suggests at most.
const SUGGESTED_MAX: usize = 5;

/// A value of a variable for a message: `{ a: 1 }`, `["x"]`.
pub(crate) fn inspect(json: &Json) -> String {
    cut(&shown(json, " "))
}

/// A literal for a message: `{a: 1}`.
pub(crate) fn literal_text(json: &Json) -> String {
    cut(&shown(json, ""))
}

fn shown(json: &Json, space: &str) -> String {
    match json {
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| shown(item, space)).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(members) if members.is_empty() => "{}".to_owned(),
        Json::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(key, value)| format!("{key}: {}", shown(value, space))).collect();
            format!("{{{space}{}{space}}}", members.join(", "))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => json.to_string(),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// ` Did you mean "a" or "b"?` for names near to one, or nothing.
pub(crate) fn did_you_mean<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let threshold = name.chars().count() * 2 / 5 + 1;
    let mut near: Vec<(usize, &str)> =
        names.filter_map(|other| distance(name, other, threshold).map(|distance| (distance, other))).collect();
    near.sort_unstable();
    near.truncate(SUGGESTED_MAX);
    let quoted: Vec<String> = near.iter().map(|(_, other)| format!("\"{other}\"")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => format!(" Did you mean{what} {one}?"),
        [one, other] => format!(" Did you mean{what} {one} or {other}?"),
        [rest @ .., last] => format!(" Did you mean{what} {}, or {last}?", rest.join(", ")),
    }
}

/// Edits between two names (a change of case is one), if at most `threshold`.
fn distance(name: &str, other: &str, threshold: usize) -> Option<usize> {
    if name == other {
        return Some(0);
    }
    let (left, right) = (name.to_lowercase(), other.to_lowercase());
    if left == right {
        return Some(1);
    }
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().abs_diff(right.len()) > threshold {
        return None;
    }
    let mut rows = vec![(0..=right.len()).collect::<Vec<_>>()];
    for row in 1..=left.len() {
        let mut line = vec![row];
        for column in 1..=right.len() {
            let cost = usize::from(left[row - 1] != right[column - 1]);
            let above: &Vec<usize> = &rows[row - 1];
            let mut best = (above[column] + 1).min(line[column - 1] + 1).min(above[column - 1] + cost);
            let is_swap =
                row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1];
            if is_swap {
                best = best.min(rows[row - 2][column - 2] + 1);
            }
            line.push(best);
        }
        rows.push(line);
    }
    Some(rows[left.len()][right.len()]).filter(|distance| *distance <= threshold)
}
