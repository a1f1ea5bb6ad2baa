//! The folder of uploaded files. What is not whole stands in `.incoming`, and so do the notes that say which files go when their row is gone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncWriteExt as _, BufWriter};

use crate::Error;
use crate::name::is_file_name;

/// Where parts and notes stand. Its dot keeps it from ever being served.
const INCOMING: &str = ".incoming";
/// Ending of files that are still arriving.
const PART: &str = ".part";
/// Ending of notes.
const NOTE: &str = ".note";
/// What is buffered before it is written.
const BUFFER_BYTES: usize = 256 * 1024;

/// The folder of uploaded files.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    incoming: PathBuf,
    /// The number of the next note.
    next: AtomicU64,
}

/// A file that is arriving. It is removed when it is dropped before it is placed.
#[derive(Debug)]
pub struct Incoming {
    path: PathBuf,
    writer: Option<BufWriter<tokio::fs::File>>,
}

/// A note: whether its files stay is decided by whether there is a row of this hash. Each transaction has a note of its own, also where two of
/// them mean the same file: what ends one says nothing of the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The hash of the file.
    pub hash: String,
    number: u64,
}

impl Folder {
    /// Makes the folder where it is not there.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn open(root: PathBuf) -> Result<Folder, Error> {
        let incoming = root.join(INCOMING);
        fs::create_dir_all(&incoming).map_err(failed("make the folder", &incoming))?;
        let folder = Folder { root, incoming, next: AtomicU64::new(0) };
        let last = folder.waiting()?.iter().map(|note| note.number).max().unwrap_or(0);
        folder.next.store(last + 1, Ordering::Relaxed);
        Ok(folder)
    }

    /// Removes what never became whole, and tells which files wait for a word about their rows. Only for a folder that nobody else uses:
    /// at the start, under the lock of the data folder.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn sweep(&self) -> Result<Vec<Note>, Error> {
        for (path, name) in self.names()? {
            if !name.ends_with(NOTE) {
                fs::remove_file(&path).map_err(failed("remove", &path))?;
            }
        }
        self.waiting()
    }

    /// The notes that were not ended, by hash and number.
    fn waiting(&self) -> Result<Vec<Note>, Error> {
        let names = self.names()?;
        let mut waiting: Vec<Note> = names.iter().filter_map(|(_, name)| Note::of(name.strip_suffix(NOTE)?)).collect();
        waiting.sort_by(|one, other| (&one.hash, one.number).cmp(&(&other.hash, other.number)));
        Ok(waiting)
    }

    fn names(&self) -> Result<Vec<(PathBuf, String)>, Error> {
        let entries = fs::read_dir(&self.incoming).map_err(failed("read", &self.incoming))?;
        let named = entries.map(|entry| {
            let path = entry.map_err(failed("read", &self.incoming))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            Ok((path, name))
        });
        named.collect()
    }

    /// A new file to write to. The name must be nobody else's.
    ///
    /// # Errors
    /// The disk refuses.
    pub async fn receive(&self, name: &str) -> Result<Incoming, Error> {
        let path = self.incoming.join([name, PART].concat());
        let file = tokio::fs::OpenOptions::new().read(true).write(true).create_new(true).open(&path).await;
        let file = file.map_err(failed("make", &path))?;
        Ok(Incoming { path, writer: Some(BufWriter::with_capacity(BUFFER_BYTES, file)) })
    }

    /// A file that somebody else writes by its path. The name must be nobody else's.
    #[must_use]
    pub fn reserve(&self, name: &str) -> Incoming {
        Incoming { path: self.incoming.join([name, PART].concat()), writer: None }
    }

    /// Puts finished files in their places under the note of their hash. Blocks.
    ///
    /// # Errors
    /// The disk refuses; then nothing of it is there any more.
    pub fn place(&self, hash: &str, files: &mut [(Incoming, String)]) -> Result<Note, Error> {
        let names: Vec<&str> = files.iter().map(|(_, name)| name.as_str()).collect();
        let note = self.note(hash, &names)?;
        let placed = files.iter_mut().try_for_each(|(incoming, name)| incoming.move_to(&self.path(name)));
        let placed = placed.and_then(|()| sync(&self.root));
        if placed.is_err() {
            self.settle(&note, false)?;
        }
        placed.map(|()| note)
    }

    /// Notes that these files go when there is no row of this hash. Blocks.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn note(&self, hash: &str, names: &[&str]) -> Result<Note, Error> {
        let note = Note { hash: hash.to_owned(), number: self.next.fetch_add(1, Ordering::Relaxed) };
        let path = self.note_path(&note);
        let part = path.with_extension("part");
        fs::write(&part, names.join("\n")).map_err(failed("write", &part))?;
        fs::rename(&part, &path).map_err(failed("rename", &part))?;
        sync(&self.incoming)?;
        Ok(note)
    }

    /// Ends a note: its files stay, or go with it. Nothing happens without one. Blocks.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn settle(&self, note: &Note, stays: bool) -> Result<(), Error> {
        let path = self.note_path(note);
        let names = match fs::read_to_string(&path) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(failed("read", &path)(source)),
        };
        for name in names.lines().filter(|name| !stays && is_file_name(name)) {
            remove(&self.path(name))?;
        }
        remove(&path)
    }

    /// A file of the folder by its name. `None`: no file can have that name.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<PathBuf> {
        is_file_name(name).then(|| self.path(name))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn note_path(&self, note: &Note) -> PathBuf {
        self.incoming.join([&note.hash, ".", &note.number.to_string(), NOTE].concat())
    }
}

