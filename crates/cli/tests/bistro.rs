//! `examples/bistro`, started as its page says: a restaurant is published, and the job that listens writes the menu, once, whatever befalls the server.
#![cfg(test)]

#[path = "../../store/tests/database/mod.rs"]
mod database;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use database::Place;
use plan::Value;
use sql::ColumnKind;
use store::Fixed;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_mins(1);

const PUBLISH: &str = "mutation { updateRestaurant(documentId: \"slwsiopkelrpxpvpc27953je\", data: { averagePrice: 41 }) { documentId } }";

const WAITING: Fixed = Fixed {
    sqlite: "select number from _outbox",
    postgres: "select number from _outbox",
    params: &[],
    columns: &[ColumnKind::Int],
};

/// A copy of the example that goes with the test.
struct Bistro {
    folder: PathBuf,
    /// What says where its database is.
    database: [String; 2],
}

impl Bistro {
    fn on(place: &Place) -> Bistro {
        let bistro = Bistro::empty("bistro", place);
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/bistro");
        for part in ["schema", "seed", "ops"] {
            copy(&example.join(part), &bistro.folder.join(part));
        }
        bistro
    }

    /// A project of its own.
    fn of(name: &str, place: &Place, types: &str) -> Bistro {
        let bistro = Bistro::empty(name, place);
        fs::create_dir_all(bistro.folder.join("schema")).unwrap();
        fs::write(bistro.folder.join("schema/types.graphql"), types).unwrap();
        bistro
    }

    fn empty(name: &str, place: &Place) -> Bistro {
        let (kind, database) = match place {
            Place::Sqlite(data) => ("sqlite", ["--data".to_owned(), data.display().to_string()]),
            Place::Postgres { server, name } => {
                let (before, after) = server.rsplit_once('/').unwrap();
                let options = after.split_once('?').map(|(_, options)| format!("?{options}")).unwrap_or_default();
                ("postgres", ["--database".to_owned(), format!("{before}/{name}{options}")])
            }
        };
        let folder = std::env::temp_dir().join(format!("dragoman-{name}-{kind}-{}", std::process::id()));
        Bistro { folder, database }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dragoman"));
        command.args(arguments).current_dir(&self.folder).env_clear().env("DRAGOMAN_LOG_LEVEL", "warn");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
        command.args(&self.database);
        command
    }

    /// A server and its address.
    fn dev(&self) -> (Server, String) {
        let command = self.command(&["dev", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn();
        let mut server = Server(command.unwrap());
        let stderr = BufReader::new(server.0.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _nobody_reads = sender.send(line).is_err();
            }
        });
        let mut said = Vec::new();
        loop {
            let line = lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no address was told: {said:#?}"));
            if let Some(rest) = line.split("http://").nth(1) {
                return (server, rest.split('/').next().unwrap().to_owned());
            }
            said.push(line);
        }
    }

    /// Runs with this word in their line.
    fn runs(&self, word: &str) -> usize {
        let listed = self.command(&["runs"]).output().unwrap();
        String::from_utf8(listed.stdout).unwrap().lines().filter(|line| line.contains(word)).count()
    }
}

impl Drop for Bistro {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.folder).is_ok();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn ask(address: &str, query: &str) -> String {
    let body = format!("{{\"query\":{query:?}}}");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = "POST /graphql HTTP/1.1\r\ncontent-type: application/json\r\nconnection: close\r\n";
    write!(stream, "{head}host: {address}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Waits for something to be so.
fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    let (_open, silence) = channel::<()>();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what} did not come");
        // Another process tells nobody of its changes.
        let _nobody_sends = silence.recv_timeout(Duration::from_millis(50)).is_err();
    }
}

/// A running server, which is killed where the test lets go of it.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.0.kill().and_then(|()| self.0.wait()).is_err();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishing_a_restaurant_makes_the_menu_once() {
    for place in Place::both("cli_bistro").await {
        let bistro = Bistro::on(&place);
        let (server, address) = bistro.dev();
        assert!(ask(&address, "{ menu { reason } }").contains("{\"menu\":null}"));
        assert!(ask(&address, PUBLISH).contains("slwsiopkelrpxpvpc27953je"));
        wait_for("the menu", || {
            ask(&address, "{ menu { currency dishes reason } }").contains("Restaurant slwsiopkelrpxpvpc27953je")
        });
        wait_for("the end of the run", || bistro.runs("succeeded") == 1);
        // PostgreSQL keeps JSON with spaces.
        let menu = ask(&address, "{ menu { currency dishes } }").replace(": ", ":").replace(", ", ",");
        assert!(menu.contains(r#""currency":"EUR""#), "{menu}");
        assert!(menu.contains(r#"{"name":"Lemon tart","price":"6.00"}"#), "{menu}");
        // What is committed is launched, though the server dies before or after.
        assert!(ask(&address, PUBLISH).contains("slwsiopkelrpxpvpc27953je"));
        drop(server);
        let (server, address) = bistro.dev();
        wait_for("the second run", || bistro.runs("succeeded") == 2);
        assert!(ask(&address, "{ menu { reason } }").contains("Restaurant"));
        assert_eq!(bistro.runs("nightly_menu"), 2, "each event launched one run");
        drop(server);
        let store = place.open();
        assert_eq!(store.ask(&WAITING, Vec::new()).await.unwrap(), Vec::<Vec<Value>>::new(), "nothing waits");
        drop((bistro, store));
        place.remove().await;
    }
}

const ECHO: &str = r#"
type Call @model @allow(role: "public", to: [FIND, CREATE]) @allow(role: "job", to: [CREATE]) { name: String }
type Echo @job @on(model: "Call", events: [CREATE]) {
  answer: JSON @mutation(document: "mutation { createCall(data: { name: \"echo\" }) { name } }")
}
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_makes_its_own_event_ends() {
    for place in Place::both("cli_echo").await {
        let echo = Bistro::of("echo", &place, ECHO);
        let (server, address) = echo.dev();
        assert!(ask(&address, "mutation { createCall(data: { name: \"call\" }) { name } }").contains("call"));
        wait_for("the echo", || echo.runs("succeeded") == 1);
        assert!(ask(&address, "mutation { createCall(data: { name: \"second\" }) { name } }").contains("second"));
        wait_for("the second echo", || echo.runs("succeeded") == 2);
        // Events launch in their order: whatever the first echo launched would be there.
        assert_eq!(echo.runs("echo"), 2);
        assert_eq!(ask(&address, "{ calls { name } }").matches("\"name\"").count(), 4);
        drop(server);
        drop(echo);
        place.remove().await;
    }
}
