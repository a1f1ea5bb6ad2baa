//! Which part of the rows is asked for.

use plan::{Cause, HoleId, HoleSource, Page, Problem, Transform, ValueKind};
use serde_json::Value as Json;

use super::view::View;
use super::{Planner, Refusable, refuse};
use crate::binding::{InputBinding, PageRule, PageWord};
use crate::definition::Input;

/// The numbers of paging that are given.
#[derive(Default)]
struct Numbers<'a> {
    number: Option<View<'a>>,
    size: Option<View<'a>>,
    start: Option<View<'a>>,
    limit: Option<View<'a>>,
}

impl<'a> Planner<'a> {
    pub(super) fn page(&mut self, arguments: &[(&'a Input, View<'a>)], rule: PageRule) -> Refusable<Page> {
        let mut numbers = Numbers::default();
        for (input, view) in arguments {
            match &input.binding {
                InputBinding::Page(word) => numbers.put(*word, view.clone()),
                InputBinding::Paging if view.is_null() => {
                    return refuse(Cause::Invalid { problem: Problem::PagingNull });
                }
                InputBinding::Paging => {
                    for (name, view) in view.members() {
                        let member = self.definitions.inputs(input.of.name()).and_then(|inputs| inputs.get(name));
                        if let Some(InputBinding::Page(word)) = member.map(|member| &member.binding) {
                            numbers.put(*word, view);
                        }
                    }
                }
                _ => {}
            }
        }
        match rule {
            PageRule::None => Ok(Page::All),
            PageRule::Strict => Ok(self.strict(&numbers)),
            PageRule::Clamped { limit_default, limit_max } => self.clamped(&numbers, limit_default, limit_max),
        }
    }

    fn strict(&mut self, numbers: &Numbers<'a>) -> Page {
        let bounds = Transform::Within(0, i64::from(i32::MAX));
        let start = numbers.start.as_ref().map(|view| self.number(view.hole_source(), bounds));
        let limit = numbers.limit.as_ref().map(|view| self.number(view.hole_source(), bounds));
        match (start, limit) {
            (None, None) => Page::All,
            (start, limit) => Page::Offset { start, limit },
        }
    }

    /// Numbers are pressed into bounds; pages and offsets exclude each other.
    fn clamped(&mut self, numbers: &Numbers<'a>, limit_default: u32, limit_max: Option<u32>) -> Refusable<Page> {
        let most = limit_max.map_or(i64::from(i32::MAX), i64::from);
        let limits = Transform::Clamp(1, most);
        let starts = Transform::Clamp(0, i64::MAX);
        let is_paged = numbers.number.is_some() || numbers.size.is_some();
        if is_paged && (numbers.start.is_some() || numbers.limit.is_some()) {
            return refuse(Cause::Invalid { problem: Problem::PagingMixed });
        }
        if is_paged {
            let literal = |number: i64| HoleSource::Literal(Json::from(number));
            let number = numbers.number.as_ref().map_or_else(|| literal(1), View::hole_source);
            let size = numbers.size.as_ref().map_or_else(|| literal(i64::from(limit_default)), View::hole_source);
            let number = self.number(number, Transform::Clamp(1, i64::from(i32::MAX)));
            return Ok(Page::Numbered { number, size: self.number(size, limits) });
        }
        let start = numbers.start.as_ref().map(|view| self.number(view.hole_source(), starts));
        let limit = match &numbers.limit {
            Some(view) if view.is_minus_one() => limit_max.map(|most| HoleSource::Literal(Json::from(most))),
            Some(view) => Some(view.hole_source()),
            None => Some(HoleSource::Literal(Json::from(limit_default))),
        };
        let limit = limit.map(|source| self.number(source, limits));
        Ok(match (start, limit) {
            (None, None) => Page::All,
            (start, limit) => Page::Offset { start, limit },
        })
    }

    fn number(&mut self, source: HoleSource, transform: Transform) -> HoleId {
        self.hole(source, ValueKind::Int, false, transform)
    }
}

impl<'a> Numbers<'a> {
    /// A null is as if it were not there.
    fn put(&mut self, word: PageWord, view: View<'a>) {
        if view.is_null() {
            return;
        }
        let place = match word {
            PageWord::Number => &mut self.number,
            PageWord::Size => &mut self.size,
            PageWord::Start => &mut self.start,
            PageWord::Limit => &mut self.limit,
        };
        *place = Some(view);
    }
}
