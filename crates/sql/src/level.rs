//! One level of rows: from where, which of them, in which order, which part, and how they find the row above.
//!
//! ```sql
//! -- SQLite: one parent at a time
//! select .. from "comment" as t1 where t1."article_key" = ?1 and .. order by t1."article_position", t1."_key" limit ?2
//! -- PostgreSQL: all parents at once, rows ordered by parent
//! select .., t1."article_key" from "comment" as t1 where t1."article_key" = any($1::bigint[]) and .. order by t1."article_key", ..
//! -- PostgreSQL with a limit for each parent
//! select t3."c0", .., t2."key" from unnest($1::bigint[]) as t2("key") cross join lateral
//!   (select t1."title" as "c0" from "comment" as t1 where t1."article_key" = t2."key" order by t1."_key" limit $2) as t3
//! ```

use model::{ComponentId, FieldId, TypeId};
use plan::{Page, Select};

use crate::filter::conditions;
use crate::relation::{Reach, StatusAbove, Step, element_reach, reach};
use crate::scope::{Aliases, Env, Scope};
use crate::sort::order;
use crate::tree::{Alias, Expr, Order, Query, Source};
use crate::version::version;
use crate::{ColumnKind, Param};

/// Where the rows of a level come from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// All of the type.
    Type,
    /// The document of this key: the one just written.
    Written,
    /// The documents of keys that a switch has found.
    Keys,
    /// Those that the row above is linked to.
    Relation(Step, StatusAbove),
    /// Those that the elements of the row above are linked to.
    Element(TypeId, ComponentId, FieldId),
    /// The other locales of the row above.
    Localizations,
}

/// What a level is made from.
#[derive(Debug, Clone)]
pub(crate) struct Spec<'a> {
    pub(crate) select: &'a Select,
    pub(crate) origin: Origin,
    /// Rows are matched with the locale of the row above, too, because rows above may be of several.
    pub(crate) by_locale: bool,
    /// Number of the level, for aliases.
    pub(crate) number: u32,
}

/// What a statement over a level is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Its rows.
    Rows,
    /// Aggregates over all rows.
    Totals,
    /// Aggregates over the rows of the page.
    PageTotals,
}

/// A level while its statement is made.
#[derive(Debug)]
pub(crate) struct Level {
    pub(crate) of: TypeId,
    pub(crate) alias: Alias,
    pub(crate) aliases: Aliases,
    sources: Vec<Source>,
    filter: Vec<Expr>,
    order: Vec<Order>,
    distinct: Vec<Expr>,
    /// What equals the key of the row above.
    here: Option<Expr>,
    /// `unnest` over the keys of the rows above, where the statement needs them as rows.
    parents: Option<Alias>,
    parent_kind: ColumnKind,
    by_locale: bool,
    pub(crate) element: Option<Expr>,
    limit: Option<Expr>,
    offset: Option<Expr>,
    /// Rows that stand beside its own.
    pub(crate) joins: Vec<Join>,
}

/// A row of another table that stands beside a row of the level, where there is one.
#[derive(Debug)]
pub(crate) struct Join {
    pub(crate) table: String,
    pub(crate) alias: Alias,
    /// The column of the level's rows that holds its key.
    pub(crate) key: Expr,
    pub(crate) filter: Vec<Expr>,
}

/// The kind of the key by which rows find the row above; none at a root.
pub(crate) fn parent_kind(env: Env, spec: &Spec) -> Option<ColumnKind> {
    match &spec.origin {
        Origin::Type => None,
        Origin::Written | Origin::Keys | Origin::Localizations => {
            Some(env.layout.content_type(spec.select.of).key.kind())
        }
        Origin::Relation(step, status) => {
            let mut aliases = Aliases::of_level(spec.number);
            let alias = aliases.next();
            Some(reach(env, &mut aliases, *step, alias, status.clone()).above.kind(env, *step))
        }
        Origin::Element(owner, ..) => Some(env.layout.content_type(*owner).row.kind()),
    }
}

