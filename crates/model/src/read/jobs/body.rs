//! The body of a job: its fields become ops and uses of graphs, then every input finds what feeds it.
//!
//! In two passes, since a field may name one below it: [`Body::plan`] makes the ops and graphs in the order of the text, [`Body::bind`] looks up
//! their sources.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, InputValueDefinition};
use apollo_compiler::schema::ObjectType;

use super::config::Configs;
use super::definitions::{self, OpDefinition, RESULT};
use super::library::{Library, unknown};
use super::ops::{self, Site, op_type};
use super::sources::{self, Level};
use super::{OPS_MAX, tags};
use crate::read::{Env, Faults, arguments};
use crate::{Diagnostic, Feed, GraphUse, InputSource, Job, NodeInput, Op, OpId};

/// Graphs within graphs.
pub const GRAPH_DEPTH_MAX: usize = 20;

/// What a body is read with.
pub(super) struct Body<'b, 'r, 'a> {
    pub(super) env: &'r Env<'a>,
    pub(super) library: &'b Library<'a>,
    pub(super) configs: &'b mut Configs<'r>,
    pub(super) faults: &'b mut Faults,
    pub(super) job: &'b mut Job,
    /// Names of the graphs around the place at hand.
    pub(super) around: Vec<String>,
}

/// A field that was read.
pub(super) struct Planned<'a> {
    pub(super) name: &'a str,
    pub(super) owner: &'a ObjectType,
    pub(super) definition: &'a apollo_compiler::ast::FieldDefinition,
    pub(super) kind: PlannedKind<'a>,
}

/// What a field is.
pub(super) enum PlannedKind<'a> {
    /// An op of the job.
    Op(OpId),
    /// A graph: its index in the job, its type, and what stands in it.
    Graph { at: usize, object: &'a ObjectType, inner: Vec<Planned<'a>> },
}

impl<'a> Body<'_, '_, 'a> {
    /// Reads a whole job, which is one type, or several with assets.
    pub(super) fn read(mut self, objects: &[&'a ObjectType]) {
        let planned: Vec<Planned<'a>> = objects.iter().flat_map(|object| self.plan(object, "")).collect();
        self.bind(&planned, &[]);
    }

    fn plan(&mut self, object: &'a ObjectType, prefix: &str) -> Vec<Planned<'a>> {
        let mut planned = Vec::new();
        for part in object.fields.values() {
            let site = Site { env: self.env, job: &object.name, definition: part };
            if self.job.ops.len() >= OPS_MAX {
                let message = format!("`{}` has more than the {OPS_MAX} ops that a job may have", self.job.type_name);
                self.faults.push(Diagnostic::new(message, self.job.place.clone()));
                return planned;
            }
            let handle = [prefix, part.name.as_str()].concat();
            let kind = match (site.directive("use"), object.directives.has("assets")) {
                (Some(directive), _) => self.used(&site, directive, &handle),
                (None, true) => Some(self.own(&site, &ops::ON_ASSETS, &handle)),
                (None, false) => Some(self.own(&site, &ops::ON_OPS, &handle)),
            };
            if let Some(kind) = kind {
                planned.push(Planned { name: part.name.as_str(), owner: object, definition: part, kind });
            }
        }
        planned
    }

    /// A field that is a definition and its use.
    fn own(&mut self, site: &Site, allowed: &[&str], handle: &str) -> PlannedKind<'a> {
        let definition = definitions::read(site, allowed, self.configs, self.faults);
        PlannedKind::Op(self.add(definition, handle))
    }

    /// A field with `@use`.
    fn used(&mut self, site: &Site, directive: &Node<Directive>, handle: &str) -> Option<PlannedKind<'a>> {
        ops::check_name(site, self.faults);
        ops::check_directives(site, &ops::ON_USES, self.faults);
        let op = arguments::text(self.env, directive, "op");
        let graph = arguments::text(self.env, directive, "graph");
        match (op, graph) {
            (Some(name), None) => self.used_op(site, (directive, name), handle),
            (None, Some(name)) => self.used_graph(site, (directive, name), handle),
            (_, _) => {
                let place = self.env.texts.place(directive.location());
                let fault = Diagnostic::new("@use names one op or one graph", place);
                self.faults.push(fault.help("write `op:` or `graph:`"));
                None
            }
        }
    }

