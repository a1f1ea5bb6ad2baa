//! Ops and graphs where jobs use them, their definitions, and the types that go between them.

use std::collections::BTreeMap;

use model::{
    GraphUse, InputSource, Job, JobId, Node, NodeInput, NodeOutput, OpOutput, OpType, OpTypeKind, Repository, Scalar,
    SourceShape,
};
use serde_json::{Value as Json, json};

use super::python::list;
use super::workspace::jobs_of;
use super::{config, jobs, refusals, runs};
use crate::tell::{Asked, Telling, Told};

/// Name of a graph's output.
const RESULT: &str = "result";

/// What stands directly in the job, or in the graph of this handle, by name.
fn level<'a>(job: &'a Job, parent: Option<&str>) -> Vec<Node<'a>> {
    let mut nodes = job.nodes(parent);
    nodes.sort_by_key(|node| node.name());
    nodes
}

pub(super) fn solids<'a>(telling: Telling<'a>, id: JobId, parent: Option<&str>) -> Told<'a> {
    let nodes = level(telling.model.job(id), parent).into_iter();
    Told::List(nodes.map(|node| solid(telling, id, node)).collect())
}

/// An op or graph where it is used.
fn solid<'a>(telling: Telling<'a>, id: JobId, node: Node<'a>) -> Told<'a> {
    Told::object("Solid", move |asked| match asked.name.as_str() {
        "name" => Told::text(Some(node.name())),
        "definition" => definition(telling, id, node),
        "inputs" => Told::List(sorted_inputs(node).into_iter().map(|of| input(telling, id, node, of)).collect()),
        "outputs" => Told::List(outputs(node).into_iter().map(|of| output(telling, id, node, of)).collect()),
        "isDynamicMapped" => Told::Json(is_mapped(telling.model.job(id), node).into()),
        _ => Told::Unserved,
    })
}

fn sorted_inputs(node: Node<'_>) -> Vec<&NodeInput> {
    node.inputs().iter().collect()
}

/// The outputs of a node, by name.
fn outputs(node: Node<'_>) -> Vec<OpOutput> {
    let mut outputs = match node {
        Node::Op(_, op) => op.outputs.clone(),
        Node::Graph(graph) => graph
            .output
            .iter()
            .map(|output| OpOutput {
                name: RESULT.to_owned(),
                description: None,
                of: output.of.clone(),
                is_maybe: false,
                is_dynamic: false,
            })
            .collect(),
    };
    outputs.sort_by(|one, other| one.name.cmp(&other.name));
    outputs
}

fn input<'a>(telling: Telling<'a>, id: JobId, node: Node<'a>, of: &'a NodeInput) -> Told<'a> {
    Told::object("Input", move |asked| match asked.name.as_str() {
        "solid" => solid(telling, id, node),
        "definition" => input_definition(of),
        "isDynamicCollect" => Told::Json(matches!(of.source, InputSource::Outputs(_, SourceShape::Collected)).into()),
        "dependsOn" => match &of.source {
            InputSource::Outputs(from, _) => {
                Told::List(from.iter().filter_map(|from| source(telling, id, from)).collect())
            }
            InputSource::Config | InputSource::GraphInput(_) => Told::Json(json!([])),
        },
        _ => Told::Unserved,
    })
}

/// The output that feeds an input.
fn source<'a>(telling: Telling<'a>, id: JobId, from: &NodeOutput) -> Option<Told<'a>> {
    let node = telling.model.job(id).node(&from.node)?;
    let of = outputs(node).into_iter().find(|of| of.name == from.output)?;
    Some(output(telling, id, node, of))
}

fn output<'a>(telling: Telling<'a>, id: JobId, node: Node<'a>, of: OpOutput) -> Told<'a> {
    Told::object("Output", move |asked| match asked.name.as_str() {
        "solid" => solid(telling, id, node),
        "definition" => output_definition(&of),
        "dependedBy" => {
            let job = telling.model.job(id);
            let mut fed = Vec::new();
            for neighbour in level(job, node.parent()) {
                for taken in neighbour.inputs() {
                    let InputSource::Outputs(from, _) = &taken.source else { continue };
                    if from.iter().any(|from| from.node == node.handle() && from.output == of.name) {
                        fed.push(input(telling, id, neighbour, taken));
                    }
                }
            }
            Told::List(fed)
        }
        _ => Told::Unserved,
    })
}

