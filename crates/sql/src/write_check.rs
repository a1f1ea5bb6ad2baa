//! Statements that look before anything is written: do the linked documents exist, are unique values free.

use model::{ContentType, Field, FieldId, FieldKind, Model, Scalar, TypeId};
use plan::{Data, LinkKind};

use crate::layout::{ColumnType, FieldLayout, KeySource, Layout, RowCondition, UniqueLayout};
use crate::write_print::{Arg, Print, WriteStatement};
use crate::write_row::{RowColumn, next_number};
use crate::{ColumnKind, Database};

/// Looks for every document that is linked, in one statement.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolveProgram {
    /// Columns: number of the arm, key as text, public id. Own values: a list for each arm.
    pub statement: WriteStatement,
    /// A content type and how its documents are named.
    pub arms: Vec<ResolveArm>,
    /// One more row, behind the last arm, has the key of the new document.
    pub takes_key: bool,
}

/// One content type of a [`ResolveProgram`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolveArm {
    /// Which.
    pub of: TypeId,
    /// What its keys are.
    pub key: ColumnType,
    /// How they are named.
    pub by: NamedBy,
    /// A localized type is linked from a localized one: the document must have a row in the locale that is written.
    pub same_locale: bool,
}

/// How a linked document is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// By its public id.
    DocumentId,
    /// By its key.
    Key,
    /// By the entry number of one of its locales.
    Entry,
}

/// Looks for other rows with the unique values of the row that is written, in one statement.
#[derive(Debug, Clone, PartialEq)]
pub struct UniqueProgram {
    /// Column: number of the key that another row has.
    pub statement: WriteStatement,
    /// The fields of each key.
    pub keys: Vec<Vec<FieldId>>,
}

/// Finds the values of a UID that begin with a slug.
#[derive(Debug, Clone, PartialEq)]
pub struct UidProgram {
    /// The UID.
    pub field: FieldId,
    /// The field that it is made from.
    pub from: FieldId,
    /// Column: a value that is taken. Own value: the slug.
    pub statement: WriteStatement,
}

/// `select 0, "_key"::text, "_document_id" from "x" where "_document_id" = any($1) union all ..`, between localized types with
/// `and exists (select 1 from "x" as "r" where "r"."_key" = "x_document"."_key" and "r"."_locale" = $2)`, and where a key is taken `.. union all
/// select 1, cast(nextval(..) as text), ''`
pub(crate) fn resolve(
    model: &Model,
    layout: &Layout,
    database: Database,
    of: TypeId,
    (data, creates): (&Data, bool),
) -> Option<ResolveProgram> {
    let mut arms: Vec<ResolveArm> = Vec::new();
    let is_localized = model.content_type(of).localized;
    for (of, links) in data.links(model, &model.content_type(of).fields) {
        let key = layout.content_type(of).key;
        let same_locale = is_localized && model.content_type(of).localized;
        let kinds: &[NamedBy] = match links.kind {
            LinkKind::DocumentId => &[NamedBy::DocumentId],
            LinkKind::Key => &[NamedBy::Key],
            LinkKind::Entry => &[NamedBy::Entry],
            LinkKind::Either => &[NamedBy::DocumentId, NamedBy::Key],
        };
        for by in kinds {
            let arm = ResolveArm { of, key, by: *by, same_locale };
            if !arms.contains(&arm) {
                arms.push(arm);
            }
        }
    }
    if arms.is_empty() {
        return None;
    }
    let mut print = Print::new(layout, database);
    for (index, arm) in arms.iter().enumerate() {
        resolve_arm(&mut print, index, *arm);
    }
    let takes_key =
        creates && database == Database::Postgres && layout.content_type(of).key_source == KeySource::Identity;
    if takes_key {
        print.push(" union all select ").number(i64::try_from(arms.len()).expect("few arms")).push(", cast(");
        next_number(&mut print, &layout.key_table(of).name, "_key");
        print.push(" as text), ''");
    }
    let statement = print.done(vec![ColumnKind::Int, ColumnKind::Text, ColumnKind::Text]);
    Some(ResolveProgram { statement, arms, takes_key })
}

fn resolve_arm(print: &mut Print<'_>, index: usize, arm: ResolveArm) {
    let layout = print.layout;
    let stored = layout.content_type(arm.of);
    print.push(if index == 0 { "select " } else { " union all select " });
    print.number(i64::try_from(index).expect("few arms")).push(", cast(\"_key\" as text), ");
    if arm.by == NamedBy::Entry {
        return resolve_entries(print, index, arm);
    }
    print.push("\"_document_id\" from ").name(&layout.key_table(arm.of).name).push(" where ");
    match arm.by {
        NamedBy::Key => print.push("\"_key\"").among(index, arm.key),
        NamedBy::DocumentId | NamedBy::Entry => print.push("\"_document_id\"").among(index, ColumnType::Text),
    };
    if stored.has_trash && stored.document.is_none() {
        print.push(" and \"_deleted_at\" is null");
    }
    if arm.same_locale {
        print.push(" and exists (select 1 from ").row_table(stored).push(" as \"r\" where \"r\".\"_key\" = ");
        print.name(&layout.key_table(arm.of).name).push(".\"_key\" and \"r\".\"_locale\" = ");
        print.value(Arg::Locale, ColumnType::Text).push(")");
    }
}

