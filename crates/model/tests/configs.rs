//! Documents of config against the types of a job: faults in order, and what becomes of a good one. `@` lists what is expected.

use model::config::{check, fill};
use model::{Job, Source, read};
use serde_json::{Value, json};

const MODEL: &str = r#"
type Etl @job {
  extract(
    rows: Int! ratio: Float! = 0.5 strict: Boolean! = true label: String! = "none" limit: Int = null
    columns: [String!]! = ["a"] mode: Mode! = APPEND source: Source! nested: Nested! @optional extra: Extra! @optional
    weights: Float! @map(key: "Int") @optional either: Nested! @orScalar(type: "Int") @optional
    url: StringSource! = "here" since: DateTime any: Any
  ): Any @run(command: ["true"])
  load: Any @run(command: ["true"])
}
enum Mode { APPEND OVERWRITE }
input File { path: String! }
input Nothing1 { _: Boolean @absent }
input Source @oneOf { file: File inline: [Int!] nothing: Nothing1 @optional }
input Nested { low: Int! high: Int! deep: Extra! @optional }
input Extra @permissive { known: Int! = 7 }
"#;

fn job(text: &str) -> Job {
    let model = read(vec![Source { name: "etl".to_owned(), text: text.to_owned() }]);
    model.unwrap_or_else(|faults| panic!("{faults}")).jobs.remove(0)
}

/// The faults of a whole document, one on each line.
fn check_document(value: &Value, expected: &[&str]) {
    let faults: Vec<String> = check(&job(MODEL).config_type(), value).iter().map(ToString::to_string).collect();
    assert_eq!(faults, expected, "{value}");
}

/// The faults of `extract`'s config, which has what it needs and then these members.
fn check_member(member: &str, value: &Value, expected: &str) {
    let mut config = json!({"rows": 1, "source": {"nothing": {}}});
    config[member] = value.clone();
    let expected = if expected.is_empty() { vec![] } else { vec![format!("ops.extract.config.{expected}")] };
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    check_document(&json!({"ops": {"extract": {"config": config}}}), &expected);
}

#[test]
fn documents_are_objects_with_known_members() {
    check_document(&json!(3), &["the config: should be an object, not 3"]);
    check_document(
        &json!(null),
        &["the config: should be { execution?: { config?: { in_process?: { marker_to_close?: …, not null"],
    );
    check_document(&json!({}), &["the config: the member `ops` is missing"]);
    check_document(&json!({"ops": {}}), &["ops: the member `extract` is missing"]);
    check_document(
        &json!({"op": {}, "ops": {"extract": {"config": {}}, "lod": {}}, "solids": {}}),
        &[
            "the config: there are no members `op`, `solids`",
            "ops: there is no member `lod`",
            "ops.extract.config: the members `rows`, `source` are missing",
        ],
    );
    let good = json!({"rows": 1, "source": {"inline": [1]}});
    check_document(&json!({"ops": {"extract": {"config": good}, "load": {"config": [1, "any"]}}}), &[]);
    let execution = json!({"config": {"in_process": {}, "multiprocess": {}}});
    check_document(
        &json!({"ops": {"extract": {"config": good}}, "execution": execution}),
        &["execution.config: only one of `in_process`, `multiprocess` may be given, not `in_process`, `multiprocess`"],
    );
}

#[test]
fn scalars_are_what_they_say() {
    for (member, value, expected) in [
        ("rows", json!(true), "rows: should be Int, not true"),
        ("rows", json!(3.0), "rows: should be Int, not 3.0"),
        ("rows", json!("3"), "rows: should be Int, not \"3\""),
        ("rows", json!(null), "rows: should be Int, not null"),
        ("ratio", json!(3), ""),
        ("ratio", json!(false), "ratio: should be Float, not false"),
        ("strict", json!(0), "strict: should be Bool, not 0"),
        ("label", json!(["x"]), "label: should be String, not [\"x\"]"),
        ("limit", json!(null), ""),
        ("limit", json!({}), "limit: should be Int, not {}"),
        ("since", json!("2026-11-21T15:04:05Z"), ""),
        ("since", json!("yesterday"), "since: should be DateTime, not \"yesterday\""),
        ("mode", json!("OVERWRITE"), ""),
        ("mode", json!(1), "mode: should be a word of Mode, not 1"),
        ("mode", json!("overwrite"), "mode: Mode has no word \"overwrite\""),
        ("any", json!(null), ""),
        ("any", json!([{"a": null}]), ""),
        ("url", json!("there"), ""),
        ("url", json!({"env": "URL"}), ""),
        ("url", json!({"environment": "URL"}), "url: there is no member `environment`"),
        ("url", json!({}), "url: `env` must be given"),
        ("url", json!(5), "url: should be String, not 5"),
    ] {
        check_member(member, &value, expected);
    }
}

