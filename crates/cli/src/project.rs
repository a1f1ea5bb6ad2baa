//! A project's folder: its settings, its texts, its data folder.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use files::Folder;
use model::{Model, Source};
use server::{EndpointSettings, SetupCode, TokenKey};
use store::Address;

use crate::arguments::Project as Arguments;
use crate::config::{Config, DATA, DATABASE, FILE_NAME, Origins, TOKEN_KEY, TOKEN_KEY_FILE};
use crate::error::Error;

/// Where the types of a project stand.
pub(crate) const SCHEMA_FOLDER: &str = "schema";
/// Where its first data stands.
pub(crate) const SEED_FOLDER: &str = "seed";
/// Where uploaded files stand in the data folder.
const UPLOADS_FOLDER: &str = "uploads";
/// The key of tokens that `dev` makes.
const TOKEN_KEY_FILE_NAME: &str = "token.key";
/// Longest file of types that is read.
const SCHEMA_FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// A folder and its settings.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) folder: PathBuf,
    pub(crate) config: Config,
    pub(crate) data: PathBuf,
}

impl Project {
    /// Reads the settings. `flags` are the keys that the command itself sets.
    pub(crate) fn open(arguments: &Arguments, flags: &[(&'static str, String)]) -> Result<Project, Error> {
        let folder = arguments.folder.clone();
        if !folder.is_dir() {
            return Err(Error::NoFolder { path: folder });
        }
        let mut flags = flags.to_vec();
        if let Some(data) = &arguments.data {
            // A path of the command line is relative to where it was typed.
            let data = std::path::absolute(data).map_err(|source| Error::read(data, source))?;
            flags.push((DATA, data.display().to_string()));
        }
        flags.extend(arguments.database.clone().map(|url| (DATABASE, url)));
        let origins =
            Origins { file: optional(&folder.join(FILE_NAME))?, environment: std::env::vars().collect(), flags };
        let config = Config::read(&origins).map_err(Error::Faults)?;
        let data = folder.join(config.text(DATA).unwrap_or_default());
        Ok(Project { folder, config, data })
    }

    /// Reads the texts of its types into a checked model.
    pub(crate) fn model(&self) -> Result<Model, Error> {
        let sources = self.schema_texts()?;
        if sources.is_empty() {
            return Err(Error::NoSchema { folder: self.folder.join(SCHEMA_FOLDER) });
        }
        model::read(sources).map_err(Error::Faults)
    }

    /// Every `*.graphql` below `schema/`, by path; and the workflow engine's own types, where agents of others are served.
    pub(crate) fn schema_texts(&self) -> Result<Vec<Source>, Error> {
        let mut texts = texts_below(&self.folder)?;
        let serves_agents = |endpoint: &EndpointSettings| endpoint.dialects.iter().any(|name| name == "prefect");
        if self.config.endpoints.iter().any(serves_agents) {
            texts.push(model::workflow());
        }
        Ok(texts)
    }

    /// Every `seed/*.json`, by name.
    pub(crate) fn seed_files(&self) -> Result<Vec<PathBuf>, Error> {
        let mut paths = Vec::new();
        files_below(&self.folder.join(SEED_FOLDER), "json", &mut paths)?;
        paths.sort();
        Ok(paths)
    }

    /// The database that the settings name, or the file in the data folder.
    pub(crate) fn database(&self) -> Result<Address, Error> {
        match self.config.text(DATABASE) {
            Some(url) => match Address::parse(url)? {
                Address::Sqlite(path) => Ok(Address::Sqlite(self.folder.join(path))),
                postgres @ Address::Postgres(_) => Ok(postgres),
            },
            None => Ok(Address::in_folder(&self.data)),
        }
    }

    /// Makes the data folder where it is not there, its owner's alone.
    pub(crate) fn make_data_folder(&self) -> Result<(), Error> {
        use std::os::unix::fs::DirBuilderExt as _;
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.data);
        made.map_err(|source| Error::write(&self.data, source))
    }

    /// The folder of uploaded files, made where it is not there.
    pub(crate) fn files(&self) -> Result<Folder, Error> {
        Ok(Folder::open(self.data.join(UPLOADS_FOLDER))?)
    }

    /// The key of callers' tokens: from the settings, or the one that `dev` has made.
    pub(crate) fn token_key(&self) -> Result<Option<TokenKey>, Error> {
        if let Some(key) = self.config.text(TOKEN_KEY) {
            return TokenKey::new(key.as_bytes()).map(Some).map_err(Error::TokenKey);
        }
        let configured = self.config.text(TOKEN_KEY_FILE).map(|path| self.folder.join(path));
        let is_configured = configured.is_some();
        let path = configured.unwrap_or_else(|| self.data.join(TOKEN_KEY_FILE_NAME));
        match fs::read_to_string(&path) {
            Ok(text) => TokenKey::new(text.trim().as_bytes()).map(Some).map_err(Error::TokenKey),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_configured => Ok(None),
            Err(source) => Err(Error::read(&path, source)),
        }
    }

    /// The key, made and kept in the data folder where there is none: for trying things out.
    pub(crate) fn token_key_or_new(&self) -> Result<TokenKey, Error> {
        if let Some(key) = self.token_key()? {
            return Ok(key);
        }
        let text = secret()?;
        self.make_data_folder()?;
        let path = self.data.join(TOKEN_KEY_FILE_NAME);
        write_secret(&path, &text).map_err(|source| Error::write(&path, source))?;
        TokenKey::new(text.as_bytes()).map_err(Error::TokenKey)
    }
}

/// Every `*.graphql` below a project's `schema/`, by path.
pub(crate) fn texts_below(folder: &Path) -> Result<Vec<Source>, Error> {
    let mut paths = Vec::new();
    files_below(&folder.join(SCHEMA_FOLDER), "graphql", &mut paths)?;
    paths.sort();
    paths.iter().map(|path| text_of(folder, path)).collect()
}

fn text_of(folder: &Path, path: &Path) -> Result<Source, Error> {
    let bytes = fs::metadata(path).map_err(|source| Error::read(path, source))?.len();
    if bytes > SCHEMA_FILE_BYTES_MAX {
        return Err(Error::TooLarge { path: path.to_path_buf(), bytes, most: SCHEMA_FILE_BYTES_MAX });
    }
    let text = fs::read_to_string(path).map_err(|source| Error::read(path, source))?;
    let name = path.strip_prefix(folder).unwrap_or(path).display().to_string();
    Ok(Source { name, text })
}

/// A new code for the page that makes the first administrator.
pub(crate) fn setup_code() -> Result<SetupCode, Error> {
    secret().map(SetupCode::new)
}

/// A text that nobody can guess.
pub(crate) fn secret() -> Result<String, Error> {
    let mut random = [0_u8; server::TOKEN_KEY_BYTES_MIN];
    getrandom::fill(&mut random).map_err(|source| Error::Random { source })?;
    Ok(hexadecimal(&random))
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// Makes an empty file that only its owner reads and writes, where none is. What is below a folder that is not there is left to who opens it.
pub(crate) fn make_private(path: &Path) -> Result<(), Error> {
    match write_secret(path, "") {
        Err(source) if !matches!(source.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) => {
            Err(Error::write(path, source))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A new file that only its owner reads.
fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

fn optional(path: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::read(path, source)),
    }
}

/// Files of one extension in a folder and the folders below; none where the folder is not there.
fn files_below(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(Error::read(folder, source)),
    };
    for entry in entries {
        let path = entry.map_err(|source| Error::read(folder, source))?.path();
        if path.is_dir() {
            files_below(&path, extension, found)?;
        } else if path.extension().is_some_and(|met| met == extension) {
            found.push(path);
        }
    }
    Ok(())
}
