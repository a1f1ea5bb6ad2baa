//! Ids that are made, not given: the same key gives the same document id, so that rows whose keys are known can be linked without naming ids.

use plan::Value;

/// Digits of a document id that is made from a number.
const DIGITS_MIN: usize = 24;
const RADIX: u128 = 36;

/// The document id that stands for a key: a number in base 36 with zeros before it, 24 characters or more; a text as it is.
pub(super) fn document_id_of(key: &Value) -> Option<String> {
    match key {
        Value::Int(number) => Some(base36(u128::try_from(*number).ok()?)),
        Value::Uuid(bits) => Some(base36(*bits)),
        Value::Text(text) => Some(text.clone()),
        _ => None,
    }
}

/// The number that a document id was made from, if it was.
pub(super) fn number_of(document_id: &str) -> Option<i64> {
    let is_made = document_id.len() == DIGITS_MIN
        && document_id.bytes().all(|letter| letter.is_ascii_digit() || letter.is_ascii_lowercase());
    if !is_made {
        return None;
    }
    let mut number: i64 = 0;
    for letter in document_id.chars() {
        number = number.checked_mul(36)?.checked_add(i64::from(letter.to_digit(36)?))?;
    }
    (number > 0).then_some(number)
}

fn base36(mut number: u128) -> String {
    let mut digits = Vec::with_capacity(DIGITS_MIN);
    while number > 0 || digits.len() < DIGITS_MIN {
        let digit = u32::try_from(number % RADIX).expect("a remainder of 36 is small");
        digits.push(char::from_digit(digit, 36).expect("below 36"));
        number /= RADIX;
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::{document_id_of, number_of};
    use plan::Value;

    #[test]
    fn a_document_id_is_made_from_a_key_and_leads_back_to_it() {
        let cases =
            [(1, "000000000000000000000001"), (35, "00000000000000000000000z"), (3503, "0000000000000000000002pb")];
        for (key, document_id) in cases {
            assert_eq!(document_id_of(&Value::Int(key)).as_deref(), Some(document_id));
            assert_eq!(number_of(document_id), Some(key));
        }
        for other in ["a1b2c3d4e5d6f7g8h9i0jkl", "", "000000000000000000000000", "zzzzzzzzzzzzzzzzzzzzzzzz"] {
            assert_eq!(number_of(other), None, "{other}");
        }
        assert_eq!(document_id_of(&Value::Uuid(u128::MAX)).map(|id| id.len()), Some(25));
    }
}