fn input_definition(of: &NodeInput) -> Told<'_> {
    Told::object("InputDefinition", move |asked| match asked.name.as_str() {
        "name" => Told::text(Some(&of.name)),
        "description" => Told::text(of.description.as_ref()),
        "type" => dagster_type(&of.of),
        "metadataEntries" => Told::Json(json!([])),
        _ => Told::Unserved,
    })
}

fn output_definition<'a>(of: &OpOutput) -> Told<'a> {
    let of = of.clone();
    Told::object("OutputDefinition", move |asked| match asked.name.as_str() {
        "name" => Told::text(Some(of.name.clone())),
        "description" => Told::text(of.description.clone()),
        "isDynamic" => Told::Json(of.is_dynamic.into()),
        // What need not be made is not null where it is made.
        "type" => dagster_type(&OpType { required: of.of.required || of.is_maybe, ..of.of.clone() }),
        "metadataEntries" => Told::Json(json!([])),
        _ => Told::Unserved,
    })
}

/// Below a dynamic output that nothing has collected yet.
pub(super) fn is_mapped(job: &Job, node: Node<'_>) -> bool {
    let Node::Op(_, op) = node else { return false };
    op.inputs.iter().any(|input| match &input.source {
        InputSource::Outputs(_, SourceShape::Each) => true,
        InputSource::Outputs(_, SourceShape::One | SourceShape::List) | InputSource::GraphInput(_) => {
            input.feeds.iter().any(|feed| is_mapped(job, Node::Op(feed.op, job.op(feed.op))))
        }
        InputSource::Outputs(_, SourceShape::Collected) | InputSource::Config => false,
    })
}

/// What an op or graph is, wherever it is used.
pub(super) fn definition<'a>(telling: Telling<'a>, id: JobId, node: Node<'a>) -> Told<'a> {
    let job = telling.model.job(id);
    let (as_type, description) = match node {
        Node::Op(_, op) => ("SolidDefinition", &op.description),
        Node::Graph(graph) => ("CompositeSolidDefinition", &graph.description),
    };
    Told::object(as_type, move |asked| match (asked.name.as_str(), node) {
        ("name", _) => Told::text(Some(node.definition())),
        ("description", _) => Told::text(description.as_ref()),
        ("metadata", Node::Op(_, op)) => Told::Json(metadata(&op.tags)),
        ("metadata" | "pools" | "modes", Node::Graph(_)) | ("assetNodes", _) => Told::Json(json!([])),
        ("inputDefinitions", _) => Told::List(sorted_inputs(node).into_iter().map(input_definition).collect()),
        ("outputDefinitions", _) => Told::List(outputs(node).iter().map(output_definition).collect()),
        ("pools", Node::Op(_, op)) => Told::Json(json!(op.pool.iter().collect::<Vec<_>>())),
        ("pool", Node::Op(_, op)) => Told::text(op.pool.as_ref()),
        ("configField", Node::Op(..)) => config_field(job, node).as_ref().map_or(Told::Null, config::field),
        ("requiredResources", Node::Op(_, op)) => {
            Told::Json(op.resources.iter().map(|name| json!({ "resourceKey": name })).collect())
        }
        ("id", Node::Graph(graph)) => Told::text(Some([&jobs::snapshot_id(job), ":", &graph.definition].concat())),
        ("solids", Node::Graph(graph)) => solids(telling, id, Some(&graph.name)),
        ("solidHandles", Node::Graph(graph)) => handles(telling, id, Some(&graph.name)),
        ("inputMappings", Node::Graph(graph)) => input_mappings(telling, id, graph),
        ("outputMappings", Node::Graph(graph)) => output_mappings(telling, id, graph),
        _ => Told::Unserved,
    })
}

/// Tags of an op; a kind is told under its newer name, too.
fn metadata(tags: &model::Tags) -> Json {
    let mut list = Vec::new();
    for (key, value) in tags {
        list.push(json!({ "key": key, "value": value }));
        if key == "kind" {
            list.push(json!({ "key": "dagster/compute_kind", "value": value }));
        }
    }
    Json::Array(list)
}

/// The `config` of an op in the job's config.
fn config_field(job: &Job, node: Node<'_>) -> Option<model::config::ConfigField> {
    let mut at = job.config_type();
    for part in node.handle().split('.') {
        at = jobs::member(&jobs::member(&at, "ops")?.of, part)?.of;
    }
    jobs::member(&at, "config")
}

