//! The buffer of one answer, its faults, and where in it the walk stands.

use plan::{Cause, Fault, Place, Segment};

use super::memo::Memo;
use crate::Error;

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrote {
    /// It was written.
    Value,
    /// It is null; nothing was written.
    Null,
    /// A fault was noted; what was written of it must go.
    Failed,
}

/// A point to which an answer can be taken back: bytes and faults.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    bytes: usize,
    faults: usize,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// The buffer of one answer.
#[derive(Debug)]
pub(crate) struct Out<'a> {
    /// What is written so far.
    pub(crate) bytes: Vec<u8>,
    /// What went wrong so far.
    pub(crate) faults: Vec<Fault>,
    path: Vec<Step<'a>>,
    place: Option<Place>,
    bytes_max: usize,
    memo: Memo,
}

impl<'a> Out<'a> {
    pub(crate) fn new(bytes: Vec<u8>, bytes_max: usize) -> Out<'a> {
        Out { bytes, faults: Vec::new(), path: Vec::new(), place: None, bytes_max, memo: Memo::default() }
    }

    /// From now on faults belong to the root entry that stands here in the operation's text.
    pub(crate) fn enter_root(&mut self, key: &'a str, place: Place) {
        self.path.clear();
        self.path.push(Step::Key(key));
        self.place = Some(place);
        // What a root of a change shows, the next one may have changed.
        self.memo.forget();
    }

    pub(crate) fn enter(&mut self, key: &'a str) {
        self.path.push(Step::Key(key));
    }

    pub(crate) fn enter_list(&mut self) {
        self.path.push(Step::Index(0));
    }

    pub(crate) fn at_item(&mut self, index: usize) {
        if let Some(last) = self.path.last_mut() {
            *last = Step::Index(index);
        }
    }

    pub(crate) fn leave(&mut self) {
        self.path.pop();
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { bytes: self.bytes.len(), faults: self.faults.len() }
    }

    /// Takes back what was written since.
    pub(crate) fn take_back(&mut self, mark: Mark) {
        if self.bytes.len() > mark.bytes {
            self.bytes.truncate(mark.bytes);
            self.memo.forget();
        }
    }

    /// Writes the object of a node with this key once more, where the answer holds it already.
    pub(super) fn again(&mut self, slot: u16, key: i64) -> bool {
        let Some(range) = self.memo.find(slot, key) else { return false };
        self.bytes.extend_from_within(range);
        true
    }

    /// What was written since the mark is the object of a node with this key. With a fault in it, it is written anew each time: faults have a path.
    pub(super) fn remember(&mut self, slot: u16, key: i64, since: Mark) {
        if self.faults.len() == since.faults {
            self.memo.keep(slot, key, since.bytes..self.bytes.len());
        }
    }

    /// Takes back what was written since and writes null. Of the faults noted since only the last stays: it is what made this place null, the others
    /// belong to what is no longer there.
    pub(crate) fn null_instead(&mut self, mark: Mark) {
        self.take_back(mark);
        self.bytes.extend_from_slice(b"null");
        if self.faults.len() > mark.faults + 1 {
            let last = self.faults.len() - 1;
            self.faults.swap(mark.faults, last);
            self.faults.truncate(mark.faults + 1);
        }
    }

    /// Notes a fault at the place where the walk stands.
    pub(crate) fn fault(&mut self, cause: Cause) -> Wrote {
        let segment = |step: &Step<'a>| match step {
            Step::Key(key) => Segment::Key((*key).to_owned()),
            Step::Index(index) => Segment::Index(*index),
        };
        let path = self.path.iter().map(segment).collect();
        self.faults.push(Fault { path, place: self.place, cause });
        Wrote::Failed
    }

    /// Notes a fault so far below the place where the walk stands.
    pub(crate) fn fault_below(&mut self, below: &[Segment], cause: Cause) -> Wrote {
        let wrote = self.fault(cause);
        if let Some(fault) = self.faults.last_mut() {
            fault.path.extend_from_slice(below);
        }
        wrote
    }

    /// Notes a fault at an entry of the object where the walk stands.
    pub(crate) fn fault_at(&mut self, key: &'a str, cause: Cause) -> Wrote {
        self.enter(key);
        let wrote = self.fault(cause);
        self.leave();
        wrote
    }

    /// Fails when the answer has grown beyond its limit.
    pub(crate) fn check_size(&self) -> Result<(), Error> {
        if self.bytes.len() > self.bytes_max {
            Err(Error::AnswerTooLarge { bytes_max: self.bytes_max })
        } else {
            Ok(())
        }
    }
}
