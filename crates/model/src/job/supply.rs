//! What stands beside the ops of a job: resources that supply them, hooks that follow them.

use crate::Place;
use crate::config::ConfigField;

/// A resource: an input type with `@resource`, whose members are its config.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Its name.
    pub name: String,
    /// Shown to people.
    pub description: Option<String>,
    /// Code location.
    pub location: String,
    /// Program that prepares it; none: its config is handed to the op.
    pub command: Option<Vec<String>>,
    /// Its config, sorted by name.
    pub config: Vec<ConfigField>,
    /// Where it is declared.
    pub place: Place,
}

/// A program that is called after a step of the jobs that name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Its name.
    pub name: String,
    /// Code location.
    pub location: String,
    /// After which steps.
    pub on: HookOn,
    /// Program and arguments, never empty.
    pub command: Vec<String>,
    /// Where it is declared.
    pub place: Place,
}

/// After which steps a hook is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookOn {
    /// Those that succeeded.
    Success,
    /// Those that failed.
    Failure,
}
