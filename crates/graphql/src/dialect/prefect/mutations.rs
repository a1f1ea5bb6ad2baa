//! Prefect's own mutations, as commands to the workflow engine: a table of them, shown in snake case and, as releases before 0.10 name them,
//! in camel case. Each takes one argument, `input`.

use indexmap::IndexMap;
use plan::{AgentEffect, AgentGroup, AgentKeep, AgentRemoval, Effect, ValueKind};

use super::super::hasura::Draft;
use super::super::hasura::columns::Table;
use super::super::hasura::rows::column_field;
use super::NAME;
use crate::binding::{FieldBinding, InputBinding, ScalarRule, ValueBinding};
use crate::definition::{EnumValue, Field, Input, Kind, Stands, TypeRef};

/// One mutation: its name in snake case, what it does, the table of the row that it answers with, what it takes.
#[derive(Clone, Copy)]
struct Mutation {
    name: &'static str,
    effect: AgentEffect,
    table: &'static str,
    input: &'static [(&'static str, &'static str)],
    shows: Shows,
    spelt: Spelt,
}

/// What a mutation answers with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// The row: its columns, and itself under the table's name.
    Row,
    /// Whether it was done.
    Success,
    /// A line for each state.
    States,
    /// Keys of runs.
    Queue,
}

/// In which spellings a mutation is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelt {
    Both,
    Snake,
    Camel,
}

