//! Component elements of a row: merging what is given with what is there, numbering, and the links inside them.

use std::collections::{BTreeMap, HashSet};

use model::{ComponentId, Model, TypeId};
use plan::{Cause, Content, ElementContent, Held, Value};
use sql::layout::{ColumnType, Layout};
use sql::write_element::own;

use super::frame::texts;
use super::link::{Resolved, statuses};

/// Elements of each component.
pub(crate) type Counts = BTreeMap<ComponentId, i64>;

/// What is given for a component field, over the elements that the row has: those with an id are changed in place, the others are new.
pub(crate) fn merge(
    model: &Model,
    field: &str,
    given: Vec<ElementContent>,
    stored: &[ElementContent],
) -> Result<Vec<ElementContent>, Cause> {
    given.into_iter().map(|element| merge_one(model, field, element, stored)).collect()
}

fn merge_one(
    model: &Model,
    field: &str,
    given: ElementContent,
    stored: &[ElementContent],
) -> Result<ElementContent, Cause> {
    let is_it = |one: &&ElementContent| one.id == given.id && one.component == given.component;
    let before = stored.iter().find(is_it).filter(|_| given.id.is_some());
    if given.id.is_some() && before.is_none() {
        return Err(Cause::ElementForeign(field.to_owned()));
    }
    let mut content = before.map(|element| element.content.clone()).unwrap_or_default();
    for (id, held) in given.content.fields {
        let held = match held {
            Held::Elements(inner) => {
                let inside = before.and_then(|element| element.content.get(id)).map_or(&[][..], elements_in);
                let name = &model.component(given.component).field(id).name;
                Held::Elements(merge(model, name, inner, inside)?)
            }
            other => other,
        };
        content.put(id, held);
    }
    Ok(ElementContent { component: given.component, id: given.id, content })
}

/// The elements that a field holds.
pub(crate) fn elements_in(held: &Held) -> &[ElementContent] {
    match held {
        Held::Elements(elements) => elements,
        Held::Null
        | Held::Value(_)
        | Held::Increment(_)
        | Held::Append(_)
        | Held::Links(_)
        | Held::AddedLinks(_)
        | Held::Hash(_)
        | Held::Kept => &[],
    }
}

/// A new document has no elements yet: ids that are given mean nothing.
pub(crate) fn forget_ids(content: &mut Content) {
    for (_, held) in &mut content.fields {
        let Held::Elements(elements) = held else { continue };
        for element in elements {
            element.id = None;
            forget_ids(&mut element.content);
        }
    }
}

/// Counts the elements of a content: all of them, or those that have no id yet.
pub(crate) fn count(content: &Content, only_new: bool, counts: &mut Counts) {
    for (_, held) in &content.fields {
        for element in elements_in(held) {
            if !only_new || element.id.is_none() {
                *counts.entry(element.component).or_default() += 1;
            }
            count(&element.content, only_new, counts);
        }
    }
}

/// Gives every element without an id the next one of its component.
pub(crate) fn number(content: &mut Content, next: &mut Counts) {
    for (_, held) in &mut content.fields {
        let Held::Elements(elements) = held else { continue };
        for element in elements {
            if element.id.is_none() {
                element.id = take(next, element.component);
            }
            number(&mut element.content, next);
        }
    }
}

fn take(next: &mut Counts, component: ComponentId) -> Option<i64> {
    let number = next.get_mut(&component)?;
    *number += 1;
    Some(*number - 1)
}

/// Lists of components, ids before and ids after, as the copying statement binds them.
#[derive(Debug, Default)]
pub(crate) struct Renumbered {
    components: Vec<String>,
    before: Vec<Value>,
    after: Vec<Value>,
}

impl Renumbered {
    /// Gives every element of a copy an id of its own.
    pub(crate) fn all(&mut self, model: &Model, content: &mut Content, next: &mut Counts) {
        for (_, held) in &mut content.fields {
            let Held::Elements(elements) = held else { continue };
            for element in elements {
                let fresh = take(next, element.component);
                if let (Some(before), Some(after)) = (element.id, fresh) {
                    self.components.push(model.component(element.component).uid());
                    self.before.push(Value::Int(before));
                    self.after.push(Value::Int(after));
                }
                element.id = fresh;
                self.all(model, &mut element.content, next);
            }
        }
    }

    /// Every element keeps its id: locales share it.
    pub(crate) fn none(model: &Model, content: &Content) -> Renumbered {
        let mut same = Renumbered::default();
        same.keep(model, content);
        same
    }

