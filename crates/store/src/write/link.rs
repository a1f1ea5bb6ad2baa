//! Linked documents: which are meant, whether they exist, and the lists that statements bind.

use std::collections::{HashMap, HashSet};

use model::{Model, TypeId};
use plan::{Cause, Content, Held, Link, LinkId, LinkScope, Value, link_scope, uuid_of_text};
use sql::layout::{ColumnType, KeyKind, Layout, STATUS_DRAFT, STATUS_PUBLISHED};
use sql::write_link::own;
use sql::{NamedBy, ResolveArm, ResolveProgram};

use super::door::Rows;
use super::frame::{text_of, texts};

/// The keys of the documents that a change links.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    by_document: HashMap<(TypeId, String), Value>,
    by_key: HashSet<(TypeId, String)>,
    by_entry: HashMap<(TypeId, String), Value>,
    keys: HashMap<TypeId, ColumnType>,
    /// The key of the document that is made, where it was taken with the look.
    pub(crate) new_key: Option<Value>,
}

/// Every link of a content, in its elements, too.
pub(crate) fn links_of(content: &Content) -> Vec<&Link> {
    let mut links = Vec::new();
    gather(content, &mut links);
    links
}

fn gather<'c>(content: &'c Content, links: &mut Vec<&'c Link>) {
    for (_, held) in &content.fields {
        match held {
            Held::Links(list) | Held::AddedLinks(list) => links.extend(list),
            Held::Elements(elements) => {
                for element in elements {
                    gather(&element.content, links);
                }
            }
            Held::Null | Held::Value(_) | Held::Increment(_) | Held::Append(_) | Held::Hash(_) | Held::Kept => {}
        }
    }
}

/// A new document links nothing yet: what is put behind that is all.
pub(crate) fn begin_lists(content: &mut Content) {
    for (_, held) in &mut content.fields {
        if let Held::AddedLinks(links) = held {
            *held = Held::Links(std::mem::take(links));
        }
    }
}

/// What the statement that looks for them binds: a list for each arm.
pub(crate) fn wanted(program: &ResolveProgram, links: &[&Link]) -> Vec<Value> {
    program.arms.iter().map(|arm| Value::List(wanted_by(*arm, links))).collect()
}

fn wanted_by(arm: ResolveArm, links: &[&Link]) -> Vec<Value> {
    let mut seen = HashSet::new();
    let own = links.iter().filter(|link| link.of == arm.of);
    let values = own.filter_map(|link| match (&link.id, arm.by) {
        (LinkId::Document(id), NamedBy::DocumentId) => Some(Value::Text(id.clone())),
        (LinkId::Key(text), NamedBy::Key) => key_of_text(arm.key, text),
        (LinkId::Key(text), NamedBy::Entry) => key_of_text(ColumnType::BigInt, text),
        (LinkId::Document(_), NamedBy::Key | NamedBy::Entry) | (LinkId::Key(_), NamedBy::DocumentId) => None,
    });
    values.filter(|value| seen.insert(text_of(value))).collect()
}

/// A key as its column keeps it; none for a text that is none.
pub(crate) fn key_of_text(key: ColumnType, text: &str) -> Option<Value> {
    match key.key_kind() {
        KeyKind::Uuid => uuid_of_text(text).map(Value::Uuid),
        KeyKind::Text => Some(Value::Text(text.to_owned())),
        KeyKind::Number => text.trim().parse().ok().map(Value::Int),
    }
}

impl Resolved {
    /// What was found. Rows: number of the arm, key as text, public id.
    pub(crate) fn of(program: &ResolveProgram, rows: &Rows) -> Resolved {
        let mut resolved = Resolved::default();
        for row in rows {
            let [Value::Int(arm), Value::Text(key), Value::Text(id)] = row.as_slice() else { continue };
            let Some(arm) = usize::try_from(*arm).ok().and_then(|arm| program.arms.get(arm)) else {
                resolved.new_key = key_of_text(ColumnType::BigInt, key);
                continue;
            };
            resolved.keys.insert(arm.of, arm.key);
            let value = key_of_text(arm.key, key);
            match arm.by {
                NamedBy::Key => drop(resolved.by_key.insert((arm.of, key.clone()))),
                NamedBy::DocumentId => {
                    resolved.by_document.extend(value.map(|value| ((arm.of, id.clone()), value)));
                }
                NamedBy::Entry => resolved.by_entry.extend(value.map(|value| ((arm.of, id.clone()), value))),
            }
        }
        resolved
    }

