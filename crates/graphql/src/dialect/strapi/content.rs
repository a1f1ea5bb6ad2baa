//! Object types of content types, and the collections around them.
//!
//! Source: dialect manual sections 3.2 to 3.4, 4.1.

use model::{ContentType, FieldId, FieldKind, Relation, SystemColumn, Target, TypeId};
use plan::{Column, Form};

use super::{Draft, Edition, Members, compatibility, components, entities, field, own, scalars, value};
use crate::binding::{FieldBinding, RowsShape, ValueBinding};
use crate::definition::{EnumValue, Field, Kind, Stands, TypeRef};

pub(super) fn add(draft: &mut Draft<'_>, of: TypeId, content_type: &ContentType) {
    let name = draft.names.one(of).to_owned();
    draft.may_lack = draft.nullable_drafts && content_type.draft_and_publish;
    let mut fields = draft.members(&content_type.name);
    match draft.edition {
        // The id stands on the entity, around these fields.
        Edition::Four => {}
        Edition::Five => {
            let document_id = FieldBinding::Column(Column::System(SystemColumn::DocumentId), Form::Plain);
            fields.add("documentId", field(TypeRef::named("ID").non_null(), document_id));
        }
    }
    for (id, declared) in content_type.fields_by_id() {
        match own::unit(draft, of, id) {
            Some(shown) => fields.add(draft.names.member(declared), shown),
            None => add_field(draft, &name, &mut fields, (id, declared)),
        }
    }
    for (word, column) in instants(draft.edition, content_type) {
        fields.add(word, field(TypeRef::named("DateTime"), FieldBinding::Column(Column::System(column), Form::Plain)));
    }
    if content_type.localized {
        let locale = FieldBinding::Column(Column::System(SystemColumn::Locale), Form::Plain);
        fields.add("locale", field(TypeRef::named("String"), locale));
        localizations(draft, &mut fields, &name, content_type);
    }
    compatibility::row(draft, &name, &mut fields);
    let owner = format!("content type {}", content_type.name);
    draft.object(&name, &owner, Stands::Row(of), fields);
    draft.describe(&name, content_type.description.as_ref());
    match draft.edition {
        Edition::Four => entities::add(draft, of, (&name, &owner), content_type),
        Edition::Five => collections(draft, &name, &owner),
    }
}

/// The number that stands for an entry: of a type with locales each locale of a document has one of its own, else it is the key.
pub(super) fn entry(content_type: &ContentType) -> SystemColumn {
    if content_type.localized { SystemColumn::Entry } else { SystemColumn::Key }
}

/// Strapi 4 tells when an entry was published where there are drafts alone.
pub(super) fn instants(edition: Edition, content_type: &ContentType) -> Vec<(&'static str, SystemColumn)> {
    let mut instants = vec![("createdAt", SystemColumn::CreatedAt), ("updatedAt", SystemColumn::UpdatedAt)];
    if edition == Edition::Five || content_type.draft_and_publish {
        instants.push(("publishedAt", SystemColumn::PublishedAt));
    }
    instants
}

/// One field of a content type or member of a component, as it is shown.
pub(super) fn add_field(
    draft: &mut Draft<'_>,
    owner: &str,
    fields: &mut Members<Field>,
    (id, declared): (FieldId, &model::Field),
) {
    if declared.is_hidden() {
        return;
    }
    let name = draft.names.member(declared).to_owned();
    let mut add = |suffix: &str, mut shown: Field| {
        shown.description.clone_from(&declared.description);
        fields.add(&[name.as_str(), suffix].concat(), shown);
    };
    let column = |form| FieldBinding::Column(Column::Field(id), form);
    match &declared.kind {
        FieldKind::Scalar { scalar, list } => {
            let (of, form) = scalars::served(*scalar);
            add("", field(listed(TypeRef::named(of), *list, draft.is_required(declared)), column(form)));
        }
        FieldKind::Enum { of, list } => {
            let declared_enum = draft.model.enumeration(*of);
            let name = draft.names.enumeration(owner, declared, declared_enum);
            add_enum(draft, &name, declared_enum);
            add("", field(listed(TypeRef::named(name), *list, draft.is_required(declared)), column(Form::Word(*of))));
        }
        FieldKind::Relation(relation) => {
            for (suffix, shown) in relation_fields(draft, owner, (id, declared), relation) {
                add(suffix, shown);
            }
        }
        FieldKind::Component { of, repeatable } => {
            let of = TypeRef::named(draft.names.component(*of));
            let binding = FieldBinding::Component { field: id, page: draft.page };
            let mut shown = field(listed(of.clone(), *repeatable, draft.is_required(declared)), binding);
            if *repeatable {
                shown.arguments = draft.list_arguments(&[of.name(), "FiltersInput"].concat());
            }
            add("", shown);
        }
        FieldKind::Zone { of } => {
            let zone = components::zone(draft, owner, declared, *of);
            let binding = FieldBinding::Component { field: id, page: crate::binding::PageRule::None };
            add("", field(TypeRef::named(zone).list().required_if(draft.is_required(declared)), binding));
        }
    }
}

