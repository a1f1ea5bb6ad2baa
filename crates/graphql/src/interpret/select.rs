//! Fields that give rows.

use model::{SystemColumn, TypeId};
use plan::{
    Aggregate, Cause, Column, Comparison, Direction, Filter, Form, From, Locale, Nulls, Operand, Operator, Page, Part,
    PartEntry, Problem, Refusal, Row, Select, Shape, SortKey, SortPath, Transform, ValueKind,
};

use super::filter::Place;
use super::view::View;
use super::{Level, Merged, Owner, Planner, Refusable, misplaced, refuse};
use crate::binding::{FieldBinding, InputBinding, PageRule, RowsShape, ScalarRule, ValueBinding};
use crate::definition::{Field as FieldDefinition, Input};

/// The order, which must begin with the distinct columns, in any order of their own; without an order they are it.
fn led_by(distinct: &[Column], sort: Vec<SortKey>) -> Refusable<Vec<SortKey>> {
    let key = |column: &Column| SortKey {
        path: SortPath::Column(*column),
        direction: Direction::Ascending,
        nulls: Nulls::Last,
    };
    if sort.is_empty() {
        return Ok(distinct.iter().map(key).collect());
    }
    let mut columns = distinct.to_vec();
    columns.sort_unstable();
    columns.dedup();
    let leads = |key: &SortKey| matches!(&key.path, SortPath::Column(column) if columns.contains(column));
    if sort.len() >= columns.len() && sort[..columns.len()].iter().all(leads) {
        return Ok(sort);
    }
    refuse(Cause::Invalid { problem: Problem::DistinctOrder })
}

impl<'a> Planner<'a> {
    pub(super) fn root_select(
        &mut self,
        merged: &Merged<'a>,
        definition: &'a FieldDefinition,
        (of, shape, rule): (TypeId, RowsShape, PageRule),
    ) -> Refusable<Select> {
        let arguments = self.arguments(merged, definition);
        every_key_is_given(definition, &arguments)?;
        let mut asked = self.asked(&arguments)?;
        if self.filters_by_locale(&arguments) || names_entry(&arguments) {
            asked.locale = Locale::All;
        }
        let version = self.root_version(of, &asked);
        let level = Level { owner: Owner::Row(of), version, asked: self.handed_down(&asked) };
        self.rows((merged, definition, &arguments), (From::Type, of), &level, (shape, rule))
    }

    /// Whether a filter's outermost object names the locale: it then takes the place of the argument and of the default.
    ///
    /// Source: Strapi 5, whose filters overwrite the condition on the locale; one deeper down stands beside it.
    fn filters_by_locale(&self, arguments: &[(&'a Input, View<'a>)]) -> bool {
        let is_of_locale = |input: &Input| input.binding == InputBinding::Column(Column::System(SystemColumn::Locale));
        let filters = arguments.iter().filter(|(input, _)| matches!(input.binding, InputBinding::Filter(_)));
        let mut members = filters.filter_map(|(input, view)| Some((self.definitions.inputs(input.of.name())?, view)));
        members.any(|(inputs, view)| {
            let given = view.members().into_iter().filter(|(_, member)| !member.is_null());
            given.filter_map(|(name, _)| inputs.get(name)).any(is_of_locale)
        })
    }

    pub(super) fn by_key(
        &mut self,
        merged: &Merged<'a>,
        definition: &'a FieldDefinition,
        of: TypeId,
    ) -> Refusable<Select> {
        self.root_select(merged, definition, (of, RowsShape::One, PageRule::None))
    }

