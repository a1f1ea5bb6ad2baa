//! Uploads by GraphQL: a form whose part `operations` is the request, and whose part `map` says which of its variables stand for which of its files.
//!
//! A file comes to the disk as every other upload does; the variable gets the name of its part, and the command that is given that name takes the
//! file. Source: the GraphQL multipart request specification; dialect manual 7.8.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::request::Parts;
use graphql::transport::RequestFault;
use plan::{Caller, Cause, Value};
use serde_json::{Map, Value as Json, json};
use store::{Asked, Work};

use super::Media;
use super::form::FormFile;
use super::link::PARTS;
use super::rest;
use crate::accounts::Sender;
use crate::app::App;
use crate::refusal::Refusal;
use crate::request::{BodyRules, Request, Requests, from_body};

/// The part with the request.
const OPERATIONS: &str = "operations";
/// The part that binds files to variables.
const MAP: &str = "map";
/// Where every path of the map begins.
const VARIABLES: &str = "variables";

/// Files that came with a request, until a command takes them. What nobody takes is removed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrived(Arc<Mutex<Vec<FormFile>>>);

impl Arrived {
    /// The file of a part; each is taken once.
    fn take(&self, part: &str) -> Option<FormFile> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index = files.iter().position(|file| file.part == part)?;
        Some(files.swap_remove(index))
    }
}

impl Media {
    /// Receives a request with its files. Its part `operations` is read as a body of its own would be; what is wrong with that is told inside.
    ///
    /// # Errors
    /// It is no such form, breaks off, or is too large; a file lies about its kind, stands nowhere, or in two places.
    pub(crate) async fn receive(
        &self,
        app: &App,
        (parts, body): (&Parts, Body),
        rules: BodyRules,
    ) -> Result<Result<(Request<'static>, Arrived), RequestFault>, Refusal> {
        let form = self.reading(app).form(&parts.headers, body).await?;
        let text = |name: &str| form.texts.iter().find(|(part, _)| part == name).map(|(_, text)| text.as_str());
        let (Some(operations), Some(map)) = (text(OPERATIONS), text(MAP)) else {
            return Err(Refusal::invalid("A multipart request has the parts operations and map before its files"));
        };
        let mut request = match from_body(operations.as_bytes(), BodyRules { batch_max: None, ..rules }) {
            Ok(Requests::One(request)) => request.into_owned(),
            Ok(Requests::Batch(_)) => return Ok(Err(RequestFault::BatchRefused)),
            Err(fault) => return Ok(Err(fault)),
        };
        let map: BTreeMap<String, Vec<String>> = serde_json::from_str(map)
            .map_err(|_| Refusal::invalid("The part map is no JSON object of lists of paths, by parts"))?;
        for file in &form.files {
            let [path] = map.get(&file.part).map_or(&[][..], Vec::as_slice) else {
                return Err(Refusal::invalid("The map names one place for every file: each part with one path"));
            };
            place(&mut request.variables, path, &file.part)?;
        }
        if map.len() != form.files.len() {
            return Err(Refusal::invalid("The map names parts that are no files of the request, or two have one name"));
        }
        Ok(Ok((request, Arrived(Arc::new(Mutex::new(form.files))))))
    }
}

/// Puts the name of a part where its file is meant: at a null of the variables.
fn place(variables: &mut Map<String, Json>, path: &str, part: &str) -> Result<(), Refusal> {
    let nowhere =
        || Refusal::invalid("A path of the map leads to no null of the variables: variables.file, variables.files.0");
    let mut steps = path.split('.');
    if steps.next() != Some(VARIABLES) {
        return Err(nowhere());
    }
    let mut at = steps.next().and_then(|name| variables.get_mut(name)).ok_or_else(nowhere)?;
    for step in steps {
        let next = match at {
            Json::Object(members) => members.get_mut(step),
            Json::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get_mut(index)),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
        };
        at = next.ok_or_else(nowhere)?;
    }
    if !at.is_null() {
        return Err(nowhere());
    }
    *at = json!(part);
    Ok(())
}

/// Keeps the files that a command is given, links them where it names a document, and answers with their rows.
///
/// # Errors
/// A value names no file of the request, or an upload of the same files by the REST interface would be refused.
pub(crate) async fn upload((app, sender): (&App, &Sender), asked: Asked<'_>) -> Result<Work, Cause> {
    let Some(media) = &app.media else { return Err(Cause::Forbidden) };
    Ok(kept(media, (app, sender), asked).await?)
}

async fn kept(media: &Arc<Media>, (app, sender): (&App, &Sender), asked: Asked<'_>) -> Result<Work, Refusal> {
    let given = |name: &str| {
        asked.command.given.iter().find(|(given, _)| given == name).map(|(_, hole)| asked.values.get(*hole))
    };
    let text = |name: &str| given(name).and_then(text_of);
    let target = media.target(PARTS.map(text), &sender.caller)?;
    let parts = match (given("file"), given("files")) {
        (Some(part), None) => vec![text_of(part)],
        (None, Some(Value::List(parts))) => parts.iter().map(text_of).collect(),
        (_, _) => Vec::new(),
    };
    if parts.is_empty() {
        return Err(Refusal::invalid("Files are empty"));
    }
    let taken = parts.into_iter().map(|part| sender.files.take(part?));
    let no_file =
        || Refusal::invalid("Upload value invalid: it names no file of the request, or one that another has taken");
    let files = taken.collect::<Option<Vec<FormFile>>>().ok_or_else(no_file)?;
    target.iter().try_for_each(|target| target.takes(&files))?;
    let said = ["name", "alternativeText", "caption"].map(|name| (name.to_owned(), json!(text(name))));
    let info = rest::info(&Json::Object(Map::from_iter(said)), app.settings.limits.upload_name_characters_max)?;
    let rows = media.keep(app, &sender.caller, with_info(files, info)).await?;
    if let Some(target) = &target {
        media.link(&sender.caller, (target, &rows)).await?;
    }
    let keys: Vec<Value> = rows.iter().filter_map(|row| row.get("id")?.as_i64()).map(Value::Int).collect();
    Ok(Work { rows: keys.clone(), ..Work::row(keys.into_iter().next()) })
}

/// What is said is said of the first file.
fn with_info(files: Vec<FormFile>, info: super::keep::FileInfo) -> Vec<(FormFile, super::keep::FileInfo)> {
    let mut infos = Some(info).into_iter();
    files.into_iter().map(|file| (file, infos.next().unwrap_or_default())).collect()
}

fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// Whether the caller may upload at all: asked before anything is received.
pub(crate) fn may_upload(app: &App, caller: &Caller) -> bool {
    app.media.as_ref().is_some_and(|media| media.may_upload(caller))
}
