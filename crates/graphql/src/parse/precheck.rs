//! One pass over the bytes of a document before any parser sees it: size and nesting of brackets.

use crate::{Limits, RequestError};

/// Refuses what is too large or nested too deep, whatever it means.
pub(super) fn check(text: &str, limits: &Limits) -> Result<(), RequestError> {
    if text.len() > limits.document_bytes_max {
        return Err(RequestError::limit("document_bytes_max", limits.document_bytes_max as u64, "more bytes"));
    }
    let (mut depth, mut rest) = (0usize, text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            b'#' => after.iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(&[], |end| &after[end..]),
            b'"' => after_string(after),
            b'{' | b'[' | b'(' => {
                depth += 1;
                after
            }
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                after
            }
            _ => after,
        };
        if depth > limits.nesting_max {
            return Err(RequestError::limit("nesting_max", limits.nesting_max as u64, "brackets nested deeper"));
        }
    }
    Ok(())
}

/// What follows a string whose first quote is gone. An unfinished one ends the text: the parser says so.
fn after_string(text: &[u8]) -> &[u8] {
    if let Some(block) = text.strip_prefix(b"\"\"") {
        let mut at = 0;
        while at < block.len() {
            if block[at..].starts_with(b"\\\"\"\"") {
                at += 4;
            } else if block[at..].starts_with(b"\"\"\"") {
                return &block[at + 3..];
            } else {
                at += 1;
            }
        }
        return &[];
    }
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            b'"' => return &text[at + 1..],
            b'\n' | b'\r' => return &text[at..],
            _ => at += 1,
        }
    }
    &[]
}
