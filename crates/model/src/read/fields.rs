//! Fields of content types and members of components: what they hold, and the directives that stand on them.

use apollo_compiler::ast::{Directive, DirectiveLocation, FieldDefinition, Type};
use apollo_compiler::schema::{Component as Part, ObjectType};
use apollo_compiler::{Name, Node};

use super::catalog::Named;
use super::{Env, Faults, arguments, declarations, literals, restrictions};
use crate::{
    Diagnostic, DialectNames, Field, FieldKind, MediaKind, MediaRule, Place, Relation, Rules, Scalar, Side, Target,
    Unique,
};

/// Fields of one type at most.
pub const FIELDS_MAX: usize = 1_000;

/// Directives that bind an own field to data: such fields make no column.
pub(super) const BINDINGS: [&str; 12] =
    ["get", "list", "search", "connection", "part", "create", "update", "delete", "changes", "sql", "http", "unit"];
/// Directives of fields that hold content.
const CONTENT: [&str; 19] = [
    "relation",
    "media",
    "unique",
    "index",
    "default",
    "length",
    "range",
    "items",
    "pattern",
    "private",
    "readOnly",
    "engine",
    "uid",
    "localized",
    "system",
    "renamedFrom",
    "name",
    "allow",
    "deprecated",
];

/// Whose fields are read.
#[derive(Clone, Copy)]
pub(super) enum Owner<'a> {
    /// A content type.
    Type {
        /// Its name.
        name: &'a str,
        /// It has a version for each locale.
        localized: bool,
    },
    /// A component.
    Component {
        /// Its name.
        name: &'a str,
    },
}

impl Owner<'_> {
    fn name(&self) -> &str {
        match self {
            Owner::Type { name, .. } | Owner::Component { name } => name,
        }
    }

    fn is_component(self) -> bool {
        matches!(self, Owner::Component { .. })
    }
}

/// One field while it is read: where it stands and what it is called in messages.
pub(super) struct Site<'a> {
    pub(super) env: &'a Env<'a>,
    pub(super) owner: Owner<'a>,
    pub(super) definition: &'a FieldDefinition,
}

impl Site<'_> {
    pub(super) fn place(&self) -> Place {
        self.env.texts.place(self.definition.name.location())
    }

    /// `Restaurant.name`.
    pub(super) fn path(&self) -> String {
        [self.owner.name(), self.definition.name.as_str()].join(".")
    }

    pub(super) fn directive(&self, name: &str) -> Option<&Node<Directive>> {
        self.definition.directives.get(name)
    }

    pub(super) fn directive_place(&self, directive: &Node<Directive>) -> Place {
        self.env.texts.place(directive.location())
    }
}

/// The fields of a type, in the order of the text. A faulty one is left out.
pub(super) fn read(env: &Env, owner: &Owner, object: &ObjectType, faults: &mut Faults) -> Vec<Field> {
    if object.fields.len() > FIELDS_MAX {
        let message = format!(
            "`{}` has {} fields, more than the {FIELDS_MAX} that a type may have",
            object.name,
            object.fields.len()
        );
        faults.push(
            Diagnostic::new(message, env.texts.place(object.name.location())).help("split it into several types"),
        );
        return Vec::new();
    }
    object
        .fields
        .values()
        .filter_map(|part| field(&Site { env, owner: *owner, definition: part }, part, faults))
        .collect()
}

/// It makes a column, a link or a part of one: not the key, not a shown system column, not a field bound to something else.
pub(super) fn is_stored(owner: &Owner, definition: &FieldDefinition) -> bool {
    let is_key = definition.name == "id" && !owner.is_component();
    !is_key && !definition.directives.has("system") && !is_own(definition)
}

/// A field of the project's own making: it takes arguments or is bound by a directive. A number with a unit is stored all the same.
pub(super) fn is_own(definition: &FieldDefinition) -> bool {
    let is_bound = BINDINGS.into_iter().any(|name| definition.directives.has(name));
    (!definition.arguments.is_empty() || is_bound) && !definition.directives.has("unit")
}

fn field(site: &Site, part: &Part<FieldDefinition>, faults: &mut Faults) -> Option<Field> {
    check_name(site, faults);
    check_directives(site, part, faults);
    if !is_stored(&site.owner, site.definition) {
        check_system_column(site, faults);
        return None;
    }
    let kind = kind(site, faults)?;
    let has = |name: &str| site.definition.directives.has(name);
    let engine = has("engine");
    let mut field = Field {
        name: site.definition.name.to_string(),
        description: site.definition.description.as_ref().map(ToString::to_string),
        required: site.definition.ty.is_non_null(),
        private: has("private"),
        read_only: engine || has("readOnly"),
        engine,
        localized: has("localized"),
        unique: None,
        default: None,
        rules: Rules::default(),
        uid_from: None,
        names: names(site, faults),
        renamed_from: renamed_from(site, faults),
        place: site.place(),
        kind,
    };
    field.unique = unique(site, &field, faults);
    field.rules = restrictions::read(site, &field.kind, faults);
    field.default = literals::default(site, &field, faults);
    check_localized(site, faults);
    Some(field)
}