/// `cast("_entry" as text) from "x" where "_entry" = any($1) and "_locale" = $2`
fn resolve_entries(print: &mut Print<'_>, index: usize, arm: ResolveArm) {
    let stored = print.layout.content_type(arm.of);
    print.push("cast(\"_entry\" as text) from ").row_table(stored).push(" where \"_entry\"");
    print.among(index, ColumnType::BigInt);
    if stored.has_trash {
        print.push(" and \"_deleted_at\" is null");
    }
    if arm.same_locale {
        print.push(" and \"_locale\" = ").value(Arg::Locale, ColumnType::Text);
    }
}

/// `select 0 from "x" where "code" = $1 and "_key" is distinct from $2 union all ..`
pub(crate) fn unique(layout: &Layout, database: Database, of: TypeId, columns: &[RowColumn]) -> Option<UniqueProgram> {
    let keys: Vec<&UniqueLayout> = layout.row_table(of).unique.iter().filter(|key| is_checked(key)).collect();
    if keys.is_empty() {
        return None;
    }
    let mut print = Print::new(layout, database);
    for (index, key) in keys.iter().enumerate() {
        unique_arm(&mut print, of, columns, index, key);
    }
    let statement = print.done(vec![ColumnKind::Int]);
    Some(UniqueProgram { statement, keys: keys.iter().map(|key| key.fields.clone()).collect() })
}

/// Keys of the house cannot be broken by a request, and those of one-to-one relations are freed first.
fn is_checked(key: &UniqueLayout) -> bool {
    !key.fields.is_empty() && !key.only.iter().any(|condition| matches!(condition, RowCondition::NotNull(_)))
}

fn unique_arm(print: &mut Print<'_>, of: TypeId, columns: &[RowColumn], index: usize, key: &UniqueLayout) {
    let stored = print.layout.content_type(of);
    print.push(if index == 0 { "select " } else { " union all select " });
    print.number(i64::try_from(index).expect("few keys")).push(" from ").row_table(stored);
    let mut count = 0;
    for name in &key.columns {
        let Some(cell) = columns.iter().position(|column| column.name == *name) else { continue };
        print.and(count).name(name);
        if key.nulls_equal {
            print.is()
        } else {
            print.push(" = ")
        };
        print.value(Arg::Cell(cell), columns[cell].of);
        count += 1;
    }
    for condition in &key.only {
        print.and(count).condition(condition);
        count += 1;
    }
    print.and(count).push("\"_key\"").differs().value(Arg::Key, stored.key);
}

/// `select "slug" from "x" where "slug" >= $1 and "slug" < $1 || '.' and "_status" = 1`: the slug and what begins with it and a hyphen (the one
/// letter of a UID before the full stop), among the rows that count for the unique key, so that its index is used.
pub(crate) fn uids(layout: &Layout, database: Database, of: TypeId, content_type: &ContentType) -> Vec<UidProgram> {
    let made = content_type.fields_by_id().filter_map(|(id, field)| Some((id, uid_source(field)?)));
    made.filter_map(|(field, from)| {
        let FieldLayout::Column { name, .. } = layout.content_type(of).field(field) else { return None };
        let slug = Arg::Own(0);
        let mut print = Print::new(layout, database);
        print.push("select ").name(name).push(" from ").row_table(layout.content_type(of)).push(" where ");
        print.name(name).push(" >= ").value(slug.clone(), ColumnType::Text).push(" and ").name(name).push(" < ");
        print.value(slug, ColumnType::Text).push(" || '.'");
        let key = layout.row_table(of).unique.iter().find(|key| key.fields == [field]);
        for condition in key.into_iter().flat_map(|key| &key.only) {
            print.push(" and ").condition(condition);
        }
        Some(UidProgram { field, from, statement: print.done(vec![ColumnKind::Text]) })
    })
    .collect()
}

fn uid_source(field: &Field) -> Option<FieldId> {
    match field.kind {
        FieldKind::Scalar { scalar: Scalar::Uid, list: false } => field.uid_from,
        FieldKind::Scalar { .. }
        | FieldKind::Enum { .. }
        | FieldKind::Relation(_)
        | FieldKind::Component { .. }
        | FieldKind::Zone { .. } => None,
    }
}