    fn keep(&mut self, model: &Model, content: &Content) {
        for (_, held) in &content.fields {
            for element in elements_in(held) {
                if let Some(id) = element.id {
                    self.components.push(model.component(element.component).uid());
                    self.before.push(Value::Int(id));
                    self.after.push(Value::Int(id));
                }
                self.keep(model, &element.content);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.components.is_empty()
    }

    /// The statement's own values, by [`own`].
    pub(crate) fn lists(&self) -> Vec<Value> {
        let mut lists = vec![Value::Null; own::FRESH + 1];
        lists[own::COMPONENTS] = texts(self.components.iter().map(String::as_str));
        lists[own::ELEMENTS] = Value::List(self.before.clone());
        lists[own::FRESH] = Value::List(self.after.clone());
        lists
    }
}

/// What the statement that removes links binds: elements that are gone, and members whose links are given anew. None: nothing to remove.
pub(crate) fn cleared(model: &Model, before: &[ElementContent], after: &[ElementContent]) -> Option<Vec<Value>> {
    let mut kept = HashSet::new();
    let mut named = Vec::new();
    kept_elements(model, after, &mut kept, &mut named);
    gone_elements(model, before, &kept, &mut named);
    if named.is_empty() {
        return None;
    }
    let mut lists = vec![Value::Null; own::FIELDS + 1];
    lists[own::COMPONENTS] = texts(named.iter().map(|(component, _, _)| component.as_str()));
    lists[own::ELEMENTS] = Value::List(named.iter().map(|(_, id, _)| Value::Int(*id)).collect());
    lists[own::FIELDS] = texts(named.iter().map(|(_, _, field)| field.as_str()));
    Some(lists)
}

type Named = Vec<(String, i64, String)>;

fn kept_elements(
    model: &Model,
    elements: &[ElementContent],
    kept: &mut HashSet<(ComponentId, i64)>,
    named: &mut Named,
) {
    for element in elements {
        let Some(id) = element.id else { continue };
        kept.insert((element.component, id));
        let component = model.component(element.component);
        for (member, held) in &element.content.fields {
            if matches!(held, Held::Links(_)) {
                named.push((component.uid(), id, component.field(*member).name.clone()));
            }
            kept_elements(model, elements_in(held), kept, named);
        }
    }
}

fn gone_elements(model: &Model, elements: &[ElementContent], kept: &HashSet<(ComponentId, i64)>, named: &mut Named) {
    for element in elements {
        if let Some(id) = element.id.filter(|id| !kept.contains(&(element.component, *id))) {
            named.push((model.component(element.component).uid(), id, String::new()));
        }
        for (_, held) in &element.content.fields {
            gone_elements(model, elements_in(held), kept, named);
        }
    }
}

/// What links inside elements need to become rows.
pub(crate) struct LinkRows<'a> {
    pub(crate) model: &'a Model,
    pub(crate) layout: &'a Layout,
    pub(crate) holder: TypeId,
    pub(crate) kinds: &'a [ColumnType],
    pub(crate) resolved: &'a Resolved,
}

impl LinkRows<'_> {
    /// What the statement that makes links binds, by [`own`]; none without links.
    pub(crate) fn lists(&self, elements: &[ElementContent]) -> Option<Vec<Value>> {
        let mut lists = vec![Vec::new(); own::TARGETS + self.kinds.len()];
        self.gather(elements, &mut lists);
        if lists[own::ELEMENTS].is_empty() { None } else { Some(lists.into_iter().map(Value::List).collect()) }
    }

    fn gather(&self, elements: &[ElementContent], lists: &mut [Vec<Value>]) {
        for element in elements {
            let component = self.model.component(element.component);
            for (member, held) in &element.content.fields {
                if let (Held::Links(links), Some(id)) = (held, element.id) {
                    let place = (component.uid(), id, component.field(*member).name.as_str());
                    self.push(place, &self.resolved.keys(links), lists);
                }
                self.gather(elements_in(held), lists);
            }
        }
    }

    fn push(&self, (component, id, field): (String, i64, &str), keys: &[(TypeId, Value)], lists: &mut [Vec<Value>]) {
        for (index, (of, key)) in keys.iter().enumerate() {
            for status in statuses(self.model, self.holder, *of) {
                lists[own::COMPONENTS].push(Value::Text(component.clone()));
                lists[own::ELEMENTS].push(Value::Int(id));
                lists[own::FIELDS].push(Value::Text(field.to_owned()));
                lists[own::TYPES].push(Value::Text(self.layout.type_word(*of).to_owned()));
                lists[own::STATUSES].push(status);
                lists[own::POSITIONS].push(Value::Int(i64::try_from(index + 1).unwrap_or(i64::MAX)));
                let kind = self.layout.content_type(*of).key;
                for (place, known) in self.kinds.iter().enumerate() {
                    lists[own::TARGETS + place].push(if *known == kind { key.clone() } else { Value::Null });
                }
            }
        }
    }
}
