//! Strapi's REST interface to files.
//!
//! ```text
//! POST   /api/upload             files, fileInfo, ref, refId, field; ?id= changes the texts about one file    201, a list of files
//! GET    /api/upload/files       a list of files
//! GET    /api/upload/files/ID    one
//! DELETE /api/upload/files/ID    removes it, and shows what it was
//! GET    /uploads/NAME           the file itself
//! ```
//!
//! The same stands below `/upload`, without `/api`. Source: dialect manual 7.8.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode};
use axum::routing::any;
use model::Action;
use plan::{Caller, Policy, Variables};
use serde_json::{Map, Value, json};

use super::form::{Form, Reading};
use super::keep::{FileInfo, PATH};
use super::plans::{By, ID, Maker};
use super::{Media, link, serve};
use crate::app::App;
use crate::refusal::{Refusal, answer};
use crate::request::pairs;
use crate::{cors, exchange};

/// Where files are uploaded: below Strapi's prefix, and without it.
const PLACES: [&str; 2] = ["/api/upload", "/upload"];
/// Name of the parts with files.
const FILES: &str = "files";
/// Name of the part with what is said about them.
const FILE_INFO: &str = "fileInfo";

/// Adds the ways to files. A place that an endpoint of the project has is left to it.
pub(crate) fn routes(router: Router, app: &Arc<App>) -> Router {
    if app.media.is_none() {
        return router;
    }
    let is_free =
        |place: &&str| !app.schemas.paths().any(|path| path == *place || path.starts_with(&[place, "/"].concat()));
    let router = PLACES.into_iter().filter(is_free).fold(router, |router, place| {
        let (upload, list, one) = (Arc::clone(app), Arc::clone(app), Arc::clone(app));
        router
            .route(place, any(move |request: Request| async move { asked(&upload, Ask::Upload, request).await }))
            .route(
                &[place, "/files"].concat(),
                any(move |request: Request| async move { asked(&list, Ask::Files, request).await }),
            )
            .route(
                &[place, "/files/{id}"].concat(),
                any(move |Path(id): Path<String>, request: Request| async move {
                    asked(&one, Ask::File(id), request).await
                }),
            )
    });
    let app = Arc::clone(app);
    router.route(
        &[PATH, "{name}"].concat(),
        any(move |Path(names): Path<HashMap<String, String>>, request: Request| async move {
            let (parts, _) = request.into_parts();
            let Some(media) = &app.media else { return Refusal::not_found().response() };
            let mut response = serve::file(&media.folder, names.get("name").map_or("", String::as_str), &parts).await;
            cors::allow(&app.settings.cors_origins, &parts, response.headers_mut());
            response
        }),
    )
}

/// What a path asks for.
enum Ask {
    Upload,
    Files,
    File(String),
}

async fn asked(app: &Arc<App>, ask: Ask, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if let Some(leave) = cors::leave(&app.settings.cors_origins, &parts) {
        return leave;
    }
    let outcome = match &app.media {
        Some(media) => answered(app, media, ask, (&parts, body)).await,
        None => Err(Refusal::not_found()),
    };
    let mut response = outcome.unwrap_or_else(|refusal| refusal.response());
    cors::allow(&app.settings.cors_origins, &parts, response.headers_mut());
    response
}

async fn answered(
    app: &App,
    media: &Arc<Media>,
    ask: Ask,
    (parts, body): (&Parts, Body),
) -> Result<Response<Body>, Refusal> {
    let caller = exchange::sender(app, parts).await.map_err(|fault| Refusal::of_request(&fault))?.caller;
    match (&parts.method, ask) {
        (&Method::POST, Ask::Upload) => match query(parts, ID) {
            Some(id) => media.information(app, &caller, (&id, parts, body)).await,
            None => media.upload(app, &caller, (parts, body)).await,
        },
        (&Method::GET, Ask::Files) => {
            let found = media.run((&caller, media.maker().list()), &Variables::new()).await?;
            Ok(answer(StatusCode::OK, found.get("files").unwrap_or(&Value::Null).to_string()))
        }
        (&Method::GET, Ask::File(id)) => {
            let found = media.run((&caller, media.maker().one(By::of(&id))), &by_id(&id)).await?;
            found_or_not(&found)
        }
        (&Method::DELETE, Ask::File(id)) => {
            let found = media.run((&caller, media.maker().delete(By::of(&id))), &by_id(&id)).await?;
            found_or_not(&found)
        }
        (_, ask) => Err(not_allowed(&ask)),
    }
}

