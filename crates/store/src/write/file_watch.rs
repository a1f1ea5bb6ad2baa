//! Who is told that the row of a file is about to be removed, so that the file goes with it.

use std::fmt;
use std::sync::Arc;

use crate::Error;

/// A file whose row is about to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedFile {
    /// What it is called on disk.
    pub hash: String,
    /// With the dot; empty where it has none.
    pub extension: String,
}

/// Is told of a file inside the transaction that removes its row. A failure undoes the transaction. It may block: it is called where that holds
/// nobody up but who waits for the transaction.
///
/// It is dropped when the transaction has ended, also where nobody waits for its answer any more.
pub type Watch = dyn Fn(&RemovedFile) -> Result<(), Error> + Send + Sync;

/// Who is told of files whose rows go.
#[derive(Clone, Default)]
pub struct FileWatch(Option<Arc<Watch>>);

impl FileWatch {
    /// Tells this one.
    #[must_use]
    pub fn by(watch: Arc<Watch>) -> FileWatch {
        FileWatch(Some(watch))
    }

    /// Somebody is told.
    pub(super) fn is_watched(&self) -> bool {
        self.0.is_some()
    }

    /// Nobody knows how the transaction has ended: whoever is told never learns of its end by being dropped, and what was noted stays noted.
    pub(super) fn leave(self) {
        std::mem::forget(self);
    }

    pub(super) fn tell(&self, file: &RemovedFile) -> Result<(), Error> {
        self.0.as_ref().map_or(Ok(()), |watch| watch(file))
    }
}

impl fmt::Debug for FileWatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "FileWatch(..)" } else { "FileWatch(nobody)" })
    }
}
