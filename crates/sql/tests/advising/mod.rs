//! Which selects get an index advised: a select as text, and the line to add.

use model::Source;
use sql::{Advice, Layout, advice};

use crate::plan_text;

const MODEL: &str = r#"
type Article @model(draftAndPublish: true) @index(fields: ["lang"]) @index(fields: ["state", "released:desc"]) {
  title: String!
  slug: UID @uid(from: "title")
  state: String
  lang: String
  views: Int
  released: DateTime
  author: Author @relation(inverse: "articles")
}
type Author @model { name: String! @unique  articles: [Article!] @relation(mappedBy: "author") }
"#;

fn check(select: &str, wanted: Option<&str>) {
    let model = model::read(vec![Source { name: "blog".to_owned(), text: MODEL.to_owned() }]).unwrap();
    let layout = Layout::of(&model).unwrap();
    let select = plan_text::select(&model, select);
    let line = advice(&model, &layout, &select).map(|Advice { line, .. }| line);
    assert_eq!(line.as_deref(), wanted);
}

#[test]
fn an_index_that_fits_needs_no_advice() {
    check("(list Article (show title))", None);
    check("(list Article (page start limit) (show title))", None);
    check("(list Article (where (eq lang)) (page start limit) (show title))", None);
    check("(list Article (where (eq state)) (sort (desc released)) (page start limit) (show title))", None);
    check("(list Article (where (eq state)) (sort (asc released)) (page start limit) (show title))", None);
    check("(list Author (where (eq name)) (show name))", None);
    check("(one Article (where (eq _key)) (show title))", None);
}

#[test]
fn an_order_without_its_index_gets_one() {
    check(
        "(list Article (where (and (eq state) (eq lang))) (sort (desc views)) (page start limit) (show title))",
        Some(r#"@index(fields: ["state", "lang", "views:desc"])"#),
    );
    check(
        "(list Article (sort (asc views) (desc title)) (show title))",
        Some(r#"@index(fields: ["views", "title:desc"])"#),
    );
    check("(list Article (where (eq views)) (show title))", Some(r#"@index(fields: ["views"])"#));
}

#[test]
fn nothing_is_advised_that_would_not_help() {
    check("(list Article (where (gt views)) (show title))", None);
    check("(list Article (where (or (eq views) (eq title))) (show title))", None);
}
