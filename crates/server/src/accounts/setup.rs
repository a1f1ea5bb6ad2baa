//! The first administrator: a link that works once, while nobody keeps the project yet.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode, header};

use super::own::NewUser;
use super::routes::read_body;
use super::{Sender, has_administrator};
use crate::app::App;
use crate::request::pairs;

/// The secret of a link that makes the first administrator. It does not print.
#[derive(Clone)]
pub struct SetupCode(Arc<Secret>);

struct Secret {
    text: String,
    is_used: AtomicBool,
}

impl std::fmt::Debug for SetupCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SetupCode(..)")
    }
}

impl SetupCode {
    /// A code of letters and digits that nobody can guess.
    #[must_use]
    pub fn new(text: String) -> SetupCode {
        SetupCode(Arc::new(Secret { text, is_used: AtomicBool::new(false) }))
    }

    /// The path and query of the link.
    #[must_use]
    pub fn path(&self) -> String {
        [PATH, "?code=", &self.0.text].concat()
    }

    fn is(&self, given: &str) -> bool {
        let wanted = self.0.text.as_bytes();
        let differs = wanted.iter().zip(given.as_bytes()).fold(0, |differs, (one, other)| differs | (one ^ other));
        differs == 0 && wanted.len() == given.len() && !self.0.is_used.load(Ordering::Acquire)
    }

    /// Takes the code; false: somebody else has.
    fn take(&self) -> bool {
        !self.0.is_used.swap(true, Ordering::AcqRel)
    }

    fn give_back(&self) {
        self.0.is_used.store(false, Ordering::Release);
    }
}

/// Where the page stands.
pub(super) const PATH: &str = "/setup";

/// The form, for whoever has the code.
pub(super) fn page(app: &App, query: Option<&str>) -> Response<Body> {
    let code = pairs(query.unwrap_or_default()).collect::<HashMap<_, _>>().remove("code").unwrap_or_default();
    match &app.settings.setup {
        Some(setup) if setup.is(&code) => {
            shown(StatusCode::OK, &FORM.replace("{{code}}", &code).replace("{{told}}", ""))
        }
        Some(_) | None => gone(),
    }
}

/// Makes the administrator.
pub(super) async fn submit(app: &App, parts: &Parts, body: Body, sender: &Sender) -> Response<Body> {
    let attempt =
        app.accounts.throttle.attempt((None, sender.address), &app.settings.accounts, app.settings.clock.now());
    let Ok(attempt) = attempt else {
        return shown(StatusCode::TOO_MANY_REQUESTS, &notice("Too many attempts. Try again later."));
    };
    let Ok(body) = read_body(app, parts, body).await else {
        return shown(StatusCode::BAD_REQUEST, &notice("The form could not be read."));
    };
    let mut form = pairs(&String::from_utf8_lossy(&body)).collect::<HashMap<_, _>>();
    let mut member = |name: &str| form.remove(name).unwrap_or_default();
    let (code, username, email, password) = (member("code"), member("username"), member("email"), member("password"));
    let Some(setup) = app.settings.setup.as_ref().filter(|setup| setup.is(&code)) else { return gone() };
    if !setup.take() {
        return gone();
    }
    attempt.succeeded();
    match has_administrator(&app.store).await {
        Ok(false) => {}
        Ok(true) => return gone(),
        Err(error) => {
            let _cause = error.logged();
            setup.give_back();
            return shown(StatusCode::SERVICE_UNAVAILABLE, &notice("The database did not answer. Try again."));
        }
    }
    let new = NewUser {
        username: &username,
        email: &email,
        password: &password,
        role: plan::ADMINISTRATOR,
        is_confirmed: true,
    };
    match app.user_create(new).await {
        Ok(()) => shown(StatusCode::CREATED, &notice("The account is made. You can sign in with it now.")),
        Err(refused) => {
            setup.give_back();
            let told = ["<p role=\"alert\">", &escaped(&refused.to_string()), "</p>"].concat();
            shown(StatusCode::BAD_REQUEST, &FORM.replace("{{code}}", &code).replace("{{told}}", &told))
        }
    }
}

/// Nothing tells a wrong code from a used one.
fn gone() -> Response<Body> {
    shown(
        StatusCode::NOT_FOUND,
        &notice(
            "This link is not good, or no longer. `dragoman dev` shows a new one when it starts and there is no administrator; `dragoman user create --role administrator` makes one without a link.",
        ),
    )
}

fn notice(text: &str) -> String {
    NOTICE.replace("{{text}}", &escaped(text))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn shown(status: StatusCode, html: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(html.to_owned()));
    *response.status_mut() = status;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Nothing runs on the page, and its form goes nowhere else.
const POLICY: &str = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const FORM: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>First administrator</title>\
<h1>First administrator</h1><p>This account may do everything in the project. The link works once.</p>{{told}}\
<form method=\"post\" action=\"/setup\"><input type=\"hidden\" name=\"code\" value=\"{{code}}\">\
<p><label>Name <input name=\"username\" required minlength=\"3\" autocomplete=\"username\"></label></p>\
<p><label>E-mail <input name=\"email\" type=\"email\" required autocomplete=\"email\"></label></p>\
<p><label>Password <input name=\"password\" type=\"password\" required minlength=\"6\" maxlength=\"72\" autocomplete=\"new-password\"></label></p>\
<p><button>Make the account</button></p></form></html>";

const NOTICE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>First administrator</title>\
<h1>First administrator</h1><p>{{text}}</p></html>";
