//! What each name of the schema is, and its id in the model: decided once, before anything is read in detail.

use std::collections::HashMap;

use apollo_compiler::Schema;
use apollo_compiler::schema::{ExtendedType, ObjectType, UnionType};

use super::Faults;
use super::texts::Texts;
use crate::{ComponentId, Diagnostic, EnumId, GroupId, Scalar, TypeId, ZoneId};

/// Content types, components, enums, zones and groups of one project, each.
pub const DEFINITIONS_MAX: usize = 10_000;

/// Directives that make a type a part of the workflow language.
pub(super) const WORKFLOW: [&str; 5] = ["job", "ops", "graph", "assets", "outputs"];
/// Types whose fields are the roots of operations.
pub(super) const ROOTS: [&str; 3] = ["Query", "Mutation", "Subscription"];

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// A scalar that fields may have.
    Scalar(Scalar),
    /// A content type.
    Type(TypeId),
    /// A component.
    Component(ComponentId),
    /// A dynamic zone.
    Zone(ZoneId),
    /// An interface or union of content types.
    Group(GroupId),
    /// An enum of the project.
    Enum(EnumId),
    /// A type, interface, union or input without a table, which serves own fields.
    Shape,
    /// A part of the workflow language.
    Workflow,
    /// Query, Mutation or Subscription.
    Root,
    /// A scalar or enum of the language that is for directives only.
    Language,
}

/// Every name, and the names of each kind in the order of their ids.
pub(super) struct Catalog<'a> {
    named: HashMap<&'a str, Named>,
    pub(super) types: Vec<&'a str>,
    pub(super) components: Vec<&'a str>,
    pub(super) zones: Vec<&'a str>,
    pub(super) groups: Vec<&'a str>,
    pub(super) enums: Vec<&'a str>,
}

impl<'a> Catalog<'a> {
    pub(super) fn of(schema: &'a Schema, texts: &Texts, faults: &mut Faults) -> Catalog<'a> {
        let mut catalog = Catalog {
            named: HashMap::new(),
            types: Vec::new(),
            components: Vec::new(),
            zones: Vec::new(),
            groups: Vec::new(),
            enums: Vec::new(),
        };
        if schema.types.len() > DEFINITIONS_MAX {
            let place = texts.place(schema.types.values().last().and_then(ExtendedType::location));
            faults.push(Diagnostic::new(
                format!("the project defines more than the {DEFINITIONS_MAX} types that one may have"),
                place,
            ));
            return catalog;
        }
        // Interfaces and unions are what their members are: objects come first.
        for (name, definition) in &schema.types {
            if !matches!(definition, ExtendedType::Interface(_) | ExtendedType::Union(_)) {
                catalog.add(name, simple(name, definition, texts));
            }
        }
        for (name, definition) in &schema.types {
            match definition {
                ExtendedType::Interface(_) => catalog.add(name, catalog.interface(name, schema)),
                ExtendedType::Union(union) => catalog.add(name, catalog.union(union)),
                ExtendedType::Scalar(_)
                | ExtendedType::Object(_)
                | ExtendedType::Enum(_)
                | ExtendedType::InputObject(_) => {}
            }
        }
        catalog
    }

    /// What this name is; nothing when the schema does not define it.
    pub(super) fn get(&self, name: &str) -> Option<Named> {
        self.named.get(name).copied()
    }

    /// Notes a name under the next id of its kind.
    fn add(&mut self, name: &'a str, what: Named) {
        let next = |list: &mut Vec<&'a str>| {
            list.push(name);
            u16::try_from(list.len() - 1).expect("DEFINITIONS_MAX is below u16")
        };
        let what = match what {
            Named::Type(_) => Named::Type(TypeId(next(&mut self.types))),
            Named::Component(_) => Named::Component(ComponentId(next(&mut self.components))),
            Named::Zone(_) => Named::Zone(ZoneId(next(&mut self.zones))),
            Named::Group(_) => Named::Group(GroupId(next(&mut self.groups))),
            Named::Enum(_) => Named::Enum(EnumId(next(&mut self.enums))),
            Named::Scalar(_) | Named::Shape | Named::Workflow | Named::Root | Named::Language => what,
        };
        self.named.insert(name, what);
    }

    /// An interface is a group when a content type implements it.
    fn interface(&self, name: &str, schema: &Schema) -> Named {
        let implementers = self.types.iter().filter_map(|of| schema.get_object(of));
        if implementers.into_iter().any(|of| of.implements_interfaces.contains(name)) {
            Named::Group(GroupId(0))
        } else {
            Named::Shape
        }
    }

    /// A union is a zone when it says so, and a group when it has a content type; `declarations` reports members that do not fit.
    fn union(&self, union: &UnionType) -> Named {
        let has_content = union.members.iter().any(|member| matches!(self.get(member), Some(Named::Type(_))));
        match (union.directives.has("dynamicZone"), has_content) {
            (true, _) => Named::Zone(ZoneId(0)),
            (false, true) => Named::Group(GroupId(0)),
            (false, false) => Named::Shape,
        }
    }
}

/// What a scalar, an object, an enum or an input is. Ids are given by [`Catalog::add`].
fn simple(name: &str, definition: &ExtendedType, texts: &Texts) -> Named {
    match definition {
        ExtendedType::Scalar(_) => scalar(name).map_or(Named::Language, Named::Scalar),
        ExtendedType::Object(object) => object_kind(name, object),
        ExtendedType::Enum(of) if texts.is_prelude(of.location()) => Named::Language,
        ExtendedType::Enum(_) => Named::Enum(EnumId(0)),
        ExtendedType::InputObject(_) | ExtendedType::Interface(_) | ExtendedType::Union(_) => Named::Shape,
    }
}

fn object_kind(name: &str, object: &ObjectType) -> Named {
    let has = |directive: &str| object.directives.has(directive);
    if ROOTS.contains(&name) {
        Named::Root
    } else if has("model") {
        Named::Type(TypeId(0))
    } else if has("component") {
        Named::Component(ComponentId(0))
    } else if WORKFLOW.into_iter().any(has) {
        Named::Workflow
    } else {
        Named::Shape
    }
}

/// The scalar of this name, if fields of content may have it.
fn scalar(name: &str) -> Option<Scalar> {
    Some(match name {
        "String" => Scalar::String,
        "Text" => Scalar::Text,
        "RichText" => Scalar::RichText,
        "Blocks" => Scalar::Blocks,
        "Email" => Scalar::Email,
        "Password" => Scalar::Password,
        "UID" => Scalar::Uid,
        "ID" => Scalar::Id,
        "Int" => Scalar::Int,
        "BigInt" => Scalar::BigInt,
        "Float" => Scalar::Float,
        "Decimal" => Scalar::Decimal,
        "Boolean" => Scalar::Boolean,
        "Date" => Scalar::Date,
        "Time" => Scalar::Time,
        "DateTime" => Scalar::DateTime,
        "Interval" => Scalar::Interval,
        "JSON" => Scalar::Json,
        "UUID" => Scalar::Uuid,
        _ => return None,
    })
}
