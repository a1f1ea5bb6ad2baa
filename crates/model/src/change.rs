//! The difference of two models as a closed list: what a migration has to do to the tables and rows of the first to serve the second.
//!
//! Only what is stored counts. Descriptions, rules of roles, names in dialects, private, read-only, defaults and where a UID comes from
//! change an API, not a table, and are no change here; nor is anything about an imported table, which is never altered.
//!
//! The order of the list can be followed: renames first, then what loosens (indexes, unique keys and required fields go), new types, what
//! happens to whole types, fields that go, fields that come, fields that change, what tightens, and at last the types that go.

mod conversion;
mod difference;
mod matching;
mod text;

pub use conversion::Conversion;
pub use difference::changes;

use crate::{ComponentId, EnumId, FieldId, TypeId};

/// The same thing in both models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pair<T> {
    /// Its id in the model before.
    pub before: T,
    /// Its id in the model after.
    pub after: T,
}

/// Whose field it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A column, a link table or a component column of a content type.
    Type(TypeId),
    /// A member of a component: a member of JSON elements, or links of `component_link`.
    Component(ComponentId),
}

/// A field of one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FieldAt {
    /// Whose.
    pub owner: Owner,
    /// Which.
    pub field: FieldId,
}

/// What existing rows get in a field that is new to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fill {
    /// Nothing is stored here, or null will do.
    Nothing,
    /// The field's default.
    Default,
    /// A value is required and none is given: published rows that exist stand in the way.
    Missing,
}

/// One difference. Ids alone mean the model in which the thing exists: what is added the one after, what is removed the one before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Change {
    /// A new content type, with all its fields, keys and indexes.
    TypeAdded(TypeId),
    /// A content type goes, with all its rows.
    TypeRemoved(TypeId),
    /// A content type that is in both models.
    Type(Pair<TypeId>, TypeChange),
    /// A new component.
    ComponentAdded(ComponentId),
    /// A component goes; the fields that held it are changes of their own.
    ComponentRemoved(ComponentId),
    /// Category or short name changed: the word kept with each element.
    ComponentRenamed(Pair<ComponentId>),
    /// A field of a type or component that is in both models comes.
    FieldAdded {
        /// Which, in the model after.
        field: FieldAt,
        /// What existing rows get.
        fill: Fill,
    },
    /// A field of a type or component that is in both models goes.
    FieldRemoved(FieldAt),
    /// A field that is in both models.
    Field(Pair<FieldAt>, FieldChange),
    /// The two sides of a relation exchange who owns it: links move from the first field to the second.
    OwnerSwapped {
        /// The owner before.
        from: Pair<FieldAt>,
        /// The owner after.
        to: Pair<FieldAt>,
    },
    /// An enum that is in both models.
    Enum(Pair<EnumId>, EnumChange),
    /// A composite unique key goes: its position in the type's list before.
    UniqueKeyRemoved(TypeId, usize),
    /// A composite unique key comes: its position in the type's list after.
    UniqueKeyAdded(TypeId, usize),
    /// A declared index goes: its position in the type's list before.
    IndexRemoved(TypeId, usize),
    /// A declared index comes: its position in the type's list after.
    IndexAdded(TypeId, usize),
}

/// What changes about a content type as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TypeChange {
    /// It has a new name (`@renamedFrom`).
    Renamed,
    /// Documents have a draft and a published version.
    DraftsOn,
    /// Documents have one version only.
    DraftsOff,
    /// Documents have a version for each locale.
    LocalesOn,
    /// Documents have one language only.
    LocalesOff,
    /// A list becomes a single type.
    SingleOn,
    /// A single type becomes a list.
    SingleOff,
    /// Keys are of another kind.
    Key,
    /// Keys are drawn from another sequence.
    KeySequence,
    /// It had a table of its own and is an imported one now.
    TableImported,
    /// It was an imported table and has one of its own now.
    TableOwned,
    /// Deleted rows are kept from now on.
    TrashOn,
    /// Deleted rows are not kept any more.
    TrashOff,
    /// Another number of versions is kept.
    History,
}

/// What changes about a field that is in both models.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FieldChange {
    /// It has a new name (`@renamedFrom`).
    Renamed,
    /// A scalar or enum field holds another kind, or a list, or no list any more.
    Scalar(Conversion),
    /// A to-one relation becomes a list.
    ToMany,
    /// A list of relations becomes a to-one.
    ToOne,
    /// A relation points at other types. Links to types that it still points at stay.
    Retargeted {
        /// Types before that it does not point at any more.
        lost: Vec<TypeId>,
    },
    /// A relation becomes two-way or one-way, or has another other side.
    Side,
    /// One component becomes a list of it.
    RepeatableOn,
    /// A list of components becomes one of it.
    RepeatableOff,
    /// A dynamic zone takes this component (an id after), which it did not take.
    ZoneMemberAdded(ComponentId),
    /// A dynamic zone takes this component (an id before) no more.
    ZoneMemberRemoved(ComponentId),
    /// It may differ between locales from now on.
    LocalizedOn,
    /// It does not differ between locales any more.
    LocalizedOff,
    /// Length, range, number of items or pattern changed.
    Bounds,
    /// It is required.
    RequiredOn,
    /// It may be missing.
    RequiredOff,
    /// It is unique, or only one row may be null.
    UniqueOn,
    /// It need not be unique any more, or several rows may be null.
    UniqueOff,
}

/// What changes about the words of an enum that is in both models. Numbers are positions in the list of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EnumChange {
    /// The text that is stored for a word changed.
    Renamed(Pair<usize>),
    /// A word comes.
    Added(usize),
    /// A word goes.
    Removed(usize),
}
