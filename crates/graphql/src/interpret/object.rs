//! Objects of rows and of component elements.

use model::{ComponentId, FieldId, FieldKind, Target};
use plan::{
    Arm, ComponentSelect, Filter, From, Linked, Object, Page, Row, RowValue, Select, Switch, SwitchArm, SwitchFrom,
    SwitchShape,
};

use super::filter::Place;
use super::select::json_path;
use super::{Level, Merged, Owner, Planner, Refusable, misplaced};
use crate::binding::{FieldBinding, InputBinding, PageRule, RowsShape};
use crate::definition::{Field as FieldDefinition, Stands, TypeRef, VersionRule};

impl<'a> Planner<'a> {
    /// The object of a row or element at this level, as an object type shows it.
    pub(super) fn object(&mut self, merged: &Merged<'a>, object: &str, level: &Level) -> Object {
        let entries =
            self.members(merged, object, (RowValue::Constant, RowValue::Refused), |planner, inner, definition| {
                planner.row_value(inner, definition, level)
            });
        Object { entries }
    }

    fn row_value(
        &mut self,
        merged: &Merged<'a>,
        definition: &'a FieldDefinition,
        level: &Level,
    ) -> Refusable<RowValue> {
        Ok(match &definition.binding {
            FieldBinding::Column(column, form) => {
                let arguments = self.arguments(merged, definition);
                let path = arguments.iter().find(|(input, _)| input.binding == InputBinding::JsonPath);
                RowValue::Column(*column, json_path(path.and_then(|(_, view)| view.text()), form))
            }
            FieldBinding::ElementId => RowValue::ElementId,
            FieldBinding::Constant(json) => RowValue::Constant(json.clone()),
            FieldBinding::Derived(derived) => RowValue::Derived(derived.clone()),
            FieldBinding::Own(bound) => self.own_value(merged, definition, (bound, level))?,
            FieldBinding::Wrap => RowValue::Wrap(self.object(merged, definition.of.name(), level)),
            FieldBinding::Relation { field, shape, page } => {
                let select = self.relation(merged, definition, (*field, *shape, *page), level)?;
                RowValue::Select(Box::new(select))
            }
            FieldBinding::Localizations { shape, page } => {
                let select = self.localizations(merged, definition, (*shape, *page), level)?;
                RowValue::Select(Box::new(select))
            }
            FieldBinding::Switch { field, page } => {
                RowValue::Switch(Box::new(self.switch(merged, definition, (*field, *page), level)?))
            }
            FieldBinding::Component { field, page } => {
                RowValue::Component(Box::new(self.component(merged, definition, (*field, *page), level)?))
            }
            FieldBinding::List { .. }
            | FieldBinding::ByKey { .. }
            | FieldBinding::Create { .. }
            | FieldBinding::Update { .. }
            | FieldBinding::Delete { .. }
            | FieldBinding::Told(_)
            | FieldBinding::Part(_)
            | FieldBinding::Nodes
            | FieldBinding::Total
            | FieldBinding::PageNumber
            | FieldBinding::PageSize
            | FieldBinding::PageCount
            | FieldBinding::Aggregate { .. }
            | FieldBinding::Account { .. }
            | FieldBinding::Command { .. }
            | FieldBinding::Made(_)
            | FieldBinding::Written(_) => return misplaced(),
        })
    }

    pub(super) fn relation(
        &mut self,
        merged: &Merged<'a>,
        definition: &'a FieldDefinition,
        (field, shape, rule): (FieldId, RowsShape, PageRule),
        level: &Level,
    ) -> Refusable<Select> {
        let Some((target, _)) = self.target(level, field, None) else { return misplaced() };
        let arguments = self.arguments(merged, definition);
        let version = self.field_version(target, level, &arguments)?;
        let from = match level.owner {
            Owner::Row(of) => From::Relation(of, field),
            Owner::Element(of, component) => From::ElementRelation(of, component, field),
        };
        let below = Level { owner: Owner::Row(target), version, asked: level.asked.clone() };
        self.rows((merged, definition, &arguments), (from, target), &below, (shape, rule))
    }

