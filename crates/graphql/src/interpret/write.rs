//! Changes: which document, which fields, what the answer shows.

use model::{ComponentId, FieldId, FieldKind, TypeId};
use plan::{
    Answer, AnswerEntry, AnswerValue, Assignment, BrokenRule, Cause, Column, Comparison, Data, Element, FieldFault,
    Filter, Find, Given, HoleId, LinkKind, Links, Locale, MadeEntry, NewLocaleFault, Operand, Operator, Problem,
    RowRules, RowValue, Segment, Select, SystemColumn, Transform, ValueKind, Version, Write, WriteAction,
};
use serde_json::Value as Json;

use super::select::DOCUMENT_ID;
use super::version::{Asked, PublishedAt};
use super::view::View;
use super::{Level, Merged, Owner, Planner, Refusable, misplaced, refuse};
use crate::binding::{FieldBinding, InputBinding, ScalarRule, WrittenPart};
use crate::definition::{Definitions, Field as FieldDefinition, Input, Kind, Stands};

impl<'a> Planner<'a> {
    pub(super) fn create(
        &mut self,
        merged: &Merged<'a>,
        definition: &'a FieldDefinition,
        of: TypeId,
    ) -> Refusable<Write> {
        let arguments = self.arguments(merged, definition);
        let mut asked = self.asked(&arguments)?;
        let published_at = self.published_at(&arguments);
        let version = self.write_version(of, &mut asked, published_at);
        let data = self.data(&arguments, Owner::Row(of))?;
        let locale = self.write_locale(of, &asked);
        let answer = self.answer((merged, definition), of, &asked, None)?;
        let action = WriteAction::Create { data, version, locale };
        Ok(Write { of, action, answer, rules: RowRules::default() })
    }

    pub(super) fn update(
        &mut self,
        merged: &Merged<'a>,
        definition: &'a FieldDefinition,
        of: TypeId,
        or_create: bool,
    ) -> Refusable<Write> {
        let arguments = self.arguments(merged, definition);
        let mut asked = self.asked(&arguments)?;
        let published_at = self.published_at(&arguments);
        let version = self.write_version(of, &mut asked, published_at);
        let find = self.find(&arguments)?;
        refuse_unnamed((definition, of), (&find, &asked))?;
        let data = self.data(&arguments, Owner::Row(of))?;
        let locale = self.write_locale(of, &asked);
        let mut answer = self.answer((merged, definition), of, &asked, None)?;
        self.only_entry(&arguments, of, &mut answer);
        let action = WriteAction::Update { find, data, version, locale, or_create };
        Ok(Write { of, action, answer, rules: RowRules::default() })
    }

    pub(super) fn delete(
        &mut self,
        merged: &Merged<'a>,
        definition: &'a FieldDefinition,
        of: TypeId,
        must_exist: bool,
    ) -> Refusable<Write> {
        let arguments = self.arguments(merged, definition);
        let asked = self.asked(&arguments)?;
        let find = self.find(&arguments)?;
        let echo = match &find {
            Find::DocumentId(hole) if !must_exist => Some(*hole),
            Find::DocumentId(_)
            | Find::Key(_)
            | Find::Entry(_)
            | Find::BesideEntry(_)
            | Find::Unique(_)
            | Find::Single => None,
        };
        let mut answer = self.answer((merged, definition), of, &asked, echo)?;
        self.only_entry(&arguments, of, &mut answer);
        let action = WriteAction::Delete { find, locale: self.write_locale(of, &asked), must_exist };
        Ok(Write { of, action, answer, rules: RowRules::default() })
    }

    fn write_locale(&self, of: TypeId, asked: &Asked) -> Locale {
        if self.model.content_type(of).localized { asked.locale.clone() } else { Locale::Only }
    }

