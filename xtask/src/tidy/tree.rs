//! The texts of the workspace, as the rules see them.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::source::Source;

/// What is read; everything else (databases, fonts, compressed pages) is not text of ours.
const EXTENSIONS: [&str; 15] =
    ["rs", "md", "toml", "sql", "graphql", "json", "csv", "sh", "mjs", "js", "ts", "html", "css", "new", "yml"];
/// Made by tools, or brought along by them.
const FOLDERS_SKIPPED: [&str; 4] = [".git", "target", "node_modules", "data"];
/// Generated bundles and data sets are longer than anything that is written by hand.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// All files, with `/` between the parts of their paths, in order.
pub(super) struct Tree {
    pub(super) files: Vec<File>,
}

pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
    /// The same file as Rust, where it is that.
    pub(super) rust: Option<Source>,
}

impl Tree {
    pub(super) fn read(workspace: &Path) -> Result<Self> {
        let mut files = Vec::new();
        read_folder(workspace, "", &mut files)?;
        files.sort();
        Ok(Self::from_texts(files))
    }

    pub(super) fn from_texts(texts: impl IntoIterator<Item = (String, String)>) -> Self {
        let files = texts.into_iter().map(|(path, text)| {
            let rust = is_rust(&path).then(|| Source::read(&path, &text));
            File { path, text, rust }
        });
        Self { files: files.collect() }
    }

    pub(super) fn rust(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.files.iter().filter_map(|file| Some((file.path.as_str(), file.rust.as_ref()?)))
    }

    /// The Rust files of the product, without the tasks and the benchmark around it.
    pub(super) fn product(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.rust().filter(|(path, _)| path.starts_with("crates/"))
    }

    pub(super) fn text_of(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// Whether a file or a folder with files stands at the path.
    pub(super) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
    }
}

pub(super) fn extension(path: &str) -> &str {
    Path::new(path).extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

fn is_rust(path: &str) -> bool {
    extension(path) == "rs"
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))? {
        let entry = entry.with_context(|| format!("could not read {}", folder.display()))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let (path, kind) = (entry.path(), entry.file_type().context("could not tell a file from a folder")?);
        if kind.is_dir() && !FOLDERS_SKIPPED.contains(&name.as_str()) {
            read_folder(&path, &format!("{prefix}{name}/"), files)?;
        } else if kind.is_file() {
            let is_text = EXTENSIONS.contains(&extension(&name)) && entry.metadata()?.len() <= FILE_BYTES_MAX;
            let text = if is_text { fs::read_to_string(&path).unwrap_or_default() } else { String::new() };
            files.push((format!("{prefix}{name}"), text));
        }
    }
    Ok(())
}
