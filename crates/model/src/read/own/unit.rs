//! `@unit` and `@factor`: a number in the unit that is asked for.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, EnumValueDefinition};
use rust_decimal::Decimal;

use super::super::catalog::Named;
use super::super::{Env, Faults, arguments, literals, restrictions};
use super::Site;
use crate::{Bound, Diagnostic, FieldId, FieldKind, Scalar, Unit, naming};

/// Decimals of an answered number at most.
const DECIMALS_MAX: i32 = 28;

pub(super) fn read(
    site: &Site,
    directive: &Node<Directive>,
    (id, field): (FieldId, &crate::Field),
    faults: &mut Faults,
) -> Option<Bound> {
    check_kind(site, directive, field, faults);
    let word = arguments::text(site.env, directive, "argument").unwrap_or("unit");
    let place = |name: &str| arguments::place(site.env, directive, name);
    let Some(argument) = site.definition.arguments.iter().find(|argument| argument.name == word) else {
        let message = format!("`{}` has no argument `{word}` that asks for the unit", site.path());
        faults.push(Diagnostic::new(message, place("argument")).help("name the argument with @unit(argument: \"…\")"));
        return None;
    };
    site.uses(word);
    let named = argument.ty.inner_named_type();
    let Some(units) = site.env.schema.get_enum(named).filter(|_| is_enum(site.env, named) && !argument.ty.is_list())
    else {
        let message =
            format!("the argument `{word}` of `{}` asks for a unit, and `{}` is no enum", site.path(), argument.ty);
        let fault = Diagnostic::new(message, site.env.texts.place(argument.name.location()));
        faults.push(fault.help("write an enum whose words have @factor"));
        return None;
    };
    let factors: Vec<(String, String)> = units
        .values
        .values()
        .filter_map(|value| Some((value.value.to_string(), factor(site.env, value, faults)?)))
        .collect();
    let written = arguments::value(site.env, directive, "of")?;
    let kept = arguments::word(written).unwrap_or_default();
    let Some((_, kept)) = factors.iter().find(|(word, _)| word == kept) else {
        let near = naming::nearest(kept, factors.iter().map(|(word, _)| word.as_str()));
        let help = near.map(|near| format!("did you mean {near}?"));
        let message = format!("`{named}` has no word `{}` with a factor", literals::shown(written));
        faults.push(Diagnostic { help, ..Diagnostic::new(message, place("of")) });
        return None;
    };
    let decimals = arguments::number(site.env, directive, "decimals").unwrap_or(7);
    if !(0..=DECIMALS_MAX).contains(&decimals) {
        let fault =
            Diagnostic::new(format!("a number has 0 to {DECIMALS_MAX} decimals, not {decimals}"), place("decimals"));
        faults.push(fault);
    }
    Some(Bound::Unit(Unit {
        field: id,
        argument: word.to_owned(),
        kept: kept.clone(),
        decimals: u32::try_from(decimals).unwrap_or(0),
        factors,
    }))
}

fn is_enum(env: &Env, name: &str) -> bool {
    matches!(env.catalog.get(name), Some(Named::Enum(_)))
}

fn check_kind(site: &Site, directive: &Node<Directive>, field: &crate::Field, faults: &mut Faults) {
    let is_number = matches!(field.kind, FieldKind::Scalar { scalar: Scalar::Float | Scalar::Decimal, list: false });
    if !is_number {
        let message = format!("`{}` has a unit, and `{}` keeps no fractions", site.path(), site.definition.ty);
        let fault = Diagnostic::new(message, site.env.texts.place(directive.location()));
        faults.push(fault.help("write `Float` or `Decimal`"));
    }
}

/// The factor of one unit; a fault for a word without one.
fn factor(env: &Env, value: &EnumValueDefinition, faults: &mut Faults) -> Option<String> {
    let place = env.texts.place(value.value.location());
    let Some(directive) = value.directives.get("factor") else {
        let fault = Diagnostic::new(format!("the unit {} has no factor", value.value), place);
        faults.push(fault.help("write @factor(value: …): how many of it make one of the unit with factor 1"));
        return None;
    };
    let written = arguments::value(env, directive, "value")?;
    let exact = restrictions::exact(written).filter(|factor| *factor > Decimal::ZERO);
    if exact.is_none() {
        let message = format!("a factor is a number above 0, not `{}`", literals::shown(written));
        faults.push(Diagnostic::new(message, arguments::place(env, directive, "value")));
    }
    exact.map(|factor| factor.normalize().to_string())
}
