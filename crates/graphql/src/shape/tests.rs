//! Equal keys must mean equal plans: random values of every input type, many of which share a key.

use std::collections::HashMap;
use std::sync::Arc;

use model::Source;
use plan::Plan;
use serde_json::{Map, Value as Json, json};

use super::ShapeKey;
use crate::binding::ScalarRule;
use crate::definition::{Definitions, Kind, TypeRef};
use crate::dialect::{self, Options};
use crate::{Endpoint, Limits, Schema, parse, to_plan};

/// Values by type from a seed: small pools, so that shapes meet again and again.
struct Values<'a> {
    definitions: &'a Definitions,
    state: u64,
}

impl Values<'_> {
    fn below(&mut self, count: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state % (count as u64)).unwrap_or(0)
    }

    fn value(&mut self, of: &TypeRef, depth: usize) -> Json {
        match of {
            TypeRef::NonNull(inner) => loop {
                let value = self.value(inner, depth);
                if !value.is_null() {
                    return value;
                }
            },
            _ if self.below(8) == 0 => Json::Null,
            TypeRef::List(item) => {
                let count = self.below(3);
                (0..count).map(|_| self.value(item, depth)).collect()
            }
            TypeRef::Named(name) => self.named(name, depth),
        }
    }

    fn named(&mut self, name: &str, depth: usize) -> Json {
        let definitions = self.definitions;
        match &definitions.get(name).expect("the type is defined").kind {
            Kind::Input(inputs) => {
                let mut members = Map::new();
                let count = if depth > 4 { 0 } else { self.below(3) };
                for _ in 0..count {
                    let (key, input) = inputs.get_index(self.below(inputs.len())).expect("it is below the length");
                    members.insert(key.clone(), self.value(&input.of, depth + 1));
                }
                Json::Object(members)
            }
            Kind::Enum(values) => json!(values.get_index(self.below(values.len())).expect("it is below the length").0),
            Kind::Scalar(rule) => self.scalar(rule, depth),
            Kind::Object { .. } | Kind::Interface { .. } | Kind::Union(_) => Json::Null,
        }
    }

    fn scalar(&mut self, rule: &ScalarRule, depth: usize) -> Json {
        let second = self.below(2) == 1;
        match rule {
            ScalarRule::String if self.below(2) == 1 => json!(if second { "name:desc" } else { "chef.name" }),
            ScalarRule::String | ScalarRule::Id => json!(if second { "a" } else { "b" }),
            ScalarRule::Int | ScalarRule::Long => json!(if second { -1 } else { 7 }),
            ScalarRule::Float => json!(1.5),
            ScalarRule::Boolean => json!(second),
            ScalarRule::Date => json!("2026-11-21"),
            ScalarRule::Time => json!("15:04:05"),
            ScalarRule::DateTime => json!("2026-11-21T15:04:05Z"),
            ScalarRule::Json | ScalarRule::Loose(_) => json!({ "a": [second] }),
            ScalarRule::Locale { .. } => json!(if second { "fr" } else { "*" }),
            ScalarRule::Element(elements) => {
                let element = &elements[self.below(elements.len())];
                let mut members = self.named(&element.input, depth + 1);
                members["__typename"] = json!(element.name);
                members
            }
        }
    }
}

fn schema(name: &str) -> Schema {
    let text = include_str!("../../tests/cases/models/kitchen.graphql").to_owned();
    let model = model::read(vec![Source { name: "kitchen".to_owned(), text }]).expect("the model holds");
    let dialects = [dialect::named(name).expect("the dialect is served")];
    let limits = Limits { conditions_max: 1_000, filter_hops_max: 20, ..Limits::default() };
    let endpoint = Endpoint { dialects: &dialects, options: Options::default(), limits };
    Schema::build(Arc::new(model), &endpoint).expect("the schema holds")
}

