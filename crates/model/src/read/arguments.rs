//! Arguments of directives, by name. Their types were checked by GraphQL's validation: what does not fit is absent here.

use apollo_compiler::ast::{Directive, Value};
use apollo_compiler::{Name, Node};

use super::Env;
use crate::Place;

/// The value of an argument: as written, or the language's default; null is absent.
pub(super) fn value<'a>(env: &Env<'a>, directive: &'a Directive, name: &str) -> Option<&'a Node<Value>> {
    directive.argument_by_name(name, env.schema).ok().filter(|value| !value.is_null())
}

/// A text.
pub(super) fn text<'a>(env: &Env<'a>, directive: &'a Directive, name: &str) -> Option<&'a str> {
    value(env, directive, name).and_then(|value| value.as_str())
}

/// A boolean; absent is false.
pub(super) fn is_true(env: &Env, directive: &Directive, name: &str) -> bool {
    value(env, directive, name).and_then(|value| value.to_bool()).unwrap_or(false)
}

/// A whole number.
pub(super) fn number(env: &Env, directive: &Directive, name: &str) -> Option<i32> {
    value(env, directive, name).and_then(|value| value.to_i32())
}

/// A list of texts or enum words, each with its node. A single value counts as a list of one, as in all of GraphQL's input.
pub(super) fn words<'a>(
    env: &Env<'a>,
    directive: &'a Directive,
    name: &str,
) -> Option<Vec<(&'a str, &'a Node<Value>)>> {
    let value = value(env, directive, name)?;
    let items: Vec<&Node<Value>> = value.as_list().map_or_else(|| vec![value], |items| items.iter().collect());
    Some(items.into_iter().filter_map(|item| word(item).map(|word| (word, item))).collect())
}

/// A text or an enum word.
pub(super) fn word(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.as_enum().map(Name::as_str))
}

/// The place of an argument's value, or of the whole directive where the argument is not written.
pub(super) fn place(env: &Env, directive: &Node<Directive>, name: &str) -> Place {
    let written = directive.specified_argument_by_name(name).and_then(Node::location);
    env.texts.place(written.or_else(|| directive.location()))
}
