//! From a select to the program that the store runs: one statement for each level, and the object that its rows fill.

use model::{ComponentId, EnumId, SystemColumn, TypeId};
use plan::{
    Cause, Column, ComponentSelect, Derived, Entry, Form, From, Locale, Object, Part, PartEntry, Problem, Refusal, Row,
    RowValue, Select, Shape, Status, Version,
};

use crate::component::{component_program, kept_elements, member_name};
use crate::counts::Totals;
use crate::join::{joined, may_join};
use crate::layout::{STATUS_DRAFT, STATUS_PUBLISHED, component_column};
use crate::level::{Level, Origin, Purpose, Spec, level, parent_kind};
use crate::relation::{Above, StatusAbove, Step, reach};
use crate::scope::{Aliases, Env, Scope, Typed};
use crate::switch::{related, root};
use crate::tree::{Alias, Expr};
use crate::{
    ColumnKind, ComponentSource, Database, EntryProgram, Layout, Lead, Node, NodeShape, ObjectProgram, Parent,
    PartProgram, PartProgramEntry, RowProgram, Statement, SwitchProgram, ValueProgram,
};

/// The program of one select that stands at a root (or answers a write: [`From::Written`]).
///
/// Levels below are compiled with it. What a program cannot say is an entry that is refused with its reason.
#[must_use]
pub fn program(model: &model::Model, layout: &Layout, database: Database, select: &Select) -> Node {
    let env = Env { model, layout, database };
    let origin = match select.from {
        From::Written => Origin::Written,
        From::Type | From::Relation(..) | From::ElementRelation(..) | From::Localizations => Origin::Type,
    };
    let mut node = node(env, &Spec { select, origin, by_locale: false, number: 0 }, Parent::None);
    node.number(0);
    node
}

/// The program of rows of several content types that stand at a root.
#[must_use]
pub fn switch_program(
    model: &model::Model,
    layout: &Layout,
    database: Database,
    switch: &plan::Switch,
) -> SwitchProgram {
    let mut program = root(Env { model, layout, database }, switch);
    program.number(0);
    program
}

/// The rows of one level while its columns are gathered.
pub(crate) struct Rows<'a> {
    pub(crate) env: Env<'a>,
    pub(crate) level: Level,
    columns: Vec<(Expr, ColumnKind)>,
    version: Version,
    /// Number of the level below.
    pub(crate) below: u32,
    /// Single rows that are related stand beside the row.
    pub(crate) joins: bool,
}

/// What the entries of an object are of.
#[derive(Clone, Copy)]
pub(crate) enum Inside<'p> {
    /// The row.
    Row,
    /// A row of this content type that stands beside it.
    Beside(TypeId, Alias),
    /// An element of this component in it, of which this object is shown.
    Element(ComponentId, &'p Object),
}

/// A program for a level and all below it.
pub(crate) fn node(env: Env, spec: &Spec, parent: Parent) -> Node {
    let select = spec.select;
    let totals = Totals::of(&select.shape, &select.page);
    let (counts, page_counts) = totals.programs(env, spec);
    let Some(level) = level(env, spec, Purpose::Rows) else { return empty_node(select) };
    let has_rows = match &select.shape {
        Shape::List(_) | Shape::One(_) => true,
        Shape::Parts(entries) => has_rows(entries),
    };
    let (version, joins) = (select.version.clone(), may_join(env, spec));
    let mut rows = Rows { env, level, columns: Vec::new(), version, below: spec.number + 1, joins };
    let shape = match &select.shape {
        Shape::List(row) => NodeShape::List(row_program(&mut rows, row, Inside::Row)),
        Shape::One(row) => NodeShape::One(row_program(&mut rows, row, Inside::Row)),
        Shape::Parts(entries) => NodeShape::Parts(part_programs(&mut rows, entries, &totals)),
    };
    let parent = rows.found_by(parent, spec);
    let rows = has_rows.then(|| rows.into_statement());
    Node { rows, parent, counts, page_counts, page: select.page.clone(), shape }
}

