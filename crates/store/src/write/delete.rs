//! Removing a document, or one locale of it.

use model::ContentEvent;
use plan::{Find, Locale, Value};
use sql::CellSource;

use super::change::{Change, Written};
use super::door::Door;
use super::failure::Failure;
use super::file_watch::RemovedFile;
use super::frame::{Frame, text_of};
use super::row::StoredRow;

/// A document that is to go.
pub(crate) struct Doomed {
    frame: Frame,
    /// The whole document goes, not one locale alone.
    is_whole: bool,
    /// The file that its row names.
    file: Option<RemovedFile>,
}

impl Doomed {
    /// The document, for reading it before it goes.
    pub(crate) fn written(&self) -> Written {
        Written {
            key: self.frame.key.clone(),
            document_id: self.frame.document_id.clone(),
            locale: self.frame.locale.clone(),
        }
    }
}

impl<D: Door> Change<'_, D> {
    /// Finds and locks what is to be removed. None: there is nothing.
    pub(crate) async fn find_doomed(&mut self, find: &Find, locale: &Locale) -> Result<Option<Doomed>, Failure> {
        let program = self.env.program;
        let is_whole = *locale == Locale::All && !matches!(find, Find::Entry(_));
        // Every locale is found from any of them.
        let named = if is_whole { &Locale::Default } else { locale };
        let Some(mut frame) = self.begin(find, named).await? else { return Ok(None) };
        let only = (program.has_locale && !is_whole).then(|| frame.locale.clone());
        let found = self.now(vec![frame.call(&program.find, &self.find_values(find))]).await?;
        let rows: Vec<StoredRow> = found.into_iter().flatten().map(|cells| StoredRow { cells }).collect();
        let is_meant = |row: &&StoredRow| only.as_ref().is_none_or(|locale| row.locale(program) == *locale);
        let meant: Vec<&StoredRow> = rows.iter().filter(is_meant).collect();
        let Some(first) = meant.first() else { return Ok(None) };
        frame.key = first.system(program, CellSource::Key);
        frame.document_id = text_of(&first.system(program, CellSource::DocumentId));
        frame.locale = first.locale(program);
        let doomed: Vec<Value> = meant.iter().map(|row| row.row(program)).collect();
        if !self.may_change(find, &doomed, &rows).await? {
            return Ok(None);
        }
        let file = self.file_of(first);
        Ok(Some(Doomed { is_whole: meant.len() == rows.len(), frame, file }))
    }

    /// The file on our disk that a row of the type of files names.
    fn file_of(&self, row: &StoredRow) -> Option<RemovedFile> {
        let content_type = self.content_type();
        let text = |name| {
            let cell = row.system(self.env.program, CellSource::Field(content_type.field_named(name)?));
            (cell != Value::Null).then(|| text_of(&cell))
        };
        let hash = text("hash").filter(|_| content_type.is_media())?;
        Some(RemovedFile { hash, extension: text("ext").unwrap_or_default() })
    }

    /// Removes it.
    pub(crate) async fn delete(&mut self, doomed: &Doomed) -> Result<(), Failure> {
        let program = self.env.program;
        let files = self.env.context.files.clone();
        if let Some(file) = doomed.file.clone().filter(|_| files.is_watched()) {
            self.door.beside(move || files.tell(&file)).await?;
        }
        let only_locale = program.delete_locale.as_ref().filter(|_| !doomed.is_whole);
        if let Some(statement) = only_locale {
            self.later(&doomed.frame, statement, &[]);
        } else {
            for statement in &program.forget {
                self.later(&doomed.frame, statement, &[]);
            }
            self.later(&doomed.frame, &program.delete, &[]);
        }
        let mut written = doomed.written();
        if doomed.is_whole {
            // All of its locales.
            written.locale.clear();
        }
        self.happened(&[ContentEvent::Delete], &written);
        self.now(Vec::new()).await?;
        debug_assert!(doomed.frame.key != Value::Null);
        Ok(())
    }
}
