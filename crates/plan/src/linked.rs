//! What a switch shows of the rows that its links lead to, wherever in its shape it stands.

use crate::{Linked, Object, Part, RowValue, SwitchShape};

impl SwitchShape {
    /// Everything in it that shows rows which links lead to.
    pub(crate) fn linked(&self) -> Vec<&Linked> {
        match self {
            SwitchShape::List(linked) | SwitchShape::One(linked) => vec![linked],
            SwitchShape::Parts(entries) => entries.iter().flat_map(|entry| entry.value.linked()).collect(),
        }
    }
}

impl Part {
    fn linked(&self) -> Vec<&Linked> {
        match self {
            Part::Linked(linked) => vec![linked],
            Part::Wrap(inner) => inner.iter().flat_map(|entry| entry.value.linked()).collect(),
            Part::Rows(row) | Part::First(row) => row.object.linked(),
            Part::Constant(_)
            | Part::Total
            | Part::PageNumber
            | Part::PageSize
            | Part::PageCount
            | Part::Aggregate(_)
            | Part::HasNextPage
            | Part::HasPreviousPage
            | Part::StartCursor
            | Part::EndCursor
            | Part::Refused(_) => Vec::new(),
        }
    }
}

impl Object {
    fn linked(&self) -> Vec<&Linked> {
        let mut found = Vec::new();
        for entry in &self.entries {
            match &entry.value {
                RowValue::Linked(linked) => found.push(linked),
                RowValue::Wrap(inner) => found.extend(inner.linked()),
                RowValue::Constant(_)
                | RowValue::Column(..)
                | RowValue::ElementId
                | RowValue::Select(_)
                | RowValue::Switch(_)
                | RowValue::Component(_)
                | RowValue::Derived(_)
                | RowValue::Cursor
                | RowValue::Refused(_) => {}
            }
        }
        found
    }
}

impl SwitchShape {
    /// Everything in it that shows rows which links lead to.
    pub(crate) fn linked_mut(&mut self) -> Vec<&mut Linked> {
        match self {
            SwitchShape::List(linked) | SwitchShape::One(linked) => vec![linked],
            SwitchShape::Parts(entries) => entries.iter_mut().flat_map(|entry| entry.value.linked_mut()).collect(),
        }
    }
}

impl Part {
    fn linked_mut(&mut self) -> Vec<&mut Linked> {
        match self {
            Part::Linked(linked) => vec![linked],
            Part::Wrap(inner) => inner.iter_mut().flat_map(|entry| entry.value.linked_mut()).collect(),
            Part::Rows(row) | Part::First(row) => row.object.linked_mut(),
            Part::Constant(_)
            | Part::Total
            | Part::PageNumber
            | Part::PageSize
            | Part::PageCount
            | Part::Aggregate(_)
            | Part::HasNextPage
            | Part::HasPreviousPage
            | Part::StartCursor
            | Part::EndCursor
            | Part::Refused(_) => Vec::new(),
        }
    }
}

impl Object {
    fn linked_mut(&mut self) -> Vec<&mut Linked> {
        let mut found = Vec::new();
        for entry in &mut self.entries {
            match &mut entry.value {
                RowValue::Linked(linked) => found.push(linked),
                RowValue::Wrap(inner) => found.extend(inner.linked_mut()),
                RowValue::Constant(_)
                | RowValue::Column(..)
                | RowValue::ElementId
                | RowValue::Select(_)
                | RowValue::Switch(_)
                | RowValue::Component(_)
                | RowValue::Derived(_)
                | RowValue::Cursor
                | RowValue::Refused(_) => {}
            }
        }
        found
    }
}
