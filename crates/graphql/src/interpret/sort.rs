//! The order of rows.

use model::FieldId;
use plan::{
    Aggregate, Cause, Column, Direction, Filter, Form, Function, Nulls, Problem, RefusedPart, SortKey, SortPath, Within,
};

use super::view::View;
use super::{Level, Owner, Planner, Refusable, misplaced, refuse};
use crate::binding::{FieldBinding, InputBinding, RowsShape, SortNames, ValueBinding};
use crate::definition::Input;

/// Wraps what of a related row or element is compared into the way to it.
type Way<'w> = &'w dyn Fn(SortPath) -> SortPath;

impl<'a> Planner<'a> {
    /// The order that the arguments ask for. `object` is the object type of the rows, whose bound fields are the words of paths.
    pub(super) fn sort(
        &mut self,
        arguments: &[(&'a Input, View<'a>)],
        object: &str,
        level: &Level,
    ) -> Refusable<Vec<SortKey>> {
        let mut keys = Vec::new();
        for (input, view) in arguments.iter().filter(|(_, view)| !view.is_null()) {
            match &input.binding {
                InputBinding::SortPaths(names) => {
                    for item in view.items() {
                        let text = item.text().unwrap_or_default();
                        for path in text.split(',').map(str::trim) {
                            keys.extend(self.sort_path(path, object, level, *names)?);
                        }
                    }
                }
                InputBinding::SortObjects => {
                    for item in view.items().iter().filter(|item| !item.is_null()) {
                        self.sort_object(item, input.of.name(), level, (&mut keys, &|path| path))?;
                    }
                }
                _ => {}
            }
        }
        Ok(keys)
    }

