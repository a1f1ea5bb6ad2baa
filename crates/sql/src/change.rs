//! From one model's database to another's: what changes in people's words, what is lost, what must hold before, and the steps.

use model::Model;

use crate::ddl;
use crate::{Database, Layout, LayoutError};

/// Everything that a migration does, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Migration {
    /// What changes, in people's words.
    pub changes: Vec<ChangeText>,
    /// What must hold before anything is touched.
    pub guards: Vec<Guard>,
    /// The work.
    pub steps: Vec<Step>,
}

/// One change in people's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeText {
    /// `Album: the field "year" is added`.
    pub text: String,
    /// What goes for ever.
    pub loss: Option<Loss>,
}

/// Something that a change takes away for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// What is counted, `values of Album.year`.
    pub what: String,
    /// One number: how many there are. At 0 nothing is lost.
    pub count: String,
}

/// Something that must hold before a migration may begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// What is wrong with the rows that are found, and the fix.
    pub problem: String,
    /// The document ids of rows in the way (one text column), the first few.
    pub rows: String,
}

/// Rows in the way that a message names.
pub const GUARD_ROWS_SHOWN: u32 = 5;

/// One piece of work: whole or not at all, except slices, which can be continued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// In people's words.
    pub text: String,
    /// What is done.
    pub work: Work,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// These statements, in one transaction.
    Statements(Vec<String>),
    /// One statement over the rows of a table. On SQLite its two parameters are the last row that is done and the last row of the slice, by
    /// row number; PostgreSQL does all rows at once, without parameters.
    Rows {
        /// The statement.
        statement: String,
        /// On SQLite the row number that ends the next slice: its parameters are the last row that is done and the size of a slice.
        slice_end: String,
    },
}

/// The migration that makes a database from nothing.
///
/// # Errors
/// What this version cannot store.
pub fn from_nothing(model: &Model, database: Database) -> Result<Migration, LayoutError> {
    let layout = Layout::of(model)?;
    let own = model.types.iter().filter(|content_type| !content_type.is_system);
    let change = |name: &str| ChangeText { text: [name, ": a new content type"].concat(), loss: None };
    Ok(Migration {
        changes: own.map(|content_type| change(&content_type.name)).collect(),
        guards: Vec::new(),
        steps: vec![Step {
            text: "make every table".to_owned(),
            work: Work::Statements(ddl::create(model, &layout, database)),
        }],
    })
}

/// The migration from one model to another.
///
/// # Errors
/// What this version cannot store.
pub fn between(_before: &Model, after: &Model, _database: Database) -> Result<Migration, LayoutError> {
    let _ = Layout::of(after)?;
    Ok(Migration::default())
}
