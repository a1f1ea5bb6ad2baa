//! The binary itself, run as a person runs it.
#![cfg(test)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("dragoman-cli-{name}-{}", std::process::id()));
        let _none = fs::remove_dir_all(&path).is_ok();
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// A project as `init` makes it.
    fn project(name: &str) -> Folder {
        let folder = Folder::new(name);
        assert!(run(&folder, &["init", "."]).status.success());
        folder
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0).is_ok();
    }
}

fn command(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dragoman"));
    command.args(arguments).current_dir(&folder.0).env_clear().env("DRAGOMAN_LOG_LEVEL", "warn");
    command
}

fn run(folder: &Folder, arguments: &[&str]) -> Output {
    command(folder, arguments).stdin(Stdio::null()).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn init_writes_a_project_without_faults() {
    let folder = Folder::project("init");
    let checked = run(&folder, &["check"]);
    assert!(checked.status.success(), "{}", told(&checked));
    assert_eq!(told(&checked), "2 content types, 0 components, 0 jobs, 3 endpoints: no fault\n");
    let again = run(&folder, &["init", "."]);
    assert!(!again.status.success());
    assert!(told(&again).contains("is not empty"), "{}", told(&again));
}

#[test]
fn faults_of_the_types_are_told_with_their_places() {
    let folder = Folder::project("faults");
    fs::write(folder.0.join("schema/more.graphql"), "type Crate @model {\n  name: Strin!\n  bottles: [Botle!]\n}\n")
        .unwrap();
    let checked = run(&folder, &["check"]);
    assert!(!checked.status.success());
    let told = told(&checked);
    assert!(told.contains("schema/more.graphql:2") && told.contains("schema/more.graphql:3"), "{told}");
}

const JOBS: &str = r#"
type Nightly @job {
  extract(word: String! = "x"): JSON! @run(command: ["/bin/sh", "-c", "echo reading; echo '\"made\"' > $DRAGOMAN_OUTPUT"])
  load(of: JSON! @input @from(op: "extract")): JSON
    @run(command: ["/bin/sh", "-c", "cat; echo; test -e lit || { touch lit; echo cold >&2; exit 3; }"])
}
"#;

#[test]
fn a_job_runs_fails_and_is_repeated_from_its_failure() {
    let folder = Folder::project("jobs");
    let jobs = folder.0.join("schema/jobs.graphql");
    fs::write(&jobs, "type Nightly @job {\n  extract: JSON @run(command: [\"true\"]) @needs(ops: [\"lod\"])\n}\n")
        .unwrap();
    assert!(told(&run(&folder, &["check"])).contains("`Nightly` has no op `lod`"));
    fs::write(&jobs, JOBS).unwrap();
    assert!(run(&folder, &["migrate"]).status.success());
    let wrong = run(&folder, &["run", "nightly", "--config", r#"{"ops": {"extract": {"config": {"word": 1}}}}"#]);
    assert!(!wrong.status.success() && told(&wrong).contains("ops.extract.config.word: should be String, not 1"));
    assert!(told(&run(&folder, &["run", "daily"])).contains("there is no job `daily`; there are: nightly"));
    let failed = run(&folder, &["run", "nightly"]);
    assert!(!failed.status.success());
    let shown = told(&failed);
    assert!(
        shown.contains("| reading") && shown.contains("ended with status 3") && shown.contains("failed, "),
        "{shown}"
    );
    let again = run(&folder, &["run", "--again", "1", "--from-failure"]);
    assert!(again.status.success(), "{}", told(&again));
    let lines = out(&run(&folder, &["logs", "2"]));
    assert!(lines.contains(r#""inputs":{"of":"made"}"#) && !lines.contains("reading"), "{lines}");
    let runs = out(&run(&folder, &["runs"]));
    assert!(runs.lines().count() == 2 && runs.lines().next().unwrap().contains("succeeded"), "{runs}");
    assert!(told(&run(&folder, &["cancel", "2"])).contains("the run has ended as succeeded"));
}

#[test]
fn documents_of_jobs_that_do_not_hold_are_told_with_their_ops() {
    let folder = Folder::new("mutations");
    fs::create_dir(folder.0.join("schema")).unwrap();
    let types = "type Place @model { name: String }\n\
        type Tidy @job { a: JSON @mutation(document: \"mutation($name: String) { createPlce(data: { name: $name }) { name } }\") }\n";
    fs::write(folder.0.join("schema/types.graphql"), types).unwrap();
    let faulty = run(&folder, &["check"]);
    let told = told(&faulty);
    assert!(!faulty.status.success());
    assert!(told.contains("the mutation of `Tidy.a` does not hold: Cannot query field \"createPlce\""), "{told}");
    assert!(told.contains("schema/types.graphql:2:"), "{told}");
    fs::write(folder.0.join("schema/types.graphql"), types.replace("createPlce", "createPlace")).unwrap();
    let checked = run(&folder, &["check"]);
    assert!(checked.status.success(), "{}", self::told(&checked));
}

#[test]
fn names_that_clash_in_a_dialect_are_told_once_at_their_places() {
    let folder = Folder::project("clash");
    let types = "type HTTPServer @model {\n  a_b: Int\n  port: Int\n  aB: String\n  documentId: String\n}\n";
    fs::write(folder.0.join("schema/more.graphql"), types).unwrap();
    let checked = run(&folder, &["check"]);
    assert!(!checked.status.success());
    let told = told(&checked);
    assert!(told.contains("`HTTPServer.a_b` and `HTTPServer.aB` are both `a_b` in hasura"), "{told}");
    assert!(told.contains("schema/more.graphql:4:") && told.contains("  aB: String"), "{told}");
    assert!(
        told.contains("schema/more.graphql:5:")
            && told.contains("`HTTPServer.documentId` are both `documentId` in strapi5"),
        "{told}"
    );
    assert!(told.contains("@name(hasura:") && told.ends_with("2 faults\n"), "{told}");
}

#[test]
fn what_needs_no_database_is_checked() {
    let folder = Folder::project("checked");
    let refused = run(&folder, &["check", "--database", "mysql://nowhere/x"]);
    assert!(!refused.status.success() && told(&refused).contains("database"), "{}", told(&refused));
    let mut mistyped = command(&folder, &["check"]);
    let mistyped = mistyped.env("DRAGOMAN_DATABSE", "x.db").stdin(Stdio::null()).output().unwrap();
    assert!(told(&mistyped).contains("did you mean DRAGOMAN_DATABASE?"), "{}", told(&mistyped));
    for role in ["", "edtor"] {
        let token = run(&folder, &["token", "sign", "--role", role]);
        assert!(
            told(&token).contains("there are: administrator, authenticated, editor, operator, public"),
            "{}",
            told(&token)
        );
    }
}

#[test]
fn what_is_printed_is_data_alone() {
    let folder = Folder::project("print");
    let schema = run(&folder, &["schema", "--endpoint", "/v1/graphql"]);
    assert!(out(&schema).contains("product_by_pk") && told(&schema).is_empty(), "{}", told(&schema));
    let token = run(&folder, &["token", "sign", "--role", "editor"]);
    assert_eq!(out(&token).trim().split('.').count(), 3, "{}", told(&token));
    assert!(out(&run(&folder, &["config"])).contains("DRAGOMAN_LIMITS_BODY_BYTES_MAX"));
    assert!(out(&run(&folder, &["completions", "bash"])).contains("dragoman"));
    let nowhere = run(&folder, &["schema", "--endpoint", "/nope"]);
    assert!(told(&nowhere).contains("there are /graphql, /v4/graphql, /v1/graphql"), "{}", told(&nowhere));
}

#[test]
fn a_database_is_made_seeded_and_asked_step_by_step() {
    let folder = Folder::project("steps");
    let too_early = run(&folder, &["query", "-e", "{ products { name } }"]);
    assert!(told(&too_early).contains("`dragoman migrate` makes it"), "{}", told(&too_early));

    let shown = run(&folder, &["migrate", "--dry-run"]);
    assert!(!shown.status.success() && out(&shown).contains("Product"), "{}", told(&shown));
    let migrated = run(&folder, &["migrate"]);
    assert!(migrated.status.success(), "{}", told(&migrated));
    assert!(told(&run(&folder, &["migrate"])).contains("fits the model"));

    let seeded = run(&folder, &["seed"]);
    assert!(told(&seeded).contains("loaded 5 entries from 2 files"), "{}", told(&seeded));
    assert!(told(&run(&folder, &["seed"])).contains("No file of seed/ is new"));

    let answer = run(&folder, &["query", "-e", "{ products(sort: \"name\") { name category { name } } }"]);
    let expected = concat!(
        r#"{"data":{"products":[{"name":"Assam","category":{"name":"Tea"}},"#,
        r#"{"name":"Sencha","category":{"name":"Tea"}},{"name":"Teapot","category":{"name":"Ware"}}]}}"#,
        "\n"
    );
    assert_eq!(out(&answer), expected, "{}", told(&answer));
    let made = run(&folder, &["query", "-e", "mutation { createCategory(data: { name: \"Cups\" }) { name } }"]);
    assert_eq!(out(&made), "{\"data\":{\"createCategory\":{\"name\":\"Cups\"}}}\n", "{}", told(&made));
    let refused = run(&folder, &["query", "-e", "{ nope }"]);
    assert!(!refused.status.success() && out(&refused).contains("errors"));
}

#[test]
fn serve_refuses_what_it_must_not_serve() {
    let folder = Folder::project("refuse");
    let unfit = run(&folder, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(
        told(&unfit).contains("data/dragoman.db yet: `dragoman dev` or `dragoman migrate` makes it"),
        "{}",
        told(&unfit)
    );
    let mut short = command(&folder, &["serve", "--listen", "127.0.0.1:0"]);
    let short = short.env("DRAGOMAN_AUTH_TOKEN_KEY", "short").stdin(Stdio::null()).output().unwrap();
    assert!(told(&short).contains("256 bits"), "{}", told(&short));
}

#[test]
fn dev_serves_follows_changes_and_ends_in_order() {
    let folder = Folder::project("dev");
    let mut dev = Serving::start(&folder, &["dev", "--listen", "127.0.0.1:0"]);
    let address = dev.address();
    let products = ask(&address, "{ products { name } }");
    assert!(products.contains("Teapot"), "{products}");

    let second = run(&folder, &["dev", "--listen", "127.0.0.1:0"]);
    assert!(told(&second).contains("stop it first"), "{}", told(&second));
    let behind = run(&folder, &["query", "-e", "mutation { createCategory(data: { name: \"Cups\" }) { name } }"]);
    assert!(told(&behind).contains("send it to that server's address"), "{}", told(&behind));
    let beside = run(&folder, &["query", "-e", "{ categories(sort: \"name\") { name } }"]);
    assert!(out(&beside).contains("Tea") && !out(&beside).contains("Cups"), "{}", told(&beside));

    let create = ["user", "create", "--username", "ann", "--email", "ann@shop.example", "--role", "editor"];
    let made = run_with(&folder, &create, "a password of ann\n");
    assert!(made.status.success(), "an account is made beside a server: {}", told(&made));
    assert!(sign_in(&address, "a password of ann").starts_with("HTTP/1.1 200"));
    let again = run_with(&folder, &create, "a password of ann\n");
    assert!(!again.status.success() && told(&again).contains("already taken"), "{}", told(&again));
    let code = run(&folder, &["user", "code", "--user", "ann"]);
    assert!(out(&code).starts_with("1-"), "{}", told(&code));
    let token = run(&folder, &["token", "create", "--name", "beside", "--role", "editor"]);
    let text = out(&token).trim().to_owned();
    assert!(as_program(&address, &text).starts_with("HTTP/1.1 200"), "{}", told(&token));
    let twice = run(&folder, &["token", "create", "--name", "beside", "--role", "editor"]);
    assert!(told(&twice).contains("there is a token of the name `beside`"), "{}", told(&twice));
    assert!(run(&folder, &["token", "revoke", "--name", "beside"]).status.success());
    assert!(as_program(&address, &text).starts_with("HTTP/1.1 401"), "a token that was taken back opens nothing");
    let gone = run(&folder, &["token", "revoke", "--name", "beside"]);
    assert!(told(&gone).contains("there is no token of the name `beside`"), "{}", told(&gone));
    assert!(run(&folder, &["token", "list"]).status.success(), "tokens are listed beside a server");

    let schema = folder.0.join("schema/shop.graphql");
    let text = fs::read_to_string(&schema).unwrap();
    fs::write(&schema, text.replace("  description: Text\n", "  description: Text\n  weight: Int\n")).unwrap();
    dev.wait_for("Product.weight");
    dev.wait_for("reloaded");
    assert!(ask(&address, "{ products { weight } }").contains("\"weight\":null"));

    fs::write(&schema, text.replace("  description: Text\n", "")).unwrap();
    let said = dev.wait_for("lose data");
    let way = "stop dev (Ctrl-C), run `dragoman migrate . --allow-data-loss`, and start dev again";
    assert!(said.contains(way), "{said}");
    dev.wait_for("goes on with the project as it was");
    let text = text.replace("  description: Text\n", "  description: Text\n  weight: Int\n");
    let hidden = text.replacen("@allow(role: \"public\", to: [FIND])", "", 1);
    fs::write(&schema, &hidden).unwrap();
    dev.wait_for("reloaded");
    assert!(ask(&address, "{ products { name } }").contains("Forbidden access"));

    fs::write(&schema, "type Product @model {").unwrap();
    dev.wait_for("goes on with the project as it was");
    assert!(ask(&address, "{ categories { name } }").contains("Tea"));
    assert!(dev.stop().success());
}

#[test]
fn a_server_away_from_a_terminal_says_nothing_but_lines_of_json() {
    let folder = Folder::project("json");
    let check = |line: &str| {
        let of: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(["timestamp", "level", "message"].iter().all(|member| of[*member].is_string()), "{line}");
    };
    let refused = run(&folder, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(!refused.status.success() && told(&refused).contains("\"level\":\"ERROR\""), "{}", told(&refused));
    told(&refused).lines().for_each(check);
    let mut dev = Serving::start_logging(&folder, &["dev", "--listen", "127.0.0.1:0"], "info");
    let mut met = Vec::new();
    for words in ["loaded", "http://", "\"message\":\"reloaded\"", "goes on with the project as it was"] {
        while !met.last().is_some_and(|line: &String| line.contains(words)) {
            met.push(dev.lines.recv_timeout(PATIENCE).unwrap());
        }
        let text = if words == "http://" { NOTICES } else { "type Notice @model {" };
        if words != "loaded" {
            fs::write(folder.0.join("schema/more.graphql"), text).unwrap();
        }
    }
    assert!(dev.stop().success());
    met.extend(dev.lines.iter());
    for line in &met {
        check(line);
    }
}

#[test]
fn dev_takes_new_locales_and_tells_what_needs_another_start() {
    let folder = Folder::project("locales");
    fs::write(folder.0.join("schema/more.graphql"), NOTICES).unwrap();
    let mut dev = Serving::start(&folder, &["dev", "--listen", "127.0.0.1:0"]);
    let address = dev.address();
    let settings = folder.0.join("dragoman.toml");
    fs::write(&settings, "default_locale = \"fr\"\nlocales = [\"fr\", \"de\"]\n").unwrap();
    dev.wait_for("reloaded");
    let made = ask(&address, "mutation { createNotice(data: { text: \"Bonjour\" }) { locale } }");
    assert!(made.contains("\"locale\":\"fr\""), "{made}");
    let refused = ask(&address, "mutation { createNotice(locale: \"en\", data: { text: \"Hello\" }) { locale } }");
    assert!(refused.contains("The project has no locale en"), "{refused}");
    fs::write(&settings, "default_locale = \"fr\"\n[limits]\nreaders = 3\nrows_max = 20\n").unwrap();
    let said = dev.wait_for("reloaded");
    assert!(said.contains("start dev again for what has changed of limits.readers\""), "{said}");
    assert!(dev.stop().success());
}

const NOTICES: &str = "type Notice @model(localized: true) @allow(role: \"public\", to: [FIND, CREATE]) {\n  text: String! @localized\n}\n";

#[test]
fn serve_shows_nothing_of_itself() {
    let folder = Folder::project("serve");
    assert!(run(&folder, &["migrate"]).status.success());
    let mut serving = Serving::start(&folder, &["serve", "--listen", "127.0.0.1:0"]);
    let address = serving.address();
    assert!(ask(&address, "{ __schema { queryType { name } } }").contains("introspection is not allowed"));
    assert!(exchange(&address, "GET /graphql HTTP/1.1\r\naccept: text/html\r\n", "").starts_with("HTTP/1.1 406"));
    assert!(exchange(&address, "GET /health/ready HTTP/1.1\r\n", "").starts_with("HTTP/1.1 200"));
    assert!(serving.stop().success());
}

#[test]
fn a_running_request_is_answered_although_the_server_stops() {
    let folder = Folder::project("grace");
    assert!(run(&folder, &["migrate"]).status.success());
    let mut serving = Serving::start_logging(&folder, &["serve", "--listen", "127.0.0.1:0"], "info");
    let address = serving.address();
    let body = "{\"query\":\"{ __typename }\"}";
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = "POST /graphql HTTP/1.1\r\ncontent-type: application/json\r\nexpect: 100-continue\r\n";
    write!(stream, "{head}host: {address}\r\ncontent-length: {}\r\n\r\n", body.len()).unwrap();
    // The server asks for the body: so it is at work on this request.
    let mut asked_for_body = [0_u8; 25];
    stream.read_exact(&mut asked_for_body).unwrap();
    serving.signal();
    serving.wait_for("stopping");
    let until = Instant::now() + PATIENCE;
    while !exchange_fails(&address) {
        assert!(Instant::now() < until, "new connections are still served");
    }
    write!(stream, "{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("__typename"), "{answer}");
    assert!(serving.child.wait().unwrap().success());
}

/// Whether a new connection gets nothing.
fn exchange_fails(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return true };
    let asked = write!(stream, "GET /health/live HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let mut answer = String::new();
    asked.is_err() || stream.read_to_string(&mut answer).is_err() || answer.is_empty()
}

#[test]
fn a_server_starts_although_its_database_is_away() {
    let folder = Folder::project("away");
    let nowhere = "postgres://nobody@127.0.0.1:1/nothing";
    let mut serving = Serving::start(&folder, &["serve", "--listen", "127.0.0.1:0", "--database", nowhere]);
    let address = serving.address();
    assert!(exchange(&address, "GET /health/live HTTP/1.1\r\n", "").starts_with("HTTP/1.1 200"));
    assert!(exchange(&address, "GET /health/ready HTTP/1.1\r\n", "").starts_with("HTTP/1.1 503"));
    let answer = ask(&address, "{ products { name } }");
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 1"), "{answer}");
    assert!(!answer.contains("nobody"), "{answer}");
    assert!(serving.stop().success());
}

#[test]
fn slow_and_large_heads_are_cut_off() {
    let folder = Folder::project("heads");
    assert!(run(&folder, &["migrate"]).status.success());
    fs::write(folder.0.join("dragoman.toml"), "[limits]\nheader_timeout = \"200ms\"\n").unwrap();
    let mut serving = Serving::start(&folder, &["serve", "--listen", "127.0.0.1:0"]);
    let address = serving.address();
    let mut slow = TcpStream::connect(&address).unwrap();
    slow.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(slow, "GET /health/live HTTP/1.1\r\nhost:").unwrap();
    let mut rest = String::new();
    slow.read_to_string(&mut rest).unwrap();
    assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 408"), "{rest}");
    let long = "x".repeat(40 * 1024);
    let answer = exchange(&address, &format!("GET /health/live HTTP/1.1\r\nx-long: {long}\r\n"), "");
    assert!(answer.starts_with("HTTP/1.1 431") && answer.contains("limits.header_bytes_max (32768)"), "{answer}");
    let long = "x".repeat(31 * 1024);
    let answer = exchange(&address, &format!("GET /health/live HTTP/1.1\r\nx-long: {long}\r\n"), "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(serving.stop().success());
}

/// A running server, and what it says line by line.
struct Serving {
    child: Child,
    lines: Receiver<String>,
}

impl Serving {
    fn start(folder: &Folder, arguments: &[&str]) -> Serving {
        Serving::start_logging(folder, arguments, "warn")
    }

    fn start_logging(folder: &Folder, arguments: &[&str], level: &str) -> Serving {
        let mut command = command(folder, arguments);
        command.env("DRAGOMAN_LOG_LEVEL", level);
        Serving::of(command)
    }

    fn of(mut command: Command) -> Serving {
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _nobody_reads = sender.send(line).is_err();
            }
        });
        Serving { child, lines }
    }

    /// Beside programs that need a `PATH`.
    fn start_kitchen(folder: &Folder) -> Serving {
        let mut command = command(folder, &["dev", "examples/kitchen", "--listen", "127.0.0.1:0"]);
        for name in ["PATH", "HOME"] {
            command.env(name, std::env::var_os(name).unwrap_or_default());
        }
        Serving::of(command)
    }

    fn wait_for(&self, words: &str) -> String {
        let mut met = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => return line,
                Ok(line) => met.push(line),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("{words:?} was not said; this was: {met:#?}")
                }
            }
        }
    }

    /// `127.0.0.1:40123`, out of the first address that is told.
    fn address(&self) -> String {
        let line = self.wait_for("http://");
        let address = line.split("http://").nth(1).unwrap();
        address.split('/').next().unwrap().to_owned()
    }

    fn signal(&self) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    }

    fn stop(&mut self) -> ExitStatus {
        self.signal();
        self.child.wait().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait()).is_err();
    }
}

fn ask(address: &str, query: &str) -> String {
    let body = format!("{{\"query\":{query:?}}}");
    exchange(address, "POST /graphql HTTP/1.1\r\ncontent-type: application/json\r\n", &body)
}

fn exchange(address: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    write!(stream, "{head}host: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The same with something to read.
fn run_with(folder: &Folder, arguments: &[&str], input: &str) -> Output {
    let mut child =
        command(folder, arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn sign_in(address: &str, password: &str) -> String {
    let body = format!("{{\"identifier\":\"ann\",\"password\":\"{password}\"}}");
    exchange(address, "POST /api/auth/local HTTP/1.1\r\ncontent-type: application/json\r\n", &body)
}

fn as_program(address: &str, token: &str) -> String {
    let head = format!("POST /graphql HTTP/1.1\r\ncontent-type: application/json\r\nauthorization: Bearer {token}\r\n");
    exchange(address, &head, "{\"query\":\"{ products { name } }\"}")
}

#[test]
fn accounts_and_tokens_are_made_by_the_owner() {
    let folder = Folder::project("accounts");
    assert!(run(&folder, &["migrate"]).status.success());
    let create = ["user", "create", "--username", "ann", "--email", "ann@shop.example", "--role", "editor"];
    let made = run_with(&folder, &create, "a password of ann\n");
    assert!(made.status.success(), "{}", told(&made));
    let again = run_with(&folder, &create, "a password of ann\n");
    assert!(!again.status.success() && told(&again).contains("already taken"), "{}", told(&again));
    let short = ["user", "create", "--username", "bob", "--email", "bob@shop.example"];
    let refused = run_with(&folder, &short, "abc\n");
    assert!(!refused.status.success() && told(&refused).contains("at least 6"), "{}", told(&refused));
    assert!(told(&run(&folder, &short)).contains("no password was given"));

    let token = run(&folder, &["token", "create", "--name", "robot", "--role", "editor", "--days", "30"]);
    let text = out(&token).trim().to_owned();
    assert!(text.starts_with("dgm_") && text.len() > 60, "{}", told(&token));
    let twice = run(&folder, &["token", "create", "--name", "robot", "--role", "editor"]);
    assert!(told(&twice).contains("there is a token of the name `robot`"), "{}", told(&twice));
    let listed = out(&run(&folder, &["token", "list"]));
    assert!(listed.contains("robot\teditor\t30 days left") && !listed.contains(&text), "{listed}");

    let mut serving = Serving::start(&folder, &["serve", "--listen", "127.0.0.1:0"]);
    let address = serving.address();
    let answer = sign_in(&address, "a password of ann");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"jwt\""), "{answer}");
    assert!(sign_in(&address, "another one").starts_with("HTTP/1.1 400"));
    for _ in 0..9 {
        sign_in(&address, "another one");
    }
    let answer = sign_in(&address, "a password of ann");
    assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("retry-after: "), "{answer}");
    let answer = as_program(&address, &text);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"products\":["), "{answer}");
    assert!(as_program(&address, "dgm_nobodys").starts_with("HTTP/1.1 401"));
    let key = fs::metadata(folder.0.join("data/token.key")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&key.permissions()) & 0o777, 0o600);
    assert!(serving.stop().success());

    assert!(run(&folder, &["token", "revoke", "--name", "robot"]).status.success());
    assert!(told(&run(&folder, &["token", "revoke", "--name", "robot"])).contains("there is no token"));
    let nobodys = run(&folder, &["user", "code", "--user", "nobody"]);
    assert!(told(&nobodys).contains("a code for the account cannot be made: User not found"), "{}", told(&nobodys));
    let code = run(&folder, &["user", "code", "--user", "ann"]);
    assert!(code.status.success() && out(&code).starts_with("1-"), "{}", told(&code));
    let mut serving = Serving::start(&folder, &["serve", "--listen", "127.0.0.1:0"]);
    let address = serving.address();
    assert!(as_program(&address, &text).starts_with("HTTP/1.1 401"), "a token that was taken back opens nothing");
    assert!(serving.stop().success());
}

