//! Accounts: what everybody may see of their own, and who may ask for a command.

use model::{Action, TypeId};

use super::{Allowed, Env, forbidden};
use crate::{Command, From, Hole, Need, Select, Shape};

/// The system type of accounts.
pub(super) const ACCOUNT: &str = "User";
/// The system type of their roles.
pub(super) const ROLE: &str = "Role";

impl Env<'_> {
    /// The caller's own account: somebody must be signed in, and no rule is asked.
    pub(super) fn own(self, select: &mut Select, holes: &mut Vec<Hole>) -> Allowed {
        if !self.policy.is_signed_in() {
            return Err(forbidden());
        }
        Env { is_own: true, ..self }.select(select, holes)
    }

    /// A command demands what its effect needs. An effect that needs nothing answers with the account that it has met.
    pub(super) fn command(self, command: &mut Command, holes: &mut Vec<Hole>) -> Allowed {
        match command.effect.need() {
            Need::Nothing => Env { is_own: true, ..self }.answer(&mut command.answer, holes),
            Need::Action(action) => {
                self.demand(command.of, action)?;
                // Rules of rows are asked by changes; a command is for whoever may do it on every row.
                if self.policy.grants(command.of, action).iter().all(|grant| grant.condition.is_some()) {
                    return Err(forbidden());
                }
                Env { written: Some((command.of, action)), ..self }.answer(&mut command.answer, holes)
            }
            Need::Job(action) => {
                if !self.policy.jobs().allows_some(action) {
                    return Err(forbidden());
                }
                Env { written: Some((command.of, Action::Find)), ..self }.answer(&mut command.answer, holes)
            }
        }
    }

    /// An account that is shown to its owner, or its role. What else it leads to is asked of the rules.
    pub(super) fn is_of_own(self, select: &Select) -> bool {
        let is_one = matches!(select.shape, Shape::One(_));
        self.is_own
            && is_one
            && match select.from {
                From::Type | From::Written => self.is_account(select.of),
                From::Relation(of, _) => self.is_named(of, ACCOUNT) && self.is_named(select.of, ROLE),
                From::ElementRelation(..) | From::Localizations => false,
            }
    }

    /// Accounts and roles.
    pub(super) fn is_account(self, of: TypeId) -> bool {
        self.is_named(of, ACCOUNT) || self.is_named(of, ROLE)
    }

    pub(super) fn is_named(self, of: TypeId, name: &str) -> bool {
        let content_type = self.model.content_type(of);
        content_type.is_system && content_type.name == name
    }
}