#[test]
fn lists_maps_and_choices_are_walked() {
    for (member, value, expected) in [
        ("columns", json!("a"), "columns: should be a list, not \"a\""),
        ("columns", json!(["a", 2]), "columns[1]: should be String, not 2"),
        ("weights", json!([1]), "weights: should be an object, not [1]"),
        ("weights", json!({"1": 2, "2": 0.5}), ""),
        ("weights", json!({"one": 2}), "weights[the key \"one\"]: should be Int, not \"one\""),
        ("weights", json!({"1": "x"}), "weights[\"1\"]: should be Float, not \"x\""),
        ("either", json!(5), ""),
        ("either", json!("x"), "either: should be Int, not \"x\""),
        ("either", json!({"low": 1}), "either: the member `high` is missing"),
        ("either", json!([]), "either: should be an object, not []"),
        ("nested", json!({"low": 1, "high": 2, "deep": {"known": 1, "free": null}}), ""),
        ("nested", json!({"low": 1, "high": 2, "deep": {"known": "x"}}), "nested.deep.known: should be Int, not \"x\""),
        ("source", json!("file"), "source: should be an object with one member, not \"file\""),
        ("source", json!({}), "source: one of `file`, `inline`, `nothing` must be given"),
        ("source", json!({"web": 1}), "source: there is no member `web`"),
        ("source", json!({"file": null}), "source.file: the member `path` is missing"),
        ("source", json!({"nothing": null}), ""),
        ("source", json!({"inline": null}), "source.inline: should be [Int], not null"),
        (
            "source",
            json!({"inline": [], "file": {}}),
            "source: only one of `file`, `inline`, `nothing` may be given, not `file`, `inline`",
        ),
    ] {
        check_member(member, &value, expected);
    }
}

#[test]
fn no_more_faults_are_told_than_the_limit() {
    let many: Vec<Value> = (0..5_000).map(|_| json!(1)).collect();
    let config = json!({"rows": 1, "source": {"nothing": {}}, "columns": many});
    let faults = check(&job(MODEL).config_type(), &json!({"ops": {"extract": {"config": config}}}));
    assert_eq!(faults.len(), model::config::CONFIG_FAULTS_MAX);
}

#[test]
fn what_is_not_given_is_filled_in() {
    let given = json!({"ops": {"extract": {"config": {"rows": 1, "source": {"nothing": {}}, "nested": {
        "low": 1, "high": 2, "deep": {"free": 1}}}}}});
    let filled = fill(&job(MODEL).config_type(), &given);
    assert_eq!(
        filled["ops"],
        json!({
            "extract": {"config": {
                "columns": ["a"], "label": "none", "limit": null, "mode": "APPEND",
                "nested": {"deep": {"free": 1, "known": 7}, "high": 2, "low": 1},
                "ratio": 0.5, "rows": 1, "source": {"nothing": {}}, "strict": true, "url": "here",
            }},
            "load": {},
        })
    );
    assert_eq!(filled["execution"]["config"]["multiprocess"]["retries"], json!({"enabled": {}}));
    assert_eq!(filled["resources"], json!({"io_manager": {}}));
}

#[test]
fn types_are_printed_on_one_line() {
    let job = job("type A @job { a(n: Int, m: [String!]! = []): Any @run(command: [\"x\"]) }");
    let printed = job.config_type().to_string();
    let ops = "ops?: { a?: { config?: { m?: [String] n?: Int? } } }";
    assert!(printed.contains(ops), "{printed}");
}
