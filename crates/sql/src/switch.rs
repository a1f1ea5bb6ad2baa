//! Rows of several content types: first type and key of each, in order and cut to the page, then the rows of each type by key.

use plan::{
    Direction, Entry, From, Linked, Nulls, Object, Page, Part, PartEntry, Row, RowValue, Select, Shape, SortKey,
    Switch, SwitchArm, SwitchFrom, SwitchShape, SystemColumn,
};

use crate::compile::{Rows, key_json, node, refusal, refused};
use crate::counts::Totals;
use crate::filter::conditions;
use crate::layout::FieldLayout;
use crate::level::{Origin, Spec, is_limited};
use crate::relation::Above;
use crate::scope::{Aliases, Env, Scope, Typed};
use crate::sort::{ordered, path};
use crate::tree::{Alias, Expr, Order, Query, Source};
use crate::version::version;
use crate::{
    ColumnKind, CountProgram, EntryProgram, Lead, LinkedProgram, ObjectProgram, Param, Parent, PartProgram,
    PartProgramEntry, RowProgram, Statement, SwitchArmProgram, SwitchProgram, SwitchShapeProgram, ValueProgram,
};

/// Column of the links' statement that holds the target's key.
const KEY: u16 = 2;
/// Column of the links' statement that holds the locale of the row above, where arms are read by it.
const LOCALE: u16 = 3;

/// The table that holds the links of a switch, and its columns.
struct Links {
    source: Source,
    /// What equals the key of the row above; none at a root.
    here: Option<Expr>,
    target_type: Expr,
    key: Expr,
    status: Option<Expr>,
    order: Vec<Order>,
}

/// What is the same for all statements of a switch.
#[derive(Clone, Copy)]
struct Switching<'p> {
    switch: &'p Switch,
    /// With locales settled where the level above settles them.
    arms: &'p [SwitchArm],
    /// Links are matched with the locale of the row above, too.
    by_locale: bool,
    /// Number of the level.
    number: u32,
}

/// Links from a row to rows of several content types.
pub(crate) fn related(rows: &mut Rows, switch: &Switch) -> SwitchProgram {
    let SwitchFrom::Relation(owner, _) = switch.from else { return root(rows.env, switch) };
    let above = rows.above(&Above::Row, None);
    let kind = rows.env.layout.content_type(owner).row.kind();
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
    let parent = Parent::Key { above, here: 0, locale_above, locale_here: by_locale.then_some(LOCALE), kind };
    program(rows.env, Switching { switch, arms: &arms, by_locale, number: rows.below }, parent)
}

/// All rows of several content types.
pub(crate) fn root(env: Env, switch: &Switch) -> SwitchProgram {
    program(env, Switching { switch, arms: &switch.arms, by_locale: false, number: 0 }, Parent::None)
}

fn program(env: Env, switching: Switching, parent: Parent) -> SwitchProgram {
    let switch = switching.switch;
    let (shape, is_total) = match &switch.shape {
        SwitchShape::List(linked) => (SwitchShapeProgram::List(linked_program(env, switching, linked)), false),
        SwitchShape::One(linked) => (SwitchShapeProgram::One(linked_program(env, switching, linked)), false),
        SwitchShape::Parts(entries) => {
            let is_total = Totals::is_total_asked(entries, &switch.page);
            (SwitchShapeProgram::Parts(part_programs(env, switching, entries)), is_total)
        }
    };
    SwitchProgram {
        links: links_statement(env, switching),
        counts: is_total.then(|| count_program(env, switching)),
        parent,
        page: switch.page.clone(),
        shape,
    }
}

fn part_programs(env: Env, switching: Switching, entries: &[PartEntry]) -> Vec<PartProgramEntry> {
    let program = |entry: &PartEntry| PartProgramEntry {
        key_json: key_json(&entry.key),
        key: entry.key.clone(),
        non_null: entry.non_null,
        name: entry.name.clone(),
        value: part_program(env, switching, &entry.value),
    };
    entries.iter().map(program).collect()
}

