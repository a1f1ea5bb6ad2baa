//! One root entry of a change: it is made, and what the answer shows is read through the same connection before the transaction ends.

use plan::{Fault, MadeEntry, Value, Values, WriteAction, value_json};
use sql::{AnswerProgram, AnswerProgramEntry, AnswerProgramValue};

use super::change::{Change, ChangeEnv, Written};
use super::create::Asked;
use super::door::{Door, Last, Shown, Spot};
use super::failure::Failure;
use crate::answer::Wrote;

/// How a change ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    /// Number of statements of its answer.
    pub(super) statements: u16,
    /// Nothing of the transaction follows.
    pub(super) ends: bool,
    /// An answer is promised: a document that is not there is a fault.
    pub(super) is_promised: bool,
}

/// Makes a change and appends its answer.
pub(super) async fn apply<D: Door>(
    env: ChangeEnv<'_>,
    end: End,
    door: &D,
    (spot, bytes): (Spot<'_>, Vec<u8>),
) -> Result<Shown, Failure> {
    let mut change = Change::new(env, door);
    match &env.write.action {
        WriteAction::Create { data, version, locale } => {
            let written = change.create(Asked { data, version: *version, locale }).await?;
            finish(change, end, Some(written), (spot, bytes)).await
        }
        WriteAction::Update { find, data, version, locale, or_create } => {
            let asked = Asked { data, version: *version, locale };
            let mut written = change.update(find, asked).await?;
            if written.is_none() && *or_create && change.lock().await? {
                // Somebody else may have made it meanwhile.
                written = change.update(find, asked).await?;
            }
            if written.is_none() && *or_create {
                written = Some(change.create(asked).await?);
            }
            if written.is_none() && end.is_promised {
                return Err(Failure::Refused(plan::Cause::NotFound(Some(env.write.of))));
            }
            finish(change, end, written, (spot, bytes)).await
        }
        WriteAction::Delete { find, locale, must_exist } => {
            let doomed = change.find_doomed(find, locale).await?;
            if doomed.is_none() && *must_exist {
                return Err(Failure::Refused(plan::Cause::NotFound(Some(env.write.of))));
            }
            let written = doomed.as_ref().map(super::delete::Doomed::written);
            let shown = Show::new(&change, end, spot, written).answer(spot, bytes).await?;
            if let Some(doomed) = doomed {
                change.delete(&doomed).await?;
            }
            Ok(shown)
        }
    }
}

/// Sends what waits and shows the document.
async fn finish<D: Door>(
    mut change: Change<'_, D>,
    end: End,
    written: Option<Written>,
    (spot, bytes): (Spot<'_>, Vec<u8>),
) -> Result<Shown, Failure> {
    let (AnswerProgram::Row(node), Some(document)) = (&change.env.program.answer, &written) else {
        change.now(Vec::new()).await?;
        return Show::new(&change, end, spot, written).answer(spot, bytes).await;
    };
    let last = Last { node: (node, end.statements), key: &document.key, spot, ends: end.ends };
    let (calls, env) = (change.take_waiting(), change.env);
    let shown = change.door.finish(calls, last, bytes).await;
    shown.map_err(|error| Failure::of_constraint(error, env.model, env.layout))
}

/// Makes a change whose answer nobody asks for; the document that it has met.
pub(super) async fn make<D: Door>(env: ChangeEnv<'_>, door: &D) -> Result<Option<Written>, Failure> {
    let mut change = Change::new(env, door);
    let written = match &env.write.action {
        WriteAction::Create { data, version, locale } => {
            Some(change.create(Asked { data, version: *version, locale }).await?)
        }
        WriteAction::Update { find, data, version, locale, or_create: _ } => {
            change.update(find, Asked { data, version: *version, locale }).await?
        }
        WriteAction::Delete { find, locale, must_exist: _ } => {
            let doomed = change.find_doomed(find, locale).await?;
            if let Some(doomed) = &doomed {
                change.delete(doomed).await?;
            }
            doomed.as_ref().map(super::delete::Doomed::written)
        }
    };
    change.now(Vec::new()).await?;
    Ok(written)
}

/// What is needed to show an answer.
pub(super) struct Show<'a, D: Door> {
    answer: &'a AnswerProgram,
    values: &'a Values,
    door: &'a D,
    statements: u16,
    place: plan::Place,
    affected: usize,
    written: Option<Written>,
    /// What a command has made, by name.
    made: &'a [(&'static str, String)],
}