/// Makes a level for a purpose. None where the layout holds nothing of the kind (links of a component without relations).
pub(crate) fn level(env: Env, spec: &Spec, purpose: Purpose) -> Option<Level> {
    let mut aliases = Aliases::of_level(spec.number);
    let distinct_apart = env.is_sqlite() && !spec.select.distinct.is_empty();
    let level = joined(env, spec, purpose, &mut aliases)?;
    let mut level = Level { aliases, ..level };
    if distinct_apart {
        level = first_of_each(env, spec, level);
    }
    Some(Level { limit: limit(env, spec, purpose, &level), offset: offset(spec, purpose), ..level })
}

fn joined(env: Env, spec: &Spec, purpose: Purpose, aliases: &mut Aliases) -> Option<Level> {
    let select = spec.select;
    let alias = aliases.next();
    let parents = parents_as_rows(env, spec, purpose).then(|| aliases.next());
    let mut reach = match reached(env, aliases, spec, alias) {
        Reached::Root => None,
        Reached::By(reach) => Some(reach),
        Reached::Never => return None,
    };
    let locale_above = spec.by_locale.then(|| locale_above(env, aliases, spec, (reach.as_deref_mut(), parents)));
    let mut filter = Vec::new();
    if let Some(reach) = &reach {
        filter.push(meets_parent(env, spec, &reach.here, parents));
        filter.extend(reach.filter.iter().cloned());
    }
    if let (Origin::Localizations, Some(locale)) = (&spec.origin, &locale_above) {
        filter.push(Expr::column(alias, "_locale").binary("<>", locale.clone()));
    }
    filter.extend(version(env, aliases, select.of, alias, (&select.version, locale_above)));
    let scope = Scope::Row { of: select.of, alias };
    filter.extend(conditions(env, aliases, &scope, &select.filter));
    let distinct = select.distinct.iter().map(|column| env.column(aliases, &scope, *column).expr).collect();
    let own_order = reach.as_ref().map_or((None, None), |reach| (reach.order.clone(), reach.tie.clone()));
    let needs_order = purpose != Purpose::Totals || !select.distinct.is_empty();
    let order =
        if needs_order { order(env, aliases, &scope, (&select.sort, own_order), &select.version) } else { Vec::new() };
    let mut sources = reach.as_ref().map(|reach| reach.sources.clone()).unwrap_or_default();
    sources.push(env.rows(select.of, alias));
    Some(Level {
        of: select.of,
        alias,
        aliases: Aliases::of_level(spec.number),
        sources,
        filter,
        order,
        distinct,
        here: reach.as_ref().filter(|_| !matches!(spec.origin, Origin::Written)).map(|reach| reach.here.clone()),
        parents,
        parent_kind: parent_kind(env, spec).unwrap_or(ColumnKind::Int),
        by_locale: spec.by_locale,
        element: reach.and_then(|reach| reach.element),
        limit: None,
        offset: None,
        joins: Vec::new(),
    })
}

/// The locale of the row above: bound, a column beside its key, or below an element that of the owning row, joined again.
fn locale_above(
    env: Env,
    aliases: &mut Aliases,
    spec: &Spec,
    (reach, parents): (Option<&mut Reach>, Option<Alias>),
) -> Expr {
    if let (Origin::Element(owner, ..), Some(reach)) = (&spec.origin, reach) {
        let again = aliases.next();
        let row = Expr::column(again, env.layout.content_type(*owner).row_column);
        reach.sources.insert(0, env.rows(*owner, again));
        reach.filter.push(reach.here.clone().equals(row));
        return Expr::column(again, "_locale");
    }
    parents.map_or(Expr::Param(Param::ParentLocale), |parents| Expr::column(parents, "locale"))
}

/// How the rows are reached.
enum Reached {
    /// They stand at a root.
    Root,
    /// From a row above.
    By(Box<Reach>),
    /// Not at all: the layout holds no such links.
    Never,
}

fn reached(env: Env, aliases: &mut Aliases, spec: &Spec, alias: Alias) -> Reached {
    match &spec.origin {
        Origin::Type => Reached::Root,
        Origin::Written | Origin::Keys | Origin::Localizations => Reached::By(Box::new(Reach::of_key(alias))),
        Origin::Relation(step, status) => Reached::By(Box::new(reach(env, aliases, *step, alias, status.clone()))),
        Origin::Element(owner, component, member) => {
            let reach = element_reach(env, aliases, (*owner, *component, *member), (spec.select.of, alias));
            reach.map_or(Reached::Never, |reach| Reached::By(Box::new(reach)))
        }
    }
}

