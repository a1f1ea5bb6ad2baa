//! Filters as conditions. Related rows are asked for by semi-joins, never by a join that would multiply rows.

use model::{ComponentId, FieldId, Operands, Operator, TypeId};
use plan::{Column, Comparison, Filter, HoleId, Operand, SystemColumn, Version};

use crate::function;
use crate::layout::FieldLayout;
use crate::relation::{Reach, StatusAbove, Step, element_reach, reach};
use crate::scope::{Aliases, Env, Scope, Typed};
use crate::tree::{Alias, Expr, Query, Source};
use crate::version::version as version_conditions;
use crate::{ColumnKind, Param};

/// A filter over what is at hand.
pub(crate) fn condition(env: Env, aliases: &mut Aliases, scope: &Scope, filter: &Filter) -> Expr {
    match filter {
        Filter::All => Expr::Boolean(true),
        Filter::Nothing => Expr::Boolean(false),
        Filter::And(list) => Expr::And(list.iter().map(|inner| condition(env, aliases, scope, inner)).collect()),
        Filter::Or(list) => Expr::Or(list.iter().map(|inner| condition(env, aliases, scope, inner)).collect()),
        Filter::Not(inner) => condition(env, aliases, scope, inner).negated(),
        Filter::Compare(comparison) => compare(env, aliases, scope, comparison),
        Filter::Null { column, is_null } => Expr::IsNull(Box::new(env.column(aliases, scope, *column).expr), *is_null),
        Filter::Some { field, version, filter } => {
            some(env, aliases, scope, &Related { field: *field, of: None, version, filter })
        }
        Filter::SomeOf { field, of, version, filter } => {
            some(env, aliases, scope, &Related { field: *field, of: Some(*of), version, filter })
        }
        Filter::OtherLocale { version, filter } => other_locale(env, aliases, scope, (version, filter)),
        Filter::Count { field, version, filter, operator, value } => {
            let counted = Related { field: *field, of: None, version, filter };
            count(env, aliases, scope, &counted, (*operator, value))
        }
        Filter::Element { field, component, filter } => element(env, aliases, scope, (*field, *component, filter)),
    }
}

/// A filter as conditions of a `where`, flat; none for [`Filter::All`].
pub(crate) fn conditions(env: Env, aliases: &mut Aliases, scope: &Scope, filter: &Filter) -> Vec<Expr> {
    match filter {
        Filter::All => Vec::new(),
        Filter::And(list) => list.iter().map(|inner| condition(env, aliases, scope, inner)).collect(),
        other => vec![condition(env, aliases, scope, other)],
    }
}

/// Related rows that a filter asks about.
pub(crate) struct Related<'a> {
    pub(crate) field: FieldId,
    /// The content type, for a relation to several.
    pub(crate) of: Option<TypeId>,
    pub(crate) version: &'a Version,
    pub(crate) filter: &'a Filter,
}

/// The related rows of the row at hand as sources and conditions, correlated.
pub(crate) struct Correlated {
    pub(crate) sources: Vec<Source>,
    pub(crate) filter: Vec<Expr>,
    pub(crate) scope: Scope,
    pub(crate) reach: Reach,
}

/// `exists (select 1 from "comment" as t1 where t1."article_key" = t0."_key" and ..)`; a to-one relation by a unique column of its target
/// `t0."genre_key" is not null and t0."genre_key" in (select t1."_key" from "genre" as t1 where t1."_document_id" = ?1)`, which an index on
/// the relation serves; by nothing but the key `t0."genre_key" is not null and t0."genre_key" = ?1`.
fn some(env: Env, aliases: &mut Aliases, scope: &Scope, related: &Related) -> Expr {
    let targets = target_types(env, scope, related);
    Expr::any_of(targets.into_iter().map(|target| some_of(env, aliases, scope, related, target)).collect())
}

