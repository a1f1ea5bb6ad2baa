//! Object types of content types, and the collections around them.
//!
//! Source: dialect manual sections 3.2 to 3.4, 4.1.

use model::{ContentType, FieldId, FieldKind, Relation, SystemColumn, Target, TypeId};
use plan::{Column, Form};

use super::{Draft, Members, NAME, components, field, names, scalars, value};
use crate::binding::{FieldBinding, RowsShape, ValueBinding};
use crate::definition::{EnumValue, Field, Kind, Stands, TypeRef};

pub(super) fn add(draft: &mut Draft<'_>, of: TypeId, content_type: &ContentType) {
    let name = draft.names.one(of).to_owned();
    let mut fields = Members::of(&content_type.name);
    let document_id = FieldBinding::Column(Column::System(SystemColumn::DocumentId), Form::Plain);
    fields.add("documentId", field(TypeRef::named("ID").non_null(), document_id));
    for (id, declared) in content_type.fields_by_id() {
        add_field(draft, &name, &mut fields, (id, declared));
    }
    let instants = [
        ("createdAt", SystemColumn::CreatedAt),
        ("updatedAt", SystemColumn::UpdatedAt),
        ("publishedAt", SystemColumn::PublishedAt),
    ];
    for (word, column) in instants {
        fields.add(word, field(TypeRef::named("DateTime"), FieldBinding::Column(Column::System(column), Form::Plain)));
    }
    if content_type.localized {
        localizations(draft, &mut fields, &name, content_type);
    }
    let owner = format!("content type {}", content_type.name);
    draft.object(&name, &owner, Stands::Row(of), fields);
    draft.describe(&name, content_type.description.as_ref());
    collections(draft, &name, &owner);
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
    let name = names::member(declared).to_owned();
    let mut add = |suffix: &str, mut shown: Field| {
        shown.description.clone_from(&declared.description);
        fields.add(&[name.as_str(), suffix].concat(), shown);
    };
    let column = |form| FieldBinding::Column(Column::Field(id), form);
    match &declared.kind {
        FieldKind::Scalar { scalar, list } => {
            let (of, form) = scalars::served(*scalar);
            add("", field(listed(TypeRef::named(of), *list, declared.required), column(form)));
        }
        FieldKind::Enum { of, list } => {
            let declared_enum = draft.model.enumeration(*of);
            let name = names::enumeration(owner, declared, declared_enum);
            add_enum(draft, &name, declared_enum);
            add("", field(listed(TypeRef::named(name), *list, declared.required), column(Form::Word(*of))));
        }
        FieldKind::Relation(relation) => {
            for (suffix, shown) in relation_fields(draft, owner, (id, declared), relation) {
                add(suffix, shown);
            }
        }
        FieldKind::Component { of, repeatable } => {
            let of = TypeRef::named(draft.names.component(*of));
            let binding = FieldBinding::Component { field: id, page: draft.page };
            let mut shown = field(listed(of.clone(), *repeatable, declared.required), binding);
            if *repeatable {
                shown.arguments = Draft::list_arguments(&[of.name(), "FiltersInput"].concat());
            }
            add("", shown);
        }
        FieldKind::Zone { of } => {
            let zone = components::zone(draft, owner, declared, *of);
            let binding = FieldBinding::Component { field: id, page: crate::binding::PageRule::None };
            add("", field(TypeRef::named(zone).list().required_if(declared.required), binding));
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
            let name = names::union(owner, declared);
            draft.add(&name, owner, None, Kind::Union(members));
            let of = TypeRef::named(name);
            let of = if relation.many { of.list() } else { of };
            return vec![("", field(of.required_if(declared.required), FieldBinding::Switch { field: id, page }))];
        }
    };
    if !relation.many {
        let binding = FieldBinding::Relation { field: id, shape: RowsShape::One, page };
        return vec![("", field(TypeRef::named(target).required_if(declared.required), binding))];
    }
    let arguments = Draft::list_arguments(&[target.as_str(), "FiltersInput"].concat());
    let shown = |of: TypeRef, shape| {
        let binding = FieldBinding::Relation { field: id, shape, page };
        Field { arguments: arguments.clone(), ..field(of, binding) }
    };
    let collection = TypeRef::named([target.as_str(), "RelationResponseCollection"].concat());
    vec![
        ("_connection", shown(collection.required_if(declared.required), RowsShape::Parts)),
        ("", shown(TypeRef::named(target).list().non_null(), RowsShape::List)),
    ]
}

fn localizations(draft: &Draft<'_>, fields: &mut Members<Field>, name: &str, content_type: &ContentType) {
    let locale = FieldBinding::Column(Column::System(SystemColumn::Locale), Form::Plain);
    fields.add("locale", field(TypeRef::named("String"), locale));
    let arguments = if content_type.single {
        indexmap::IndexMap::new()
    } else {
        Draft::list_arguments(&[name, "FiltersInput"].concat())
    };
    // A single type's list takes no arguments and is not paged.
    let page = if content_type.single { crate::binding::PageRule::None } else { draft.page };
    let shown = |of: TypeRef, shape| Field {
        arguments: arguments.clone(),
        ..field(of, FieldBinding::Localizations { shape, page })
    };
    let collection = TypeRef::named([name, "RelationResponseCollection"].concat());
    fields.add("localizations_connection", shown(collection, RowsShape::Parts));
    fields.add("localizations", shown(TypeRef::named(name).list().non_null(), RowsShape::List));
}

/// The objects around rows of a type, at a root and below a row. Page numbers below a row are our addition.
fn collections(draft: &mut Draft<'_>, name: &str, owner: &str) {
    for suffix in ["EntityResponseCollection", "RelationResponseCollection"] {
        let collection = [name, suffix].concat();
        let mut fields = Members::of(&collection);
        fields.add("nodes", field(TypeRef::named(name).non_null().list().non_null(), FieldBinding::Nodes));
        fields.add("pageInfo", field(TypeRef::named("Pagination").non_null(), FieldBinding::Wrap));
        draft.object(&collection, owner, Stands::Around, fields);
    }
}

/// An enum under the name that its owner and field give. An enum with a name of its own may be met again.
fn add_enum(draft: &mut Draft<'_>, name: &str, of: &model::Enum) {
    if of.names.strapi.is_some() && draft.types.contains_key(name) {
        return;
    }
    let values = of.values.iter().map(|word| {
        let shown = EnumValue { description: word.description.clone(), ..value(ValueBinding::Word) };
        (word.name.clone(), shown)
    });
    let values = values.collect();
    draft.add(name, NAME, of.description.as_deref(), Kind::Enum(values));
}
