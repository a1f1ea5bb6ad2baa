//! Numbers: integers, doubles, and PostgreSQL's exact decimals straight from their binary digits.

use crate::Error;

/// The greatest integer that every JSON reader keeps: 2^53.
const SAFE_INTEGER_MAX: u64 = 1 << 53;

/// Appends an integer's digits.
pub(crate) fn write_int(out: &mut Vec<u8>, number: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends an integer as a number where every JSON reader keeps it, beyond that as text.
pub(crate) fn write_safe_integer(out: &mut Vec<u8>, number: i64) {
    if number.unsigned_abs() <= SAFE_INTEGER_MAX {
        write_int(out, number);
    } else {
        out.push(b'"');
        write_int(out, number);
        out.push(b'"');
    }
}

/// Appends a double, a whole one without `.0`, as JavaScript and PostgreSQL print it; false, and nothing is written, for one that is not finite.
pub(crate) fn write_float(out: &mut Vec<u8>, number: f64) -> bool {
    if !number.is_finite() {
        return false;
    }
    let mut buffer = zmij::Buffer::new();
    let digits = buffer.format_finite(number);
    out.extend_from_slice(digits.strip_suffix(".0").unwrap_or(digits).as_bytes());
    true
}

/// Appends the digits of a `numeric` in PostgreSQL's binary form: count of base-10,000 digits, weight of the first, sign, digits behind the point, digits.
/// False, and nothing is written, for NaN and the infinities.
///
/// # Errors
/// [`Error::Malformed`] when the bytes are not that.
pub(crate) fn write_numeric(out: &mut Vec<u8>, binary: &[u8]) -> Result<bool, Error> {
    let word = |index: usize| -> Result<u16, Error> {
        let bytes = binary.get(2 * index..2 * index + 2).ok_or(Error::Malformed { expected: "numeric" })?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    };
    let (count, weight, sign, scale) =
        (i32::from(word(0)?), i32::from(word(1)?.cast_signed()), word(2)?, usize::from(word(3)?));
    match sign {
        0x0000 => {}
        0x4000 => out.push(b'-'),
        _ => return Ok(false),
    }
    let digit = |position: i32| -> Result<u16, Error> {
        if (0..count).contains(&position) { word(4 + position.unsigned_abs() as usize) } else { Ok(0) }
    };
    if weight < 0 {
        out.push(b'0');
    }
    for position in 0..=weight {
        let group = digit(position)?;
        if position == 0 { write_int(out, i64::from(group)) } else { out.extend(four(group)) }
    }
    if scale > 0 {
        out.push(b'.');
        let start = out.len();
        let mut position = weight + 1;
        while out.len() - start < scale {
            out.extend(four(digit(position)?));
            position += 1;
        }
        out.truncate(start + scale);
    }
    Ok(true)
}

/// A base-10,000 digit as four decimal ones.
fn four(group: u16) -> [u8; 4] {
    [group / 1000 % 10, group / 100 % 10, group / 10 % 10, group % 10].map(|digit| b'0' + digit.to_le_bytes()[0])
}

/// A `numeric` in PostgreSQL's binary form from plain decimal digits such as `-12.340`.
pub(crate) fn numeric_of_digits(digits: &str) -> Vec<u8> {
    let (sign, digits) = digits.strip_prefix('-').map_or((0u16, digits), |rest| (0x4000, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let groups_before = whole.len().div_ceil(4);
    let mut text = "0".repeat(groups_before * 4 - whole.len());
    text.push_str(whole);
    text.push_str(fraction);
    text.push_str(&"0".repeat(text.len().next_multiple_of(4) - text.len()));
    let mut groups: Vec<u16> = text
        .as_bytes()
        .chunks(4)
        .map(|four| four.iter().fold(0, |sum, byte| sum * 10 + u16::from(byte - b'0')))
        .collect();
    let leading = groups.iter().take_while(|group| **group == 0).count();
    groups.drain(..leading);
    let weight = i16::try_from(groups_before).unwrap_or(i16::MAX) - 1 - i16::try_from(leading).unwrap_or(0);
    while groups.last() == Some(&0) {
        groups.pop();
    }
    let mut binary = Vec::with_capacity(8 + 2 * groups.len());
    let count = u16::try_from(groups.len()).unwrap_or(u16::MAX);
    let (weight, sign) = if count == 0 { (0, 0) } else { (weight, sign) };
    let scale = u16::try_from(fraction.len()).unwrap_or(u16::MAX);
    for word in [count, weight.cast_unsigned(), sign, scale].into_iter().chain(groups) {
        binary.extend(word.to_be_bytes());
    }
    binary
}

#[cfg(test)]
mod tests {
    use super::{numeric_of_digits, write_numeric, write_safe_integer};

    #[test]
    fn numeric_comes_back_as_it_went() {
        for digits in [
            "0",
            "1",
            "-1",
            "0.5",
            "0.00000001",
            "12345678.87654321",
            "10000",
            "-9999.0001",
            "100000000",
            "1.500",
            "0.000",
            "99999999999999999999999999.99",
        ] {
            let mut out = Vec::new();
            assert!(write_numeric(&mut out, &numeric_of_digits(digits)).expect("the form is ours"));
            assert_eq!(String::from_utf8(out).expect("digits are text"), digits);
        }
    }

    #[test]
    fn not_a_number_is_not_written() {
        let mut out = Vec::new();
        assert!(!write_numeric(&mut out, &[0, 0, 0, 0, 0xc0, 0, 0, 0]).expect("the form is right"));
        assert!(write_numeric(&mut out, &[0]).is_err());
    }

    #[test]
    fn integers_beyond_doubles_are_text() {
        let mut out = Vec::new();
        for number in [9_007_199_254_740_992, 9_007_199_254_740_993, -9_007_199_254_740_993] {
            write_safe_integer(&mut out, number);
        }
        assert_eq!(out, br#"9007199254740992"9007199254740993""-9007199254740993""#);
    }
}
