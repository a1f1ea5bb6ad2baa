//! Definitions of ops: what each does, gives and takes, wherever it is used.

use apollo_compiler::ast::Type;
use apollo_compiler::schema::ObjectType;

use super::config::Configs;
use super::ops::{self, Site};
use super::{inputs, mutation};
use crate::config::ConfigField;
use crate::read::{Env, Faults, arguments};
use crate::{Asset, Diagnostic, NodeInput, OpOutput, Place, Retry, Tags, Work};

/// Name of the only output of an op that does not name several.
pub(super) const RESULT: &str = "result";
/// Outputs of one op.
const OUTPUTS_MAX: usize = 100;

/// What an op is, before it is used.
#[derive(Clone)]
pub(super) struct OpDefinition {
    pub(super) name: String,
    pub(super) description: Option<String>,
    /// As it is written: its uses must say the same.
    pub(super) written: Type,
    pub(super) config: Vec<ConfigField>,
    pub(super) inputs: Vec<NodeInput>,
    pub(super) outputs: Vec<OpOutput>,
    pub(super) work: Work,
    pub(super) retry: Option<Retry>,
    pub(super) timeout: Option<std::time::Duration>,
    pub(super) tags: Tags,
    pub(super) pool: Option<String>,
    pub(super) resources: Vec<(String, Place)>,
    pub(super) asset: Option<Asset>,
    pub(super) place: Place,
}

/// The definition that a field is, checked against what may stand there.
pub(super) fn read(site: &Site, allowed: &[&str], configs: &mut Configs, faults: &mut Faults) -> OpDefinition {
    ops::check_name(site, faults);
    ops::check_directives(site, allowed, faults);
    OpDefinition {
        name: site.definition.name.to_string(),
        description: site.definition.description.as_ref().map(ToString::to_string),
        written: site.definition.ty.clone(),
        config: match site.directive("mutation") {
            Some(directive) => mutation::config(site, directive, faults),
            None => configs.of_op(site, faults),
        },
        inputs: inputs::of_definition(site, faults),
        outputs: outputs(site, faults),
        work: ops::work(site, faults),
        retry: ops::retry(site, faults),
        timeout: ops::timeout(site, faults),
        tags: site.directive("opTags").map(|of| super::tags(site.env, of, "tags", faults)).unwrap_or_default(),
        pool: pool(site, faults),
        resources: resources(site),
        asset: site.directive("asset").map(|_| asset(site, faults)),
        place: site.place(),
    }
}

/// Several named outputs where the type is one of `@outputs`, else one.
fn outputs(site: &Site, faults: &mut Faults) -> Vec<OpOutput> {
    let described = |of: &apollo_compiler::ast::DirectiveList| {
        of.get("out").and_then(|out| arguments::text(site.env, out, "description")).map(str::to_owned)
    };
    let object = site.env.schema.get_object(site.definition.ty.inner_named_type());
    if let Some(object) = object.filter(|object| object.directives.has("outputs")) {
        if site.definition.ty.is_list() {
            let place = site.env.texts.place(site.definition.ty.inner_named_type().location());
            let fault = Diagnostic::new(format!("`{}` cannot give a list of several outputs", site.path()), place);
            faults.push(fault.help(format!("write `{}`, and lists among its fields", object.name)));
        }
        let fields = object.fields.values().take(OUTPUTS_MAX);
        let output = |part: &apollo_compiler::ast::FieldDefinition, faults: &mut Faults| {
            let own = Site { definition: part, job: &object.name, env: site.env };
            let text = part.description.as_ref().map(ToString::to_string);
            OpOutput {
                name: part.name.to_string(),
                description: described(&part.directives).or(text),
                of: ops::op_type(&own, &part.ty, faults),
                is_maybe: part.directives.has("maybe"),
                is_dynamic: part.directives.has("dynamic"),
            }
        };
        return fields.map(|part| output(part, faults)).collect();
    }
    vec![OpOutput {
        name: RESULT.to_owned(),
        description: described(&site.definition.directives),
        of: ops::op_type(site, &site.definition.ty, faults),
        is_maybe: site.definition.directives.has("maybe"),
        is_dynamic: site.definition.directives.has("dynamic"),
    }]
}

/// The fields of a type with `@outputs`: outputs, nothing else.
pub(super) fn check_outputs(env: &Env, object: &ObjectType, faults: &mut Faults) {
    if object.fields.len() > OUTPUTS_MAX {
        let message = format!("`{}` has more than the {OUTPUTS_MAX} outputs that an op may have", object.name);
        faults.push(Diagnostic::new(message, env.texts.place(object.name.location())));
    }
    for part in object.fields.values() {
        let site = Site { env, job: &object.name, definition: part };
        ops::check_name(&site, faults);
        ops::check_directives(&site, &["out", "maybe", "dynamic", "deprecated"], faults);
        if let Some(argument) = part.arguments.first() {
            let message = format!("`{}` is an output and takes nothing", site.path());
            let place = env.texts.place(argument.name.location());
            faults.push(Diagnostic::new(message, place).help("remove the argument"));
        }
        ops::op_type(&site, &part.ty, faults);
    }
}

fn pool(site: &Site, faults: &mut Faults) -> Option<String> {
    let directive = site.directive("pool")?;
    let name = arguments::text(site.env, directive, "name")?;
    if name.trim().is_empty() {
        let fault = Diagnostic::new("this pool has no name", arguments::place(site.env, directive, "name"));
        faults.push(fault.help("name it, or remove @pool"));
    }
    Some(name.to_owned())
}

fn resources(site: &Site) -> Vec<(String, Place)> {
    let words = site.directive("needsResources").and_then(|of| arguments::words(site.env, of, "names"));
    let mut names: Vec<(String, Place)> = Vec::new();
    for (word, node) in words.unwrap_or_default() {
        if !names.iter().any(|(name, _)| name == word) {
            names.push((word.to_owned(), site.env.texts.place(node.location())));
        }
    }
    names
}

fn asset(site: &Site, faults: &mut Faults) -> Asset {
    let words = |argument: &str| {
        let words = site.directive("asset").and_then(|of| arguments::words(site.env, of, argument));
        words.map(|words| words.into_iter().map(|(word, _)| word.to_owned()).collect::<Vec<_>>())
    };
    let key = words("key").unwrap_or_else(|| vec![site.definition.name.to_string()]);
    if key.is_empty() || key.iter().any(String::is_empty) {
        faults
            .push(Diagnostic::new(format!("the asset `{}` has no key", site.path()), site.place()).help("write words"));
    }
    let group = site.directive("asset").and_then(|of| arguments::text(site.env, of, "group"));
    Asset { key, group: group.unwrap_or("default").to_owned(), kinds: words("kinds").unwrap_or_default() }
}
