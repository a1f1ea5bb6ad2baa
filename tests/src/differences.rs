//! Cases that are answered otherwise than recorded, each with its reason. They stand in the dialect's page under the heading
//! [`HEADING`], in a table whose first column names cases in code: `| `filter-x` | reason |`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Below it the page lists cases.
pub const HEADING: &str = "## Cases answered otherwise";

/// The names and reasons in a page.
///
/// # Panics
/// When the page cannot be read: it stands in the repository.
#[must_use]
pub fn read(page: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(page).expect("the dialect's page is there");
    text.lines().skip_while(|line| *line != HEADING).flat_map(of_line).collect()
}

/// One line may name several cases with one reason.
fn of_line(line: &str) -> Vec<(String, String)> {
    let Some((names, reason)) = line.strip_prefix("| `").and_then(|rest| rest.split_once(" | ")) else {
        return Vec::new();
    };
    let names = names.split(['`', ',', ' ']).filter(|name| !name.is_empty());
    names.map(|name| (name.to_owned(), reason.trim_end_matches([' ', '|']).to_owned())).collect()
}

/// What a replay came to.
#[derive(Debug, Default)]
pub struct Tally {
    /// Cases that were answered as recorded.
    pub equal: usize,
    /// Cases that were not, and are not listed, with what differs.
    pub unlisted: Vec<String>,
    /// Cases that are listed, and were answered as recorded all the same.
    pub stale: Vec<String>,
    /// Cases that were answered otherwise, for a listed reason.
    pub listed: usize,
}

impl Tally {
    /// Takes the outcome of one case.
    pub fn take(&mut self, name: &str, listed: bool, outcome: Result<(), String>) {
        match (outcome, listed) {
            (Ok(()), false) => self.equal += 1,
            (Ok(()), true) => self.stale.push(name.to_owned()),
            (Err(difference), true) => {
                println!("listed {name}: {difference}");
                self.listed += 1;
            }
            (Err(difference), false) => self.unlisted.push([name, ": ", &difference].concat()),
        }
    }

    /// Prints the numbers and fails on what is not accounted for.
    ///
    /// # Panics
    /// When a case differs that is not listed, or one is listed that does not differ.
    pub fn settle(self, what: &str) {
        println!(
            "{what}: {} equal, {} listed, {} unlisted, {} stale",
            self.equal,
            self.listed,
            self.unlisted.len(),
            self.stale.len()
        );
        let stale =
            self.stale.iter().map(|name| [name, ": listed, but answered as recorded: take it off the page"].concat());
        let all: Vec<String> = self.unlisted.iter().cloned().chain(stale).collect();
        assert!(all.is_empty(), "{what}\n{}", all.join("\n"));
    }
}
