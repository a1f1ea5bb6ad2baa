//! 10,000 restaurants asked in three dialects over one database: what one dialect costs beside another.
//!
//! The first four questions are those with which Strapi was measured. `select` is one plan, whichever dialect asks: its cost may not depend on that.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::data::{self, ProductStore, Stores};
use super::measure::{self, Load, Report};
use super::options::{Database, Options};
use super::program::{Asked, Program, Start, Target};
use super::random::Random;
use crate::postgres::Cluster;
use crate::process;

const REQUESTS: usize = 256;
const SEED: u64 = 42;
const RESTAURANTS: u64 = 10_000;
const PAGES: u64 = 50;
/// Connections of a run under load.
const MANY: usize = 16;
/// Rounds at least of the question that is one plan: the cost of one dialect is held against that of another.
const SELECT_ROUNDS_MIN: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    One,
    List,
    Page,
    Select,
    /// Behind all that only reads.
    Create,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Strapi5,
    Strapi4,
    Hasura,
}

/// One run with what tells it from the others.
#[derive(Clone, Debug)]
pub(super) struct Ran {
    pub(super) database: Database,
    pub(super) question: Question,
    pub(super) dialect: Dialect,
    pub(super) connections: usize,
    pub(super) report: Report,
}

impl Question {
    pub(super) const ALL: [Self; 5] = [Self::One, Self::List, Self::Page, Self::Select, Self::Create];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::List => "list",
            Self::Page => "page",
            Self::Select => "select",
            Self::Create => "create",
        }
    }

    fn rounds_min(self, connections: usize) -> usize {
        match self {
            Self::Select if connections > 1 => SELECT_ROUNDS_MIN,
            Self::One | Self::List | Self::Page | Self::Select | Self::Create => 1,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::One => "a restaurant by its id",
            Self::List => "20 restaurants with their categories",
            Self::Page => "restaurants from a price on, by name, page, total",
            Self::Select => "20 restaurants by slug with their categories: one plan",
            Self::Create => "a restaurant with two fields",
        }
    }
}

