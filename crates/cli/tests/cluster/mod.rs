//! A PostgreSQL cluster that a test starts for itself, so that it may kill it.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, geteuid, kill_process};

use crate::wait_for;

/// PostgreSQL refuses to run as root, who becomes this account.
const ACCOUNT: &str = "postgres";
/// Nothing has to outlive the machine, only its own processes.
const SETTINGS: [&str; 6] =
    ["listen_addresses=", "fsync=off", "shared_buffers=32MB", "autovacuum=off", "jit=off", "timezone=UTC"];

/// A cluster in a folder of its own.
pub struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    server: Child,
}

impl Cluster {
    /// Makes one and starts it.
    pub fn new() -> Cluster {
        let programs =
            programs().expect("a PostgreSQL below /usr/lib/postgresql or in PATH: `cargo xtask test` installs one");
        // A socket's path may have 107 bytes.
        let folder = std::env::temp_dir().join(format!("dragoman-kpg-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        if geteuid().is_root() {
            assert!(Command::new("chown").arg(ACCOUNT).arg(&folder).status().unwrap().success());
        }
        let folder = folder.canonicalize().unwrap();
        let mut initdb = as_account(&programs.join("initdb"), &folder);
        initdb.arg("-D").arg(folder.join("data")).args([
            "-U",
            ACCOUNT,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]);
        let made = initdb.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let server = start(&programs, &folder);
        let mut cluster = Cluster { programs, folder, server };
        cluster.until_ready();
        cluster
    }

    /// The URL of its database.
    pub fn url(&self) -> String {
        let host = self.folder.to_string_lossy().replace('/', "%2F");
        format!("postgres://{ACCOUNT}@/postgres?host={host}")
    }

    /// Ends every process of it at once, without a word.
    pub fn kill(&mut self) {
        let data = self.folder.join("data");
        self.server.kill().unwrap();
        self.server.wait().unwrap();
        wait_for("the end of PostgreSQL", || {
            let left = crate::processes(&data);
            for pid in left.iter().filter_map(|pid| Pid::from_raw(*pid)) {
                let _gone = kill_process(pid, Signal::KILL).is_err();
            }
            left.is_empty()
        });
    }

    /// Starts it again; it recovers what was committed.
    pub fn start(&mut self) {
        self.server = start(&self.programs, &self.folder);
        self.until_ready();
    }

    fn until_ready(&mut self) {
        wait_for("PostgreSQL", || {
            if self.server.try_wait().unwrap().is_some() {
                self.server = start(&self.programs, &self.folder);
            }
            let mut ready = Command::new(self.programs.join("pg_isready"));
            ready.args(["-q", "-U", ACCOUNT, "-h"]).arg(&self.folder).status().unwrap().success()
        });
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.kill();
        let _gone = fs::remove_dir_all(&self.folder).is_ok();
    }
}

/// The folder with the programs of the newest PostgreSQL.
fn programs() -> Option<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let versions = installed.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        Some((version, entry.path().join("bin"))).filter(|(_, programs)| programs.join("initdb").is_file())
    });
    let in_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| folder.join("initdb").is_file())
    };
    versions.max().map(|(_, programs)| programs).or_else(in_path)
}

fn start(programs: &Path, folder: &Path) -> Child {
    let mut postgres = as_account(&programs.join("postgres"), folder);
    postgres.arg("-D").arg(folder.join("data")).arg("-c").arg(format!("unix_socket_directories={}", folder.display()));
    for setting in SETTINGS {
        postgres.args(["-c", setting]);
    }
    postgres.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The program under the account that PostgreSQL accepts; it ends when the test does.
fn as_account(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if geteuid().is_root() {
        command.args([format!("--reuid={ACCOUNT}"), format!("--regid={ACCOUNT}"), "--init-groups".to_owned()]);
    }
    command
        .args(["--pdeathsig", "INT", "--"])
        .arg(program)
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin");
    command
}
