//! The times of a schedule that a client registers: clocks, filters and adjustments of its document, reckoned by a clock that is handed in.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use serde_json::{Map, Value as Json};

/// Times that are looked at for one answer, at most.
const TRIED_MAX: usize = 10_000;
/// Clocks, filters and adjustments of one schedule, each.
const PARTS_MAX: usize = 100;
/// The shortest interval.
const INTERVAL_MIN: SignedDuration = SignedDuration::from_secs(60);
/// Hours that a zone without a name is away from UTC.
const OFFSET_HOURS_MAX: i32 = 24;
/// Where intervals begin that do not say.
const EPOCH: i64 = 1_546_300_800;

/// One time of a schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// When: microseconds since 1970.
    pub at: i64,
    /// Parameters of its run; empty: none.
    pub parameters: Map<String, Json>,
    /// Labels of its run.
    pub labels: Option<Vec<String>>,
}

/// Why a schedule has no times.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum CalendarFault {
    /// A part is not what it must be.
    #[error("{0}")]
    Part(String),
    /// A part of this kind is not reckoned.
    #[error("`{0}` is part of no schedule that this version reckons")]
    Unserved(String),
}

/// A schedule, read.
#[derive(Debug, Clone)]
pub struct Calendar {
    clocks: Vec<Clock>,
    all: Vec<Rule>,
    any: Vec<Rule>,
    none: Vec<Rule>,
    adjustments: Vec<Adjustment>,
}

#[derive(Debug, Clone)]
struct Clock {
    series: Series,
    end: Option<Timestamp>,
    parameters: Map<String, Json>,
    labels: Option<Vec<String>>,
}

#[derive(Debug, Clone)]
enum Series {
    /// Whole days are added on the wall clock of the zone, the rest in time that passes.
    Interval {
        start: Zoned,
        days: i64,
        rest: SignedDuration,
    },
    Cron {
        pattern: Box<croner::Cron>,
        zone: TimeZone,
        start: Option<Timestamp>,
    },
    /// In their order.
    Dates(Vec<Zoned>),
}

impl Calendar {
    /// Reads a schedule's document, of any release.
    ///
    /// # Errors
    /// The first part that cannot be read.
    pub fn of(document: &Json) -> Result<Calendar, CalendarFault> {
        let clocks = match word(document) {
            "UnionSchedule" => parts(document, "schedules")?.iter().map(clock).collect::<Result<_, _>>()?,
            "IntervalSchedule" | "CronSchedule" | "OneTimeSchedule" => vec![clock(document)?],
            _ => parts(document, "clocks")?.iter().map(clock).collect::<Result<_, _>>()?,
        };
        let rules = |name| parts(document, name)?.iter().map(Rule::of).collect::<Result<_, CalendarFault>>();
        let adjustments = parts(document, "adjustments")?.iter().map(Adjustment::of).collect::<Result<_, _>>()?;
        let (all, any, none) = (rules("filters")?, rules("or_filters")?, rules("not_filters")?);
        Ok(Calendar { clocks, all, any, none, adjustments })
    }

    /// Its first times after an instant, at most so many, each once.
    #[must_use]
    pub fn after(&self, after: Timestamp, most: usize) -> Vec<Planned> {
        let mut waiting: Vec<(Option<Zoned>, &Clock)> =
            self.clocks.iter().map(|clock| (clock.next(after), clock)).collect();
        let mut planned: Vec<Planned> = Vec::new();
        for _tried in 0..TRIED_MAX {
            let first = waiting
                .iter_mut()
                .filter(|(next, _)| next.is_some())
                .min_by_key(|(next, _)| next.as_ref().map_or(Timestamp::MAX, Zoned::timestamp));
            let Some((next, clock)) = first else { break };
            let Some(time) = next.take() else { break };
            *next = clock.next(time.timestamp());
            if !self.holds(&time) {
                continue;
            }
            let time = self.adjustments.iter().fold(time, |time, adjustment| adjustment.adjusted(time));
            let at = time.timestamp().as_microsecond();
            let event = Planned { at, parameters: clock.parameters.clone(), labels: clock.labels.clone() };
            if !planned.contains(&event) {
                planned.push(event);
            }
            if planned.len() >= most {
                break;
            }
        }
        planned
    }

