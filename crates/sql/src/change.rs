//! From one model's database to another's: what changes in people's words, what is lost, what must hold before, and the steps.
//!
//! A table whose rows stay as they are is changed in place (a new nullable column, an index). Every other table is made anew under a name of
//! its own (`_m_3`) and filled from the old ones, which nobody touches meanwhile; the last step drops the old tables and gives the new ones
//! their names, in one transaction. So a migration that fails or is given up leaves the database as it was, up to its last step.
//!
//! Values that SQL cannot rewrite alike on both databases (another kind, members of component elements) go through a side table (`_v_1`: row,
//! value) that the store fills with [`Conversion::convert`].

mod convert;
mod guard;
mod links;
mod loss;
mod pairs;
mod rows;
mod swap;

use model::change::{Change, TypeChange};
use model::{Model, changes};

use crate::ddl::{self, Schema, create_table};
use crate::ddl_print::Text;
use crate::layout::TableId;
use crate::{Database, Layout, LayoutError};
pub use convert::Conversion;
use pairs::Pairs;

/// Everything that a migration does, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Migration {
    /// What changes, in people's words.
    pub changes: Vec<ChangeText>,
    /// What cannot be done at all, each with the way out. Not empty: nothing may be done.
    pub refused: Vec<String>,
    /// What must hold before anything is touched.
    pub guards: Vec<Guard>,
    /// The work.
    pub steps: Vec<Step>,
    /// Undoes every step but the last.
    pub give_up: Vec<String>,
}

/// One change in people's words.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeText {
    /// `Album.year: a new field`.
    pub text: String,
    /// What goes for ever.
    pub loss: Option<Loss>,
}

/// Something that a change takes away for ever.
#[derive(Debug, Clone, PartialEq)]
pub struct Loss {
    /// What is counted, `values of Album.year`.
    pub what: String,
    /// How many there are. At 0 nothing is lost.
    pub count: LossCount,
}

/// How it is known how much is lost.
#[derive(Debug, Clone, PartialEq)]
pub enum LossCount {
    /// Statements of one number each, to be added.
    Numbers(Vec<String>),
    /// Values that the conversion gives nothing for.
    Unconverted(Box<Convert>),
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
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// In people's words.
    pub text: String,
    /// What is done.
    pub work: Work,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
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
    /// Values that are rewritten outside the database.
    Convert(Box<Convert>),
}

/// Values that are rewritten outside the database.
#[derive(Debug, Clone, PartialEq)]
pub struct Convert {
    /// Row and value of a column, values that are not null; sliced as [`Work::Rows`]. On PostgreSQL the value is text.
    pub select: String,
    /// As in [`Work::Rows`].
    pub slice_end: String,
    /// Puts row (on PostgreSQL as text) and value (there as text) into the side table.
    pub insert: String,
    /// What becomes of a value.
    pub conversion: Conversion,
}

/// One of the two models with its tables.
struct Side<'a> {
    model: &'a Model,
    layout: Layout,
    schema: Schema,
}

impl<'a> Side<'a> {
    fn of(model: &'a Model) -> Result<Side<'a>, LayoutError> {
        let layout = Layout::of(model)?;
        let schema = ddl::schema(model, &layout);
        Ok(Side { model, layout, schema })
    }
}

/// What every part of the planning looks at.
struct Env<'a> {
    database: Database,
    default_locale: &'a str,
    before: Side<'a>,
    after: Side<'a>,
    changes: Vec<Change>,
    pairs: Pairs,
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
        steps: vec![Step {
            text: "make every table".to_owned(),
            work: Work::Statements(ddl::create(model, &layout, database)),
        }],
        ..Migration::default()
    })
}

/// The migration from one model to another. Rows of a type that gets locales, or loses them, are those of the default locale.
///
/// # Errors
/// What this version cannot store.
pub fn between(
    before: &Model,
    after: &Model,
    database: Database,
    default_locale: &str,
) -> Result<Migration, LayoutError> {
    let changes = changes(before, after);
    let pairs = Pairs::of(before, after, &changes);
    let env = Env { database, default_locale, before: Side::of(before)?, after: Side::of(after)?, changes, pairs };
    let mut migration = Migration { refused: env.refused(), ..Migration::default() };
    let fates = env.fates();
    migration.changes = env.change_texts(&fates);
    if env.before.schema == env.after.schema && env.changes.is_empty() {
        return Ok(migration);
    }
    migration.guards = guard::guards(&env, &fates);
    migration.steps = env.steps(&fates);
    migration.give_up = swap::give_up(&env, &fates);
    Ok(migration)
}

/// What becomes of a table of the model after.
#[derive(Debug, Clone, PartialEq)]
enum Fate {
    /// It stands already, under this name; columns and indexes are added and dropped in place.
    Kept,
    /// It is made under a name of its own, with these fills.
    Made(Vec<Fill>),
}

/// One statement that fills a table that is made.
#[derive(Debug, Clone, PartialEq)]
struct Fill {
    /// Columns and the expressions that they get.
    columns: Vec<(String, String)>,
    /// `"x" as b join ..`, the first of them is what slices go over.
    from: String,
    /// The table that slices go over.
    driver: String,
    /// Its alias.
    alias: &'static str,
    /// All hold.
    filters: Vec<String>,
    /// What conversions have to be done first.
    converts: Vec<Convert>,
    /// Two rows of the source may give one row.
    may_repeat: bool,
}

