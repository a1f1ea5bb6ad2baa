//! Fields of the project's own API: the model says what they ask and where their arguments stand.

use model::{
    Bound, ColumnName, Condition, FieldId, FieldKind, OwnData, OwnEntry, OwnRows, OwnSort, OwnWrite, Target, Term,
    TypeId, Unit,
};
use plan::{
    Answer, Assignment, Cause, Column, Comparison, Data, Derived, Direction, Entry, Filter, Find, From, Given, HoleId,
    HoleSource, LinkKind, Linked, Links, Locale, Nulls, Object, Operand, Operator, Page, RootValue, Row, RowRules,
    RowValue, Scale, Select, Shape, SortKey, SortPath, Switch, SwitchArm, SwitchFrom, SwitchShape, SystemColumn,
    Transform, ValueKind, Version, Write, WriteAction,
};

use super::select::DOCUMENT_ID;
use super::version::{Asked, PublishedAt};
use super::view::View;
use super::{Level, Merged, Owner, Planner, Refusable, misplaced};
use crate::binding::{PageRule, RowsShape};
use crate::definition::{Field as FieldDefinition, Stands, TypeRef};

/// Arguments of an own field by their names.
pub(super) type Arguments<'a> = Vec<(&'a str, View<'a>)>;

/// What a term of a mapping is in this request.
enum Met<'a> {
    /// An argument that was not given.
    Absent,
    /// Null.
    Null,
    /// A value of the request, in the words of the API.
    View(View<'a>),
    /// A literal of the model as it is stored, a member of the caller, the clock.
    Stored(HoleSource),
}

/// What is made of the rows of an own field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    One,
    List,
}

impl<'a> Planner<'a> {
    /// A root field of the project's own API.
    pub(super) fn own_root(
        &mut self,
        merged: &Merged<'a>,
        definition: &'a FieldDefinition,
        bound: &'a Bound,
    ) -> Refusable<RootValue> {
        let given = self.named(merged, definition);
        match bound {
            Bound::Get { rows, field: None } => {
                self.own_rows((merged, definition), (rows, &given), (Made::One, Page::One))
            }
            Bound::Get { rows, field: Some(field) } => {
                let [rows] = rows.as_slice() else { return misplaced() };
                self.own_through((merged, definition), (rows, &given), *field)
            }
            Bound::List { rows, limit, offset } => {
                let page = self.own_page(&given, limit.as_ref(), offset.as_ref());
                self.own_rows((merged, definition), (rows, &given), (Made::List, page))
            }
            Bound::Search { rows, text, fields, limit } => {
                let page = self.own_page(&given, limit.as_ref(), None);
                let mut made = self.own_rows((merged, definition), (rows, &given), (Made::List, page))?;
                self.own_search((rows, fields), (text, &given), &mut made)?;
                Ok(made)
            }
            Bound::Connection(connection) => self.own_connection_root((merged, definition), connection, &given),
            Bound::Create { of, data } => {
                let data = self.own_data(*of, data, &given)?;
                self.own_write((merged, definition), *of, |version, locale| WriteAction::Create {
                    data,
                    version,
                    locale,
                })
            }
            Bound::Update { of, by, data } => {
                let find = self.own_find(*of, by, &given)?;
                let data = self.own_data(*of, data, &given)?;
                self.own_write((merged, definition), *of, |version, locale| WriteAction::Update {
                    find,
                    data,
                    version,
                    locale,
                    or_create: false,
                })
            }
            Bound::Delete { of, by } => {
                let find = self.own_find(*of, by, &given)?;
                self.own_write((merged, definition), *of, |_, locale| WriteAction::Delete {
                    find,
                    locale,
                    must_exist: false,
                })
            }
            Bound::Shared
            | Bound::Field(_)
            | Bound::System(_)
            | Bound::Unit(_)
            | Bound::Part(_)
            | Bound::Changes { .. } => misplaced(),
        }
    }

