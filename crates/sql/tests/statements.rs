//! Every case under `cases/` is a select as text; beside it stand its statements for both databases as they were reviewed, and for SQLite the
//! plan that it makes of each. Every statement is prepared on the real database over the tables that the model gets.
//!
//! A case is a file `<model>/<case>.plan`; `INSTA_UPDATE=always` records anew.

#![allow(clippy::unwrap_used)]

mod advising;
mod databases;
mod plan_text;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use databases::{Postgres, query_plan, sqlite};
use model::Source;
use sql::{
    ArmProgram, Database, Layout, LinkedProgram, Node, NodeShape, ObjectProgram, Parent, PartProgram, PartProgramEntry,
    Statement, SwitchShapeProgram, ValueProgram, ddl,
};

#[test]
fn shop() {
    check_all("shop");
}

#[test]
fn magazine() {
    check_all("magazine");
}

#[test]
fn jobs() {
    check_all("jobs");
}

/// Checks every case of a model.
fn check_all(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let text = std::fs::read_to_string(folder.join("models").join(format!("{name}.graphql"))).unwrap();
    let model = model::read(vec![Source { name: name.to_owned(), text }]).unwrap_or_else(|faults| panic!("{faults:?}"));
    let layout = Layout::of(&model).unwrap();
    let (connection, postgres) = (sqlite(&model, &layout), Postgres::new(&model, &layout, name));
    let folder = folder.join("cases").join(name);
    for (database, word) in [(Database::Sqlite, "sqlite"), (Database::Postgres, "postgres")] {
        let tables = ddl::create(&model, &layout, database).join(";\n\n");
        insta::with_settings!({ snapshot_path => &folder, prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("tables.{word}"), tables);
        });
    }
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|ending| ending == "plan"));
    cases.sort();
    assert!(!cases.is_empty(), "no case in {}", folder.display());
    let mut faults = Vec::new();
    for path in cases {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let select = plan_text::select(&model, &text);
        let case = Case { name, may_sort: text.lines().any(|line| line.starts_with("; sorts:")) };
        let node = |database| sql::program(&model, &layout, database, &select);
        let shown_sqlite = sqlite_text(&case, &node(Database::Sqlite), &connection, &mut faults);
        let shown_postgres = postgres_text(&case, &node(Database::Postgres), &postgres, &mut faults);
        assert_eq!(
            node(Database::Sqlite),
            node(Database::Sqlite),
            "{}: the same plan prints the same bytes",
            case.name
        );
        insta::with_settings!({ snapshot_path => &folder, prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("{}.sqlite", case.name), shown_sqlite);
            insta::assert_snapshot!(format!("{}.postgres", case.name), shown_postgres);
        });
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

struct Case {
    name: String,
    /// The case says why a level below the root sorts or scans.
    may_sort: bool,
}

fn sqlite_text(case: &Case, node: &Node, connection: &rusqlite::Connection, faults: &mut Vec<String>) -> String {
    let mut text = String::new();
    for (path, parent, statement) in statements(node) {
        show(&mut text, &path, parent, statement);
        let prepared = connection.prepare(&statement.sql).map(|prepared| prepared.column_count());
        if prepared != Ok(statement.columns.len()) {
            faults.push(format!("{}: {path}: {prepared:?}\n{}", case.name, statement.sql));
            continue;
        }
        let plan = query_plan(connection, &statement.sql);
        for line in &plan {
            let scans = scans_table(line, &plan);
            if path.contains('.') && !case.may_sort && (scans || line.contains("USE TEMP B-TREE FOR ORDER BY")) {
                faults.push(format!("{}: {path}: {line} (say why with `; sorts:`)\n{}", case.name, statement.sql));
            }
            writeln!(text, "--   {line}").unwrap();
        }
        text.push('\n');
    }
    text
}