/// The names and kinds of the columns that [`node`] selects for a row, where each is a column of the row's own table and nothing is read below it.
pub(crate) fn own_columns(env: Env, select: &Select) -> Option<(Vec<String>, Vec<ColumnKind>)> {
    let Shape::One(row) = &select.shape else { return None };
    let spec = Spec { select, origin: Origin::Written, by_locale: false, number: 0 };
    let level = level(env, &spec, Purpose::Rows)?;
    let version = select.version.clone();
    let mut rows = Rows { env, level, columns: Vec::new(), version, below: 1, joins: false };
    let program = row_program(&mut rows, row, Inside::Row);
    if !is_of_row(&program.object) {
        return None;
    }
    let own = |(expr, kind): &(Expr, ColumnKind)| match expr {
        Expr::Column(alias, name) if *alias == rows.level.alias => Some((name.clone(), *kind)),
        _ => None,
    };
    let columns: Vec<(String, ColumnKind)> = rows.columns.iter().map(own).collect::<Option<_>>()?;
    if columns.is_empty() { None } else { Some(columns.into_iter().unzip()) }
}

/// Whether an object is told from the columns of its row alone.
fn is_of_row(object: &ObjectProgram) -> bool {
    object.entries.iter().all(|entry| match &entry.value {
        ValueProgram::Constant(_)
        | ValueProgram::Column { .. }
        | ValueProgram::FloatOf(..)
        | ValueProgram::Scaled(..) => true,
        ValueProgram::Wrap(inner) => is_of_row(inner),
        ValueProgram::Member { .. }
        | ValueProgram::ElementId
        | ValueProgram::Joined(_)
        | ValueProgram::Node(_)
        | ValueProgram::Switch(_)
        | ValueProgram::Component(_)
        | ValueProgram::Cursor
        | ValueProgram::Linked(_)
        | ValueProgram::Refused(_) => false,
    })
}

/// A level of which the layout holds nothing: no row, ever.
fn empty_node(select: &Select) -> Node {
    Node {
        rows: None,
        parent: Parent::None,
        counts: None,
        page_counts: None,
        page: select.page.clone(),
        shape: NodeShape::Parts(Vec::new()),
    }
}

fn has_rows(entries: &[PartEntry]) -> bool {
    entries.iter().any(|entry| match &entry.value {
        Part::Rows(_) | Part::First(_) => true,
        Part::Wrap(inner) => has_rows(inner),
        Part::Constant(_)
        | Part::Total
        | Part::PageNumber
        | Part::PageSize
        | Part::PageCount
        | Part::Aggregate(_)
        | Part::HasNextPage
        | Part::HasPreviousPage
        | Part::StartCursor
        | Part::EndCursor
        | Part::Linked(_)
        | Part::Refused(_) => false,
    })
}

fn part_programs(rows: &mut Rows, entries: &[PartEntry], totals: &Totals) -> Vec<PartProgramEntry> {
    let mut programs = Vec::with_capacity(entries.len());
    for entry in entries {
        let value = match &entry.value {
            Part::Constant(json) => PartProgram::Constant(json.clone()),
            Part::Wrap(inner) => PartProgram::Wrap(part_programs(rows, inner, totals)),
            Part::Rows(row) => PartProgram::Rows(row_program(rows, row, Inside::Row)),
            Part::First(row) => PartProgram::First(row_program(rows, row, Inside::Row)),
            Part::Total => PartProgram::Total,
            Part::PageNumber => PartProgram::PageNumber,
            Part::PageSize => PartProgram::PageSize,
            Part::PageCount => PartProgram::PageCount,
            Part::Aggregate(aggregate) => totals.part(rows.env, rows.level.of, aggregate),
            Part::HasNextPage => PartProgram::HasNextPage,
            Part::HasPreviousPage => PartProgram::HasPreviousPage,
            Part::StartCursor => PartProgram::StartCursor,
            Part::EndCursor => PartProgram::EndCursor,
            Part::Linked(_) => PartProgram::Refused(refusal("rows of one content type have no links")),
            Part::Refused(refusal) => PartProgram::Refused(refusal.clone()),
        };
        programs.push(PartProgramEntry {
            key_json: key_json(&entry.key),
            key: entry.key.clone(),
            non_null: entry.non_null,
            name: entry.name.clone(),
            value,
        });
    }
    programs
}