    fn localizations(
        &mut self,
        merged: &Merged<'a>,
        definition: &'a FieldDefinition,
        shape: (RowsShape, PageRule),
        level: &Level,
    ) -> Refusable<Select> {
        let Owner::Row(of) = level.owner else { return misplaced() };
        let arguments = self.arguments(merged, definition);
        let status = match self.definitions.versions {
            VersionRule::HandedDown => level.version.status,
            VersionRule::OfEachField => self.field_version(of, level, &arguments)?.status,
        };
        let version = plan::Version { status, locale: plan::Locale::All, ..level.version.clone() };
        let below = Level { owner: level.owner, version, asked: level.asked.clone() };
        self.rows((merged, definition, &arguments), (From::Localizations, of), &below, shape)
    }

    pub(super) fn switch(
        &mut self,
        merged: &Merged<'a>,
        definition: &'a FieldDefinition,
        (field, rule): (FieldId, PageRule),
        level: &Level,
    ) -> Refusable<Switch> {
        let (Owner::Row(owner) | Owner::Element(owner, _)) = level.owner;
        let Some(relation) = self.field_of(level.owner, field).relation() else { return misplaced() };
        let Target::Group(group) = relation.target else { return misplaced() };
        let arguments = self.arguments(merged, definition);
        let many = relation.many;
        let page = if many { self.page(&arguments, rule)? } else { Page::One };
        let non_null = definition.of.item().is_some_and(TypeRef::is_non_null);
        let (mut arms, mut rows) = (Vec::new(), Vec::new());
        for of in &self.model.group(group).members {
            let Some(object) = self.shown_as(*of, definition.of.name()) else { continue };
            let version = self.version_below(*of, level);
            let below = Level { owner: Owner::Row(*of), version: version.clone(), asked: level.asked.clone() };
            rows.push((*of, Row { non_null, object: self.object(merged, object, &below) }));
            arms.push(SwitchArm { of: *of, version, filter: Filter::All, sort: Vec::new() });
        }
        let linked = Linked { rows };
        let shape = if many { SwitchShape::List(linked) } else { SwitchShape::One(linked) };
        Ok(Switch { from: SwitchFrom::Relation(owner, field), page, arms, shape })
    }

    fn component(
        &mut self,
        merged: &Merged<'a>,
        definition: &'a FieldDefinition,
        (field, rule): (FieldId, PageRule),
        level: &Level,
    ) -> Refusable<ComponentSelect> {
        let (components, many): (Vec<ComponentId>, bool) = match &self.field_of(level.owner, field).kind {
            FieldKind::Component { of, repeatable } => (vec![*of], *repeatable),
            FieldKind::Zone { of } => (self.model.zone(*of).members.clone(), true),
            FieldKind::Scalar { .. } | FieldKind::Enum { .. } | FieldKind::Relation(_) => return misplaced(),
        };
        let (Owner::Row(row) | Owner::Element(row, _)) = level.owner;
        let arguments = self.arguments(merged, definition);
        let inside = |of: ComponentId| Level { owner: Owner::Element(row, of), ..level.clone() };
        let (mut filter, mut sort) = (Filter::All, Vec::new());
        if let [only] = components.as_slice() {
            let level = inside(*only);
            for (input, view) in &arguments {
                if let InputBinding::Filter(rule) = &input.binding {
                    let more = self.filter(view, input.of.name(), &level, Place::root(*rule))?;
                    filter = filter.and(more.unwrap_or(Filter::All));
                }
            }
            sort = self.sort(&arguments, definition.of.name(), &level)?;
        }
        let page = if many { self.page(&arguments, rule)? } else { Page::One };
        let mut arms = Vec::new();
        for component in components {
            let members = self.definitions.members(definition.of.name());
            let stands = Stands::Element(component);
            let Some(object) = members.into_iter().find(|name| self.definitions.stands(name) == Some(stands)) else {
                continue;
            };
            let object = self.object(merged, object, &inside(component));
            arms.push(Arm { component, row: Row { non_null: false, object } });
        }
        Ok(ComponentSelect { field, many, filter, sort, page, arms })
    }
}