    /// Rows of a content type as a field of this definition shows them. `level` is that of the rows.
    pub(super) fn rows(
        &mut self,
        (merged, definition, arguments): (&Merged<'a>, &'a FieldDefinition, &[(&'a Input, View<'a>)]),
        (from, of): (From, TypeId),
        level: &Level,
        (shape, rule): (RowsShape, PageRule),
    ) -> Refusable<Select> {
        let object = definition.of.name();
        let is_one = matches!(shape, RowsShape::One | RowsShape::OneInside);
        let rows_of = match shape {
            RowsShape::Parts | RowsShape::OneInside => self.rows_type(object),
            RowsShape::One | RowsShape::List => Some(object),
        };
        let filter = self.row_filter(arguments, level)?;
        let sort = match rows_of {
            Some(rows_of) => self.sort(arguments, rows_of, level)?,
            None => Vec::new(),
        };
        let page = if is_one { Page::One } else { self.page(arguments, rule)? };
        let distinct = self.columns(arguments, |binding| matches!(binding, InputBinding::Distinct));
        let sort = led_by(&distinct, sort)?;
        let shape = match shape {
            RowsShape::One => Shape::One(Row { non_null: false, object: self.object(merged, object, level) }),
            RowsShape::List => {
                let non_null = definition.of.item().is_some_and(crate::definition::TypeRef::is_non_null);
                Shape::List(Row { non_null, object: self.object(merged, object, level) })
            }
            RowsShape::Parts | RowsShape::OneInside => Shape::Parts(self.parts(merged, object, level)),
        };
        Ok(Select { from, of, version: level.version.clone(), filter, sort, distinct, page, shape })
    }

