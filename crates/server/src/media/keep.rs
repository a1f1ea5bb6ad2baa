//! From files of a form to files in their places with rows: formats, names, and the one plan that writes.

use std::path::PathBuf;
use std::sync::Arc;

use files::{Dimensions, FormatFile, FormatRule, ImageLimits, Incoming};
use plan::{Caller, Cause, Plan, Variables};
use serde_json::{Map, Value, json};
use store::NoCommands;

use super::form::FormFile;
use super::plans::Maker;
use super::{Media, Noted};
use crate::app::App;
use crate::plan_runner::Given;
use crate::refusal::Refusal;

/// Random letters of a name on disk.
const RANDOM_LETTERS: usize = 16;
/// Where files are served.
pub(super) const PATH: &str = "/uploads/";
/// What the local disk is called.
const PROVIDER: &str = "local";

/// What a client says about a file that it sends.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FileInfo {
    /// Instead of the name that came with it.
    pub(crate) name: Option<String>,
    /// What to read where it is not seen.
    pub(crate) alternative_text: Option<String>,
    /// What stands below it.
    pub(crate) caption: Option<String>,
    /// What must stay in sight: Strapi's `{ x, y }`.
    pub(crate) focal_point: Option<Value>,
}

/// A file that is ready to be placed.
struct Ready {
    hash: String,
    row: Map<String, Value>,
    files: Vec<(Incoming, String)>,
}

impl Media {
    /// Places files and writes their rows, all or none.
    ///
    /// # Errors
    /// An image cannot be read, the caller may not, the database is away: nothing is left.
    pub(crate) async fn keep(
        self: &Arc<Self>,
        app: &App,
        caller: &Caller,
        given: Vec<(FormFile, FileInfo)>,
    ) -> Result<Vec<Value>, Refusal> {
        let mut ready = Vec::with_capacity(given.len());
        for (file, info) in given {
            ready.push(self.ready(app, file, info).await?);
        }
        let mut variables = Variables::new();
        let mut names = Vec::new();
        for (index, file) in ready.iter().enumerate() {
            names.push(file.row.keys().map(String::as_str).collect::<Vec<_>>());
            variables.insert(index.to_string(), Value::Object(file.row.clone()));
        }
        let plan = Maker::new(self.model(), self.of).create(&names);
        let noted = Noted::new(self);
        let placed = self.place(ready, noted.clone()).await;
        let written = match placed {
            Ok(()) => self.ran((caller, plan), &variables, &noted).await,
            Err(refusal) => Err((Cause::Internal, refusal)),
        };
        // Where the rows are there the files stay, where they are not the files go.
        noted.settle(written.as_ref().err().map(|(cause, _)| cause).into_iter()).await;
        Ok(written.map_err(|(_, refusal)| refusal)?.into_iter().map(|(_, row)| row).collect())
    }

    async fn place(&self, ready: Vec<Ready>, noted: Noted) -> Result<(), Refusal> {
        let folder = Arc::clone(&self.folder);
        let placed = tokio::task::spawn_blocking(move || {
            ready
                .into_iter()
                .try_for_each(|mut file| folder.place(&file.hash, &mut file.files).map(|note| noted.add(note)))
        });
        placed.await.map_err(|error| panicked(&error))?.map_err(Refusal::from)
    }

    async fn ready(&self, app: &App, file: FormFile, info: FileInfo) -> Result<Ready, Refusal> {
        let random = app.settings.ids.word().map_err(|error| {
            tracing::error!(error = %error, "a file could not be named");
            Refusal::internal()
        })?;
        let name = info.name.as_deref().map_or_else(|| file.name.clone(), files::shown_name);
        let hash = files::file_hash(&file.name, &random[..RANDOM_LETTERS]);
        let extension = file.content.extension;
        let image = if file.content.has_formats() { Some(self.image(app, &file, &hash).await?) } else { None };
        let named = [hash.as_str(), extension].concat();
        let mut row = Map::from_iter([
            ("name".to_owned(), json!(name)),
            ("hash".to_owned(), json!(hash)),
            ("ext".to_owned(), json!(extension)),
            ("mime".to_owned(), json!(file.content.mime)),
            ("size".to_owned(), json!(kilobytes(file.bytes).to_string())),
            ("url".to_owned(), json!([PATH, &named].concat())),
            ("provider".to_owned(), json!(PROVIDER)),
        ]);
        row.extend(info.alternative_text.map(|text| ("alternativeText".to_owned(), json!(text))));
        row.extend(info.caption.map(|text| ("caption".to_owned(), json!(text))));
        row.extend(info.focal_point.map(|point| ("focalPoint".to_owned(), point)));
        let mut files = vec![(file.incoming, named)];
        if let Some(Image { dimensions, formats }) = image {
            row.insert("width".to_owned(), json!(dimensions.width));
            row.insert("height".to_owned(), json!(dimensions.height));
            let shown = formats
                .iter()
                .map(|(format, _)| (format.rule.name.to_owned(), shown(format, (&name, &hash), &file.content)));
            let shown: Map<String, Value> = shown.collect();
            if !shown.is_empty() {
                row.insert("formats".to_owned(), Value::Object(shown));
            }
            let placed =
                formats.into_iter().map(|(format, incoming)| (incoming, format_name(&format.rule, &hash, extension)));
            files.extend(placed);
        }
        Ok(Ready { hash, row, files })
    }