    fn find(&mut self, arguments: &[(&'a Input, View<'a>)]) -> Refusable<Find> {
        for (input, view) in arguments {
            if input.binding == InputBinding::BesideEntry {
                let hole = self.hole(view.hole_source(), ValueKind::Text, false, Transform::Keep);
                return Ok(Find::BesideEntry(hole));
            }
            if let InputBinding::Key(column) = &input.binding {
                // What is no key of this type names no document.
                let hole = self.hole(view.hole_source(), ValueKind::Text, false, Transform::Keep);
                return match column {
                    column if *column == DOCUMENT_ID => Ok(Find::DocumentId(hole)),
                    Column::System(SystemColumn::Key) => Ok(Find::Key(hole)),
                    Column::System(SystemColumn::Entry) => Ok(Find::Entry(hole)),
                    Column::System(_) | Column::Field(_) => misplaced(),
                };
            }
        }
        Ok(Find::Single)
    }

    /// What the data say about publishing.
    fn published_at(&mut self, arguments: &[(&'a Input, View<'a>)]) -> PublishedAt {
        let definitions = self.definitions;
        for (input, view) in arguments.iter().filter(|(input, _)| input.binding == InputBinding::Data) {
            let Some(inputs) = definitions.inputs(input.of.name()) else { continue };
            for (name, member) in view.members() {
                let is_it = inputs.get(name).is_some_and(|input| input.binding == InputBinding::PublishedAt);
                if is_it && member.is_null() {
                    return PublishedAt::Never;
                }
                if is_it {
                    let hole = self.hole(member.hole_source(), ValueKind::DateTime, false, Transform::Keep);
                    return PublishedAt::At(hole);
                }
            }
        }
        PublishedAt::Unsaid
    }

    fn data(&mut self, arguments: &[(&'a Input, View<'a>)], owner: Owner) -> Refusable<Data> {
        for (input, view) in arguments {
            if input.binding == InputBinding::Data && !view.is_null() {
                return self.fields(view, input.of.name(), owner).map(|(data, _)| data);
            }
        }
        Ok(Data::default())
    }

    /// The fields given in an input object, in the order of the model, and the id of the element that is meant.
    fn fields(&mut self, view: &View<'a>, input: &str, owner: Owner) -> Refusable<(Data, Option<HoleId>)> {
        let definitions = self.definitions;
        let Some(inputs) = definitions.inputs(input) else { return misplaced() };
        let (mut data, mut element) = (Data::default(), None);
        for (name, member) in view.members() {
            let Some(input) = inputs.get(name) else { continue };
            match &input.binding {
                InputBinding::Set { field, link } => {
                    let segment = Segment::Key(self.field_of(owner, *field).name.clone());
                    let given =
                        self.inside(segment, |planner| planner.given(&member, input, (owner, *field), *link))?;
                    data.assignments.push(Assignment { field: *field, given });
                }
                InputBinding::SetUnlessNull(field) if !member.is_null() => {
                    let segment = Segment::Key(self.field_of(owner, *field).name.clone());
                    let told = (owner, *field);
                    let given = self.inside(segment, |planner| planner.given(&member, input, told, LinkKind::Key))?;
                    data.assignments.push(Assignment { field: *field, given });
                }
                InputBinding::ElementId if !member.is_null() => {
                    element = Some(self.hole(member.hole_source(), ValueKind::Int, false, Transform::Keep));
                }
                InputBinding::ElementId
                | InputBinding::SetUnlessNull(_)
                | InputBinding::Ignored
                | InputBinding::PublishedAt => {}
                _ => return misplaced(),
            }
        }
        data.assignments.sort_by_key(|assignment| assignment.field);
        Ok((data, element))
    }

    fn given(
        &mut self,
        view: &View<'a>,
        input: &'a Input,
        (owner, field): (Owner, FieldId),
        link: LinkKind,
    ) -> Refusable<Given> {
        let kind = &self.field_of(owner, field).kind;
        Ok(match kind {
            FieldKind::Relation(relation) => {
                // An emptied relation is a null, and an empty list says the same.
                if view.is_null() {
                    return Ok(Given::Null);
                }
                let ids = self.hole(view.hole_source(), ValueKind::Text, relation.many, Transform::Keep);
                Given::Links(Links { ids, kind: link, visible: Filter::All })
            }
            _ if view.is_null() => Given::Null,
            FieldKind::Component { of, .. } => {
                let mut elements = Vec::new();
                for (index, item) in view.items().into_iter().enumerate() {
                    let element = self.inside(Segment::Index(index), |planner| {
                        planner.never_null(&item)?;
                        planner.element(&item, *of, input.of.name(), owner)
                    });
                    elements.push(element?);
                }
                Given::Elements(elements)
            }
            FieldKind::Zone { .. } => Given::Elements(self.zone(view, input, owner)?),
            FieldKind::Scalar { .. } | FieldKind::Enum { .. } => {
                let (kind, list) = value_kind(kind);
                Given::Value(self.hole(view.hole_source(), kind, list, Transform::Keep))
            }
        })
    }

