//! The documentation's examples are schemas: each one is read as a project's only file.

use std::path::Path;

use model::{Source, read};

/// Reads every block of SDL on a page and tells how many there are.
fn examples(page: &str) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(page);
    let text = std::fs::read_to_string(path).expect("the page is there");
    let blocks = text.split("```graphql\n").skip(1);
    let examples: Vec<&str> = blocks.map(|block| block.split("\n```").next().unwrap_or_default()).collect();
    for example in &examples {
        let source = Source { name: page.to_owned(), text: (*example).to_owned() };
        if let Err(faults) = read(vec![source]) {
            panic!("{}", faults.render(false));
        }
    }
    examples.len()
}

#[test]
fn every_example_of_the_language_is_a_schema() {
    assert!(examples("docs/schema.md") >= 9, "the page has lost examples");
    assert_eq!(examples("README.md"), 1);
}