#[test]
fn help_names_every_command_and_teaches() {
    let help = out(&run(&Folder::new("help"), &["--help"]));
    for word in [
        "init",
        "dev",
        "serve",
        "migrate",
        "seed",
        "schema",
        "check",
        "query",
        "token",
        "user",
        "config",
        "completions",
        "First steps",
    ] {
        assert!(help.contains(word), "{word} is not in {help}");
    }
}
#[test]
fn losing_data_takes_leave() {
    let folder = Folder::project("loss");
    assert!(run(&folder, &["migrate"]).status.success());
    assert!(run(&folder, &["seed"]).status.success());
    let schema = folder.0.join("schema/shop.graphql");
    let without = fs::read_to_string(&schema).unwrap().replace("  description: Text\n", "");
    fs::write(&schema, without).unwrap();
    let refused = run(&folder, &["migrate"]);
    assert!(!refused.status.success() && told(&refused).contains("description"), "{}", told(&refused));
    let allowed = run(&folder, &["migrate", "--allow-data-loss"]);
    assert!(allowed.status.success(), "{}", told(&allowed));
}

const BROKEN_JOBS: &str = r#"
type Broken @job {
  first: JSON @run(command: ["/nowhere/at/all"])
  second: JSON @run(command: ["true"]) @needs(ops: ["first"])
}
"#;