impl Dialect {
    pub(super) const ALL: [Self; 3] = [Self::Strapi5, Self::Strapi4, Self::Hasura];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Strapi5 => "strapi5",
            Self::Strapi4 => "strapi4",
            Self::Hasura => "hasura",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Strapi5 => "/graphql",
            Self::Strapi4 => "/v4/graphql",
            Self::Hasura => "/v1/graphql",
        }
    }

    /// The hasura dialect reads only.
    fn asks(self, question: Question) -> bool {
        self != Self::Hasura || question != Question::Create
    }

    fn document(self, question: Question) -> &'static str {
        match (question, self) {
            (Question::One, Self::Strapi5) => {
                "query one($id: ID!) { restaurant(documentId: $id) { documentId name averagePrice } }"
            }
            (Question::One, Self::Strapi4) => {
                "query one($id: ID!) { restaurant(id: $id) { data { id attributes { name averagePrice } } } }"
            }
            (Question::One, Self::Hasura) => {
                "query one($id: String!) { restaurant(where: {document_id: {_eq: $id}}, limit: 1) { document_id name average_price } }"
            }
            (Question::List, Self::Strapi5) => {
                "query list { restaurants(pagination: { limit: 20 }) { name categories { name } } }"
            }
            (Question::List, Self::Strapi4) => {
                "query list { restaurants(pagination: { limit: 20 }) { data { attributes { name categories { data { attributes { name } } } } } } }"
            }
            (Question::List, Self::Hasura) => {
                "query list { restaurant(order_by: {id: asc}, limit: 20) { name categories(limit: 10) { name } } }"
            }
            (Question::Page, Self::Strapi5) => {
                "query page($p: Int, $min: Int) { restaurants_connection(filters: { averagePrice: { gte: $min } }, sort: \"name:asc\", pagination: { page: $p, pageSize: 20 }) { \
                 nodes { documentId name averagePrice } pageInfo { total page pageSize pageCount } } }"
            }
            (Question::Page, Self::Strapi4) => {
                "query page($p: Int, $min: Int) { restaurants(filters: { averagePrice: { gte: $min } }, sort: \"name:asc\", pagination: { page: $p, pageSize: 20 }) { \
                 data { id attributes { name averagePrice } } meta { pagination { total page pageSize pageCount } } } }"
            }
            (Question::Page, Self::Hasura) => {
                "query page($o: Int!, $min: Int!) { restaurant(where: {average_price: {_gte: $min}}, order_by: {name: asc}, limit: 20, offset: $o) { document_id name average_price } \
                 restaurant_aggregate(where: {average_price: {_gte: $min}}) { aggregate { count } } }"
            }
            (Question::Select, Self::Strapi5) => {
                "query select { restaurants(sort: \"slug:asc\", pagination: { limit: 20 }) { name averagePrice categories(sort: \"name:asc\", pagination: { limit: 10 }) { name } } }"
            }
            (Question::Select, Self::Strapi4) => {
                "query select { restaurants(sort: \"slug:asc\", pagination: { limit: 20 }) { data { attributes { name averagePrice \
                 categories(sort: \"name:asc\", pagination: { limit: 10 }) { data { attributes { name } } } } } } }"
            }
            (Question::Select, Self::Hasura) => {
                "query select { restaurant(order_by: {slug: asc}, limit: 20) { name average_price categories(order_by: {name: asc}, limit: 10) { name } } }"
            }
            (Question::Create, Self::Strapi5 | Self::Hasura) => {
                "mutation create($data: RestaurantInput!) { createRestaurant(data: $data) { documentId name } }"
            }
            (Question::Create, Self::Strapi4) => {
                "mutation create($data: RestaurantInput!) { createRestaurant(data: $data) { data { id attributes { name } } } }"
            }
        }
    }

    fn variables(self, question: Question, random: &mut Random) -> Value {
        match question {
            Question::One => {
                let number = 1 + random.below(RESTAURANTS);
                match self {
                    Self::Strapi4 => json!({ "id": number.to_string() }),
                    Self::Strapi5 | Self::Hasura => json!({ "id": format!("rest{number:020}") }),
                }
            }
            Question::Page => {
                let (page, least) = (1 + random.below(PAGES), 50 + random.below(51));
                match self {
                    Self::Strapi5 | Self::Strapi4 => json!({ "p": page, "min": least }),
                    Self::Hasura => json!({ "o": (page - 1) * 20, "min": least }),
                }
            }
            Question::Create => {
                let number = random.below(1_000_000_000);
                json!({ "data": { "name": format!("New {number}"), "averagePrice": number % 200 } })
            }
            Question::List | Question::Select => json!({}),
        }
    }

    /// Requests as lines of JSON.
    fn bodies(self, question: Question) -> Vec<String> {
        let mut random = Random::new(SEED);
        let body = |random: &mut Random| {
            let variables = self.variables(question, random);
            json!({ "query": self.document(question), "operationName": question.name(), "variables": variables })
                .to_string()
        };
        (0..REQUESTS).map(|_| body(&mut random)).collect()
    }

    fn first(self, question: Question) -> Asked {
        Asked { path: self.path(), body: self.bodies(question).swap_remove(0) }
    }
}

/// Loads the rows and asks.
pub(super) fn run(
    options: &Options,
    (database, cluster): (Database, Option<&Cluster>),
    run: &std::path::Path,
    (ran, faults): (&mut Vec<Ran>, &mut Vec<String>),
) -> Result<()> {
    let stores = load(cluster, run)?;
    let first = Dialect::Strapi5.first(Question::One);
    let program = Program::start(Target::Product, &Start { options, stores: &stores, cluster, first })?;
    let place = format!("{database} restaurants");
    if let Err(error) = compare(&program) {
        faults.push(format!("{place}: {error:#}"));
    }
    for question in Question::ALL {
        for connections in &options.connections {
            let rounds = options.rounds_at(*connections).max(question.rounds_min(*connections));
            for _ in 0..rounds {
                for dialect in Dialect::ALL.into_iter().filter(|dialect| dialect.asks(question)) {
                    let load = Load {
                        name: format!("{}-{}", question.name(), dialect.name()),
                        path: dialect.path(),
                        bodies: dialect.bodies(question),
                        connections: *connections,
                        varies: question == Question::Create,
                    };
                    match measure::run(options, &program, &load) {
                        Ok(report) => {
                            measure::show(database, (question.name(), dialect.name()), *connections, &report);
                            ran.push(Ran { database, question, dialect, connections: *connections, report });
                        }
                        Err(error) => faults.push(format!("{place}, {}: {error:#}", load.name)),
                    }
                }
            }
        }
    }
    program.stop()
}

