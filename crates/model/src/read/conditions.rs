//! `where:` in strapi5's words, resolved against the model.
//!
//! `{ chef: { id: { eq: "$user.id" } }, or: [{ stars: { gte: 4 } }, { featured: { eq: true } }] }`: the members of an object hold together,
//! a relation or component asks for some row or element that meets what stands inside, a field takes an object of operators.

use apollo_compiler::ast::Value;
use apollo_compiler::{Name, Node};
use serde_json::Value as Json;

use super::own::Site;
use super::{Env, Faults, literals};
use crate::{
    ColumnName, ComponentId, Condition, Diagnostic, Field, FieldId, FieldKind, Key, Model, Operator, Scalar,
    SystemColumn, Target, Term, TypeId, naming,
};

/// Objects within each other at most.
pub const CONDITION_DEPTH_MAX: usize = 32;

/// Whose members a condition names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope {
    /// Fields and system columns of a content type.
    Type(TypeId),
    /// Members of a component.
    Component(ComponentId),
}

/// A written condition; nothing when it has a fault, which is told.
pub(super) fn read(
    env: &Env,
    model: &Model,
    scope: Scope,
    written: &Node<Value>,
    faults: &mut Faults,
) -> Option<Condition> {
    told(Reader { env, model, site: None }.object(scope, written, 0), faults)
}

/// The same inside a directive on an own field, whose arguments may be compared with.
pub(super) fn read_own(
    site: &Site,
    model: &Model,
    scope: Scope,
    written: &Node<Value>,
    faults: &mut Faults,
) -> Option<Condition> {
    told(Reader { env: site.env, model, site: Some(site) }.object(scope, written, 0), faults)
}

/// `{ id: "$id" }`: every column has this value, and null is the value of a row with null.
pub(super) fn read_key(
    site: &Site,
    model: &Model,
    of: TypeId,
    written: &Node<Value>,
    faults: &mut Faults,
) -> Option<Condition> {
    let reader = Reader { env: site.env, model, site: Some(site) };
    told(reader.key(Scope::Type(of), written), faults)
}

/// One value for a field of this kind, inside a directive on an own field.
pub(super) fn read_term(
    site: &Site,
    model: &Model,
    (path, kind): (&str, &FieldKind),
    written: &Node<Value>,
    faults: &mut Faults,
) -> Option<Term> {
    let reader = Reader { env: site.env, model, site: Some(site) };
    let column = Column { name: ColumnName::System(SystemColumn::Key), path: path.to_owned(), kind };
    told(reader.term(&column, written), faults)
}

/// What was read; faults are told.
fn told<T>(found: Found<T>, faults: &mut Faults) -> Option<T> {
    match found {
        Ok(read) => Some(read),
        Err(more) => {
            faults.list.extend(more);
            None
        }
    }
}

/// Every fault below one place.
pub(super) type Found<T> = Result<T, Vec<Diagnostic>>;

struct Reader<'a> {
    env: &'a Env<'a>,
    model: &'a Model,
    /// The own field whose arguments may be named; none in a rule.
    site: Option<&'a Site<'a>>,
}

/// A column that is compared: what it is called, and what its values are.
struct Column<'a> {
    name: ColumnName,
    path: String,
    kind: &'a FieldKind,
}