    /// Reads an image and makes its formats, as many images at once as the settings say.
    async fn image(&self, app: &App, file: &FormFile, hash: &str) -> Result<Image, Refusal> {
        let place_held = Arc::clone(&self.images).acquire_owned().await.expect("the semaphore is never closed");
        let limits = ImageLimits { pixels_max: app.settings.limits.upload_image_pixels_max };
        let (folder, path, name, hash) =
            (Arc::clone(&self.folder), file.incoming.path().to_owned(), file.name.clone(), hash.to_owned());
        let made = tokio::task::spawn_blocking(move || {
            // The work holds its place itself: it goes on when nobody waits for it any more.
            let _place_held = place_held;
            let dimensions = files::dimensions(&path, &name, limits)?;
            let mut reserved: Vec<(FormatRule, Incoming)> = Vec::new();
            for rule in files::FORMATS {
                reserved.push((rule, folder.reserve(&[rule.name, "_", &hash].concat())));
            }
            let place = |rule: &FormatRule| {
                let of = reserved.iter().find(|(reserved, _)| reserved == rule);
                of.map_or_else(PathBuf::new, |(_, incoming)| incoming.path().to_owned())
            };
            let formats = files::make_formats(&path, &name, limits, &place)?;
            let mut taken = Vec::new();
            for format in formats {
                if let Some(at) = reserved.iter().position(|(rule, _)| *rule == format.rule) {
                    taken.push((format, reserved.swap_remove(at).1));
                }
            }
            Ok::<_, files::Error>(Image { dimensions, formats: taken })
        });
        made.await.map_err(|error| panicked(&error))?.map_err(Refusal::from)
    }

    /// Runs a plan, and lets files go whose rows it removes.
    pub(super) async fn run(
        self: &Arc<Self>,
        asked: (&Caller, Plan),
        variables: &Variables,
    ) -> Result<Map<String, Value>, Refusal> {
        let noted = Noted::new(self);
        let ran = self.ran(asked, variables, &noted).await;
        noted.settle(ran.as_ref().err().map(|(cause, _)| cause).into_iter()).await;
        ran.map_err(|(_, refusal)| refusal)
    }

    /// Runs a plan. What waits for its end is settled by whoever asks.
    pub(super) async fn ran(
        &self,
        (caller, plan): (&Caller, Plan),
        variables: &Variables,
        noted: &Noted,
    ) -> Result<Map<String, Value>, (Cause, Refusal)> {
        let given = Given { caller, variables, files: noted.watch(), commands: &NoCommands };
        let bytes = self.runner.run(plan, given).await.map_err(|fault| {
            let refusal = Refusal::of_cause(&fault.cause);
            (fault.cause, refusal)
        })?;
        serde_json::from_slice(&bytes).map_err(|error| {
            tracing::error!(error = %error, "the answer about files is no object");
            (Cause::Internal, Refusal::internal())
        })
    }
}

/// An image that was read.
struct Image {
    dimensions: Dimensions,
    formats: Vec<(FormatFile, Incoming)>,
}

fn format_name(rule: &FormatRule, hash: &str, extension: &str) -> String {
    [rule.name, "_", hash, extension].concat()
}

/// A format as Strapi's `formats` shows it.
fn shown(format: &FormatFile, (name, hash): (&str, &str), content: &files::Content) -> Value {
    let url = [PATH, &format_name(&format.rule, hash, content.extension)].concat();
    let [name, hash] = [name, hash].map(|of| [format.rule.name, "_", of].concat());
    json!({
        "name": name,
        "hash": hash,
        "ext": content.extension,
        "mime": content.mime,
        "path": null,
        "width": format.dimensions.width,
        "height": format.dimensions.height,
        "size": kilobytes(format.bytes),
        "sizeInBytes": format.bytes,
        "url": url,
    })
}

/// Kilobytes with two decimals, as Strapi counts them: of 1000 bytes.
fn kilobytes(bytes: u64) -> serde_json::Number {
    let hundredths = (bytes + 5) / 10;
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    let short = text.trim_end_matches('0').trim_end_matches('.');
    short.parse().unwrap_or_else(|_| 0.into())
}

fn panicked(error: &tokio::task::JoinError) -> Refusal {
    tracing::error!(error = %error, "work on a file broke");
    Refusal::internal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_kilobytes_of_two_decimals() {
        let cases = [(0, "0"), (4, "0"), (5, "0.01"), (70, "0.07"), (1000, "1"), (12_340, "12.34"), (12_345, "12.35")];
        for (bytes, shown) in cases {
            assert_eq!(kilobytes(bytes).to_string(), shown);
        }
    }
}
