//! Values written in a document: literals are coerced, what holds variables keeps its form.

use apollo_compiler::{Node, ast};
use serde_json::{Map, Number, Value as Json};

use super::{Compiler, place_of};
use crate::RequestError;
use crate::binding::InputBinding;
use crate::coerce::{limit_passed, literal_text, scalar};
use crate::definition::{Kind, TypeRef};
use crate::operation::{Given, Variable};
use crate::shape::{Role, Use, role};

impl Compiler<'_> {
    /// The value of an argument or of a member of one.
    pub(super) fn given(&mut self, value: &Node<ast::Value>, of: &TypeRef, binding: &InputBinding) -> Given {
        if let ast::Value::Variable(name) = value.as_ref() {
            let role = role(binding, of, self.definitions);
            self.use_variable(name, role, of);
            return Given::Variable(name.to_string());
        }
        let given = self.inner(value, of, binding);
        if let Given::Json(json) = &given
            && let Some((name, figure)) = limit_passed(binding, json, self.limits)
        {
            let error = RequestError::limit(name, figure, "a longer value in a filter");
            let place = place_of(value.location(), &self.document.sources);
            self.errors.push(error.at(place));
        }
        given
    }

    fn inner(&mut self, value: &Node<ast::Value>, of: &TypeRef, binding: &InputBinding) -> Given {
        if matches!(value.as_ref(), ast::Value::Null) {
            return Given::Json(Json::Null);
        }
        if let Some(item) = of.item() {
            return self.list(value, item, of, binding);
        }
        let definitions = self.definitions;
        let inputs = match definitions.get(of.name()).map(|of| &of.kind) {
            Some(Kind::Input(inputs)) => inputs,
            Some(Kind::Scalar(_) | Kind::Enum(_) | Kind::Object { .. } | Kind::Interface { .. } | Kind::Union(_))
            | None => {
                return self.leaf(value, of, binding);
            }
        };
        let mut members: Vec<(String, Given)> = Vec::new();
        for (name, value) in object_members(value) {
            let Some(input) = inputs.get(name) else { continue };
            // The library lets this pass.
            if members.iter().any(|(present, _)| present == name) {
                self.refuse(value, format!("There can be only one input field named \"{name}\"."));
            }
            members.push((name.to_owned(), self.given(value, &input.of, &input.binding)));
        }
        for (name, input) in inputs {
            if let Some(default) = &input.default
                && !members.iter().any(|(present, _)| present == name)
            {
                members.push((name.clone(), Given::Json(default.clone())));
            }
        }
        object(members)
    }

    fn list(&mut self, value: &Node<ast::Value>, item: &TypeRef, of: &TypeRef, binding: &InputBinding) -> Given {
        let items: Vec<Given> = match value.as_ref() {
            ast::Value::List(items) => items.iter().map(|value| self.given(value, item, binding)).collect(),
            _ => vec![self.given(value, item, binding)],
        };
        let has_variables = items.iter().any(|item| !matches!(item, Given::Json(_)));
        let is_one_value = match binding {
            InputBinding::Compare(_) | InputBinding::Given { .. } => true,
            InputBinding::Set { .. } | InputBinding::Argument => role(binding, of, self.definitions) == Role::Presence,
            _ => false,
        };
        if has_variables && is_one_value { self.compose(Given::List(items), of, binding) } else { list(items) }
    }

    /// A scalar or a word. One that holds variables (only scalars that take objects or lists can) is put together at each request.
    fn leaf(&mut self, value: &Node<ast::Value>, of: &TypeRef, binding: &InputBinding) -> Given {
        if has_variables(value) {
            let given = free(value);
            return self.compose(given, of, binding);
        }
        Given::Json(self.literal(value, of))
    }

    /// A literal without variables, as its type has it. The library has checked all but our own scalars.
    pub(super) fn literal(&mut self, value: &Node<ast::Value>, of: &TypeRef) -> Json {
        if matches!(value.as_ref(), ast::Value::Null) {
            return Json::Null;
        }
        if let Some(item) = of.item() {
            return match value.as_ref() {
                ast::Value::List(items) => items.iter().map(|value| self.literal(value, item)).collect(),
                _ => Json::Array(vec![self.literal(value, item)]),
            };
        }
        let definitions = self.definitions;
        let json = plain_json(value);
        match definitions.get(of.name()).map(|of| &of.kind) {
            Some(Kind::Scalar(rule)) => scalar(rule, &json).unwrap_or_else(|fault| {
                let text = match (fault.named, fault.text.is_empty()) {
                    (true, true) => format!("Expected value of type \"{of}\", found {}.", literal_text(&json)),
                    (true, false) => {
                        format!("Expected value of type \"{of}\", found {}; {}", literal_text(&json), fault.text)
                    }
                    (false, _) => fault.text,
                };
                self.refuse(value, text);
                Json::Null
            }),
            Some(Kind::Input(inputs)) => {
                let mut members = Map::new();
                for (name, value) in object_members(value) {
                    if let Some(input) = inputs.get(name) {
                        members.insert(name.to_owned(), self.literal(value, &input.of));
                    }
                }
                for (name, input) in inputs {
                    if let (Some(default), false) = (&input.default, members.contains_key(name)) {
                        members.insert(name.clone(), default.clone());
                    }
                }
                Json::Object(members)
            }
            Some(Kind::Enum(_) | Kind::Object { .. } | Kind::Interface { .. } | Kind::Union(_)) | None => json,
        }
    }

    /// Makes one value of what holds variables: a further variable, put together when values come.
    fn compose(&mut self, given: Given, of: &TypeRef, binding: &InputBinding) -> Given {
        // No variable of a document begins with a digit.
        let name = self.composed.len().to_string();
        self.composed.push((name.clone(), given));
        let role = role(binding, of, self.definitions);
        let variable = Variable {
            name: name.clone(),
            of: of.clone(),
            default: None,
            uses: if role == Role::None { Vec::new() } else { vec![Use { role, of: of.clone() }] },
            place: None,
        };
        self.variables.insert(name.clone(), variable);
        Given::Variable(name)
    }
}

