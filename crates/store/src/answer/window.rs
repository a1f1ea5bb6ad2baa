//! Pages: which rows a statement is asked for, and which of its rows are shown.

use plan::{HoleId, Page, Value, Values, Window};
use sql::{Param, Statement};

/// What a page asks for, worked out from the request's values.
pub(crate) fn window_of(page: &Page, values: &Values) -> Window {
    match page {
        Page::One => Window { start: 0, limit: Some(1) },
        Page::All => Window { start: 0, limit: None },
        Page::Offset { start, limit } => Window {
            start: start.and_then(|hole| count(values, hole)).unwrap_or(0),
            limit: limit.and_then(|hole| count(values, hole)),
        },
        Page::Numbered { number, size } => {
            let size = count(values, *size).unwrap_or(0);
            let before = count(values, *number).unwrap_or(1).saturating_sub(1);
            Window { start: before.saturating_mul(size), limit: Some(size) }
        }
        Page::Cursor(cursor) => {
            let number = |hole: Option<HoleId>| hole.and_then(|hole| count(values, hole));
            let start = number(cursor.after).unwrap_or(0);
            let until = number(cursor.before).map(|before| before.saturating_sub(1).saturating_sub(start));
            Window { start, limit: [number(cursor.first), until].into_iter().flatten().min() }
        }
    }
}

/// The rows that a page shows of so many: where it begins and where it ends.
pub(crate) fn shown_of(page: &Page, values: &Values, total: u64) -> (u64, u64) {
    let window = window_of(page, values);
    let start = window.start.min(total);
    let end = window.limit.map_or(total, |limit| start.saturating_add(limit).min(total));
    let last = last_of(page).and_then(|hole| count(values, hole));
    (last.map_or(start, |last| start.max(end.saturating_sub(last))), end)
}

/// Rows at most that a page counts from the end.
pub(crate) fn last_of(page: &Page) -> Option<HoleId> {
    match page {
        Page::One | Page::All | Page::Offset { .. } | Page::Numbered { .. } => None,
        Page::Cursor(cursor) => cursor.last,
    }
}

/// A number of rows; null and negative numbers ask for all.
fn count(values: &Values, hole: HoleId) -> Option<u64> {
    match values.get(hole) {
        Value::Int(number) => u64::try_from(*number).ok(),
        _ => None,
    }
}

/// Rows that a statement is asked for at most: one more than may be shown, so that a list too long is noticed.
pub(crate) fn limit_of(window: Window, rows_max: u32) -> u64 {
    let beyond = u64::from(rows_max) + 1;
    window.limit.map_or(beyond, |limit| limit.min(beyond))
}

/// The total, where a page that was not full proves it.
pub(crate) fn proves_total(window: Window, rows: u64, rows_max: u32) -> Option<u64> {
    let is_short = rows < limit_of(window, rows_max);
    (is_short && (window.start == 0 || rows > 0)).then(|| window.start + rows)
}

/// What is left to cut of the rows that a statement gives: all of the page where the statement has no parameter for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut {
    skip: u64,
    take: u64,
}

impl Cut {
    pub(crate) fn of(statement: &Statement, window: Window) -> Cut {
        let has = |wanted: fn(&Param) -> bool| statement.params.iter().any(wanted);
        Cut {
            skip: if has(|param| matches!(param, Param::Start(_))) { 0 } else { window.start },
            take: if has(|param| matches!(param, Param::Limit(_))) {
                u64::MAX
            } else {
                window.limit.unwrap_or(u64::MAX)
            },
        }
    }

    /// Of rows that a statement gives from one on, those from another to an end.
    pub(crate) fn between(from: u64, (start, end): (u64, u64)) -> Cut {
        Cut { skip: start.saturating_sub(from), take: end.saturating_sub(start) }
    }

    pub(crate) fn of_list(window: Window) -> Cut {
        Cut { skip: window.start, take: window.limit.unwrap_or(u64::MAX) }
    }

    /// Whether the next row is shown.
    pub(crate) fn shows(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        let shown = self.take > 0;
        self.take = self.take.saturating_sub(1);
        shown
    }

    /// Whether no further row is shown.
    pub(crate) fn is_over(self) -> bool {
        self.take == 0
    }
}
