//! Ops and graphs as a job uses them: what each takes, from whom, and what it gives.

use std::time::Duration;

use serde_json::Value;

use super::{OpId, Retry, Tags, Work};
use crate::config::ConfigField;
use crate::{Place, Scalar};

/// One op of a job: an invocation of a definition, which in the short form stands in the same place.
#[derive(Debug, Clone, PartialEq)]
pub struct Op {
    /// Its handle, which is the key of its step: its name, after those of the graphs around it, `sub.clean`.
    pub name: String,
    /// Name of its definition.
    pub definition: String,
    /// Shown to people.
    pub description: Option<String>,
    /// Its config, sorted by name. A mutation's is typed by the variables of its document instead.
    pub config: Vec<ConfigField>,
    /// What it takes from others, in the order of the text. `@needs` is an input without a value.
    pub inputs: Vec<NodeInput>,
    /// What it gives, at least one; a single one is called `result`.
    pub outputs: Vec<OpOutput>,
    /// Ops that must have succeeded before it starts, none twice: those that feed its inputs.
    pub needs: Vec<OpId>,
    /// What it does.
    pub work: Work,
    /// How often and when a failed step is tried again.
    pub retry: Option<Retry>,
    /// A step that takes longer is stopped and has failed.
    pub timeout: Option<Duration>,
    /// Tags of its definition and its use.
    pub tags: Tags,
    /// Pool whose slots its steps take.
    pub pool: Option<String>,
    /// Names of what it is supplied with, among [`super::Job::resources`].
    pub resources: Vec<String>,
    /// The asset that it makes.
    pub asset: Option<Asset>,
    /// Where it is declared.
    pub place: Place,
}

/// An asset that an op makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its key, never empty.
    pub key: Vec<String>,
    /// Its group.
    pub group: String,
    /// Words shown with it.
    pub kinds: Vec<String>,
}

/// A graph where a job or another graph uses it. What stands inside are the ops and graphs whose handles begin with its own.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphUse {
    /// Its handle: its name, after those of the graphs around it.
    pub name: String,
    /// Name of the graph.
    pub definition: String,
    /// Of the graph, shown to people.
    pub description: Option<String>,
    /// What it takes, in the order of the text.
    pub inputs: Vec<NodeInput>,
    /// What it gives, under the name `result`.
    pub output: Option<GraphOutput>,
    /// Tags of its use.
    pub tags: Tags,
    /// Where it is used.
    pub place: Place,
}

/// What a graph gives.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphOutput {
    /// What it is.
    pub of: OpType,
    /// The output inside that it is.
    pub from: NodeOutput,
}

/// An op or a graph of a job.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Node<'a> {
    /// An op.
    Op(OpId, &'a Op),
    /// A graph.
    Graph(&'a GraphUse),
}

impl<'a> Node<'a> {
    /// Its handle.
    #[must_use]
    pub fn handle(self) -> &'a str {
        match self {
            Node::Op(_, op) => &op.name,
            Node::Graph(graph) => &graph.name,
        }
    }

    /// Its own name, the last word of its handle.
    #[must_use]
    pub fn name(self) -> &'a str {
        let handle = self.handle();
        handle.rsplit_once('.').map_or(handle, |(_, name)| name)
    }

    /// The handle of the graph that it stands in.
    #[must_use]
    pub fn parent(self) -> Option<&'a str> {
        self.handle().rsplit_once('.').map(|(parent, _)| parent)
    }

    /// The name of its definition.
    #[must_use]
    pub fn definition(self) -> &'a str {
        match self {
            Node::Op(_, op) => &op.definition,
            Node::Graph(graph) => &graph.definition,
        }
    }

    /// What it takes.
    #[must_use]
    pub fn inputs(self) -> &'a [NodeInput] {
        match self {
            Node::Op(_, op) => &op.inputs,
            Node::Graph(graph) => &graph.inputs,
        }
    }

    /// Where it is declared.
    #[must_use]
    pub fn place(self) -> &'a Place {
        match self {
            Node::Op(_, op) => &op.place,
            Node::Graph(graph) => &graph.place,
        }
    }
}

/// An input of an op or a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeInput {
    /// Its name.
    pub name: String,
    /// Shown to people.
    pub description: Option<String>,
    /// What it takes.
    pub of: OpType,
    /// What it is when nothing feeds it and nothing is given.
    pub default: Option<Value>,
    /// Where its value comes from, as it is written.
    pub source: InputSource,
    /// The outputs of ops that feed it, whatever graphs stand between; none: config may give it.
    pub feeds: Vec<Feed>,
}

/// Where the value of an input comes from, in the job or graph that the node stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputSource {
    /// From nobody: a launch may give it.
    Config,
    /// From outputs of neighbours.
    Outputs(Vec<NodeOutput>, SourceShape),
    /// From the input of this name of the graph around it.
    GraphInput(String),
}

/// How outputs make up an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceShape {
    /// The value of the one output.
    One,
    /// The list of the values of all.
    List,
    /// Once for each value of a dynamic output.
    Each,
    /// The list of all values that came of a dynamic output.
    Collected,
}

/// An output of a neighbour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeOutput {
    /// Its handle.
    pub node: String,
    /// Name of the output.
    pub output: String,
}

/// An output of an op.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Which op.
    pub op: OpId,
    /// Name of the output.
    pub output: String,
}

/// An output of an op.
#[derive(Debug, Clone, PartialEq)]
pub struct OpOutput {
    /// Its name.
    pub name: String,
    /// Shown to people.
    pub description: Option<String>,
    /// What it gives.
    pub of: OpType,
    /// It need not be made; what needs it is then skipped.
    pub is_maybe: bool,
    /// Pairs of mapping key and value.
    pub is_dynamic: bool,
}

/// What goes from op to op.
#[derive(Debug, Clone, PartialEq)]
pub struct OpType {
    /// Kind of the value.
    pub kind: OpTypeKind,
    /// `!` in SDL: the value may not be null.
    pub required: bool,
}

/// Kinds of what goes from op to op.
#[derive(Debug, Clone, PartialEq)]
pub enum OpTypeKind {
    /// No value at all.
    Nothing,
    /// Any JSON value.
    Any,
    /// A scalar.
    Scalar(Scalar),
    /// A word of an enum, by the enum's name.
    Enum(String),
    /// A list.
    List(Box<OpType>),
}
