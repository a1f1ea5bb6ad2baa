//! The feed of runs: the newest first, behind a cursor that names the last one seen. Backfills, which other feeds show, there are none.

use plan::{Filter, Operand, Operator, Page, Select, ValueKind};

use super::refusals;
use super::rows::Table;
use super::runs::{self, found_of, seconds};
use crate::tell::{Asked, Holes, Row, Telling, Told};

/// Runs of one page at most.
const RUNS_MAX: i64 = 1_000;
/// What stands between the parts of a cursor: the last run, the last backfill, when the last of both was made.
const BETWEEN: &str = "::";
/// A tag of runs that belong to a backfill.
const BACKFILL_TAG: &str = "dagster/backfill";

/// Root fields about the feed.
pub(super) fn root<'a>(telling: Telling<'a>, name: &str, asked: &'a Asked) -> Told<'a> {
    match name {
        "runsFeedOrError" => feed(telling, asked),
        "runsFeedCountOrError" => Told::object("RunsFeedCount", move |inner| match inner.name.as_str() {
            "count" if has_no_runs(asked) => Told::Json(0.into()),
            "count" => runs::count_of(telling, move |table, holes| filter(table, asked, holes)),
            _ => Told::Unserved,
        }),
        _ => Told::Unserved,
    }
}

/// A feed of backfills alone has nothing.
fn has_no_runs(asked: &Asked) -> bool {
    asked.text("view") == Some("BACKFILLS")
}

/// The runs that a view shows: each run by itself, or those that belong to nothing else.
fn filter(table: Table<'_>, asked: &Asked, holes: &mut Holes<'_>) -> Filter {
    let asked_for = runs::filter(table, asked, holes);
    if asked.text("view") == Some("RUNS") {
        return asked_for;
    }
    let belongs =
        table.some("tagRows", |tag| tag.is(holes, "name", Operator::Eq, (ValueKind::Text, BACKFILL_TAG.into())));
    asked_for.and(belongs.negated())
}

/// `runsFeedOrError`.
fn feed<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let given = asked.text("cursor").unwrap_or_default();
    let parts: Vec<&str> = given.split(BETWEEN).collect();
    let (run, backfill) = match parts.as_slice() {
        [""] => ("", ""),
        [run, backfill, _] => (*run, *backfill),
        _ => {
            let message = format!("Invalid cursor for querying runs: {given}");
            return refusals::python_error("dagster._check.functions.CheckError", &message);
        }
    };
    let most = asked.number("limit").unwrap_or(0).clamp(0, RUNS_MAX);
    let Some((table, row)) = runs::row(telling, asked, &["createdAt"]).filter(|_| !has_no_runs(asked)) else {
        let cursor = if given.is_empty() { [BETWEEN, BETWEEN].concat() } else { given.to_owned() };
        return connection(telling, Vec::new(), (cursor, false));
    };
    let select = move |holes: &mut Holes<'_>| {
        let mut filter = filter(table, asked, holes);
        if !run.is_empty() {
            let value = Operand::OfKey(holes.loose(ValueKind::Uuid, run.into()));
            let column = table.column("number");
            filter = filter.and(Filter::Compare(plan::Comparison { column, operator: Operator::Lt, value }));
        }
        // One more says whether there are further ones.
        let limit = holes.value(ValueKind::Int, (most + 1).into());
        Select { filter, page: Page::Offset { start: None, limit: Some(limit) }, ..table.all(row) }
    };
    found_of(select, move |mut rows| {
        let most = usize::try_from(most).unwrap_or_default();
        let has_more = rows.len() > most;
        rows.truncate(most);
        let (last, made) = match rows.last() {
            Some(last) => (last.text("_key"), seconds(&last["createdAt"]).to_string()),
            None => (run.into(), parts.get(2).copied().unwrap_or_default().to_owned()),
        };
        let cursor = [&last, backfill, &made].join(BETWEEN);
        connection(telling, rows, (cursor, has_more))
    })
}

fn connection(telling: Telling<'_>, rows: Vec<Row>, (cursor, has_more): (String, bool)) -> Told<'_> {
    Told::object("RunsFeedConnection", move |asked| match asked.name.as_str() {
        "results" => Told::List(rows.iter().map(|raw| runs::run(telling, raw.clone())).collect()),
        "cursor" => Told::text(Some(cursor.clone())),
        "hasMore" => Told::Json(has_more.into()),
        _ => Told::Unserved,
    })
}
