//! The bytes of an answer, written as they come from the columns.

/// The buffer that an answer grows in.
pub(crate) type Answer = Vec<u8>;

const MICROSECONDS: i64 = 1_000_000;
const DAY_SECONDS: u64 = 86_400;
/// Days from 1 March of year 0 to 1 January 1970.
const EPOCH_DAYS: u64 = 719_468;
const ERA_DAYS: u64 = 146_097;

pub(crate) fn integer(value: i64, out: &mut Answer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

pub(crate) fn float(value: f64, out: &mut Answer) {
    if value.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}

/// A string with its quotes: what lies between two escapes is copied in one piece.
pub(crate) fn string(value: &str, out: &mut Answer) {
    out.push(b'"');
    let bytes = value.as_bytes();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[start..at]);
        start = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => out.extend_from_slice(format!("\\u{control:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}

/// Microseconds since 1970 as a time in UTC, in quotes.
pub(crate) fn instant(microseconds: i64, out: &mut Answer) {
    out.push(b'"');
    let seconds = u64::try_from(microseconds.div_euclid(MICROSECONDS)).unwrap_or_default();
    civil_seconds(seconds, out);
    let fraction = microseconds.rem_euclid(MICROSECONDS);
    if fraction != 0 {
        out.extend_from_slice(format!(".{fraction:06}").trim_end_matches('0').as_bytes());
    }
    out.extend_from_slice(b"+00:00\"");
}

/// Seconds since 1970 as `2020-01-31T23:59:59`.
pub(crate) fn civil_seconds(seconds: u64, out: &mut Answer) {
    let (days, second) = (seconds / DAY_SECONDS, seconds % DAY_SECONDS);
    let (year, month, day) = civil(days);
    digits(year, 4, out);
    for (sign, value) in
        [(b'-', month), (b'-', day), (b'T', second / 3600), (b':', second / 60 % 60), (b':', second % 60)]
    {
        out.push(sign);
        digits(value, 2, out);
    }
}

fn digits(value: u64, width: u32, out: &mut Answer) {
    for place in (0..width).rev() {
        let digit = u8::try_from(value / 10_u64.pow(place) % 10).expect("one digit fits");
        out.push(b'0' + digit);
    }
}

/// Year, month and day of a day since 1970. Years begin in March here, so that the leap day is the last of its year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + EPOCH_DAYS;
    let (era, day_of_era) = (days / ERA_DAYS, days % ERA_DAYS);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}
