//! Root fields of Strapi 4.
//!
//! Source: dialect manual sections 4.1, 7.1.

use model::{ContentType, TypeId};
use plan::Column;

use super::names::lower_first;
use super::roots::{Arguments, locale};
use super::{Draft, Members, content, entities, field, input};
use crate::binding::{FieldBinding, InputBinding, PageRule, RowsShape};
use crate::definition::{Field, Input, TypeRef};

/// `homepage`.
pub(super) fn single(draft: &Draft<'_>, queries: &mut Members<Field>, of: TypeId, content_type: &ContentType) {
    let name = draft.names.one(of);
    let mut arguments = Arguments::from_iter(entities::publication_state(content_type));
    arguments.extend(locale(content_type));
    queries.add(&lower_first(name), one(name, of, arguments));
}

/// `restaurant` and `restaurants`.
pub(super) fn collection(draft: &Draft<'_>, queries: &mut Members<Field>, of: TypeId, content_type: &ContentType) {
    let name = draft.names.one(of);
    let mut arguments = Arguments::from_iter([("id".to_owned(), id(TypeRef::named("ID"), content_type))]);
    arguments.extend(locale(content_type));
    queries.add(&lower_first(name), one(name, of, arguments));
    let mut arguments = draft.list_arguments(&[name, "FiltersInput"].concat());
    arguments.extend(entities::publication_state(content_type));
    arguments.extend(locale(content_type));
    let binding = FieldBinding::List { of, shape: RowsShape::Parts, page: draft.page };
    let shown = field(TypeRef::named([name, "EntityResponseCollection"].concat()), binding);
    queries.add(&lower_first(draft.names.many(of)), Field { arguments, ..shown });
}

fn one(name: &str, of: TypeId, arguments: Arguments) -> Field {
    let binding = FieldBinding::List { of, shape: RowsShape::OneInside, page: PageRule::None };
    Field { arguments, ..field(response(name), binding) }
}

/// `createRestaurant`, `updateRestaurant`, `deleteRestaurant`.
pub(super) fn writes(draft: &Draft<'_>, mutations: &mut Members<Field>, of: TypeId, content_type: &ContentType) {
    let name = draft.names.one(of);
    let data = || {
        let data = input(TypeRef::named([name, "Input"].concat()).non_null(), InputBinding::Data);
        ("data".to_owned(), data)
    };
    let id = || ("id".to_owned(), id(TypeRef::named("ID").non_null(), content_type));
    if let Some((locale_name, locale)) = locale(content_type) {
        let beside = input(TypeRef::named("ID"), InputBinding::BesideEntry);
        let data = input(TypeRef::named([name, "Input"].concat()), InputBinding::Data);
        let arguments = [("id".to_owned(), beside), ("data".to_owned(), data), (locale_name, locale)];
        let binding = FieldBinding::Update { of, or_create: false };
        let shown = Field { arguments: arguments.into_iter().collect(), ..field(response(name), binding) };
        mutations.add(&["create", name, "Localization"].concat(), shown);
    }
    let mut add = |action: &str, arguments: Vec<(String, Input)>, binding| {
        let arguments = arguments.into_iter().chain(locale(content_type)).collect();
        mutations.add(&[action, name].concat(), Field { arguments, ..field(response(name), binding) });
    };
    if content_type.single {
        add("update", vec![data()], FieldBinding::Update { of, or_create: true });
        add("delete", Vec::new(), FieldBinding::Delete { of, must_exist: true });
        return;
    }
    add("create", vec![data()], FieldBinding::Create { of });
    add("update", vec![id(), data()], FieldBinding::Update { of, or_create: false });
    add("delete", vec![id()], FieldBinding::Delete { of, must_exist: false });
}

fn response(name: &str) -> TypeRef {
    TypeRef::named([name, "EntityResponse"].concat())
}

fn id(of: TypeRef, content_type: &ContentType) -> Input {
    input(of, InputBinding::Key(Column::System(content::entry(content_type))))
}
