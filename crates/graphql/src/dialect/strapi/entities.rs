//! What stands around the fields of a content type in Strapi 4: `data { id attributes }`, alone, in a collection, below a relation.
//!
//! Source: dialect manual sections 2, 3.2, 3.3 and annex A; `pageInfo` below relations is our addition.

use indexmap::IndexMap;
use model::{ContentType, FieldId, Relation, Target, TypeId};
use plan::{Column, Form};

use super::{Draft, content, field, input};
use crate::binding::{FieldBinding, InputBinding, PageRule, RowsShape};
use crate::definition::{Field, Input, Stands, TypeRef};

/// The entity of a content type and the objects around one and many of them.
pub(super) fn add(draft: &mut Draft<'_>, of: TypeId, (name, owner): (&str, &str), content_type: &ContentType) {
    let entity = [name, "Entity"].concat();
    let mut fields = draft.members(&entity);
    let id = FieldBinding::Column(Column::System(content::entry(content_type)), Form::Text);
    fields.add("id", field(TypeRef::named("ID"), id));
    fields.add("attributes", field(TypeRef::named(name), FieldBinding::Wrap));
    draft.object(&entity, owner, Stands::Row(of), fields);
    let many = || TypeRef::named(entity.as_str()).non_null().list().non_null();
    let around = [
        ("EntityResponse", TypeRef::named(entity.as_str()), None),
        ("EntityResponseCollection", many(), Some(("meta", "ResponseCollectionMeta"))),
        ("RelationResponseCollection", many(), Some(("pageInfo", "Pagination"))),
    ];
    for (suffix, data, beside) in around {
        let response = [name, suffix].concat();
        let mut fields = draft.members(&response);
        fields.add("data", field(data, FieldBinding::Nodes));
        if let Some((word, of)) = beside {
            fields.add(word, field(TypeRef::named(of).non_null(), FieldBinding::Wrap));
        }
        draft.object(&response, owner, Stands::Around, fields);
    }
}

/// A relation to one content type.
pub(super) fn relation(
    draft: &Draft<'_>,
    (id, declared): (FieldId, &model::Field),
    relation: &Relation,
    target: &str,
) -> Field {
    let shown = |suffix: &str, shape| {
        let of = TypeRef::named([target, suffix].concat()).required_if(draft.is_required(declared));
        field(of, FieldBinding::Relation { field: id, shape, page: draft.page })
    };
    if !relation.many {
        return shown("EntityResponse", RowsShape::OneInside);
    }
    let mut arguments = draft.list_arguments(&[target, "FiltersInput"].concat());
    if let Target::Type(of) = relation.target {
        arguments.extend(publication_state(draft.model.content_type(of)));
    }
    Field { arguments, ..shown("RelationResponseCollection", RowsShape::Parts) }
}

/// The entry's other locales.
pub(super) fn localizations(draft: &Draft<'_>, name: &str, content_type: &ContentType) -> Field {
    let (mut arguments, page) = if content_type.single {
        (IndexMap::new(), PageRule::None)
    } else {
        (draft.list_arguments(&[name, "FiltersInput"].concat()), draft.page)
    };
    arguments.extend(publication_state(content_type));
    let of = TypeRef::named([name, "RelationResponseCollection"].concat());
    Field { arguments, ..field(of, FieldBinding::Localizations { shape: RowsShape::Parts, page }) }
}

/// `publicationState`, where there are drafts.
pub(super) fn publication_state(content_type: &ContentType) -> Option<(String, Input)> {
    let argument = input(TypeRef::named("PublicationState"), InputBinding::Status);
    let argument = Input { default: Some("LIVE".into()), ..argument };
    content_type.draft_and_publish.then(|| ("publicationState".to_owned(), argument))
}