/// Whether a line says that a whole table is read: not a bound list, nor a sub-select.
fn scans_table(line: &str, plan: &[String]) -> bool {
    let Some(scanned) = line.trim_start().strip_prefix("SCAN t") else { return false };
    let made = ["CO-ROUTINE t", "MATERIALIZE t"].map(|word| [word, scanned].concat());
    !line.contains("VIRTUAL TABLE") && !plan.iter().any(|other| made.iter().any(|made| other.trim_start() == made))
}

fn postgres_text(case: &Case, node: &Node, postgres: &Postgres, faults: &mut Vec<String>) -> String {
    let mut text = String::new();
    for (path, parent, statement) in statements(node) {
        show(&mut text, &path, parent, statement);
        let prepared = postgres.prepare(&statement.sql);
        if prepared != Ok(statement.columns.len()) {
            faults.push(format!("{}: {path}: {prepared:?}\n{}", case.name, statement.sql));
        }
        text.push('\n');
    }
    text
}

fn show(text: &mut String, path: &str, parent: Option<Parent>, statement: &Statement) {
    writeln!(text, "-- {} {path}", statement.slot).unwrap();
    if let Some(parent) = parent.filter(|parent| *parent != Parent::None) {
        writeln!(text, "-- parent: {parent:?}").unwrap();
    }
    if !statement.params.is_empty() {
        writeln!(text, "-- binds: {:?}", statement.params).unwrap();
    }
    writeln!(text, "-- gives: {:?}\n{};", statement.columns, statement.sql).unwrap();
}

type Found<'a> = (String, Option<Parent>, &'a Statement);

/// Every statement of a program with its place.
fn statements(node: &Node) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    of_node(node, "root", &mut found);
    found
}

fn of_node<'a>(node: &'a Node, path: &str, found: &mut Vec<Found<'a>>) {
    found.extend(node.rows.iter().map(|statement| (path.to_owned(), Some(node.parent), statement)));
    for (counts, word) in [(&node.counts, "totals"), (&node.page_counts, "page totals")] {
        found.extend(counts.iter().map(|counts| (format!("{path} {word}"), Some(node.parent), &counts.statement)));
    }
    match &node.shape {
        NodeShape::List(row) | NodeShape::One(row) => of_object(&row.object, path, found),
        NodeShape::Parts(entries) => of_parts(entries, path, found),
    }
}

fn of_parts<'a>(entries: &'a [PartProgramEntry], path: &str, found: &mut Vec<Found<'a>>) {
    for entry in entries {
        match &entry.value {
            PartProgram::Rows(row) | PartProgram::First(row) => of_object(&row.object, path, found),
            PartProgram::Wrap(inner) => of_parts(inner, path, found),
            PartProgram::Linked(linked) => of_linked(linked, path, found),
            _ => {}
        }
    }
}

fn of_linked<'a>(linked: &'a LinkedProgram, path: &str, found: &mut Vec<Found<'a>>) {
    for arm in &linked.arms {
        of_node(&arm.node, &format!("{path}.{}", arm.word), found);
    }
}

fn of_object<'a>(object: &'a ObjectProgram, path: &str, found: &mut Vec<Found<'a>>) {
    for entry in &object.entries {
        let path = format!("{path}.{}", entry.key);
        match &entry.value {
            ValueProgram::Node(node) => of_node(node, &path, found),
            ValueProgram::Wrap(inner) => of_object(inner, &path, found),
            ValueProgram::Switch(switch) => {
                found.push((format!("{path} links"), Some(switch.parent), &switch.links));
                let counts = switch.counts.iter();
                found.extend(counts.map(|counts| (format!("{path} totals"), Some(switch.parent), &counts.statement)));
                match &switch.shape {
                    SwitchShapeProgram::List(linked) | SwitchShapeProgram::One(linked) => {
                        of_linked(linked, &path, found);
                    }
                    SwitchShapeProgram::Parts(entries) => of_parts(entries, &path, found),
                }
            }
            ValueProgram::Component(component) => {
                for ArmProgram { word, row, .. } in &component.arms {
                    of_object(&row.object, &format!("{path}.{word}"), found);
                }
            }
            ValueProgram::Refused(refusal) => panic!("{path}: {refusal:?}"),
            _ => {}
        }
    }
}
