//! Settings from all their origins, and every fault with its place.

use super::keys::{KEYS, Kind, variable};
use super::{Config, Origins};

fn read(file: &str, environment: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Result<Config, String> {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    let origins = Origins {
        file: Some(file.to_owned()),
        environment: environment.iter().map(owned).collect(),
        flags: flags.iter().map(|(name, text)| (*name, (*text).to_owned())).collect(),
    };
    Config::read(&origins).map_err(|faults| faults.render(false))
}

#[test]
fn every_key_has_a_default_that_can_be_read() {
    let config = read("", &[], &[]).unwrap();
    for key in KEYS {
        match key.kind {
            Kind::Number(..) | Kind::Bytes(..) | Kind::Duration(..) => drop(config.number(key.name)),
            Kind::Text | Kind::Secret | Kind::Key => {
                assert_eq!(config.text(key.name).is_some(), !key.default.is_empty(), "{}", key.name);
            }
            Kind::Address | Kind::Word(_) | Kind::Locale => assert!(!config.word(key.name).is_empty(), "{}", key.name),
            Kind::Boolean => assert_eq!(config.is_on(key.name), key.default == "true", "{}", key.name),
            Kind::Locales | Kind::Addresses | Kind::Origins => {
                assert!(config.texts(key.name).is_empty(), "{}", key.name);
            }
        }
    }
}

#[test]
fn every_key_can_be_written_into_the_file() {
    for key in KEYS {
        let value = match key.kind {
            Kind::Text | Kind::Secret => "\"x\"".to_owned(),
            Kind::Key => format!("{:?}", "x".repeat(server::TOKEN_KEY_BYTES_MIN)),
            Kind::Boolean | Kind::Number(..) => key.default.to_owned(),
            Kind::Locales | Kind::Addresses | Kind::Origins => "[]".to_owned(),
            Kind::Address | Kind::Word(_) | Kind::Locale | Kind::Bytes(..) | Kind::Duration(..) => {
                format!("{:?}", key.default)
            }
        };
        let line = match key.name.split_once('.') {
            Some((section, name)) => format!("[{section}]\n{name} = {value}\n"),
            None => format!("{} = {value}\n", key.name),
        };
        for text in [line, format!("{} = {value}\n", key.name)] {
            assert!(read(&text, &[], &[]).is_ok(), "{text}{:?}", read(&text, &[], &[]));
        }
    }
}

#[test]
fn limits_are_those_of_the_crates_that_hold_them() {
    let config = read("", &[], &[]).unwrap();
    assert_eq!(crate::serving::limits(&config), server::Limits::default());
    assert_eq!(crate::serving::document_limits(&config), graphql::Limits::default());
    assert_eq!(crate::serving::store_limits(&config), store::StoreLimits::default());
}

#[test]
fn later_origins_win() {
    let file = "address = \"127.0.0.1:1\"\n[limits]\nrows_max = 5\nbody_bytes_max = \"2 MiB\"\n";
    let environment =
        [("DRAGOMAN_ADDRESS", "127.0.0.1:2"), ("DRAGOMAN_LIMITS_ROWS_MAX", "6"), ("DATABASE_URL", "sqlite:a.db")];
    let config = read(file, &environment, &[("address", "127.0.0.1:3")]).unwrap();
    assert_eq!(config.address().port(), 3);
    assert_eq!(config.number("limits.rows_max"), 6);
    assert_eq!(config.number("limits.body_bytes_max"), 2 * 1024 * 1024);
    assert_eq!(config.text("database"), Some("sqlite:a.db"));
}

#[test]
fn locales_are_codes_and_the_default_is_one_of_them() {
    let config = read("default_locale = \"fr-CA\"\nlocales = [\"en\", \"fr-CA\"]", &[], &[]).unwrap();
    assert_eq!(config.texts("locales"), ["en", "fr-CA"]);
    let wrong = read("locales = [\"en\", \"english\"]", &[], &[]).unwrap_err();
    assert!(wrong.contains("locales takes a list of codes of locales"), "{wrong}");
    let without = read("locales = [\"fr\"]", &[], &[]).unwrap_err();
    assert!(without.contains("locales does not name the default locale en"), "{without}");
    assert!(read("", &[("DRAGOMAN_DEFAULT_LOCALE", "Deutsch")], &[]).is_err());
}

#[test]
fn what_serve_would_refuse_is_told_at_once() {
    let file = "\
locales = [\"fr\"]
[auth]
token_key = \"short\"
trusted_proxies = [\"10.0.0.2\", \"foo\"]
[http]
cors_origins = [\"https://shop.example:8443\", \"shop\"]
[limits]
address = \"127.0.0.1:1\"
";
    insta::assert_snapshot!(read(file, &[("DRAGOMAN_NOPE", "1")], &[]).unwrap_err());
    for origin in ["*", "https://shop.example", "capacitor://localhost", "http://[::1]:3000"] {
        assert!(read(&format!("[http]\ncors_origins = [\"{origin}\"]"), &[], &[]).is_ok(), "{origin}");
    }
    for origin in ["https://", "https://shop.example/", "shop.example", "null", ""] {
        assert!(read(&format!("[http]\ncors_origins = [\"{origin}\"]"), &[], &[]).is_err(), "{origin}");
    }
}

#[test]
fn endpoints_and_listeners_are_read() {
    let file = "
[[endpoint]]
path = \"/api\"
dialects = [\"hasura\", \"strapi5\"]
primary = \"strapi5\"

[[listen]]
address = \"127.0.0.1:3000\"
endpoint = \"/api\"
";
    let config = read(file, &[], &[]).unwrap();
    assert_eq!(config.endpoints.len(), 1);
    assert_eq!(config.endpoints[0].dialects, ["strapi5", "hasura"]);
    assert_eq!(config.listeners[0].endpoint, "/api");
}

#[test]
fn every_fault_is_told_with_its_place() {
    let file = "\
adress = \"127.0.0.1:1337\"
address = 1337
[limits]
rows_max = 0
header_timeout = \"10 minutes\"
body_bytes_max = \"1 MB\"
[http]
graphiql = 1
cors_origins = [\"https://a.example\", 7]
[log]
level = \"loud\"
[[endpoint]]
path = \"graphql\"
dialects = [\"strapi6\"]
primary = \"hasura\"
[[endpoint]]
path = \"/b\"
name = \"b\"
[[listen]]
address = \"here\"
endpoint = \"/b\"
";
    let environment = [
        ("DRAGOMAN_LIMITS_ROWS", "5"),
        ("DRAGOMAN_DATABSE", "x.db"),
        ("DRAGOMAN_LOG_FORMAT", "xml"),
        ("DRAGOMAN_OTHER", "fine"),
    ];
    insta::assert_snapshot!(read(file, &environment, &[]).unwrap_err());
}

#[test]
fn what_is_not_toml_is_told_with_its_place() {
    insta::assert_snapshot!(read("address = \n[limits\n", &[], &[]).unwrap_err());
}

#[test]
fn secrets_are_not_shown() {
    let faults = read("", &[("DRAGOMAN_AUTH_TOKEN_KEY", "")], &[]).unwrap_err();
    assert!(faults.contains("DRAGOMAN_AUTH_TOKEN_KEY") && !faults.contains("KEY="), "{faults}");
}

#[test]
fn the_documentation_lists_every_key() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let text = std::fs::read_to_string(path).unwrap();
    let listed = crate::commands::print::keys();
    assert!(text.contains(&listed), "docs/configuration.md must hold the output of `dragoman config`:\n{listed}");
}

#[test]
fn variables_are_unlike() {
    let mut names: Vec<String> = KEYS.iter().map(variable).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), KEYS.len());
}
