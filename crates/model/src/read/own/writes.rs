//! `@create @update @delete`: which document, and which values go where.

use apollo_compiler::ast::{Directive, Value};
use apollo_compiler::{Name, Node};

use super::super::catalog::Named;
use super::super::conditions;
use super::super::{Faults, arguments, literals};
use super::arguments::hole;
use super::{Site, rows};
use crate::{
    Bound, ColumnName, Condition, ContentType, Diagnostic, Field, FieldId, FieldKind, Model, OwnData, OwnEntry,
    OwnWrite, Scalar, Side, Target, Term, TypeId, naming,
};

pub(super) fn create(site: &Site, model: &Model, directive: &Node<Directive>, faults: &mut Faults) -> Option<Bound> {
    let of = target(site, model, directive, faults)?;
    let data = data(site, model, (directive, of), faults);
    check_required(site, model, (directive, of), &data, faults);
    Some(Bound::Create { of, data })
}

pub(super) fn update(site: &Site, model: &Model, directive: &Node<Directive>, faults: &mut Faults) -> Option<Bound> {
    let of = target(site, model, directive, faults)?;
    let before = faults.list.len();
    let data = data(site, model, (directive, of), faults);
    let is_faulty = faults.list.len() > before;
    let by = by(site, model, (directive, of), faults);
    if data.entries.is_empty() && !is_faulty {
        let place = site.env.texts.place(directive.location());
        let fault = Diagnostic::new(format!("@update on `{}` changes nothing", site.path()), place);
        faults.push(fault.help("say with `set:` or `from:` which fields it changes"));
    }
    Some(Bound::Update { of, by: by?, data })
}

pub(super) fn delete(site: &Site, model: &Model, directive: &Node<Directive>, faults: &mut Faults) -> Option<Bound> {
    let of = target(site, model, directive, faults)?;
    Some(Bound::Delete { of, by: by(site, model, (directive, of), faults)? })
}

/// The one content type that is written.
fn target(site: &Site, model: &Model, directive: &Node<Directive>, faults: &mut Faults) -> Option<TypeId> {
    rows::check_not_list(site, directive, faults);
    let targets = rows::targets(site, model, directive, faults);
    if arguments::text(site.env, directive, "type").is_some() {
        rows::check_answer(site, model, directive, &targets, faults);
    }
    let place = || site.env.texts.place(directive.location());
    match targets.as_slice() {
        [of] if model.content_type(*of).table.is_some() => {
            let message =
                format!("`{}` is an imported table, which own fields cannot write", model.content_type(*of).name);
            faults.push(Diagnostic::new(message, place()).help("take the field out"));
            None
        }
        [of] => Some(*of),
        [] => None,
        [_, ..] => {
            let message = format!("@{} on `{}` cannot choose among several content types", directive.name, site.path());
            faults.push(Diagnostic::new(message, place()).help("name one of them with `type:`"));
            None
        }
    }
}

fn by(
    site: &Site,
    model: &Model,
    (directive, of): (&Node<Directive>, TypeId),
    faults: &mut Faults,
) -> Option<Condition> {
    let written = arguments::value(site.env, directive, "by")?;
    let condition = conditions::read_key(site, model, of, written, faults)?;
    rows::check_unique(site, model, of, (&condition, written), faults);
    let columns = rows::columns_of(&condition);
    let is_system = |column: &ColumnName| matches!(column, ColumnName::System(_));
    if columns.len() > 1 && columns.iter().any(is_system) {
        let message = format!("`{}` finds a row by its key and by more", site.path());
        let fault = Diagnostic::new(message, site.env.texts.place(written.location()));
        faults.push(fault.help("name the key alone, or fields with @unique"));
    }
    Some(condition)
}

fn data(site: &Site, model: &Model, (directive, of): (&Node<Directive>, TypeId), faults: &mut Faults) -> OwnData {
    let mut data = OwnData::default();
    if let Some(written) = arguments::value(site.env, directive, "set") {
        if let Some(members) = written.as_object() {
            let is_update = directive.name == "update";
            let read =
                members.iter().filter_map(|(name, value)| entry(site, (model, of), name, (value, is_update), faults));
            data.entries.extend(read.collect::<Vec<_>>());
        } else {
            let message = format!("`set` is an object of fields, not `{}`", literals::shown(written));
            let fault = Diagnostic::new(message, site.env.texts.place(written.location()));
            faults.push(fault.help("write it as { field: \"$argument\" }"));
        }
    }
    if let Some(written) = arguments::value(site.env, directive, "from") {
        from(site, (model, of), written, (&mut data, faults));
    }
    data
}