fn input_mappings<'a>(telling: Telling<'a>, id: JobId, graph: &'a GraphUse) -> Told<'a> {
    let job = telling.model.job(id);
    let mut mappings = Vec::new();
    for of in &graph.inputs {
        for node in level(job, Some(&graph.name)) {
            let is_fed = |inner: &&NodeInput| inner.source == InputSource::GraphInput(of.name.clone());
            for inner in node.inputs().iter().filter(is_fed) {
                mappings.push(Told::object("InputMapping", move |asked| match asked.name.as_str() {
                    "definition" => input_definition(of),
                    "mappedInput" => input(telling, id, node, inner),
                    _ => Told::Unserved,
                }));
            }
        }
    }
    Told::List(mappings)
}

fn output_mappings<'a>(telling: Telling<'a>, id: JobId, graph: &'a GraphUse) -> Told<'a> {
    let mapping = |of: OpOutput| {
        Told::object("OutputMapping", move |asked: &Asked| match asked.name.as_str() {
            "definition" => output_definition(&of),
            "mappedOutput" => {
                graph.output.as_ref().and_then(|output| source(telling, id, &output.from)).unwrap_or(Told::Null)
            }
            _ => Told::Unserved,
        })
    };
    Told::List(outputs(Node::Graph(graph)).into_iter().map(mapping).collect())
}

/// Every handle of the job, or those directly in one; of an empty one: the top.
pub(super) fn handles<'a>(telling: Telling<'a>, id: JobId, parent: Option<&str>) -> Told<'a> {
    let job = telling.model.job(id);
    let mut nodes: Vec<Node<'a>> = match parent {
        Some("") => job.nodes(None),
        Some(parent) => job.nodes(Some(parent)),
        None => job.ops_by_id().map(|(id, op)| Node::Op(id, op)).chain(job.graphs.iter().map(Node::Graph)).collect(),
    };
    nodes.sort_by_key(|node| node.handle());
    Told::List(nodes.into_iter().map(|node| handle_of(telling, id, node)).collect())
}

pub(super) fn handle<'a>(telling: Telling<'a>, id: JobId, name: &str) -> Told<'a> {
    telling.model.job(id).node(name).map_or(Told::Null, |node| handle_of(telling, id, node))
}

fn handle_of<'a>(telling: Telling<'a>, id: JobId, node: Node<'a>) -> Told<'a> {
    Told::object("SolidHandle", move |asked| match asked.name.as_str() {
        "handleID" => Told::text(Some(node.handle())),
        "solid" => solid(telling, id, node),
        "parent" => node.parent().map_or(Told::Null, |parent| handle(telling, id, parent)),
        "stepStats" => runs::op_stats(telling, (id, node.handle()), asked),
        _ => Told::Unserved,
    })
}

/// A graph, or a job as one.
pub(super) fn graph<'a>(telling: Telling<'a>, id: JobId, graph: Option<&'a GraphUse>) -> Told<'a> {
    let job = telling.model.job(id);
    let name = graph.map_or(&job.name, |graph| &graph.definition);
    let description = graph.map_or(&job.description, |graph| &graph.description);
    let inside = graph.map(|graph| graph.name.as_str());
    Told::object("Graph", move |asked| match asked.name.as_str() {
        "id" => {
            let words = ["graph", &job.location, &job.repository, name];
            Told::text(Some(["graph:", &super::identity::hex(&words)].concat()))
        }
        "name" => Told::text(Some(name)),
        "description" => Told::text(description.as_ref()),
        "solids" => solids(telling, id, inside),
        "solidHandles" => handles(telling, id, inside.or(Some(asked.text("parentHandleID").unwrap_or_default()))),
        "solidHandle" => handle(telling, id, asked.text("handleID").unwrap_or_default()),
        "modes" => Told::Json(json!([])),
        _ => Told::Unserved,
    })
}

/// Definitions that jobs of a repository use, by name, with where they do.
pub(super) fn used<'a>(telling: Telling<'a>, of: &Repository) -> Vec<Told<'a>> {
    let mut sites: BTreeMap<&'a str, Vec<(JobId, Node<'a>)>> = BTreeMap::new();
    for (id, job) in jobs_of(telling.model, of) {
        let ops = job.ops_by_id().map(|(id, op)| Node::Op(id, op));
        let mut nodes: Vec<Node<'a>> = ops.chain(job.graphs.iter().map(Node::Graph)).collect();
        nodes.sort_by_key(|node| node.handle());
        for node in nodes {
            sites.entry(node.definition()).or_default().push((id, node));
        }
    }
    sites.into_values().map(|sites| used_told(telling, sites)).collect()
}

