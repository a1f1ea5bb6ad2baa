//! Functions that the statements for SQLite call and the store registers on every connection: PostgreSQL's meaning where SQLite has none.
//!
//! All give null for a null argument, all are deterministic. The collations `decimal` and `interval` belong to them: they order the texts in
//! which SQLite keeps exact decimals and lengths of time by value.

/// `dragoman_fold(text)`: each character's lower case (`char::to_lowercase`), and final sigma as sigma. PostgreSQL: [`POSTGRES_FOLD`].
pub const FOLD: &str = "dragoman_fold";
/// `dragoman_like(pattern, text)`: SQL `LIKE`, case-sensitive, `\` before `%`, `_` and itself.
pub const LIKE: &str = "dragoman_like";
/// `dragoman_similar(pattern, text)`: SQL `SIMILAR TO` over the whole text.
pub const SIMILAR: &str = "dragoman_similar";
/// `dragoman_regex(pattern, text)`: the pattern is found anywhere in the text.
pub const REGEX: &str = "dragoman_regex";
/// `dragoman_regex_fold(pattern, text)`: the same, ignoring case.
pub const REGEX_FOLD: &str = "dragoman_regex_fold";
/// `dragoman_json_equal(a, b)`: equal as `jsonb`: whatever the order of members and the spelling of numbers.
pub const JSON_EQUAL: &str = "dragoman_json_equal";
/// `dragoman_json_contains(a, b)`: `a @> b` of PostgreSQL.
pub const JSON_CONTAINS: &str = "dragoman_json_contains";
/// `dragoman_json_contained(a, b)`: `a <@ b`.
pub const JSON_CONTAINED: &str = "dragoman_json_contained";
/// `dragoman_json_has_key(json, key)`: `json ? key`.
pub const JSON_HAS_KEY: &str = "dragoman_json_has_key";
/// `dragoman_json_has_any(json, keys)`: `json ?| keys`; keys is a JSON array of texts.
pub const JSON_HAS_ANY: &str = "dragoman_json_has_any";
/// `dragoman_json_has_all(json, keys)`: `json ?& keys`.
pub const JSON_HAS_ALL: &str = "dragoman_json_has_all";
/// Aggregate `dragoman_sum(value)`: exact sum of integers and decimals (as text), text of its digits; null of no rows.
pub const SUM: &str = "dragoman_sum";
/// Aggregate `dragoman_average(value)`: mean of integers, doubles and decimals (as text), a double; null of no rows.
pub const AVERAGE: &str = "dragoman_average";
/// Aggregate `dragoman_stddev_samp(value)`: a double; null of fewer than two rows.
pub const STDDEV_SAMPLE: &str = "dragoman_stddev_samp";
/// Aggregate `dragoman_stddev_pop(value)`: a double; null of no rows.
pub const STDDEV_POPULATION: &str = "dragoman_stddev_pop";
/// Aggregate `dragoman_var_samp(value)`: a double; null of fewer than two rows.
pub const VARIANCE_SAMPLE: &str = "dragoman_var_samp";
/// Aggregate `dragoman_var_pop(value)`: a double; null of no rows.
pub const VARIANCE_POPULATION: &str = "dragoman_var_pop";

/// The collation by whose rules PostgreSQL folds case: the root of Unicode, the same on every server that has ICU.
pub const POSTGRES_FOLD: &str = "und-x-icu";

/// The functions with the number of their arguments.
pub const SCALARS: [(&str, u8); 11] = [
    (FOLD, 1),
    (LIKE, 2),
    (SIMILAR, 2),
    (REGEX, 2),
    (REGEX_FOLD, 2),
    (JSON_EQUAL, 2),
    (JSON_CONTAINS, 2),
    (JSON_CONTAINED, 2),
    (JSON_HAS_KEY, 2),
    (JSON_HAS_ANY, 2),
    (JSON_HAS_ALL, 2),
];

/// The aggregates, of one argument each.
pub const AGGREGATES: [&str; 6] =
    [SUM, AVERAGE, STDDEV_SAMPLE, STDDEV_POPULATION, VARIANCE_SAMPLE, VARIANCE_POPULATION];

/// The collations.
pub const COLLATIONS: [&str; 2] = ["decimal", "interval"];
