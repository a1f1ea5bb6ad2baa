//! The fixed statements of the engine: each a pair of `.sql` files, with the kinds of what it binds and gives.

use sql::ColumnKind::{self, Boolean, Instant, Int, Json, Text, Uuid};
use store::Fixed;

macro_rules! fixed {
    ($($name:ident = $file:literal [$($param:ident),*] -> [$($column:ident),*];)+) => { $(
        pub(crate) const $name: Fixed = Fixed {
            sqlite: include_str!(concat!("sql/", $file, ".sqlite.sql")),
            postgres: include_str!(concat!("sql/", $file, ".postgres.sql")),
            params: &[$($param),*],
            columns: &[$($column),*],
        };
    )+ };
}

/// What of a run is read, in the order of [`crate::record::RunRecord`].
const RUN: &[ColumnKind] = &[
    Uuid, Int, Text, Text, Text, Text, Text, Text, Int, Json, Json, Json, Uuid, Uuid, Uuid, Uuid, Text, Instant,
    Instant, Instant, Instant, Json, Json,
];

macro_rules! of_run {
    ($($name:ident = $file:literal [$($param:ident),*];)+) => { $(
        pub(crate) const $name: Fixed = Fixed {
            sqlite: include_str!(concat!("sql/", $file, ".sqlite.sql")),
            postgres: include_str!(concat!("sql/", $file, ".postgres.sql")),
            params: &[$($param),*],
            columns: RUN,
        };
    )+ };
}

of_run! {
    RUN_READ = "run_read" [Uuid];
    RUN_LOCK = "run_lock" [Uuid];
    RUNS_LIST = "runs_list" [Text, Text, Int];
}

fixed! {
    OPEN_LOCK = "open_lock" [] -> [];
    LEASE_TABLE = "lease_table" [] -> [];
    COUNTER_TABLE = "counter_table" [] -> [];
    COUNTER_START = "counter_start" [] -> [];
    CLOCK = "clock" [Instant] -> [Instant];
    NOTIFY = "notify" [Text] -> [];
    COUNTER_NEXT = "counter_next" [Text] -> [Int];

    TENANT_PUT = "tenant_put" [Uuid, Instant] -> [];
    TENANT_READ = "tenant_read" [] -> [Uuid];
    PROJECTS_PUT = "projects_put" [Json, Uuid, Instant] -> [];
    JOBS_PUT = "jobs_put" [Json, Uuid, Instant, Boolean] -> [];
    JOBS_RETIRE = "jobs_retire" [Json, Instant] -> [];
    VERSIONS_PUT = "versions_put" [Json, Uuid, Instant, Boolean] -> [];
    VERSIONS_ARCHIVE = "versions_archive" [Json] -> [];
    OPS_PUT = "ops_put" [Json, Uuid, Instant] -> [];
    EDGES_PUT = "edges_put" [Json, Uuid, Instant] -> [];
    SCHEDULES_PUT = "schedules_put" [Json, Uuid, Instant] -> [];
    SCHEDULES_RETIRE = "schedules_retire" [Json] -> [];

    VERSION_READ = "version_read" [Text, Text, Text, Text] -> [Uuid, Uuid, Uuid, Text, Json];
    DEFINITION_READ = "definition_read" [Uuid] -> [Json];
    RUN_KNOWN = "run_known" [Uuid, Uuid, Text] -> [Uuid, Boolean];
    RUN_INSERT = "run_insert" [Json, Instant] -> [];
    TAGS_INSERT = "tags_insert" [Json, Uuid, Instant] -> [];
    STEPS_INSERT = "steps_insert" [Json, Uuid, Instant, Uuid] -> [];
    RUN_STATES_INSERT = "run_states_insert" [Json, Uuid, Instant] -> [];
    STEP_STATES_INSERT = "step_states_insert" [Json, Uuid, Instant] -> [];
    EVENTS_INSERT = "events_insert" [Json, Uuid, Instant] -> [];
    LOGS_INSERT = "logs_insert" [Json, Uuid, Instant] -> [];
    REPORT_KNOWN = "report_known" [Uuid] -> [Uuid];

    STEPS_READ = "steps_read" [Uuid]
        -> [Text, Text, Int, Text, Int, Int, Instant, Json, Json, Boolean, Instant, Instant];
    STEPS_STAND = "steps_stand" [Uuid]
        -> [Text, Text, Int, Text, Int, Int, Instant, Json, Json, Boolean, Instant, Instant];
    LOGS_READ = "logs_read" [Uuid, Int, Int] -> [Int, Instant, Text, Text, Text, Text];
    EVENTS_READ = "events_read" [Uuid, Int, Int] -> [Int, Instant, Text, Text, Text, Text, Int, Json];

    QUEUE_TAKE = "queue_take" [Instant, Int] -> [Uuid, Text, Int];
    LEASES_LOST = "leases_lost" [Instant, Int] -> [Uuid, Text, Int, Int, Text];
    LEASE_PUT = "lease_put" [Uuid, Text, Instant] -> [Int];
    LEASE_CHECK = "lease_check" [Instant, Uuid, Text, Int] -> [Int];
    LEASES_RENEW = "leases_renew" [Instant, Text, Json, Int] -> [Uuid, Text];
    LEASE_LOCK = "lease_lock" [Uuid] -> [Int];
    LEASE_DROP = "lease_drop" [Uuid] -> [];
    LEASES_RELEASE = "leases_release" [Text, Json] -> [];

    RUN_SET = "run_set" [Uuid, Text, Text, Int, Instant, Text, Json, Instant, Instant, Instant, Text, Instant, Text]
        -> [];
    RUN_NUMBERED = "run_numbered" [Int] -> [Uuid];
    RUNS_BETWEEN = "runs_between" [Uuid, Uuid] -> [Uuid];
    RUN_RESURRECTED = "run_resurrected" [Uuid] -> [];
    RUN_RESURRECTIONS = "run_resurrections" [Uuid] -> [Int];
    RUNS_FAILURES = "runs_failures" [Json] -> [Uuid, Text, Json];
    RUN_COUNT = "run_count" [Uuid, Int, Int, Int, Int] -> [];
    STEP_SET = "step_set" [Uuid, Text, Text, Text, Int, Instant, Text, Json, Int, Instant, Instant, Instant, Json, Json]
        -> [];

    LEASES_ABANDON = "leases_abandon" [] -> [];
    SCHEDULES_READ = "schedules_read" [] -> [Uuid, Text, Text, Text, Text, Instant];
    SCHEDULE_FIND = "schedule_find" [Text, Text, Text] -> [Uuid];
    SCHEDULE_SWITCH = "schedule_switch" [Uuid, Boolean, Instant] -> [];
    SCHEDULE_DONE = "schedule_done" [Uuid, Instant] -> [];
    TICK_INSERT = "tick_insert" [Uuid, Uuid, Instant, Text, Text, Instant, Json, Json] -> [Uuid];

    DELETE_STEP_STATES = "delete_step_states" [Uuid] -> [];
    DELETE_ARTIFACTS = "delete_artifacts" [Uuid] -> [];
    DELETE_LOGS = "delete_logs" [Uuid] -> [];
    DELETE_STEPS = "delete_steps" [Uuid] -> [];
    DELETE_RUN_STATES = "delete_run_states" [Uuid] -> [];
    DELETE_EVENTS = "delete_events" [Uuid] -> [];
    DELETE_TAGS = "delete_tags" [Uuid] -> [];
    DELETE_RUN = "delete_run" [Uuid] -> [];
}
