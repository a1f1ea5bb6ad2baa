//! What locales share: the document's rows of other locales, of the status of the row that was written, get it, too.

use model::FieldId;
use plan::{Content, ElementContent, Held};
use sql::CellSource;

use super::change::Change;
use super::door::Door;
use super::element::{self, Renumbered};
use super::frame::Frame;
use super::link::Resolved;
use super::row::StoredRow;

impl<D: Door> Change<'_, D> {
    /// What is given of shared fields goes from the frame's row to those of other locales. Elements in it have the ids that they have in the frame's row.
    pub(super) fn share(&mut self, frame: &Frame, rows: &[StoredRow], given: &Content, resolved: &Resolved) {
        let program = self.env.program;
        if !program.has_locale {
            return;
        }
        if let Some(statement) = &program.update_shared {
            self.later(frame, statement, &[]);
        }
        let shared = self.shared(given);
        let mut links = shared.clone();
        links.fields.retain(|(_, held)| matches!(held, Held::Links(_) | Held::AddedLinks(_)));
        for other in self.of_other_locales(frame, rows) {
            let there = self.there(frame, other);
            self.link(&there, &links, &[], resolved);
            self.share_elements(&there, other, &shared);
        }
    }

    /// All that locales share goes from a published row, a copy of its draft now, to the published rows of other locales: what was changed in drafts
    /// since they were published is among it. `draft` is the row as it was found; its elements have the ids of `content` in the published row.
    pub(super) fn share_published(&mut self, frame: &Frame, rows: &[StoredRow], draft: &StoredRow, content: &Content) {
        let (program, content_type) = (self.env.program, self.content_type());
        if !program.has_locale {
            return;
        }
        let shared = self.shared(content);
        for other in self.of_other_locales(frame, rows) {
            let there = self.there(frame, other);
            let is_shared = |field: FieldId| !content_type.field(field).localized;
            if let Some(statement) = program.publish_shared.as_ref().filter(|_| self.differ(draft, other)) {
                for before in program.links.iter().filter(|link| is_shared(link.field)).flat_map(|link| &link.before) {
                    self.later(&there, before, &[]);
                }
                self.later(&there, statement, &[]);
                self.share_elements(&there, other, &shared);
            }
            for link in program.links.iter().filter(|link| is_shared(link.field)) {
                for statement in link.copy.iter().chain(&link.publish) {
                    self.later(&there, statement, &[]);
                }
            }
        }
    }

    /// Whether what locales share may differ between two rows. What stands inside components is compared without their ids; links inside them are not
    /// known here, so that elements which may have some count as different.
    pub(super) fn differ(&self, one: &StoredRow, other: &StoredRow) -> bool {
        let (model, program, content_type) = (self.env.model, self.env.program, self.content_type());
        let columns = program.columns.iter().zip(one.cells.iter().zip(&other.cells));
        columns.into_iter().any(|(column, (here, there))| {
            let Some(field) = sql::field_of(column.source).map(|id| content_type.field(id)) else { return false };
            if field.localized || matches!(column.source, CellSource::ToOnePosition(_)) || here == there {
                return false;
            }
            !sql::element::is_component(field) || {
                let inside = |row: &StoredRow| row.content(model, program);
                let of = sql::field_of(column.source).expect("it is the column of a field");
                let held = |content: &Content| content.get(of).map(|held| without_ids(element::elements_in(held)));
                program.element_links.is_some() || held(&inside(one)) != held(&inside(other))
            }
        })
    }

    fn shared(&self, content: &Content) -> Content {
        let content_type = self.content_type();
        let shared = content.fields.iter().filter(|(id, _)| !content_type.field(*id).localized);
        Content { fields: shared.cloned().collect() }
    }

    fn of_other_locales<'r>(&self, frame: &Frame, rows: &'r [StoredRow]) -> Vec<&'r StoredRow> {
        let program = self.env.program;
        let is_it = |row: &&StoredRow| row.status(program) == frame.status && row.locale(program) != frame.locale;
        rows.iter().filter(is_it).collect()
    }

    /// The frame of another row that gets what this one's has.
    fn there(&self, frame: &Frame, other: &StoredRow) -> Frame {
        let program = self.env.program;
        let (row, locale) = (other.row(program), other.locale(program));
        Frame { source: frame.row.clone(), row, locale, ..frame.clone() }
    }

    /// Links inside the elements of shared fields: those that the row had go, those of the source row come.
    fn share_elements(&mut self, there: &Frame, other: &StoredRow, shared: &Content) {
        let (model, program) = (self.env.model, self.env.program);
        let Some(elements) = &program.element_links else { return };
        let stored = other.content(model, program);
        for (field, _) in shared.fields.iter().filter(|(_, held)| matches!(held, Held::Elements(_))) {
            let had = stored.get(*field).map_or(&[][..], element::elements_in);
            if let Some(own) = element::cleared(model, had, &[]) {
                self.later(there, &elements.clear, &own);
            }
        }
        let same = Renumbered::none(model, shared);
        if !same.is_empty() {
            self.later(there, &elements.copy, &same.lists());
        }
    }
}

fn without_ids(elements: &[ElementContent]) -> Vec<ElementContent> {
    let inside = |held: &Held| match held {
        Held::Elements(elements) => Held::Elements(without_ids(elements)),
        Held::Null
        | Held::Value(_)
        | Held::Increment(_)
        | Held::Append(_)
        | Held::Links(_)
        | Held::AddedLinks(_)
        | Held::Hash(_)
        | Held::Kept => held.clone(),
    };
    let of = |element: &ElementContent| ElementContent {
        component: element.component,
        id: None,
        content: Content {
            fields: element.content.fields.iter().map(|(field, held)| (*field, inside(held))).collect(),
        },
    };
    elements.iter().map(of).collect()
}