impl Reader<'_> {
    fn fault<T>(&self, message: impl Into<String>, at: &Node<Value>, help: &str) -> Found<T> {
        Err(vec![Diagnostic::new(message, self.env.texts.place(at.location())).help(help)])
    }

    /// An object of conditions that hold together.
    fn object(&self, scope: Scope, written: &Node<Value>, depth: usize) -> Found<Condition> {
        if depth > CONDITION_DEPTH_MAX {
            return self.fault(
                format!("the condition is nested deeper than {CONDITION_DEPTH_MAX}"),
                written,
                "write it flatter",
            );
        }
        let Some(members) = written.as_object() else {
            return self.fault(
                format!("a condition is an object, not `{}`", literals::shown(written)),
                written,
                "write it as { field: { eq: value } }",
            );
        };
        all(members.iter().map(|(name, value)| self.member(scope, name, value, depth + 1))).map(conjunction)
    }

    fn member(&self, scope: Scope, name: &Name, value: &Node<Value>, depth: usize) -> Found<Condition> {
        match name.as_str() {
            "and" => self.several(scope, value, depth).map(conjunction),
            "or" => self.several(scope, value, depth).map(Condition::Or),
            "not" => self.object(scope, value, depth).map(|inner| Condition::Not(Box::new(inner))),
            _ => match self.fields(scope).iter().position(|field| field.name == name.as_str()) {
                Some(index) => {
                    self.field(scope, FieldId(u16::try_from(index).expect("FIELDS_MAX is below u16")), value, depth)
                }
                None => self.system(scope, name, value, depth),
            },
        }
    }

    /// Columns with their values, all of which hold.
    fn key(&self, scope: Scope, written: &Node<Value>) -> Found<Condition> {
        let Some(members) = written.as_object().filter(|members| !members.is_empty()) else {
            let what = format!("`by` names columns with their values, not `{}`", literals::shown(written));
            return self.fault(what, written, "write it as { id: \"$id\" }");
        };
        all(members.iter().map(|(name, value)| self.key_member(scope, name, value))).map(conjunction)
    }

    fn key_member(&self, scope: Scope, name: &Name, value: &Node<Value>) -> Found<Condition> {
        let compared = |column: &Column| {
            if value.is_null() {
                return Ok(Condition::Null { column: column.name, is_null: true });
            }
            let value = self.term(column, value)?;
            Ok(Condition::Compare { column: column.name, operator: Operator::Eq, value })
        };
        let Some(index) = self.fields(scope).iter().position(|field| field.name == name.as_str()) else {
            let (column, kind) = self.known_system(scope, name)?;
            let path = [self.owner(scope), name].join(".");
            return compared(&Column { name: ColumnName::System(column), path, kind: &kind });
        };
        let field = &self.fields(scope)[index];
        let path = [self.owner(scope), &field.name].join(".");
        let is_scalar =
            matches!(field.kind, FieldKind::Scalar { list: false, .. } | FieldKind::Enum { list: false, .. });
        if field.is_hidden() || !is_scalar {
            let why = if field.is_hidden() { "private" } else { "no scalar" };
            return self.fault(format!("`{path}` is {why}, so no row is found by it"), value, "name another field");
        }
        let id = FieldId(u16::try_from(index).expect("FIELDS_MAX is below u16"));
        compared(&Column { name: ColumnName::Field(id), path, kind: &field.kind })
    }

    fn several(&self, scope: Scope, value: &Node<Value>, depth: usize) -> Found<Vec<Condition>> {
        match value.as_list() {
            Some(items) => all(items.iter().map(|item| self.object(scope, item, depth))),
            None => self.object(scope, value, depth).map(|inner| vec![inner]),
        }
    }

    fn fields(&self, scope: Scope) -> &[Field] {
        match scope {
            Scope::Type(id) => &self.model.content_type(id).fields,
            Scope::Component(id) => &self.model.component(id).fields,
        }
    }

    fn owner(&self, scope: Scope) -> &str {
        match scope {
            Scope::Type(id) => &self.model.content_type(id).name,
            Scope::Component(id) => &self.model.component(id).name,
        }
    }

    fn field(&self, scope: Scope, field_id: FieldId, value: &Node<Value>, depth: usize) -> Found<Condition> {
        let field = &self.fields(scope)[usize::from(field_id.0)];
        let path = [self.owner(scope), &field.name].join(".");
        if field.is_hidden() {
            return self.fault(format!("`{path}` is private, so no condition may look at it"), value, "take it out");
        }
        let some = |condition: Condition| Condition::Some { field: field_id, condition: Box::new(condition) };
        match &field.kind {
            FieldKind::Scalar { .. } | FieldKind::Enum { .. } => {
                self.column(&Column { name: ColumnName::Field(field_id), path, kind: &field.kind }, value, depth)
            }
            FieldKind::Relation(relation) => match relation.target {
                Target::Type(_) if value.is_null() => Ok(nothing_related(field_id)),
                Target::Type(target) => self
                    .object(Scope::Type(target), value, depth)
                    .map(|inner| if is_absent_key(&inner) { nothing_related(field_id) } else { some(inner) }),
                Target::Group(_) => {
                    let what = format!("`{path}` points at several types, so a condition cannot look through it");
                    self.fault(what, value, "take it out")
                }
            },
            FieldKind::Component { of, .. } => self.object(Scope::Component(*of), value, depth).map(some),
            FieldKind::Zone { .. } => self.fault(
                format!("`{path}` is a dynamic zone, so a condition cannot look into it"),
                value,
                "take it out",
            ),
        }
    }

    /// System columns go by strapi5's names, where the type has no field of that name.
    fn system(&self, scope: Scope, name: &Name, value: &Node<Value>, depth: usize) -> Found<Condition> {
        let (column, kind) = self.known_system(scope, name)?;
        let path = [self.owner(scope), name].join(".");
        self.column(&Column { name: ColumnName::System(column), path, kind: &kind }, value, depth)
    }

    fn known_system(&self, scope: Scope, name: &Name) -> Found<(SystemColumn, FieldKind)> {
        self.system_column(scope, name).ok_or_else(|| {
            let known = self.fields(scope).iter().map(|field| field.name.as_str());
            let near = naming::nearest(
                name,
                known.chain([
                    "id",
                    "documentId",
                    "createdAt",
                    "updatedAt",
                    "publishedAt",
                    "locale",
                    "and",
                    "or",
                    "not",
                ]),
            );
            let help = near.map(|near| format!("did you mean `{near}`?"));
            let message = format!("`{}` has no field `{name}`", self.owner(scope));
            vec![Diagnostic { help, ..Diagnostic::new(message, self.env.texts.place(name.location())) }]
        })
    }

    fn system_column(&self, scope: Scope, name: &str) -> Option<(SystemColumn, FieldKind)> {
        let Scope::Type(id) = scope else { return None };
        let (column, scalar) = match name {
            "id" => (SystemColumn::Key, key_scalar(&self.model.content_type(id).key)),
            "documentId" => (SystemColumn::DocumentId, Scalar::Id),
            "createdAt" => (SystemColumn::CreatedAt, Scalar::DateTime),
            "updatedAt" => (SystemColumn::UpdatedAt, Scalar::DateTime),
            "publishedAt" => (SystemColumn::PublishedAt, Scalar::DateTime),
            "locale" => (SystemColumn::Locale, Scalar::String),
            _ => return None,
        };
        Some((column, FieldKind::Scalar { scalar, list: false }))
    }

    /// An object of operators over one column; they hold together.
    fn column(&self, column: &Column, value: &Node<Value>, depth: usize) -> Found<Condition> {
        if depth > CONDITION_DEPTH_MAX {
            return self.fault(
                format!("the condition is nested deeper than {CONDITION_DEPTH_MAX}"),
                value,
                "write it flatter",
            );
        }
        let name = column.name;
        if value.is_null() {
            return Ok(Condition::Null { column: name, is_null: true });
        }
        let Some(operators) = value.as_object() else {
            let what =
                format!("`{}` is compared by an operator, not by `{}` alone", column.path, literals::shown(value));
            return self.fault(what, value, "write { eq: … }");
        };
        all(operators.iter().map(|(operator, operand)| self.operator(column, operator, operand, depth + 1)))
            .map(conjunction)
    }

    fn operator(&self, column: &Column, word: &Name, operand: &Node<Value>, depth: usize) -> Found<Condition> {
        match word.as_str() {
            "and" | "or" => {
                let items: Vec<&Node<Value>> =
                    operand.as_list().map_or_else(|| vec![operand], |items| items.iter().collect());
                let inner = all(items.into_iter().map(|item| self.column(column, item, depth)));
                inner.map(|inner| if word == "and" { conjunction(inner) } else { Condition::Or(inner) })
            }
            "not" => self.column(column, operand, depth).map(|inner| Condition::Not(Box::new(inner))),
            "null" | "notNull" => match operand.to_bool() {
                Some(asked) => Ok(Condition::Null { column: column.name, is_null: asked == (word == "null") }),
                None => self.fault(
                    format!("`{word}` takes true or false, not `{}`", literals::shown(operand)),
                    operand,
                    "write true",
                ),
            },
            "eq" | "ne" if operand.is_null() => Ok(Condition::Null { column: column.name, is_null: word == "eq" }),
            _ => match operator(word) {
                Some(operator) => self.compare(column, operator, word, operand),
                None => self.unknown_operator(word),
            },
        }
    }

    fn unknown_operator(&self, word: &Name) -> Found<Condition> {
        let near = naming::nearest(word, WORDS.iter().map(|(word, _)| *word));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        let message = format!("there is no operator `{word}`");
        Err(vec![Diagnostic { help, ..Diagnostic::new(message, self.env.texts.place(word.location())) }])
    }

    fn compare(&self, column: &Column, operator: Operator, word: &str, operand: &Node<Value>) -> Found<Condition> {
        if let Err(why) = fits(operator, column.kind) {
            return self.fault(
                format!("`{}` cannot be compared by `{word}`: {why}", column.path),
                operand,
                "use another operator",
            );
        }
        match operator {
            Operator::In | Operator::NotIn => self.one_of(column, operator, operand),
            Operator::Between => self.between(column, operand),
            // A part of an e-mail address is none: what is compared as text may be any text.
            _ if is_textual(operator) => {
                let text = Column { name: column.name, path: column.path.clone(), kind: &ANY_TEXT };
                self.term(&text, operand).map(|value| Condition::Compare { column: column.name, operator, value })
            }
            _ => self.term(column, operand).map(|value| Condition::Compare { column: column.name, operator, value }),
        }
    }

    /// A list of literals stays one comparison; with a hole among them it becomes one for each.
    fn one_of(&self, column: &Column, operator: Operator, operand: &Node<Value>) -> Found<Condition> {
        if let Some(value) = self.list_argument(column, operand)? {
            return Ok(Condition::Compare { column: column.name, operator, value });
        }
        let items: Vec<&Node<Value>> = operand.as_list().map_or_else(|| vec![operand], |items| items.iter().collect());
        let terms = all(items.into_iter().map(|item| self.term(column, item)))?;
        let literals: Option<Vec<Json>> =
            terms.iter().map(|term| if let Term::Literal(value) = term { Some(value.clone()) } else { None }).collect();
        if let Some(literals) = literals {
            return Ok(Condition::Compare {
                column: column.name,
                operator,
                value: Term::Literal(Json::Array(literals)),
            });
        }
        let each = |operator: Operator| {
            terms.into_iter().map(|value| Condition::Compare { column: column.name, operator, value }).collect()
        };
        Ok(if operator == Operator::In {
            Condition::Or(each(Operator::Eq))
        } else {
            Condition::And(each(Operator::Ne))
        })
    }

    /// `in: "$ids"`, where the argument is a list.
    fn list_argument(&self, column: &Column, operand: &Node<Value>) -> Found<Option<Term>> {
        let (Some(site), Some(hole)) = (self.site, operand.as_str().and_then(super::own::hole)) else {
            return Ok(None);
        };
        match site.argument(hole, operand)? {
            Some(argument) if argument.of.is_list() => {
                site.check_fits(&argument, (&column.path, column.kind), operand)?;
                Ok(Some(argument.term()))
            }
            Some(_) | None => Ok(None),
        }
    }

    fn between(&self, column: &Column, operand: &Node<Value>) -> Found<Condition> {
        let Some([low, high]) = operand.as_list() else {
            return self.fault(
                format!("`between` takes a list of two values, not `{}`", literals::shown(operand)),
                operand,
                "write [low, high]",
            );
        };
        let mut ends = all([low, high].into_iter().map(|end| self.term(column, end)))?;
        let (high, low) = (ends.pop(), ends.pop());
        let compare = |operator, value: Option<Term>| {
            value.map(|value| Condition::Compare { column: column.name, operator, value })
        };
        Ok(Condition::And([compare(Operator::Gte, low), compare(Operator::Lte, high)].into_iter().flatten().collect()))
    }

    /// A literal, or a hole that is filled when the rule is used.
    fn term(&self, column: &Column, value: &Node<Value>) -> Found<Term> {
        let text = value.as_str().unwrap_or_default();
        if let Some(hole) = text.strip_prefix('$').filter(|rest| !rest.starts_with('$')) {
            return self.hole(column, hole, value);
        }
        let unescaped = text.strip_prefix("$$").map(|rest| Value::String(["$", rest].concat()));
        let literal = unescaped.map_or_else(|| value.clone(), |text| value.same_location(text));
        match self.literal(column.kind, &literal) {
            Ok(json) => Ok(Term::Literal(json)),
            Err(expected) => {
                let fault = Diagnostic::new(
                    format!(
                        "`{}` is compared with `{}`, which is not {}",
                        column.path,
                        literals::shown(value),
                        expected.what
                    ),
                    self.env.texts.place(value.location()),
                );
                Err(vec![Diagnostic { help: expected.help, ..fault }])
            }
        }
    }

    /// The literal as it is stored: a word of an enum becomes its text, which may also be written itself.
    fn literal(&self, kind: &FieldKind, value: &Node<Value>) -> Result<Json, literals::Expected> {
        let FieldKind::Enum { of, .. } = kind else { return literals::of_one(self.env, kind, value) };
        let values = &self.model.enumeration(*of).values;
        if let Some(stored) = values.iter().find(|of| value.as_str() == Some(&of.raw)) {
            return Ok(Json::String(stored.raw.clone()));
        }
        let word = literals::of_one(self.env, kind, value)?;
        let stored = values.iter().find(|of| word.as_str() == Some(&of.name));
        Ok(stored.map_or(word, |of| Json::String(of.raw.clone())))
    }

    fn hole(&self, column: &Column, hole: &str, at: &Node<Value>) -> Found<Term> {
        if let Some(site) = self.site
            && let Some(argument) = site.argument(hole, at)?
        {
            site.check_single(&argument, &column.path, at)?;
            site.check_fits(&argument, (&column.path, column.kind), at)?;
            return Ok(argument.term());
        }
        let mut path = hole.split('.');
        match path.next() {
            Some("now") if hole == "now" => {
                let is_instant = matches!(column.kind, FieldKind::Scalar { scalar: Scalar::DateTime, .. });
                if is_instant {
                    Ok(Term::Now)
                } else {
                    self.fault(
                        format!("`{}` is no DateTime, so it cannot be compared with `$now`", column.path),
                        at,
                        "take it out",
                    )
                }
            }
            Some("user") => {
                let members: Vec<String> = path.map(str::to_owned).collect();
                self.check_caller(&members, at).map(|()| Term::Caller(members))
            }
            _ => self.fault(
                format!("there is no `${hole}` here"),
                at,
                "a rule knows `$user` and its members, and `$now`; `$$` begins text with a dollar sign",
            ),
        }
    }

    /// `$user.name` must be a member of the caller: the key, or a field of `User` that may be read, through to-one relations.
    fn check_caller(&self, members: &[String], at: &Node<Value>) -> Found<()> {
        let mut scope = self.model.type_named("User");
        for (index, member) in members.iter().enumerate() {
            let is_last = index + 1 == members.len();
            if is_last && matches!(member.as_str(), "id" | "documentId") {
                return Ok(());
            }
            let of = scope.map(|id| self.model.content_type(id));
            let field =
                of.and_then(|of| of.field_named(member).map(|id| of.field(id))).filter(|field| !field.is_hidden());
            match field.map(|field| &field.kind) {
                Some(FieldKind::Scalar { list: false, .. } | FieldKind::Enum { list: false, .. }) if is_last => {
                    return Ok(());
                }
                Some(FieldKind::Relation(relation)) if !is_last && !relation.many => {
                    scope = if let Target::Type(target) = relation.target { Some(target) } else { None };
                }
                _ => break,
            }
        }
        self.fault(
            format!("the caller has no `$user.{}`", members.join(".")),
            at,
            "write `$user.id`, or a field of User that is not private",
        )
    }
}

