//! The list of changes between two models.

use super::matching::{Matches, field_pairs, same};
use super::{Change, EnumChange, FieldAt, FieldChange, Fill, Owner, Pair, TypeChange, conversion};
use crate::{ColumnName, ComponentId, EnumId, Field, FieldId, FieldKind, Key, Model, Relation, Side, Target, TypeId};

/// What differs between two models, in an order that can be followed: what a change needs stands before it.
#[must_use]
pub fn changes(before: &Model, after: &Model) -> Vec<Change> {
    let difference = Difference { before, after, matches: Matches::of(before, after) };
    let mut list = Vec::new();
    difference.components(&mut list);
    difference.types(&mut list);
    difference.enums(&mut list);
    list.sort_by_key(phase);
    list
}

struct Difference<'a> {
    before: &'a Model,
    after: &'a Model,
    matches: Matches,
}

/// Everything from 0 to the length, as ids.
fn ids(length: usize) -> impl Iterator<Item = u16> {
    0..u16::try_from(length).expect("a model has fewer definitions than u16 counts")
}

impl Difference<'_> {
    fn types(&self, list: &mut Vec<Change>) {
        let mut met = vec![false; self.before.types.len()];
        for after in ids(self.after.types.len()).map(TypeId) {
            match self.matches.type_before(after) {
                None => list.push(Change::TypeAdded(after)),
                Some(before) => {
                    met[usize::from(before.0)] = true;
                    self.content_type(Pair { before, after }, list);
                }
            }
        }
        let gone = ids(met.len()).map(TypeId).filter(|id| !met[usize::from(id.0)]);
        list.extend(gone.map(Change::TypeRemoved));
    }

    fn content_type(&self, pair: Pair<TypeId>, list: &mut Vec<Change>) {
        let (before, after) = (self.before.content_type(pair.before), self.after.content_type(pair.after));
        match (&before.table, &after.table) {
            (None, None) => {}
            // An imported table is never altered.
            (Some(_), Some(_)) => return,
            (Some(_), None) => return list.push(Change::Type(pair, TypeChange::TableOwned)),
            (None, Some(_)) => return list.push(Change::Type(pair, TypeChange::TableImported)),
        }
        let key = before.key != after.key;
        let sequence = !key && before.keys != after.keys && after.key == Key::BigInt;
        let found = [
            (before.name != after.name).then_some(TypeChange::Renamed),
            turned(before.draft_and_publish, after.draft_and_publish, TypeChange::DraftsOff, TypeChange::DraftsOn),
            turned(before.localized, after.localized, TypeChange::LocalesOff, TypeChange::LocalesOn),
            turned(before.single, after.single, TypeChange::SingleOff, TypeChange::SingleOn),
            key.then_some(TypeChange::Key),
            sequence.then_some(TypeChange::KeySequence),
            turned(before.trash.is_some(), after.trash.is_some(), TypeChange::TrashOff, TypeChange::TrashOn),
            (before.history != after.history).then_some(TypeChange::History),
        ];
        list.extend(found.into_iter().flatten().map(|change| Change::Type(pair, change)));
        self.fields(Pair { before: Owner::Type(pair.before), after: Owner::Type(pair.after) }, list);
        self.keys(pair, list);
    }

    /// Composite keys and indexes are the same when they name the same fields in the same order.
    fn keys(&self, pair: Pair<TypeId>, list: &mut Vec<Change>) {
        let (before, after) = (self.before.content_type(pair.before), self.after.content_type(pair.after));
        let found = field_pairs(&before.fields, &after.fields);
        let now = |field: FieldId| found.iter().find(|(was, _)| *was == Some(field)).map(|(_, is)| *is);
        let were_unique: Vec<_> = before
            .unique
            .iter()
            .map(|key| (key.fields.iter().map(|field| now(*field)).collect::<Vec<_>>(), key.nulls_equal))
            .collect();
        let are_unique: Vec<_> = after
            .unique
            .iter()
            .map(|key| (key.fields.iter().copied().map(Some).collect::<Vec<_>>(), key.nulls_equal))
            .collect();
        list.extend(missing(&were_unique, &are_unique).into_iter().map(|at| Change::UniqueKeyRemoved(pair.before, at)));
        list.extend(missing(&are_unique, &were_unique).into_iter().map(|at| Change::UniqueKeyAdded(pair.after, at)));
        let column_now = |column: ColumnName| match column {
            ColumnName::Field(field) => now(field).map(ColumnName::Field),
            ColumnName::System(_) => Some(column),
        };
        let were_indexes: Vec<Vec<_>> = before
            .indexes
            .iter()
            .map(|index| index.fields.iter().map(|(column, down)| (column_now(*column), *down)).collect())
            .collect();
        let are_indexes: Vec<Vec<_>> = after
            .indexes
            .iter()
            .map(|index| index.fields.iter().map(|(column, down)| (Some(*column), *down)).collect())
            .collect();
        list.extend(missing(&were_indexes, &are_indexes).into_iter().map(|at| Change::IndexRemoved(pair.before, at)));
        list.extend(missing(&are_indexes, &were_indexes).into_iter().map(|at| Change::IndexAdded(pair.after, at)));
    }

    fn components(&self, list: &mut Vec<Change>) {
        let mut met = vec![false; self.before.components.len()];
        for after in ids(self.after.components.len()).map(ComponentId) {
            match self.matches.component_before(after) {
                None => list.push(Change::ComponentAdded(after)),
                Some(before) => {
                    met[usize::from(before.0)] = true;
                    if self.before.component(before).uid() != self.after.component(after).uid() {
                        list.push(Change::ComponentRenamed(Pair { before, after }));
                    }
                    self.fields(Pair { before: Owner::Component(before), after: Owner::Component(after) }, list);
                }
            }
        }
        let gone = ids(met.len()).map(ComponentId).filter(|id| !met[usize::from(id.0)]);
        list.extend(gone.map(Change::ComponentRemoved));
    }

    fn enums(&self, list: &mut Vec<Change>) {
        for after in ids(self.after.enums.len()).map(EnumId) {
            let Some(before) = self.matches.enum_before(after) else { continue };
            let of = Pair { before, after };
            let (were, are) = (&self.before.enumeration(before).values, &self.after.enumeration(after).values);
            let mut found = same(were, are);
            for (value, is) in are.iter().enumerate() {
                if found[value].is_none() {
                    // Another word for the same stored text.
                    let free = (0..were.len()).find(|was| were[*was].raw == is.raw && !found.contains(&Some(*was)));
                    found[value] = free;
                }
            }
            for (value, was) in found.iter().enumerate() {
                match was {
                    None => list.push(Change::Enum(of, EnumChange::Added(value))),
                    Some(was) if were[*was].raw != are[value].raw => {
                        list.push(Change::Enum(of, EnumChange::Renamed(Pair { before: *was, after: value })));
                    }
                    Some(_) => {}
                }
            }
            let gone = (0..were.len()).filter(|was| !found.contains(&Some(*was)));
            list.extend(gone.map(|value| Change::Enum(of, EnumChange::Removed(value))));
        }
    }

    fn fields(&self, owner: Pair<Owner>, list: &mut Vec<Change>) {
        let (were, are) = (fields_of(self.before, owner.before), fields_of(self.after, owner.after));
        let found = field_pairs(were, are);
        for (was, is) in &found {
            let after = FieldAt { owner: owner.after, field: *is };
            let Some(was) = was else {
                list.push(self.added(after));
                continue;
            };
            let pair = Pair { before: FieldAt { owner: owner.before, field: *was }, after };
            if !self.field(pair, list) {
                list.push(Change::FieldRemoved(pair.before));
                list.push(self.added(pair.after));
            }
        }
        let gone = ids(were.len()).map(FieldId).filter(|id| !found.iter().any(|(was, _)| was == &Some(*id)));
        list.extend(gone.map(|field| Change::FieldRemoved(FieldAt { owner: owner.before, field })));
    }

    fn added(&self, field: FieldAt) -> Change {
        let of = field_of(self.after, field);
        let fill = match (&of.default, of.required && is_stored(of) && !is_list(&of.kind)) {
            (Some(_), _) => Fill::Default,
            (None, true) => Fill::Missing,
            (None, false) => Fill::Nothing,
        };
        Change::FieldAdded { field, fill }
    }

    /// The changes of one field; false when it holds something so different that it goes and comes anew.
    fn field(&self, pair: Pair<FieldAt>, list: &mut Vec<Change>) -> bool {
        let (before, after) = (field_of(self.before, pair.before), field_of(self.after, pair.after));
        let Some(kind) = self.kind(pair, &before.kind, &after.kind) else { return false };
        let nulls = |field: &Field| field.unique.map(|unique| unique.nulls_equal);
        let unique = match (nulls(before), nulls(after)) {
            (Some(_), None) | (Some(true), Some(false)) => Some(FieldChange::UniqueOff),
            (None, Some(_)) | (Some(false), Some(true)) => Some(FieldChange::UniqueOn),
            (None, None) | (Some(true), Some(true)) | (Some(false), Some(false)) => None,
        };
        let required = turned(before.required, after.required, FieldChange::RequiredOff, FieldChange::RequiredOn);
        let localized = turned(before.localized, after.localized, FieldChange::LocalizedOff, FieldChange::LocalizedOn);
        let found = [
            (before.name != after.name).then_some(FieldChange::Renamed),
            required.filter(|_| is_stored(after)),
            unique,
            localized.filter(|_| self.stays_localized(pair)),
            (before.rules != after.rules).then_some(FieldChange::Bounds),
        ];
        list.extend(kind.into_iter().chain(found.into_iter().flatten()).map(|change| Change::Field(pair, change)));
        list.extend(self.swap(pair, before, after));
        true
    }

    /// Where the whole type gains or loses its locales, that change says it all.
    fn stays_localized(&self, pair: Pair<FieldAt>) -> bool {
        let (Owner::Type(was), Owner::Type(is)) = (pair.before.owner, pair.after.owner) else { return false };
        self.before.content_type(was).localized && self.after.content_type(is).localized
    }

    /// The changes of what a field holds; none when it must go and come anew.
    fn kind(&self, pair: Pair<FieldAt>, before: &FieldKind, after: &FieldKind) -> Option<Vec<FieldChange>> {
        use FieldKind::{Component, Enum, Relation, Scalar, Zone};
        match (before, after) {
            (Scalar { .. } | Enum { .. }, Scalar { .. } | Enum { .. }) => self.scalar(before, after),
            (Relation(was), Relation(is)) => Some(self.relation(pair, was, is)),
            (Component { of: was, repeatable: was_list }, Component { of: is, repeatable: is_list }) => {
                let is_same = self.matches.component_before(*is) == Some(*was);
                let list = turned(*was_list, *is_list, FieldChange::RepeatableOff, FieldChange::RepeatableOn);
                is_same.then(|| list.into_iter().collect())
            }
            (Zone { of: was }, Zone { of: is }) => {
                Some(self.zone(&self.before.zone(*was).members, &self.after.zone(*is).members))
            }
            (
                Scalar { .. } | Enum { .. } | Relation(_) | Component { .. } | Zone { .. },
                Scalar { .. } | Enum { .. } | Relation(_) | Component { .. } | Zone { .. },
            ) => None,
        }
    }

    fn scalar(&self, before: &FieldKind, after: &FieldKind) -> Option<Vec<FieldChange>> {
        let enums = match (before, after) {
            (FieldKind::Enum { of: was, list: was_list }, FieldKind::Enum { of: is, list: is_list }) => {
                Some((self.matches.enum_before(*is) == Some(*was), was_list == is_list))
            }
            _ => None,
        };
        let conversion = conversion::between(before, after, enums.is_some_and(|(is_same, _)| is_same))?;
        let is_same = enums.map_or_else(|| before == after, |(is_same, is_same_list)| is_same && is_same_list);
        Some(if is_same { Vec::new() } else { vec![FieldChange::Scalar(conversion)] })
    }

    fn zone(&self, were: &[ComponentId], are: &[ComponentId]) -> Vec<FieldChange> {
        let is_new = |is: &ComponentId| self.matches.component_before(*is).is_none_or(|was| !were.contains(&was));
        let stays = |was: &ComponentId| are.iter().any(|is| self.matches.component_before(*is) == Some(*was));
        let went = were.iter().filter(|was| !stays(was)).map(|of| FieldChange::ZoneMemberRemoved(*of));
        went.chain(are.iter().filter(|is| is_new(is)).map(|of| FieldChange::ZoneMemberAdded(*of))).collect()
    }

    fn relation(&self, pair: Pair<FieldAt>, before: &Relation, after: &Relation) -> Vec<FieldChange> {
        let mut found = Vec::new();
        let (were, are) = (targets(self.before, before.target), targets(self.after, after.target));
        let stays = |was: &TypeId| are.iter().any(|is| self.matches.type_before(*is) == Some(*was));
        let lost: Vec<TypeId> = were.iter().filter(|was| !stays(was)).copied().collect();
        let is_wider = are.iter().any(|is| self.matches.type_before(*is).is_none_or(|was| !were.contains(&was)));
        let is_other_form = matches!(before.target, Target::Type(_)) != matches!(after.target, Target::Type(_));
        if is_other_form || is_wider || !lost.is_empty() {
            found.push(FieldChange::Retargeted { lost });
        }
        let is_inverse = |relation: &Relation| matches!(relation.side, Side::Inverse { .. });
        // What is seen from the other side only is stored there.
        if !is_inverse(before) || !is_inverse(after) {
            found.extend(turned(before.many, after.many, FieldChange::ToOne, FieldChange::ToMany));
            let is_other_side = match (before.side, after.side) {
                (Side::OneWay, Side::OneWay) => false,
                (Side::Owner { .. }, Side::Owner { .. }) => self.same_other_side(before, after).is_none(),
                (Side::Owner { .. }, Side::Inverse { .. }) | (Side::Inverse { .. }, Side::Owner { .. }) => {
                    self.swap_of(pair, before, after).is_none()
                }
                (
                    Side::OneWay | Side::Owner { .. } | Side::Inverse { .. },
                    Side::OneWay | Side::Owner { .. } | Side::Inverse { .. },
                ) => true,
            };
            found.extend(is_other_side.then_some(FieldChange::Side));
        }
        found
    }

    /// The exchange of owner, told once: by the field that owns the relation after.
    fn swap(&self, pair: Pair<FieldAt>, before: &Field, after: &Field) -> Option<Change> {
        let (before, after) = before.relation().zip(after.relation())?;
        self.swap_of(pair, before, after).filter(|_| matches!(after.side, Side::Owner { .. }))
    }

    fn swap_of(&self, pair: Pair<FieldAt>, before: &Relation, after: &Relation) -> Option<Change> {
        let other = self.same_other_side(before, after)?;
        match (before.side, after.side) {
            (Side::Owner { .. }, Side::Inverse { .. }) => Some(Change::OwnerSwapped { from: pair, to: other }),
            (Side::Inverse { .. }, Side::Owner { .. }) => Some(Change::OwnerSwapped { from: other, to: pair }),
            (
                Side::OneWay | Side::Owner { .. } | Side::Inverse { .. },
                Side::OneWay | Side::Owner { .. } | Side::Inverse { .. },
            ) => None,
        }
    }

    /// The other side of a relation, when it is one and the same field in both models.
    fn same_other_side(&self, before: &Relation, after: &Relation) -> Option<Pair<FieldAt>> {
        let ((was, was_field), (is, is_field)) = self.before.other_side(before).zip(self.after.other_side(after))?;
        let fields = field_pairs(&self.before.content_type(was).fields, &self.after.content_type(is).fields);
        let is_same = self.matches.type_before(is) == Some(was) && fields.contains(&(Some(was_field), is_field));
        let at = |id: TypeId, field: FieldId| FieldAt { owner: Owner::Type(id), field };
        is_same.then(|| Pair { before: at(was, was_field), after: at(is, is_field) })
    }
}

