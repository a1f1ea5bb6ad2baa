//! Recorded exchanges of Strapi, replayed on both databases.
//!
//! Every case must be answered as recorded, or stand in the dialect's page with the reason why not; a case that is listed there and answered as
//! recorded fails, too. Where a case also has what Strapi answers over PostgreSQL, either answer holds.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use server::Settings;

use crate::case::{Case, RawRequest, Recorded, Step, read_all};
use crate::client::{Outgoing, graphql};
use crate::differences::{self, Tally};
use crate::judge::{self, Answer};
use crate::project::{Database, Running, Template, settings};
use crate::shape::filled;

/// Whose exchanges are replayed, and where.
#[derive(Debug, Clone, Copy)]
pub struct Replay {
    /// Names the folder of cases and the page of differences.
    pub dialect: &'static str,
    /// Path of the endpoint.
    pub path: &'static str,
    /// The project's locales; none: content may be written in any.
    pub locales: &'static [&'static str],
}

/// The path at which the real system was asked.
const RECORDED_PATH: &str = "/graphql";

impl Replay {
    /// Replays every case.
    ///
    /// # Panics
    /// When a case differs that is not listed, or one is listed that does not differ.
    pub fn run(self, database: Database) {
        let page = ["../docs/dialects/", self.dialect, ".md"].concat();
        let listed = differences::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(page));
        let template = Template::new(&self.folder().join("project"), database).in_locales(self.locales);
        let shared = template.serve();
        let mut all = Tally::default();
        for (group, cases) in read_all(&self.folder()) {
            let mut of_group = 0;
            for case in &cases {
                let outcome = match &case.server_config {
                    Some(config) => self.answer(&template.serve_with(settings_of(config)), case),
                    None if case.mutates => self.answer(&template.serve(), case),
                    None => self.answer(&shared, case),
                };
                of_group += usize::from(outcome.is_ok());
                all.take(&case.name, listed.contains_key(&case.name), outcome);
            }
            println!("{group}: {of_group} of {}", cases.len());
        }
        all.settle(self.dialect);
    }

    fn folder(self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(["conformance/", self.dialect].concat())
    }

    fn answer(self, server: &Running, case: &Case) -> Result<(), String> {
        let caller = case.auth.as_deref();
        let first = self.ask(server, (&case.step, caller), &[]);
        judged(&case.step.recorded, case.postgres.as_ref(), &first)?;
        let mut answers = vec![first.body.unwrap_or_default()];
        for (index, step) in case.then.iter().enumerate() {
            let next = self.ask(server, (step, caller), &answers);
            judged(&step.recorded, None, &next).map_err(|difference| format!("step {}: {difference}", index + 1))?;
            answers.push(next.body.unwrap_or_default());
        }
        Ok(())
    }

    fn ask(self, server: &Running, (step, caller): (&Step, Option<&str>), earlier: &[Value]) -> Answer {
        if let Some(request) = &step.request {
            return server.ask(&raw(request, &self.place(request)));
        }
        let mut body = json!({ "query": step.query });
        if let Some(variables) = &step.variables {
            body["variables"] = Value::Object(variables.clone());
        }
        if let Some(name) = &step.operation_name {
            body["operationName"] = json!(name);
        }
        server.ask(&graphql(self.path, &filled(&body, earlier), None).with(authorization(server, caller)))
    }

    fn place(self, request: &RawRequest) -> String {
        request.path.strip_prefix(RECORDED_PATH).map_or_else(|| request.path.clone(), |rest| [self.path, rest].concat())
    }
}

/// What the settings of a Strapi server are called here.
fn settings_of(config: &Map<String, Value>) -> Settings {
    let mut told = settings();
    if config.contains_key("users-permissions.config.ratelimit") {
        told.accounts = server::AccountSettings::default();
    }
    if config.get("NODE_ENV") == Some(&json!("production")) {
        (told.introspection, told.graphiql) = (false, false);
    }
    let number = |name: &str| config.get("graphql.config")?.get(name)?.as_u64();
    let rows = |name: &str| Some(u32::try_from(number(name)?).expect("a small number"));
    if let Some(default) = rows("defaultLimit") {
        told.schemas.page_sizes.default = default;
    }
    let switch = |name: &str| config.get("graphql.config").and_then(|config| config.get(name)?.as_bool());
    told.schemas.v4_compatibility = switch("v4CompatibilityMode").unwrap_or(false);
    told.schemas.page_sizes.most = rows("maxLimit").or(told.schemas.page_sizes.most);
    if let Some(depth) = number("depthLimit") {
        // Strapi counts root fields as 0.
        told.schemas.limits.depth_max = usize::try_from(depth).expect("a small number") + 1;
    }
    told
}

fn raw<'a>(request: &'a RawRequest, path: &'a str) -> Outgoing<'a> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Outgoing {
        method: &request.method,
        path,
        headers: request.headers.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        body: request.body.clone().unwrap_or_default().into_bytes(),
    }
}

/// The header of somebody: a recorded one, or that of whoever signs in now. Who cannot has the token of before they were blocked.
fn authorization(server: &Running, caller: Option<&str>) -> Option<String> {
    let who = caller.filter(|who| *who != "public")?;
    if let Some(header) = who.strip_prefix("raw:") {
        return Some(header.to_owned());
    }
    let password = ["Password-", who, "-1"].concat();
    let given = json!({ "identifier": who, "password": password });
    let body = server.ask(&graphql("/api/auth/local", &given, None)).body.unwrap_or_default();
    Some(["Bearer ", body["jwt"].as_str().unwrap_or("of-a-blocked-account")].concat())
}

fn judged(recorded: &Recorded, postgres: Option<&Recorded>, answer: &Answer) -> Result<(), String> {
    let outcome = judge::strapi(recorded, answer);
    let other = postgres.map(|postgres| Recorded {
        status: postgres.status.or(recorded.status),
        placeholders: recorded.placeholders.clone(),
        compare: recorded.compare.clone(),
        response: postgres.response.clone(),
    });
    match other {
        Some(other) if outcome.is_err() && judge::strapi(&other, answer).is_ok() => Ok(()),
        Some(_) | None => outcome,
    }
}
