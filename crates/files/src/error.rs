//! What can go wrong with a file.

use std::path::PathBuf;

/// What can go wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk refused.
    #[error("could not {what} {path}")]
    Disk {
        /// What was tried: "write", "rename".
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The content is of another kind than the name or the sender says.
    #[error("{name} is said to be {claimed}, but its content is {found}")]
    KindDiffers {
        /// As the client named it.
        name: String,
        /// What is claimed.
        claimed: String,
        /// What it is.
        found: String,
    },
    /// An image that cannot be read.
    #[error("the image {name} cannot be read: {problem}")]
    ImageBroken {
        /// As the client named it.
        name: String,
        /// What the reader met.
        problem: String,
    },
    /// An image of more pixels than are decoded.
    #[error("the image {name} has {width} x {height} pixels, more than {most} (upload_image_pixels_max)")]
    ImageTooLarge {
        /// As the client named it.
        name: String,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// The limit.
        most: u64,
    },
}
