//! English plurals of type names. What they get wrong, `@model(plural:)` puts right.

use super::{lower_first, upper_first, words};

/// Words whose plural no rule gives, in lower case.
const IRREGULAR: [(&str, &str); 14] = [
    ("person", "people"),
    ("child", "children"),
    ("man", "men"),
    ("woman", "women"),
    ("foot", "feet"),
    ("tooth", "teeth"),
    ("goose", "geese"),
    ("mouse", "mice"),
    ("ox", "oxen"),
    ("quiz", "quizzes"),
    ("bus", "buses"),
    ("gas", "gases"),
    ("medium", "media"),
    ("criterion", "criteria"),
];

/// Words that are their own plural.
const UNCHANGED: [&str; 17] = [
    "news",
    "series",
    "species",
    "sheep",
    "fish",
    "deer",
    "equipment",
    "information",
    "media",
    "data",
    "staff",
    "software",
    "hardware",
    "feedback",
    "content",
    "music",
    "metadata",
];

/// Words in `-f` or `-fe` that take `-ves`.
const VES: [&str; 12] =
    ["knife", "life", "wife", "leaf", "half", "shelf", "wolf", "calf", "loaf", "thief", "self", "elf"];

/// Words in `-o` that take `-es`.
const OES: [&str; 8] = ["hero", "potato", "tomato", "echo", "veto", "torpedo", "cargo", "mosquito"];

/// The plural of a name by its last word: `BlogPost` gives `BlogPosts`, `Category` `Categories`, `SalesPerson` `SalesPeople`.
///
/// A word that is its own plural (`News`) comes back unchanged: whoever needs two different names must ask for `plural:`.
#[must_use]
pub fn plural(name: &str) -> String {
    let Some(last) = words(name).pop().filter(|last| name.ends_with(last.as_str())) else {
        return [name, "s"].concat();
    };
    let start = &name[..name.len() - last.len()];
    [start, plural_word(&last).as_str()].concat()
}

fn plural_word(word: &str) -> String {
    let lower = word.to_lowercase();
    let is_acronym = word.chars().count() > 1 && !word.chars().any(char::is_lowercase);
    if UNCHANGED.contains(&lower.as_str()) {
        return word.to_owned();
    }
    if let Some((_, plural)) = IRREGULAR.iter().find(|(single, _)| !is_acronym && *single == lower) {
        return if word.starts_with(char::is_uppercase) { upper_first(plural) } else { lower_first(plural) };
    }
    let (cut, ending) = if is_acronym { (0, "s") } else { ending(&lower) };
    [&word[..word.len() - cut], ending].concat()
}

/// How many bytes go from the end of the word, and what comes instead.
fn ending(word: &str) -> (usize, &'static str) {
    if VES.contains(&word) {
        return (if word.ends_with("fe") { 2 } else { 1 }, "ves");
    }
    if OES.contains(&word) {
        return (0, "es");
    }
    if word.ends_with("sis") || word.ends_with("xis") {
        return (2, "es");
    }
    if ["s", "x", "z", "ch", "sh"].iter().any(|hiss| word.ends_with(hiss)) {
        return (0, "es");
    }
    let before_y = word.strip_suffix('y').and_then(|stem| stem.chars().last());
    if before_y.is_some_and(|letter| letter.is_alphabetic() && !"aeiou".contains(letter)) {
        return (1, "ies");
    }
    (0, "s")
}