/// The field that is written, if it can be.
fn writable<'m>(
    site: &Site,
    owner: &'m ContentType,
    name: &str,
    at: &Node<Value>,
    faults: &mut Faults,
) -> Option<(FieldId, &'m Field)> {
    let place = || site.env.texts.place(at.location());
    let Some(id) = owner.field_named(name) else {
        let near = naming::nearest(name, owner.fields.iter().map(|field| field.name.as_str()));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        let fault = Diagnostic::new(format!("`{}` has no field `{name}` to write", owner.name), place());
        faults.push(Diagnostic { help, ..fault });
        return None;
    };
    let field = owner.field(id);
    let why = match &field.kind {
        _ if field.engine => "it is written by the engine alone",
        FieldKind::Component { .. } | FieldKind::Zone { .. } => "own fields cannot write components yet",
        FieldKind::Relation(relation) if matches!(relation.target, Target::Group(_)) => {
            "own fields cannot link rows of several types yet"
        }
        FieldKind::Relation(_) | FieldKind::Scalar { .. } | FieldKind::Enum { .. } => return Some((id, field)),
    };
    let message = format!("`{}.{name}` cannot be written here: {why}", owner.name);
    faults.push(Diagnostic::new(message, place()).related(field.place.clone(), "the field").help("take it out"));
    None
}

/// One member of `set`.
fn entry(
    site: &Site,
    (model, of): (&Model, TypeId),
    name: &Name,
    (value, is_update): (&Node<Value>, bool),
    faults: &mut Faults,
) -> Option<OwnEntry> {
    let owner = model.content_type(of);
    let (id, field) = writable(site, owner, name, value, faults)?;
    let operator = value.as_object().filter(|_| !is_json(&field.kind) || is_operator(value));
    let (how, value) = match operator {
        Some(members) if is_update => operation(site, owner, field, (members, value), faults)?,
        Some(_) => {
            let message = format!("`{}.{}` takes a value here, not an operator", owner.name, field.name);
            let fault = Diagnostic::new(message, site.env.texts.place(value.location()));
            faults.push(fault.help("operators change what is there already: use them in @update"));
            return None;
        }
        None => (OwnWrite::Set, value),
    };
    let value = value_of(site, model, (owner, field, how), value, faults)?;
    Some(OwnEntry { field: id, how, value, if_given: false })
}

fn is_json(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Scalar { scalar: Scalar::Json | Scalar::Blocks, .. })
}

fn is_operator(value: &Value) -> bool {
    value.as_object().is_some_and(|members| {
        members.len() == 1 && members.iter().all(|(name, _)| matches!(name.as_str(), "inc" | "append"))
    })
}

/// `{ inc: "$by" }` or `{ append: "$episode" }`.
fn operation<'v>(
    site: &Site,
    owner: &ContentType,
    field: &Field,
    (members, at): (&'v [(Name, Node<Value>)], &Node<Value>),
    faults: &mut Faults,
) -> Option<(OwnWrite, &'v Node<Value>)> {
    let path = [owner.name.as_str(), &field.name].join(".");
    let place = site.env.texts.place(at.location());
    let [(word, operand)] = members else {
        let fault = Diagnostic::new(format!("`{path}` takes one operator, `inc` or `append`"), place);
        faults.push(fault.help("write { inc: \"$by\" }"));
        return None;
    };
    let is_number = matches!(
        field.kind,
        FieldKind::Scalar { scalar: Scalar::Int | Scalar::BigInt | Scalar::Float | Scalar::Decimal, list: false }
    );
    let is_list = matches!(field.kind, FieldKind::Scalar { list: true, .. } | FieldKind::Enum { list: true, .. });
    match word.as_str() {
        "inc" if is_number => return Some((OwnWrite::Increment, operand)),
        "append" if is_list => return Some((OwnWrite::Append, operand)),
        "inc" => faults.push(Diagnostic::new(format!("`{path}` is no number, so nothing can be added to it"), place)),
        "append" => {
            let fault =
                Diagnostic::new(format!("`{path}` is no list of scalars, so nothing can be put behind it"), place);
            faults.push(fault.help("`append` is for lists of scalars and enums"));
        }
        other => {
            let fault = Diagnostic::new(format!("there is no operator `{other}`"), place);
            faults.push(fault.help("`inc` adds to a number, `append` to a list"));
        }
    }
    None
}