impl Note {
    /// The note of a name without its ending; none for what is no name of a note.
    fn of(name: &str) -> Option<Note> {
        let (hash, number) = name.rsplit_once('.')?;
        Some(Note { hash: hash.to_owned(), number: number.parse().ok()? })
    }
}

impl Incoming {
    /// Appends bytes.
    ///
    /// # Errors
    /// The disk refuses.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        writer.write_all(bytes).await.map_err(failed("write", &self.path))
    }

    /// Ends the writing: all of it is on the disk.
    ///
    /// # Errors
    /// The disk refuses.
    pub async fn finish(&mut self) -> Result<(), Error> {
        let Some(mut writer) = self.writer.take() else { return Ok(()) };
        writer.flush().await.map_err(failed("write", &self.path))?;
        writer.into_inner().sync_all().await.map_err(failed("sync", &self.path))
    }

    /// Where it is until it is placed.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn move_to(&mut self, place: &Path) -> Result<(), Error> {
        fs::rename(&self.path, place).map_err(failed("rename", &self.path))?;
        self.path.clear();
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // What cannot be removed now is removed at the next start.
            drop(fs::remove_file(&self.path));
        }
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(source)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Names in a folder are safe from a loss of power once the folder is.
fn sync(folder: &Path) -> Result<(), Error> {
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Disk { what, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> Folder {
        let root = std::env::temp_dir().join(["dragoman-files-", name, "-", &std::process::id().to_string()].concat());
        drop(fs::remove_dir_all(&root));
        Folder::open(root).unwrap()
    }

    fn names(folder: &Folder) -> Vec<String> {
        let mut names: Vec<String> = [&folder.root, &folder.incoming]
            .iter()
            .flat_map(|path| fs::read_dir(path).unwrap())
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != INCOMING)
            .collect();
        names.sort();
        names
    }

    async fn received(folder: &Folder, name: &str) -> Incoming {
        let mut incoming = folder.receive(name).await.unwrap();
        incoming.write(b"abc").await.unwrap();
        incoming.finish().await.unwrap();
        incoming
    }

    #[tokio::test]
    async fn what_is_dropped_is_gone() {
        let folder = folder("dropped");
        let incoming = received(&folder, "one").await;
        assert_eq!(names(&folder), ["one.part"]);
        drop(incoming);
        assert_eq!(names(&folder), [""; 0]);
    }

    #[tokio::test]
    async fn files_stand_or_fall_with_their_row() {
        let folder = folder("settled");
        for (hash, stays) in [("a_1", true), ("b_2", false)] {
            let mut files = vec![
                (received(&folder, "x").await, [hash, ".png"].concat()),
                (received(&folder, "y").await, ["thumbnail_", hash, ".png"].concat()),
            ];
            let note = folder.place(hash, &mut files).unwrap();
            drop(files);
            folder.settle(&note, stays).unwrap();
        }
        assert_eq!(names(&folder), ["a_1.png", "thumbnail_a_1.png"]);
        let note = folder.note("a_1", &["a_1.png", "thumbnail_a_1.png", "../escape"]).unwrap();
        folder.settle(&note, false).unwrap();
        assert_eq!(names(&folder), [""; 0]);
    }

    #[tokio::test]
    async fn two_notes_of_one_file_end_each_by_itself() {
        let folder = folder("twice");
        let mut files = vec![(received(&folder, "x").await, "a_1.png".to_owned())];
        let placed = folder.place("a_1", &mut files).unwrap();
        folder.settle(&placed, true).unwrap();
        let [undone, done] = [1, 2].map(|_| folder.note("a_1", &["a_1.png"]).unwrap());
        folder.settle(&undone, true).unwrap();
        folder.settle(&done, false).unwrap();
        assert_eq!(names(&folder), [""; 0], "the transaction that was undone has not taken the other one's note");
    }

    #[tokio::test]
    async fn a_crash_leaves_notes_and_parts_that_the_next_start_ends() {
        let folder = folder("crash");
        let mut files = vec![(received(&folder, "x").await, "a_1.png".to_owned())];
        folder.place("a_1", &mut files).unwrap();
        std::mem::forget(received(&folder, "y").await);
        assert_eq!(names(&folder), ["a_1.1.note", "a_1.png", "y.part"]);
        let folder = Folder::open(folder.root).unwrap();
        let waiting = folder.sweep().unwrap();
        assert_eq!(waiting, [Note { hash: "a_1".to_owned(), number: 1 }]);
        let other = folder.note("a_1", &["a_1.png"]).unwrap();
        assert_eq!(other.number, 2, "what waits keeps its note");
        folder.settle(&other, true).unwrap();
        folder.settle(&waiting[0], false).unwrap();
        assert_eq!(names(&folder), [""; 0]);
    }
}