impl Env<'_> {
    /// Whether a table is kept or made, for every table after.
    fn fates(&self) -> Vec<Fate> {
        (0u16..).map(TableId).zip(&self.after.layout.tables).map(|(id, _)| self.fate(id)).collect()
    }

    /// Changes of keys cannot be done; they would have to rewrite every link and every id that clients hold.
    fn refused(&self) -> Vec<String> {
        let refusal = |change: &Change| match change {
            Change::Type(pair, TypeChange::Key) => {
                let name = &self.after.model.content_type(pair.after).name;
                Some([name, ": the kind of its keys cannot be changed; make a new content type and load its documents as a seed"].concat())
            }
            Change::Type(..)
            | Change::TypeAdded(_)
            | Change::TypeRemoved(_)
            | Change::ComponentAdded(_)
            | Change::ComponentRemoved(_)
            | Change::ComponentRenamed(_)
            | Change::FieldAdded { .. }
            | Change::FieldRemoved(_)
            | Change::Field(..)
            | Change::OwnerSwapped { .. }
            | Change::Enum(..)
            | Change::UniqueKeyRemoved(..)
            | Change::UniqueKeyAdded(..)
            | Change::IndexRemoved(..)
            | Change::IndexAdded(..) => None,
        };
        self.changes.iter().filter_map(refusal).collect()
    }

    fn change_texts(&self, fates: &[Fate]) -> Vec<ChangeText> {
        let (before, after) = (self.before.model, self.after.model);
        let text = |change: &Change| ChangeText {
            text: change.text(before, after),
            loss: change.loses(before, after).and_then(|what| {
                let count = loss::count(self, change, fates)?;
                Some(Loss { what, count })
            }),
        };
        self.changes.iter().map(text).collect()
    }

    /// New tables, their rows, and the exchange.
    fn steps(&self, fates: &[Fate]) -> Vec<Step> {
        let made: Vec<(usize, &Vec<Fill>)> = fates
            .iter()
            .enumerate()
            .filter_map(|(index, fate)| match fate {
                Fate::Kept => None,
                Fate::Made(fills) => Some((index, fills)),
            })
            .collect();
        let mut steps = Vec::new();
        if !made.is_empty() {
            let tables = made.iter().map(|(index, _)| self.create_made(*index));
            let sides = made
                .iter()
                .flat_map(|(_, fills)| fills.iter())
                .flat_map(|fill| &fill.converts)
                .map(|convert| convert::create_side(&convert.conversion, self.database));
            let statements: Vec<String> = tables.chain(sides).collect();
            steps.push(Step { text: "make the new tables".to_owned(), work: Work::Statements(statements) });
        }
        for (index, fills) in made {
            let table = &self.after.schema.tables[index];
            for fill in fills {
                for convert in &fill.converts {
                    let text = ["rewrite the values of ", &convert.conversion.what].concat();
                    steps.push(Step { text, work: Work::Convert(Box::new(convert.clone())) });
                }
                let work = fill.work(&made_name(index), self.database);
                steps.push(Step { text: ["move the rows of ", &table.name].concat(), work });
            }
        }
        let statements = swap::exchange(self, fates);
        if !statements.is_empty() {
            steps.push(Step { text: "put the new tables in place".to_owned(), work: Work::Statements(statements) });
        }
        steps
    }

    fn create_made(&self, index: usize) -> String {
        create_table(&self.after.schema.tables[index], &made_name(index), self.database)
    }

    /// The name under which a table after can be read while rows are moved.
    fn name_while_moving(&self, table: TableId) -> String {
        let index = usize::from(table.0);
        if self.is_kept(table) { self.after.schema.tables[index].name.clone() } else { made_name(index) }
    }
}

/// The name of a table while it is made.
fn made_name(index: usize) -> String {
    ["_m_", &index.to_string()].concat()
}

impl Fill {
    /// `insert into "_m_3" ("a", "b") select b."a", .. from "x" as b where .. and b._rowid_ > ?1 and b._rowid_ <= ?2`
    fn work(&self, table: &str, database: Database) -> Work {
        let mut text = Text::new(database);
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        text.push("insert into ").name(table).push(" (").names(&names).push(") ").push(&self.select(database, true));
        if self.may_repeat {
            text.push(" on conflict do nothing");
        }
        Work::Rows { statement: text.text, slice_end: slice_end(&self.driver, database) }
    }

    /// The rows that it gives, under the names of their columns; all of them, or those of a slice.
    fn select(&self, database: Database, sliced: bool) -> String {
        let mut text = Text::new(database);
        text.push("select ");
        for (index, (name, expression)) in self.columns.iter().enumerate() {
            text.separate(index).push(expression).push(" as ").name(name);
        }
        text.push(" from ").push(&self.from).push(" where ");
        let slice = sliced.then(|| slice_condition(self.alias, database)).flatten();
        let filters: Vec<&str> = self.filters.iter().map(String::as_str).chain(slice.as_deref()).collect();
        text.push(if filters.is_empty() { "true" } else { "" }).push(&filters.join(" and "));
        text.text
    }
}

/// `b._rowid_ > ?1 and b._rowid_ <= ?2`; nothing on PostgreSQL.
fn slice_condition(alias: &str, database: Database) -> Option<String> {
    let words = || [alias, "._rowid_ > ?1 and ", alias, "._rowid_ <= ?2"].concat();
    (database == Database::Sqlite).then(words)
}

/// `select max(r) from (select _rowid_ as r from "x" where _rowid_ > ?1 order by _rowid_ limit ?2)`
fn slice_end(table: &str, database: Database) -> String {
    let mut text = Text::new(database);
    text.push("select max(r) from (select _rowid_ as r from ").name(table);
    text.push(" where _rowid_ > ?1 order by _rowid_ limit ?2) as slice");
    text.text
}
