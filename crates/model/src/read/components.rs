//! What holds for components only when all of them are known: none holds itself, and nothing in a list of them is unique.

use super::Faults;
use crate::{ComponentId, Diagnostic, Field, FieldKind, Model, Place};

pub(super) fn check(model: &Model, faults: &mut Faults) {
    check_cycles(model, faults);
    check_unique(model, faults);
}

/// A component that holds itself, at whatever distance, would have no end.
fn check_cycles(model: &Model, faults: &mut Faults) {
    let mut state = Walk { done: vec![false; model.components.len()], path: Vec::new() };
    for index in 0..model.components.len() {
        walk(model, index, &mut state, faults);
    }
}

/// Components already walked through, and those between the start and here.
struct Walk {
    done: Vec<bool>,
    path: Vec<usize>,
}

fn walk(model: &Model, index: usize, state: &mut Walk, faults: &mut Faults) {
    if state.done[index] {
        return;
    }
    state.path.push(index);
    for field in &model.components[index].fields {
        let FieldKind::Component { of, .. } = field.kind else {
            continue;
        };
        let inner = usize::from(of.0);
        match state.path.iter().position(|held| *held == inner) {
            Some(start) => faults.push(cycle(model, &state.path[start..], field)),
            None => walk(model, inner, state, faults),
        }
    }
    state.path.pop();
    state.done[index] = true;
}

fn cycle(model: &Model, path: &[usize], field: &Field) -> Diagnostic {
    let names: Vec<&str> = path.iter().chain(&path[..1]).map(|index| model.components[*index].name.as_str()).collect();
    let message = format!("a component cannot hold itself: {}", names.join(" → "));
    Diagnostic::new(message, field.place.clone())
        .help("make one of them a content type and point at it with a relation")
}

/// `@unique` inside a component holds among rows, so each row may have one element of it only.
fn check_unique(model: &Model, faults: &mut Faults) {
    let in_lists = components_in_lists(model);
    for (component, listed) in model.components.iter().zip(&in_lists) {
        let Some(listed) = listed else { continue };
        for field in component.fields.iter().filter(|field| field.unique.is_some()) {
            let message =
                format!("`{}.{}` cannot be unique: `{}` stands in a list", component.name, field.name, component.name);
            let fault = Diagnostic::new(message, field.place.clone()).related(listed.clone(), "here");
            faults.push(fault.help("remove @unique, or make the list a content type"));
        }
    }
}

/// For each component: where it stands in a list or a zone, by itself or inside another one.
fn components_in_lists(model: &Model) -> Vec<Option<Place>> {
    let mut listed: Vec<Option<Place>> = vec![None; model.components.len()];
    let owners = model.types.iter().map(|of| &of.fields).chain(model.components.iter().map(|of| &of.fields));
    for field in owners.flatten() {
        let held: Vec<ComponentId> = match &field.kind {
            FieldKind::Component { of, repeatable: true } => vec![*of],
            FieldKind::Zone { of } => model.zone(*of).members.clone(),
            FieldKind::Component { repeatable: false, .. }
            | FieldKind::Scalar { .. }
            | FieldKind::Enum { .. }
            | FieldKind::Relation(_) => Vec::new(),
        };
        for component in held {
            mark(model, component, &field.place, &mut listed);
        }
    }
    listed
}

/// Marks a component and all that it holds. Ends, for what is marked is not walked again.
fn mark(model: &Model, component: ComponentId, place: &Place, listed: &mut [Option<Place>]) {
    let slot = &mut listed[usize::from(component.0)];
    if slot.is_some() {
        return;
    }
    *slot = Some(place.clone());
    for field in &model.component(component).fields {
        if let FieldKind::Component { of, .. } = field.kind {
            mark(model, of, place, listed);
        }
    }
}
