//! `@connection` and the shapes around its rows.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, FieldDefinition};
use apollo_compiler::schema::ObjectType;

use super::super::catalog::Named;
use super::super::{Env, Faults, arguments};
use super::Site;
use super::rows::{self, WHOLE};
use crate::{Bound, Connection, ConnectionPart, Diagnostic, FieldKind, Model, Scalar, Target, Term, TypeId, naming};

/// A cursor comes and goes as text.
const CURSOR: FieldKind = FieldKind::Scalar { scalar: Scalar::Id, list: false };

pub(super) fn read(
    site: &Site,
    model: &Model,
    (directive, owner): (&Node<Directive>, Option<TypeId>),
    faults: &mut Faults,
) -> Option<Bound> {
    let nodes = nodes(site, faults)?;
    let over = arguments::text(site.env, directive, "over");
    let (over, targets) = match (over, owner) {
        (Some(word), Some(owner)) => {
            let (field, targets) = relation(site, model, (directive, owner, word), nodes, faults)?;
            (Some(field), targets)
        }
        (None, None) => (None, named(site.env, model, nodes)),
        (Some(_), None) => {
            let place = arguments::place(site.env, directive, "over");
            let message = format!("`{}` stands at a root, where no relation leads on", site.path());
            faults
                .push(Diagnostic::new(message, place).help("leave `over` out: all rows of the node's type are meant"));
            return None;
        }
        (None, Some(_)) => {
            let place = site.env.texts.place(directive.location());
            let message = format!("@connection on `{}` does not say over which relation", site.path());
            faults.push(Diagnostic::new(message, place).help("write @connection(over: \"…\")"));
            return None;
        }
    };
    let rows = rows::rows(site, model, directive, &targets, faults);
    let mut bound = |name: &str, kind: &FieldKind| page_term(site, model, (directive, name), kind, faults);
    let connection = Connection {
        over,
        rows,
        first: bound("first", &WHOLE),
        after: bound("after", &CURSOR),
        last: bound("last", &WHOLE),
        before: bound("before", &CURSOR),
    };
    (!connection.rows.is_empty()).then(|| Bound::Connection(Box::new(connection)))
}

/// As written, or the argument of the same name where the field has one.
fn page_term(
    site: &Site,
    model: &Model,
    (directive, name): (&Node<Directive>, &str),
    kind: &FieldKind,
    faults: &mut Faults,
) -> Option<Term> {
    if directive.specified_argument_by_name(name).is_some() {
        return rows::term(site, model, (directive, name), kind, faults);
    }
    let argument = site.definition.arguments.iter().find(|argument| argument.name == name)?;
    site.uses(name);
    let named = argument.ty.inner_named_type();
    let is_whole = *kind == WHOLE;
    let fits = !argument.ty.is_list() && (if is_whole { named == "Int" } else { named == "ID" || named == "String" });
    if !fits {
        let message = format!("the argument `{name}` of `{}` cannot be `{}`", site.path(), argument.ty);
        let fault = Diagnostic::new(message, site.env.texts.place(argument.name.location()));
        faults.push(fault.help(if is_whole { "write `Int`" } else { "write `ID` or `String`" }));
    }
    Some(Term::Argument { path: vec![name.to_owned()], optional: false })
}

/// The name of the type of the rows inside the connection.
fn nodes<'a>(site: &Site<'a>, faults: &mut Faults) -> Option<&'a str> {
    let env = site.env;
    let named = site.definition.ty.inner_named_type();
    let fault = |message: String| Diagnostic::new(message, env.texts.place(named.location()));
    let Some(object) = shape(env, named).filter(|_| !site.definition.ty.is_list()) else {
        faults.push(
            fault(format!(
                "`{}`: a connection is an object type without @model, not `{}`",
                site.path(),
                site.definition.ty
            ))
            .help("write a type with `edges`, `pageInfo` and `totalCount`"),
        );
        return None;
    };
    let found: Vec<&FieldDefinition> = object.fields.values().map(|field| &*field.node).collect();
    let of_part = |wanted: ConnectionPart| found.iter().find(|field| part_of(env, field) == Some(wanted));
    let direct = of_part(ConnectionPart::Nodes).map(|field| field.ty.inner_named_type().as_str());
    let edge = of_part(ConnectionPart::Edges).and_then(|field| shape(env, field.ty.inner_named_type()));
    let node =
        edge.and_then(|edge| edge.fields.values().find(|field| part_of(env, field) == Some(ConnectionPart::Node)));
    let through = node.map(|field| field.ty.inner_named_type().as_str());
    let nodes = direct.or(through);
    if nodes.is_none() {
        faults.push(
            fault(format!("the connection `{named}` shows no rows"))
                .help("give it `edges` whose type has a `node`, or `nodes`; @part(is:) names them otherwise"),
        );
    } else if let (Some(one), Some(other)) = (direct, through)
        && one != other
    {
        faults.push(
            fault(format!("the connection `{named}` shows `{one}` as nodes and `{other}` in its edges"))
                .help("let both be of one type"),
        );
        return None;
    }
    nodes
}

fn shape<'a>(env: &'a Env<'_>, name: &str) -> Option<&'a Node<ObjectType>> {
    env.schema.get_object(name).filter(|_| env.catalog.get(name) == Some(Named::Shape))
}

/// Content types of this name.
fn named(env: &Env, model: &Model, name: &str) -> Vec<TypeId> {
    match env.catalog.get(name) {
        Some(Named::Type(of)) => vec![of],
        Some(Named::Group(group)) => model.group(group).members.clone(),
        Some(_) | None => Vec::new(),
    }
}

