//! Conditions over rows.

use model::{FieldId, Operands, Operator, SystemColumn, TypeId};
use plan::{Cause, Column, Comparison, Filter, Locale, Operand, Problem, Transform, ValueKind, Version};

use super::view::View;
use super::{Level, Owner, Planner, Refusable, misplaced, refuse};
use crate::RequestError;
use crate::binding::{Emptiness, FilterRule, InputBinding, NullOperand, RelationLogic};

/// What holds for a whole filter, and how deep the place at hand is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    rule: FilterRule,
    /// Whether the condition is to be turned round.
    negated: bool,
    hops: usize,
}

impl Place {
    pub(super) fn root(rule: FilterRule) -> Place {
        Place { rule, negated: false, hops: 0 }
    }

    fn turned(self) -> Place {
        Place { negated: !self.negated, ..self }
    }

    /// All hold; of a condition to be turned round: one does not.
    fn all(self, filters: Vec<Filter>) -> Filter {
        if self.negated { Filter::any_of(filters) } else { Filter::all_of(filters) }
    }

    fn any(self, filters: Vec<Filter>) -> Filter {
        if self.negated { Filter::all_of(filters) } else { Filter::any_of(filters) }
    }

    /// What a place that says nothing means, if anything.
    fn nothing_said(self) -> Option<Filter> {
        match self.rule.empty {
            Emptiness::Ignored => None,
            Emptiness::Counts => Some(self.all(Vec::new())),
        }
    }
}

impl<'a> Planner<'a> {
    /// A filter object of this input type; none when it says nothing.
    pub(super) fn filter(
        &mut self,
        view: &View<'a>,
        input: &str,
        level: &Level,
        place: Place,
    ) -> Refusable<Option<Filter>> {
        let definitions = self.definitions;
        let Some(inputs) = definitions.inputs(input) else { return misplaced() };
        if view.is_null() {
            return Ok(place.nothing_said());
        }
        let mut filters = Vec::new();
        for (name, member) in view.members() {
            let Some(input) = inputs.get(name) else { continue };
            let below = input.of.name();
            let filter = match &input.binding {
                InputBinding::And | InputBinding::Or | InputBinding::Not => {
                    self.combined(&member, (&input.binding, below), level, place)?
                }
                InputBinding::Column(column) => self.comparisons(&member, below, (level.owner, *column), place)?,
                InputBinding::Some(field) => self.some(&member, below, (level, *field, None), place)?,
                InputBinding::SomeOf(field, of) => self.some(&member, below, (level, *field, Some(*of)), place)?,
                InputBinding::OtherLocale => self.other_locale(&member, below, level, place)?,
                InputBinding::Element(field, component) => {
                    let (Owner::Row(row) | Owner::Element(row, _)) = level.owner;
                    let inner = Level { owner: Owner::Element(row, *component), ..level.clone() };
                    let wrap =
                        |filter| Filter::Element { field: *field, component: *component, filter: Box::new(filter) };
                    self.through(&member, below, (&inner, &wrap), place)?
                }
                InputBinding::Zone => self.filter(&member, below, level, place)?,
                _ => return misplaced(),
            };
            filters.extend(filter);
        }
        Ok(if filters.is_empty() { place.nothing_said() } else { Some(place.all(filters)) })
    }

    fn combined(
        &mut self,
        view: &View<'a>,
        (binding, input): (&InputBinding, &str),
        level: &Level,
        place: Place,
    ) -> Refusable<Option<Filter>> {
        if view.is_null() {
            return Ok(None);
        }
        if matches!(binding, InputBinding::Not) {
            return match place.rule.relations {
                RelationLogic::Joined => self.filter(view, input, level, place.turned()),
                RelationLogic::Exists => Ok(self.filter(view, input, level, place)?.map(Filter::negated)),
            };
        }
        let mut filters = Vec::new();
        for item in view.items() {
            filters.extend(self.filter(&item, input, level, place)?);
        }
        if filters.is_empty() && place.rule.empty == Emptiness::Ignored {
            return Ok(None);
        }
        Ok(Some(if matches!(binding, InputBinding::Or) { place.any(filters) } else { place.all(filters) }))
    }

    /// A condition on related rows.
    fn some(
        &mut self,
        view: &View<'a>,
        input: &str,
        (level, field, member): (&Level, FieldId, Option<TypeId>),
        place: Place,
    ) -> Refusable<Option<Filter>> {
        let Some((target, version)) = self.target(level, field, member) else { return misplaced() };
        let Some(place) = self.hopped(place) else { return Ok(None) };
        let inner = Level { owner: Owner::Row(target), version: version.clone(), asked: level.asked.clone() };
        let wrap = |filter| match member {
            None => Filter::Some { field, version: version.clone(), filter: Box::new(filter) },
            Some(of) => Filter::SomeOf { field, of, version: version.clone(), filter: Box::new(filter) },
        };
        self.through(view, input, (&inner, &wrap), place)
    }

