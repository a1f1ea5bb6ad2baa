//! A Rust file cut into code, literals and test regions: enough to look for words without being fooled by comments and strings.

use std::ops::Range;

pub(super) struct Source {
    /// The text with the insides of comments, strings and characters blanked: offsets and lines are those of the file.
    pub(super) code: String,
    pub(super) literals: Vec<Literal>,
    /// Where the code is compiled for tests alone.
    tests: Vec<Range<usize>>,
    is_test_file: bool,
    line_starts: Vec<usize>,
    pub(super) first_line: String,
}

/// The inside of a string literal.
pub(super) struct Literal {
    pub(super) offset: usize,
    pub(super) text: String,
}

impl Source {
    pub(super) fn read(path: &str, text: &str) -> Self {
        let (code, literals) = blank(text);
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(newlines.map(|(offset, _)| offset + 1)).collect();
        let tests = test_regions(&code);
        let is_test_file = path.contains("/tests/") || path.ends_with("tests.rs");
        let first_line = text.lines().next().unwrap_or_default().to_owned();
        Self { code, literals, tests, is_test_file, line_starts, first_line }
    }

    /// The line of an offset, counted from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    pub(super) fn line_count(&self) -> usize {
        self.line_starts.len() - 1
    }

    pub(super) fn is_test(&self, offset: usize) -> bool {
        self.is_test_file || self.tests.iter().any(|region| region.contains(&offset))
    }

    /// Where a word of code stands; a letter of the word never continues a longer name before it.
    pub(super) fn find<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.code.match_indices(word).map(|(offset, _)| offset).filter(move |offset| {
            let continues = word.starts_with(is_name_character);
            !(continues && self.code[..*offset].ends_with(is_name_character))
        })
    }

    /// The code before a literal: what macro or call it stands in.
    pub(super) fn before(&self, offset: usize) -> &str {
        self.code[..offset].trim_end_matches(['"', '#', 'r', 'b']).trim_end()
    }
}

pub(super) fn is_name_character(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The offset just behind the brace that closes the one at `open`.
pub(super) fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return offset + 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    code.len()
}

fn test_regions(code: &str) -> Vec<Range<usize>> {
    let attributes = ["#[cfg(test)]", "#[test]", "#[cfg(any(test"];
    let starts = attributes.iter().flat_map(|attribute| code.match_indices(attribute)).map(|(offset, _)| offset);
    let region = |start: usize| {
        let rest = &code[start..];
        let open = rest.find('{').map_or(code.len(), |offset| start + offset);
        match rest.find(';').map(|offset| start + offset) {
            Some(end) if end < open => start..end,
            _ => start..closing(code, open),
        }
    };
    starts.map(region).collect()
}

/// The text with comments and literals blanked, and the literals.
fn blank(text: &str) -> (String, Vec<Literal>) {
    let mut blanker = Blanker { text, code: String::with_capacity(text.len()), literals: Vec::new() };
    while blanker.code.len() < text.len() {
        blanker.step();
    }
    (blanker.code, blanker.literals)
}

struct Blanker<'a> {
    text: &'a str,
    /// What was read so far: always as long as the part of the text that it stands for.
    code: String,
    literals: Vec<Literal>,
}

impl Blanker<'_> {
    fn step(&mut self) {
        let rest = &self.text[self.code.len()..];
        let follows_name = self.code.ends_with(is_name_character);
        if rest.starts_with("//") {
            self.skip(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.skip(block_comment_length(rest));
        } else if let Some(hashes) = raw_string_hashes(rest).filter(|_| !follows_name) {
            self.raw_string(hashes);
        } else if rest.starts_with('"') {
            self.keep(1);
            self.string();
        } else if rest.starts_with('\'') {
            self.character(rest);
        } else {
            self.keep(rest.chars().next().map_or(1, char::len_utf8));
        }
    }

    /// `r"`, `br##"` and the like: nothing inside is escaped.
    fn raw_string(&mut self, hashes: usize) {
        let rest = &self.text[self.code.len()..];
        let start = rest.find('"').map_or(rest.len(), |quote| quote + 1);
        let end_mark = format!("\"{}", "#".repeat(hashes));
        let length = rest[start..].find(&end_mark).unwrap_or(rest.len() - start);
        self.keep(start);
        self.literal(length);
        self.keep(end_mark.len().min(self.text.len() - self.code.len()));
    }

    fn string(&mut self) {
        let rest = &self.text[self.code.len()..];
        let mut is_escaped = false;
        let end = rest.bytes().position(|byte| {
            let ends = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            ends
        });
        self.literal(end.unwrap_or(rest.len()));
        self.keep(usize::from(end.is_some()));
    }

    /// A character is blanked; the mark of a lifetime or of a label is kept.
    fn character(&mut self, rest: &str) {
        let mut inside = rest[1..].chars();
        let length = match (inside.next(), inside.next()) {
            (Some('\\'), Some(escaped)) => {
                let shown = 2 + escaped.len_utf8();
                rest[shown..].find('\'').map(|end| shown + end + 1)
            }
            (Some(character), Some('\'')) => Some(character.len_utf8() + 2),
            _ => None,
        };
        match length {
            Some(length) => self.skip(length),
            None => self.keep(1),
        }
    }

    fn literal(&mut self, length: usize) {
        let offset = self.code.len();
        self.literals.push(Literal { offset, text: self.text[offset..offset + length].to_owned() });
        self.skip(length);
    }

    fn keep(&mut self, length: usize) {
        let start = self.code.len();
        self.code.push_str(&self.text[start..start + length]);
    }

    fn skip(&mut self, length: usize) {
        let start = self.code.len();
        let blanks = self.text[start..start + length].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' });
        self.code.extend(blanks);
    }
}

fn raw_string_hashes(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix("cr")).or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

/// Block comments nest.
fn block_comment_length(rest: &str) -> usize {
    let (mut depth, mut offset) = (0_usize, 0);
    while offset < rest.len() {
        let pair = &rest.as_bytes()[offset..rest.len().min(offset + 2)];
        match pair {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                offset += 1;
                continue;
            }
        }
        offset += 2;
        if depth == 0 {
            return offset;
        }
    }
    rest.len()
}
