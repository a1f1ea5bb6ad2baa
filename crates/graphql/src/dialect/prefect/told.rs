//! Prefect's own queries, told of rows: who asks, a step's state, what a mapped task has become. In both spellings.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use indexmap::IndexMap;
use plan::{AgentFault, Cause, Filter, Form, Operator, Page, Select, ValueKind};
use serde_json::{Value as Json, json};

use super::super::dagster::rows::Table;
use super::super::hasura::Draft;
use super::NAME;
use super::mutations::{Casing, type_of};
use crate::binding::{FieldBinding, InputBinding};
use crate::definition::{Definition, Definitions, Field, Input, Kind, Stands, TypeRef};
use crate::tell::{Asked, Holes, Rows, Teller, Telling, Told};

/// One query: its name in snake case, what it takes, what it answers with; of the latter both spellings stand as types of their own.
struct Query {
    name: &'static str,
    takes: &'static [(&'static str, &'static str)],
    types: [&'static str; 2],
    gives: &'static [(&'static str, &'static str)],
}

const OF_STEP: &[(&str, &str)] = &[("task_run_id", "UUID!")];

const QUERIES: [Query; 3] = [
    Query {
        name: "auth_info",
        takes: &[],
        types: ["auth_info_payload", "authInfoPayload"],
        gives: &[("tenant_id", "UUID"), ("user_id", "UUID"), ("license_id", "UUID"), ("api_token_scope", "String")],
    },
    Query {
        name: "get_task_run_info",
        takes: OF_STEP,
        types: ["task_run_info_payload", "taskRunInfoPayload"],
        gives: &[("id", "UUID"), ("version", "Int"), ("state", "String"), ("serialized_state", "JSON")],
    },
    Query {
        name: "mapped_children",
        takes: OF_STEP,
        types: ["mapped_children_payload", "mappedChildrenPayload"],
        gives: &[("min_start_time", "DateTime"), ("max_end_time", "DateTime"), ("state_counts", "JSON")],
    },
];

/// What it tells.
const TELLER: Teller = Teller { dialect: NAME, root, definitions: || &TYPES };

/// The types of what is told.
static TYPES: LazyLock<Definitions> = LazyLock::new(|| {
    let types = QUERIES.iter().flat_map(types);
    let types = types.map(|(name, kind)| (name.to_owned(), Definition { description: None, kind }));
    Definitions { types: types.collect(), ..Definitions::default() }
});

/// Adds the types and root fields.
pub(super) fn add(draft: &mut Draft, queries: &mut IndexMap<String, Field>) {
    for query in &QUERIES {
        for (name, kind) in types(query) {
            draft.add(name, NAME, kind);
        }
        for (casing, of) in [Casing::Snake, Casing::Camel].into_iter().zip(query.types) {
            let input = |(name, of): &(&str, &str)| {
                let input = Input { description: None, of: type_of(of), default: None, binding: InputBinding::Told };
                (casing.spelt(name), input)
            };
            let field = Field { arguments: query.takes.iter().map(input).collect(), ..field(TypeRef::named(of)) };
            queries.insert(casing.spelt(query.name), field);
        }
    }
}

fn types(query: &Query) -> impl Iterator<Item = (&'static str, Kind)> {
    let kind = |casing: Casing| {
        let fields = query.gives.iter().map(|(name, of)| (casing.spelt(name), field(type_of(of))));
        Kind::Object { stands: Stands::Around, fields: fields.collect() }
    };
    [Casing::Snake, Casing::Camel].map(kind).into_iter().zip(query.types).map(|(kind, name)| (name, kind))
}

fn field(of: TypeRef) -> Field {
    Field { description: None, arguments: IndexMap::new(), of, binding: FieldBinding::Told(TELLER) }
}

fn root<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    match asked.name.as_str() {
        "auth_info" | "authInfo" => auth_info(telling, asked),
        "get_task_run_info" | "getTaskRunInfo" => step(telling, asked),
        "mapped_children" | "mappedChildren" => children(telling, asked),
        _ => Told::Unserved,
    }
}

