//! What stands in front of a value in an answer.

/// Bytes that are copied at once.
const BLOCK: usize = 32;

/// `{"key":` of an object's first entry, `,"key":` of the others. A short one is kept in a block of fixed size: a copy of known length needs no call, and an
/// answer has as many leads as values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    block: [u8; BLOCK],
    /// Bytes of the block that count; none: all stands in `text`.
    length: Option<u8>,
    text: String,
}

impl Lead {
    /// The lead of a key.
    #[must_use]
    pub fn new(key: &str, is_first: bool) -> Lead {
        let sign = if is_first { "{" } else { "," };
        let text = [sign, &serde_json::Value::from(key).to_string(), ":"].concat();
        let mut block = [0; BLOCK];
        let length = (text.len() <= BLOCK).then(|| {
            block[..text.len()].copy_from_slice(text.as_bytes());
            text.len().to_le_bytes()[0]
        });
        Lead { block, length, text }
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Appends it.
    #[inline]
    pub fn append_to(&self, out: &mut Vec<u8>) {
        match self.length {
            Some(length) => {
                let end = out.len() + usize::from(length);
                out.extend_from_slice(&self.block);
                out.truncate(end);
            }
            None => out.extend_from_slice(self.text.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lead;

    #[test]
    fn short_and_long_leads_are_appended_whole() {
        for key in [
            "",
            "a",
            "a key with a \" quote",
            "a_key_of_exactly_27_letters",
            "a_key_of_exactly_28_letters_",
            "a_key_that_is_much_longer_than_a_block_is",
        ] {
            for is_first in [true, false] {
                let mut out = b"x".to_vec();
                let lead = Lead::new(key, is_first);
                lead.append_to(&mut out);
                assert_eq!(out, ["x", lead.as_str()].concat().as_bytes());
                assert_eq!(lead.as_str().starts_with('{'), is_first);
            }
        }
    }
}
