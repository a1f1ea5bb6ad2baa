//! Uploaded files on the local disk: what they are by their content, how they are named, smaller formats of images, and a folder in which
//! nothing stays half-done.
//!
//! In flow bytes and the names that clients give; out come safe names, kinds and finished files. A file of the folder stands or falls with
//! its row: a note in the folder names what is to go should the row not be there, and is settled after the commit, or at the next start.
//!
//! This crate must never know HTTP, GraphQL or the database.

mod content;
mod error;
mod folder;
mod formats;
mod name;

pub use content::{ActiveIn, Content, Disposition, Family, HEAD_BYTES, served_as};
pub use error::Error;
pub use folder::{Folder, Incoming, Note};
pub use formats::{Dimensions, FORMATS, FormatFile, FormatRule, ImageLimits, dimensions, make as make_formats};
pub use name::{extension_of, file_hash, is_file_name, shown_name};