/// The tenant, which is the first one, and what the caller's token is good for. People have numbers here, not UUIDs.
fn auth_info<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let Some(table) = Table::named(telling.model, "_Tenant") else { return Told::Unserved };
    let scope = if telling.granted.everything { "RUNNER" } else { "USER" };
    rows(
        move |_| {
            let select = table.all_by("createdAt", table.row(&["_key"]));
            Select { page: Page::One, ..select }
        },
        move |tenant| of_members(asked, json!({ "tenant_id": first(tenant)["_key"], "api_token_scope": scope })),
    )
}

fn step<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let Some(table) = Table::named(telling.model, "_StepRun") else { return Told::Unserved };
    let columns = ["_key", "stateVersion", "stateName", "serializedState"];
    rows(
        move |holes| {
            let filter = table.is(holes, "_key", Operator::Eq, (ValueKind::Uuid, key(asked)));
            table.one(filter, table.row(&columns))
        },
        move |step| match first(step) {
            Json::Null => Told::Failed(Cause::Agent(AgentFault::Unreadable("task run ID"))),
            step => of_members(
                asked,
                json!({ "id": step["_key"], "version": step["stateVersion"], "state": step["stateName"],
                    "serialized_state": step["serializedState"] }),
            ),
        },
    )
}

/// The steps that a mapped one has become: when the first began, when the last ended, and how many stand where.
fn children<'a>(telling: Telling<'a>, asked: &'a Asked) -> Told<'a> {
    let Some(table) = Table::named(telling.model, "_StepRun") else { return Told::Unserved };
    let columns = ["stateName", "startTime", "endTime"];
    rows(
        move |holes| {
            let parent = |steps: Table<'_>, holes: &mut Holes<'_>| {
                let is_it = steps.is(holes, "_key", Operator::Eq, (ValueKind::Uuid, key(asked)));
                is_it.and(steps.is(holes, "mapIndex", Operator::Lt, (ValueKind::Int, json!(0))))
            };
            let is_child = table.is(holes, "mapIndex", Operator::Gte, (ValueKind::Int, json!(0)));
            let of_run = table.some("run", |run| run.some("steps", |steps| parent(steps, holes)));
            let of_op = table.some("op", |op| op.some("steps", |steps| parent(steps, holes)));
            let select = table.all_by("position", table.row_as(&columns, &Form::Postgres));
            Select { filter: Filter::and(is_child, of_run).and(of_op), ..select }
        },
        move |steps| {
            let steps = steps.as_array().cloned().unwrap_or_default();
            let times = |name: &'static str| steps.iter().filter_map(move |step| step[name].as_str());
            let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
            for state in steps.iter().filter_map(|step| step["stateName"].as_str()) {
                *counts.entry(state).or_default() += 1;
            }
            of_members(
                asked,
                json!({ "min_start_time": times("startTime").min(), "max_end_time": times("endTime").max(),
                    "state_counts": counts }),
            )
        },
    )
}

/// An object of the type that the spelling of its field asks for. Members that are not there are null.
fn of_members<'a>(asked: &Asked, members: Json) -> Told<'a> {
    let is_camel = asked.name.contains(char::is_uppercase);
    let query = QUERIES.iter().find(|query| query.name == asked.name || Casing::Camel.spelt(query.name) == asked.name);
    let Some(query) = query else { return Told::Unserved };
    let casing = if is_camel { Casing::Camel } else { Casing::Snake };
    Told::object(query.types[usize::from(is_camel)], move |asked| {
        let given = query.gives.iter().find(|(name, _)| casing.spelt(name) == asked.name);
        given.map_or(Told::Unserved, |(name, _)| Told::Json(members[*name].clone()))
    })
}

/// The key of the step that is asked about.
fn key(asked: &Asked) -> Json {
    asked.argument("task_run_id").or_else(|| asked.argument("taskRunId")).cloned().unwrap_or_default()
}

fn rows<'a>(select: impl FnOnce(&mut Holes<'_>) -> Select + 'a, then: impl FnOnce(Json) -> Told<'a> + 'a) -> Told<'a> {
    Told::Rows(Rows::of(select, |found| then(found.into_json())))
}

fn first(rows: Json) -> Json {
    match rows {
        Json::Array(rows) => rows.into_iter().next().unwrap_or_default(),
        one => one,
    }
}
