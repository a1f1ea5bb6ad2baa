//! Patterns of texts: folding, `LIKE`, `SIMILAR TO`, regular expressions.

use std::iter::Peekable;
use std::str::Chars;

use memchr::memmem::Finder;
use regex::{Regex, RegexBuilder};

/// Memory that one compiled expression may take.
const EXPRESSION_BYTES_MAX: usize = 1 << 20;

/// Each character's lower case; final sigma as sigma.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).map(|letter| if letter == 'ς' { 'σ' } else { letter }).collect()
}

/// A `LIKE` pattern: pieces between its `%`.
#[derive(Debug)]
pub(super) struct Like {
    pieces: Vec<Piece>,
}

/// What stands between two `%`: texts with one unknown character between each two of them.
#[derive(Debug)]
struct Piece {
    texts: Vec<String>,
    /// Finds a piece of one text. It is made once for all rows: most texts are too short for a search to pay for its own preparation.
    finder: Option<Finder<'static>>,
}

impl Like {
    pub(super) fn new(pattern: &str) -> Like {
        let mut pieces = vec![];
        let mut texts = vec![String::new()];
        let mut letters = pattern.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '%' => pieces.push(Piece::new(std::mem::replace(&mut texts, vec![String::new()]))),
                '_' => texts.push(String::new()),
                '\\' => push(&mut texts, letters.next().unwrap_or('\\')),
                plain => push(&mut texts, plain),
            }
        }
        pieces.push(Piece::new(texts));
        Like { pieces }
    }

    /// Whether the whole text matches. The leftmost place for each inner piece leaves the most for those behind it, so that nothing is tried twice.
    pub(super) fn matches(&self, text: &str) -> bool {
        let [first, inner @ .., last] = self.pieces.as_slice() else {
            return self.pieces.iter().all(|only| only.length_at(text) == Some(text.len()));
        };
        let Some(start) = first.length_at(text) else { return false };
        let mut rest = &text[start..];
        for (index, piece) in inner.iter().enumerate() {
            // Behind the last piece anything may follow: whether it is there is known sooner than where.
            if let (Some(finder), true, true) = (&piece.finder, index + 1 == inner.len(), last.is_empty()) {
                return finder.find(rest.as_bytes()).is_some();
            }
            let Some(end) = piece.find(rest) else { return false };
            rest = &rest[end..];
        }
        last.ends(rest)
    }
}

fn push(texts: &mut [String], letter: char) {
    if let Some(text) = texts.last_mut() {
        text.push(letter);
    }
}

impl Piece {
    fn new(texts: Vec<String>) -> Piece {
        let finder = match texts.as_slice() {
            [only] => Some(Finder::new(only.as_bytes()).into_owned()),
            [] | [_, _, ..] => None,
        };
        Piece { texts, finder }
    }

    fn is_empty(&self) -> bool {
        self.texts.iter().all(String::is_empty) && self.texts.len() == 1
    }

    /// Length of what it takes of the beginning of a text.
    fn length_at(&self, text: &str) -> Option<usize> {
        if self.is_empty() {
            return Some(0);
        }
        let mut rest = text;
        for (index, part) in self.texts.iter().enumerate() {
            if index > 0 {
                let mut letters = rest.chars();
                letters.next()?;
                rest = letters.as_str();
            }
            rest = rest.strip_prefix(part.as_str())?;
        }
        Some(text.len() - rest.len())
    }

    /// The end of its leftmost place in a text.
    fn find(&self, text: &str) -> Option<usize> {
        if let Some(finder) = &self.finder {
            return finder.find(text.as_bytes()).map(|start| start + finder.needle().len());
        }
        let starts = text.char_indices().map(|(start, _)| start).chain([text.len()]);
        starts.into_iter().find_map(|start| self.length_at(&text[start..]).map(|length| start + length))
    }

    /// Whether a text ends with it.
    fn ends(&self, text: &str) -> bool {
        if let [only] = self.texts.as_slice() {
            return text.ends_with(only.as_str());
        }
        let letters: usize = self.texts.iter().map(|part| part.chars().count()).sum::<usize>() + self.texts.len() - 1;
        let have = text.chars().count();
        let Some(skip) = have.checked_sub(letters) else { return false };
        let start = text.char_indices().nth(skip).map_or(text.len(), |(start, _)| start);
        self.length_at(&text[start..]) == Some(text.len() - start)
    }
}

/// A regular expression as PostgreSQL reads it, with the escapes that are spelt otherwise here. It is found anywhere in a text; `.` is any character.
pub(super) fn regex(pattern: &str, folds: bool) -> Result<Regex, String> {
    let mut text = String::with_capacity(pattern.len());
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '[' {
            class(&mut letters, &mut text);
            continue;
        }
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        match letters.next() {
            Some('y') => text.push_str("\\b"),
            Some('Y') => text.push_str("\\B"),
            Some('m') => text.push_str("\\b{start}"),
            Some('M') => text.push_str("\\b{end}"),
            Some('Z') => text.push_str("\\z"),
            Some(other) => text.extend(['\\', other]),
            None => text.push('\\'),
        }
    }
    build(&text, folds)
}

/// A `SIMILAR TO` pattern over the whole text: `%` and `_`, `|*+?{}()[]` as in expressions, all else as it stands, `\` before what is meant as it stands.
pub(super) fn similar(pattern: &str) -> Result<Regex, String> {
    let mut text = String::from("^(?:");
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.push_str(&regex::escape(&letters.next().map(String::from).unwrap_or_default())),
            '[' => class(&mut letters, &mut text),
            '%' => text.push_str(".*"),
            '_' => text.push('.'),
            '(' => text.push_str("(?:"),
            '|' | '*' | '+' | '?' | '{' | '}' | ')' => text.push(letter),
            plain => text.push_str(&regex::escape(plain.encode_utf8(&mut [0; 4]))),
        }
    }
    text.push_str(")$");
    build(&text, false)
}

/// A class of characters up to its bracket. PostgreSQL knows no sets within sets and no operations on them: what would be one here stands for itself.
fn class(letters: &mut Peekable<Chars<'_>>, text: &mut String) {
    text.push('[');
    if letters.next_if_eq(&'^').is_some() {
        text.push('^');
    }
    if letters.next_if_eq(&']').is_some() {
        text.push_str("\\]");
    }
    let mut before = None;
    while let Some(letter) = letters.next() {
        match letter {
            ']' => {
                text.push(']');
                return;
            }
            '[' if letters.peek() == Some(&':') => {
                text.push('[');
                for inner in letters.by_ref() {
                    text.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            '\\' => text.extend(['\\', letters.next().unwrap_or('\\')]),
            '[' | '&' | '~' | '^' => text.extend(['\\', letter]),
            '-' if before == Some('-') => text.push_str("\\-"),
            plain => text.push(plain),
        }
        before = Some(letter);
    }
}

fn build(text: &str, folds: bool) -> Result<Regex, String> {
    let built = RegexBuilder::new(text)
        .dot_matches_new_line(true)
        .case_insensitive(folds)
        .size_limit(EXPRESSION_BYTES_MAX)
        .build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        _ => "it cannot be read".to_owned(),
    })
}
