//! Parts of a definition: what may stand on its field, what it does, when it is tried again, what it gives.

use std::time::Duration;

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, DirectiveLocation, FieldDefinition, Type};

use crate::read::catalog::Named;
use crate::read::{Env, Faults, arguments, declarations};
use crate::{Backoff, Diagnostic, Jitter, OpType, OpTypeKind, Place, Retry, Scalar, Work, naming};

/// Attempts after the first that an op may have.
pub const RETRIES_MAX: u32 = 1_000;
/// Words of one command.
pub const COMMAND_WORDS_MAX: usize = 1_000;

/// Directives of a definition in a library.
pub(super) const ON_DEFINITIONS: [&str; 10] =
    ["run", "mutation", "retry", "timeout", "out", "opTags", "pool", "needsResources", "dynamic", "deprecated"];
/// Directives of a definition that is also its use.
pub(super) const ON_OPS: [&str; 11] = [
    "run",
    "mutation",
    "needs",
    "retry",
    "timeout",
    "out",
    "opTags",
    "pool",
    "needsResources",
    "dynamic",
    "deprecated",
];
/// Directives of a use.
pub(super) const ON_USES: [&str; 3] = ["use", "needs", "deprecated"];
/// Directives of an asset.
pub(super) const ON_ASSETS: [&str; 9] =
    ["asset", "run", "retry", "timeout", "out", "opTags", "pool", "needsResources", "deprecated"];

/// One op while it is read.
pub(super) struct Site<'a> {
    pub(super) env: &'a Env<'a>,
    pub(super) job: &'a str,
    pub(super) definition: &'a FieldDefinition,
}

impl Site<'_> {
    pub(super) fn place(&self) -> Place {
        self.env.texts.place(self.definition.name.location())
    }

    /// `NightlyMenu.extract`.
    pub(super) fn path(&self) -> String {
        [self.job, self.definition.name.as_str()].join(".")
    }

    pub(super) fn directive(&self, name: &str) -> Option<&Node<Directive>> {
        self.definition.directives.get(name)
    }
}

pub(super) fn check_name(site: &Site, faults: &mut Faults) {
    let name = &site.definition.name;
    if name.starts_with('_') {
        let message = format!("`{}` begins with an underscore, which is kept for the engine", site.path());
        let fault = Diagnostic::new(message, site.place());
        faults.push(fault.help(format!("call it `{}`", name.trim_start_matches('_'))));
    }
}

/// Directives that have no meaning on such a field.
pub(super) fn check_directives(site: &Site, allowed: &[&str], faults: &mut Faults) {
    for directive in &site.definition.directives {
        let name = directive.name.as_str();
        let definition = site.env.schema.directive_definitions.get(name);
        let fits = definition.is_some_and(|of| of.locations.contains(&DirectiveLocation::FieldDefinition));
        if fits && !allowed.contains(&name) {
            let message = format!("@{name} has no meaning on `{}`", site.path());
            let fault = Diagnostic::new(message, site.env.texts.place(directive.location()));
            faults.push(fault.help("remove it"));
        }
    }
}

/// What the op does: one program or one mutation.
pub(super) fn work(site: &Site, faults: &mut Faults) -> Work {
    let nothing = || Work::Process { command: Vec::new() };
    match (site.directive("run"), site.directive("mutation")) {
        (Some(run), None) => Work::Process { command: command(site.env, run, faults) },
        (None, Some(mutation)) => mutation_of(site, mutation, faults),
        (Some(_), Some(second)) => {
            let message = format!("`{}` cannot be both a program and a mutation", site.path());
            let fault = Diagnostic::new(message, site.env.texts.place(second.location()));
            faults.push(fault.help("make two ops of it, one needing the other"));
            nothing()
        }
        (None, None) => {
            let fault = Diagnostic::new(format!("`{}` does not say what it does", site.path()), site.place());
            faults.push(fault.help("give it @run(command: […]) or @mutation(document: …)"));
            nothing()
        }
    }
}

fn mutation_of(site: &Site, directive: &Node<Directive>, faults: &mut Faults) -> Work {
    let text = |argument: &str| arguments::text(site.env, directive, argument).unwrap_or_default().to_owned();
    let (document, role) = (text("document"), text("role"));
    if role.is_empty() || role.contains(char::is_whitespace) {
        let fault =
            Diagnostic::new(format!("\"{role}\" is no name of a role"), arguments::place(site.env, directive, "role"));
        faults.push(fault.help("write one word, or leave it out"));
    }
    Work::Mutation { document, role }
}

/// Program and arguments of a `command:`.
pub(super) fn command(env: &Env, directive: &Node<Directive>, faults: &mut Faults) -> Vec<String> {
    let place = || arguments::place(env, directive, "command");
    let words = arguments::words(env, directive, "command").unwrap_or_default();
    if words.first().is_none_or(|(program, _)| program.is_empty()) {
        let fault = Diagnostic::new("this command names no program", place());
        faults.push(fault.help("write program and arguments: `command: [\"python3\", \"ops/extract.py\"]`"));
    }
    if words.len() > COMMAND_WORDS_MAX {
        let message = format!("this command has more than the {COMMAND_WORDS_MAX} words that one may have");
        faults.push(Diagnostic::new(message, place()).help("hand long lists over as config"));
    }
    if let Some((_, node)) = words.iter().find(|(word, _)| word.contains('\0')) {
        let place = env.texts.place(node.location());
        faults.push(Diagnostic::new("a word of a command cannot contain a zero character", place));
    }
    words.into_iter().map(|(word, _)| word.to_owned()).collect()
}