const fn mutation(
    name: &'static str,
    effect: AgentEffect,
    (table, shows): (&'static str, Shows),
    input: &'static [(&'static str, &'static str)],
) -> Mutation {
    Mutation { name, effect, table, input, shows, spelt: Spelt::Both }
}

const fn camel(of: Mutation) -> Mutation {
    Mutation { spelt: Spelt::Camel, ..of }
}

const fn snake(of: Mutation) -> Mutation {
    Mutation { spelt: Spelt::Snake, ..of }
}

const RUN: (&str, Shows) = ("flow_run", Shows::Row);
const RUN_DONE: (&str, Shows) = ("flow_run", Shows::Success);
const STEP: (&str, Shows) = ("task_run", Shows::Row);
const STEP_DONE: (&str, Shows) = ("task_run", Shows::Success);
const FLOW: (&str, Shows) = ("flow", Shows::Row);
const FLOW_DONE: (&str, Shows) = ("flow", Shows::Success);
const GROUP_DONE: (&str, Shows) = ("flow_group", Shows::Success);
const PROJECT: (&str, Shows) = ("project", Shows::Row);
const TENANT: (&str, Shows) = ("tenant", Shows::Row);

const RUN_STATE: &[(&str, &str)] = &[("flow_run_id", "UUID!"), ("version", "Int"), ("state", "JSON!")];
/// Releases before 0.10 name the run by `id`, too.
const RUN_STATE_OF_ANY: &[(&str, &str)] =
    &[("id", "UUID"), ("flow_run_id", "UUID"), ("version", "Int"), ("state", "JSON!")];
const STEP_STATE: &[(&str, &str)] = &[("id", "UUID"), ("task_run_id", "UUID"), ("version", "Int"), ("state", "JSON!")];
const LINE: &[(&str, &str)] = &[
    ("flow_run_id", "UUID!"),
    ("task_run_id", "UUID"),
    ("timestamp", "DateTime"),
    ("message", "String"),
    ("name", "String"),
    ("level", "log_level"),
    ("info", "JSON"),
];
const OF_RUN: &[(&str, &str)] = &[("flow_run_id", "UUID!")];
/// Some releases beat without naming a run.
const OF_RUN_OR_NONE: &[(&str, &str)] = &[("flow_run_id", "UUID")];
const OF_STEP_OR_NONE: &[(&str, &str)] = &[("task_run_id", "UUID")];
const OF_FLOW: &[(&str, &str)] = &[("flow_id", "UUID!")];
const STEP_OF: &[(&str, &str)] = &[("flow_run_id", "UUID!"), ("task_id", "UUID!"), ("map_index", "Int")];
const NEW_RUN: &[(&str, &str)] = &[
    ("flow_id", "UUID"),
    ("parameters", "JSON"),
    ("labels", "[String!]"),
    ("run_config", "JSON"),
    ("context", "JSON"),
    ("scheduled_start_time", "DateTime"),
    ("idempotency_key", "String"),
    ("flow_run_name", "String"),
    ("version_group_id", "String"),
];
const NEW_FLOW: &[(&str, &str)] = &[
    ("serialized_flow", "JSON!"),
    ("project_id", "UUID!"),
    ("version_group_id", "String"),
    ("set_schedule_active", "Boolean"),
    ("description", "String"),
    ("idempotency_key", "String"),
];
const PACKED_FLOW: &[(&str, &str)] = &[
    ("serialized_flow", "String!"),
    ("project_id", "UUID!"),
    ("version_group_id", "String"),
    ("set_schedule_active", "Boolean"),
    ("description", "String"),
    ("idempotency_key", "String"),
];

/// Lists of input objects, by the name of their elements' type.
const ELEMENTS: &[(&str, &[(&str, &str)])] = &[
    ("set_flow_run_state_input", RUN_STATE),
    (
        "set_task_run_state_input",
        &[("task_run_id", "UUID!"), ("version", "Int"), ("state", "JSON!"), ("flow_run_version", "Int")],
    ),
    ("run_log_input", LINE),
    ("cron_clock_input", &[("cron", "String!"), ("parameter_defaults", "JSON")]),
    ("interval_clock_input", &[("interval", "Int!"), ("parameter_defaults", "JSON")]),
];

const MUTATIONS: &[Mutation] = &[
    snake(mutation("set_flow_run_state", AgentEffect::RunState { keeps_type: false }, RUN, RUN_STATE)),
    camel(mutation("set_flow_run_state", AgentEffect::RunState { keeps_type: true }, RUN, RUN_STATE_OF_ANY)),
    mutation(
        "set_flow_run_states",
        AgentEffect::RunStates,
        ("flow_run", Shows::States),
        &[("states", "[set_flow_run_state_input!]!")],
    ),
    mutation("set_task_run_state", AgentEffect::StepState, STEP, STEP_STATE),
    mutation(
        "set_task_run_states",
        AgentEffect::StepStates,
        ("task_run", Shows::States),
        &[("states", "[set_task_run_state_input!]!")],
    ),
    mutation("create_flow_run", AgentEffect::Launch, RUN, NEW_RUN),
    mutation("get_or_create_task_run", AgentEffect::Step, STEP, STEP_OF),
    mutation("get_or_create_task_run_info", AgentEffect::Step, STEP, STEP_OF),
    mutation("cancel_flow_run", AgentEffect::Cancel, RUN, OF_RUN),
    mutation("delete_flow_run", AgentEffect::Delete, RUN_DONE, OF_RUN),
    mutation("set_flow_run_name", AgentEffect::RunName, RUN_DONE, &[("flow_run_id", "UUID!"), ("name", "String!")]),
    mutation("set_task_run_name", AgentEffect::StepName, STEP_DONE, &[("task_run_id", "UUID!"), ("name", "String!")]),
    mutation(
        "set_flow_run_labels",
        AgentEffect::RunLabels,
        RUN_DONE,
        &[("flow_run_id", "UUID!"), ("labels", "[String!]!")],
    ),
    mutation("update_flow_run_heartbeat", AgentEffect::RunBeat, RUN_DONE, OF_RUN_OR_NONE),
    mutation("update_task_run_heartbeat", AgentEffect::StepBeat, STEP_DONE, OF_STEP_OR_NONE),
    camel(mutation("write_run_log", AgentEffect::Line, RUN_DONE, LINE)),
    mutation("write_run_logs", AgentEffect::Lines, RUN_DONE, &[("logs", "[run_log_input!]!")]),
    mutation(
        "get_runs_in_queue",
        AgentEffect::Queue,
        ("flow_run", Shows::Queue),
        &[("tenant_id", "UUID"), ("before", "DateTime"), ("labels", "[String!]")],
    ),
    mutation(
        "create_project",
        AgentEffect::Project,
        PROJECT,
        &[("tenant_id", "UUID"), ("name", "String!"), ("description", "String")],
    ),
    mutation("set_project_name", AgentEffect::ProjectName, PROJECT, &[("project_id", "UUID!"), ("name", "String!")]),
    mutation(
        "set_project_description",
        AgentEffect::ProjectDescription,
        PROJECT,
        &[("project_id", "UUID!"), ("description", "String")],
    ),
    mutation("create_flow", AgentEffect::Flow, FLOW, NEW_FLOW),
    mutation("create_flow_from_compressed_string", AgentEffect::FlowPacked, FLOW, PACKED_FLOW),
    mutation("archive_flow", AgentEffect::Archive, FLOW_DONE, OF_FLOW),
    mutation("register_tasks", AgentEffect::Tasks, FLOW_DONE, &[("flow_id", "UUID!"), ("serialized_tasks", "JSON!")]),
    mutation("register_edges", AgentEffect::Edges, FLOW_DONE, &[("flow_id", "UUID!"), ("serialized_edges", "JSON!")]),
    mutation("set_schedule_active", AgentEffect::Schedule(Some(true)), FLOW_DONE, OF_FLOW),
    mutation("set_schedule_inactive", AgentEffect::Schedule(Some(false)), FLOW_DONE, OF_FLOW),
    camel(mutation(
        "set_flow_schedule_state",
        AgentEffect::Schedule(None),
        FLOW_DONE,
        &[("flow_id", "UUID!"), ("set_active", "Boolean!")],
    )),
    mutation("enable_flow_heartbeat", AgentEffect::Setting("heartbeat_enabled", true), FLOW_DONE, OF_FLOW),
    mutation("disable_flow_heartbeat", AgentEffect::Setting("heartbeat_enabled", false), FLOW_DONE, OF_FLOW),
    mutation("enable_flow_lazarus_process", AgentEffect::Setting("lazarus_enabled", true), FLOW_DONE, OF_FLOW),
    mutation("disable_flow_lazarus_process", AgentEffect::Setting("lazarus_enabled", false), FLOW_DONE, OF_FLOW),
    mutation("enable_flow_version_lock", AgentEffect::Setting("version_locking_enabled", true), FLOW_DONE, OF_FLOW),
    mutation("disable_flow_version_lock", AgentEffect::Setting("version_locking_enabled", false), FLOW_DONE, OF_FLOW),
    mutation(
        "set_flow_group_labels",
        AgentEffect::Group(AgentGroup::Labels),
        GROUP_DONE,
        &[("flow_group_id", "UUID!"), ("labels", "[String!]")],
    ),
    mutation(
        "set_flow_group_run_config",
        AgentEffect::Group(AgentGroup::RunConfig),
        GROUP_DONE,
        &[("flow_group_id", "UUID!"), ("run_config", "JSON")],
    ),
    mutation(
        "set_flow_group_default_parameters",
        AgentEffect::Group(AgentGroup::Defaults),
        GROUP_DONE,
        &[("flow_group_id", "UUID!"), ("parameters", "JSON!")],
    ),
    mutation(
        "set_flow_group_description",
        AgentEffect::Group(AgentGroup::Description),
        GROUP_DONE,
        &[("flow_group_id", "UUID!"), ("description", "String")],
    ),
    mutation(
        "register_agent",
        AgentEffect::Agent,
        ("agent", Shows::Row),
        &[
            ("tenant_id", "UUID"),
            ("labels", "[String!]"),
            ("agent_config_id", "UUID"),
            ("type", "String!"),
            ("name", "String"),
        ],
    ),
    mutation(
        "set_flow_group_schedule",
        AgentEffect::Group(AgentGroup::Schedule),
        GROUP_DONE,
        &[
            ("flow_group_id", "UUID!"),
            ("cron_clocks", "[cron_clock_input!]"),
            ("interval_clocks", "[interval_clock_input!]"),
            ("timezone", "String"),
        ],
    ),
    mutation(
        "delete_flow_group_schedule",
        AgentEffect::Group(AgentGroup::ScheduleRemove),
        GROUP_DONE,
        &[("flow_group_id", "UUID!")],
    ),
    mutation("unarchive_flow", AgentEffect::Unarchive, FLOW_DONE, OF_FLOW),
    mutation("update_flow_project", AgentEffect::Move, FLOW, &[("flow_id", "UUID!"), ("project_id", "UUID!")]),
    mutation("delete_flow", AgentEffect::Remove(AgentRemoval::Flow), FLOW_DONE, OF_FLOW),
    mutation("delete_flow_group", AgentEffect::Remove(AgentRemoval::Group), GROUP_DONE, &[("flow_group_id", "UUID!")]),
    mutation(
        "delete_project",
        AgentEffect::Remove(AgentRemoval::Project),
        ("project", Shows::Success),
        &[("project_id", "UUID!")],
    ),
    mutation(
        "delete_agent",
        AgentEffect::Remove(AgentRemoval::Agent),
        ("agent", Shows::Success),
        &[("agent_id", "UUID!")],
    ),
    mutation(
        "create_task_run_artifact",
        AgentEffect::Keep(AgentKeep::Artifact),
        ("task_run_artifact", Shows::Row),
        &[("task_run_id", "UUID!"), ("kind", "String!"), ("data", "JSON!"), ("tenant_id", "UUID")],
    ),
    mutation(
        "update_task_run_artifact",
        AgentEffect::Keep(AgentKeep::ArtifactSet),
        ("task_run_artifact", Shows::Success),
        &[("task_run_artifact_id", "UUID!"), ("data", "JSON!")],
    ),
    mutation(
        "delete_task_run_artifact",
        AgentEffect::Keep(AgentKeep::ArtifactRemove),
        ("task_run_artifact", Shows::Success),
        &[("task_run_artifact_id", "UUID!")],
    ),
    mutation(
        "set_key_value",
        AgentEffect::Keep(AgentKeep::Value),
        ("key_value", Shows::Row),
        &[("key", "String!"), ("value", "JSON!")],
    ),
    mutation(
        "delete_key_value",
        AgentEffect::Keep(AgentKeep::ValueRemove),
        ("key_value", Shows::Success),
        &[("key_value_id", "UUID!")],
    ),
    mutation(
        "create_tenant",
        AgentEffect::Keep(AgentKeep::Tenant),
        TENANT,
        &[("name", "String!"), ("slug", "String!")],
    ),
    mutation(
        "update_tenant_name",
        AgentEffect::Keep(AgentKeep::TenantSet),
        TENANT,
        &[("tenant_id", "UUID!"), ("name", "String!")],
    ),
    mutation(
        "update_tenant_slug",
        AgentEffect::Keep(AgentKeep::TenantSet),
        TENANT,
        &[("tenant_id", "UUID!"), ("slug", "String!")],
    ),
    mutation(
        "update_tenant_settings",
        AgentEffect::Keep(AgentKeep::TenantSet),
        TENANT,
        &[("tenant_id", "UUID!"), ("settings", "JSON")],
    ),
];

/// Adds what mutations take and give; gives their root fields.
pub(super) fn add(draft: &mut Draft, tables: &[Table<'_>]) -> IndexMap<String, Field> {
    scalars(draft);
    payloads(draft);
    for (name, members) in ELEMENTS {
        for casing in [Casing::Snake, Casing::Camel] {
            draft.add(&element_name(name, casing), NAME, Kind::Input(inputs(members, casing)));
        }
    }
    let mut roots = IndexMap::new();
    for mutation in MUTATIONS {
        let Some(table) = tables.iter().find(|table| table.name == mutation.table) else { continue };
        let of = payload(draft, mutation, table);
        for casing in [Casing::Snake, Casing::Camel].into_iter().filter(|casing| mutation.spelt.has(*casing)) {
            let field = root(draft, mutation, (table, casing), TypeRef::named(&of));
            roots.insert(casing.spelt(mutation.name), field);
        }
    }
    roots
}

/// How names are spelt.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Casing {
    Snake,
    Camel,
}

impl Spelt {
    fn has(self, casing: Casing) -> bool {
        match self {
            Spelt::Both => true,
            Spelt::Snake => casing == Casing::Snake,
            Spelt::Camel => casing == Casing::Camel,
        }
    }
}

impl Casing {
    /// `flow_run_id`, `flowRunId`.
    pub(super) fn spelt(self, name: &str) -> String {
        if self == Casing::Snake {
            return name.to_owned();
        }
        let mut words = name.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |name, word| {
            let (head, tail) = word.split_at(word.len().min(1));
            [&name, &head.to_uppercase(), tail].concat()
        })
    }
}

