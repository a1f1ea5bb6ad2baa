//! A select that shows everything of a document: its fields, the ids of what it is linked to, its elements.

use model::{ComponentId, Field, FieldId, FieldKind, Model, Relation, SystemColumn, Target, TypeId};
use plan::{
    Arm, Column, ComponentSelect, Entry, Filter, Form, From, Linked, Locale, Object, Page, Row, RowValue, Select,
    Shape, Status, Switch, SwitchArm, SwitchFrom, SwitchShape, Version,
};

/// What is shown.
pub struct View<'a> {
    pub model: &'a Model,
    pub status: Status,
    pub locale: Locale,
    pub signed: bool,
    /// Without what it links.
    pub alone: bool,
}

/// What a relation belongs to.
#[derive(Clone, Copy)]
enum Owner {
    Type(TypeId),
    Element(TypeId, ComponentId),
}

impl View<'_> {
    /// The document that was written.
    pub fn written(&self, of: TypeId) -> Select {
        self.select(From::Written, of, Shape::One(self.row(of)))
    }

    /// All documents.
    pub fn all(&self, of: TypeId) -> Select {
        self.select(From::Type, of, Shape::List(self.row(of)))
    }

    fn select(&self, from: From, of: TypeId, shape: Shape) -> Select {
        let content_type = self.model.content_type(of);
        let page = if matches!(shape, Shape::One(_)) { Page::One } else { Page::All };
        let status = match (content_type.draft_and_publish, self.status) {
            (false, _) => Status::Only,
            (true, Status::Only) => Status::Published,
            (true, status) => status,
        };
        let locale = if content_type.localized { self.locale_of(from) } else { Locale::Only };
        let version = Version { status, locale, publication: None };
        Select { from, of, version, filter: Filter::All, sort: Vec::new(), distinct: Vec::new(), page, shape }
    }

    fn locale_of(&self, from: From) -> Locale {
        match (from, &self.locale) {
            (From::Written | From::Type, locale) => locale.clone(),
            (_, Locale::Only) => Locale::Default,
            (_, _) => Locale::Inherited,
        }
    }

    fn row(&self, of: TypeId) -> Row {
        let content_type = self.model.content_type(of);
        let mut entries =
            vec![entry("documentId", RowValue::Column(Column::System(SystemColumn::DocumentId), Form::Plain))];
        if content_type.localized {
            entries.push(entry("locale", RowValue::Column(Column::System(SystemColumn::Locale), Form::Plain)));
        }
        if self.signed {
            let column = |column| RowValue::Column(Column::System(column), Form::Plain);
            entries.push(entry("createdBy", column(SystemColumn::CreatedBy)));
            entries.push(entry("updatedBy", column(SystemColumn::UpdatedBy)));
        }
        for (id, field) in content_type.fields_by_id() {
            entries.extend(self.field(Owner::Type(of), of, id, field));
        }
        Row { non_null: false, object: Object { entries } }
    }

    fn field(&self, owner: Owner, of: TypeId, id: FieldId, field: &Field) -> Option<Entry> {
        let value = match &field.kind {
            _ if field.is_hidden() => return None,
            FieldKind::Relation(_) if self.alone => return None,
            FieldKind::Scalar { .. } | FieldKind::Enum { .. } => RowValue::Column(Column::Field(id), Form::Plain),
            FieldKind::Relation(relation) => self.relation(owner, id, relation),
            FieldKind::Component { of: component, repeatable } => self.elements(of, id, &[*component], *repeatable),
            FieldKind::Zone { of: zone } => self.elements(of, id, &self.model.zone(*zone).members, true),
        };
        Some(entry(&field.name, value))
    }

    fn relation(&self, owner: Owner, field: FieldId, relation: &Relation) -> RowValue {
        let ids = || Row { non_null: false, object: Object { entries: vec![id_entry()] } };
        match relation.target {
            Target::Type(target) => {
                let from = match owner {
                    Owner::Type(of) => From::Relation(of, field),
                    Owner::Element(of, component) => From::ElementRelation(of, component, field),
                };
                let shape = if relation.many { Shape::List(ids()) } else { Shape::One(ids()) };
                RowValue::Select(Box::new(self.select(from, target, shape)))
            }
            Target::Group(group) => {
                let Owner::Type(of) = owner else { panic!("elements with relations to groups are not shown") };
                let arm = |target: TypeId| {
                    let select = self.select(From::Relation(of, field), target, Shape::List(ids()));
                    SwitchArm { of: target, version: select.version, filter: Filter::All, sort: Vec::new() }
                };
                let members = &self.model.group(group).members;
                let arms = members.iter().map(|target| arm(*target)).collect();
                let linked = Linked { rows: members.iter().map(|target| (*target, ids())).collect() };
                let shape = if relation.many { SwitchShape::List(linked) } else { SwitchShape::One(linked) };
                let from = SwitchFrom::Relation(of, field);
                RowValue::Switch(Box::new(Switch { from, page: Page::All, arms, shape }))
            }
        }
    }

    fn elements(&self, of: TypeId, field: FieldId, components: &[ComponentId], many: bool) -> RowValue {
        let arm = |component: ComponentId| {
            let declared = self.model.component(component);
            let mut entries = vec![entry("id", RowValue::ElementId)];
            entries.push(entry("is", RowValue::Constant(format!("\"{}\"", declared.name))));
            for (id, member) in declared.fields_by_id() {
                entries.extend(self.field(Owner::Element(of, component), of, id, member));
            }
            Arm { component, row: Row { non_null: false, object: Object { entries } } }
        };
        let arms = components.iter().map(|component| arm(*component)).collect();
        let select = ComponentSelect { field, many, filter: Filter::All, sort: Vec::new(), page: Page::All, arms };
        RowValue::Component(Box::new(select))
    }
}

fn id_entry() -> Entry {
    entry("documentId", RowValue::Column(Column::System(SystemColumn::DocumentId), Form::Plain))
}

fn entry(key: &str, value: RowValue) -> Entry {
    Entry { key: key.to_owned(), non_null: false, name: key.to_owned(), value }
}
