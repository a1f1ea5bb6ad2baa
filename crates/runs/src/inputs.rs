//! The document that the process of a step reads: config, inputs, what it is supplied with, and of which run it is.

use serde_json::{Map, Value as Json, json};

use crate::Happening;
use crate::attempt::outputs_of;
use crate::definition::Definition;
use crate::record::{RunRecord, StepRecord};

/// The values of an op's inputs.
///
/// # Errors
/// `op.output` that feeds one and was not made: the step is then skipped.
pub(crate) fn gather(
    definition: &Definition,
    run: &RunRecord,
    rows: &[StepRecord],
    op: usize,
) -> Result<Map<String, Json>, String> {
    let of = &definition.ops[op];
    let given = definition.config_of(&run.filled_config, op).and_then(|config| config.get("inputs"));
    let mut values = Map::new();
    for input in &of.inputs {
        let mut fed = Vec::new();
        let mut missing = None;
        for (from, name) in &input.feeds {
            match value_of(definition, rows, *from, name) {
                Some(value) => fed.push(value),
                None => missing = Some(format!("{}.{name}", definition.ops[*from].name)),
            }
        }
        match missing {
            // A list is made of what there is.
            Some(missing) if !input.is_list || fed.is_empty() => return Err(missing),
            Some(_) | None => {}
        }
        if input.is_nothing {
            continue;
        }
        let value = match (input.is_list, fed.is_empty()) {
            (true, false) => Json::from(fed),
            (false, false) => fed.remove(0),
            (_, true) => {
                let given = given.and_then(|inputs| inputs.get(&input.name));
                // Config gives an input as `{ value: … }`, or as the value itself.
                let given = given.map(|given| given.get("value").unwrap_or(given)).cloned();
                given.or_else(|| input.default.clone()).unwrap_or(Json::Null)
            }
        };
        values.insert(input.name.clone(), value);
    }
    Ok(values)
}

/// What an op gave under a name, in this run or in the one that it repeats.
fn value_of(definition: &Definition, rows: &[StepRecord], op: usize, name: &str) -> Option<Json> {
    let of = &definition.ops[op];
    if of.outputs.iter().any(|output| output.name == name && output.is_nothing) {
        return Some(Json::Null);
    }
    let row = rows.iter().find(|row| row.key == of.name)?;
    let outputs = outputs_of(of, row.output.as_ref());
    outputs.into_iter().find(|(output, _)| output == name).map(|(_, value)| value)
}

/// The whole document.
pub(crate) fn document(
    definition: &Definition,
    run: &RunRecord,
    (op, attempt): (usize, u32),
    inputs: &Map<String, Json>,
) -> Json {
    let of = &definition.ops[op];
    let config = definition.config_of(&run.filled_config, op).and_then(|config| config.get("config"));
    json!({
        "run": { "id": run.key.to_string(), "number": run.number, "job": run.job, "tags": run.tags,
            "retryNumber": attempt.saturating_sub(1), "event": Happening::of_tags(&run.tags).map(|of| of.to_json()) },
        "step": of.name,
        "op": of.definition,
        "attempt": attempt,
        "config": config.cloned().unwrap_or_else(|| json!({})),
        "inputs": inputs,
        "resources": definition.resources_of(&run.filled_config, op),
    })
}
