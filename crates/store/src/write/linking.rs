//! What follows a row: its links, the links inside its elements, and the published copy.

use plan::{Content, Held, Value};
use sql::CellSource;
use sql::layout::STATUS_PUBLISHED;

use super::change::{Change, given_links};
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
            for statement in &link.give {
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

    /// The published row becomes a copy of the draft: its fields, links and elements, which get ids of their own. `there` is the published row
    /// that is there already; otherwise one with the number `row` is made.
    pub(crate) async fn publish(
        &mut self,
        draft: &Frame,
        mut content: Content,
        there: Option<&StoredRow>,
        (row, mut next): (Value, Counts),
    ) -> Result<Frame, Failure> {
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
        Ok(frame)
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
