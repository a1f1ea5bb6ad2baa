//! Events as JSON, one object a line: time, level, message and fields of the event, then the fields of the span that it stands in.
//!
//! ```json
//! {"timestamp":"2026-01-31T12:00:00.123456Z","level":"INFO","message":"request","status":200,"span":{"id":"1-7","operation":"a","name":"request"}}
//! ```
//!
//! Written straight into the line's buffer: every request logs a line, and reading its span's fields again for each new one costs more than the line.

use std::fmt::{self, Debug, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes an event as an object.
pub(super) struct JsonEvents;

/// Writes fields as the members of an object, without its braces.
pub(super) struct JsonFields;

impl<S, N> FormatEvent<S, N> for JsonEvents
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        out.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut out)?;
        write!(out, "\",\"level\":\"{}\",", event.metadata().level())?;
        let mut members = Members::new(out.by_ref());
        event.record(&mut members);
        members.written?;
        if let Some(span) = context.lookup_current() {
            out.write_str(",\"span\":{")?;
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>().filter(|fields| !fields.is_empty()) {
                write!(out, "{fields},")?;
            }
            write!(out, "\"name\":\"{}\"}}", span.name())?;
        }
        out.write_str("}\n")
    }
}

impl<'w> FormatFields<'w> for JsonFields {
    fn format_fields<R: RecordFields>(&self, out: Writer<'w>, fields: R) -> fmt::Result {
        let mut members = Members::new(out);
        fields.record(&mut members);
        members.written
    }

    fn add_fields(&self, current: &'w mut FormattedFields<Self>, fields: &tracing::span::Record<'_>) -> fmt::Result {
        let is_first = current.is_empty();
        let mut members = Members::new(current.as_writer());
        members.is_first = is_first;
        fields.record(&mut members);
        members.written
    }
}

/// What is said without an event, as a line like those of events.
pub(super) fn line(level: Level, message: &str) -> String {
    let mut time = String::new();
    // Writing to a String does not fail.
    let _always = SystemTime.format_time(&mut Writer::new(&mut time)).is_ok();
    let message = serde_json::Value::from(message);
    format!("{{\"timestamp\":\"{time}\",\"level\":\"{level}\",\"message\":{message}}}")
}

/// Members of an object on their way into a line.
struct Members<'w> {
    out: Writer<'w>,
    is_first: bool,
    written: fmt::Result,
}

impl<'w> Members<'w> {
    fn new(out: Writer<'w>) -> Members<'w> {
        Members { out, is_first: true, written: Ok(()) }
    }

    fn member(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'w>) -> fmt::Result) {
        if self.written.is_err() {
            return;
        }
        let comma = if self.is_first { "" } else { "," };
        self.is_first = false;
        self.written = write!(self.out, "{comma}\"{}\":", field.name()).and_then(|()| value(&mut self.out));
    }

    fn text(&mut self, field: &Field, text: fmt::Arguments<'_>) {
        self.member(field, |out| {
            out.write_char('"')?;
            Escaped(out).write_fmt(text)?;
            out.write_char('"')
        });
    }
}

impl Visit for Members<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, format_args!("{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, |out| write!(out, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, |out| write!(out, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, |out| write!(out, "{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // What is not finite is no number of JSON.
        if value.is_finite() {
            self.member(field, |out| write!(out, "{value}"));
        } else {
            self.text(field, format_args!("{value}"));
        }
    }
}

/// Text inside of quotes.
struct Escaped<'a, 'w>(&'a mut Writer<'w>);

impl Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
            self.0.write_str(&rest[..at])?;
            match rest.as_bytes()[at] {
                b'"' => self.0.write_str("\\\"")?,
                b'\\' => self.0.write_str("\\\\")?,
                b'\n' => self.0.write_str("\\n")?,
                b'\t' => self.0.write_str("\\t")?,
                control => write!(self.0, "\\u{control:04x}")?,
            }
            rest = &rest[at + 1..];
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::{JsonEvents, JsonFields};
    use crate::logging::lines::tests::logged;

    /// What one job logs, without the times.
    fn check(job: impl FnOnce(), expected: &[Value]) {
        let text = logged(|lines| {
            let layer =
                tracing_subscriber::fmt::layer().event_format(JsonEvents).fmt_fields(JsonFields).with_writer(lines);
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), job);
        });
        let met: Vec<Value> = text
            .lines()
            .map(|line| {
                let mut line: Value = serde_json::from_str(line).unwrap();
                let time = line.as_object_mut().unwrap().remove("timestamp");
                assert!(time.is_some_and(|time| time.as_str().is_some_and(|time| time.ends_with('Z'))), "{line}");
                line
            })
            .collect();
        assert_eq!(met, expected);
    }

    #[test]
    fn fields_of_every_kind_are_written() {
        check(
            || tracing::info!(count = 7, signed = -7, share = 0.5, odd = f64::NAN, is_it = true, text = "a \"b\"\n\u{1}", other = ?Some('\\'), "said"),
            &[
                json!({ "level": "INFO", "message": "said", "count": 7, "signed": -7, "share": 0.5, "odd": "NaN", "is_it": true, "text": "a \"b\"\n\u{1}", "other": "Some('\\\\')" }),
            ],
        );
    }

    #[test]
    fn an_event_shows_what_its_span_has_recorded() {
        check(
            || {
                let span = tracing::info_span!("request", id = %"1-7", operation = tracing::field::Empty);
                span.in_scope(|| tracing::warn!("before"));
                span.record("operation", "a");
                span.in_scope(|| tracing::info!(status = 200, "behind"));
            },
            &[
                json!({ "level": "WARN", "message": "before", "span": { "id": "1-7", "name": "request" } }),
                json!({ "level": "INFO", "message": "behind", "status": 200, "span": { "id": "1-7", "operation": "a", "name": "request" } }),
            ],
        );
    }
}