    /// The key of a linked document, when it exists.
    pub(crate) fn key(&self, link: &Link) -> Option<Value> {
        match &link.id {
            LinkId::Document(id) => self.by_document.get(&(link.of, id.clone())).cloned(),
            LinkId::Key(text) if !self.by_entry.is_empty() => {
                self.by_entry.get(&(link.of, text.trim().to_owned())).cloned().or_else(|| self.by_key(link.of, text))
            }
            LinkId::Key(text) => self.by_key(link.of, text),
        }
    }

    fn by_key(&self, of: TypeId, text: &str) -> Option<Value> {
        let value = key_of_text(*self.keys.get(&of)?, text)?;
        self.by_key.contains(&(of, text_of(&value))).then_some(value)
    }

    /// The linked documents in order, each once.
    pub(crate) fn keys(&self, links: &[Link]) -> Vec<(TypeId, Value)> {
        let mut seen = HashSet::new();
        let found = links.iter().filter_map(|link| Some((link.of, self.key(link)?)));
        found.filter(|(of, key)| seen.insert((*of, text_of(key)))).collect()
    }

    /// The first of these links whose document does not exist.
    pub(crate) fn missing(&self, model: &Model, links: &[&Link], locale: &str) -> Option<Cause> {
        let missing = links.iter().find(|link| self.key(link).is_none())?;
        Some(missing_cause(model, missing, locale))
    }
}

/// A linked document that does not exist, or that the caller may not see.
pub(crate) fn missing_cause(model: &Model, link: &Link, locale: &str) -> Cause {
    let is_localized = model.content_type(link.of).localized;
    let (id, by_key) = match &link.id {
        LinkId::Document(id) => (id.clone(), false),
        LinkId::Key(key) => (key.clone(), true),
    };
    Cause::LinkMissing { of: link.of, id, locale: is_localized.then(|| locale.to_owned()), by_key }
}

/// The statuses that a link to a document of `target` names; null: none.
pub(crate) fn statuses(model: &Model, holder: TypeId, target: TypeId) -> Vec<Value> {
    match link_scope(model.content_type(holder), model.content_type(target)) {
        LinkScope::Document => vec![Value::Null],
        LinkScope::Status => vec![Value::Int(STATUS_DRAFT), Value::Int(STATUS_PUBLISHED)],
    }
}

/// The lists that the statements of a relation bind, by [`own`]. Where links name a status, each document stands once for each of its own.
pub(crate) fn own_lists(
    model: &Model,
    layout: &Layout,
    holder: TypeId,
    has_statuses: bool,
    keys: &[(TypeId, Value)],
) -> Vec<Value> {
    let (mut targets, mut types, mut linked, mut positions) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (index, (of, key)) in keys.iter().enumerate() {
        let statuses = if has_statuses { statuses(model, holder, *of) } else { vec![Value::Null] };
        for status in statuses {
            targets.push(key.clone());
            types.push(layout.type_word(*of));
            // A target without drafts in a table that names statuses has one version, which is published.
            linked.push(if status == Value::Null { Value::Int(STATUS_PUBLISHED) } else { status });
            positions.push(Value::Int(i64::try_from(index + 1).unwrap_or(i64::MAX)));
        }
    }
    let mut lists = vec![Value::Null; 4];
    lists[own::TARGETS] = Value::List(targets);
    lists[own::TYPES] = texts(types);
    lists[own::STATUSES] = Value::List(linked);
    lists[own::POSITIONS] = Value::List(positions);
    lists
}