fn object_members(value: &ast::Value) -> impl Iterator<Item = (&str, &Node<ast::Value>)> {
    let members = match value {
        ast::Value::Object(members) => members.as_slice(),
        _ => &[],
    };
    members.iter().map(|(name, value)| (name.as_str(), value))
}

/// A value with variables at any place, without types.
fn free(value: &ast::Value) -> Given {
    match value {
        ast::Value::Variable(name) => Given::Variable(name.to_string()),
        ast::Value::List(items) => list(items.iter().map(|item| free(item)).collect()),
        ast::Value::Object(members) => {
            object(members.iter().map(|(name, value)| (name.to_string(), free(value))).collect())
        }
        ast::Value::Null
        | ast::Value::Enum(_)
        | ast::Value::String(_)
        | ast::Value::Float(_)
        | ast::Value::Int(_)
        | ast::Value::Boolean(_) => Given::Json(plain_json(value)),
    }
}

fn has_variables(value: &ast::Value) -> bool {
    match value {
        ast::Value::Variable(_) => true,
        ast::Value::List(items) => items.iter().any(|item| has_variables(item)),
        ast::Value::Object(members) => members.iter().any(|(_, value)| has_variables(value)),
        ast::Value::Null
        | ast::Value::Enum(_)
        | ast::Value::String(_)
        | ast::Value::Float(_)
        | ast::Value::Int(_)
        | ast::Value::Boolean(_) => false,
    }
}

fn list(items: Vec<Given>) -> Given {
    if items.iter().all(|item| matches!(item, Given::Json(_))) {
        Given::Json(items.into_iter().filter_map(into_json).collect())
    } else {
        Given::List(items)
    }
}

fn object(members: Vec<(String, Given)>) -> Given {
    if members.iter().all(|(_, value)| matches!(value, Given::Json(_))) {
        let members = members.into_iter().filter_map(|(name, value)| into_json(value).map(|value| (name, value)));
        Given::Json(Json::Object(members.collect()))
    } else {
        Given::Object(members)
    }
}

fn into_json(given: Given) -> Option<Json> {
    match given {
        Given::Json(json) => Some(json),
        Given::Variable(_) | Given::List(_) | Given::Object(_) => None,
    }
}

/// A literal as JSON: words are texts, variables null.
pub(super) fn plain_json(value: &ast::Value) -> Json {
    match value {
        ast::Value::Null | ast::Value::Variable(_) => Json::Null,
        ast::Value::Enum(word) => Json::String(word.to_string()),
        ast::Value::String(text) => Json::String(text.clone()),
        ast::Value::Boolean(truth) => Json::Bool(*truth),
        ast::Value::Int(number) => number_json(number.as_str()),
        ast::Value::Float(number) => number_json(number.as_str()),
        ast::Value::List(items) => items.iter().map(|item| plain_json(item)).collect(),
        ast::Value::Object(members) => {
            Json::Object(members.iter().map(|(name, value)| (name.to_string(), plain_json(value))).collect())
        }
    }
}

/// Digits as a JSON number: an integer of 64 bits where it fits, else a double.
fn number_json(text: &str) -> Json {
    let integer = text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from));
    let number = integer.ok().or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64));
    number.map_or(Json::Null, Json::Number)
}
