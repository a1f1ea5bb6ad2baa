//! The one place where permission is decided.
//!
//! [`authorize`] walks every node of a plan that names a content type. At each it demands the action, adds the rows' rule of the caller's
//! roles, and refuses what no rule allows: an output becomes null with a fault, a filter or sort takes its root with it. Rules themselves
//! are evaluated without rules. Matches over the plan's enums have no wildcard: a new kind of node does not compile until it says here
//! which action it needs.

mod account;
mod fields;
mod filter;
mod output;
mod power;
mod rule;
mod write;

use model::{Action, FieldId, Model, Target, TypeId};

use crate::{
    Cause, Column, Filter, From, Hole, Page, Plan, Policy, Refusal, RefusedPart, RootValue, Select, Shaped, ShapedFrom,
    Status, Version,
};

/// Proof that every node of the inner value was seen by [`authorize`]. Only it can make one.
#[derive(Debug, Clone, PartialEq)]
pub struct Authorized<T>(T);

impl<T> Authorized<T> {
    /// The inner value.
    pub fn get(&self) -> &T {
        &self.0
    }
}

/// What every step reads.
#[derive(Clone, Copy)]
struct Env<'a> {
    model: &'a Model,
    policy: &'a Policy,
    /// Inside the answer to a change: its content type and action, whose grants show the row that was written even without FIND.
    written: Option<(TypeId, Action)>,
    /// At an account that is shown to whoever has proved to own it, and at its role.
    is_own: bool,
}

/// What a step may do: go on, or refuse the node it stands at.
type Allowed = Result<(), Refusal>;

/// Rewrites every node that names a content type: demands the action, adds the rows' rule, refuses the rest.
#[must_use]
pub fn authorize(mut plan: Plan, policy: &Policy, model: &Model) -> Authorized<Plan> {
    let env = Env { model, policy, written: None, is_own: false };
    for root in &mut plan.roots {
        let allowed = match &mut root.value {
            RootValue::Constant(_) | RootValue::Refused(_) => Ok(()),
            RootValue::Select(select) | RootValue::Through(select) => env.select(select, &mut plan.holes),
            RootValue::Switch(switch) => env.switch(switch, &mut plan.holes),
            RootValue::Own(select) => env.own(select, &mut plan.holes),
            RootValue::Write(write) => env.write(write, &mut plan.holes),
            RootValue::Command(command) => env.command(command, &mut plan.holes),
            RootValue::Shaped(shaped) => env.shaped(shaped, &mut plan.holes),
        };
        let value = std::mem::replace(&mut root.value, RootValue::Refused(forbidden()));
        root.value = match (allowed, value) {
            (Err(refusal), _) => RootValue::Refused(refusal),
            (Ok(()), RootValue::Own(select)) => RootValue::Select(select),
            (Ok(()), value) => value,
        };
    }
    Authorized(plan)
}

impl Env<'_> {
    /// What may be done with jobs, by which those without FIND are left out, and whatever the rows or the command below demand.
    fn shaped(self, shaped: &mut Shaped, holes: &mut Vec<Hole>) -> Allowed {
        shaped.granted = self.policy.jobs();
        match &mut shaped.from {
            ShapedFrom::Rows(selects) => selects.iter_mut().try_for_each(|select| self.select(select, holes)),
            ShapedFrom::Command(command) => {
                if let Err(refusal) = self.command(command, holes) {
                    shaped.from = ShapedFrom::Refused(refusal);
                }
                Ok(())
            }
            ShapedFrom::Refused(_) => Ok(()),
        }
    }

    /// Rows that are read: FIND (and READ_DRAFT where drafts are asked for), the rows' rule, and everything below.
    fn select(self, select: &mut Select, holes: &mut Vec<Hole>) -> Allowed {
        if self.is_of_own(select) {
            return self.allowed_rows(select, holes);
        }
        match select.from {
            From::Type | From::Localizations | From::Relation(..) | From::ElementRelation(..) => {
                self.may_read(select.of, &mut select.version)?;
                Env { written: None, is_own: false, ..self }.allowed_rows(select, holes)
            }
            // The write that encloses it has demanded its own action: its row is shown even without FIND.
            From::Written => self.allowed_rows(select, holes),
        }
    }

    /// What stands in a select whose rows the caller may read at all.
    fn allowed_rows(self, select: &mut Select, holes: &mut Vec<Hole>) -> Allowed {
        self.filter(select.of, &mut select.filter, holes)?;
        for key in &mut select.sort {
            self.sort(select.of, &mut key.path, holes)?;
        }
        for column in &select.distinct {
            self.readable(select.of, *column, RefusedPart::Sort)?;
        }
        match &select.page {
            Page::One | Page::All | Page::Offset { .. } | Page::Numbered { .. } | Page::Cursor(_) => {}
        }
        self.shape(select, holes);
        if select.from != From::Written && !self.is_of_own(select) {
            let rule = self.read_rule(select.of, &select.version, &fields::of_select(select), holes);
            select.filter = std::mem::replace(&mut select.filter, Filter::All).and(rule);
        }
        Ok(())
    }

    /// FIND on the type, and READ_DRAFT where drafts are asked for. Whoever takes either version and may not read drafts gets what is
    /// published.
    fn may_read(self, of: TypeId, version: &mut Version) -> Allowed {
        let reads_drafts = self.policy.allows(of, Action::ReadDraft);
        let allowed = match version.status {
            Status::Only | Status::Published => true,
            Status::Draft => reads_drafts,
            Status::Either => {
                version.status = if reads_drafts { Status::Either } else { Status::Published };
                true
            }
        };
        if allowed && self.policy.allows(of, Action::Find) { Ok(()) } else { Err(forbidden()) }
    }

    /// A column that a filter, sort, distinct or aggregate names: neither hidden nor outside the caller's fields.
    fn readable(self, of: TypeId, column: Column, part: RefusedPart) -> Allowed {
        match column {
            Column::System(_) => Ok(()),
            Column::Field(field) if self.may_see(of, field) => Ok(()),
            Column::Field(field) => Err(key_refused(&self.model.content_type(of).field(field).name, part)),
        }
    }

    /// Whether the caller may read a field at all.
    fn may_see(self, of: TypeId, field: FieldId) -> bool {
        let is_hidden = self.model.content_type(of).field(field).is_hidden();
        if self.is_own && self.is_account(of) {
            return !is_hidden;
        }
        let is_granted = match self.written {
            // The row that was written need not be one that FIND's rules reach: only those for all rows show more than the write's own.
            Some((written, action)) if written == of => {
                self.policy.allows_field(of, action, field) || self.policy.finds_everywhere(of, field)
            }
            Some(_) | None => self.policy.allows_field(of, Action::Find, field),
        };
        !is_hidden && is_granted
    }

    /// Content types that a relation leads to.
    fn targets(self, target: Target) -> Vec<TypeId> {
        match target {
            Target::Type(of) => vec![of],
            Target::Group(group) => self.model.group(group).members.clone(),
        }
    }
}

fn forbidden() -> Refusal {
    Refusal { cause: Cause::Forbidden }
}

fn key_refused(key: &str, part: RefusedPart) -> Refusal {
    Refusal { cause: Cause::KeyRefused { key: key.to_owned(), path: None, part } }
}

/// A refusal below a name: the path grows by it.
fn below(name: &str, refusal: Refusal) -> Refusal {
    let Cause::KeyRefused { key, path, part } = refusal.cause else { return refusal };
    let path = Some(path.map_or_else(|| [name, &key].join("."), |inner| [name, &inner].join(".")));
    Refusal { cause: Cause::KeyRefused { key, path, part } }
}
