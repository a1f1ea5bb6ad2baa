//! Two-way relations: each side names the other, and one of them is the owner.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, FieldDefinition};
use apollo_compiler::schema::ObjectType;

use super::{Env, Faults, arguments};
use crate::{Diagnostic, FieldId, FieldKind, Model, Place, Side, Target, TypeId, naming};

/// Sets the sides of every relation that names one; a fault for each that does not meet its other side.
pub(super) fn pair(env: &Env, model: &mut Model, faults: &mut Faults) {
    let mut sides: Vec<(TypeId, FieldId, Side)> = Vec::new();
    for (type_id, of) in model.content_types() {
        for (field_id, field) in of.fields_by_id() {
            let Some(link) = Link::read(env, model, (type_id, field_id), faults) else {
                continue;
            };
            match link.other_side(env, model) {
                Ok(side) => sides.push((type_id, field_id, side)),
                Err(fault) => faults.push(fault),
            }
            debug_assert!(field.relation().is_some(), "only relations are links");
        }
    }
    for (type_id, field_id, side) in sides {
        if let FieldKind::Relation(relation) =
            &mut model.types[usize::from(type_id.0)].fields[usize::from(field_id.0)].kind
        {
            relation.side = side;
        }
    }
    check_components(env, faults);
}

/// A relation that names its other side.
struct Link<'a> {
    type_id: TypeId,
    field_id: FieldId,
    target: TypeId,
    /// The field it names.
    other: &'a str,
    is_owner: bool,
    place: Place,
}

impl<'a> Link<'a> {
    fn read(
        env: &'a Env,
        model: &Model,
        (type_id, field_id): (TypeId, FieldId),
        faults: &mut Faults,
    ) -> Option<Link<'a>> {
        let of = model.content_type(type_id);
        let field = of.field(field_id);
        let relation = field.relation()?;
        let directive = definition(env, &of.name, &field.name)?.directives.get("relation")?;
        let (inverse, mapped_by) =
            (arguments::text(env, directive, "inverse"), arguments::text(env, directive, "mappedBy"));
        let (other, is_owner) = match (inverse, mapped_by) {
            (None, None) => return None,
            (Some(inverse), None) => (inverse, true),
            (None, Some(mapped_by)) => (mapped_by, false),
            (Some(_), Some(_)) => {
                let message = format!("`{}.{}` is said to be the owner and not to be it", of.name, field.name);
                let fault = Diagnostic::new(message, env.texts.place(directive.location()));
                faults.push(fault.help("keep `inverse` on the side that owns the relation, `mappedBy` on the other"));
                return None;
            }
        };
        let place = arguments::place(env, directive, if is_owner { "inverse" } else { "mappedBy" });
        let Target::Type(target) = relation.target else {
            let message = format!(
                "`{}.{}` points at several types, so no single field of theirs is its other side",
                of.name, field.name
            );
            faults.push(Diagnostic::new(message, place).help("write @relation without arguments"));
            return None;
        };
        if relation.media.is_some() {
            let message =
                format!("`{}.{}` is a media field, and files do not know where they are used", of.name, field.name);
            faults.push(Diagnostic::new(message, place).help("write it without `inverse` and `mappedBy`"));
            return None;
        }
        Some(Link { type_id, field_id, target, other, is_owner, place })
    }

    /// The field that this side names, if it names this one back.
    fn other_side(&self, env: &Env, model: &Model) -> Result<Side, Diagnostic> {
        let (of, target) = (model.content_type(self.type_id), model.content_type(self.target));
        let field = of.field(self.field_id);
        let path = format!("{}.{}", of.name, field.name);
        let back = if self.is_owner { "mappedBy" } else { "inverse" };
        let wanted = format!("@relation({back}: \"{}\")", field.name);
        let Some(other_id) = target.field_named(self.other) else {
            return Err(self.missing(model, &path, &wanted));
        };
        let other = target.field(other_id);
        let fault = |message: String| {
            Diagnostic::new(message, self.place.clone()).related(other.place.clone(), "the field it names")
        };
        if (self.target, other_id) == (self.type_id, self.field_id) {
            return Err(Diagnostic::new(format!("`{path}` names itself as its other side"), self.place.clone())
                .help("name another field, or write @relation without arguments"));
        }
        if other.relation().is_none_or(|relation| relation.target != Target::Type(self.type_id)) {
            let message = format!(
                "`{path}` names `{}.{}` as its other side, which is no relation to `{}`",
                target.name, other.name, of.name
            );
            return Err(fault(message)
                .help(format!("let that field be of type `{}` or `[{}!]` with {wanted}", of.name, of.name)));
        }
        let named_back = definition(env, &target.name, &other.name).and_then(|of| of.directives.get("relation"));
        if named_back.and_then(|directive| arguments::text(env, directive, back)) != Some(&field.name) {
            let written = named_back.map_or_else(|| "nothing".to_owned(), says);
            let message = format!(
                "`{path}` names `{}.{}` as its other side, but there stands {written}",
                target.name, other.name
            );
            return Err(fault(message).help(format!("write {wanted} there")));
        }
        Ok(if self.is_owner { Side::Owner { inverse: other_id } } else { Side::Inverse { owner: other_id } })
    }

    fn missing(&self, model: &Model, path: &str, wanted: &str) -> Diagnostic {
        let (of, target) = (model.content_type(self.type_id), model.content_type(self.target));
        let message =
            format!("`{path}` names `{}` as its other side, but `{}` has no such field", self.other, target.name);
        let known = target.fields.iter().filter(|field| field.relation().is_some()).map(|field| field.name.as_str());
        let help = match naming::nearest(self.other, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None if target.is_system => {
                format!("add it: `extend type {} {{ {}: [{}!] {wanted} }}`", target.name, self.other, of.name)
            }
            None => format!("add it to `{}`: `{}: [{}!] {wanted}`", target.name, self.other, of.name),
        };
        Diagnostic::new(message, self.place.clone()).related(target.place.clone(), "the target").help(help)
    }
}

fn says(directive: &Node<Directive>) -> String {
    format!("`{}`", directive.to_string().trim())
}

/// The field as it is written.
pub(super) fn definition<'a>(env: &Env<'a>, type_name: &str, field: &str) -> Option<&'a FieldDefinition> {
    env.schema.get_object(type_name)?.fields.get(field).map(|part| &*part.node)
}

/// Relations inside components are one-way: their owner is a value, not a document.
fn check_components(env: &Env, faults: &mut Faults) {
    for object in env.catalog.components.iter().filter_map(|name| env.schema.get_object(name)) {
        for field in object.fields.values() {
            let Some(directive) = field.directives.get("relation").filter(|directive| !directive.arguments.is_empty())
            else {
                continue;
            };
            faults.push(one_way(env, object, field, directive));
        }
    }
}

fn one_way(env: &Env, object: &ObjectType, field: &FieldDefinition, directive: &Node<Directive>) -> Diagnostic {
    let message =
        format!("`{}.{}` stands in a component, and what it points at cannot see back", object.name, field.name);
    Diagnostic::new(message, env.texts.place(directive.location()))
        .help("write @relation without arguments, or hold the relation on a content type")
}
