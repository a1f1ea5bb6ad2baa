//! Running a change: one story for both databases, told through a [`Door`](door::Door).

mod apply;
mod at_once;
mod change;
mod command;
mod context;
mod course;
mod create;
mod delete;
mod door;
mod element;
pub(crate) mod failure;
mod file_watch;
mod fit;
mod fixed;
mod frame;
mod link;
mod linking;
mod password;
mod postgres;
mod postgres_value;
mod prepared;
mod row;
mod run;
mod share;
mod sqlite;
mod update;

pub use command::{Asked, Commands, Ended, Made, NoCommands, OwnChange, Preparing, Told, When, Work};
pub use context::WriteContext;
pub(crate) use door::{Door, Env as DoorEnv};
pub use file_watch::{FileWatch, RemovedFile};
pub(crate) use fixed::run_fixed;
pub(crate) use frame::Call;
pub(crate) use postgres::{Commit, PostgresDoor};
pub(crate) use prepared::PreparedChange;
pub(crate) use run::{is_in_the_way, late};
pub(crate) use sqlite::{SqliteDoor, cell as sqlite_cell, ready_now};
