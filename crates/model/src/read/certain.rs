//! Which faults of meaning are certain while some texts do not parse: what stands in these was not read, so nothing that they may
//! explain is told.

use std::collections::HashSet;
use std::sync::Arc;

use crate::{Diagnostic, Source};

/// Words that stand before the name that a definition gives.
const DEFINES: [&str; 6] = ["type", "interface", "union", "enum", "input", "scalar"];

/// Keeps the faults of other texts that speak neither of a type which an unparsed text defines or extends, nor of the lack of a name
/// that stands there.
pub(super) fn keep(faults: &mut Vec<Diagnostic>, unparsed: &[Arc<Source>]) {
    let words: HashSet<&str> = unparsed.iter().flat_map(|source| words(&source.text)).collect();
    let defined: HashSet<&str> = unparsed.iter().flat_map(|source| defined(&source.text)).collect();
    faults.retain(|fault| {
        let may_explain = if speaks_of_a_lack(&fault.message) { &words } else { &defined };
        !unparsed.iter().any(|source| Arc::ptr_eq(source, &fault.place.source))
            && !named(fault).any(|name| may_explain.contains(name))
    });
}

fn speaks_of_a_lack(message: &str) -> bool {
    message.split(' ').any(|word| matches!(word, "no" | "missing" | "unknown"))
}

/// The names in a fault: between backticks, and what is underlined.
fn named(fault: &Diagnostic) -> impl Iterator<Item = &str> {
    fault.message.split('`').skip(1).step_by(2).chain([fault.place.text()]).flat_map(words)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty())
}

fn defined(text: &str) -> impl Iterator<Item = &str> {
    words(text).zip(words(text).skip(1)).filter(|(before, _)| DEFINES.contains(before)).map(|(_, name)| name)
}