#[test]
fn runs_are_called_by_number_and_say_why_they_failed() {
    let folder = Folder::project("runs");
    fs::write(folder.0.join("schema/jobs.graphql"), BROKEN_JOBS).unwrap();
    assert!(run(&folder, &["migrate"]).status.success());
    let alone = told(&run(&folder, &["run", "broken", "--detach"]));
    assert!(alone.contains("start `dragoman dev` or `dragoman serve`"), "{alone}");
    let tags = told(&run(&folder, &["run", "broken", "--tag", "nope", "--tag", "=x", "--tag", "a=b"]));
    assert!(tags.contains("`nope` has no `=`; `=x` has no name"), "{tags}");

    let failed = run(&folder, &["run", "broken"]);
    assert!(!failed.status.success() && told(&failed).contains("run 1 of broken"), "{}", told(&failed));
    let lines = out(&run(&folder, &["logs", "1"]));
    assert!(lines.contains("ProgramNotStarted") && lines.contains("Steps failed: ['first']"), "{lines}");
    let listed = out(&run(&folder, &["runs", "--job", "Broken"]));
    assert!(listed.trim_start().starts_with("1  ") && listed.contains("ProgramNotStarted"), "{listed}");

    for (arguments, words) in [
        (vec!["runs", "--job", "zzz"], "there is no job `zzz`; there are: broken"),
        (vec!["logs", ""], "neither"),
        (vec!["cancel", ""], "neither"),
        (vec!["run", "--again", ""], "neither"),
        (vec!["run", "broken", "--step", "second"], "cannot be used with"),
        (vec!["run", "broken", "--from-failure"], "cannot be used with"),
        (vec!["run", "--step", "second"], "--again <RUN>"),
        (vec!["run", "--again", "1", "--step", "second"], "the step `second` needs `first`, which did not succeed"),
    ] {
        let refused = run(&folder, &arguments);
        assert!(!refused.status.success() && told(&refused).contains(words), "{arguments:?}: {}", told(&refused));
    }
    assert!(!run(&folder, &["run", "--again", "1", "--tag", "a=b"]).status.success());
    let mut dev = Serving::start(&folder, &["dev", "--listen", "127.0.0.1:0"]);
    dev.address();
    let again = run(&folder, &["run", "--again", "2", "--detach"]);
    assert!(told(&again).contains("run 3 of broken"), "{}", told(&again));
    // What is written wrong meanwhile hinders nobody whom the server answers.
    fs::write(folder.0.join("schema/more.graphql"), "type Crate @model {\n  name: Strin!\n}\n").unwrap();
    for arguments in [&["runs"][..], &["logs", "1"], &["run", "--again", "2", "--detach"]] {
        let answered = run(&folder, arguments);
        assert!(answered.status.success(), "{arguments:?}: {}", told(&answered));
    }
    assert!(dev.stop().success());
}

