//! The statements of a change of each content type, for both databases as they were reviewed; every one is prepared over the tables that the
//! model gets. `INSTA_UPDATE=always` records anew.
#![allow(clippy::unwrap_used)]

mod databases;
mod plan_text;

use std::fmt::Write as _;
use std::path::Path;

use databases::{Postgres, query_plan, sqlite};
use model::{Model, Source, TypeId};
use plan::{
    Answer, Assignment, Data, Filter, Find, Given, HoleId, LinkKind, Links, Locale, Losing, RowRules, Write,
    WriteAction, WriteVersion,
};
use sql::{Database, Layout, WriteProgram, WriteStatement};

#[test]
fn shop() {
    check("shop");
}

#[test]
fn magazine() {
    check("magazine");
}

fn check(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let text = std::fs::read_to_string(folder.join("models").join(format!("{name}.graphql"))).unwrap();
    let model = model::read(vec![Source { name: name.to_owned(), text }]).unwrap_or_else(|faults| panic!("{faults:?}"));
    let layout = Layout::of(&model).unwrap();
    let (connection, postgres) = (sqlite(&model, &layout), Postgres::new(&model, &layout, &format!("{name}_writes")));
    for (database, word) in [(Database::Sqlite, "sqlite"), (Database::Postgres, "postgres")] {
        let mut text = String::new();
        for (of, content_type) in model.content_types().filter(|(_, content_type)| !content_type.is_system) {
            writeln!(text, "==== {}", content_type.name).unwrap();
            let program = WriteProgram::of(&model, &layout, database, &everything(&model, of));
            let made = WriteProgram::of(&model, &layout, database, &made_at_once(&model, of));
            let at_once = made.at_once.as_ref().map(|one| ("at once".to_owned(), &one.statement));
            for (name, statement) in statements(&program).into_iter().chain(at_once) {
                let faults = match database {
                    Database::Sqlite => scans(&connection, statement),
                    Database::Postgres => postgres.prepare(&statement.sql).err().into_iter().collect(),
                };
                assert_eq!(faults, Vec::<String>::new(), "{}", statement.sql);
                writeln!(text, "-- {name}\n{}", statement.sql).unwrap();
            }
        }
        insta::with_settings!({ snapshot_path => folder.join("writes"), prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("{name}.{word}"), text);
        });
    }
}

/// Steps of SQLite's plan that read a whole table. Lists that are bound are read whole on purpose.
fn scans(connection: &rusqlite::Connection, statement: &WriteStatement) -> Vec<String> {
    let mut steps = query_plan(connection, &statement.sql);
    steps.retain(|step| step.contains("SCAN ") && !step.contains("json_each") && !step.contains("CONSTANT ROW"));
    steps
}

/// A change that gives every field: links where there are links, null elsewhere.
fn everything(model: &Model, of: TypeId) -> Write {
    let links = || Links { ids: HoleId(0), kind: LinkKind::Either, visible: Filter::All };
    let given = |field: &model::Field| match field.relation().map(|relation| relation.target) {
        Some(model::Target::Type(_)) => Given::Links(links()),
        Some(model::Target::Group(group)) => {
            Given::TypedLinks(model.group(group).members.iter().map(|member| (*member, links())).collect())
        }
        None => Given::Null,
    };
    let fields = model.content_type(of).fields_by_id();
    let data = Data { assignments: fields.map(|(id, field)| Assignment { field: id, given: given(field) }).collect() };
    let (version, locale) = (WriteVersion::Only, Locale::Default);
    let action = WriteAction::Update { find: Find::DocumentId(HoleId(0)), data, version, locale, or_create: false };
    let losing =
        model.content_type(of).fields_by_id().filter_map(|(id, field)| losing(model, (of, id), field)).collect();
    let rules = RowRules { row: Filter::Nothing, losing, ..RowRules::default() };
    Write { of, action, answer: Answer::Wrap(Vec::new()), rules }
}

/// A document that is made with its fields and one document for each relation to one, and shows a column of its own.
fn made_at_once(model: &Model, of: TypeId) -> Write {
    let given = |field: &model::Field| match field.relation() {
        Some(relation) if relation.many || !model.holds_links(relation) => None,
        Some(_) => Some(Given::Links(Links { ids: HoleId(0), kind: LinkKind::DocumentId, visible: Filter::All })),
        None => Some(Given::Null),
    };
    let fields = model.content_type(of).fields_by_id();
    let assignments = fields.filter_map(|(id, field)| Some(Assignment { field: id, given: given(field)? })).collect();
    let action = WriteAction::Create { data: Data { assignments }, version: WriteVersion::Only, locale: Locale::Only };
    let shown = ["(one ", &model.content_type(of).name, " (show _document_id _created_at))"].concat();
    let select = plan::Select { from: plan::From::Written, ..plan_text::select(model, &shown) };
    Write { of, action, answer: Answer::Row(Box::new(select)), rules: RowRules::default() }
}

/// Rows that a two-way relation can take links from: those of the side that holds them, unless it is this one and shares its partners.
fn losing(model: &Model, (of, id): (TypeId, model::FieldId), field: &model::Field) -> Option<Losing> {
    let relation = field.relation()?;
    let (other, held) = model.other_side(relation)?;
    let is_shared = model.content_type(other).field(held).relation().is_some_and(|other| other.many);
    match (model.holds_links(relation), is_shared) {
        (true, true) => None,
        (true, false) => Some(Losing { field: id, of, rule: Filter::Nothing }),
        (false, _) => Some(Losing { field: id, of: other, rule: Filter::Nothing }),
    }
}

fn statements(program: &WriteProgram) -> Vec<(String, &WriteStatement)> {
    let single = [
        ("find", Some(&program.find)),
        ("resolve", program.resolve.as_ref().map(|one| &one.statement)),
        ("unique", program.unique.as_ref().map(|one| &one.statement)),
        ("take key", program.take_key.as_ref()),
        ("take rows", program.take_rows.as_ref()),
        ("insert document", program.insert_document.as_ref()),
        ("take entry", program.take_entry.as_ref()),
        ("insert row", Some(&program.insert_row)),
        ("update", Some(&program.update)),
        ("update shared", program.update_shared.as_ref()),
        ("publish shared", program.publish_shared.as_ref()),
        ("overwrite", Some(&program.overwrite)),
        ("take element ids", Some(&program.take_element_ids)),
        ("delete", Some(&program.delete)),
        ("delete locale", program.delete_locale.as_ref()),
    ];
    let mut list: Vec<(String, &WriteStatement)> =
        single.into_iter().filter_map(|(name, statement)| Some((name.to_owned(), statement?))).collect();
    list.extend(program.uids.iter().map(|one| ("uid".to_owned(), &one.statement)));
    for link in &program.links {
        let parts = [("before", &link.before), ("give", &link.give), ("copy", &link.copy), ("publish", &link.publish)];
        for (part, statements) in parts {
            list.extend(statements.iter().map(|one| (format!("field {}: {part}", link.field.0), one)));
        }
    }
    list.extend(program.losing.iter().map(|one| (format!("field {}: losing", one.field.0), &one.rows)));
    if let Some(links) = &program.element_links {
        let parts = [("clear", &links.clear), ("put", &links.put), ("drop", &links.drop), ("copy", &links.copy)];
        list.extend(parts.map(|(part, statement)| (format!("elements: {part}"), statement)));
    }
    list.extend(program.forget.iter().map(|one| ("forget".to_owned(), one)));
    list
}