    fn inside<T>(&mut self, segment: Segment, body: impl FnOnce(&mut Self) -> T) -> T {
        self.data_path.push(segment);
        let made = body(self);
        self.data_path.pop();
        made
    }

    /// A list of elements holds no nulls.
    fn never_null(&self, view: &View<'a>) -> Refusable<()> {
        if !view.is_null() {
            return Ok(());
        }
        let fault = FieldFault { path: self.data_path.clone(), rule: BrokenRule::Null, value: Some(Json::Null) };
        refuse(Cause::Rules(vec![fault]))
    }

    fn element(&mut self, view: &View<'a>, component: ComponentId, input: &str, owner: Owner) -> Refusable<Element> {
        let (Owner::Row(row) | Owner::Element(row, _)) = owner;
        let (data, id) = self.fields(view, input, Owner::Element(row, component))?;
        Ok(Element { component, id, data })
    }

    fn zone(&mut self, view: &View<'a>, input: &'a Input, owner: Owner) -> Refusable<Vec<Element>> {
        let definitions: &'a Definitions = self.definitions;
        let Some(Kind::Scalar(ScalarRule::Element(members))) = definitions.get(input.of.name()).map(|of| &of.kind)
        else {
            return misplaced();
        };
        let mut elements = Vec::new();
        for (index, item) in view.items().into_iter().enumerate() {
            let name = item.member("__typename").and_then(|name| name.text());
            let Some(member) = members.iter().find(|member| Some(member.name.as_str()) == name) else { continue };
            let element = self.inside(Segment::Index(index), |planner| {
                planner.element(&item, member.component, &member.input, owner)
            });
            elements.push(element?);
        }
        Ok(elements)
    }

    pub(super) fn answer(
        &mut self,
        (merged, definition): (&Merged<'a>, &'a FieldDefinition),
        of: TypeId,
        asked: &Asked,
        echo: Option<HoleId>,
    ) -> Refusable<Answer> {
        let object = definition.of.name();
        let version = self.written_version(of, asked);
        let level = Level { owner: Owner::Row(of), version, asked: self.handed_down(asked) };
        match self.definitions.stands(object) {
            Some(Stands::Row(_)) => Ok(Answer::Row(Box::new(self.written(merged, object, &level)))),
            Some(Stands::Around) => Ok(Answer::Wrap(self.answer_entries(merged, object, &level, echo)?)),
            Some(Stands::Element(_)) | None => misplaced(),
        }
    }

    /// The answer to a change of an entry shows the row of that number, in whichever locale it is.
    fn only_entry(&mut self, arguments: &[(&'a Input, View<'a>)], of: TypeId, answer: &mut Answer) {
        let column = Column::System(SystemColumn::Entry);
        let named = arguments.iter().find(|(input, _)| input.binding == InputBinding::Key(column));
        let (Some((_, view)), Some(kind)) = (named, self.kind_of(Owner::Row(of), column)) else { return };
        let hole = self.hole(view.hole_source(), kind, false, Transform::NullIfOther);
        let value = Operand::Hole(hole);
        let filter = Filter::Compare(Comparison { column, operator: Operator::Eq, value });
        for select in answer.selects_mut() {
            select.version.locale = Locale::All;
            select.filter = filter.clone();
        }
    }

    fn written_version(&self, of: TypeId, asked: &Asked) -> Version {
        Version { publication: None, ..self.root_version(of, asked) }
    }

