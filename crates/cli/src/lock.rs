//! One server at a time for a data folder: `data/lock` is held as long as the process lives.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};

use rustix::fs::{FlockOperation, flock};

use crate::error::Error;
use crate::project::Project;

/// Name of the file in the data folder.
const LOCK_FILE: &str = "lock";

/// The lock of a data folder; the system gives it back when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct DataLock {
    _file: File,
}

impl DataLock {
    /// Takes the lock, and writes the process's id into the file for whoever finds it taken.
    pub(crate) fn take(project: &Project) -> Result<DataLock, Error> {
        project.make_data_folder()?;
        let path = project.data.join(LOCK_FILE);
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(|source| Error::write(&path, source))?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut holder = String::new();
            let holder = file.read_to_string(&mut holder).ok().and_then(|_| holder.trim().parse::<u32>().ok());
            return Err(Error::Locked {
                path,
                holder: holder.map_or_else(String::new, |id| format!(" (process {id})")),
            });
        }
        let written =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(|source| Error::write(&path, source))?;
        Ok(DataLock { _file: file })
    }
}
