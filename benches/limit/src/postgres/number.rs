//! Decimals in PostgreSQL's binary form: digits to the base of 10,000, printed without a number in between.

use std::io::Write as _;

use tokio_postgres::types::{FromSql, Type};

use crate::answer::Answer;

const HEAD_BYTES: usize = 8;
const DIGITS_PER_GROUP: usize = 4;
const NEGATIVE: u16 = 0x4000;

pub(super) struct Number<'a> {
    groups: &'a [u8],
    /// The place of the first group: 0 is the one before the decimal point.
    weight: i16,
    sign: u16,
    decimals: usize,
}

impl<'a> FromSql<'a> for Number<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        let (head, groups) = raw.split_at_checked(HEAD_BYTES).ok_or("a number of fewer than eight bytes")?;
        let word = |at: usize| [head[at], head[at + 1]];
        let decimals = usize::from(u16::from_be_bytes(word(6)));
        Ok(Self { groups, weight: i16::from_be_bytes(word(2)), sign: u16::from_be_bytes(word(4)), decimals })
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::NUMERIC
    }
}

impl Number<'_> {
    pub(super) fn write(&self, out: &mut Answer) {
        if self.sign == NEGATIVE {
            out.push(b'-');
        }
        let start = out.len();
        for place in (0..=self.weight).rev() {
            let group = self.group(place);
            let is_first = out.len() == start;
            // Writing to memory cannot fail.
            drop(if is_first { write!(out, "{group}") } else { write!(out, "{group:04}") });
        }
        if out.len() == start {
            out.push(b'0');
        }
        if self.decimals == 0 {
            return;
        }
        out.push(b'.');
        let end = out.len() + self.decimals;
        let mut place = -1;
        while out.len() < end {
            drop(write!(out, "{:04}", self.group(place)));
            place -= 1;
        }
        out.truncate(end);
    }

    fn group(&self, place: i16) -> u16 {
        let index = usize::try_from(i32::from(self.weight) - i32::from(place)).map(|index| index * 2);
        let bytes = index.ok().and_then(|index| self.groups.get(index..index + DIGITS_PER_GROUP / 2));
        bytes.map_or(0, |bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[track_caller]
    fn check(weight: i16, decimals: usize, groups: &[u16], expected: &str) {
        let groups: Vec<u8> = groups.iter().flat_map(|group| group.to_be_bytes()).collect();
        let mut out = Vec::new();
        Number { groups: &groups, weight, sign: 0, decimals }.write(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn numbers_are_printed_by_their_digits() {
        check(-1, 2, &[9900], "0.99");
        check(0, 2, &[13, 8600], "13.86");
        check(1, 0, &[12, 34], "120034");
        check(-2, 6, &[1200], "0.000012");
        check(0, 0, &[], "0");
    }
}
