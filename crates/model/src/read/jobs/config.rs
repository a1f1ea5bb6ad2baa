//! Arguments of ops and members of inputs as types of config.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use apollo_compiler::ast::{InputValueDefinition, Type};
use apollo_compiler::schema::{InputObjectType, ObjectType};
use apollo_compiler::{Name, Node};

use super::inputs;
use super::ops::Site;
use crate::config::{
    CONFIG_TYPES_MAX, ConfigEither, ConfigEnum, ConfigField, ConfigMap, ConfigShape, ConfigType, ShapeKind,
    SourceScalar, check,
};
use crate::read::catalog::Named;
use crate::read::{Env, Faults, arguments, literals};
use crate::{Diagnostic, Place, Scalar, naming};

/// Inputs that were read, each once.
pub(super) struct Configs<'a> {
    env: &'a Env<'a>,
    read: HashMap<Name, Reading>,
}

/// How far an input is.
enum Reading {
    /// Its members are being read: whoever meets it now is one of them.
    Begun,
    Done(ConfigType),
}

impl<'a> Configs<'a> {
    pub(super) fn new(env: &'a Env<'a>) -> Configs<'a> {
        Configs { env, read: HashMap::new() }
    }

    /// The config of an op: its arguments that are no inputs, sorted by name.
    pub(super) fn of_op(&mut self, site: &Site, faults: &mut Faults) -> Vec<ConfigField> {
        let path = site.path();
        let fields = site.definition.arguments.iter().filter(|argument| !inputs::is_input(argument));
        let mut fields: Vec<ConfigField> =
            fields.filter_map(|definition| self.field(&path, definition, ShapeKind::Strict, faults)).collect();
        fields.sort_by(|one, other| one.name.cmp(&other.name));
        let types: usize = fields.iter().map(|field| field.of.size()).sum();
        if types > CONFIG_TYPES_MAX {
            let message = format!("the config of `{path}` holds more than {CONFIG_TYPES_MAX} types");
            faults.push(Diagnostic::new(message, site.place()).help("use fewer inputs within inputs, or JSON"));
            return Vec::new();
        }
        fields
    }

    /// One member: its type, whether it must be given, and its default. `T!` may not be null, and must be given unless it has a default or
    /// is @optional; in a choice of one each member counts as `T!`, for GraphQL wants them all nullable.
    fn field(
        &mut self,
        owner: &str,
        definition: &Node<InputValueDefinition>,
        kind: ShapeKind,
        faults: &mut Faults,
    ) -> Option<ConfigField> {
        let path = [owner, ".", definition.name.as_str()].concat();
        let has = |name: &str| definition.directives.has(name);
        if has("absent") {
            return None;
        }
        let is_chosen = kind == ShapeKind::OneOf;
        let inner = self.of_type(&path, &definition.ty, is_chosen, faults)?;
        let of = self.wrapped(&path, definition, inner, faults);
        let default = definition.default_value.as_ref().map(|value| literals::to_json(value));
        if let Some(value) = &default {
            for fault in check(&of, value) {
                let place = self.env.texts.place(definition.default_value.as_ref().and_then(Node::location));
                let met = if fault.path.is_empty() { fault.kind.to_string() } else { fault.to_string() };
                faults.push(Diagnostic::new(format!("`{path}`: the default does not fit: {met}"), place));
            }
        }
        let must = definition.ty.is_non_null() || is_chosen;
        Some(ConfigField {
            name: definition.name.to_string(),
            description: definition.description.as_ref().map(ToString::to_string),
            of,
            required: must && default.is_none() && !has("optional"),
            default,
        })
    }

    fn of_type(&mut self, path: &str, of: &Type, is_chosen: bool, faults: &mut Faults) -> Option<ConfigType> {
        let inner = match of {
            Type::List(item) | Type::NonNullList(item) => {
                ConfigType::List(Box::new(self.of_type(path, item, false, faults)?))
            }
            Type::Named(name) | Type::NonNullNamed(name) => self.named(path, name, faults)?,
        };
        let is_nullable = !of.is_non_null() && !is_chosen && inner != ConfigType::Any;
        Some(if is_nullable { ConfigType::Nullable(Box::new(inner)) } else { inner })
    }

    fn named(&mut self, path: &str, name: &Name, faults: &mut Faults) -> Option<ConfigType> {
        let place = || self.env.texts.place(name.location());
        match (self.env.catalog.get(name)?, name.as_str()) {
            (_, "StringSource") => Some(ConfigType::Source(SourceScalar::String)),
            (_, "IntSource") => Some(ConfigType::Source(SourceScalar::Int)),
            (_, "BoolSource") => Some(ConfigType::Source(SourceScalar::Boolean)),
            (_, "Any") | (Named::Scalar(Scalar::Json), _) => Some(ConfigType::Any),
            (Named::Scalar(Scalar::Password | Scalar::Uid | Scalar::Blocks) | Named::Language, _) => {
                faults.push(no_config(path, name, place()));
                None
            }
            (Named::Scalar(scalar), _) => Some(ConfigType::Scalar(scalar)),
            (Named::Enum(_), _) => self.enumeration(name),
            (Named::Shape, _) => {
                if let Some(input) = self.env.schema.get_input_object(name) {
                    return self.input(path, name, input, faults);
                }
                faults.push(no_config(path, name, place()));
                None
            }
            // No input types: GraphQL's validation has said so.
            (
                Named::Type(_) | Named::Component(_) | Named::Zone(_) | Named::Group(_) | Named::Workflow | Named::Root,
                _,
            ) => None,
        }
    }

    fn enumeration(&self, name: &Name) -> Option<ConfigType> {
        let of = self.env.schema.get_enum(name)?;
        let value = |name: &Name, description: Option<String>| (name.to_string(), description);
        let values = of.values.values();
        let values = values.map(|of| value(&of.value, of.description.as_ref().map(ToString::to_string)));
        Some(ConfigType::Enum(Arc::new(ConfigEnum { name: name.to_string(), values: values.collect() })))
    }

    /// An input type, read once. One that holds itself has no end, and Dagster's config has no such types.
    fn input(&mut self, path: &str, name: &Name, input: &InputObjectType, faults: &mut Faults) -> Option<ConfigType> {
        match self.read.get(name) {
            Some(Reading::Done(of)) => return Some(of.clone()),
            Some(Reading::Begun) => {
                let place = self.env.texts.place(name.location());
                let fault = Diagnostic::new(format!("`{path}`: the input `{name}` holds itself"), place);
                faults.push(fault.help("config has an end: use JSON for trees of any depth"));
                return None;
            }
            None => {}
        }
        self.read.insert(name.clone(), Reading::Begun);
        let is = |word: &str| input.directives.has(word);
        let kind = match (is("oneOf"), is("permissive")) {
            (true, _) => ShapeKind::OneOf,
            (false, true) => ShapeKind::Open,
            (false, false) => ShapeKind::Strict,
        };
        let members = input.fields.values();
        let mut fields: Vec<ConfigField> =
            members.filter_map(|definition| self.field(name, &definition.node, kind, faults)).collect();
        fields.sort_by(|one, other| one.name.cmp(&other.name));
        let description = input.description.as_ref().map(ToString::to_string);
        let shape = ConfigShape { name: Some(name.to_string()), description, kind, fields };
        let of = ConfigType::Shape(Arc::new(shape));
        // What is too large is cut off here once: whoever uses it is told at the op.
        let of = if of.size() < CONFIG_TYPES_MAX { of } else { self.too_large(name, faults) };
        self.read.insert(name.clone(), Reading::Done(of.clone()));
        Some(of)
    }

    /// The members of a resource, which are its config.
    pub(super) fn of_resource(&mut self, input: &InputObjectType, faults: &mut Faults) -> Vec<ConfigField> {
        match self.input(&input.name, &input.name, input, faults) {
            Some(ConfigType::Shape(shape)) => shape.fields.clone(),
            Some(_) | None => Vec::new(),
        }
    }

    fn too_large(&self, name: &Name, faults: &mut Faults) -> ConfigType {
        let place = self.env.texts.place(name.location());
        let message = format!("the input `{name}` holds more than {CONFIG_TYPES_MAX} types");
        faults.push(Diagnostic::new(message, place).help("use fewer inputs within inputs, or JSON"));
        ConfigType::Any
    }

    /// What `@map` and `@orScalar` make of the type written.
    fn wrapped(
        &self,
        path: &str,
        definition: &Node<InputValueDefinition>,
        inner: ConfigType,
        faults: &mut Faults,
    ) -> ConfigType {
        let mut of = inner;
        if let Some(directive) = definition.directives.get("map") {
            let key = self.scalar(path, directive, "key", faults);
            let label = arguments::text(self.env, directive, "label").map(str::to_owned);
            of = around(of, |value| ConfigType::Map(Box::new(ConfigMap { key, label, value })));
        }
        if let Some(directive) = definition.directives.get("orScalar") {
            let scalar = self.scalar(path, directive, "type", faults);
            of = around(of, |other| ConfigType::Either(Box::new(ConfigEither { scalar, other })));
        }
        of
    }

    /// The scalar that a directive names.
    fn scalar(
        &self,
        path: &str,
        directive: &Node<apollo_compiler::ast::Directive>,
        argument: &str,
        faults: &mut Faults,
    ) -> Scalar {
        let word = arguments::text(self.env, directive, argument).unwrap_or_default();
        match self.env.catalog.get(word) {
            Some(Named::Scalar(scalar)) if !matches!(scalar, Scalar::Json | Scalar::Password | Scalar::Blocks) => {
                scalar
            }
            _ => {
                let place = arguments::place(self.env, directive, argument);
                let fault = Diagnostic::new(format!("`{path}`: `{word}` is no scalar of config"), place);
                faults.push(fault.help("write Int, Float, Boolean or String"));
                Scalar::String
            }
        }
    }
}

