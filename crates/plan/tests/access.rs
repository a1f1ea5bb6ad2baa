//! The access matrix: what each role may do with each content type and field, through every way that leads to it.
//!
//! `access.txt` beside this file is the matrix of `access.graphql`; the test makes it anew and compares. Set `ACCESS_UPDATE=1` to write it
//! after an intended change, and read the difference as code. A letter tells how a question was answered: `+` allowed, `r` allowed on the
//! rows of a rule, `-` refused, `.` there is no such question.

use std::fmt::Write as _;

use model::{Action, Field, FieldId, FieldKind, Model, Source, TypeId};
use plan::{
    Aggregate, Answer, Assignment, Boundary, Caller, Column, Comparison, Data, Direction, Entry, Filter, Find, Form,
    From, Function, Given, Hole, HoleId, HoleSource, LinkKind, Links, Locale, Nulls, Object, Operand, Operator, Page,
    Part, PartEntry, Place, Plan, Policy, Root, RootValue, Row, RowValue, Select, Shape, SortKey, SortPath, Status,
    Transform, ValueKind, Version, Within, Write as PlanWrite, WriteAction, WriteVersion, authorize,
};

const ROLES: [&str; 5] = ["public", "editor", "owner", "publisher", "nobody"];

#[test]
fn every_role_meets_every_field_by_every_way() {
    let sdl = include_str!("access.graphql");
    let source = Source { name: "access.graphql".to_owned(), text: sdl.to_owned() };
    let model = model::read(vec![source]).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let matrix = matrix(&model);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/access.txt");
    if std::env::var_os("ACCESS_UPDATE").is_some() {
        std::fs::write(path, &matrix).expect("the matrix can be written");
    }
    let recorded = std::fs::read_to_string(path).expect("the recorded matrix is there");
    assert_eq!(matrix, recorded, "set ACCESS_UPDATE=1 to write the matrix after an intended change");
}

