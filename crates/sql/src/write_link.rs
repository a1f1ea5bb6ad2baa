//! Statements that link documents: who stops being linked, who is, and what publishing copies.
//!
//! Setting a relation replaces it. Where both sides are visible and one of them is to-one, a document that gets a new partner leaves its old
//! one; a one-way relation takes nothing from anybody.
//!
//! Source: strapi.md 7.5; which links name a status: [`plan::link_scope`].

use model::{FieldId, Model, Target, TypeId};

use crate::layout::{
    ColumnType, FieldLayout, Layout, LinkLayout, POSITION_LAST, STATUS_DRAFT, STATUS_PUBLISHED, ToOneLayout, TypeLayout,
};
use crate::write_print::{Arg, ListColumn, Print, WriteStatement};
use crate::{ColumnKind, Database};

/// Own values of the statements of a relation, by their place.
pub mod own {
    /// Keys of the linked documents.
    pub const TARGETS: usize = 0;
    /// Table names of their types.
    pub const TYPES: usize = 1;
    /// Statuses that are linked.
    pub const STATUSES: usize = 2;
    /// Places in the list.
    pub const POSITIONS: usize = 3;
}

/// How one relation of a content type is written. Statements are run in order.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkProgram {
    /// The field.
    pub field: FieldId,
    /// Before a row with a new to-one column is written, whichever status it has.
    pub before: Vec<WriteStatement>,
    /// After the row is written, with the documents given. Empty where the row's own column says all.
    pub give: Vec<WriteStatement>,
    /// After the row is written, with documents that are put behind those that are linked. Empty where this side keeps no list.
    pub add: Vec<WriteStatement>,
    /// How many documents the row links.
    pub count: Option<WriteStatement>,
    /// What [`LinkProgram::give`] binds has a row for each linked status.
    pub has_statuses: bool,
    /// After a row became a copy of another one ([`Arg::Source`]) of the same document.
    pub copy: Vec<WriteStatement>,
    /// After the published row became a copy of the draft: links that others hold to this document.
    pub publish: Vec<WriteStatement>,
}

/// What every statement needs.
#[derive(Clone, Copy)]
pub(crate) struct LinkEnv<'a> {
    pub(crate) model: &'a Model,
    pub(crate) layout: &'a Layout,
    pub(crate) database: Database,
    pub(crate) of: TypeId,
}

/// A relation that the other type holds.
pub(crate) struct Other<'a> {
    /// How the other type is stored.
    pub(crate) stored: &'a TypeLayout,
    /// Versions of the other type that are meant have the status of the row that is written.
    pub(crate) same_status: bool,
    /// And its locale.
    same_locale: bool,
    /// Each of them is linked to one document at most.
    is_to_one: bool,
}

impl<'a> LinkEnv<'a> {
    /// How a relation is written; none for a field that is no relation.
    pub(crate) fn program(self, field: FieldId) -> Option<LinkProgram> {
        let declared = self.model.content_type(self.of).field(field).relation()?;
        let other_side = self.model.other_side(declared);
        let other_is_one = other_side.is_some_and(|(of, other)| !self.is_many(of, other));
        let mut program = LinkProgram {
            field,
            before: Vec::new(),
            give: Vec::new(),
            add: Vec::new(),
            count: None,
            has_statuses: false,
            copy: Vec::new(),
            publish: Vec::new(),
        };
        match self.stored().field(field) {
            FieldLayout::Column { .. } => return None,
            FieldLayout::ToOne(to_one) => {
                if other_is_one {
                    program.before.push(self.leave_to_one(field, to_one));
                }
            }
            FieldLayout::Link(link) => {
                program.has_statuses = link.has_target_status;
                program.give.push(self.clear_links(link));
                if other_is_one {
                    program.give.push(self.leave_links(link));
                    program.add.push(self.leave_links(link));
                }
                program.give.push(self.put_links(link));
                program.add.push(self.add_links(link));
                program.count = Some(self.count_links(link));
                program.copy = vec![self.drop_links_of_row(link), self.copy_links(link)];
            }
            FieldLayout::Inverse { of, field: held } => self.inverse(*of, *held, &mut program),
        }
        debug_assert!(matches!(declared.target, Target::Type(_)) || other_side.is_none());
        Some(program)
    }

