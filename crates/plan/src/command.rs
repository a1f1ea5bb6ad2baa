//! Commands: effects that are more than a change of content, such as signing in. A command names the row to answer with.
//!
//! Here stands what is asked and who may; what is done stands with whoever runs commands. It has two parts: one outside a transaction
//! (hashing, files, looking rows up), and changes in the product's own name inside it.

use model::{Action, TypeId};

use crate::{Answer, HoleId, RunEffect};

/// One command.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// What is done.
    pub effect: Effect,
    /// The content type of the row that it answers with.
    pub of: TypeId,
    /// What is given to it, by name. A name that is not there was not given.
    pub given: Vec<(String, HoleId)>,
    /// The answer is a list: it shows every row that the command names.
    pub is_list: bool,
    /// What the answer shows: the row, and values that the command makes ([`crate::AnswerValue::Made`]).
    pub answer: Answer,
}

/// What a command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Checks `identifier` and `password`; makes a token.
    SignIn,
    /// Makes an account of `username`, `email` and `password`; makes a token.
    Register,
    /// Gives the caller, who knows the `current` one, a new `password`; makes a token.
    ChangePassword,
    /// Sends a code to the address `email`, where an account has it.
    ForgotPassword,
    /// Gives the account of a `code` a new `password`; makes a token.
    ResetPassword,
    /// Confirms the address of the account that a `code` was sent to; makes a token.
    ConfirmEmail,
    /// Keeps the files of the request that `file` or `files` name, with texts about each, and links them by the `field` of the document `refId` of
    /// the type `ref`, where one is named.
    Upload,
    /// Something with runs of the project's own jobs.
    Run(crate::RunEffect),
    /// Does what an agent of others, or its user, asks of the workflow engine.
    Agent(crate::AgentEffect),
}

/// Who may ask for an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Anybody: what is given to the command decides. Its answer shows the account that was met, and its role.
    Nothing,
    /// Whoever may do this on every row of the command's content type.
    Action(Action),
    /// Whoever may do this with some job; whoever runs the command asks [`crate::Policy::jobs`] about the run's own.
    Job(Action),
}

impl Effect {
    /// Who may ask for it.
    #[must_use]
    pub fn need(self) -> Need {
        match self {
            Effect::SignIn
            | Effect::Register
            | Effect::ChangePassword
            | Effect::ForgotPassword
            | Effect::ResetPassword
            | Effect::ConfirmEmail => Need::Nothing,
            Effect::Upload => Need::Action(Action::Create),
            Effect::Run(RunEffect::Launch | RunEffect::LaunchEach | RunEffect::Repeat) => Need::Job(Action::Launch),
            Effect::Run(RunEffect::Terminate | RunEffect::TerminateEach) => Need::Job(Action::Cancel),
            Effect::Run(RunEffect::Delete | RunEffect::SwitchSchedule | RunEffect::Reread) => {
                Need::Job(Action::Operate)
            }
            Effect::Agent(effect) => effect.need(),
        }
    }
}