    /// Whether every clock gives this parameter.
    #[must_use]
    pub fn gives(&self, parameter: &str) -> bool {
        self.clocks.iter().all(|clock| clock.parameters.contains_key(parameter))
    }

    fn holds(&self, time: &Zoned) -> bool {
        self.all.iter().all(|rule| rule.holds(time))
            && (self.any.is_empty() || self.any.iter().any(|rule| rule.holds(time)))
            && !self.none.iter().any(|rule| rule.holds(time))
    }
}

impl Clock {
    /// The first time after an instant, up to the clock's end.
    fn next(&self, after: Timestamp) -> Option<Zoned> {
        let next = match &self.series {
            Series::Interval { start, days, rest } => next_of_interval((start, *days, *rest), after),
            Series::Cron { pattern, zone, start } => {
                let before_start = start.and_then(|start| start.checked_sub(SignedDuration::from_secs(1)).ok());
                let after = before_start.map_or(after, |start| start.max(after));
                pattern.find_next_occurrence(&after.to_zoned(zone.clone()), false).ok()
            }
            Series::Dates(dates) => dates.get(dates.partition_point(|date| date.timestamp() <= after)).cloned(),
        };
        next.filter(|next| self.end.is_none_or(|end| next.timestamp() <= end))
    }
}

/// The first of `start + k x interval` after an instant; `k` may be negative.
fn next_of_interval((start, days, rest): (&Zoned, i64, SignedDuration), after: Timestamp) -> Option<Zoned> {
    let day = i128::from(86_400_000_000_i64);
    let whole = i128::from(days) * day + rest.as_micros();
    let passed = i128::from(after.as_microsecond() - start.timestamp().as_microsecond());
    // A change of the clock moves whole days by hours, never by more than a day; what is shorter it does not move.
    let early = if days > 0 { day } else { 0 };
    let mut step = i64::try_from((passed - early).div_euclid(whole)).ok()?;
    let at = |step: i64| {
        let moved = start.checked_add(days.checked_mul(step)?.days()).ok()?;
        let micros = i64::try_from(rest.as_micros()).ok()?.checked_mul(step)?;
        moved.checked_add(SignedDuration::from_micros(micros)).ok()
    };
    loop {
        let time = at(step)?;
        if time.timestamp() > after {
            return Some(time);
        }
        step = step.checked_add(1)?;
    }
}

fn word(json: &Json) -> &str {
    json["type"].as_str().unwrap_or_default()
}

fn part(what: &str, json: &Json) -> CalendarFault {
    let text: String = json.to_string().chars().take(200).collect();
    CalendarFault::Part([what, ": ", &text].concat())
}

/// The list of this name; absent and null are empty.
fn parts<'a>(document: &'a Json, name: &str) -> Result<&'a [Json], CalendarFault> {
    match &document[name] {
        Json::Null => Ok(&[]),
        Json::Array(items) if items.len() <= PARTS_MAX => Ok(items),
        other => Err(part(&["Invalid ", name].concat(), other)),
    }
}

