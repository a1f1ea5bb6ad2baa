//! Steps of a script as plans, and what the store tells about them.

mod given;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Model, Source, TypeId};
use plan::{
    Answer, Boundary, Caller, Cause, Fault, Find, HoleId, Locale, Plan, Policy, Request, Root, RootValue, Segment,
    Status, Write, WriteAction, WriteVersion, authorize,
};
use serde_json::{Map, Value as Json};
use store::{FileWatch, Ids, MigrateOptions, Served, Store, WriteContext};

use given::Given;
use view::View;

/// A store with a model, and the names that documents have in the script.
pub struct Script {
    store: Store,
    served: Arc<Served>,
    model: Arc<Model>,
    ids: Arc<Ids>,
    names: BTreeMap<String, String>,
    now: i64,
    /// What causes its changes.
    pub cause: Option<Arc<str>>,
}

/// One step, taken apart: `name: verb [draft] [locale fr] [as role] Type [@name] [{json}]`.
struct Step<'s> {
    verb: &'s str,
    draft: bool,
    locale: Option<&'s str>,
    role: Option<&'s str>,
    /// Key of the user who writes.
    by: Option<i64>,
    /// Who wrote is shown, too.
    signed: bool,
    /// What it links is not shown.
    alone: bool,
    of: TypeId,
    document: Option<String>,
    data: Json,
}

impl Script {
    /// Makes the tables.
    pub async fn begin(store: Store, schema: &str) -> Script {
        let sources = vec![Source { name: "schema.graphql".to_owned(), text: schema.to_owned() }];
        let model = model::read(sources.clone()).unwrap_or_else(|faults| panic!("{:#?}", faults.list));
        let plan = store.migrate_plan(&model, &sources).await.unwrap();
        store.migrate_apply(&plan, MigrateOptions::default(), |_| ()).await.unwrap();
        let model = Arc::new(model);
        let served = Served::new(Arc::clone(&model)).unwrap();
        Script {
            store,
            served,
            model,
            ids: Arc::new(Ids::seeded(7)),
            names: BTreeMap::new(),
            now: 1_700_000_000_000_000,
            cause: None,
        }
    }

    /// Does a step that may name its document, and tells what came of it.
    pub async fn step(&mut self, line: &str) -> String {
        self.now += 1_000_000;
        let (name, rest) = match line.split_once(": ") {
            Some((name, rest)) if name.chars().all(char::is_alphanumeric) => (Some(name), rest),
            _ => (None, line),
        };
        let told = self.told(rest).await;
        if let (Some(name), Ok(Json::Object(row))) = (name, serde_json::from_str::<Json>(&told)) {
            let id = row["documentId"].as_str().unwrap().to_owned();
            self.names.insert(name.to_owned(), id);
        }
        self.with_names(told)
    }

    /// Does a step and tells what came of it: the answer, or its faults.
    pub async fn told(&self, line: &str) -> String {
        let steps: Vec<Step<'_>> = line.split(" && ").map(|step| self.read(step)).collect();
        match steps[0].verb {
            "read" => self.run_read(&steps[0]).await,
            _ => self.run_write(&steps).await,
        }
    }