fn check_name(site: &Site, faults: &mut Faults) {
    let name = &site.definition.name;
    if name.starts_with('_') {
        let message = format!("`{}` begins with an underscore, which is kept for system columns", site.path());
        faults.push(Diagnostic::new(message, site.place()).help(format!("call it `{}`", name.trim_start_matches('_'))));
    }
    let is_id_type = site.definition.ty.inner_named_type() == "ID" && !site.definition.ty.is_list();
    if name == "id" && site.owner.is_component() {
        let message = format!("`{}`: each element of a component has an `id` by itself", site.path());
        faults.push(Diagnostic::new(message, site.place()).help("leave the field out, or give it another name"));
    } else if name == "id" && !is_id_type {
        let message = format!("`{}` is the key of the type and must be written `id: ID!`", site.path());
        faults.push(
            Diagnostic::new(message, site.place())
                .help("the kind of the key is said by `@model(key:)`; give a field of your own another name"),
        );
    }
}

/// Directives that have no meaning on a field that holds content.
fn check_directives(site: &Site, part: &Part<FieldDefinition>, faults: &mut Faults) {
    for directive in &part.directives {
        let name = directive.name.as_str();
        let place = || site.directive_place(directive);
        let definition = site.env.schema.directive_definitions.get(name);
        let is_content = CONTENT.contains(&name);
        let fits_fields = definition.is_some_and(|of| of.locations.contains(&DirectiveLocation::FieldDefinition));
        if fits_fields && !is_content && !BINDINGS.contains(&name) {
            faults.push(
                Diagnostic::new(format!("@{name} belongs to jobs, not to `{}`", site.path()), place())
                    .help("remove it"),
            );
        }
        if name == "allow" && !is_own(site.definition) {
            let fault = Diagnostic::new(
                format!("`{}`: @allow on a field is for fields that are computed by @http or @sql", site.path()),
                place(),
            );
            faults.push(fault.help("write `@allow(…, fields: […])` on the type"));
        }
        if name == "engine" && !site.env.texts.is_prelude(directive.location()) {
            faults.push(
                Diagnostic::new("@engine is for system types only", place())
                    .help("@readOnly keeps a field out of every input"),
            );
        }
        if is_content
            && name != "renamedFrom"
            && name != "name"
            && name != "deprecated"
            && site.definition.name == "id"
            && !site.owner.is_component()
        {
            faults.push(
                Diagnostic::new(format!("@{name} has no meaning on the key of a type"), place()).help("remove it"),
            );
        }
    }
}

/// What the field holds, by its type.
fn kind(site: &Site, faults: &mut Faults) -> Option<FieldKind> {
    let (named, is_list) = named_type(site, faults)?;
    let kind = match site.env.catalog.get(named)? {
        Named::Scalar(scalar) => {
            check_scalar(site, scalar, is_list, faults);
            FieldKind::Scalar { scalar, list: is_list }
        }
        Named::Enum(of) => FieldKind::Enum { of, list: is_list },
        Named::Type(id) => {
            let media = (named == "Media").then(|| media_rule(site));
            FieldKind::Relation(Relation { target: Target::Type(id), many: is_list, side: Side::OneWay, media })
        }
        Named::Group(id) => {
            FieldKind::Relation(Relation { target: Target::Group(id), many: is_list, side: Side::OneWay, media: None })
        }
        Named::Component(of) => FieldKind::Component { of, repeatable: is_list },
        Named::Zone(of) => {
            check_zone(site, named, is_list, faults);
            FieldKind::Zone { of }
        }
        what @ (Named::Shape | Named::Workflow | Named::Root | Named::Language) => {
            faults.push(no_content(site, named, what));
            return None;
        }
    };
    check_relation_directives(site, &kind, faults);
    Some(kind)
}

/// The name in `T`, `T!`, `[T]` or `[T!]`, and whether it is a list.
fn named_type<'a>(site: &Site<'a>, faults: &mut Faults) -> Option<(&'a Name, bool)> {
    match &site.definition.ty {
        Type::Named(name) | Type::NonNullNamed(name) => Some((name, false)),
        Type::List(item) | Type::NonNullList(item) => match item.as_ref() {
            Type::Named(name) | Type::NonNullNamed(name) => Some((name, true)),
            Type::List(_) | Type::NonNullList(_) => {
                let fault = Diagnostic::new(
                    format!("`{}` is a list of lists, which has no place in a row", site.path()),
                    site.place(),
                );
                faults.push(fault.help("use JSON, or a list of a component that holds a list"));
                None
            }
        },
    }
}

