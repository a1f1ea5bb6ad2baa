//! The two passes over the files: which documents there are, then their rows.

use std::collections::HashMap;

use model::{ComponentId, Key, TypeId};
use plan::Value;
use plan::rules::Patterns;
use serde_json::{Map, Value as Json};
use sql::layout::KeySource;
use tokio::sync::mpsc::Sender;

use super::content::element_component;
use super::identity::document_id_of;
use super::index::{Claim, DRAFT, Index, PUBLISHED};
use super::read::{self, Met};
use super::rows::{Batch, Counters, Maker, locale_of, statuses_of};
use super::unique::Uniques;
use super::{BATCH_ROWS, Ending, Message, SEED_FAULTS_MAX, SeedFile, SeedJob, given_key, made_key};
use crate::Error;
use crate::ledger::Entry as LedgerEntry;

/// What the database holds before: documents in the index, next numbers.
pub(super) struct Known {
    pub(super) index: Index,
    pub(super) counters: Counters,
    /// Next number of shared keys, by their word.
    pub(super) shared: HashMap<String, i64>,
    /// There is no document.
    pub(super) is_empty: bool,
}

/// What grows in both passes.
pub(super) struct Pass<'a> {
    job: &'a SeedJob,
    faults: Vec<String>,
    fault_count: usize,
}

