//! Cursors: where a row stands in an order, as text that clients only hand back.

/// The letters of base64, as RFC 4648 has them.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// What stands before the number, so that no other text is taken for a cursor.
const WORD: &str = "cursor";
/// Letters of the longest cursor that is read.
const LETTERS_MAX: usize = 40;

/// The cursor of the row with this number, counted from 1.
#[must_use]
pub fn cursor_text(number: u64) -> String {
    base64([WORD, &number.to_string()].concat().as_bytes())
}

/// The number of the row that a cursor names; none for any other text.
#[must_use]
pub fn cursor_number(text: &str) -> Option<u64> {
    if text.len() > LETTERS_MAX {
        return None;
    }
    let bytes = bytes_of(text.trim_end_matches('='))?;
    let digits = std::str::from_utf8(&bytes).ok()?.strip_prefix(WORD)?;
    let number: u64 = digits.parse().ok().filter(|number| *number > 0)?;
    // One spelling alone: padding and bits that nobody reads are no other cursor.
    (cursor_text(number) == text && i64::try_from(number).is_ok()).then_some(number)
}

/// Three bytes become four letters; what is missing at the end is filled up with `=`.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0usize, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - chunk.len()));
        for letter in 0..4 {
            let index = bits >> (18 - 6 * letter) & 63;
            text.push(if letter <= chunk.len() { char::from(LETTERS[index]) } else { '=' });
        }
    }
    text
}

/// The bytes of letters without padding; none for a letter that is none of base64.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0u32, 0u32);
    for letter in text.bytes() {
        let index = LETTERS.iter().position(|known| *known == letter)?;
        bits = (bits << 6 | u32::try_from(index).ok()?) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
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