fn part_program(env: Env, switching: Switching, part: &Part) -> PartProgram {
    match part {
        Part::Constant(json) => PartProgram::Constant(json.clone()),
        Part::Wrap(inner) => PartProgram::Wrap(part_programs(env, switching, inner)),
        Part::Rows(row) => {
            PartProgram::Rows(RowProgram { non_null: row.non_null, object: link_object(env, switching, &row.object) })
        }
        Part::Linked(linked) => PartProgram::Linked(linked_program(env, switching, linked)),
        Part::Total => PartProgram::Total,
        Part::PageNumber => PartProgram::PageNumber,
        Part::PageSize => PartProgram::PageSize,
        Part::PageCount => PartProgram::PageCount,
        Part::HasNextPage => PartProgram::HasNextPage,
        Part::HasPreviousPage => PartProgram::HasPreviousPage,
        Part::StartCursor => PartProgram::StartCursor,
        Part::EndCursor => PartProgram::EndCursor,
        Part::First(_) => PartProgram::Refused(refusal("links have no first row of their own")),
        Part::Aggregate(_) => PartProgram::Refused(refusal("rows of several content types have no aggregates yet")),
        Part::Refused(refusal) => PartProgram::Refused(refusal.clone()),
    }
}

/// The object of a link: its cursor, and what it leads to.
fn link_object(env: Env, switching: Switching, object: &Object) -> ObjectProgram {
    let program = |(index, entry): (usize, &Entry)| EntryProgram {
        lead: Lead::new(&entry.key, index == 0),
        key: entry.key.clone(),
        non_null: entry.non_null,
        name: entry.name.clone(),
        value: match &entry.value {
            RowValue::Constant(json) => ValueProgram::Constant(json.clone()),
            RowValue::Wrap(inner) => ValueProgram::Wrap(link_object(env, switching, inner)),
            RowValue::Cursor => ValueProgram::Cursor,
            RowValue::Linked(linked) => ValueProgram::Linked(linked_program(env, switching, linked)),
            RowValue::Refused(refusal) => ValueProgram::Refused(refusal.clone()),
            RowValue::Column(..)
            | RowValue::ElementId
            | RowValue::Select(_)
            | RowValue::Switch(_)
            | RowValue::Component(_)
            | RowValue::Derived(_) => refused("a link has no columns of its own"),
        },
    };
    ObjectProgram { entries: object.entries.iter().enumerate().map(program).collect() }
}

fn linked_program(env: Env, switching: Switching, linked: &Linked) -> LinkedProgram {
    let arm_of = |(of, row): &(model::TypeId, Row)| {
        let arm = switching.arms.iter().find(|arm| arm.of == *of)?;
        Some(arm_program(env, switching.number, (arm, row)))
    };
    LinkedProgram { arms: linked.rows.iter().filter_map(arm_of).collect() }
}

/// The rows of one content type by the keys that the links gave.
fn arm_program(env: Env, number: u32, (arm, row): (&SwitchArm, &Row)) -> SwitchArmProgram {
    let select = Select {
        from: From::Type,
        of: arm.of,
        version: arm.version.clone(),
        filter: arm.filter.clone(),
        sort: Vec::new(),
        distinct: Vec::new(),
        page: Page::One,
        shape: Shape::One(row.clone()),
    };
    let by_locale = arm.version.locale == plan::Locale::Inherited;
    let kind = env.layout.content_type(arm.of).key.kind();
    let parent =
        Parent::Key { above: KEY, here: 0, locale_above: by_locale.then_some(LOCALE), locale_here: None, kind };
    let spec = Spec { select: &select, origin: Origin::Keys, by_locale, number: number + 1 };
    SwitchArmProgram { of: arm.of, word: env.layout.type_word(arm.of).to_owned(), node: node(env, &spec, parent) }
}

/// The kind of the key of the row above; that of a root does not matter.
fn parent_kind(env: Env, switch: &Switch) -> ColumnKind {
    match switch.from {
        SwitchFrom::Relation(owner, _) => env.layout.content_type(owner).row.kind(),
        SwitchFrom::Types => ColumnKind::Int,
    }
}

