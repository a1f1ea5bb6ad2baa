//! Jobs in the picture of a model.

use std::fmt::{self, Formatter, Write as _};

use crate::{
    Backoff, Executor, Jitter, Job, Model, Op, Output, OutputKind, Schedule, ScheduleConfig, Tags, Work, WorkerLost,
};

pub(super) fn job(model: &Model, of: &Job, out: &mut Formatter<'_>) -> fmt::Result {
    write!(out, "job {} ({}), {} in {}", of.name, of.type_name, of.repository, of.location)?;
    if of.executor == Executor::InProcess {
        out.write_str(", one step after another")?;
    }
    if of.on_worker_lost == WorkerLost::Fail {
        out.write_str(", fails with its worker")?;
    }
    of.max_concurrent.iter().try_for_each(|most| write!(out, ", {most} steps side by side"))?;
    of.max_runtime.iter().try_for_each(|most| write!(out, ", at most {}s", most.as_secs_f64()))?;
    writeln!(out)?;
    tags("tags", &of.tags, out)?;
    tags("tags of runs", &of.run_tags, out)?;
    of.ops.iter().try_for_each(|of_op| op(of, of_op, out))?;
    of.schedules.iter().try_for_each(|of| schedule(of, out))?;
    for trigger in &of.triggers {
        let events: Vec<&str> = trigger.events.iter().map(|event| event.word()).collect();
        writeln!(out, "  on {}: {}", model.content_type(trigger.of).name, events.join(" "))?;
    }
    for rule in &of.rules {
        let actions: Vec<&str> = rule.actions.iter().map(|action| action.word()).collect();
        writeln!(out, "  allow {}: {}", rule.role, actions.join(" "))?;
    }
    Ok(())
}

fn tags(word: &str, of: &Tags, out: &mut Formatter<'_>) -> fmt::Result {
    if of.is_empty() {
        return Ok(());
    }
    write!(out, "  {word}")?;
    of.iter().try_for_each(|(key, value)| write!(out, " {key}={value:?}"))?;
    out.write_char('\n')
}

fn op(job: &Job, of: &Op, out: &mut Formatter<'_>) -> fmt::Result {
    write!(out, "  {}: ", of.name)?;
    output(&of.output, out)?;
    match &of.work {
        Work::Process { command } => write!(out, ", runs {command:?}")?,
        Work::Mutation { document, role } => write!(out, ", as {role} {document:?}")?,
    }
    if !of.needs.is_empty() {
        let names: Vec<&str> = of.needs.iter().map(|id| job.op(*id).name.as_str()).collect();
        write!(out, ", needs {}", names.join(" "))?;
    }
    if let Some(retry) = of.retry {
        write!(out, ", {} more after {}s", retry.max, retry.delay.as_secs_f64())?;
        out.write_str(match retry.backoff {
            None => "",
            Some(Backoff::Linear) => " linear",
            Some(Backoff::Exponential) => " exponential",
        })?;
        out.write_str(match retry.jitter {
            None => "",
            Some(Jitter::Full) => " up to",
            Some(Jitter::PlusMinus) => " more or less",
        })?;
    }
    of.timeout.iter().try_for_each(|after| write!(out, ", at most {}s", after.as_secs_f64()))?;
    writeln!(out)?;
    for field in &of.config {
        write!(out, "    {}{}: {}", field.name, if field.required { "" } else { "?" }, field.of)?;
        field.default.iter().try_for_each(|value| write!(out, " = {value}"))?;
        writeln!(out)?;
    }
    Ok(())
}

fn output(of: &Output, out: &mut Formatter<'_>) -> fmt::Result {
    match &of.kind {
        OutputKind::Nothing => out.write_str("Nothing"),
        OutputKind::Any => out.write_str("Any"),
        OutputKind::Scalar(scalar) => out.write_str(scalar.name()),
        OutputKind::Enum(name) => out.write_str(name),
        OutputKind::List(item) => {
            out.write_char('[')?;
            output(item, out)?;
            out.write_char(']')
        }
    }?;
    out.write_str(if of.required { "!" } else { "" })
}

fn schedule(of: &Schedule, out: &mut Formatter<'_>) -> fmt::Result {
    write!(out, "  schedule {}: {} in {}", of.name, of.cron.text(), of.cron.zone())?;
    match &of.config {
        ScheduleConfig::Given(value) if value.as_object().is_some_and(serde_json::Map::is_empty) => {}
        ScheduleConfig::Given(value) => write!(out, ", config {value}")?,
        ScheduleConfig::Command(command) => write!(out, ", asks {command:?}")?,
    }
    writeln!(out, "{}", if of.is_running { ", running" } else { "" })?;
    tags("  tags", &of.tags, out)?;
    tags("  tags of runs", &of.run_tags, out)
}
