//! Every recorded request of a Strapi 5 server: what it refused is refused here, what it answered becomes a plan.

use std::fmt::Write as _;
use std::path::Path;

use graphql::{RequestError, Schema};
use plan::Plan;
use serde_json::{Map, Value};

fn planned(
    schema: &Schema,
    query: &str,
    variables: Map<String, Value>,
    name: Option<&str>,
) -> Result<Plan, Vec<RequestError>> {
    let operation = graphql::parse(schema, query, name)?;
    let variables = operation.coerce(schema, variables)?;
    graphql::to_plan(schema, &operation, &variables)
}

/// A case of `tests/conformance/strapi5` that ends otherwise before it runs: refused here and not there, or the other way round.
fn odd(schema: &Schema, case: &Value) -> Option<String> {
    let query = case["query"].as_str()?;
    let variables = case["variables"].as_object().cloned().unwrap_or_default();
    let planned = planned(schema, query, variables, case["operationName"].as_str());
    let name = case["name"].as_str()?;
    match (case["status"].as_u64()?, planned) {
        (400, Ok(_)) => Some(format!("{name}: is not refused")),
        (200, Err(errors)) => Some(format!("{name}: {}", errors[0].message)),
        _ => None,
    }
}

#[test]
fn what_was_answered_is_planned_and_what_was_refused_is_refused() {
    let schema = crate::projects::strapi5();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/strapi5");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let (mut met, mut count) = (String::new(), 0);
    for path in files {
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            count += 1;
            if let Some(odd) = odd(&schema, &case) {
                writeln!(met, "{odd}").unwrap();
            }
        }
    }
    writeln!(met, "{count} cases").unwrap();
    crate::projects::check_file("strapi5/cases.txt", &met);
}
