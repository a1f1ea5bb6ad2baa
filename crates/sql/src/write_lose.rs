//! Rows beside the written one that lose a link, looked for before anything is written: a caller's rules may ask something of them.

use model::FieldId;
use plan::Losing;

use crate::layout::{ColumnType, FieldLayout, LinkLayout, STATUS_DRAFT, STATUS_PUBLISHED, ToOneLayout};
use crate::scope::Env;
use crate::write_kept::{By, kept};
use crate::write_link::{LinkEnv, Other, locale_scope, own, rows_given, scope, target_status};
use crate::write_print::{Arg, Print, WriteStatement};
use crate::{Database, Statement};

/// Finds the rows that lose a link when a relation is given, and those of them that the caller may change.
#[derive(Debug, Clone, PartialEq)]
pub struct LosingProgram {
    /// The relation.
    pub field: FieldId,
    /// Column: what names a row. Own values: those of [`crate::LinkProgram::give`].
    pub rows: WriteStatement,
    /// Those of the rows bound as parents that the rule keeps.
    pub kept: Statement,
}

impl LinkEnv<'_> {
    /// What has to be looked at before a relation is given; none where nobody else can lose a link, or no rule asks anything.
    pub(crate) fn losing(self, env: Env<'_>, losing: &Losing) -> Option<LosingProgram> {
        let kept = kept(env, losing.of, By::Row, &losing.rule)?;
        let rows = match self.stored().field(losing.field) {
            FieldLayout::Column { .. } => return None,
            FieldLayout::ToOne(to_one) => self.losing_to_one(to_one),
            FieldLayout::Link(link) => self.losing_links(link),
            FieldLayout::Inverse { of, field } => {
                let other = self.other(*of, *field);
                match other.stored.field(*field) {
                    FieldLayout::ToOne(to_one) => self.losing_columns(&other, to_one),
                    FieldLayout::Link(link) => self.losing_owners(&other, link),
                    FieldLayout::Column { .. } | FieldLayout::Inverse { .. } => return None,
                }
            }
        };
        Some(LosingProgram { field: losing.field, rows, kept })
    }

    /// What has to be looked at when the draft is written and its published row is to become a copy of it; none where no link of others follows.
    pub(crate) fn publishing(self, env: Env<'_>, losing: &Losing) -> Option<LosingProgram> {
        let FieldLayout::Inverse { of, field } = self.stored().field(losing.field) else { return None };
        let other = self.other(*of, *field);
        let rows = match other.stored.field(*field) {
            FieldLayout::ToOne(to_one) if other.same_status => self.following_columns(&other, to_one),
            FieldLayout::Link(link) if link.has_target_status => self.following_statuses(link),
            FieldLayout::Link(link) if other.same_status => self.following_owners(&other, link),
            FieldLayout::ToOne(_) | FieldLayout::Link(_) | FieldLayout::Column { .. } | FieldLayout::Inverse { .. } => {
                return None;
            }
        };
        let kept = kept(env, losing.of, By::Row, &losing.rule)?;
        Some(LosingProgram { field: losing.field, rows, kept })
    }

    /// `select held."_row" from "o" as held left join "o" as draft on (its draft) where held."_status" = 1 and coalesce(held."x_key" = $1, false) <>
    /// coalesce(draft."x_key" = $1, false)`
    fn following_columns(self, other: &Other<'_>, to_one: &ToOneLayout) -> WriteStatement {
        let mut print = self.print();
        published_beside_draft(&mut print, other);
        for (row, and) in [("held", " and coalesce("), ("draft", " <> coalesce(")] {
            print.push(and).push(row).push(".").name(&to_one.key).push(" = ").value(Arg::Key, to_one.of);
            print.push(", false)");
        }
        locale_scope(&mut print, other, "held.");
        print.done(vec![other.stored.row.kind()])
    }

    /// The same with `exists (select 1 from "o_link" where "owner" = held."_row" and "target" = $1)`
    fn following_owners(self, other: &Other<'_>, link: &LinkLayout) -> WriteStatement {
        let mut print = self.print();
        published_beside_draft(&mut print, other);
        for (row, and) in [("held", " and exists ("), ("draft", " <> exists (")] {
            print
                .push(and)
                .push("select 1 from ")
                .name(self.link_table(link))
                .push(" as joined where joined.\"owner\" = ");
            print.push(row).push(".").name(other.stored.row_column).push(" and joined.\"target\" = ");
            print.value(Arg::Key, link.target).push(")");
        }
        locale_scope(&mut print, other, "held.");
        print.done(vec![other.stored.row.kind()])
    }

    /// `select "owner" from "o_link" where "target" = $1 group by "owner" having count(*) = 1`: linked with the draft, or with what is published.
    fn following_statuses(self, link: &LinkLayout) -> WriteStatement {
        let mut print = self.print();
        print.push("select \"owner\" from ").name(self.link_table(link)).push(" where \"target\" = ");
        print.value(Arg::Key, link.target).push(" group by \"owner\" having count(*) = 1");
        print.done(vec![link.owner.kind()])
    }

    /// `select "_row" from "x" where "a_key" = any($1) and "_key" is distinct from $2 and "_status" = $3 and "_locale" = $4`
    fn losing_to_one(self, to_one: &ToOneLayout) -> WriteStatement {
        let stored = self.stored();
        let mut print = self.print();
        print
            .push("select ")
            .name(stored.row_column)
            .push(" from ")
            .row_table(stored)
            .push(" where ")
            .name(&to_one.key);
        print.among(own::TARGETS, to_one.of).push(" and \"_key\"").differs().value(Arg::Key, stored.key);
        if stored.document.is_some() {
            print.push(" and \"_status\" = ").value(Arg::Status, ColumnType::SmallInt);
            print.push(" and \"_locale\" = ").value(Arg::Locale, ColumnType::Text);
        }
        if self.database == Database::Postgres {
            print.push(" for update");
        }
        print.done(vec![stored.row.kind()])
    }

    /// `select "owner" from "x_link" where "owner" is distinct from $1 and "target" = any($2)`
    fn losing_links(self, link: &LinkLayout) -> WriteStatement {
        let mut print = self.print();
        print.push("select \"owner\" from ").name(self.link_table(link)).push(" where \"owner\"").differs();
        print.value(Arg::Row, link.owner).push(" and \"target\"").among(own::TARGETS, link.target);
        print.done(vec![link.owner.kind()])
    }

    /// `select "_row" from "o" where "x_key" = $1 and not "_key" = any($2)` and the scope
    fn losing_columns(self, other: &Other<'_>, to_one: &ToOneLayout) -> WriteStatement {
        let stored = other.stored;
        let mut print = self.print();
        print
            .push("select ")
            .name(stored.row_column)
            .push(" from ")
            .row_table(stored)
            .push(" where ")
            .name(&to_one.key);
        print.push(" = ").value(Arg::Key, to_one.of);
        print.push(" and not \"_key\"").among(own::TARGETS, stored.key);
        scope(&mut print, other, "");
        if self.database == Database::Postgres {
            print.push(" for update");
        }
        print.done(vec![stored.row.kind()])
    }

    /// `select "owner" from "o_link" where "target" = $1 and "owner" not in (rows given) and "owner" in (rows of the scope)`
    fn losing_owners(self, other: &Other<'_>, link: &LinkLayout) -> WriteStatement {
        let mut print = self.print();
        print.push("select \"owner\" from ").name(self.link_table(link));
        print.push(" where \"target\" = ").value(Arg::Key, link.target);
        target_status(&mut print, link);
        print.push(" and \"owner\" not in ");
        rows_given(&mut print, other);
        self.owners_in_scope_of(&mut print, other, link);
        print.done(vec![link.owner.kind()])
    }
}

/// Published rows, each with its draft.
fn published_beside_draft(print: &mut Print<'_>, other: &Other<'_>) {
    print.push("select held.").name(other.stored.row_column).push(" from ").row_table(other.stored);
    print.push(" as held left join ").row_table(other.stored);
    print.push(
        " as draft on draft.\"_key\" = held.\"_key\" and draft.\"_locale\" = held.\"_locale\" and draft.\"_status\" = ",
    );
    print.number(STATUS_DRAFT).push(" where held.\"_status\" = ").number(STATUS_PUBLISHED);
}
