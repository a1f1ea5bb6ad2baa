//! Ids that are the same for one definition wherever and whenever it is asked for, and differ between definitions.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// 40 hexadecimal digits of these words.
pub(super) fn hex(words: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for word in words {
        hasher.update((word.len() as u64).to_le_bytes());
        hasher.update(word.as_bytes());
    }
    let mut out = String::with_capacity(40);
    for byte in hasher.finalize().iter().take(20) {
        // Writing to a text does not fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}
