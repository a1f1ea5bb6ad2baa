//! Fields of a job: what each op does, gives and takes.

use std::time::Duration;

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, DirectiveLocation, FieldDefinition, Type};
use apollo_compiler::schema::ObjectType;

use super::OPS_MAX;
use super::config::Configs;
use crate::read::catalog::Named;
use crate::read::{Env, Faults, arguments, declarations};
use crate::{Backoff, Diagnostic, Jitter, Op, Output, OutputKind, Place, Retry, Scalar, Work, naming};

/// Attempts after the first that an op may have.
pub const RETRIES_MAX: u32 = 1_000;
/// Words of one command.
pub const COMMAND_WORDS_MAX: usize = 1_000;

/// Directives of ops.
const ON_OPS: [&str; 6] = ["run", "mutation", "needs", "retry", "timeout", "deprecated"];
/// Those of the whole language, which is not read yet.
const LATER: [&str; 9] = ["use", "out", "opTags", "pool", "needsResources", "dynamic", "maybe", "asset", "sensor"];

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

    fn directive(&self, name: &str) -> Option<&Node<Directive>> {
        self.definition.directives.get(name)
    }
}

/// The ops of a job, without what they need of each other.
pub(super) fn read(env: &Env, object: &ObjectType, configs: &mut Configs, faults: &mut Faults) -> Vec<Op> {
    if object.fields.len() > OPS_MAX {
        let message =
            format!("`{}` has {} ops, more than the {OPS_MAX} that a job may have", object.name, object.fields.len());
        faults.push(Diagnostic::new(message, env.texts.place(object.name.location())));
        return Vec::new();
    }
    let sites = object.fields.values().map(|part| Site { env, job: &object.name, definition: part });
    sites.map(|site| op(&site, configs, faults)).collect()
}

fn op(site: &Site, configs: &mut Configs, faults: &mut Faults) -> Op {
    check_name(site, faults);
    check_directives(site, faults);
    Op {
        name: site.definition.name.to_string(),
        description: site.definition.description.as_ref().map(ToString::to_string),
        config: configs.of_op(site, faults),
        output: output(site, &site.definition.ty, faults),
        needs: Vec::new(),
        work: work(site, faults),
        retry: retry(site, faults),
        timeout: timeout(site, faults),
        place: site.place(),
    }
}

fn check_name(site: &Site, faults: &mut Faults) {
    let name = &site.definition.name;
    if name.starts_with('_') {
        let message = format!("`{}` begins with an underscore, which is kept for the engine", site.path());
        let fault = Diagnostic::new(message, site.place());
        faults.push(fault.help(format!("call it `{}`", name.trim_start_matches('_'))));
    }
}

fn check_directives(site: &Site, faults: &mut Faults) {
    for directive in &site.definition.directives {
        let name = directive.name.as_str();
        let definition = site.env.schema.directive_definitions.get(name);
        let fits = definition.is_some_and(|of| of.locations.contains(&DirectiveLocation::FieldDefinition));
        let place = || site.env.texts.place(directive.location());
        if LATER.contains(&name) {
            let message = format!("@{name} is part of the language, but this version does not serve it yet");
            faults.push(Diagnostic::new(message, place()).help("take it out for now"));
        } else if fits && !ON_OPS.contains(&name) {
            let message = format!("@{name} has no meaning on the op `{}`", site.path());
            faults.push(Diagnostic::new(message, place()).help("remove it"));
        }
    }
}

/// What the op does: one program or one mutation.
fn work(site: &Site, faults: &mut Faults) -> Work {
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
        (None, None) if site.directive("use").is_some() => nothing(),
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
    let mut fault = |argument: &str, message: String, help: &str| {
        faults.push(Diagnostic::new(message, arguments::place(site.env, directive, argument)).help(help));
    };
    if document.trim().is_empty() {
        fault("document", format!("the mutation of `{}` is empty", site.path()), "write one mutation operation");
    }
    if role.is_empty() || role.contains(char::is_whitespace) {
        fault("role", format!("\"{role}\" is no name of a role"), "write one word, or leave it out");
    }
    if let Some(argument) = site.definition.arguments.first() {
        let message = format!("`{}` is a mutation: its config is what its document declares as variables", site.path());
        let place = site.env.texts.place(argument.name.location());
        faults.push(Diagnostic::new(message, place).help("remove the argument, and declare a variable"));
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

fn timeout(site: &Site, faults: &mut Faults) -> Option<Duration> {
    let directive = site.directive("timeout")?;
    let after = declarations::duration(site.env, directive, "after", faults)?;
    if after.is_zero() {
        let message = format!("`{}` would be stopped before it starts", site.path());
        let fault = Diagnostic::new(message, arguments::place(site.env, directive, "after"));
        faults.push(fault.help("write how long it may take, or remove @timeout"));
    }
    Some(after)
}

fn retry(site: &Site, faults: &mut Faults) -> Option<Retry> {
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

/// What the op gives: a scalar, a word of an enum, a list, any JSON, or nothing.
fn output(site: &Site, of: &Type, faults: &mut Faults) -> Output {
    let kind = match of {
        Type::List(item) | Type::NonNullList(item) => OutputKind::List(Box::new(output(site, item, faults))),
        Type::Named(name) | Type::NonNullNamed(name) => named_output(site, name).unwrap_or_else(|| {
            faults.push(no_output(site, name, of));
            OutputKind::Any
        }),
    };
    Output { kind, required: of.is_non_null() }
}

fn named_output(site: &Site, name: &str) -> Option<OutputKind> {
    if name == "Nothing" {
        return Some(OutputKind::Nothing);
    }
    match site.env.catalog.get(name) {
        // GraphQL's validation says of a type that is not there that it is not.
        None | Some(Named::Scalar(Scalar::Json)) => Some(OutputKind::Any),
        Some(Named::Scalar(scalar)) if !matches!(scalar, Scalar::Password | Scalar::Uid | Scalar::Blocks) => {
            Some(OutputKind::Scalar(scalar))
        }
        Some(Named::Enum(_)) => Some(OutputKind::Enum(name.to_owned())),
        Some(Named::Language) => (name == "Any").then_some(OutputKind::Any),
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

fn no_output(site: &Site, name: &str, of: &Type) -> Diagnostic {
    let message = format!("`{}` cannot give `{name}`", site.path());
    let near = naming::nearest(name, ["Int", "Float", "Boolean", "String", "JSON", "Any", "Nothing", "DateTime"]);
    let help = near.map_or_else(
        || "an op gives a scalar, a word of an enum, a list of them, JSON for anything else, or Nothing".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    let place = site.env.texts.place(of.inner_named_type().location());
    Diagnostic::new(message, place).help(help)
}