/// The type inside, with null kept outside.
fn around(of: ConfigType, wrap: impl FnOnce(ConfigType) -> ConfigType) -> ConfigType {
    match of {
        ConfigType::Nullable(inner) => ConfigType::Nullable(Box::new(wrap(*inner))),
        other => wrap(other),
    }
}

fn no_config(path: &str, name: &str, place: Place) -> Diagnostic {
    let near = naming::nearest(name, ["Int", "Float", "Boolean", "String", "JSON", "Any", "DateTime", "StringSource"]);
    let fault = Diagnostic::new(format!("`{path}`: config cannot be of type `{name}`"), place);
    match near {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault.help("config is made of scalars, enums, inputs, lists of them, and JSON"),
    }
}

/// Every input that the arguments of these types reach, and these inputs with what they hold.
pub(super) fn inputs_reached<'a>(
    env: &Env,
    types: impl Iterator<Item = &'a ObjectType>,
    resources: impl Iterator<Item = &'a InputObjectType>,
) -> HashSet<String> {
    let arguments = types.flat_map(|of| of.fields.values()).flat_map(|field| &field.arguments);
    let mut open: Vec<String> = arguments.map(|of| of.ty.inner_named_type().to_string()).collect();
    open.extend(resources.map(|input| input.name.to_string()));
    let mut found = HashSet::new();
    while let Some(name) = open.pop() {
        if let Some(input) = env.schema.get_input_object(&name).filter(|_| !found.contains(&name)) {
            open.extend(input.fields.values().map(|of| of.ty.inner_named_type().to_string()));
            found.insert(name);
        }
    }
    found
}
