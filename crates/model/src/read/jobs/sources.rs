//! `@from`, `@fromInput` and `@needs`: what feeds an input, looked up among its neighbours. No op may wait for itself.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, InputValueDefinition};

use super::body::{Planned, PlannedKind};
use super::definitions::RESULT;
use super::inputs::as_config;
use super::ops::Site;
use crate::read::{Env, Faults, arguments};
use crate::{
    Diagnostic, Feed, InputSource, Job, NodeInput, NodeOutput, OpId, OpType, OpTypeKind, Place, SourceShape, naming,
};

/// Name of the input that `@needs` is.
const NEEDS: &str = "needs";

/// The neighbours of a node, and what the graph around them was given.
pub(super) struct Level<'l, 'a> {
    pub(super) env: &'l Env<'a>,
    pub(super) job: &'l Job,
    pub(super) siblings: &'l [Planned<'a>],
    pub(super) given: &'l [NodeInput],
}

type Source = (InputSource, Vec<Feed>);

impl<'a> Level<'_, 'a> {
    /// What an argument says about where its value comes from.
    pub(super) fn source(&self, site: &Site, argument: &InputValueDefinition, faults: &mut Faults) -> Source {
        let nothing = || (InputSource::Config, Vec::new());
        match (argument.directives.get("from"), argument.directives.get("fromInput")) {
            (None, None) => nothing(),
            (Some(_), Some(second)) => {
                let fault = Diagnostic::new("an input has one source", self.env.texts.place(second.location()));
                faults.push(fault.help("keep @from or @fromInput"));
                nothing()
            }
            (None, Some(directive)) => self.graph_input(site, directive, faults),
            (Some(directive), None) => self.outputs(site, directive, faults).unwrap_or_else(nothing),
        }
    }

    fn graph_input(&self, site: &Site, directive: &Node<Directive>, faults: &mut Faults) -> Source {
        let name = arguments::text(self.env, directive, "name").unwrap_or_default();
        let given = self.given.iter().find(|input| input.name == name);
        if given.is_none() {
            let message = format!("`{}` stands in no graph that takes `{name}`", site.path());
            let fault = Diagnostic::new(message, self.env.texts.place(directive.location()));
            faults.push(fault.help("@fromInput has a meaning inside a graph; in a job use @from"));
        }
        (InputSource::GraphInput(name.to_owned()), given.map(|input| input.feeds.clone()).unwrap_or_default())
    }

    fn outputs(&self, site: &Site, directive: &Node<Directive>, faults: &mut Faults) -> Option<Source> {
        let is = |argument: &str| arguments::is_true(self.env, directive, argument);
        let output = arguments::text(self.env, directive, "output").unwrap_or(RESULT);
        let (names, mut shape) = self.names(directive, faults)?;
        match (is("each"), is("collect")) {
            (true, false) => shape = SourceShape::Each,
            (false, true) => shape = SourceShape::Collected,
            (false, false) => {}
            (true, true) => {
                let place = self.env.texts.place(directive.location());
                faults.push(Diagnostic::new("@from takes `each` or `collect`, not both", place).help("keep one"));
            }
        }
        let (mut outputs, mut feeds) = (Vec::new(), Vec::new());
        for (name, place) in names {
            let Some(node) = self.sibling(site, name, &place, faults) else { continue };
            let Some(feed) = self.feed(node, (output, &place), faults) else { continue };
            outputs.push(NodeOutput { node: self.handle(node), output: output.to_owned() });
            feeds.push(feed);
        }
        Some((InputSource::Outputs(outputs, shape), feeds))
    }

    /// The neighbours that a `@from` names.
    fn names<'d>(
        &self,
        directive: &'d Node<Directive>,
        faults: &mut Faults,
    ) -> Option<(Vec<(&'d str, Place)>, SourceShape)>
    where
        'a: 'd,
    {
        let one = |argument: &str| {
            let text = arguments::text(self.env, directive, argument)?;
            Some((vec![(text, arguments::place(self.env, directive, argument))], SourceShape::One))
        };
        let several = arguments::words(self.env, directive, "ops").map(|words| {
            let names = words.into_iter().map(|(word, node)| (word, self.env.texts.place(node.location())));
            (names.collect(), SourceShape::List)
        });
        let given: Vec<_> = [one("op"), one("asset"), several].into_iter().flatten().collect();
        if let Ok([given]) = <[_; 1]>::try_from(given) {
            return Some(given);
        }
        let place = self.env.texts.place(directive.location());
        let fault = Diagnostic::new("@from names one of `op`, `ops` and `asset`", place);
        faults.push(fault.help("write `@from(op: \"extract\")`"));
        None
    }

    fn sibling(&self, site: &Site, name: &str, place: &Place, faults: &mut Faults) -> Option<&Planned<'a>> {
        let found = self.siblings.iter().find(|node| node.name == name);
        if found.is_none() && !site.env.schema.get_object(site.job).is_some_and(|of| of.fields.contains_key(name)) {
            let near = naming::nearest(name, self.siblings.iter().map(|node| node.name));
            let fault = Diagnostic::new(format!("`{}` has no op `{name}`", site.job), place.clone());
            faults.push(match near {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault,
            });
        }
        found
    }

    fn handle(&self, node: &Planned<'a>) -> String {
        match &node.kind {
            PlannedKind::Op(id) => self.job.op(*id).name.clone(),
            PlannedKind::Graph { at, .. } => self.job.graphs[*at].name.clone(),
        }
    }

    /// The op whose output this is, through however many graphs.
    fn feed(&self, node: &Planned<'a>, (output, place): (&str, &Place), faults: &mut Faults) -> Option<Feed> {
        let no_output = |known: Vec<&str>| {
            let near = naming::nearest(output, known);
            let fault = Diagnostic::new(format!("`{}` has no output `{output}`", node.name), place.clone());
            match near {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault,
            }
        };
        match &node.kind {
            PlannedKind::Op(id) => {
                let outputs = &self.job.op(*id).outputs;
                if !outputs.iter().any(|of| of.name == output) {
                    faults.push(no_output(outputs.iter().map(|of| of.name.as_str()).collect()));
                    return None;
                }
                Some(Feed { op: *id, output: output.to_owned() })
            }
            PlannedKind::Graph { object, inner, .. } => {
                let result = object.directives.get("graph").and_then(|of| arguments::text(self.env, of, "result"));
                let inside = result.and_then(|result| inner.iter().find(|inside| inside.name == result));
                let Some(inside) = inside.filter(|_| output == RESULT) else {
                    faults.push(no_output(vec![RESULT]));
                    return None;
                };
                self.feed(inside, (RESULT, place), faults)
            }
        }
    }

    /// `@needs` as an input without a value.
    pub(super) fn needs(&self, site: &Site, inputs: &[NodeInput], faults: &mut Faults) -> Option<NodeInput> {
        let directive = site.directive("needs")?;
        let place = || arguments::place(self.env, directive, "ops");
        if inputs.iter().any(|input| input.name == NEEDS) {
            let message = format!("`{}` has an input `{NEEDS}`, which is what @needs is called", site.path());
            faults.push(Diagnostic::new(message, place()).help("give the input another name"));
        }
        let words = arguments::words(self.env, directive, "ops").unwrap_or_default();
        if words.is_empty() {
            let fault = Diagnostic::new(format!("`{}` needs no op", site.path()), place());
            faults.push(fault.help("name ops, or remove @needs"));
        }
        let (mut outputs, mut feeds): (Vec<NodeOutput>, Vec<Feed>) = (Vec::new(), Vec::new());
        for (word, node) in words {
            let place = self.env.texts.place(node.location());
            let Some(sibling) = self.sibling(site, word, &place, faults) else { continue };
            let handle = self.handle(sibling);
            if outputs.iter().any(|output| output.node == handle) {
                faults.push(Diagnostic::new(format!("`{word}` stands here twice"), place).help("keep one of them"));
                continue;
            }
            let first = match &sibling.kind {
                PlannedKind::Op(id) => self.job.op(*id).outputs[0].name.clone(),
                PlannedKind::Graph { .. } => RESULT.to_owned(),
            };
            feeds.extend(self.feed(sibling, (&first, &place), faults));
            outputs.push(NodeOutput { node: handle, output: first });
        }
        Some(NodeInput {
            name: NEEDS.to_owned(),
            description: None,
            of: OpType { kind: OpTypeKind::Nothing, required: false },
            default: None,
            source: InputSource::Outputs(outputs, SourceShape::List),
            feeds,
        })
    }
}

