//! The project's own API as people read it: one line for each field that is bound.

use std::fmt::{self, Formatter};

use super::{column_name, condition, term};
use crate::{
    Bound, Connection, ContentEvent, Model, OwnData, OwnField, OwnKind, OwnRef, OwnRows, OwnType, OwnWrite, Term,
    TypeId, Unit,
};

/// The fields of an object type that are more than a column.
pub(super) fn own_type(model: &Model, of: &OwnType, out: &mut Formatter<'_>) -> fmt::Result {
    let fields = match &of.kind {
        OwnKind::Object { fields, .. } => fields,
        OwnKind::Interface { .. } | OwnKind::Union { .. } | OwnKind::Enum { .. } | OwnKind::Input { .. } => {
            return Ok(());
        }
    };
    fields.iter().try_for_each(|field| own_field(model, of, field, out))
}

fn own_field(model: &Model, of: &OwnType, field: &OwnField, out: &mut Formatter<'_>) -> fmt::Result {
    if matches!(field.bound, Bound::Shared | Bound::Field(_) | Bound::System(_) | Bound::Part(_)) {
        return Ok(());
    }
    write!(out, "own {}.{}", of.name, field.name)?;
    for (index, argument) in field.arguments.iter().enumerate() {
        write!(out, "{}{}: {}", if index == 0 { "(" } else { ", " }, argument.name, argument.of)?;
        argument.default.iter().try_for_each(|default| write!(out, " = {default}"))?;
    }
    out.write_str(if field.arguments.is_empty() { "" } else { ")" })?;
    write!(out, ": {} is ", field.of)?;
    bound(model, &field.bound, out)?;
    writeln!(out)
}

fn bound(model: &Model, of: &Bound, out: &mut Formatter<'_>) -> fmt::Result {
    match of {
        Bound::Shared | Bound::Field(_) | Bound::System(_) | Bound::Part(_) => Ok(()),
        Bound::Unit(unit) => own_unit(unit, out),
        Bound::Get { rows, field } => {
            out.write_str("the row of")?;
            own_rows(model, rows, out)?;
            let through = field.zip(rows.first()).map(|(field, rows)| &model.content_type(rows.of).field(field).name);
            through.iter().try_for_each(|name| write!(out, ", its {name}"))
        }
        Bound::List { rows, limit, offset } => {
            out.write_str("rows of")?;
            own_rows(model, rows, out)?;
            bounds([("limit", limit), ("offset", offset)], out)
        }
        Bound::Search { rows, text, fields, limit } => {
            out.write_str("rows with ")?;
            term(text, out)?;
            for (rows, fields) in rows.iter().zip(fields) {
                let owner = model.content_type(rows.of);
                let names: Vec<&str> = fields.iter().map(|field| owner.field(*field).name.as_str()).collect();
                write!(out, " in {}.({})", owner.name, names.join(", "))?;
            }
            out.write_str(" of")?;
            own_rows(model, rows, out)?;
            bounds([("limit", limit)], out)
        }
        Bound::Connection(connection) => own_connection(model, connection, out),
        Bound::Create { of, data } => {
            write!(out, "a new {}", model.content_type(*of).name)?;
            own_data(model, *of, data, out)
        }
        Bound::Update { of, by, data } => {
            write!(out, "the changed {} where ", model.content_type(*of).name)?;
            condition(model, &model.content_type(*of).fields, by, out)?;
            own_data(model, *of, data, out)
        }
        Bound::Delete { of, by } => {
            write!(out, "the deleted {} where ", model.content_type(*of).name)?;
            condition(model, &model.content_type(*of).fields, by, out)
        }
        Bound::Changes { rows, events } => {
            let words: Vec<&str> = events.iter().map(|event| event.word()).collect();
            write!(out, "{} of", words.join(" "))?;
            own_rows(model, rows, out)
        }
    }
}

fn own_unit(unit: &Unit, out: &mut Formatter<'_>) -> fmt::Result {
    let factors: Vec<String> = unit.factors.iter().map(|(word, factor)| format!("{word}={factor}")).collect();
    write!(
        out,
        "kept by {}, asked by ${} of {}, {} decimals",
        unit.kept,
        unit.argument,
        factors.join(" "),
        unit.decimals
    )
}

fn own_rows(model: &Model, rows: &[OwnRows], out: &mut Formatter<'_>) -> fmt::Result {
    for (index, of) in rows.iter().enumerate() {
        let owner = model.content_type(of.of);
        write!(out, "{} {} where ", if index == 0 { "" } else { " |" }, owner.name)?;
        condition(model, &owner.fields, &of.condition, out)?;
        for (index, key) in of.sort.iter().enumerate() {
            out.write_str(if index == 0 { " by " } else { ", " })?;
            let mut at = owner;
            for step in &key.path {
                let field = at.field(*step);
                write!(out, "{}.", field.name)?;
                if let Some(crate::Target::Type(target)) = field.relation().map(|relation| relation.target) {
                    at = model.content_type(target);
                }
            }
            write!(out, "{}{}", column_name(&at.fields, key.column), if key.descending { ":desc" } else { "" })?;
        }
    }
    Ok(())
}

fn own_connection(model: &Model, of: &Connection, out: &mut Formatter<'_>) -> fmt::Result {
    out.write_str(if of.over.is_some() { "a connection over related" } else { "a connection over" })?;
    own_rows(model, &of.rows, out)?;
    bounds([("first", &of.first), ("after", &of.after), ("last", &of.last), ("before", &of.before)], out)
}

fn bounds<'a>(list: impl IntoIterator<Item = (&'a str, &'a Option<Term>)>, out: &mut Formatter<'_>) -> fmt::Result {
    for (word, bound) in list {
        if let Some(bound) = bound {
            write!(out, ", {word} ")?;
            term(bound, out)?;
        }
    }
    Ok(())
}

fn own_data(model: &Model, of: TypeId, data: &OwnData, out: &mut Formatter<'_>) -> fmt::Result {
    for entry in &data.entries {
        let sign = match entry.how {
            OwnWrite::Set => "=",
            OwnWrite::Increment => "+=",
            OwnWrite::Append => "++=",
        };
        write!(out, ", {} {sign} ", model.content_type(of).field(entry.field).name)?;
        term(&entry.value, out)?;
        out.write_str(if entry.if_given { " if given" } else { "" })?;
    }
    Ok(())
}

impl fmt::Display for OwnRef {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            OwnRef::Named(name) => out.write_str(name),
            OwnRef::List(item) => write!(out, "[{item}]"),
            OwnRef::NonNull(inner) => write!(out, "{inner}!"),
        }
    }
}

impl ContentEvent {
    /// The word in SDL.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ContentEvent::Create => "CREATE",
            ContentEvent::Update => "UPDATE",
            ContentEvent::Delete => "DELETE",
            ContentEvent::Publish => "PUBLISH",
            ContentEvent::Unpublish => "UNPUBLISH",
        }
    }
}