fn no_content(site: &Site, named: &Name, what: Named) -> Diagnostic {
    let path = site.path();
    let place = site.env.texts.place(named.location());
    match what {
        Named::Language => {
            Diagnostic::new(format!("`{path}`: `{named}` is a word of the language for arguments of directives"), place)
                .help("take a scalar such as String or JSON, or an enum of your own")
        }
        Named::Workflow => {
            Diagnostic::new(format!("`{path}`: `{named}` is a part of a job and holds no content"), place)
                .help("point at a content type")
        }
        Named::Shape
        | Named::Root
        | Named::Scalar(_)
        | Named::Type(_)
        | Named::Component(_)
        | Named::Zone(_)
        | Named::Group(_)
        | Named::Enum(_) => Diagnostic::new(format!("`{path}`: `{named}` has no table"), place).help(format!(
            "give `{named}` @model to make it a content type, or @component(category: …) to own its values here"
        )),
    }
}

fn check_scalar(site: &Site, scalar: Scalar, is_list: bool, faults: &mut Faults) {
    if is_list && matches!(scalar, Scalar::Password | Scalar::Uid | Scalar::Blocks) {
        let message = format!("`{}`: there are no lists of {}", site.path(), site.definition.ty.inner_named_type());
        let help = if scalar == Scalar::Blocks {
            "Blocks is a list of block nodes already"
        } else {
            "write it without brackets, or use a list of String"
        };
        faults.push(Diagnostic::new(message, site.place()).help(help));
    }
    if scalar == Scalar::Uid && site.owner.is_component() {
        let message =
            format!("`{}`: a UID is unique among the rows of a type, and a component has no rows", site.path());
        faults.push(
            Diagnostic::new(message, site.place())
                .help("put the UID on the type that holds the component, or use String"),
        );
    }
    if let Some(uid) = site.directive("uid").filter(|_| scalar != Scalar::Uid) {
        faults.push(
            Diagnostic::new(format!("`{}`: @uid needs a field of type UID", site.path()), site.directive_place(uid))
                .help("write `UID`, or remove @uid"),
        );
    }
}

fn check_zone(site: &Site, zone: &str, is_list: bool, faults: &mut Faults) {
    if !is_list {
        let fault = Diagnostic::new(format!("`{}`: a dynamic zone is a list", site.path()), site.place());
        faults.push(fault.help(format!("write `{}: [{zone}!]`", site.definition.name)));
    }
    if site.owner.is_component() {
        let fault =
            Diagnostic::new(format!("`{}`: a dynamic zone cannot stand inside a component", site.path()), site.place());
        faults.push(fault.help("put the zone on the content type, or use a list of one component"));
    }
}

/// `@relation`, `@media` and `@uid` on kinds that they do not fit.
fn check_relation_directives(site: &Site, kind: &FieldKind, faults: &mut Faults) {
    let relation = if let FieldKind::Relation(relation) = kind { Some(relation) } else { None };
    if let Some(directive) = site.directive("relation").filter(|_| relation.is_none()) {
        let message =
            format!("`{}` is no relation: `{}` is no content type", site.path(), site.definition.ty.inner_named_type());
        faults.push(Diagnostic::new(message, site.directive_place(directive)).help("remove @relation"));
    }
    if let Some(directive) = site.directive("media").filter(|_| relation.is_none_or(|of| of.media.is_none())) {
        let fault = Diagnostic::new(format!("`{}` is no media field", site.path()), site.directive_place(directive));
        faults.push(fault.help("its type must be Media or [Media!]"));
    }
    let is_scalar = matches!(kind, FieldKind::Scalar { .. });
    if let Some(directive) = site.directive("uid").filter(|_| !is_scalar) {
        faults.push(
            Diagnostic::new(
                format!("`{}`: @uid needs a field of type UID", site.path()),
                site.directive_place(directive),
            )
            .help("remove @uid"),
        );
    }
}

/// The kinds that a media field takes; all of them unless `@media(allow:)` says otherwise.
fn media_rule(site: &Site) -> MediaRule {
    let all = vec![MediaKind::Image, MediaKind::Video, MediaKind::Audio, MediaKind::File];
    let Some(directive) = site.directive("media") else {
        return MediaRule { allow: all };
    };
    let words = arguments::words(site.env, directive, "allow").unwrap_or_default();
    let mut allow: Vec<MediaKind> = Vec::new();
    for kind in words.iter().filter_map(|(word, _)| media_kind(word)) {
        if !allow.contains(&kind) {
            allow.push(kind);
        }
    }
    MediaRule { allow: if allow.is_empty() { all } else { allow } }
}

