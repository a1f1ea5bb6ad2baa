//! Documents that clients name by their hashes, once they have sent their texts: within bounds, and for as long as the process runs.
//!
//! Nothing in here belongs to one caller: a text under its own hash is the same whoever sent it, and naming it gives no right. What is
//! forgotten is sent again: clients do so when they are told that a hash is unknown.

use std::borrow::Cow;
use std::sync::Arc;

use graphql::transport::{HashFault, RequestFault};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::request::{DocumentHash, Request};
use crate::settings::Limits;

/// Texts by their hashes.
pub(crate) struct Documents {
    texts: Cache<DocumentHash, Arc<str>, ByBytes>,
    document_bytes_max: usize,
}

impl Documents {
    pub(crate) fn new(limits: &Limits) -> Self {
        // Every text weighs at least a share of the whole: so the weight bounds their number, too.
        let entries = u64::try_from(limits.kept_documents_max).unwrap_or(u64::MAX).max(1);
        let weighter = ByBytes { least: (limits.kept_documents_bytes_max / entries).max(1) };
        Self {
            texts: Cache::with_weighter(limits.kept_documents_max, limits.kept_documents_bytes_max, weighter),
            document_bytes_max: limits.plan_document_bytes_max,
        }
    }

    /// The request with its text, where it has named that by its hash alone.
    ///
    /// # Errors
    /// The hash is unknown.
    pub(crate) fn with_text<'a>(&self, request: Request<'a>) -> Result<Request<'a>, RequestFault> {
        match request.hash {
            Some(hash) if request.query.is_empty() => {
                let text = self.texts.get(&hash).ok_or(RequestFault::PersistedQuery(HashFault::Unknown))?;
                // It is kept already.
                Ok(Request { query: Cow::Owned(text.as_ref().to_owned()), hash: None, ..request })
            }
            Some(_) | None => Ok(request),
        }
    }

    /// Keeps a text under its hash, unless it is too long to be kept.
    pub(crate) fn keep(&self, hash: DocumentHash, text: &str) {
        if text.len() <= self.document_bytes_max && self.texts.get(&hash).is_none() {
            self.texts.insert(hash, text.into());
        }
    }
}

/// Weighs texts by their bytes.
#[derive(Clone)]
struct ByBytes {
    least: u64,
}

impl Weighter<DocumentHash, Arc<str>> for ByBytes {
    fn weight(&self, _hash: &DocumentHash, text: &Arc<str>) -> u64 {
        (text.len() as u64).max(self.least)
    }
}
