//! Reading as data: `models/*.graphql` must give the picture beside it, `faults/*.graphql` the report beside it.

use std::path::{Path, PathBuf};

use model::{Source, read};

/// Reads the text and compares the picture, or the report of all faults, with the snapshot beside it.
fn check(path: &Path) {
    let name = path.file_name().and_then(|name| name.to_str()).expect("cases have names");
    let text = std::fs::read_to_string(path).expect("the case was listed");
    let folder = path.parent().expect("a case stands in its folder");
    let must_fail = folder.ends_with("faults");
    let answer = read(vec![Source { name: name.to_owned(), text }]);
    assert_eq!(answer.is_err(), must_fail, "{name}: {answer:?}");
    let shown = answer.map_or_else(|faults| faults.render(false), |model| model.to_string());
    insta::with_settings!({ snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name.trim_end_matches(".graphql"), shown);
    });
}

fn check_folder(folder: &str, count_min: usize) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(path)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry of it").path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "graphql"));
    files.sort();
    assert!(files.len() >= count_min, "{folder} has {} cases only", files.len());
    for file in &files {
        check(file);
    }
}

#[test]
fn good_models_give_their_pictures() {
    check_folder("models", 2);
}

#[test]
fn faulty_models_give_their_reports() {
    check_folder("faults", 40);
}

/// Faults of meaning in a good text beside one that does not parse: which are told.
fn check_beside(unparsed: &str, good: &str, told: &[&str]) {
    let source = |name: &str, text: &str| Source { name: name.to_owned(), text: text.to_owned() };
    let faults = read(vec![source("unparsed.graphql", unparsed), source("good.graphql", good)]).expect_err("faults");
    let of_good = faults.list.iter().filter(|fault| fault.place.source.name == "good.graphql");
    let messages: Vec<&str> = of_good.map(|fault| fault.message.as_str()).collect();
    assert_eq!(messages, told, "{unparsed}");
    assert!(faults.list.len() > told.len(), "the syntax is told, too: {unparsed}");
}

#[test]
fn a_text_that_does_not_parse_hides_only_what_it_may_explain() {
    let good = "type Dish @model { name: Strin menu: Menu cook: Cook @relation(inverse: \"dishes\") }";
    let cook = "type Cook @model { name: }";
    check_beside(cook, good, &["there is no type `Strin`", "there is no type `Menu`"]);
    check_beside("type Menu @model { name: }", good, &["there is no type `Strin`", "there is no type `Cook`"]);
    check_beside("\"Strin, Menu, Cook", good, &[]);
}
