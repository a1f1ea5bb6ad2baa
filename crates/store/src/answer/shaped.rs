//! What a pure function makes of rows: their answers are written first, then taken back and replaced by what is made of their text.

use plan::{Cause, Made, Met, Segment, Shaped, Value};
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
                Wrote::Value => rows.push(text(&self.out.bytes[from..])?),
                Wrote::Null => rows.push("null".to_owned()),
                Wrote::Failed => return Ok(Wrote::Failed),
            }
            self.out.take_back(start);
        }
        let Value::Instant(now) = *self.values.get(shaped.now) else {
            return Err(Error::Malformed { expected: "the time of the request" });
        };
        let met = Met { rows: Ok(&rows), granted: &shaped.granted, now };
        let Made { is_null, faults } = (shaped.shaper.make)(met, &mut self.out.bytes);
        // A null that has a reason already needs no other.
        let wrote = if is_null && !faults.is_empty() { Wrote::Failed } else { wrote(is_null) };
        for (path, cause) in faults {
            self.out.fault_below(&path, cause);
        }
        Ok(wrote)
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
    let rows = match met.map(text) {
        Ok(row) => Ok([row?]),
        Err(cause) => Err(cause),
    };
    let rows = rows.as_ref().map(<[String; 1]>::as_slice).map_err(|cause| *cause);
    let Made { is_null, faults } = (shaped.shaper.make)(Met { rows, granted: &shaped.granted, now }, bytes);
    Ok((wrote(is_null), faults))
}

fn text(bytes: &[u8]) -> Result<String, Error> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Error::Malformed { expected: "an answer that is JSON" })
}

fn wrote(is_null: bool) -> Wrote {
    if is_null { Wrote::Null } else { Wrote::Value }
}
