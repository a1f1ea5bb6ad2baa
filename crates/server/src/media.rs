//! Uploaded files: received, named and kept by [`files`], their rows written like any other through a plan that `authorize` has seen.
//!
//! In flow forms with files, in Strapi's form; out come rows of the system type `Media`. A file is in its place
//! before its row is committed, and under a note until then, so that neither is ever without the other.

mod form;
mod keep;
mod link;
mod plans;
mod rest;
mod serve;
mod settle;
mod upload;

use std::sync::Arc;

use files::Folder;
use model::{Model, TypeId};
use tokio::sync::Semaphore;

pub(crate) use rest::routes;
pub(crate) use settle::Noted;
pub(crate) use upload::{Arrived, may_upload, upload};

use crate::plan_runner::PlanRunner;
use crate::settings::Limits;

/// Where files stand, and how much may be done with them at once.
pub(crate) struct Media {
    folder: Arc<Folder>,
    runner: PlanRunner,
    of: TypeId,
    /// Uploads that may arrive at once.
    uploads: Arc<Semaphore>,
    /// Images that may be decoded at once.
    images: Arc<Semaphore>,
}

impl Media {
    /// The files of a model; none where it has no type of files.
    pub(crate) fn new(folder: Arc<Folder>, runner: &PlanRunner, limits: &Limits) -> Option<Media> {
        let (of, _) = runner.model().content_types().find(|(_, content_type)| content_type.is_media())?;
        let uploads = Arc::new(Semaphore::new(limits.uploads_max));
        let images = Arc::new(Semaphore::new(limits.upload_images_max));
        Some(Media { folder, runner: runner.clone(), of, uploads, images })
    }

    fn model(&self) -> &Arc<Model> {
        self.runner.model()
    }
}