fn listed(of: TypeRef, list: bool, required: bool) -> TypeRef {
    if list { of.list().required_if(required) } else { of.required_if(required) }
}

fn relation_fields(
    draft: &mut Draft<'_>,
    owner: &str,
    (id, declared): (FieldId, &model::Field),
    relation: &Relation,
) -> Vec<(&'static str, Field)> {
    let page = draft.page;
    let target = match relation.target {
        Target::Type(target) => draft.names.one(target).to_owned(),
        Target::Group(group) => {
            let members = &draft.model.group(group).members;
            let members = members.iter().map(|of| draft.names.one(*of).to_owned()).collect();
            let name = draft.names.union(owner, declared);
            draft.add(&name, owner, None, Kind::Union(members));
            let of = TypeRef::named(name);
            let of = if relation.many { of.list() } else { of };
            return vec![(
                "",
                field(of.required_if(draft.is_required(declared)), FieldBinding::Switch { field: id, page }),
            )];
        }
    };
    if draft.edition == Edition::Four {
        return vec![("", entities::relation(draft, (id, declared), relation, &target))];
    }
    if !relation.many {
        let binding = FieldBinding::Relation { field: id, shape: RowsShape::One, page };
        return vec![("", field(TypeRef::named(target).required_if(draft.is_required(declared)), binding))];
    }
    let arguments = draft.list_arguments(&[target.as_str(), "FiltersInput"].concat());
    let collection = TypeRef::named([target.as_str(), "RelationResponseCollection"].concat());
    let shown = |of: TypeRef, shape| {
        let binding = FieldBinding::Relation { field: id, shape, page };
        Field { arguments: arguments.clone(), ..field(of, binding) }
    };
    vec![
        ("_connection", shown(collection.required_if(draft.is_required(declared)), RowsShape::Parts)),
        ("", shown(TypeRef::named(target).list().non_null(), RowsShape::List)),
    ]
}

fn localizations(draft: &Draft<'_>, fields: &mut Members<Field>, name: &str, content_type: &ContentType) {
    if draft.edition == Edition::Four {
        return fields.add("localizations", entities::localizations(draft, name, content_type));
    }
    let arguments = if content_type.single {
        indexmap::IndexMap::new()
    } else {
        draft.list_arguments(&[name, "FiltersInput"].concat())
    };
    let collection = TypeRef::named([name, "RelationResponseCollection"].concat());
    // A single type's list takes no arguments and is not paged.
    let page = if content_type.single { crate::binding::PageRule::None } else { draft.page };
    let shown = |of: TypeRef, shape| Field {
        arguments: arguments.clone(),
        ..field(of, FieldBinding::Localizations { shape, page })
    };
    fields.add("localizations_connection", shown(collection, RowsShape::Parts));
    fields.add("localizations", shown(TypeRef::named(name).list().non_null(), RowsShape::List));
}

/// The objects around rows of a type, at a root and below a row. Page numbers below a row are our addition.
fn collections(draft: &mut Draft<'_>, name: &str, owner: &str) {
    for suffix in ["EntityResponseCollection", "RelationResponseCollection"] {
        let collection = [name, suffix].concat();
        let mut fields = draft.members(&collection);
        fields.add("nodes", field(TypeRef::named(name).non_null().list().non_null(), FieldBinding::Nodes));
        fields.add("pageInfo", field(TypeRef::named("Pagination").non_null(), FieldBinding::Wrap));
        compatibility::collection(draft, (name, &collection), &mut fields);
        draft.object(&collection, owner, Stands::Around, fields);
    }
}

/// An enum under the name that its owner and field give. An enum with a name of its own may be met again.
fn add_enum(draft: &mut Draft<'_>, name: &str, of: &model::Enum) {
    if draft.names.enumeration_given(of).is_some() && draft.types.contains_key(name) {
        return;
    }
    let values = of.values.iter().map(|word| {
        let shown = EnumValue { description: word.description.clone(), ..value(ValueBinding::Word) };
        (word.name.clone(), shown)
    });
    let values = values.collect();
    draft.add(name, draft.edition.name(), of.description.as_deref(), Kind::Enum(values));
}
