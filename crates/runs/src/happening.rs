//! What happened to a document, as the run knows that it has launched: in tags, so that it is found, filtered and repeated with the run.

use jiff::Timestamp;
use model::Tags;
use plan::Value;
use serde_json::{Value as Json, json};

use crate::record::{instant, int, text};

/// How tags begin that only the engine gives: what they tell, ops believe.
pub const OWN_TAGS: &str = "dragoman/";

/// Tags that tell of it.
const EVENT: &str = "dragoman/event";
const MODEL: &str = "dragoman/model";
const DOCUMENT_ID: &str = "dragoman/document_id";
const KEY: &str = "dragoman/key";
const LOCALE: &str = "dragoman/locale";
const TIME: &str = "dragoman/time";
/// The run whose mutation has caused it.
const CAUSED_BY: &str = "dragoman/caused_by";
/// The jobs whose runs led to it, as a JSON list.
const CHAIN: &str = "dragoman/caused_by_jobs";

/// What happened to a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// `CREATE`, `UPDATE`, `DELETE`, `PUBLISH` or `UNPUBLISH`.
    pub event: String,
    /// The content type.
    pub model: String,
    /// The document's public id.
    pub document_id: String,
    /// Its key, as text.
    pub key: String,
    /// The locale that was written, of types that have locales; none: all of them.
    pub locale: Option<String>,
    /// When it was written, as RFC 3339 says.
    pub time: String,
    /// What has caused it.
    pub cause: Cause,
}

/// What has caused a change: runs, if any. It keeps jobs from launching themselves without end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cause {
    /// The run that has made the change.
    pub run: Option<String>,
    /// Location, repository and name of the jobs whose runs led to it.
    pub jobs: Vec<[String; 3]>,
}

/// A row of the outbox.
pub(crate) struct Waiting {
    pub(crate) number: i64,
    /// Location, repository and name of the job that listens.
    pub(crate) job: [String; 3],
    pub(crate) happening: Happening,
}

impl Waiting {
    pub(crate) fn of(row: &[Value]) -> Option<Waiting> {
        let at = Timestamp::from_microsecond(instant(row.get(9))?).ok()?;
        let happening = Happening {
            event: text(row.get(4))?,
            model: text(row.get(5))?,
            document_id: text(row.get(6))?,
            key: text(row.get(7))?,
            locale: text(row.get(8)).filter(|locale| !locale.is_empty()),
            time: at.to_string(),
            cause: text(row.get(10)).map(|cause| Cause::of_text(&cause)).unwrap_or_default(),
        };
        let job = [text(row.get(1))?, text(row.get(2))?, text(row.get(3))?];
        Some(Waiting { number: int(row.first())?, job, happening })
    }
}

impl Happening {
    /// What the tags of a run tell; none: no event has launched it.
    #[must_use]
    pub fn of_tags(tags: &Tags) -> Option<Happening> {
        let text = |name: &str| tags.get(name).cloned().unwrap_or_default();
        Some(Happening {
            event: tags.get(EVENT)?.clone(),
            model: text(MODEL),
            document_id: text(DOCUMENT_ID),
            key: text(KEY),
            locale: tags.get(LOCALE).cloned(),
            time: text(TIME),
            cause: Cause { run: tags.get(CAUSED_BY).cloned(), jobs: chain_of(tags) },
        })
    }

    /// The tags of the run that it launches.
    #[must_use]
    pub fn to_tags(&self) -> Tags {
        let mut tags = Tags::new();
        let mut put = |name: &str, value: &str| tags.insert(name.to_owned(), value.to_owned());
        put(EVENT, &self.event);
        put(MODEL, &self.model);
        put(DOCUMENT_ID, &self.document_id);
        put(KEY, &self.key);
        put(TIME, &self.time);
        if let Some(locale) = &self.locale {
            put(LOCALE, locale);
        }
        if let Some(run) = &self.cause.run {
            put(CAUSED_BY, run);
            put(CHAIN, &json!(self.cause.jobs).to_string());
        }
        tags
    }

    /// As processes of the run read it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({ "event": self.event, "model": self.model, "documentId": self.document_id, "key": self.key,
            "locale": self.locale, "time": self.time })
    }
}

impl Cause {
    fn of_text(text: &str) -> Cause {
        let json: Json = serde_json::from_str(text).unwrap_or_default();
        Cause {
            run: json.get("run").and_then(Json::as_str).map(str::to_owned),
            jobs: json.get("jobs").and_then(|jobs| serde_json::from_value(jobs.clone()).ok()).unwrap_or_default(),
        }
    }
}

fn chain_of(tags: &Tags) -> Vec<[String; 3]> {
    tags.get(CHAIN).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}
