//! Changes: which document, which fields, and what the answer shows.

use model::{ComponentId, FieldId, TypeId};

use crate::{Filter, HoleId, Locale, Select};

/// One change of documents of one content type.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// Which content type.
    pub of: TypeId,
    /// What is done.
    pub action: WriteAction,
    /// What the answer shows.
    pub answer: Answer,
    /// Added by `authorize`: what the caller's rules ask of rows.
    pub rules: RowRules,
}

/// What the rules of a caller ask of the rows that a change touches.
#[derive(Debug, Clone, PartialEq)]
pub struct RowRules {
    /// What the row must meet before (update, delete) and after (create, update).
    pub row: Filter,
    /// Published versions (those of a type without drafts are) that the caller may see.
    pub seen_published: Filter,
    /// Drafts that the caller may see. A document of which it may see no version is missing for it: a refusal would tell that it is there.
    pub seen_draft: Filter,
    /// What rows that lose a link must meet.
    pub losing: Vec<Losing>,
    /// What published rows of other types must meet that get or lose a link as this document is published: they hold the links of this side, and
    /// become what their drafts are.
    pub publishing: Vec<Losing>,
}

/// Rows beside the written one that lose a link when a field is given: the other type's, which hold the links of this side, or this type's own, whose
/// partner is taken from them.
#[derive(Debug, Clone, PartialEq)]
pub struct Losing {
    /// The relation of the written type.
    pub field: FieldId,
    /// The content type of the rows.
    pub of: TypeId,
    /// What each of them must meet.
    pub rule: Filter,
}

impl Default for RowRules {
    /// Nothing is asked.
    fn default() -> RowRules {
        RowRules {
            row: Filter::All,
            seen_published: Filter::All,
            seen_draft: Filter::All,
            losing: Vec::new(),
            publishing: Vec::new(),
        }
    }
}

/// What is done.
#[derive(Debug, Clone, PartialEq)]
pub enum WriteAction {
    /// Make a document.
    Create {
        /// Its fields.
        data: Data,
        /// Which versions are written.
        version: WriteVersion,
        /// Which locale.
        locale: Locale,
    },
    /// Change a document; nothing when there is none (then the answer is null), or make it (`or_create`, a single type).
    Update {
        /// Which document.
        find: Find,
        /// The fields that change.
        data: Data,
        /// Which versions are written.
        version: WriteVersion,
        /// Which locale; a new one is made from the document's shared fields.
        locale: Locale,
        /// Make it when there is none.
        or_create: bool,
    },
    /// Remove a document, or one locale of it.
    Delete {
        /// Which document.
        find: Find,
        /// Which locale.
        locale: Locale,
        /// A missing document is a fault ([`crate::Cause::NotFound`]); otherwise nothing happens.
        must_exist: bool,
    },
}

/// Which document is meant.
#[derive(Debug, Clone, PartialEq)]
pub enum Find {
    /// The one with this public id.
    DocumentId(HoleId),
    /// The one with this key.
    Key(HoleId),
    /// The one of which a locale has this entry number; that locale is meant.
    Entry(HoleId),
    /// The one of which a locale has this entry number; the locale written is a new one of it.
    BesideEntry(HoleId),
    /// The one with these values of fields that are unique, alone or together; none stands for null.
    Unique(Vec<(FieldId, Option<HoleId>)>),
    /// The only one (a single type).
    Single,
}

/// Which versions are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WriteVersion {
    /// The type has no drafts.
    Only,
    /// The draft; lower bounds and required fields are not asked of it.
    Draft,
    /// The draft, then the published row as a copy of it; all rules hold.
    Published,
    /// As [`WriteVersion::Published`], published at this instant.
    PublishedAt(HoleId),
    /// The draft, and the published row where there is one. All rules hold for what is published, and for a new document.
    AsPresent,
    /// The draft, as [`WriteVersion::Draft`]; the published row goes.
    Unpublished,
}

impl WriteVersion {
    /// Whether the published row becomes a copy of the draft.
    #[must_use]
    pub fn publishes(self) -> bool {
        match self {
            WriteVersion::Published | WriteVersion::PublishedAt(_) => true,
            WriteVersion::Only | WriteVersion::Draft | WriteVersion::AsPresent | WriteVersion::Unpublished => false,
        }
    }

