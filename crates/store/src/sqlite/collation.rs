//! Orders that SQLite does not know: decimals and lengths of time, both kept as text.

use std::cmp::Ordering;

use plan::{Value, interval_of_text};
use rusqlite::Connection;
use rust_decimal::Decimal;

/// Makes the collations `decimal` and `interval` known to a connection.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    connection.create_collation("decimal", decimals)?;
    connection.create_collation("interval", intervals)
}

/// By value: `1.50` and `1.5` are equal. What is no number comes behind all numbers, by its text.
fn decimals(left: &str, right: &str) -> Ordering {
    by_value(left, right, |text| text.parse::<Decimal>().ok())
}

/// By length, a month of 30 days and a day of 24 hours, as PostgreSQL does.
fn intervals(left: &str, right: &str) -> Ordering {
    by_value(left, right, |text| match interval_of_text(text)? {
        Value::Interval(months, days, micros) => {
            Some((i128::from(months) * 30 + i128::from(days)) * 86_400_000_000 + i128::from(micros))
        }
        _ => None,
    })
}

fn by_value<Kind: Ord>(left: &str, right: &str, read: impl Fn(&str) -> Option<Kind>) -> Ordering {
    match (read(left), read(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => left.cmp(right),
    }
}

#[cfg(test)]
mod tests {
    use super::{decimals, intervals};
    use std::cmp::Ordering::{Equal, Greater, Less};

    #[test]
    fn texts_compare_by_what_they_mean() {
        let cases =
            [("1.50", "1.5", Equal), ("10", "9", Greater), ("-2", "1", Less), ("9", "x", Less), ("x", "y", Less)];
        for (left, right, order) in cases {
            assert_eq!(decimals(left, right), order, "{left} {right}");
        }
        assert_eq!(intervals("1 day", "24:00:00"), Equal);
        assert_eq!(intervals("1 mon", "29 days"), Greater);
    }
}
