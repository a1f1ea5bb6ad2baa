//! What is asked of an object of a type: found once for all objects of one list.

use std::borrow::Cow;

use super::{Asked, AskedPart};
use crate::definition::{Definitions, Field};

/// The fields that are asked of objects of one type.
pub(super) struct Selection<'s> {
    pub(super) fields: Vec<Selected<'s>>,
}

/// One of them.
pub(super) struct Selected<'s> {
    /// Key in the answer.
    pub(super) key: &'s str,
    /// What stands before its value: `{"key":` or `,"key":`. Response keys are names of GraphQL: nothing in them needs an escape.
    pub(super) lead: Vec<u8>,
    /// None for the name of the type.
    pub(super) definition: Option<&'static Field>,
    /// The field as it is told: with the defaults of its arguments, and all that is asked inside.
    pub(super) told: Cow<'s, Asked>,
    /// Every place that asks for it under this key.
    pub(super) same: Vec<&'s Asked>,
}

impl<'s> Selection<'s> {
    pub(super) fn new(definitions: &'static Definitions, of: &str, asked: &[&'s Asked]) -> Selection<'s> {
        let mut found: Vec<(&'s str, Vec<&'s Asked>)> = Vec::new();
        for asked in asked {
            collect(definitions, of, &asked.inside, &mut found);
        }
        let known = definitions.fields(of);
        let mut fields: Vec<Selected<'s>> = Vec::with_capacity(found.len());
        for (key, same) in found {
            let Some(first) = same.first() else { continue };
            let definition = known.and_then(|known| known.get(&first.name));
            if definition.is_none() && first.name != TYPE_NAME {
                continue;
            }
            let before = if fields.is_empty() { "{\"" } else { ",\"" };
            let lead = [before, key, "\":"].concat().into_bytes();
            fields.push(Selected { key, lead, definition, told: told(&same, definition), same });
        }
        Selection { fields }
    }
}

const TYPE_NAME: &str = "__typename";

/// The field with everything that is asked of it in several places.
fn told<'s>(same: &[&'s Asked], definition: Option<&Field>) -> Cow<'s, Asked> {
    let first = same[0];
    let lacks_arguments = definition.is_some_and(|definition| first.arguments.len() < definition.arguments.len());
    if same.len() == 1 && !lacks_arguments {
        return Cow::Borrowed(first);
    }
    let mut whole = definition.map_or_else(|| first.clone(), |definition| with_defaults(first, definition));
    whole.inside.extend(same[1..].iter().flat_map(|asked| asked.inside.iter().cloned()));
    Cow::Owned(whole)
}

fn collect<'s>(
    definitions: &Definitions,
    of: &str,
    parts: &'s [AskedPart],
    fields: &mut Vec<(&'s str, Vec<&'s Asked>)>,
) {
    for part in parts {
        match part {
            AskedPart::Field(asked) => match fields.iter_mut().find(|(key, _)| *key == asked.key) {
                Some((_, same)) => same.push(asked),
                None => fields.push((&asked.key, vec![asked])),
            },
            AskedPart::On(wanted, inside) => {
                if wanted == of || definitions.members(wanted).contains(&of) {
                    collect(definitions, of, inside, fields);
                }
            }
        }
    }
}

/// The same with the defaults of arguments that are not given.
pub(crate) fn with_defaults(asked: &Asked, field: &Field) -> Asked {
    let mut asked = asked.clone();
    for (name, input) in &field.arguments {
        if let (Some(default), false) = (&input.default, asked.arguments.contains_key(name)) {
            asked.arguments.insert(name.clone(), default.clone());
        }
    }
    asked
}
