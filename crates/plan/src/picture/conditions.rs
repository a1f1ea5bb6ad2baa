//! Conditions and orders of a plan as text.

use super::{Of, Printer, version};
use crate::{Direction, Filter, Nulls, Operand, SortKey, SortPath};

impl Printer<'_> {
    /// ` where …`, or nothing for every row.
    pub(super) fn filter_text(&self, of: Of, filter: &Filter) -> String {
        if *filter == Filter::All { String::new() } else { [" where ", &self.condition(of, filter)].concat() }
    }

    fn condition(&self, of: Of, filter: &Filter) -> String {
        match filter {
            Filter::All => "true".to_owned(),
            Filter::Nothing => "false".to_owned(),
            Filter::And(list) => self.joined(of, list, " and "),
            Filter::Or(list) => self.joined(of, list, " or "),
            Filter::Not(inner) => ["not ", &self.condition(of, inner)].concat(),
            Filter::Compare(comparison) => {
                let column = self.column(of, comparison.column);
                format!("{column} {:?} {}", comparison.operator, self.operand(of, &comparison.value))
            }
            Filter::Null { column, is_null } => {
                let column = self.column(of, *column);
                [column.as_str(), if *is_null { " is null" } else { " is not null" }].concat()
            }
            Filter::Some { field, version: which, filter } => {
                let inner = self.target(of, *field).map_or_else(String::new, |target| self.condition(target, filter));
                format!("some {}{} ({inner})", self.field(of, *field), version(which))
            }
            Filter::SomeOf { field, of: member, version: which, filter } => {
                let inner = self.condition(Of::Type(*member), filter);
                let name = &self.model.content_type(*member).name;
                format!("some {} that is {name}{} ({inner})", self.field(of, *field), version(which))
            }
            Filter::OtherLocale { version: which, filter } => {
                format!("some other locale{} ({})", version(which), self.condition(of, filter))
            }
            Filter::Count { field, version: which, filter, operator, value } => {
                let inner = self.target(of, *field).map_or_else(String::new, |target| self.condition(target, filter));
                let value = self.operand(of, value);
                format!("count of {}{} ({inner}) {operator:?} {value}", self.field(of, *field), version(which))
            }
            Filter::Element { field, component, filter } => {
                let inner = self.condition(Of::Component(*component), filter);
                format!("some element of {} ({inner})", self.field(of, *field))
            }
        }
    }

    fn joined(&self, of: Of, list: &[Filter], word: &str) -> String {
        let list: Vec<String> = list.iter().map(|filter| self.condition(of, filter)).collect();
        ["(", &list.join(word), ")"].concat()
    }

    fn operand(&self, of: Of, operand: &Operand) -> String {
        match operand {
            Operand::Hole(hole) => self.hole(*hole),
            Operand::OfKey(hole) => ["that of ", &self.hole(*hole)].concat(),
            Operand::Column(column) => self.column(of, *column),
        }
    }

    /// ` order …`, or nothing for the order of keys.
    pub(super) fn sort_text(&self, of: Of, keys: &[SortKey]) -> String {
        if keys.is_empty() {
            return String::new();
        }
        let keys: Vec<String> = keys
            .iter()
            .map(|key| {
                let direction = match (key.direction, key.nulls) {
                    (Direction::Ascending, Nulls::Last) => "",
                    (Direction::Ascending, Nulls::First) => " nulls first",
                    (Direction::Descending, Nulls::First) => " desc",
                    (Direction::Descending, Nulls::Last) => " desc nulls last",
                };
                [self.sort_path(of, &key.path).as_str(), direction].concat()
            })
            .collect();
        [" order ", &keys.join(", ")].concat()
    }

    fn sort_path(&self, of: Of, path: &SortPath) -> String {
        match path {
            SortPath::Column(column) => self.column(of, *column),
            SortPath::Relation { field, version: which, filter, then } => {
                let Some(target) = self.target(of, *field) else { return self.field(of, *field) };
                let filter = self.filter_text(target, filter);
                format!("{}{}{filter}.{}", self.field(of, *field), version(which), self.sort_path(target, then))
            }
            SortPath::Component { field, then } => {
                let inner = match self.component_of(of, *field) {
                    Some(component) => self.sort_path(Of::Component(component), then),
                    None => String::new(),
                };
                [&self.field(of, *field), ".", &inner].concat()
            }
            SortPath::Aggregate { field, version: which, filter, aggregate } => {
                let Some(target) = self.target(of, *field) else { return self.field(of, *field) };
                let filter = self.filter_text(target, filter);
                format!("{}{}{filter} {}", self.field(of, *field), version(which), self.aggregate(target, aggregate))
            }
        }
    }

    fn component_of(&self, of: Of, field: model::FieldId) -> Option<model::ComponentId> {
        let declared = match of {
            Of::Type(of) => self.model.content_type(of).field(field),
            Of::Component(of) => self.model.component(of).field(field),
        };
        match &declared.kind {
            model::FieldKind::Component { of, .. } => Some(*of),
            model::FieldKind::Scalar { .. }
            | model::FieldKind::Enum { .. }
            | model::FieldKind::Relation(_)
            | model::FieldKind::Zone { .. } => None,
        }
    }
}