impl<'a, D: Door> Show<'a, D> {
    fn new(change: &Change<'a, D>, end: End, spot: Spot<'_>, written: Option<Written>) -> Show<'a, D> {
        Show::of((&change.env.program.answer, change.env.values), change.door, (end, spot), written)
    }

    pub(super) fn of(
        (answer, values): (&'a AnswerProgram, &'a Values),
        door: &'a D,
        (end, spot): (End, Spot<'_>),
        written: Option<Written>,
    ) -> Show<'a, D> {
        let affected = usize::from(written.is_some());
        Show { answer, values, door, statements: end.statements, place: spot.place, affected, written, made: &[] }
    }

    /// The same with what a command has made.
    pub(super) fn making(self, made: &'a [(&'static str, String)]) -> Show<'a, D> {
        Show { made, ..self }
    }

    pub(super) async fn answer(&self, spot: Spot<'_>, bytes: Vec<u8>) -> Result<Shown, Failure> {
        match self.answer {
            AnswerProgram::Row(node) => self.row(node, spot.path, bytes).await,
            AnswerProgram::Wrap(entries) => {
                let mut shown = Shown { bytes, faults: Vec::new(), wrote: Wrote::Value };
                self.wrap(entries, spot.path, &mut shown).await?;
                Ok(shown)
            }
        }
    }

    async fn row(&self, node: &sql::Node, path: &[&str], bytes: Vec<u8>) -> Result<Shown, Failure> {
        let Some(written) = &self.written else {
            return Ok(Shown { bytes, faults: Vec::new(), wrote: Wrote::Null });
        };
        let spot = Spot { path, place: self.place };
        Ok(self.door.show((node, self.statements), &written.key, spot, bytes).await?)
    }

    async fn wrap(&self, entries: &[AnswerProgramEntry], path: &[&str], shown: &mut Shown) -> Result<(), Failure> {
        shown.bytes.push(b'{');
        for (index, entry) in entries.iter().enumerate() {
            if index > 0 {
                shown.bytes.push(b',');
            }
            shown.bytes.extend_from_slice(entry.key_json.as_bytes());
            let mut inner: Vec<&str> = path.to_vec();
            inner.push(&entry.key);
            match &entry.value {
                AnswerProgramValue::Row(node) => self.nested(node, &inner, shown).await?,
                AnswerProgramValue::Wrap(entries) => Box::pin(self.wrap(entries, &inner, shown)).await?,
                AnswerProgramValue::Constant(json) => shown.bytes.extend_from_slice(json.as_bytes()),
                AnswerProgramValue::Echo(hole) => json(&mut shown.bytes, self.values.get(*hole)),
                AnswerProgramValue::DocumentId => {
                    let id = self.written.as_ref().map(|written| Value::Text(written.document_id.clone()));
                    json(&mut shown.bytes, &id.unwrap_or(Value::Null));
                }
                AnswerProgramValue::Made(name) => {
                    let made = self.made.iter().find(|(made, _)| made == name);
                    shown.bytes.extend_from_slice(made.map_or("null", |(_, json)| json).as_bytes());
                }
                AnswerProgramValue::MadeList(name, entries) => {
                    let made = self.made.iter().find(|(made, _)| made == name);
                    made_list(&mut shown.bytes, made.map_or("null", |(_, json)| json), entries);
                }
                AnswerProgramValue::Affected => shown.bytes.extend_from_slice(self.affected.to_string().as_bytes()),
            }
        }
        shown.bytes.push(b'}');
        Ok(())
    }

    /// A row inside an object: null in its place where it cannot be shown.
    async fn nested(&self, node: &sql::Node, path: &[&str], shown: &mut Shown) -> Result<(), Failure> {
        let start = shown.bytes.len();
        let bytes = std::mem::take(&mut shown.bytes);
        let row = self.row(node, path, bytes).await?;
        shown.bytes = row.bytes;
        shown.faults.extend(row.faults);
        match row.wrote {
            Wrote::Value => {}
            Wrote::Null | Wrote::Failed => {
                shown.bytes.truncate(start);
                shown.bytes.extend_from_slice(b"null");
            }
        }
        Ok(())
    }
}

fn json(bytes: &mut Vec<u8>, value: &Value) {
    bytes.extend_from_slice(value_json(value).to_string().as_bytes());
}

/// The fault of a root entry.
pub(super) fn fault(key: &str, place: plan::Place, cause: plan::Cause) -> Fault {
    Fault { path: vec![plan::Segment::Key(key.to_owned())], place: Some(place), cause }
}

/// Appends these members of each object of a list.
fn made_list(bytes: &mut Vec<u8>, list: &str, entries: &[MadeEntry]) {
    let list: serde_json::Value = serde_json::from_str(list).unwrap_or_default();
    let Some(items) = list.as_array() else { return bytes.extend_from_slice(b"null") };
    let value = |item: &serde_json::Value, entry: &MadeEntry| match entry.member {
        Some(member) => item[member].to_string(),
        None => entry.constant.clone(),
    };
    let entry = |item: &serde_json::Value, entry: &MadeEntry| {
        [&serde_json::Value::from(entry.key.as_str()).to_string(), ":", &value(item, entry)].concat()
    };
    let object = |item: &serde_json::Value| {
        let members: Vec<String> = entries.iter().map(|of| entry(item, of)).collect();
        ["{", &members.join(","), "}"].concat()
    };
    let objects: Vec<String> = items.iter().map(object).collect();
    bytes.extend_from_slice(["[", &objects.join(","), "]"].concat().as_bytes());
}
