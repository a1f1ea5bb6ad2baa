//! Which rows a filter keeps: the rules of roles over rows that are written, and which linked documents the caller may see.

use model::TypeId;
use plan::Filter;

use crate::filter::conditions;
use crate::print;
use crate::scope::{Aliases, Env, Scope};
use crate::tree::{Expr, Query};
use crate::{Param, Statement};

/// What is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Single rows.
    Row,
    /// Documents, in any version.
    Key,
}

/// `select t0."_row" from "x" as t0 where t0."_row" = any($1) and ..`: those of the rows (or documents) bound as parents that the filter keeps.
/// None for a filter that keeps everything.
pub(crate) fn kept(env: Env<'_>, of: TypeId, by: By, filter: &Filter) -> Option<Statement> {
    if *filter == Filter::All {
        return None;
    }
    let stored = env.layout.content_type(of);
    let (column, kind) = match by {
        By::Row => (stored.row_column, stored.row.kind()),
        By::Key => ("_key", stored.key.kind()),
    };
    let mut aliases = Aliases::of_level(0);
    let alias = aliases.next();
    let here = Expr::column(alias, column);
    let parents = Param::ParentKey(kind);
    let is_asked = if env.is_sqlite() {
        here.clone().equals(Expr::Param(parents))
    } else {
        Expr::Listed { value: Box::new(here.clone()), negated: false, list: parents }
    };
    let mut all = vec![is_asked];
    all.extend(conditions(env, &mut aliases, &Scope::Row { of, alias }, filter));
    let query = Query { columns: vec![(here, None)], from: vec![env.rows(of, alias)], filter: all, ..Query::default() };
    Some(print::statement(env.database, &query, vec![kind]))
}