/// One line for each type and field, one column of letters for each role.
fn matrix(model: &Model) -> String {
    let mut out = String::from(
        "# output, filter, sort, aggregate, create, update, emptied by an update, shown by an update by field; find, draft, create, update, delete, publish by type\n",
    );
    let _ = writeln!(out, "{:<34}{}", "", ROLES.map(|role| format!("{role:<11}")).concat());
    for (of, content_type) in model.content_types() {
        let _ = writeln!(
            out,
            "{:<34}{}",
            content_type.name,
            ROLES.map(|role| format!("{:<11}", type_letters(model, role, of))).concat()
        );
        for (field, declared) in content_type.fields_by_id() {
            let name = format!("  {}.{}", content_type.name, declared.name);
            let _ = writeln!(
                out,
                "{name:<34}{}",
                ROLES.map(|role| format!("{:<11}", field_letters(model, role, (of, field)))).concat()
            );
        }
    }
    out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

fn type_letters(model: &Model, role: &str, of: TypeId) -> String {
    let version = version(model, of, Status::Published);
    let draft = version_draft(model, of);
    let key = Entry {
        key: "k".into(),
        non_null: false,
        name: String::new(),
        value: RowValue::Column(Column::System(plan::SystemColumn::Key), Form::Plain),
    };
    let select =
        |version: Version| RootValue::Select(Box::new(select(of, version, Shape::List(row(vec![key.clone()])))));
    let mut letters = String::new();
    letters.push(letter(model, role, select(version)));
    letters.push(draft.map_or('.', |draft| letter(model, role, select(draft))));
    for action in [Action::Create, Action::Update, Action::Delete] {
        letters.push(letter(model, role, write(of, action, WriteVersion::Draft, Data::default())));
    }
    letters.push(letter(model, role, write(of, Action::Update, WriteVersion::Published, Data::default())));
    letters
}

fn field_letters(model: &Model, role: &str, (of, id): (TypeId, FieldId)) -> String {
    let field = model.content_type(of).field(id);
    let version = version(model, of, Status::Published);
    let mut letters = String::new();
    let output = Shape::List(row(vec![Entry {
        key: "f".into(),
        non_null: false,
        name: String::new(),
        value: output(model, of, id),
    }]));
    letters.push(letter(model, role, root(select(of, version.clone(), output))));
    let filtered =
        Select { filter: filter(model, of, id), ..select(of, version.clone(), Shape::List(row(Vec::new()))) };
    letters.push(letter(model, role, root(filtered)));
    let sorted = Select { sort: sort(model, of, id), ..select(of, version.clone(), Shape::List(row(Vec::new()))) };
    letters.push(letter(model, role, root(sorted)));
    letters.push(aggregate(field, id).map_or('.', |parts| letter(model, role, root(select(of, version, parts)))));
    for action in [Action::Create, Action::Update] {
        let data = Data { assignments: vec![Assignment { field: id, given: given(field) }] };
        letters.push(letter(model, role, write(of, action, WriteVersion::Draft, data)));
    }
    let emptied = Data { assignments: vec![Assignment { field: id, given: Given::Null }] };
    letters.push(letter(model, role, write(of, Action::Update, WriteVersion::Draft, emptied)));
    letters.push(shown_by_update(model, role, (of, id)));
    letters
}

/// Whether the answer to an update shows a field of the row that was written.
fn shown_by_update(model: &Model, role: &str, (of, id): (TypeId, FieldId)) -> char {
    let entry = Entry { key: "f".into(), non_null: false, name: String::new(), value: output(model, of, id) };
    let shape = Shape::One(row(vec![entry]));
    let written = Select { from: From::Written, ..select(of, version(model, of, Status::Published), shape) };
    let RootValue::Write(mut change) = write(of, Action::Update, WriteVersion::Draft, Data::default()) else {
        return '.';
    };
    change.answer = Answer::Row(Box::new(written));
    letter(model, role, RootValue::Write(change))
}

/// Asks, and reads the answer off the rewritten plan.
fn letter(model: &Model, role: &str, value: RootValue) -> char {
    let caller = Caller::Roles { roles: vec![role.to_owned()], user: serde_json::Map::new() };
    let hole = Hole {
        source: HoleSource::Literal("x".into()),
        kind: ValueKind::Text,
        list: false,
        transform: Transform::Keep,
        path: Vec::new(),
    };
    let root = Root { key: "r".into(), non_null: false, place: Place::default(), value };
    let plan = Plan { roots: vec![root], holes: vec![hole], boundary: Boundary::EachRoot, rows_max: 100 };
    let authorized = authorize(plan, &Policy::of(model, &caller), model);
    match &authorized.get().roots[0].value {
        RootValue::Refused(_) => '-',
        RootValue::Constant(_)
        | RootValue::Own(_)
        | RootValue::Switch(_)
        | RootValue::Through(_)
        | RootValue::Shaped(_) => {
            unreachable!("nothing such is asked")
        }
        RootValue::Select(select) if refuses(&select.shape) => '-',
        RootValue::Select(_) if authorized.get().holes.len() > 1 => 'r',
        RootValue::Write(write) if matches!(&write.answer, Answer::Row(select) if refuses(&select.shape)) => '-',
        RootValue::Write(write) if write.rules.row != Filter::All || authorized.get().holes.len() > 1 => 'r',
        RootValue::Select(_) | RootValue::Write(_) | RootValue::Command(_) => '+',
    }
}

fn refuses(shape: &Shape) -> bool {
    match shape {
        Shape::List(row) | Shape::One(row) => row.object.entries.iter().any(|entry| match &entry.value {
            RowValue::Refused(_) => true,
            RowValue::Select(select) => refuses(&select.shape),
            _ => false,
        }),
        Shape::Parts(entries) => entries.iter().any(|entry| matches!(entry.value, Part::Refused(_))),
    }
}

fn root(select: Select) -> RootValue {
    RootValue::Select(Box::new(select))
}

fn select(of: TypeId, version: Version, shape: Shape) -> Select {
    Select {
        from: From::Type,
        of,
        version,
        filter: Filter::All,
        sort: Vec::new(),
        distinct: Vec::new(),
        page: Page::All,
        shape,
    }
}

fn row(entries: Vec<Entry>) -> Row {
    Row { non_null: false, object: Object { entries } }
}

fn version(model: &Model, of: TypeId, status: Status) -> Version {
    let has_drafts = model.content_type(of).draft_and_publish;
    Version { status: if has_drafts { status } else { Status::Only }, locale: Locale::Only, publication: None }
}

fn version_draft(model: &Model, of: TypeId) -> Option<Version> {
    model.content_type(of).draft_and_publish.then(|| version(model, of, Status::Draft))
}

fn target(model: &Model, field: &Field) -> Option<TypeId> {
    match field.relation()?.target {
        model::Target::Type(of) => Some(of),
        model::Target::Group(group) => model.group(group).members.first().copied(),
    }
}

fn output(model: &Model, of: TypeId, id: FieldId) -> RowValue {
    match target(model, model.content_type(of).field(id)) {
        None => RowValue::Column(Column::Field(id), Form::Plain),
        Some(target) => {
            let below = select(target, version(model, target, Status::Published), Shape::List(row(Vec::new())));
            RowValue::Select(Box::new(Select { from: From::Relation(of, id), ..below }))
        }
    }
}

fn filter(model: &Model, of: TypeId, id: FieldId) -> Filter {
    match target(model, model.content_type(of).field(id)) {
        None => Filter::Compare(Comparison {
            column: Column::Field(id),
            operator: Operator::Eq,
            value: Operand::Hole(HoleId(0)),
        }),
        Some(target) => Filter::Some {
            field: id,
            version: version(model, target, Status::Published),
            filter: Box::new(Filter::All),
        },
    }
}

fn sort(model: &Model, of: TypeId, id: FieldId) -> Vec<SortKey> {
    let path = match target(model, model.content_type(of).field(id)) {
        None => SortPath::Column(Column::Field(id)),
        Some(target) => SortPath::Relation {
            field: id,
            version: version(model, target, Status::Published),
            filter: Box::new(Filter::All),
            then: Box::new(SortPath::Column(Column::System(plan::SystemColumn::Key))),
        },
    };
    vec![SortKey { path, direction: Direction::Ascending, nulls: Nulls::Last }]
}

fn aggregate(field: &Field, id: FieldId) -> Option<Shape> {
    let counts = matches!(field.kind, FieldKind::Scalar { .. } | FieldKind::Enum { .. });
    let aggregate = Aggregate {
        function: Function::Max,
        columns: vec![Column::Field(id)],
        distinct: false,
        within: Within::Filter,
        form: Form::Plain,
    };
    let entry = PartEntry { key: "a".into(), non_null: false, name: String::new(), value: Part::Aggregate(aggregate) };
    counts.then(|| Shape::Parts(vec![entry]))
}

fn given(field: &Field) -> Given {
    match field.relation() {
        None => Given::Value(HoleId(0)),
        Some(_) => Given::Links(Links { ids: HoleId(0), kind: LinkKind::DocumentId, visible: Filter::All }),
    }
}

fn write(of: TypeId, action: Action, version: WriteVersion, data: Data) -> RootValue {
    let (find, locale) = (Find::DocumentId(HoleId(0)), Locale::Only);
    let action = match action {
        Action::Create => WriteAction::Create { data, version, locale },
        Action::Delete => WriteAction::Delete { find, locale, must_exist: false },
        _ => WriteAction::Update { find, data, version, locale, or_create: false },
    };
    RootValue::Write(Box::new(PlanWrite {
        of,
        action,
        answer: Answer::Wrap(Vec::new()),
        rules: plan::RowRules::default(),
    }))
}
