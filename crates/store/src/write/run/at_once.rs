//! A document that one statement makes and shows. On PostgreSQL it is a transaction by itself, without BEGIN and COMMIT.

use plan::WriteAction;
use sql::{AnswerProgram, Node};

use super::{Fate, Part, Request, Stopped, change_env, closed_entry, is_alone, open_entry};
use crate::Error;
use crate::postgres::Session;
use crate::read::postgres::Levels;
use crate::write::change::Change;
use crate::write::create::Asked;
use crate::write::door::{Spot, show};
use crate::write::postgres::{Commit, PostgresDoor};
use crate::write::prepared::{ChangeRoot, PreparedWrite};

/// Makes it and tells the answer; none where nothing is written and the whole story has to be told.
pub(super) async fn at_once(
    session: &Session,
    request: &Request,
    range: (usize, usize),
    commit: &Commit,
) -> Result<Option<Part>, Stopped> {
    let root = &request.prepared.roots[range.0];
    let Some(write) = root.value.write().filter(|_| is_alone(request, range)) else { return Ok(None) };
    let AnswerProgram::Row(node) = &write.program.answer else { return Ok(None) };
    let door = PostgresDoor::new(session, request.env(), commit);
    let use_of_session = session.in_use();
    let made = made(&door, request, (write, node)).await;
    if !matches!(&made, Err(Error::OutcomeUnknown { .. })) {
        use_of_session.ends();
    }
    let Some(levels) = made? else { return Ok(None) };
    let mut part = Part::default();
    open_entry(&mut part.bytes, range.0, root);
    shown(request, root, (node, &levels), part).map(Some)
}

async fn made(
    door: &PostgresDoor<'_>,
    request: &Request,
    (write, node): (&PreparedWrite, &Node),
) -> Result<Option<Levels>, Error> {
    let Some(program) = write.program.at_once.as_ref().filter(|program| program.shows) else { return Ok(None) };
    let WriteAction::Create { data, version, locale } = &write.write.action else { return Ok(None) };
    let change = Change::new(change_env(request, write), door);
    // What is refused before anything is asked of the database, and what the server refuses, is told by the whole story.
    let Ok(Some(made)) = change.asked_at_once(program, Asked { data, version: *version, locale }) else {
        return Ok(None);
    };
    match door.made(made.call, node).await {
        Err(Error::Postgres(_)) => Ok(None),
        levels => levels,
    }
}

/// What fails from here on, fails although the document is written.
fn shown(
    request: &Request,
    root: &ChangeRoot,
    (node, levels): (&Node, &Levels),
    mut part: Part,
) -> Result<Part, Stopped> {
    let start = part.bytes.len();
    let path = [root.key.as_str()];
    let spot = Spot { path: &path, place: root.place };
    let shown = show(levels, request.env(), node, spot, std::mem::take(&mut part.bytes));
    let shown = shown.map_err(|error| Stopped { fate: Fate::MayBeWritten, ..Stopped::from(error) })?;
    closed_entry(root, (start, request.context.now), shown, &mut part);
    Ok(part)
}
