//! Why a model cannot be shown, as its author reads it: once for each cause, at the place of the declaration, with the fix.

use std::sync::Arc;

use model::{Diagnostic, Diagnostics, Field, Model, Place, Source};

use super::SchemaFault;

/// The faults of all dialects of all endpoints. One clash of two declarations gives many equal names in many dialects: it is told once.
#[must_use]
pub fn diagnostics(model: &Model, faults: &[SchemaFault]) -> Diagnostics {
    let mut list: Vec<Diagnostic> = Vec::new();
    let mut clashes: Vec<Clash<'_>> = Vec::new();
    for fault in faults {
        match fault {
            SchemaFault::NameTwice { dialect, name, first, second, fix } => {
                let known = clashes.iter_mut().find(|clash| clash.first == first && clash.second == second);
                match known {
                    Some(clash) => clash.also(dialect, name, fix),
                    None => clashes.push(Clash { first, second, names: vec![(dialect, name, fix)] }),
                }
            }
            SchemaFault::NameInvalid { dialect, name, owner, fix } => {
                let place = place_of(model, &[owner, ".", name].concat()).or_else(|| place_of(model, owner));
                let message = format!("`{name}` of {owner} is no GraphQL name in {dialect}");
                list.push(
                    Diagnostic::new(message, place.unwrap_or_else(|| nowhere(owner)))
                        .help(format!("give it another with {fix}")),
                );
            }
            SchemaFault::Invalid { dialects, text } => {
                list.push(Diagnostic::new(
                    format!("the schema of {dialects} does not hold: {text}"),
                    nowhere(dialects),
                ));
            }
        }
    }
    list.extend(clashes.iter().map(|clash| clash.diagnostic(model)));
    list.sort_by(|left, right| {
        (&left.place.source.name, left.place.start).cmp(&(&right.place.source.name, right.place.start))
    });
    list.dedup();
    Diagnostics { list }
}

/// Two declarations that give one name, in one dialect or several.
struct Clash<'a> {
    first: &'a str,
    second: &'a str,
    /// Dialect, name, fix.
    names: Vec<(&'static str, &'a str, &'static str)>,
}

impl<'a> Clash<'a> {
    fn also(&mut self, dialect: &'static str, name: &'a str, fix: &'static str) {
        // Of the names that derive from one another the first is what was written.
        if self.names.iter().all(|(known, _, _)| *known != dialect) {
            self.names.push((dialect, name, fix));
        }
    }

    fn diagnostic(&self, model: &Model) -> Diagnostic {
        let shown =
            |words: &str| if place_of(model, words).is_some() { format!("`{words}`") } else { words.to_owned() };
        let names: Vec<String> = self.names.iter().map(|(dialect, name, _)| format!("`{name}` in {dialect}")).collect();
        let mut fixes: Vec<&str> = self.names.iter().map(|(_, _, fix)| *fix).collect();
        fixes.dedup();
        let message = format!("{} and {} are both {}", shown(self.first), shown(self.second), names.join(" and "));
        let (first, second) = (place_of(model, self.first), place_of(model, self.second));
        let help = format!("give one of them another name: {}", fixes.join(" or "));
        match (first, second) {
            (Some(first), Some(second)) if first != second => {
                Diagnostic::new(message, second).related(first, "the other one").help(help)
            }
            (Some(place), _) | (None, Some(place)) => Diagnostic::new(message, place).help(help),
            (None, None) => Diagnostic::new(message, nowhere(self.first)).help(help),
        }
    }
}

/// Where `Type`, `Type.field` or `content type Type` is declared; none for what a dialect has of its own.
fn place_of(model: &Model, words: &str) -> Option<Place> {
    let words = words.strip_prefix("content type ").or_else(|| words.strip_prefix("component ")).unwrap_or(words);
    let (owner, field) = words.split_once('.').map_or((words, None), |(owner, field)| (owner, Some(field)));
    let (place, fields) = declared(model, owner)?;
    match field {
        None => Some(place.clone()),
        // A name that derives from a field's is told at the type.
        Some(name) => Some(fields.iter().find(|field| field.name == name).map_or(place, |field| &field.place).clone()),
    }
}

fn declared<'a>(model: &'a Model, name: &str) -> Option<(&'a Place, &'a [Field])> {
    let types = model.types.iter().map(|of| (&of.name, &of.place, of.fields.as_slice()));
    let components = model.components.iter().map(|of| (&of.name, &of.place, of.fields.as_slice()));
    let zones = model.zones.iter().map(|of| (&of.name, &of.place, &[][..]));
    let enums = model.enums.iter().map(|of| (&of.name, &of.place, &[][..]));
    let mut all = types.chain(components).chain(zones).chain(enums);
    all.find(|(known, _, _)| *known == name).map(|(_, place, fields)| (place, fields))
}

/// What stands in no text of the project.
fn nowhere(text: &str) -> Place {
    Place {
        start: 0,
        end: text.len(),
        source: Arc::new(Source { name: "endpoints".to_owned(), text: text.to_owned() }),
    }
}
