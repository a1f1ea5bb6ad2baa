//! What keeps a caller from giving power: to itself, by a role or by another's account, or to anybody beyond what it may do itself.
//!
//! Three rules that no `@allow` lifts, for whoever may not do everything. What a role is stands fixed. An administrator's account is changed and
//! removed by administrators. What opens an account, and its role, is changed where the account's role may do no more than the caller, before and
//! after. So nobody opens an account, and nobody gives or takes a role, whose rights are not their own.

use std::collections::BTreeSet;

use model::{Action, ContentType, Operator, TypeId};

use super::account::{ACCOUNT, ROLE};
use super::fields::Fields;
use super::{Allowed, Env, forbidden};
use crate::{
    ADMINISTRATOR, Column, Comparison, Filter, Hole, HoleId, HoleSource, Locale, OPERATOR, Operand, PUBLIC, Policy,
    Status, Transform, ValueKind, Version,
};

/// What of a role decides who has which rights.
const ROLE_FIELDS: [&str; 3] = ["name", "type", "users"];
/// What of an account opens it, leads to it, or says what it may do.
const KEYS: [&str; 7] =
    ["username", "email", "provider", "password", "resetPasswordToken", "confirmationToken", "role"];

impl<'a> Env<'a> {
    /// What a role is, is written by whoever may do everything, who alone removes roles, too.
    pub(super) fn power(self, (of, action): (TypeId, Action), given: &Fields) -> Allowed {
        if *self.policy == Policy::Everything || !self.is_named(of, ROLE) {
            return Ok(());
        }
        let role = self.model.content_type(of);
        if action == Action::Delete || names_one(role, given, &ROLE_FIELDS) { Err(forbidden()) } else { Ok(()) }
    }

    /// What an account that is written must meet before and after.
    pub(super) fn power_rule(self, of: TypeId, given: &Fields, holes: &mut Vec<Hole>) -> Filter {
        if *self.policy == Policy::Everything || !self.is_named(of, ACCOUNT) {
            return Filter::All;
        }
        let account = self.model.content_type(of);
        let above = if names_one(account, given, &KEYS) { self.roles_above() } else { BTreeSet::from([ADMINISTRATOR]) };
        let found = account.field_named("role").zip(self.model.type_named(ROLE));
        let (field, role) = found.expect("the fields of system types are always there");
        let filter = Box::new(is_one_of(self.model.content_type(role), &above, holes));
        let version = Version { status: Status::Only, locale: Locale::Only, publication: None };
        Filter::Some { field, version, filter }.negated()
    }

    /// Roles that may do something that the caller may not. Any other role may do nothing.
    fn roles_above(self) -> BTreeSet<&'a str> {
        let (policy, model) = (self.policy, self.model);
        let of_content = model.content_types().flat_map(|(of, content_type)| {
            content_type.rules.iter().filter(move |rule| !policy.covers(of, rule)).map(|rule| rule.role.as_str())
        });
        // Rights to jobs are not weighed against one another: they are those of the roles that have them.
        let of_jobs = model.jobs.iter().flat_map(|job| job.rules.iter().map(|rule| rule.role.as_str()));
        // The operator's rights over every job need no rule.
        let named = of_content.chain(of_jobs).chain([OPERATOR]);
        let others = named.filter(|role| *role != PUBLIC && !policy.has_role(role));
        others.chain([ADMINISTRATOR]).collect()
    }
}

fn names_one(of: &ContentType, given: &Fields, names: &[&str]) -> bool {
    given.iter().any(|field| names.contains(&of.field(*field).name.as_str()))
}

/// The role is one that rules know by these words: by its type, or by its name where it has none.
fn is_one_of(role: &ContentType, words: &BTreeSet<&str>, holes: &mut Vec<Hole>) -> Filter {
    let column = |name| Column::Field(role.field_named(name).expect("the fields of system types are always there"));
    let (kind, name) = (column("type"), column("name"));
    let source = HoleSource::Literal(words.iter().copied().collect());
    let words = Operand::Hole(HoleId(u32::try_from(holes.len()).unwrap_or(u32::MAX)));
    holes.push(Hole { source, kind: ValueKind::Text, list: true, transform: Transform::Keep, path: Vec::new() });
    let is_known = |column| Filter::Compare(Comparison { column, operator: Operator::In, value: words.clone() });
    let has_none = Filter::Null { column: kind, is_null: true };
    Filter::any_of([is_known(kind), has_none.and(is_known(name))])
}