    fn answer_entries(
        &mut self,
        merged: &Merged<'a>,
        object: &str,
        level: &Level,
        echo: Option<HoleId>,
    ) -> Refusable<Vec<AnswerEntry>> {
        let mut entries = Vec::new();
        for (key, inner) in self.merged(object, &merged.selections) {
            let value = match self.definition(object, &inner) {
                None => AnswerValue::Constant(Json::String(object.to_owned()).to_string()),
                Some(definition) => match &definition.binding {
                    FieldBinding::Written(WrittenPart::DocumentId) => {
                        echo.map_or(AnswerValue::DocumentId, AnswerValue::Echo)
                    }
                    FieldBinding::Written(WrittenPart::Affected) => AnswerValue::Affected,
                    FieldBinding::Written(WrittenPart::Rows) | FieldBinding::Nodes => {
                        AnswerValue::Row(Box::new(self.written(&inner, definition.of.name(), level)))
                    }
                    FieldBinding::Written(WrittenPart::RowAlone) => {
                        AnswerValue::Row(Box::new(alone(self.written(&inner, definition.of.name(), level))))
                    }
                    FieldBinding::Made(name) if self.definitions.stands(definition.of.name()).is_some() => {
                        AnswerValue::MadeList(name, self.made_entries(&inner, definition.of.name())?)
                    }
                    FieldBinding::Made(name) => AnswerValue::Made(name),
                    FieldBinding::Constant(json) => AnswerValue::Constant(json.clone()),
                    FieldBinding::Wrap => {
                        AnswerValue::Wrap(self.answer_entries(&inner, definition.of.name(), level, echo)?)
                    }
                    _ => return misplaced(),
                },
            };
            entries.push(AnswerEntry { key: key.to_owned(), value });
        }
        Ok(entries)
    }
}

impl<'a> Planner<'a> {
    /// What is shown of each object of a list that a command has made.
    fn made_entries(&self, merged: &Merged<'a>, object: &str) -> Refusable<Vec<MadeEntry>> {
        let mut entries = Vec::new();
        for (key, inner) in self.merged(object, &merged.selections) {
            let (member, constant) = match self.definition(object, &inner).map(|definition| &definition.binding) {
                None => (None, Json::String(object.to_owned()).to_string()),
                Some(FieldBinding::Made(member)) => (Some(*member), String::new()),
                Some(FieldBinding::Constant(json)) => (None, json.clone()),
                Some(_) => return misplaced(),
            };
            entries.push(MadeEntry { key: key.to_owned(), member, constant });
        }
        Ok(entries)
    }
}

/// The row without what it leads to.
fn alone(mut select: Select) -> Select {
    for row in select.rows_mut() {
        for entry in &mut row.object.entries {
            match entry.value {
                RowValue::Select(_) | RowValue::Switch(_) => entry.value = RowValue::Constant(Json::Null.to_string()),
                RowValue::Constant(_)
                | RowValue::Column(..)
                | RowValue::ElementId
                | RowValue::Wrap(_)
                | RowValue::Component(_)
                | RowValue::Derived(_)
                | RowValue::Cursor
                | RowValue::Linked(_)
                | RowValue::Refused(_) => {}
            }
        }
    }
    select
}

/// A new locale needs its name and the entry that it stands beside.
fn refuse_unnamed((definition, of): (&FieldDefinition, TypeId), (find, asked): (&Find, &Asked)) -> Refusable<()> {
    if !definition.arguments.values().any(|input| input.binding == InputBinding::BesideEntry) {
        return Ok(());
    }
    match (&asked.locale, find) {
        (Locale::Named(_), Find::BesideEntry(_)) => Ok(()),
        (Locale::Named(_), _) => refuse(Cause::NotFound(Some(of))),
        (Locale::All | Locale::Only | Locale::Default | Locale::Inherited, _) => {
            refuse(Cause::Invalid { problem: Problem::NewLocale(NewLocaleFault::Missing) })
        }
    }
}

/// The kind of a value that is written, and whether it is a list of it. Words of enums are kept as their stored text.
fn value_kind(kind: &FieldKind) -> (ValueKind, bool) {
    match kind {
        FieldKind::Scalar { scalar, list } => (ValueKind::of_scalar(*scalar), *list),
        FieldKind::Enum { of, list } => (ValueKind::Word(*of), *list),
        FieldKind::Relation(_) | FieldKind::Component { .. } | FieldKind::Zone { .. } => (ValueKind::Text, false),
    }
}
