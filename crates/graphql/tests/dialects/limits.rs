//! Documents and values beyond each limit: refused with the limit's name, never slowly.

use graphql::{RequestErrorKind, Schema};
use serde_json::{Map, Value, json};

use crate::projects;

/// The limit that refuses a request, or what became of it instead.
fn met(schema: &Schema, text: &str, values: &Value) -> String {
    let values: Map<String, Value> = values.as_object().cloned().unwrap_or_default();
    let outcome = graphql::parse(schema, text, None).and_then(|operation| {
        let variables = operation.coerce(schema, values)?;
        graphql::to_plan(schema, &operation, &variables)
    });
    match outcome {
        Ok(_) => "planned".to_owned(),
        Err(errors) => match &errors[0].kind {
            RequestErrorKind::Limit(name, _) => (*name).to_owned(),
            _ => errors[0].message.clone(),
        },
    }
}

fn nested(open: &str, inner: &str, close: &str, count: usize) -> String {
    [open.repeat(count).as_str(), inner, &close.repeat(count)].concat()
}

fn many(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect::<Vec<_>>().concat()
}

fn fields(text: &str) -> String {
    ["{ restaurants { ", text, " } }"].concat()
}

fn check(wanted: &str, text: &str, values: &Value) {
    let met = met(&projects::strapi5(), text, values);
    assert!(met == wanted, "wanted {wanted}, met {met}: {}", text.chars().take(200).collect::<String>());
}

#[test]
fn every_limit_on_documents_refuses_what_passes_it() {
    let none = json!({});
    let chain = many(70, |n| format!("fragment F{n} on Restaurant {{ ...F{} }} ", n + 1));
    let chain = format!("{chain} fragment F70 on Restaurant {{ name }} {{ restaurants {{ ...F0 }} }}");
    let deep = nested("categories { restaurants { ", "name", " } }", 12);
    check("document_bytes_max", &format!("{{ restaurants {{ name }} }} #{}", "x".repeat(70_000)), &none);
    check("tokens_max", &fields(&"name ".repeat(6_000)), &none);
    check("nesting_max", &nested("{ a ", "b", "}", 80), &none);
    check("nesting_max", &chain, &none);
    check("depth_max", &fields(&deep), &none);
    check("aliases_max", &fields(&many(61, |n| format!("a{n}: name "))), &none);
    check("root_fields_max", &format!("{{ {} }}", many(31, |n| format!("a{n}: homepage {{ heading }} "))), &none);
    check("directives_max", &fields(&many(31, |n| format!("a{n}: name @skip(if: false) "))), &none);
    check("selections_max", &fields(&"name ".repeat(2_001)), &none);
}

#[test]
fn every_limit_on_filters_and_pages_refuses_what_passes_it() {
    let none = json!({});
    let hops = |count| {
        let filter = nested("{ categories: { restaurants: ", "{ name: { eq: \"x\" } }", " } }", count);
        format!("{{ restaurants(filters: {filter}) {{ name }} }}")
    };
    let hundred = "(pagination: { limit: 100 })";
    let pages = format!("{{ restaurants{hundred} {{ categories{hundred} {{ restaurants{hundred} {{ name }} }} }} }}");
    let by_filter = "query ($f: RestaurantFiltersInput) { restaurants(filters: $f) { name } }";
    let by_list = "query ($f: [RestaurantFiltersInput]) { restaurants(filters: { or: $f }) { name } }";
    let by_limit = "query ($n: Int) { restaurants(pagination: { limit: $n }) { name } }";
    let by_page = "query ($p: PaginationArg) { restaurants(pagination: $p) { name } }";
    let text = |letter: &str, count| json!({ "f": { "name": { "in": [letter.repeat(count)] } } });
    let condition = json!({ "name": { "eq": "x" } });
    check("planned", &hops(2), &none);
    check("filter_hops_max", &hops(3), &none);
    check("cost_rows_max", &pages, &none);
    check("planned", by_limit, &json!({ "n": 100_000 }));
    check("cost_rows_max", by_limit, &json!({ "n": 100_001 }));
    check("cost_rows_max", by_page, &json!({ "p": { "pageSize": 100_001 } }));
    check("planned", by_filter, &text("é", 1_000));
    check("filter_text_max", by_filter, &text("é", 1_001));
    check("filter_list_max", by_filter, &json!({ "f": { "averagePrice": { "in": vec![1; 1_001] } } }));
    check("planned", by_list, &json!({ "f": vec![&condition; 100] }));
    check("conditions_max", by_list, &json!({ "f": vec![&condition; 101] }));
}

#[test]
fn hostile_values_are_refused() {
    let schema = projects::strapi5();
    let by_variable = |of: &str, value: Value| {
        let text = format!("query ($v: {of}) {{ restaurants(filters: {{ averagePrice: {{ eq: $v }} }}) {{ name }} }}");
        met(&schema, &text, &json!({ "v": value }))
    };
    let deep = (0..60).fold(json!({}), |inner, _| json!({ "not": inner }));
    let text = "query ($f: RestaurantFiltersInput) { restaurants(filters: $f) { name } }";
    let mut out = String::new();
    for line in [
        by_variable("Int", json!("1 or 1=1")),
        by_variable("Int", json!({ "$ne": 1 })),
        by_variable("Int", json!(9_007_199_254_740_993_i64)),
        by_variable("Int", json!(1e300)),
        met(&schema, text, &json!({ "f": deep })),
        met(&schema, text, &json!({ "f": { "__proto__": { "eq": 1 } } })),
        met(&schema, text, &json!({ "f": { "secret": { "eq": "x" } } })),
        met(&schema, text, &json!({ "f": { "internalNotes": { "contains": "x" } } })),
        met(&schema, text, &json!({ "f": { "chef": { "password": { "startsWith": "$" } } } })),
        met(
            &schema,
            "mutation ($l: I18NLocaleCode) { deleteArticle(documentId: \"a\", locale: $l) { documentId } }",
            &json!({ "l": "en' or 1=1" }),
        ),
        met(&schema, "{ restaurants { name ", &json!({})),
        met(&schema, "subscription { restaurants { name } }", &json!({})),
        met(
            &schema,
            "{ restaurants { ...A } } fragment A on Restaurant { ...B } fragment B on Restaurant { ...A }",
            &json!({}),
        ),
        met(&schema, "", &json!({})),
    ] {
        out.push_str(&line);
        out.push('\n');
    }
    projects::check_file("hostile.txt", &out);
}
