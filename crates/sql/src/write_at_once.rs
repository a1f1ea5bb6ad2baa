//! Making a document of one row in one statement: it finds the documents that are linked while it inserts.
//!
//! Most documents that are made break no rule and link what is there. For them there is nothing to look at first, so the store sends this statement
//! alone. Where it inserts nothing (a linked document is missing) or fails (a unique value is taken), nothing is written, and the store tells the
//! whole story, which finds every fault with its path.

use model::{FieldId, Model, Target, TypeId};
use plan::{Answer, Data, Filter, Given, LinkKind, Select, Write, WriteAction, WriteVersion};

use crate::compile::own_columns;
use crate::layout::{ColumnType, FieldLayout, KeySource, Layout, TypeLayout};
use crate::scope::Env;
use crate::write_check::NamedBy;
use crate::write_print::{Arg, Print, WriteStatement};
use crate::write_row::{CellSource, RowColumn};
use crate::{ColumnKind, Database, WriteProgram};

/// Makes a document in one statement.
#[derive(Debug, Clone, PartialEq)]
pub struct AtOnceProgram {
    /// The statement. Own values: what names the document of each arm. It gives at most one row.
    pub statement: WriteStatement,
    /// Linked documents: each field is given exactly one.
    pub arms: Vec<AtOnceArm>,
    /// Its row is what the answer shows (on PostgreSQL, where it is a transaction by itself); otherwise it is the key.
    pub shows: bool,
}

/// One document that is linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtOnceArm {
    /// By which field.
    pub field: FieldId,
    /// What keys of its type are.
    pub key: ColumnType,
    /// How it is named.
    pub by: NamedBy,
}

/// `insert into "x" ("_document_id", "a_key", ..) select $1, a0."_key", .. from "a" as a0 where a0."_document_id" = $2 returning ..`
///
/// None where more than a row is written, or something has to be looked at first: versions, locales, lists of links, elements, rules of rows, jobs
/// that listen to it. On PostgreSQL none where the answer shows more than the row: a statement that fails there ends the transaction that it stands in.
pub(crate) fn at_once(
    (model, layout, database): (&Model, &Layout, Database),
    write: &Write,
    program: &WriteProgram,
) -> Option<AtOnceProgram> {
    let WriteAction::Create { data, version: WriteVersion::Only, .. } = &write.action else { return None };
    let stored = layout.content_type(write.of);
    // What happened to the document is told in the same transaction.
    let is_heard = model.jobs.iter().flat_map(|job| &job.triggers).any(|trigger| trigger.of == write.of);
    let is_plain = !is_heard
        && program.lock.is_none()
        && program.rule.is_none()
        && program.visible.is_empty()
        && program.losing.is_empty()
        && program.links.iter().all(|link| link.before.is_empty())
        && !model.content_type(write.of).single
        && stored.document.is_none()
        && matches!(stored.key_source, KeySource::Identity | KeySource::Uuid);
    if !is_plain {
        return None;
    }
    let arms = arms((model, layout), write.of, data)?;
    let shown = shown(Env { model, layout, database }, &write.answer);
    if shown.is_none() && database == Database::Postgres {
        return None;
    }
    let print = Insert { layout, database, stored, columns: &program.columns, arms: &arms };
    let statement = print.statement(shown.as_ref());
    Some(AtOnceProgram { statement, arms: arms.into_iter().map(|(_, arm)| arm).collect(), shows: shown.is_some() })
}