    /// `author.name:desc`. Empty paths say nothing.
    fn sort_path(&self, text: &str, object: &str, level: &Level, names: SortNames) -> Refusable<Option<SortKey>> {
        let mut parts = text.split(':');
        let path = parts.next().unwrap_or_default();
        if path.is_empty() {
            return Ok(None);
        }
        let words: Vec<&str> = path.split('.').collect();
        let path = self.path_of(&words, 0, (object, level), names)?;
        let (direction, nulls) = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "" | "asc" => (Direction::Ascending, Nulls::Last),
            "desc" => (Direction::Descending, Nulls::First),
            _ => return refuse(Cause::Invalid { problem: Problem::Direction }),
        };
        Ok(Some(SortKey { path, direction, nulls }))
    }

    fn path_of(
        &self,
        words: &[&str],
        at: usize,
        (object, level): (&str, &Level),
        names: SortNames,
    ) -> Refusable<SortPath> {
        let (word, is_last) = (words[at], at + 1 == words.len());
        let unknown = || key_refused(word, (at > 0).then(|| words[..at].join(".")));
        if is_last && names.key == Some(word) && matches!(level.owner, Owner::Row(_)) {
            return Ok(SortPath::Column(Column::System(model::SystemColumn::Key)));
        }
        let Some(field) = self.bound_field(object, word) else { return unknown() };
        let unsortable = || key_refused(word, Some(words[..=at].join(".")));
        match &field.binding {
            FieldBinding::Column(column, _) if is_last => Ok(SortPath::Column(*column)),
            FieldBinding::Own(bound) if is_last => {
                let model::Bound::Unit(unit) = bound.as_ref() else { return unsortable() };
                Ok(SortPath::Column(Column::Field(unit.field)))
            }
            FieldBinding::Relation { field: relation, shape, .. } if !is_last && is_word(*shape, names) => {
                let rows_of = match shape {
                    RowsShape::One | RowsShape::List => Some(field.of.name()),
                    RowsShape::OneInside | RowsShape::Parts => self.rows_type(field.of.name()),
                };
                let Some(rows_of) = rows_of else { return unsortable() };
                let Some((target, version)) = self.target(level, *relation, None) else { return unsortable() };
                let below = Level { owner: Owner::Row(target), version: version.clone(), asked: level.asked.clone() };
                let then = Box::new(self.path_of(words, at + 1, (rows_of, &below), names)?);
                Ok(SortPath::Relation { field: *relation, version, filter: Box::new(Filter::All), then })
            }
            FieldBinding::Component { field: component, .. } if !is_last => {
                let Some(crate::definition::Stands::Element(of)) = self.definitions.stands(field.of.name()) else {
                    return unsortable();
                };
                let (Owner::Row(row) | Owner::Element(row, _)) = level.owner;
                let below = Level { owner: Owner::Element(row, of), ..level.clone() };
                let then = Box::new(self.path_of(words, at + 1, (field.of.name(), &below), names)?);
                Ok(SortPath::Component { field: *component, then })
            }
            FieldBinding::Column(..) => key_refused(words[at + 1], Some(words[..=at].join("."))),
            FieldBinding::Relation { .. }
            | FieldBinding::Component { .. }
            | FieldBinding::Switch { .. }
            | FieldBinding::Own(_)
            | FieldBinding::Told(_)
            | FieldBinding::Part(_)
            | FieldBinding::Localizations { .. }
            | FieldBinding::Derived(_)
            | FieldBinding::ElementId
            | FieldBinding::List { .. }
            | FieldBinding::ByKey { .. }
            | FieldBinding::Create { .. }
            | FieldBinding::Update { .. }
            | FieldBinding::Delete { .. }
            | FieldBinding::Nodes
            | FieldBinding::Total
            | FieldBinding::PageNumber
            | FieldBinding::PageSize
            | FieldBinding::PageCount
            | FieldBinding::Aggregate { .. }
            | FieldBinding::Account { .. }
            | FieldBinding::Command { .. }
            | FieldBinding::Made(_)
            | FieldBinding::Written(_)
            | FieldBinding::Wrap
            | FieldBinding::Constant(_) => unsortable(),
        }
    }

    /// The field of this name of an object type, or of an object around fields of the same row in it.
    fn bound_field(&self, object: &str, word: &str) -> Option<&'a crate::definition::Field> {
        let fields = self.definitions.fields(object)?;
        if let Some(field) = fields.get(word).filter(|field| field.binding != FieldBinding::Wrap) {
            return Some(field);
        }
        let mut inside = fields.values().filter(|field| field.binding == FieldBinding::Wrap);
        inside.find_map(|field| self.definitions.fields(field.of.name())?.get(word))
    }

    /// `{ author: { name: desc } }`, keys in the order in which they are written.
    fn sort_object(
        &mut self,
        view: &View<'a>,
        input: &str,
        level: &Level,
        (keys, way): (&mut Vec<SortKey>, Way<'_>),
    ) -> Refusable<()> {
        let definitions = self.definitions;
        let Some(inputs) = definitions.inputs(input) else { return misplaced() };
        for (name, member) in view.members() {
            let Some(input) = inputs.get(name).filter(|_| !member.is_null()) else { continue };
            match &input.binding {
                InputBinding::By(column) => {
                    keys.extend(self.ordered(&member, input, way(SortPath::Column(*column))));
                }
                InputBinding::ByRelation(field) => {
                    let Some((target, version)) = self.target(level, *field, None) else { return misplaced() };
                    let below =
                        Level { owner: Owner::Row(target), version: version.clone(), asked: level.asked.clone() };
                    let further = |then: SortPath| {
                        let then = Box::new(then);
                        way(SortPath::Relation {
                            field: *field,
                            version: version.clone(),
                            filter: Box::new(Filter::All),
                            then,
                        })
                    };
                    self.sort_object(&member, input.of.name(), &below, (keys, &further))?;
                }
                InputBinding::ByComponent(field) => {
                    let further = |then: SortPath| way(SortPath::Component { field: *field, then: Box::new(then) });
                    self.sort_object(&member, input.of.name(), level, (keys, &further))?;
                }
                InputBinding::ByAggregate(field) => {
                    self.sort_aggregates(&member, input.of.name(), (level, *field), (keys, way))?;
                }
                _ => return misplaced(),
            }
        }
        Ok(())
    }

    fn sort_aggregates(
        &mut self,
        view: &View<'a>,
        input: &str,
        (level, field): (&Level, FieldId),
        (keys, way): (&mut Vec<SortKey>, Way<'_>),
    ) -> Refusable<()> {
        let definitions = self.definitions;
        let (Some(inputs), Some((_, version))) = (definitions.inputs(input), self.target(level, field, None)) else {
            return misplaced();
        };
        let path = |function: Function, column: Option<Column>| {
            let columns = column.into_iter().collect();
            let aggregate = Aggregate { function, columns, distinct: false, within: Within::Filter, form: Form::Plain };
            way(SortPath::Aggregate { field, version: version.clone(), filter: Box::new(Filter::All), aggregate })
        };
        for (name, member) in view.members() {
            let Some(input) = inputs.get(name).filter(|_| !member.is_null()) else { continue };
            match &input.binding {
                InputBinding::ByCount => keys.extend(self.ordered(&member, input, path(Function::Count, None))),
                InputBinding::ByFunction(function) => {
                    let Some(columns) = definitions.inputs(input.of.name()) else { return misplaced() };
                    for (name, member) in member.members() {
                        let Some(input) = columns.get(name) else { continue };
                        if let InputBinding::By(column) = &input.binding {
                            keys.extend(self.ordered(&member, input, path(*function, Some(*column))));
                        }
                    }
                }
                _ => return misplaced(),
            }
        }
        Ok(())
    }

    fn ordered(&self, view: &View<'_>, input: &Input, path: SortPath) -> Option<SortKey> {
        match self.word(input, view)? {
            ValueBinding::Order(direction, nulls) => Some(SortKey { path, direction: *direction, nulls: *nulls }),
            ValueBinding::Word | ValueBinding::Status(_) | ValueBinding::Publication(_) | ValueBinding::Column(_) => {
                None
            }
        }
    }
}

/// Whether a relation of this shape is a word of a path: an object around rows only where it is all that there is.
fn is_word(shape: RowsShape, names: SortNames) -> bool {
    match shape {
        RowsShape::One | RowsShape::List => true,
        RowsShape::OneInside | RowsShape::Parts => names.around,
    }
}

fn key_refused<T>(key: &str, path: Option<String>) -> Refusable<T> {
    let key = key.chars().take(100).collect();
    refuse(Cause::KeyRefused { key, path, part: RefusedPart::Sort })
}
