//! `$argument` in the directives of an own field: which argument is meant, and whether its type fits what it is compared with or written to.

use std::cell::RefCell;
use std::collections::BTreeSet;

use apollo_compiler::Node;
use apollo_compiler::ast::{FieldDefinition, InputValueDefinition, Type, Value};

use super::super::conditions::Found;
use super::super::{Env, catalog::Named};
use crate::{Diagnostic, FieldKind, Scalar, Target, Term, naming};

/// An own field while its directive is read.
pub(in crate::read) struct Site<'a> {
    pub(in crate::read) env: &'a Env<'a>,
    /// Name of the type that it stands on.
    pub(super) owner: &'a str,
    pub(super) definition: &'a FieldDefinition,
    /// Arguments that a mapping has named.
    used: RefCell<BTreeSet<String>>,
}

/// An argument, or a member of one, that a mapping names.
pub(in crate::read) struct Argument<'a> {
    path: Vec<String>,
    optional: bool,
    /// Its type.
    pub(in crate::read) of: &'a Type,
}

impl Argument<'_> {
    pub(in crate::read) fn term(self) -> Term {
        Term::Argument { path: self.path, optional: self.optional }
    }
}

/// What stands behind the `$` of a hole; `$$` begins a text.
pub(in crate::read) fn hole(text: &str) -> Option<&str> {
    text.strip_prefix('$').filter(|rest| !rest.starts_with('$'))
}

impl<'a> Site<'a> {
    pub(super) fn new(env: &'a Env<'a>, owner: &'a str, definition: &'a FieldDefinition) -> Site<'a> {
        Site { env, owner, definition, used: RefCell::default() }
    }

    /// `Query.human`.
    pub(super) fn path(&self) -> String {
        [self.owner, self.definition.name.as_str()].join(".")
    }

    /// The argument that a hole names; none where it names the caller or the clock, and no argument of that name is there.
    pub(in crate::read) fn argument(&self, hole: &str, at: &Node<Value>) -> Found<Option<Argument<'a>>> {
        let (words, optional) = hole.strip_suffix('?').map_or((hole, false), |words| (words, true));
        let path: Vec<String> = words.split('.').map(str::to_owned).collect();
        let first = path.first().map(String::as_str).unwrap_or_default();
        let Some(argument) = self.definition.arguments.iter().find(|argument| argument.name == first) else {
            if matches!(first, "user" | "now") {
                return Ok(None);
            }
            return Err(vec![self.unknown(first, at)]);
        };
        self.used.borrow_mut().insert(first.to_owned());
        let mut of: &'a Type = &argument.ty;
        for member in &path[1..] {
            of = self.member(of, member, at)?;
        }
        Ok(Some(Argument { path, optional, of }))
    }

    fn unknown(&self, name: &str, at: &Node<Value>) -> Diagnostic {
        let message = format!("`{}` has no argument `{name}`", self.path());
        let known = || self.definition.arguments.iter().map(|argument| argument.name.as_str());
        let fault = Diagnostic::new(message, self.env.texts.place(at.location()));
        let help = match naming::nearest(name, known()) {
            Some(near) => format!("did you mean `${near}`?"),
            None if known().next().is_none() => {
                "the field takes no arguments; `$$` begins text with a dollar sign".into()
            }
            None => format!("it has {}", known().map(|name| format!("`${name}`")).collect::<Vec<_>>().join(", ")),
        };
        fault.help(help)
    }

    /// The member of an input object.
    fn member(&self, of: &'a Type, member: &str, at: &Node<Value>) -> Found<&'a Type> {
        let name = of.inner_named_type();
        let place = self.env.texts.place(at.location());
        let Some(input) = self.env.schema.get_input_object(name).filter(|_| !of.is_list()) else {
            let message = format!("`{of}` is no input object, so it has no member `{member}`");
            return Err(vec![Diagnostic::new(message, place).help("name the argument alone")]);
        };
        if let Some(found) = input.fields.get(member) {
            return Ok(&found.node.ty);
        }
        let near = naming::nearest(member, input.fields.keys().map(apollo_compiler::Name::as_str));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        let fault = Diagnostic::new(format!("the input `{name}` has no member `{member}`"), place);
        Err(vec![Diagnostic { help, ..fault }])
    }

    /// A list cannot be compared with one value.
    pub(in crate::read) fn check_single(&self, argument: &Argument, path: &str, at: &Node<Value>) -> Found<()> {
        if !argument.of.is_list() {
            return Ok(());
        }
        let message = format!("`{path}` takes one value, and the argument is a list (`{}`)", argument.of);
        let help =
            format!("write the argument as `{}`, or compare with `in` where lists are meant", argument.of.item_type());
        Err(vec![Diagnostic::new(message, self.env.texts.place(at.location())).help(help)])
    }

    /// Whether values of the argument's type are values of a field of this kind.
    pub(in crate::read) fn check_fits(
        &self,
        argument: &Argument,
        (path, kind): (&str, &FieldKind),
        at: &Node<Value>,
    ) -> Found<()> {
        let named = argument.of.inner_named_type();
        let fits = match (kind, self.env.catalog.get(named)) {
            (FieldKind::Enum { of, .. }, Some(Named::Enum(given))) => *of == given,
            (FieldKind::Scalar { scalar, .. }, Some(Named::Scalar(given))) => is_readable(given, *scalar),
            (FieldKind::Scalar { scalar: Scalar::Json | Scalar::Blocks, .. }, _) => true,
            (FieldKind::Relation(relation), Some(Named::Scalar(given))) => {
                matches!(relation.target, Target::Type(_)) && is_readable(given, Scalar::Id)
            }
            (
                FieldKind::Scalar { .. }
                | FieldKind::Enum { .. }
                | FieldKind::Relation(_)
                | FieldKind::Component { .. }
                | FieldKind::Zone { .. },
                _,
            ) => false,
        };
        if fits {
            return Ok(());
        }
        let message = format!("`{path}` cannot take `{}`, the type of the argument", argument.of);
        Err(vec![
            Diagnostic::new(message, self.env.texts.place(at.location()))
                .related(self.env.texts.place(self.definition.name.location()), "the field")
                .help("give the argument the type of what it is compared with or written to"),
        ])
    }

    /// A fault for each argument that no mapping names: it would be taken without effect.
    pub(super) fn unused(&self) -> Vec<Diagnostic> {
        let used = self.used.borrow();
        let unused = |argument: &&Node<InputValueDefinition>| !used.contains(argument.name.as_str());
        let fault = |argument: &Node<InputValueDefinition>| {
            let message = format!("nothing says what the argument `{}` of `{}` means", argument.name, self.path());
            Diagnostic::new(message, self.env.texts.place(argument.name.location()))
                .help(format!("name it in the field's directive as \"${}\", or take it out", argument.name))
        };
        self.definition.arguments.iter().filter(unused).map(fault).collect()
    }

    /// Notes that an argument has a meaning.
    pub(super) fn uses(&self, argument: &str) {
        self.used.borrow_mut().insert(argument.to_owned());
    }
}

