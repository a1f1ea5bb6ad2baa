//! An upload that names a document: the new files are linked by its media field.
//!
//! Source: dialect manual 7.8, `ref`, `refId`, `field`.

use std::sync::Arc;

use files::Family;
use model::{Action, ContentType, FieldId, MediaKind, MediaRule, Model, SystemColumn, TypeId, naming};
use plan::{
    Answer, Assignment, Boundary, Caller, Cause, Column, Data, Entry, Filter, Find, From, Given, Holes, LinkKind,
    Links, Locale, Plan, Policy, RootValue, Select, Status, ValueKind, Variables, Version, Write, WriteAction,
    WriteVersion,
};
use serde_json::{Value, json};

use super::form::FormFile;
use super::plans::{By, ID, Maker, ROWS_MAX};
use super::{Media, Noted};
use crate::refusal::Refusal;

/// The parts that name a document and its field.
pub(super) const PARTS: [&str; 3] = ["ref", "refId", "field"];
/// The member of a row with the public id of its file.
const DOCUMENT_ID: &str = "documentId";
/// The variable with the files that are linked.
const LINKED: &str = "linked";

/// The media field of a document that is meant.
pub(super) struct Target<'a> {
    of: TypeId,
    field: FieldId,
    many: bool,
    rule: &'a MediaRule,
    id: String,
}

impl Media {
    /// The field that the values of [`PARTS`] name; none where they name none.
    pub(super) fn target<'a>(
        &'a self,
        named: [Option<&str>; 3],
        caller: &Caller,
    ) -> Result<Option<Target<'a>>, Refusal> {
        let (named, id, field) = match named {
            [None, None, None] => return Ok(None),
            [Some(named), Some(id), Some(field)] => (named, id, field),
            [..] => return Err(Refusal::invalid("ref, refId and field belong together")),
        };
        let unknown = || Refusal::invalid("ref names no content type with this media field");
        let mut types = self.model().content_types();
        let (of, content_type) = types.find(|(_, of)| is_named(of, named)).ok_or_else(unknown)?;
        let mut fields = content_type.fields_by_id();
        let found = fields.find(|(_, of)| of.names.strapi.as_deref().unwrap_or(&of.name) == field);
        let (field, declared) = found.ok_or_else(unknown)?;
        let relation = declared.relation().ok_or_else(unknown)?;
        let rule = relation.media.as_ref().filter(|_| self.model().holds_links(relation)).ok_or_else(unknown)?;
        if !Policy::of(self.model(), caller).allows_field(of, Action::Update, field) {
            return Err(Refusal::forbidden());
        }
        Ok(Some(Target { of, field, many: relation.many, rule, id: id.to_owned() }))
    }

    /// Links files that were just kept, behind those that the field has. Where that cannot be they are removed again; where nobody knows whether it
    /// was done they stay.
    pub(super) async fn link(
        self: &Arc<Self>,
        caller: &Caller,
        (target, rows): (&Target<'_>, &[Value]),
    ) -> Result<(), Refusal> {
        let new: Vec<&Value> = rows.iter().filter_map(|row| row.get(DOCUMENT_ID)).collect();
        let given = if target.many { json!(new) } else { new.first().map_or(Value::Null, |id| (*id).clone()) };
        let variables = Variables::from_iter([(ID.to_owned(), json!(target.id)), (LINKED.to_owned(), given)]);
        let done = self.ran((caller, target.change(self.model())), &variables, &Noted::new(self)).await;
        let refusal = match done {
            Ok(done) if done.get("document").is_some_and(Value::is_object) => return Ok(()),
            Err((Cause::OutcomeUnknown, refusal)) => return Err(refusal),
            Ok(_) => Refusal::not_found(),
            Err((_, refusal)) => refusal,
        };
        for id in new {
            let variables = Variables::from_iter([(ID.to_owned(), id.clone())]);
            let plan = Maker::new(self.model(), self.of).delete(By::DocumentId);
            self.run((&Caller::Owner, plan), &variables).await?;
        }
        Err(refusal)
    }
}

impl Target<'_> {
    /// Whether the field takes these files.
    pub(super) fn takes(&self, files: &[FormFile]) -> Result<(), Refusal> {
        if !self.many && files.len() > 1 {
            return Err(Refusal::invalid("The field takes one file"));
        }
        let is_taken = |file: &&FormFile| self.rule.allow.contains(&kind_of(file.content.family));
        match files.iter().find(|file| !is_taken(file)) {
            None => Ok(()),
            Some(file) => {
                Err(Refusal::invalid(format!("The field does not take {}: it is {}", file.name, file.content.mime)))
            }
        }
    }

    fn has_drafts(&self, model: &Model) -> bool {
        model.content_type(self.of).draft_and_publish
    }

    fn locale(&self, model: &Model) -> Locale {
        if model.content_type(self.of).localized { Locale::Default } else { Locale::Only }
    }

    /// The document with these files, too: its draft, and its published version where there is one. What else differs between the two stays.
    fn change(&self, model: &Model) -> Plan {
        let mut holes = Holes::default();
        let id = holes.variable(&[ID], ValueKind::Text, false);
        let find = match By::of(&self.id) {
            By::Key => Find::Key(id),
            By::DocumentId => Find::DocumentId(id),
        };
        let ids = holes.variable(&[LINKED], ValueKind::Text, self.many);
        let links = Links { ids, kind: LinkKind::DocumentId, visible: Filter::All };
        let given = if self.many { Given::AddedLinks(links) } else { Given::Links(links) };
        let assignment = Assignment { field: self.field, given };
        let version = if self.has_drafts(model) { WriteVersion::AsPresent } else { WriteVersion::Only };
        let status = if self.has_drafts(model) { Status::Draft } else { Status::Only };
        let id = Entry::plain(ID, Column::System(SystemColumn::DocumentId));
        let shown = Version { status, locale: self.locale(model), publication: None };
        let answer = Select { version: shown, ..Select::one((self.of, From::Written), Filter::All, vec![id]) };
        let data = Data { assignments: vec![assignment] };
        let action = WriteAction::Update { find, data, version, locale: self.locale(model), or_create: false };
        let root = RootValue::Write(Box::new(Write::new(self.of, action, Answer::Row(Box::new(answer)))));
        holes.plan(vec![("document".to_owned(), root)], Boundary::Whole, ROWS_MAX)
    }
}

/// `api::restaurant.restaurant`, `plugin::users-permissions.user`, or the name of the type itself.
fn is_named(of: &ContentType, named: &str) -> bool {
    let last = named.rsplit(['.', ':']).next().unwrap_or_default();
    named == of.name || last == naming::kebab(of.names.strapi.as_deref().unwrap_or(&of.name))
}

fn kind_of(family: Family) -> MediaKind {
    match family {
        Family::Image => MediaKind::Image,
        Family::Video => MediaKind::Video,
        Family::Audio => MediaKind::Audio,
        Family::File => MediaKind::File,
    }
}
