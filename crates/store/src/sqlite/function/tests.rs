//! Each function of SQLite against what PostgreSQL says of the same values.

use sql::function::POSTGRES_FOLD;

use crate::database::Place;
use crate::question::rows;

/// Asks both databases: expressions side by side, one row of answers each, and compares.
async fn check(test: &str, cases: Vec<(String, String)>) {
    let places = Place::both(test).await;
    let mut answers = Vec::new();
    for (place, is_sqlite) in places.into_iter().zip([true, false]) {
        let store = place.open();
        let mut answer = Vec::new();
        for (sqlite, postgres) in &cases {
            let asked = if is_sqlite { sqlite } else { postgres };
            answer.extend(rows(&store, &["select ", asked].concat()).await);
        }
        answers.push(answer);
        drop(store);
        place.remove().await;
    }
    for ((sqlite, ours), theirs) in cases.iter().map(|(sqlite, _)| sqlite).zip(&answers[0]).zip(&answers[1]) {
        // The two print great doubles differently; the same double is meant.
        let is_same = theirs.contains("e+") && ours.parse::<f64>() == theirs.parse::<f64>();
        assert!(ours == theirs || is_same, "{sqlite}: {ours} here, {theirs} there");
    }
    assert_eq!(answers[0].len(), cases.len());
}

/// A text as a literal of both.
fn quoted(text: &str) -> String {
    ["'", &text.replace('\'', "''"), "'"].concat()
}

/// `case when .. then 'yes' when not .. then 'no' else 'unknown' end`: booleans print differently.
fn truth(expression: &str) -> String {
    ["case when ", expression, " then 'yes' when not (", expression, ") then 'no' else 'unknown' end"].concat()
}

fn tests(function: &str, operator: &str, pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let case = |(pattern, text): &(&str, &str)| {
        let (pattern, text) = (quoted(pattern), quoted(text));
        let postgres = operator.replace("PATTERN", &pattern).replace("TEXT", &text);
        (truth(&[function, "(", &pattern, ", ", &text, ")"].concat()), truth(&postgres))
    };
    pairs.iter().map(case).collect()
}

#[tokio::test]
async fn folded_texts() {
    let folded = ["", "ABC", "Straße", "ΣΊΣΥΦΟΣ", "ÅÉÎ", "İstanbul", "ДОМ", "ﬀ", "ẞ", "Ǆ"];
    let mut cases: Vec<(String, String)> = folded
        .iter()
        .map(|text| {
            let lower = ["replace(lower(", &quoted(text), " collate \"", POSTGRES_FOLD, "\"), 'ς', 'σ')"].concat();
            (["dragoman_fold(", &quoted(text), ")"].concat(), lower)
        })
        .collect();
    cases.push((truth("dragoman_like(null, 'a')"), truth("'a' like null")));
    check("folded", cases).await;
}

/// Pattern and text.
const LIKES: [(&str, &str); 28] = [
    ("a", "a"),
    ("a", "A"),
    ("%", ""),
    ("", ""),
    ("", "a"),
    ("%b%", "abc"),
    ("a%c", "abbc"),
    ("a%c", "ac"),
    ("a%c", "a"),
    ("a%a", "a"),
    ("%a%b%", "xbxa"),
    ("%ab%ab", "abab"),
    ("%ab%ab", "ab"),
    ("_", "ż"),
    ("_", ""),
    ("__", "ż"),
    ("%_b", "ab"),
    ("%_b", "b"),
    ("a_%c_", "abcd"),
    ("%x_z%", "axyxyz"),
    ("100\\%", "100%"),
    ("100\\%", "1000"),
    ("a\\_b", "a_b"),
    ("a\\_b", "axb"),
    ("\\\\", "\\"),
    ("%\n%", "a\nb"),
    ("_%_%_", "ab"),
    ("%🐢_", "żółw🐢!"),
];

const SIMILAR: [(&str, &str); 23] = [
    ("abc", "abc"),
    ("a", "abc"),
    ("%(b|d)%", "abc"),
    ("(b|c)%", "abc"),
    ("a|b", "b"),
    ("a|b", "ab"),
    ("[a-c]+", "abcab"),
    ("[^a]", "b"),
    ("a.c", "abc"),
    ("a.c", "a.c"),
    ("a_c", "abc"),
    ("a{2}", "aa"),
    ("a\\%", "a%"),
    ("a\\%", "ab"),
    ("^a$", "^a$"),
    ("a?b*", "bbb"),
    ("%", "a\nb"),
    ("[a&&b]", "&"),
    ("[a&&b]", "b"),
    ("[x[y]", "["),
    ("[a~~b]", "~"),
    ("[[:digit:]x]+", "1x2"),
    ("[%_.]+", "%_."),
];

