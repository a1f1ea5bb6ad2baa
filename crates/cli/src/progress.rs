//! Progress of long work, on standard error, hidden when nobody watches.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over a known number of things.
pub(crate) fn bar(of: u64, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} [{bar:32}] {pos}/{len} {msg}");
    let style = style.expect("the template above is right: a test draws it").progress_chars("=> ");
    ProgressBar::new(of).with_prefix(what).with_style(style)
}

/// A counter of things whose number is not known before.
pub(crate) fn counter(what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {prefix} {human_pos}")
        .expect("the template above is right: a test draws it");
    ProgressBar::new_spinner().with_prefix(what).with_style(style)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bar_can_be_drawn() {
        super::bar(3, "migrate").inc(1);
        super::counter("seed").inc(1);
    }
}
