//! The times of schedules that clients register.

use jiff::Timestamp;
use runs::agents::Calendar;
use serde_json::{Value as Json, json};

/// The first times of a schedule after an instant.
fn check(document: &Json, after: &str, expected: &[&str]) {
    let after: Timestamp = after.parse().expect("an instant");
    let calendar = Calendar::of(document).unwrap_or_else(|fault| panic!("{document}: {fault}"));
    let met: Vec<String> = calendar
        .after(after, expected.len().max(1))
        .iter()
        .map(|planned| Timestamp::from_microsecond(planned.at).expect("an instant").to_string())
        .collect();
    assert_eq!(met, expected, "{document}");
}

fn refused(document: &Json, why: &str) {
    let fault = Calendar::of(document).expect_err("it is refused").to_string();
    assert!(fault.contains(why), "{fault}");
}

fn schedule(clock: &Json) -> Json {
    json!({ "type": "Schedule", "clocks": [clock] })
}

fn paris(local: &str) -> Json {
    json!({ "dt": local, "tz": "Europe/Paris" })
}

const HOUR: i64 = 3_600_000_000;

#[test]
fn intervals_count_from_their_start() {
    check(
        &schedule(&json!({ "type": "IntervalClock", "interval": HOUR, "start_date": null })),
        "2026-03-01T10:00:00Z",
        &["2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z"],
    );
    // A whole day stays at its time on the wall clock, over the change of the clock on 29 March.
    check(
        &schedule(
            &json!({ "type": "IntervalClock", "interval": 24 * HOUR, "start_date": paris("2026-01-01T09:00:00") }),
        ),
        "2026-03-27T12:00:00Z",
        &["2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z", "2026-03-30T07:00:00Z"],
    );
    // Hours are hours.
    check(
        &schedule(
            &json!({ "type": "IntervalClock", "interval": 12 * HOUR, "start_date": paris("2026-03-28T09:00:00") }),
        ),
        "2026-03-28T09:00:00Z",
        &["2026-03-28T20:00:00Z", "2026-03-29T08:00:00Z"],
    );
    check(
        &schedule(
            &json!({ "type": "IntervalClock", "interval": HOUR, "end_date": { "dt": "2026-03-01T11:00:00", "tz": "UTC" } }),
        ),
        "2026-03-01T09:30:00Z",
        &["2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"],
    );
    refused(&schedule(&json!({ "type": "IntervalClock", "interval": 59_000_000 })), "Invalid clock");
    refused(&schedule(&json!({ "type": "IntervalClock", "interval": -HOUR })), "Invalid clock");
}

#[test]
fn crons_hang_in_their_zone() {
    check(
        &schedule(&json!({ "type": "CronClock", "cron": "0 9 * * 1-5", "start_date": paris("2026-01-01T00:00:00") })),
        "2026-03-27T09:00:00Z",
        &["2026-03-30T07:00:00Z", "2026-03-31T07:00:00Z"],
    );
    // The start itself may be a time.
    check(
        &schedule(&json!({ "type": "CronClock", "cron": "0 9 * * *", "start_date": paris("2027-01-01T09:00:00") })),
        "2026-03-27T09:00:00Z",
        &["2027-01-01T08:00:00Z"],
    );
    // The 13th, or a Friday; or a Friday the 13th.
    let of = |day_or: bool| schedule(&json!({ "type": "CronClock", "cron": "0 0 13 * 5", "day_or": day_or }));
    check(&of(true), "2026-03-01T00:00:00Z", &["2026-03-06T00:00:00Z", "2026-03-13T00:00:00Z"]);
    check(&of(false), "2026-03-14T00:00:00Z", &["2026-11-13T00:00:00Z"]);
    refused(&schedule(&json!({ "type": "CronClock", "cron": "not a cron" })), "Invalid clock");
}

#[test]
fn clocks_come_together_and_equal_times_once() {
    let dates = json!([{ "dt": "2026-03-01T12:00:00", "tz": "UTC" }, { "dt": "2026-03-01T11:30:00", "tz": "+01:00" }]);
    check(
        &json!({ "type": "Schedule", "clocks": [
            { "type": "IntervalClock", "interval": HOUR }, { "type": "DatesClock", "dates": dates },
            { "type": "CronClock", "cron": "30 * * * *" }] }),
        "2026-03-01T10:00:00Z",
        &["2026-03-01T10:30:00Z", "2026-03-01T11:00:00Z", "2026-03-01T11:30:00Z", "2026-03-01T12:00:00Z"],
    );
    check(&json!({ "type": "Schedule", "clocks": [] }), "2026-03-01T10:00:00Z", &[]);
}

