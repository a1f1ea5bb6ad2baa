//! The checked model. Lists are in the order of the text; ids are indexes into them.

use serde_json::Value;

use crate::{ColumnName, Condition, Job, JobId, OwnType, Place, Repository, StatusSensor};

macro_rules! index {
    ($(#[$doc:meta] $name:ident),+ $(,)?) => { $(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u16);
    )+ };
}
index!(
    /// Index into [`Model::types`].
    TypeId,
    /// Index into the `fields` of a content type or component: means nothing without its owner.
    FieldId,
    /// Index into [`Model::components`].
    ComponentId,
    /// Index into [`Model::zones`].
    ZoneId,
    /// Index into [`Model::groups`].
    GroupId,
    /// Index into [`Model::enums`].
    EnumId,
);

/// Everything that a project declares, checked. System types (`User`, `Role`, `Media`, `I18nLocale`, `ApiToken`, those of the workflow engine) stand first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Model {
    /// Content types.
    pub types: Vec<ContentType>,
    /// Components.
    pub components: Vec<Component>,
    /// Dynamic zones: unions of components.
    pub zones: Vec<Zone>,
    /// Interfaces and unions of content types.
    pub groups: Vec<Group>,
    /// Enums.
    pub enums: Vec<Enum>,
    /// The project's own API, as written. It has no tables: differences of models do not look at it.
    pub own: Vec<OwnType>,
    /// Jobs.
    pub jobs: Vec<Job>,
    /// Repositories of jobs, in the order in which they are named; locations stand in the order of their first.
    pub repositories: Vec<Repository>,
    /// Programs that are told of runs.
    pub status_sensors: Vec<StatusSensor>,
}

/// A type with a table.
#[derive(Debug, Clone, PartialEq)]
pub struct ContentType {
    /// Name in SDL, `BlogPost`.
    pub name: String,
    /// The list's name in words of the SDL name, `BlogPosts`.
    pub plural: String,
    /// Shown to API users.
    pub description: Option<String>,
    /// Other names in single dialects.
    pub names: DialectNames,
    /// A type that the product brings (`User`, `Role`, `Media`, `I18nLocale`, `ApiToken`, those of the workflow engine).
    pub is_system: bool,
    /// At most one document.
    pub single: bool,
    /// Documents have a draft and a published version.
    pub draft_and_publish: bool,
    /// Documents have a version for each locale.
    pub localized: bool,
    /// What the key is.
    pub key: Key,
    /// Types with the same word draw their keys from one sequence.
    pub keys: Option<String>,
    /// An imported table, served as it is.
    pub table: Option<String>,
    /// How long deleted rows stay restorable.
    pub trash: Option<std::time::Duration>,
    /// Versions kept of each document; 0 keeps none.
    pub history: u32,
    /// The fields.
    pub fields: Vec<Field>,
    /// Composite unique keys (a single field's stands on the field).
    pub unique: Vec<UniqueKey>,
    /// Declared indexes.
    pub indexes: Vec<Index>,
    /// Who may do what with its rows.
    pub rules: Vec<Rule>,
    /// Interfaces and unions that it is a member of.
    pub groups: Vec<GroupId>,
    /// Former names, for migration.
    pub renamed_from: Vec<String>,
    /// Where it is declared.
    pub place: Place,
}

/// Values owned by a document, kept inside its row.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Name in SDL.
    pub name: String,
    /// Category, kebab-case.
    pub category: String,
    /// Name within the category, kebab-case.
    pub short_name: String,
    /// Shown to API users.
    pub description: Option<String>,
    /// Other names in single dialects.
    pub names: DialectNames,
    /// Its members; none is unique or indexed inside a list.
    pub fields: Vec<Field>,
    /// Former names, for migration.
    pub renamed_from: Vec<String>,
    /// Where it is declared.
    pub place: Place,
}

/// A dynamic zone: what a list of components may hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    /// Name in SDL.
    pub name: String,
    /// Other names in single dialects.
    pub names: DialectNames,
    /// Components allowed, in order.
    pub members: Vec<ComponentId>,
    /// Where it is declared.
    pub place: Place,
}