/// The value of a field: a literal or a hole.
fn value_of(
    site: &Site,
    model: &Model,
    (owner, field, how): (&ContentType, &Field, OwnWrite),
    written: &Node<Value>,
    faults: &mut Faults,
) -> Option<Term> {
    let path = [owner.name.as_str(), &field.name].join(".");
    let is_list = match &field.kind {
        FieldKind::Scalar { list, .. } | FieldKind::Enum { list, .. } => *list,
        FieldKind::Relation(relation) => relation.many,
        FieldKind::Component { .. } | FieldKind::Zone { .. } => false,
    };
    if written.is_null() {
        return Some(Term::Literal(serde_json::Value::Null));
    }
    if let Some(hole) = written.as_str().and_then(hole)
        && let Some(argument) = told(site.argument(hole, written), faults)?
    {
        told(site.check_fits(&argument, (&path, &field.kind), written), faults)?;
        let fits = match how {
            OwnWrite::Append => true,
            OwnWrite::Set | OwnWrite::Increment => argument.of.is_list() == is_list,
        };
        if !fits {
            let what = if is_list { "a list" } else { "one value" };
            let message = format!("`{path}` takes {what}, and the argument is `{}`", argument.of);
            let fault = Diagnostic::new(message, site.env.texts.place(written.location()));
            faults.push(fault.help("change the argument's type"));
            return None;
        }
        return Some(argument.term());
    }
    let id = FieldKind::Scalar { scalar: Scalar::Id, list: false };
    let kind = if field.relation().is_some() { &id } else { &field.kind };
    match written.as_list() {
        Some(items) if is_list => {
            let mut values = Vec::new();
            for item in items {
                match conditions::read_term(site, model, (&path, kind), item, faults)? {
                    Term::Literal(value) => values.push(value),
                    Term::Argument { .. } | Term::Caller(_) | Term::Now => {
                        let message = format!("`{path}`: a list is either written out or one argument");
                        let fault = Diagnostic::new(message, site.env.texts.place(item.location()));
                        faults.push(fault.help("give the whole list by one argument"));
                        return None;
                    }
                }
            }
            Some(Term::Literal(serde_json::Value::Array(values)))
        }
        Some(_) | None => conditions::read_term(site, model, (&path, kind), written, faults),
    }
}

fn told<T>(found: Result<T, Vec<Diagnostic>>, faults: &mut Faults) -> Option<T> {
    match found {
        Ok(read) => Some(read),
        Err(more) => {
            faults.list.extend(more);
            None
        }
    }
}

/// `from: "$review"`: the members of an input are fields of the same names.
fn from(
    site: &Site,
    (model, of): (&Model, TypeId),
    written: &Node<Value>,
    (data, faults): (&mut OwnData, &mut Faults),
) {
    let place = || site.env.texts.place(written.location());
    let Some(hole) = written.as_str().and_then(hole) else {
        let fault = Diagnostic::new(format!("`from` names an argument, not `{}`", literals::shown(written)), place());
        faults.push(fault.help("write it as \"$input\""));
        return;
    };
    let Some(Some(argument)) = told(site.argument(hole, written), faults) else { return };
    let named = argument.of.inner_named_type();
    let input = site.env.schema.get_input_object(named).filter(|_| !argument.of.is_list());
    let Some(input) = input.filter(|_| site.env.catalog.get(named) == Some(Named::Shape)) else {
        let fault = Diagnostic::new(format!("`from` takes an input object, and `{}` is none", argument.of), place());
        faults.push(fault.help("name an argument of an input type, or use `set:`"));
        return;
    };
    let owner = model.content_type(of);
    for member in input.fields.values() {
        let Some((id, field)) = writable(site, owner, &member.name, written, faults) else { continue };
        if data.entries.iter().any(|entry| entry.field == id) {
            let message = format!("`{}.{}` is written by `set` and by `from`", owner.name, field.name);
            faults.push(Diagnostic::new(message, place()).help("take it out of one of them"));
            continue;
        }
        let text = format!("${hole}.{}", member.name);
        let path = written.same_location(Value::String(text));
        if let Some(value) = value_of(site, model, (owner, field, OwnWrite::Set), &path, faults) {
            data.entries.push(OwnEntry { field: id, how: OwnWrite::Set, value, if_given: true });
        }
    }
}

/// A new document needs its required fields: one that nothing gives makes every request fail.
fn check_required(
    site: &Site,
    model: &Model,
    (directive, of): (&Node<Directive>, TypeId),
    data: &OwnData,
    faults: &mut Faults,
) {
    let owner = model.content_type(of);
    let given = |id: FieldId| data.entries.iter().any(|entry| entry.field == id);
    for (id, field) in owner.fields_by_id() {
        let is_elsewhere =
            field.relation().is_some_and(|relation| matches!(relation.side, Side::Inverse { .. }) || relation.many);
        let is_list = matches!(field.kind, FieldKind::Component { repeatable: true, .. } | FieldKind::Zone { .. });
        if field.required && field.default.is_none() && !field.engine && !is_elsewhere && !is_list && !given(id) {
            let message =
                format!("@create on `{}` gives no `{}.{}`, which is required", site.path(), owner.name, field.name);
            faults.push(
                Diagnostic::new(message, site.env.texts.place(directive.location()))
                    .related(field.place.clone(), "the field")
                    .help("give it in `set:` or `from:`, or give the field a @default"),
            );
        }
    }
}
