//! Root fields that a dialect tells: the selection with its arguments, and the rows that the answer needs.

use std::sync::Arc;

use plan::{Command, HoleSource, JobGrants, RootValue, Shaped, ShapedFrom, Transform, ValueKind};

use super::{Merged, Planner};
use crate::definition::Field as FieldDefinition;
use crate::operation::{Given, Selection};
use crate::tell::{self, Arguments, Asked, AskedPart, Holes, Teller, Telling, Told};
use crate::variables::composed;

impl<'a> Planner<'a> {
    pub(super) fn told(&mut self, merged: &Merged<'a>, definition: &'a FieldDefinition, teller: Teller) -> RootValue {
        let asked = Asked {
            key: merged.field.key.clone(),
            name: merged.field.name.clone(),
            arguments: self.given_arguments(&merged.field.arguments),
            inside: merged.selections.iter().flat_map(|selections| self.asked_parts(selections)).collect(),
        };
        let asked = tell::with_defaults(&asked, definition);
        let model = Arc::clone(self.shared);
        let everything = JobGrants::all();
        let now = self.hole(HoleSource::Now, ValueKind::DateTime, false, Transform::Keep);
        let loaded_at = self.loaded_at;
        // What rows are asked for does not hang on the time: it is known when they are there.
        let told = (teller.root)(Telling { model: &model, granted: &everything, loaded_at, now: loaded_at }, &asked);
        let shaper = || tell::shaper(teller, (Arc::clone(&model), loaded_at), asked.clone(), definition.of.clone());
        if let Told::Command(command) = told {
            let given = command.given.into_iter();
            let given =
                given.map(|(name, kind, value)| (name.to_owned(), self.holes_for(|holes| holes.value(kind, value))));
            let command = Command {
                effect: command.effect,
                of: command.of,
                given: given.collect(),
                is_list: command.is_list,
                answer: command.answer,
            };
            let from = ShapedFrom::Command(Box::new(command));
            return RootValue::Shaped(Box::new(Shaped {
                from,
                jobs: Vec::new(),
                granted: JobGrants::default(),
                now,
                shaper: shaper(),
            }));
        }
        let planned = self.holes_for(|holes| tell::plan(teller, told, &asked, &definition.of, holes));
        RootValue::Shaped(Box::new(Shaped {
            from: ShapedFrom::Rows(planned.selects),
            jobs: planned.jobs,
            granted: JobGrants::default(),
            now,
            shaper: shaper(),
        }))
    }

    fn holes_for<T>(&mut self, with: impl FnOnce(&mut Holes<'_>) -> T) -> T {
        let mut list = |source, kind, is_list, transform| self.hole(source, kind, is_list, transform);
        with(&mut Holes { list: &mut list })
    }

    fn asked_parts(&self, selections: &[Selection]) -> Vec<AskedPart> {
        let mut parts = Vec::new();
        for selection in selections {
            match selection {
                Selection::Field(field) if self.is_included(&field.conditions) => parts.push(AskedPart::Field(Asked {
                    key: field.key.clone(),
                    name: field.name.clone(),
                    arguments: self.given_arguments(&field.arguments),
                    inside: self.asked_parts(&field.selections),
                })),
                Selection::Fragment { on, conditions, selections } if self.is_included(conditions) => {
                    parts.push(AskedPart::On(on.clone(), self.asked_parts(selections)));
                }
                Selection::Field(_) | Selection::Fragment { .. } => {}
            }
        }
        parts
    }

    fn given_arguments(&self, arguments: &[(String, Given)]) -> Arguments {
        let given = arguments.iter().filter_map(|(name, given)| Some((name.clone(), composed(given, self.variables)?)));
        given.collect()
    }
}
