//! When a schedule is due: pure, by a clock that is handed in.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::Cron;

/// Missed times that are made up for at once, at most.
pub const CATCH_UP_MAX: usize = 1_000;

/// What becomes of times that passed while nobody looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUp {
    /// They are gone.
    Skip,
    /// The last of them counts for all.
    Last,
    /// Each counts, the newest this many, at most [`CATCH_UP_MAX`].
    All(usize),
}

/// What is due, and when to look again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Times to launch runs for, oldest first.
    pub times: Vec<Timestamp>,
    /// The first time that is still to come; none when the calendar ends before it.
    pub next: Option<Timestamp>,
}

/// The first time of the schedule after an instant.
///
/// Of wall times that a clock change leaves out, it fires at the first that there is; of those that come twice, once, unless it fires each hour or
/// more often.
#[must_use]
pub fn next_after(cron: &Cron, after: Timestamp) -> Option<Timestamp> {
    cron.next_after(after)
}

/// What has become due since the last look, which was at `since`: the times after it, up to now, found backwards so that a long absence
/// costs no more than what is kept.
#[must_use]
pub fn due(cron: &Cron, since: Timestamp, now: Timestamp, catch_up: CatchUp) -> Due {
    let (kept, looked) = match catch_up {
        // A second time says that one was missed.
        CatchUp::Skip => (1, 2),
        CatchUp::Last => (1, 1),
        CatchUp::All(most) => (most.min(CATCH_UP_MAX), most.min(CATCH_UP_MAX)),
    };
    let mut times = Vec::new();
    let mut before = now;
    let mut is_inclusive = true;
    while let Some(time) = last_before(cron, before, is_inclusive).filter(|time| *time > since && times.len() < looked)
    {
        times.push(time);
        before = time;
        is_inclusive = false;
    }
    if times.len() > kept {
        times.clear();
    }
    times.reverse();
    Due { times, next: next_after(cron, now) }
}

/// The last time of the schedule before an instant, or at it.
fn last_before(cron: &Cron, before: Timestamp, is_inclusive: bool) -> Option<Timestamp> {
    let pattern = model::cron::parser().parse(cron.text()).ok()?;
    let zone = TimeZone::get(cron.zone()).ok()?;
    pattern.find_previous_occurrence(&before.to_zoned(zone), is_inclusive).ok().map(|time| time.timestamp())
}
