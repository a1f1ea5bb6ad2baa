//! Commands and the caller's own account.

use model::{SystemColumn, TypeId};
use plan::{
    Column, Command, Comparison, Effect, Filter, HoleId, HoleSource, Operand, Operator, Select, Transform, ValueKind,
};

use super::view::View;
use super::{Merged, Planner, Refusable, misplaced};
use crate::binding::InputBinding;
use crate::definition::{Field as FieldDefinition, Input};

/// What is given to a command, by name.
type Given = Vec<(String, HoleId)>;

impl<'a> Planner<'a> {
    pub(super) fn command(
        &mut self,
        merged: &Merged<'a>,
        definition: &'a FieldDefinition,
        (effect, of): (Effect, TypeId),
    ) -> Refusable<Command> {
        let mut given = Given::new();
        let arguments = self.arguments(merged, definition);
        let asked = self.asked(&arguments)?;
        for (input, view) in &arguments {
            self.given_to((input, of), view, &mut given)?;
        }
        let answer = self.answer((merged, definition), of, &asked, None)?;
        Ok(Command { effect, of, given, is_list: definition.of.item().is_some(), answer })
    }

    fn given_to(&mut self, (input, of): (&'a Input, TypeId), view: &View<'a>, given: &mut Given) -> Refusable<()> {
        match &input.binding {
            InputBinding::Given { name, kind } => {
                let list = input.of.item().is_some();
                given.push(((*name).to_owned(), self.hole(view.hole_source(), *kind, list, Transform::Keep)));
                Ok(())
            }
            InputBinding::SetUnlessNull(field) => {
                let name = self.model.content_type(of).field(*field).name.clone();
                given.push((name, self.hole(view.hole_source(), ValueKind::Text, false, Transform::Keep)));
                Ok(())
            }
            InputBinding::GivenGroup => {
                let Some(inputs) = self.definitions.inputs(input.of.name()) else { return misplaced() };
                for (name, member) in view.members() {
                    if let Some(input) = inputs.get(name) {
                        self.given_to((input, of), &member, given)?;
                    }
                }
                Ok(())
            }
            InputBinding::Ignored => Ok(()),
            _ => misplaced(),
        }
    }

    /// The row of the content type whose key is the caller's.
    pub(super) fn own(
        &mut self,
        merged: &Merged<'a>,
        definition: &'a FieldDefinition,
        of: TypeId,
    ) -> Refusable<Select> {
        let mut select = self.by_key(merged, definition, of)?;
        let kind = ValueKind::of_key(&self.model.content_type(of).key);
        let id = self.hole(HoleSource::Caller(vec!["id".to_owned()]), kind, false, Transform::Keep);
        let column = Column::System(SystemColumn::Key);
        let is_own = Comparison { column, operator: Operator::Eq, value: Operand::Hole(id) };
        select.filter = select.filter.and(Filter::Compare(is_own));
        Ok(select)
    }
}