    fn read<'s>(&self, line: &'s str) -> Step<'s> {
        let (head, json) = line.find('{').map_or((line, ""), |at| line.split_at(at));
        let mut words = head.split_whitespace();
        let verb = words.next().unwrap();
        let (mut draft, mut locale, mut of, mut document, mut role) = (false, None, None, None, None);
        let (mut by, mut signed, mut alone) = (None, false, false);
        while let Some(word) = words.next() {
            match word {
                "draft" => draft = true,
                "locale" => locale = words.next(),
                "as" => role = words.next(),
                "by" => by = words.next().map(|key| key.parse().unwrap()),
                "signed" => signed = true,
                "alone" => alone = true,
                _ if word.starts_with('@') => document = Some(self.id_of(&word[1..])),
                _ => of = Some(self.model.type_named(word).unwrap_or_else(|| panic!("no type {word}"))),
            }
        }
        let mut json = json.to_owned();
        for (name, id) in &self.names {
            json = json.replace(&format!("\"@{name}\""), &format!("\"{id}\""));
        }
        let data = if json.is_empty() { Json::Object(Map::new()) } else { serde_json::from_str(&json).unwrap() };
        Step { verb, draft, locale, role, by, signed, alone, of: of.unwrap(), document, data }
    }

    fn id_of(&self, name: &str) -> String {
        self.names.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    fn locale(&self, step: &Step<'_>) -> Locale {
        if !self.model.content_type(step.of).localized {
            return Locale::Only;
        }
        match step.locale {
            Some("*") => Locale::All,
            Some(name) => Locale::Named(name.to_owned()),
            None => Locale::Default,
        }
    }

    /// One change is a transaction of its own; several joined by `&&` stand or fall together.
    async fn run_write(&self, steps: &[Step<'_>]) -> String {
        let mut given = Given::new(&self.model);
        let roots: Vec<RootValue> = steps.iter().map(|step| self.change(step, &mut given)).collect();
        let boundary = if roots.len() > 1 { Boundary::Whole } else { Boundary::EachRoot };
        let caller = steps[0].caller();
        let plan = authorize(plan_of(roots, given.holes, boundary), &Policy::of(&self.model, &caller), &self.model);
        let prepared = self.store.prepare(&self.served, &plan).unwrap();
        let request = Request { variables: &Map::new(), caller: &caller, now: self.now };
        let values = match plan::bind(&self.model, &plan.get().holes, request) {
            Ok(values) => values,
            Err(faults) => return self.faults(&faults),
        };
        let (user, ids) = (steps[0].by, Arc::clone(&self.ids));
        let (files, cause) = (FileWatch::default(), self.cause.clone());
        let context = WriteContext { now: self.now, user, ids, files, cause };
        let answer = self.store.run(&prepared, values, context, Vec::new()).await;
        self.answered(&answer)
    }

    fn change(&self, step: &Step<'_>, given: &mut Given<'_>) -> RootValue {
        let content_type = self.model.content_type(step.of);
        let (version, status) = match (content_type.draft_and_publish, step.draft) {
            (false, _) => (WriteVersion::Only, Status::Only),
            (true, true) => (WriteVersion::Draft, Status::Draft),
            (true, false) if step.verb == "unpublish" => (WriteVersion::Unpublished, Status::Draft),
            (true, false) if step.verb == "keep" => (WriteVersion::AsPresent, Status::Draft),
            (true, false) => (WriteVersion::Published, Status::Published),
        };
        let data = given.data(&content_type.fields, step.data.as_object().unwrap());
        let mut find = || match &step.document {
            Some(id) => Find::DocumentId(given.text(id)),
            None => Find::Single,
        };
        let locale = self.locale(step);
        let action = match step.verb {
            "create" => WriteAction::Create { data, version, locale: locale.clone() },
            "update" | "unpublish" | "keep" => {
                WriteAction::Update { find: find(), data, version, locale: locale.clone(), or_create: false }
            }
            "set" => WriteAction::Update { find: find(), data, version, locale: locale.clone(), or_create: true },
            "delete" => WriteAction::Delete { find: find(), locale: locale.clone(), must_exist: false },
            other => panic!("no verb {other}"),
        };
        let view = View { model: &self.model, status, locale, signed: step.signed, alone: step.alone };
        let answer = Answer::Row(Box::new(view.written(step.of)));
        RootValue::Write(Box::new(Write { of: step.of, action, answer, rules: plan::RowRules::default() }))
    }

    async fn run_read(&self, step: &Step<'_>) -> String {
        let status = match (self.model.content_type(step.of).draft_and_publish, step.draft) {
            (false, _) => Status::Only,
            (true, true) => Status::Draft,
            (true, false) => Status::Published,
        };
        let view =
            View { model: &self.model, status, locale: self.locale(step), signed: step.signed, alone: step.alone };
        let plan = plan_of(vec![RootValue::Select(Box::new(view.all(step.of)))], Vec::new(), Boundary::Read);
        let plan = authorize(plan, &Policy::Everything, &self.model);
        let prepared = self.store.prepare(&self.served, &plan).unwrap();
        let answer = self.store.run(&prepared, plan::Values::default(), WriteContext::of_system(), Vec::new()).await;
        self.answered(&answer)
    }

    fn answered(&self, answer: &store::Answer) -> String {
        if !answer.faults.is_empty() {
            return self.faults(&answer.faults);
        }
        let json: Json = serde_json::from_slice(&answer.bytes).unwrap();
        match &json["it"] {
            Json::Array(rows) => rows.iter().map(Json::to_string).collect::<Vec<_>>().join("\n"),
            other => other.to_string(),
        }
    }

    fn faults(&self, faults: &[Fault]) -> String {
        let lines: Vec<String> = faults.iter().map(|fault| self.fault(fault)).collect();
        lines.join("\n")
    }

    fn fault(&self, fault: &Fault) -> String {
        match &fault.cause {
            Cause::Rules(broken) => {
                let lines: Vec<String> = broken
                    .iter()
                    .map(|one| {
                        let value = one.value.as_ref().map_or_else(|| "-".to_owned(), Json::to_string);
                        format!("! {}: {:?} {value}", path(&one.path), one.rule)
                    })
                    .collect();
                lines.join("\n")
            }
            Cause::LinkMissing { of, id, locale, by_key } => {
                let of = &self.model.content_type(*of).name;
                format!("! no {of} {id} {locale:?}{}", if *by_key { " by key" } else { "" })
            }
            other => format!("! {} {other:?}", path(&fault.path)),
        }
    }

    fn with_names(&self, mut told: String) -> String {
        for (name, id) in &self.names {
            told = told.replace(id.as_str(), &format!("@{name}"));
        }
        told
    }
}

impl Step<'_> {
    /// Who does it: the owner of the machine, or somebody with this role and the key 7.
    fn caller(&self) -> Caller {
        let Some(role) = self.role else { return Caller::Owner };
        let user = Map::from_iter([("id".to_owned(), Json::from(7))]);
        Caller::Roles { roles: vec![role.to_owned()], user }
    }
}

fn plan_of(values: Vec<RootValue>, holes: Vec<plan::Hole>, boundary: Boundary) -> Plan {
    let root = |(index, value)| Root {
        key: if index == 0 { "it".to_owned() } else { format!("it{index}") },
        non_null: false,
        place: plan::Place::default(),
        value,
    };
    Plan { roots: values.into_iter().enumerate().map(root).collect(), holes, boundary, rows_max: 1000 }
}

fn path(path: &[Segment]) -> String {
    let parts: Vec<String> = path
        .iter()
        .map(|segment| match segment {
            Segment::Key(key) => key.clone(),
            Segment::Index(index) => index.to_string(),
        })
        .collect();
    parts.join(".")
}

/// A hole that stands in a plan.
pub fn hole(index: usize) -> HoleId {
    HoleId(u32::try_from(index).unwrap())
}
