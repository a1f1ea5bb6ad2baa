//! What FIND on a job shows of the workflow engine's rows: those of its own runs and versions.

use model::{ColumnName, Condition, Job, Model, Operator, Term, TypeId};

/// Types whose rows are of a run, by the relation that leads there.
const OF_RUN: [&str; 5] = ["_RunTag", "_StepRun", "_RunState", "_RunEvent", "_RunLog"];

/// For each of the engine's types that has rows of this job, which rows these are.
pub(super) fn of_job(model: &Model, job: &Job) -> Vec<(TypeId, Condition)> {
    let mut list = Vec::new();
    let mut add = |name: &str, condition: Option<Condition>| {
        list.extend(model.type_named(name).zip(condition));
    };
    let run =
        named(model, "_Run", [("jobName", &job.name), ("repository", &job.repository), ("location", &job.location)]);
    for of in OF_RUN {
        add(of, through(model, of, "run", run.clone()));
    }
    let step = through(model, "_StepRun", "run", run.clone());
    for of in ["_StepState", "_Artifact"] {
        add(of, through(model, of, "step", step.clone()));
    }
    add("_Run", run);
    let own = named(model, "_Job", [("name", &job.name), ("repository", &job.repository), ("location", &job.location)]);
    for of in ["_JobVersion", "_Schedule"] {
        add(of, through(model, of, "job", own.clone()));
    }
    let version = through(model, "_JobVersion", "job", own.clone());
    for of in ["_Op", "_Edge"] {
        add(of, through(model, of, "version", version.clone()));
    }
    add("_Job", own);
    list
}

/// All of these fields are these texts.
fn named(model: &Model, of: &str, fields: [(&str, &String); 3]) -> Option<Condition> {
    let of = model.content_type(model.type_named(of)?);
    let is = fields.map(|(field, text)| {
        let column = ColumnName::Field(of.field_named(field)?);
        let value = Term::Literal(text.as_str().into());
        Some(Condition::Compare { column, operator: Operator::Eq, value })
    });
    is.into_iter().collect::<Option<Vec<_>>>().map(Condition::And)
}

fn through(model: &Model, of: &str, relation: &str, condition: Option<Condition>) -> Option<Condition> {
    let field = model.content_type(model.type_named(of)?).field_named(relation)?;
    Some(Condition::Some { field, condition: Box::new(condition?) })
}