fn some_of(env: Env, aliases: &mut Aliases, scope: &Scope, related: &Related, target: TypeId) -> Expr {
    if let Some(direct) = by_key_alone(env, aliases, scope, related, target) {
        return direct;
    }
    let Some(inner) = correlated(env, aliases, scope, related, target) else { return Expr::Boolean(false) };
    if let (true, true, Scope::Row { of, alias }) =
        (inner.reach.by_key, names_one_row(env, target, related.filter), scope)
    {
        let key = inner.reach.above.of_row(env, *of, *alias);
        let mut filter = inner.filter;
        filter.remove(0);
        let query = Query { columns: vec![(inner.reach.here, None)], from: inner.sources, filter, ..Query::default() };
        if env.is_sqlite() && names_one_key(related.filter) {
            let one_of = Query { columns: Query::one_of(Vec::new(), Vec::new()).columns, ..query.clone() };
            let is_there = Expr::Exists(Box::new(one_of));
            return Expr::And(vec![key.clone().null_test(false), is_there, key.equals(Expr::Scalar(Box::new(query)))]);
        }
        let is_in = Expr::In { value: Box::new(key.clone()), negated: false, query: Box::new(query) };
        return Expr::And(vec![key.null_test(false), is_in]);
    }
    Expr::Exists(Box::new(Query::one_of(inner.sources, inner.filter)))
}

/// `exists (select 1 from "article" as t1 where t1."_key" = t0."_key" and t1."_locale" <> t0."_locale" and t1."_status" = 1 and ..)`; false
/// for a type without locales.
fn other_locale(env: Env, aliases: &mut Aliases, scope: &Scope, (version, filter): (&Version, &Filter)) -> Expr {
    let Scope::Row { of, alias } = scope else { return Expr::Boolean(false) };
    if !env.layout.content_type(*of).has_locale {
        return Expr::Boolean(false);
    }
    let inner = aliases.next();
    let mut list = vec![
        Expr::column(inner, "_key").equals(Expr::column(*alias, "_key")),
        Expr::column(inner, "_locale").binary("<>", Expr::column(*alias, "_locale")),
    ];
    let above_locale = Some(Expr::column(*alias, "_locale"));
    list.extend(version_conditions(env, aliases, *of, inner, (version, above_locale)));
    list.extend(conditions(env, aliases, &Scope::Row { of: *of, alias: inner }, filter));
    Expr::Exists(Box::new(Query::one_of(vec![env.rows(*of, inner)], list)))
}

/// Whether a filter says `=` of the key or the public id. SQLite takes a list from a sub-select for long and reads the whole table above it; a single value
/// it looks up: `t0."genre_key" is not null and exists (select 1 ..) and t0."genre_key" = (select t1."_key" from "genre" as t1 where ..)`. Without
/// `exists` the answer to a document that is not there would be unknown instead of false.
fn names_one_key(filter: &Filter) -> bool {
    match filter {
        Filter::And(list) => list.iter().any(names_one_key),
        Filter::Compare(Comparison { column, operator: Operator::Eq, value: Operand::Hole(_) }) => {
            matches!(column, Column::System(SystemColumn::Key | SystemColumn::DocumentId))
        }
        Filter::Compare(_)
        | Filter::All
        | Filter::Nothing
        | Filter::Or(_)
        | Filter::Not(_)
        | Filter::Null { .. }
        | Filter::Some { .. }
        | Filter::SomeOf { .. }
        | Filter::OtherLocale { .. }
        | Filter::Count { .. }
        | Filter::Element { .. } => false,
    }
}

/// The relation's own column against the key, when nothing else of the target is asked and the reference says that the target is there.
fn by_key_alone(env: Env, aliases: &mut Aliases, scope: &Scope, related: &Related, target: TypeId) -> Option<Expr> {
    let Scope::Row { of, alias } = scope else { return None };
    let stored = env.layout.content_type(target);
    let FieldLayout::ToOne(to_one) = env.layout.content_type(*of).field(related.field) else { return None };
    if stored.document.is_some() || stored.has_trash || to_one.target_type.is_some() || !reads_key_alone(related.filter)
    {
        return None;
    }
    let key = Expr::column(*alias, &to_one.key);
    let held = Scope::Key { of: target, key: key.clone() };
    let mut list = vec![key.null_test(false)];
    list.extend(conditions(env, aliases, &held, related.filter));
    Some(Expr::all_of(list))
}

