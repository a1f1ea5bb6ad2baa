//! The caller's own account, and what commands answer with: everybody may see their own, nobody what is hidden, and nothing beyond it without a rule.

use model::{Model, Source, SystemColumn};
use plan::{
    Answer, AnswerEntry, AnswerValue, Boundary, Caller, Column, Command, Effect, Entry, Filter, Form, From, Locale,
    Object, Page, Place, Plan, Policy, Root, RootValue, Row, RowValue, Select, Shape, Status, Version, authorize,
};

/// What of the account is asked.
enum Ask {
    Field(&'static str),
    Related(&'static str),
}

fn model() -> Model {
    let text = "type Note @model { text: String! writer: User @relation }\n\
                extend type User @allow(role: \"editor\", to: [FIND], fields: [\"username\"]) { notes: Note }";
    model::read(vec![Source { name: "model.graphql".into(), text: text.into() }]).expect("a model that holds")
}

fn select(model: &Model, from: From, ask: &Ask) -> Select {
    let of = model.type_named("User").expect("accounts are there");
    let field = |name: &str| model.content_type(of).field_named(name).expect("a field of the type");
    let value = match ask {
        Ask::Field(name) => RowValue::Column(Column::Field(field(name)), Form::Plain),
        Ask::Related(name) => {
            let id = field(name);
            let Some(model::Target::Type(target)) =
                model.content_type(of).field(id).relation().map(|relation| relation.target)
            else {
                panic!("{name} is a relation to one type");
            };
            let key = RowValue::Column(Column::System(SystemColumn::Key), Form::Plain);
            RowValue::Select(Box::new(one(target, From::Relation(of, id), key)))
        }
    };
    one(of, from, value)
}

fn one(of: model::TypeId, from: From, value: RowValue) -> Select {
    let entry = Entry { key: "f".into(), non_null: false, name: String::new(), value };
    let version = Version { status: Status::Only, locale: Locale::Only, publication: None };
    let shape = Shape::One(Row { non_null: false, object: Object { entries: vec![entry] } });
    Select { from, of, version, filter: Filter::All, sort: Vec::new(), distinct: Vec::new(), page: Page::One, shape }
}

/// `-` refused as a whole, `.` the entry is refused, `+` shown.
fn letter(model: &Model, role: &str, value: RootValue) -> char {
    let caller = Caller::Roles { roles: vec![role.to_owned()], user: serde_json::Map::new() };
    let root = Root { key: "r".into(), non_null: false, place: Place::default(), value };
    let plan = Plan { roots: vec![root], holes: Vec::new(), boundary: Boundary::EachRoot, rows_max: 1 };
    let authorized = authorize(plan, &Policy::of(model, &caller), model);
    let select = match &authorized.get().roots[0].value {
        RootValue::Select(select) => select,
        RootValue::Command(command) => match &command.answer {
            Answer::Wrap(entries) => match &entries[0].value {
                AnswerValue::Row(select) => select,
                other => panic!("{other:?}"),
            },
            Answer::Row(select) => select,
        },
        RootValue::Refused(_) => return '-',
        other => panic!("{other:?}"),
    };
    let Shape::One(row) = &select.shape else { panic!("one row was asked") };
    if matches!(row.object.entries[0].value, RowValue::Refused(_)) { '.' } else { '+' }
}

fn check(ask: &Ask, expected: &str) {
    let model = model();
    let own = |role: &str| letter(&model, role, RootValue::Own(Box::new(select(&model, From::Type, ask))));
    let command = |role: &str| {
        let of = model.type_named("User").expect("accounts are there");
        let row = AnswerValue::Row(Box::new(select(&model, From::Written, ask)));
        let answer = Answer::Wrap(vec![AnswerEntry { key: "user".into(), value: row }]);
        let command = Command { effect: Effect::SignIn, of, given: Vec::new(), is_list: false, answer };
        letter(&model, role, RootValue::Command(Box::new(command)))
    };
    let met: String = [own("public"), own("nobody-named-it"), command("public"), command("editor")].iter().collect();
    assert_eq!(met, expected);
}

#[test]
fn an_account_shows_its_owner_what_is_not_hidden() {
    check(&Ask::Field("email"), "-+++");
    check(&Ask::Field("password"), "-...");
    check(&Ask::Field("resetPasswordToken"), "-...");
    check(&Ask::Related("role"), "-+++");
    check(&Ask::Related("notes"), "-...");
}