impl Media {
    fn maker(&self) -> Maker<'_> {
        Maker::new(self.model(), self.of)
    }

    /// Whether the caller may upload at all: asked before anything is received.
    pub(crate) fn may_upload(&self, caller: &Caller) -> bool {
        Policy::of(self.model(), caller).allows(self.of, Action::Create)
    }

    async fn upload(
        self: &Arc<Self>,
        app: &App,
        caller: &Caller,
        (parts, body): (&Parts, Body),
    ) -> Result<Response<Body>, Refusal> {
        if !self.may_upload(caller) {
            return Err(Refusal::forbidden());
        }
        let form = self.reading(app).form(&parts.headers, body).await?;
        refuse_unknown(&form)?;
        let infos = infos(&form, app.settings.limits.upload_name_characters_max)?;
        if form.files.is_empty() {
            return Err(Refusal::invalid("Files are empty"));
        }
        let text = |name| form.texts.iter().find(|(text, _)| text == name).map(|(_, text)| text.as_str());
        let target = self.target(link::PARTS.map(text), caller)?;
        target.iter().try_for_each(|target| target.takes(&form.files))?;
        let mut infos = infos.into_iter();
        let given = form.files.into_iter().map(|file| (file, infos.next().unwrap_or_default()));
        let rows = self.keep(app, caller, given.collect()).await?;
        if let Some(target) = &target {
            self.link(caller, (target, &rows)).await?;
        }
        Ok(answer(StatusCode::CREATED, Value::Array(rows).to_string()))
    }

    /// Changes the texts about one file.
    async fn information(
        self: &Arc<Self>,
        app: &App,
        caller: &Caller,
        (id, parts, body): (&str, &Parts, Body),
    ) -> Result<Response<Body>, Refusal> {
        if !Policy::of(self.model(), caller).allows(self.of, Action::Update) {
            return Err(Refusal::forbidden());
        }
        let form = self.reading(app).form(&parts.headers, body).await?;
        refuse_unknown(&form)?;
        if form.texts.iter().any(|(name, _)| name != FILE_INFO) {
            return Err(Refusal::invalid("Only fileInfo can be changed"));
        }
        if !form.files.is_empty() {
            return Err(Refusal::invalid("A file's content cannot be replaced: upload it anew"));
        }
        let info = infos(&form, app.settings.limits.upload_name_characters_max)?.into_iter().next().unwrap_or_default();
        let given = info.given();
        let names: Vec<&str> = given.keys().map(String::as_str).collect();
        let plan = self.maker().update(By::of(id), &names);
        let mut variables = by_id(id);
        variables.insert("info".to_owned(), Value::Object(given.clone()));
        let found = self.run((caller, plan), &variables).await?;
        found_or_not(&found)
    }

    pub(crate) fn reading<'a>(&'a self, app: &'a App) -> Reading<'a> {
        Reading { media: self, limits: &app.settings.limits, ids: &app.settings.ids }
    }
}

impl FileInfo {
    /// The fields that it has values for.
    fn given(self) -> Map<String, Value> {
        let mut given = Map::new();
        given.extend(self.name.map(|name| ("name".to_owned(), json!(files::shown_name(&name)))));
        given.extend(self.alternative_text.map(|text| ("alternativeText".to_owned(), json!(text))));
        given.extend(self.caption.map(|text| ("caption".to_owned(), json!(text))));
        given.extend(self.focal_point.map(|point| ("focalPoint".to_owned(), point)));
        given
    }
}

/// Parts that mean nothing here are told, not dropped: what they ask for would be missed later.
fn refuse_unknown(form: &Form) -> Result<(), Refusal> {
    let is_known = |name: &str| name == FILE_INFO || link::PARTS.contains(&name);
    let unknown_text = form.texts.iter().map(|(name, _)| name).find(|name| !is_known(name));
    let unknown_file = form.files.iter().map(|file| &file.part).find(|name| name.trim_end_matches("[]") != FILES);
    match unknown_text.or(unknown_file) {
        None => Ok(()),
        Some(name) => {
            let name: String = name.chars().take(60).collect();
            Err(Refusal::invalid(format!(
                "The part {name:?} is not known: there are files, fileInfo, ref, refId and field"
            )))
        }
    }
}

/// What is said about the files: one part for each, in their order, or one list.
fn infos(form: &Form, name_characters_max: usize) -> Result<Vec<FileInfo>, Refusal> {
    let mut infos = Vec::new();
    for (_, text) in form.texts.iter().filter(|(name, _)| name == FILE_INFO) {
        let json: Value = serde_json::from_str(text).map_err(|_| Refusal::invalid("fileInfo is no JSON"))?;
        match json {
            Value::Array(list) => infos.extend(list),
            other => infos.push(other),
        }
    }
    infos.into_iter().map(|json| info(&json, name_characters_max)).collect()
}

pub(super) fn info(json: &Value, name_characters_max: usize) -> Result<FileInfo, Refusal> {
    let Value::Object(members) = json else {
        return Err(Refusal::invalid("fileInfo is no object, nor a list of them"));
    };
    let mut info = FileInfo::default();
    for (name, value) in members {
        let text = || match value {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.clone())),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Err(Refusal::invalid(format!("fileInfo.{name} is no text")))
            }
        };
        match name.as_str() {
            "name" => info.name = text()?,
            "alternativeText" => info.alternative_text = text()?,
            "caption" => info.caption = text()?,
            "focalPoint" => info.focal_point = Some(value.clone()).filter(|value| !value.is_null()),
            // Clients send the folder that they show; there are none here.
            "folder" if value.is_null() => {}
            other => {
                let other: String = other.chars().take(60).collect();
                return Err(Refusal::invalid(format!("fileInfo.{other} cannot be set")));
            }
        }
    }
    if info.name.as_ref().is_some_and(|name| name.chars().count() > name_characters_max) {
        let most = name_characters_max;
        return Err(Refusal::invalid(format!(
            "fileInfo.name has more than {most} characters (upload_name_characters_max)"
        )));
    }
    Ok(info)
}

fn found_or_not(found: &Map<String, Value>) -> Result<Response<Body>, Refusal> {
    match found.get("file") {
        None | Some(Value::Null) => Err(Refusal::not_found()),
        Some(file) => Ok(answer(StatusCode::OK, file.to_string())),
    }
}

fn by_id(id: &str) -> Variables {
    Variables::from_iter([(ID.to_owned(), json!(id))])
}

/// A member of the query.
fn query(parts: &Parts, name: &str) -> Option<String> {
    let mut pairs = pairs(parts.uri.query()?);
    pairs.find(|(member, _)| member == name).map(|(_, value)| value)
}

fn not_allowed(ask: &Ask) -> Refusal {
    Refusal::method(match ask {
        Ask::Upload => "POST",
        Ask::Files => "GET",
        Ask::File(_) => "GET, DELETE",
    })
}
