//! The difference of two models as data: two texts, and the lines that must come out, each with what it loses.

use model::{Model, Source, changes, read};

fn model(text: &str) -> Model {
    let source = Source { name: "case.graphql".to_owned(), text: text.to_owned() };
    read(vec![source]).unwrap_or_else(|faults| panic!("{faults}"))
}

/// From the first text to the second: the lines in order, a loss behind ` - loses `.
#[track_caller]
fn check(before: &str, after: &str, wanted: &[&str]) {
    let (before, after) = (model(before), model(after));
    let line = |change: &model::change::Change| match change.loses(&before, &after) {
        Some(loss) => [change.text(&before, &after), loss].join(" - loses "),
        None => change.text(&before, &after),
    };
    let lines: Vec<String> = changes(&before, &after).iter().map(line).collect();
    assert_eq!(lines, wanted);
}

const SHOP: &str = include_str!("models/chinook.graphql");
const GUIDE: &str = include_str!("models/restaurants.graphql");
const LANGUAGE: &str = include_str!("models/language.graphql");

#[test]
fn a_model_does_not_differ_from_itself() {
    for text in ["", SHOP, GUIDE, LANGUAGE] {
        check(text, text, &[]);
    }
}

#[test]
fn what_is_not_stored_is_no_change() {
    check(
        "type A @model { a: String b: Int c: [B!] @relation } type B @model { n: Int }",
        "\"Words.\" type B @model @allow(role: \"public\", to: [FIND]) { n: Int @default(value: 3) @readOnly }
         type A @model @name(strapi: \"X\") { c: [B!] \"Words.\" a: String @private b: Int }",
        &[],
    );
    check(
        "type A @model(table: \"old\", key: \"id\") { a: String }",
        "type A @model(table: \"old\", key: \"id\") { b: Int! }",
        &[],
    );
    check(
        "enum E { a } type A @model { e: E }",
        "enum F { b @raw(value: \"a\") } type A @model { e: F }",
        &["A.e: holds F, not E - loses values of A.e that are no F"],
    );
    check(
        "enum E { a } type A @model { e: E }",
        "enum F @renamedFrom(name: \"E\") { b @raw(value: \"a\") } type A @model { e: F }",
        &[],
    );
}

#[test]
fn types_come_go_and_are_renamed() {
    check(
        "type A @model { a: String }",
        "type A @model { a: String } type B @model { b: Int! }",
        &["B: a new content type"],
    );
    check(
        "type A @model { a: String } type B @model { b: Int }",
        "type A @model { a: String }",
        &["B: the content type goes - loses documents of B"],
    );
    check(
        "type A @model { a: String b: B } type B @model { n: Int }",
        "type A @model { a: String b: C } type C @model @renamedFrom(name: \"B\") { n: Int }",
        &["C: was called B"],
    );
    check(
        "type A @model { b: B } type B @model { n: Int }",
        "type A @model { b: C } type C @model { n: Int }",
        &[
            "C: a new content type",
            "A.b: points at C, not B - loses links of A.b to B",
            "B: the content type goes - loses documents of B",
        ],
    );
}

#[test]
fn types_turn_properties_on_and_off() {
    let plain = "type A @model { a: String }";
    let check_both = |with: &str, on: &str, off: &str| {
        check(plain, with, &[on]);
        check(with, plain, &[off]);
    };
    check_both(
        "type A @model(draftAndPublish: true) { a: String }",
        "A: draft and publish on: each document gets both versions",
        "A: draft and publish off: published versions stay - loses drafts that differ from what is published, or were never published, of A",
    );
    check_both(
        "type A @model(localized: true) { a: String @localized }",
        "A: locales on: each document is in the default locale",
        "A: locales off: the default locale stays - loses versions in other than the default locale of A",
    );
    check_both(
        "type A @model(single: true) { a: String }",
        "A: the list becomes a single type - loses all but one of the documents of A",
        "A: the single type becomes a list",
    );
    check_both(
        "type A @model(key: UUID) { a: String }",
        "A: keys are of another kind - loses keys of, and links to, A",
        "A: keys are of another kind - loses keys of, and links to, A",
    );
    check_both(
        "type A @model(keys: \"all\") { a: String }",
        "A: keys are drawn from another sequence",
        "A: keys are drawn from another sequence",
    );
    check_both(
        "type A @model(table: \"old\", key: \"id\") { b: String }",
        "A: an imported table, not one of its own - loses documents of A",
        "A: a table of its own, not an imported one",
    );
    check_both(
        "type A @model(trash: \"1d\") { a: String }",
        "A: deleted documents can be restored",
        "A: deleted documents cannot be restored any more - loses deleted documents that could be restored of A",
    );
    check_both(
        "type A @model(history: 5) { a: String }",
        "A: 5 versions of each document are kept, not 0",
        "A: 0 versions of each document are kept, not 5 - loses older versions of documents of A",
    );
}

#[test]
fn fields_come_go_and_are_renamed() {
    let plain = "type A @model { a: String }";
    check(plain, "type A @model { a: String b: Int }", &["A.b: a new field"]);
    check(
        plain,
        "type A @model { a: String b: Int! @default(value: 1) }",
        &["A.b: a new field, filled with its default"],
    );
    check(plain, "type A @model { a: String b: [Int!]! }", &["A.b: a new field"]);
    check(
        plain,
        "type A @model { a: String b: Int! }",
        &["A.b: a new field, required and without default: published documents that exist stand in the way"],
    );
    check("type A @model { a: String b: Int }", plain, &["A.b: the field goes - loses values of A.b"]);
    check(
        plain,
        "type A @model { b: String @renamedFrom(name: \"x\") @renamedFrom(name: \"a\") }",
        &["A.b: was called a"],
    );
    check(
        "type A @model { a: String b: B } type B @model { n: Int }",
        "type A @model { a: B b: Int } type B @model { n: Int }",
        &[
            "A.a: the field goes - loses values of A.a",
            "A.b: the field goes - loses links of A.b",
            "A.a: a new field",
            "A.b: a new field",
        ],
    );
    check("", "extend type User { points: Int }", &["User.points: a new field"]);
}

#[test]
fn scalars_change_their_kind() {
    let check_kinds = |before: &str, after: &str, loss: &str| {
        let of = |kind: &str| format!("enum E {{ x y }} type A @model {{ a: {kind} other: E }}");
        let line = format!("A.a: holds {after}, not {before}{loss}").replace(['!'], "");
        check(&of(before), &of(after), &[&line]);
    };
    check_kinds("String", "RichText", "");
    check_kinds("Int", "BigInt", "");
    check_kinds("Int", "Float", "");
    check_kinds("Date", "DateTime", "");
    check_kinds("E", "String", "");
    check_kinds("Boolean", "String", "");
    check_kinds("String", "[String!]", "");
    check_kinds("[String!]", "String", " - loses values of A.a that are no String");
    check_kinds("BigInt", "Float", " - loses values of A.a that are no Float");
    check_kinds("String", "Int", " - loses values of A.a that are no Int");
    check_kinds("String", "E", " - loses values of A.a that are no E");
    check_kinds("String", "Email", " - loses values of A.a that are no Email");
    check_kinds("Password", "String", " - loses values of A.a");
    check_kinds("JSON", "Int", " - loses values of A.a");
    check_kinds("Boolean", "Date", " - loses values of A.a");
}

#[test]
fn words_of_enums_come_go_and_are_renamed() {
    let of = |words: &str| format!("enum E {{ {words} }} type A @model {{ e: E }}");
    check(&of("x y"), &of("x y z"), &["E: a new word z"]);
    check(&of("x y"), &of("x"), &["E: the word y goes - loses values y of fields of the enum E"]);
    check(&of("x y"), &of("x z @renamedFrom(name: \"y\")"), &["E: z is stored as \"z\", not \"y\""]);
    check(&of("x y"), &of("x y @raw(value: \"why\")"), &["E: y is stored as \"why\", not \"y\""]);
    check(&of("x y"), &of("x z @raw(value: \"y\")"), &[]);
}

#[test]
fn relations_change_their_number_target_and_sides() {
    let of = |fields: &str, back: &str| {
        format!(
            "type A @model {{ n: Int {fields} }} type B @model {{ n: Int {back} }} type C @model {{ n: Int }} union G = B | C union H = B"
        )
    };
    check(&of("b: B", ""), &of("b: [B!]", ""), &["A.b: a to-one relation becomes a list"]);
    check(
        &of("b: [B!]", ""),
        &of("b: B", ""),
        &["A.b: the list of relations becomes a to-one - loses all but the first of the links of A.b"],
    );
    check(&of("b: B", ""), &of("b: C", ""), &["A.b: points at C, not B - loses links of A.b to B"]);
    check(&of("b: B", ""), &of("b: G", ""), &["A.b: points at G, not B"]);
    check(&of("b: G", ""), &of("b: H", ""), &["A.b: points at H, not G - loses links of A.b to C"]);
    check(
        &of("b: B", ""),
        &of("b: B @relation(inverse: \"a\")", "a: A @relation(mappedBy: \"b\")"),
        &["B.a: a new field", "A.b: another other side, or none"],
    );
    check(
        &of("b: B @relation(inverse: \"a\")", "a: A @relation(mappedBy: \"b\")"),
        &of("b: B", ""),
        &["B.a: the field goes", "A.b: another other side, or none"],
    );
    check(
        &of("b: B @relation(inverse: \"a\")", "a: A @relation(mappedBy: \"b\")"),
        &of("b: B @relation(mappedBy: \"a\")", "a: A @relation(inverse: \"b\")"),
        &["B.a: owns the relation now, not A.b"],
    );
    check(
        &of("b: B", "a: A"),
        &of("b: B @relation(mappedBy: \"a\")", "a: A @relation(inverse: \"b\")"),
        &["A.b: another other side, or none - loses links of A.b", "B.a: another other side, or none"],
    );
}

#[test]
fn components_and_zones_change() {
    let of = |field: &str, members: &str, zone: &str| {
        format!(
            "type A @model {{ n: Int {field} z: [Z!] }} type P @component(category: \"s\") {{ {members} }} \
             type Q @component(category: \"s\") {{ n: Int }} union Z @dynamicZone = {zone}"
        )
    };
    let plain = of("p: P", "t: String", "P | Q");
    check(&plain, &of("p: [P!]", "t: String", "P | Q"), &["A.p: one component becomes a list"]);
    check(
        &of("p: [P!]", "t: String", "P | Q"),
        &plain,
        &["A.p: the list of components becomes one - loses all but the first of the elements of A.p"],
    );
    check(
        &plain,
        &of("p: Q", "t: String", "P | Q"),
        &["A.p: the field goes - loses elements of A.p", "A.p: a new field"],
    );
    check(&plain, &of("p: P", "t: String", "P"), &["A.z: takes Q no more - loses elements Q of A.z"]);
    check(&of("p: P", "t: String", "P"), &plain, &["A.z: takes Q"]);
    check(&plain, &of("p: P", "t: String u: Int", "P | Q"), &["P.u: a new field"]);
    check(&plain, &of("p: P", "u: String @renamedFrom(name: \"t\")", "P | Q"), &["P.u: was called t"]);
    check(&plain, &of("p: P", "u: Int", "P | Q"), &["P.t: the field goes - loses values of P.t", "P.u: a new field"]);
    check(
        &plain,
        &plain.replace("type P @component(category: \"s\")", "type P @component(category: \"s\", name: \"part\")"),
        &["P: is s.part now, not s.p"],
    );
    check(&plain, &format!("{plain} type R @component(category: \"s\") {{ n: Int }}"), &["R: a new component"]);
    check(&format!("{plain} type R @component(category: \"s\") {{ n: Int }}"), &plain, &["R: the component goes"]);
}

#[test]
fn rules_of_fields_come_and_go() {
    let check_both = |before: &str, after: &str, on: &str, off: &str| {
        check(before, after, &[on]);
        check(after, before, &[off]);
    };
    let plain = "type A @model { a: String b: Int }";
    check_both(plain, "type A @model { a: String! b: Int }", "A.a: is required", "A.a: may be missing");
    check_both(
        plain,
        "type A @model { a: String @unique b: Int }",
        "A.a: must be unique",
        "A.a: need not be unique any more",
    );
    check_both(plain, "type A @model { a: String @length(max: 3) b: Int }", "A.a: other bounds", "A.a: other bounds");
    check_both(plain, "type A @model { a: String @index b: Int }", "A: a new index over a", "A: the index over a goes");
    check_both(
        plain,
        "type A @model @unique(fields: [\"a\", \"b\"]) { a: String b: Int }",
        "A: a + b must be unique together",
        "A: a + b need not be unique any more",
    );
    check_both(
        "type A @model { a: String @unique b: Int }",
        "type A @model { a: String @unique(nullsEqual: true) b: Int }",
        "A.a: must be unique",
        "A.a: need not be unique any more",
    );
    check_both(
        "type A @model(localized: true) { a: String b: Int }",
        "type A @model(localized: true) { a: String @localized b: Int }",
        "A.a: may differ between locales",
        "A.a: is the same in all locales - loses values in other than the default locale of A.a",
    );
}

#[test]
fn the_order_can_be_followed() {
    check(
        "type A @model @index(fields: [\"gone\"]) { name: String gone: Int kind: String old: Old code: String! }
         type Old @model { n: Int }",
        "type A @model(draftAndPublish: true) @index(fields: [\"title\", \"new\"]) {
           title: String @renamedFrom(name: \"name\") new: Fresh kind: [String!]! code: String @unique
         }
         type Fresh @model { n: Int }",
        &[
            "A.title: was called name",
            "A.code: may be missing",
            "A: the index over gone goes",
            "Fresh: a new content type",
            "A: draft and publish on: each document gets both versions",
            "A.gone: the field goes - loses values of A.gone",
            "A.old: the field goes - loses links of A.old",
            "A.new: a new field",
            "A.kind: holds [String], not String",
            "A.kind: is required",
            "A.code: must be unique",
            "A: a new index over title + new",
            "Old: the content type goes - loses documents of Old",
        ],
    );
}
