//! JSON of a step as the data of a write: every leaf a hole with a literal.

use model::{Component, ComponentId, Field, FieldId, FieldKind, Model, Target};
use plan::{
    Assignment, Data, Element, Filter, Given as What, Hole, HoleId, HoleSource, LinkKind, Links, Transform, ValueKind,
};
use serde_json::{Map, Value as Json};

use super::hole;

/// Data under way, with the holes that it has made.
pub struct Given<'a> {
    model: &'a Model,
    pub holes: Vec<Hole>,
}

impl<'a> Given<'a> {
    pub fn new(model: &'a Model) -> Given<'a> {
        Given { model, holes: Vec::new() }
    }

    /// A hole with a text.
    pub fn text(&mut self, text: &str) -> HoleId {
        self.hole(Json::from(text), ValueKind::Text, false)
    }

    fn hole(&mut self, json: Json, kind: ValueKind, list: bool) -> HoleId {
        self.holes.push(Hole {
            source: HoleSource::Literal(json),
            kind,
            list,
            transform: Transform::Keep,
            path: Vec::new(),
        });
        hole(self.holes.len() - 1)
    }

    pub fn data(&mut self, fields: &[Field], members: &Map<String, Json>) -> Data {
        let mut assignments = Vec::new();
        for (id, field) in (0u16..).map(FieldId).zip(fields) {
            if let Some(json) = members.get(&field.name) {
                assignments.push(Assignment { field: id, given: self.given(field, json) });
            }
        }
        Data { assignments }
    }

    fn given(&mut self, field: &Field, json: &Json) -> What {
        match (&field.kind, json) {
            (_, Json::Null) => What::Null,
            (FieldKind::Scalar { scalar, list }, Json::Object(by)) if by.contains_key("inc") => {
                What::Increment(self.hole(by["inc"].clone(), ValueKind::of_scalar(*scalar), *list))
            }
            (FieldKind::Scalar { scalar, list }, json) => {
                What::Value(self.hole(json.clone(), ValueKind::of_scalar(*scalar), *list))
            }
            (FieldKind::Enum { of, list }, json) => What::Value(self.hole(json.clone(), ValueKind::Word(*of), *list)),
            (FieldKind::Relation(relation), json) => match relation.target {
                Target::Type(_) => What::Links(self.links(json)),
                Target::Group(_) => What::TypedLinks(self.typed(json)),
            },
            (FieldKind::Component { of, .. }, Json::Array(list)) => {
                What::Elements(list.iter().map(|one| self.element(*of, one)).collect())
            }
            (FieldKind::Component { of, .. }, one) => What::Elements(vec![self.element(*of, one)]),
            (FieldKind::Zone { .. }, json) => {
                let list = json.as_array().unwrap();
                What::Elements(list.iter().map(|one| self.element(self.component_of(one), one)).collect())
            }
        }
    }

    fn links(&mut self, json: &Json) -> Links {
        let is_list = json.is_array();
        Links { ids: self.hole(json.clone(), ValueKind::Text, is_list), kind: LinkKind::Either, visible: Filter::All }
    }

    fn typed(&mut self, json: &Json) -> Vec<(model::TypeId, Links)> {
        let list = json.as_array().cloned().unwrap_or_else(|| vec![json.clone()]);
        list.iter()
            .map(|one| (self.model.type_named(one["type"].as_str().unwrap()).unwrap(), self.links(&one["id"])))
            .collect()
    }

    fn component_of(&self, json: &Json) -> ComponentId {
        let name = json["__typename"].as_str().unwrap();
        (0u16..).map(ComponentId).zip(&self.model.components).find(|(_, one)| one.name == name).unwrap().0
    }

    fn element(&mut self, of: ComponentId, json: &Json) -> Element {
        let component: &Component = self.model.component(of);
        let members = json.as_object().unwrap();
        let id = members.get("id").map(|id| self.hole(id.clone(), ValueKind::Text, false));
        Element { component: of, id, data: self.data(&component.fields, members) }
    }
}