    pub(crate) fn stored(self) -> &'a TypeLayout {
        self.layout.content_type(self.of)
    }

    pub(crate) fn print(self) -> Print<'a> {
        Print::new(self.layout, self.database)
    }

    fn is_many(self, of: TypeId, field: FieldId) -> bool {
        self.model.content_type(of).field(field).relation().is_some_and(|relation| relation.many)
    }

    pub(crate) fn link_table(self, link: &LinkLayout) -> &'a str {
        &self.layout.table(link.table).name
    }

    /// `update "x" set "a_key" = null where "a_key" = $1 and "_key" is distinct from $2 and "_status" = $3 and "_locale" = $4`
    fn leave_to_one(self, field: FieldId, to_one: &ToOneLayout) -> WriteStatement {
        let stored = self.stored();
        let cell = self
            .layout
            .row_table(self.of)
            .columns
            .iter()
            .position(|column| column.field == Some(field) && column.name == to_one.key);
        let mut print = self.print();
        print
            .push("update ")
            .row_table(stored)
            .push(" set ")
            .name(&to_one.key)
            .push(" = null where ")
            .name(&to_one.key);
        print.push(" = ").value(Arg::Cell(cell.unwrap_or_default()), to_one.of);
        print.push(" and \"_key\"").differs().value(Arg::Key, stored.key);
        if stored.document.is_some() {
            print.push(" and \"_status\" = ").value(Arg::Status, ColumnType::SmallInt);
            print.push(" and \"_locale\" = ").value(Arg::Locale, ColumnType::Text);
        }
        print.done(Vec::new())
    }

    /// `delete from "x_link" where "owner" = $1 and not "target" = any($2)`. Links to several types are all made anew.
    fn clear_links(self, link: &LinkLayout) -> WriteStatement {
        let mut print = self.print();
        print.push("delete from ").name(self.link_table(link)).push(" where \"owner\" = ").value(Arg::Row, link.owner);
        if !link.has_target_type {
            print.push(" and not \"target\"").among(own::TARGETS, link.target);
        }
        print.done(Vec::new())
    }

    /// `delete from "x_link" where "owner" <> $1 and "target" = any($2)`
    fn leave_links(self, link: &LinkLayout) -> WriteStatement {
        let mut print = self.print();
        print.push("delete from ").name(self.link_table(link)).push(" where \"owner\" <> ").value(Arg::Row, link.owner);
        print.push(" and \"target\"").among(own::TARGETS, link.target);
        print.done(Vec::new())
    }

    /// `insert into "x_link" ("owner", "target", "position") select $1, list."target", list."position" from unnest(..) as list(..) where true
    /// on conflict ("owner", "target") do update set "position" = excluded."position"`
    fn put_links(self, link: &LinkLayout) -> WriteStatement {
        let mut print = self.insert_links(link);
        self.list_rows(link, &mut print);
        print.push(" do update set \"position\" = excluded.\"position\"");
        print.done(Vec::new())
    }

    /// `insert into "x_link" (..) select .., list."position" + (select coalesce(max(held."position"), 0) from "x_link" as held where held."owner" = $1)
    /// from unnest(..) as list(..) where true on conflict (..) do nothing`
    fn add_links(self, link: &LinkLayout) -> WriteStatement {
        let mut print = self.insert_links(link);
        print.push(" + (select coalesce(max(held.\"position\"), 0) from ").name(self.link_table(link));
        print.push(" as held where held.\"owner\" = ").value(Arg::Row, link.owner).push(")");
        self.list_rows(link, &mut print);
        print.push(" do nothing");
        print.done(Vec::new())
    }

    /// `insert into "x_link" ("owner", "target", "position") select $1, list."target", list."position"`
    fn insert_links(self, link: &LinkLayout) -> Print<'a> {
        let names: Vec<&str> = link_columns(link).iter().map(|column| column.name).collect();
        let mut print = self.print();
        print.push("insert into ").name(self.link_table(link)).push(" (\"owner\", ").names(&names).push(") select ");
        print.value(Arg::Row, link.owner);
        for name in &names {
            print.push(", list.").name(name);
        }
        print
    }

    /// ` from unnest(..) as list(..) where true on conflict ("owner", "target")`
    fn list_rows(self, link: &LinkLayout, print: &mut Print<'_>) {
        print.push(" from ").rows(&link_columns(link)).push(" where true on conflict (");
        print.names(&self.layout.table(link.table).primary_key).push(")");
    }

    /// `select count(*) from "x_link" where "owner" = $1`
    fn count_links(self, link: &LinkLayout) -> WriteStatement {
        let mut print = self.print();
        print.push("select count(*) from ").name(self.link_table(link));
        print.push(" where \"owner\" = ").value(Arg::Row, link.owner);
        print.done(vec![ColumnKind::Int])
    }

    /// `delete from "x_link" where "owner" = $1`
    fn drop_links_of_row(self, link: &LinkLayout) -> WriteStatement {
        let mut print = self.print();
        print.push("delete from ").name(self.link_table(link)).push(" where \"owner\" = ").value(Arg::Row, link.owner);
        print.done(Vec::new())
    }

    /// `insert into "x_link" ("owner", "target", ..) select $1, "target", .. from "x_link" where "owner" = $2`
    fn copy_links(self, link: &LinkLayout) -> WriteStatement {
        let table = self.layout.table(link.table);
        let others: Vec<&str> = table.columns.iter().skip(1).map(|column| column.name.as_str()).collect();
        let mut print = self.print();
        print.push("insert into ").name(&table.name).push(" (\"owner\", ").names(&others).push(") select ");
        print.value(Arg::Row, link.owner).push(", ").names(&others).push(" from ").name(&table.name);
        print.push(" where \"owner\" = ").value(Arg::Source, link.owner);
        print.done(Vec::new())
    }

    /// The side that holds the links.
    pub(crate) fn other(self, of: TypeId, held: FieldId) -> Other<'a> {
        let stored = self.layout.content_type(of);
        let is_localized = self.model.content_type(of).field(held).localized;
        Other {
            stored,
            same_status: stored.has_status && self.stored().has_status,
            same_locale: stored.has_locale && self.stored().has_locale && is_localized,
            is_to_one: !self.is_many(of, held),
        }
    }

    fn inverse(self, of: TypeId, held: FieldId, program: &mut LinkProgram) {
        let other = self.other(of, held);
        match other.stored.field(held) {
            FieldLayout::ToOne(to_one) => {
                program.give = vec![self.clear_columns(&other, to_one), self.put_columns(&other, to_one)];
                if other.same_status {
                    program.publish =
                        vec![self.publish_clear_columns(&other, to_one), self.publish_put_columns(&other, to_one)];
                }
            }
            FieldLayout::Link(link) => {
                program.give.push(self.clear_owners(&other, link));
                if other.is_to_one {
                    program.give.push(self.leave_owners(&other, link));
                }
                program.give.push(self.put_owners(&other, link));
                if link.has_target_status {
                    program.publish = self.publish_statuses(&other, link);
                } else if other.same_status {
                    program.publish =
                        vec![self.publish_clear_owners(&other, link), self.publish_put_owners(&other, link)];
                }
            }
            FieldLayout::Column { .. } | FieldLayout::Inverse { .. } => {}
        }
    }

    /// `update "o" set "x_key" = null, "x_position" = .. where "x_key" = $1 and not "_key" = any($2)` and the scope
    fn clear_columns(self, other: &Other<'_>, to_one: &ToOneLayout) -> WriteStatement {
        let mut print = self.print();
        print.push("update ").row_table(other.stored).push(" set ").name(&to_one.key).push(" = null");
        last_position(&mut print, to_one);
        print.push(" where ").name(&to_one.key).push(" = ").value(Arg::Key, to_one.of);
        print.push(" and not \"_key\"").among(own::TARGETS, other.stored.key);
        scope(&mut print, other, "");
        print.done(Vec::new())
    }

    /// `update "o" set "x_key" = $1, "x_position" = list."place" from unnest($2) with ordinality as list(..) where "o"."_key" = list."target"`
    fn put_columns(self, other: &Other<'_>, to_one: &ToOneLayout) -> WriteStatement {
        let columns = [ListColumn { name: "target", of: other.stored.key, own: own::TARGETS }];
        let mut print = self.print();
        print.push("update ").row_table(other.stored).push(" as held set ").name(&to_one.key).push(" = ");
        print.value(Arg::Key, to_one.of);
        if let Some(position) = &to_one.position {
            print.push(", ").name(position).push(" = list.\"place\"");
        }
        print.push(" from ").rows(&columns).push(" where held.\"_key\" = list.\"target\"");
        scope(&mut print, other, "held.");
        print.done(Vec::new())
    }

    /// `update "o" as held set "x_key" = null where "x_key" = $1 and "_status" = 1 and ("_key", "_locale") not in (drafts that hold it)`
    fn publish_clear_columns(self, other: &Other<'_>, to_one: &ToOneLayout) -> WriteStatement {
        let mut print = self.print();
        print.push("update ").row_table(other.stored).push(" set ").name(&to_one.key).push(" = null");
        last_position(&mut print, to_one);
        print.push(" where ").name(&to_one.key).push(" = ").value(Arg::Key, to_one.of);
        print.push(" and \"_status\" = ").number(STATUS_PUBLISHED);
        locale_scope(&mut print, other, "");
        print.push(" and (\"_key\", \"_locale\") not in (select \"_key\", \"_locale\" from ").row_table(other.stored);
        print.push(" where ").name(&to_one.key).push(" = ").value(Arg::Key, to_one.of);
        print.push(" and \"_status\" = ").number(STATUS_DRAFT).push(")");
        print.done(Vec::new())
    }

    /// `update "o" as held set "x_key" = draft."x_key", .. from "o" as draft where draft."x_key" = $1 and draft."_status" = 0 and held."_status" = 1
    /// and held."_key" = draft."_key" and held."_locale" = draft."_locale"`
    fn publish_put_columns(self, other: &Other<'_>, to_one: &ToOneLayout) -> WriteStatement {
        let mut print = self.print();
        print.push("update ").row_table(other.stored).push(" as held set ").name(&to_one.key).push(" = draft.");
        print.name(&to_one.key);
        if let Some(position) = &to_one.position {
            print.push(", ").name(position).push(" = draft.").name(position);
        }
        print.push(" from ").row_table(other.stored).push(" as draft where draft.").name(&to_one.key).push(" = ");
        print.value(Arg::Key, to_one.of).push(" and draft.\"_status\" = ").number(STATUS_DRAFT);
        print.push(" and held.\"_status\" = ").number(STATUS_PUBLISHED);
        print.push(" and held.\"_key\" = draft.\"_key\" and held.\"_locale\" = draft.\"_locale\"");
        locale_scope(&mut print, other, "draft.");
        print.done(Vec::new())
    }

    /// `delete from "o_link" where "target" = $1 and "owner" not in (rows given) and "owner" in (rows of the scope)`
    fn clear_owners(self, other: &Other<'_>, link: &LinkLayout) -> WriteStatement {
        let mut print = self.print();
        print
            .push("delete from ")
            .name(self.link_table(link))
            .push(" where \"target\" = ")
            .value(Arg::Key, link.target);
        target_status(&mut print, link);
        print.push(" and \"owner\" not in ");
        rows_given(&mut print, other);
        self.owners_in_scope_of(&mut print, other, link);
        print.done(Vec::new())
    }

    /// ` and "owner" in (select o."_row" from "o_link" as l join "o" as o on o."_row" = l."owner" where l."target" = $1 ..)`
    pub(crate) fn owners_in_scope_of(self, print: &mut Print<'_>, other: &Other<'_>, link: &LinkLayout) {
        if !other.same_status && !other.same_locale {
            return;
        }
        let row = other.stored.row_column;
        print.push(" and \"owner\" in (select held.").name(row).push(" from ").name(self.link_table(link));
        print.push(" as joined join ").row_table(other.stored).push(" as held on held.").name(row);
        print.push(" = joined.\"owner\" where joined.\"target\" = ").value(Arg::Key, link.target);
        scope(print, other, "held.");
        print.push(")");
    }

    /// `delete from "o_link" where "target" <> $1 and "owner" in (rows given)`
    fn leave_owners(self, other: &Other<'_>, link: &LinkLayout) -> WriteStatement {
        let mut print = self.print();
        print
            .push("delete from ")
            .name(self.link_table(link))
            .push(" where \"target\" <> ")
            .value(Arg::Key, link.target);
        target_status(&mut print, link);
        print.push(" and \"owner\" in ");
        rows_given(&mut print, other);
        print.done(Vec::new())
    }

    /// `insert into "o_link" ("owner", "target", "target_position") select held."_row", $1, list."place" from unnest(..) as list(..) join "o" as
    /// held on held."_key" = list."target" where true on conflict (..) do update set "target_position" = excluded."target_position"`
    fn put_owners(self, other: &Other<'_>, link: &LinkLayout) -> WriteStatement {
        let columns = [ListColumn { name: "target", of: other.stored.key, own: own::TARGETS }];
        let mut print = self.print();
        print.push("insert into ").name(self.link_table(link)).push(" (\"owner\", \"target\", ");
        print.push(if link.has_target_status { "\"target_status\", " } else { "" });
        print.push("\"target_position\") select held.").name(other.stored.row_column).push(", ");
        print.value(Arg::Key, link.target);
        if link.has_target_status {
            print.push(", ").value(Arg::Status, ColumnType::SmallInt);
        }
        print.push(", list.\"place\" from ").rows(&columns).push(" join ").row_table(other.stored);
        print.push(" as held on held.\"_key\" = list.\"target\" where true");
        scope(&mut print, other, "held.");
        print.push(" on conflict (").names(&self.layout.table(link.table).primary_key);
        print.push(") do update set \"target_position\" = excluded.\"target_position\"");
        print.done(Vec::new())
    }

    /// Links of a holder without drafts: the published ones become what the drafts' are.
    fn publish_statuses(self, other: &Other<'_>, link: &LinkLayout) -> Vec<WriteStatement> {
        let table = self.link_table(link);
        let mut clear = self.print();
        clear.push("delete from ").name(table).push(" where \"target\" = ").value(Arg::Key, link.target);
        clear.push(" and \"target_status\" = ").number(STATUS_PUBLISHED);
        let mut statements = vec![clear.done(Vec::new())];
        if other.is_to_one {
            let mut leave = self.print();
            leave.push("delete from ").name(table).push(" where \"target\" <> ").value(Arg::Key, link.target);
            leave.push(" and \"target_status\" = ").number(STATUS_PUBLISHED);
            leave.push(" and \"owner\" in (select \"owner\" from ").name(table).push(" where \"target\" = ");
            leave.value(Arg::Key, link.target).push(" and \"target_status\" = ").number(STATUS_DRAFT).push(")");
            statements.push(leave.done(Vec::new()));
        }
        let mut put = self.print();
        put.push("insert into ").name(table);
        put.push(" (\"owner\", \"target\", \"target_status\", \"position\", \"target_position\") select \"owner\", \"target\", ");
        put.number(STATUS_PUBLISHED).push(", \"position\", \"target_position\" from ").name(table);
        put.push(" where \"target\" = ").value(Arg::Key, link.target);
        put.push(" and \"target_status\" = ").number(STATUS_DRAFT);
        statements.push(put.done(Vec::new()));
        statements
    }

    /// `delete from "o_link" where "target" = $1 and "owner" in (published rows that are linked)`
    fn publish_clear_owners(self, other: &Other<'_>, link: &LinkLayout) -> WriteStatement {
        let row = other.stored.row_column;
        let mut print = self.print();
        print
            .push("delete from ")
            .name(self.link_table(link))
            .push(" where \"target\" = ")
            .value(Arg::Key, link.target);
        print.push(" and \"owner\" in (select held.").name(row).push(" from ").name(self.link_table(link));
        print.push(" as joined join ").row_table(other.stored).push(" as held on held.").name(row);
        print.push(" = joined.\"owner\" where joined.\"target\" = ").value(Arg::Key, link.target);
        print.push(" and held.\"_status\" = ").number(STATUS_PUBLISHED);
        locale_scope(&mut print, other, "held.");
        print.push(")");
        print.done(Vec::new())
    }

    /// `insert into "o_link" (..) select published."_row", l."target", .. from "o_link" as l join "o" as draft .. join "o" as published ..`
    fn publish_put_owners(self, other: &Other<'_>, link: &LinkLayout) -> WriteStatement {
        let row = other.stored.row_column;
        let mut print = self.print();
        print.push("insert into ").name(self.link_table(link));
        print.push(" (\"owner\", \"target\", \"position\", \"target_position\") select held.").name(row);
        print
            .push(", joined.\"target\", joined.\"position\", joined.\"target_position\" from ")
            .name(self.link_table(link));
        print.push(" as joined join ").row_table(other.stored).push(" as draft on draft.").name(row);
        print.push(" = joined.\"owner\" and draft.\"_status\" = ").number(STATUS_DRAFT);
        print.push(" join ").row_table(other.stored);
        print.push(" as held on held.\"_key\" = draft.\"_key\" and held.\"_locale\" = draft.\"_locale\" and held.\"_status\" = ");
        print.number(STATUS_PUBLISHED).push(" where joined.\"target\" = ").value(Arg::Key, link.target);
        locale_scope(&mut print, other, "draft.");
        print.done(Vec::new())
    }
}