impl Pass<'_> {
    /// Reads the files twice. Rows go to the queue, and at last what ends the load; how many entries there were comes back.
    pub(super) fn both(job: &SeedJob, known: Known, queue: &Sender<Message>) -> Result<u64, Error> {
        let mut pass = Pass { job, faults: Vec::new(), fault_count: 0 };
        let Known { mut index, mut counters, shared, is_empty: _ } = known;
        pass.first(&mut index)?;
        pass.number(&mut index, &mut counters, &shared);
        let (entries, counters) = pass.second(&index, counters, queue)?;
        if pass.fault_count > 0 {
            return Err(Error::Seed { faults: pass.faults, count: pass.fault_count });
        }
        let ending = pass.ending(&index, &counters)?;
        // A closed queue means that the writer has failed: its own error is told.
        drop(queue.blocking_send(Message::End(Box::new(ending))));
        Ok(entries)
    }

    /// Reads the files once, without a database, and tells the faults of all of them.
    pub(super) fn check(job: &SeedJob) -> Result<(), Error> {
        let mut pass = Pass { job, faults: Vec::new(), fault_count: 0 };
        let mut index = Index::new(job.model.types.len());
        for file in &job.files {
            match pass.claims(file, &mut index) {
                Err(Error::SeedUnreadable { source, .. }) => {
                    pass.fault_count += 1;
                    pass.faults.push([file.name.as_str(), ": ", &source.to_string()].concat());
                }
                read => read?,
            }
        }
        if pass.fault_count == 0 { Ok(()) } else { Err(Error::Seed { faults: pass.faults, count: pass.fault_count }) }
    }

    fn fault(&mut self, file: &SeedFile, met: &Met<'_>, problem: &str) {
        self.fault_count += 1;
        if self.faults.len() < SEED_FAULTS_MAX {
            let named = met.entry.as_ref().ok().and_then(|entry| entry.document_id.as_deref());
            let document = named.map(|id| [" (", id, ")"].concat()).unwrap_or_default();
            let of = if met.type_name.is_empty() { "" } else { " of " };
            let place =
                [file.name.as_str(), ", entry ", &met.number.to_string(), of, met.type_name, &document].concat();
            self.faults.push([place.as_str(), ": ", problem].concat());
        }
    }

    /// Notes every document that is named.
    fn first(&mut self, index: &mut Index) -> Result<(), Error> {
        let job = self.job;
        job.files.iter().try_for_each(|file| self.claims(file, index))
    }

    fn claims(&mut self, file: &SeedFile, index: &mut Index) -> Result<(), Error> {
        read::entries(&file.path, &mut |met: Met<'_>| {
            if let Err(problem) = self.claim(&met, index) {
                self.fault(file, &met, &problem);
            }
            true
        })
    }

    fn claim(&self, met: &Met<'_>, index: &mut Index) -> Result<(), String> {
        let model = &self.job.model;
        let entry = met.entry.as_ref().map_err(Clone::clone)?;
        let of = self.type_of(met)?;
        let content_type = model.content_type(of);
        if let Some(word) = entry.status.as_deref()
            && !(content_type.draft_and_publish && matches!(word, "draft" | "published"))
        {
            return Err("a status is `draft` or `published`, and only a type with draftAndPublish has one".to_owned());
        }
        if entry.locale.is_some() && !content_type.localized {
            return Err("only a localized type has a locale".to_owned());
        }
        if let Some(number) = entry.number {
            if !content_type.localized {
                return Err("only a localized type has entry numbers; the id of any other is its key".to_owned());
            }
            let greatest = index.entries.entry(of).or_insert(number);
            *greatest = (*greatest).max(number);
        }
        let key = given_key(model, of, entry)?;
        note_elements(self.job, &content_type.fields, &entry.data, &mut index.elements);
        let made = key.as_ref().and_then(document_id_of);
        let Some(document_id) = entry.document_id.as_deref().or(made.as_deref()) else {
            return match content_type.key {
                Key::Text | Key::Columns(_) => Err("a type with keys of text needs an id".to_owned()),
                Key::BigInt | Key::Uuid => Ok(()),
            };
        };
        let statuses = statuses_of(content_type, entry).iter().fold(0, |all, status| all | bit(*status));
        let locale = locale_of(content_type, entry, &self.job.options);
        let has_versions = content_type.has_versions();
        index.claim(&Claim { of, document_id, key, locale, statuses, has_versions })
    }

    fn type_of(&self, met: &Met<'_>) -> Result<TypeId, String> {
        self.job
            .model
            .type_named(met.type_name)
            .ok_or_else(|| ["there is no content type `", met.type_name, "`"].concat())
    }

    /// Gives numbers to what has none, behind all that are given.
    fn number(&self, index: &mut Index, counters: &mut Counters, shared: &HashMap<String, i64>) {
        let layout = &self.job.layout;
        let mut groups: HashMap<&str, i64> = HashMap::new();
        for (of, _) in self.job.model.content_types() {
            let word = match &layout.content_type(of).key_source {
                KeySource::Shared(word) => Some(word.as_str()),
                KeySource::Identity | KeySource::Uuid | KeySource::Given => None,
            };
            let members: Vec<TypeId> = match word {
                None => vec![of],
                Some(word) => self.types_that_share(word),
            };
            let free = index.key_max(&members) + 1;
            let mut next = match word {
                None => free,
                Some(word) => {
                    let known = shared.get(word).copied().unwrap_or(1);
                    (*groups.get(word).unwrap_or(&1)).max(known).max(free)
                }
            };
            index.fill_keys(of, || {
                next += 1;
                made_key(&self.job.model, of, next - 1)
            });
            groups.extend(word.map(|word| (word, next)));
            counters.keys.insert(of, next);
        }
        for (of, greatest) in &index.entries {
            let next = counters.entries.entry(*of).or_insert(1);
            *next = (*next).max(greatest + 1);
        }
        for (component, greatest) in &index.elements {
            let next = counters.elements.entry(*component).or_insert(1);
            *next = (*next).max(greatest + 1);
        }
    }

    fn types_that_share(&self, word: &str) -> Vec<TypeId> {
        let shares = |of: &TypeId| matches!(&self.job.layout.content_type(*of).key_source, KeySource::Shared(own) if own == word);
        self.job.model.content_types().map(|(of, _)| of).filter(shares).collect()
    }

    /// Makes the rows. After a fault nothing goes to the queue any more, but everything is still checked.
    fn second(&mut self, index: &Index, counters: Counters, queue: &Sender<Message>) -> Result<(u64, Counters), Error> {
        let job = self.job;
        let patterns = Patterns::of(&job.model);
        let mut maker = Maker {
            model: &job.model,
            layout: &job.layout,
            options: &job.options,
            hash_password: &job.hash_password,
            patterns,
            index,
            counters,
            uniques: Uniques::default(),
            numbered: HashMap::new(),
        };
        let mut batch = Batch::new();
        let (mut entries, mut waiting) = (0u64, 0usize);
        for file in &job.files {
            read::entries(&file.path, &mut |met: Met<'_>| {
                let (Ok(of), Ok(entry)) = (self.type_of(&met), met.entry.as_ref()) else { return true };
                if let Err(problems) = maker.add(of, entry, &mut batch) {
                    for problem in &problems {
                        self.fault(file, &met, problem);
                    }
                }
                entries += 1;
                waiting += 1;
                if waiting < BATCH_ROWS {
                    return true;
                }
                waiting = 0;
                (job.progress)(entries);
                self.send(&mut batch, queue)
            })?;
        }
        self.send(&mut batch, queue);
        (job.progress)(entries);
        Ok((entries, maker.counters))
    }

    /// False when the writer has gone.
    fn send(&self, batch: &mut Batch, queue: &Sender<Message>) -> bool {
        let rows = std::mem::take(batch);
        self.fault_count > 0 || queue.blocking_send(Message::Rows(rows)).is_ok()
    }

    fn ending(&self, index: &Index, counters: &Counters) -> Result<Ending, Error> {
        let model = &self.job.model;
        let elements = counters.elements.iter().map(|(of, next)| (model.component(*of).uid(), *next)).collect();
        let mut keys: HashMap<String, i64> = HashMap::new();
        for (of, _) in model.content_types() {
            if let KeySource::Shared(word) = &self.job.layout.content_type(of).key_source {
                let next = counters.keys.get(&of).copied().unwrap_or(1).max(index.key_max(&[of]) + 1);
                let known = keys.entry(word.clone()).or_insert(1);
                *known = (*known).max(next);
            }
        }
        let ledger =
            |file: &SeedFile| Ok(LedgerEntry::Seeded { file: file.name.clone(), hash: read::hash(&file.path)? });
        Ok(Ending {
            elements,
            keys: keys.into_iter().collect(),
            ledger: self.job.files.iter().map(ledger).collect::<Result<_, Error>>()?,
        })
    }
}

