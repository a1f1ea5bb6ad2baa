//! Which version of each document: conditions over `_status`, `_locale` and sibling rows.

use model::TypeId;
use plan::{Locale, PublicationFilter, Status, Version};

use crate::Param;
use crate::layout::{STATUS_DRAFT, STATUS_PUBLISHED};
use crate::scope::{Aliases, Env};
use crate::tree::{Alias, Expr, Query};

/// Conditions that keep the wanted version of each document under `alias`. `inherited` is the locale of the row above; without one,
/// [`Locale::Inherited`] means the project's default. Statuses are printed as numbers, so that partial indexes fit.
///
/// ```sql
/// t0."_status" = 1 and t0."_locale" = ?1 and t0."_deleted_at" is null
/// ```
pub(crate) fn version(
    env: Env,
    aliases: &mut Aliases,
    of: TypeId,
    alias: Alias,
    (version, inherited): (&Version, Option<Expr>),
) -> Vec<Expr> {
    let stored = env.layout.content_type(of);
    let mut conditions = Vec::new();
    if stored.has_status {
        conditions.extend(status(env, aliases, of, alias, version.status));
    }
    if stored.has_locale {
        conditions.extend(locale(alias, &version.locale, inherited));
    }
    if let Some(publication) = version.publication.filter(|_| stored.has_status) {
        conditions.push(publication_state(env, aliases, of, alias, publication));
    }
    conditions.extend(env.not_deleted(of, alias));
    conditions
}

/// `t0."_status" = 1`; the published row, else the draft:
/// `t0."_status" = 1 or not exists (select 1 from "a" as t1 where t1."_key" = t0."_key" and t1."_locale" = t0."_locale" and t1."_status" = 1)`.
fn status(env: Env, aliases: &mut Aliases, of: TypeId, alias: Alias, status: Status) -> Option<Expr> {
    match status {
        Status::Only => None,
        Status::Published => Some(has_status(alias, STATUS_PUBLISHED)),
        Status::Draft => Some(has_status(alias, STATUS_DRAFT)),
        Status::Either => {
            let published = sibling(env, aliases, of, alias, (STATUS_PUBLISHED, Among::Pair));
            Some(Expr::Or(vec![has_status(alias, STATUS_PUBLISHED), published.negated()]))
        }
    }
}

fn locale(alias: Alias, locale: &Locale, inherited: Option<Expr>) -> Option<Expr> {
    let wanted = match locale {
        Locale::Only | Locale::All => return None,
        Locale::Default => Expr::Param(Param::DefaultLocale),
        Locale::Named(name) => Expr::Param(Param::Text(name.clone())),
        Locale::Inherited => inherited.unwrap_or(Expr::Param(Param::DefaultLocale)),
    };
    Some(Expr::column(alias, "_locale").equals(wanted))
}

/// A condition over the draft and published rows beside the one at hand.
///
/// Source: Strapi 5 `publicationFilter`.
fn publication_state(
    env: Env,
    aliases: &mut Aliases,
    of: TypeId,
    alias: Alias,
    publication: PublicationFilter,
) -> Expr {
    let mut with = |status, among| sibling(env, aliases, of, alias, (status, among));
    let is_published = has_status(alias, STATUS_PUBLISHED);
    match publication {
        PublicationFilter::NeverPublished => with(STATUS_PUBLISHED, Among::Pair).negated(),
        PublicationFilter::HasPublished => with(STATUS_PUBLISHED, Among::Pair),
        PublicationFilter::NeverPublishedDocument => with(STATUS_PUBLISHED, Among::Document).negated(),
        PublicationFilter::HasPublishedDocument => with(STATUS_PUBLISHED, Among::Document),
        PublicationFilter::PublishedWithoutDraft => {
            Expr::And(vec![is_published, with(STATUS_DRAFT, Among::Pair).negated()])
        }
        PublicationFilter::PublishedWithDraft => Expr::And(vec![is_published, with(STATUS_DRAFT, Among::Pair)]),
        PublicationFilter::Modified => changed_after_publishing(env, aliases, of, alias, ">"),
        PublicationFilter::Unmodified => changed_after_publishing(env, aliases, of, alias, "<="),
    }
}

/// Which rows of the document count as siblings.
#[derive(Clone, Copy)]
enum Among {
    /// Those of the same locale.
    Pair,
    /// Those of every locale.
    Document,
}

/// `exists (select 1 from "a" as t1 where t1."_key" = t0."_key" and t1."_locale" = t0."_locale" and t1."_status" = 1)`.
fn sibling(env: Env, aliases: &mut Aliases, of: TypeId, alias: Alias, (status, among): (i64, Among)) -> Expr {
    let inner = aliases.next();
    let mut conditions = vec![same(alias, inner, "_key")];
    match among {
        Among::Pair => conditions.push(same(alias, inner, "_locale")),
        Among::Document => {}
    }
    conditions.push(has_status(inner, status));
    conditions.extend(env.not_deleted(of, inner));
    Expr::Exists(Box::new(Query::one_of(vec![env.rows(of, inner)], conditions)))
}

/// `exists (select 1 from "a" as t1 cross join "a" as t2 where (draft) and (published) and t1."_updated_at" > t2."_updated_at")`.
fn changed_after_publishing(env: Env, aliases: &mut Aliases, of: TypeId, alias: Alias, operator: &'static str) -> Expr {
    let (draft, published) = (aliases.next(), aliases.next());
    let mut conditions = Vec::new();
    for (inner, status) in [(draft, STATUS_DRAFT), (published, STATUS_PUBLISHED)] {
        conditions.extend([same(alias, inner, "_key"), same(alias, inner, "_locale"), has_status(inner, status)]);
    }
    conditions.push(Expr::column(draft, "_updated_at").binary(operator, Expr::column(published, "_updated_at")));
    Expr::Exists(Box::new(Query::one_of(vec![env.rows(of, draft), env.rows(of, published)], conditions)))
}

fn same(one: Alias, other: Alias, column: &str) -> Expr {
    Expr::column(other, column).equals(Expr::column(one, column))
}

fn has_status(alias: Alias, status: i64) -> Expr {
    Expr::column(alias, "_status").equals(Expr::Number(status))
}
