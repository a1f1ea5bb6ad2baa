//! Words: how names of the model are split, cased, made plural and turned into slugs. Pure functions; every dialect uses these.
//!
//! Two splittings exist because the two dialects that need them differ: [`words`] gives digits a word of their own (`foo2Bar` is
//! foo, 2, Bar), [`snake`] leaves a digit with the word before it (`foo2_bar`).

mod plural;
mod transliterate;

pub use plural::plural;
pub use transliterate::{deburr, transliterate};

/// The words of a name: split at anything that is no letter or digit, at lower→upper borders, at the end of a run of capitals
/// (`HTTPServer` is HTTP, Server) and between letters and digits. Apostrophes vanish, accents are taken off.
///
/// Source: Strapi 5's naming of generated types, which follows lodash.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    let plain: Vec<char> = deburr(name).chars().filter(|letter| !matches!(letter, '\'' | '\u{2019}')).collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (at, &letter) in plain.iter().enumerate() {
        if !letter.is_alphanumeric() {
            flush(&mut word, &mut words);
            continue;
        }
        if word.chars().last().is_some_and(|before| is_border(before, letter, plain.get(at + 1).copied())) {
            flush(&mut word, &mut words);
        }
        word.push(letter);
    }
    flush(&mut word, &mut words);
    words
}

/// A new word begins with `letter`.
fn is_border(before: char, letter: char, after: Option<char>) -> bool {
    if before.is_numeric() != letter.is_numeric() {
        return true;
    }
    let ends_run_of_capitals = before.is_uppercase() && after.is_some_and(char::is_lowercase);
    letter.is_uppercase() && (before.is_lowercase() || ends_run_of_capitals)
}

fn flush(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

/// `camelCase`: the words in lower case, all but the first with a capital, joined.
#[must_use]
pub fn camel(name: &str) -> String {
    lower_first(&pascal(name))
}

/// `PascalCase`: the words in lower case, each with a capital, joined.
#[must_use]
pub fn pascal(name: &str) -> String {
    words(name).iter().map(|word| upper_first(&word.to_lowercase())).collect()
}

/// `kebab-case`: the words in lower case, joined by hyphens.
#[must_use]
pub fn kebab(name: &str) -> String {
    words(name).join("-").to_lowercase()
}

/// `snake_case` of tables and columns: split at lower→upper and at the end of a run of capitals, a digit stays with the word before it,
/// everything that is no letter or digit becomes one underscore.
#[must_use]
pub fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 4);
    for (at, &letter) in letters.iter().enumerate() {
        if !letter.is_alphanumeric() {
            if !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
            continue;
        }
        let before = at.checked_sub(1).and_then(|before| letters.get(before)).copied();
        let ends_run_of_capitals =
            before.is_some_and(char::is_uppercase) && letters.get(at + 1).copied().is_some_and(char::is_lowercase);
        let follows_small = before.is_some_and(|before| before.is_lowercase() || before.is_numeric());
        if letter.is_uppercase() && (follows_small || ends_run_of_capitals) && !out.ends_with('_') {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out.trim_end_matches('_').to_owned()
}

/// The same text with its first letter in upper case.
#[must_use]
pub fn upper_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The same text with its first letter in lower case.
#[must_use]
pub fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// The text as part of a URL: letters spelt in ASCII, lower case, everything else one hyphen, none at the ends. Empty when the text
/// has no letter or digit that can be spelt.
///
/// Source: Strapi's UID fields (`slugify`); a border inside a word (`fooBar`) makes a hyphen, as there.
#[must_use]
pub fn slug(text: &str) -> String {
    let spelt = transliterate(text);
    let letters: Vec<char> = spelt.chars().filter(|letter| !matches!(letter, '\'' | '\u{2019}')).collect();
    let mut out = String::with_capacity(letters.len());
    for (at, &letter) in letters.iter().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            if !out.is_empty() && !out.ends_with('-') {
                out.push('-');
            }
            continue;
        }
        let before = at.checked_sub(1).and_then(|before| letters.get(before)).copied();
        let after = letters.get(at + 1).copied();
        if before.is_some_and(|before| is_slug_border(before, letter, after)) {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out.trim_end_matches('-').to_owned()
}

/// Words inside a word, as slugs see them: `fooBar`, `fooBARBaz`, `1Bar`; a digit after a letter makes none.
fn is_slug_border(before: char, letter: char, after: Option<char>) -> bool {
    let ends_run_of_capitals = before.is_ascii_uppercase() && after.is_some_and(|after| after.is_ascii_lowercase());
    letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit() || ends_run_of_capitals)
}

/// The name in `known` that is nearest to a misspelt one, if one is near enough to be meant.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    let distances =
        known.into_iter().map(|candidate| (distance(&name.to_lowercase(), &candidate.to_lowercase()), candidate));
    distances
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, drop, change or exchange with their neighbour to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for (line, letter) in one.iter().enumerate() {
        let above = &rows[line];
        let mut row = vec![line + 1];
        for (column, target) in other.iter().enumerate() {
            let mut least =
                (above[column] + usize::from(letter != target)).min(above[column + 1] + 1).min(row[column] + 1);
            let is_exchange = line > 0 && column > 0 && one[line - 1] == *target && other[column - 1] == *letter;
            if is_exchange {
                least = least.min(rows[line - 1][column - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}
