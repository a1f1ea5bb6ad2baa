//! The document of a mutation: one operation, whose variables are the op's config, but for those that its inputs feed.
//!
//! Whether it holds is said by the endpoint that runs it; here it is read no further than its variables.

use apollo_compiler::Node;
use apollo_compiler::ast::{Definition, Directive, OperationDefinition, OperationType, Type, VariableDefinition};
use apollo_compiler::parser::Parser;

use super::inputs;
use super::ops::Site;
use crate::config::{ConfigField, ConfigType};
use crate::read::catalog::Named;
use crate::read::{Faults, arguments, literals};
use crate::{Diagnostic, Scalar, naming};

/// Bytes of a document.
const DOCUMENT_BYTES_MAX: usize = 100_000;
/// Tokens of it.
const DOCUMENT_TOKENS_MAX: usize = 10_000;

/// Checks the document against what stands around it; gives the config of the op.
pub(super) fn config(site: &Site, directive: &Node<Directive>, faults: &mut Faults) -> Vec<ConfigField> {
    check_inputs(site, faults);
    let document = arguments::text(site.env, directive, "document").unwrap_or_default();
    let place = || arguments::place(site.env, directive, "document");
    if document.trim().is_empty() {
        let fault = Diagnostic::new(format!("the mutation of `{}` is empty", site.path()), place());
        faults.push(fault.help("write one mutation operation"));
        return Vec::new();
    }
    let operation = match operation(document) {
        Ok(operation) => operation,
        Err(reason) => {
            let message = format!("the document of `{}` is no mutation: {reason}", site.path());
            faults.push(Diagnostic::new(message, place()).help("write one mutation operation"));
            return Vec::new();
        }
    };
    check_variables(site, &operation, faults);
    let is_fed = |variable: &VariableDefinition| {
        site.definition.arguments.iter().any(|argument| argument.name == variable.name && inputs::is_input(argument))
    };
    let variables = operation.variables.iter().filter(|variable| !is_fed(variable));
    let mut fields: Vec<ConfigField> = variables.map(|variable| field(site, variable)).collect();
    fields.sort_by(|one, other| one.name.cmp(&other.name));
    fields
}

/// The one operation of a document.
fn operation(document: &str) -> Result<Node<OperationDefinition>, String> {
    if document.len() > DOCUMENT_BYTES_MAX {
        return Err(format!("it has more than {DOCUMENT_BYTES_MAX} bytes"));
    }
    let parsed = Parser::new().token_limit(DOCUMENT_TOKENS_MAX).parse_ast(document, "mutation");
    let parsed = parsed.map_err(|failed| {
        failed.errors.iter().next().map_or_else(|| "it does not parse".to_owned(), |error| error.error.to_string())
    })?;
    let mut operations = parsed.definitions.iter().filter_map(|definition| match definition {
        Definition::OperationDefinition(operation) => Some(operation),
        _ => None,
    });
    match (operations.next(), operations.next()) {
        (Some(only), None) if only.operation_type == OperationType::Mutation => Ok(only.clone()),
        (Some(_), None) => Err("it changes nothing".to_owned()),
        (Some(_), Some(_)) => Err("it has more than one operation".to_owned()),
        (None, _) => Err("it has no operation".to_owned()),
    }
}

/// Every argument of such an op is an input.
fn check_inputs(site: &Site, faults: &mut Faults) {
    for argument in site.definition.arguments.iter().filter(|argument| !inputs::is_input(argument)) {
        let message = format!("`{}` is a mutation: its config is what its document declares as variables", site.path());
        let place = site.env.texts.place(argument.name.location());
        let help = "remove the argument and declare a variable, or feed it with @from";
        faults.push(Diagnostic::new(message, place).help(help));
    }
}

/// Every input feeds a variable.
fn check_variables(site: &Site, operation: &OperationDefinition, faults: &mut Faults) {
    let names = || operation.variables.iter().map(|variable| variable.name.as_str());
    for argument in site.definition.arguments.iter().filter(|argument| inputs::is_input(argument)) {
        if names().any(|name| argument.name == name) {
            continue;
        }
        let message = format!("the mutation of `{}` has no variable `${}`", site.path(), argument.name);
        let help = naming::nearest(&argument.name, names()).map_or_else(
            || "declare the variable, or remove the argument".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        faults.push(Diagnostic::new(message, site.env.texts.place(argument.name.location())).help(help));
    }
}

/// A variable as config. Types that only the endpoint knows take anything here, and are checked there.
fn field(site: &Site, variable: &VariableDefinition) -> ConfigField {
    let default = variable.default_value.as_ref().map(|value| literals::to_json(value));
    ConfigField {
        name: variable.name.to_string(),
        description: None,
        of: of_type(site, &variable.ty),
        required: variable.ty.is_non_null() && default.is_none(),
        default,
    }
}

fn of_type(site: &Site, of: &Type) -> ConfigType {
    let inner = match of {
        Type::List(item) | Type::NonNullList(item) => ConfigType::List(Box::new(of_type(site, item))),
        Type::Named(name) | Type::NonNullNamed(name) => {
            let scalar = if let Some(Named::Scalar(scalar)) = site.env.catalog.get(name) { Some(scalar) } else { None };
            // A key may be a number or a text.
            let is_plain = |scalar: &Scalar| {
                !matches!(scalar, Scalar::Id | Scalar::Json | Scalar::Password | Scalar::Uid | Scalar::Blocks)
            };
            scalar.filter(is_plain).map_or(ConfigType::Any, ConfigType::Scalar)
        }
    };
    if of.is_non_null() || inner == ConfigType::Any { inner } else { ConfigType::Nullable(Box::new(inner)) }
}