fn relation(
    site: &Site,
    model: &Model,
    (directive, owner, word): (&Node<Directive>, TypeId, &str),
    nodes: &str,
    faults: &mut Faults,
) -> Option<(crate::FieldId, Vec<TypeId>)> {
    let place = arguments::place(site.env, directive, "over");
    let of = model.content_type(owner);
    let Some(id) = of.field_named(word).filter(|id| !of.field(*id).is_hidden()) else {
        let relations = of.fields.iter().filter(|field| field.relation().is_some());
        let near = naming::nearest(word, relations.map(|field| field.name.as_str()));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        faults.push(Diagnostic { help, ..Diagnostic::new(format!("`{}` has no relation `{word}`", of.name), place) });
        return None;
    };
    let Some(relation) = of.field(id).relation().filter(|relation| relation.many) else {
        let fault = Diagnostic::new(format!("`{}.{word}` is no to-many relation", of.name), place);
        faults.push(fault.related(of.field(id).place.clone(), "the field").help("name a list of rows"));
        return None;
    };
    let (target, list) = match relation.target {
        Target::Type(target) => (model.content_type(target).name.as_str(), vec![target]),
        Target::Group(group) => (model.group(group).name.as_str(), model.group(group).members.clone()),
    };
    if target != nodes {
        let message = format!("`{}.{word}` leads to `{target}`, and the connection shows `{nodes}`", of.name);
        faults.push(Diagnostic::new(message, place).help(format!("write `{target}` in the connection's types")));
        return None;
    }
    Some((id, list))
}

/// The part that a field of a shape is, by @part or by its name.
fn part_of(env: &Env, field: &FieldDefinition) -> Option<ConnectionPart> {
    let written = field
        .directives
        .get("part")
        .and_then(|directive| arguments::value(env, directive, "is").and_then(|value| arguments::word(value)));
    match written {
        Some(word) => by_word(word),
        None => by_name(&field.name),
    }
}

fn by_word(word: &str) -> Option<ConnectionPart> {
    Some(match word {
        "TOTAL" => ConnectionPart::Total,
        "EDGES" => ConnectionPart::Edges,
        "NODES" => ConnectionPart::Nodes,
        "PAGE_INFO" => ConnectionPart::PageInfo,
        "CURSOR" => ConnectionPart::Cursor,
        "NODE" => ConnectionPart::Node,
        "START_CURSOR" => ConnectionPart::StartCursor,
        "END_CURSOR" => ConnectionPart::EndCursor,
        "HAS_NEXT_PAGE" => ConnectionPart::HasNextPage,
        "HAS_PREVIOUS_PAGE" => ConnectionPart::HasPreviousPage,
        // Any other word was refused by GraphQL's validation.
        _ => return None,
    })
}

fn by_name(name: &str) -> Option<ConnectionPart> {
    Some(match name {
        "totalCount" => ConnectionPart::Total,
        "edges" => ConnectionPart::Edges,
        "nodes" => ConnectionPart::Nodes,
        "pageInfo" => ConnectionPart::PageInfo,
        "cursor" => ConnectionPart::Cursor,
        "node" => ConnectionPart::Node,
        "startCursor" => ConnectionPart::StartCursor,
        "endCursor" => ConnectionPart::EndCursor,
        "hasNextPage" => ConnectionPart::HasNextPage,
        "hasPreviousPage" => ConnectionPart::HasPreviousPage,
        _ => return None,
    })
}

/// A field of a shape: a part of a connection, of the type that such a part has.
pub(super) fn part(env: &Env, owner: &str, field: &FieldDefinition, faults: &mut Faults) -> Option<Bound> {
    let place = env.texts.place(field.name.location());
    let path = [owner, field.name.as_str()].join(".");
    let Some(part) = part_of(env, field) else {
        let message = format!("`{path}` is no part of a connection, and `{owner}` has no table");
        faults.push(Diagnostic::new(message, place).help(format!(
            "name its part with @part(is: …), or give `{owner}` @model to make it a content type, @component(category: …) to make it a component"
        )));
        return None;
    };
    let named = field.ty.inner_named_type().as_str();
    let is_rows = matches!(env.catalog.get(named), Some(Named::Type(_) | Named::Group(_)));
    let is_shape = shape(env, named).is_some();
    let (fits, wanted) = match part {
        ConnectionPart::Total => (named == "Int" && !field.ty.is_list(), "Int"),
        ConnectionPart::Edges => (is_shape && field.ty.is_list(), "a list of a type with `cursor` and `node`"),
        ConnectionPart::Nodes => (is_rows && field.ty.is_list(), "a list of rows"),
        ConnectionPart::PageInfo => (is_shape && !field.ty.is_list(), "a type with `hasNextPage` and the like"),
        ConnectionPart::Node => (is_rows && !field.ty.is_list(), "a row"),
        ConnectionPart::Cursor | ConnectionPart::StartCursor | ConnectionPart::EndCursor => {
            (matches!(named, "ID" | "String") && !field.ty.is_list(), "ID or String")
        }
        ConnectionPart::HasNextPage | ConnectionPart::HasPreviousPage => {
            (named == "Boolean" && !field.ty.is_list(), "Boolean")
        }
    };
    if !fits {
        let message = format!("`{path}` is this part of a connection, and cannot be `{}`", field.ty);
        faults.push(Diagnostic::new(message, place.clone()).help(format!("it must be {wanted}")));
    }
    if !field.arguments.is_empty() {
        let message = format!("`{path}` is a part of a connection and takes no arguments");
        faults.push(Diagnostic::new(message, place).help("give them to the field that has @connection"));
    }
    Some(Bound::Part(part))
}
