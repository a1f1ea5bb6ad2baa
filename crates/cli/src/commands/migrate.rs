//! `dragoman migrate`: what the database needs to fit the model, shown or taken.

use std::fmt::Write as _;
use std::process::ExitCode;

use model::{Model, Source};
use store::{MigrateOptions, MigrationPlan, Store};

use crate::arguments::Project as Arguments;
use crate::commands::print::print;
use crate::error::Error;
use crate::lock::DataLock;
use crate::progress;
use crate::project::Project;
use crate::serving::{block_on, open_store};

/// What is to be done about the steps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) dry_run: bool,
    pub(crate) allow_data_loss: bool,
}

/// Plans, shows, applies. The exit status is 1 where steps were only shown.
pub(crate) fn run(arguments: &Arguments, wish: Wish) -> Result<ExitCode, Error> {
    let project = Project::open(arguments, &[])?;
    let _logging = crate::logging::start(&project.config)?;
    let sources = project.schema_texts()?;
    let model = project.model()?;
    let _lock = DataLock::take(&project)?;
    let store = open_store(&project)?;
    block_on(async {
        let plan = store.migrate_plan(&model, &sources).await?;
        if plan.is_empty() {
            eprintln!("The database fits the model.");
            return Ok(ExitCode::SUCCESS);
        }
        print(&described(&plan));
        if wish.dry_run {
            eprintln!("Nothing was changed; `dragoman migrate` takes these steps.");
            return Ok(ExitCode::FAILURE);
        }
        apply(&store, &plan, MigrateOptions { allow_data_loss: wish.allow_data_loss }).await?;
        eprintln!("The database fits the model now.");
        Ok(ExitCode::SUCCESS)
    })?
}

/// Applies what loses nothing, and refuses the rest with what to do. Gives the sentences of what was changed.
pub(crate) async fn apply_without_loss(
    project: &Project,
    store: &Store,
    model: &Model,
    sources: &[Source],
) -> Result<Vec<String>, Error> {
    let plan = store.migrate_plan(model, sources).await?;
    if plan.is_empty() {
        return Ok(Vec::new());
    }
    if !plan.losses().is_empty() {
        return Err(Error::Loss { losses: plan.losses().join("\n"), folder: project.folder.clone() });
    }
    apply(store, &plan, MigrateOptions::default()).await?;
    Ok(plan.changes().map(str::to_owned).collect())
}

/// Refuses a database that does not fit.
pub(crate) async fn require_none(store: &Store, model: &Model, sources: &[Source]) -> Result<(), Error> {
    let plan = store.migrate_plan(model, sources).await?;
    if plan.is_empty() { Ok(()) } else { Err(Error::NotMigrated { changes: plan.changes().count().max(1) }) }
}

async fn apply(store: &Store, plan: &MigrationPlan, options: MigrateOptions) -> Result<(), Error> {
    let bar = progress::bar(0, "migrate");
    let outcome = store.migrate_apply(plan, options, |progress| {
        bar.set_length(progress.steps as u64);
        bar.set_position(progress.step as u64);
        bar.set_message(progress.text.to_owned());
    });
    let outcome = outcome.await;
    bar.finish_and_clear();
    Ok(outcome?)
}

/// The steps with their statements, and what they lose.
fn described(plan: &MigrationPlan) -> String {
    let mut text = String::new();
    if plan.is_continuation() {
        text.push_str("-- An interrupted migration is ended first.\n");
    }
    for change in plan.changes() {
        // Writing to a String does not fail.
        let _always = writeln!(text, "-- {change}").is_ok();
    }
    for (step, statements) in plan.steps() {
        let _always = writeln!(text, "\n-- {step}").is_ok();
        for statement in statements {
            let _always = writeln!(text, "{statement};").is_ok();
        }
    }
    for loss in plan.losses() {
        let _always = writeln!(text, "\n-- LOSES {loss}").is_ok();
    }
    text
}