    fn used_op(
        &mut self,
        site: &Site,
        (directive, name): (&Node<Directive>, &str),
        handle: &str,
    ) -> Option<PlannedKind<'a>> {
        let location = self.job.location.clone();
        let Some(definition) = self.library.ops.get(&(location.clone(), name.to_owned())) else {
            let place = arguments::place(self.env, directive, "op");
            self.faults.push(unknown("op", (&location, name), place, self.library.ops.keys()));
            return None;
        };
        if site.definition.ty != definition.written {
            let place = self.env.texts.place(site.definition.ty.inner_named_type().location());
            let message = format!("`{}` gives {}, not {}", name, definition.written, site.definition.ty);
            let fault = Diagnostic::new(message, place).related(definition.place.clone(), "defined here");
            self.faults.push(fault.help(format!("write `{}`", definition.written)));
        }
        let mut definition = definition.clone();
        definition.tags.extend(tags(self.env, directive, "tags", self.faults));
        definition.place = site.place();
        Some(PlannedKind::Op(self.add(definition, handle)))
    }

    fn used_graph(
        &mut self,
        site: &Site,
        (directive, name): (&Node<Directive>, &str),
        handle: &str,
    ) -> Option<PlannedKind<'a>> {
        let location = self.job.location.clone();
        let place = || arguments::place(self.env, directive, "graph");
        let Some(object) = self.library.graphs.get(&(location.clone(), name.to_owned())).copied() else {
            self.faults.push(unknown("graph", (&location, name), place(), self.library.graphs.keys()));
            return None;
        };
        if self.around.iter().any(|around| around == name) || self.around.len() >= GRAPH_DEPTH_MAX {
            let message = format!("`{}` uses the graph `{name}` within itself, or too deep", site.path());
            let help = format!("graphs may stand in each other {GRAPH_DEPTH_MAX} levels deep");
            self.faults.push(Diagnostic::new(message, place()).help(help));
            return None;
        }
        let at = self.job.graphs.len();
        let graph = GraphUse {
            name: handle.to_owned(),
            definition: name.to_owned(),
            description: object.description.as_ref().map(ToString::to_string),
            inputs: graph_inputs(self.env, object, self.faults),
            output: None,
            tags: tags(self.env, directive, "tags", self.faults),
            place: site.place(),
        };
        self.job.graphs.push(graph);
        self.around.push(name.to_owned());
        let inner = self.plan(object, &[handle, "."].concat());
        self.around.pop();
        Some(PlannedKind::Graph { at, object, inner })
    }

    fn add(&mut self, of: OpDefinition, handle: &str) -> OpId {
        let location = self.job.location.clone();
        for (name, place) in &of.resources {
            let key = (location.clone(), name.clone());
            match self.library.resources.get(&key) {
                None => self.faults.push(unknown(
                    "resource",
                    (&location, name),
                    place.clone(),
                    self.library.resources.keys(),
                )),
                Some(resource) if !self.job.resources.iter().any(|of| of.name == *name) => {
                    self.job.resources.push(resource.clone());
                }
                Some(_) => {}
            }
        }
        let id = OpId(u16::try_from(self.job.ops.len()).expect("OPS_MAX is below u16"));
        self.job.ops.push(Op {
            name: handle.to_owned(),
            definition: of.name,
            description: of.description,
            config: of.config,
            inputs: of.inputs,
            outputs: of.outputs,
            needs: Vec::new(),
            work: of.work,
            retry: of.retry,
            timeout: of.timeout,
            tags: of.tags,
            pool: of.pool,
            resources: of.resources.into_iter().map(|(name, _)| name).collect(),
            asset: of.asset,
            place: of.place,
        });
        id
    }

    /// Looks up what feeds every input of this level and those inside. `given` is what the graph around was given for its inputs.
    fn bind(&mut self, planned: &[Planned<'a>], given: &[NodeInput]) {
        for node in planned {
            let inputs = match &node.kind {
                PlannedKind::Op(id) => self.job.ops[usize::from(id.0)].inputs.clone(),
                PlannedKind::Graph { at, .. } => self.job.graphs[*at].inputs.clone(),
            };
            let inputs = self.bound(node, inputs, (planned, given));
            match &node.kind {
                PlannedKind::Op(id) => {
                    let op = &mut self.job.ops[usize::from(id.0)];
                    op.needs = sources::needs(&inputs);
                    op.inputs = inputs;
                }
                PlannedKind::Graph { at, object, inner } => {
                    self.job.graphs[*at].inputs.clone_from(&inputs);
                    self.bind(inner, &inputs);
                    self.graph_output(node, (*at, object), inner);
                }
            }
        }
    }

    fn bound(
        &mut self,
        node: &Planned<'a>,
        mut inputs: Vec<NodeInput>,
        (siblings, given): (&[Planned<'a>], &[NodeInput]),
    ) -> Vec<NodeInput> {
        let level = Level { env: self.env, job: &*self.job, siblings, given };
        let site = Site { env: self.env, job: &node.owner.name, definition: node.definition };
        for argument in &node.definition.arguments {
            let is_use = site.directive("use").is_some();
            match inputs.iter_mut().find(|input| argument.name == *input.name) {
                Some(input) => {
                    let (source, feeds) = level.source(&site, argument, self.faults);
                    (input.source, input.feeds) = (source, feeds);
                }
                None if is_use => self.faults.push(sources::no_input(&site, argument, &inputs)),
                // Config of the definition that stands here itself.
                None => {}
            }
        }
        inputs.extend(level.needs(&site, &inputs, self.faults));
        sources::check_unfed(&site, &inputs, self.faults);
        inputs
    }

    fn graph_output(&mut self, node: &Planned<'a>, (at, object): (usize, &'a ObjectType), inner: &[Planned<'a>]) {
        let directive = object.directives.get("graph").expect("a graph has @graph");
        let Some(result) = arguments::text(self.env, directive, "result") else { return };
        if !inner.iter().any(|inside| inside.name == result) {
            let message = format!("the graph `{}` has no node `{result}`", object.name);
            self.faults.push(Diagnostic::new(message, arguments::place(self.env, directive, "result")));
            return;
        }
        let site = Site { env: self.env, job: &node.owner.name, definition: node.definition };
        let graph = &mut self.job.graphs[at];
        let from = crate::NodeOutput { node: [&graph.name, ".", result].concat(), output: RESULT.to_owned() };
        graph.output = Some(crate::GraphOutput { of: op_type(&site, &node.definition.ty, self.faults), from });
    }
}

/// The inputs of a graph: what its fields take with `@fromInput`, in the order of the text, each of the type that stands there first.
fn graph_inputs(env: &Env, object: &ObjectType, faults: &mut Faults) -> Vec<NodeInput> {
    let mut inputs: Vec<NodeInput> = Vec::new();
    for part in object.fields.values() {
        for argument in &part.arguments {
            let Some(directive) = argument.directives.get("fromInput") else { continue };
            let Some(name) = arguments::text(env, directive, "name") else { continue };
            if inputs.iter().any(|input| input.name == name) {
                continue;
            }
            let site = Site { env, job: &object.name, definition: part };
            inputs.push(graph_input(&site, argument, name, faults));
        }
    }
    inputs
}

fn graph_input(site: &Site, argument: &InputValueDefinition, name: &str, faults: &mut Faults) -> NodeInput {
    NodeInput {
        name: name.to_owned(),
        description: None,
        of: op_type(site, &argument.ty, faults),
        default: None,
        source: InputSource::Config,
        feeds: Vec::<Feed>::new(),
    }
}
