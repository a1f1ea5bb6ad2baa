//! Bringing a database to a model: plan, show, apply; go on after an interruption.
//!
//! What is done stands in [`sql::change`]; here it is run. PostgreSQL changes its tables inside one transaction, so that an interrupted migration never
//! was. SQLite goes step by step, rows in slices, each with its own commit that also writes into the ledger how far it has come; the next start goes on
//! from there.

mod postgres;
mod sqlite;
mod stored;
mod tokens;

use model::{Model, Source};
use sql::Database;
use sql::change::{self, Loss, LossCount, Migration, Work};

use crate::ledger::{Ledger, Unfinished};
use crate::{Driver, Error, Store};

/// Rows of one slice on SQLite.
pub const SLICE_ROWS: i64 = 1000;

/// What has to be done to bring the database to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct MigrationPlan {
    /// The work; several migrations when an unfinished one must be ended first.
    stages: Vec<Stage>,
    /// What goes for ever, with how much of it there is.
    losses: Vec<String>,
}

/// One migration on the way.
#[derive(Debug, Clone, PartialEq)]
struct Stage {
    migration: Migration,
    /// The applied model that it begins from.
    base: Option<Vec<Source>>,
    target: Vec<Source>,
    default_locale: String,
    /// Where it goes on; none at its beginning.
    unfinished: Option<Unfinished>,
}

/// What the caller agrees to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MigrateOptions {
    /// Values may go for ever.
    pub allow_data_loss: bool,
}

/// How far a migration has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationProgress<'a> {
    /// The step at hand, from 0.
    pub step: usize,
    /// Steps of the migration.
    pub steps: usize,
    /// The step in people's words.
    pub text: &'a str,
    /// Rows done in this step, for steps over rows.
    pub rows_done: u64,
}

impl MigrationPlan {
    /// Nothing has to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stages.iter().all(|stage| stage.migration.steps.is_empty() && stage.unfinished.is_none())
    }

    /// An earlier migration is ended by it.
    #[must_use]
    pub fn is_continuation(&self) -> bool {
        self.stages.iter().any(|stage| stage.unfinished.is_some())
    }

    /// What changes, one sentence each.
    pub fn changes(&self) -> impl Iterator<Item = &str> {
        self.stages.iter().flat_map(|stage| &stage.migration.changes).map(|change| change.text.as_str())
    }

    /// The steps in people's words, each with its statements.
    pub fn steps(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        self.stages.iter().flat_map(|stage| &stage.migration.steps).map(|step| {
            let statements = match &step.work {
                Work::Statements(statements) => statements.iter().map(String::as_str).collect(),
                Work::Rows { statement, .. } => vec![statement.as_str()],
                Work::Convert(convert) => vec![convert.select.as_str(), convert.insert.as_str()],
            };
            (step.text.as_str(), statements)
        })
    }

    /// What goes for ever, `12 values of Album.year`. Empty when nothing does.
    #[must_use]
    pub fn losses(&self) -> &[String] {
        &self.losses
    }
}

impl Store {
    /// What has to be done to bring the database to this model, which was read from `sources`. Nothing is changed. Rows of types that get or lose
    /// their locales are those of the store's default locale.
    ///
    /// # Errors
    /// [`Error::Layout`] for what cannot be stored, [`Error::LedgerModel`] and [`Error::LedgerNewer`] when the applied model cannot be read,
    /// [`Error::InTheWay`] when rows do not fit the new model.
    pub async fn migrate_plan(&self, model: &Model, sources: &[Source]) -> Result<MigrationPlan, Error> {
        match self.driver() {
            Driver::Sqlite(_) => {}
            Driver::Postgres(postgres) => postgres::nobody_migrates(postgres).await?,
        }
        let ledger = self.ledger().await?;
        let locales = self.locales();
        let sources = stamped(sources);
        let goal = Goal { model, sources: &sources, default_locale: &locales.default, database: self.database() };
        let mut plan = MigrationPlan { stages: stages(&ledger, &goal)?, losses: Vec::new() };
        tokens::take_over(self, &mut plan.stages).await?;
        if plan.is_continuation() {
            return Ok(plan);
        }
        let mut problems: Vec<String> = plan.stages.iter().flat_map(|stage| stage.migration.refused.clone()).collect();
        if problems.is_empty() {
            problems = self.rows_in_the_way(&plan).await?;
        }
        if !problems.is_empty() {
            return Err(Error::InTheWay { problems });
        }
        Ok(MigrationPlan { losses: self.losses_of(&plan).await?, ..plan })
    }

