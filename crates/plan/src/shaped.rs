//! Answers that a pure function makes of what was read: trees of the model with rows below them, members of unions chosen by what was met.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use model::{Action, JobId};

use crate::{Cause, Command, HoleId, Refusal, Segment, Select};

/// An answer that is made of what was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Shaped {
    /// What is read or done first.
    pub from: ShapedFrom,
    /// Jobs that it tells of.
    pub jobs: Vec<JobId>,
    /// What the caller may do with which jobs; `authorize` says it.
    pub granted: JobGrants,
    /// When it is asked for.
    pub now: HoleId,
    /// What makes it.
    pub shaper: Shaper,
}

/// What a shaped answer is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum ShapedFrom {
    /// Rows; none for what the model alone knows.
    Rows(Vec<Select>),
    /// What a command answers with.
    Command(Box<Command>),
    /// A command that `authorize` has refused: the answer says so in its own words.
    Refused(Refusal),
}

/// What a caller may do with jobs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobGrants {
    /// Everything with all of them.
    pub everything: bool,
    /// Each action that is allowed.
    pub list: BTreeSet<(JobId, Action)>,
}

impl JobGrants {
    /// Everything.
    #[must_use]
    pub fn all() -> JobGrants {
        JobGrants { everything: true, list: BTreeSet::new() }
    }

    /// Whether an action on a job is allowed.
    #[must_use]
    pub fn allows(&self, job: JobId, action: Action) -> bool {
        self.everything || self.list.contains(&(job, action))
    }

    /// Whether an action is allowed on some job.
    #[must_use]
    pub fn allows_some(&self, action: Action) -> bool {
        self.everything || self.list.iter().any(|(_, allowed)| *allowed == action)
    }
}

/// A pure function of what was met.
#[derive(Clone)]
pub struct Shaper {
    /// What it makes, for pictures; two of one name in one plan are alike.
    pub name: String,
    /// The function.
    pub make: Arc<Making>,
}

/// Appends an answer to the bytes of the whole.
pub type Making = dyn Fn(Met<'_>, &mut Vec<u8>) -> Made + Send + Sync;

/// What was met.
#[derive(Debug, Clone, Copy)]
pub struct Met<'a> {
    /// The answers of the selects or of the command as JSON text, or why there is none.
    pub rows: Result<&'a [String], &'a Cause>,
    /// What the caller may do with which jobs. One without FIND must not be told of.
    pub granted: &'a JobGrants,
    /// When it is asked for: microseconds since 1970.
    pub now: i64,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Made {
    /// It is null; nothing was written.
    pub is_null: bool,
    /// What went wrong, each below the root entry.
    pub faults: Vec<(Vec<Segment>, Cause)>,
}

impl fmt::Debug for Shaper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Shaper").field(&self.name).finish()
    }
}

impl PartialEq for Shaper {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
