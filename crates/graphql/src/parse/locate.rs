//! From a place in a document to the path that leads there through the operation: `selectionSet`, `dishes`, `args`, `where`, `name`.

use apollo_compiler::Node;
use apollo_compiler::ast::{Argument, Definition, Document, Selection, Value};
use apollo_compiler::parser::{LineColumn, SourceSpan};
use plan::{Place, Segment};

/// The path to a place; empty for one that stands in a fragment, or in no selection at all.
pub(super) fn path_to(document: &Document, place: Place) -> Vec<Segment> {
    let finder = Finder { document, place };
    let operations = document.definitions.iter().filter_map(|definition| match definition {
        Definition::OperationDefinition(operation) => Some(&operation.selection_set),
        _no_operation => None,
    });
    let mut path = Vec::new();
    for selections in operations {
        if finder.selections(selections, &mut path) {
            return path;
        }
    }
    path
}

/// Whether the field that begins at this place has a selection of its own in the document.
pub(super) fn has_selection(document: &Document, place: Place) -> bool {
    let finder = Finder { document, place };
    document.definitions.iter().any(|definition| match definition {
        Definition::OperationDefinition(operation) => finder.selects(&operation.selection_set),
        Definition::FragmentDefinition(fragment) => finder.selects(&fragment.selection_set),
        _of_a_schema => false,
    })
}

#[derive(Clone, Copy)]
struct Finder<'a> {
    document: &'a Document,
    place: Place,
}

impl Finder<'_> {
    fn selections(self, selections: &[Selection], path: &mut Vec<Segment>) -> bool {
        selections.iter().any(|selection| match selection {
            Selection::Field(field) if self.is_in(field.location()) => {
                path.extend([key("selectionSet"), key(field.alias.as_ref().unwrap_or(&field.name))]);
                // Where nothing below is meant, the field is.
                let _below = self.arguments(&field.arguments, path) || self.selections(&field.selection_set, path);
                true
            }
            Selection::InlineFragment(fragment) if self.is_in(fragment.location()) => {
                self.selections(&fragment.selection_set, path)
            }
            Selection::Field(_) | Selection::InlineFragment(_) | Selection::FragmentSpread(_) => false,
        })
    }

    fn arguments(self, arguments: &[Node<Argument>], path: &mut Vec<Segment>) -> bool {
        let Some(argument) = arguments.iter().find(|argument| self.is_in(argument.location())) else { return false };
        path.extend([key("args"), key(&argument.name)]);
        self.value(&argument.value, path);
        true
    }

    fn value(self, value: &Node<Value>, path: &mut Vec<Segment>) {
        match &**value {
            Value::Object(members) => {
                let is_here = |name: &apollo_compiler::Name, value: &Node<Value>| {
                    self.is_in(name.location()) || self.is_in(value.location())
                };
                if let Some((name, value)) = members.iter().find(|(name, value)| is_here(name, value)) {
                    path.push(key(name));
                    self.value(value, path);
                }
            }
            Value::List(items) => {
                if let Some((index, item)) = items.iter().enumerate().find(|(_, item)| self.is_in(item.location())) {
                    path.push(Segment::Index(index));
                    self.value(item, path);
                }
            }
            Value::Null
            | Value::Enum(_)
            | Value::Variable(_)
            | Value::String(_)
            | Value::Float(_)
            | Value::Int(_)
            | Value::Boolean(_) => {}
        }
    }

    fn selects(self, selections: &[Selection]) -> bool {
        selections.iter().any(|selection| match selection {
            Selection::Field(field) => {
                let begins = self.range(field.location()).is_some_and(|(start, _)| start == here(self.place));
                (begins && !field.selection_set.is_empty()) || self.selects(&field.selection_set)
            }
            Selection::InlineFragment(fragment) => self.selects(&fragment.selection_set),
            Selection::FragmentSpread(_) => false,
        })
    }

    fn is_in(self, location: Option<SourceSpan>) -> bool {
        self.range(location).is_some_and(|(start, end)| (start..end).contains(&here(self.place)))
    }

    fn range(self, location: Option<SourceSpan>) -> Option<(LineAndColumn, LineAndColumn)> {
        let range = location?.line_column_range(&self.document.sources)?;
        let number = |at: LineColumn| (at.line, at.column);
        Some((number(range.start), number(range.end)))
    }
}

type LineAndColumn = (usize, usize);

fn here(place: Place) -> LineAndColumn {
    (place.line as usize, place.column as usize)
}

fn key(name: &str) -> Segment {
    Segment::Key(name.to_owned())
}
