//! From a row to the rows it is linked to: which table stands between, what joins it, and in which order the relation gives them.

use model::{ComponentId, FieldId, TypeId};

use crate::layout::{FieldLayout, LinkLayout, STATUS_PUBLISHED, ToOneLayout};
use crate::scope::{Aliases, Env};
use crate::tree::{Alias, Expr, Source};

/// How rows of a target are reached from a row above.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    /// The link table, and what else stands before the target's rows.
    pub(crate) sources: Vec<Source>,
    /// What joins them to the target's rows.
    pub(crate) filter: Vec<Expr>,
    /// What equals the row above's [`Above`].
    pub(crate) here: Expr,
    /// Which column of the row above.
    pub(crate) above: Above,
    /// The order in which the relation gives its rows; none where it has no say.
    pub(crate) order: Option<Expr>,
    /// What ends that order, where the link itself tells rows apart: an index of the link then gives the whole order.
    pub(crate) tie: Option<Expr>,
    /// The id of the component element that the link belongs to.
    pub(crate) element: Option<Expr>,
    /// At most one row is reached for one version: the target's own key is compared.
    pub(crate) by_key: bool,
}

/// What of the row above leads to related rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Above {
    /// `_key`.
    Key,
    /// `_row`, or `_key` where a document has one row.
    Row,
    /// The key column of a to-one relation.
    Column(String),
    /// The same, where the row points at this content type.
    TypedColumn { key: String, target_type: String, word: String },
}

/// What is known of the status of the row above, which a link with `target_status` seen from its target must match.
#[derive(Debug, Clone)]
pub(crate) enum StatusAbove {
    /// This expression: a number, or a column of the row above in the same statement.
    Is(Expr),
    /// Nothing: the row above is joined again.
    ByRow,
}

/// A relation field of a content type, and the content type wanted of what it points at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) owner: TypeId,
    pub(crate) field: FieldId,
    pub(crate) target: TypeId,
}

/// How the rows of `step.target` under `alias` are reached through a relation.
///
/// ```sql
/// to-one           t1."_key" = <above."author_key">
/// its other side   t1."author_key" = <above."_key">                                     order by t1."author_position"
/// link             "a_tags_link" as t2 cross join "tag" as t1 where t1."_key" = t2."target" and t2."owner" = <above."_row">
/// its other side   "a_tags_link" as t2 cross join "a" as t1 where t1."_row" = t2."owner" and t2."target" = <above."_key">
/// ```
pub(crate) fn reach(env: Env, aliases: &mut Aliases, step: Step, alias: Alias, status: StatusAbove) -> Reach {
    match env.layout.content_type(step.owner).field(step.field) {
        FieldLayout::ToOne(to_one) => to_one_reach(env, step, alias, to_one),
        FieldLayout::Link(link) => link_reach(env, aliases, step, alias, link),
        FieldLayout::Inverse { of, field } => match env.layout.content_type(*of).field(*field) {
            FieldLayout::ToOne(to_one) => Reach {
                here: Expr::column(alias, &to_one.key),
                above: Above::Key,
                order: to_one.position.as_ref().map(|name| Expr::column(alias, name)),
                ..Reach::nothing()
            },
            FieldLayout::Link(link) => inverse_link_reach(env, aliases, step, alias, (link, status)),
            FieldLayout::Column { .. } | FieldLayout::Inverse { .. } => Reach::nothing(),
        },
        FieldLayout::Column { .. } => Reach::nothing(),
    }
}

fn to_one_reach(env: Env, step: Step, alias: Alias, to_one: &ToOneLayout) -> Reach {
    let above = match &to_one.target_type {
        None => Above::Column(to_one.key.clone()),
        Some(target_type) => Above::TypedColumn {
            key: to_one.key.clone(),
            target_type: target_type.clone(),
            word: env.layout.type_word(step.target).to_owned(),
        },
    };
    Reach { here: Expr::column(alias, "_key"), above, by_key: true, ..Reach::nothing() }
}

fn link_reach(env: Env, aliases: &mut Aliases, step: Step, alias: Alias, link: &LinkLayout) -> Reach {
    let between = aliases.next();
    let mut filter = vec![Expr::column(alias, "_key").equals(Expr::column(between, "target"))];
    if link.has_target_type {
        let word = Expr::Text(env.layout.type_word(step.target).to_owned());
        filter.push(Expr::column(between, "target_type").equals(word));
    }
    if link.has_target_status {
        let status = if env.layout.content_type(step.target).has_status {
            Expr::column(alias, "_status")
        } else {
            Expr::Number(STATUS_PUBLISHED)
        };
        filter.push(Expr::column(between, "target_status").equals(status));
    }
    Reach {
        sources: vec![Source::Table(env.layout.table(link.table).name.clone(), between)],
        filter,
        here: Expr::column(between, "owner"),
        above: Above::Row,
        order: Some(Expr::column(between, "position")),
        tie: Some(Expr::column(between, "target")),
        ..Reach::nothing()
    }
}

