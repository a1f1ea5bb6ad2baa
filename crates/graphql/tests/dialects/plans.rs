//! Requests and the plans that they become: a folder for each below `cases/`, with a request for each dialect.
//!
//! `model` names a file of `models/`, `variables.json` holds the values, `DIALECT.graphql` the request, `DIALECT.plan.txt` what is recorded.
//! Where several dialects ask, they must ask the same: `question.txt`.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use graphql::{RequestError, Schema};
use model::{Model, Source};
use plan::{Detail, Variables, picture};
use serde_json::{Map, Value};

const DIALECTS: [&str; 3] = ["strapi5", "strapi4", "hasura"];

fn model_named(cases: &Path, name: &str) -> Arc<Model> {
    let path = cases.join("models").join(name).with_extension("graphql");
    let text = std::fs::read_to_string(&path).unwrap();
    Arc::new(model::read(vec![Source { name: name.to_owned(), text }]).unwrap_or_else(|faults| panic!("{faults:#?}")))
}

fn planned(schema: &Schema, text: &str, values: Map<String, Value>) -> Result<plan::Plan, Vec<RequestError>> {
    let operation = graphql::parse(schema, text, None)?;
    let variables: Variables = operation.coerce(schema, values)?;
    let plan = graphql::to_plan(schema, &operation, &variables)?;
    assert!(operation.shape_key(schema, &variables) == operation.shape_key(schema, &variables.clone()));
    Ok(plan)
}

fn check(cases: &Path, case: &str) {
    let folder = cases.join(case);
    let model = model_named(cases, std::fs::read_to_string(folder.join("model")).unwrap().trim());
    let values = std::fs::read_to_string(folder.join("variables.json")).unwrap_or_else(|_| "{}".to_owned());
    let values: Map<String, Value> = serde_json::from_str(&values).unwrap();
    let mut questions = Vec::new();
    for dialect in DIALECTS {
        let Ok(text) = std::fs::read_to_string(folder.join(dialect).with_extension("graphql")) else { continue };
        let schema = crate::projects::schema_of(&model, dialect);
        let met = match planned(&schema, &text, values.clone()) {
            Ok(plan) => {
                questions.push(picture(&model, &plan, Detail::Question));
                picture(&model, &plan, Detail::Everything)
            }
            Err(errors) => errors.iter().fold(String::new(), |mut out, error| {
                writeln!(out, "{}", error.message).unwrap();
                out
            }),
        };
        crate::projects::check_file(&format!("cases/{case}/{dialect}.plan.txt"), &met);
    }
    if let [one, others @ ..] = questions.as_slice()
        && !others.is_empty()
    {
        for other in others {
            assert!(one == other, "{case}: the dialects ask differently\n{one}\n{other}");
        }
        crate::projects::check_file(&format!("cases/{case}/question.txt"), one);
    }
}

#[test]
fn every_case_has_its_plan() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut names: Vec<String> = std::fs::read_dir(&cases)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "models")
        .collect();
    names.sort();
    for name in names {
        check(&cases, &name);
    }
}