fn reads_key_alone(filter: &Filter) -> bool {
    let is_key = |column: &Column| *column == Column::System(SystemColumn::Key);
    match filter {
        Filter::All | Filter::Nothing => true,
        Filter::And(list) | Filter::Or(list) => list.iter().all(reads_key_alone),
        Filter::Not(inner) => reads_key_alone(inner),
        Filter::Compare(comparison) => is_key(&comparison.column) && matches!(comparison.value, Operand::Hole(_)),
        Filter::Null { column, .. } => is_key(column),
        Filter::Some { .. }
        | Filter::SomeOf { .. }
        | Filter::OtherLocale { .. }
        | Filter::Count { .. }
        | Filter::Element { .. } => false,
    }
}

/// Whether a filter says `=` or `in` of a column that names one document: then finding it first is cheaper than asking every row above.
fn names_one_row(env: Env, of: TypeId, filter: &Filter) -> bool {
    match filter {
        Filter::And(list) => list.iter().any(|inner| names_one_row(env, of, inner)),
        Filter::Compare(Comparison { column, operator: Operator::Eq | Operator::In, value: Operand::Hole(_) }) => {
            match column {
                Column::System(SystemColumn::Key | SystemColumn::DocumentId) => true,
                Column::System(_) => false,
                Column::Field(field) => env.layout.row_table(of).unique.iter().any(|key| key.fields == [*field]),
            }
        }
        Filter::Compare(_)
        | Filter::All
        | Filter::Nothing
        | Filter::Or(_)
        | Filter::Not(_)
        | Filter::Null { .. }
        | Filter::Some { .. }
        | Filter::SomeOf { .. }
        | Filter::OtherLocale { .. }
        | Filter::Count { .. }
        | Filter::Element { .. } => false,
    }
}

/// The content types that a relation at hand may point at: one, or the members of its interface or union.
pub(crate) fn target_types(env: Env, scope: &Scope, related: &Related) -> Vec<TypeId> {
    if let Some(of) = related.of {
        return vec![of];
    }
    let field = match scope {
        Scope::Row { of, .. } | Scope::Key { of, .. } => env.model.content_type(*of).field(related.field),
        Scope::Element { component, .. } => env.model.component(*component).field(related.field),
    };
    field.relation().map(|relation| crate::layout::targets(env.model, relation.target)).unwrap_or_default()
}

/// The related rows of what is at hand: the first condition joins them to it.
pub(crate) fn correlated(
    env: Env,
    aliases: &mut Aliases,
    scope: &Scope,
    related: &Related,
    target: TypeId,
) -> Option<Correlated> {
    let inner = aliases.next();
    let (owner, alias, reach) = match scope {
        Scope::Row { of, alias } => {
            let status = StatusAbove::Is(Expr::column(*alias, "_status"));
            let step = Step { owner: *of, field: related.field, target };
            (*of, *alias, reach(env, aliases, step, inner, status))
        }
        Scope::Element { owner, alias, component, .. } => {
            (*owner, *alias, element_reach(env, aliases, (*owner, *component, related.field), (target, inner))?)
        }
        Scope::Key { .. } => return None,
    };
    let mut filter = vec![reach.here.clone().equals(reach.above.of_row(env, owner, alias))];
    if let (Scope::Element { value, .. }, Some(element)) = (scope, &reach.element) {
        filter.push(element.clone().equals(env.element_id(value)));
    }
    filter.extend(reach.filter.iter().cloned());
    let above_locale = env.layout.content_type(owner).has_locale.then(|| Expr::column(alias, "_locale"));
    filter.extend(version_conditions(env, aliases, target, inner, (related.version, above_locale)));
    let row = Scope::Row { of: target, alias: inner };
    filter.extend(conditions(env, aliases, &row, related.filter));
    let mut sources = reach.sources.clone();
    sources.push(env.rows(target, inner));
    Some(Correlated { sources, filter, scope: row, reach })
}

