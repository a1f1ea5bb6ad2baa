//! What a process writes, line by line, cut where it is too much: the process is never held up for its length.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread::{self, JoinHandle};

use crate::process::{Line, Stream, Task, Told};

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// A thread that reads one stream to its end.
pub(super) fn read(
    mut pipe: impl Read + Send + 'static,
    stream: Stream,
    task: &Task,
    messages: &SyncSender<Told>,
    lost: &Arc<AtomicU64>,
) -> JoinHandle<()> {
    let room = Room { bytes: task.stream_bytes_max, lines: task.stream_lines_max };
    let mut cutter = Cutter::new(task.line_bytes_max, room);
    let (messages, lost) = (messages.clone(), Arc::clone(lost));
    thread::spawn(move || {
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut tell = |text: String, is_cut: bool| {
            let _told = messages.send(Told::Line(Line { stream, text, is_cut })).is_ok();
        };
        loop {
            match pipe.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => cutter.take(&chunk[..count], &mut tell),
                Err(met) if met.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        cutter.finish(&mut tell);
        lost.fetch_add(cutter.lost, Ordering::Relaxed);
    })
}

/// Cuts bytes into lines.
struct Cutter {
    line: Vec<u8>,
    is_cut: bool,
    line_bytes_max: usize,
    room: Room,
    /// Lines that were not kept.
    lost: u64,
}

/// What of a stream may still be kept.
struct Room {
    bytes: u64,
    lines: u64,
}

impl Cutter {
    fn new(line_bytes_max: usize, room: Room) -> Cutter {
        Cutter { line: Vec::new(), is_cut: false, line_bytes_max, room, lost: 0 }
    }

    fn take(&mut self, mut bytes: &[u8], tell: &mut impl FnMut(String, bool)) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.add(&bytes[..end]);
            self.end(tell);
            bytes = &bytes[end + 1..];
        }
        self.add(bytes);
    }

    fn add(&mut self, bytes: &[u8]) {
        let room = self.line_bytes_max - self.line.len();
        self.is_cut |= bytes.len() > room;
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end(&mut self, tell: &mut impl FnMut(String, bool)) {
        let bytes = u64::try_from(self.line.len()).unwrap_or(u64::MAX).saturating_add(1);
        if bytes <= self.room.bytes && self.room.lines > 0 {
            self.room.bytes -= bytes;
            self.room.lines -= 1;
            let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
            tell(String::from_utf8_lossy(line).into_owned(), self.is_cut);
        } else {
            // A short line after a long one would give a text with holes: what comes after the first lost line is lost, too.
            self.room.lines = 0;
            self.lost += 1;
        }
        self.line.clear();
        self.is_cut = false;
    }

    /// What stands after the last end of a line.
    fn finish(&mut self, tell: &mut impl FnMut(String, bool)) {
        if !self.line.is_empty() || self.is_cut {
            self.end(tell);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cutter, Room};

    fn check(chunks: &[&str], (line_bytes_max, stream_bytes_max): (usize, u64), expected: &[&str], lost: u64) {
        let mut cutter = Cutter::new(line_bytes_max, Room { bytes: stream_bytes_max, lines: 3 });
        let mut lines = Vec::new();
        let mut tell = |text: String, is_cut: bool| lines.push([text.as_str(), if is_cut { "…" } else { "" }].concat());
        for chunk in chunks {
            cutter.take(chunk.as_bytes(), &mut tell);
        }
        cutter.finish(&mut tell);
        assert_eq!((lines, cutter.lost), (expected.iter().map(ToString::to_string).collect(), lost));
    }

    #[test]
    fn bytes_are_cut_into_lines() {
        check(&["a\nb\n"], (10, 100), &["a", "b"], 0);
        check(&["a", "b\r\nc"], (10, 100), &["ab", "c"], 0);
        check(&["\n\n"], (10, 100), &["", ""], 0);
        check(&[], (10, 100), &[], 0);
    }

    #[test]
    fn what_is_too_long_is_cut_and_what_is_too_much_is_counted() {
        check(&["12345", "6789", "0\nab\n"], (4, 100), &["1234…", "ab"], 0);
        check(&["ab\ncd\nefg\nh\n"], (10, 6), &["ab", "cd"], 2);
        check(&["abc\nd"], (10, 3), &[], 2);
        check(&["\n\n", "\n\na\n"], (10, 100), &["", "", ""], 2);
    }
}
