//! The dialects of Strapi 5 and Strapi 4: for each content type a query for one, for many, and mutations. Their names, scalars, filters,
//! components and faults are the same; what differs follows from the [`Edition`].
//!
//! What they serve, what they leave out and where they differ on purpose stands in `docs/dialects/strapi5.md` and `strapi4.md`.
//!
//! Source: dialect manual sections 2 to 9; the SDL that servers of Strapi 5.54 and 4.26 print.

mod accounts;
mod compatibility;
mod components;
mod content;
mod entities;
mod entity_roots;
mod faults;
mod files;
mod filters;
mod inputs;
mod names;
mod own;
mod roots;
mod scalars;

use indexmap::IndexMap;
use model::{ContentType, Model, Target, TypeId};
use plan::Boundary;
use serde_json::json;

use super::{Dialect, Options, SchemaFault};
use crate::binding::{
    Emptiness, FieldBinding, FilterRule, InputBinding, NullOperand, PageRule, RelationLogic, SortNames,
};
use crate::definition::{Definition, Definitions, EnumValue, Field, Input, Kind, Stands, TypeRef, VersionRule};
use crate::transport;
use names::Names;

/// The directive that renames a type or field in both dialects.
const FIX: &str = "@name(strapi: \"…\")";

/// The dialect of Strapi 5.
pub(super) static STRAPI5: Dialect = Dialect {
    name: Edition::Five.name(),
    transport: &transport::STRAPI5,
    boundary: Boundary::EachRoot,
    is_narrowed: false,
    definitions: |model, options| definitions(Edition::Five, model, options),
    faults: |model, list| faults::faults(Edition::Five, model, list),
    refused: faults::refused,
};

/// The dialect of Strapi 4.
pub(super) static STRAPI4: Dialect = Dialect {
    name: Edition::Four.name(),
    transport: &transport::STRAPI4,
    boundary: Boundary::EachRoot,
    is_narrowed: false,
    definitions: |model, options| definitions(Edition::Four, model, options),
    faults: |model, list| faults::faults(Edition::Four, model, list),
    refused: faults::refused_by_four,
};

/// Which Strapi is spoken. What both have in common asks for it nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edition {
    /// Entries inside `data { id attributes }`, one version of each, numbers as ids.
    Four,
    /// Flat documents with drafts and published versions beside each other.
    Five,
}

impl Edition {
    /// Its name in `dragoman.toml` and in messages.
    const fn name(self) -> &'static str {
        match self {
            Edition::Four => "strapi4",
            Edition::Five => "strapi5",
        }
    }
}

/// How filters are read: what is empty is ignored, relations are joined, a null operand asks for null.
const FILTER_RULE: FilterRule =
    FilterRule { empty: Emptiness::Ignored, relations: RelationLogic::Joined, null: NullOperand::IsNull };

/// Types under construction.
struct Draft<'a> {
    edition: Edition,
    model: &'a Model,
    names: Names,
    page: PageRule,
    /// Whether drafts may be shown without what is required.
    nullable_drafts: bool,
    /// Whether what is being shown may stand in a draft that lacks it.
    may_lack: bool,
    types: IndexMap<String, Definition>,
    owners: IndexMap<String, String>,
    faults: Vec<SchemaFault>,
    /// The fields of Strapi 4 stand beside those of Strapi 5.
    is_compatible: bool,
    /// Reasons by coordinate.
    deprecated: IndexMap<String, String>,
}

fn definitions(edition: Edition, model: &Model, options: &Options) -> Result<Definitions, Vec<SchemaFault>> {
    let page = PageRule::Clamped { limit_default: options.limit_default, limit_max: options.limit_max };
    let names = Names::of(edition, model);
    let (types, owners) = (IndexMap::new(), IndexMap::new());
    let mut draft = Draft {
        edition,
        model,
        names,
        page,
        nullable_drafts: options.nullable_drafts,
        may_lack: false,
        is_compatible: edition == Edition::Five && options.v4_compatibility,
        types,
        owners,
        faults: Vec::new(),
        deprecated: IndexMap::new(),
    };
    scalars::add(&mut draft);
    components::add(&mut draft);
    for (of, content_type) in types_of(model) {
        content::add(&mut draft, of, content_type);
        filters::add(&mut draft, of, content_type);
        inputs::add(&mut draft, of, content_type);
    }
    let (mut queries, mut mutations) = roots::fields(&mut draft);
    accounts::add(&mut draft, &mut queries, &mut mutations);
    match edition {
        Edition::Five => own::add(&mut draft, &mut queries, &mut mutations),
        Edition::Four => {}
    }
    draft.object("Query", edition.name(), Stands::Around, queries);
    draft.object("Mutation", edition.name(), Stands::Around, mutations);
    if !draft.faults.is_empty() {
        return Err(draft.faults);
    }
    let (query, mutation) = ("Query".to_owned(), "Mutation".to_owned());
    let versions = match edition {
        Edition::Four => VersionRule::OfEachField,
        Edition::Five => VersionRule::HandedDown,
    };
    let (types, deprecated) = (draft.types, draft.deprecated);
    Ok(Definitions { types, query, mutation, deprecated, versions, ..Definitions::default() })
}