/// Makes many values for each request and compares the plans of those that share a key. Answers with how often that happened.
fn check(dialect: &str, requests: &[&str]) -> usize {
    let schema = schema(dialect);
    let mut values = Values { definitions: &schema.definitions, state: 0x9E37_79B9_7F4A_7C15 };
    let mut shared = 0;
    for request in requests {
        let operation = parse(&schema, request, None).unwrap_or_else(|errors| panic!("{request}: {errors:#?}"));
        let mut seen: HashMap<ShapeKey, Plan> = HashMap::new();
        for _ in 0..1_500 {
            let mut given = Map::new();
            for variable in operation.variables.iter().filter(|variable| !variable.name.starts_with('0')) {
                if variable.of.is_non_null() || values.below(8) > 0 {
                    given.insert(variable.name.clone(), values.value(&variable.of, 0));
                }
            }
            let Ok(variables) = operation.coerce(&schema, given) else { continue };
            let plan = to_plan(&schema, &operation, &variables).unwrap_or_else(|errors| panic!("{errors:#?}"));
            let key = operation.shape_key(&schema, &variables);
            if let Some(first) = seen.get(&key) {
                assert!(*first == plan, "{request}\n{variables:#?}\n{first:#?}\n{plan:#?}");
                shared += 1;
            } else {
                seen.insert(key, plan);
            }
        }
    }
    shared
}

#[test]
fn equal_keys_mean_equal_plans_in_strapi5() {
    let shared = check(
        "strapi5",
        &[
            "query ($f: RestaurantFiltersInput, $p: PaginationArg) { restaurants(filters: $f, pagination: $p) { name } }",
            "query ($s: [String], $t: String, $l: Int) { restaurants(sort: $s, pagination: { limit: $l }) { name dishes(sort: [$t]) { name } } }",
            "query ($s: PublicationStatus, $p: PublicationFilter, $h: Boolean) { restaurants(status: $s, publicationFilter: $p, hasPublishedVersion: $h) { name } }",
            "query ($a: String, $b: [String], $c: Int, $n: Boolean) { restaurants(filters: { name: { eq: $a, in: $b, null: $n, and: [$a, \"x\"] }, averagePrice: { between: [$c, 2], gt: $c } }) { name } }",
            "query ($f: [RestaurantFiltersInput], $i: Boolean!) { restaurants(filters: { or: $f, not: { dishes: { name: { ne: null } } } }) { name @include(if: $i) kind } }",
            "mutation ($d: RestaurantInput!, $s: PublicationStatus) { createRestaurant(data: $d, status: $s) { name } }",
            "mutation ($z: [RestaurantZoneDynamicZoneInput!], $l: String) { createRestaurant(data: { zone: $z, hours: [{ day: $l, notes: { label: $l } }] }) { name } }",
            "query ($l: I18NLocaleCode, $n: String!) { chefs(locale: $l) { name } __type(name: $n) { name } }",
        ],
    );
    assert!(shared > 3_000, "only {shared} values met a key again");
}

#[test]
fn equal_keys_mean_equal_plans_in_strapi4() {
    let shared = check(
        "strapi4",
        &[
            "query ($f: RestaurantFiltersInput, $p: PaginationArg, $s: PublicationState) { restaurants(filters: $f, pagination: $p, publicationState: $s) { data { id } meta { pagination { total } } } }",
            "query ($i: ID, $s: [String]) { restaurant(id: $i) { data { attributes { dishes(sort: $s) { data { attributes { name } } } } } } }",
            "mutation ($i: ID!, $d: RestaurantInput!) { updateRestaurant(id: $i, data: $d) { data { id attributes { name } } } }",
        ],
    );
    assert!(shared > 500, "only {shared} values met a key again");
}

#[test]
fn equal_keys_mean_equal_plans_in_hasura() {
    let shared = check(
        "hasura",
        &[
            "query ($w: restaurant_bool_exp, $o: [restaurant_order_by!], $l: Int) { restaurant(where: $w, order_by: $o, limit: $l) { name } }",
            "query ($d: [restaurant_select_column!], $o: Int) { restaurant(distinct_on: $d, offset: $o) { name } }",
            "query ($w: dish_bool_exp, $d: Boolean) { dish_aggregate(where: $w) { aggregate { count(columns: name, distinct: $d) } } }",
        ],
    );
    assert!(shared > 500, "only {shared} values met a key again");
}
