//! Reads whose statements are printed: made once, kept by the caller, run many times.

use std::sync::Arc;

use plan::{Authorized, Place, Plan, Refusal, RootValue, Shaped, ShapedFrom};
use sql::{Node, SwitchProgram};

use super::adviser::Adviser;
use crate::open::Served;
use crate::{Error, Store};

/// A read whose statements are printed. It holds no value of any caller.
#[derive(Debug)]
pub(crate) struct PreparedRead {
    pub(super) roots: Vec<PreparedRoot>,
    /// Longest list, unless a page asks for less.
    pub(super) rows_max: u32,
    /// What `$locale` of the project is.
    pub(super) default_locale: String,
    /// Statements of all programs together; each has its own number below.
    pub(super) statements: u16,
    /// It reads one row, found by its key, and nothing else.
    pub(super) is_look_up: bool,
    /// Which indexes it would need.
    pub(super) adviser: Adviser,
}

/// One entry of the answer's top level.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PreparedRoot {
    /// Key in the answer.
    pub(super) key: String,
    /// `"key":`, escaped.
    pub(super) key_json: String,
    /// A null here makes the whole answer null.
    pub(super) non_null: bool,
    /// `Type.field`, for messages.
    pub(super) name: String,
    /// Where the operation names it.
    pub(super) place: Place,
    /// What it is.
    pub(super) value: PreparedValue,
}

/// What stands under a root key.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PreparedValue {
    /// JSON text.
    Constant(String),
    /// Rows.
    Select(Box<Node>),
    /// Rows of several content types.
    Switch(Box<SwitchProgram>),
    /// What the first row leads to.
    Through(Box<Node>),
    /// What a pure function makes of rows.
    Shaped(Vec<Node>, Box<Shaped>),
    /// Not allowed, or known to fail.
    Refused(Refusal),
}

impl Store {
    /// Prints the statements of a plan that reads.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a plan that changes something beside what it reads.
    pub(crate) fn prepare_read(
        &self,
        served: &Served,
        authorized: &Authorized<Plan>,
    ) -> Result<Arc<PreparedRead>, Error> {
        let plan = authorized.get();
        let mut roots = Vec::with_capacity(plan.roots.len());
        let mut advice = Vec::new();
        for root in &plan.roots {
            let value = match &root.value {
                RootValue::Constant(json) => PreparedValue::Constant(json.clone()),
                RootValue::Select(select) => {
                    advice.extend(sql::advice(&served.model, &served.layout, select));
                    let node = sql::program(&served.model, &served.layout, self.database(), select);
                    PreparedValue::Select(Box::new(node))
                }
                RootValue::Switch(switch) => {
                    let program = sql::switch_program(&served.model, &served.layout, self.database(), switch);
                    PreparedValue::Switch(Box::new(program))
                }
                RootValue::Through(select) => {
                    let node = sql::program(&served.model, &served.layout, self.database(), select);
                    PreparedValue::Through(Box::new(node))
                }
                RootValue::Shaped(shaped) => {
                    let ShapedFrom::Rows(selects) = &shaped.from else {
                        return Err(Error::Malformed { expected: "an authorized plan of reads alone" });
                    };
                    let node = |select| sql::program(&served.model, &served.layout, self.database(), select);
                    PreparedValue::Shaped(selects.iter().map(node).collect(), shaped.clone())
                }
                RootValue::Write(_) | RootValue::Command(_) | RootValue::Own(_) => {
                    return Err(Error::Malformed { expected: "an authorized plan of reads alone" });
                }
                RootValue::Refused(refusal) => PreparedValue::Refused(refusal.clone()),
            };
            roots.push(PreparedRoot::new(root, value));
        }
        let default_locale = self.locales().default;
        let adviser = Adviser::new(advice);
        let read =
            PreparedRead { roots, rows_max: plan.rows_max, default_locale, statements: 0, is_look_up: false, adviser };
        let read = read.numbered();
        let are_look_ups = plan.roots.iter().all(|root| match &root.value {
            RootValue::Select(select) => select.is_look_up(),
            RootValue::Constant(_) | RootValue::Refused(_) => true,
            RootValue::Switch(_)
            | RootValue::Through(_)
            | RootValue::Write(_)
            | RootValue::Own(_)
            | RootValue::Shaped(_)
            | RootValue::Command(_) => false,
        });
        Ok(Arc::new(PreparedRead { is_look_up: are_look_ups && read.statements == 1, ..read }))
    }
}

impl PreparedRoot {
    fn new(root: &plan::Root, value: PreparedValue) -> PreparedRoot {
        PreparedRoot {
            key: root.key.clone(),
            key_json: key_json(&root.key),
            non_null: root.non_null,
            name: root.key.clone(),
            place: root.place,
            value,
        }
    }
}

/// `"key":`. Response keys are names of GraphQL: nothing in them needs an escape.
fn key_json(key: &str) -> String {
    ["\"", key, "\":"].concat()
}

impl PreparedRead {
    /// Numbers the statements of all roots.
    pub(super) fn numbered(mut self) -> PreparedRead {
        self.statements = self.roots.iter_mut().fold(0, |next, root| match &mut root.value {
            PreparedValue::Select(node) | PreparedValue::Through(node) => node.number(next),
            PreparedValue::Switch(switch) => switch.number(next),
            PreparedValue::Shaped(nodes, _) => nodes.iter_mut().fold(next, |next, node| node.number(next)),
            PreparedValue::Constant(_) | PreparedValue::Refused(_) => next,
        });
        self
    }
}
