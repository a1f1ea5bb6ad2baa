//! Types of components and dynamic zones: shown, filtered, given.
//!
//! Source: dialect manual sections 3.5, 5.1, 7.2, 7.6.

use model::{Component, ComponentId, Field, ZoneId};

use super::{Draft, compatibility, content, field, filters, input, inputs};
use crate::binding::{ElementInput, FieldBinding, InputBinding, ScalarRule};
use crate::definition::{Kind, Stands, TypeRef};

pub(super) fn add(draft: &mut Draft<'_>) {
    let model = draft.model;
    // One type shows a component wherever it is used.
    draft.may_lack = draft.nullable_drafts && model.types.iter().any(|of| of.draft_and_publish);
    for (of, component) in (0u16..).map(ComponentId).zip(&model.components) {
        add_component(draft, of, component);
    }
}

fn add_component(draft: &mut Draft<'_>, of: ComponentId, component: &Component) {
    let name = draft.names.component(of).to_owned();
    let owner = format!("component {}", component.uid());
    let mut fields = draft.members(&component.name);
    fields.add("id", field(TypeRef::named("ID").non_null(), FieldBinding::ElementId));
    let mut conditions = draft.members(&component.name);
    let mut given = draft.members(&component.name);
    given.add("id", input(TypeRef::named("ID"), InputBinding::ElementId));
    for (id, member) in component.fields_by_id() {
        content::add_field(draft, &name, &mut fields, (id, member));
        filters::add_field(draft, &mut conditions, (id, member));
        inputs::add_field(draft, &name, &mut given, (id, member));
    }
    compatibility::element(draft, &name, &mut fields);
    let filter = [name.as_str(), "FiltersInput"].concat();
    filters::add_logic(&mut conditions, &filter);
    draft.object(&name, &owner, Stands::Element(of), fields);
    draft.describe(&name, component.description.as_ref());
    draft.input(&filter, &owner, conditions);
    draft.input(&[name.as_str(), "Input"].concat(), &owner, given);
}

/// The union of a dynamic zone and the scalar that its input is; answers with the union's name.
pub(super) fn zone(draft: &mut Draft<'_>, owner: &str, field: &Field, of: ZoneId) -> String {
    let name = draft.names.zone(owner, field);
    let members = &draft.model.zone(of).members;
    let shown = members.iter().map(|of| draft.names.component(*of).to_owned());
    let shown = shown.chain(["Error".to_owned()]).collect();
    let given = members.iter().map(|component| {
        let name = draft.names.component(*component).to_owned();
        ElementInput { input: [name.as_str(), "Input"].concat(), name, component: *component }
    });
    let given = given.collect();
    let scalar = [name.as_str(), "Input"].concat();
    draft.add(&name, owner, None, Kind::Union(shown));
    draft.add(&scalar, owner, None, Kind::Scalar(ScalarRule::Element(given)));
    name
}