/// Made anew for each run: it takes seconds.
fn load(cluster: Option<&Cluster>, run: &std::path::Path) -> Result<Stores> {
    let folder = run.join("bistro");
    fs::create_dir_all(&folder).context("could not make the folder of the restaurants")?;
    let (project, data) = (folder.join("project"), folder.join("data"));
    process::succeed(Command::new("cp").arg("-r").arg(process::workspace().join("benches/bistro")).arg(&project))?;
    process::succeed(Command::new(data::program("limit")).arg("bistro").arg(project.join("seed")))?;
    let url = match cluster {
        Some(cluster) => {
            let name = "run_bistro";
            cluster
                .script("postgres", &format!("drop database if exists {name};\ncreate database {name};\n"))
                .context("could not make the database of the restaurants")?;
            Some(cluster.url(name))
        }
        None => None,
    };
    data::import(&project, &data, url.as_deref())?;
    if let Some(cluster) = cluster {
        cluster.script("run_bistro", "vacuum analyze;\n")?;
    }
    Ok(Stores { plain: String::new(), product: Some(ProductStore { project, data, url }), folder })
}

/// The same values in all dialects.
fn compare(program: &Program) -> Result<()> {
    let mut known: Option<Vec<String>> = None;
    for dialect in Dialect::ALL {
        let mut values = Vec::new();
        leaves(&program.ask(&dialect.first(Question::Select))?, &mut values);
        let expected = known.get_or_insert_with(|| values.clone());
        anyhow::ensure!(*expected == values, "{} answers `select` with other values", dialect.name());
    }
    Ok(())
}

/// Texts and numbers in the order of their names.
fn leaves(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            for (_, member) in sorted {
                leaves(member, found);
            }
        }
        Value::Array(items) => {
            for item in items {
                leaves(item, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => found.push(value.to_string()),
    }
}

/// The table of a database.
pub(super) fn table(runs: &[Ran], database: Database) -> Option<String> {
    let own: Vec<&Ran> = runs.iter().filter(|run| run.database == database).collect();
    if own.is_empty() {
        return None;
    }
    let rows = Question::ALL.into_iter().map(|question| row(&own, question));
    Some(HEAD.to_owned() + &rows.collect::<String>())
}

const HEAD: &str = "\
| | question | strapi5 /s | strapi4 /s | hasura /s | cpu strapi5 | cpu strapi4 | cpu hasura | apart | p50 at 1: strapi5 | strapi4 | hasura |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
";

fn row(runs: &[&Ran], question: Question) -> String {
    let of = |dialect, connections| {
        runs.iter().filter(move |run| {
            run.question == question && run.dialect == dialect && (run.connections == 1) == (connections == 1)
        })
    };
    let none = || "–".to_owned();
    let cost = |dialect| of(dialect, MANY).map(|run| total(&run.report)).min_by(f64::total_cmp);
    let rate = |dialect| {
        let best = of(dialect, MANY).map(|run| run.report.requests_per_second).max_by(f64::total_cmp);
        best.map_or_else(none, |rate| format!("{rate:.0}"))
    };
    let p50 = |dialect| {
        let least = of(dialect, 1).map(|run| run.report.p50_us).min();
        least.map_or_else(none, |p50| p50.to_string())
    };
    let costs: Vec<f64> = Dialect::ALL.into_iter().filter_map(cost).collect();
    let (least, most) =
        (costs.iter().copied().fold(f64::INFINITY, f64::min), costs.iter().copied().fold(0.0, f64::max));
    let apart = if costs.len() > 1 { format!("{:.0} %", (most / least - 1.0) * 100.0) } else { none() };
    let shown_cost = |dialect| cost(dialect).map_or_else(none, |cost| format!("{cost:.0}"));
    let words = [question.name().to_owned(), question.words().to_owned()];
    let cells = words
        .into_iter()
        .chain(Dialect::ALL.map(rate))
        .chain(Dialect::ALL.map(shown_cost))
        .chain([apart])
        .chain(Dialect::ALL.map(p50));
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// Of the server and the database.
fn total(report: &Report) -> f64 {
    report.server_cpu_us + report.postgres_cpu_us
}