/// `(select count(*) from "comment" as t1 where ..) >= ?1`.
fn count(
    env: Env,
    aliases: &mut Aliases,
    scope: &Scope,
    related: &Related,
    (operator, value): (Operator, &Operand),
) -> Expr {
    let counts = target_types(env, scope, related).into_iter().filter_map(|target| {
        let inner = correlated(env, aliases, scope, related, target)?;
        let query = Query {
            columns: vec![(Expr::CountAll, None)],
            from: inner.sources,
            filter: inner.filter,
            ..Query::default()
        };
        Some(Expr::Scalar(Box::new(query)))
    });
    let total = counts.reduce(|sum, next| sum.binary("+", next)).unwrap_or(Expr::Number(0));
    let total = Typed { expr: total, kind: ColumnKind::Int, nullable: false };
    operation(env, &total, operator, &operand(env, aliases, scope, value))
}

/// A list: `exists (select 1 from json_each(t0."quotes") as t1 where t1."value" ->> '__component' = 'default.quote' and ..)`
/// (`jsonb_array_elements` on PostgreSQL). One element: the same over `(select t0."quote" as "value") as t1`.
fn element(
    env: Env,
    aliases: &mut Aliases,
    scope: &Scope,
    (field, component, filter): (FieldId, ComponentId, &Filter),
) -> Expr {
    let Some(elements) = elements(env, aliases, scope, field) else { return Expr::Boolean(false) };
    let inner = elements.scope(component);
    let mut list = vec![env.is_of_component(&elements.value, component)];
    list.extend(conditions(env, aliases, &inner, filter));
    Expr::Exists(Box::new(Query::one_of(vec![elements.source], list)))
}

/// The elements of a component field at hand as a source.
pub(crate) struct Elements {
    pub(crate) source: Source,
    pub(crate) value: Expr,
    /// Its place in the list.
    pub(crate) index: Expr,
    owner: TypeId,
    alias: Alias,
}

impl Elements {
    pub(crate) fn scope(&self, component: ComponentId) -> Scope {
        Scope::Element { owner: self.owner, alias: self.alias, component, value: self.value.clone() }
    }
}

/// The elements of a component field, or member, at hand. None where there is no row.
pub(crate) fn elements(env: Env, aliases: &mut Aliases, scope: &Scope, field: FieldId) -> Option<Elements> {
    let (owner, alias, declared) = match scope {
        Scope::Row { of, alias } => (*of, *alias, env.model.content_type(*of).field(field)),
        Scope::Element { owner, alias, component, .. } => {
            (*owner, *alias, env.model.component(*component).field(field))
        }
        Scope::Key { .. } => return None,
    };
    let json = env.column(aliases, scope, Column::Field(field)).expr;
    let inner = aliases.next();
    let source = if crate::element::is_list(declared) {
        Source::Elements(list_of(env, scope, json), inner)
    } else {
        let one = Query { columns: vec![(json, Some("value".to_owned()))], ..Query::default() };
        Source::Query(Box::new(one), inner)
    };
    Some(Elements { source, value: Expr::column(inner, "value"), index: Expr::column(inner, "key"), owner, alias })
}

/// A member may hold anything that was written before its declaration changed: PostgreSQL takes elements of arrays alone.
fn list_of(env: Env, scope: &Scope, json: Expr) -> Expr {
    if env.is_sqlite() || matches!(scope, Scope::Row { .. }) {
        return json;
    }
    let is_array = Expr::Call("jsonb_typeof", vec![json.clone()]).equals(Expr::Text("array".to_owned()));
    Expr::Case(Box::new(is_array), Box::new(json), None)
}

fn compare(env: Env, aliases: &mut Aliases, scope: &Scope, comparison: &Comparison) -> Expr {
    let left = env.column(aliases, scope, comparison.column);
    let right = match (&comparison.value, scope) {
        (Operand::OfKey(key), Scope::Row { of, .. }) => {
            Right::Expr(of_key(env, aliases, *of, (comparison.column, *key)))
        }
        (value, _) => operand(env, aliases, scope, value),
    };
    operation(env, &left, comparison.operator, &right)
}

