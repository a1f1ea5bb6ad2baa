//! The project's locales as content: the rows of the system type `I18nLocale` are those of the setting `locales`.

use std::sync::Arc;

use model::{Model, TypeId, locale};
use plan::{
    Answer as Shown, AnswerEntry, AnswerValue, Assignment, Boundary, Caller, Cause, Column, Data, Entry, Filter, Find,
    Form, Given, Holes, Locale, Plan, Policy, Request, RootValue, RowValue, Select, SystemColumn, Variables, Write,
    WriteAction, WriteVersion, authorize, bind,
};
use serde_json::Value as Json;

use crate::{Error, Served, Store, WriteContext};

/// Most locales that are read.
const LOCALES_MAX: u32 = 1000;

/// The system type and its two fields.
#[derive(Clone, Copy)]
struct Kept {
    of: TypeId,
    name: model::FieldId,
    code: model::FieldId,
}

impl Store {
    /// Makes the rows of the project's locales that are not there, and removes those of others. Where the project names no locales, rows that are there
    /// stay; where none is there, that of the default locale is made. Content in a locale is not touched. Several servers may do so at a time.
    ///
    /// # Errors
    /// What the database said.
    pub async fn locales_keep(&self, served: &Arc<Served>) -> Result<(), Error> {
        let Some(kept) = Kept::of(&served.model) else { return Ok(()) };
        let there = self.locales_read(served, kept).await?;
        let locales = self.locales();
        let wanted = match (locales.all.is_empty(), there.is_empty()) {
            (false, _) => locales.all.to_vec(),
            (true, true) => vec![locales.default],
            (true, false) => return Ok(()),
        };
        let mut changes = Changes { kept, roots: Vec::new(), holes: Holes::default() };
        for code in wanted.iter().filter(|code| there.iter().all(|(_, known)| known != *code)) {
            changes.make(code);
        }
        for (key, _) in there.iter().filter(|(_, known)| !wanted.contains(known)) {
            changes.remove(key);
        }
        if changes.roots.is_empty() {
            return Ok(());
        }
        let plan = changes.holes.plan(changes.roots, Boundary::EachRoot, LOCALES_MAX);
        self.locales_run(served, plan).await?;
        Ok(())
    }

    /// Key and code of each.
    async fn locales_read(&self, served: &Arc<Served>, kept: Kept) -> Result<Vec<(String, String)>, Error> {
        let column = |key: &str, column| Entry::of(key, RowValue::Column(column, Form::Text));
        let entries = vec![column("key", Column::System(SystemColumn::Key)), column("code", Column::Field(kept.code))];
        let select = Select::all(kept.of, Filter::All, entries);
        let roots = vec![("all".to_owned(), RootValue::Select(Box::new(select)))];
        let plan = Holes::default().plan(roots, Boundary::Read, LOCALES_MAX);
        let answer = self.locales_run(served, plan).await?;
        let rows =
            answer.get("all").and_then(Json::as_array).ok_or(Error::Malformed { expected: "a list of locales" })?;
        let text = |row: &Json, key: &str| row.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        Ok(rows.iter().map(|row| (text(row, "key"), text(row, "code"))).collect())
    }

    async fn locales_run(&self, served: &Arc<Served>, plan: Plan) -> Result<Json, Error> {
        let variables = Variables::new();
        let context = WriteContext::of_system();
        let request = Request { variables: &variables, caller: &Caller::Owner, now: context.now };
        let plan = authorize(plan, &Policy::Everything, &served.model);
        let bound = bind(&served.model, &plan.get().holes, request);
        let values = bound.map_err(|_| Error::Malformed { expected: "codes of locales" })?;
        let prepared = self.prepare(served, &plan)?;
        let answer = self.run(&prepared, values, context, Vec::new()).await;
        // A row that another server has made or removed meanwhile is refused, and as it should be.
        let is_done = |cause: &Cause| matches!(cause, Cause::Rules(_) | Cause::NotFound(_));
        if let Some(fault) = answer.faults.into_iter().find(|fault| !is_done(&fault.cause)) {
            return Err(Error::LocalesNotKept { cause: fault.cause });
        }
        serde_json::from_slice(&answer.bytes).map_err(|_| Error::Malformed { expected: "an answer about locales" })
    }
}

impl Kept {
    fn of(model: &Model) -> Option<Kept> {
        let of = model.type_named("I18nLocale")?;
        let content_type = model.content_type(of);
        let field = |name: &str| content_type.fields_by_id().find(|(_, field)| field.name == name).map(|(id, _)| id);
        Some(Kept { of, name: field("name")?, code: field("code")? })
    }
}

/// Changes that are gathered.
struct Changes {
    kept: Kept,
    roots: Vec<(String, RootValue)>,
    holes: Holes,
}

impl Changes {
    fn make(&mut self, code: &str) {
        let (name, code) = (self.holes.literal(&locale::name_of(code)), self.holes.literal(code));
        let assignment = |field, hole| Assignment { field, given: Given::Engine(hole) };
        let mut assignments = vec![assignment(self.kept.name, name), assignment(self.kept.code, code)];
        assignments.sort_by_key(|assignment| assignment.field);
        let (data, version) = (Data { assignments }, WriteVersion::Only);
        self.write(WriteAction::Create { data, version, locale: Locale::Only });
    }

    fn remove(&mut self, key: &str) {
        let find = Find::Key(self.holes.literal(key));
        self.write(WriteAction::Delete { find, locale: Locale::Only, must_exist: false });
    }

    fn write(&mut self, action: WriteAction) {
        let entry = AnswerEntry { key: "affected".to_owned(), value: AnswerValue::Affected };
        let write = Write::new(self.kept.of, action, Shown::Wrap(vec![entry]));
        let key = ["change", &self.roots.len().to_string()].concat();
        self.roots.push((key, RootValue::Write(Box::new(write))));
    }
}
