//! Values of a request: coerced to the operation's types, composed, and weighed.

use plan::{Segment, Variables};
use serde_json::{Map, Value as Json};

use crate::coerce::{Coercion, Misfit, inspect, scalar};
use crate::definition::{Kind, TypeRef};
use crate::operation::{Cost, CostRows, Given, Operation};
use crate::{RequestError, RequestErrorKind, Schema};

impl Operation {
    /// Coerces the values of a request: checks them against the declared types, fills in defaults, drops what is not declared. What comes
    /// out is what [`Operation::shape_key`], [`crate::to_plan`] and `plan::bind` take.
    ///
    /// # Errors
    /// Every value that does not fit, at most `errors_max` of them, or the limit that is passed.
    pub fn coerce(&self, schema: &Schema, values: Map<String, Json>) -> Result<Variables, Vec<RequestError>> {
        let mut given = values;
        let mut variables = Variables::new();
        let mut errors = Vec::new();
        for variable in self.variables.iter().filter(|variable| !is_composed(&variable.name)) {
            let Some(value) = given.remove(&variable.name) else {
                match &variable.default {
                    Some(default) => drop(variables.insert(variable.name.clone(), default.clone())),
                    None if variable.of.is_non_null() => {
                        errors.push(missing(&variable.name, &variable.of, "was not provided").at(variable.place));
                    }
                    None => {}
                }
                continue;
            };
            if value.is_null() && variable.of.is_non_null() {
                errors.push(missing(&variable.name, &variable.of, "must not be null").at(variable.place));
                continue;
            }
            let mut coercion = Coercion::new(&schema.definitions, &schema.limits, self.kind());
            let value = coercion.value(&variable.of, value);
            let misfits = coercion.misfits;
            errors.extend(misfits.into_iter().map(|misfit| misfit_error(&variable.name, misfit).at(variable.place)));
            variables.insert(variable.name.clone(), value);
        }
        self.compose(schema, &mut variables, &mut errors);
        if errors.is_empty() {
            errors.extend(self.check_cost(schema, &variables));
        }
        errors.truncate(schema.limits.errors_max);
        if errors.is_empty() { Ok(variables) } else { Err(errors) }
    }

    fn compose(&self, schema: &Schema, variables: &mut Variables, errors: &mut Vec<RequestError>) {
        for (name, given) in &self.composed {
            let value = composed(given, variables).unwrap_or(Json::Null);
            let of = self.variables.iter().find(|variable| variable.name == *name).map(|variable| &variable.of);
            if let Some(Kind::Scalar(rule)) = of.and_then(|of| schema.definitions.get(of.name())).map(|of| &of.kind)
                && let (false, Err(fault)) = (value.is_array(), scalar(rule, &value))
            {
                errors.push(RequestError::new(RequestErrorKind::Validation, fault.text));
            }
            variables.insert(name.clone(), value);
        }
    }

    fn check_cost(&self, schema: &Schema, variables: &Variables) -> Option<RequestError> {
        let most = schema.limits.cost_rows_max;
        (cost(&self.costs, variables) > most)
            .then(|| RequestError::limit("cost_rows_max", most, "more rows, page sizes multiplied,"))
    }
}

fn is_composed(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_digit())
}

/// A value with its variables put in. Absent ones are left out of objects and null in lists.
pub(crate) fn composed(given: &Given, variables: &Variables) -> Option<Json> {
    match given {
        Given::Json(json) => Some(json.clone()),
        Given::Variable(name) => variables.get(name).cloned(),
        Given::List(items) => Some(items.iter().map(|item| composed(item, variables).unwrap_or(Json::Null)).collect()),
        Given::Object(members) => {
            let members = members.iter().filter_map(|(name, value)| Some((name.clone(), composed(value, variables)?)));
            Some(Json::Object(members.collect()))
        }
    }
}

/// The largest product of page sizes on any path.
fn cost(costs: &[Cost], variables: &Variables) -> u64 {
    costs
        .iter()
        .map(|list| {
            let rows = match &list.rows {
                CostRows::Known(rows) => *rows,
                CostRows::Variable(given) => match composed(given, variables) {
                    Some(Json::Object(members)) => crate::parse::page_size(&Json::Object(members)).unwrap_or(1),
                    Some(json) => json.as_u64().unwrap_or(1),
                    None => 1,
                },
            };
            rows.max(1).saturating_mul(cost(&list.inner, variables).max(1))
        })
        .max()
        .unwrap_or(1)
}

fn missing(name: &str, of: &TypeRef, what: &str) -> RequestError {
    let kind = if what.starts_with("was") { "required" } else { "non-null" };
    let message = format!("Variable \"${name}\" of {kind} type \"{of}\" {what}.");
    RequestError::new(RequestErrorKind::Variable(name.to_owned()), message)
}

fn misfit_error(name: &str, misfit: Misfit) -> RequestError {
    let mut place = name.to_owned();
    for segment in &misfit.path {
        match segment {
            Segment::Key(key) => {
                place.push('.');
                place.push_str(key);
            }
            Segment::Index(index) => {
                place.push('[');
                place.push_str(&index.to_string());
                place.push(']');
            }
        }
    }
    let at = if misfit.path.is_empty() { String::new() } else { format!(" at \"{place}\"") };
    let message = format!("Variable \"${name}\" got invalid value {}{at}; {}", inspect(&misfit.value), misfit.text);
    let kind = misfit.limit.unwrap_or_else(|| RequestErrorKind::Variable(name.to_owned()));
    RequestError { kind, message, places: Vec::new(), path: misfit.path, complaint: None }
}