/// `(select t1."number" from "run" as t1 where t1."_key" = ?1)`.
fn of_key(env: Env, aliases: &mut Aliases, of: TypeId, (column, key): (Column, HoleId)) -> Expr {
    let inner = aliases.next();
    let row = Scope::Row { of, alias: inner };
    let value = env.column(aliases, &row, column);
    let is_it = env.column(aliases, &row, Column::System(SystemColumn::Key));
    let filter = vec![is_it.expr.equals(Expr::Param(Param::Hole(key, is_it.kind)))];
    let columns = vec![(value.expr, None)];
    Expr::Scalar(Box::new(Query { columns, from: vec![env.rows(of, inner)], filter, ..Query::default() }))
}

/// The right side of a comparison.
enum Right {
    Hole(HoleId),
    Expr(Expr),
}

fn operand(env: Env, aliases: &mut Aliases, scope: &Scope, value: &Operand) -> Right {
    match value {
        Operand::Hole(hole) => Right::Hole(*hole),
        // Keys are of rows; an element and a count have none.
        Operand::OfKey(_) => Right::Expr(Expr::Null),
        Operand::Column(column) => Right::Expr(env.column(aliases, scope, *column).expr),
    }
}

impl Right {
    fn value(&self, kind: ColumnKind) -> Expr {
        match self {
            Right::Hole(hole) => Expr::Param(Param::Hole(*hole, kind)),
            Right::Expr(expr) => expr.clone(),
        }
    }

    /// The text as a `LIKE` pattern that finds it literally. Between columns there is no escaping: the caller uses other forms.
    fn pattern(&self, before: bool, behind: bool) -> Expr {
        match self {
            Right::Hole(hole) => Expr::Param(Param::Like { hole: *hole, before, behind }),
            Right::Expr(expr) => expr.clone(),
        }
    }

    fn list(&self, kind: ColumnKind) -> Expr {
        match self {
            Right::Hole(hole) => Expr::Param(Param::List(*hole, kind)),
            Right::Expr(expr) => expr.clone(),
        }
    }

    fn member(&self, index: usize, kind: ColumnKind) -> Expr {
        match self {
            Right::Hole(hole) => Expr::Param(Param::Member(*hole, index, kind)),
            Right::Expr(expr) => expr.clone(),
        }
    }
}

