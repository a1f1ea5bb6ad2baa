//! Which texts are codes of locales.

/// A language with optional script and region (`en`, `fr-CA`, `zh-Hans-CN`, `es-419`), in the letters' usual case.
///
/// Source: BCP 47. Strapi has a closed list of some six hundred such codes; every code of it has this form.
pub(super) fn is_known(code: &str) -> bool {
    let mut parts = code.split('-');
    let Some(language) = parts.next() else { return false };
    let is_language = (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && (language.len() == 3 || LANGUAGES.contains(&language));
    is_language && parts.clone().count() <= 3 && parts.all(is_subtag)
}

/// Languages of two letters, ISO 639-1.
const LANGUAGES: [&str; 184] = [
    "aa", "ab", "ae", "af", "ak", "am", "an", "ar", "as", "av", "ay", "az", "ba", "be", "bg", "bh", "bi", "bm", "bn",
    "bo", "br", "bs", "ca", "ce", "ch", "co", "cr", "cs", "cu", "cv", "cy", "da", "de", "dv", "dz", "ee", "el", "en",
    "eo", "es", "et", "eu", "fa", "ff", "fi", "fj", "fo", "fr", "fy", "ga", "gd", "gl", "gn", "gu", "gv", "ha", "he",
    "hi", "ho", "hr", "ht", "hu", "hy", "hz", "ia", "id", "ie", "ig", "ii", "ik", "io", "is", "it", "iu", "ja", "jv",
    "ka", "kg", "ki", "kj", "kk", "kl", "km", "kn", "ko", "kr", "ks", "ku", "kv", "kw", "ky", "la", "lb", "lg", "li",
    "ln", "lo", "lt", "lu", "lv", "mg", "mh", "mi", "mk", "ml", "mn", "mr", "ms", "mt", "my", "na", "nb", "nd", "ne",
    "ng", "nl", "nn", "no", "nr", "nv", "ny", "oc", "oj", "om", "or", "os", "pa", "pi", "pl", "ps", "pt", "qu", "rm",
    "rn", "ro", "ru", "rw", "sa", "sc", "sd", "se", "sg", "sh", "si", "sk", "sl", "sm", "sn", "so", "sq", "sr", "ss",
    "st", "su", "sv", "sw", "ta", "te", "tg", "th", "ti", "tk", "tl", "tn", "to", "tr", "ts", "tt", "tw", "ty", "ug",
    "uk", "ur", "uz", "ve", "vi", "vo", "wa", "wo", "yi", "yo", "za", "zh", "zu",
];

fn is_subtag(part: &str) -> bool {
    match part.len() {
        2 => part.bytes().all(|byte| byte.is_ascii_uppercase()),
        3 => part.bytes().all(|byte| byte.is_ascii_digit()),
        4 => part.as_bytes()[0].is_ascii_uppercase() && part.bytes().skip(1).all(|byte| byte.is_ascii_lowercase()),
        _ => false,
    }
}
