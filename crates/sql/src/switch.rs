//! Related rows of several content types: first type and key of each, in order and cut to the page, then the rows of each type by key.

use plan::{From, Page, Select, Shape, Switch, SwitchArm, SystemColumn};

use crate::compile::{Rows, node};
use crate::filter::conditions;
use crate::layout::FieldLayout;
use crate::level::{Origin, Spec, is_limited};
use crate::relation::Above;
use crate::scope::{Aliases, Env, Scope};
use crate::tree::{Alias, Expr, Order, Query, Source};
use crate::version::version;
use crate::{ColumnKind, Param, Parent, Statement, SwitchArmProgram, SwitchProgram};

/// Column of the links' statement that holds the target's key.
const KEY: u16 = 2;
/// Column of the links' statement that holds the locale of the row above, where arms are read by it.
const LOCALE: u16 = 3;

/// The table that holds the links of a switch, and its columns.
struct Links {
    source: Source,
    /// What equals the key of the row above.
    here: Expr,
    target_type: Expr,
    key: Expr,
    status: Option<Expr>,
    order: Vec<Order>,
}

/// The links' statement and an arm for each content type shown.
pub(crate) fn switch_program(rows: &mut Rows, switch: &Switch) -> SwitchProgram {
    let above = rows.above(&Above::Row, None);
    let kind = rows.env.layout.content_type(switch.owner).row.kind();
    let mut by_locale = false;
    let arms: Vec<SwitchArm> = switch
        .arms
        .iter()
        .map(|arm| {
            let mut arm = arm.clone();
            by_locale |= rows.hand_down(&mut arm.version);
            arm
        })
        .collect();
    let locale_above = by_locale.then(|| rows.system(SystemColumn::Locale));
    let links = links_statement(rows.env, rows.below, switch, &arms, by_locale);
    let parent = Parent::Key { above, here: 0, locale_above, locale_here: by_locale.then_some(LOCALE), kind };
    let arms = arms.iter().map(|arm| arm_program(rows.env, rows.below, arm)).collect();
    SwitchProgram { links, parent, many: switch.many, arms }
}

/// The rows of one content type by the keys that the links gave.
fn arm_program(env: Env, number: u32, arm: &SwitchArm) -> SwitchArmProgram {
    let select = Select {
        from: From::Type,
        of: arm.of,
        version: arm.version.clone(),
        filter: arm.filter.clone(),
        sort: Vec::new(),
        distinct: Vec::new(),
        page: Page::One,
        shape: Shape::One(arm.row.clone()),
    };
    let by_locale = arm.version.locale == plan::Locale::Inherited;
    let kind = env.layout.content_type(arm.of).key.kind();
    let parent =
        Parent::Key { above: KEY, here: 0, locale_above: by_locale.then_some(LOCALE), locale_here: None, kind };
    let spec = Spec { select: &select, origin: Origin::Keys, by_locale, number: number + 1 };
    SwitchArmProgram { of: arm.of, word: env.layout.type_word(arm.of).to_owned(), node: node(env, &spec, parent) }
}

/// ```sql
/// select null, t1."target_type", t1."target" from "human_friends_link" as t1
///   where t1."owner" = ?1 and ((t1."target_type" = 'human' and exists (select 1 from "human" as t2 where ..)) or ..)
///   order by t1."position", t1."target_type", t1."target" limit ?2                                                            -- SQLite
/// select t1."owner", .. where t1."owner" = any($1) and .. order by t1."owner", t1."position", ..                               -- PostgreSQL
/// ```
/// With a page, PostgreSQL takes the part of each row above by `lateral`.
fn links_statement(env: Env, number: u32, switch: &Switch, arms: &[SwitchArm], by_locale: bool) -> Statement {
    let mut aliases = Aliases::of_level(number);
    let alias = aliases.next();
    let key_kind = arms.first().map_or(ColumnKind::Int, |arm| env.layout.content_type(arm.of).key.kind());
    let row_kind = env.layout.content_type(switch.owner).row.kind();
    let parents = (!env.is_sqlite() && (by_locale || is_limited(&switch.page))).then(|| aliases.next());
    let links = links(env, switch, alias);
    let locale =
        by_locale.then(|| parents.map_or(Expr::Param(Param::ParentLocale), |parents| Expr::column(parents, "locale")));
    let meets = match parents {
        Some(parents) => links.here.clone().equals(Expr::column(parents, "key")),
        None if env.is_sqlite() => links.here.clone().equals(Expr::Param(Param::ParentKey(row_kind))),
        None => Expr::Listed { value: Box::new(links.here.clone()), negated: false, list: Param::ParentKey(row_kind) },
    };
    let shown: Vec<Expr> = arms.iter().map(|arm| is_shown(env, &mut aliases, &links, arm, locale.clone())).collect();
    let shown = Expr::any_of(shown);
    let own_parent = if env.is_sqlite() { Expr::Null } else { links.here.clone() };
    let parent_column = parents.map_or(own_parent, |parents| Expr::column(parents, "key"));
    let mut columns = vec![parent_column.clone(), links.target_type.clone(), links.key.clone()];
    columns.extend(locale.clone());
    let mut kinds = vec![row_kind, ColumnKind::Text, key_kind];
    kinds.extend(by_locale.then_some(ColumnKind::Text));
    let part = Part { columns, filter: vec![meets, shown], links, parents, parent_column, locale };
    let query = part.into_query(env, switch, (row_kind, &mut aliases));
    crate::print::statement(env.database, &query, kinds)
}

