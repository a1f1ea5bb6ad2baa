//! The command line: what can be asked, and the help that teaches it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A backend in one binary: declare types in GraphQL SDL, get a database and a GraphQL API.
#[derive(Debug, Parser)]
#[command(name = "dragoman", version, about, after_help = FIRST_STEPS, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const FIRST_STEPS: &str = "\
First steps:
  dragoman init shop          write a small project
  dragoman dev shop           make its database, serve it, reload when files change
  dragoman query shop -e '{ products { name } }'

Settings come from dragoman.toml, then from the environment (DATABASE_URL, DRAGOMAN_*), then from flags; later
ones win. `dragoman config` lists every key with its default and its variable.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Hold the process of an op for a worker, which starts this itself.
    #[command(hide = true)]
    Guard,
    /// Write a small project that runs.
    #[command(
        after_help = "Examples:\n  dragoman init shop\n  dragoman init .          into this folder, where it is empty"
    )]
    Init {
        /// Folder of the new project.
        folder: PathBuf,
    },
    /// Serve a project while you work on it: apply changes, load new files of the seed, reload when files change.
    #[command(after_help = DEV_HELP)]
    Dev(Serving),
    /// Serve a project in production: no watching, no automatic migration, no GraphiQL unless configured.
    #[command(after_help = SERVE_HELP)]
    Serve(Serving),
    /// Bring the database to the model: show every step, and take it.
    #[command(after_help = MIGRATE_HELP)]
    Migrate {
        #[command(flatten)]
        project: Project,
        /// Only show the steps; the exit status is 1 where there are any.
        #[arg(long)]
        dry_run: bool,
        /// Let steps lose data: dropped fields and types, narrowed values.
        #[arg(long)]
        allow_data_loss: bool,
    },
    /// Load those files of seed/*.json that were not loaded before.
    #[command(
        after_help = "Example:\n  dragoman seed shop\n\nA file is loaded once: the database remembers its name. All files of one run are loaded, or none: every fault is\nshown, and nothing is written."
    )]
    Seed {
        #[command(flatten)]
        project: Project,
    },
    /// Print the schema of an endpoint as SDL.
    #[command(
        after_help = "Examples:\n  dragoman schema shop > schema.graphql\n  dragoman schema shop --endpoint /v1/graphql"
    )]
    Schema {
        #[command(flatten)]
        project: Project,
        /// Path of the endpoint.
        #[arg(long, default_value = "/graphql", value_name = "PATH")]
        endpoint: String,
    },
    /// Check the model and the settings without starting or touching a database.
    #[command(
        after_help = "Examples:\n  dragoman check shop && echo fine\n\nEvery fault is shown at once, with its file, line and column. The exit status is 1 where there is one."
    )]
    Check {
        #[command(flatten)]
        project: Project,
    },
    /// Run one operation against a project's database and print the answer.
    #[command(after_help = QUERY_HELP)]
    Query(Query),
    /// Launch a job and follow its run to the end.
    #[command(after_help = RUN_HELP)]
    Run(Run),
    /// List the newest runs.
    Runs(Runs),
    /// Show the lines of a run.
    #[command(after_help = "Example:\n  dragoman logs -f 12")]
    Logs(Logs),
    /// End a run.
    Cancel(Cancel),
    /// Execute runs beside the servers of a project, from this or another machine (PostgreSQL).
    #[command(after_help = "Example:\n  dragoman worker kitchen --database postgres://me@db/kitchen")]
    Worker {
        #[command(flatten)]
        project: Project,
    },
    /// Make, list and take back the tokens that programs call with.
    #[command(subcommand, after_help = TOKEN_HELP)]
    Token(Token),
    /// Make accounts, and help those who have lost their password.
    #[command(subcommand, after_help = USER_HELP)]
    User(User),
    /// List every setting with its default, its bounds and its variable.
    Config,
    /// Print completions for a shell.
    #[command(after_help = "Example:\n  dragoman completions bash > /etc/bash_completion.d/dragoman")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

const DEV_HELP: &str = "\
Examples:
  dragoman dev shop
  dragoman dev shop --listen 127.0.0.1:8080
  DATABASE_URL=postgres://me@localhost/shop dragoman dev shop

