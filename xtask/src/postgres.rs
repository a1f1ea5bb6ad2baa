//! A PostgreSQL cluster of our own: made in a temporary folder, reached by a Unix socket, gone when it is dropped.
//!
//! PostgreSQL refuses to run as root. A caller who is root becomes the account `postgres` for its programs.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, geteuid, kill_process, test_kill_process};

use crate::process;

const VERSION_MIN: u32 = 15;
/// Enough for the whole data set of the benchmark.
const BUFFER_MEGABYTES: u64 = 2048;
const START_TIMEOUT: Duration = Duration::from_secs(30);
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
const FOLDER_PREFIX: &str = "dragoman-pg-";
/// A socket's path may have 107 bytes, and `/.s.PGSQL.5432` belongs to it.
const FOLDER_BYTES_MAX: usize = 90;
const ACCOUNT: &str = "postgres";
const INSTALL_HINT: &str = "install postgresql (apt-get install postgresql) or set DRAGOMAN_TEST_POSTGRES";
/// Settings of the caller's own PostgreSQL would lead our programs astray.
const FOREIGN_VARIABLES: [&str; 6] = ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGDATA", "PGOPTIONS"];

/// What a cluster is for decides whether it may forget and how much memory it takes.
pub(crate) struct Settings {
    configuration: Vec<String>,
    /// Where the data folder is kept; without it the cluster is temporary and starts empty.
    kept_at: Option<PathBuf>,
}

impl Settings {
    /// Nothing has to survive a crash, so nothing waits for a disk.
    pub(crate) fn for_tests() -> Self {
        let configuration = [
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "shared_buffers=32MB",
            "max_connections=200",
            "autovacuum=off",
            "jit=off",
            "timezone=UTC",
            "log_min_messages=warning",
        ];
        Self { configuration: configuration.map(str::to_owned).to_vec(), kept_at: None }
    }

    /// What is measured must be durable, as in production; the data folder stays for the next run.
    pub(crate) fn for_benchmark(data: &Path) -> Self {
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let available =
            memory.lines().find_map(|line| line.strip_prefix("MemAvailable:")?.split_whitespace().next()?.parse().ok());
        let megabytes_max = available.map_or(128, |kib: u64| kib / 1024 / 4);
        let buffers = format!("shared_buffers={}MB", megabytes_max.min(BUFFER_MEGABYTES));
        let configuration = [
            "fsync=on",
            "synchronous_commit=on",
            "autovacuum=off",
            "jit=off",
            "timezone=UTC",
            "max_wal_size=4GB",
            &buffers,
        ];
        Self { configuration: configuration.map(str::to_owned).to_vec(), kept_at: Some(data.to_path_buf()) }
    }
}

/// A running cluster. Dropping it stops the server.
pub(crate) struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    server: Child,
}

impl Cluster {
    /// Makes the data folder when there is none, starts the server as a child of ours and waits until it answers.
    pub(crate) fn start(settings: &Settings) -> Result<Self> {
        let programs = find_or_install()?;
        remove_left_over_folders();
        let folder = std::env::temp_dir().join(format!("{FOLDER_PREFIX}{}", std::process::id()));
        if folder.as_os_str().len() > FOLDER_BYTES_MAX {
            bail!(
                "the temporary folder {} is too long for a socket's path: set TMPDIR to a shorter one",
                folder.display()
            );
        }
        make_folder(&folder)?;
        let data = settings.kept_at.clone().unwrap_or_else(|| folder.join("data"));
        if !data.join("PG_VERSION").exists() {
            make_data_folder(&programs, &data, &folder)?;
        }
        let server = start_server(&programs, &data, &folder, &settings.configuration)?;
        let mut cluster = Self { folder, programs, server };
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    /// The URL of a database in this cluster.
    pub(crate) fn url(&self, database: &str) -> String {
        let host = self.folder.to_string_lossy().replace('/', "%2F");
        format!("postgres://{ACCOUNT}@/{database}?host={host}")
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.server.id()
    }

    /// Runs statements and commands of psql in a database; the first fault ends them.
    pub(crate) fn script(&self, database: &str, script: &str) -> Result<()> {
        let file = self.folder.join("script.sql");
        fs::write(&file, script).context("could not write a script for psql")?;
        process::output(self.psql(database).arg("-f").arg(&file)).map(drop)
    }

    /// What a statement gives, a line for each row.
    pub(crate) fn query(&self, database: &str, statement: &str) -> Result<String> {
        process::output(self.psql(database).args(["-c", statement]))
    }

    fn psql(&self, database: &str) -> Command {
        let mut command = Command::new(self.programs.join("psql"));
        command
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", ACCOUNT, "-d", database, "-h"])
            .arg(&self.folder);
        for variable in FOREIGN_VARIABLES {
            command.env_remove(variable);
        }
        command
    }

    /// Stops the server and removes its folder.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.stop_server()
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        while Instant::now() < deadline {
            if let Some(status) = self.server.try_wait().context("could not watch postgres")? {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                bail!("postgres ended with {status} while starting: {}", log.trim());
            }
            let mut ready = Command::new(self.programs.join("pg_isready"));
            let status = ready.args(["-q", "-U", ACCOUNT, "-h"]).arg(&self.folder).status();
            if status.context("could not start pg_isready")?.success() {
                return Ok(());
            }
            thread::sleep(POLL_INTERVAL);
        }
        bail!("postgres did not answer within {} s", START_TIMEOUT.as_secs())
    }