/// Whether a value that GraphQL reads as one scalar can be read as another: text as any kind that is written as text, numbers as wider ones.
fn is_readable(given: Scalar, wanted: Scalar) -> bool {
    let is_text = |scalar: Scalar| match scalar {
        Scalar::String
        | Scalar::Text
        | Scalar::RichText
        | Scalar::Email
        | Scalar::Password
        | Scalar::Uid
        | Scalar::Id => true,
        Scalar::Blocks
        | Scalar::Int
        | Scalar::BigInt
        | Scalar::Float
        | Scalar::Decimal
        | Scalar::Boolean
        | Scalar::Date
        | Scalar::Time
        | Scalar::DateTime
        | Scalar::Interval
        | Scalar::Json
        | Scalar::Uuid => false,
    };
    match wanted {
        Scalar::BigInt => matches!(given, Scalar::BigInt | Scalar::Int | Scalar::Id),
        Scalar::Float => matches!(given, Scalar::Float | Scalar::Int | Scalar::Decimal | Scalar::BigInt),
        Scalar::Decimal => matches!(given, Scalar::Decimal | Scalar::Int | Scalar::BigInt | Scalar::Float),
        Scalar::Uuid => matches!(given, Scalar::Uuid | Scalar::Id),
        Scalar::Id => is_text(given) || matches!(given, Scalar::Int | Scalar::BigInt | Scalar::Uuid),
        Scalar::Int
        | Scalar::Boolean
        | Scalar::Date
        | Scalar::Time
        | Scalar::DateTime
        | Scalar::Interval
        | Scalar::Json
        | Scalar::Blocks => given == wanted,
        Scalar::String | Scalar::Text | Scalar::RichText | Scalar::Email | Scalar::Password | Scalar::Uid => {
            is_text(given)
        }
    }
}