/// `{ chef: { id: { null: true } } }` asks whether there is no chef: a row that is there has its key.
fn is_absent_key(condition: &Condition) -> bool {
    let keys = [SystemColumn::Key, SystemColumn::DocumentId].map(ColumnName::System);
    matches!(condition, Condition::Null { column, is_null: true } if keys.contains(column))
}

fn nothing_related(field: FieldId) -> Condition {
    Condition::Not(Box::new(Condition::Some { field, condition: Box::new(Condition::And(Vec::new())) }))
}

/// Every result, or the faults of all.
fn all<T>(results: impl Iterator<Item = Found<T>>) -> Found<Vec<T>> {
    let mut good = Vec::new();
    let mut faults = Vec::new();
    for result in results {
        match result {
            Ok(value) => good.push(value),
            Err(found) => faults.extend(found),
        }
    }
    if faults.is_empty() { Ok(good) } else { Err(faults) }
}

/// One condition stands for itself.
fn conjunction(mut conditions: Vec<Condition>) -> Condition {
    match conditions.pop() {
        Some(only) if conditions.is_empty() => only,
        Some(last) => {
            conditions.push(last);
            Condition::And(conditions)
        }
        None => Condition::And(Vec::new()),
    }
}

fn key_scalar(key: &Key) -> Scalar {
    match key {
        Key::BigInt => Scalar::BigInt,
        Key::Uuid => Scalar::Uuid,
        Key::Text | Key::Columns(_) => Scalar::Id,
    }
}