    /// A condition on the document's rows of other locales, of the status at hand.
    fn other_locale(&mut self, view: &View<'a>, input: &str, level: &Level, place: Place) -> Refusable<Option<Filter>> {
        let Some(place) = self.hopped(place) else { return Ok(None) };
        let version = Version { locale: Locale::All, ..level.version.clone() };
        let inner = Level { version: version.clone(), ..level.clone() };
        let wrap = |filter| Filter::OtherLocale { version: version.clone(), filter: Box::new(filter) };
        self.through(view, input, (&inner, &wrap), place)
    }

    /// One step deeper; none, and an error, where a filter goes no deeper.
    fn hopped(&mut self, place: Place) -> Option<Place> {
        if place.hops == self.limits.filter_hops_max {
            let figure = self.limits.filter_hops_max as u64;
            self.errors.push(RequestError::limit("filter_hops_max", figure, "more relations in one filter"));
            return None;
        }
        Some(Place { hops: place.hops + 1, ..place })
    }

    /// The content type that a relation leads to, and which version of its documents.
    pub(super) fn target(&self, level: &Level, field: FieldId, member: Option<TypeId>) -> Option<(TypeId, Version)> {
        let target = match (member, self.field_of(level.owner, field).relation()?.target) {
            (Some(member), _) => member,
            (None, model::Target::Type(target)) => target,
            (None, model::Target::Group(_)) => return None,
        };
        Some((target, self.version_below(target, level)))
    }

    fn through(
        &mut self,
        view: &View<'a>,
        input: &str,
        (inner, wrap): (&Level, &dyn Fn(Filter) -> Filter),
        place: Place,
    ) -> Refusable<Option<Filter>> {
        if view.is_null() {
            return Ok(match place.rule.null {
                NullOperand::IsNull if place.negated => Some(wrap(Filter::All)),
                NullOperand::IsNull => Some(wrap(Filter::All).negated()),
                NullOperand::Dropped | NullOperand::Refused => place.nothing_said(),
            });
        }
        let Some(filter) = self.filter(view, input, inner, place)? else { return Ok(None) };
        Ok(Some(match place.rule.relations {
            RelationLogic::Exists => wrap(filter),
            RelationLogic::Joined => {
                let without = on_nulls(&filter) == Some(true);
                let some = match possible(filter) {
                    Filter::Nothing => Filter::Nothing,
                    filter => wrap(filter),
                };
                if without { Filter::any_of([some, wrap(Filter::All).negated()]) } else { some }
            }
        }))
    }

    /// An object of comparisons of one column.
    fn comparisons(
        &mut self,
        view: &View<'a>,
        input: &str,
        (owner, column): (Owner, Column),
        place: Place,
    ) -> Refusable<Option<Filter>> {
        let definitions = self.definitions;
        let Some(inputs) = definitions.inputs(input) else { return misplaced() };
        if view.is_null() {
            return Ok(match place.rule.null {
                NullOperand::IsNull => Some(Filter::Null { column, is_null: !place.negated }),
                NullOperand::Dropped | NullOperand::Refused => place.nothing_said(),
            });
        }
        if matches!(place.rule.null, NullOperand::Refused) && view.lacks_a_member() {
            return null_compared();
        }
        let mut filters = Vec::new();
        for (name, member) in view.members() {
            let Some(input) = inputs.get(name) else { continue };
            match &input.binding {
                InputBinding::Compare(operator) => {
                    filters.extend(self.compared(&member, (owner, column, *operator), place)?);
                }
                InputBinding::Every(operator) => {
                    let items = if member.is_null() { Vec::new() } else { member.items() };
                    let mut every = Vec::new();
                    for item in items {
                        every.extend(self.compared(&item, (owner, column, *operator), place)?);
                    }
                    filters.extend((!every.is_empty()).then(|| place.all(every)));
                }
                InputBinding::IsNull { negated } => {
                    if let Some(asked) = member.boolean() {
                        self.conditions += 1;
                        filters.push(Filter::Null { column, is_null: (asked != *negated) != place.negated });
                    }
                }
                InputBinding::Not => {
                    let below = input.of.name();
                    filters.extend(self.comparisons(&member, below, (owner, column), place.turned())?);
                }
                _ => return misplaced(),
            }
        }
        Ok(if filters.is_empty() { place.nothing_said() } else { Some(place.all(filters)) })
    }

