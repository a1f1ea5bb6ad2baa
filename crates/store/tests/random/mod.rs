//! Draws plans: any select that a model allows, from one number.

mod values;

use model::{ComponentId, Field, FieldId, FieldKind, Model, Operator, Relation, SystemColumn, Target, TypeId};
use plan::{
    Aggregate, Arm, Column, Comparison, ComponentSelect, Direction, Entry, Filter, Form, From, Function, Hole, HoleId,
    HoleSource, Linked, Locale, Nulls, Object, Operand, Page, Part, PartEntry, PublicationFilter, Row, RowValue,
    Select, Shape, SortKey, SortPath, Status, Switch, SwitchArm, SwitchFrom, SwitchShape, Transform, ValueKind,
    Version, Within,
};
use serde_json::Value as Json;

/// Draws one plan.
pub struct Draw<'m> {
    model: &'m Model,
    state: u64,
    /// The holes that it has made so far, each with a value of its own.
    pub holes: Vec<Hole>,
}

/// Levels below the root.
const DEPTH: u32 = 3;

impl<'m> Draw<'m> {
    pub fn new(model: &'m Model, number: u64) -> Draw<'m> {
        let mut draw =
            Draw { model, state: number.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x9e37_79b9, holes: Vec::new() };
        draw.below(2);
        draw
    }

    /// A number below a bound. Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators".
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    fn is(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        let index = self.below(of.len());
        of[index].clone()
    }

    fn hole(&mut self, kind: ValueKind, value: Json) -> HoleId {
        let list = value.is_array() && kind != ValueKind::Json;
        let hole =
            Hole { source: HoleSource::Literal(value), kind, list, transform: Transform::Keep, path: Vec::new() };
        self.holes.push(hole);
        HoleId(u32::try_from(self.holes.len()).unwrap() - 1)
    }

    fn number(&mut self, bound: usize) -> HoleId {
        let number = self.below(bound);
        self.hole(ValueKind::Int, number.into())
    }

    /// A select over any content type.
    pub fn root(&mut self) -> Select {
        let of = TypeId(u16::try_from(self.below(self.model.types.len())).unwrap());
        let version = self.version(of, false);
        self.select(of, (From::Type, version), true, DEPTH)
    }

    fn version(&mut self, of: TypeId, above_has_locale: bool) -> Version {
        let content_type = self.model.content_type(of);
        let status = if content_type.draft_and_publish {
            self.one(&[Status::Published, Status::Draft, Status::Either])
        } else {
            Status::Only
        };
        let mut locales = vec![Locale::Default, Locale::Named("fr".to_owned()), Locale::All];
        if above_has_locale {
            locales = vec![Locale::Inherited, Locale::Default];
        }
        let locale = if content_type.localized { self.one(&locales) } else { Locale::Only };
        let publication = content_type.draft_and_publish && self.is(4);
        let publication = publication.then(|| {
            self.one(&[
                PublicationFilter::NeverPublished,
                PublicationFilter::HasPublished,
                PublicationFilter::Modified,
                PublicationFilter::Unmodified,
                PublicationFilter::NeverPublishedDocument,
                PublicationFilter::HasPublishedDocument,
                PublicationFilter::PublishedWithoutDraft,
                PublicationFilter::PublishedWithDraft,
            ])
        });
        Version { status, locale, publication }
    }

    fn select(&mut self, of: TypeId, (from, version): (From, Version), many: bool, depth: u32) -> Select {
        let filter = if self.is(2) { self.filter(of, 2) } else { Filter::All };
        let sort: Vec<SortKey> = (0..self.below(3)).map(|_| self.sort_key(of)).collect();
        let distinct = match sort.first() {
            Some(SortKey { path: SortPath::Column(column), .. }) if many && self.is(4) => vec![*column],
            Some(_) | None => Vec::new(),
        };
        let page = if many { self.page() } else { Page::One };
        let shape = match self.below(3) {
            _ if !many => Shape::One(self.row(of, depth)),
            0 => Shape::Parts(self.parts(of, depth)),
            _ => Shape::List(self.row(of, depth)),
        };
        Select { from, of, version, filter, sort, distinct, page, shape }
    }

    fn page(&mut self) -> Page {
        match self.below(4) {
            0 => Page::All,
            1 => Page::Numbered { number: self.hole(ValueKind::Int, 2.into()), size: self.number(4) },
            2 => Page::Offset { start: Some(self.number(3)), limit: None },
            _ => Page::Offset { start: None, limit: Some(self.number(6)) },
        }
    }

    fn row(&mut self, of: TypeId, depth: u32) -> Row {
        let mut entries = vec![entry("key", RowValue::Column(Column::System(SystemColumn::Key), Form::Plain))];
        let fields: Vec<(FieldId, &Field)> = self.model.content_type(of).fields_by_id().collect();
        for (id, field) in fields.into_iter().filter(|(_, field)| !field.is_hidden()) {
            if self.is(3) {
                entries.extend(self.field_value(of, None, (id, field), depth).map(|value| entry(&field.name, value)));
            }
        }
        Row { non_null: self.is(4), object: Object { entries } }
    }

    /// A field of a row, or a member of an element inside it.
    fn field_value(
        &mut self,
        of: TypeId,
        inside: Option<ComponentId>,
        (id, field): (FieldId, &'m Field),
        depth: u32,
    ) -> Option<RowValue> {
        match &field.kind {
            FieldKind::Scalar { .. } => {
                let form = self.one(&[Form::Plain, Form::Postgres, Form::Plain]);
                Some(RowValue::Column(Column::Field(id), form))
            }
            FieldKind::Enum { of, .. } => Some(RowValue::Column(Column::Field(id), Form::Word(*of))),
            FieldKind::Component { .. } | FieldKind::Zone { .. } => {
                Some(RowValue::Component(Box::new(self.component(of, (id, field), depth))))
            }
            FieldKind::Relation(_) if depth == 0 => None,
            FieldKind::Relation(relation) => match (relation.target, inside) {
                (Target::Type(target), _) => {
                    let version = self.version(target, self.model.content_type(of).localized);
                    let from =
                        inside.map_or(From::Relation(of, id), |component| From::ElementRelation(of, component, id));
                    let select = self.select(target, (from, version), relation.many, depth - 1);
                    Some(RowValue::Select(Box::new(select)))
                }
                (Target::Group(_), Some(_)) => None,
                (Target::Group(_), None) => Some(RowValue::Switch(Box::new(self.switch((of, id), relation, depth)))),
            },
        }
    }

    fn component(&mut self, of: TypeId, (id, field): (FieldId, &'m Field), depth: u32) -> ComponentSelect {
        let (members, many) = match &field.kind {
            FieldKind::Component { of, repeatable } => (vec![*of], *repeatable),
            FieldKind::Zone { of } => (self.model.zone(*of).members.clone(), true),
            FieldKind::Scalar { .. } | FieldKind::Enum { .. } | FieldKind::Relation(_) => (Vec::new(), false),
        };
        let page = if many && self.is(3) { self.page() } else { Page::All };
        let mut arms = Vec::new();
        for component in members {
            let mut entries = vec![entry("element", RowValue::ElementId)];
            let fields: Vec<(FieldId, &Field)> = self.model.component(component).fields_by_id().collect();
            for member in fields.into_iter().filter(|(_, member)| !member.is_hidden()) {
                let value = self.field_value(of, Some(component), member, depth);
                entries.extend(value.map(|value| entry(&member.1.name, value)));
            }
            arms.push(Arm { component, row: Row { non_null: false, object: Object { entries } } });
        }
        ComponentSelect { field: id, many, filter: Filter::All, sort: Vec::new(), page, arms }
    }

    fn switch(&mut self, (owner, field): (TypeId, FieldId), relation: &Relation, depth: u32) -> Switch {
        let Target::Group(group) = relation.target else { unreachable!("a switch is over a group") };
        let page = if relation.many { self.page() } else { Page::One };
        let members = self.model.group(group).members.clone();
        let localized = self.model.content_type(owner).localized;
        let arms = members.into_iter().map(|of| {
            let version = self.version(of, localized);
            let filter = if self.is(3) { self.filter(of, 1) } else { Filter::All };
            (SwitchArm { of, version, filter, sort: Vec::new() }, (of, self.row(of, depth - 1)))
        });
        let (arms, rows) = arms.unzip();
        let linked = Linked { rows };
        let shape = if relation.many { SwitchShape::List(linked) } else { SwitchShape::One(linked) };
        Switch { from: SwitchFrom::Relation(owner, field), page, arms, shape }
    }

    fn parts(&mut self, of: TypeId, depth: u32) -> Vec<PartEntry> {
        let mut entries = vec![part("total", Part::Total), part("pages", Part::PageCount)];
        if self.is(2) {
            entries.insert(self.below(2), part("rows", Part::Rows(self.row(of, depth))));
        }
        for number in 0..self.below(4) {
            let (column, kind) = self.plain_column(of);
            let is_number = matches!(kind, ValueKind::Int | ValueKind::Float | ValueKind::Decimal);
            let is_ordered = !matches!(kind, ValueKind::Json | ValueKind::Boolean | ValueKind::Word(_));
            let function = match self.below(6) {
                0 if is_number => Function::Sum,
                1 if is_number => Function::Average,
                2 if is_number => Function::VarianceSample,
                3 if is_ordered => Function::Max,
                4 if is_ordered => Function::Min,
                _ => Function::Count,
            };
            let columns = if kind == ValueKind::Json { Vec::new() } else { vec![column] };
            let within = self.one(&[Within::Filter, Within::Page]);
            let aggregate = Aggregate { function, columns, distinct: self.is(4), within, form: Form::Plain };
            let aggregate = Aggregate { distinct: aggregate.distinct && !aggregate.columns.is_empty(), ..aggregate };
            entries.push(part(&format!("a{number}"), Part::Aggregate(aggregate)));
        }
        entries
    }

    fn sort_key(&mut self, of: TypeId) -> SortKey {
        let related = self.relation(of).filter(|_| self.is(3));
        let component = self.elements(of).filter(|_| self.is(4));
        let inside = component.and_then(|(field, component)| {
            let is_zone = matches!(self.model.content_type(of).field(field).kind, FieldKind::Zone { .. });
            let (member, _) = self.member(component).filter(|_| !is_zone)?;
            Some(SortPath::Component { field, then: Box::new(SortPath::Column(Column::Field(member))) })
        });
        let path = match related {
            _ if inside.is_some() => inside.unwrap(),
            Some((field, target)) => {
                let version = self.version(target, self.model.content_type(of).localized);
                let then = Box::new(SortPath::Column(self.sortable(target)));
                SortPath::Relation { field, version, filter: Box::new(Filter::All), then }
            }
            None => SortPath::Column(self.sortable(of)),
        };
        let direction = self.one(&[Direction::Ascending, Direction::Descending]);
        SortKey { path, direction, nulls: self.one(&[Nulls::First, Nulls::Last]) }
    }

    fn sortable(&mut self, of: TypeId) -> Column {
        match self.plain_column(of) {
            (_, ValueKind::Json) => Column::System(SystemColumn::DocumentId),
            (column, _) => column,
        }
    }

    /// A column that holds one value, and its kind.
    fn plain_column(&mut self, of: TypeId) -> (Column, ValueKind) {
        let fields = self.model.content_type(of).fields_by_id().filter(|(_, field)| !field.is_hidden());
        let mut columns: Vec<(Column, ValueKind)> = fields
            .filter_map(|(id, field)| ValueKind::of_field(&field.kind).map(|kind| (Column::Field(id), kind)))
            .collect();
        columns.push((Column::System(SystemColumn::DocumentId), ValueKind::Text));
        columns.push((Column::System(SystemColumn::CreatedAt), ValueKind::DateTime));
        self.one(&columns)
    }

    fn relation(&mut self, of: TypeId) -> Option<(FieldId, TypeId)> {
        let relations = self.model.content_type(of).fields_by_id().filter(|(_, field)| !field.is_hidden());
        let relations: Vec<(FieldId, TypeId)> = relations
            .filter_map(|(id, field)| match field.relation()?.target {
                Target::Type(target) => Some((id, target)),
                Target::Group(_) => None,
            })
            .collect();
        (!relations.is_empty()).then(|| self.one(&relations))
    }

    fn filter(&mut self, of: TypeId, depth: u32) -> Filter {
        match self.below(8) {
            5 => match self.elements(of) {
                Some((field, component)) => self.element(field, component),
                None => self.compare(of),
            },
            0 if depth > 0 => {
                let list: Vec<Filter> = (0..2).map(|_| self.filter(of, depth - 1)).collect();
                if self.is(2) { Filter::all_of(list) } else { Filter::any_of(list) }
            }
            1 if depth > 0 => self.filter(of, depth - 1).negated(),
            2 | 3 if depth > 0 => match self.relation(of) {
                Some((field, target)) => self.through(of, (field, target), depth),
                None => self.compare(of),
            },
            4 if depth > 0 && self.model.content_type(of).localized => {
                let is_below = self.is(2);
                let version = self.version(of, is_below);
                Filter::OtherLocale { version, filter: Box::new(self.filter(of, depth - 1)) }
            }
            4 => Filter::Null { column: self.plain_column(of).0, is_null: self.is(2) },
            _ => self.compare(of),
        }
    }

    fn through(&mut self, of: TypeId, (field, target): (FieldId, TypeId), depth: u32) -> Filter {
        let version = self.version(target, self.model.content_type(of).localized);
        let filter = Box::new(self.filter(target, depth - 1));
        if self.is(3) {
            let operator = self.one(&[Operator::Gt, Operator::Eq, Operator::Lte]);
            let value = Operand::Hole(self.number(3));
            return Filter::Count { field, version, filter, operator, value };
        }
        Filter::Some { field, version, filter }
    }

    /// A component field and a component that may stand in it.
    fn elements(&mut self, of: TypeId) -> Option<(FieldId, ComponentId)> {
        let fields = self.model.content_type(of).fields_by_id().filter(|(_, field)| !field.is_hidden());
        let mut all = Vec::new();
        for (id, field) in fields {
            match &field.kind {
                FieldKind::Component { of, .. } => all.push((id, *of)),
                FieldKind::Zone { of } => all.extend(self.model.zone(*of).members.iter().map(|member| (id, *member))),
                FieldKind::Scalar { .. } | FieldKind::Enum { .. } | FieldKind::Relation(_) => {}
            }
        }
        (!all.is_empty()).then(|| self.one(&all))
    }

    /// A member of a component that holds one value, and its kind.
    fn member(&mut self, component: ComponentId) -> Option<(FieldId, ValueKind)> {
        let members = self.model.component(component).fields_by_id().filter(|(_, field)| !field.is_hidden());
        let members: Vec<(FieldId, ValueKind)> = members
            .filter_map(|(id, field)| Some((id, ValueKind::of_field(&field.kind)?)))
            .filter(|(_, kind)| *kind != ValueKind::Json)
            .collect();
        (!members.is_empty()).then(|| self.one(&members))
    }

    fn element(&mut self, field: FieldId, component: ComponentId) -> Filter {
        let filter = match self.member(component) {
            Some((member, kind)) if self.is(2) => {
                let (operator, value) = self.comparison(kind);
                let value = Operand::Hole(self.hole(kind, value));
                Filter::Compare(Comparison { column: Column::Field(member), operator, value })
            }
            Some((member, _)) => Filter::Null { column: Column::Field(member), is_null: self.is(2) },
            None => Filter::All,
        };
        Filter::Element { field, component, filter: Box::new(filter) }
    }

    fn compare(&mut self, of: TypeId) -> Filter {
        let (column, kind) = self.plain_column(of);
        let (operator, value) = self.comparison(kind);
        let hole_kind = if matches!(operator, Operator::JsonHasKey) { ValueKind::Text } else { kind };
        let value = Operand::Hole(self.hole(hole_kind, value));
        Filter::Compare(Comparison { column, operator, value })
    }
}

fn entry(key: &str, value: RowValue) -> Entry {
    Entry { key: key.to_owned(), non_null: false, name: format!("T.{key}"), value }
}

fn part(key: &str, value: Part) -> PartEntry {
    PartEntry { key: key.to_owned(), non_null: false, name: format!("T.{key}"), value }
}