pub(super) fn used_named<'a>(telling: Telling<'a>, of: &Repository, name: &str) -> Told<'a> {
    let mut sites = Vec::new();
    for (id, job) in jobs_of(telling.model, of) {
        let ops = job.ops_by_id().map(|(id, op)| Node::Op(id, op));
        let nodes = ops.chain(job.graphs.iter().map(Node::Graph)).filter(|node| node.definition() == name);
        let mut found: Vec<_> = nodes.map(|node| (id, node)).collect();
        found.sort_by_key(|(_, node)| node.handle());
        sites.extend(found);
    }
    if sites.is_empty() { Told::Null } else { used_told(telling, sites) }
}

fn used_told<'a>(telling: Telling<'a>, sites: Vec<(JobId, Node<'a>)>) -> Told<'a> {
    Told::object("UsedSolid", move |asked| match asked.name.as_str() {
        "definition" => definition(telling, sites[0].0, sites[0].1),
        "invocations" => Told::List(
            sites
                .iter()
                .map(|(id, node)| {
                    let (id, node) = (*id, *node);
                    let site = Told::object("NodeInvocationSite", move |asked: &Asked| match asked.name.as_str() {
                        "pipeline" => jobs::told(telling, id, "Pipeline"),
                        "solidHandle" => handle_of(telling, id, node),
                        _ => Told::Unserved,
                    });
                    Told::OfJob(id, Box::new(site), Box::new(Told::Null))
                })
                .collect(),
        ),
        _ => Told::Unserved,
    })
}

/// The plain types, and those with a name of their own that the job uses.
pub(super) fn types<'a>(_job: &Job) -> Told<'a> {
    Told::List(["Any", "Bool", "Float", "Int", "Nothing", "String"].into_iter().map(plain_type).collect())
}

pub(super) fn type_named<'a>(_job: &Job, name: &str) -> Told<'a> {
    let known = ["Any", "Bool", "Float", "Int", "Nothing", "String"].into_iter().find(|known| *known == name);
    known.map_or_else(
        || {
            let message = format!("Dagster type {name} not found.");
            refusals::refusal("DagsterTypeNotFoundError", message, json!({ "dagsterTypeName": name }))
        },
        plain_type,
    )
}

fn plain_type<'a>(name: &'static str) -> Told<'a> {
    let kind = match name {
        "Bool" => OpTypeKind::Scalar(Scalar::Boolean),
        "Float" => OpTypeKind::Scalar(Scalar::Float),
        "Int" => OpTypeKind::Scalar(Scalar::Int),
        "String" => OpTypeKind::Scalar(Scalar::String),
        "Nothing" => OpTypeKind::Nothing,
        _ => OpTypeKind::Any,
    };
    dagster_type(&OpType { kind, required: true })
}

/// The type of what goes from op to op.
fn dagster_type<'a>(of: &OpType) -> Told<'a> {
    let of = of.clone();
    let is_plain_null = matches!(of.kind, OpTypeKind::Any | OpTypeKind::Nothing);
    let is_nullable = !of.required && !is_plain_null;
    let is_list = !is_nullable && matches!(of.kind, OpTypeKind::List(_));
    let as_type = match (is_nullable, is_list) {
        (true, _) => "NullableDagsterType",
        (false, true) => "ListDagsterType",
        (false, false) => "RegularDagsterType",
    };
    Told::object(as_type, move |asked| match asked.name.as_str() {
        "key" => Told::text(Some(type_key(&of))),
        "name" => {
            if is_nullable || is_list {
                Told::Null
            } else {
                Told::text(Some(type_word(&of)))
            }
        }
        "displayName" => Told::text(Some(type_word(&of))),
        "description" | "outputSchemaType" => Told::Null,
        "isNullable" => Told::Json(is_nullable.into()),
        "isList" => Told::Json(is_list.into()),
        "isBuiltin" => Told::Json(true.into()),
        "isNothing" => Told::Json((of.kind == OpTypeKind::Nothing).into()),
        "inputSchemaType" => model::config::loaded_as(&of).as_ref().map_or(Told::Null, config::told),
        "innerTypes" => Told::List(inner(&of, is_nullable).iter().map(dagster_type).collect()),
        "ofType" => inner(&of, is_nullable).first().map_or(Told::Unserved, dagster_type),
        "metadataEntries" => Told::Json(json!([])),
        _ => Told::Unserved,
    })
}

