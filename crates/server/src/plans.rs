//! The plan cache: from an operation's text to everything that is known before its values come.
//!
//! One entry holds the checked operation and a plan for each shape that its values have had. What was refused is kept apart, so
//! that a flood of wrong documents pushes no good one out. Nothing in here belongs to one caller: the key holds the view.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use graphql::{Operation, RequestError, ShapeKey};
use plan::{Boundary, Hole, Plan};
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use store::Prepared;

use crate::settings::Limits;

/// Shapes that are kept of one operation; further ones are planned each time.
const SHAPES_MAX: usize = 64;
/// What an operation takes beside its text, and each of its plans: estimates, which bound the cache all the same.
const OPERATION_BYTES: u64 = 2 * 1024;
const PLAN_BYTES: u64 = 4 * 1024;
/// A plan's statements grow with the text that asks for them.
const PLAN_BYTES_PER_TEXT_BYTE: u64 = 8;

/// Operations and refusals that are known.
pub(crate) struct Plans {
    operations: Cache<OperationKey, Weighed, ByBytes>,
    refusals: Cache<OperationKey, Arc<Vec<RequestError>>>,
    document_bytes_max: usize,
}

/// An entry with the weight that it had when it came in: a weight must not change inside the cache.
#[derive(Clone)]
struct Weighed {
    kept: Arc<Kept>,
    weight: u64,
}

/// What is known of an operation's text.
pub(crate) enum Known {
    /// It holds.
    Operation(Arc<Kept>),
    /// It was refused.
    Refused(Arc<Vec<RequestError>>),
}

/// A checked operation with its plans.
pub(crate) struct Kept {
    pub(crate) operation: Arc<Operation>,
    plans: RwLock<Vec<(ShapeKey, Arc<Compiled>)>>,
    text_bytes: usize,
}

/// A plan down to its statements.
pub(crate) struct Compiled {
    pub(crate) program: Prepared,
    pub(crate) holes: Vec<Hole>,
    /// The key of the only change, where an operation makes one alone, and whether its null makes the whole answer null.
    pub(crate) only_change: Option<(String, bool)>,
    /// Bytes of the last answer: the next buffer begins with that room.
    pub(crate) answer_bytes: AtomicUsize,
}

/// Which operation, for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked<'a> {
    pub(crate) view: u64,
    pub(crate) text: &'a str,
    pub(crate) name: Option<&'a str>,
}

/// The same, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OperationKey {
    view: u64,
    text: Box<str>,
    name: Option<Box<str>>,
}

impl Plans {
    pub(crate) fn new(limits: &Limits) -> Self {
        // Every entry weighs at least a share of the whole: so the weight bounds their number, too.
        let entries = u64::try_from(limits.plans_max).unwrap_or(u64::MAX).max(1);
        let weighter = ByBytes { least: (limits.plans_bytes_max / entries).max(1) };
        Self {
            operations: Cache::with_weighter(limits.plans_max, limits.plans_bytes_max, weighter),
            refusals: Cache::new(limits.refused_documents_max),
            document_bytes_max: limits.plan_document_bytes_max,
        }
    }

    /// What is known of this text.
    pub(crate) fn known(&self, asked: Asked<'_>) -> Option<Known> {
        if let Some(weighed) = self.operations.get(&asked) {
            return Some(Known::Operation(weighed.kept));
        }
        self.refusals.get(&asked).map(Known::Refused)
    }

    /// Keeps a checked operation, unless its text is too long to be kept.
    pub(crate) fn keep(&self, asked: Asked<'_>, operation: Arc<Operation>) -> Arc<Kept> {
        let kept = Arc::new(Kept { operation, plans: RwLock::default(), text_bytes: asked.text.len() });
        if asked.text.len() <= self.document_bytes_max {
            self.operations.insert(asked.owned(), Weighed::now(&kept));
        }
        kept
    }

    /// Keeps why a text is refused, unless it is too long to be kept.
    pub(crate) fn keep_refusal(&self, asked: Asked<'_>, errors: Vec<RequestError>) -> Arc<Vec<RequestError>> {
        let errors = Arc::new(errors);
        if asked.text.len() <= self.document_bytes_max {
            self.refusals.insert(asked.owned(), Arc::clone(&errors));
        }
        errors
    }

    /// Keeps a plan with its operation, unless that has as many as it may have.
    pub(crate) fn keep_plan(&self, asked: Asked<'_>, kept: &Arc<Kept>, shape: ShapeKey, compiled: &Arc<Compiled>) {
        if asked.text.len() > self.document_bytes_max {
            return;
        }
        let mut plans = kept.plans.write().unwrap_or_else(PoisonError::into_inner);
        if plans.len() >= SHAPES_MAX || plans.iter().any(|(known, _)| *known == shape) {
            return;
        }
        plans.push((shape, Arc::clone(compiled)));
        drop(plans);
        // The entry has grown: it comes in again with its new weight.
        self.operations.insert(asked.owned(), Weighed::now(kept));
    }
}

impl Kept {
    /// The plan for values of this shape, where it is known.
    pub(crate) fn plan(&self, shape: &ShapeKey) -> Option<Arc<Compiled>> {
        let plans = self.plans.read().unwrap_or_else(PoisonError::into_inner);
        plans.iter().find(|(known, _)| known == shape).map(|(_, compiled)| Arc::clone(compiled))
    }

    fn bytes(&self) -> u64 {
        let text = self.text_bytes as u64;
        let plans = self.plans.read().unwrap_or_else(PoisonError::into_inner).len() as u64;
        text + OPERATION_BYTES + plans * (PLAN_BYTES + text * PLAN_BYTES_PER_TEXT_BYTE)
    }
}

impl Weighed {
    fn now(kept: &Arc<Kept>) -> Self {
        Self { kept: Arc::clone(kept), weight: kept.bytes() }
    }
}

impl Compiled {
    pub(crate) fn new(program: Prepared, plan: &Plan) -> Self {
        let only_change = match (plan.boundary, plan.roots.as_slice()) {
            (Boundary::EachRoot, [only]) => Some((only.key.clone(), only.non_null)),
            (Boundary::EachRoot | Boundary::Read | Boundary::Whole, _) => None,
        };
        Self { program, holes: plan.holes.clone(), only_change, answer_bytes: AtomicUsize::new(0) }
    }

    /// An empty buffer with room for an answer like the last one.
    pub(crate) fn buffer(&self) -> Vec<u8> {
        Vec::with_capacity(self.answer_bytes.load(Ordering::Relaxed).max(BUFFER_BYTES_MIN))
    }
}

const BUFFER_BYTES_MIN: usize = 512;

/// Weighs entries by their estimated bytes.
#[derive(Clone)]
struct ByBytes {
    least: u64,
}

impl Weighter<OperationKey, Weighed> for ByBytes {
    fn weight(&self, _key: &OperationKey, weighed: &Weighed) -> u64 {
        weighed.weight.max(self.least)
    }
}

impl Asked<'_> {
    fn owned(self) -> OperationKey {
        OperationKey { view: self.view, text: self.text.into(), name: self.name.map(Into::into) }
    }
}

impl Hash for Asked<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.view, self.text, self.name).hash(state);
    }
}

impl Hash for OperationKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.view, &*self.text, self.name.as_deref()).hash(state);
    }
}

impl Equivalent<OperationKey> for Asked<'_> {
    fn equivalent(&self, key: &OperationKey) -> bool {
        self.view == key.view && self.name == key.name.as_deref() && *self.text == *key.text
    }
}