/// `"key":`.
pub(crate) fn key_json(key: &str) -> String {
    let mut json = serde_json::Value::from(key).to_string();
    json.push(':');
    json
}

/// The object of a row, or of an element of it.
pub(crate) fn row_program(rows: &mut Rows, row: &Row, inside: Inside) -> RowProgram {
    RowProgram { non_null: row.non_null, object: object_program(rows, &row.object, inside) }
}

fn object_program(rows: &mut Rows, object: &Object, inside: Inside) -> ObjectProgram {
    let entries = object.entries.iter().enumerate();
    ObjectProgram { entries: entries.map(|(index, entry)| entry_program(rows, entry, (index == 0, inside))).collect() }
}

fn entry_program(rows: &mut Rows, entry: &Entry, (is_first, inside): (bool, Inside)) -> EntryProgram {
    EntryProgram {
        lead: Lead::new(&entry.key, is_first),
        key: entry.key.clone(),
        non_null: entry.non_null,
        name: entry.name.clone(),
        value: value_program(rows, &entry.value, inside),
    }
}

fn value_program(rows: &mut Rows, value: &RowValue, inside: Inside) -> ValueProgram {
    match value {
        RowValue::Constant(json) => ValueProgram::Constant(json.clone()),
        RowValue::Column(column, form) => column_program(rows, *column, form, inside),
        RowValue::ElementId => ValueProgram::ElementId,
        RowValue::Wrap(object) => ValueProgram::Wrap(object_program(rows, object, inside)),
        RowValue::Select(select) => select_program(rows, select),
        RowValue::Switch(switch) => match inside {
            Inside::Row => ValueProgram::Switch(Box::new(related(rows, switch))),
            Inside::Beside(..) | Inside::Element(..) => {
                refused("a relation to several content types inside a component cannot be read yet")
            }
        },
        RowValue::Component(select) => component_value(rows, select, inside),
        RowValue::Derived(Derived::FloatOf(column)) => match inside {
            Inside::Row | Inside::Beside(..) => {
                let value = rows.column_inside(inside, *column);
                ValueProgram::FloatOf(rows.need(value.expr, value.kind), value.kind)
            }
            Inside::Element(..) => refused("a value derived from a member of a component cannot be read yet"),
        },
        RowValue::Derived(Derived::Scaled(column, scale)) => match inside {
            Inside::Row | Inside::Beside(..) => {
                let value = rows.column_inside(inside, *column);
                ValueProgram::Scaled(rows.need(value.expr, value.kind), value.kind, *scale)
            }
            Inside::Element(..) => refused("a unit of a member of a component cannot be asked for yet"),
        },
        RowValue::Cursor => ValueProgram::Cursor,
        RowValue::Linked(_) => refused("rows of one content type have no links"),
        RowValue::Refused(refusal) => ValueProgram::Refused(refusal.clone()),
    }
}

fn column_program(rows: &mut Rows, column: Column, form: &Form, inside: Inside) -> ValueProgram {
    let words = match form {
        Form::Word(of) => words(rows.env, *of),
        Form::Plain
        | Form::Text
        | Form::SafeInteger
        | Form::Postgres
        | Form::Micros
        | Form::StatusWord
        | Form::JsonPath(_) => Vec::new(),
    };
    match (inside, column) {
        (Inside::Row | Inside::Beside(..), _) => {
            let value = rows.column_inside(inside, column);
            let index = rows.need(value.expr, value.kind);
            ValueProgram::Column { index, kind: value.kind, form: form.clone(), words }
        }
        (Inside::Element(component, _), Column::Field(member)) => {
            match component_column(rows.env.model.component(component), member) {
                Some((name, of)) => {
                    ValueProgram::Member { name: name.to_owned(), kind: of.kind(), form: form.clone(), words }
                }
                None => refused("the key of a relation inside a component cannot be read as a column"),
            }
        }
        (Inside::Element(..), Column::System(_)) => ValueProgram::Constant("null".to_owned()),
    }
}

