//! Arguments that are inputs: what a definition takes from others.

use apollo_compiler::Node;
use apollo_compiler::ast::InputValueDefinition;

use super::ops::{Site, op_type};
use crate::config::{ConfigType, check};
use crate::read::{Faults, literals};
use crate::{Diagnostic, InputSource, NodeInput, OpType, OpTypeKind, Scalar};

/// Directives that make an argument an input.
const INPUT: [&str; 3] = ["input", "from", "fromInput"];
/// Directives of config, which an input is not.
const OF_CONFIG: [&str; 4] = ["map", "orScalar", "optional", "absent"];

/// The argument is no config.
pub(super) fn is_input(argument: &InputValueDefinition) -> bool {
    INPUT.iter().any(|word| argument.directives.has(word))
}

/// The inputs of a definition, each without its source.
pub(super) fn of_definition(site: &Site, faults: &mut Faults) -> Vec<NodeInput> {
    let arguments = site.definition.arguments.iter().filter(|argument| is_input(argument));
    arguments.map(|argument| input(site, argument, faults)).collect()
}

fn input(site: &Site, argument: &Node<InputValueDefinition>, faults: &mut Faults) -> NodeInput {
    let path = [&site.path(), ".", argument.name.as_str()].concat();
    for directive in argument.directives.iter().filter(|of| OF_CONFIG.contains(&of.name.as_str())) {
        let message = format!("@{} is for config, and `{path}` is an input", directive.name);
        faults.push(Diagnostic::new(message, site.env.texts.place(directive.location())).help("remove it"));
    }
    let of = op_type(site, &argument.ty, faults);
    let default = argument.default_value.as_ref().map(|value| literals::to_json(value));
    if let (Some(value), Some(as_config)) = (&default, as_config(&of)) {
        for fault in check(&as_config, value) {
            let place = site.env.texts.place(argument.default_value.as_ref().and_then(Node::location));
            faults.push(Diagnostic::new(format!("`{path}`: the default does not fit: {}", fault.kind), place));
        }
    }
    NodeInput {
        name: argument.name.to_string(),
        description: argument.description.as_ref().map(ToString::to_string),
        of,
        default,
        source: InputSource::Config,
        feeds: Vec::new(),
    }
}

/// What a value of it is as config, where config can give it: anything, a plain scalar, or a list of one of them.
pub(crate) fn as_config(of: &OpType) -> Option<ConfigType> {
    let plain = match &of.kind {
        OpTypeKind::Any => ConfigType::Any,
        OpTypeKind::Scalar(scalar @ (Scalar::Int | Scalar::Float | Scalar::Boolean | Scalar::String)) => {
            ConfigType::Scalar(*scalar)
        }
        OpTypeKind::List(item) if !matches!(item.kind, OpTypeKind::List(_)) => {
            ConfigType::List(Box::new(as_config(item)?))
        }
        OpTypeKind::Scalar(_) | OpTypeKind::List(_) | OpTypeKind::Nothing | OpTypeKind::Enum(_) => return None,
    };
    let is_nullable = !of.required && plain != ConfigType::Any;
    Some(if is_nullable { ConfigType::Nullable(Box::new(plain)) } else { plain })
}
