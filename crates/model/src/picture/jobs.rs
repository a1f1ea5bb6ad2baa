//! Jobs in the picture of a model.

use std::fmt::{self, Formatter, Write as _};

use crate::config::ConfigField;
use crate::{
    Backoff, Executor, GraphUse, InputSource, Jitter, Job, Model, NodeInput, Op, OpType, OpTypeKind, PartitionKeys,
    Repository, Resource, Schedule, ScheduleConfig, SourceShape, StatusSensor, Tags, Work, WorkerLost,
};

pub(super) fn repository(of: &Repository, out: &mut Formatter<'_>) -> fmt::Result {
    write!(out, "repository {} in {}", of.name, of.location)?;
    of.description.iter().try_for_each(|text| write!(out, ": {text}"))?;
    writeln!(out)
}

pub(super) fn status_sensor(of: &StatusSensor, out: &mut Formatter<'_>) -> fmt::Result {
    write!(out, "sensor {} of runs, {} in {}: ", of.sensor.name, of.repository, of.location)?;
    write!(out, "{:?} on {} of ", of.sensor.command, of.statuses.join(" "))?;
    match &of.jobs {
        Some(jobs) => writeln!(out, "{}", jobs.join(" ")),
        None => writeln!(out, "all jobs"),
    }
}

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
    of.graphs.iter().try_for_each(|of| graph(of, out))?;
    of.ops.iter().try_for_each(|of_op| op(of, of_op, out))?;
    of.resources.iter().try_for_each(|of| resource(of, out))?;
    of.hooks.iter().try_for_each(|hook| writeln!(out, "  hook {} on {:?}: {:?}", hook.name, hook.on, hook.command))?;
    for sensor in &of.sensors {
        writeln!(out, "  sensor {}: {:?} every {}s", sensor.name, sensor.command, sensor.every.as_secs_f64())?;
    }
    of.partitions.iter().try_for_each(|of| match &of.keys {
        PartitionKeys::Fixed(keys) => writeln!(out, "  partitions {}: {}", of.name, keys.join(" ")),
        PartitionKeys::Daily(first) => writeln!(out, "  partitions {}: daily from {first}", of.name),
        PartitionKeys::Command(command) => writeln!(out, "  partitions {}: asks {command:?}", of.name),
    })?;
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

fn graph(of: &GraphUse, out: &mut Formatter<'_>) -> fmt::Result {
    write!(out, "  graph {} ({})", of.name, of.definition)?;
    if let Some(output) = &of.output {
        out.write_str(": ")?;
        op_type(&output.of, out)?;
        write!(out, " of {}", output.from.node)?;
    }
    writeln!(out)?;
    of.inputs.iter().try_for_each(|of| input(None, of, out))
}

fn resource(of: &Resource, out: &mut Formatter<'_>) -> fmt::Result {
    write!(out, "  resource {}", of.name)?;
    of.command.iter().try_for_each(|command| write!(out, ", runs {command:?}"))?;
    writeln!(out)?;
    of.config.iter().try_for_each(|field| config_field(field, out))
}

fn op(job: &Job, of: &Op, out: &mut Formatter<'_>) -> fmt::Result {
    write!(out, "  {}: ", of.name)?;
    for (at, output) in of.outputs.iter().enumerate() {
        out.write_str(if at > 0 { " and " } else { "" })?;
        if of.outputs.len() > 1 {
            write!(out, "{}: ", output.name)?;
        }
        op_type(&output.of, out)?;
        out.write_str(if output.is_maybe { " or not" } else { "" })?;
        out.write_str(if output.is_dynamic { " several times" } else { "" })?;
    }
    if !of.name.ends_with(&of.definition) {
        write!(out, ", uses {}", of.definition)?;
    }
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
    tags("  tags", &of.tags, out)?;
    of.pool.iter().try_for_each(|pool| writeln!(out, "    in the pool {pool}"))?;
    if let Some(asset) = &of.asset {
        writeln!(out, "    the asset {} of {}", asset.key.join("/"), asset.group)?;
    }
    if !of.resources.is_empty() {
        writeln!(out, "    supplied with {}", of.resources.join(" "))?;
    }
    of.inputs
        .iter()
        .filter(|input| input.of.kind != OpTypeKind::Nothing)
        .try_for_each(|of| input(Some(job), of, out))?;
    of.config.iter().try_for_each(|field| config_field(field, out))
}

fn config_field(field: &ConfigField, out: &mut Formatter<'_>) -> fmt::Result {
    write!(out, "    {}{}: {}", field.name, if field.required { "" } else { "?" }, field.of)?;
    field.default.iter().try_for_each(|value| write!(out, " = {value}"))?;
    writeln!(out)
}

/// An input with its source, and what that comes to where graphs stand between.
fn input(job: Option<&Job>, of: &NodeInput, out: &mut Formatter<'_>) -> fmt::Result {
    write!(out, "    takes {}: ", of.name)?;
    op_type(&of.of, out)?;
    of.default.iter().try_for_each(|value| write!(out, " = {value}"))?;
    match &of.source {
        InputSource::Config => out.write_str(" of config")?,
        InputSource::GraphInput(name) => write!(out, " of the graph's {name}")?,
        InputSource::Outputs(outputs, shape) => {
            out.write_str(match shape {
                SourceShape::One => " of",
                SourceShape::List => " of all",
                SourceShape::Each => " of each",
                SourceShape::Collected => " of what came of",
            })?;
            outputs.iter().try_for_each(|output| write!(out, " {}.{}", output.node, output.output))?;
        }
    }
    if let (Some(job), InputSource::GraphInput(_)) = (job, &of.source) {
        of.feeds.iter().try_for_each(|feed| write!(out, ", {}.{}", job.op(feed.op).name, feed.output))?;
    }
    writeln!(out)
}

fn op_type(of: &OpType, out: &mut Formatter<'_>) -> fmt::Result {
    match &of.kind {
        OpTypeKind::Nothing => out.write_str("Nothing"),
        OpTypeKind::Any => out.write_str("Any"),
        OpTypeKind::Scalar(scalar) => out.write_str(scalar.name()),
        OpTypeKind::Enum(name) => out.write_str(name),
        OpTypeKind::List(item) => {
            out.write_char('[')?;
            op_type(item, out)?;
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