/// Members of a type under construction, by name; a name that is given twice is a fault.
struct Members<T> {
    edition: Edition,
    owner: String,
    list: IndexMap<String, T>,
    faults: Vec<SchemaFault>,
}

impl<T> Members<T> {
    fn add(&mut self, name: &str, member: T) {
        if !is_name(name) {
            let (dialect, owner) = (self.edition.name(), self.owner.clone());
            self.faults.push(SchemaFault::NameInvalid { dialect, name: name.to_owned(), owner, fix: FIX });
        } else if self.list.insert(name.to_owned(), member).is_some() {
            let first = format!("another member of {}", self.owner);
            let second = [self.owner.as_str(), ".", name].concat();
            let fault =
                SchemaFault::NameTwice { dialect: self.edition.name(), name: name.to_owned(), first, second, fix: FIX };
            self.faults.push(fault);
        }
    }
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !name.starts_with("__")
}

impl Draft<'_> {
    /// Whether a field is never null in an answer.
    fn is_required(&self, declared: &model::Field) -> bool {
        declared.required && !self.may_lack
    }

    /// No members yet of a type that `owner` gives.
    fn members<T>(&self, owner: &str) -> Members<T> {
        Members { edition: self.edition, owner: owner.to_owned(), list: IndexMap::new(), faults: Vec::new() }
    }

    fn add(&mut self, name: &str, owner: &str, description: Option<&str>, kind: Kind) {
        if let Some(first) = self.owners.insert(name.to_owned(), owner.to_owned()) {
            let (name, second) = (name.to_owned(), owner.to_owned());
            self.faults.push(SchemaFault::NameTwice { dialect: self.edition.name(), name, first, second, fix: FIX });
        }
        self.types.insert(name.to_owned(), Definition { description: description.map(str::to_owned), kind });
    }

    fn object(&mut self, name: &str, owner: &str, stands: Stands, fields: Members<Field>) {
        self.faults.extend(fields.faults);
        self.add(name, owner, None, Kind::Object { stands, fields: fields.list });
    }

    fn input(&mut self, name: &str, owner: &str, members: Members<Input>) {
        self.faults.extend(members.faults);
        self.add(name, owner, None, Kind::Input(members.list));
    }

    fn describe(&mut self, name: &str, description: Option<&String>) {
        if let (Some(definition), Some(text)) = (self.types.get_mut(name), description) {
            definition.description = Some(text.clone());
        }
    }

    /// `filters, pagination, sort` of a list of rows or elements.
    fn list_arguments(&self, filters: &str) -> IndexMap<String, Input> {
        let mut arguments = IndexMap::new();
        arguments.insert("filters".to_owned(), input(TypeRef::named(filters), InputBinding::Filter(FILTER_RULE)));
        let pagination =
            Input { default: Some(json!({})), ..input(TypeRef::named("PaginationArg"), InputBinding::Paging) };
        arguments.insert("pagination".to_owned(), pagination);
        let names = match self.edition {
            // The id is a bound field of the entity.
            Edition::Four => SortNames { key: None, around: true },
            Edition::Five => SortNames { key: Some("id"), around: false },
        };
        let binding = InputBinding::SortPaths(names);
        let sort = Input { default: Some(json!([])), ..input(TypeRef::named("String").list(), binding) };
        arguments.insert("sort".to_owned(), sort);
        arguments
    }
}

fn input(of: TypeRef, binding: InputBinding) -> Input {
    Input { description: None, of, default: None, binding }
}

fn field(of: TypeRef, binding: FieldBinding) -> Field {
    Field { description: None, arguments: IndexMap::new(), of, binding }
}

fn value(binding: crate::binding::ValueBinding) -> EnumValue {
    EnumValue { description: None, binding }
}

/// Types that Strapi's graph shows. Tokens of programs are not among them there: they are shown where the project names them.
fn types_of(model: &Model) -> impl Iterator<Item = (TypeId, &ContentType)> {
    model.shown_types().filter(|(of, content_type)| !content_type.is_token() || is_named(model, *of))
}

/// Whether a relation leads to the type, or a field of the project's own API has it.
fn is_named(model: &Model, of: TypeId) -> bool {
    let fields = model.types.iter().flat_map(|of| &of.fields).chain(model.components.iter().flat_map(|of| &of.fields));
    let mut relations = fields.filter_map(model::Field::relation);
    let name = &model.content_type(of).name;
    relations.any(|relation| relation.target == Target::Type(of)) || model.own.iter().any(|own| own.mentions(name))
}

/// Types that have mutations: those of the project. Users, roles and files are written in their own ways.
fn is_writable(content_type: &ContentType) -> bool {
    !content_type.is_system
}
