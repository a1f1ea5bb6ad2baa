//! What is asked of the workflow engine about runs of the project's own jobs, and why it may refuse.

use model::config::ConfigFault;

/// What is done with runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunEffect {
    /// Launches `job` of `repository` at `location` with `config`, `tags`, `steps`, `selection`, `key`, `parent` and `root`.
    Launch,
    /// Launches each of the objects in `launches`, with the members that [`RunEffect::Launch`] is given, by itself; `fault` says why one was not.
    LaunchEach,
    /// Repeats the run `parent`: `all`, `failed` or the chosen `steps`, with `tags` over its own, unless `fresh` says otherwise.
    Repeat,
    /// Ends the run `run` in order, or, where `at_once` says so, at once. One that has ended stays as it is: `done` says whether anything was done.
    Terminate,
    /// Ends the runs `runs`, each by itself; `done` lists which.
    TerminateEach,
    /// Removes the run `run` and all that is known of it.
    Delete,
    /// Switches the `schedule` of `repository` at `location` on or off as `running` says; without it what the project says holds again.
    SwitchSchedule,
    /// Reads the project again before it answers, where somebody works on it; elsewhere it was read at the start. `failure` says why it stays as it was.
    Reread,
}

/// Why nothing is done with a run.
#[derive(Debug, Clone, PartialEq)]
pub enum RunFault {
    /// There is no such job, or the caller may not see it.
    NoJob,
    /// There is no such run.
    NoRun(String),
    /// Its job's rules do not let the caller do that.
    Forbidden,
    /// The config is not the job's: every fault.
    Config(Vec<ConfigFault>),
    /// Steps that the job does not have, or that none is left.
    Steps(String),
    /// A run with this key is there already.
    Taken(String),
    /// Where the run stands nothing of the kind can be done.
    Status(String),
    /// The job uses a part of the language that is read, but not executed yet.
    Unserved(String),
    /// This server runs no jobs.
    NoEngine,
}

impl std::fmt::Display for RunFault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RunFault::NoJob => out.write_str("there is no such job"),
            RunFault::NoRun(run) => write!(out, "there is no run {run}"),
            RunFault::Forbidden => out.write_str("the job's rules do not allow that"),
            RunFault::Config(faults) => {
                write!(out, "the config has {} faults", faults.len())?;
                faults.first().map_or(Ok(()), |first| write!(out, ", the first: {first}"))
            }
            RunFault::Steps(text) | RunFault::Status(text) | RunFault::Unserved(text) => out.write_str(text),
            RunFault::Taken(run) => write!(out, "there is a run {run} already"),
            RunFault::NoEngine => out.write_str("this server runs no jobs"),
        }
    }
}