const LONG_JOBS: &str = r#"
type Long @job {
  one: JSON @run(command: ["/bin/sh", "-c", "printf 'a\\033[2Jb\\n'; exec /bin/sleep 600"])
}
"#;

#[test]
fn an_interrupted_run_is_canceled_at_once_where_nobody_executes_it() {
    let folder = Folder::project("interrupted");
    let none = told(&run(&folder, &["runs"]));
    assert!(none.contains("there is no database at") && !folder.0.join("data/dragoman.db").exists(), "{none}");
    fs::write(folder.0.join("schema/jobs.graphql"), LONG_JOBS).unwrap();
    assert!(run(&folder, &["migrate"]).status.success());
    let mut long = Serving::start(&folder, &["run", "long"]);
    long.wait_for("| a\\x1b[2Jb");
    assert!(!long.stop().success());
    let canceled = run(&folder, &["cancel", "1"]);
    assert_eq!(told(&canceled), "run 1 is canceled (it was started)\n");
    let listed = out(&run(&folder, &["runs", "--in", "."]));
    assert!(listed.contains("canceled"), "{listed}");
    let lines = out(&run(&folder, &["logs", "1"]));
    assert!(lines.contains("one              started") && lines.contains("| a\\x1b[2Jb"), "{lines}");
}