fn clock(json: &Json) -> Result<Clock, CalendarFault> {
    let start = moment(&json["start_date"])?;
    let end = moment(&json["end_date"])?.map(|end| end.timestamp());
    let invalid = || part("Invalid clock provided for schedule", json);
    let series = match word(json) {
        "IntervalClock" | "IntervalSchedule" => {
            let every = json["interval"].as_f64().filter(|every| *every > 0.0).ok_or_else(invalid)?;
            interval(every, start).ok_or_else(invalid)?
        }
        "CronClock" | "CronSchedule" => {
            let text = json["cron"].as_str().ok_or_else(invalid)?;
            let is_both = json["day_or"] == false;
            let parser = if is_both { model::cron::parser_of_both_days() } else { model::cron::parser() };
            let pattern = Box::new(parser.parse(text).map_err(|_| invalid())?);
            let zone = start.as_ref().map_or(TimeZone::UTC, |start| start.time_zone().clone());
            Series::Cron { pattern, zone, start: start.map(|start| start.timestamp()) }
        }
        "DatesClock" => {
            let dates = json["dates"].as_array().filter(|dates| dates.len() <= TRIED_MAX).ok_or_else(invalid)?;
            let dates = dates.iter().map(|date| moment(date)?.ok_or_else(invalid));
            let mut dates = dates.collect::<Result<Vec<Zoned>, CalendarFault>>()?;
            dates.sort_by_key(Zoned::timestamp);
            Series::Dates(dates)
        }
        "OneTimeSchedule" => Series::Dates(vec![start.ok_or_else(invalid)?]),
        other => return Err(CalendarFault::Unserved(other.chars().take(100).collect())),
    };
    let labels = json["labels"].as_array();
    let labels = labels.map(|labels| labels.iter().filter_map(|label| label.as_str().map(str::to_owned)).collect());
    let parameters = json["parameter_defaults"].as_object().cloned().unwrap_or_default();
    Ok(Clock { series, end, parameters, labels })
}

/// So many microseconds, from a start.
fn interval(micros: f64, start: Option<Zoned>) -> Option<Series> {
    let every = SignedDuration::try_from_secs_f64(micros / 1_000_000.0).ok()?;
    if every < INTERVAL_MIN {
        return None;
    }
    let days = every.as_hours() / 24;
    let rest = every - SignedDuration::from_hours(days * 24);
    let start = match start {
        Some(start) => start,
        None => Timestamp::from_second(EPOCH).ok()?.to_zoned(TimeZone::UTC),
    };
    Some(Series::Interval { start, days, rest })
}

/// A wall time in a zone, `{"dt": "2019-01-01T00:00:00", "tz": "UTC"}`, or one text.
fn moment(json: &Json) -> Result<Option<Zoned>, CalendarFault> {
    let invalid = || part("Invalid date provided for schedule", json);
    match json {
        Json::Null => Ok(None),
        Json::String(text) => {
            let at = super::micros(text).and_then(|at| Timestamp::from_microsecond(at).ok()).ok_or_else(invalid)?;
            Ok(Some(at.to_zoned(TimeZone::UTC)))
        }
        _ => {
            let local = json["dt"].as_str().ok_or_else(invalid)?;
            let local: DateTime = local.trim().replacen(' ', "T", 1).parse().map_err(|_| invalid())?;
            let zone = json["tz"].as_str().unwrap_or("UTC");
            let zone = zone_of(zone).ok_or_else(invalid)?;
            Ok(Some(local.to_zoned(zone).map_err(|_| invalid())?))
        }
    }
}

/// An IANA name, or an offset such as `+02:00`.
pub(super) fn zone_of(text: &str) -> Option<TimeZone> {
    let Some(sign) = text.chars().next().filter(|sign| matches!(sign, '+' | '-')) else {
        return TimeZone::get(text).ok();
    };
    let (hours, minutes) = text[1..].split_once(':')?;
    let hours = hours.parse::<i32>().ok().filter(|hours| (0..=OFFSET_HOURS_MAX).contains(hours))?;
    let minutes = minutes.parse::<i32>().ok().filter(|minutes| (0..60).contains(minutes))?;
    let seconds = hours * 3600 + minutes * 60;
    let seconds = if sign == '-' { -seconds } else { seconds };
    Offset::from_seconds(seconds).ok().map(Offset::to_time_zone)
}

/// What a time must be.
#[derive(Debug, Clone)]
enum Rule {
    At(Timestamp),
    OnDate {
        month: i64,
        day: i64,
    },
    AtTime(Time),
    BetweenInstants(Timestamp, Timestamp),
    BetweenDates((i64, i64), (i64, i64)),
    BetweenTimes(Time, Time),
    Weekday,
    Weekend,
    MonthEnd,
    MonthStart,
    /// 0 is Sunday.
    DayOfWeek(i64),
}

