//! Whatever stands in a file, reading ends with a model or with faults whose places are in the text.

use model::{Source, changes, read};
use proptest::prelude::*;

const TEXTS: [&str; 3] = [
    include_str!("models/restaurants.graphql"),
    include_str!("models/language.graphql"),
    include_str!("models/jobs.graphql"),
];

/// Pieces of the language to throw into a text.
const PIECES: [&str; 28] = [
    "type",
    "User",
    "@model",
    "@component(category: \"x\")",
    "@relation(inverse: \"name\")",
    "@unique(fields: [\"name\"])",
    "@allow(role: \"public\", to: [FIND], where: { name: { eq: \"$user.id\" } })",
    "@default(value: [1, {a: null}])",
    "{",
    "}",
    "[",
    "]",
    "!",
    "\"",
    "\"\"\"",
    "name: String",
    "id: ID!",
    "union U = Review | Seo",
    "@dynamicZone",
    "extend",
    "é🦄",
    "#",
    "@index(fields: [\"name:desc\"])",
    "\u{0}",
    "@job",
    "@needs(ops: [\"extract\"])",
    "@schedule(cron: \"* * * * *\", config: \"{\")",
    "(n: Source! = { file: null })",
];

/// Cuts, doubles or replaces a stretch of the text at a character's border.
fn edited(text: &str, edits: &[(usize, usize, usize)]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for (at, length, piece) in edits {
        let at = at % (letters.len() + 1);
        let end = (at + length % 40).min(letters.len());
        letters.splice(at..end, PIECES[piece % PIECES.len()].chars());
    }
    letters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_edited_text_gives_a_model_or_faults(text in 0..TEXTS.len(), edits in prop::collection::vec(any::<(usize, usize, usize)>(), 1..6)) {
        let text = edited(TEXTS[text], &edits);
        match read(vec![Source { name: "edited.graphql".to_owned(), text }]) {
            Ok(model) => prop_assert!(changes(&model, &model).is_empty()),
            Err(faults) => {
                prop_assert!(!faults.list.is_empty());
                for fault in &faults.list {
                    prop_assert!(fault.place.end <= fault.place.source.text.len());
                    prop_assert!(!fault.message.is_empty());
                }
                prop_assert!(!faults.render(true).is_empty());
            }
        }
    }
}