#[test]
fn who_follows_a_run_learns_that_the_server_ended_and_that_it_ends() {
    let folder = Folder::project("followed");
    fs::write(folder.0.join("schema/jobs.graphql"), LONG_JOBS).unwrap();
    let mut dev = Serving::start(&folder, &["dev", "--listen", "127.0.0.1:0"]);
    dev.address();
    let first = Serving::start(&folder, &["run", "long"]);
    first.wait_for("| a");
    let canceled = run(&folder, &["cancel", "1"]);
    assert!(told(&canceled).contains("run 1 is asked to end (it was started)"), "{}", told(&canceled));
    let again = told(&run(&folder, &["cancel", "1"]));
    assert!(["is being canceled already", "has ended"].iter().any(|words| again.contains(words)), "{again}");
    first.wait_for("canceled, ");
    let second = Serving::start(&folder, &["run", "long"]);
    second.wait_for("| a");
    dev.child.kill().unwrap();
    second.wait_for("the server ended; run 2 goes on with the next server; follow it with `dragoman logs -f 2`");
}

#[test]
fn the_first_job_that_comes_while_dev_runs_is_executed() {
    // A folder whose control socket has a longer path than systems take.
    let folder = Folder::project(&["late-", &"x".repeat(100)].concat());
    let mut dev = Serving::start(&folder, &["dev", "--listen", "127.0.0.1:0"]);
    dev.address();
    fs::write(folder.0.join("schema/jobs.graphql"), JOBS).unwrap();
    dev.wait_for("reloaded");
    let failed = run(&folder, &["run", "nightly"]);
    assert!(told(&failed).contains("| reading") && told(&failed).contains("status 3"), "{}", told(&failed));
    assert!(dev.stop().success());
}