/// (stored text, word) of an enum.
fn words(env: Env, of: EnumId) -> Vec<(String, String)> {
    env.model.enumeration(of).values.iter().map(|value| (value.raw.clone(), value.name.clone())).collect()
}

fn component_value(rows: &mut Rows, select: &ComponentSelect, inside: Inside) -> ValueProgram {
    let source = match inside {
        Inside::Row => {
            let scope = rows.level.scope();
            let kept = kept_elements(rows.env, &mut rows.level.aliases, &scope, select);
            ComponentSource::Column(rows.need(kept, ColumnKind::Json))
        }
        Inside::Beside(..) => return refused("a component of a row beside another one is a level of its own"),
        Inside::Element(component, object) => {
            ComponentSource::Member(member_name(rows.env.model.component(component), object, select))
        }
    };
    component_program(rows, select, source)
}

/// An entry that is null with this reason.
pub(crate) fn refused(reason: &str) -> ValueProgram {
    ValueProgram::Refused(refusal(reason))
}

pub(crate) fn refusal(reason: &str) -> Refusal {
    Refusal { cause: Cause::Invalid { problem: Problem::Text(reason.to_owned()) } }
}

/// Related rows: the level below.
fn select_program(rows: &mut Rows, select: &Select) -> ValueProgram {
    if let Some(joined) = joined(rows, select) {
        return joined;
    }
    let mut select = select.clone();
    let by_locale = rows.hand_down(&mut select.version);
    let (origin, above) = match select.from {
        From::Relation(owner, field) => rows.related(Step { owner, field, target: select.of }),
        From::ElementRelation(owner, component, member) => {
            let above = rows.above(&Above::Row, None);
            (Origin::Element(owner, component, member), above)
        }
        From::Localizations => (Origin::Localizations, rows.above(&Above::Key, None)),
        From::Type | From::Written => return refused("rows of a whole content type cannot stand below a row"),
    };
    let by_locale = by_locale || matches!(origin, Origin::Localizations);
    let is_element = matches!(origin, Origin::Element(..));
    let locale_above = (by_locale && !is_element).then(|| rows.system(SystemColumn::Locale));
    let spec = Spec { select: &select, origin, by_locale, number: rows.below };
    if is_element && asks_totals(&select) {
        return refused("totals of a relation inside a component cannot be read yet");
    }
    let parent = match spec.origin {
        Origin::Element(..) => Parent::Element { above, here: 0, element: 0 },
        Origin::Type | Origin::Written | Origin::Keys | Origin::Relation(..) | Origin::Localizations => {
            let kind = parent_kind(rows.env, &spec).unwrap_or(ColumnKind::Int);
            Parent::Key { above, here: 0, locale_above, locale_here: None, kind }
        }
    };
    let node = node(rows.env, &spec, parent);
    match &node.shape {
        NodeShape::Parts(entries) if entries.is_empty() && node.rows.is_none() && node.counts.is_none() => {
            ValueProgram::Constant(match select.shape {
                Shape::List(_) => "[]".to_owned(),
                Shape::One(_) | Shape::Parts(_) => "null".to_owned(),
            })
        }
        NodeShape::Parts(_) | NodeShape::List(_) | NodeShape::One(_) => ValueProgram::Node(Box::new(node)),
    }
}

fn asks_totals(select: &Select) -> bool {
    matches!(select.shape, Shape::Parts(_)) && Totals::of(&select.shape, &select.page).is_any()
}