    /// A field of a row that the project's own API computes.
    pub(super) fn own_value(
        &mut self,
        merged: &Merged<'a>,
        definition: &'a FieldDefinition,
        (bound, level): (&'a Bound, &Level),
    ) -> Refusable<RowValue> {
        let given = self.named(merged, definition);
        match bound {
            Bound::Unit(unit) => Ok(RowValue::Derived(scaled(unit, &given)?)),
            Bound::Connection(connection) => self.own_connection((merged, definition), connection, (&given, level)),
            Bound::Shared
            | Bound::Field(_)
            | Bound::System(_)
            | Bound::Get { .. }
            | Bound::List { .. }
            | Bound::Search { .. }
            | Bound::Part(_)
            | Bound::Create { .. }
            | Bound::Update { .. }
            | Bound::Delete { .. }
            | Bound::Changes { .. } => misplaced(),
        }
    }

    /// The arguments of a field by name, with defaults; what has neither is not there.
    fn named(&self, merged: &Merged<'a>, definition: &'a FieldDefinition) -> Arguments<'a> {
        let mut arguments = Vec::new();
        for (name, input) in &definition.arguments {
            let given = merged.field.arguments.iter().find(|(given, _)| given == name).map(|(_, given)| given);
            let view = given.and_then(|given| View::of(given, self.variables));
            let view = view.or_else(|| input.default.as_ref().map(View::literal));
            arguments.extend(view.map(|view| (name.as_str(), view)));
        }
        arguments
    }

    /// The version of a root's rows: published, in the default locale.
    fn own_level(&self, of: TypeId) -> Level {
        let asked = Asked { status: plan::Status::Published, locale: Locale::Default, publication: None };
        Level { owner: Owner::Row(of), version: self.root_version(of, &asked), asked }
    }