#[test]
fn faults_of_settings_types_and_seeds_are_told_together_and_before_tables_are_made() {
    let folder = Folder::project("together");
    fs::write(folder.0.join("dragoman.toml"), "adress = \"127.0.0.1:1\"\n").unwrap();
    fs::write(folder.0.join("schema/more.graphql"), "type Crate @model {\n  name: Strin!\n}\n").unwrap();
    let both = told(&run(&folder, &["check"]));
    assert!(both.contains("adress is no key") && both.contains("schema/more.graphql:2"), "{both}");
    fs::remove_file(folder.0.join("schema/more.graphql")).unwrap();
    fs::write(folder.0.join("dragoman.toml"), "").unwrap();
    fs::write(folder.0.join("seed/broken.json"), "{ \"type\": \"Product\", ").unwrap();
    fs::write(folder.0.join("seed/other.json"), "{ \"type\": \"Nope\", \"data\": {} }").unwrap();
    for arguments in [&["check"][..], &["dev", "--listen", "127.0.0.1:0"]] {
        let seeds = told(&run(&folder, arguments));
        assert!(seeds.contains("seed/broken.json: EOF") && seeds.contains("no content type `Nope`"), "{seeds}");
    }
    let shown = run(&folder, &["migrate", "--dry-run"]);
    assert!(!shown.status.success() && out(&shown).contains("Product"), "{}", told(&shown));
}