/// `t1."a_key" = ?1` on SQLite, `t1."a_key" = any($1)` on PostgreSQL, `t1."a_key" = t2."key"` where parents are rows.
fn meets_parent(env: Env, spec: &Spec, here: &Expr, parents: Option<Alias>) -> Expr {
    let kind = parent_kind(env, spec).unwrap_or(ColumnKind::Int);
    match parents {
        Some(parents) => here.clone().equals(Expr::column(parents, "key")),
        None if env.is_sqlite() => here.clone().equals(Expr::Param(Param::ParentKey(kind))),
        None => Expr::Listed { value: Box::new(here.clone()), negated: false, list: Param::ParentKey(kind) },
    }
}

/// PostgreSQL needs the keys above as rows when something is asked for each of them: a part of its rows, totals, or its locale's rows.
fn parents_as_rows(env: Env, spec: &Spec, purpose: Purpose) -> bool {
    let below = match spec.origin {
        Origin::Type | Origin::Written | Origin::Element(..) => false,
        Origin::Keys | Origin::Relation(..) | Origin::Localizations => true,
    };
    let for_each =
        spec.by_locale || purpose != Purpose::Rows || !spec.select.distinct.is_empty() || is_limited(&spec.select.page);
    !env.is_sqlite() && below && for_each
}

/// Whether a page asks for a part of the rows.
pub(crate) fn is_limited(page: &Page) -> bool {
    match page {
        Page::One | Page::All => false,
        Page::Offset { start, limit } => start.is_some() || limit.is_some(),
        Page::Numbered { .. } => true,
        Page::Cursor(cursor) => cursor.first.is_some() || cursor.after.is_some() || cursor.before.is_some(),
    }
}

/// `limit ?2`. No limit stands on rows that the store hands out to several parents or elements, nor where one row is found by its key.
fn limit(env: Env, spec: &Spec, purpose: Purpose, level: &Level) -> Option<Expr> {
    let page = &spec.select.page;
    let is_shared = match spec.origin {
        Origin::Type | Origin::Written => false,
        Origin::Element(..) => true,
        Origin::Keys | Origin::Relation(..) | Origin::Localizations => !env.is_sqlite() && level.parents.is_none(),
    };
    if is_shared || purpose == Purpose::Totals {
        return None;
    }
    match page {
        Page::One => Some(Expr::Number(1)),
        Page::All if purpose == Purpose::PageTotals => None,
        Page::All | Page::Offset { .. } | Page::Numbered { .. } | Page::Cursor(_) => {
            Some(Expr::Param(Param::Limit(page.clone())))
        }
    }
}

fn offset(spec: &Spec, purpose: Purpose) -> Option<Expr> {
    let page = &spec.select.page;
    let has_start = match page {
        Page::One | Page::All => false,
        Page::Offset { start, .. } => start.is_some(),
        Page::Numbered { .. } => true,
        Page::Cursor(cursor) => cursor.after.is_some(),
    };
    let is_element = matches!(spec.origin, Origin::Element(..));
    (has_start && !is_element && purpose != Purpose::Totals).then(|| Expr::Param(Param::Start(page.clone())))
}

