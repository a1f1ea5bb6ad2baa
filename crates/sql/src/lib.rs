//! Plans become statements, models become tables, model changes become DDL and data steps.
//!
//! In flow an authorized plan and a [`Layout`](layout), out comes a [`Program`]: a tree of statements, one for each level, and beside each
//! the object that its rows fill. The same plan prints the same bytes, on every machine and every day: aliases are counted by level.
//!
//! SQL text is born in this crate's one printer. Values are always parameters; names go through the one quoting function.
//!
//! This crate must never know GraphQL or a driver.

mod advice;
mod aggregate;
pub mod change;
mod compile;
mod component;
mod counts;
pub mod ddl;
mod ddl_print;
mod ddl_table;
pub mod element;
mod filter;
pub mod function;
mod join;
pub mod layout;
mod lead;
mod level;
pub mod load;
mod name;
mod print;
mod program;
mod relation;
mod scope;
mod sort;
mod switch;
mod tree;
mod version;
mod write;
mod write_at_once;
mod write_check;
pub mod write_element;
mod write_kept;
pub mod write_link;
mod write_lose;
mod write_print;
mod write_row;

pub use advice::{Advice, advice};
pub use compile::{program, switch_program};
pub use layout::{Layout, LayoutError};
pub use lead::Lead;
pub use name::{NAME_BYTES_MAX, snake_case};
pub use program::{
    ArmProgram, ColumnKind, ComponentProgram, ComponentSource, CountProgram, Database, EntryProgram, JoinedProgram,
    LinkedProgram, Node, NodeShape, ObjectProgram, Param, Parent, PartProgram, PartProgramEntry, RowProgram, Statement,
    SwitchArmProgram, SwitchProgram, SwitchShapeProgram, ValueProgram,
};
pub use write::{AnswerProgram, AnswerProgramEntry, AnswerProgramValue, Seen, WriteProgram, field_of};
pub use write_at_once::{AtOnceArm, AtOnceProgram};
pub use write_check::{NamedBy, ResolveArm, ResolveProgram, UidProgram, UniqueProgram};
pub use write_lose::LosingProgram;
pub use write_print::{Arg, WriteParam, WriteStatement};
pub use write_row::{CellSource, RowColumn};