impl Rule {
    fn of(json: &Json) -> Result<Rule, CalendarFault> {
        let named = json["fn"].as_str().or_else(|| json.as_str()).unwrap_or_default();
        let given = &json["kwargs"];
        let number = |name: &str| given[name].as_i64().ok_or_else(|| part("Invalid filter", json));
        let time = |name: &str| {
            let text = given[name].as_str().and_then(|text| text.parse::<Time>().ok());
            text.ok_or_else(|| part("Invalid filter", json))
        };
        let instant = |name: &str| {
            let at = moment(&given[name])?.ok_or_else(|| part("Invalid filter", json))?;
            Ok::<Timestamp, CalendarFault>(at.timestamp())
        };
        Ok(match named.rsplit('.').next().unwrap_or_default() {
            "on_datetime" => Rule::At(instant("dt")?),
            "on_date" => Rule::OnDate { month: number("month")?, day: number("day")? },
            "at_time" => Rule::AtTime(time("time")?),
            "between_datetimes" => Rule::BetweenInstants(instant("start")?, instant("end")?),
            "between_dates" => Rule::BetweenDates(
                (number("start_month")?, number("start_day")?),
                (number("end_month")?, number("end_day")?),
            ),
            "between_times" => Rule::BetweenTimes(time("start")?, time("end")?),
            "is_weekday" => Rule::Weekday,
            "is_weekend" => Rule::Weekend,
            "is_month_end" => Rule::MonthEnd,
            "is_month_start" => Rule::MonthStart,
            "is_day_of_week" => Rule::DayOfWeek(number("day_of_week")?),
            _ => return Err(CalendarFault::Unserved(named.chars().take(100).collect())),
        })
    }

    /// By the wall clock of the time's own zone. What lies between two of a year or a day may pass its end.
    fn holds(&self, time: &Zoned) -> bool {
        let (month, day) = (i64::from(time.month()), i64::from(time.day()));
        match self {
            Rule::At(at) => time.timestamp() == *at,
            Rule::OnDate { month: of, day: on } => (month, day) == (*of, *on),
            Rule::AtTime(at) => time.time() == *at,
            Rule::BetweenInstants(start, end) => (*start..=*end).contains(&time.timestamp()),
            Rule::BetweenDates(start, end) => is_between(&(month, day), (start, end)),
            Rule::BetweenTimes(start, end) => is_between(&time.time(), (start, end)),
            Rule::Weekday => !is_weekend(time.date()),
            Rule::Weekend => is_weekend(time.date()),
            Rule::MonthEnd => time.date() == time.date().last_of_month(),
            Rule::MonthStart => day == 1,
            Rule::DayOfWeek(number) => i64::from(time.weekday().to_sunday_zero_offset()) == *number,
        }
    }
}

fn is_between<T: PartialOrd>(met: &T, (start, end): (&T, &T)) -> bool {
    if start <= end { start <= met && met <= end } else { start <= met || met <= end }
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// How a time is moved.
#[derive(Debug, Clone)]
enum Adjustment {
    Add(SignedDuration),
    NextWeekday,
}

impl Adjustment {
    fn of(json: &Json) -> Result<Adjustment, CalendarFault> {
        let named = json["fn"].as_str().or_else(|| json.as_str()).unwrap_or_default();
        match named.rsplit('.').next().unwrap_or_default() {
            "add" => {
                let micros = json["kwargs"]["interval"].as_i64().ok_or_else(|| part("Invalid adjustment", json))?;
                Ok(Adjustment::Add(SignedDuration::from_micros(micros)))
            }
            "next_weekday" => Ok(Adjustment::NextWeekday),
            _ => Err(CalendarFault::Unserved(named.chars().take(100).collect())),
        }
    }

    /// A time that cannot be moved stays.
    fn adjusted(&self, time: Zoned) -> Zoned {
        match self {
            Adjustment::Add(by) => time.checked_add(*by).unwrap_or(time),
            Adjustment::NextWeekday => {
                let days = match time.weekday() {
                    Weekday::Saturday => 2,
                    Weekday::Sunday => 1,
                    Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday | Weekday::Friday => 0,
                };
                time.checked_add(days.days()).unwrap_or(time)
            }
        }
    }
}