/// The links of a switch, and what keeps those that are shown.
fn shown_links(
    env: Env,
    (aliases, alias): (&mut Aliases, Alias),
    switching: Switching,
    (parents, locale): (Option<Alias>, Option<Expr>),
) -> (Links, Vec<Expr>) {
    let (owner, field) = match switching.switch.from {
        SwitchFrom::Relation(owner, field) => (owner, field),
        SwitchFrom::Types => return (all_links(env, aliases, alias, switching), Vec::new()),
    };
    let mut links = links(env, (owner, field), alias);
    let mut filter = Vec::new();
    if let Some(here) = &links.here {
        let kind = parent_kind(env, switching.switch);
        filter.push(match parents {
            Some(parents) => here.clone().equals(Expr::column(parents, "key")),
            None if env.is_sqlite() => here.clone().equals(Expr::Param(Param::ParentKey(kind))),
            None => Expr::Listed { value: Box::new(here.clone()), negated: false, list: Param::ParentKey(kind) },
        });
    }
    let shown = switching.arms.iter().map(|arm| is_shown(env, aliases, &links, arm, locale.clone())).collect();
    filter.push(Expr::any_of(shown));
    let keys = switching.arms.first().map_or(&[][..], |arm| arm.sort.as_slice());
    if !keys.is_empty() {
        let order =
            |(index, key): (usize, &SortKey)| linked_order(env, aliases, (&links, switching.arms), (index, key));
        let mut order: Vec<Order> = keys.iter().enumerate().map(order).collect();
        order.extend([links.key.clone(), links.target_type.clone()].map(Order::ascending));
        links.order = order;
    }
    (links, filter)
}

/// An order by a column of the rows that links lead to: `case when t1."target_type" = 'human' then (select t3."name" ..) else .. end`.
fn linked_order(
    env: Env,
    aliases: &mut Aliases,
    (links, arms): (&Links, &[SwitchArm]),
    (index, key): (usize, &SortKey),
) -> Order {
    let mut made: Option<(Expr, ColumnKind)> = None;
    for arm in arms.iter().rev() {
        let Some(sort) = arm.sort.get(index) else { continue };
        let inner = aliases.next();
        let scope = Scope::Row { of: arm.of, alias: inner };
        let value = path(env, aliases, &scope, &sort.path, sort.direction);
        let mut filter = vec![Expr::column(inner, "_key").equals(links.key.clone())];
        filter.extend(version(env, aliases, arm.of, inner, (&arm.version, None)));
        let query = Query {
            columns: vec![(value.expr, None)],
            from: vec![env.rows(arm.of, inner)],
            filter,
            limit: Some(Expr::Number(1)),
            ..Query::default()
        };
        let is_type = links.target_type.clone().equals(Expr::Text(env.layout.type_word(arm.of).to_owned()));
        let otherwise = made.take().map(|(expr, _)| Box::new(expr));
        let case = Expr::Case(Box::new(is_type), Box::new(Expr::Scalar(Box::new(query))), otherwise);
        made = Some((case, value.kind));
    }
    let (expr, kind) = made.unwrap_or((Expr::Null, ColumnKind::Int));
    by_value(env, (expr, kind), (key.direction, key.nulls))
}

/// An order by a value that has lost the collation of its column.
fn by_value(env: Env, (expr, kind): (Expr, ColumnKind), (direction, nulls): (Direction, Nulls)) -> Order {
    let collation = match kind {
        ColumnKind::Decimal => Some("decimal"),
        ColumnKind::Interval => Some("interval"),
        ColumnKind::Text
        | ColumnKind::Int
        | ColumnKind::Float
        | ColumnKind::Boolean
        | ColumnKind::Date
        | ColumnKind::Time
        | ColumnKind::Instant
        | ColumnKind::Json
        | ColumnKind::Uuid => None,
    };
    let expr = match collation.filter(|_| env.is_sqlite()) {
        Some(name) => Expr::Collate(Box::new(expr), name),
        None => expr,
    };
    ordered(env, Typed { expr, kind, nullable: true }, direction, nulls)
}

