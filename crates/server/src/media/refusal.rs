//! Why a request about files is refused, in the form of Strapi's REST interface.
//!
//! Source: dialect manual "Errors and HTTP".

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use graphql::transport::RequestFault;
use plan::{Cause, Problem};
use serde_json::json;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: u16,
    message: String,
}

impl Refusal {
    pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
        Refusal { status: 400, message: message.into() }
    }

    pub(crate) fn unauthorized() -> Refusal {
        Refusal { status: 401, message: "Missing or invalid credentials".to_owned() }
    }

    /// Why it is not known who asks.
    pub(crate) fn of_sender(fault: &RequestFault) -> Refusal {
        if *fault == RequestFault::Unavailable { Refusal::unavailable() } else { Refusal::unauthorized() }
    }

    pub(crate) fn forbidden() -> Refusal {
        Refusal { status: 403, message: "Forbidden".to_owned() }
    }

    pub(crate) fn not_found() -> Refusal {
        Refusal { status: 404, message: "file.notFound".to_owned() }
    }

    pub(crate) fn too_slow() -> Refusal {
        Refusal {
            status: 408,
            message: "The upload did not arrive in time (upload_timeout, upload_idle_timeout)".to_owned(),
        }
    }

    pub(crate) fn too_large(message: impl Into<String>) -> Refusal {
        Refusal { status: 413, message: message.into() }
    }

    pub(crate) fn overloaded() -> Refusal {
        Refusal { status: 503, message: "Too many uploads at once (uploads_max): try again".to_owned() }
    }

    pub(crate) fn unavailable() -> Refusal {
        Refusal { status: 503, message: "The database cannot be reached: try again".to_owned() }
    }

    pub(crate) fn internal() -> Refusal {
        Refusal { status: 500, message: "Internal Server Error".to_owned() }
    }

    /// Why a plan has no answer.
    pub(crate) fn of_cause(cause: &Cause) -> Refusal {
        match cause {
            Cause::Forbidden | Cause::RuleOfRole => Refusal::forbidden(),
            Cause::NotFound(_) => Refusal::not_found(),
            Cause::Unavailable | Cause::Timeout | Cause::OutcomeUnknown => Refusal::unavailable(),
            Cause::TooManyRows(most) => Refusal::too_large(format!(
                "The list has more rows than rows_max ({most}) allows: ask for a page of it"
            )),
            Cause::AnswerTooLarge(most) => {
                Refusal::too_large(format!("The answer is larger than answer_bytes_max ({most}) allows: ask for less"))
            }
            Cause::Rules(faults) => {
                let names = faults.iter().filter_map(|fault| match fault.path.first() {
                    Some(plan::Segment::Key(name)) => Some(name.as_str()),
                    Some(plan::Segment::Index(_)) | None => None,
                });
                Refusal::invalid(format!("Values break rules of the model: {}", names.collect::<Vec<_>>().join(", ")))
            }
            Cause::LinkMissing { id, .. } => Refusal::invalid(format!("Document with id {id:?} not found")),
            Cause::NotOfKind { kind, .. } => Refusal::invalid(format!("A value is no {kind}")),
            _other => Refusal::internal(),
        }
    }

    /// Its name among Strapi's errors.
    fn name(&self) -> &'static str {
        match self.status {
            400 => "ValidationError",
            401 => "UnauthorizedError",
            403 => "ForbiddenError",
            404 => "NotFoundError",
            408 => "RequestTimeoutError",
            413 => "PayloadTooLargeError",
            503 => "ServiceUnavailableError",
            _other => "InternalServerError",
        }
    }

    pub(crate) fn response(&self) -> Response<Body> {
        let error = json!({ "status": self.status, "name": self.name(), "message": self.message, "details": {} });
        let status = StatusCode::from_u16(self.status).expect("its statuses are those above");
        let mut response = answer(status, &json!({ "data": null, "error": error }));
        let headers = response.headers_mut();
        match self.status {
            401 => drop(headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            503 => drop(headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"))),
            _other => {}
        }
        response
    }
}

/// The same where a command of GraphQL was refused.
impl From<Refusal> for Cause {
    fn from(refusal: Refusal) -> Cause {
        match refusal.status {
            401 | 403 => Cause::Forbidden,
            404 => Cause::NotFound(None),
            503 => Cause::Unavailable,
            500 => Cause::Internal,
            _other => Cause::Invalid { problem: Problem::Text(refusal.message) },
        }
    }
}

impl From<files::Error> for Refusal {
    fn from(error: files::Error) -> Refusal {
        match error {
            files::Error::Disk { .. } => {
                let cause = std::error::Error::source(&error).map(tracing::field::display);
                tracing::error!(error = %error, cause, "the disk of uploaded files failed");
                Refusal::internal()
            }
            files::Error::ImageTooLarge { .. } => Refusal::too_large(error.to_string()),
            files::Error::KindDiffers { .. } | files::Error::ImageBroken { .. } => Refusal::invalid(error.to_string()),
        }
    }
}

/// A JSON answer that nobody keeps.
pub(crate) fn answer(status: StatusCode, body: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