fn inner(of: &OpType, is_nullable: bool) -> Vec<OpType> {
    match &of.kind {
        kind if is_nullable => vec![OpType { kind: kind.clone(), required: true }],
        OpTypeKind::List(item) => vec![(**item).clone()],
        OpTypeKind::Nothing | OpTypeKind::Any | OpTypeKind::Scalar(_) | OpTypeKind::Enum(_) => Vec::new(),
    }
}

/// `Int`, `[Int]`, `Int?`.
fn type_word(of: &OpType) -> String {
    let word = match &of.kind {
        OpTypeKind::Nothing => return "Nothing".to_owned(),
        OpTypeKind::Any => return "Any".to_owned(),
        OpTypeKind::Scalar(scalar) => model::config::ConfigType::Scalar(*scalar).to_string(),
        OpTypeKind::Enum(name) => name.clone(),
        OpTypeKind::List(item) => ["[", &type_word(item), "]"].concat(),
    };
    [word.as_str(), if of.required { "" } else { "?" }].concat()
}

/// `Int`, `List.Int`, `Optional.Int`.
fn type_key(of: &OpType) -> String {
    let word = match &of.kind {
        OpTypeKind::List(item) => ["List.", &type_key(item)].concat(),
        OpTypeKind::Nothing | OpTypeKind::Any => return type_word(of),
        OpTypeKind::Scalar(_) | OpTypeKind::Enum(_) => type_word(&OpType { kind: of.kind.clone(), required: true }),
    };
    if of.required { word } else { ["Optional.", &word].concat() }
}

/// The ops that a selection names; none where it names no part.
///
/// Source: Dagster's op selection: `*` before and after a name is all of that side, each `+` one level.
pub(super) fn selection<'a>(job: &'a Job, selector: &Json) -> Result<Option<Vec<String>>, Told<'a>> {
    let queries: Vec<&str> = match selector.get("solidSelection").and_then(Json::as_array) {
        Some(queries) if !queries.is_empty() => queries.iter().filter_map(Json::as_str).collect(),
        Some(_) | None => return Ok(None),
    };
    let mut chosen = vec![false; job.ops.len()];
    for query in &queries {
        let found = of_query(job, query);
        if found.is_empty() {
            let message = format!("No qualified ops to execute found for op_selection={}", list(&queries));
            return Err(refusals::invalid_subset(job, &message));
        }
        for at in found {
            chosen[at] = true;
        }
    }
    let names = job.ops.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(op, _)| op.name.clone());
    Ok(Some(names.collect()))
}

/// The positions of the ops that one query names.
fn of_query(job: &Job, query: &str) -> Vec<usize> {
    if query == "*" {
        return (0..job.ops.len()).collect();
    }
    let name = query.trim_matches(['*', '+']);
    let (before, after) = query.split_once(name).unwrap_or((query, ""));
    let inside = [name, "."].concat();
    let named = |op: &model::Op| op.name == name || op.name.starts_with(&inside);
    let start: Vec<usize> = (0..job.ops.len()).filter(|at| named(&job.ops[*at])).collect();
    if name.is_empty() || start.is_empty() {
        return Vec::new();
    }
    let levels = |signs: &str| if signs.contains('*') { usize::MAX } else { signs.len() };
    let needs = |at: usize| job.ops[at].needs.iter().map(|need| usize::from(need.0)).collect::<Vec<_>>();
    let needed_by = |at: usize| {
        (0..job.ops.len()).filter(|other| job.ops[*other].needs.iter().any(|need| usize::from(need.0) == at)).collect()
    };
    let mut found = start.clone();
    found.extend(reach(&start, levels(before), needs));
    found.extend(reach(&start, levels(after), needed_by));
    found.sort_unstable();
    found.dedup();
    found
}

/// What is reached in so many levels.
fn reach(start: &[usize], levels: usize, next: impl Fn(usize) -> Vec<usize>) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let mut front = start.to_vec();
    let mut left = levels;
    while left > 0 && !front.is_empty() {
        let mut further: Vec<usize> = front.iter().flat_map(|at| next(*at)).filter(|at| !found.contains(at)).collect();
        further.sort_unstable();
        further.dedup();
        found.extend(&further);
        front = further;
        left -= 1;
    }
    found
}
