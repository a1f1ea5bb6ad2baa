//! Root fields.
//!
//! Source: dialect manual sections 4.1, 7.1.

use indexmap::IndexMap;
use model::{ContentType, SystemColumn, TypeId};
use plan::Column;

use super::files;
use super::names::lower_first;
use super::{Draft, Edition, Members, entity_roots, field, input, is_writable, types_of};
use crate::binding::{FieldBinding, InputBinding, RowsShape};
use crate::definition::{Field, Input, TypeRef};

/// Arguments of a field by name.
pub(super) type Arguments = IndexMap<String, Input>;

/// Fields of the query type and of the mutation type.
pub(super) fn fields(draft: &mut Draft<'_>) -> (Members<Field>, Members<Field>) {
    let (mut queries, mut mutations) = (draft.members("Query"), draft.members("Mutation"));
    for (of, content_type) in types_of(draft.model) {
        let query = match (draft.edition, content_type.single) {
            (Edition::Four, true) => entity_roots::single,
            (Edition::Four, false) => entity_roots::collection,
            (Edition::Five, true) => single,
            (Edition::Five, false) => collection,
        };
        query(draft, &mut queries, of, content_type);
        let change = match draft.edition {
            Edition::Four => entity_roots::writes,
            Edition::Five => writes,
        };
        if is_writable(content_type) {
            change(draft, &mut mutations, of, content_type);
        } else if content_type.is_media() {
            files::mutations(draft, &mut mutations, of);
        }
    }
    (queries, mutations)
}

fn single(draft: &Draft<'_>, queries: &mut Members<Field>, of: TypeId, content_type: &ContentType) {
    let name = draft.names.one(of);
    let shown = field(TypeRef::named(name), FieldBinding::ByKey { of });
    queries.add(&lower_first(name), Field { arguments: version_arguments(content_type), ..shown });
}

fn collection(draft: &Draft<'_>, queries: &mut Members<Field>, of: TypeId, content_type: &ContentType) {
    let (one, many) = (draft.names.one(of), lower_first(draft.names.many(of)));
    let mut arguments = Arguments::from_iter([("documentId".to_owned(), document_id())]);
    arguments.extend(version_arguments(content_type));
    let shown = field(TypeRef::named(one), FieldBinding::ByKey { of });
    queries.add(&lower_first(one), Field { arguments, ..shown });
    let mut arguments = draft.list_arguments(&[one, "FiltersInput"].concat());
    arguments.extend(version_arguments(content_type));
    let list = |of_type: TypeRef, shape| Field {
        arguments: arguments.clone(),
        ..field(of_type, FieldBinding::List { of, shape, page: draft.page })
    };
    let connection = TypeRef::named([one, "EntityResponseCollection"].concat());
    queries.add(&[many.as_str(), "_connection"].concat(), list(connection, RowsShape::Parts));
    queries.add(&many, list(TypeRef::named(one).list().non_null(), RowsShape::List));
}

fn writes(draft: &Draft<'_>, mutations: &mut Members<Field>, of: TypeId, content_type: &ContentType) {
    let name = draft.names.one(of);
    let data = || input(TypeRef::named([name, "Input"].concat()).non_null(), InputBinding::Data);
    let with = |parts: Vec<(&str, Input)>| {
        let mut arguments: Arguments = parts.into_iter().map(|(name, input)| (name.to_owned(), input)).collect();
        arguments.extend(locale(content_type));
        arguments
    };
    let written = |arguments, binding| Field { arguments, ..field(TypeRef::named(name), binding) };
    let deleted = |arguments, must_exist| Field {
        arguments,
        ..field(TypeRef::named("DeleteMutationResponse"), FieldBinding::Delete { of, must_exist })
    };
    let named = |action: &str| [action, name].concat();
    if content_type.single {
        let update = FieldBinding::Update { of, or_create: true };
        mutations.add(&named("update"), written(with(vec![("status", status()), ("data", data())]), update));
        mutations.add(&named("delete"), deleted(with(Vec::new()), true));
        return;
    }
    let create = FieldBinding::Create { of };
    mutations.add(&named("create"), written(with(vec![("status", status()), ("data", data())]), create));
    let update = FieldBinding::Update { of, or_create: false };
    let arguments = with(vec![("documentId", document_id()), ("status", status()), ("data", data())]);
    mutations.add(&named("update"), written(arguments, update));
    mutations.add(&named("delete"), deleted(with(vec![("documentId", document_id())]), false));
}

fn document_id() -> Input {
    let binding = InputBinding::Key(Column::System(SystemColumn::DocumentId));
    input(TypeRef::named("ID").non_null(), binding)
}

fn status() -> Input {
    Input { default: Some("PUBLISHED".into()), ..input(TypeRef::named("PublicationStatus"), InputBinding::Status) }
}

/// On every root field that reads, drafts or not: what they say is handed down to what lies below.
fn version_arguments(content_type: &ContentType) -> Arguments {
    let has_published = input(TypeRef::named("Boolean"), InputBinding::HasPublished);
    let publication = input(TypeRef::named("PublicationFilter"), InputBinding::Publication);
    let versions = [("status", status()), ("hasPublishedVersion", has_published), ("publicationFilter", publication)];
    let mut arguments: Arguments = versions.into_iter().map(|(name, input)| (name.to_owned(), input)).collect();
    arguments.extend(locale(content_type));
    arguments
}

pub(super) fn locale(content_type: &ContentType) -> Option<(String, Input)> {
    let argument = input(TypeRef::named("I18NLocaleCode"), InputBinding::Locale);
    let argument = Input { description: Some("The locale to use for the query".to_owned()), ..argument };
    content_type.localized.then(|| ("locale".to_owned(), argument))
}