fn media_kind(word: &str) -> Option<MediaKind> {
    match word {
        "IMAGE" => Some(MediaKind::Image),
        "VIDEO" => Some(MediaKind::Video),
        "AUDIO" => Some(MediaKind::Audio),
        "FILE" => Some(MediaKind::File),
        // Any other word was refused by GraphQL's validation.
        _ => None,
    }
}

fn unique(site: &Site, field: &Field, faults: &mut Faults) -> Option<Unique> {
    let is_uid =
        matches!(field.kind, FieldKind::Scalar { scalar: Scalar::Uid, list: false }) && !site.owner.is_component();
    let mut unique = is_uid.then_some(Unique { nulls_equal: false });
    for directive in site.definition.directives.get_all("unique") {
        let place = site.directive_place(directive);
        if directive.specified_argument_by_name("fields").is_some() {
            faults.push(
                Diagnostic::new(format!("`{}`: `fields` is for @unique on a type", site.path()), place)
                    .help("move the directive to the type, or leave `fields` out"),
            );
        } else if let Err(why) = super::keys::may_be_compared(&field.kind) {
            faults.push(
                Diagnostic::new(format!("`{}` cannot be unique: {why}", site.path()), place).help("remove @unique"),
            );
        } else {
            unique = Some(Unique { nulls_equal: arguments::is_true(site.env, directive, "nullsEqual") });
        }
    }
    unique
}

fn names(site: &Site, faults: &mut Faults) -> DialectNames {
    site.directive("name")
        .map(|directive| declarations::dialect_names_of(site.env, directive, faults))
        .unwrap_or_default()
}

fn renamed_from(site: &Site, faults: &mut Faults) -> Vec<String> {
    let mut former = Vec::new();
    for directive in site.definition.directives.get_all("renamedFrom") {
        let Some(name) = arguments::text(site.env, directive, "name") else {
            continue;
        };
        let place = || arguments::place(site.env, directive, "name");
        let is_still_there =
            site.env.schema.get_object(site.owner.name()).is_some_and(|object| object.fields.contains_key(name));
        if name == site.definition.name.as_str() {
            faults.push(
                Diagnostic::new(format!("`{}` says that it was `{name}` before", site.path()), place())
                    .help("@renamedFrom takes the former name"),
            );
        } else if is_still_there {
            let message = format!(
                "`{}` still has a field `{name}`, so `{}` cannot have been renamed from it",
                site.owner.name(),
                site.definition.name
            );
            faults.push(Diagnostic::new(message, place()).help("remove one of the two"));
        }
        former.push(name.to_owned());
    }
    former
}

fn check_localized(site: &Site, faults: &mut Faults) {
    let Some(directive) = site.directive("localized") else {
        return;
    };
    let place = site.directive_place(directive);
    match site.owner {
        Owner::Type { localized: true, .. } => {}
        Owner::Type { name, .. } => {
            let message = format!("`{}` cannot differ between locales: `{name}` is not localized", site.path());
            faults.push(Diagnostic::new(message, place).help("write `@model(localized: true)`, or remove @localized"));
        }
        Owner::Component { name } => {
            let message = format!(
                "`{}`: whether `{name}` differs between locales is said by the field that holds it",
                site.path()
            );
            faults.push(Diagnostic::new(message, place).help("put @localized on that field"));
        }
    }
}

/// `@system(column:)` shows a column in a type that can hold it.
fn check_system_column(site: &Site, faults: &mut Faults) {
    let Some(directive) = site.directive("system") else {
        return;
    };
    if site.owner.is_component() {
        let fault = Diagnostic::new(
            format!("`{}`: a component has no system columns", site.path()),
            site.directive_place(directive),
        );
        faults.push(fault.help("remove the field"));
        return;
    }
    let column =
        arguments::value(site.env, directive, "column").and_then(|value| arguments::word(value)).unwrap_or_default();
    let fitting: &[&str] = match column {
        "KEY" => &["ID", "BigInt", "Int", "UUID", "String"],
        "DOCUMENT_ID" => &["ID", "String"],
        "CREATED_AT" | "UPDATED_AT" | "PUBLISHED_AT" => &["DateTime"],
        "CREATED_BY" | "UPDATED_BY" => &["User", "ID"],
        "REVISION" => &["Int", "BigInt"],
        // A text, or an enum of the project.
        "LOCALE" | "STATUS" => &["String"],
        // Any other word was refused by GraphQL's validation.
        _ => return,
    };
    let named = site.definition.ty.inner_named_type();
    let is_enum = matches!(site.env.catalog.get(named), Some(Named::Enum(_))) && matches!(column, "LOCALE" | "STATUS");
    if site.definition.ty.is_list() || !(is_enum || fitting.contains(&named.as_str())) {
        let fault = Diagnostic::new(
            format!("`{}`: the system column {column} cannot be shown as `{}`", site.path(), site.definition.ty),
            site.place(),
        );
        faults.push(fault.help(format!("write `{}`", fitting[0])));
    }
}
