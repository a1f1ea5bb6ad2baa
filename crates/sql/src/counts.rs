//! Totals and aggregates around the rows of a select.

use model::TypeId;
use plan::{Aggregate, Column, Page, Part, PartEntry, Shape, Within};

use crate::aggregate::{aggregate_of, kind_of};
use crate::level::{Purpose, Spec, level};
use crate::scope::{Aliases, Env, Scope, Typed};
use crate::tree::{Alias, Expr};
use crate::{ColumnKind, CountProgram, PartProgram};

/// What a select asks about all its rows, each thing once.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    total: bool,
    all: Vec<Aggregate>,
    page: Vec<Aggregate>,
    page_is_all: bool,
}

impl Totals {
    /// What this shape asks. The size of a page is asked of the total only where the page has no limit.
    pub(crate) fn of(shape: &Shape, page: &Page) -> Totals {
        let mut totals = Totals { page_is_all: *page == Page::All, ..Totals::default() };
        match shape {
            Shape::List(_) | Shape::One(_) => {}
            Shape::Parts(entries) => totals.gather(entries, page),
        }
        totals
    }

    /// Whether an object around rows asks for their number.
    pub(crate) fn is_total_asked(entries: &[PartEntry], page: &Page) -> bool {
        let mut totals = Totals::default();
        totals.gather(entries, page);
        totals.total
    }

    fn gather(&mut self, entries: &[PartEntry], page: &Page) {
        for entry in entries {
            match &entry.value {
                Part::Wrap(inner) => self.gather(inner, page),
                Part::Total | Part::HasNextPage | Part::HasPreviousPage | Part::StartCursor | Part::EndCursor => {
                    self.total = true;
                }
                Part::PageCount | Part::PageSize => self.total |= needs_total(&entry.value, page),
                Part::Aggregate(aggregate) => {
                    let list = if self.is_of_page(aggregate) { &mut self.page } else { &mut self.all };
                    if !list.contains(aggregate) {
                        list.push(aggregate.clone());
                    }
                }
                // Rows counted from the end begin where the total says.
                Part::Rows(_) | Part::Linked(_) => self.total |= is_from_the_end(page),
                Part::Constant(_) | Part::First(_) | Part::PageNumber | Part::Refused(_) => {}
            }
        }
    }

    fn is_of_page(&self, aggregate: &Aggregate) -> bool {
        aggregate.within == Within::Page && !self.page_is_all
    }

    /// Whether a statement is needed at all.
    pub(crate) fn is_any(&self) -> bool {
        self.total || !self.all.is_empty() || !self.page.is_empty()
    }

    /// The statements: over all rows, over the rows of the page.
    pub(crate) fn programs(&self, env: Env, spec: &Spec) -> (Option<CountProgram>, Option<CountProgram>) {
        let all =
            (self.total || !self.all.is_empty()).then(|| program(env, spec, Purpose::Totals, (self.total, &self.all)));
        let page = (!self.page.is_empty()).then(|| program(env, spec, Purpose::PageTotals, (false, &self.page)));
        (all.flatten(), page.flatten())
    }

    /// Where an aggregate's value stands.
    pub(crate) fn part(&self, env: Env, of: TypeId, aggregate: &Aggregate) -> PartProgram {
        let of_page = self.is_of_page(aggregate);
        let (list, before) = if of_page { (&self.page, 0) } else { (&self.all, usize::from(self.total)) };
        let index = list.iter().position(|known| known == aggregate).unwrap_or(0) + before;
        let kind = aggregate_kind(env, of, aggregate);
        let index =
            u16::try_from(index).expect("a selection has fewer than 65536 aggregates, as its tokens are limited");
        PartProgram::Aggregate { of_page, index, kind, form: aggregate.form.clone() }
    }
}

fn is_from_the_end(page: &Page) -> bool {
    match page {
        Page::One | Page::All | Page::Offset { .. } | Page::Numbered { .. } => false,
        Page::Cursor(cursor) => cursor.last.is_some(),
    }
}

fn needs_total(part: &Part, page: &Page) -> bool {
    let has_limit = match page {
        Page::One | Page::All => false,
        Page::Offset { limit, .. } => limit.is_some(),
        Page::Numbered { .. } => true,
        Page::Cursor(cursor) => cursor.first.is_some() || cursor.last.is_some(),
    };
    if matches!(part, Part::PageCount) { has_limit } else { !has_limit }
}

/// What an aggregate over columns of this type gives.
fn aggregate_kind(env: Env, of: TypeId, aggregate: &Aggregate) -> ColumnKind {
    let scope = Scope::Row { of, alias: Alias(0) };
    let column = aggregate.columns.first().map(|column| env.column(&mut Aliases::of_level(0), &scope, *column).kind);
    kind_of(aggregate.function, column.unwrap_or(ColumnKind::Int))
}

/// `select count(*), avg(t0."price")::double precision from "book" as t0 where ..`, see [`crate::level::Level::into_aggregates`].
fn program(env: Env, spec: &Spec, purpose: Purpose, (total, list): (bool, &[Aggregate])) -> Option<CountProgram> {
    let mut level = level(env, spec, purpose)?;
    let mut columns: Vec<Column> = Vec::new();
    for column in list.iter().flat_map(|aggregate| &aggregate.columns) {
        if !columns.contains(column) {
            columns.push(*column);
        }
    }
    let scope = level.scope();
    let values: Vec<Typed> = columns.iter().map(|column| env.column(&mut level.aliases, &scope, *column)).collect();
    let read = |seen: &[Expr], column: &Column| {
        let position = columns.iter().position(|known| known == column).unwrap_or(0);
        Typed { expr: seen[position].clone(), ..values[position].clone() }
    };
    let aggregates = |seen: Vec<Expr>| {
        let count = total.then_some(Expr::CountAll);
        let others = list.iter().map(|aggregate| {
            let columns = aggregate.columns.iter().map(|column| read(&seen, column)).collect();
            aggregate_of(env, aggregate, columns).expr
        });
        count.into_iter().chain(others).collect()
    };
    let mut kinds: Vec<ColumnKind> = total.then_some(ColumnKind::Int).into_iter().collect();
    kinds.extend(list.iter().map(|aggregate| aggregate_kind(env, spec.select.of, aggregate)));
    let own =
        u16::try_from(kinds.len()).expect("a selection has fewer than 65536 aggregates, as its tokens are limited");
    let parents = level.parent_columns(env).len();
    if parents > 0 {
        kinds.push(crate::level::parent_kind(env, spec).unwrap_or(ColumnKind::Int));
        kinds.extend((parents > 1).then_some(ColumnKind::Text));
    }
    let query = level.into_aggregates(env, values.iter().map(|value| value.expr.clone()).collect(), aggregates);
    Some(CountProgram {
        statement: crate::print::statement(env.database, &query, kinds),
        total: total.then_some(0),
        parent_column: (parents > 0).then_some(own),
        parent_locale_column: (parents > 1).then_some(own + 1),
    })
}
