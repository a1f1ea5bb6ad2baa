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
    LOGS_INSERT = "agent_logs_insert" [Json, Instant] -> [];
    RUN_NAME = "agent_run_name" [Uuid, Text, Instant] -> [Uuid];
    STEP_NAME = "agent_step_name" [Uuid, Text, Instant] -> [Uuid];
    RUN_LABELS = "agent_run_labels" [Uuid, Json, Instant] -> [Uuid];
    RUN_BEAT = "agent_run_beat" [Uuid, Instant] -> [];
    STEP_BEAT = "agent_step_beat" [Uuid, Instant] -> [];

    TENANT = "agent_tenant" [Uuid] -> [Uuid];
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
    AGENT_PUT = "agent_agent_put" [Uuid, Uuid, Uuid, Text, Text, Text, Json, Instant] -> [Uuid];
}