/// An interface or a union whose members are content types: a target of relations and of own root fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Name in SDL.
    pub name: String,
    /// Other names in single dialects.
    pub names: DialectNames,
    /// Which of the two.
    pub kind: GroupKind,
    /// Shown to API users.
    pub description: Option<String>,
    /// Content types in it, in order of declaration.
    pub members: Vec<TypeId>,
    /// Where it is declared.
    pub place: Place,
}

/// Interface or union.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKind {
    /// Members share declared fields.
    Interface,
    /// Members share nothing.
    Union,
}

/// An enum.
#[derive(Debug, Clone, PartialEq)]
pub struct Enum {
    /// Name in SDL.
    pub name: String,
    /// Other names in single dialects.
    pub names: DialectNames,
    /// Shown to API users.
    pub description: Option<String>,
    /// Its values in order.
    pub values: Vec<EnumValue>,
    /// Former names, for migration.
    pub renamed_from: Vec<String>,
    /// Where it is declared.
    pub place: Place,
}

/// One value of an enum.
#[derive(Debug, Clone, PartialEq)]
pub struct EnumValue {
    /// The word that clients send and see.
    pub name: String,
    /// The text that is stored, sorted and filtered by; the name unless `@raw` says otherwise.
    pub raw: String,
    /// Shown to API users.
    pub description: Option<String>,
    /// Former words, for migration.
    pub renamed_from: Vec<String>,
}

/// A field of a content type, or a member of a component.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Name in SDL; never begins with `_`.
    pub name: String,
    /// Shown to API users.
    pub description: Option<String>,
    /// What it holds.
    pub kind: FieldKind,
    /// `!` in SDL: holds when published.
    pub required: bool,
    /// In no output, filter, sort, aggregate or error, for any role; writable.
    pub private: bool,
    /// In no generated input.
    pub read_only: bool,
    /// Written by the engine alone; implies `read_only`.
    pub engine: bool,
    /// Differs between locales.
    pub localized: bool,
    /// No two rows alike.
    pub unique: Option<Unique>,
    /// Value of a new document where none is given, in the form of the API's input (an enum by its word).
    pub default: Option<Value>,
    /// Bounds of its values.
    pub rules: Rules,
    /// For a UID: the field that it is made from.
    pub uid_from: Option<FieldId>,
    /// Other names in single dialects.
    pub names: DialectNames,
    /// Former names, for migration.
    pub renamed_from: Vec<String>,
    /// Where it is declared.
    pub place: Place,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldKind {
    /// A scalar, or a list of them.
    Scalar {
        /// Which.
        scalar: Scalar,
        /// A list, kept as JSON.
        list: bool,
    },
    /// A word of an enum, or a list of them.
    Enum {
        /// Which.
        of: EnumId,
        /// A list, kept as JSON.
        list: bool,
    },
    /// Other documents; media too, as a relation to the system type `Media`.
    Relation(Relation),
    /// One component, or a list of them.
    Component {
        /// Which.
        of: ComponentId,
        /// A list.
        repeatable: bool,
    },
    /// A list of components of several types.
    Zone {
        /// Which may stand in it.
        of: ZoneId,
    },
}

/// Scalars of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// Text, one line as a rule.
    String,
    /// Text, several lines.
    Text,
    /// Markdown.
    RichText,
    /// A JSON list of block nodes.
    Blocks,
    /// An e-mail address.
    Email,
    /// Kept as a hash; never read.
    Password,
    /// Letters, digits and `-_.~`, unique.
    Uid,
    /// Opaque text.
    Id,
    /// 32 bits.
    Int,
    /// 64 bits.
    BigInt,
    /// A double.
    Float,
    /// Exact.
    Decimal,
    /// True or false.
    Boolean,
    /// A day.
    Date,
    /// A time of day, milliseconds.
    Time,
    /// An instant, microseconds.
    DateTime,
    /// A length of time.
    Interval,
    /// Any JSON.
    Json,
    /// 128 bits.
    Uuid,
}

/// A link to other documents. Which kind it is follows from `many` here and on the other side.
#[derive(Debug, Clone, PartialEq)]
pub struct Relation {
    /// What it points at.
    pub target: Target,
    /// A list.
    pub many: bool,
    /// Whether the other side sees it, and which side owns it.
    pub side: Side,
    /// For a media field: what it takes.
    pub media: Option<MediaRule>,
}

/// What a relation points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Documents of one content type.
    Type(TypeId),
    /// Documents of several.
    Group(GroupId),
}

