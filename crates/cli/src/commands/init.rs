//! `dragoman init`: a small project that runs, every file of it worth reading.

use std::fs;
use std::path::Path;

use crate::error::Error;

/// The files of a new project. `gitignore` bears its dot only there.
const FILES: [(&str, &str); 5] = [
    ("dragoman.toml", include_str!("starter/dragoman.toml")),
    ("schema/shop.graphql", include_str!("starter/shop.graphql")),
    ("seed/category.json", include_str!("starter/category.json")),
    ("seed/product.json", include_str!("starter/product.json")),
    (".gitignore", include_str!("starter/gitignore")),
];

/// Writes the project into a folder that is new or empty.
pub(crate) fn run(folder: &Path) -> Result<(), Error> {
    if folder.exists() {
        let mut entries = fs::read_dir(folder).map_err(|source| Error::read(folder, source))?;
        if entries.next().is_some() {
            return Err(Error::NotEmpty { path: folder.to_path_buf() });
        }
    }
    for (name, text) in FILES {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|source| Error::write(parent, source))?;
        fs::write(&path, text).map_err(|source| Error::write(&path, source))?;
    }
    let shown = folder.display();
    eprintln!("A project stands in {shown}. Next: dragoman dev {shown}");
    Ok(())
}