/// SQLite has no `distinct on`:
/// `t4."_key" in (select t3."row" from (select t0."_key" as "row", row_number() over (partition by .. order by ..) as "number" from ..) as t3
/// where t3."number" = 1)`.
fn first_of_each(env: Env, spec: &Spec, inner: Level) -> Level {
    let mut aliases = inner.aliases;
    let (numbered, alias) = (aliases.next(), aliases.next());
    let row_column = env.layout.content_type(inner.of).row_column;
    let number = Expr::RowNumber { partition: inner.distinct, order: inner.order };
    let all = Query {
        columns: vec![
            (Expr::column(inner.alias, row_column), Some("row".to_owned())),
            (number, Some("number".to_owned())),
        ],
        from: inner.sources,
        filter: inner.filter,
        ..Query::default()
    };
    let first = Query {
        columns: vec![(Expr::column(numbered, "row"), None)],
        from: vec![Source::Query(Box::new(all), numbered)],
        filter: vec![Expr::column(numbered, "number").equals(Expr::Number(1))],
        ..Query::default()
    };
    let is_first =
        Expr::In { value: Box::new(Expr::column(alias, row_column)), negated: false, query: Box::new(first) };
    let scope = Scope::Row { of: inner.of, alias };
    let order = order(env, &mut aliases, &scope, (&spec.select.sort, (None, None)), &spec.select.version);
    Level {
        of: inner.of,
        alias,
        aliases,
        sources: vec![env.rows(inner.of, alias)],
        filter: vec![is_first],
        order,
        distinct: Vec::new(),
        here: None,
        parents: None,
        parent_kind: inner.parent_kind,
        by_locale: inner.by_locale,
        element: None,
        limit: None,
        offset: None,
        joins: Vec::new(),
    }
}

impl Level {
    /// What its rows are.
    pub(crate) fn scope(&self) -> Scope {
        Scope::Row { of: self.of, alias: self.alias }
    }

    /// The columns by which rows find the row above: key, then locale. On SQLite none, as parents come one at a time.
    pub(crate) fn parent_columns(&self, env: Env) -> Vec<Expr> {
        if env.is_sqlite() {
            return Vec::new();
        }
        match (self.parents, &self.here) {
            (Some(parents), _) => {
                let locale = self.by_locale.then(|| Expr::column(parents, "locale"));
                [Expr::column(parents, "key")].into_iter().chain(locale).collect()
            }
            (None, Some(here)) => vec![here.clone()],
            (None, None) => Vec::new(),
        }
    }

    /// `unnest($1::bigint[]) as t2("key")`, with `$2::text[]` and `"locale"` where locales differ.
    fn unnest(&self, parents: Alias) -> Source {
        let locale = self.by_locale.then_some(Param::ParentLocale);
        Source::Unnest([Param::ParentKey(self.parent_kind)].into_iter().chain(locale).collect(), parents)
    }

    /// The level's rows with these columns.
    pub(crate) fn into_rows(mut self, env: Env, columns: Vec<Expr>) -> Query {
        let joins = std::mem::take(&mut self.joins);
        if !joins.is_empty() {
            return self.into_joined(joins, columns);
        }
        let is_for_each = self.limit.is_some() || self.offset.is_some() || !self.distinct.is_empty();
        if is_for_each && let Some(parents) = self.parents {
            return self.into_lateral(env, parents, columns);
        }
        let leading = self.parent_columns(env).into_iter().chain(self.element.clone());
        let order = leading.map(Order::ascending).chain(self.order.iter().cloned()).collect();
        let order = without_repeats(order);
        let parents = self.parents.map(|parents| self.unnest(parents));
        Query {
            distinct_on: self.distinct,
            columns: columns.into_iter().map(|column| (column, None)).collect(),
            from: parents.into_iter().chain(self.sources).collect(),
            filter: self.filter,
            order,
            limit: self.limit,
            offset: self.offset,
        }
    }

    /// A part of the rows for each row above. The statement has no order of its own: what stands beside `unnest` needs the key of each parent and
    /// ends with a limit, so PostgreSQL can only take the parents in turn and give the rows of each as its part orders them. An order that says
    /// so once more would be a sort of all rows, a third of what the rows cost.
    fn into_lateral(mut self, env: Env, parents: Alias, columns: Vec<Expr>) -> Query {
        let outer = self.aliases.next();
        let parent_columns = self.parent_columns(env);
        let mut inner = Vec::new();
        let mut results = Vec::new();
        for column in columns {
            if parent_columns.contains(&column) {
                results.push((column, None));
                continue;
            }
            let name = numbered("c", inner.len());
            results.push((Expr::column(outer, &name), None));
            inner.push((column, Some(name)));
        }
        let parents_source = self.unnest(parents);
        let part = if self.has_ordered_index(env) {
            Query {
                distinct_on: self.distinct,
                columns: inner,
                from: self.sources,
                filter: self.filter,
                order: self.order,
                limit: self.limit,
                offset: self.offset,
            }
        } else {
            let fence = self.aliases.next();
            self.into_fenced(fence, inner)
        };
        let from = vec![parents_source, Source::Lateral(Box::new(part), outer)];
        Query { columns: results, from, ..Query::default() }
    }

