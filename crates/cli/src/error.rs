//! What keeps a command from being done. Each says what was tried, on what, and what was met.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use model::Diagnostics;
use store::MaybeStore as _;

/// What keeps a command from being done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Faults with places, already complete sentences.
    #[error("{0}")]
    Faults(Diagnostics),
    /// Faults of several parts of a project.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<Error>),
    #[error("there is no folder {path}; `dragoman init {path}` makes a project there")]
    NoFolder { path: PathBuf },
    #[error("there are no *.graphql files in {folder}; a project declares its types there (`dragoman init` shows how)")]
    NoSchema { folder: PathBuf },
    #[error("{path} has {bytes} bytes, more than the {most} that are read")]
    TooLarge { path: PathBuf, bytes: u64, most: u64 },
    #[error("cannot read {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot write {path}")]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{path} is not empty; `dragoman init` writes into a new or empty folder only")]
    NotEmpty { path: PathBuf },
    #[error("another dragoman{holder} holds {path}; stop it first, or name another data folder with --data")]
    Locked { path: PathBuf, holder: String },
    #[error(
        "a mutation cannot be run beside the dragoman{holder} that serves this project: send it to that server's address, or stop it first"
    )]
    Served { holder: String },
    #[error(
        "the dragoman{holder} that serves this project holds its SQLite database: stop it, run this command, and start it again (on PostgreSQL both run side by side)"
    )]
    Held { holder: String },
    #[error("the key of tokens cannot be used")]
    TokenKey(#[source] server::KeyTooShort),
    #[error("no rule of the model names the role {role:?}, nor is it built in; there are: {known}")]
    NoRole { role: String, known: String },
    #[error("auth.trusted_proxies: `{address}` is no address")]
    Proxy {
        address: String,
        #[source]
        source: std::net::AddrParseError,
    },
    #[error(
        "workflows.anonymous lets callers without a token operate workflows, and the server would listen on {address}; listen on loopback addresses alone, or take the key out"
    )]
    AnonymousBeyondLoopback { address: std::net::SocketAddr },
    #[error(
        "workflows.anonymous lets callers without a token operate workflows, and auth.trusted_proxies says that others ask through this machine; take one of the two out"
    )]
    AnonymousBehindProxy,
    #[error("there is a token of the name `{name}`; take it back first, or take another name")]
    TokenName { name: String },
    #[error("there is no token of the name `{name}`")]
    NoToken { name: String },
    #[error("a token needs a name, and roles without commas")]
    TokenWords,
    #[error("no password was given on standard input")]
    NoPassword,
    #[error(transparent)]
    User(#[from] server::UserRefused),
    #[error("the token could not be signed")]
    Token(#[source] server::SignError),
    #[error("there is no database at {path} yet: `dragoman dev` or `dragoman migrate` makes it")]
    NoDatabase { path: PathBuf },
    #[error("the database does not fit the model: {changes} {} not applied; run `dragoman migrate`", if *changes == 1 { "change is" } else { "changes are" })]
    NotMigrated { changes: usize },
    #[error(
        "the changes of the model lose data:\n{losses}\nif that is meant, run `dragoman migrate {folder} --allow-data-loss`; if not, take the change back"
    )]
    Loss { losses: String, folder: PathBuf },
    #[error(
        "the changes of the model lose data:\n{losses}\nif that is meant, stop dev (Ctrl-C), run `dragoman migrate {folder} --allow-data-loss`, and start dev again; if not, take the change back"
    )]
    LossWhileServed { losses: String, folder: PathBuf },
    #[error("--variables is not a JSON object")]
    Variables {
        #[source]
        source: serde_json::Error,
    },
    #[error("the request was refused: {fault}")]
    Request { fault: String },
    #[error("no endpoint has the path {path}; there are {known}")]
    NoEndpoint { path: String, known: String },
    #[error("cannot watch {path} for changes")]
    Watch {
        path: PathBuf,
        #[source]
        source: notify_debouncer_full::notify::Error,
    },
    #[error(transparent)]
    Files(#[from] files::Error),
    #[error("the runtime could not be started")]
    Runtime(#[source] std::io::Error),
    #[error("the system gave no random bytes")]
    Random { source: getrandom::Error },
    #[error(transparent)]
    Guard(#[from] runs::guard::Error),
    #[error("--config is not JSON")]
    Config {
        #[source]
        source: serde_json::Error,
    },
    #[error(
        "the dragoman{holder} that holds {path} takes no questions about runs: a command that executes or changes something ends by itself; a server that was started before the project had jobs is to be started again"
    )]
    NotReached { path: PathBuf, holder: String },
    #[error("--tag takes NAME=VALUE: {faults}")]
    Tags { faults: String },
    #[error(
        "no server of this project lives, and on SQLite nobody else would execute the run: start `dragoman dev` or `dragoman serve`, or leave --detach away, then this command executes it"
    )]
    NobodyExecutes,
    #[error("{reason}")]
    Engine { reason: String },
    #[error("the living server of this project does not answer on its control socket")]
    Control {
        #[source]
        source: std::io::Error,
    },
    #[error("the server ended before it answered; what it was asked for may be done all the same")]
    ServerEnded,
    #[error("the server ended; run {run} goes on with the next server; follow it with `dragoman logs -f {run}`")]
    ServerEndedMeanwhile { run: i64 },
    #[error("the project declares no jobs")]
    NoJobs,
    #[error(
        "a worker joins servers over PostgreSQL; on SQLite `dragoman dev` and `dragoman serve` execute runs themselves"
    )]
    WorkerOnSqlite,
    #[error("interrupted; the run is taken up again by the next server")]
    Interrupted,
    #[error(transparent)]
    Runs(#[from] runs::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Server(server::Error),
}

impl From<server::Error> for Error {
    fn from(error: server::Error) -> Self {
        match error {
            server::Error::Schema(faults) => Error::Faults(faults),
            other @ (server::Error::Bind { .. }
            | server::Error::ListenerEndpoint { .. }
            | server::Error::Dialect { .. }
            | server::Error::Store(_)) => Error::Server(other),
        }
    }
}

impl Error {
    /// The database cannot be reached: the same may succeed later.
    pub(crate) fn is_away(&self) -> bool {
        let of_runs = if let Error::Runs(error) = self { error.store() } else { None };
        let store = if let Error::Store(error) = self { Some(error) } else { of_runs };
        store.is_some_and(|error| {
            !error.is_refused() && matches!(error.cause(), plan::Cause::Unavailable | plan::Cause::Timeout)
        })
    }

    pub(crate) fn read(path: &Path, source: std::io::Error) -> Self {
        Error::Read { path: path.to_path_buf(), source }
    }

    pub(crate) fn write(path: &Path, source: std::io::Error) -> Self {
        Error::Write { path: path.to_path_buf(), source }
    }

    /// The error with its causes, as people read it.
    pub(crate) fn told(&self) -> String {
        self.rendered(std::io::stderr().is_terminal())
    }

    /// The same for who is no terminal.
    pub(crate) fn plain(&self) -> String {
        self.rendered(false)
    }

    fn rendered(&self, is_colored: bool) -> String {
        if let Error::Faults(faults) = self {
            return faults.render(is_colored).trim_end().to_owned();
        }
        if let Error::Several(errors) = self {
            return errors.iter().map(Error::told).collect::<Vec<_>>().join("\n");
        }
        let mut text = format!("error: {self}");
        let mut cause = std::error::Error::source(self);
        while let Some(inner) = cause {
            text.extend(["\n  because: ", &inner.to_string()]);
            cause = inner.source();
        }
        text
    }
}