/// The two ends of a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Seen from here only.
    OneWay,
    /// This side's order and name count; the other side is this field of the target.
    Owner {
        /// Field of the target type.
        inverse: FieldId,
    },
    /// The other side's order and name count.
    Inverse {
        /// Field of the target type.
        owner: FieldId,
    },
}

/// Kinds of files that a media field takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaRule {
    /// Never empty.
    pub allow: Vec<MediaKind>,
}

/// Kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// Sound.
    Audio,
    /// Anything else.
    File,
}

/// What `@unique` asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unique {
    /// At most one row with null; otherwise null is never a duplicate.
    pub nulls_equal: bool,
}

/// A composite unique key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniqueKey {
    /// At least two, in order.
    pub fields: Vec<FieldId>,
    /// At most one row with null.
    pub nulls_equal: bool,
}

/// An index that the project declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Columns in order, each descending or not.
    pub fields: Vec<(ColumnName, bool)>,
}

/// Bounds of a field's values. Lower bounds hold when published, upper bounds for drafts, too.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rules {
    /// Fewest and most characters.
    pub length: (Option<u32>, Option<u32>),
    /// Least and greatest number, as exact decimal digits.
    pub range: (Option<String>, Option<String>),
    /// Fewest and most items of a list.
    pub items: (Option<u32>, Option<u32>),
    /// Regular expression that the whole text must match, as written and known to compile; see [`Rules::pattern_of_whole`].
    pub pattern: Option<String>,
}

/// The key of a content type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// 64 bits from a sequence.
    BigInt,
    /// UUID, version 7 where made here.
    Uuid,
    /// Text given by the writer.
    Text,
    /// The key columns of an imported table.
    Columns(Vec<String>),
}

/// Names that differ in a dialect from the made ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DialectNames {
    /// In strapi5 and strapi4.
    pub strapi: Option<String>,
    /// In strapi4, where it is another than in strapi5.
    pub strapi4: Option<String>,
    /// In hasura.
    pub hasura: Option<String>,
}

/// What a caller may want to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Read published rows.
    Find,
    /// Read drafts.
    ReadDraft,
    /// Make a document.
    Create,
    /// Change one.
    Update,
    /// Remove one.
    Delete,
    /// Publish and unpublish.
    Publish,
    /// Start a job.
    Launch,
    /// Stop a run.
    Cancel,
    /// Administer runs.
    Operate,
}

/// Lets a role do something; what no rule allows is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Name of the role; `public` is everybody without a token.
    pub role: String,
    /// What it may do.
    pub actions: Vec<Action>,
    /// The rows it holds for; none: all.
    pub condition: Option<Condition>,
    /// The fields it holds for; none: all.
    pub fields: Option<Vec<FieldId>>,
}

impl Model {
    /// The content type of this id.
    #[must_use]
    pub fn content_type(&self, id: TypeId) -> &ContentType {
        &self.types[usize::from(id.0)]
    }

    /// The component of this id.
    #[must_use]
    pub fn component(&self, id: ComponentId) -> &Component {
        &self.components[usize::from(id.0)]
    }

    /// The zone of this id.
    #[must_use]
    pub fn zone(&self, id: ZoneId) -> &Zone {
        &self.zones[usize::from(id.0)]
    }

    /// The group of this id.
    #[must_use]
    pub fn group(&self, id: GroupId) -> &Group {
        &self.groups[usize::from(id.0)]
    }

    /// The enum of this id.
    #[must_use]
    pub fn enumeration(&self, id: EnumId) -> &Enum {
        &self.enums[usize::from(id.0)]
    }

    /// Every content type that generated dialects show, with its id: all but those of the workflow engine.
    pub fn shown_types(&self) -> impl Iterator<Item = (TypeId, &ContentType)> {
        self.content_types().filter(|(_, of)| !of.is_of_engine())
    }

    /// Every content type with its id.
    pub fn jobs_by_id(&self) -> impl Iterator<Item = (JobId, &Job)> {
        (0u16..).map(JobId).zip(&self.jobs)
    }

    /// The job of this id.
    #[must_use]
    pub fn job(&self, id: JobId) -> &Job {
        &self.jobs[usize::from(id.0)]
    }

    /// Every content type with its id.
    pub fn content_types(&self) -> impl Iterator<Item = (TypeId, &ContentType)> {
        (0u16..).map(TypeId).zip(&self.types)
    }