/// What operators on text compare with.
const ANY_TEXT: FieldKind = FieldKind::Scalar { scalar: Scalar::String, list: false };

/// strapi5's words for comparisons.
const WORDS: [(&str, Operator); 17] = [
    ("eq", Operator::Eq),
    ("eqi", Operator::EqFold),
    ("ne", Operator::Ne),
    ("nei", Operator::NeFold),
    ("lt", Operator::Lt),
    ("lte", Operator::Lte),
    ("gt", Operator::Gt),
    ("gte", Operator::Gte),
    ("in", Operator::In),
    ("notIn", Operator::NotIn),
    ("contains", Operator::Contains),
    ("notContains", Operator::NotContains),
    ("containsi", Operator::ContainsFold),
    ("notContainsi", Operator::NotContainsFold),
    ("startsWith", Operator::StartsWith),
    ("endsWith", Operator::EndsWith),
    ("between", Operator::Between),
];

fn operator(word: &str) -> Option<Operator> {
    WORDS.iter().find(|(known, _)| *known == word).map(|(_, operator)| *operator)
}

/// Whether the operator has a meaning for such values.
fn fits(operator: Operator, kind: &FieldKind) -> Result<(), &'static str> {
    let (is_list, scalar) = match kind {
        FieldKind::Scalar { scalar, list } => (*list, Some(*scalar)),
        FieldKind::Enum { list, .. } => (*list, None),
        FieldKind::Relation(_) | FieldKind::Component { .. } | FieldKind::Zone { .. } => {
            return Err("it is no scalar");
        }
    };
    if is_list {
        return Err("it is a list");
    }
    match scalar {
        Some(Scalar::Json | Scalar::Blocks) => Err("it is a document"),
        Some(
            Scalar::Int
            | Scalar::BigInt
            | Scalar::Float
            | Scalar::Decimal
            | Scalar::Boolean
            | Scalar::Date
            | Scalar::Time
            | Scalar::DateTime
            | Scalar::Interval
            | Scalar::Uuid,
        ) if is_textual(operator) => Err("it is no text"),
        Some(_) | None => Ok(()),
    }
}

fn is_textual(operator: Operator) -> bool {
    matches!(
        operator,
        Operator::EqFold
            | Operator::NeFold
            | Operator::Contains
            | Operator::NotContains
            | Operator::ContainsFold
            | Operator::NotContainsFold
            | Operator::StartsWith
            | Operator::EndsWith
    )
}
