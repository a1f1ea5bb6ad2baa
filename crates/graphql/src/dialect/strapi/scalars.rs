//! Scalars, comparisons, paging and versions: what every schema of this dialect has.
//!
//! Source: dialect manual sections 3.1, 3.2, 5.1.

use model::{Operator, Scalar};
use plan::{Form, PublicationFilter, Status};

use super::{Draft, Edition, Members, field, input, value};
use crate::binding::{FieldBinding, InputBinding, PageWord, ScalarRule, ValueBinding, WrittenPart};
use crate::definition::{Kind, Stands, TypeRef};

/// Scalars beside GraphQL's own, with what API users read about them.
const SCALARS: [(&str, Option<&str>, ScalarRule); 5] = [
    ("Date", Some("A day of the calendar as `YYYY-MM-DD`: the `full-date` of RFC 3339"), ScalarRule::Date),
    (
        "DateTime",
        Some("An instant with its zone, such as 2007-12-03T10:15:30Z: the `date-time` of RFC 3339; answers are in UTC"),
        ScalarRule::DateTime,
    ),
    ("Time", Some("A time string with format HH:mm:ss.SSS"), ScalarRule::Time),
    ("JSON", Some("Any JSON value"), ScalarRule::Json),
    ("Long", Some("A whole number of 64 bits; answers beyond 2^53 are strings of digits"), ScalarRule::Long),
];

/// Scalars that have comparisons.
const COMPARED: [&str; 10] = ["ID", "Boolean", "String", "Int", "Long", "Float", "Date", "Time", "DateTime", "JSON"];

pub(super) fn add(draft: &mut Draft<'_>) {
    let every = match draft.edition {
        Edition::Four => "all",
        Edition::Five => "*",
    };
    let locale = ("I18NLocaleCode", Some("A string used to identify an i18n locale"), ScalarRule::Locale { every });
    for (name, description, rule) in [locale].into_iter().chain(SCALARS) {
        draft.add(name, draft.edition.name(), description, Kind::Scalar(rule));
    }
    for scalar in COMPARED {
        let name = [scalar, "FilterInput"].concat();
        let members = comparisons(draft, scalar, &name);
        draft.input(&name, draft.edition.name(), members);
    }
    error(draft);
    paging(draft);
    match draft.edition {
        Edition::Four => {
            publication_states(draft);
            collection_meta(draft);
        }
        Edition::Five => {
            versions(draft);
            deleted(draft);
            if draft.is_compatible {
                collection_meta(draft);
            }
        }
    }
}

fn deleted(draft: &mut Draft<'_>) {
    let mut deleted = draft.members("DeleteMutationResponse");
    let binding = FieldBinding::Written(WrittenPart::DocumentId);
    deleted.add("documentId", field(TypeRef::named("ID").non_null(), binding));
    draft.object("DeleteMutationResponse", draft.edition.name(), Stands::Around, deleted);
}

fn collection_meta(draft: &mut Draft<'_>) {
    let mut fields = draft.members("ResponseCollectionMeta");
    fields.add("pagination", field(TypeRef::named("Pagination").non_null(), FieldBinding::Wrap));
    draft.object("ResponseCollectionMeta", draft.edition.name(), Stands::Around, fields);
}

fn comparisons(draft: &Draft<'_>, scalar: &str, name: &str) -> Members<crate::definition::Input> {
    use Operator as O;
    let one = || TypeRef::named(scalar);
    let compared = [
        ("eq", O::Eq),
        ("eqi", O::EqFold),
        ("ne", O::Ne),
        ("nei", O::NeFold),
        ("startsWith", O::StartsWith),
        ("endsWith", O::EndsWith),
        ("contains", O::Contains),
        ("notContains", O::NotContains),
        ("containsi", O::ContainsFold),
        ("notContainsi", O::NotContainsFold),
        ("gt", O::Gt),
        ("gte", O::Gte),
        ("lt", O::Lt),
        ("lte", O::Lte),
    ];
    let mut members = draft.members(name);
    // `and` and `or` of a column take values, not objects: the column equals each of them, or one of them.
    members.add("and", input(one().list(), InputBinding::Every(O::Eq)));
    members.add("or", input(one().list(), InputBinding::Compare(O::In)));
    members.add("not", input(TypeRef::named(name), InputBinding::Not));
    for (word, operator) in compared {
        members.add(word, input(one(), InputBinding::Compare(operator)));
    }
    for (word, negated) in [("null", false), ("notNull", true)] {
        members.add(word, input(TypeRef::named("Boolean"), InputBinding::IsNull { negated }));
    }
    for (word, operator) in [("in", O::In), ("notIn", O::NotIn), ("between", O::Between)] {
        members.add(word, input(one().list(), InputBinding::Compare(operator)));
    }
    members
}