fn operation(env: Env, left: &Typed, operator: Operator, right: &Right) -> Expr {
    if operator.operands() == Operands::Text && left.kind != ColumnKind::Text {
        return operation(env, &as_text(env, left), operator, right);
    }
    let value = || right.value(left.kind);
    let column = || left.expr.clone();
    match operator {
        Operator::Eq => equal(env, left, value()),
        Operator::Ne if left.kind == ColumnKind::Json && env.is_sqlite() => equal(env, left, value()).negated(),
        Operator::Ne => column().binary("<>", value()),
        Operator::Lt => column().binary("<", value()),
        Operator::Lte => column().binary("<=", value()),
        Operator::Gt => column().binary(">", value()),
        Operator::Gte => column().binary(">=", value()),
        Operator::EqFold => env.folded(column()).equals(env.folded(value())),
        Operator::NeFold => env.folded(column()).binary("<>", env.folded(value())),
        Operator::Between => Expr::Between(
            Box::new(column()),
            Box::new(right.member(0, left.kind)),
            Box::new(right.member(1, left.kind)),
        ),
        Operator::In => one_of(left, right, false),
        Operator::NotIn => one_of(left, right, true),
        Operator::Contains => part_of_text(env, left, Part::Any, right, false),
        Operator::NotContains => part_of_text(env, left, Part::Any, right, false).negated(),
        Operator::ContainsFold => part_of_text(env, left, Part::Any, right, true),
        Operator::NotContainsFold => part_of_text(env, left, Part::Any, right, true).negated(),
        Operator::StartsWith => part_of_text(env, left, Part::Start, right, false),
        Operator::EndsWith => part_of_text(env, left, Part::End, right, false),
        Operator::Like => like(env, left, right),
        Operator::NotLike => like(env, left, right).negated(),
        Operator::LikeFold => like_fold(env, left, right),
        Operator::NotLikeFold => like_fold(env, left, right).negated(),
        Operator::Similar => pattern(env, left, right, (function::SIMILAR, "similar to")),
        Operator::NotSimilar => pattern(env, left, right, (function::SIMILAR, "similar to")).negated(),
        Operator::Regex => pattern(env, left, right, (function::REGEX, "~")),
        Operator::NotRegex => pattern(env, left, right, (function::REGEX, "~")).negated(),
        Operator::RegexFold => regex_fold(env, left, right),
        Operator::NotRegexFold => regex_fold(env, left, right).negated(),
        Operator::JsonContains => json(env, left, value(), (function::JSON_CONTAINS, "@>")),
        Operator::JsonContainedIn => json(env, left, value(), (function::JSON_CONTAINED, "<@")),
        Operator::JsonHasKey => json(env, left, right.value(ColumnKind::Text), (function::JSON_HAS_KEY, "?")),
        Operator::JsonHasKeysAny => json(env, left, right.list(ColumnKind::Text), (function::JSON_HAS_ANY, "?|")),
        Operator::JsonHasKeysAll => json(env, left, right.list(ColumnKind::Text), (function::JSON_HAS_ALL, "?&")),
    }
}

/// PostgreSQL `a::text`. SQLite keeps most kinds as their text; numbers `cast(a as text)`, booleans `case when a then 'true' else case when
/// not a then 'false' end end`, instants to the second as PostgreSQL prints them: `strftime('%Y-%m-%d %H:%M:%S+00', a / 1000000, 'unixepoch')`.
fn as_text(env: Env, left: &Typed) -> Typed {
    let column = || left.expr.clone();
    let text = |word: &str| Box::new(Expr::Text(word.to_owned()));
    let cast = || Expr::Cast(Box::new(column()), ColumnKind::Text);
    let expr = match (env.is_sqlite(), left.kind) {
        (false, _) | (true, ColumnKind::Int | ColumnKind::Float) => cast(),
        (true, ColumnKind::Boolean) => {
            let otherwise = Expr::Case(Box::new(column().negated()), text("false"), None);
            Expr::Case(Box::new(column()), text("true"), Some(Box::new(otherwise)))
        }
        (true, ColumnKind::Instant) => {
            let seconds = column().binary("/", Expr::Number(1_000_000));
            let format = Expr::Text("%Y-%m-%d %H:%M:%S+00".to_owned());
            Expr::Call("strftime", vec![format, seconds, Expr::Text("unixepoch".to_owned())])
        }
        (
            true,
            ColumnKind::Text
            | ColumnKind::Decimal
            | ColumnKind::Date
            | ColumnKind::Time
            | ColumnKind::Interval
            | ColumnKind::Json
            | ColumnKind::Uuid,
        ) => column(),
    };
    Typed { expr, kind: ColumnKind::Text, nullable: left.nullable }
}

/// `a = ?1`; of JSON on SQLite `dragoman_json_equal(a, ?1)`.
fn equal(env: Env, left: &Typed, value: Expr) -> Expr {
    if left.kind == ColumnKind::Json && env.is_sqlite() {
        return Expr::Call(function::JSON_EQUAL, vec![left.expr.clone(), value]);
    }
    left.expr.clone().equals(value)
}

/// PostgreSQL `a = any($1::bigint[])` and `a <> all(..)`; SQLite `a in (select "value" from json_each(?1))`. The empty list is false and true
/// by itself.
fn one_of(left: &Typed, right: &Right, negated: bool) -> Expr {
    let value = Box::new(left.expr.clone());
    match right {
        Right::Hole(hole) => Expr::Listed { value, negated, list: Param::List(*hole, left.kind) },
        Right::Expr(expr) => value.binary(if negated { "<>" } else { "=" }, expr.clone()),
    }
}