impl Rows<'_> {
    /// The index of a result column with this expression; equal ones are selected once.
    pub(crate) fn need(&mut self, expr: Expr, kind: ColumnKind) -> u16 {
        let known = self.columns.iter().position(|(known, _)| *known == expr);
        let index = known.unwrap_or_else(|| {
            self.columns.push((expr, kind));
            self.columns.len() - 1
        });
        u16::try_from(index).expect("a selection has fewer than 65536 columns, as its tokens are limited")
    }

    /// The value of a column of the row.
    pub(crate) fn column(&mut self, column: Column) -> Typed {
        let scope = self.level.scope();
        self.env.column(&mut self.level.aliases, &scope, column)
    }

    /// The same of what an object is of.
    fn column_inside(&mut self, inside: Inside, column: Column) -> Typed {
        match inside {
            Inside::Beside(of, alias) => self.env.column(&mut self.level.aliases, &Scope::Row { of, alias }, column),
            Inside::Row | Inside::Element(..) => self.column(column),
        }
    }

    pub(crate) fn system(&mut self, column: SystemColumn) -> u16 {
        let value = self.column(Column::System(column));
        self.need(value.expr, value.kind)
    }

    /// The column by which rows below are found.
    pub(crate) fn above(&mut self, above: &Above, step: Option<Step>) -> u16 {
        let (of, alias) = (self.level.of, self.level.alias);
        let stored = self.env.layout.content_type(of);
        let kind = match (above, step) {
            (_, Some(step)) => above.kind(self.env, step),
            (Above::Row, None) => stored.row.kind(),
            (Above::Key | Above::Column(_) | Above::TypedColumn { .. }, None) => stored.key.kind(),
        };
        let expr = above.of_row(self.env, of, alias);
        self.need(expr, kind)
    }

    /// A relation of the row as the origin of a level below, and the column that leads there.
    fn related(&mut self, step: Step) -> (Origin, u16) {
        let status = self.status_for_below();
        let mut aliases = Aliases::of_level(self.below);
        let alias = aliases.next();
        let above = reach(self.env, &mut aliases, step, alias, status.clone()).above;
        let index = self.above(&above, Some(step));
        (Origin::Relation(step, status), index)
    }

    /// What rows below may take for granted about the status of this row.
    pub(crate) fn status_for_below(&self) -> StatusAbove {
        match self.version.status {
            Status::Draft => StatusAbove::Is(Expr::Number(STATUS_DRAFT)),
            Status::Published | Status::Only => StatusAbove::Is(Expr::Number(STATUS_PUBLISHED)),
            Status::Either => StatusAbove::ByRow,
        }
    }

    /// Settles an inherited locale: the one that all rows of this level have, or (answering true) each row's own.
    pub(crate) fn hand_down(&self, version: &mut Version) -> bool {
        if version.locale != Locale::Inherited {
            return false;
        }
        match &self.version.locale {
            Locale::Only | Locale::Default => version.locale = Locale::Default,
            Locale::Named(name) => version.locale = Locale::Named(name.clone()),
            Locale::All | Locale::Inherited => return true,
        }
        false
    }

    /// Selects the columns by which rows find the row above.
    fn found_by(&mut self, parent: Parent, spec: &Spec) -> Parent {
        let kind = parent_kind(self.env, spec).unwrap_or(ColumnKind::Int);
        let columns = self.level.parent_columns(self.env);
        let mut indexes = Vec::new();
        for (position, column) in columns.into_iter().enumerate() {
            indexes.push(self.need(column, if position == 0 { kind } else { ColumnKind::Text }));
        }
        match parent {
            Parent::None => Parent::None,
            Parent::Key { above, locale_above, kind, .. } => {
                let here = indexes.first().copied().unwrap_or(0);
                Parent::Key { above, here, locale_above, locale_here: indexes.get(1).copied(), kind }
            }
            Parent::Element { above, .. } => {
                let element = self.level.element.clone().map_or(0, |element| self.need(element, ColumnKind::Int));
                Parent::Element { above, here: indexes.first().copied().unwrap_or(0), element }
            }
        }
    }

    /// The statement with all columns gathered; at least one, so that rows can be counted.
    pub(crate) fn into_statement(mut self) -> Statement {
        if self.columns.is_empty() {
            let scope = self.level.scope();
            let key = self.env.column(&mut self.level.aliases, &scope, Column::System(SystemColumn::Key));
            self.columns.push((key.expr, key.kind));
        }
        let kinds = self.columns.iter().map(|(_, kind)| *kind).collect();
        let exprs = self.columns.into_iter().map(|(expr, _)| expr).collect();
        let query = self.level.into_rows(self.env, exprs);
        crate::print::statement(self.env.database, &query, kinds)
    }
}
