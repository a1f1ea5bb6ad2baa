//! Days, times and instants as text, straight from counts.

const MICROS_SECOND: i64 = 1_000_000;
const MICROS_DAY: i64 = 86_400 * MICROS_SECOND;

/// How many digits behind the seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fraction {
    /// Three, always: `15:04:05.000`.
    Millis,
    /// Up to six, without trailing zeros: `15:04:05.5`.
    Trimmed,
}

/// Appends `2026-11-21`. Days are counted from 1970-01-01.
pub(crate) fn write_day(out: &mut Vec<u8>, days: i64) {
    let (year, month, day) = civil(days);
    write_year(out, year);
    out.push(b'-');
    out.extend(two(month));
    out.push(b'-');
    out.extend(two(day));
}

/// Appends `15:04:05` and the fraction. Microseconds are counted from midnight.
pub(crate) fn write_time(out: &mut Vec<u8>, micros: i64, fraction: Fraction) {
    let seconds = micros.div_euclid(MICROS_SECOND);
    out.extend(two(seconds / 3600));
    out.push(b':');
    out.extend(two(seconds / 60 % 60));
    out.push(b':');
    out.extend(two(seconds % 60));
    let micros = micros.rem_euclid(MICROS_SECOND);
    match fraction {
        Fraction::Millis => {
            out.push(b'.');
            out.extend(&six(micros)[..3]);
        }
        Fraction::Trimmed if micros == 0 => {}
        Fraction::Trimmed => {
            let digits = six(micros);
            let last = digits.iter().rposition(|digit| *digit != b'0').map_or(0, |index| index + 1);
            out.push(b'.');
            out.extend(&digits[..last]);
        }
    }
}

/// Appends `2026-11-21T15:04:05.000Z`, or `2026-11-21T15:04:05+00:00` with a trimmed fraction. Microseconds are counted from 1970.
pub(crate) fn write_instant(out: &mut Vec<u8>, micros: i64, fraction: Fraction) {
    write_day(out, micros.div_euclid(MICROS_DAY));
    out.push(b'T');
    write_time(out, micros.rem_euclid(MICROS_DAY), fraction);
    match fraction {
        Fraction::Millis => out.push(b'Z'),
        Fraction::Trimmed => out.extend_from_slice(b"+00:00"),
    }
}

/// Microseconds since midnight of `15:04`, `15:04:05`, `15:04:05.123456`.
pub(crate) fn micros_of_time(text: &[u8]) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        text.get(range)?
            .iter()
            .try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
    };
    let seconds = if text.len() > 5 { number(6..8)? } else { 0 };
    let whole = number(0..2)? * 3600 + number(3..5)? * 60 + seconds;
    let digits = text.get(9..).unwrap_or_default();
    let fraction = if digits.is_empty() {
        0
    } else {
        number(9..text.len().min(15))? * 10i64.pow(6 - u32::try_from(digits.len().min(6)).ok()?)
    };
    Some(whole * MICROS_SECOND + fraction)
}

/// Years, months and days of a count of days since 1970-01-01.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Four digits; beyond them a sign and six, as ISO 8601 and JavaScript have it.
fn write_year(out: &mut Vec<u8>, year: i64) {
    let digits = six(year.abs());
    if (0..=9999).contains(&year) {
        out.extend(&digits[2..]);
    } else {
        out.push(if year < 0 { b'-' } else { b'+' });
        out.extend(digits);
    }
}

fn two(number: i64) -> [u8; 2] {
    [digit(number / 10), digit(number)]
}

fn six(number: i64) -> [u8; 6] {
    [100_000, 10_000, 1000, 100, 10, 1].map(|unit| digit(number / unit))
}

fn digit(number: i64) -> u8 {
    b'0' + (number % 10).to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::{Fraction, micros_of_time, write_day, write_instant, write_time};

    fn check(micros: i64, plain: &str, postgres: &str) {
        for (fraction, wanted) in [(Fraction::Millis, plain), (Fraction::Trimmed, postgres)] {
            let mut out = Vec::new();
            write_instant(&mut out, micros, fraction);
            assert_eq!(String::from_utf8(out).expect("digits are text"), wanted);
        }
    }

    #[test]
    fn instants() {
        check(0, "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00+00:00");
        check(1_546_520_405_123_456, "2019-01-03T13:00:05.123Z", "2019-01-03T13:00:05.123456+00:00");
        check(-1, "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999999+00:00");
        check(951_782_400_500_000, "2000-02-29T00:00:00.500Z", "2000-02-29T00:00:00.5+00:00");
        check(253_402_300_800_000_000, "+010000-01-01T00:00:00.000Z", "+010000-01-01T00:00:00+00:00");
    }

    #[test]
    fn every_day_of_four_centuries_is_what_jiff_says() {
        let first = jiff::civil::date(1900, 1, 1);
        let count = jiff::civil::date(1970, 1, 1)
            .since(first)
            .map(|span| i64::from(span.get_days()))
            .expect("the span is short");
        for index in 0..146_097 {
            let mut out = Vec::new();
            write_day(&mut out, index - count);
            let day = first.checked_add(jiff::Span::new().days(index)).expect("the year is below 10000");
            assert_eq!(String::from_utf8(out).expect("digits are text"), day.to_string());
        }
    }

    #[test]
    fn times_read_back() {
        for text in ["00:00:00.000", "23:59:59.999", "15:04:05.500"] {
            let mut out = Vec::new();
            write_time(&mut out, micros_of_time(text.as_bytes()).expect("it is a time"), Fraction::Millis);
            assert_eq!(out, text.as_bytes());
        }
        assert_eq!(micros_of_time(b"15:04"), Some(54_240_000_000));
        assert_eq!(micros_of_time(b"00:00:00.000001"), Some(1));
        assert_eq!(micros_of_time(b"x"), None);
    }
}