fn scalars(draft: &mut Draft) {
    draft.add("UUID", NAME, Kind::Scalar(ScalarRule::Loose(ValueKind::Uuid)));
    draft.add("DateTime", NAME, Kind::Scalar(ScalarRule::Loose(ValueKind::DateTime)));
    draft.add("JSON", NAME, Kind::Scalar(ScalarRule::Json));
    let levels = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
    let word = |word: &str| (word.to_owned(), EnumValue { description: None, binding: ValueBinding::Word });
    draft.add("log_level", NAME, Kind::Enum(levels.into_iter().map(word).collect()));
}

/// The payloads that several mutations share.
fn payloads(draft: &mut Draft) {
    let success = [
        ("success", "Boolean", FieldBinding::Made("success")),
        ("error", "String", FieldBinding::Constant("null".to_owned())),
        ("id", "UUID", FieldBinding::Made("id")),
    ];
    around(draft, "success_payload", success.to_vec());
    let state = [
        ("id", "UUID", FieldBinding::Made("id")),
        ("status", "String", FieldBinding::Made("status")),
        ("message", "String", FieldBinding::Made("message")),
    ];
    around(draft, "set_state_payload", state.to_vec());
    let states = [
        ("states", "[set_state_payload!]!", FieldBinding::Made("states")),
        ("error", "String", FieldBinding::Constant("null".to_owned())),
    ];
    around(draft, "set_states_payload", states.to_vec());
    around(draft, "runs_in_queue_payload", vec![("flow_run_ids", "[String!]", FieldBinding::Made("flow_run_ids"))]);
}

