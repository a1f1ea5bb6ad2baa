//! Lengths of time as PostgreSQL reads and prints them: months, days and microseconds, kept apart.

use crate::Value;

const MICROS_SECOND: i64 = 1_000_000;

/// Reads `1 day 02:00:00`, `00:01:30`, `3 months`, `-2 days`, `90 seconds`.
#[must_use]
pub fn interval_of_text(text: &str) -> Option<Value> {
    let (mut months, mut days, mut micros) = (0i32, 0i32, 0i64);
    let mut words = text.split_whitespace();
    let mut any = false;
    while let Some(word) = words.next() {
        any = true;
        if word.contains(':') {
            micros = micros.checked_add(clock(word)?)?;
            continue;
        }
        let number: i64 = word.parse().ok()?;
        let count = i32::try_from(number).ok()?;
        match words.next()?.trim_end_matches('s') {
            "year" | "yr" => months = months.checked_add(count.checked_mul(12)?)?,
            "mon" | "month" => months = months.checked_add(count)?,
            "week" => days = days.checked_add(count.checked_mul(7)?)?,
            "day" => days = days.checked_add(count)?,
            "hour" => micros = micros.checked_add(number.checked_mul(3600 * MICROS_SECOND)?)?,
            "minute" | "min" => micros = micros.checked_add(number.checked_mul(60 * MICROS_SECOND)?)?,
            "second" | "sec" => micros = micros.checked_add(number.checked_mul(MICROS_SECOND)?)?,
            _ => return None,
        }
    }
    any.then_some(Value::Interval(months, days, micros))
}

/// `02:00:00.5`, with a sign before it.
fn clock(word: &str) -> Option<i64> {
    let (sign, digits) = word.strip_prefix('-').map_or((1, word.trim_start_matches('+')), |rest| (-1, rest));
    let mut parts = digits.split(':');
    let hours: i64 = parts.next()?.parse().ok()?;
    let minutes: i64 = parts.next()?.parse().ok()?;
    let (seconds, fraction) =
        parts.next().unwrap_or("0").split_once('.').unwrap_or((digits.split(':').nth(2).unwrap_or("0"), ""));
    let seconds: i64 = seconds.parse().ok()?;
    if parts.next().is_some()
        || fraction.len() > 6
        || minutes > 59
        || seconds > 59
        || hours < 0
        || minutes < 0
        || seconds < 0
    {
        return None;
    }
    let fraction: i64 =
        if fraction.is_empty() { 0 } else { [fraction, &"000000"[fraction.len()..]].concat().parse().ok()? };
    let whole = hours.checked_mul(3600)?.checked_add(minutes * 60 + seconds)?.checked_mul(MICROS_SECOND)?;
    Some(sign * whole.checked_add(fraction)?)
}

/// Prints as PostgreSQL's `postgres` style does: `1 mon 3 days 02:00:00`.
#[must_use]
pub fn interval_text(months: i32, days: i32, micros: i64) -> String {
    let mut parts = Vec::new();
    let mut count = |number: i32, word: &str| {
        if number != 0 {
            let plural = if number == 1 { "" } else { "s" };
            parts.push([&number.to_string(), " ", word, plural].concat());
        }
    };
    count(months / 12, "year");
    count(months % 12, "mon");
    count(days, "day");
    if micros != 0 || parts.is_empty() {
        parts.push(clock_text(micros));
    }
    parts.join(" ")
}

fn clock_text(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let (seconds, fraction) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
    let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map(|part| format!("{part:02}")).join(":");
    let fraction =
        if fraction == 0 { String::new() } else { [".", format!("{fraction:06}").trim_end_matches('0')].concat() };
    [sign, &clock, &fraction].concat()
}

#[cfg(test)]
mod tests {
    use super::{interval_of_text, interval_text};
    use crate::Value;

    fn check(text: &str, printed: &str) {
        let Some(Value::Interval(months, days, micros)) = interval_of_text(text) else { panic!("{text} is not read") };
        assert_eq!(interval_text(months, days, micros), printed, "{text}");
    }

    #[test]
    fn reads_and_prints_as_postgresql_does() {
        check("00:01:30", "00:01:30");
        check("1 day 02:00:00", "1 day 02:00:00");
        check("90 seconds", "00:01:30");
        check("14 months", "1 year 2 mons");
        check("-00:00:00.5", "-00:00:00.5");
        check("2 weeks", "14 days");
        for wrong in ["", "1", "1 parsec", "01:99:00", "1:2:3:4"] {
            assert_eq!(interval_of_text(wrong), None, "{wrong}");
        }
    }
}
