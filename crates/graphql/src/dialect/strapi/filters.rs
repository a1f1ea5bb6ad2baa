//! Filter types of content types and components.
//!
//! Source: dialect manual section 5.1. Differs: password fields are in no filter.

use model::{ContentType, FieldId, FieldKind, SystemColumn, Target, TypeId};
use plan::Column;

use super::{Draft, Edition, Members, content, input, scalars};
use crate::binding::InputBinding;
use crate::definition::{Input, TypeRef};

pub(super) fn add(draft: &mut Draft<'_>, of: TypeId, content_type: &ContentType) {
    let name = [draft.names.one(of), "FiltersInput"].concat();
    let mut members = draft.members(&content_type.name);
    if !content_type.single {
        let (word, column) = match draft.edition {
            Edition::Four => ("id", content::entry(content_type)),
            Edition::Five => ("documentId", SystemColumn::DocumentId),
        };
        add_column(&mut members, word, "ID", Column::System(column));
    }
    for (id, declared) in content_type.fields_by_id() {
        add_field(draft, &mut members, (id, declared));
    }
    for (word, column) in content::instants(draft.edition, content_type) {
        add_column(&mut members, word, "DateTime", Column::System(column));
    }
    if content_type.localized {
        add_column(&mut members, "locale", "String", Column::System(SystemColumn::Locale));
        if !content_type.single {
            members.add("localizations", input(TypeRef::named(name.as_str()), InputBinding::OtherLocale));
        }
    }
    add_logic(&mut members, &name);
    draft.input(&name, &format!("content type {}", content_type.name), members);
}

fn add_column(members: &mut Members<Input>, name: &str, scalar: &str, column: Column) {
    members.add(name, input(TypeRef::named([scalar, "FilterInput"].concat()), InputBinding::Column(column)));
}

/// Enums are compared by their stored text; media, zones and lists of scalars are not filtered.
pub(super) fn add_field(draft: &Draft<'_>, members: &mut Members<Input>, (id, declared): (FieldId, &model::Field)) {
    if declared.is_hidden() {
        return;
    }
    let name = draft.names.member(declared);
    match &declared.kind {
        FieldKind::Scalar { scalar, list: false } => {
            add_column(members, name, scalars::served(*scalar).0, Column::Field(id));
        }
        FieldKind::Enum { list: false, .. } => add_column(members, name, "String", Column::Field(id)),
        FieldKind::Relation(relation) if relation.media.is_none() => {
            if let Target::Type(target) = relation.target {
                let of = [draft.names.one(target), "FiltersInput"].concat();
                members.add(name, input(TypeRef::named(of), InputBinding::Some(id)));
            }
        }
        FieldKind::Component { of, .. } => {
            let binding = InputBinding::Element(id, *of);
            let of = [draft.names.component(*of), "FiltersInput"].concat();
            members.add(name, input(TypeRef::named(of), binding));
        }
        FieldKind::Scalar { list: true, .. }
        | FieldKind::Enum { list: true, .. }
        | FieldKind::Relation(_)
        | FieldKind::Zone { .. } => {}
    }
}

pub(super) fn add_logic(members: &mut Members<Input>, name: &str) {
    members.add("and", input(TypeRef::named(name).list(), InputBinding::And));
    members.add("or", input(TypeRef::named(name).list(), InputBinding::Or));
    members.add("not", input(TypeRef::named(name), InputBinding::Not));
}
