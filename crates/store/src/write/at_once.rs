//! Making a document in one statement, where nothing has to be looked at first: see [`sql::AtOnceProgram`].

use plan::{Content, Held, LinkId, Value, rules};
use sql::layout::{KeySource, STATUS_PUBLISHED};
use sql::{AtOnceArm, AtOnceProgram, NamedBy};

use super::change::{Change, Written, first_value};
use super::create::Asked;
use super::door::Door;
use super::failure::Failure;
use super::frame::{Call, Frame};
use super::link::{Resolved, key_of_text};
use super::password;
use super::row::fill_system;
use crate::Error;

/// A document that one statement makes.
pub(super) struct AtOnce<'a> {
    pub(super) call: Call<'a>,
    pub(super) frame: Frame,
}

impl<'a, D: Door> Change<'a, D> {
    /// Makes the document in one statement; none where the whole story has to be told, and nothing is written.
    pub(super) async fn create_at_once(&self, content: &Content, frame: &Frame) -> Result<Option<Written>, Failure> {
        let program = self.env.program.at_once.as_ref();
        let Some(program) = program.filter(|program| !program.shows && self.waits_for_nothing()) else {
            return Ok(None);
        };
        let Some(AtOnce { call, frame }) = self.at_once(program, content.clone(), frame.clone())? else {
            return Ok(None);
        };
        let rows = match self.door.run(vec![call]).await {
            Err(error) if is_of_constraint(&error) => return Ok(None),
            rows => rows?,
        };
        Ok(match first_value(rows.first()) {
            Value::Null => None,
            key => Some(Written { key, document_id: frame.document_id, locale: frame.locale }),
        })
    }

    /// The statement that makes the document of what is asked and gives what the answer shows of it; none where that takes more.
    pub(super) fn asked_at_once(
        &self,
        program: &'a AtOnceProgram,
        asked: Asked<'_>,
    ) -> Result<Option<AtOnce<'a>>, Failure> {
        let (content, frame) = self.begun(asked)?;
        self.at_once(program, content, frame)
    }

    fn at_once(
        &self,
        program: &'a AtOnceProgram,
        mut content: Content,
        mut frame: Frame,
    ) -> Result<Option<AtOnce<'a>>, Failure> {
        // Somebody is to be told of it in the same transaction.
        if self.env.listeners.is_some() {
            return Ok(None);
        }
        let content_type = self.content_type();
        let named: Option<Vec<Value>> = program.arms.iter().map(|arm| named(&content, *arm)).collect();
        let Some(named) = named else { return Ok(None) };
        let is_plain = !content.fields.iter().any(|(_, held)| matches!(held, Held::Elements(_)))
            && self.uids_wanted(&content).is_empty()
            && rules::check(self.env.model, self.env.patterns, content_type, &content, rules::Stage::Create).is_empty();
        if !is_plain {
            return Ok(None);
        }
        password::put_hashes(self.env.model, &content_type.fields, &mut content, self.env.hashes);
        frame.document_id = self.env.context.ids.document_id(self.env.context.now)?;
        if self.env.program.key_source == KeySource::Uuid {
            frame.key = self.new_key(Value::Null)?;
            frame.row = frame.key.clone();
        }
        frame.cells = self.cell_env(&Resolved::default()).cells(&content, None);
        fill_system(&mut frame, self.env.program, &self.new_system(STATUS_PUBLISHED));
        Ok(Some(AtOnce { call: frame.call(&program.statement, &named), frame }))
    }
}

/// What names the one document that is linked; none where it is no document, several, or one that is named otherwise.
fn named(content: &Content, arm: AtOnceArm) -> Option<Value> {
    let Some(Held::Links(links)) = content.get(arm.field) else { return None };
    let [link] = links.as_slice() else { return None };
    match (&link.id, arm.by) {
        (LinkId::Document(id), NamedBy::DocumentId) => Some(Value::Text(id.clone())),
        (LinkId::Key(text), NamedBy::Key) => key_of_text(arm.key, text),
        (LinkId::Document(_), NamedBy::Key | NamedBy::Entry)
        | (LinkId::Key(_), NamedBy::DocumentId | NamedBy::Entry) => None,
    }
}

/// Whether the database has refused what was given; the whole story says why.
fn is_of_constraint(error: &Error) -> bool {
    matches!(error, Error::Sqlite(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation))
}
