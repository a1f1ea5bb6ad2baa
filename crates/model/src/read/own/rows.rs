//! `@get @list @search @changes`: which content types, which rows, in which order.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};

use super::super::catalog::Named;
use super::super::conditions::{self, Scope};
use super::super::{Faults, arguments};
use super::Site;
use crate::{
    Bound, ColumnName, Condition, ContentEvent, Diagnostic, Field, FieldId, FieldKind, Model, OwnRows, OwnSort, Scalar,
    SystemColumn, Target, Term, TypeId, naming,
};

/// The whole numbers that pages are made of.
pub(super) const WHOLE: FieldKind = FieldKind::Scalar { scalar: Scalar::Int, list: false };
/// Texts that are looked for.
const TEXT: FieldKind = FieldKind::Scalar { scalar: Scalar::String, list: false };

/// Content types that a directive reads: those of its `type`, else of the field's own type.
pub(super) fn targets(site: &Site, model: &Model, directive: &Node<Directive>, faults: &mut Faults) -> Vec<TypeId> {
    let written = arguments::text(site.env, directive, "type");
    let named = site.definition.ty.inner_named_type();
    let name = written.unwrap_or(named.as_str());
    match site.env.catalog.get(name) {
        Some(Named::Type(of)) if !model.content_type(of).is_of_engine() => return vec![of],
        Some(Named::Group(group)) => return model.group(group).members.clone(),
        Some(_) | None => {}
    }
    let place = match written {
        Some(_) => arguments::place(site.env, directive, "type"),
        None => site.env.texts.place(named.location()),
    };
    let message = format!("@{} on `{}` looks among rows of `{name}`, which has none", directive.name, site.path());
    let near = naming::nearest(name, model.shown_types().map(|(_, of)| of.name.as_str()));
    let help = near.map_or_else(
        || format!("name a content type: @{}(type: \"…\")", directive.name),
        |near| format!("did you mean `{near}`?"),
    );
    faults.push(Diagnostic::new(message, place).help(help));
    Vec::new()
}

/// The rows that `where` and `sort` name, for each content type.
pub(super) fn rows(
    site: &Site,
    model: &Model,
    directive: &Node<Directive>,
    targets: &[TypeId],
    faults: &mut Faults,
) -> Vec<OwnRows> {
    let written = arguments::value(site.env, directive, "where");
    let sorts = arguments::words(site.env, directive, "sort").unwrap_or_default();
    let mut list = Vec::new();
    for of in targets {
        let condition = match written {
            Some(written) => conditions::read_own(site, model, Scope::Type(*of), written, faults),
            None => Some(Condition::And(Vec::new())),
        };
        let sort = sorts.iter().filter_map(|(word, node)| sort_key(site, model, *of, (word, node), faults)).collect();
        list.extend(condition.map(|condition| OwnRows { of: *of, condition, sort }));
    }
    check_sorts(site, model, directive, &list, faults);
    list
}

/// Keys of several content types are compared with each other: they must be of one kind.
fn check_sorts(site: &Site, model: &Model, directive: &Node<Directive>, rows: &[OwnRows], faults: &mut Faults) {
    let Some((first, others)) = rows.split_first() else { return };
    let place = || arguments::place(site.env, directive, "sort");
    for other in others {
        let (one, another) = (model.content_type(first.of), model.content_type(other.of));
        if one.key != another.key {
            let message =
                format!("`{}`: `{}` and `{}` have keys of different kinds", site.path(), one.name, another.name);
            faults.push(
                Diagnostic::new(message, site.env.texts.place(directive.location()))
                    .related(another.place.clone(), "the other type")
                    .help("give both the same @model(key: …)"),
            );
            return;
        }
        let differs = first.sort.iter().zip(&other.sort).any(|(left, right)| {
            end_kind(model, first.of, left).is_some_and(|kind| end_kind(model, other.of, right) != Some(kind))
        });
        if differs {
            let message = format!(
                "`{}` is sorted by fields that hold different things in `{}` and `{}`",
                site.path(),
                one.name,
                another.name
            );
            faults.push(Diagnostic::new(message, place()).help("name fields of the same type"));
            return;
        }
    }
}

