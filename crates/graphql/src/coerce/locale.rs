//! Which texts name a locale in a request.

/// The code of a locale.
pub(super) fn is_known(code: &str) -> bool {
    model::locale::is_code(code)
}
