//! Changes whose statements are printed: made once, kept by the caller, run many times.

use std::sync::Arc;

use plan::{
    Authorized, Boundary, Command, Effect, Place, Plan, Refusal, RootValue, RunEffect, Shaped, ShapedFrom, Write,
    WriteAction,
};
use sql::{AnswerProgram, WriteProgram};

use super::command::PreparedCommand;

use crate::open::Served;
use crate::outbox::Listeners;
use crate::{Error, Store};

/// A change whose statements are printed. It holds no value of any caller.
#[derive(Debug)]
pub(crate) struct PreparedChange {
    pub(super) roots: Vec<ChangeRoot>,
    /// What is one transaction.
    pub(super) boundary: Boundary,
    /// Longest list of an answer.
    pub(super) rows_max: u32,
    /// The model that the statements are over.
    pub(super) served: Arc<Served>,
}

/// One entry of the answer's top level.
#[derive(Debug)]
pub(super) struct ChangeRoot {
    /// Key in the answer.
    pub(super) key: String,
    /// A null here makes the whole answer null.
    pub(super) non_null: bool,
    /// Where the operation names it.
    pub(super) place: Place,
    /// What it is.
    pub(super) value: ChangeValue,
}

/// What stands under a root key.
#[derive(Debug)]
pub(super) enum ChangeValue {
    /// JSON text.
    Constant(String),
    /// A change.
    Write(Box<PreparedWrite>),
    /// A command.
    Command(Box<PreparedCommand>),
    /// What a pure function makes of what a command answers with; without one, of nothing.
    Shaped(Option<Box<PreparedCommand>>, Box<Shaped>),
    /// Not allowed, or known to fail.
    Refused(Refusal),
}

/// One change.
#[derive(Debug)]
pub(super) struct PreparedWrite {
    /// What is asked.
    pub(super) write: Write,
    /// Its statements.
    pub(super) program: WriteProgram,
    /// Number of statements of its answer.
    pub(super) statements: u16,
    /// Who listens to it.
    pub(super) listeners: Option<Listeners>,
}

impl Store {
    /// Prints the statements of a plan that writes.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a plan that reads rows beside its changes.
    pub(crate) fn prepare_change(
        &self,
        served: &Arc<Served>,
        plan: &Authorized<Plan>,
    ) -> Result<Arc<PreparedChange>, Error> {
        let plan = plan.get();
        let mut roots = Vec::with_capacity(plan.roots.len());
        for root in &plan.roots {
            let value = match &root.value {
                RootValue::Constant(json) => ChangeValue::Constant(json.clone()),
                RootValue::Refused(refusal) => ChangeValue::Refused(refusal.clone()),
                RootValue::Select(_) | RootValue::Switch(_) | RootValue::Through(_) | RootValue::Own(_) => {
                    return Err(Error::Malformed { expected: "a plan of changes alone" });
                }
                RootValue::Write(write) => {
                    let mut program = WriteProgram::of(&served.model, &served.layout, self.database(), write);
                    let statements = program.number(0);
                    let listeners = Listeners::of(&served.model, write.of, self.database());
                    let write = (**write).clone();
                    ChangeValue::Write(Box::new(PreparedWrite { write, program, statements, listeners }))
                }
                RootValue::Command(command) => ChangeValue::Command(Box::new(self.prepare_command(served, command))),
                RootValue::Shaped(shaped) => match &shaped.from {
                    ShapedFrom::Command(command) => {
                        let command = self.prepare_command(served, command);
                        ChangeValue::Shaped(Some(Box::new(command)), shaped.clone())
                    }
                    ShapedFrom::Refused(_) => ChangeValue::Shaped(None, shaped.clone()),
                    ShapedFrom::Rows(rows) if rows.is_empty() => ChangeValue::Shaped(None, shaped.clone()),
                    ShapedFrom::Rows(_) => return Err(Error::Malformed { expected: "a plan of changes alone" }),
                },
            };
            roots.push(ChangeRoot { key: root.key.clone(), non_null: root.non_null, place: root.place, value });
        }
        Ok(Arc::new(PreparedChange {
            roots,
            boundary: plan.boundary,
            rows_max: plan.rows_max,
            served: Arc::clone(served),
        }))
    }

    fn prepare_command(&self, served: &Served, command: &Command) -> PreparedCommand {
        let mut answer = AnswerProgram::of(&served.model, &served.layout, self.database(), &command.answer);
        let statements = answer.number(0);
        PreparedCommand { command: command.clone(), answer, statements }
    }
}

impl PreparedChange {
    /// Whether somebody listens to one of its changes.
    pub(super) fn is_heard(&self) -> bool {
        self.roots.iter().filter_map(|root| root.value.write()).any(|write| write.listeners.is_some())
    }

    /// Whether it may remove rows of files.
    pub(crate) fn removes_files(&self) -> bool {
        let mut writes = self.roots.iter().filter_map(|root| root.value.write());
        writes.any(|write| match &write.write.action {
            WriteAction::Delete { .. } => self.served.model.content_type(write.write.of).is_media(),
            WriteAction::Create { .. } | WriteAction::Update { .. } => false,
        })
    }
}

impl PreparedChange {
    /// Whether it asks for the project to be read again.
    pub(crate) fn rereads(&self) -> bool {
        let mut commands = self.roots.iter().filter_map(|root| root.value.command());
        commands.any(|prepared| prepared.command.effect == Effect::Run(RunEffect::Reread))
    }
}

impl ChangeValue {
    /// The change, if it is one.
    pub(super) fn write(&self) -> Option<&PreparedWrite> {
        match self {
            ChangeValue::Write(write) => Some(write),
            ChangeValue::Constant(_) | ChangeValue::Refused(_) | ChangeValue::Command(_) | ChangeValue::Shaped(..) => {
                None
            }
        }
    }

    /// The command, if it is one.
    pub(super) fn command(&self) -> Option<&PreparedCommand> {
        match self {
            ChangeValue::Command(command) | ChangeValue::Shaped(Some(command), _) => Some(command),
            ChangeValue::Constant(_)
            | ChangeValue::Refused(_)
            | ChangeValue::Write(_)
            | ChangeValue::Shaped(None, _) => None,
        }
    }

    /// What makes its answer of what was met.
    pub(super) fn shaped(&self) -> Option<&Shaped> {
        match self {
            ChangeValue::Shaped(_, shaped) => Some(shaped),
            ChangeValue::Constant(_) | ChangeValue::Refused(_) | ChangeValue::Write(_) | ChangeValue::Command(_) => {
                None
            }
        }
    }
}
