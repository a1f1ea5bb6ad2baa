//! The fixed statements about agents of others: each a pair of `.sql` files, with the kinds of what it binds and gives.

use sql::ColumnKind::{Boolean, Instant, Int, Json, Text, Uuid};
use store::Fixed;

macro_rules! fixed {
    ($($name:ident = $file:literal [$($param:ident),*] -> [$($column:ident),*];)+) => { $(
        pub(super) const $name: Fixed = Fixed {
            sqlite: include_str!(concat!("../sql/", $file, ".sqlite.sql")),
            postgres: include_str!(concat!("../sql/", $file, ".postgres.sql")),
            params: &[$($param),*],
            columns: &[$($column),*],
        };
    )+ };
}

fixed! {
    RUN_LOCK = "agent_run_lock" [Uuid] -> [Uuid, Text, Text, Text, Int, Json, Instant, Instant, Instant, Json];
    STEP_LOCK = "agent_step_lock" [Uuid] -> [Uuid, Uuid, Text, Text, Int, Json, Instant, Instant, Text, Text];
    STEPS_LOCK = "agent_steps_lock" [Uuid] -> [Uuid, Uuid, Text, Text, Int, Json, Instant, Instant, Text, Text];
    RUN_SET = "agent_run_set"
        [Uuid, Text, Text, Int, Instant, Text, Instant, Json, Instant, Instant, Instant, Uuid] -> [];
    STEP_SET = "agent_step_set"
        [Uuid, Text, Text, Int, Instant, Text, Instant, Json, Instant, Instant, Instant] -> [];

    FLOW = "agent_flow" [Uuid, Text]
        -> [Uuid, Uuid, Uuid, Boolean, Json, Json, Json, Json, Json, Json, Text, Text, Json, Json, Uuid];
    RUN_FILL = "agent_run_fill" [Uuid, Json, Json, Json] -> [];
    OPS = "agent_ops" [Uuid] -> [Uuid, Text];
    STEPS_INSERT = "agent_steps_insert" [Json, Uuid, Instant] -> [];
    STEP_FIND = "agent_step_find" [Uuid, Uuid, Int] -> [Uuid, Int];
    OP = "agent_op" [Uuid, Uuid] -> [Text, Int];
    QUEUE = "agent_queue" [Uuid, Instant, Json, Int] -> [Uuid];
    LOGS_LOCK = "agent_logs_lock" [Json] -> [Uuid];
    LOGS_INSERT = "agent_logs_insert" [Json, Instant] -> [];
    RUN_NAME = "agent_run_name" [Uuid, Text, Instant] -> [Uuid];
    STEP_NAME = "agent_step_name" [Uuid, Text, Instant] -> [Uuid];
    RUN_LABELS = "agent_run_labels" [Uuid, Json, Instant] -> [Uuid];
    RUN_BEAT = "agent_run_beat" [Uuid, Instant] -> [];
    STEP_BEAT = "agent_step_beat" [Uuid, Instant] -> [];

    TENANT = "agent_tenant" [Uuid] -> [Uuid];
    TENANT_LOCK = "agent_tenant_lock" [Uuid] -> [Uuid];
    PROJECT_INSERT = "agent_project_insert" [Uuid, Uuid, Text, Text, Instant] -> [Uuid];
    PROJECT_SET = "agent_project_set" [Uuid, Text, Text, Instant] -> [Uuid];
    PROJECT = "agent_project" [Uuid, Text] -> [Uuid, Text];
    JOB_NAMED = "agent_job_named" [Uuid, Text] -> [Uuid, Json, Int, Uuid];
    JOB_INSERT = "agent_job_insert" [Uuid, Uuid, Text, Json, Json, Instant] -> [];
    JOB_OF = "agent_job_of" [Uuid, Uuid] -> [Uuid, Json, Json, Json, Text, Json];
    JOB_SET = "agent_job_set" [Uuid, Json, Json, Json, Text, Json, Instant] -> [];
    VERSIONS_SETTINGS = "agent_versions_settings" [Uuid, Json, Instant] -> [];
    VERSION_INSERT = "agent_version_insert" [Json, Instant] -> [];
    VERSIONS_ARCHIVE = "agent_versions_archive" [Uuid, Uuid, Instant] -> [];
    VERSION_SET = "agent_version_set" [Uuid, Boolean, Boolean, Instant] -> [Uuid];
    RUNS_SCHEDULED = "agent_runs_scheduled" [Uuid] -> [Uuid, Boolean];
    OPS_INSERT = "agent_ops_insert" [Json, Uuid, Instant] -> [];
    EDGES_INSERT = "agent_edges_insert" [Json, Uuid, Instant] -> [];
    AGENT_FIND = "agent_agent_find" [Uuid, Text, Text, Text, Json] -> [Uuid];
    AGENT_SEEN = "agent_agent_seen" [Uuid, Instant] -> [];
    AGENT_PUT = "agent_agent_put" [Uuid, Uuid, Uuid, Text, Text, Text, Json, Instant] -> [Uuid];

    REMOVE_FOUND = "agent_remove_found" [Uuid, Uuid, Uuid] -> [Uuid, Text];
    REMOVE_STEP_STATES = "agent_remove_step_states" [Uuid, Uuid, Uuid] -> [];
    REMOVE_ARTIFACTS = "agent_remove_artifacts" [Uuid, Uuid, Uuid] -> [];
    REMOVE_LOGS = "agent_remove_logs" [Uuid, Uuid, Uuid] -> [];
    REMOVE_STEPS = "agent_remove_steps" [Uuid, Uuid, Uuid] -> [];
    REMOVE_RUN_STATES = "agent_remove_run_states" [Uuid, Uuid, Uuid] -> [];
    REMOVE_EVENTS = "agent_remove_events" [Uuid, Uuid, Uuid] -> [];
    REMOVE_TAGS = "agent_remove_tags" [Uuid, Uuid, Uuid] -> [];
    REMOVE_RUNS = "agent_remove_runs" [Uuid, Uuid, Uuid] -> [];
    REMOVE_EDGES = "agent_remove_edges" [Uuid, Uuid, Uuid] -> [];
    REMOVE_OPS = "agent_remove_ops" [Uuid, Uuid, Uuid] -> [];
    REMOVE_VERSIONS = "agent_remove_versions" [Uuid, Uuid, Uuid] -> [];
    REMOVE_PROJECT = "agent_remove_project" [Uuid] -> [Uuid];
    REMOVE_JOB = "agent_remove_job" [Uuid] -> [Uuid];
    REMOVE_AGENT = "agent_remove_agent" [Uuid] -> [Uuid];

    ARTIFACT_INSERT = "agent_artifact_insert" [Uuid, Uuid, Text, Json, Instant] -> [Uuid];
    ARTIFACT_SET = "agent_artifact_set" [Uuid, Json, Instant] -> [Uuid];
    ARTIFACT_REMOVE = "agent_artifact_remove" [Uuid] -> [Uuid];
    ARTIFACT_COUNT = "agent_artifact_count" [Uuid, Int] -> [Int];
    VALUE_COUNT = "agent_value_count" [Uuid, Text, Int] -> [Int];
    VALUE_PUT = "agent_value_put" [Uuid, Uuid, Text, Json, Instant] -> [Uuid];
    VALUE_REMOVE = "agent_value_remove" [Uuid] -> [Uuid];
    VERSION_MOVE = "agent_version_move" [Uuid, Uuid, Instant] -> [Uuid];
    TENANT_INSERT = "agent_tenant_insert" [Uuid, Text, Text, Instant] -> [Uuid];
    TENANT_SETTINGS = "agent_tenant_settings" [Uuid] -> [Json, Text];
    TENANT_NAMED = "agent_tenant_named" [Text] -> [Uuid];
    TENANT_SET = "agent_tenant_set" [Uuid, Text, Text, Json, Instant] -> [Uuid];

    PLAN_LOCK = "agent_plan_lock" [Uuid] -> [Json, Json, Boolean, Boolean, Json, Json, Text];
    JOB_SCHEDULE = "agent_job_schedule" [Uuid, Json, Instant] -> [Uuid];
    VERSIONS_OF_JOB = "agent_versions_of_job" [Uuid] -> [Uuid];
    VERSIONS_PLANNED = "agent_versions_planned" [] -> [Uuid];
    FLOW_JOB = "agent_flow_job" [Uuid, Text] -> [Uuid, Text, Boolean, Text, Text, Text, Json, Json, Json];
}
