//! Cursors: where a row stands in an order, as text that clients only hand back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What stands before the number, so that no other text is taken for a cursor.
const WORD: &str = "cursor";
/// Letters of the longest cursor that is read.
const LETTERS_MAX: usize = 40;

/// The cursor of the row with this number, counted from 1.
#[must_use]
pub fn cursor_text(number: u64) -> String {
    STANDARD.encode([WORD, &number.to_string()].concat())
}

/// The number of the row that a cursor names; none for any other text.
#[must_use]
pub fn cursor_number(text: &str) -> Option<u64> {
    if text.len() > LETTERS_MAX {
        return None;
    }
    let bytes = STANDARD.decode(text).ok()?;
    let digits = std::str::from_utf8(&bytes).ok()?.strip_prefix(WORD)?;
    let number: u64 = digits.parse().ok().filter(|number| *number > 0)?;
    (cursor_text(number) == text && i64::try_from(number).is_ok()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_names_its_row_and_nothing_else_does() {
        assert_eq!(cursor_text(1), "Y3Vyc29yMQ==");
        for number in [1, 2, 10, 4_294_967_296] {
            assert_eq!(cursor_number(&cursor_text(number)), Some(number));
        }
        for text in ["", "1", "Y3Vyc29yMA==", "Y3Vyc29yMDE=", "Y3Vyc29yLTE=", "Y3Vyc29yMQ", "\u{e9}", &"Y".repeat(41)] {
            assert_eq!(cursor_number(text), None, "{text}");
        }
    }
}
