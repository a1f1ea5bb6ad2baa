//! Reading a form with files: parts in order, files straight to the disk, each bound by name in the settings.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, BodyDataStream};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use bytes::Bytes;
use files::{Content, HEAD_BYTES, Incoming};
use futures_util::Stream;
use multer::{Field, Multipart};
use tokio::sync::OwnedSemaphorePermit;

use super::Media;
use crate::refusal::Refusal;
use crate::settings::Limits;
use store::Ids;

/// Bytes of what stands before a part's content.
const PART_HEAD_BYTES_MAX: usize = 16 * 1024;
/// Marks that content is being read, which has bounds of its own.
const UNBOUND: usize = usize::MAX;

/// A form that has arrived.
#[derive(Debug, Default)]
pub(crate) struct Form {
    /// Its texts by name.
    pub(crate) texts: Vec<(String, String)>,
    /// Its files.
    pub(crate) files: Vec<FormFile>,
}

/// A file of a form, on the disk but not in its place.
#[derive(Debug)]
pub(crate) struct FormFile {
    /// Name of the part.
    pub(crate) part: String,
    /// The client's name for it, safe to show.
    pub(crate) name: String,
    /// What it is.
    pub(crate) content: Content,
    /// How large it is.
    pub(crate) bytes: u64,
    /// Where it is.
    pub(crate) incoming: Incoming,
    /// The place of its upload, which is free again when all of its files are kept, or dropped.
    pub(super) _place: Arc<OwnedSemaphorePermit>,
}

/// What a form is read with.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) media: &'a Media,
    pub(crate) limits: &'a Limits,
    pub(crate) ids: &'a Ids,
}

impl Reading<'_> {
    /// Reads a whole form within the bounds of the settings. What was written of it is removed when it is refused.
    ///
    /// # Errors
    /// It is no form, breaks off, is too large or too slow, or a file of it lies about its kind.
    pub(crate) async fn form(self, headers: &HeaderMap, body: Body) -> Result<Form, Refusal> {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(content_type)
            .map_err(|_| Refusal::invalid("The body must be multipart/form-data with a boundary"))?;
        let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > self.bytes_max()) {
            return Err(Refusal::too_large(format!("The upload has more than {} bytes", self.bytes_max())));
        }
        let place = Arc::clone(&self.media.uploads).try_acquire_owned().map_err(|_| Refusal::overloaded())?;
        let head = Arc::new(AtomicUsize::new(0));
        let bounded = Bounded { inner: body.into_data_stream(), head: Arc::clone(&head), rests: false };
        let mut multipart = Multipart::new(bounded, boundary);
        let place = Arc::new(place);
        let read = self.parts(&mut multipart, &head, &place);
        tokio::time::timeout(self.limits.upload_timeout, read).await.map_err(|_| Refusal::too_slow())?
    }

    /// Of a whole form: its files, its texts, and what stands around them.
    fn bytes_max(self) -> u64 {
        let limits = self.limits;
        let files = limits.upload_file_bytes_max.saturating_mul(count(limits.upload_files_max));
        let texts = count(limits.body_bytes_max).saturating_mul(count(limits.upload_fields_max));
        files.saturating_add(texts).saturating_add(count(PART_HEAD_BYTES_MAX))
    }

    async fn parts(
        self,
        multipart: &mut Multipart<'_>,
        head: &AtomicUsize,
        place: &Arc<OwnedSemaphorePermit>,
    ) -> Result<Form, Refusal> {
        let mut form = Form::default();
        let mut texts_bytes = 0;
        loop {
            head.store(0, Ordering::Relaxed);
            let Some(field) = self.timely(multipart.next_field()).await?.map_err(broken)? else { return Ok(form) };
            head.store(UNBOUND, Ordering::Relaxed);
            if field.file_name().is_some() {
                if form.files.len() >= self.limits.upload_files_max {
                    let most = self.limits.upload_files_max;
                    return Err(Refusal::too_large(format!("More than {most} files in one upload (upload_files_max)")));
                }
                form.files.push(self.file(field, place).await?);
            } else {
                if form.texts.len() >= self.limits.upload_fields_max {
                    let most = self.limits.upload_fields_max;
                    return Err(Refusal::too_large(format!(
                        "More than {most} fields in one upload (upload_fields_max)"
                    )));
                }
                let name = field.name().unwrap_or_default().to_owned();
                let text = self.text(field, &mut texts_bytes).await?;
                form.texts.push((name, text));
            }
        }
    }

    async fn text(self, mut field: Field<'_>, bytes: &mut usize) -> Result<String, Refusal> {
        let mut text = Vec::new();
        while let Some(chunk) = self.timely(field.chunk()).await?.map_err(broken)? {
            *bytes += chunk.len();
            let most = self.limits.body_bytes_max;
            if *bytes > most {
                return Err(Refusal::too_large(format!("The fields have more than {most} bytes (body_bytes_max)")));
            }
            text.extend_from_slice(&chunk);
        }
        String::from_utf8(text).map_err(|_| Refusal::invalid("A field of the form is no UTF-8"))
    }

    async fn file(self, mut field: Field<'_>, place: &Arc<OwnedSemaphorePermit>) -> Result<FormFile, Refusal> {
        let part = field.name().unwrap_or_default().to_owned();
        let name = files::shown_name(field.file_name().unwrap_or_default());
        let most = self.limits.upload_name_characters_max;
        if name.chars().count() > most {
            return Err(Refusal::invalid(format!(
                "The name of a file has more than {most} characters (upload_name_characters_max)"
            )));
        }
        let declared = field.content_type().map(|mime| mime.essence_str().to_owned());
        let id = self.ids.word().map_err(|error| {
            tracing::error!(error = %error, "a file could not be named");
            Refusal::internal()
        })?;
        let mut incoming = self.media.folder.receive(&id).await?;
        let (mut head, mut bytes) = (Vec::new(), 0);
        let mut content = None;
        while let Some(chunk) = self.timely(field.chunk()).await?.map_err(broken)? {
            bytes += count(chunk.len());
            if bytes > self.limits.upload_file_bytes_max {
                let most = self.limits.upload_file_bytes_max;
                return Err(Refusal::too_large(format!("{name} has more than {most} bytes (upload_file_bytes_max)")));
            }
            if content.is_none() {
                let wanted = HEAD_BYTES - head.len();
                head.extend_from_slice(&chunk[..chunk.len().min(wanted)]);
                // A lie is not worth receiving to its end.
                if head.len() == HEAD_BYTES {
                    content = Some(Content::of(&head, &name, declared.as_deref())?);
                }
            }
            incoming.write(&chunk).await?;
        }
        let content = content.map_or_else(|| Content::of(&head, &name, declared.as_deref()), Ok)?;
        incoming.finish().await?;
        Ok(FormFile { part, name, content, bytes, incoming, _place: Arc::clone(place) })
    }

    /// Waits for the next piece no longer than a client may be idle.
    async fn timely<T>(self, next: impl Future<Output = T>) -> Result<T, Refusal> {
        tokio::time::timeout(self.limits.upload_idle_timeout, next).await.map_err(|_| Refusal::too_slow())
    }
}

