//! Where the files of steps stand: a folder of each worker's own, which only its owner may read, and which goes with the worker. What workers left
//! that were killed is swept by the next one.

use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::Error;

/// What its owner holds as long as it lives; the system lets go of it however the owner ends.
const LOCK: &str = "lock";
const OWNER_ALONE: u32 = 0o700;

/// The folder of a living worker.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Makes the folder of a worker of this name below a folder that all workers of a project share, and sweeps what dead ones left there.
    ///
    /// # Errors
    /// What the system said of the folder.
    pub fn take(shared: &Path, name: &str) -> Result<Scratch, Error> {
        let failed = |source| Error::File { path: shared.to_path_buf(), source };
        make(shared).map_err(failed)?;
        fs::set_permissions(shared, Permissions::from_mode(OWNER_ALONE)).map_err(failed)?;
        // One at a time: a folder that is just being made is not taken for one that is left.
        let _turn = locked(&shared.join(LOCK), FlockOperation::LockExclusive).map_err(failed)?;
        sweep(shared);
        let folder = shared.join(name);
        make(&folder).map_err(failed)?;
        let lock = locked(&folder.join(LOCK), FlockOperation::NonBlockingLockExclusive).map_err(failed)?;
        Ok(Scratch { folder, _lock: lock })
    }

    /// Its path.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::debug!(%error, folder = %self.folder.display(), "the files of a worker stay");
        }
    }
}

fn make(folder: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(OWNER_ALONE).create(folder)
}

fn locked(path: &Path, how: FlockOperation) -> std::io::Result<File> {
    let file = File::options().write(true).create(true).truncate(false).open(path)?;
    flock(&file, how)?;
    Ok(file)
}

/// Removes the folders that nobody holds.
fn sweep(shared: &Path) {
    let folders = fs::read_dir(shared).into_iter().flatten().flatten().map(|entry| entry.path());
    for folder in folders.filter(|path| path.is_dir()) {
        let lock = File::options().write(true).open(folder.join(LOCK));
        let is_held = lock.is_ok_and(|lock| flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err());
        if !is_held && let Err(error) = fs::remove_dir_all(&folder) {
            tracing::warn!(%error, folder = %folder.display(), "what a dead worker left stays");
        }
    }
}