/// A member of every dynamic zone; no value is ever one.
fn error(draft: &mut Draft<'_>) {
    let mut fields = draft.members("Error");
    fields.add("code", field(TypeRef::named("String").non_null(), FieldBinding::Constant("\"\"".to_owned())));
    fields.add("message", field(TypeRef::named("String"), FieldBinding::Constant("null".to_owned())));
    draft.object("Error", draft.edition.name(), Stands::Around, fields);
}

fn paging(draft: &mut Draft<'_>) {
    let mut fields = draft.members("Pagination");
    let parts = [
        ("total", FieldBinding::Total),
        ("page", FieldBinding::PageNumber),
        ("pageSize", FieldBinding::PageSize),
        ("pageCount", FieldBinding::PageCount),
    ];
    for (name, binding) in parts {
        fields.add(name, field(TypeRef::named("Int").non_null(), binding));
    }
    draft.object("Pagination", draft.edition.name(), Stands::Around, fields);
    let mut members = draft.members("PaginationArg");
    let words = [
        ("page", PageWord::Number),
        ("pageSize", PageWord::Size),
        ("start", PageWord::Start),
        ("limit", PageWord::Limit),
    ];
    for (name, word) in words {
        members.add(name, input(TypeRef::named("Int"), InputBinding::Page(word)));
    }
    draft.input("PaginationArg", draft.edition.name(), members);
}

fn versions(draft: &mut Draft<'_>) {
    let statuses = [("DRAFT", Status::Draft), ("PUBLISHED", Status::Published)];
    let statuses = statuses.map(|(word, status)| (word.to_owned(), value(ValueBinding::Status(status))));
    draft.add("PublicationStatus", draft.edition.name(), None, Kind::Enum(statuses.into_iter().collect()));
    let filters = [
        ("NEVER_PUBLISHED", PublicationFilter::NeverPublished),
        ("HAS_PUBLISHED_VERSION", PublicationFilter::HasPublished),
        ("MODIFIED", PublicationFilter::Modified),
        ("UNMODIFIED", PublicationFilter::Unmodified),
        ("NEVER_PUBLISHED_DOCUMENT", PublicationFilter::NeverPublishedDocument),
        ("HAS_PUBLISHED_VERSION_DOCUMENT", PublicationFilter::HasPublishedDocument),
        ("PUBLISHED_WITHOUT_DRAFT", PublicationFilter::PublishedWithoutDraft),
        ("PUBLISHED_WITH_DRAFT", PublicationFilter::PublishedWithDraft),
    ];
    let filters = filters.map(|(word, filter)| (word.to_owned(), value(ValueBinding::Publication(filter))));
    draft.add("PublicationFilter", draft.edition.name(), None, Kind::Enum(filters.into_iter().collect()));
}

/// Strapi 4 shows one version of each entry: `PREVIEW` the draft where nothing is published.
fn publication_states(draft: &mut Draft<'_>) {
    let states = [("LIVE", Status::Published), ("PREVIEW", Status::Either)];
    let states = states.map(|(word, status)| (word.to_owned(), value(ValueBinding::Status(status))));
    draft.add("PublicationState", draft.edition.name(), None, Kind::Enum(states.into_iter().collect()));
}

/// The type under which a scalar is served, and how it is spelt.
pub(super) fn served(scalar: Scalar) -> (&'static str, Form) {
    match scalar {
        Scalar::String
        | Scalar::Text
        | Scalar::RichText
        | Scalar::Email
        | Scalar::Password
        | Scalar::Uid
        | Scalar::Interval
        | Scalar::Uuid => ("String", Form::Plain),
        Scalar::Id => ("ID", Form::Text),
        Scalar::Int => ("Int", Form::Plain),
        Scalar::BigInt => ("Long", Form::SafeInteger),
        Scalar::Float | Scalar::Decimal => ("Float", Form::Plain),
        Scalar::Boolean => ("Boolean", Form::Plain),
        Scalar::Date => ("Date", Form::Plain),
        Scalar::Time => ("Time", Form::Plain),
        Scalar::DateTime => ("DateTime", Form::Plain),
        Scalar::Json | Scalar::Blocks => ("JSON", Form::Plain),
    }
}