    /// Whether an index gives the rows of one parent in their order: its key's column, and behind it the first column of the order. Of rows
    /// that are found by their own key, behind a link or in distinct groups nothing is said.
    fn has_ordered_index(&self, env: Env) -> bool {
        let (Some(Expr::Column(parent_alias, parent)), Some(first), true) =
            (&self.here, self.order.first(), self.distinct.is_empty())
        else {
            return true;
        };
        let own = if let Expr::Column(alias, column) = &first.expr { Some((*alias, column)) } else { None };
        let own = own.filter(|(alias, _)| *alias == self.alias).map(|(_, column)| column);
        if *parent_alias != self.alias || own == Some(parent) {
            return true;
        }
        let table = env.layout.table(env.layout.content_type(self.of).rows);
        let follows = |columns: &[&String]| columns.windows(2).any(|pair| pair[0] == parent && Some(pair[1]) == own);
        let indexes = table.indexes.iter().map(|index| index.columns.iter().map(|(name, _)| name).collect::<Vec<_>>());
        let keys = table.unique.iter().map(|key| key.columns.iter().collect::<Vec<_>>());
        indexes.chain(keys).any(|columns| follows(&columns))
    }

    /// The part of one parent's rows that no index has in order. `offset 0` keeps PostgreSQL from walking another index over the whole table in
    /// the order's direction until the limit is met: it finds the parent's rows first and sorts those few.
    ///
    /// ```sql
    /// select t4."c0", .. from (select t1."title" as "c0", .. from "track" as t1 where t1."album_key" = t2."key" offset 0) as t4 order by .. limit $2
    /// ```
    fn into_fenced(self, fence: Alias, mut columns: Vec<(Expr, Option<String>)>) -> Query {
        let shown = columns.iter().filter_map(|(_, name)| name.clone());
        let outside = shown.map(|name| (Expr::column(fence, &name), Some(name))).collect();
        let mut order = Vec::new();
        for (index, key) in self.order.into_iter().enumerate() {
            let known = columns.iter().find(|(expr, _)| *expr == key.expr).and_then(|(_, name)| name.clone());
            let name = known.unwrap_or_else(|| {
                let name = numbered("o", index);
                columns.push((key.expr.clone(), Some(name.clone())));
                name
            });
            order.push(Order { expr: Expr::column(fence, &name), ..key });
        }
        let fenced = Query {
            columns,
            from: self.sources,
            filter: self.filter,
            offset: Some(Expr::Number(0)),
            ..Query::default()
        };
        Query {
            columns: outside,
            from: vec![Source::Query(Box::new(fenced), fence)],
            order,
            limit: self.limit,
            offset: self.offset,
            ..Query::default()
        }
    }

    /// The rows with those of other tables beside them. The page is cut first, so that no more is joined than is shown.
    ///
    /// ```sql
    /// select t2."c0", t1."name" from (select t0."title" as "c0", t0."_key" as "c1", t0."artist_key" as "c2" from "album" as t0 where ..
    ///   order by t0."_key" limit $1) as t2 left join "artist" as t1 on t1."_key" = t2."c2" order by t2."c1"
    /// ```
    fn into_joined(mut self, joins: Vec<Join>, columns: Vec<Expr>) -> Query {
        let page = self.aliases.next();
        let mut inner: Vec<(Expr, Option<String>)> = Vec::new();
        let mut of_page = |expr: Expr| {
            let place = inner.iter().position(|(known, _)| *known == expr).unwrap_or_else(|| {
                inner.push((expr, Some(numbered("c", inner.len()))));
                inner.len() - 1
            });
            Expr::column(page, numbered("c", place))
        };
        let is_joined =
            |expr: &Expr| matches!(expr, Expr::Column(alias, _) if joins.iter().any(|join| join.alias == *alias));
        let results = columns
            .into_iter()
            .map(|column| (if is_joined(&column) { column } else { of_page(column) }, None))
            .collect();
        let order = self.order.iter().map(|key| Order { expr: of_page(key.expr.clone()), ..key.clone() }).collect();
        let beside: Vec<Source> = joins
            .into_iter()
            .map(|join| {
                let meets = Expr::column(join.alias, "_key").equals(of_page(join.key));
                Source::Left(join.table, join.alias, [meets].into_iter().chain(join.filter).collect())
            })
            .collect();
        let rows = Query {
            columns: inner,
            from: self.sources,
            filter: self.filter,
            order: self.order,
            limit: self.limit,
            offset: self.offset,
            ..Query::default()
        };
        let from = [Source::Query(Box::new(rows), page)].into_iter().chain(beside).collect();
        Query { columns: results, from, order, ..Query::default() }
    }

