//! Scalars, enums and the comparison objects over them.

use indexmap::IndexMap;
use model::{EnumId, Model, Operator};
use plan::{Direction, Nulls, Status, ValueKind};

use super::columns::enum_name;
use super::{Draft, NAME};
use crate::binding::{InputBinding, ScalarRule, ValueBinding};
use crate::definition::{EnumValue, Input, Kind, TypeRef};

/// Operators of every column type.
const EVERY: [(&str, Operator); 6] = [
    ("_eq", Operator::Eq),
    ("_neq", Operator::Ne),
    ("_gt", Operator::Gt),
    ("_gte", Operator::Gte),
    ("_lt", Operator::Lt),
    ("_lte", Operator::Lte),
];
/// Operators whose operand is a list.
const LISTS: [(&str, Operator); 2] = [("_in", Operator::In), ("_nin", Operator::NotIn)];
/// Operators of text columns.
const TEXT: [(&str, Operator); 10] = [
    ("_like", Operator::Like),
    ("_nlike", Operator::NotLike),
    ("_ilike", Operator::LikeFold),
    ("_nilike", Operator::NotLikeFold),
    ("_similar", Operator::Similar),
    ("_nsimilar", Operator::NotSimilar),
    ("_regex", Operator::Regex),
    ("_nregex", Operator::NotRegex),
    ("_iregex", Operator::RegexFold),
    ("_niregex", Operator::NotRegexFold),
];
/// Scalars beside those of GraphQL itself.
const SCALARS: [(&str, ScalarRule); 13] = [
    ("String", ScalarRule::String),
    ("Int", ScalarRule::Int),
    ("Float", ScalarRule::Float),
    ("Boolean", ScalarRule::Boolean),
    ("ID", ScalarRule::Id),
    ("uuid", ScalarRule::Loose(ValueKind::Uuid)),
    ("timestamptz", ScalarRule::Loose(ValueKind::DateTime)),
    ("date", ScalarRule::Loose(ValueKind::Date)),
    ("time", ScalarRule::Loose(ValueKind::Time)),
    ("interval", ScalarRule::Loose(ValueKind::Interval)),
    ("numeric", ScalarRule::Loose(ValueKind::Decimal)),
    ("bigint", ScalarRule::Loose(ValueKind::Int)),
    ("jsonb", ScalarRule::Json),
];

/// Adds every scalar with its comparison object, and the words of orders and versions.
pub(super) fn add(draft: &mut Draft) {
    for (name, rule) in SCALARS {
        draft.add(name, NAME, Kind::Scalar(rule));
        draft.add(&comparison(name), NAME, Kind::Input(comparisons(name)));
    }
    draft.add("order_by", NAME, Kind::Enum(orders()));
    draft.add("document_status", NAME, Kind::Enum(statuses()));
}

/// Adds the model's enums with their comparison objects.
pub(super) fn add_enums(draft: &mut Draft, model: &Model) {
    for (index, of) in (0u16..).zip(&model.enums) {
        let name = enum_name(model, EnumId(index));
        let values = of.values.iter().map(|value| {
            (value.name.clone(), EnumValue { description: value.description.clone(), binding: ValueBinding::Word })
        });
        draft.add(&name, &of.name, Kind::Enum(values.collect()));
        draft.describe(of.description.as_ref());
        draft.add(&comparison(&name), &of.name, Kind::Input(enum_comparisons(&name)));
    }
}

/// Name of the comparison object over a type.
pub(super) fn comparison(name: &str) -> String {
    [name, "_comparison_exp"].concat()
}

fn comparisons(name: &str) -> IndexMap<String, Input> {
    let mut members: IndexMap<String, Input> =
        EVERY.iter().map(|(word, operator)| compare(word, *operator, TypeRef::named(name))).collect();
    members
        .extend(LISTS.iter().map(|(word, operator)| compare(word, *operator, TypeRef::named(name).non_null().list())));
    members.insert("_is_null".to_owned(), is_null());
    if name == "String" {
        members.extend(TEXT.iter().map(|(word, operator)| compare(word, *operator, TypeRef::named("String"))));
    }
    if name == "jsonb" {
        members.extend(json_comparisons());
    }
    members
}

fn json_comparisons() -> Vec<(String, Input)> {
    let keys = || TypeRef::named("String").non_null().list();
    vec![
        compare("_contains", Operator::JsonContains, TypeRef::named("jsonb")),
        compare("_contained_in", Operator::JsonContainedIn, TypeRef::named("jsonb")),
        compare("_has_key", Operator::JsonHasKey, TypeRef::named("String")),
        compare("_has_keys_any", Operator::JsonHasKeysAny, keys()),
        compare("_has_keys_all", Operator::JsonHasKeysAll, keys()),
    ]
}

fn enum_comparisons(name: &str) -> IndexMap<String, Input> {
    let mut members: IndexMap<String, Input> =
        EVERY[..2].iter().map(|(word, operator)| compare(word, *operator, TypeRef::named(name))).collect();
    members
        .extend(LISTS.iter().map(|(word, operator)| compare(word, *operator, TypeRef::named(name).non_null().list())));
    members.insert("_is_null".to_owned(), is_null());
    members
}

fn compare(word: &str, operator: Operator, of: TypeRef) -> (String, Input) {
    (word.to_owned(), Input { description: None, of, default: None, binding: InputBinding::Compare(operator) })
}

fn is_null() -> Input {
    let binding = InputBinding::IsNull { negated: false };
    Input { description: None, of: TypeRef::named("Boolean"), default: None, binding }
}

fn orders() -> IndexMap<String, EnumValue> {
    const WORDS: [(&str, &str, Direction, Nulls); 6] = [
        ("asc", "in ascending order, nulls last", Direction::Ascending, Nulls::Last),
        ("asc_nulls_first", "in ascending order, nulls first", Direction::Ascending, Nulls::First),
        ("asc_nulls_last", "in ascending order, nulls last", Direction::Ascending, Nulls::Last),
        ("desc", "in descending order, nulls first", Direction::Descending, Nulls::First),
        ("desc_nulls_first", "in descending order, nulls first", Direction::Descending, Nulls::First),
        ("desc_nulls_last", "in descending order, nulls last", Direction::Descending, Nulls::Last),
    ];
    let value = |(word, text, direction, nulls): (&str, &str, _, _)| {
        (
            word.to_owned(),
            EnumValue { description: Some(text.to_owned()), binding: ValueBinding::Order(direction, nulls) },
        )
    };
    WORDS.into_iter().map(value).collect()
}

fn statuses() -> IndexMap<String, EnumValue> {
    [("draft", Status::Draft), ("published", Status::Published)]
        .map(|(word, status)| (word.to_owned(), EnumValue { description: None, binding: ValueBinding::Status(status) }))
        .into_iter()
        .collect()
}
