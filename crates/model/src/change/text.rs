//! Changes in people's words: one line each, and what each loses.

use super::difference::{field_of, is_stored};
use super::{Change, Conversion, EnumChange, FieldAt, FieldChange, Fill, Owner, Pair, TypeChange};
use crate::picture::{kind_words, target_name};
use crate::{ComponentId, EnumId, FieldId, FieldKind, Model, TypeId};

impl Change {
    /// What changes, in one line without a final full stop: `Album.year: a new field`. Names are those of the model after, where the thing
    /// is still in it.
    #[must_use]
    pub fn text(&self, before: &Model, after: &Model) -> String {
        let words = Words { before, after };
        [words.subject(self).as_str(), &words.predicate(self)].join(": ")
    }

    /// What goes for ever, as a thing that can be counted: `values of Album.year`. None when nothing does.
    #[must_use]
    pub fn loses(&self, before: &Model, after: &Model) -> Option<String> {
        Words { before, after }.loss(self)
    }
}

/// The two models that the ids of a change mean.
struct Words<'a> {
    before: &'a Model,
    after: &'a Model,
}

impl Words<'_> {
    fn subject(&self, change: &Change) -> String {
        match change {
            Change::TypeAdded(id) | Change::UniqueKeyAdded(id, _) | Change::IndexAdded(id, _) => {
                type_name(self.after, *id)
            }
            Change::TypeRemoved(id) | Change::UniqueKeyRemoved(id, _) | Change::IndexRemoved(id, _) => {
                type_name(self.before, *id)
            }
            Change::Type(pair, _) => type_name(self.after, pair.after),
            Change::ComponentAdded(id) => component_name(self.after, *id),
            Change::ComponentRemoved(id) => component_name(self.before, *id),
            Change::ComponentRenamed(pair) => component_name(self.after, pair.after),
            Change::Enum(pair, _) => self.after.enumeration(pair.after).name.clone(),
            Change::FieldRemoved(at) => path(self.before, *at),
            Change::FieldAdded { field, .. } => path(self.after, *field),
            Change::Field(pair, _) | Change::OwnerSwapped { to: pair, .. } => path(self.after, pair.after),
        }
    }

    fn predicate(&self, change: &Change) -> String {
        let (before, after) = (self.before, self.after);
        match change {
            Change::TypeAdded(_) => "a new content type".to_owned(),
            Change::TypeRemoved(_) => "the content type goes".to_owned(),
            Change::Type(pair, change) => self.of_type(*pair, *change),
            Change::ComponentAdded(_) => "a new component".to_owned(),
            Change::ComponentRemoved(_) => "the component goes".to_owned(),
            Change::ComponentRenamed(of) => {
                format!("is {} now, not {}", after.component(of.after).uid(), before.component(of.before).uid())
            }
            Change::FieldRemoved(_) => "the field goes".to_owned(),
            Change::FieldAdded { fill, .. } => fill_words(*fill).to_owned(),
            Change::Field(pair, change) => self.of_field(*pair, change),
            Change::OwnerSwapped { from, .. } => ["owns the relation now, not", &path(after, from.after)].join(" "),
            Change::Enum(of, change) => self.of_enum(*of, *change),
            Change::IndexRemoved(id, at) => ["the index over", &index(before, *id, *at), "goes"].join(" "),
            Change::IndexAdded(id, at) => ["a new index over", &index(after, *id, *at)].join(" "),
            Change::UniqueKeyRemoved(id, at) => {
                [&unique_key(before, *id, *at), "need not be unique any more"].join(" ")
            }
            Change::UniqueKeyAdded(id, at) => [&unique_key(after, *id, *at), "must be unique together"].join(" "),
        }
    }

    fn of_type(&self, pair: Pair<TypeId>, change: TypeChange) -> String {
        let fixed = match change {
            TypeChange::Renamed => return ["was called", &type_name(self.before, pair.before)].join(" "),
            TypeChange::History => {
                let kept = (self.after.content_type(pair.after).history, self.before.content_type(pair.before).history);
                return format!("{} versions of each document are kept, not {}", kept.0, kept.1);
            }
            TypeChange::DraftsOff => "draft and publish off: published versions stay",
            TypeChange::DraftsOn => "draft and publish on: each document gets both versions",
            TypeChange::LocalesOff => "locales off: the default locale stays",
            TypeChange::LocalesOn => "locales on: each document is in the default locale",
            TypeChange::SingleOn => "the list becomes a single type",
            TypeChange::SingleOff => "the single type becomes a list",
            TypeChange::Key => "keys are of another kind",
            TypeChange::KeySequence => "keys are drawn from another sequence",
            TypeChange::TableImported => "an imported table, not one of its own",
            TypeChange::TableOwned => "a table of its own, not an imported one",
            TypeChange::TrashOn => "deleted documents can be restored",
            TypeChange::TrashOff => "deleted documents cannot be restored any more",
        };
        fixed.to_owned()
    }

    fn of_field(&self, pair: Pair<FieldAt>, change: &FieldChange) -> String {
        let (before, after) = (self.before, self.after);
        let fixed = match change {
            FieldChange::Renamed => return ["was called", &field_of(before, pair.before).name].join(" "),
            FieldChange::Scalar(_) => {
                return format!("holds {}, not {}", kind_of(after, pair.after), kind_of(before, pair.before));
            }
            FieldChange::Retargeted { .. } => {
                return format!("points at {}, not {}", target_of(after, pair.after), target_of(before, pair.before));
            }
            FieldChange::ZoneMemberAdded(component) => return ["takes", &component_name(after, *component)].join(" "),
            FieldChange::ZoneMemberRemoved(component) => {
                return ["takes", &component_name(before, *component), "no more"].join(" ");
            }
            FieldChange::UniqueOff => "need not be unique any more",
            FieldChange::UniqueOn => "must be unique",
            FieldChange::RequiredOff => "may be missing",
            FieldChange::RequiredOn => "is required",
            FieldChange::ToMany => "a to-one relation becomes a list",
            FieldChange::ToOne => "the list of relations becomes a to-one",
            FieldChange::Side => "another other side, or none",
            FieldChange::RepeatableOn => "one component becomes a list",
            FieldChange::RepeatableOff => "the list of components becomes one",
            FieldChange::LocalizedOff => "is the same in all locales",
            FieldChange::LocalizedOn => "may differ between locales",
            FieldChange::Bounds => "other bounds",
        };
        fixed.to_owned()
    }

    fn of_enum(&self, of: Pair<EnumId>, change: EnumChange) -> String {
        let (were, are) = (&self.before.enumeration(of.before).values, &self.after.enumeration(of.after).values);
        match change {
            EnumChange::Added(at) => ["a new word", &are[at].name].join(" "),
            EnumChange::Removed(at) => ["the word", &were[at].name, "goes"].join(" "),
            EnumChange::Renamed(at) => {
                format!("{} is stored as {:?}, not {:?}", are[at.after].name, are[at.after].raw, were[at.before].raw)
            }
        }
    }

    fn loss(&self, change: &Change) -> Option<String> {
        match change {
            Change::TypeRemoved(id) if self.before.content_type(*id).table.is_none() => {
                Some(["documents of", &type_name(self.before, *id)].join(" "))
            }
            Change::Type(pair, change) => self.loss_of_type(*pair, *change),
            Change::FieldRemoved(at) => self.loss_of_removed(*at),
            Change::Field(pair, change) => self.loss_of_field(*pair, change),
            Change::Enum(of, EnumChange::Removed(at)) => {
                let of = self.before.enumeration(of.before);
                Some(["values", &of.values[*at].name, "of fields of the enum", &of.name].join(" "))
            }
            Change::TypeAdded(_)
            | Change::TypeRemoved(_)
            | Change::ComponentAdded(_)
            | Change::ComponentRemoved(_)
            | Change::ComponentRenamed(_)
            | Change::FieldAdded { .. }
            | Change::OwnerSwapped { .. }
            | Change::Enum(_, EnumChange::Added(_) | EnumChange::Renamed(_))
            | Change::UniqueKeyRemoved(..)
            | Change::UniqueKeyAdded(..)
            | Change::IndexRemoved(..)
            | Change::IndexAdded(..) => None,
        }
    }

    fn loss_of_type(&self, pair: Pair<TypeId>, change: TypeChange) -> Option<String> {
        let keeps_fewer = self.after.content_type(pair.after).history < self.before.content_type(pair.before).history;
        let what = match change {
            TypeChange::DraftsOff => "drafts that differ from what is published, or were never published, of",
            TypeChange::LocalesOff => "versions in other than the default locale of",
            TypeChange::SingleOn => "all but one of the documents of",
            TypeChange::Key => "keys of, and links to,",
            TypeChange::TableImported => "documents of",
            TypeChange::TrashOff => "deleted documents that could be restored of",
            TypeChange::History if keeps_fewer => "older versions of documents of",
            TypeChange::Renamed
            | TypeChange::DraftsOn
            | TypeChange::LocalesOn
            | TypeChange::SingleOff
            | TypeChange::KeySequence
            | TypeChange::TableOwned
            | TypeChange::TrashOn
            | TypeChange::History => return None,
        };
        Some([what, &type_name(self.before, pair.before)].join(" "))
    }

    fn loss_of_field(&self, pair: Pair<FieldAt>, change: &FieldChange) -> Option<String> {
        let name = path(self.before, pair.before);
        let what = match change {
            FieldChange::Scalar(Conversion::Narrows) => {
                return Some(format!("values of {name} that are no {}", kind_of(self.after, pair.after)));
            }
            FieldChange::Scalar(Conversion::Drops) => "values of",
            FieldChange::ToOne => "all but the first of the links of",
            FieldChange::Retargeted { lost } if !lost.is_empty() => {
                let names: Vec<String> = lost.iter().map(|id| type_name(self.before, *id)).collect();
                return Some(format!("links of {name} to {}", names.join(", ")));
            }
            FieldChange::Side if !is_stored(field_of(self.after, pair.after)) => "links of",
            FieldChange::RepeatableOff => "all but the first of the elements of",
            FieldChange::ZoneMemberRemoved(component) => {
                return Some(format!("elements {} of {name}", component_name(self.before, *component)));
            }
            FieldChange::LocalizedOff => "values in other than the default locale of",
            FieldChange::Renamed
            | FieldChange::Scalar(Conversion::Keeps | Conversion::Converts)
            | FieldChange::ToMany
            | FieldChange::Retargeted { .. }
            | FieldChange::Side
            | FieldChange::RepeatableOn
            | FieldChange::ZoneMemberAdded(_)
            | FieldChange::LocalizedOn
            | FieldChange::Bounds
            | FieldChange::RequiredOn
            | FieldChange::RequiredOff
            | FieldChange::UniqueOn
            | FieldChange::UniqueOff => return None,
        };
        Some([what, &name].join(" "))
    }

    fn loss_of_removed(&self, at: FieldAt) -> Option<String> {
        let field = field_of(self.before, at);
        let what = match &field.kind {
            FieldKind::Relation(_) if !is_stored(field) => return None,
            FieldKind::Relation(_) => "links of",
            FieldKind::Component { .. } | FieldKind::Zone { .. } => "elements of",
            FieldKind::Scalar { .. } | FieldKind::Enum { .. } => "values of",
        };
        Some([what, &path(self.before, at)].join(" "))
    }
}