fn around(draft: &mut Draft, name: &str, fields: Vec<(&str, &str, FieldBinding)>) {
    let fields = fields.into_iter().map(|(name, of, binding)| (name.to_owned(), plain(type_of(of), binding))).collect();
    draft.add(name, NAME, Kind::Object { stands: Stands::Around, fields });
}

fn plain(of: TypeRef, binding: FieldBinding) -> Field {
    Field { description: None, arguments: IndexMap::new(), of, binding }
}

/// The name of what a mutation answers with; adds it where it is the mutation's own.
fn payload(draft: &mut Draft, mutation: &Mutation, table: &Table<'_>) -> String {
    match mutation.shows {
        Shows::Success => return "success_payload".to_owned(),
        Shows::States => return "set_states_payload".to_owned(),
        Shows::Queue => return "runs_in_queue_payload".to_owned(),
        Shows::Row => {}
    }
    let name = [mutation.name, "_payload"].concat();
    if draft.types.contains_key(&name) {
        return name;
    }
    let mut fields: IndexMap<String, Field> =
        table.columns.iter().map(|column| (column.name.clone(), column_field(column))).collect();
    fields.insert(table.name.clone(), plain(TypeRef::named(&table.name), FieldBinding::Wrap));
    let constants = [("success", "Boolean", "true"), ("error", "String", "null"), ("status", "String", "\"SUCCESS\"")];
    for (name, of, json) in constants {
        let constant = plain(TypeRef::named(of), FieldBinding::Constant(json.to_owned()));
        fields.entry(name.to_owned()).or_insert(constant);
    }
    draft.add(&name, NAME, Kind::Object { stands: Stands::Row(table.id), fields });
    name
}