#[test]
fn filters_and_adjustments_hold() {
    let daily = |members: Json| {
        let mut of = schedule(&json!({ "type": "CronClock", "cron": "0 8,18 * * *" }));
        of.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
        of
    };
    let rule = |name: &str, given: Json| {
        let path = ["prefect.schedules.filters.", name].concat();
        json!({ "fn": path, "kwargs": given })
    };
    let hours = rule("between_times", json!({ "start": "09:00:00", "end": "19:00:00" }));
    check(
        &daily(json!({ "filters": [hours, rule("is_weekend", json!({}))] })),
        "2026-03-02T00:00:00Z",
        &["2026-03-07T18:00:00Z", "2026-03-08T18:00:00Z"],
    );
    // Over midnight.
    let night = rule("between_times", json!({ "start": "17:00:00", "end": "07:00:00" }));
    check(&daily(json!({ "not_filters": [night] })), "2026-03-02T09:00:00Z", &["2026-03-03T08:00:00Z"]);
    let either = [rule("is_month_start", json!({})), rule("is_month_end", json!({}))];
    check(
        &daily(json!({ "or_filters": either })),
        "2026-03-02T00:00:00Z",
        &["2026-03-31T08:00:00Z", "2026-03-31T18:00:00Z", "2026-04-01T08:00:00Z"],
    );
    check(
        &daily(json!({ "filters": [rule("is_day_of_week", json!({ "day_of_week": 0 }))] })),
        "2026-03-02T00:00:00Z",
        &["2026-03-08T08:00:00Z"],
    );
    let adjustments = json!([{ "fn": "prefect.schedules.adjustments.next_weekday", "kwargs": {} }]);
    check(
        &daily(json!({ "filters": [rule("is_weekend", json!({}))], "adjustments": adjustments })),
        "2026-03-02T00:00:00Z",
        &["2026-03-09T08:00:00Z", "2026-03-09T18:00:00Z"],
    );
    refused(&daily(json!({ "filters": [rule("is_full_moon", json!({}))] })), "is_full_moon");
    // What no time ever meets ends the search.
    let never = rule("on_date", json!({ "month": 2, "day": 31 }));
    check(&daily(json!({ "filters": [never] })), "2026-03-02T00:00:00Z", &[]);
}

#[test]
fn many_times_are_passed_on_the_way_to_one_that_holds() {
    // Each minute of four days.
    let mut minutes =
        schedule(&json!({ "type": "IntervalClock", "interval": HOUR / 60, "start_date": "1969-12-31 23:59:30" }));
    minutes["filters"] = json!([{ "fn": "prefect.schedules.filters.is_month_start", "kwargs": {} }]);
    check(&minutes, "2026-03-28T00:00:00Z", &["2026-04-01T00:00:30Z", "2026-04-01T00:01:30Z"]);
    // Dates in no order.
    let date = |day: i64| json!({ "dt": format!("2026-03-{day:02}T00:00:00"), "tz": "UTC" });
    let dates = json!([date(9), date(1), date(30), date(5)]);
    check(
        &schedule(&json!({ "type": "DatesClock", "dates": dates })),
        "2026-03-01T00:00:00Z",
        &["2026-03-05T00:00:00Z", "2026-03-09T00:00:00Z", "2026-03-30T00:00:00Z"],
    );
}

#[test]
fn offsets_stay_within_a_day() {
    let at = |tz: &str| {
        let dates = json!([{ "dt": "2026-03-01T12:00:00", "tz": tz }]);
        schedule(&json!({ "type": "DatesClock", "dates": dates }))
    };
    check(&at("-05:30"), "2026-03-01T00:00:00Z", &["2026-03-01T17:30:00Z"]);
    for tz in ["+590000:30000000", "+25:00", "+01:60", "+-1:00", "+01:-1"] {
        refused(&at(tz), "Invalid date");
    }
}

#[test]
fn the_first_releases_are_read() {
    check(
        &json!({ "type": "IntervalSchedule", "start_date": "2026-03-01 10:15:00", "interval": HOUR }),
        "2026-03-01T10:15:00Z",
        &["2026-03-01T11:15:00Z"],
    );
    check(
        &json!({ "type": "UnionSchedule", "schedules": [
            { "type": "CronSchedule", "cron": "0 12 * * *" },
            { "type": "OneTimeSchedule", "start_date": { "dt": "2026-03-01T11:00:00", "tz": "UTC" } }] }),
        "2026-03-01T10:00:00Z",
        &["2026-03-01T11:00:00Z", "2026-03-01T12:00:00Z"],
    );
    refused(&schedule(&json!({ "type": "RRuleClock", "rrule_obj": {} })), "RRuleClock");
    refused(
        &schedule(&json!({ "type": "IntervalClock", "interval": HOUR, "start_date": { "dt": "x" } })),
        "Invalid date",
    );
}
