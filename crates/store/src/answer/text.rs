//! Text as JSON: copied between escapes.

use crate::Error;

const BLOCK: usize = 32;

/// Appends `"text"`.
///
/// # Errors
/// [`Error::NotText`] for bytes that are not UTF-8, which only a foreign SQLite file can hold.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &[u8]) -> Result<(), Error> {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let (plain, is_ascii) = plain_prefix(text);
    if !is_ascii && std::str::from_utf8(text).is_err() {
        return Err(Error::NotText);
    }
    out.extend_from_slice(&text[..plain]);
    if plain < text.len() {
        write_escaped(out, &text[plain..]);
    }
    out.push(b'"');
    Ok(())
}

/// Length of the part in front that needs no escape (whole blocks, or all of it), and whether all bytes were ASCII.
fn plain_prefix(text: &[u8]) -> (usize, bool) {
    let mut high = 0u8;
    let mut plain = None;
    for (index, block) in text.chunks(BLOCK).enumerate() {
        // Folds without branches, so that the compiler makes vector instructions of them.
        let found = block.iter().fold(0, |found, byte| found | special(*byte));
        high |= block.iter().fold(0, |bits, byte| bits | byte);
        if found != 0 && plain.is_none() {
            plain = Some(index * BLOCK);
        }
    }
    (plain.unwrap_or(text.len()), high < 0x80)
}

/// 1 for a byte that needs an escape. Numbers instead of truths: a branch would keep the compiler from making vector instructions.
fn special(byte: u8) -> u8 {
    u8::from(byte < 0x20) | u8::from(byte == b'"') | u8::from(byte == b'\\')
}

fn write_escaped(out: &mut Vec<u8>, text: &[u8]) {
    let mut copied = 0;
    for (index, byte) in text.iter().enumerate() {
        if special(*byte) == 0 {
            continue;
        }
        out.extend_from_slice(&text[copied..index]);
        copied = index + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            control => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.extend([HEX[usize::from(control >> 4)], HEX[usize::from(control & 15)]]);
            }
        }
    }
    out.extend_from_slice(&text[copied..]);
}

#[cfg(test)]
mod tests {
    use super::write_text;

    fn check(text: &str) {
        let mut out = Vec::new();
        write_text(&mut out, text.as_bytes()).expect("a str is text");
        assert_eq!(
            String::from_utf8(out).expect("what is written is text"),
            serde_json::to_string(text).expect("text is JSON")
        );
    }

    #[test]
    fn escapes_as_json_does() {
        for text in [
            "",
            "plain",
            "\"",
            "a\\b",
            "\n\r\t\u{8}\u{c}\u{1}\u{1f}",
            "żółw 🐢",
            "long enough to fill a block, then \"quoted\" and on",
        ] {
            check(text);
            check(&text.repeat(7));
        }
    }

    #[test]
    fn refuses_what_is_not_text() {
        assert!(write_text(&mut Vec::new(), &[b'a', 0xff]).is_err());
    }
}
