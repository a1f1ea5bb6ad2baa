//! Recorded cases, one JSON object a line.

use std::{fs, path::Path};

use serde::Deserialize;
use serde_json::{Map, Value};

/// One recorded exchange, with what followed on the same server.
#[derive(Debug, Clone, Deserialize)]
pub struct Case {
    /// Unique within its dialect.
    pub name: String,
    /// Who asked; nobody, where it says nothing.
    pub auth: Option<String>,
    /// What was sent.
    #[serde(flatten)]
    pub step: Step,
    /// What the same system answers over PostgreSQL, where that differs.
    pub postgres: Option<Recorded>,
    /// Further steps on the same server; `{{0.data.x}}` in them is a value of an earlier answer.
    #[serde(default)]
    pub then: Vec<Step>,
    /// It changes data.
    #[serde(default)]
    pub mutates: bool,
    /// Settings of the recorded server that are not its defaults.
    pub server_config: Option<Map<String, Value>>,
}

/// A request and what came back.
#[derive(Debug, Clone, Deserialize)]
pub struct Step {
    /// Sent as it is, instead of a GraphQL document.
    pub request: Option<RawRequest>,
    /// The document.
    pub query: Option<String>,
    /// Its variables.
    pub variables: Option<Map<String, Value>>,
    /// The operation meant.
    #[serde(rename = "operationName")]
    pub operation_name: Option<String>,
    /// What came back.
    #[serde(flatten)]
    pub recorded: Recorded,
}

/// What came back.
#[derive(Debug, Clone, Deserialize)]
pub struct Recorded {
    /// HTTP status; a step without one is not judged.
    pub status: Option<u16>,
    /// The body.
    pub response: Option<Value>,
    /// Values that differ from run to run: only their kind is compared.
    #[serde(default)]
    pub placeholders: Vec<Placeholder>,
    /// `unordered`: lists have no stable order.
    pub compare: Option<String>,
}

/// A value of which only the kind is compared.
#[derive(Debug, Clone, Deserialize)]
pub struct Placeholder {
    /// Where it stands, `data.x[0].y`.
    pub path: String,
    /// What it is.
    pub kind: String,
}

/// An HTTP request, exactly as sent.
#[derive(Debug, Clone, Deserialize)]
pub struct RawRequest {
    /// Method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers.
    #[serde(default)]
    pub headers: Map<String, Value>,
    /// Body.
    pub body: Option<String>,
}

/// Reads every `*.jsonl` of a folder, in the order of names.
///
/// # Panics
/// When a file cannot be read or a line is no case: the data stands in the repository.
#[must_use]
pub fn read_all(folder: &Path) -> Vec<(String, Vec<Case>)> {
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the folder of cases is there").flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    files.iter().map(|path| (group_of(path), read(path))).collect()
}

fn group_of(path: &Path) -> String {
    path.file_stem().expect("a listed file has a name").to_string_lossy().into_owned()
}

fn read(path: &Path) -> Vec<Case> {
    let text = fs::read_to_string(path).expect("a listed file can be read");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}: {line}", path.display())))
        .collect()
}