    /// The object type of the rows inside an object around them.
    pub(super) fn rows_type(&self, object: &str) -> Option<&'a str> {
        let fields = self.definitions.fields(object)?;
        let nodes = fields.values().find(|field| matches!(field.binding, FieldBinding::Nodes))?;
        Some(nodes.of.name())
    }

    fn row_filter(&mut self, arguments: &[(&'a Input, View<'a>)], level: &Level) -> Refusable<Filter> {
        let mut filters = Vec::new();
        for (input, view) in arguments {
            match &input.binding {
                InputBinding::Filter(rule) => {
                    filters.extend(self.filter(view, input.of.name(), level, Place::root(*rule))?);
                }
                InputBinding::Key(column) => {
                    let Some(kind) = self.kind_of(level.owner, *column) else { return misplaced() };
                    // What is no key of this type names no document, where the schema takes any text.
                    let is_any =
                        self.definitions.scalar(input.of.name()) == Some(&ScalarRule::Id) && kind != ValueKind::Text;
                    let transform = if is_any { Transform::NullIfOther } else { Transform::Keep };
                    let hole = self.hole(view.hole_source(), kind, false, transform);
                    let value = Operand::Hole(hole);
                    filters.push(Filter::Compare(Comparison { column: *column, operator: Operator::Eq, value }));
                }
                _ => {}
            }
        }
        Ok(Filter::all_of(filters))
    }

    /// The columns that an argument names.
    pub(super) fn columns(
        &self,
        arguments: &[(&'a Input, View<'a>)],
        wanted: fn(&InputBinding) -> bool,
    ) -> Vec<Column> {
        let mut columns = Vec::new();
        for (input, view) in arguments.iter().filter(|(input, view)| wanted(&input.binding) && !view.is_null()) {
            for item in view.items() {
                if let Some(ValueBinding::Column(column)) = self.word(input, &item) {
                    columns.push(*column);
                }
            }
        }
        columns
    }

    /// The members of an object around rows.
    fn parts(&mut self, merged: &Merged<'a>, object: &str, level: &Level) -> Vec<PartEntry> {
        self.members(merged, object, (Part::Constant, Part::Refused), |planner, inner, definition| {
            planner.part(inner, definition, level)
        })
    }

    fn part(&mut self, merged: &Merged<'a>, definition: &'a FieldDefinition, level: &Level) -> Result<Part, Refusal> {
        Ok(match &definition.binding {
            FieldBinding::Nodes if definition.of.item().is_none() => {
                Part::First(Row { non_null: false, object: self.object(merged, definition.of.name(), level) })
            }
            FieldBinding::Nodes => {
                let non_null = definition.of.item().is_some_and(crate::definition::TypeRef::is_non_null);
                Part::Rows(Row { non_null, object: self.object(merged, definition.of.name(), level) })
            }
            FieldBinding::Total => Part::Total,
            FieldBinding::PageNumber => Part::PageNumber,
            FieldBinding::PageSize => Part::PageSize,
            FieldBinding::PageCount => Part::PageCount,
            FieldBinding::Wrap => Part::Wrap(self.parts(merged, definition.of.name(), level)),
            FieldBinding::Constant(json) => Part::Constant(json.clone()),
            FieldBinding::Aggregate { function, column, within, form } => {
                let arguments = self.arguments(merged, definition);
                let named = self.columns(&arguments, |binding| matches!(binding, InputBinding::Columns));
                let distinct = arguments
                    .iter()
                    .any(|(input, view)| input.binding == InputBinding::DistinctValues && view.boolean() == Some(true));
                let columns = if named.is_empty() { column.iter().copied().collect() } else { named };
                Part::Aggregate(Aggregate {
                    function: *function,
                    columns,
                    distinct,
                    within: *within,
                    form: form.clone(),
                })
            }
            FieldBinding::List { .. }
            | FieldBinding::ByKey { .. }
            | FieldBinding::Create { .. }
            | FieldBinding::Update { .. }
            | FieldBinding::Delete { .. }
            | FieldBinding::Column(..)
            | FieldBinding::Relation { .. }
            | FieldBinding::Switch { .. }
            | FieldBinding::Localizations { .. }
            | FieldBinding::Component { .. }
            | FieldBinding::ElementId
            | FieldBinding::Derived(_)
            | FieldBinding::Own(_)
            | FieldBinding::Told(_)
            | FieldBinding::Part(_)
            | FieldBinding::Account { .. }
            | FieldBinding::Command { .. }
            | FieldBinding::Made(_)
            | FieldBinding::Written(_) => return misplaced(),
        })
    }

    /// The row that a write has just written, as a field of this object type shows it.
    pub(super) fn written(&mut self, merged: &Merged<'a>, object: &str, level: &Level) -> Select {
        let Owner::Row(of) = level.owner else { unreachable!("writes are of content types") };
        Select {
            from: From::Written,
            of,
            version: level.version.clone(),
            filter: Filter::All,
            sort: Vec::new(),
            distinct: Vec::new(),
            page: Page::One,
            shape: Shape::One(Row { non_null: false, object: self.object(merged, object, level) }),
        }
    }
}

/// An entry number is of one locale, whatever else is asked.
pub(super) fn names_entry(arguments: &[(&Input, View<'_>)]) -> bool {
    arguments.iter().any(|(input, _)| input.binding == InputBinding::Key(Column::System(SystemColumn::Entry)))
}

/// A look-up by a key that is not given would find any row.
fn every_key_is_given(definition: &FieldDefinition, given: &[(&Input, View<'_>)]) -> Refusable<()> {
    for (name, input) in &definition.arguments {
        let is_given = given.iter().any(|(present, _)| std::ptr::eq(*present, input));
        if matches!(input.binding, InputBinding::Key(_)) && !is_given {
            return refuse(Cause::Invalid { problem: Problem::Text([name, " must be given"].concat()) });
        }
    }
    Ok(())
}

/// The form of a JSON column read at a path.
pub(super) fn json_path(path: Option<&str>, form: &Form) -> Form {
    let Some(path) = path else { return form.clone() };
    let path = path.strip_prefix('$').unwrap_or(path);
    let words = path.split(['.', '[', ']']).map(|word| word.trim_matches(['"', '\'']));
    Form::JsonPath(words.filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

/// The public id of every content type.
pub(super) const DOCUMENT_ID: Column = Column::System(SystemColumn::DocumentId);
