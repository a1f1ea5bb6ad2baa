//! What `$user` stands for beside the columns that every account has: the members that the rules of the model name, read from the account.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{Condition, ContentType, FieldKind, Model, SystemColumn, Target, Term, TypeId};
use plan::{
    Boundary, Caller, Column, Comparison, Entry, Filter, Form, From, HoleId, Holes, Locale, Operand, Operator, Policy,
    RootValue, RowValue, Select, Status, Value, Values, Version,
};
use serde_json::{Map, Value as Json};
use store::{Prepared, Served, Store, WriteContext};

use super::own::USER;

/// Members that are known of every account without looking further.
const KNOWN: [&str; 6] = ["id", "documentId", "username", "email", "confirmed", "blocked"];

/// Reads the members that the rules name; none where they name no more than is known.
pub(crate) struct Members(Option<Prepared>);

impl Members {
    /// Prints the statement.
    ///
    /// # Errors
    /// What the store said.
    pub(crate) fn new(store: &Store, served: &Arc<Served>, model: &Model) -> Result<Members, store::Error> {
        let paths = paths(model);
        if paths.iter().all(|path| matches!(path.as_slice(), [one] if KNOWN.contains(&one.as_str()))) {
            return Ok(Members(None));
        }
        let of = model.type_named(USER).expect("the system types are always there");
        let paths: Vec<&[String]> = paths.iter().map(Vec::as_slice).collect();
        let column = Column::System(SystemColumn::Key);
        let is_own = Comparison { column, operator: Operator::Eq, value: Operand::Hole(HoleId(0)) };
        let select = select(model, (of, From::Type), Filter::Compare(is_own), &paths);
        let roots = vec![(ROOT.to_owned(), RootValue::Select(Box::new(select)))];
        let plan = Holes::default().plan(roots, Boundary::Read, 1);
        let authorized = plan::authorize(plan, &Policy::of(model, &Caller::Owner), model);
        store.prepare(served, &authorized).map(|prepared| Members(Some(prepared)))
    }

    /// The members of one account.
    ///
    /// # Errors
    /// What went wrong, told to the log already.
    pub(super) async fn of(&self, store: &Store, account: i64) -> Result<Map<String, Json>, plan::Cause> {
        let Some(prepared) = &self.0 else { return Ok(Map::new()) };
        let values = Values(vec![Value::Int(account)]);
        let answer = store.run(prepared, values, WriteContext::of_system(), Vec::new()).await;
        if let Some(fault) = answer.faults.into_iter().next() {
            return Err(fault.cause);
        }
        let read: Json = serde_json::from_slice(&answer.bytes).unwrap_or_default();
        Ok(read.get(ROOT).and_then(Json::as_object).cloned().unwrap_or_default())
    }
}

const ROOT: &str = "user";

/// Every `$user.…` of the rules.
fn paths(model: &Model) -> BTreeSet<Vec<String>> {
    let mut paths = BTreeSet::new();
    for (_, content_type) in model.content_types() {
        for condition in content_type.rules.iter().filter_map(|rule| rule.condition.as_ref()) {
            gather(condition, &mut paths);
        }
    }
    paths
}

fn gather(condition: &Condition, paths: &mut BTreeSet<Vec<String>>) {
    match condition {
        Condition::And(list) | Condition::Or(list) => list.iter().for_each(|inner| gather(inner, paths)),
        Condition::Not(inner) | Condition::Some { condition: inner, .. } => gather(inner, paths),
        Condition::Compare { value: Term::Caller(path), .. } => {
            paths.insert(path.clone());
        }
        Condition::Compare { value: Term::Literal(_) | Term::Argument { .. } | Term::Now, .. }
        | Condition::Null { .. } => {}
    }
}

/// One row with what these paths name of it.
fn select(model: &Model, (of, from): (TypeId, From), filter: Filter, paths: &[&[String]]) -> Select {
    let content_type = model.content_type(of);
    let firsts: BTreeSet<&String> = paths.iter().filter_map(|path| path.first()).collect();
    let entries = firsts.into_iter().filter_map(|name| {
        let rests: Vec<&[String]> =
            paths.iter().filter(|path| path.first() == Some(name)).map(|path| &path[1..]).collect();
        let value = member(model, (of, content_type), name, &rests)?;
        Some(Entry::of(name, value))
    });
    let status = if content_type.draft_and_publish { Status::Published } else { Status::Only };
    let locale = if content_type.localized { Locale::Default } else { Locale::Only };
    let version = Version { status, locale, publication: None };
    Select { version, ..Select::one((of, from), filter, entries.collect()) }
}

fn member(
    model: &Model,
    (of, content_type): (TypeId, &ContentType),
    name: &str,
    rests: &[&[String]],
) -> Option<RowValue> {
    let Some(field) = content_type.field_named(name) else {
        let system = match name {
            "id" => SystemColumn::Key,
            "documentId" => SystemColumn::DocumentId,
            _ => return None,
        };
        return Some(RowValue::Column(Column::System(system), Form::Plain));
    };
    match &content_type.field(field).kind {
        FieldKind::Scalar { .. } | FieldKind::Enum { .. } => Some(RowValue::Column(Column::Field(field), Form::Plain)),
        FieldKind::Relation(relation) => {
            let Target::Type(target) = relation.target else { return None };
            let inner = select(model, (target, From::Relation(of, field)), Filter::All, rests);
            Some(RowValue::Select(Box::new(inner)))
        }
        FieldKind::Component { .. } | FieldKind::Zone { .. } => None,
    }
}
