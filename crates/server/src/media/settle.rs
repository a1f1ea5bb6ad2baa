//! Files and rows end alike: a note names files that go when their row is not there, and is settled by asking for it.

use std::sync::{Arc, Mutex, PoisonError};

use files::Folder;
use plan::{Caller, Variables};
use serde_json::{Value, json};
use store::{FileWatch, RemovedFile};

use super::Media;
use super::plans::{HASHES, Maker};
use crate::app::App;

/// Hashes asked for at once.
const HASHES_AT_ONCE: usize = 500;

/// The files whose rows one change removes: noted inside its transaction, settled behind it.
#[derive(Clone, Default)]
pub(crate) struct Noted {
    hashes: Arc<Mutex<Vec<String>>>,
}

impl Noted {
    /// What the change takes along.
    pub(crate) fn watch(&self, media: Option<&Media>) -> FileWatch {
        let Some(media) = media else { return FileWatch::default() };
        let (hashes, folder) = (Arc::clone(&self.hashes), Arc::clone(&media.folder));
        FileWatch::by(Arc::new(move |file| {
            note(&folder, file).map_err(|error| {
                let reason = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                store::Error::FileNote { hash: file.hash.clone(), reason: [error.to_string(), reason].join(": ") }
            })?;
            hashes.lock().unwrap_or_else(PoisonError::into_inner).push(file.hash.clone());
            Ok(())
        }))
    }

    /// Ends what was noted, now that the transaction has ended, one way or another.
    pub(crate) async fn settle(&self, app: &App) {
        let hashes = std::mem::take(&mut *self.hashes.lock().unwrap_or_else(PoisonError::into_inner));
        if !hashes.is_empty() {
            settle(app, hashes).await;
        }
    }
}

/// The files of a row. Their names are made of its hash and extension; what cannot be a name of ours is none.
fn note(folder: &Folder, file: &RemovedFile) -> Result<(), files::Error> {
    let whole = [file.hash.as_str(), &file.extension].concat();
    if !files::is_file_name(&whole) {
        return Ok(());
    }
    let formats = files::FORMATS.iter().map(|rule| [rule.name, "_", &whole].concat());
    let names: Vec<String> = formats.chain([whole.clone()]).collect();
    folder.note(&file.hash, &names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Keeps the files of those hashes that have a row, and removes the others. What cannot be asked now is asked at the next start.
pub(crate) async fn settle(app: &App, hashes: Vec<String>) {
    let Some(media) = &app.media else { return };
    for some in hashes.chunks(HASHES_AT_ONCE) {
        let Some(known) = known(app, media, some).await else { return };
        let (folder, some) = (Arc::clone(&media.folder), some.to_vec());
        let settled = tokio::task::spawn_blocking(move || {
            some.iter().try_for_each(|hash| folder.settle(hash, known.contains(hash)))
        });
        match settled.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(error = %error, "files of a removed row could not be removed"),
            Err(error) => tracing::error!(error = %error, "files of removed rows could not be removed"),
        }
    }
}

/// Which of the hashes have a row; none where the database cannot say.
async fn known(app: &App, media: &Media, hashes: &[String]) -> Option<Vec<String>> {
    let plan = Maker::new(&media.model, media.of).known()?;
    let variables = Variables::from_iter([(HASHES.to_owned(), json!(hashes))]);
    let found = Box::pin(media.run(app, (&Caller::Owner, plan), &variables)).await.ok()?;
    let rows = found.get("files").and_then(Value::as_array)?;
    Some(rows.iter().filter_map(|row| Some(row.get("hash")?.as_str()?.to_owned())).collect())
}
