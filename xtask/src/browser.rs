//! `cargo xtask browser`: the pages in a real browser, against a server with a new project. It needs Node and Debian's Chromium.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use crate::process;

const FOLDER: &str = "tests/browser";
const BROWSER: &str = "chromium";
/// What is asked of the starter project: its query, what the answer holds, what is typed, what must be offered.
const ASKED: [&str; 8] =
    ["--query", "{ products { name } }", "--answer", "Teapot", "--type", "prod", "--offer", "products_connection"];

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    if let Some(unknown) = arguments.first() {
        bail!("`cargo xtask browser` takes no arguments, it was given {unknown:?}");
    }
    let browser =
        process::find_in_path(BROWSER).context("there is no chromium in PATH; install it: apt-get install chromium")?;
    let workspace = process::workspace();
    let tests = workspace.join(FOLDER);
    process::succeed(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&tests))?;
    process::succeed(Command::new("cargo").args(["build", "--quiet", "--package", "cli"]).current_dir(&workspace))?;
    let server = Server::start(&program()?)?;
    let mut test = Command::new("node");
    test.arg("graphiql.mjs").arg(&server.url).args(ASKED).env("CHROMIUM", browser).current_dir(&tests);
    process::succeed(&mut test)?;
    Ok(ExitCode::SUCCESS)
}

/// The product, built beside this program.
fn program() -> Result<PathBuf> {
    let own = std::env::current_exe().context("the path of this program is not known")?;
    Ok(own.parent().context("this program is in no folder")?.join("dragoman"))
}

/// `dragoman dev` over a new project, in a folder that goes with it.
struct Server {
    child: Child,
    folder: PathBuf,
    url: String,
}

impl Server {
    fn start(program: &Path) -> Result<Server> {
        let folder = std::env::temp_dir().join(format!("dragoman-browser-{}", std::process::id()));
        process::succeed(Command::new(program).arg("init").arg(&folder))?;
        let mut command = Command::new(program);
        command.arg("dev").arg(&folder).args(["--listen", "127.0.0.1:0"]).stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().context("could not start `dragoman dev`")?;
        let said = child.stderr.take().context("`dragoman dev` has no standard error")?;
        let mut server = Server { child, folder, url: String::new() };
        let mut lines = BufReader::new(said).lines().map_while(Result::ok);
        let line = lines
            .find(|line| line.contains("http://"))
            .context("`dragoman dev` ended without saying where it listens")?;
        line.split_whitespace().next().unwrap_or_default().clone_into(&mut server.url);
        // What it says later must be read, or it would wait for its reader.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to stop.
        drop(self.child.kill());
        drop(self.child.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}