The database is made where there is none (SQLite in the data folder unless a PostgreSQL is named), the model's
changes are applied where they lose nothing, and those files of seed/*.json are loaded that were not loaded before:
at the start and when files change. A browser at the printed address gets GraphiQL.";

const SERVE_HELP: &str = "\
Examples:
  dragoman migrate shop && dragoman seed shop && dragoman serve shop
  dragoman serve shop --listen 0.0.0.0:1337 --database postgres://shop@db/shop

The database must fit the model: run `dragoman migrate` first. The key of callers' tokens is made in the data folder
at the first start; several servers share one by auth.token_key or auth.token_key_file. /health/live and /health/ready are for probes. SIGTERM and Ctrl-C let
running requests end; a second one stops at once.";

const MIGRATE_HELP: &str = "\
Examples:
  dragoman migrate shop --dry-run          show the steps
  dragoman migrate shop                    show and take them
  dragoman migrate shop --allow-data-loss  take also those that drop data

A renamed type or field keeps its data when the model says @renamedFrom.";

const QUERY_HELP: &str = "\
Examples:
  dragoman query shop -e '{ products { name } }'
  dragoman query shop products.graphql --variables '{\"limit\": 3}'
  cat products.graphql | dragoman query shop
  dragoman query shop -e '{ product { name } }' --endpoint /v1/graphql --role public

The operation runs as the owner, who may see and change everything, unless --role names somebody. The answer goes
to standard output; the exit status is 1 where it holds errors.";

const RUN_HELP: &str = "\
Examples:
  dragoman run nightly --in kitchen --config '{\"ops\": {\"extract\": {\"config\": {\"limit\": 5}}}}'
  dragoman run nightly --in kitchen --config @config.json --tag team=menu
  dragoman run --in kitchen --again 12 --from-failure

The key of the run goes to standard output, its number and what happens to standard error; other commands take either.
The exit status is 0 when it succeeds. A living server executes it, or a worker on PostgreSQL; on SQLite without a server
this command does, and --detach is refused.";

const TOKEN_HELP: &str = "\
Examples:
  dragoman token create shop --name robot --role editor --days 90
  dragoman token list shop
  dragoman token revoke shop --name robot
  curl localhost:1337/graphql -H \"authorization: Bearer $(dragoman token sign shop --role editor)\" \\
    -H 'content-type: application/json' -d '{\"query\": \"{ products { name } }\"}'

A token is shown once; the database keeps its hash. While a server holds an SQLite database, it makes tokens and takes them
back for these commands.";

const USER_HELP: &str = "\
Examples:
  dragoman user create shop --username ann --email ann@shop.example --role editor < password.txt
  dragoman user create shop --username me --email me@shop.example --role administrator < password.txt
  dragoman user code shop --user ann@shop.example
  dragoman user code shop --user ann@shop.example --confirm

While a server holds an SQLite database, it does what these commands ask.
The password is the first line of standard input. The role `administrator` may do everything.";

/// A launch.
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) project: Inside,
    /// Name of the job; with its repository before it where several have it: `kitchen/nightly`.
    #[arg(required_unless_present = "again", conflicts_with = "again")]
    pub(crate) job: Option<String>,
    /// Its config, a JSON object; `@FILE` reads it from a file.
    #[arg(long, value_name = "JSON", conflicts_with = "again")]
    pub(crate) config: Option<String>,
    /// A tag of the run; may be given several times.
    #[arg(long = "tag", value_name = "NAME=VALUE")]
    pub(crate) tags: Vec<String>,
    /// Repeat this run: its key or its number.
    #[arg(long, value_name = "RUN")]
    pub(crate) again: Option<String>,
    /// With --again: repeat only the steps that did not succeed.
    #[arg(long, requires = "again", conflicts_with = "job")]
    pub(crate) from_failure: bool,
    /// With --again: repeat only this step; may be given several times.
    #[arg(long = "step", requires = "again", conflicts_with_all = ["from_failure", "job"], value_name = "STEP")]
    pub(crate) steps: Vec<String>,
    /// Only launch it; do not wait for its end.
    #[arg(long)]
    pub(crate) detach: bool,
}

/// A list of runs.
#[derive(Debug, Args)]
pub(crate) struct Runs {
    #[command(flatten)]
    pub(crate) project: Project,
    /// Folder of the project, as the other commands about runs take it.
    #[arg(long = "in", value_name = "FOLDER", conflicts_with = "folder")]
    pub(crate) inside: Option<PathBuf>,
    /// Of this job alone.
    #[arg(long)]
    pub(crate) job: Option<String>,
    /// How many.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=1000))]
    pub(crate) limit: i64,
}

/// The lines of a run.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    #[command(flatten)]
    pub(crate) project: Inside,
    /// The run: its key or its number.
    pub(crate) run: String,
    /// Go on until the run ends.
    #[arg(short, long)]
    pub(crate) follow: bool,
}

/// The end of a run.
#[derive(Debug, Args)]
pub(crate) struct Cancel {
    #[command(flatten)]
    pub(crate) project: Inside,
    /// The run: its key or its number.
    pub(crate) run: String,
    /// Without waiting for its processes to end.
    #[arg(long)]
    pub(crate) at_once: bool,
}

/// A project and its database, where the command's own argument comes first.
#[derive(Debug, Clone, Args)]
pub(crate) struct Inside {
    /// Folder of the project.
    #[arg(long = "in", value_name = "FOLDER", default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Folder for the database file and the lock, instead of the one that dragoman.toml names.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The database: `postgres://user@host/name` or `sqlite:path`.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
}

impl From<&Runs> for Project {
    fn from(runs: &Runs) -> Project {
        let folder = runs.inside.as_ref().unwrap_or(&runs.project.folder).clone();
        Project { folder, ..runs.project.clone() }
    }
}

impl From<&Inside> for Project {
    fn from(inside: &Inside) -> Project {
        Project { folder: inside.folder.clone(), data: inside.data.clone(), database: inside.database.clone() }
    }
}

/// Tokens that programs call with.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token and show it, once.
    Create {
        #[command(flatten)]
        project: Project,
        /// Its name.
        #[arg(long)]
        name: String,
        /// A role that its holder calls with; may be given several times.
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
        /// Days until it runs out; without it the token lasts until it is taken back.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
    },
    /// List names, roles and ends.
    List {
        #[command(flatten)]
        project: Project,
    },
    /// Take a token back: from then on it is refused.
    Revoke {
        #[command(flatten)]
        project: Project,
        /// Its name.
        #[arg(long)]
        name: String,
    },
    /// Print a signed token for trying an API as somebody else. It cannot be taken back.
    Sign {
        #[command(flatten)]
        project: Project,
        /// Role of the caller.
        #[arg(long)]
        role: String,
        /// Id of the caller; `$user.id` in the rules.
        #[arg(long, default_value = "1")]
        user: String,
        /// Hours until it runs out.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u64).range(1..=24 * 365))]
        hours: u64,
    },
}

/// Accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Make an account; its password is read from standard input.
    Create {
        #[command(flatten)]
        project: Project,
        /// Its name.
        #[arg(long)]
        username: String,
        /// Its address.
        #[arg(long)]
        email: String,
        /// The word that rules know its role by; a role that is not there is made.
        #[arg(long, default_value = "authenticated")]
        role: String,
    },
    /// Print a code for an account, good once and for an hour: `resetPassword` takes it, or `emailConfirmation`.
    Code {
        #[command(flatten)]
        project: Project,
        /// Name or address of the account.
        #[arg(long)]
        user: String,
        /// For confirming its address, not for a new password.
        #[arg(long)]
        confirm: bool,
    },
}

/// A project and its database.
#[derive(Debug, Clone, Args)]
pub(crate) struct Project {
    /// Folder of the project.
    #[arg(default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Folder for the database file and the lock, instead of the one that dragoman.toml names.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The database: `postgres://user@host/name` or `sqlite:path`.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
}

/// A project that is served.
#[derive(Debug, Clone, Args)]
pub(crate) struct Serving {
    #[command(flatten)]
    pub(crate) project: Project,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = crate::config::address)]
    pub(crate) listen: Option<SocketAddr>,
}

/// One operation.
#[derive(Debug, Args)]
pub(crate) struct Query {
    #[command(flatten)]
    pub(crate) project: Project,
    /// File with the operation; `-` or nothing reads standard input.
    #[arg(conflicts_with = "execute")]
    pub(crate) file: Option<PathBuf>,
    /// The operation itself.
    #[arg(short, long, value_name = "DOCUMENT")]
    pub(crate) execute: Option<String>,
    /// Values of its variables, a JSON object.
    #[arg(long, value_name = "JSON")]
    pub(crate) variables: Option<String>,
    /// Which operation of the document.
    #[arg(long, value_name = "NAME")]
    pub(crate) operation: Option<String>,
    /// Path of the endpoint.
    #[arg(long, default_value = "/graphql", value_name = "PATH")]
    pub(crate) endpoint: String,
    /// Role to run it as.
    #[arg(long)]
    pub(crate) role: Option<String>,
    /// Id of the caller, with --role.
    #[arg(long, requires = "role")]
    pub(crate) user: Option<String>,
}