    /// Does what the plan says. On SQLite `progress` is called after every slice. What follows on an unfinished migration is planned again once that has
    /// ended: only then can be seen which rows are in its way and what it loses.
    ///
    /// # Errors
    /// [`Error::Loss`] when values would go and the caller did not agree; the errors of [`Store::migrate_plan`] for what follows; what the database said.
    pub async fn migrate_apply<Progress>(
        &self,
        plan: &MigrationPlan,
        options: MigrateOptions,
        mut progress: Progress,
    ) -> Result<(), Error>
    where
        Progress: FnMut(MigrationProgress<'_>) + Send,
    {
        if !plan.losses.is_empty() && !options.allow_data_loss {
            return Err(Error::Loss { losses: plan.losses.clone() });
        }
        let Some((first, later)) = plan.stages.split_first() else { return Ok(()) };
        self.apply_stage(first, &mut progress).await?;
        for stage in later {
            let model = read_again(&stage.target)?;
            let again = self.migrate_plan(&model, &stage.target).await?;
            if !again.losses.is_empty() && !options.allow_data_loss {
                return Err(Error::Loss { losses: again.losses });
            }
            for stage in &again.stages {
                self.apply_stage(stage, &mut progress).await?;
            }
        }
        Ok(())
    }

    async fn apply_stage<Progress>(&self, stage: &Stage, progress: &mut Progress) -> Result<(), Error>
    where
        Progress: FnMut(MigrationProgress<'_>) + Send,
    {
        match self.driver() {
            Driver::Sqlite(sqlite) => sqlite::apply(sqlite, stage, progress).await,
            Driver::Postgres(postgres) => postgres::apply(postgres, stage, progress).await,
        }
    }

    /// One sentence for each guard that finds rows, with the first of them.
    async fn rows_in_the_way(&self, plan: &MigrationPlan) -> Result<Vec<String>, Error> {
        let mut problems = Vec::new();
        for guard in plan.stages.iter().flat_map(|stage| &stage.migration.guards) {
            let rows = self.texts(&guard.rows).await?;
            if !rows.is_empty() {
                problems.push([guard.problem.as_str(), " (documents ", &rows.join(", "), ")"].concat());
            }
        }
        Ok(problems)
    }

    async fn losses_of(&self, plan: &MigrationPlan) -> Result<Vec<String>, Error> {
        let mut losses = Vec::new();
        let changes = plan.stages.iter().flat_map(|stage| &stage.migration.changes);
        for loss in changes.filter_map(|change| change.loss.as_ref()) {
            let count = self.count_loss(loss).await?;
            if count > 0 {
                losses.push([&count.to_string(), " ", &counted(count, &loss.what)].concat());
            }
        }
        Ok(losses)
    }

    async fn count_loss(&self, loss: &Loss) -> Result<u64, Error> {
        match &loss.count {
            LossCount::Numbers(statements) => {
                let mut sum = 0;
                for statement in statements {
                    sum += self.texts(statement).await?.concat().parse::<u64>().unwrap_or(0);
                }
                Ok(sum)
            }
            LossCount::Unconverted(convert) => match self.driver() {
                Driver::Sqlite(sqlite) => sqlite::unconverted(sqlite, convert).await,
                Driver::Postgres(postgres) => postgres::unconverted(postgres, convert).await,
            },
        }
    }

    /// The only column of a statement's rows, as texts.
    async fn texts(&self, statement: &str) -> Result<Vec<String>, Error> {
        match self.driver() {
            Driver::Sqlite(sqlite) => sqlite::texts(sqlite, statement).await,
            Driver::Postgres(postgres) => postgres::texts(postgres, statement).await,
        }
    }
}

/// `values of Album.year`, or of one the `value of` it.
fn counted(count: u64, what: &str) -> String {
    match what.split_once("s of ") {
        Some((many, rest)) if count == 1 && !many.contains(' ') => [many, " of ", rest].concat(),
        Some(_) | None => what.to_owned(),
    }
}

/// The model that a database is brought to.
struct Goal<'a> {
    model: &'a Model,
    sources: &'a [Source],
    default_locale: &'a str,
    database: Database,
}

/// From what the ledger says to this model: first the rest of an unfinished migration, then what is left.
fn stages(ledger: &Ledger, goal: &Goal<'_>) -> Result<Vec<Stage>, Error> {
    if ledger.unfinished.is_none() && ledger.applied.as_deref() == Some(goal.sources) {
        // Every start comes here: the same texts are the same model, without reading them again.
        return Ok(Vec::new());
    }
    let mut stages = Vec::new();
    let mut at: Option<Model> = ledger.applied.as_deref().map(read_again).transpose()?;
    if let Some(unfinished) = &ledger.unfinished {
        let target = read_again(&unfinished.target)?;
        stages.push(Stage {
            migration: between(at.as_ref(), &target, goal.database, &unfinished.default_locale)?,
            base: ledger.applied.clone(),
            target: unfinished.target.clone(),
            default_locale: unfinished.default_locale.clone(),
            unfinished: Some(unfinished.clone()),
        });
        at = Some(target);
    }
    let last = ledger.unfinished.as_ref().map(|unfinished| &unfinished.target).or(ledger.applied.as_ref());
    if last.is_none_or(|last| last != goal.sources) {
        let migration = between(at.as_ref(), goal.model, goal.database, goal.default_locale)?;
        let default_locale = goal.default_locale.to_owned();
        let (base, target) = (last.cloned(), goal.sources.to_vec());
        stages.push(Stage { migration, base, target, default_locale, unfinished: None });
    }
    Ok(stages)
}

fn between(
    before: Option<&Model>,
    after: &Model,
    database: Database,
    default_locale: &str,
) -> Result<Migration, Error> {
    match before {
        None => Ok(change::from_nothing(after, database)?),
        Some(before) => Ok(change::between(before, after, database, default_locale)?),
    }
}

/// The texts with the version of the language that they are read as.
fn stamped(sources: &[Source]) -> Vec<Source> {
    let stamp = model::language(model::LANGUAGE);
    sources.iter().filter(|source| source.name != stamp.name).cloned().chain([stamp.clone()]).collect()
}

/// The model that the ledger's texts say. Texts without a version were read before there were versions.
fn read_again(sources: &[Source]) -> Result<Model, Error> {
    let version = model::language_of(sources).unwrap_or(1);
    if version > model::LANGUAGE {
        return Err(Error::LedgerNewer { version, known: model::LANGUAGE });
    }
    model::read(sources.iter().cloned().chain([model::language(version)]).collect()).map_err(|faults| {
        let first = faults.list.first().map(|fault| fault.message.clone()).unwrap_or_default();
        Error::LedgerModel { first }
    })
}