    fn compared(
        &mut self,
        view: &View<'a>,
        (owner, column, operator): (Owner, Column, Operator),
        place: Place,
    ) -> Refusable<Option<Filter>> {
        self.conditions += 1;
        if view.is_null() {
            match (place.rule.null, operator) {
                (NullOperand::IsNull, Operator::Eq) => {
                    return Ok(Some(Filter::Null { column, is_null: !place.negated }));
                }
                (NullOperand::IsNull, Operator::Ne) => {
                    return Ok(Some(Filter::Null { column, is_null: place.negated }));
                }
                (NullOperand::IsNull, _) => {}
                (NullOperand::Dropped, _) => return Ok(place.nothing_said()),
                (NullOperand::Refused, _) => return null_compared(),
            }
        }
        let (takes_text, is_list) = match operator.operands() {
            Operands::Value => (false, false),
            Operands::Values => (false, true),
            Operands::Text | Operands::Key => (true, false),
            Operands::Keys => (true, true),
        };
        if operator == Operator::Between && !view.is_null() && view.items().len() != 2 {
            return refuse(Cause::Invalid { problem: Problem::Between });
        }
        let Some(kind) = self.kind_of(owner, column) else { return misplaced() };
        let kind = if takes_text { ValueKind::Text } else { kind };
        let hole = self.hole(view.hole_source(), kind, is_list, transform_of(operator));
        let filter = Filter::Compare(Comparison { column, operator, value: Operand::Hole(hole) });
        Ok(Some(if place.negated { filter.negated() } else { filter }))
    }
}

fn transform_of(operator: Operator) -> Transform {
    match operator {
        Operator::Like | Operator::NotLike | Operator::LikeFold | Operator::NotLikeFold => Transform::Pattern,
        Operator::Eq
        | Operator::EqFold
        | Operator::Ne
        | Operator::NeFold
        | Operator::Lt
        | Operator::Lte
        | Operator::Gt
        | Operator::Gte
        | Operator::In
        | Operator::NotIn
        | Operator::Contains
        | Operator::NotContains
        | Operator::ContainsFold
        | Operator::NotContainsFold
        | Operator::StartsWith
        | Operator::EndsWith
        | Operator::Between
        | Operator::Similar
        | Operator::NotSimilar
        | Operator::Regex
        | Operator::NotRegex
        | Operator::RegexFold
        | Operator::NotRegexFold
        | Operator::JsonContains
        | Operator::JsonContainedIn
        | Operator::JsonHasKey
        | Operator::JsonHasKeysAny
        | Operator::JsonHasKeysAll => Transform::Keep,
    }
}

/// What a condition gives on a row of nulls without relations, which an outer join makes; none is unknown.
fn on_nulls(filter: &Filter) -> Option<bool> {
    match filter {
        Filter::All => Some(true),
        Filter::Nothing
        | Filter::Some { .. }
        | Filter::SomeOf { .. }
        | Filter::OtherLocale { .. }
        | Filter::Element { .. } => Some(false),
        Filter::Compare(_) | Filter::Count { .. } => None,
        Filter::Null { is_null, .. } => Some(*is_null),
        Filter::Not(inner) => on_nulls(inner).map(|truth| !truth),
        Filter::And(list) => three_valued(list, false),
        Filter::Or(list) => three_valued(list, true),
    }
}

/// `decides` as soon as one member gives it; unknown if one is unknown; else the other.
fn three_valued(list: &[Filter], decides: bool) -> Option<bool> {
    let values: Vec<Option<bool>> = list.iter().map(on_nulls).collect();
    if values.contains(&Some(decides)) {
        Some(decides)
    } else if values.contains(&None) {
        None
    } else {
        Some(!decides)
    }
}

/// The same on a row that is there: system columns that are never null say nothing.
fn possible(filter: Filter) -> Filter {
    match filter {
        Filter::Null { column: Column::System(SystemColumn::Key | SystemColumn::DocumentId), is_null: true } => {
            Filter::Nothing
        }
        Filter::Null { column: Column::System(SystemColumn::Key | SystemColumn::DocumentId), is_null: false } => {
            Filter::All
        }
        Filter::And(list) => Filter::all_of(list.into_iter().map(possible)),
        Filter::Or(list) => Filter::any_of(list.into_iter().map(possible)),
        Filter::All
        | Filter::Nothing
        | Filter::Not(_)
        | Filter::Compare(_)
        | Filter::Null { .. }
        | Filter::Some { .. }
        | Filter::SomeOf { .. }
        | Filter::OtherLocale { .. }
        | Filter::Count { .. }
        | Filter::Element { .. } => filter,
    }
}

fn null_compared<T>() -> Refusable<T> {
    refuse(Cause::Invalid { problem: Problem::Text("unexpected null value for a comparison".to_owned()) })
}