    /// The object type by which a field shows rows of a content type.
    pub(super) fn shown_as(&self, of: TypeId, shown: &'a str) -> Option<&'a str> {
        let definitions = self.definitions;
        let stands = |name: &&str| definitions.stands(name) == Some(Stands::Row(of));
        definitions.members(shown).into_iter().find(stands)
    }

    /// Rows of one content type, or of several.
    fn own_rows(
        &mut self,
        (merged, definition): (&Merged<'a>, &'a FieldDefinition),
        (rows, given): (&'a [OwnRows], &Arguments<'a>),
        (made, page): (Made, Page),
    ) -> Refusable<RootValue> {
        let shown = definition.of.name();
        let non_null = definition.of.item().is_some_and(TypeRef::is_non_null);
        if let [only] = rows {
            let Some(object) = self.shown_as(only.of, shown) else { return misplaced() };
            let level = self.own_level(only.of);
            let (filter, sort) = self.asked_of(only, given, &level)?;
            let row = Row { non_null, object: self.object(merged, object, &level) };
            let shape = if made == Made::One { Shape::One(row) } else { Shape::List(row) };
            return Ok(RootValue::Select(Box::new(select(
                From::Type,
                only.of,
                (level.version, filter, sort),
                (page, shape),
            ))));
        }
        let arms = self.arms(rows, given, None)?;
        let linked = self.linked(merged, (shown, non_null), (&arms, None));
        let shape = if made == Made::One { SwitchShape::One(linked) } else { SwitchShape::List(linked) };
        Ok(RootValue::Switch(Box::new(Switch { from: SwitchFrom::Types, page, arms, shape })))
    }

    /// An arm for each content type that is asked.
    pub(super) fn arms(
        &mut self,
        rows: &'a [OwnRows],
        given: &Arguments<'a>,
        above: Option<&Level>,
    ) -> Refusable<Vec<SwitchArm>> {
        let mut arms = Vec::new();
        for asked in rows {
            let mut level = self.own_level(asked.of);
            if let Some(above) = above {
                level = Level { version: self.version_below(asked.of, above), asked: above.asked.clone(), ..level };
            }
            let (filter, sort) = self.asked_of(asked, given, &level)?;
            arms.push(SwitchArm { of: asked.of, version: level.version, filter, sort });
        }
        Ok(arms)
    }

    /// What is shown of the rows that links lead to.
    pub(super) fn linked(
        &mut self,
        merged: &Merged<'a>,
        (shown, non_null): (&'a str, bool),
        (arms, above): (&[SwitchArm], Option<&Level>),
    ) -> Linked {
        let mut rows = Vec::new();
        for arm in arms {
            let Some(object) = self.shown_as(arm.of, shown) else { continue };
            let mut level = Level { version: arm.version.clone(), ..self.own_level(arm.of) };
            if let Some(above) = above {
                level.asked = above.asked.clone();
            }
            rows.push((arm.of, Row { non_null, object: self.object(merged, object, &level) }));
        }
        Linked { rows }
    }

    /// The filter and the order that a mapping asks of one content type.
    pub(super) fn asked_of(
        &mut self,
        rows: &'a OwnRows,
        given: &Arguments<'a>,
        level: &Level,
    ) -> Refusable<(Filter, Vec<SortKey>)> {
        let filter = self.own_condition(&rows.condition, given, level)?.unwrap_or(Filter::All);
        let sort = rows.sort.iter().map(|key| self.own_sort(key, level)).collect::<Refusable<Vec<SortKey>>>()?;
        Ok((filter, sort))
    }

    fn own_sort(&self, key: &OwnSort, level: &Level) -> Refusable<SortKey> {
        let path = self.own_path(&key.path, key.column, level)?;
        let (direction, nulls) =
            if key.descending { (Direction::Descending, Nulls::First) } else { (Direction::Ascending, Nulls::Last) };
        Ok(SortKey { path, direction, nulls })
    }

    fn own_path(&self, steps: &[FieldId], column: ColumnName, level: &Level) -> Refusable<SortPath> {
        let Some((field, rest)) = steps.split_first() else { return Ok(SortPath::Column(Column::from(column))) };
        let Some((target, version)) = self.target(level, *field, None) else { return misplaced() };
        let below = Level { owner: Owner::Row(target), version: version.clone(), asked: level.asked.clone() };
        let then = Box::new(self.own_path(rest, column, &below)?);
        Ok(SortPath::Relation { field: *field, version, filter: Box::new(Filter::All), then })
    }

    /// The answer is a to-one relation of the row that is found.
    fn own_through(
        &mut self,
        (merged, definition): (&Merged<'a>, &'a FieldDefinition),
        (rows, given): (&'a OwnRows, &Arguments<'a>),
        field: FieldId,
    ) -> Refusable<RootValue> {
        let level = self.own_level(rows.of);
        let (filter, sort) = self.asked_of(rows, given, &level)?;
        let Some(relation) = self.field_of(level.owner, field).relation() else { return misplaced() };
        let value = match relation.target {
            Target::Type(_) => {
                let shape = (field, RowsShape::One, PageRule::None);
                RowValue::Select(Box::new(self.relation(merged, definition, shape, &level)?))
            }
            Target::Group(_) => {
                RowValue::Switch(Box::new(self.switch(merged, definition, (field, PageRule::None), &level)?))
            }
        };
        let entry = Entry { key: merged.field.key.clone(), non_null: false, name: merged.field.name.clone(), value };
        let shape = Shape::One(Row { non_null: false, object: Object { entries: vec![entry] } });
        let found = select(From::Type, rows.of, (level.version, filter, sort), (Page::One, shape));
        Ok(RootValue::Through(Box::new(found)))
    }

    fn own_page(&mut self, given: &Arguments<'a>, limit: Option<&'a Term>, offset: Option<&'a Term>) -> Page {
        let within = Transform::Within(0, i64::from(i32::MAX));
        let limit = self.own_number(given, limit, (ValueKind::Int, within));
        let start = self.own_number(given, offset, (ValueKind::Int, within));
        if limit.is_none() && start.is_none() { Page::All } else { Page::Offset { start, limit } }
    }

    /// A bound of a page; none where it is absent or null.
    pub(super) fn own_number(
        &mut self,
        given: &Arguments<'a>,
        term: Option<&'a Term>,
        (kind, transform): (ValueKind, Transform),
    ) -> Option<HoleId> {
        match met(term?, given) {
            Met::Absent | Met::Null => None,
            Met::View(view) => Some(self.hole(view.hole_source(), kind, false, transform)),
            Met::Stored(source) => Some(self.hole(source, kind, false, transform)),
        }
    }

    /// Adds to what was asked that one of the fields contains the text.
    fn own_search(
        &mut self,
        (rows, fields): (&'a [OwnRows], &'a [Vec<FieldId>]),
        (text, given): (&'a Term, &Arguments<'a>),
        made: &mut RootValue,
    ) -> Refusable<()> {
        let looked_for = self.own_number(given, Some(text), (ValueKind::Text, Transform::EmptyIsNull));
        let contains = |fields: &[FieldId]| match looked_for {
            None => Filter::Nothing,
            Some(hole) => Filter::any_of(fields.iter().map(|field| {
                let (column, value) = (Column::Field(*field), Operand::Hole(hole));
                Filter::Compare(Comparison { column, operator: Operator::ContainsFold, value })
            })),
        };
        let of = |wanted: TypeId| rows.iter().position(|rows| rows.of == wanted).map(|index| contains(&fields[index]));
        let add = |filter: &mut Filter, wanted: TypeId| {
            let more = of(wanted).unwrap_or(Filter::Nothing);
            *filter = std::mem::replace(filter, Filter::All).and(more);
        };
        match made {
            RootValue::Select(select) => add(&mut select.filter, select.of),
            RootValue::Switch(switch) => switch.arms.iter_mut().for_each(|arm| add(&mut arm.filter, arm.of)),
            RootValue::Constant(_)
            | RootValue::Through(_)
            | RootValue::Own(_)
            | RootValue::Write(_)
            | RootValue::Command(_)
            | RootValue::Shaped(_)
            | RootValue::Refused(_) => return misplaced(),
        }
        Ok(())
    }

    /// A condition of the model with the arguments of the request; none where all that it says is dropped.
    fn own_condition(
        &mut self,
        condition: &'a Condition,
        given: &Arguments<'a>,
        level: &Level,
    ) -> Refusable<Option<Filter>> {
        self.conditions += 1;
        match condition {
            Condition::And(list) => {
                let filters = self.own_conditions(list, given, level)?;
                Ok((list.is_empty() || !filters.is_empty()).then(|| Filter::all_of(filters)))
            }
            Condition::Or(list) => {
                let filters = self.own_conditions(list, given, level)?;
                Ok((list.is_empty() || !filters.is_empty()).then(|| Filter::any_of(filters)))
            }
            Condition::Not(inner) => Ok(self.own_condition(inner, given, level)?.map(Filter::negated)),
            Condition::Null { column, is_null } => {
                Ok(Some(Filter::Null { column: Column::from(*column), is_null: *is_null }))
            }
            Condition::Compare { column, operator, value } => {
                self.own_comparison((Column::from(*column), *operator), value, given, level.owner)
            }
            Condition::Some { field, condition } => self.own_some(*field, condition, given, level),
        }
    }

    fn own_conditions(
        &mut self,
        list: &'a [Condition],
        given: &Arguments<'a>,
        level: &Level,
    ) -> Refusable<Vec<Filter>> {
        let mut filters = Vec::new();
        for condition in list {
            filters.extend(self.own_condition(condition, given, level)?);
        }
        Ok(filters)
    }

    fn own_comparison(
        &mut self,
        (column, operator): (Column, Operator),
        value: &'a Term,
        given: &Arguments<'a>,
        owner: Owner,
    ) -> Refusable<Option<Filter>> {
        let list = matches!(operator, Operator::In | Operator::NotIn | Operator::Between);
        let is_optional = matches!(value, Term::Argument { optional: true, .. });
        let hole = match met(value, given) {
            Met::Absent | Met::Null if is_optional => return Ok(None),
            Met::Absent | Met::Null => return Ok(Some(Filter::null_compared(column, operator))),
            Met::View(view) => {
                let Some(kind) = self.word_kind(owner, column) else { return misplaced() };
                self.hole(view.hole_source(), kind, list, of_key(column))
            }
            Met::Stored(source) => {
                let Some(kind) = self.kind_of(owner, column) else { return misplaced() };
                self.hole(source, kind, list, Transform::Keep)
            }
        };
        Ok(Some(Filter::Compare(Comparison { column, operator, value: Operand::Hole(hole) })))
    }

    /// The kind of a value that comes in the words of the API: words of enums, not their stored text.
    fn word_kind(&self, owner: Owner, column: Column) -> Option<ValueKind> {
        if let Column::Field(field) = column
            && let FieldKind::Enum { of, .. } = self.field_of(owner, field).kind
        {
            return Some(ValueKind::Word(of));
        }
        self.kind_of(owner, column)
    }

    fn own_some(
        &mut self,
        field: FieldId,
        condition: &'a Condition,
        given: &Arguments<'a>,
        level: &Level,
    ) -> Refusable<Option<Filter>> {
        let (Owner::Row(row) | Owner::Element(row, _)) = level.owner;
        if let FieldKind::Component { of, .. } = self.field_of(level.owner, field).kind {
            let below = Level { owner: Owner::Element(row, of), ..level.clone() };
            let inner = self.own_condition(condition, given, &below)?;
            return Ok(inner.map(|filter| Filter::Element { field, component: of, filter: Box::new(filter) }));
        }
        let Some((target, version)) = self.target(level, field, None) else { return misplaced() };
        let below = Level { owner: Owner::Row(target), version: version.clone(), asked: level.asked.clone() };
        let inner = self.own_condition(condition, given, &below)?;
        Ok(inner.map(|filter| Filter::Some { field, version, filter: Box::new(filter) }))
    }

    fn own_write(
        &mut self,
        (merged, definition): (&Merged<'a>, &'a FieldDefinition),
        of: TypeId,
        action: impl FnOnce(plan::WriteVersion, Locale) -> WriteAction,
    ) -> Refusable<RootValue> {
        let Some(object) = self.shown_as(of, definition.of.name()) else { return misplaced() };
        let mut level = self.own_level(of);
        let version = self.write_version(of, &mut level.asked, PublishedAt::Unsaid);
        let locale = if self.model.content_type(of).localized { Locale::Default } else { Locale::Only };
        let answer = Answer::Row(Box::new(self.written(merged, object, &level)));
        let action = action(version, locale);
        Ok(RootValue::Write(Box::new(Write { of, action, answer, rules: RowRules::default() })))
    }

    /// The document that a mapping names.
    fn own_find(&mut self, of: TypeId, by: &'a Condition, given: &Arguments<'a>) -> Refusable<Find> {
        let mut unique = Vec::new();
        for condition in flat(by) {
            let (column, hole) = match condition {
                Condition::Null { column, .. } => (*column, None),
                Condition::Compare { column, value, .. } => {
                    (*column, self.own_find_value(of, Column::from(*column), value, given)?)
                }
                Condition::And(_) | Condition::Or(_) | Condition::Not(_) | Condition::Some { .. } => {
                    return misplaced();
                }
            };
            match (Column::from(column), hole) {
                (Column::Field(field), hole) => unique.push((field, hole)),
                (column, Some(hole)) if column == DOCUMENT_ID => return Ok(Find::DocumentId(hole)),
                (Column::System(SystemColumn::Key), Some(hole)) => return Ok(Find::Key(hole)),
                (Column::System(_), _) => {
                    let nobody = self.hole(
                        HoleSource::Literal(serde_json::Value::Null),
                        ValueKind::Text,
                        false,
                        Transform::Keep,
                    );
                    return Ok(Find::DocumentId(nobody));
                }
            }
        }
        Ok(Find::Unique(unique))
    }

    fn own_find_value(
        &mut self,
        of: TypeId,
        column: Column,
        value: &'a Term,
        given: &Arguments<'a>,
    ) -> Refusable<Option<HoleId>> {
        let owner = Owner::Row(of);
        Ok(match met(value, given) {
            Met::Absent | Met::Null => None,
            Met::View(view) => {
                let Some(kind) = self.word_kind(owner, column) else { return misplaced() };
                Some(self.hole(view.hole_source(), kind, false, of_key(column)))
            }
            Met::Stored(source) => {
                let Some(kind) = self.kind_of(owner, column) else { return misplaced() };
                Some(self.hole(source, kind, false, Transform::Keep))
            }
        })
    }

    /// What is written, in the order of the model.
    fn own_data(&mut self, of: TypeId, data: &'a OwnData, given: &Arguments<'a>) -> Refusable<Data> {
        let mut assignments = Vec::new();
        for entry in &data.entries {
            let given = self.own_given(of, entry, given)?;
            assignments.extend(given.map(|given| Assignment { field: entry.field, given }));
        }
        assignments.sort_by_key(|assignment| assignment.field);
        Ok(Data { assignments })
    }

    fn own_given(&mut self, of: TypeId, entry: &'a OwnEntry, given: &Arguments<'a>) -> Refusable<Option<Given>> {
        let kind = &self.model.content_type(of).field(entry.field).kind;
        let is_optional = matches!(&entry.value, Term::Argument { optional: true, .. });
        let (source, is_word) = match met(&entry.value, given) {
            Met::Absent if entry.if_given => return Ok(None),
            Met::Absent | Met::Null if is_optional || entry.how != OwnWrite::Set => return Ok(None),
            Met::Absent | Met::Null => return Ok(Some(Given::Null)),
            Met::View(view) => (view.hole_source(), true),
            Met::Stored(source) => (source, false),
        };
        let (value_kind, list) = match kind {
            FieldKind::Relation(relation) => {
                let ids = self.hole(source, ValueKind::Text, relation.many, Transform::Keep);
                return Ok(Some(Given::Links(Links { ids, kind: LinkKind::Key, visible: Filter::All })));
            }
            FieldKind::Scalar { scalar, list } => (ValueKind::of_scalar(*scalar), *list),
            FieldKind::Enum { of, list } => (if is_word { ValueKind::Word(*of) } else { ValueKind::Text }, *list),
            FieldKind::Component { .. } | FieldKind::Zone { .. } => return misplaced(),
        };
        let hole = self.hole(source, value_kind, list, Transform::Keep);
        Ok(Some(match entry.how {
            OwnWrite::Set => Given::Value(hole),
            OwnWrite::Increment => Given::Increment(hole),
            OwnWrite::Append => Given::Append(hole),
        }))
    }
}

/// Conditions that hold together, one by one.
fn flat(condition: &Condition) -> Vec<&Condition> {
    match condition {
        Condition::And(list) => list.iter().flat_map(flat).collect(),
        Condition::Or(_)
        | Condition::Not(_)
        | Condition::Compare { .. }
        | Condition::Null { .. }
        | Condition::Some { .. } => vec![condition],
    }
}

/// What a term is in this request.
fn met<'a>(term: &'a Term, given: &Arguments<'a>) -> Met<'a> {
    match term {
        Term::Literal(json) if json.is_null() => Met::Null,
        Term::Literal(json) => Met::Stored(HoleSource::Literal(json.clone())),
        Term::Caller(path) => Met::Stored(HoleSource::Caller(path.clone())),
        Term::Now => Met::Stored(HoleSource::Now),
        Term::Argument { path, .. } => {
            let Some((name, members)) = path.split_first() else { return Met::Absent };
            let mut view = given.iter().find(|(given, _)| given == name).map(|(_, view)| view.clone());
            for member in members {
                view = match view {
                    Some(view) if view.is_null() => return Met::Null,
                    Some(view) => view.member(member),
                    None => return Met::Absent,
                };
            }
            match view {
                None => Met::Absent,
                Some(view) if view.is_null() => Met::Null,
                Some(view) => Met::View(view),
            }
        }
    }
}

/// An id that cannot be a key is the id of no row.
fn of_key(column: Column) -> Transform {
    if column == Column::System(SystemColumn::Key) { Transform::NullIfOther } else { Transform::Keep }
}

/// The number in the unit that is asked for; without one as it is kept.
fn scaled(unit: &Unit, given: &Arguments<'_>) -> Refusable<Derived> {
    let asked = given.iter().find(|(name, _)| *name == unit.argument).and_then(|(_, view)| view.text());
    let factor = asked.and_then(|asked| unit.factors.iter().find(|(word, _)| word == asked)).map(|(_, factor)| factor);
    let digits = |text: &str| text.parse().map_err(|_| plan::Refusal { cause: Cause::Internal });
    let kept = digits(&unit.kept)?;
    let asked = factor.map_or(Ok(kept), |factor| digits(factor))?;
    Ok(Derived::Scaled(Column::Field(unit.field), Scale { asked, kept, decimals: unit.decimals }))
}

/// A select without further wishes.
pub(super) fn select(
    from: From,
    of: TypeId,
    (version, filter, sort): (Version, Filter, Vec<SortKey>),
    (page, shape): (Page, Shape),
) -> Select {
    Select { from, of, version, filter, sort, distinct: Vec::new(), page, shape }
}
