//! The errors that clients see, for each cause, in each dialect.

use plan::{BrokenRule, Cause, Fault, FieldFault, Place, Problem, RefusedPart, Segment};

use crate::projects;

fn key(name: &str) -> Segment {
    Segment::Key(name.to_owned())
}

fn broken(path: Vec<Segment>, rule: BrokenRule) -> FieldFault {
    FieldFault { path, rule, value: None }
}

fn causes() -> Vec<Cause> {
    let refused = |key: &str, path: Option<&str>, part| Cause::KeyRefused {
        key: key.to_owned(),
        path: path.map(str::to_owned),
        part,
    };
    let invalid = |problem| Cause::Invalid { problem };
    let link = |by_key| Cause::LinkMissing { of: model::TypeId(3), id: "zzz".to_owned(), locale: None, by_key };
    let day = vec![key("openingHours"), Segment::Index(0), key("day")];
    vec![
        Cause::Forbidden,
        refused("nope", None, RefusedPart::Sort),
        refused("cover", Some("cover"), RefusedPart::Sort),
        refused("nope", Some("chef"), RefusedPart::Filter),
        invalid(Problem::Direction),
        invalid(Problem::PagingMixed),
        invalid(Problem::PagingNull),
        invalid(Problem::Between),
        Cause::Rules(vec![broken(vec![key("title")], BrokenRule::TooShort(3))]),
        Cause::Rules(vec![
            broken(vec![key("stars")], BrokenRule::Missing),
            broken(day, BrokenRule::Null),
            broken(vec![key("dz")], BrokenRule::ListNull),
            broken(vec![key("code")], BrokenRule::NotUnique),
        ]),
        link(false),
        link(true),
        Cause::ElementForeign("closingPeriod".to_owned()),
        Cause::NotFound(None),
        Cause::NullInNonNull("Restaurant.name".to_owned()),
        Cause::TooManyRows(10_000),
        Cause::NotOfKind { kind: "date", text: "nope".to_owned() },
        Cause::OutOfBounds { value: -1, least: 0, greatest: 10 },
        Cause::Unavailable,
        Cause::Internal,
    ]
}

#[test]
fn every_cause_has_its_form() {
    let model = projects::model_of("tests/conformance/strapi5/project");
    for dialect in ["strapi5", "strapi4", "hasura"] {
        let schema = projects::schema_of(&model, dialect);
        let mut out = String::new();
        for cause in causes() {
            let place = Some(Place { line: 1, column: 3 });
            let fault = Fault { path: vec![key("restaurants")], place, cause };
            for error in schema.faults(&[fault]) {
                out.push_str(&error.to_string());
                out.push('\n');
            }
        }
        projects::check_file(&format!("faults/{dialect}.txt"), &out);
    }
}