/// ```sql
/// (select 'human' as "type", t2."_key" as "target", t2."name" as "o0" from "human" as t2 where .. union all select 'droid', ..) as t1
/// ```
fn all_links(env: Env, aliases: &mut Aliases, alias: Alias, switching: Switching) -> Links {
    let mut queries = Vec::new();
    let mut kinds: Vec<ColumnKind> = Vec::new();
    for arm in switching.arms {
        let inner = aliases.next();
        let scope = Scope::Row { of: arm.of, alias: inner };
        let named = |name: &str| Some(name.to_owned());
        let word = Expr::Cast(Box::new(Expr::Text(env.layout.type_word(arm.of).to_owned())), ColumnKind::Text);
        let mut columns = vec![(word, named("type")), (Expr::column(inner, "_key"), named("target"))];
        for (index, key) in arm.sort.iter().enumerate() {
            let value = path(env, aliases, &scope, &key.path, key.direction);
            if kinds.len() <= index {
                kinds.push(value.kind);
            }
            columns.push((value.expr, Some(sort_name(index))));
        }
        let mut filter = version(env, aliases, arm.of, inner, (&arm.version, None));
        filter.extend(conditions(env, aliases, &scope, &arm.filter));
        queries.push(Query { columns, from: vec![env.rows(arm.of, inner)], filter, ..Query::default() });
    }
    let column = |name: &str| Expr::column(alias, name);
    let keys = switching.arms.first().map_or(&[][..], |arm| arm.sort.as_slice());
    let mut order: Vec<Order> = Vec::new();
    for (index, (key, kind)) in keys.iter().zip(&kinds).enumerate() {
        order.push(by_value(env, (column(&sort_name(index)), *kind), (key.direction, key.nulls)));
    }
    order.extend([column("target"), column("type")].map(Order::ascending));
    Links {
        source: Source::Union(queries, alias),
        here: None,
        target_type: column("type"),
        key: column("target"),
        status: None,
        order,
    }
}

fn sort_name(index: usize) -> String {
    ["o", index.to_string().as_str()].concat()
}

/// ```sql
/// select count(*) from "human_friends_link" as t1 where t1."owner" = ?1 and ..                                                 -- SQLite
/// select t3."total", t2."key" from unnest($1) as t2("key") cross join lateral (select count(*) as "total" from ..) as t3 order by t2."key"
/// ```
fn count_program(env: Env, switching: Switching) -> CountProgram {
    let mut aliases = Aliases::of_level(switching.number);
    let alias = aliases.next();
    let is_root = switching.switch.from == SwitchFrom::Types;
    let parents = (!env.is_sqlite() && !is_root).then(|| aliases.next());
    let locale = switching.by_locale.then(|| locale_above(parents));
    let (links, filter) = shown_links(env, (&mut aliases, alias), switching, (parents, locale.clone()));
    let count = |name: Option<String>| Query {
        columns: vec![(Expr::CountAll, name)],
        from: vec![links.source.clone()],
        filter: filter.clone(),
        ..Query::default()
    };
    let Some(parents) = parents else {
        let statement = crate::print::statement(env.database, &count(None), vec![ColumnKind::Int]);
        return CountProgram { statement, total: Some(0), parent_column: None, parent_locale_column: None };
    };
    let kind = parent_kind(env, switching.switch);
    let outer = aliases.next();
    let key = Expr::column(parents, "key");
    let mut columns = vec![(Expr::column(outer, "total"), None), (key.clone(), None)];
    columns.extend(locale.clone().map(|locale| (locale, None)));
    let mut params = vec![Param::ParentKey(kind)];
    params.extend(locale.as_ref().map(|_| Param::ParentLocale));
    let query = Query {
        columns,
        from: vec![Source::Unnest(params, parents), Source::Lateral(Box::new(count(Some("total".to_owned()))), outer)],
        order: [key].into_iter().chain(locale.clone()).map(Order::ascending).collect(),
        ..Query::default()
    };
    let mut kinds = vec![ColumnKind::Int, kind];
    kinds.extend(locale.as_ref().map(|_| ColumnKind::Text));
    CountProgram {
        statement: crate::print::statement(env.database, &query, kinds),
        total: Some(0),
        parent_column: Some(1),
        parent_locale_column: locale.map(|_| 2),
    }
}

fn locale_above(parents: Option<Alias>) -> Expr {
    parents.map_or(Expr::Param(Param::ParentLocale), |parents| Expr::column(parents, "locale"))
}

