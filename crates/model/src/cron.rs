//! The times of a schedule, as text that is known to mean something, and when they come.

use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A cron expression of five fields and a time zone, both checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    zone: String,
}

/// Why a schedule has no times.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CronFault {
    /// Not five fields, or a field that cannot be read.
    #[error("`{text}` is no cron expression: {reason}")]
    Expression {
        /// What was written.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No such time zone.
    #[error("there is no time zone `{zone}`")]
    Zone {
        /// What was written.
        zone: String,
    },
    /// A day that no month has.
    #[error("`{text}` names a time that never comes")]
    Never {
        /// What was written.
        text: String,
    },
}

impl Cron {
    /// Five fields (minute, hour, day of month, month, day of week) and an IANA name.
    ///
    /// # Errors
    /// What is wrong with either.
    pub fn new(text: &str, zone: &str) -> Result<Cron, Vec<CronFault>> {
        let expression = check_expression(text);
        let zone_fault = TimeZone::get(zone).err().map(|_| CronFault::Zone { zone: zone.to_owned() });
        let faults: Vec<CronFault> = expression.err().into_iter().chain(zone_fault).collect();
        if faults.is_empty() { Ok(Cron { text: text.to_owned(), zone: zone.to_owned() }) } else { Err(faults) }
    }

    /// The five fields as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first of its times after an instant; none when the calendar ends before. Of wall times that a clock change leaves out, it is the first
    /// that there is; of those that come twice, one, unless they come each hour or more often.
    #[must_use]
    pub fn next_after(&self, instant: Timestamp) -> Option<Timestamp> {
        self.next(instant, false)
    }

    /// The same, where the instant itself may be one of them.
    #[must_use]
    pub fn first_from(&self, instant: Timestamp) -> Option<Timestamp> {
        self.next(instant, true)
    }

    /// The last of its times before an instant.
    #[must_use]
    pub fn last_before(&self, instant: Timestamp) -> Option<Timestamp> {
        let (pattern, zone) = (parser().parse(&self.text).ok()?, TimeZone::get(&self.zone).ok()?);
        let time = pattern.find_previous_occurrence(&instant.to_zoned(zone), false).ok()?;
        Some(time.timestamp())
    }

    fn next(&self, instant: Timestamp, is_inclusive: bool) -> Option<Timestamp> {
        // Text and zone were checked when they were read.
        let (pattern, zone) = (parser().parse(&self.text).ok()?, TimeZone::get(&self.zone).ok()?);
        let time = pattern.find_next_occurrence(&instant.to_zoned(zone), is_inclusive).ok()?;
        Some(time.timestamp())
    }

    /// The IANA name of the zone.
    #[must_use]
    pub fn zone(&self) -> &str {
        &self.zone
    }
}

fn check_expression(text: &str) -> Result<(), CronFault> {
    let expression = |reason: String| CronFault::Expression { text: text.to_owned(), reason };
    let fields = text.split_whitespace().count();
    if fields != 5 && !text.starts_with('@') {
        return Err(expression(format!("it has {fields} fields, not five")));
    }
    let parsed = parser().parse(text).map_err(|met| expression(reason(&met)))?;
    // A pattern that has times at all has one whatever the zone, so a look from a fixed day says whether it has any.
    let from = jiff::Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    match parsed.find_next_occurrence(&from, true) {
        Ok(_) => Ok(()),
        Err(_) => Err(CronFault::Never { text: text.to_owned() }),
    }
}

/// How the fields are read, here and wherever their times are reckoned: no seconds, no years.
#[must_use]
pub fn parser() -> CronParser {
    CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build()
}

/// The same, where a day must meet both its fields.
#[must_use]
pub fn parser_of_both_days() -> CronParser {
    CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).dom_and_dow(true).build()
}

/// The parser's own reason as part of a sentence.
fn reason(met: &croner::errors::CronError) -> String {
    let text = met.to_string();
    let words = text.split_once(": ").map_or(text.as_str(), |(_, words)| words);
    crate::naming::lower_first(words.trim_end_matches('.'))
}
