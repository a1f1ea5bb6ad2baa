//! Plans that the server makes itself, beside those of operations: authorized, bound, prepared and run in this one place.

use std::sync::Arc;

use plan::{Cause, Fault, Plan, Policy, Request, Variables};
use store::{Commands, FileWatch, Served, Store, WriteContext};

use crate::accounts::user_key;
use crate::settings::{Clock, Settings};

/// Runs plans.
#[derive(Clone)]
pub(crate) struct PlanRunner {
    store: Arc<Store>,
    served: Arc<Served>,
    clock: Clock,
    ids: Arc<store::Ids>,
}

/// What a plan is run with.
pub(crate) struct Given<'a> {
    /// Who asks.
    pub(crate) caller: &'a plan::Caller,
    /// What fills its holes.
    pub(crate) variables: &'a Variables,
    /// Who is told of files whose rows go.
    pub(crate) files: FileWatch,
    /// Who runs its commands.
    pub(crate) commands: &'a dyn Commands,
}

impl PlanRunner {
    pub(crate) fn new(settings: &Settings, store: &Arc<Store>, served: &Arc<Served>) -> PlanRunner {
        let (store, served) = (Arc::clone(store), Arc::clone(served));
        PlanRunner { store, served, clock: settings.clock, ids: Arc::clone(&settings.ids) }
    }

    /// The model that is served.
    pub(crate) fn model(&self) -> &Arc<model::Model> {
        self.served.model()
    }

    /// Runs a plan, and gives the bytes of its answer.
    ///
    /// # Errors
    /// The first fault: then the answer is not told.
    pub(crate) async fn run(&self, plan: Plan, given: Given<'_>) -> Result<Vec<u8>, Fault> {
        let (model, now) = (self.model(), self.clock.now());
        let Given { caller, variables, files, commands } = given;
        let authorized = plan::authorize(plan, &Policy::of(model, caller), model);
        let bound = plan::bind(model, &authorized.get().holes, Request { variables, caller, now });
        let values = bound.map_err(|faults| faults.into_iter().next().unwrap_or_else(|| of(Cause::Internal)))?;
        let prepared = self.store.prepare(&self.served, &authorized).map_err(|error| of(error.logged()))?;
        let context = WriteContext { now, user: user_key(caller), ids: Arc::clone(&self.ids), files, cause: None };
        let answer = self.store.run_with(&prepared, values, (context, commands), Vec::new()).await;
        answer.faults.into_iter().next().map_or(Ok(answer.bytes), Err)
    }
}

/// A fault of no place.
fn of(cause: Cause) -> Fault {
    Fault { path: Vec::new(), place: None, cause }
}
