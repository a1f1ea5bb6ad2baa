//! A connection inside a transaction, as the story of a change sees it: the one thing in which the two databases differ.

use plan::{Fault, Place, Value, Values};
use sql::{Database, Node, Statement};

use super::frame::Call;
use crate::Error;
use crate::answer::{Out, Source, Walk, Wrote};

/// The rows of one statement.
pub(crate) type Rows = Vec<Vec<Value>>;

/// A connection inside a transaction.
pub(crate) trait Door {
    /// Which of the two databases it leads to.
    fn database(&self) -> Database;

    /// Runs statements in order. None needs another one's rows, so that PostgreSQL gets them in one go. The first failure is told.
    fn run(&self, calls: Vec<Call<'_>>) -> impl Future<Output = Result<Vec<Rows>, Error>> + Send;

    /// Those of these keys for which a statement finds a row.
    fn keep(&self, statement: &Statement, keys: Vec<Value>) -> impl Future<Output = Result<Vec<Value>, Error>> + Send;

    /// Does what is no statement and may block, while the transaction waits for it.
    fn beside(
        &self,
        work: impl FnOnce() -> Result<(), Error> + Send + 'static,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Runs the last statements of a change and appends its answer. Where that is known to be all, PostgreSQL gets COMMIT in the same go.
    fn finish(
        &self,
        calls: Vec<Call<'_>>,
        last: Last<'_>,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<Shown, Error>> + Send;

    /// Appends what a node shows of the document with this key. The node's statements are numbered below `statements`.
    fn show(
        &self,
        node: (&Node, u16),
        key: &Value,
        spot: Spot<'_>,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<Shown, Error>> + Send;
}

/// The end of a change: what its answer shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Last<'x> {
    /// The row, and the number of the statements that show it.
    pub(crate) node: (&'x Node, u16),
    /// The document's key.
    pub(crate) key: &'x Value,
    /// Where it is shown.
    pub(crate) spot: Spot<'x>,
    /// Nothing of the transaction follows.
    pub(crate) ends: bool,
}

/// Where in the answer something is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot<'x> {
    /// Keys that lead there.
    pub(crate) path: &'x [&'x str],
    /// Where the operation names the root entry.
    pub(crate) place: Place,
}

/// What was shown.
#[derive(Debug)]
pub(crate) struct Shown {
    /// The answer, grown.
    pub(crate) bytes: Vec<u8>,
    /// What went wrong.
    pub(crate) faults: Vec<Fault>,
    /// What became of it; what was written of a failure is still there.
    pub(crate) wrote: Wrote,
}

/// Shows the rows of a source.
pub(crate) fn show(
    source: &dyn Source,
    env: Env<'_>,
    node: &Node,
    spot: Spot<'_>,
    bytes: Vec<u8>,
) -> Result<Shown, Error> {
    let mut out = Out::new(bytes, env.bytes_max);
    if let Some((root, inner)) = spot.path.split_first() {
        out.enter_root(root, spot.place);
        for key in inner {
            out.enter(key);
        }
    }
    let wrote = Walk::new(source, env.values, env.rows_max, &mut out).node(node, None)?;
    Ok(Shown { bytes: out.bytes, faults: out.faults, wrote })
}

/// What a door reads with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Env<'a> {
    /// Values of the request.
    pub(crate) values: &'a Values,
    /// Longest list.
    pub(crate) rows_max: u32,
    /// The project's default locale.
    pub(crate) default_locale: &'a str,
    /// Largest answer.
    pub(crate) bytes_max: usize,
}

impl<'a> Env<'a> {
    /// What statements of reads draw from.
    pub(crate) fn read(self) -> crate::read::Env<'a> {
        crate::read::Env { values: self.values, rows_max: self.rows_max, default_locale: self.default_locale }
    }
}
