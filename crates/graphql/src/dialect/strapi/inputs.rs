//! What is given to create and update.
//!
//! Source: dialect manual sections 7.2, 7.5, 7.6.

use model::{ContentType, FieldId, FieldKind, Target, TypeId};
use plan::LinkKind;

use super::{Draft, Edition, Members, input, is_writable, scalars};
use crate::binding::InputBinding;
use crate::definition::{Input, TypeRef};

pub(super) fn add(draft: &mut Draft<'_>, of: TypeId, content_type: &ContentType) {
    if is_writable(content_type) {
        add_of(draft, of);
    }
}

/// The input of a content type.
pub(super) fn add_of(draft: &mut Draft<'_>, of: TypeId) {
    let content_type = draft.model.content_type(of);
    let name = draft.names.one(of).to_owned();
    let mut members = draft.members(&content_type.name);
    for (id, declared) in content_type.fields_by_id() {
        add_field(draft, &name, &mut members, (id, declared));
    }
    let published_at = |binding| input(TypeRef::named("DateTime"), binding);
    match draft.edition {
        Edition::Four if content_type.draft_and_publish => {
            members.add("publishedAt", published_at(InputBinding::PublishedAt));
        }
        Edition::Four => {}
        Edition::Five => members.add("publishedAt", published_at(InputBinding::Ignored)),
    }
    if draft.edition == Edition::Five && !content_type.localized {
        members.add("locale", input(TypeRef::named("String"), InputBinding::Ignored));
    }
    draft.input(&[name.as_str(), "Input"].concat(), &format!("content type {}", content_type.name), members);
}

/// Whether the documents of a relation have an entry number for each locale.
fn links_entries(draft: &Draft<'_>, declared: &model::Field) -> bool {
    let target = declared.relation().map(|relation| relation.target);
    matches!(target, Some(Target::Type(of)) if draft.model.content_type(of).localized)
}

/// Nothing is required here: what must be there is said by the rules of the model.
pub(super) fn add_field(
    draft: &Draft<'_>,
    owner: &str,
    members: &mut Members<Input>,
    (id, declared): (FieldId, &model::Field),
) {
    if declared.read_only || declared.engine {
        return;
    }
    let listed = |of: TypeRef, list: bool| if list { of.list() } else { of };
    let of = match &declared.kind {
        FieldKind::Scalar { scalar, list } => listed(TypeRef::named(scalars::served(*scalar).0), *list),
        FieldKind::Enum { of, list } => {
            let name = draft.names.enumeration(owner, declared, draft.model.enumeration(*of));
            listed(TypeRef::named(name), *list)
        }
        FieldKind::Relation(relation) => match relation.target {
            Target::Type(_) => listed(TypeRef::named("ID"), relation.many),
            Target::Group(_) => return,
        },
        FieldKind::Component { of, repeatable } => {
            listed(TypeRef::named([draft.names.component(*of), "Input"].concat()), *repeatable)
        }
        FieldKind::Zone { .. } => {
            TypeRef::named([draft.names.zone(owner, declared).as_str(), "Input"].concat()).non_null().list()
        }
    };
    let link = match draft.edition {
        Edition::Four if links_entries(draft, declared) => LinkKind::Entry,
        Edition::Four => LinkKind::Key,
        Edition::Five => LinkKind::Either,
    };
    let binding = InputBinding::Set { field: id, link };
    members
        .add(draft.names.member(declared), Input { description: declared.description.clone(), ..input(of, binding) });
}
