//! What in the model after was what in the model before, as the list of changes says.

use std::collections::{HashMap, HashSet};

use model::change::{Change, FieldAt, FieldChange, Owner, TypeChange};
use model::{Component, ComponentId, Field, FieldId, Model, TypeId};

/// The same things in both models, by what they are after.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    types: HashMap<TypeId, TypeId>,
    components: HashMap<ComponentId, ComponentId>,
    fields: HashMap<(Owner, FieldId), FieldId>,
}

impl Pairs {
    pub(super) fn of(before: &Model, after: &Model, changes: &[Change]) -> Pairs {
        let mut pairs = Pairs::default();
        let mut renamed_fields: HashMap<FieldAt, FieldId> = HashMap::new();
        let mut new_fields: HashSet<FieldAt> = HashSet::new();
        for change in changes {
            match change {
                Change::Type(pair, TypeChange::Renamed) => drop(pairs.types.insert(pair.after, pair.before)),
                Change::Field(pair, FieldChange::Renamed) => drop(renamed_fields.insert(pair.after, pair.before.field)),
                Change::FieldAdded { field, .. } => drop(new_fields.insert(*field)),
                Change::Type(..)
                | Change::Field(..)
                | Change::TypeAdded(_)
                | Change::TypeRemoved(_)
                | Change::ComponentAdded(_)
                | Change::ComponentRemoved(_)
                | Change::ComponentRenamed(_)
                | Change::FieldRemoved(_)
                | Change::OwnerSwapped { .. }
                | Change::Enum(..)
                | Change::UniqueKeyRemoved(..)
                | Change::UniqueKeyAdded(..)
                | Change::IndexRemoved(..)
                | Change::IndexAdded(..) => {}
            }
        }
        for (id, content_type) in after.content_types() {
            if !pairs.types.contains_key(&id) {
                pairs.types.extend(before.type_named(&content_type.name).map(|was| (id, was)));
            }
        }
        for (id, component) in (0u16..).map(ComponentId).zip(&after.components) {
            pairs.components.extend(component_before(before, component).map(|was| (id, was)));
        }
        let owners = pairs.types.iter().map(|(is, was)| (Owner::Type(*is), Owner::Type(*was)));
        let inside = pairs.components.iter().map(|(is, was)| (Owner::Component(*is), Owner::Component(*was)));
        let owners: Vec<(Owner, Owner)> = owners.chain(inside).collect();
        for (is, was) in owners {
            for (field, declared) in ids(fields_of(after, is)) {
                let at = FieldAt { owner: is, field };
                let by_name =
                    || ids(fields_of(before, was)).find(|(_, field)| field.name == declared.name).map(|(id, _)| id);
                let found =
                    if new_fields.contains(&at) { None } else { renamed_fields.get(&at).copied().or_else(by_name) };
                pairs.fields.extend(found.map(|found| ((is, field), found)));
            }
        }
        pairs
    }

    /// What this content type was before.
    pub(super) fn type_before(&self, after: TypeId) -> Option<TypeId> {
        self.types.get(&after).copied()
    }

    /// What this content type is after.
    pub(super) fn type_after(&self, before: TypeId) -> Option<TypeId> {
        self.types.iter().find(|(_, was)| **was == before).map(|(is, _)| *is)
    }

    /// What this component is after.
    pub(super) fn component_after(&self, before: ComponentId) -> Option<ComponentId> {
        self.components.iter().find(|(_, was)| **was == before).map(|(is, _)| *is)
    }

    /// Which field this one was before.
    pub(super) fn field_before(&self, owner: Owner, after: FieldId) -> Option<FieldId> {
        self.fields.get(&(owner, after)).copied()
    }

    /// Which field this one of the model before is after; `owner` is the owner after.
    pub(super) fn field_after(&self, owner: Owner, before: FieldId) -> Option<FieldId> {
        self.fields.iter().find(|((is, _), was)| *is == owner && **was == before).map(|((_, id), _)| *id)
    }
}

fn component_before(before: &Model, after: &Component) -> Option<ComponentId> {
    let find = |name: &str| before.components.iter().position(|component| component.name == name);
    let found = find(&after.name).or_else(|| after.renamed_from.iter().find_map(|name| find(name)))?;
    u16::try_from(found).ok().map(ComponentId)
}

/// The fields of a type or component.
pub(super) fn fields_of(model: &Model, owner: Owner) -> &[Field] {
    match owner {
        Owner::Type(id) => &model.content_type(id).fields,
        Owner::Component(id) => &model.component(id).fields,
    }
}

/// Fields with their ids.
pub(super) fn ids(fields: &[Field]) -> impl Iterator<Item = (FieldId, &Field)> {
    (0u16..).map(FieldId).zip(fields)
}