    /// The content type with this SDL name.
    #[must_use]
    pub fn type_named(&self, name: &str) -> Option<TypeId> {
        self.content_types().find(|(_, of)| of.name == name).map(|(id, _)| id)
    }

    /// Whether the rows of this side hold the links: of a one-to-many relation those of the to-one side do, otherwise the owner's.
    #[must_use]
    pub fn holds_links(&self, relation: &Relation) -> bool {
        let Some((of, other)) = self.other_side(relation) else { return true };
        let other_many = self.content_type(of).field(other).relation().is_some_and(|other| other.many);
        match (relation.many, other_many) {
            (false, true) => true,
            (true, false) => false,
            (true, true) | (false, false) => matches!(relation.side, Side::Owner { .. } | Side::OneWay),
        }
    }

    /// The other end of a two-way relation: the target's field that shows it.
    #[must_use]
    pub fn other_side(&self, relation: &Relation) -> Option<(TypeId, FieldId)> {
        let (Target::Type(target), Side::Owner { inverse: field } | Side::Inverse { owner: field }) =
            (relation.target, relation.side)
        else {
            return None;
        };
        Some((target, field))
    }
}

impl ContentType {
    /// Whether it is the product's own type of uploaded files.
    #[must_use]
    pub fn is_media(&self) -> bool {
        self.is_system && self.name == "Media"
    }

    /// Whether it is the product's own type of tokens that programs call with.
    #[must_use]
    pub fn is_token(&self) -> bool {
        self.is_system && self.name == "ApiToken"
    }

    /// Whether it is one of the workflow engine's types, which only dialects that bind it show.
    #[must_use]
    pub fn is_of_engine(&self) -> bool {
        self.is_system && self.name.starts_with('_')
    }

    /// The field of this id.
    #[must_use]
    pub fn field(&self, id: FieldId) -> &Field {
        &self.fields[usize::from(id.0)]
    }

    /// Every field with its id.
    pub fn fields_by_id(&self) -> impl Iterator<Item = (FieldId, &Field)> {
        (0u16..).map(FieldId).zip(&self.fields)
    }

    /// The field with this SDL name.
    #[must_use]
    pub fn field_named(&self, name: &str) -> Option<FieldId> {
        self.fields_by_id().find(|(_, field)| field.name == name).map(|(id, _)| id)
    }

    /// What the language calls a column of this type: a field by its own name, a system column by strapi5's.
    #[must_use]
    pub fn column_word(&self, column: ColumnName) -> &str {
        match column {
            ColumnName::Field(field) => &self.field(field).name,
            ColumnName::System(system) => system.word(),
        }
    }

    /// Its documents have several rows: a document table stands beside the row table.
    #[must_use]
    pub fn has_versions(&self) -> bool {
        self.draft_and_publish || self.localized
    }
}

impl Rules {
    /// The pattern between anchors: found in a text exactly when the whole text matches what was written.
    #[must_use]
    pub fn pattern_of_whole(&self) -> Option<String> {
        self.pattern.as_ref().map(|pattern| [r"\A(?:", pattern, r")\z"].concat())
    }
}

impl Component {
    /// The member of this id.
    #[must_use]
    pub fn field(&self, id: FieldId) -> &Field {
        &self.fields[usize::from(id.0)]
    }

    /// Every member with its id.
    pub fn fields_by_id(&self) -> impl Iterator<Item = (FieldId, &Field)> {
        (0u16..).map(FieldId).zip(&self.fields)
    }

    /// `category.short-name`, the word kept in `__component`.
    #[must_use]
    pub fn uid(&self) -> String {
        [self.category.as_str(), self.short_name.as_str()].join(".")
    }
}

impl Field {
    /// Never read by anybody: private, or a password.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.private || matches!(self.kind, FieldKind::Scalar { scalar: Scalar::Password, .. })
    }

    /// The relation it is, if it is one.
    #[must_use]
    pub fn relation(&self) -> Option<&Relation> {
        match &self.kind {
            FieldKind::Relation(relation) => Some(relation),
            FieldKind::Scalar { .. }
            | FieldKind::Enum { .. }
            | FieldKind::Component { .. }
            | FieldKind::Zone { .. } => None,
        }
    }
}