fn broken(error: multer::Error) -> Refusal {
    match error {
        multer::Error::StreamReadFailed(source) => match source.downcast_ref::<io::Error>() {
            Some(own) if own.kind() == io::ErrorKind::InvalidData => Refusal::too_large(own.to_string()),
            Some(_) | None => Refusal::invalid("The upload broke off"),
        },
        multer::Error::IncompleteFieldData { .. } | multer::Error::IncompleteStream => {
            Refusal::invalid("The upload broke off before the last part of its form")
        }
        _other => Refusal::invalid("The form cannot be read: a part of it is malformed"),
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// A body of which the form's reader takes one piece at a time, and no more than its bound while it looks for the head of a part. Left alone
/// the reader takes whatever is there into memory.
struct Bounded {
    inner: BodyDataStream,
    /// Bytes since the last part ended; [`UNBOUND`] inside content.
    head: Arc<AtomicUsize>,
    rests: bool,
}

impl Stream for Bounded {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.rests) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let polled = Pin::new(&mut self.inner).poll_next(context);
        let Poll::Ready(Some(Ok(bytes))) = polled else {
            return polled.map(|item| item.map(|bytes| bytes.map_err(io::Error::other)));
        };
        self.rests = true;
        let met = self.head.load(Ordering::Relaxed);
        if met != UNBOUND {
            if met > PART_HEAD_BYTES_MAX {
                let text = format!("The head of a part has more than {PART_HEAD_BYTES_MAX} bytes");
                return Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::InvalidData, text))));
            }
            self.head.store(met + bytes.len(), Ordering::Relaxed);
        }
        Poll::Ready(Some(Ok(bytes)))
    }
}