pub(super) fn timeout(site: &Site, faults: &mut Faults) -> Option<Duration> {
    let directive = site.directive("timeout")?;
    let after = declarations::duration(site.env, directive, "after", faults)?;
    if after.is_zero() {
        let message = format!("`{}` would be stopped before it starts", site.path());
        let fault = Diagnostic::new(message, arguments::place(site.env, directive, "after"));
        faults.push(fault.help("write how long it may take, or remove @timeout"));
    }
    Some(after)
}

pub(super) fn retry(site: &Site, faults: &mut Faults) -> Option<Retry> {
    let directive = site.directive("retry")?;
    let env = site.env;
    let word = |argument: &str| arguments::value(env, directive, argument).and_then(|value| arguments::word(value));
    let asked = arguments::number(env, directive, "max").unwrap_or(0);
    let max = u32::try_from(asked).ok().filter(|max| (1..=RETRIES_MAX).contains(max));
    if max.is_none() {
        let message = format!("`max` is the number of attempts after the first, 1 to {RETRIES_MAX}, not {asked}");
        faults.push(Diagnostic::new(message, arguments::place(env, directive, "max")));
    }
    let is_delayed = arguments::value(env, directive, "delay").is_some();
    for argument in ["backoff", "jitter"].into_iter().filter(|argument| !is_delayed && word(argument).is_some()) {
        let message = format!("`{argument}` changes the delay, and `{}` has none", site.path());
        faults.push(Diagnostic::new(message, arguments::place(env, directive, argument)).help("add `delay: \"2s\"`"));
    }
    Some(Retry {
        max: max.unwrap_or(1),
        delay: declarations::duration(env, directive, "delay", faults).unwrap_or_default(),
        backoff: match word("backoff") {
            Some("LINEAR") => Some(Backoff::Linear),
            Some("EXPONENTIAL") => Some(Backoff::Exponential),
            // Absent; any other word was refused by GraphQL's validation.
            _ => None,
        },
        jitter: match word("jitter") {
            Some("FULL") => Some(Jitter::Full),
            Some("PLUS_MINUS") => Some(Jitter::PlusMinus),
            // Absent; any other word was refused by GraphQL's validation.
            _ => None,
        },
    })
}

/// What goes from op to op: a scalar, a word of an enum, a list, any JSON, or nothing.
pub(super) fn op_type(site: &Site, of: &Type, faults: &mut Faults) -> OpType {
    let kind = match of {
        Type::List(item) | Type::NonNullList(item) => OpTypeKind::List(Box::new(op_type(site, item, faults))),
        Type::Named(name) | Type::NonNullNamed(name) => named(site, name).unwrap_or_else(|| {
            faults.push(no_type(site, name, of));
            OpTypeKind::Any
        }),
    };
    OpType { kind, required: of.is_non_null() }
}

fn named(site: &Site, name: &str) -> Option<OpTypeKind> {
    if name == "Nothing" {
        return Some(OpTypeKind::Nothing);
    }
    match site.env.catalog.get(name) {
        // GraphQL's validation says of a type that is not there that it is not.
        None | Some(Named::Scalar(Scalar::Json)) => Some(OpTypeKind::Any),
        Some(Named::Scalar(scalar)) if !matches!(scalar, Scalar::Password | Scalar::Uid | Scalar::Blocks) => {
            Some(OpTypeKind::Scalar(scalar))
        }
        Some(Named::Enum(_)) => Some(OpTypeKind::Enum(name.to_owned())),
        Some(Named::Language) => (name == "Any").then_some(OpTypeKind::Any),
        // Several outputs are read where the definition is.
        Some(Named::Workflow)
            if site.env.schema.get_object(name).is_some_and(|object| object.directives.has("outputs")) =>
        {
            Some(OpTypeKind::Any)
        }
        Some(
            Named::Scalar(_)
            | Named::Type(_)
            | Named::Component(_)
            | Named::Zone(_)
            | Named::Group(_)
            | Named::Shape
            | Named::Workflow
            | Named::Root,
        ) => None,
    }
}

fn no_type(site: &Site, name: &str, of: &Type) -> Diagnostic {
    let message = format!("`{}` cannot give `{name}`", site.path());
    let near = naming::nearest(name, ["Int", "Float", "Boolean", "String", "JSON", "Any", "Nothing", "DateTime"]);
    let help = near.map_or_else(
        || "an op gives a scalar, a word of an enum, a list of them, JSON for anything else, or Nothing".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    let place = site.env.texts.place(of.inner_named_type().location());
    Diagnostic::new(message, place).help(help)
}
