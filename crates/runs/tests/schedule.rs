//! When schedules are due: by hand over clock changes and absences.

use jiff::Timestamp;
use model::Cron;
use runs::schedule::{CatchUp, due, next_after};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|met| panic!("{text}: {met}"))
}

/// The times after `from`, each after the one before.
fn check(cron: (&str, &str), from: &str, expected: &[&str]) {
    let cron = Cron::new(cron.0, cron.1).unwrap_or_else(|faults| panic!("{faults:?}"));
    let mut at = time(from);
    let mut times = Vec::new();
    for _ in expected {
        at = next_after(&cron, at).expect("the calendar goes on");
        times.push(at.to_string());
    }
    assert_eq!(times, expected, "{cron:?}");
}

#[test]
fn times_come_in_the_schedules_own_zone() {
    check(("0 3 * * *", "UTC"), "2026-11-21T03:00:00Z", &["2026-11-22T03:00:00Z", "2026-11-23T03:00:00Z"]);
    check(("0 3 * * *", "Europe/Paris"), "2026-11-21T00:00:00Z", &["2026-11-21T02:00:00Z", "2026-11-22T02:00:00Z"]);
    check(("30 4 * * MON", "UTC"), "2026-11-21T00:00:00.5Z", &["2026-11-23T04:30:00Z", "2026-11-30T04:30:00Z"]);
    check(("0 0 29 2 *", "UTC"), "2026-01-01T00:00:00Z", &["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]);
    check(("0 0 13 * FRI", "UTC"), "2026-11-21T00:00:00Z", &["2026-11-27T00:00:00Z", "2026-12-04T00:00:00Z"]);
    check(("@daily", "Asia/Kolkata"), "2026-11-21T00:00:00Z", &["2026-11-21T18:30:00Z"]);
}

#[test]
fn clock_changes_neither_swallow_nor_double_a_daily_run() {
    // In Paris 2:00 became 3:00 on March 29th, and 3:00 became 2:00 on October 25th 2026.
    let at_half_past_two = ("30 2 * * *", "Europe/Paris");
    check(at_half_past_two, "2026-03-28T12:00:00Z", &["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
    check(at_half_past_two, "2026-10-24T12:00:00Z", &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    let hourly = ("0 * * * *", "Europe/Paris");
    check(hourly, "2026-10-24T23:30:00Z", &["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"]);
}

#[test]
fn what_was_missed_follows_the_rule() {
    let cron = Cron::new("0 * * * *", "UTC").unwrap();
    let check = |since: &str, now: &str, catch_up: CatchUp, expected: &[&str]| {
        let due = due(&cron, time(since), time(now), catch_up);
        assert_eq!(
            due.times.iter().map(ToString::to_string).collect::<Vec<_>>(),
            expected,
            "{since} {now} {catch_up:?}"
        );
        assert!(due.next.is_some_and(|next| next > time(now)));
    };
    for catch_up in [CatchUp::Skip, CatchUp::Last, CatchUp::All(10)] {
        check("2026-11-21T09:59:59Z", "2026-11-21T10:00:00.25Z", catch_up, &["2026-11-21T10:00:00Z"]);
        check("2026-11-21T10:00:00Z", "2026-11-21T10:59:59Z", catch_up, &[]);
        check("2026-11-21T10:00:00Z", "2026-11-21T09:00:00Z", catch_up, &[]);
    }
    let (since, now) = ("2026-11-21T07:30:00Z", "2026-11-21T10:00:00Z");
    check(since, now, CatchUp::Skip, &[]);
    check(since, now, CatchUp::Last, &["2026-11-21T10:00:00Z"]);
    check(since, now, CatchUp::All(2), &["2026-11-21T09:00:00Z", "2026-11-21T10:00:00Z"]);
    let all = ["2026-11-21T08:00:00Z", "2026-11-21T09:00:00Z", "2026-11-21T10:00:00Z"];
    check(since, now, CatchUp::All(10), &all);
    // A hundred years of minutes are not walked through.
    let minutes = Cron::new("* * * * *", "UTC").unwrap();
    let long = due(&minutes, time("1926-01-01T00:00:00Z"), time("2026-01-01T00:00:00Z"), CatchUp::All(usize::MAX));
    assert_eq!(long.times.len(), runs::schedule::CATCH_UP_MAX);
}
