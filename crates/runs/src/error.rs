//! What keeps the engine from doing what it is asked.

use model::config::ConfigFault;
use plan::Cause;
use store::MaybeStore;

use crate::RunKey;
use crate::steps::SelectionFault;
use crate::transition::{Refused, RunStatus};

/// Why something is not done. Nothing of it is written then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the database said.
    #[error("{0}")]
    Store(#[from] store::Error),
    /// There is no such job.
    #[error("there is no job `{job}` in the repository `{repository}` of `{location}`")]
    NoJob {
        /// Its location.
        location: String,
        /// Its repository.
        repository: String,
        /// Its name.
        job: String,
    },
    /// There is no such run.
    #[error("there is no run {0}")]
    NoRun(RunKey),
    /// The config is not the job's: every fault.
    #[error("the config of `{job}` has {} faults, the first: {}", faults.len(), faults.first().map(ToString::to_string).unwrap_or_default())]
    Config {
        /// The job.
        job: String,
        /// All of them.
        faults: Vec<ConfigFault>,
    },
    /// The steps asked for are not there: every one.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Selection(Vec<SelectionFault>),
    /// A run with this key is there already.
    #[error("there is a run {0} already")]
    Taken(RunKey),
    /// The run is not at a place where that can be done.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Only a run that has ended without success is executed from its failure.
    #[error("a run that is {} has no failure to go on from", .0.word())]
    NotFailed(RunStatus),
    /// The worker has lost the run: it may write nothing of it.
    #[error("the worker has lost the run {0}")]
    Lost(RunKey),
    /// The database did not say what it was asked for.
    #[error("the database gave no {0}")]
    NoAnswer(&'static str),
    /// What is stored is nothing that this version has written.
    #[error("the run {run} cannot be read: {what}")]
    Unreadable {
        /// Which.
        run: RunKey,
        /// What was met.
        what: String,
    },
    /// The job uses what this version does not execute.
    #[error("`{op}` of the job `{job}` gives or takes dynamic outputs, which this version does not execute")]
    Dynamic {
        /// The job.
        job: String,
        /// The op.
        op: String,
    },
    /// The job is to call what this version does not call.
    #[error("the job `{job}` has hooks, which this version reads, but does not call yet")]
    Hooked {
        /// The job.
        job: String,
    },
    /// The worker's own files cannot be used.
    #[error("cannot use {path}")]
    File {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// The same may succeed later: the database is away, or other work stands in the way.
    pub(crate) fn may_pass(&self) -> bool {
        let cause = self.store().map(store::Error::cause);
        cause.is_some_and(|cause| matches!(cause, Cause::Timeout | Cause::Unavailable | Cause::OutcomeUnknown))
    }
}

impl MaybeStore for Error {
    fn store(&self) -> Option<&store::Error> {
        match self {
            Error::Store(error) => Some(error),
            Error::NoJob { .. }
            | Error::NoRun(_)
            | Error::Config { .. }
            | Error::Selection(_)
            | Error::Taken(_)
            | Error::Refused(_)
            | Error::NotFailed(_)
            | Error::Lost(_)
            | Error::NoAnswer(_)
            | Error::Unreadable { .. }
            | Error::Dynamic { .. }
            | Error::Hooked { .. }
            | Error::File { .. } => None,
        }
    }
}