/// The change of a flag, if it changed.
fn turned<T>(was: bool, is: bool, off: T, on: T) -> Option<T> {
    match (was, is) {
        (true, false) => Some(off),
        (false, true) => Some(on),
        (true, true) | (false, false) => None,
    }
}

/// Positions in the list of what is not in the other one.
fn missing<T: PartialEq>(list: &[T], other: &[T]) -> Vec<usize> {
    list.iter().enumerate().filter(|(_, of)| !other.contains(of)).map(|(at, _)| at).collect()
}

/// The content types that a relation may point at.
fn targets(model: &Model, target: Target) -> Vec<TypeId> {
    match target {
        Target::Type(id) => vec![id],
        Target::Group(id) => model.group(id).members.clone(),
    }
}

pub(super) fn fields_of(model: &Model, owner: Owner) -> &[Field] {
    match owner {
        Owner::Type(id) => &model.content_type(id).fields,
        Owner::Component(id) => &model.component(id).fields,
    }
}

pub(super) fn field_of(model: &Model, at: FieldAt) -> &Field {
    &fields_of(model, at.owner)[usize::from(at.field.0)]
}

/// Values or links are kept for it; the inverse side of a relation is seen through the other.
pub(super) fn is_stored(field: &Field) -> bool {
    field.relation().is_none_or(|relation| !matches!(relation.side, Side::Inverse { .. }))
}

