//! What follows a row: its links, the links inside its elements, and the published copy.

use plan::{BrokenRule, Content, FieldFault, Held, Segment, Value};
use sql::CellSource;
use sql::layout::STATUS_PUBLISHED;

use super::change::{Change, first_value, given_links, int_of};
use super::door::Door;
use super::element::{self, Counts, LinkRows, Renumbered};
use super::failure::Failure;
use super::frame::Frame;
use super::link::{Resolved, own_lists};
use super::row::{StoredRow, System, fill_system};

impl<D: Door> Change<'_, D> {
    /// Links what the content gives to the frame's row. `before` are the elements that the row had in each field that is given.
    pub(crate) fn link(
        &mut self,
        frame: &Frame,
        given: &Content,
        before: &[(model::FieldId, Vec<plan::ElementContent>)],
        resolved: &Resolved,
    ) {
        let program = self.env.program;
        for link in &program.links {
            let Some(links) = given_links(given, link.field) else { continue };
            let keys = resolved.keys(links);
            let own = own_lists(self.env.model, self.env.layout, program.of, link.has_statuses, &keys);
            let is_added = matches!(given.get(link.field), Some(Held::AddedLinks(_)));
            for statement in if is_added { &link.add } else { &link.give } {
                self.later(frame, statement, &own);
            }
        }
        let Some(elements) = &program.element_links else { return };
        for (field, held) in &given.fields {
            let Held::Elements(after) = held else { continue };
            let had = before.iter().find(|(id, _)| id == field).map_or(&[][..], |(_, elements)| elements);
            if let Some(own) = element::cleared(self.env.model, had, after).filter(|_| !had.is_empty()) {
                self.later(frame, &elements.clear, &own);
            }
            let rows = LinkRows {
                model: self.env.model,
                layout: self.env.layout,
                holder: program.of,
                kinds: &elements.kinds,
                resolved,
            };
            if let Some(own) = rows.lists(after) {
                self.later(frame, &elements.put, &own);
            }
        }
    }

    /// Refuses a list of the frame's row that has become longer than its rule allows.
    pub(crate) async fn check_added(&mut self, frame: &Frame, given: &Content) -> Result<(), Failure> {
        let (program, content_type) = (self.env.program, self.content_type());
        let mut faults = Vec::new();
        for link in program.links.iter().filter(|link| matches!(given.get(link.field), Some(Held::AddedLinks(_)))) {
            let field = content_type.field(link.field);
            let (Some(most), Some(count)) = (field.rules.items.1, &link.count) else { continue };
            let rows = self.now(vec![frame.call(count, &[])]).await?;
            if int_of(Some(&first_value(rows.first()))).is_some_and(|count| count > i64::from(most)) {
                let path = vec![Segment::Key(field.name.clone())];
                faults.push(FieldFault { path, rule: BrokenRule::TooManyItems(most), value: None });
            }
        }
        self.refuse(faults)
    }

    /// The published row becomes a copy of the draft: its fields, links and elements, which get ids of their own. `there` is the published row
    /// that is there already; otherwise one with the number `row` is made. Given back are its frame and its elements.
    pub(crate) async fn publish(
        &mut self,
        draft: &Frame,
        mut content: Content,
        there: Option<&StoredRow>,
        (row, mut next): (Value, Counts),
    ) -> Result<(Frame, Content), Failure> {
        let program = self.env.program;
        let mut renumbered = Renumbered::default();
        renumbered.all(self.env.model, &mut content, &mut next);
        let mut frame = draft.clone();
        frame.status = STATUS_PUBLISHED;
        frame.source = draft.row.clone();
        frame.row = there.map_or(row, |there| there.row(program));
        let only_elements = Content {
            fields: content.fields.into_iter().filter(|(_, held)| matches!(held, Held::Elements(_))).collect(),
        };
        frame.cells =
            self.cell_env(&Resolved::default()).cells(&only_elements, Some(&StoredRow { cells: draft.cells.clone() }));
        let cell = |source| StoredRow { cells: draft.cells.clone() }.system(program, source);
        let system = System {
            created_at: cell(CellSource::CreatedAt),
            created_by: cell(CellSource::CreatedBy),
            published_at: Value::Instant(frame.published_at),
        };
        if there.is_some() {
            fill_system(&mut frame, program, &system);
            self.overwrite(&frame);
        } else {
            self.insert_row(&mut frame, &system).await?;
        }
        self.copy_links(&frame, &renumbered, there.is_some());
        Ok((frame, only_elements))
    }

    fn overwrite(&mut self, frame: &Frame) {
        let program = self.env.program;
        for link in &program.links {
            for statement in &link.before {
                self.later(frame, statement, &[]);
            }
        }
        self.later(frame, &program.overwrite, &[]);
    }

    fn copy_links(&mut self, frame: &Frame, renumbered: &Renumbered, was_there: bool) {
        let program = self.env.program;
        for link in &program.links {
            for statement in link.copy.iter().chain(&link.publish) {
                self.later(frame, statement, &[]);
            }
        }
        let Some(elements) = &program.element_links else { return };
        if was_there {
            self.later(frame, &elements.drop, &[]);
        }
        if !renumbered.is_empty() {
            self.later(frame, &elements.copy, &renumbered.lists());
        }
    }
}
