//! Which rows of a document an update changes: decided once its rows are known.

use plan::{Content, Value, WriteVersion, rules};
use sql::layout::{STATUS_DRAFT, STATUS_PUBLISHED};
use sql::{CellSource, WriteProgram};

use super::change::{Change, given_links};
use super::door::Door;
use super::element::{self, Counts, Renumbered};
use super::frame::Frame;
use super::link::Resolved;
use super::row::{StoredRow, System, fill_system};
use super::update::Merged;

/// What happens to the rows of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// It has one row.
    Only,
    /// The draft alone.
    Draft {
        /// Every rule holds for it where it is new.
        in_full: bool,
    },
    /// The draft, then the published row as a copy of it.
    Publish,
    /// The published row, and the same fields of the draft.
    Both {
        /// With an instant of publishing of its own.
        is_dated: bool,
    },
    /// The draft; the published row goes.
    Unpublish,
}

/// What happens to a document that is published, or not, in the locale written.
pub(super) fn course(program: &WriteProgram, version: WriteVersion, is_published: bool) -> Course {
    if !program.has_status {
        return Course::Only;
    }
    match (version, is_published) {
        (WriteVersion::Only | WriteVersion::Draft, _) => Course::Draft { in_full: false },
        (WriteVersion::AsPresent, false) => Course::Draft { in_full: true },
        (WriteVersion::Published, _) | (WriteVersion::PublishedAt(_), false) => Course::Publish,
        (WriteVersion::PublishedAt(_), true) => Course::Both { is_dated: true },
        (WriteVersion::AsPresent, true) => Course::Both { is_dated: false },
        (WriteVersion::Unpublished, _) => Course::Unpublish,
    }
}

impl Course {
    /// The status of the row that is changed first.
    pub(super) fn written(self) -> i64 {
        match self {
            Course::Only | Course::Both { .. } => STATUS_PUBLISHED,
            Course::Draft { .. } | Course::Publish | Course::Unpublish => STATUS_DRAFT,
        }
    }

    /// The status of the row that follows it.
    pub(super) fn beside(self) -> Option<i64> {
        match self {
            Course::Only | Course::Draft { .. } => None,
            Course::Publish | Course::Unpublish => Some(STATUS_PUBLISHED),
            Course::Both { .. } => Some(STATUS_DRAFT),
        }
    }

    /// Which rules hold for what is given.
    pub(super) fn stage(self, is_new: bool) -> rules::Stage {
        match self {
            Course::Draft { in_full: true } | Course::Only | Course::Both { .. } if is_new => rules::Stage::Create,
            Course::Draft { .. } | Course::Unpublish => rules::Stage::Draft,
            Course::Publish => rules::Stage::Publish,
            Course::Only | Course::Both { .. } => rules::Stage::Update,
        }
    }
}

impl<D: Door> Change<'_, D> {
    /// The draft gets the fields that the frame's published row was given: their values, links, and elements under ids of their own. Given back are its
    /// frame and what it was given.
    pub(super) fn mirror(
        &mut self,
        published: &Frame,
        draft: &StoredRow,
        merged: &Merged,
        (resolved, mut next): (&Resolved, Counts),
    ) -> (Frame, Content) {
        let program = self.env.program;
        let mut content = merged.given.clone();
        let mut renumbered = Renumbered::default();
        renumbered.all(self.env.model, &mut content, &mut next);
        let mut frame = published.clone();
        frame.status = STATUS_DRAFT;
        frame.source = published.row.clone();
        frame.row = draft.row(program);
        frame.cells = self.cell_env(resolved).cells(&content, Some(draft));
        let system = System { published_at: Value::Null, ..self.system_of_row(draft) };
        fill_system(&mut frame, program, &system);
        for link in program.links.iter().filter(|link| content.get(link.field).is_some()) {
            for statement in &link.before {
                self.later(&frame, statement, &[]);
            }
        }
        self.later(&frame, &program.update, &[]);
        let mut links = content.clone();
        links.fields.retain(|(id, _)| given_links(&content, *id).is_some());
        self.link(&frame, &links, &[], resolved);
        self.copy_elements(&frame, draft, &content, &renumbered);
        (frame, content)
    }

    /// Links inside the elements of the fields given: those that the draft had go, those of the source row come.
    fn copy_elements(&mut self, frame: &Frame, draft: &StoredRow, given: &Content, renumbered: &Renumbered) {
        let (model, program) = (self.env.model, self.env.program);
        let Some(elements) = &program.element_links else { return };
        let stored = draft.content(model, program);
        for (field, held) in &given.fields {
            let had = stored.get(*field).map_or(&[][..], element::elements_in);
            if let Some(own) = element::cleared(model, had, element::elements_in(held)).filter(|_| !had.is_empty()) {
                self.later(frame, &elements.clear, &own);
            }
        }
        if !renumbered.is_empty() {
            self.later(frame, &elements.copy, &renumbered.lists());
        }
    }

    /// What is published goes; the draft stays.
    pub(super) fn unpublish(&mut self, draft: &Frame, published: &StoredRow) {
        let program = self.env.program;
        let Some(statement) = &program.unpublish else { return };
        let mut frame = draft.clone();
        frame.status = STATUS_PUBLISHED;
        frame.row = published.row(program);
        self.later(&frame, statement, &[]);
    }

    /// Columns of the house of a row that stays.
    pub(super) fn system_of_row(&self, row: &StoredRow) -> System {
        let of = |source| row.system(self.env.program, source);
        System {
            created_at: of(CellSource::CreatedAt),
            created_by: of(CellSource::CreatedBy),
            published_at: of(CellSource::PublishedAt),
        }
    }
}