    /// Whether what readers of published rows see may change with it; `is_new`: of a document that is made.
    #[must_use]
    pub fn reaches_published(self, is_new: bool) -> bool {
        match self {
            WriteVersion::Published | WriteVersion::PublishedAt(_) => true,
            WriteVersion::AsPresent | WriteVersion::Unpublished => !is_new,
            WriteVersion::Only | WriteVersion::Draft => false,
        }
    }
}

/// Fields of a document or a component element and what is given for them, in the order of the model's fields.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Data {
    /// Absent fields keep their value (update) or take their default (create).
    pub assignments: Vec<Assignment>,
}

/// One field and what is given for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// Which field.
    pub field: FieldId,
    /// What is given.
    pub given: Given,
}

/// What is given for a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// Null: the field is emptied.
    Null,
    /// A scalar, an enum word, a list of them.
    Value(HoleId),
    /// A value that the product itself gives to a field marked `@engine`, which no caller may give: it needs no grant for the field.
    Engine(HoleId),
    /// A number added to the present one.
    Increment(HoleId),
    /// A value, or each of a list of them, put behind those that a list has.
    Append(HoleId),
    /// The documents linked from now on, in this order, none twice.
    Links(Links),
    /// Documents put behind those that are linked, in this order; one that is linked already stays in its place. For a relation to many that this
    /// side holds: each version that is written keeps what else it links.
    AddedLinks(Links),
    /// Linked documents of several content types, in this order.
    TypedLinks(Vec<(TypeId, Links)>),
    /// The elements of a component field from now on (one for a single component). An element with an id that the row has is changed in place.
    Elements(Vec<Element>),
}

/// Documents that are linked.
#[derive(Debug, Clone, PartialEq)]
pub struct Links {
    /// A list of texts; one text or null for a to-one relation.
    pub ids: HoleId,
    /// How they are named.
    pub kind: LinkKind,
    /// Which documents the caller may see: another one is missing. Added by `authorize`.
    pub visible: Filter,
}

/// How a linked document is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// By its public id.
    DocumentId,
    /// By its key.
    Key,
    /// By the entry number of one of its locales.
    Entry,
    /// Text that begins with a digit is read as a key (what it has of digits), all else as a public id: Strapi 5's rule.
    Either,
}

/// One component element that is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// Which component.
    pub component: ComponentId,
    /// The id of the element that is changed in place.
    pub id: Option<HoleId>,
    /// Its members.
    pub data: Data,
}

/// What the answer to a change shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The row, read again through this select (its `from` is [`crate::From::Written`]) before the transaction ends; a deleted row is read
    /// before it goes. Null when no document was met.
    Row(Box<Select>),
    /// An object.
    Wrap(Vec<AnswerEntry>),
}

impl Answer {
    /// The selects that show the row.
    pub fn selects_mut(&mut self) -> Vec<&mut Select> {
        match self {
            Answer::Row(select) => vec![select],
            Answer::Wrap(entries) => entries.iter_mut().flat_map(AnswerEntry::selects_mut).collect(),
        }
    }
}

impl AnswerEntry {
    fn selects_mut(&mut self) -> Vec<&mut Select> {
        match &mut self.value {
            AnswerValue::Row(select) => vec![select],
            AnswerValue::Wrap(entries) => entries.iter_mut().flat_map(AnswerEntry::selects_mut).collect(),
            AnswerValue::Constant(_)
            | AnswerValue::Echo(_)
            | AnswerValue::DocumentId
            | AnswerValue::Affected
            | AnswerValue::Made(_)
            | AnswerValue::MadeList(..) => Vec::new(),
        }
    }
}

/// One entry of an object that answers a change.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerEntry {
    /// Key in the answer.
    pub key: String,
    /// What it is.
    pub value: AnswerValue,
}

/// One entry of an object in a list that a command has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeEntry {
    /// Key in the answer.
    pub key: String,
    /// Member of the object; none: [`MadeEntry::constant`].
    pub member: Option<&'static str>,
    /// A value known already. JSON text.
    pub constant: String,
}

/// What stands under a key of an object that answers a change.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerValue {
    /// A value known already. JSON text.
    Constant(String),
    /// A value of the request, given back.
    Echo(HoleId),
    /// The public id of the document that was written or removed.
    DocumentId,
    /// Number of documents written.
    Affected,
    /// What a command has made under this name; null where it has made nothing.
    Made(&'static str),
    /// Members of each object of a list that a command has made under this name.
    MadeList(&'static str, Vec<MadeEntry>),
    /// An object.
    Wrap(Vec<AnswerEntry>),
    /// The row, as [`Answer::Row`].
    Row(Box<Select>),
}
