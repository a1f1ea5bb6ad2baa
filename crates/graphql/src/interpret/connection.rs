//! Connections of the project's own API: an object around rows, whose parts go by their bindings.

use model::{Connection, ConnectionPart};
use plan::{
    CursorPage, From, Linked, Object, Page, Part, PartEntry, RootValue, Row, RowValue, Shape, Switch, SwitchArm,
    SwitchFrom, SwitchShape, Transform, ValueKind,
};

use super::own::{Arguments, select};
use super::{Level, Merged, Owner, Planner, Refusable, misplaced};
use crate::binding::FieldBinding;
use crate::definition::{Field as FieldDefinition, TypeRef};

/// Whose rows stand in a connection.
enum Nodes<'l> {
    /// Of one content type, at this level.
    Rows(&'l Level),
    /// Of several, which links lead to, below this level.
    Links(&'l [SwitchArm], Option<&'l Level>),
}

impl<'a> Planner<'a> {
    /// A connection at a root: over all rows of its node type.
    pub(super) fn own_connection_root(
        &mut self,
        (merged, definition): (&Merged<'a>, &'a FieldDefinition),
        connection: &'a Connection,
        given: &Arguments<'a>,
    ) -> Refusable<RootValue> {
        let page = self.cursor_page(connection, given);
        let arms = self.arms(&connection.rows, given, None)?;
        if let [arm] = arms.as_slice() {
            let asked = super::version::Asked {
                status: plan::Status::Published,
                locale: plan::Locale::Default,
                publication: None,
            };
            let level = Level { owner: Owner::Row(arm.of), version: arm.version.clone(), asked };
            let shape = Shape::Parts(self.connection_parts(merged, definition.of.name(), &Nodes::Rows(&level)));
            let version = (arm.version.clone(), arm.filter.clone(), arm.sort.clone());
            return Ok(RootValue::Select(Box::new(select(From::Type, arm.of, version, (page, shape)))));
        }
        let parts = self.connection_parts(merged, definition.of.name(), &Nodes::Links(&arms, None));
        let shape = SwitchShape::Parts(parts);
        Ok(RootValue::Switch(Box::new(Switch { from: SwitchFrom::Types, page, arms, shape })))
    }

    /// A connection over a relation of the row at hand.
    pub(super) fn own_connection(
        &mut self,
        (merged, definition): (&Merged<'a>, &'a FieldDefinition),
        connection: &'a Connection,
        (given, level): (&Arguments<'a>, &Level),
    ) -> Refusable<RowValue> {
        let (Some(field), Owner::Row(owner)) = (connection.over, level.owner) else { return misplaced() };
        let page = self.cursor_page(connection, given);
        if let Some((target, version)) = self.target(level, field, None) {
            let [rows] = connection.rows.as_slice() else { return misplaced() };
            let below = Level { owner: Owner::Row(target), version: version.clone(), asked: level.asked.clone() };
            let (filter, sort) = self.asked_of(rows, given, &below)?;
            let shape = Shape::Parts(self.connection_parts(merged, definition.of.name(), &Nodes::Rows(&below)));
            let from = From::Relation(owner, field);
            return Ok(RowValue::Select(Box::new(select(from, target, (version, filter, sort), (page, shape)))));
        }
        let arms = self.arms(&connection.rows, given, Some(level))?;
        let parts = self.connection_parts(merged, definition.of.name(), &Nodes::Links(&arms, Some(level)));
        let from = SwitchFrom::Relation(owner, field);
        Ok(RowValue::Switch(Box::new(Switch { from, page, arms, shape: SwitchShape::Parts(parts) })))
    }

    fn cursor_page(&mut self, connection: &'a Connection, given: &Arguments<'a>) -> Page {
        let count = (ValueKind::Int, Transform::Within(0, i64::from(i32::MAX)));
        let cursor = (ValueKind::Text, Transform::Cursor);
        let page = CursorPage {
            first: self.own_number(given, connection.first.as_ref(), count),
            after: self.own_number(given, connection.after.as_ref(), cursor),
            last: self.own_number(given, connection.last.as_ref(), count),
            before: self.own_number(given, connection.before.as_ref(), cursor),
        };
        if page == CursorPage::default() { Page::All } else { Page::Cursor(page) }
    }

    /// The members of a connection, or of the borders of its page.
    fn connection_parts(&mut self, merged: &Merged<'a>, object: &'a str, nodes: &Nodes<'_>) -> Vec<PartEntry> {
        self.members(merged, object, (Part::Constant, Part::Refused), |planner, inner, definition| {
            planner.connection_part(inner, definition, nodes)
        })
    }

    fn connection_part(
        &mut self,
        merged: &Merged<'a>,
        definition: &'a FieldDefinition,
        nodes: &Nodes<'_>,
    ) -> Refusable<Part> {
        let FieldBinding::Part(part) = &definition.binding else { return misplaced() };
        let shown = definition.of.name();
        let non_null = definition.of.item().is_some_and(TypeRef::is_non_null);
        Ok(match part {
            ConnectionPart::Total => Part::Total,
            ConnectionPart::Edges => Part::Rows(Row { non_null, object: self.edge(merged, shown, nodes) }),
            ConnectionPart::Nodes => match nodes {
                Nodes::Rows(level) => Part::Rows(Row { non_null, object: self.object(merged, shown, level) }),
                Nodes::Links(arms, above) => Part::Linked(self.linked(merged, (shown, non_null), (arms, *above))),
            },
            ConnectionPart::PageInfo => Part::Wrap(self.connection_parts(merged, shown, nodes)),
            ConnectionPart::StartCursor => Part::StartCursor,
            ConnectionPart::EndCursor => Part::EndCursor,
            ConnectionPart::HasNextPage => Part::HasNextPage,
            ConnectionPart::HasPreviousPage => Part::HasPreviousPage,
            ConnectionPart::Cursor | ConnectionPart::Node => return misplaced(),
        })
    }

    /// An edge: the row with its cursor.
    fn edge(&mut self, merged: &Merged<'a>, object: &'a str, nodes: &Nodes<'_>) -> Object {
        let entries =
            self.members(merged, object, (RowValue::Constant, RowValue::Refused), |planner, inner, definition| {
                planner.edge_value(inner, definition, nodes)
            });
        Object { entries }
    }

    fn edge_value(
        &mut self,
        merged: &Merged<'a>,
        definition: &'a FieldDefinition,
        nodes: &Nodes<'_>,
    ) -> Refusable<RowValue> {
        let FieldBinding::Part(part) = &definition.binding else { return misplaced() };
        let shown = definition.of.name();
        match (part, nodes) {
            (ConnectionPart::Cursor, _) => Ok(RowValue::Cursor),
            (ConnectionPart::Node, Nodes::Rows(level)) => Ok(RowValue::Wrap(self.object(merged, shown, level))),
            (ConnectionPart::Node, Nodes::Links(arms, above)) => {
                let linked: Linked = self.linked(merged, (shown, false), (arms, *above));
                Ok(RowValue::Linked(linked))
            }
            (
                ConnectionPart::Total
                | ConnectionPart::Edges
                | ConnectionPart::Nodes
                | ConnectionPart::PageInfo
                | ConnectionPart::StartCursor
                | ConnectionPart::EndCursor
                | ConnectionPart::HasNextPage
                | ConnectionPart::HasPreviousPage,
                _,
            ) => misplaced(),
        }
    }
}