fn inverse_link_reach(
    env: Env,
    aliases: &mut Aliases,
    step: Step,
    alias: Alias,
    (link, status): (&LinkLayout, StatusAbove),
) -> Reach {
    let between = aliases.next();
    let row_column = env.layout.content_type(step.target).row_column;
    let mut reach = Reach {
        sources: vec![Source::Table(env.layout.table(link.table).name.clone(), between)],
        filter: vec![Expr::column(alias, row_column).equals(Expr::column(between, "owner"))],
        here: Expr::column(between, "target"),
        above: Above::Key,
        order: Some(Expr::column(between, "target_position")),
        tie: Some(Expr::column(between, "owner")),
        ..Reach::nothing()
    };
    match status {
        StatusAbove::Is(status) if link.has_target_status => {
            reach.filter.push(Expr::column(between, "target_status").equals(status));
        }
        StatusAbove::ByRow if link.has_target_status => {
            let again = aliases.next();
            reach.sources.insert(0, env.rows(step.owner, again));
            reach.filter.push(Expr::column(between, "target").equals(Expr::column(again, "_key")));
            reach.filter.push(Expr::column(between, "target_status").equals(Expr::column(again, "_status")));
            reach.here = Expr::column(again, "_row");
            reach.above = Above::Row;
        }
        StatusAbove::Is(_) | StatusAbove::ByRow => {}
    }
    reach
}

/// How rows are reached from elements of a component, by the owning row:
/// `"a_component_link" as t2 cross join "tag" as t1 where t2."component" = 'x.y' and t2."field" = 'tags' and t2."target_type" = 'tag'
/// and t1."_key" = t2."target"`. None where the layout keeps no such links.
pub(crate) fn element_reach(
    env: Env,
    aliases: &mut Aliases,
    (owner, component, member): (TypeId, ComponentId, FieldId),
    (target, alias): (TypeId, Alias),
) -> Option<Reach> {
    let links = env.layout.content_type(owner).component_links.as_ref()?;
    let stored = env.layout.content_type(target);
    let target_column = links.target(stored.key)?;
    let declared = env.model.component(component);
    let between = aliases.next();
    let is = |name: &str, text: &str| Expr::column(between, name).equals(Expr::Text(text.to_owned()));
    let mut filter = vec![
        is("component", &declared.uid()),
        is("field", &declared.field(member).name),
        is("target_type", env.layout.type_word(target)),
        Expr::column(alias, "_key").equals(Expr::column(between, target_column)),
    ];
    if stored.has_status {
        let status = Expr::column(between, "target_status");
        filter.push(Expr::Or(vec![status.clone().null_test(true), status.equals(Expr::column(alias, "_status"))]));
    }
    Some(Reach {
        sources: vec![Source::Table(env.layout.table(links.table).name.clone(), between)],
        filter,
        here: Expr::column(between, "_row"),
        above: Above::Row,
        order: Some(Expr::column(between, "position")),
        tie: Some(Expr::column(between, target_column)),
        element: Some(Expr::column(between, "element")),
        by_key: false,
    })
}

impl Reach {
    /// No row: of a field that is no relation.
    fn nothing() -> Reach {
        Reach {
            sources: Vec::new(),
            filter: Vec::new(),
            here: Expr::Null,
            above: Above::Key,
            order: None,
            tie: None,
            element: None,
            by_key: false,
        }
    }
}

impl Above {
    /// Its value for the row of `of` under `alias`.
    pub(crate) fn of_row(&self, env: Env, of: TypeId, alias: Alias) -> Expr {
        match self {
            Above::Key => Expr::column(alias, "_key"),
            Above::Row => Expr::column(alias, env.layout.content_type(of).row_column),
            Above::Column(name) => Expr::column(alias, name),
            Above::TypedColumn { key, target_type, word } => {
                let points_there = Expr::column(alias, target_type).equals(Expr::Text(word.clone()));
                Expr::Case(Box::new(points_there), Box::new(Expr::column(alias, key)), None)
            }
        }
    }

    /// What it holds.
    pub(crate) fn kind(&self, env: Env, step: Step) -> crate::ColumnKind {
        let own = env.layout.content_type(step.owner);
        match self {
            Above::Key => own.key.kind(),
            Above::Row => own.row.kind(),
            Above::Column(_) | Above::TypedColumn { .. } => env.layout.content_type(step.target).key.kind(),
        }
    }
}
