//! Which documents there are: gathered in the first pass, so that entries may link each other in any order.
//!
//! Most documents of a large seed have an id that is made from their key. Of those only ranges of keys are kept: a million rows take a few bytes.

use std::collections::{BTreeMap, HashMap};

use model::{ComponentId, TypeId};
use plan::Value;

use super::identity::number_of;

/// Documents whose id is not made from their key, at most: what memory allows.
pub const SEED_IDS_MAX: usize = 10_000_000;

/// Bit of a draft row.
pub(super) const DRAFT: u8 = 1;
/// Bit of a published row (every row of a type without drafts).
pub(super) const PUBLISHED: u8 = 2;

/// Every document of the seed and of the database.
#[derive(Debug, Default)]
pub(super) struct Index {
    types: Vec<Documents>,
    /// Greatest element id of each component.
    pub(super) elements: HashMap<ComponentId, i64>,
    /// Greatest entry number given of each type with locales.
    pub(super) entries: HashMap<TypeId, i64>,
}

/// Documents of one content type.
#[derive(Debug, Default)]
struct Documents {
    /// First and last key of documents with made ids and one version.
    made: BTreeMap<i64, i64>,
    named: HashMap<Box<str>, Document>,
    /// Greatest number among the keys.
    key_max: i64,
}

/// One document.
#[derive(Debug, Clone)]
struct Document {
    /// None: it gets one when all given keys are known.
    key: Option<Value>,
    /// Locale and bits of statuses.
    versions: Vec<(Box<str>, u8)>,
}

/// What an entry says of its document.
pub(super) struct Claim<'a> {
    pub(super) of: TypeId,
    pub(super) document_id: &'a str,
    pub(super) key: Option<Value>,
    pub(super) locale: &'a str,
    pub(super) statuses: u8,
    /// Documents of the type have several rows.
    pub(super) has_versions: bool,
}

/// Where a document is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) key: Value,
    pub(super) statuses: u8,
}

impl Index {
    pub(super) fn new(types: usize) -> Index {
        Index {
            types: (0..types).map(|_| Documents::default()).collect(),
            elements: HashMap::new(),
            entries: HashMap::new(),
        }
    }

    /// Notes a document version, or says what is wrong with it.
    pub(super) fn claim(&mut self, claim: &Claim<'_>) -> Result<(), String> {
        let documents = &mut self.types[usize::from(claim.of.0)];
        if let Some(Value::Int(key)) = claim.key {
            documents.key_max = documents.key_max.max(key);
            if !claim.has_versions && number_of(claim.document_id) == Some(key) {
                return documents.claim_made(key);
            }
        }
        documents.claim_named(claim)
    }

    /// The document with this public id.
    pub(super) fn find(&self, of: TypeId, document_id: &str) -> Option<Found> {
        let documents = &self.types[usize::from(of.0)];
        if let Some(key) = number_of(document_id).filter(|key| documents.has_made(*key)) {
            return Some(Found { key: Value::Int(key), statuses: PUBLISHED });
        }
        let document = documents.named.get(document_id)?;
        let statuses = document.versions.iter().fold(0, |all, (_, statuses)| all | statuses);
        Some(Found { key: document.key.clone()?, statuses })
    }

    /// The greatest key of these types, which share their numbers.
    pub(super) fn key_max(&self, types: &[TypeId]) -> i64 {
        types.iter().map(|of| self.types[usize::from(of.0)].key_max).max().unwrap_or(0)
    }

    /// Gives keys to the named documents that have none.
    pub(super) fn fill_keys(&mut self, of: TypeId, mut next: impl FnMut() -> Value) {
        let mut waiting: Vec<(&Box<str>, &mut Document)> =
            self.types[usize::from(of.0)].named.iter_mut().filter(|(_, document)| document.key.is_none()).collect();
        waiting.sort_by_key(|(document_id, _)| (*document_id).clone());
        for (_, document) in waiting {
            document.key = Some(next());
        }
    }
}

impl Documents {
    fn has_made(&self, key: i64) -> bool {
        self.made.range(..=key).next_back().is_some_and(|(_, last)| *last >= key)
    }

    fn claim_made(&mut self, key: i64) -> Result<(), String> {
        if self.has_made(key) {
            return Err([
                "the document with the id ",
                &key.to_string(),
                " is given twice or stands in the database already",
            ]
            .concat());
        }
        let before = self.made.range(..key).next_back().map(|(first, last)| (*first, *last));
        let first = before.filter(|(_, last)| *last == key - 1).map_or(key, |(first, _)| first);
        let last = self.made.remove(&(key + 1)).unwrap_or(key);
        self.made.insert(first, last);
        Ok(())
    }

    fn claim_named(&mut self, claim: &Claim<'_>) -> Result<(), String> {
        if self.named.len() >= SEED_IDS_MAX {
            return Err(["more than ", &SEED_IDS_MAX.to_string(), " documents with ids of their own"].concat());
        }
        let document = self
            .named
            .entry(claim.document_id.into())
            .or_insert_with(|| Document { key: claim.key.clone(), versions: Vec::new() });
        let known = document.versions.iter_mut().find(|(locale, _)| **locale == *claim.locale);
        match known {
            Some((_, statuses)) if *statuses & claim.statuses != 0 => {
                Err(["the document ", claim.document_id, " is given twice or stands in the database already"].concat())
            }
            Some((_, statuses)) => {
                *statuses |= claim.statuses;
                Ok(())
            }
            None => {
                document.versions.push((claim.locale.into(), claim.statuses));
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Claim, DRAFT, Index, PUBLISHED};
    use crate::seed::identity::document_id_of;
    use model::TypeId;
    use plan::Value;

    const OF: TypeId = TypeId(0);

    fn claim(document_id: &str, key: i64, statuses: u8) -> Claim<'_> {
        Claim { of: OF, document_id, key: Some(Value::Int(key)), locale: "", statuses, has_versions: statuses == DRAFT }
    }

    #[test]
    fn keys_in_any_order_become_ranges() {
        let mut index = Index::new(1);
        for key in [3, 1, 2, 7, 5, 6] {
            let id = document_id_of(&Value::Int(key)).expect("numbers give ids");
            index.claim(&claim(&id, key, PUBLISHED)).expect("all differ");
        }
        assert_eq!(index.types[0].made, [(1, 3), (5, 7)].into());
        let twice = document_id_of(&Value::Int(2)).expect("numbers give ids");
        assert!(index.claim(&claim(&twice, 2, PUBLISHED)).is_err());
        assert_eq!(index.find(OF, &twice).map(|found| found.key), Some(Value::Int(2)));
        assert_eq!(index.key_max(&[OF]), 7);
    }

    #[test]
    fn versions_of_a_document_share_its_first_key() {
        let mut index = Index::new(1);
        index.claim(&claim("abc", 1, DRAFT)).expect("new");
        let published = Claim { statuses: PUBLISHED, has_versions: true, ..claim("abc", 2, PUBLISHED) };
        index.claim(&published).expect("another version");
        let found = index.find(OF, "abc").expect("it was claimed");
        assert_eq!((found.key, found.statuses), (Value::Int(1), DRAFT | PUBLISHED));
        assert!(index.claim(&claim("abc", 1, DRAFT)).is_err());
    }
}
