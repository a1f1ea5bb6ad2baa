//! Outputs: an entry that the caller may not see becomes null with a fault; a relation needs FIND on its target.

use model::{ComponentId, TypeId};

use super::{Env, fields, forbidden};
use crate::{
    Column, ComponentSelect, Derived, Filter, From, Hole, Linked, Object, Part, PartEntry, Refusal, RefusedPart,
    RowValue, Select, Shape, Switch, SwitchFrom,
};

/// What the entries of an object belong to.
#[derive(Clone, Copy)]
enum Owner {
    Row(TypeId),
    Element(ComponentId),
}

impl Env<'_> {
    /// Everything that a select shows.
    pub(super) fn shape(self, select: &mut Select, holes: &mut Vec<Hole>) {
        match &mut select.shape {
            Shape::List(row) | Shape::One(row) => self.object(Owner::Row(select.of), &mut row.object, holes),
            Shape::Parts(entries) => self.parts(select.of, entries, holes),
        }
    }

    fn parts(self, of: TypeId, entries: &mut [PartEntry], holes: &mut Vec<Hole>) {
        for entry in entries {
            match &mut entry.value {
                Part::Constant(_)
                | Part::Total
                | Part::PageNumber
                | Part::PageSize
                | Part::PageCount
                | Part::HasNextPage
                | Part::HasPreviousPage
                | Part::StartCursor
                | Part::EndCursor
                | Part::Refused(_)
                // Seen by the switch that it stands in.
                | Part::Linked(_) => {}
                Part::Wrap(inner) => self.parts(of, inner, holes),
                Part::Rows(row) | Part::First(row) => self.object(Owner::Row(of), &mut row.object, holes),
                Part::Aggregate(aggregate) => {
                    if self.aggregate(of, aggregate, RefusedPart::Filter).is_err() {
                        entry.value = Part::Refused(forbidden());
                    }
                }
            }
        }
    }

    fn object(self, owner: Owner, object: &mut Object, holes: &mut Vec<Hole>) {
        for entry in &mut object.entries {
            if let Err(refusal) = self.value(owner, &mut entry.value, holes) {
                entry.value = RowValue::Refused(refusal);
            }
        }
    }

    fn value(self, owner: Owner, value: &mut RowValue, holes: &mut Vec<Hole>) -> Result<(), Refusal> {
        match value {
            // What a link leads to is seen by the switch that it stands in.
            RowValue::Constant(_)
            | RowValue::ElementId
            | RowValue::Cursor
            | RowValue::Linked(_)
            | RowValue::Refused(_) => Ok(()),
            RowValue::Column(column, _) | RowValue::Derived(Derived::FloatOf(column) | Derived::Scaled(column, _)) => {
                self.shown(owner, *column)
            }
            RowValue::Wrap(object) => {
                self.object(owner, object, holes);
                Ok(())
            }
            RowValue::Select(select) => {
                match select.from {
                    From::Relation(of, field) => self.shown(Owner::Row(of), Column::Field(field))?,
                    From::ElementRelation(_, component, field) => {
                        self.shown(Owner::Element(component), Column::Field(field))?;
                    }
                    From::Type | From::Localizations | From::Written => {}
                }
                self.select(select, holes)
            }
            RowValue::Switch(switch) => self.switch(switch, holes),
            RowValue::Component(component) => {
                self.shown(owner, Column::Field(component.field))?;
                self.component(component, holes)
            }
        }
    }

    /// A column that is shown: neither hidden nor outside the caller's fields.
    fn shown(self, owner: Owner, column: Column) -> Result<(), Refusal> {
        let allowed = match (owner, column) {
            (_, Column::System(_)) => true,
            (Owner::Row(of), Column::Field(field)) => self.may_see(of, field),
            (Owner::Element(of), Column::Field(field)) => !self.model.component(of).field(field).is_hidden(),
        };
        if allowed { Ok(()) } else { Err(forbidden()) }
    }

    /// Members of an interface or union that the caller may not find are left out; when none is left the entry is refused.
    pub(super) fn switch(self, switch: &mut Switch, holes: &mut Vec<Hole>) -> Result<(), Refusal> {
        match switch.from {
            SwitchFrom::Relation(owner, field) => self.shown(Owner::Row(owner), Column::Field(field))?,
            SwitchFrom::Types => {}
        }
        // What is below has demanded nothing yet: it is read, not written.
        let env = Env { written: None, is_own: false, ..self };
        let had_arms = !switch.arms.is_empty();
        switch.arms.retain_mut(|arm| env.may_read(arm.of, &mut arm.version).is_ok());
        if had_arms && switch.arms.is_empty() {
            return Err(forbidden());
        }
        let allowed: Vec<TypeId> = switch.arms.iter().map(|arm| arm.of).collect();
        for linked in switch.shape.linked_mut() {
            linked.rows.retain(|(of, _)| allowed.contains(of));
            for (of, row) in &mut linked.rows {
                env.object(Owner::Row(*of), &mut row.object, holes);
            }
        }
        let shown: Vec<&Linked> = switch.shape.linked();
        for arm in &mut switch.arms {
            env.filter(arm.of, &mut arm.filter, holes)?;
            for key in &mut arm.sort {
                env.sort(arm.of, &mut key.path, holes)?;
            }
            let rows = shown.iter().flat_map(|linked| &linked.rows).filter(|(of, _)| *of == arm.of);
            let asked = fields::of_arm(arm, &rows.map(|(_, row)| row).collect::<Vec<_>>());
            let rule = env.read_rule(arm.of, &arm.version, &asked, holes);
            arm.filter = std::mem::replace(&mut arm.filter, Filter::All).and(rule);
        }
        Ok(())
    }

    fn component(self, select: &mut ComponentSelect, holes: &mut Vec<Hole>) -> Result<(), Refusal> {
        for arm in &mut select.arms {
            self.element_filter(arm.component, &mut select.filter, holes)?;
            for key in &mut select.sort {
                self.element_sort(arm.component, &mut key.path, holes)?;
            }
            self.object(Owner::Element(arm.component), &mut arm.row.object, holes);
        }
        Ok(())
    }
}
