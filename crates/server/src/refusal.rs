//! Why a request beside the graph is refused, in the form of Strapi's REST interface: files, and the routes of accounts.
//!
//! Source: dialect manual "Errors and HTTP".

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use graphql::transport::RequestFault;
use model::Model;
use plan::{Cause, Fault, Problem, Segment};
use serde_json::{Value, json};

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: u16,
    /// Its name among Strapi's errors, where the status does not say it.
    name: Option<String>,
    message: String,
    /// An object; none: an empty one.
    details: Option<Box<Value>>,
    /// The methods that are allowed.
    allow: Option<&'static str>,
    /// The same may be asked again after so many seconds.
    retry_after: Option<u32>,
}

impl Refusal {
    fn new(status: u16, message: impl Into<String>) -> Refusal {
        Refusal { status, name: None, message: message.into(), details: None, allow: None, retry_after: None }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
        Refusal::new(400, message)
    }

    pub(crate) fn unauthorized() -> Refusal {
        Refusal::new(401, "Missing or invalid credentials")
    }

    /// Another method than these.
    pub(crate) fn method(allow: &'static str) -> Refusal {
        Refusal { allow: Some(allow), ..Refusal::new(405, "Method Not Allowed") }
    }

    fn again(seconds: u32, message: &str) -> Refusal {
        Refusal { retry_after: Some(seconds), ..Refusal::new(503, message) }
    }

    /// What is wrong with the request itself, or with whoever sends it.
    pub(crate) fn of_request(fault: &RequestFault) -> Refusal {
        match fault {
            RequestFault::CredentialsInvalid | RequestFault::RoleRefused => Refusal::unauthorized(),
            RequestFault::BodyTooLarge(_) => Refusal::too_large("The body is too large"),
            RequestFault::BodyTooSlow => Refusal::new(408, "The body did not arrive in time"),
            RequestFault::Unavailable => Refusal::unavailable(),
            RequestFault::Internal(_) => Refusal::internal(),
            RequestFault::MethodNotAllowed
            | RequestFault::GetNotServed
            | RequestFault::OperationByGet(_)
            | RequestFault::PreflightMissing
            | RequestFault::NotAcceptable
            | RequestFault::ContentTypeUnsupported
            | RequestFault::CharsetUnsupported
            | RequestFault::EncodingUnsupported(_)
            | RequestFault::BodyEmpty
            | RequestFault::ObjectEmpty
            | RequestFault::BodyNotJson(_)
            | RequestFault::BodyNotObject
            | RequestFault::BodyTooDeep(_)
            | RequestFault::BatchRefused
            | RequestFault::BatchLength(_)
            | RequestFault::MemberRepeated(_)
            | RequestFault::QueryMissing
            | RequestFault::PersistedQuery(_)
            | RequestFault::QueryNotText
            | RequestFault::OperationNameNotText
            | RequestFault::MemberNotObject(_)
            | RequestFault::MemberAsText(_)
            | RequestFault::ParameterNotJson(_) => {
                Refusal::invalid("The body must be a JSON object, sent as application/json")
            }
        }
    }

    /// A fault in the words of Strapi's graph.
    pub(crate) fn of_fault(model: &Model, fault: &Fault) -> Refusal {
        let told = graphql::dialect::strapi_errors(model, std::slice::from_ref(fault)).into_iter().next();
        let told = told.unwrap_or_default();
        let at = |path: &str| told.pointer(path).and_then(Value::as_str).unwrap_or("InternalServerError").to_owned();
        let name = at("/extensions/error/name");
        let status = match name.as_str() {
            "ValidationError" | "ApplicationError" => 400,
            "ForbiddenError" => 403,
            "NotFoundError" => 404,
            "RateLimitError" => 429,
            "ServiceUnavailableError" => 503,
            _ => 500,
        };
        let details = told.pointer("/extensions/error/details").cloned().map(Box::new);
        let retry_after = fault.cause.retry_after();
        let message = at("/extensions/error/message");
        Refusal { name: Some(name), details, retry_after, ..Refusal::new(status, message) }
    }

    pub(crate) fn forbidden() -> Refusal {
        Refusal::new(403, "Forbidden")
    }

    pub(crate) fn not_found() -> Refusal {
        Refusal::new(404, "file.notFound")
    }

    pub(crate) fn too_slow() -> Refusal {
        Refusal::new(408, "The upload did not arrive in time (upload_timeout, upload_idle_timeout)")
    }

    pub(crate) fn too_large(message: impl Into<String>) -> Refusal {
        Refusal::new(413, message)
    }

    pub(crate) fn overloaded() -> Refusal {
        Refusal::again(1, "Too many uploads at once (uploads_max): try again")
    }

    pub(crate) fn unavailable() -> Refusal {
        Refusal::again(1, "The database cannot be reached: try again")
    }

    pub(crate) fn internal() -> Refusal {
        Refusal::new(500, "Internal Server Error")
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
                    Some(Segment::Key(name)) => Some(name.as_str()),
                    Some(Segment::Index(_)) | None => None,
                });
                Refusal::invalid(format!("Values break rules of the model: {}", names.collect::<Vec<_>>().join(", ")))
            }
            Cause::LinkMissing { id, .. } => Refusal::invalid(format!("Document with id {id:?} not found")),
            Cause::NotOfKind { kind, .. } => Refusal::invalid(format!("A value is no {kind}")),
            Cause::TooManyAttempts(seconds) => {
                Refusal { retry_after: Some(*seconds), ..Refusal::new(429, "Too many attempts: try again later") }
            }
            // What no plan about files meets.
            Cause::KeyRefused { .. }
            | Cause::Invalid { .. }
            | Cause::ElementForeign(_)
            | Cause::NullInNonNull(_)
            | Cause::Unwritable(_)
            | Cause::OutOfBounds { .. }
            | Cause::VersionConflict
            | Cause::Account(_)
            | Cause::Run(_)
            | Cause::Agent(_)
            | Cause::Internal => Refusal::internal(),
        }
    }

    /// Its name among Strapi's errors.
    fn name(&self) -> &str {
        if let Some(name) = &self.name {
            return name;
        }
        match self.status {
            400 => "ValidationError",
            401 => "UnauthorizedError",
            403 => "ForbiddenError",
            404 => "NotFoundError",
            405 => "MethodNotAllowedError",
            408 => "RequestTimeoutError",
            413 => "PayloadTooLargeError",
            429 => "RateLimitError",
            503 => "ServiceUnavailableError",
            _ => "InternalServerError",
        }
    }

    pub(crate) fn response(&self) -> Response<Body> {
        let details = self.details.as_deref().cloned().unwrap_or_else(|| json!({}));
        let error = json!({ "status": self.status, "name": self.name(), "message": self.message, "details": details });
        let status = StatusCode::from_u16(self.status).expect("its statuses are those above");
        let mut response = answer(status, json!({ "data": null, "error": error }).to_string());
        let headers = response.headers_mut();
        if self.status == 401 {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
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
            _ => Cause::Invalid { problem: Problem::Text(refusal.message) },
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
pub(crate) fn answer(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