/// The relations given: their target and how its document is named. None where one needs more than a column of the row.
fn arms((model, layout): (&Model, &Layout), of: TypeId, data: &Data) -> Option<Vec<(TypeId, AtOnceArm)>> {
    let mut arms = Vec::new();
    for assignment in &data.assignments {
        let links = match &assignment.given {
            Given::Null | Given::Value(_) | Given::Engine(_) => continue,
            Given::Links(links) => links,
            Given::Increment(_)
            | Given::Append(_)
            | Given::AddedLinks(_)
            | Given::TypedLinks(_)
            | Given::Elements(_) => return None,
        };
        let field = model.content_type(of).field(assignment.field);
        let Target::Type(target) = field.relation()?.target else { return None };
        let FieldLayout::ToOne(_) = layout.content_type(of).field(assignment.field) else { return None };
        let by = match links.kind {
            LinkKind::DocumentId | LinkKind::Either => NamedBy::DocumentId,
            LinkKind::Key => NamedBy::Key,
            LinkKind::Entry => return None,
        };
        let key = layout.content_type(target).key;
        arms.push((target, AtOnceArm { field: assignment.field, key, by }));
    }
    Some(arms)
}

/// The columns that the answer shows, where they are all of the row itself. SQLite reads the row again: that costs it nothing.
fn shown(env: Env<'_>, answer: &Answer) -> Option<(Vec<String>, Vec<ColumnKind>)> {
    match (answer, env.database) {
        (Answer::Row(select), Database::Postgres) => own_columns(env, select).filter(|_| is_unfiltered(select)),
        (Answer::Row(_) | Answer::Wrap(_), _) => None,
    }
}

fn is_unfiltered(select: &Select) -> bool {
    select.filter == Filter::All
}

struct Insert<'a> {
    layout: &'a Layout,
    database: Database,
    stored: &'a TypeLayout,
    columns: &'a [RowColumn],
    arms: &'a [(TypeId, AtOnceArm)],
}

impl Insert<'_> {
    fn statement(&self, shown: Option<&(Vec<String>, Vec<ColumnKind>)>) -> WriteStatement {
        let mut print = Print::new(self.layout, self.database);
        let given: Vec<(usize, &RowColumn)> =
            self.columns.iter().enumerate().filter(|(_, column)| !self.is_numbered(column)).collect();
        let names: Vec<&str> = given.iter().map(|(_, column)| column.name.as_str()).collect();
        print.push("insert into ").row_table(self.stored).push(" (").names(&names).push(") select ");
        for (place, (index, column)) in given.into_iter().enumerate() {
            print.separate(place);
            match self.arm_of(column) {
                Some(arm) => alias(&mut print, arm).push(".\"_key\""),
                None => print.value(Arg::Cell(index), column.of),
            };
        }
        self.linked(&mut print);
        print.push(" returning ");
        if let Some((names, kinds)) = shown {
            print.names(names);
            print.done(kinds.clone())
        } else {
            print.push("\"_key\"");
            print.done(vec![self.stored.key.kind()])
        }
    }

    /// A number that the database gives.
    fn is_numbered(&self, column: &RowColumn) -> bool {
        self.stored.key_source == KeySource::Identity && column.source == CellSource::Key
    }

    fn arm_of(&self, column: &RowColumn) -> Option<usize> {
        let CellSource::ToOneKey(field) = column.source else { return None };
        self.arms.iter().position(|(_, arm)| arm.field == field)
    }

    /// ` from "a" as a0, "b" as a1 where a0."_document_id" = $1 and a1."_key" = $2`
    fn linked(&self, print: &mut Print<'_>) {
        for (index, (of, _)) in self.arms.iter().enumerate() {
            print.push(if index == 0 { " from " } else { ", " }).name(&self.layout.key_table(*of).name).push(" as ");
            alias(print, index);
        }
        for (index, (of, arm)) in self.arms.iter().enumerate() {
            alias(print.and(index), index);
            match arm.by {
                NamedBy::Key => print.push(".\"_key\" = ").value(Arg::Own(index), arm.key),
                NamedBy::DocumentId | NamedBy::Entry => {
                    print.push(".\"_document_id\" = ").value(Arg::Own(index), ColumnType::Text)
                }
            };
            let target = self.layout.content_type(*of);
            if target.has_trash && target.document.is_none() {
                alias(print.push(" and "), index).push(".\"_deleted_at\" is null");
            }
        }
    }
}

fn alias<'p, 'a>(print: &'p mut Print<'a>, index: usize) -> &'p mut Print<'a> {
    print.push("a").number(i64::try_from(index).expect("few relations"))
}
