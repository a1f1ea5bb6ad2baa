//! What a link names: a document, or one version of it.

use model::ContentType;

/// What a link to a document with versions names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkScope {
    /// The document. Who reads chooses the version: the wanted status and locale of the target.
    Document,
    /// The document and a status of it: draft and published have links of their own, in a link table with the target's status.
    Status,
}

/// What links of a relation name, by the side that holds them and the side that they point at.
///
/// A holder with drafts has a draft row and a published row, each with its own links, so that the status of the row at hand says which
/// version is meant. A holder without drafts has one row; if its target has drafts, the link itself must say whether the draft, the
/// published version or both are linked, because a plain write links both, a draft write only the draft, and publishing copies.
///
/// A locale is never part of a link: the reader takes the target's version in the locale that it wants.
///
/// Source: Strapi 5, relations between content types with and without drafts.
#[must_use]
pub fn link_scope(holder: &ContentType, target: &ContentType) -> LinkScope {
    if !holder.draft_and_publish && target.draft_and_publish { LinkScope::Status } else { LinkScope::Document }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{ContentType, DialectNames, Key, Place, Source};

    use super::{LinkScope, link_scope};

    fn content_type(draft_and_publish: bool, localized: bool) -> ContentType {
        ContentType {
            name: "Sample".to_owned(),
            plural: "Samples".to_owned(),
            description: None,
            names: DialectNames::default(),
            is_system: false,
            single: false,
            draft_and_publish,
            localized,
            key: Key::BigInt,
            keys: None,
            table: None,
            trash: None,
            history: 0,
            fields: Vec::new(),
            unique: Vec::new(),
            indexes: Vec::new(),
            rules: Vec::new(),
            groups: Vec::new(),
            renamed_from: Vec::new(),
            place: Place {
                source: Arc::new(Source { name: "sample".to_owned(), text: String::new() }),
                start: 0,
                end: 0,
            },
        }
    }

    /// (drafts, locales)
    type Versions = (bool, bool);

    /// Holder, target, what a link names.
    const TABLE: [(Versions, Versions, LinkScope); 16] = [
        ((false, false), (false, false), LinkScope::Document),
        ((false, false), (false, true), LinkScope::Document),
        ((false, false), (true, false), LinkScope::Status),
        ((false, false), (true, true), LinkScope::Status),
        ((false, true), (false, false), LinkScope::Document),
        ((false, true), (false, true), LinkScope::Document),
        ((false, true), (true, false), LinkScope::Status),
        ((false, true), (true, true), LinkScope::Status),
        ((true, false), (false, false), LinkScope::Document),
        ((true, false), (false, true), LinkScope::Document),
        ((true, false), (true, false), LinkScope::Document),
        ((true, false), (true, true), LinkScope::Document),
        ((true, true), (false, false), LinkScope::Document),
        ((true, true), (false, true), LinkScope::Document),
        ((true, true), (true, false), LinkScope::Document),
        ((true, true), (true, true), LinkScope::Document),
    ];

    #[test]
    fn every_pair_of_types() {
        for (holder, target, scope) in TABLE {
            let met = link_scope(&content_type(holder.0, holder.1), &content_type(target.0, target.1));
            assert_eq!(met, scope, "holder (drafts, locales) {holder:?}, target {target:?}");
        }
    }
}
