//! What a pure function makes of rows: their answers are written first, then read back and replaced by what is made of them.

use plan::{Cause, Made, Met, Segment, Shaped, Value};
use serde_json::Value as Json;
use sql::Node;

use super::{Walk, Wrote};
use crate::Error;

impl<'a> Walk<'a, '_> {
    /// Writes what is made of the rows of these nodes.
    pub(crate) fn shaped(&mut self, nodes: &'a [Node], shaped: &Shaped) -> Result<Wrote, Error> {
        let start = self.out.mark();
        let mut rows = Vec::with_capacity(nodes.len());
        for node in nodes {
            let from = self.out.bytes.len();
            match self.node(node, None)? {
                Wrote::Value => rows.push(parsed(&self.out.bytes[from..])?),
                Wrote::Null => rows.push(Json::Null),
                Wrote::Failed => return Ok(Wrote::Failed),
            }
            self.out.take_back(start);
        }
        let Value::Instant(now) = *self.values.get(shaped.now) else {
            return Err(Error::Malformed { expected: "the time of the request" });
        };
        let made = (shaped.shaper.make)(Met { rows: Ok(&rows), granted: &shaped.granted, now });
        for (path, cause) in made.faults.iter().cloned() {
            self.out.fault_below(&path, cause);
        }
        let wrote = written(&mut self.out.bytes, &made.value)?;
        // A null that has a reason already needs no other.
        Ok(if wrote == Wrote::Null && !made.faults.is_empty() { Wrote::Failed } else { wrote })
    }
}

/// What was written, and the faults below its root.
pub(crate) type ShapedOnto = (Wrote, Vec<(Vec<Segment>, Cause)>);

/// Appends what is made of an answer, or of the reason why there is none; gives the faults below its root.
pub(crate) fn shape_onto(
    bytes: &mut Vec<u8>,
    shaped: &Shaped,
    (met, now): (Result<&[u8], &Cause>, i64),
) -> Result<ShapedOnto, Error> {
    let rows = met.map(parsed);
    let rows = match rows {
        Ok(row) => Ok(vec![row?]),
        Err(cause) => Err(cause),
    };
    let rows = rows.as_deref().map_err(|cause| *cause);
    let Made { value, faults } = (shaped.shaper.make)(Met { rows, granted: &shaped.granted, now });
    Ok((written(bytes, &value)?, faults))
}

fn parsed(bytes: &[u8]) -> Result<Json, Error> {
    serde_json::from_slice(bytes).map_err(|_| Error::Malformed { expected: "an answer that is JSON" })
}

fn written(bytes: &mut Vec<u8>, value: &Json) -> Result<Wrote, Error> {
    if value.is_null() {
        return Ok(Wrote::Null);
    }
    serde_json::to_writer(bytes, value).map_err(|_| Error::Malformed { expected: "a value that is JSON" })?;
    Ok(Wrote::Value)
}