/// Which part of a text is compared.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Any,
    Start,
    End,
}

/// PostgreSQL `a like $1` with an escaped pattern; SQLite `instr(a, ?1) > 0`, `substr(a, 1, length(?1)) = ?1` and
/// `substr(a, length(a) - length(?1) + 1) = ?1`, because its own `LIKE` ignores case.
fn part_of_text(env: Env, left: &Typed, part: Part, right: &Right, folds: bool) -> Expr {
    let fold = |text: Expr| if folds { env.folded(text) } else { text };
    let text = fold(left.expr.clone());
    if env.is_sqlite() || matches!(right, Right::Expr(_)) {
        return plain_part(env, part, text, fold(right.value(ColumnKind::Text)));
    }
    text.binary("like", fold(right.pattern(part != Part::Start, part != Part::End)))
}

/// A part of a text, without patterns.
fn plain_part(env: Env, part: Part, text: Expr, wanted: Expr) -> Expr {
    let length = |of: &Expr| Expr::Call("length", vec![of.clone()]);
    let one = || Expr::Number(1);
    match part {
        Part::Any => Expr::Call(if env.is_sqlite() { "instr" } else { "strpos" }, vec![text, wanted])
            .binary(">", Expr::Number(0)),
        Part::Start => Expr::Call("substr", vec![text, one(), length(&wanted)]).equals(wanted),
        Part::End => {
            let start = length(&text).binary("-", length(&wanted)).binary("+", one());
            Expr::Call("substr", vec![text, start]).equals(wanted)
        }
    }
}

/// `a like $1`, `a similar to $1`, `a ~ $1` on PostgreSQL; SQLite calls the store's function of the same meaning with (pattern, text).
fn pattern(env: Env, left: &Typed, right: &Right, (function, word): (&'static str, &'static str)) -> Expr {
    let (text, value) = (left.expr.clone(), right.value(ColumnKind::Text));
    if env.is_sqlite() { Expr::Call(function, vec![value, text]) } else { text.binary(word, value) }
}

/// PostgreSQL `a like $1`; SQLite `instr(a, ?1) > 0 and dragoman_like(?2, a)`: its own search for the longest text of the pattern leaves few rows to
/// the store's function, whose call costs more than the search.
fn like(env: Env, left: &Typed, right: &Right) -> Expr {
    let matches = pattern(env, left, right, (function::LIKE, "like"));
    let (Right::Hole(hole), Expr::Column(..), true) = (right, &left.expr, env.is_sqlite()) else { return matches };
    let piece = Expr::Param(Param::LikePiece(*hole));
    Expr::And(vec![plain_part(env, Part::Any, left.expr.clone(), piece), matches])
}

/// `LIKE` over folded text.
fn like_fold(env: Env, left: &Typed, right: &Right) -> Expr {
    let (text, value) = (env.folded(left.expr.clone()), env.folded(right.value(ColumnKind::Text)));
    if env.is_sqlite() { Expr::Call(function::LIKE, vec![value, text]) } else { text.binary("like", value) }
}

/// `a ~* $1` by Unicode's rules; the column's own collation knows the case of ASCII alone.
fn regex_fold(env: Env, left: &Typed, right: &Right) -> Expr {
    let (text, value) = (left.expr.clone(), right.value(ColumnKind::Text));
    if env.is_sqlite() {
        return Expr::Call(function::REGEX_FOLD, vec![value, text]);
    }
    Expr::Collate(Box::new(text), function::POSTGRES_FOLD).binary("~*", value)
}

/// PostgreSQL `a @> $1`, `a ? $1`, ..; SQLite the store's function of the same meaning.
fn json(env: Env, left: &Typed, value: Expr, (function, word): (&'static str, &'static str)) -> Expr {
    let column = left.expr.clone();
    if env.is_sqlite() { Expr::Call(function, vec![column, value]) } else { column.binary(word, value) }
}
