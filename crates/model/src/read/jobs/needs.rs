//! `@needs`: which ops of the same job must have succeeded before one starts. No op may wait for itself.

use apollo_compiler::schema::ObjectType;

use crate::read::{Env, Faults, arguments};
use crate::{Diagnostic, Job, OpId, naming};

pub(super) fn read(env: &Env, object: &ObjectType, job: &mut Job, faults: &mut Faults) {
    for at in 0..job.ops.len() {
        let needs = of_op(env, object, job, at, faults);
        job.ops[at].needs = needs;
    }
    if let Some(circle) = circle(job) {
        faults.push(fault(job, &circle));
    }
}

fn of_op(env: &Env, object: &ObjectType, job: &Job, at: usize, faults: &mut Faults) -> Vec<OpId> {
    let op = &job.ops[at];
    let Some(directive) = object.fields.get(op.name.as_str()).and_then(|part| part.directives.get("needs")) else {
        return Vec::new();
    };
    let mut needs: Vec<OpId> = Vec::new();
    let words = arguments::words(env, directive, "ops").unwrap_or_default();
    if words.is_empty() {
        let message = format!("`{}.{}` needs no op", job.type_name, op.name);
        faults
            .push(Diagnostic::new(message, arguments::place(env, directive, "ops")).help("name ops, or remove @needs"));
    }
    for (word, node) in words {
        let place = env.texts.place(node.location());
        match job.op_named(word) {
            None => {
                let near = naming::nearest(word, job.ops.iter().map(|op| op.name.as_str()));
                let fault = Diagnostic::new(format!("`{}` has no op `{word}`", job.type_name), place);
                faults.push(match near {
                    Some(near) => fault.help(format!("did you mean `{near}`?")),
                    None => fault,
                });
            }
            Some(need) if needs.contains(&need) => {
                faults.push(Diagnostic::new(format!("`{word}` stands here twice"), place).help("keep one of them"));
            }
            Some(need) => needs.push(need),
        }
    }
    needs
}

/// A way from an op back to itself, if there is one: the shortest of the first op that has one.
fn circle(job: &Job) -> Option<Vec<OpId>> {
    job.ops_by_id().find_map(|(id, _)| way_back(job, id))
}

/// Breadth first along the needs, from the op to itself.
fn way_back(job: &Job, start: OpId) -> Option<Vec<OpId>> {
    let mut came_from: Vec<Option<OpId>> = vec![None; job.ops.len()];
    let mut front = vec![start];
    while !front.is_empty() {
        let mut next = Vec::new();
        for at in front {
            for need in &job.op(at).needs {
                if *need == start {
                    return Some(way(&came_from, start, at));
                }
                if came_from[usize::from(need.0)].is_none() {
                    came_from[usize::from(need.0)] = Some(at);
                    next.push(*need);
                }
            }
        }
        front = next;
    }
    None
}

fn way(came_from: &[Option<OpId>], start: OpId, end: OpId) -> Vec<OpId> {
    let mut way = vec![end];
    let mut at = end;
    while at != start {
        // Every op on the way but the first was come to from another.
        let Some(before) = came_from[usize::from(at.0)] else { break };
        way.push(before);
        at = before;
    }
    way.reverse();
    way
}

fn fault(job: &Job, circle: &[OpId]) -> Diagnostic {
    let first = job.op(circle[0]);
    let names: Vec<&str> = circle.iter().chain(&circle[..1]).map(|id| job.op(*id).name.as_str()).collect();
    let message = match circle.len() {
        1 => format!("`{}.{}` needs itself", job.type_name, first.name),
        _ => format!("the ops of `{}` wait for each other: {}", job.type_name, names.join(" needs ")),
    };
    let start = Diagnostic::new(message, first.place.clone()).help("take one of the needs out");
    circle[1..].iter().fold(start, |fault, id| fault.related(job.op(*id).place.clone(), "this one too"))
}