/// The ops that feed these inputs, none twice.
pub(super) fn needs(inputs: &[NodeInput]) -> Vec<OpId> {
    let mut needs: Vec<OpId> = Vec::new();
    for feed in inputs.iter().flat_map(|input| &input.feeds) {
        if !needs.contains(&feed.op) {
            needs.push(feed.op);
        }
    }
    needs
}

/// An argument of a use that its definition does not take.
pub(super) fn no_input(site: &Site, argument: &InputValueDefinition, inputs: &[NodeInput]) -> Diagnostic {
    let place = site.env.texts.place(argument.name.location());
    let near = naming::nearest(&argument.name, inputs.iter().map(|input| input.name.as_str()));
    let fault = Diagnostic::new(format!("what `{}` uses has no input `{}`", site.path(), argument.name), place);
    match near {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault.help("config is given by a launch; a use binds inputs only"),
    }
}

/// What nothing feeds must be something that config can give, or have no value at all.
pub(super) fn check_unfed(site: &Site, inputs: &[NodeInput], faults: &mut Faults) {
    let is_unfed = |input: &&NodeInput| input.source == InputSource::Config;
    for input in inputs.iter().filter(is_unfed) {
        let can_be_given = input.of.kind == OpTypeKind::Nothing || as_config(&input.of).is_some();
        if !can_be_given {
            let message =
                format!("nothing feeds `{}` of `{}`, and config cannot give such a value", input.name, site.path());
            faults.push(Diagnostic::new(message, site.place()).help("add @from"));
        }
    }
}