/// The links' select while it is put together.
struct Part {
    columns: Vec<Expr>,
    filter: Vec<Expr>,
    links: Links,
    parents: Option<Alias>,
    parent_column: Expr,
    locale: Option<Expr>,
}

impl Part {
    fn into_query(self, env: Env, switch: &Switch, (row_kind, aliases): (ColumnKind, &mut Aliases)) -> Query {
        let limit = match &switch.page {
            Page::One => env.is_sqlite().then_some(Expr::Number(1)),
            Page::All if !env.is_sqlite() => None,
            Page::All | Page::Offset { .. } | Page::Numbered { .. } => {
                Some(Expr::Param(Param::Limit(switch.page.clone())))
            }
        };
        let has_start = matches!(switch.page, Page::Offset { start: Some(_), .. } | Page::Numbered { .. });
        let offset = has_start.then(|| Expr::Param(Param::Start(switch.page.clone())));
        let Some(parents) = self.parents else {
            let leading = (!env.is_sqlite()).then(|| Order::ascending(self.parent_column));
            return Query {
                columns: self.columns.into_iter().map(|column| (column, None)).collect(),
                from: vec![self.links.source],
                filter: self.filter,
                order: leading.into_iter().chain(self.links.order).collect(),
                limit,
                offset,
                ..Query::default()
            };
        };
        let params =
            [Param::ParentKey(row_kind)].into_iter().chain(self.locale.as_ref().map(|_| Param::ParentLocale)).collect();
        let outer = aliases.next();
        let named = |name: &str| Some(name.to_owned());
        let mut inner = vec![(self.links.target_type, named("type")), (self.links.key, named("target"))];
        let mut order: Vec<Order> =
            [self.parent_column.clone()].into_iter().chain(self.locale.clone()).map(Order::ascending).collect();
        for (key, name) in self.links.order.iter().zip(["o0", "o1", "o2"]) {
            order.push(Order { expr: Expr::column(outer, name), ..key.clone() });
            inner.push((key.expr.clone(), named(name)));
        }
        let part = Query {
            columns: inner,
            from: vec![self.links.source],
            filter: self.filter,
            order: self.links.order,
            limit,
            offset,
            ..Query::default()
        };
        let mut columns = vec![self.parent_column, Expr::column(outer, "type"), Expr::column(outer, "target")];
        columns.extend(self.locale);
        Query {
            columns: columns.into_iter().map(|column| (column, None)).collect(),
            from: vec![Source::Unnest(params, parents), Source::Lateral(Box::new(part), outer)],
            order,
            ..Query::default()
        }
    }
}

/// A to-one relation's links are columns of the row above, read again by its key; a list's are in a link table.
fn links(env: Env, switch: &Switch, alias: Alias) -> Links {
    let stored = env.layout.content_type(switch.owner);
    match stored.field(switch.field) {
        FieldLayout::Link(link) => {
            let column = |name: &str| Expr::column(alias, name);
            let keys = ["position", "target_type", "target"].map(|name| Order::ascending(column(name)));
            Links {
                source: Source::Table(env.layout.table(link.table).name.clone(), alias),
                here: column("owner"),
                target_type: if link.has_target_type { column("target_type") } else { Expr::Text(String::new()) },
                key: column("target"),
                status: link.has_target_status.then(|| column("target_status")),
                order: keys.into(),
            }
        }
        FieldLayout::ToOne(to_one) => Links {
            source: env.rows(switch.owner, alias),
            here: Expr::column(alias, stored.row_column),
            target_type: to_one
                .target_type
                .as_ref()
                .map_or(Expr::Text(String::new()), |name| Expr::column(alias, name)),
            key: Expr::column(alias, &to_one.key),
            status: None,
            order: Vec::new(),
        },
        FieldLayout::Column { .. } | FieldLayout::Inverse { .. } => Links {
            source: env.rows(switch.owner, alias),
            here: Expr::column(alias, stored.row_column),
            target_type: Expr::Text(String::new()),
            key: Expr::Null,
            status: None,
            order: Vec::new(),
        },
    }
}

/// Whether a link leads to a row that an arm shows: links to others must not use up the page. The row itself is always asked for, because no
/// reference guards a link to several content types.
fn is_shown(env: Env, aliases: &mut Aliases, links: &Links, arm: &SwitchArm, locale: Option<Expr>) -> Expr {
    let is_type = links.target_type.clone().equals(Expr::Text(env.layout.type_word(arm.of).to_owned()));
    let inner = aliases.next();
    let mut filter = vec![Expr::column(inner, "_key").equals(links.key.clone())];
    let stored = env.layout.content_type(arm.of);
    if let (Some(status), true) = (&links.status, stored.has_status) {
        filter.push(Expr::column(inner, "_status").equals(status.clone()));
    }
    filter.extend(version(env, aliases, arm.of, inner, (&arm.version, locale)));
    filter.extend(conditions(env, aliases, &Scope::Row { of: arm.of, alias: inner }, &arm.filter));
    Expr::And(vec![is_type, Expr::Exists(Box::new(Query::one_of(vec![env.rows(arm.of, inner)], filter)))])
}