fn bit(status: i64) -> u8 {
    if status == sql::layout::STATUS_DRAFT { DRAFT } else { PUBLISHED }
}

/// Notes the greatest element id of each component that stands in these members.
fn note_elements(
    job: &SeedJob,
    fields: &[model::Field],
    data: &Map<String, Json>,
    greatest: &mut HashMap<ComponentId, i64>,
) {
    for field in fields {
        let allowed: &[ComponentId] = match &field.kind {
            model::FieldKind::Component { of, .. } => std::slice::from_ref(of),
            model::FieldKind::Zone { of } => &job.model.zone(*of).members,
            model::FieldKind::Scalar { .. } | model::FieldKind::Enum { .. } | model::FieldKind::Relation(_) => continue,
        };
        let elements = match data.get(&field.name) {
            Some(Json::Array(list)) => list.iter().collect(),
            Some(single @ Json::Object(_)) => vec![single],
            Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) | None => Vec::new(),
        };
        for element in elements.into_iter().filter_map(Json::as_object) {
            let Some(of) = element_component(&job.model, allowed, element) else { continue };
            if let Some(id) = element.get("id").and_then(Json::as_i64) {
                let known = greatest.entry(of).or_insert(id);
                *known = (*known).max(id);
            }
            note_elements(job, &job.model.component(of).fields, element, greatest);
        }
    }
}

/// A row of what the database holds: key and document id as texts, locale, status.
pub(super) fn note_known(job: &SeedJob, of: TypeId, row: &[String; 4], index: &mut Index) {
    let [key, document_id, locale, status] = row;
    let content_type = job.model.content_type(of);
    let key = match content_type.key {
        Key::BigInt => key.parse().ok().map(Value::Int),
        Key::Uuid => plan::uuid_of_text(key).map(Value::Uuid),
        Key::Text | Key::Columns(_) => Some(Value::Text(key.clone())),
    };
    let statuses = bit(status.parse().unwrap_or(sql::layout::STATUS_PUBLISHED));
    let has_versions = content_type.has_versions();
    // What stands in the database cannot clash with itself.
    drop(index.claim(&Claim { of, document_id, key, locale, statuses, has_versions }));
}

/// The component with this word, `category.name`.
pub(super) fn component_of(job: &SeedJob, word: &str) -> Option<ComponentId> {
    (0u16..)
        .map(ComponentId)
        .zip(&job.model.components)
        .find(|(_, component)| component.uid() == word)
        .map(|(id, _)| id)
}
