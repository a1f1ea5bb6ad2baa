//! Rows as what is told reads them: the JSON text of a select's answer, of which only those columns are read that are asked about.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::{Index, Range};
use std::rc::Rc;

use serde_json::Value as Json;

/// The answer of a select.
#[derive(Debug, Clone)]
pub(crate) struct Found(Rc<str>);

impl Found {
    pub(super) fn new(text: &str) -> Found {
        Found(text.into())
    }

    /// All of it.
    pub(crate) fn into_json(self) -> Json {
        json(&self.0)
    }

    /// The rows of a list, or the one row.
    pub(crate) fn rows(self) -> Vec<Row> {
        rows_at(&self.0, 0, true)
    }
}

/// A row: what it is told from are members of an object.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    list: Rc<List>,
    at: usize,
}

/// The rows of a list.
#[derive(Debug)]
struct List {
    text: Rc<str>,
    /// Of all rows, one after another.
    members: Vec<Member>,
    rows: Vec<Place>,
    /// A select found them: what something is told from must be among what it read.
    is_found: bool,
}

/// Where a row stands.
#[derive(Debug)]
struct Place {
    /// In the text.
    object: Range<usize>,
    /// Among the members.
    members: Range<usize>,
    whole: OnceCell<Json>,
}

/// Where a name and its value stand in the text.
#[derive(Debug)]
struct Member {
    name: Range<usize>,
    value: Range<usize>,
}

impl Row {
    /// The JSON text of a column; `null` where there is none.
    pub(crate) fn column(&self, name: &str) -> &str {
        self.read(name).map_or(NULL, |member| &self.list.text[member.value.clone()])
    }

    /// A column that is text; empty for null.
    pub(crate) fn text(&self, name: &str) -> Cow<'_, str> {
        let column = self.column(name);
        match column.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) if !inner.contains('\\') => Cow::Borrowed(inner),
            Some(_) => Cow::Owned(json(column).as_str().unwrap_or_default().to_owned()),
            None => Cow::Borrowed(""),
        }
    }

    /// A column that is a whole number.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.column(name).parse().ok()
    }

    /// Whether a column is null.
    pub(crate) fn is_null(&self, name: &str) -> bool {
        self.column(name) == NULL
    }

    /// Whether a column was read.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.member(name).is_some()
    }

    /// The rows below it under this name.
    pub(crate) fn rows(&self, name: &str) -> Vec<Row> {
        self.read(name).map_or_else(Vec::new, |member| rows_at(&self.list.text, member.value.start, self.list.is_found))
    }

    /// All of it.
    pub(crate) fn whole(&self) -> &Json {
        let Place { object, whole, .. } = &self.list.rows[self.at];
        whole.get_or_init(|| json(&self.list.text[object.clone()]))
    }

    /// A column that something is told from.
    fn read(&self, name: &str) -> Option<&Member> {
        let found = self.member(name);
        debug_assert!(found.is_some() || !self.list.is_found, "`{name}` is not among what was read: {}", self.whole());
        found
    }

    fn member(&self, name: &str) -> Option<&Member> {
        let List { text, members, rows, .. } = &*self.list;
        members[rows[self.at].members.clone()].iter().find(|member| text[member.name.clone()] == *name)
    }
}

impl From<&Json> for Row {
    fn from(row: &Json) -> Row {
        let none = || {
            let place = Place { object: 0..NULL.len(), members: 0..0, whole: OnceCell::new() };
            Row {
                list: Rc::new(List { text: NULL.into(), members: Vec::new(), rows: vec![place], is_found: false }),
                at: 0,
            }
        };
        rows_at(&row.to_string().into(), 0, false).pop().unwrap_or_else(none)
    }
}

/// The value of a column, read with all others of the row: for what is seldom asked.
impl Index<&str> for Row {
    type Output = Json;

    fn index(&self, name: &str) -> &Json {
        self.read(name);
        &self.whole()[name]
    }
}

const NULL: &str = "null";

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_default()
}

/// The rows of the list or object that begins here.
fn rows_at(text: &Rc<str>, start: usize, is_found: bool) -> Vec<Row> {
    let mut scan = Scan { bytes: text.as_bytes(), at: start };
    let is_list = scan.peek() == Some(b'[');
    if is_list {
        scan.at += 1;
    }
    let (mut members, mut rows) = (Vec::new(), Vec::new());
    while scan.peek() == Some(b'{') {
        let (begins, first) = (scan.at, members.len());
        scan.members(&mut members);
        rows.push(Place { object: begins..scan.at, members: first..members.len(), whole: OnceCell::new() });
        if !is_list || !scan.passes(b',') {
            break;
        }
    }
    let (count, list) = (rows.len(), Rc::new(List { text: Rc::clone(text), members, rows, is_found }));
    (0..count).map(|at| Row { list: Rc::clone(&list), at }).collect()
}

/// Goes through JSON that is known to be whole.
struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Scan<'_> {
    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn passes(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    /// The members of the object that begins here, up to behind it.
    fn members(&mut self, found: &mut Vec<Member>) {
        self.at += 1;
        while self.peek() == Some(b'"') {
            let name = self.at + 1;
            self.string();
            let name = name..self.at - 1;
            self.passes(b':');
            self.peek();
            let value = self.at;
            self.value();
            found.push(Member { name, value: value..self.at });
            if !self.passes(b',') {
                break;
            }
        }
        self.passes(b'}');
    }

    /// Behind the value that begins here.
    fn value(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.string();
                    if depth == 0 {
                        return;
                    }
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' | b',' | b' ' | b'\n' if depth == 0 => return,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        return;
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Behind the string that begins here.
    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += match byte {
                b'"' => break,
                b'\\' => 2,
                _ => 1,
            };
        }
        self.at = (self.at + 1).min(self.bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::{Found, Row};

    fn check(rows: &[Json]) {
        for text in [Json::from(rows).to_string(), serde_json::to_string_pretty(rows).expect("JSON is text")] {
            let found = Found::new(&text).rows();
            assert_eq!(found.len(), rows.len());
            for (row, wanted) in found.iter().zip(rows) {
                assert_eq!(row.whole(), wanted);
                for (name, value) in wanted.as_object().expect("rows are objects") {
                    assert_eq!(&row[name], value);
                    assert_eq!(row.column(name).parse::<Json>().expect("a column is JSON"), *value);
                    assert_eq!(row.text(name), value.as_str().unwrap_or_default());
                    assert_eq!(row.number(name), value.as_i64());
                    assert_eq!(row.is_null(name), value.is_null());
                }
            }
        }
    }

    #[test]
    fn rows_are_read_as_they_are() {
        check(&[]);
        check(&[json!({})]);
        check(&[json!({ "a": 1, "b": "x" }), json!({ "a": null, "b": "\"},{\\" })]);
        check(&[json!({ "a": [1, [2, "]"], {}], "b": { "c": [{ "d": "}" }], "e": -1.5e3 }, "f": true })]);
    }

    #[test]
    fn rows_below_a_row() {
        let whole = json!({ "_key": "a", "events": [{ "number": 1 }, { "number": 2 }], "none": [], "other": null });
        let row = Row::from(&whole);
        let numbers: Vec<_> = row.rows("events").iter().map(|event| event.number("number")).collect();
        assert_eq!(numbers, [Some(1), Some(2)]);
        assert!(row.rows("none").is_empty() && row.rows("other").is_empty());
        assert_eq!(Found::new("null").rows().len(), 0);
        assert_eq!(*Row::from(&Json::Null).whole(), Json::Null);
    }
}
