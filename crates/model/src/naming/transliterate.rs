//! Letters spelt in ASCII. Tables, in the order of the alphabet: what they do not know stays as it is.

/// The text with accents taken off and ligatures spelt out: `déjà vu` is `deja vu`. Letters without an ASCII base stay.
#[must_use]
pub fn deburr(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for letter in text.chars().filter(|letter| !is_combining(*letter)) {
        match lookup(&LATIN, letter) {
            Some(spelt) => out.push_str(spelt),
            None => out.push(letter),
        }
    }
    out
}

/// The text spelt in ASCII as far as the tables know its letters: German umlauts as two letters (`ü` is `ue`), Greek, Russian and
/// Ukrainian by sound, a few symbols by name. What is unknown stays.
#[must_use]
pub fn transliterate(text: &str) -> String {
    if text.is_ascii() && !text.contains('&') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for letter in text.chars().filter(|letter| !is_combining(*letter)) {
        let small = letter.to_lowercase().next().unwrap_or(letter);
        if let Some(spelt) =
            lookup(&SYMBOLS, letter).or_else(|| lookup(&UMLAUTS, letter)).or_else(|| lookup(&LATIN, letter))
        {
            out.push_str(spelt);
        } else if let Some(spelt) = lookup(&GREEK, small).or_else(|| lookup(&CYRILLIC, small)) {
            let capital = letter.is_uppercase();
            out.push_str(&if capital { super::upper_first(spelt) } else { spelt.to_owned() });
        } else {
            out.push(letter);
        }
    }
    out
}

fn lookup<const N: usize>(table: &[(&'static str, &'static str); N], letter: char) -> Option<&'static str> {
    table.iter().find(|(_, letters)| letters.contains(letter)).map(|(spelt, _)| *spelt)
}

/// Combining accents, as they stand in decomposed text.
fn is_combining(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

/// Symbols that slugs read out.
const SYMBOLS: [(&str, &str); 3] = [(" and ", "&"), (" love ", "♥"), (" unicorn ", "🦄")];

/// Letters that German spells with two.
const UMLAUTS: [(&str, &str); 6] = [("Ae", "Ä"), ("Oe", "Ö"), ("Ue", "Ü"), ("ae", "ä"), ("oe", "ö"), ("ue", "ü")];

/// Latin letters with accents, by what is left without them.
const LATIN: [(&str, &str); 61] = [
    ("'n", "ŉ"),
    ("A", "ÀÁÂÃÄÅĀĂĄǍǞǠǺȀȂȦḀẠẢẤẦẨẪẬẮẰẲẴẶ"),
    ("a", "àáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ"),
    ("Ae", "Æ"),
    ("ae", "æ"),
    ("B", "ḂḄḆ"),
    ("b", "ḃḅḇ"),
    ("C", "ÇĆĈĊČḈ"),
    ("c", "çćĉċčḉ"),
    ("D", "ÐĎĐḊḌḎḐḒ"),
    ("d", "ðďđḋḍḏḑḓ"),
    ("E", "ÈÉÊËĒĔĖĘĚȄȆȨḔḖḘḚḜẸẺẼẾỀỂỄỆ"),
    ("e", "èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ"),
    ("F", "Ḟ"),
    ("f", "ḟ"),
    ("G", "ĜĞĠĢǦǴḠ"),
    ("g", "ĝğġģǧǵḡ"),
    ("H", "ĤĦȞḢḤḦḨḪ"),
    ("h", "ĥħȟḣḥḧḩḫẖ"),
    ("I", "ÌÍÎÏĨĪĬĮİǏȈȊḬḮỈỊ"),
    ("i", "ìíîïĩīĭįıǐȉȋḭḯỉị"),
    ("IJ", "Ĳ"),
    ("ij", "ĳ"),
    ("J", "Ĵ"),
    ("j", "ĵǰ"),
    ("K", "ĶǨḰḲḴ"),
    ("k", "ķĸǩḱḳḵ"),
    ("L", "ĹĻĽĿŁḶḸḺḼ"),
    ("l", "ĺļľŀłḷḹḻḽ"),
    ("M", "ḾṀṂ"),
    ("m", "ḿṁṃ"),
    ("N", "ÑŃŅŇŊǸṄṆṈṊ"),
    ("n", "ñńņňŋǹṅṇṉṋ"),
    ("O", "ÒÓÔÕÖØŌŎŐƠǑǪǬȌȎȪȬȮȰṌṎṐṒỌỎỐỒỔỖỘỚỜỞỠỢ"),
    ("o", "òóôõöøōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợ"),
    ("Oe", "Œ"),
    ("oe", "œ"),
    ("P", "ṔṖ"),
    ("p", "ṕṗ"),
    ("R", "ŔŖŘȐȒṘṚṜṞ"),
    ("r", "ŕŗřȑȓṙṛṝṟ"),
    ("S", "ŚŜŞŠȘṠṢṤṦṨ"),
    ("s", "śŝşšſșṡṣṥṧṩ"),
    ("SS", "ẞ"),
    ("ss", "ß"),
    ("T", "ŢŤŦȚṪṬṮṰ"),
    ("t", "ţťŧțṫṭṯṱẗ"),
    ("Th", "Þ"),
    ("th", "þ"),
    ("U", "ÙÚÛÜŨŪŬŮŰŲƯǓǕǗǙǛȔȖṲṴṶṸṺỤỦỨỪỬỮỰ"),
    ("u", "ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự"),
    ("V", "ṼṾ"),
    ("v", "ṽṿ"),
    ("W", "ŴẀẂẄẆẈ"),
    ("w", "ŵẁẃẅẇẉẘ"),
    ("X", "ẊẌ"),
    ("x", "ẋẍ"),
    ("Y", "ÝŶŸȲẎỲỴỶỸ"),
    ("y", "ýÿŷȳẏẙỳỵỷỹ"),
    ("Z", "ŹŻŽẐẒẔ"),
    ("z", "źżžẑẓẕ"),
];

/// Greek, small letters.
const GREEK: [(&str, &str); 22] = [
    ("a", "αά"),
    ("v", "β"),
    ("g", "γ"),
    ("d", "δ"),
    ("e", "εέ"),
    ("z", "ζ"),
    ("i", "ηιήίϊΐ"),
    ("th", "θ"),
    ("k", "κ"),
    ("l", "λ"),
    ("m", "μ"),
    ("n", "ν"),
    ("ks", "ξ"),
    ("o", "οωόώ"),
    ("p", "π"),
    ("r", "ρ"),
    ("s", "σς"),
    ("t", "τ"),
    ("y", "υύϋΰ"),
    ("f", "φ"),
    ("x", "χ"),
    ("ps", "ψ"),
];

/// Russian and Ukrainian, small letters.
const CYRILLIC: [(&str, &str); 32] = [
    ("a", "а"),
    ("b", "б"),
    ("v", "в"),
    ("g", "гґ"),
    ("d", "д"),
    ("e", "еэ"),
    ("yo", "ё"),
    ("zh", "ж"),
    ("z", "з"),
    ("i", "ийі"),
    ("k", "к"),
    ("l", "л"),
    ("m", "м"),
    ("n", "н"),
    ("o", "о"),
    ("p", "п"),
    ("r", "р"),
    ("s", "с"),
    ("t", "т"),
    ("u", "у"),
    ("f", "ф"),
    ("h", "х"),
    ("ts", "ц"),
    ("ch", "ч"),
    ("sh", "ш"),
    ("shh", "щ"),
    ("", "ъь"),
    ("y", "ы"),
    ("yu", "ю"),
    ("ya", "я"),
    ("ye", "є"),
    ("yi", "ї"),
];