    /// A fast stop; when that takes too long, an immediate one.
    fn stop_server(&mut self) -> Result<()> {
        for signal in [Signal::INT, Signal::QUIT] {
            if self.server.try_wait().context("could not watch postgres")?.is_some() {
                break;
            }
            kill_process(pid_of(&self.server)?, signal).context("could not signal postgres")?;
            let deadline = Instant::now() + STOP_TIMEOUT;
            while Instant::now() < deadline && self.server.try_wait().context("could not watch postgres")?.is_none() {
                thread::sleep(POLL_INTERVAL);
            }
        }
        fs::remove_dir_all(&self.folder).with_context(|| format!("could not remove {}", self.folder.display()))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.folder.exists()
            && let Err(error) = self.stop_server()
        {
            eprintln!("postgres was not stopped cleanly: {error:#}");
        }
    }
}

fn pid_of(child: &Child) -> Result<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("the process has no id")
}

/// The folder with `initdb` of the newest PostgreSQL that is new enough, installed first where we may.
fn find_or_install() -> Result<PathBuf> {
    if let Some(programs) = find() {
        return Ok(programs);
    }
    if geteuid().is_root() && process::is_in_path("apt-get") {
        eprintln!("PostgreSQL is missing: installing it with apt-get");
        process::succeed(Command::new("apt-get").args(["-qq", "update"]))?;
        let mut install = Command::new("apt-get");
        install.args(["-qq", "--yes", "--no-install-recommends", "install", "postgresql"]);
        process::succeed(install.env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    find().with_context(|| format!("there is no PostgreSQL of version {VERSION_MIN} or later: {INSTALL_HINT}"))
}

fn find() -> Option<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let versions =
        installed.filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))));
    let newest = versions
        .filter(|(version, programs): &(u32, PathBuf)| *version >= VERSION_MIN && programs.join("initdb").is_file())
        .max();
    newest.map(|(_, programs)| programs).or_else(|| Some(process::find_in_path("initdb")?.parent()?.to_path_buf()))
}

/// Folders of earlier runs that were killed: their name ends with the id of a process that no longer lives.
fn remove_left_over_folders() {
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(FOLDER_PREFIX)).and_then(|id| id.parse().ok());
        let is_left_over = owner.and_then(Pid::from_raw).is_some_and(|owner| test_kill_process(owner).is_err());
        if is_left_over && let Err(error) = fs::remove_dir_all(entry.path()) {
            eprintln!("could not remove {}, which an earlier run left: {error}", entry.path().display());
        }
    }
}

fn make_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    if geteuid().is_root() {
        process::succeed(Command::new("chown").arg(ACCOUNT).arg(folder))?;
    }
    Ok(())
}

fn make_data_folder(programs: &Path, data: &Path, folder: &Path) -> Result<()> {
    make_folder(data)?;
    let mut command = as_account(&programs.join("initdb"));
    command.arg("-D").arg(data).args([
        "-U",
        ACCOUNT,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
        "--no-instructions",
    ]);
    process::output(command.current_dir(folder)).map(drop)
}

/// `postgres` itself, not `pg_ctl`: a child ends with us even when we are killed, a daemon would stay.
fn start_server(programs: &Path, data: &Path, folder: &Path, configuration: &[String]) -> Result<Child> {
    let log = fs::File::create(folder.join("log")).context("could not make the log of postgres")?;
    let mut command = as_account(&programs.join("postgres"));
    command.arg("-D").arg(data).args(["-c", "listen_addresses=", "-c"]);
    command.arg(format!("unix_socket_directories={}", folder.display()));
    for setting in configuration {
        command.arg("-c").arg(setting);
    }
    let quiet = command.current_dir(folder).process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    quiet.spawn().context("could not start postgres")
}

/// The program under the account that PostgreSQL accepts, told to end when its parent does.
fn as_account(program: &Path) -> Command {
    let mut command = if process::is_in_path("setpriv") {
        let mut command = Command::new("setpriv");
        if geteuid().is_root() {
            command.args([format!("--reuid={ACCOUNT}"), format!("--regid={ACCOUNT}"), "--init-groups".to_owned()]);
        }
        command.args(["--pdeathsig", "INT", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    for variable in FOREIGN_VARIABLES {
        command.env_remove(variable);
    }
    command
}
