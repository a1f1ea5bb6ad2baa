//! What no rule of a project lets a caller do: give power that it does not have.
//!
//! A line asks for a change of accounts or roles that the rules allow, and says what is asked of the row: nothing, that it is no
//! administrator's, or that its role is none of those that may do more.

use std::collections::BTreeSet;

use model::{FieldKind, Model, Source};
use plan::{
    Answer, Assignment, Boundary, Caller, Data, Detail, Filter, Find, Given, Hole, HoleId, HoleSource, LinkKind, Links,
    Locale, Place, Plan, Policy, Root, RootValue, RowRules, Transform, ValueKind, Write, WriteAction, WriteVersion,
    authorize, picture,
};

/// `manager` keeps accounts; `member` and `writer` have content of their own, which `editor` has, too, and more.
const MODEL: &str = r#"
type Note @model
  @allow(role: "public", to: [FIND])
  @allow(role: "member", to: [CREATE, UPDATE], where: { writer: { id: { eq: "$user.id" } } })
  @allow(role: "writer", to: [CREATE], fields: ["text", "writer"])
  @allow(role: "editor", to: [CREATE, UPDATE]) { text: String! writer: User }
type Nightly @job { sweep: JSON @run(command: ["true"]) }
extend type User
  @allow(role: "manager", to: [FIND, CREATE, UPDATE, DELETE])
  @allow(role: "editor", to: [FIND, UPDATE])
  @allow(role: "member", to: [FIND, UPDATE], fields: ["username", "nick"], where: { id: { eq: "$user.id" } }) { nick: String }
extend type Role
  @allow(role: "manager", to: [FIND, CREATE, UPDATE, DELETE])
  @allow(role: "editor", to: [FIND, UPDATE])
"#;

enum Change {
    Create,
    Update,
    Delete,
}

fn plan(model: &Model, name: &str, change: &Change, fields: &[&str]) -> Plan {
    let of = model.type_named(name).expect("a system type");
    let content_type = model.content_type(of);
    let assignment = |name: &&str| {
        let field = content_type.field_named(name).expect("a field of the type");
        let given = match content_type.field(field).kind {
            FieldKind::Relation(_) => Given::Links(Links { ids: HoleId(0), kind: LinkKind::Key, visible: Filter::All }),
            FieldKind::Scalar { .. }
            | FieldKind::Enum { .. }
            | FieldKind::Component { .. }
            | FieldKind::Zone { .. } => Given::Value(HoleId(0)),
        };
        Assignment { field, given }
    };
    let data = Data { assignments: fields.iter().map(assignment).collect() };
    let (find, version, locale) = (Find::Key(HoleId(0)), WriteVersion::Only, Locale::Only);
    let action = match change {
        Change::Create => WriteAction::Create { data, version, locale },
        Change::Update => WriteAction::Update { find, data, version, locale, or_create: false },
        Change::Delete => WriteAction::Delete { find, locale, must_exist: false },
    };
    let write = Write { of, action, answer: Answer::Wrap(Vec::new()), rules: RowRules::default() };
    let value = RootValue::Write(Box::new(write));
    let root = Root { key: "r".into(), non_null: false, place: Place::default(), value };
    let source = HoleSource::Literal("x".into());
    let (kind, transform) = (ValueKind::Text, Transform::Keep);
    let hole = Hole { source, kind, list: false, transform, path: Vec::new() };
    Plan { roots: vec![root], holes: vec![hole], boundary: Boundary::EachRoot, rows_max: 1 }
}

/// `-` refused; else the roles that the account may not have, before and after.
fn check(role: &str, (name, change): (&str, Change), fields: &[&str], expected: &str) {
    let source = Source { name: "model.graphql".into(), text: MODEL.into() };
    let model = model::read(vec![source]).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let caller = Caller::Roles { roles: vec![role.to_owned()], user: serde_json::Map::new() };
    let authorized = authorize(plan(&model, name, &change, fields), &Policy::of(&model, &caller), &model);
    let met = match &authorized.get().roots[0].value {
        RootValue::Refused(_) => "-".to_owned(),
        RootValue::Write(_) => {
            let is_asked = picture(&model, authorized.get(), Detail::Question).contains("not some role");
            let words: BTreeSet<&str> = authorized.get().holes.iter().filter_map(words).flatten().collect();
            assert_eq!(is_asked, !words.is_empty(), "the words stand in the row's rule");
            words.into_iter().collect::<Vec<_>>().join(" ")
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(met, expected, "{role} writes {fields:?} of {name}");
}

fn words(hole: &Hole) -> Option<Vec<&str>> {
    match &hole.source {
        HoleSource::Literal(json) => json.as_array().map(|list| list.iter().filter_map(|word| word.as_str()).collect()),
        _ => None,
    }
}

#[test]
fn an_administrators_account_is_for_administrators_alone() {
    for role in ["manager", "editor"] {
        check(role, ("User", Change::Update), &["blocked"], "administrator");
        check(role, ("User", Change::Update), &["nick"], "administrator");
    }
    check("manager", ("User", Change::Delete), &[], "administrator");
    check("member", ("User", Change::Update), &["nick"], "administrator");
    check("administrator", ("User", Change::Update), &["password"], "");
    check("administrator", ("User", Change::Delete), &[], "");
}

#[test]
fn what_opens_an_account_is_given_where_its_role_may_do_no_more() {
    let beyond_manager = "administrator editor member operator writer";
    for field in ["role", "password", "resetPasswordToken", "confirmationToken", "email", "username", "provider"] {
        check("manager", ("User", Change::Update), &[field], beyond_manager);
        check("manager", ("User", Change::Create), &["nick", field], beyond_manager);
        // A rule without a condition covers one with it, and all fields cover some.
        check("editor", ("User", Change::Update), &[field], "administrator manager operator");
        check("administrator", ("User", Change::Update), &[field], "");
    }
    check("member", ("User", Change::Update), &["username"], "administrator editor manager operator writer");
    check("member", ("User", Change::Update), &["password"], "-");
}

#[test]
fn what_a_role_is_is_written_by_administrators() {
    for field in ["name", "type", "users"] {
        check("manager", ("Role", Change::Create), &[field], "-");
        check("manager", ("Role", Change::Update), &["description", field], "-");
        check("administrator", ("Role", Change::Update), &[field], "");
    }
    check("manager", ("Role", Change::Update), &["description"], "");
    check("manager", ("Role", Change::Delete), &[], "-");
    check("administrator", ("Role", Change::Delete), &[], "");
}