fn fill_words(fill: Fill) -> &'static str {
    match fill {
        Fill::Nothing => "a new field",
        Fill::Default => "a new field, filled with its default",
        Fill::Missing => "a new field, required and without default: published documents that exist stand in the way",
    }
}

fn type_name(model: &Model, id: TypeId) -> String {
    model.content_type(id).name.clone()
}

fn component_name(model: &Model, id: ComponentId) -> String {
    model.component(id).name.clone()
}

/// `Album.year`.
fn path(model: &Model, at: FieldAt) -> String {
    let owner = match at.owner {
        Owner::Type(id) => type_name(model, id),
        Owner::Component(id) => component_name(model, id),
    };
    [&owner, field_of(model, at).name.as_str()].join(".")
}

/// `Int`, `[String]`.
fn kind_of(model: &Model, at: FieldAt) -> String {
    let (name, is_list) = kind_words(model, &field_of(model, at).kind);
    if is_list { ["[", name, "]"].concat() } else { name.to_owned() }
}

fn target_of(model: &Model, at: FieldAt) -> &str {
    field_of(model, at).relation().map(|relation| target_name(model, relation.target)).unwrap_or_default()
}

fn unique_key(model: &Model, of: TypeId, at: usize) -> String {
    names(model, of, &model.content_type(of).unique[at].fields)
}

fn index(model: &Model, of: TypeId, at: usize) -> String {
    let columns = &model.content_type(of).indexes[at].fields;
    let words: Vec<&str> = columns.iter().map(|(column, _)| model.content_type(of).column_word(*column)).collect();
    words.join(" + ")
}

fn names(model: &Model, of: TypeId, fields: &[FieldId]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| model.content_type(of).field(*field).name.as_str()).collect();
    names.join(" + ")
}