#[test]
fn what_can_never_work_is_refused_and_what_is_kept_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::project("never");
    let started = run(&folder, &["serve", "--listen", "localhost:0", "--database", "postgres://"]);
    assert!(!started.status.success() && told(&started).contains("it names no host"), "{}", told(&started));
    let named = run(&folder, &["serve", "--listen", "shop.example:80"]);
    assert!(told(&named).contains("names are not looked up"), "{}", told(&named));
    assert!(run(&folder, &["migrate"]).status.success());
    for (name, mode) in [("data", 0o700), ("data/dragoman.db", 0o600)] {
        let rights = fs::metadata(folder.0.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(rights, mode, "{name}");
    }
}

#[test]
fn tokens_are_signed_for_roles_that_are_built_in_or_named_by_rules() {
    let folder = Folder::project("roles");
    for role in ["operator", "administrator", "public"] {
        let signed = run(&folder, &["token", "sign", "--role", role]);
        assert!(signed.status.success(), "{role}: {}", told(&signed));
    }
    let unknown = told(&run(&folder, &["token", "sign", "--role", "nobody"]));
    assert!(unknown.contains("there are: administrator, "), "{unknown}");
}

/// The commands of a page, on what the page says.
#[test]
fn the_commands_of_the_documentation_work_on_a_fresh_kitchen() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for page in ["docs/runs.md", "examples/kitchen/README.md"] {
        let text = fs::read_to_string(root.join(page)).unwrap();
        let block = text.split("```sh\n").find(|block| block.starts_with("dragoman run genre_sales")).unwrap();
        let block = block.split("```").next().unwrap();
        let folder = Folder::new(if page.starts_with("docs") { "docs" } else { "kitchen" });
        let copied = Command::new("cp")
            .arg("-r")
            .args([root.join("examples/kitchen"), root.join("examples/chinook")])
            .args(["-t", "examples"])
            .current_dir({
                fs::create_dir(folder.0.join("examples")).unwrap();
                &folder.0
            })
            .status();
        assert!(copied.unwrap().success());
        let _fresh = fs::remove_dir_all(folder.0.join("examples/kitchen/data")).is_ok();
        let mut dev = Serving::start_kitchen(&folder);
        dev.address();
        for line in block.lines() {
            let line = line.split("  #").next().unwrap();
            let shell = ["set -e; dragoman() { \"$DRAGOMAN\" \"$@\"; }; ", line].concat();
            let mut command = Command::new("sh");
            command.args(["-c", &shell]).current_dir(&folder.0).env_clear();
            command.env("DRAGOMAN", env!("CARGO_BIN_EXE_dragoman")).env("PATH", "/usr/bin:/bin");
            let output = command.stdin(Stdio::null()).output().unwrap();
            let succeeds = !line.starts_with("dragoman run bake");
            assert_eq!(output.status.success(), succeeds, "{page}: {line}: {}", told(&output));
            let shown = [out(&output), told(&output)].concat();
            assert!(!shown.is_empty(), "{page}: {line} shows nothing");
        }
        assert!(dev.stop().success());
    }
}