const EXPRESSIONS: [(&str, &str); 20] = [
    ("b", "abc"),
    ("^b", "abc"),
    ("a.c", "a\nc"),
    ("^b", "a\nb"),
    ("(a|b)+c$", "xabc"),
    ("\\d{2,3}", "a12"),
    ("\\ybar\\y", "foo bar"),
    ("\\ybar\\y", "foobar"),
    ("\\mfoo", "a foo"),
    ("foo\\M", "foox"),
    ("[[:alpha:]]+", "12a"),
    ("A", "a"),
    ("Ż", "żółw"),
    ("a\\.b", "axb"),
    ("^$", ""),
    ("[a&&b]", "&"),
    ("[a~~b]", "~"),
    ("[x[y]", "["),
    ("[]x]", "]"),
    ("[\\d^]+", "1^"),
];

#[tokio::test]
async fn patterns() {
    let mut cases = tests("dragoman_like", "TEXT like PATTERN", &LIKES);
    cases.extend(tests("dragoman_similar", "TEXT similar to PATTERN", &SIMILAR));
    cases.extend(tests("dragoman_regex", "TEXT ~ PATTERN", &EXPRESSIONS));
    cases.extend(tests("dragoman_regex_fold", "TEXT collate \"und-x-icu\" ~* PATTERN", &EXPRESSIONS));
    check("patterns", cases).await;
}

#[tokio::test]
async fn json() {
    let values = [
        "null",
        "true",
        "1",
        "1.0",
        "1e0",
        "\"a\"",
        "[]",
        "{}",
        "[1]",
        "[1, 2]",
        "[2, 1]",
        "[[1, 2]]",
        "[\"a\"]",
        "{\"a\": 1}",
        "{\"a\": 1.0, \"b\": 2}",
        "{\"b\": 2, \"a\": 1}",
        "{\"a\": {\"b\": [1, {\"c\": null}]}}",
        "{\"a\": {\"b\": [{}]}}",
        "[{\"a\": 1}]",
        "{\"a\": null}",
    ];
    let mut cases = Vec::new();
    for left in values {
        for right in values {
            let arguments = [quoted(left), ", ".to_owned(), quoted(right)].concat();
            let postgres =
                |operator: &str| truth(&[&quoted(left), "::jsonb ", operator, " ", &quoted(right), "::jsonb"].concat());
            let sqlite = |name: &str| truth(&[name, "(", &arguments, ")"].concat());
            cases.push((sqlite("dragoman_json_equal"), postgres("=")));
            cases.push((sqlite("dragoman_json_contains"), postgres("@>")));
            cases.push((sqlite("dragoman_json_contained"), postgres("<@")));
        }
        for (name, operator, sqlite, postgres) in [
            ("dragoman_json_has_key", "?", "a", "'a'"),
            ("dragoman_json_has_any", "?|", "[\"a\", \"x\"]", "array['a', 'x']"),
            ("dragoman_json_has_all", "?&", "[\"a\", \"b\"]", "array['a', 'b']"),
            ("dragoman_json_has_any", "?|", "[]", "array[]::text[]"),
            ("dragoman_json_has_all", "?&", "[]", "array[]::text[]"),
        ] {
            let ours = truth(&[name, "(", &quoted(left), ", ", &quoted(sqlite), ")"].concat());
            cases.push((ours, truth(&[&quoted(left), "::jsonb ", operator, " ", postgres].concat())));
        }
    }
    check("json", cases).await;
}

#[tokio::test]
async fn numbers() {
    let lists: [(&str, &[&str]); 9] = [
        ("bigint", &["1", "2", "4"]),
        ("bigint", &["7"]),
        ("bigint", &["9223372036854775807", "9223372036854775807"]),
        ("bigint", &["1000000", "3", "-17", "null"]),
        ("numeric", &["0.1", "0.2", "0.45"]),
        ("numeric", &["12345678.9", "0.0001", "100"]),
        ("numeric", &["3.3333", "3.3333", "3.3333"]),
        ("double precision", &["0.1", "0.25", "-3.5", "1e10"]),
        ("bigint", &["null"]),
    ];
    let mut cases = Vec::new();
    for (kind, list) in lists {
        for (ours, theirs) in [
            ("dragoman_average", "avg"),
            ("dragoman_stddev_samp", "stddev_samp"),
            ("dragoman_stddev_pop", "stddev_pop"),
            ("dragoman_var_samp", "var_samp"),
            ("dragoman_var_pop", "var_pop"),
            ("dragoman_sum", "sum"),
        ] {
            if ours == "dragoman_sum" && kind == "double precision" {
                continue;
            }
            let sqlite: Vec<String> = list
                .iter()
                .map(|value| if kind == "numeric" { quoted(value) } else { (*value).to_owned() })
                .map(|value| ["(", &value, ")"].concat())
                .collect();
            let postgres: Vec<String> = list.iter().map(|value| ["(", value, "::", kind, ")"].concat()).collect();
            let from = |name: &str, values: &[String]| {
                [name, "(v.column1) from (values ", &values.join(", "), ") as v"].concat()
            };
            let shown = |text: String| text.replacen("(v.column1)", "(v.column1)::double precision", 1);
            let (ours, theirs) = (from(ours, &sqlite), from(theirs, &postgres));
            let theirs = if theirs.starts_with("sum") { theirs } else { shown(theirs) };
            cases.push((ours, theirs));
        }
    }
    check("numbers", cases).await;
}