/// A fault for a way from an op back to itself, if there is one: the shortest of the first op that has one.
pub(super) fn check_circles(job: &Job, faults: &mut Faults) {
    if let Some(circle) = job.ops_by_id().find_map(|(id, _)| way_back(job, id)) {
        faults.push(fault(job, &circle));
    }
}
/// Breadth first along the needs, from the op to itself.
fn way_back(job: &Job, start: OpId) -> Option<Vec<OpId>> {
    let mut came_from: Vec<Option<OpId>> = vec![None; job.ops.len()];
    let mut front = vec![start];
    while !front.is_empty() {
        let mut next = Vec::new();
        for at in front {
            for need in &job.op(at).needs {
                if *need == start {
                    return Some(way(&came_from, start, at));
                }
                if came_from[usize::from(need.0)].is_none() {
                    came_from[usize::from(need.0)] = Some(at);
                    next.push(*need);
                }
            }
        }
        front = next;
    }
    None
}

fn way(came_from: &[Option<OpId>], start: OpId, end: OpId) -> Vec<OpId> {
    let mut way = vec![end];
    let mut at = end;
    while at != start {
        // Every op on the way but the first was come to from another.
        let Some(before) = came_from[usize::from(at.0)] else { break };
        way.push(before);
        at = before;
    }
    way.reverse();
    way
}

fn fault(job: &Job, circle: &[OpId]) -> Diagnostic {
    let first = job.op(circle[0]);
    let names: Vec<&str> = circle.iter().chain(&circle[..1]).map(|id| job.op(*id).name.as_str()).collect();
    let message = match circle.len() {
        1 => format!("`{}.{}` needs itself", job.type_name, first.name),
        _ => format!("the ops of `{}` wait for each other: {}", job.type_name, names.join(" needs ")),
    };
    let start = Diagnostic::new(message, first.place.clone()).help("take one of the needs out");
    circle[1..].iter().fold(start, |fault, id| fault.related(job.op(*id).place.clone(), "this one too"))
}