/// ```sql
/// select null, t1."target_type", t1."target" from "human_friends_link" as t1
///   where t1."owner" = ?1 and ((t1."target_type" = 'human' and exists (select 1 from "human" as t2 where ..)) or ..)
///   order by t1."position", t1."target_type", t1."target" limit ?2                                                            -- SQLite
/// select t1."owner", .. where t1."owner" = any($1) and .. order by t1."owner", t1."position", ..                               -- PostgreSQL
/// ```
/// With a page, PostgreSQL takes the part of each row above by `lateral`.
fn links_statement(env: Env, switching: Switching) -> Statement {
    let Switching { switch, arms, by_locale, number } = switching;
    let mut aliases = Aliases::of_level(number);
    let alias = aliases.next();
    let key_kind = arms.first().map_or(ColumnKind::Int, |arm| env.layout.content_type(arm.of).key.kind());
    let row_kind = parent_kind(env, switch);
    let is_root = switch.from == SwitchFrom::Types;
    let parents = (!env.is_sqlite() && !is_root && (by_locale || is_limited(&switch.page))).then(|| aliases.next());
    let locale = by_locale.then(|| locale_above(parents));
    let (links, filter) = shown_links(env, (&mut aliases, alias), switching, (parents, locale.clone()));
    let own_parent = links.here.clone().filter(|_| !env.is_sqlite()).unwrap_or(Expr::Null);
    let parent_column = parents.map_or(own_parent, |parents| Expr::column(parents, "key"));
    let mut columns = vec![parent_column.clone(), links.target_type.clone(), links.key.clone()];
    columns.extend(locale.clone());
    let mut kinds = vec![row_kind, ColumnKind::Text, key_kind];
    kinds.extend(by_locale.then_some(ColumnKind::Text));
    let part = LinksPart { columns, filter, links, parents, parent_column, locale };
    let query = part.into_query(env, switch, (row_kind, &mut aliases));
    crate::print::statement(env.database, &query, kinds)
}

/// The links' select while it is put together.
struct LinksPart {
    columns: Vec<Expr>,
    filter: Vec<Expr>,
    links: Links,
    parents: Option<Alias>,
    parent_column: Expr,
    locale: Option<Expr>,
}

impl LinksPart {
    fn into_query(self, env: Env, switch: &Switch, (row_kind, aliases): (ColumnKind, &mut Aliases)) -> Query {
        // No limit stands on links that the store hands out to several rows above.
        let is_shared = !env.is_sqlite() && switch.from != SwitchFrom::Types;
        let limit = match &switch.page {
            Page::One => (!is_shared).then_some(Expr::Number(1)),
            page if is_shared && !is_limited(page) => None,
            Page::All | Page::Offset { .. } | Page::Numbered { .. } | Page::Cursor(_) => {
                Some(Expr::Param(Param::Limit(switch.page.clone())))
            }
        };
        let has_start = match &switch.page {
            Page::One | Page::All => false,
            Page::Offset { start, .. } => start.is_some(),
            Page::Numbered { .. } => true,
            Page::Cursor(cursor) => cursor.after.is_some(),
        };
        let offset = has_start.then(|| Expr::Param(Param::Start(switch.page.clone())));
        let Some(parents) = self.parents else {
            let leading = is_shared.then(|| Order::ascending(self.parent_column));
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
        for (index, key) in self.links.order.iter().enumerate() {
            let name = sort_name(index);
            order.push(Order { expr: Expr::column(outer, &name), ..key.clone() });
            inner.push((key.expr.clone(), named(&name)));
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
fn links(env: Env, (owner, field): (model::TypeId, model::FieldId), alias: Alias) -> Links {
    let stored = env.layout.content_type(owner);
    match stored.field(field) {
        FieldLayout::Link(link) => {
            let column = |name: &str| Expr::column(alias, name);
            let keys = ["position", "target_type", "target"].map(|name| Order::ascending(column(name)));
            Links {
                source: Source::Table(env.layout.table(link.table).name.clone(), alias),
                here: Some(column("owner")),
                target_type: if link.has_target_type { column("target_type") } else { Expr::Text(String::new()) },
                key: column("target"),
                status: link.has_target_status.then(|| column("target_status")),
                order: keys.into(),
            }
        }
        FieldLayout::ToOne(to_one) => Links {
            source: env.rows(owner, alias),
            here: Some(Expr::column(alias, stored.row_column)),
            target_type: to_one
                .target_type
                .as_ref()
                .map_or(Expr::Text(String::new()), |name| Expr::column(alias, name)),
            key: Expr::column(alias, &to_one.key),
            status: None,
            order: Vec::new(),
        },
        FieldLayout::Column { .. } | FieldLayout::Inverse { .. } => Links {
            source: env.rows(owner, alias),
            here: Some(Expr::column(alias, stored.row_column)),
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