/// It may be empty even where it is required.
fn is_list(kind: &FieldKind) -> bool {
    match kind {
        FieldKind::Scalar { list, .. } | FieldKind::Enum { list, .. } => *list,
        FieldKind::Relation(relation) => relation.many,
        FieldKind::Component { repeatable, .. } => *repeatable,
        FieldKind::Zone { .. } => true,
    }
}

/// Where a change stands in the order; within one place the order of the text holds.
fn phase(change: &Change) -> u8 {
    match change {
        Change::Type(_, TypeChange::Renamed) | Change::ComponentRenamed(_) => 0,
        Change::Field(_, FieldChange::Renamed) | Change::Enum(_, EnumChange::Renamed(_)) => 1,
        Change::Field(_, FieldChange::UniqueOff | FieldChange::RequiredOff)
        | Change::IndexRemoved(..)
        | Change::UniqueKeyRemoved(..) => 2,
        Change::TypeAdded(_) | Change::ComponentAdded(_) => 3,
        Change::Type(..) => 4,
        Change::FieldRemoved(_) => 5,
        Change::FieldAdded { .. } => 6,
        Change::Enum(_, EnumChange::Added(_) | EnumChange::Removed(_)) => 7,
        Change::Field(_, FieldChange::Bounds | FieldChange::RequiredOn | FieldChange::UniqueOn) => 9,
        Change::Field(..) | Change::OwnerSwapped { .. } => 8,
        Change::UniqueKeyAdded(..) | Change::IndexAdded(..) => 10,
        Change::TypeRemoved(_) => 11,
        Change::ComponentRemoved(_) => 12,
    }
}
