//! Who asks, and what the model's rules let them do.

mod found;

use std::collections::{BTreeMap, BTreeSet};

use model::{Action, Condition, FieldId, Model, Rule, TypeId};
use serde_json::{Map, Value as Json};

use crate::JobGrants;

/// Who asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Caller {
    /// Somebody with these roles (never empty; without a token: `public`).
    Roles {
        /// Names of roles.
        roles: Vec<String>,
        /// What `$user` stands for: `id` and other members. Empty without a token.
        user: Map<String, Json>,
    },
    /// The product itself: commands of the machine's owner. Every action, every row, no hidden field.
    Owner,
}

/// What decides which plans a caller may share with others: its roles, sorted, each once; none for the owner. Rules change with the model, and
/// with it every schema and plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub Option<Vec<String>>);

/// The role that may do everything, whatever rules say: whoever keeps the project.
pub const ADMINISTRATOR: &str = "administrator";

/// The role of whoever operates the workflow engine: reads all that it knows, launches, cancels and administers every run.
pub const OPERATOR: &str = "operator";

/// The role of everybody without a token.
pub const PUBLIC: &str = "public";

/// What a set of roles may do: for each content type and action the rows and fields.
#[derive(Debug, Clone, PartialEq)]
pub enum Policy {
    /// Every action on every row.
    Everything,
    /// What rules add up to; what is not there is refused.
    Rules {
        /// For each content type and action.
        grants: BTreeMap<(TypeId, Action), Vec<Grant>>,
        /// What may be done with which jobs.
        jobs: JobGrants,
        /// The roles that have them.
        roles: BTreeSet<String>,
    },
}

/// One rule that applies. Several add up: rows and fields by OR.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// The rows; none: all.
    pub condition: Option<Condition>,
    /// The fields; none: all.
    pub fields: Option<Vec<FieldId>>,
}

impl Caller {
    /// Somebody without a token.
    #[must_use]
    pub fn public() -> Caller {
        Caller::Roles { roles: vec![PUBLIC.to_owned()], user: Map::new() }
    }

    /// The part of a plan's cache key that depends on the caller.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        match self {
            Caller::Owner => Fingerprint(None),
            Caller::Roles { roles, .. } => {
                let mut names = roles.clone();
                names.sort_unstable();
                names.dedup();
                Fingerprint(Some(names))
            }
        }
    }
}

impl Policy {
    /// What the model's rules give this caller.
    #[must_use]
    pub fn of(model: &Model, caller: &Caller) -> Policy {
        let Caller::Roles { roles, .. } = caller else { return Policy::Everything };
        if roles.iter().any(|role| role == ADMINISTRATOR) {
            return Policy::Everything;
        }
        let mut rules: BTreeMap<(TypeId, Action), Vec<Grant>> = BTreeMap::new();
        for (of, content_type) in model.content_types() {
            for rule in content_type.rules.iter().filter(|rule| roles.contains(&rule.role)) {
                for action in &rule.actions {
                    let grant = Grant { condition: rule.condition.clone(), fields: rule.fields.clone() };
                    rules.entry((of, *action)).or_default().push(grant);
                }
            }
        }
        if roles.iter().any(|role| role == OPERATOR) {
            for (of, _) in model.content_types().filter(|(_, of)| of.is_of_engine()) {
                for action in [Action::Find, Action::Launch, Action::Cancel, Action::Operate] {
                    rules.entry((of, action)).or_default().push(Grant { condition: None, fields: None });
                }
            }
        }
        let of_jobs = model.jobs_by_id().flat_map(|(id, job)| job.rules.iter().map(move |rule| (id, rule)));
        let granted: Vec<_> = of_jobs.filter(|(_, rule)| roles.contains(&rule.role)).collect();
        for (id, _) in granted.iter().filter(|(_, rule)| rule.actions.contains(&Action::Find)) {
            for (of, condition) in found::of_job(model, model.job(*id)) {
                let grant = Grant { condition: Some(condition), fields: None };
                rules.entry((of, Action::Find)).or_default().push(grant);
            }
        }
        let granted = granted.into_iter();
        let list = granted.flat_map(|(id, rule)| rule.actions.iter().map(move |action| (id, *action))).collect();
        let jobs = JobGrants { everything: roles.iter().any(|role| role == OPERATOR), list };
        Policy::Rules { grants: rules, jobs, roles: roles.iter().cloned().collect() }
    }

    /// The grants for an action on a content type; none: refused. `Everything` gives one grant without bounds.
    #[must_use]
    pub fn grants(&self, of: TypeId, action: Action) -> Vec<Grant> {
        match self {
            Policy::Everything => vec![Grant { condition: None, fields: None }],
            Policy::Rules { grants, .. } => grants.get(&(of, action)).cloned().unwrap_or_default(),
        }
    }

    /// What may be done with jobs.
    #[must_use]
    pub fn jobs(&self) -> JobGrants {
        match self {
            Policy::Everything => JobGrants::all(),
            Policy::Rules { jobs, .. } => jobs.clone(),
        }
    }

    /// Whether somebody is signed in, so that there may be an account of the caller's own.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        match self {
            Policy::Everything => true,
            Policy::Rules { roles, .. } => roles.iter().any(|role| role != PUBLIC),
        }
    }

    /// Whether it is what a role may do.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        match self {
            Policy::Everything => true,
            Policy::Rules { roles, .. } => roles.contains(role),
        }
    }

    /// Whether all that a rule of a content type allows is allowed.
    #[must_use]
    pub fn covers(&self, of: TypeId, rule: &Rule) -> bool {
        let reaches = |grant: &Grant| match (&grant.fields, &rule.fields) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(all), Some(fields)) => fields.iter().all(|field| all.contains(field)),
        };
        let covers = |grant: &Grant| (grant.condition.is_none() || grant.condition == rule.condition) && reaches(grant);
        rule.actions.iter().all(|action| self.grants(of, *action).iter().any(covers))
    }

    /// Whether an action on a content type is allowed on any row.
    #[must_use]
    pub fn allows(&self, of: TypeId, action: Action) -> bool {
        !self.grants(of, action).is_empty()
    }

    /// Whether the field may be read on every row of a content type.
    #[must_use]
    pub fn finds_everywhere(&self, of: TypeId, field: FieldId) -> bool {
        let has_field = |grant: &Grant| grant.fields.as_ref().is_none_or(|fields| fields.contains(&field));
        self.grants(of, Action::Find).iter().any(|grant| grant.condition.is_none() && has_field(grant))
    }

    /// Whether an allowed action on a content type reaches this field.
    #[must_use]
    pub fn allows_field(&self, of: TypeId, action: Action, field: FieldId) -> bool {
        self.grants(of, action).iter().any(|grant| grant.fields.as_ref().is_none_or(|fields| fields.contains(&field)))
    }
}
