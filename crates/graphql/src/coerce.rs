//! Checking values against input types, and turning them into the form that plans take.
//!
//! Lists are made of single values, ids become texts, defaults are filled in. Messages are worded as graphql-js words them.

mod locale;
mod scalar;
mod suggest;

use plan::Segment;
use serde_json::{Map, Value as Json};

pub(crate) use scalar::scalar;
pub(crate) use suggest::{did_you_mean, inspect, literal_text};

use crate::binding::{InputBinding, ScalarRule};
use crate::definition::{Definitions, Input, Kind, TypeRef};
use crate::{Limits, OperationKind, RequestErrorKind};

/// One value that does not fit.
pub(crate) struct Misfit {
    /// The value, as it was met.
    pub(crate) value: Json,
    /// Where, below the variable.
    pub(crate) path: Vec<Segment>,
    /// What is wrong.
    pub(crate) text: String,
    /// A limit, when it is one.
    pub(crate) limit: Option<RequestErrorKind>,
}

/// Coerces the value of one variable.
pub(crate) struct Coercion<'a> {
    pub(crate) definitions: &'a Definitions,
    pub(crate) limits: &'a Limits,
    pub(crate) misfits: Vec<Misfit>,
    path: Vec<Segment>,
    kind: OperationKind,
}

impl<'a> Coercion<'a> {
    pub(crate) fn new(definitions: &'a Definitions, limits: &'a Limits, kind: OperationKind) -> Coercion<'a> {
        Coercion { definitions, limits, misfits: Vec::new(), path: Vec::new(), kind }
    }

    /// The value as its type has it. What does not fit is noted and gives null.
    pub(crate) fn value(&mut self, of: &TypeRef, json: Json) -> Json {
        match of {
            TypeRef::NonNull(inner) => {
                if json.is_null() {
                    return self.misfit(json, format!("Expected non-nullable type \"{of}\" not to be null."));
                }
                self.value(inner, json)
            }
            _ if json.is_null() => Json::Null,
            TypeRef::List(item) => match json {
                Json::Array(items) => {
                    let items = items.into_iter().enumerate();
                    Json::Array(items.map(|(index, json)| self.inside(Segment::Index(index), item, json)).collect())
                }
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => {
                    Json::Array(vec![self.value(item, json)])
                }
            },
            TypeRef::Named(name) => self.named(name, json),
        }
    }

    fn inside(&mut self, segment: Segment, of: &TypeRef, json: Json) -> Json {
        self.path.push(segment);
        let value = self.value(of, json);
        self.path.pop();
        value
    }

    fn named(&mut self, name: &str, json: Json) -> Json {
        let definitions = self.definitions;
        match definitions.get(name).map(|definition| &definition.kind) {
            Some(Kind::Input(inputs)) => self.object(name, inputs, json),
            Some(Kind::Enum(values)) => match &json {
                Json::String(word) if values.contains_key(word) => json,
                Json::String(word) => {
                    let hint = did_you_mean(" the enum value", word, values.keys().map(String::as_str));
                    let text = format!("Value \"{word}\" does not exist in \"{name}\" enum.{hint}");
                    self.misfit(json, text)
                }
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
                    let text = format!("Enum \"{name}\" cannot represent non-string value: {}.", inspect(&json));
                    self.misfit(json, text)
                }
            },
            Some(Kind::Scalar(rule)) => self.scalar(name, rule, json),
            Some(Kind::Object { .. } | Kind::Interface { .. } | Kind::Union(_)) | None => {
                self.misfit(json, format!("\"{name}\" is no input type."))
            }
        }
    }

    fn scalar(&mut self, name: &str, rule: &ScalarRule, json: Json) -> Json {
        match scalar(rule, &json) {
            Ok(value) => value,
            // What is read in a locale that there is not is nothing; what is written in one could not be reached.
            Err(_)
                if self.kind == OperationKind::Query
                    && matches!(rule, ScalarRule::Locale { .. })
                    && json.is_string() =>
            {
                json
            }
            Err(fault) if fault.named => self.misfit(json, format!("Expected type \"{name}\". {}", fault.text)),
            Err(fault) => self.misfit(json, fault.text),
        }
    }

    fn object(&mut self, name: &str, inputs: &indexmap::IndexMap<String, Input>, json: Json) -> Json {
        let Json::Object(members) = json else {
            return self.misfit(json, format!("Expected type \"{name}\" to be an object."));
        };
        self.strangers(name, inputs, &members);
        let mut coerced = Map::new();
        for (key, value) in members {
            let Some(input) = inputs.get(&key) else { continue };
            self.path.push(Segment::Key(key.clone()));
            self.limits_of(&input.binding, &value);
            let value = self.value(&input.of, value);
            self.path.pop();
            coerced.insert(key, value);
        }
        for (key, input) in inputs {
            if let (Some(default), false) = (&input.default, coerced.contains_key(key)) {
                coerced.insert(key.clone(), default.clone());
            }
        }
        Json::Object(coerced)
    }

    /// Members that the input does not have, and those that it lacks: about the object that they should stand in.
    fn strangers(&mut self, name: &str, inputs: &indexmap::IndexMap<String, Input>, members: &Map<String, Json>) {
        for key in members.keys().filter(|key| !inputs.contains_key(*key)) {
            let hint = did_you_mean("", key, inputs.keys().map(String::as_str));
            let text = format!("Field \"{key}\" is not defined by type \"{name}\".{hint}");
            self.misfit(Json::Object(members.clone()), text);
        }
        for (key, input) in inputs.iter().filter(|(_, input)| input.default.is_none() && input.of.is_non_null()) {
            if !members.contains_key(key) {
                let text = format!("Field \"{key}\" of required type \"{}\" was not provided.", input.of);
                self.misfit(Json::Object(members.clone()), text);
            }
        }
    }

    /// Texts and lists that are compared have a longest length.
    pub(crate) fn limits_of(&mut self, binding: &InputBinding, value: &Json) {
        if let Some((name, figure)) = limit_passed(binding, value, self.limits) {
            let text = format!("it is longer than the limit {name} ({figure}) allows");
            let kind = RequestErrorKind::Limit(name, figure);
            self.misfits.push(Misfit { value: Json::Null, path: self.path.clone(), text, limit: Some(kind) });
        }
    }

    fn misfit(&mut self, value: Json, text: String) -> Json {
        self.misfits.push(Misfit { value, path: self.path.clone(), text, limit: None });
        Json::Null
    }
}

/// The limit that a compared value passes, if any.
pub(crate) fn limit_passed(binding: &InputBinding, value: &Json, limits: &Limits) -> Option<(&'static str, u64)> {
    if !matches!(binding, InputBinding::Compare(_) | InputBinding::Every(_) | InputBinding::Key(_)) {
        return None;
    }
    match value {
        // Bytes are at least characters: the count is only made for texts that may be too long.
        Json::String(text) if text.len() > limits.filter_text_max && text.chars().count() > limits.filter_text_max => {
            Some(("filter_text_max", limits.filter_text_max as u64))
        }
        Json::Array(items) if items.len() > limits.filter_list_max => {
            Some(("filter_list_max", limits.filter_list_max as u64))
        }
        Json::Array(items) => items.iter().find_map(|item| limit_passed(binding, item, limits)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => None,
    }
}