/// What the statements that make links bind of each.
fn link_columns(link: &LinkLayout) -> Vec<ListColumn> {
    let mut columns = vec![ListColumn { name: "target", of: link.target, own: own::TARGETS }];
    if link.has_target_type {
        columns.push(ListColumn { name: "target_type", of: ColumnType::Text, own: own::TYPES });
    }
    if link.has_target_status {
        columns.push(ListColumn { name: "target_status", of: ColumnType::SmallInt, own: own::STATUSES });
    }
    columns.push(ListColumn { name: "position", of: ColumnType::BigInt, own: own::POSITIONS });
    columns
}

/// `, "x_position" = ..`: nobody's list says where it stands.
fn last_position(print: &mut Print<'_>, to_one: &ToOneLayout) {
    if let Some(position) = &to_one.position {
        print.push(", ").name(position).push(" = ").number(POSITION_LAST);
    }
}

/// ` and "_status" = $1 and "_locale" = $2`, for the rows of the other type that are meant.
pub(crate) fn scope(print: &mut Print<'_>, other: &Other<'_>, prefix: &str) {
    if other.same_status {
        print.push(" and ").push(prefix).push("\"_status\" = ").value(Arg::Status, ColumnType::SmallInt);
    }
    locale_scope(print, other, prefix);
}

pub(crate) fn locale_scope(print: &mut Print<'_>, other: &Other<'_>, prefix: &str) {
    if other.same_locale {
        print.push(" and ").push(prefix).push("\"_locale\" = ").value(Arg::Locale, ColumnType::Text);
    }
}

/// ` and "target_status" = $1`, where links name one.
pub(crate) fn target_status(print: &mut Print<'_>, link: &LinkLayout) {
    if link.has_target_status {
        print.push(" and \"target_status\" = ").value(Arg::Status, ColumnType::SmallInt);
    }
}

/// `(select "_row" from "o" where "_key" = any($1))` with the scope: rows of the documents given.
pub(crate) fn rows_given(print: &mut Print<'_>, other: &Other<'_>) {
    print.push("(select ").name(other.stored.row_column).push(" from ").row_table(other.stored);
    print.push(" where \"_key\"").among(own::TARGETS, other.stored.key);
    scope(print, other, "");
    print.push(")");
}
