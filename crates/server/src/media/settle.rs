//! Files and rows end alike: a note names files that go when their row is not there, and is settled by asking for it.

use std::sync::{Arc, Mutex, PoisonError};

use files::{Folder, Note};
use plan::{Caller, Cause, Variables};
use serde_json::{Value, json};
use store::{FileWatch, NoCommands, RemovedFile};
use tokio::runtime::Handle;

use super::Media;
use super::plans::{HASHES, Maker};
use crate::plan_runner::Given;

/// Hashes asked for at once.
const HASHES_AT_ONCE: usize = 500;

/// The files that wait for the end of one change: noted before it or inside it, settled behind it. Where nobody waits for the change any more, they
/// are settled when the store lets go of it, which it does behind its end.
#[derive(Clone)]
pub(crate) struct Noted(Arc<Waiting>);

struct Waiting {
    media: Arc<Media>,
    notes: Mutex<Vec<Note>>,
    runtime: Handle,
}

impl Noted {
    /// Nothing waits yet.
    pub(crate) fn new(media: &Arc<Media>) -> Noted {
        Noted(Arc::new(Waiting { media: Arc::clone(media), notes: Mutex::default(), runtime: Handle::current() }))
    }

    /// What the change takes along.
    pub(crate) fn watch(&self) -> FileWatch {
        let noted = self.clone();
        FileWatch::by(Arc::new(move |file| {
            let note = note(&noted.0.media.folder, file).map_err(|error| {
                let reason = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                store::Error::FileNote { hash: file.hash.clone(), reason: [error.to_string(), reason].join(": ") }
            })?;
            if let Some(note) = note {
                noted.add(note);
            }
            Ok(())
        }))
    }

    /// One more file waits.
    pub(super) fn add(&self, note: Note) {
        self.0.notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }

    /// Ends what was noted, now that the change has ended so. Where nobody knows how, the next start asks.
    pub(crate) async fn settle<'f>(&self, mut causes: impl Iterator<Item = &'f Cause>) {
        let notes = self.0.take();
        let is_unknown = causes.any(|cause| *cause == Cause::OutcomeUnknown);
        if !is_unknown && !notes.is_empty() {
            self.0.media.settle(notes).await;
        }
    }
}

impl Waiting {
    fn take(&self) -> Vec<Note> {
        std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let notes = self.take();
        if !notes.is_empty() {
            let media = Arc::clone(&self.media);
            // A server that stops before that leaves the notes to its next start.
            drop(self.runtime.spawn(async move { media.settle(notes).await }));
        }
    }
}

/// Notes the files of a row. Their names are made of its hash and extension; what cannot be a name of ours is none.
fn note(folder: &Folder, file: &RemovedFile) -> Result<Option<Note>, files::Error> {
    let whole = [file.hash.as_str(), &file.extension].concat();
    if !files::is_file_name(&whole) {
        return Ok(None);
    }
    let formats = files::FORMATS.iter().map(|rule| [rule.name, "_", &whole].concat());
    let names: Vec<String> = formats.chain([whole.clone()]).collect();
    folder.note(&file.hash, &names.iter().map(String::as_str).collect::<Vec<_>>()).map(Some)
}

impl Media {
    /// Keeps the files of those notes whose hash has a row, and removes the others. What cannot be asked now is asked at the next start.
    pub(crate) async fn settle(&self, notes: Vec<Note>) {
        for some in notes.chunks(HASHES_AT_ONCE) {
            let Some(known) = self.known(some).await else { return };
            let (folder, some) = (Arc::clone(&self.folder), some.to_vec());
            let settled = tokio::task::spawn_blocking(move || {
                some.iter().try_for_each(|note| folder.settle(note, known.contains(&note.hash)))
            });
            match settled.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(error = %error, "files of a removed row could not be removed"),
                Err(error) => tracing::error!(error = %error, "files of removed rows could not be removed"),
            }
        }
    }

    /// Which of the hashes have a row; none where the database cannot say.
    async fn known(&self, notes: &[Note]) -> Option<Vec<String>> {
        let plan = Maker::new(self.model(), self.of).known()?;
        let hashes: Vec<&str> = notes.iter().map(|note| note.hash.as_str()).collect();
        let variables = Variables::from_iter([(HASHES.to_owned(), json!(hashes))]);
        let (caller, files) = (&Caller::Owner, FileWatch::default());
        let given = Given { caller, variables: &variables, files, commands: &NoCommands };
        let bytes = self.runner.run(plan, given).await.ok()?;
        let found: Value = serde_json::from_slice(&bytes).ok()?;
        let rows = found.get("files").and_then(Value::as_array)?;
        Some(rows.iter().filter_map(|row| Some(row.get("hash")?.as_str()?.to_owned())).collect())
    }
}