fn root(draft: &mut Draft, mutation: &Mutation, (table, casing): (&Table<'_>, Casing), of: TypeRef) -> Field {
    let name = casing.spelt(&[mutation.name, "_input"].concat());
    if !draft.types.contains_key(&name) {
        draft.add(&name, NAME, Kind::Input(inputs(mutation.input, casing)));
    }
    let input = Input {
        description: None,
        of: TypeRef::named(name).non_null(),
        default: None,
        binding: InputBinding::GivenGroup,
    };
    let binding = FieldBinding::Command { effect: Effect::Agent(mutation.effect), of: table.id };
    Field { arguments: IndexMap::from([("input".to_owned(), input)]), ..plain(of, binding) }
}

/// Members of an input: spelt either way, given under one name.
fn inputs(members: &[(&'static str, &'static str)], casing: Casing) -> IndexMap<String, Input> {
    let member = |(name, of): &(&'static str, &'static str)| {
        let of = type_of(of);
        let kind = kind_of(of.name());
        let of = element_spelt(of, casing);
        let binding = InputBinding::Given { name, kind };
        (casing.spelt(name), Input { description: None, of, default: None, binding })
    };
    members.iter().map(member).collect()
}

/// In camel case the input of the mutation for one state has the name that the elements of a list have in snake case.
fn element_name(name: &str, casing: Casing) -> String {
    match casing {
        Casing::Snake => name.to_owned(),
        Casing::Camel => casing.spelt(&name.replace("_input", "_item_input")),
    }
}

fn element_spelt(of: TypeRef, casing: Casing) -> TypeRef {
    match of {
        TypeRef::Named(name) if ELEMENTS.iter().any(|(element, _)| *element == name) => {
            TypeRef::Named(element_name(&name, casing))
        }
        TypeRef::Named(name) => TypeRef::Named(name),
        TypeRef::List(item) => element_spelt(*item, casing).list(),
        TypeRef::NonNull(inner) => element_spelt(*inner, casing).non_null(),
    }
}

/// What a value of a type is to a command.
fn kind_of(name: &str) -> ValueKind {
    match name {
        "UUID" => ValueKind::Uuid,
        "DateTime" => ValueKind::DateTime,
        "Int" => ValueKind::Int,
        "Boolean" => ValueKind::Boolean,
        "String" | "log_level" => ValueKind::Text,
        _objects => ValueKind::Json,
    }
}

/// `[String!]!` as a type.
pub(super) fn type_of(text: &str) -> TypeRef {
    if let Some(inner) = text.strip_suffix('!') {
        return type_of(inner).non_null();
    }
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(item) => type_of(item).list(),
        None => TypeRef::named(text),
    }
}
