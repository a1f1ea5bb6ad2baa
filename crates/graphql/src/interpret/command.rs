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
type Given = Vec<(&'static str, HoleId)>;

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
            self.given_to(input, view, &mut given)?;
        }
        let answer = self.answer((merged, definition), of, &asked, None)?;
        Ok(Command { effect, of, given, answer })
    }

    fn given_to(&mut self, input: &'a Input, view: &View<'a>, given: &mut Given) -> Refusable<()> {
        match &input.binding {
            InputBinding::Given { name, kind } => {
                let list = input.of.item().is_some();
                given.push((name, self.hole(view.hole_source(), *kind, list, Transform::Keep)));
                Ok(())
            }
            InputBinding::GivenGroup => {
                let Some(inputs) = self.definitions.inputs(input.of.name()) else { return misplaced() };
                for (name, member) in view.members() {
                    if let Some(input) = inputs.get(name) {
                        self.given_to(input, &member, given)?;
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