    /// Aggregates over the level. `values` are what they read, `aggregates` makes them of the values' names.
    ///
    /// ```sql
    /// select count(*), avg(t0."price") from "book" as t0 where ..
    /// select count(*) from (select t0."price" as "c0" from "book" as t0 where .. order by .. limit ?1) as t1                    -- the page
    /// select t3."a0", t2."key" from unnest($1) as t2("key") cross join lateral (select count(*) as "a0" from ..) as t3 order by t2."key"
    /// ```
    pub(crate) fn into_aggregates(
        mut self,
        env: Env,
        values: Vec<Expr>,
        aggregates: impl Fn(Vec<Expr>) -> Vec<Expr>,
    ) -> Query {
        let is_part = self.limit.is_some() || self.offset.is_some() || !self.distinct.is_empty();
        let parents = self.parents;
        let (parent_columns, outer) = (self.parent_columns(env), self.aliases.next());
        let parents_source = parents.map(|parents| self.unnest(parents));
        let totals = if is_part {
            let part = self.aliases.next();
            let named: Vec<(Expr, Option<String>)> =
                values.into_iter().enumerate().map(|(index, value)| (value, Some(numbered("c", index)))).collect();
            let seen =
                named.iter().filter_map(|(_, name)| name.as_ref()).map(|name| Expr::column(part, name)).collect();
            let columns = if named.is_empty() { vec![(Expr::Number(1), Some("c0".to_owned()))] } else { named };
            let rows = Query {
                distinct_on: self.distinct,
                columns,
                from: self.sources,
                filter: self.filter,
                order: self.order,
                limit: self.limit,
                offset: self.offset,
            };
            (aggregates(seen), vec![Source::Query(Box::new(rows), part)], Vec::new())
        } else {
            (aggregates(values), self.sources, self.filter)
        };
        let (results, from, filter) = totals;
        let Some(parents_source) = parents_source else {
            let columns = results.into_iter().map(|column| (column, None)).collect();
            return Query { columns, from, filter, ..Query::default() };
        };
        let names: Vec<String> = (0..results.len()).map(|index| numbered("a", index)).collect();
        let inner = Query {
            columns: results.into_iter().zip(names.iter().cloned().map(Some)).collect(),
            from,
            filter,
            ..Query::default()
        };
        let mut columns: Vec<(Expr, Option<String>)> =
            names.iter().map(|name| (Expr::column(outer, name), None)).collect();
        columns.extend(parent_columns.iter().cloned().map(|column| (column, None)));
        Query {
            columns,
            from: vec![parents_source, Source::Lateral(Box::new(inner), outer)],
            order: parent_columns.into_iter().map(Order::ascending).collect(),
            ..Query::default()
        }
    }
}

/// `c0`, `c1`, ..
fn numbered(word: &str, index: usize) -> String {
    [word, index.to_string().as_str()].concat()
}

/// A column that is in an order once decides it; a second time it only costs.
fn without_repeats(order: Vec<Order>) -> Vec<Order> {
    let mut kept: Vec<Order> = Vec::with_capacity(order.len());
    for key in order {
        if !kept.iter().any(|known| known.expr == key.expr) {
            kept.push(key);
        }
    }
    kept
}

impl Reach {
    /// By the key itself.
    fn of_key(alias: Alias) -> Reach {
        Reach {
            sources: Vec::new(),
            filter: Vec::new(),
            here: Expr::column(alias, "_key"),
            above: crate::relation::Above::Key,
            order: None,
            tie: None,
            element: None,
            by_key: true,
        }
    }
}
