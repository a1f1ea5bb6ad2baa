//! One file for each command that does more than print.

pub(crate) mod check;
pub(crate) mod dev;
pub(crate) mod init;
pub(crate) mod migrate;
pub(crate) mod print;
pub(crate) mod query;
pub(crate) mod run;
pub(crate) mod seed;
pub(crate) mod serve;
mod shown;
pub(crate) mod token;
pub(crate) mod user;
