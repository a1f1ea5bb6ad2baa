//! Which part of a request's values decides the shape of its plan: the key of the plan cache.
//!
//! What the interpreter looks at beyond making a hole of it must be in the key. Each use of a variable has a [`Role`] that follows from the
//! binding of its place; the same words that the interpreter reads decide here.

#[cfg(test)]
mod tests;

use plan::Variables;
use serde_json::Value as Json;

use crate::Operation;
use crate::binding::{InputBinding, PageWord, ScalarRule};
use crate::definition::{Definitions, Kind, TypeRef};

/// What of the values of a request decides the shape of its plan. Equal keys of one operation mean equal plans.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ShapeKey(Box<[u8]>);

impl ShapeKey {
    /// Bytes that it takes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no value decides anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One use of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) role: Role,
    pub(crate) of: TypeRef,
}

/// What of a value decides the shape of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing.
    None,
    /// Whether it is absent, null or a value.
    Presence,
    /// The same, and whether it is -1.
    Page,
    /// The same, and the number of items.
    Count,
    /// The value itself.
    Value,
    /// The members that are there, and what each of them decides.
    Tree,
}

/// What a value at a place of this binding and type decides. Here every word stands: the readers of one group of words refuse the rest.
pub(crate) fn role(binding: &InputBinding, of: &TypeRef, definitions: &Definitions) -> Role {
    match binding {
        InputBinding::Filter(_)
        | InputBinding::And
        | InputBinding::Or
        | InputBinding::Not
        | InputBinding::Column(_)
        | InputBinding::Some(_)
        | InputBinding::SomeOf(..)
        | InputBinding::OtherLocale
        | InputBinding::Element(..)
        | InputBinding::Zone
        | InputBinding::Paging
        | InputBinding::SortObjects
        | InputBinding::ByRelation(_)
        | InputBinding::ByComponent(_)
        | InputBinding::ByAggregate(_)
        | InputBinding::ByFunction(_)
        | InputBinding::GivenGroup
        | InputBinding::Data => Role::Tree,
        InputBinding::By(_)
        | InputBinding::ByCount
        | InputBinding::SortPaths(_)
        | InputBinding::Distinct
        | InputBinding::Status
        | InputBinding::Locale
        | InputBinding::Publication
        | InputBinding::HasPublished
        | InputBinding::IsNull { .. }
        | InputBinding::JsonPath
        | InputBinding::Columns
        | InputBinding::DistinctValues
        | InputBinding::Told
        | InputBinding::Unit => Role::Value,
        InputBinding::Compare(model::Operator::Between) | InputBinding::Every(_) => Role::Count,
        InputBinding::Compare(_)
        | InputBinding::Key(_)
        | InputBinding::BesideEntry
        | InputBinding::ElementId
        | InputBinding::PublishedAt
        | InputBinding::SetUnlessNull(_)
        | InputBinding::Given { .. }
        | InputBinding::Page(PageWord::Number | PageWord::Size | PageWord::Start) => Role::Presence,
        InputBinding::Page(PageWord::Limit) => Role::Page,
        InputBinding::Set { .. } | InputBinding::Argument => match definitions.get(of.name()).map(|of| &of.kind) {
            Some(Kind::Input(_) | Kind::Scalar(ScalarRule::Element(_))) => Role::Tree,
            Some(Kind::Scalar(_) | Kind::Enum(_) | Kind::Object { .. } | Kind::Interface { .. } | Kind::Union(_))
            | None => Role::Presence,
        },
        InputBinding::Ignored => Role::None,
    }
}

impl Operation {
    /// What of these (coerced) values decides the shape of the plan.
    #[must_use]
    pub fn shape_key(&self, definitions: &crate::Schema, variables: &Variables) -> ShapeKey {
        let mut writer = Writer { definitions: &definitions.definitions, out: Vec::new() };
        for variable in &self.variables {
            let json = variables.get(&variable.name);
            for used in &variable.uses {
                writer.write(used.role, &used.of, json);
            }
        }
        ShapeKey(writer.out.into_boxed_slice())
    }
}

struct Writer<'a> {
    definitions: &'a Definitions,
    out: Vec<u8>,
}

const ABSENT: u8 = 0;
const NULL: u8 = 1;
const VALUE: u8 = 2;
const ALL: u8 = 3;
const TWO: u8 = 4;

impl Writer<'_> {
    fn write(&mut self, role: Role, of: &TypeRef, json: Option<&Json>) {
        let json = match (role, json) {
            (Role::None, _) => return,
            (_, None) => return self.out.push(ABSENT),
            (_, Some(Json::Null)) => return self.out.push(NULL),
            (_, Some(json)) => json,
        };
        match role {
            Role::None => {}
            Role::Presence => self.out.push(VALUE),
            Role::Page => self.out.push(if json.as_i64() == Some(-1) { ALL } else { VALUE }),
            Role::Count => {
                self.out.push(TWO);
                self.number(json.as_array().map_or(1, Vec::len));
                for item in json.as_array().into_iter().flatten() {
                    self.out.push(if item.is_null() { NULL } else { VALUE });
                }
            }
            Role::Value => {
                let text = json.to_string();
                self.out.push(VALUE);
                self.number(text.len());
                self.out.extend_from_slice(text.as_bytes());
            }
            Role::Tree => self.tree(of, json),
        }
    }

    fn tree(&mut self, of: &TypeRef, json: &Json) {
        self.out.push(VALUE);
        if let (Some(item), Json::Array(items)) = (of.item(), json) {
            self.number(items.len());
            for json in items {
                self.write(Role::Tree, item, Some(json));
            }
            return;
        }
        let definitions = self.definitions;
        match definitions.get(of.name()).map(|of| &of.kind) {
            Some(Kind::Input(_)) => self.members(of.name(), json),
            Some(Kind::Scalar(ScalarRule::Element(elements))) => {
                let name = json.get("__typename").and_then(Json::as_str);
                let chosen = elements.iter().position(|element| Some(element.name.as_str()) == name);
                self.number(chosen.map_or(0, |chosen| chosen + 1));
                if let Some(element) = chosen.map(|chosen| &elements[chosen]) {
                    self.members(&element.input, json);
                }
            }
            Some(Kind::Scalar(_) | Kind::Enum(_) | Kind::Object { .. } | Kind::Interface { .. } | Kind::Union(_))
            | None => {}
        }
    }

    /// In the order in which they are written: the interpreter reads them so.
    fn members(&mut self, name: &str, json: &Json) {
        let definitions = self.definitions;
        let Some(inputs) = definitions.inputs(name) else { return };
        for (key, value) in json.as_object().into_iter().flatten() {
            let Some((index, _, input)) = inputs.get_full(key) else { continue };
            self.number(index + 1);
            self.write(role(&input.binding, &input.of, definitions), &input.of, Some(value));
        }
        self.number(0);
    }

    fn number(&mut self, number: usize) {
        // Seven bits at a time: member numbers and lengths are small.
        let mut rest = number;
        while rest >= 0x80 {
            self.out.push(u8::try_from(rest & 0x7f).unwrap_or(0x7f) | 0x80);
            rest >>= 7;
        }
        self.out.push(u8::try_from(rest).unwrap_or(0x7f));
    }
}
