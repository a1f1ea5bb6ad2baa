//! Plans that the product makes itself, beside those of operations: for accounts, tokens, locales and the REST interface to files.
//!
//! No operation names their parts, so they have no place; none of their rows is sorted, paged or looked at through versions unless they say so.

use serde_json::Value as Json;

use crate::{
    Answer, Boundary, Column, Entry, Filter, Find, Form, From, Hole, HoleId, HoleSource, Locale, Object, Page, Place,
    Plan, Root, RootValue, Row, RowRules, RowValue, Segment, Select, Shape, Status, Transform, ValueKind, Version,
    Write, WriteAction,
};

/// Holes of a plan under construction.
#[derive(Debug, Default)]
pub struct Holes {
    list: Vec<Hole>,
}

impl Holes {
    /// A hole for what stands at this path of the variables.
    pub fn variable(&mut self, path: &[&str], kind: ValueKind, list: bool) -> HoleId {
        let path: Vec<Segment> = path.iter().map(|name| Segment::Key((*name).to_owned())).collect();
        self.push(HoleSource::Variable(path.clone()), (kind, list), path)
    }

    /// A hole that this text fills.
    pub fn literal(&mut self, text: &str) -> HoleId {
        self.push(HoleSource::Literal(Json::from(text)), (ValueKind::Text, false), Vec::new())
    }

    /// A hole for a member of the caller.
    pub fn caller(&mut self, member: &str, kind: ValueKind) -> HoleId {
        self.push(HoleSource::Caller(vec![member.to_owned()]), (kind, false), Vec::new())
    }

    /// One plan over these holes; `roots` stand under their keys. No select answers with more than `rows_max` rows.
    #[must_use]
    pub fn plan(self, roots: Vec<(String, RootValue)>, boundary: Boundary, rows_max: u32) -> Plan {
        let root = |(key, value)| Root { key, non_null: false, place: Place::default(), value };
        Plan { roots: roots.into_iter().map(root).collect(), holes: self.list, boundary, rows_max }
    }

    fn push(&mut self, source: HoleSource, (kind, list): (ValueKind, bool), path: Vec<Segment>) -> HoleId {
        self.list.push(Hole { source, kind, list, transform: Transform::Keep, path });
        HoleId(u32::try_from(self.list.len() - 1).unwrap_or(u32::MAX))
    }
}

impl Entry {
    /// A column as it is, under this key.
    #[must_use]
    pub fn plain(key: &str, column: Column) -> Entry {
        Entry::of(key, RowValue::Column(column, Form::Plain))
    }

    /// A value under this key, which faults call it by, too.
    #[must_use]
    pub fn of(key: &str, value: RowValue) -> Entry {
        Entry { key: key.to_owned(), non_null: false, name: key.to_owned(), value }
    }
}

impl Select {
    /// The first row of a type without versions.
    #[must_use]
    pub fn one((of, from): (model::TypeId, From), filter: Filter, entries: Vec<Entry>) -> Select {
        let row = Row { non_null: false, object: Object { entries } };
        Select {
            from,
            of,
            version: Version { status: Status::Only, locale: Locale::Only, publication: None },
            filter,
            sort: Vec::new(),
            distinct: Vec::new(),
            page: Page::One,
            shape: Shape::One(row),
        }
    }

    /// All rows of a type without versions, in no order.
    #[must_use]
    pub fn all(of: model::TypeId, filter: Filter, entries: Vec<Entry>) -> Select {
        let row = Row { non_null: true, object: Object { entries } };
        let shape = Shape::List(row);
        Select { page: Page::All, shape, ..Select::one((of, From::Type), filter, Vec::new()) }
    }
}

impl Write {
    /// A change that no rule of a caller bounds yet.
    #[must_use]
    pub fn new(of: model::TypeId, action: WriteAction, answer: Answer) -> Write {
        Write { of, action, answer, rules: RowRules::default() }
    }

    /// The removal of one document of a type without locales.
    #[must_use]
    pub fn removal(of: model::TypeId, find: Find, answer: Answer) -> Write {
        Write::new(of, WriteAction::Delete { find, locale: Locale::Only, must_exist: true }, answer)
    }
}