/// What the column at the end of an order holds; enums and texts are both compared as text.
fn end_kind(model: &Model, of: TypeId, sort: &OwnSort) -> Option<Scalar> {
    let mut at = of;
    for step in &sort.path {
        match model.content_type(at).field(*step).relation()?.target {
            Target::Type(target) => at = target,
            Target::Group(_) => return None,
        }
    }
    match sort.column {
        ColumnName::Field(field) => match model.content_type(at).field(field).kind {
            FieldKind::Scalar { scalar: Scalar::Text | Scalar::Uid | Scalar::Email | Scalar::Id, .. }
            | FieldKind::Enum { .. } => Some(Scalar::String),
            FieldKind::Scalar { scalar: Scalar::BigInt, .. } => Some(Scalar::Int),
            FieldKind::Scalar { scalar, .. } => Some(scalar),
            FieldKind::Relation(_) | FieldKind::Component { .. } | FieldKind::Zone { .. } => None,
        },
        ColumnName::System(SystemColumn::CreatedAt | SystemColumn::UpdatedAt | SystemColumn::PublishedAt) => {
            Some(Scalar::DateTime)
        }
        ColumnName::System(_) => Some(Scalar::Id),
    }
}

/// `path` or `path:desc`.
pub(super) fn sort_key(
    site: &Site,
    model: &Model,
    of: TypeId,
    (word, node): (&str, &Node<Value>),
    faults: &mut Faults,
) -> Option<OwnSort> {
    let place = || site.env.texts.place(node.location());
    let (path, order) = word.split_once(':').unwrap_or((word, "asc"));
    if !matches!(order, "asc" | "desc") {
        let fault = Diagnostic::new(format!("`{order}` is no order"), place());
        faults.push(fault.help(format!("write \"{path}\" or \"{path}:desc\"")));
        return None;
    }
    let mut steps: Vec<&str> = path.split('.').collect();
    let last = steps.pop()?;
    let mut at = of;
    let mut fields = Vec::new();
    for step in steps {
        let owner = model.content_type(at);
        let field = owner.field_named(step).filter(|field| !owner.field(*field).is_hidden());
        match field.and_then(|field| Some((field, owner.field(field).relation()?.target))) {
            Some((field, Target::Type(target))) => {
                fields.push(field);
                at = target;
            }
            Some((_, Target::Group(_))) | None => {
                let message = format!("`{}.{step}` leads to no rows of one type, so nothing sorts by it", owner.name);
                faults.push(Diagnostic::new(message, place()).help("name a relation to one content type"));
                return None;
            }
        }
    }
    let column = sort_column(model, at, last);
    if column.is_none() {
        let owner = model.content_type(at);
        let seen = owner.fields.iter().filter(|field| !field.is_hidden());
        let near = naming::nearest(last, seen.map(|field| field.name.as_str()));
        let help = near.map_or_else(
            || "name a scalar field that is not private, `id` or `createdAt`".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("`{}` has no `{last}` to sort by", owner.name);
        faults.push(Diagnostic::new(message, place()).help(help));
    }
    Some(OwnSort { path: fields, column: column?, descending: order == "desc" })
}

fn sort_column(model: &Model, of: TypeId, word: &str) -> Option<ColumnName> {
    let owner = model.content_type(of);
    if let Some(field) = owner.field_named(word) {
        let is_scalar = matches!(
            owner.field(field).kind,
            FieldKind::Scalar { list: false, .. } | FieldKind::Enum { list: false, .. }
        );
        return (is_scalar && !owner.field(field).is_hidden()).then_some(ColumnName::Field(field));
    }
    let columns = [
        SystemColumn::Key,
        SystemColumn::DocumentId,
        SystemColumn::CreatedAt,
        SystemColumn::UpdatedAt,
        SystemColumn::PublishedAt,
    ];
    columns.into_iter().find(|column| column.word() == word).map(ColumnName::System)
}

/// The value of an argument of a directive, literal or hole.
pub(super) fn term(
    site: &Site,
    model: &Model,
    (directive, name): (&Node<Directive>, &str),
    kind: &FieldKind,
    faults: &mut Faults,
) -> Option<Term> {
    let written = directive.specified_argument_by_name(name).filter(|value| !value.is_null())?;
    let path = format!("{name} of @{}", directive.name);
    conditions::read_term(site, model, (&path, kind), written, faults)
}

pub(super) fn get(site: &Site, model: &Model, directive: &Node<Directive>, faults: &mut Faults) -> Option<Bound> {
    let targets = targets(site, model, directive, faults);
    let by = arguments::value(site.env, directive, "by")?;
    let field = match arguments::text(site.env, directive, "field") {
        Some(field) => Some(through(site, model, (directive, field), &targets, faults)?),
        None => None,
    };
    let mut rows = Vec::new();
    for of in &targets {
        let condition = conditions::read_key(site, model, *of, by, faults)?;
        check_unique(site, model, *of, (&condition, by), faults);
        rows.push(OwnRows { of: *of, condition, sort: Vec::new() });
    }
    check_keys(site, model, directive, &targets, faults);
    if field.is_none() && arguments::text(site.env, directive, "type").is_some() {
        check_answer(site, model, directive, &targets, faults);
    }
    check_not_list(site, directive, faults);
    (!rows.is_empty()).then_some(Bound::Get { rows, field })
}

/// The rows of `type` must be what the field's type shows.
pub(super) fn check_answer(
    site: &Site,
    model: &Model,
    directive: &Node<Directive>,
    targets: &[TypeId],
    faults: &mut Faults,
) {
    let named = site.definition.ty.inner_named_type();
    let shown = match site.env.catalog.get(named) {
        Some(Named::Type(of)) => vec![of],
        Some(Named::Group(group)) => model.group(group).members.clone(),
        Some(_) | None => Vec::new(),
    };
    if let Some(other) = targets.iter().find(|of| !shown.contains(of)) {
        let message =
            format!("`{}` answers with `{named}`, and `{}` is none", site.path(), model.content_type(*other).name);
        let fault = Diagnostic::new(message, arguments::place(site.env, directive, "type"));
        faults.push(fault.help("change the field's type, or say with `field:` which of its relations is meant"));
    }
}

/// One row is asked for where a list stands.
pub(super) fn check_not_list(site: &Site, directive: &Node<Directive>, faults: &mut Faults) {
    if site.definition.ty.is_list() {
        let message = format!("@{} answers with one row, and `{}` is a list", directive.name, site.path());
        let fault = Diagnostic::new(message, site.env.texts.place(site.definition.name.location()));
        faults.push(fault.help("take the brackets off, or use @list"));
    }
}

fn check_list(site: &Site, directive: &Node<Directive>, faults: &mut Faults) {
    if !site.definition.ty.is_list() {
        let message = format!("@{} answers with a list, and `{}` is none", directive.name, site.path());
        let fault = Diagnostic::new(message, site.env.texts.place(site.definition.name.location()));
        faults.push(fault.help(format!("write `[{}]`, or use @get", site.definition.ty.inner_named_type())));
    }
}

/// The to-one relation that `field:` names.
fn through(
    site: &Site,
    model: &Model,
    (directive, field): (&Node<Directive>, &str),
    targets: &[TypeId],
    faults: &mut Faults,
) -> Option<FieldId> {
    let place = arguments::place(site.env, directive, "field");
    let [of] = targets else {
        if !targets.is_empty() {
            let message = format!("`{}` is found in several types, which share no relation", site.path());
            faults.push(Diagnostic::new(message, place).help("name one content type with `type:`"));
        }
        return None;
    };
    let owner = model.content_type(*of);
    let named = site.definition.ty.inner_named_type();
    let found = owner.field_named(field).filter(|id| !owner.field(*id).is_hidden());
    let relation = found.and_then(|id| owner.field(id).relation().filter(|relation| !relation.many));
    let target = relation.map(|relation| match relation.target {
        Target::Type(target) => model.content_type(target).name.as_str(),
        Target::Group(group) => model.group(group).name.as_str(),
    });
    match (found, target) {
        (Some(id), Some(target)) if target == named.as_str() => return Some(id),
        (Some(_), Some(target)) => {
            let message = format!("`{}.{field}` leads to `{target}`, and `{}` is `{named}`", owner.name, site.path());
            faults.push(Diagnostic::new(message, place).help(format!("write `{target}` as the type of the field")));
        }
        (Some(_), None) => {
            let message = format!("`{}.{field}` is no to-one relation", owner.name);
            faults.push(Diagnostic::new(message, place).help("name a relation to one row"));
        }
        (None, _) => {
            let near = naming::nearest(field, owner.fields.iter().map(|field| field.name.as_str()));
            let help = near.map(|near| format!("did you mean `{near}`?"));
            let fault = Diagnostic::new(format!("`{}` has no field `{field}`", owner.name), place);
            faults.push(Diagnostic { help, ..fault });
        }
    }
    None
}

/// `by` must name the key, the document id, or what is unique.
pub(super) fn check_unique(
    site: &Site,
    model: &Model,
    of: TypeId,
    (condition, at): (&Condition, &Node<Value>),
    faults: &mut Faults,
) {
    let owner = model.content_type(of);
    let columns = columns_of(condition);
    let is_key = |column: &ColumnName| match column {
        ColumnName::System(SystemColumn::Key | SystemColumn::DocumentId) => true,
        ColumnName::System(_) => false,
        ColumnName::Field(field) => owner.field(*field).unique.is_some(),
    };
    let covers = |fields: &[FieldId]| fields.iter().all(|field| columns.contains(&ColumnName::Field(*field)));
    if columns.iter().any(is_key) || owner.unique.iter().any(|key| covers(&key.fields)) {
        return;
    }
    let words: Vec<&str> = columns.iter().map(|column| owner.column_word(*column)).collect();
    let message =
        format!("`{}` finds a `{}` by {}, of which there may be several", site.path(), owner.name, words.join(", "));
    let fault = Diagnostic::new(message, site.env.texts.place(at.location()));
    faults.push(fault.help("name `id`, `documentId` or fields with @unique; use @list for several rows"));
}

pub(super) fn columns_of(condition: &Condition) -> Vec<ColumnName> {
    match condition {
        Condition::And(list) => list.iter().flat_map(columns_of).collect(),
        Condition::Compare { column, .. } | Condition::Null { column, .. } => vec![*column],
        Condition::Or(_) | Condition::Not(_) | Condition::Some { .. } => Vec::new(),
    }
}

/// A key alone finds a row of several types only where no two of them share a number.
fn check_keys(site: &Site, model: &Model, directive: &Node<Directive>, targets: &[TypeId], faults: &mut Faults) {
    let Some((first, others)) = targets.split_first() else { return };
    let first = model.content_type(*first);
    for other in others.iter().map(|of| model.content_type(*of)) {
        if first.keys.is_none() || first.keys != other.keys {
            let message = format!(
                "`{}` looks in `{}` and `{}`, which may have rows with the same key",
                site.path(),
                first.name,
                other.name
            );
            faults.push(
                Diagnostic::new(message, site.env.texts.place(directive.location()))
                    .related(other.place.clone(), "the other type")
                    .help("let the types draw their keys from one sequence: @model(keys: \"…\") with the same word on each"),
            );
            return;
        }
    }
}

pub(super) fn list(site: &Site, model: &Model, directive: &Node<Directive>, faults: &mut Faults) -> Option<Bound> {
    let targets = targets(site, model, directive, faults);
    let rows = rows(site, model, directive, &targets, faults);
    check_answer_if_named(site, model, directive, &targets, faults);
    check_list(site, directive, faults);
    let limit = term(site, model, (directive, "limit"), &WHOLE, faults);
    let offset = term(site, model, (directive, "offset"), &WHOLE, faults);
    (!rows.is_empty()).then_some(Bound::List { rows, limit, offset })
}

fn check_answer_if_named(
    site: &Site,
    model: &Model,
    directive: &Node<Directive>,
    targets: &[TypeId],
    faults: &mut Faults,
) {
    if arguments::text(site.env, directive, "type").is_some() {
        check_answer(site, model, directive, targets, faults);
    }
}

pub(super) fn search(site: &Site, model: &Model, directive: &Node<Directive>, faults: &mut Faults) -> Option<Bound> {
    let targets = targets(site, model, directive, faults);
    let rows = rows(site, model, directive, &targets, faults);
    check_list(site, directive, faults);
    let text = term(site, model, (directive, "text"), &TEXT, faults);
    let words = arguments::words(site.env, directive, "in").unwrap_or_default();
    if words.is_empty() {
        let fault = Diagnostic::new(
            format!("@search on `{}` names no field to look in", site.path()),
            arguments::place(site.env, directive, "in"),
        );
        faults.push(fault.help("write `in: [\"name\"]`"));
    }
    let mut fields = Vec::new();
    for of in &targets {
        let owner = model.content_type(*of);
        let found: Vec<FieldId> = words.iter().filter_map(|(word, _)| text_field(model, *of, word)).collect();
        if found.is_empty()
            && let Some((word, node)) = words.first()
        {
            let texts = owner.fields.iter().filter(|field| is_text(field)).map(|field| field.name.as_str());
            let near = naming::nearest(word, texts);
            let message = format!("`{}` has no text field `{word}` to look in", owner.name);
            let fault = Diagnostic::new(message, site.env.texts.place(node.location()));
            let help = near.map_or_else(
                || format!("name a text field that `{}` has", owner.name),
                |near| format!("did you mean `{near}`?"),
            );
            faults.push(fault.help(help));
        }
        fields.push(found);
    }
    let limit = term(site, model, (directive, "limit"), &WHOLE, faults);
    (!rows.is_empty()).then_some(())?;
    Some(Bound::Search { rows, text: text?, fields, limit })
}

fn text_field(model: &Model, of: TypeId, word: &str) -> Option<FieldId> {
    let owner = model.content_type(of);
    owner.field_named(word).filter(|field| is_text(owner.field(*field)))
}

/// Whether @search may look in it.
fn is_text(field: &Field) -> bool {
    let is_text = matches!(
        field.kind,
        FieldKind::Scalar {
            scalar: Scalar::String | Scalar::Text | Scalar::RichText | Scalar::Email | Scalar::Uid | Scalar::Id,
            list: false
        }
    );
    is_text && !field.is_hidden()
}

pub(super) fn changes(site: &Site, model: &Model, directive: &Node<Directive>, faults: &mut Faults) -> Option<Bound> {
    let targets = targets(site, model, directive, faults);
    let rows = rows(site, model, directive, &targets, faults);
    check_answer_if_named(site, model, directive, &targets, faults);
    check_not_list(site, directive, faults);
    let words = arguments::words(site.env, directive, "events").unwrap_or_default();
    let events = words.iter().filter_map(|(word, _)| event(word)).collect();
    (!rows.is_empty()).then_some(Bound::Changes { rows, events })
}

/// The event of this word.
pub(in crate::read) fn event(word: &str) -> Option<ContentEvent> {
    match word {
        "CREATE" => Some(ContentEvent::Create),
        "UPDATE" => Some(ContentEvent::Update),
        "DELETE" => Some(ContentEvent::Delete),
        "PUBLISH" => Some(ContentEvent::Publish),
        "UNPUBLISH" => Some(ContentEvent::Unpublish),
        // Any other word was refused by GraphQL's validation.
        _ => None,
    }
}
