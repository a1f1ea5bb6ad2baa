//! Who asks, as far as the request says it: a signed token names roles or an account, any other text may be a program's token.

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use plan::Caller;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Shortest key that is taken, in bytes: 256 bits.
pub const TOKEN_KEY_BYTES_MIN: usize = 32;
/// Longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Most roles of one token.
const ROLES_MAX: usize = 32;

/// The key that tokens are signed with. It does not print.
#[derive(Clone)]
pub struct TokenKey {
    decoding: DecodingKey,
    encoding: EncodingKey,
}

/// The key is too short to be safe.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the token key has {bytes} bytes, it needs at least {TOKEN_KEY_BYTES_MIN} (256 bits)")]
pub struct KeyTooShort {
    /// How many it has.
    pub bytes: usize,
}

/// The token is not ours, has run out, or lacks a claim. Why is for the log only.
#[derive(Debug, thiserror::Error)]
pub enum TokenRefused {
    /// The header is not `Bearer` and a token.
    #[error("Authorization is not `Bearer` and a token")]
    Header,
    /// No key is configured.
    #[error("a token was sent, but no token key is configured")]
    NoKey,
    /// Signature, algorithm, times or claims.
    #[error("the token was refused")]
    Token(#[source] jsonwebtoken::errors::Error),
    /// No role, or too many of them.
    #[error("the token names {0} roles")]
    Roles(usize),
}

/// The signature could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the signature could not be made")]
pub struct SignError(#[source] jsonwebtoken::errors::Error);

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    exp: u64,
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
    /// Of a person's token: the imprint of the account's password.
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl TokenKey {
    /// Takes a key of at least 256 bits.
    ///
    /// # Errors
    /// It is shorter.
    pub fn new(key: &[u8]) -> Result<Self, KeyTooShort> {
        if key.len() < TOKEN_KEY_BYTES_MIN {
            return Err(KeyTooShort { bytes: key.len() });
        }
        Ok(Self { decoding: DecodingKey::from_secret(key), encoding: EncodingKey::from_secret(key) })
    }

    /// Signs a token for one role, for trying an API out.
    ///
    /// # Errors
    /// The signature could not be made.
    pub fn sign(&self, role: &str, user: &str, lasts: Lasts) -> Result<String, SignError> {
        let claims = Claims {
            exp: lasts.until,
            sub: user.to_owned(),
            iat: Some(lasts.from),
            role: Some(role.to_owned()),
            roles: Vec::new(),
            epoch: None,
            others: Map::new(),
        };
        self.encoded(&claims)
    }

    /// Signs a token for an account, which is good as long as its password has this hash.
    ///
    /// # Errors
    /// The signature could not be made.
    pub(crate) fn sign_person(&self, account: i64, hash: Option<&str>, lasts: Lasts) -> Result<String, SignError> {
        let claims = Claims {
            exp: lasts.until,
            sub: account.to_string(),
            iat: Some(lasts.from),
            role: None,
            roles: Vec::new(),
            epoch: Some(self.epoch(account, hash)),
            others: Map::from_iter([("id".to_owned(), Value::from(account))]),
        };
        self.encoded(&claims)
    }

    /// The imprint of an account's password. It tells nothing to whoever lacks the key.
    pub(crate) fn epoch(&self, account: i64, hash: Option<&str>) -> String {
        let text = ["epoch:", &account.to_string(), ":", hash.unwrap_or_default()].concat();
        signature(&text, &self.encoding)
    }

    fn encoded(&self, claims: &Claims) -> Result<String, SignError> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.encoding).map_err(SignError)
    }
}

/// From when until when a token is good, in seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub struct Lasts {
    /// When it was made.
    pub from: u64,
    /// When it runs out.
    pub until: u64,
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenKey(..)")
    }
}

/// Whom a header names. An account and a program's token have yet to be looked up.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Credentials {
    /// There is no header.
    Nobody,
    /// Whoever holds the key vouches for these roles.
    Roles(Caller),
    /// A person: the account's key, and the imprint of its password when the token was made.
    Person { account: i64, epoch: String },
    /// A program: the hash of its token.
    Program { hash: String },
}

/// How tokens of programs begin.
pub const PROGRAM_TOKEN_PREFIX: &str = "dgm_";

/// Whom this `Authorization` header names.
///
/// # Errors
/// There is a header, but not a good token in it: never somebody with fewer rights than they believe to have.
pub(crate) fn credentials(authorization: Option<&[u8]>, key: Option<&TokenKey>) -> Result<Credentials, TokenRefused> {
    let Some(authorization) = authorization else { return Ok(Credentials::Nobody) };
    let token = bearer(authorization).ok_or(TokenRefused::Header)?;
    if token.starts_with(PROGRAM_TOKEN_PREFIX) {
        return Ok(Credentials::Program { hash: digest(token) });
    }
    let key = key.ok_or(TokenRefused::NoKey)?;
    let claims =
        jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation()).map_err(TokenRefused::Token)?.claims;
    if let Some(epoch) = claims.epoch {
        let account = claims.sub.parse().map_err(|_| TokenRefused::Roles(0))?;
        return Ok(Credentials::Person { account, epoch });
    }
    let mut roles = claims.roles;
    roles.extend(claims.role);
    roles.sort_unstable();
    roles.dedup();
    if roles.is_empty() || roles.len() > ROLES_MAX || roles.iter().any(String::is_empty) {
        return Err(TokenRefused::Roles(roles.len()));
    }
    let mut user = claims.others;
    user.insert("id".to_owned(), user_id(&claims.sub));
    Ok(Credentials::Roles(Caller::Roles { roles, user }))
}

/// What is kept of a secret text that nobody can guess: its hash. A text that people choose needs more than that.
#[must_use]
pub fn digest(secret: &str) -> String {
    signature(secret, &EncodingKey::from_secret(b"dragoman: the hash of a secret that is long enough"))
}

/// HMAC with SHA-256, in letters that stand in a URL.
fn signature(text: &str, key: &EncodingKey) -> String {
    jsonwebtoken::crypto::sign(text.as_bytes(), key, Algorithm::HS256).expect("a secret signs with HS256")
}

fn bearer(authorization: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(authorization).ok()?;
    let (scheme, token) = text.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= TOKEN_BYTES_MAX).then_some(token)
}

fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.algorithms = vec![Algorithm::HS256];
    validation.set_required_spec_claims(&["exp", "sub"]);
    validation.validate_exp = true;
    validation.validate_nbf = true;
    // Tokens are our own: whoever holds the key decides for whom they are.
    validation.validate_aud = false;
    validation.leeway = 0;
    validation
}

/// What `$user.id` is for a token's `sub`: that is text, but a key of a content type is a number as a rule.
#[must_use]
pub fn user_id(sub: &str) -> Value {
    match sub.parse::<i64>() {
        Ok(number) if number.to_string() == sub => Value::from(number),
        Ok(_) | Err(_) => Value::String(sub.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn caller(authorization: Option<&[u8]>, key: Option<&TokenKey>) -> Result<Caller, TokenRefused> {
        match credentials(authorization, key)? {
            Credentials::Nobody => Ok(Caller::public()),
            Credentials::Roles(caller) => Ok(caller),
            other => panic!("{other:?}"),
        }
    }

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
    const LATER: u64 = 4_102_444_800;

    fn signed(claims: &Value, header: &Header, key: &[u8]) -> String {
        jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(key)).unwrap()
    }

    fn check(claims: &Value, expected: Option<&Value>) {
        let token = signed(claims, &Header::new(Algorithm::HS256), KEY);
        let key = TokenKey::new(KEY).unwrap();
        let met = caller(Some(format!("Bearer {token}").as_bytes()), Some(&key)).ok().map(|caller| match caller {
            Caller::Roles { roles, user } => json!({ "roles": roles, "user": user }),
            Caller::Owner => json!("owner"),
        });
        assert_eq!(met.as_ref(), expected, "{claims}");
    }

    #[test]
    fn good_tokens_name_their_caller() {
        check(
            &json!({ "exp": LATER, "sub": "7", "role": "editor" }),
            Some(&json!({ "roles": ["editor"], "user": { "id": 7 } })),
        );
        check(
            &json!({ "exp": LATER, "sub": "u-7", "roles": ["b", "a", "b"], "team": "kitchen" }),
            Some(&json!({ "roles": ["a", "b"], "user": { "team": "kitchen", "id": "u-7" } })),
        );
    }

    #[test]
    fn bad_tokens_are_refused() {
        check(&json!({ "exp": 1, "sub": "7", "role": "editor" }), None);
        check(&json!({ "sub": "7", "role": "editor" }), None);
        check(&json!({ "exp": "4102444800", "sub": "7", "role": "editor" }), None);
        check(&json!({ "exp": LATER, "role": "editor" }), None);
        check(&json!({ "exp": LATER, "sub": "7" }), None);
        check(&json!({ "exp": LATER, "sub": "7", "roles": [] }), None);
        check(&json!({ "exp": LATER, "sub": "7", "role": "" }), None);
        check(&json!({ "exp": LATER, "nbf": LATER - 1, "sub": "7", "role": "editor" }), None);
    }

    #[test]
    fn forged_tokens_are_refused() {
        let key = TokenKey::new(KEY).unwrap();
        let claims = json!({ "exp": LATER, "sub": "7", "role": "editor" });
        let other_key = signed(&claims, &Header::new(Algorithm::HS256), b"another key of thirty-two bytes!");
        let other_algorithm = signed(&claims, &Header::new(Algorithm::HS512), KEY);
        let unsigned = "eyJhbGciOiJub25lIn0.eyJleHAiOjQxMDI0NDQ4MDAsInN1YiI6IjciLCJyb2xlIjoiZWRpdG9yIn0.";
        for token in [other_key.as_str(), other_algorithm.as_str(), unsigned, "nope", ""] {
            assert!(caller(Some(format!("Bearer {token}").as_bytes()), Some(&key)).is_err(), "{token}");
        }
        assert!(caller(Some(b"Basic dXNlcjpwYXNz"), Some(&key)).is_err());
        assert!(caller(Some(b"Bearer x"), None).is_err());
    }

    #[test]
    fn no_header_is_the_public() {
        assert_eq!(caller(None, None).unwrap(), Caller::public());
    }

    #[test]
    fn tokens_of_people_and_programs_name_what_is_looked_up() {
        let key = TokenKey::new(KEY).unwrap();
        let token = key.sign_person(7, Some("hash"), Lasts { from: 0, until: LATER }).unwrap();
        let read = |token: &str| credentials(Some(format!("Bearer {token}").as_bytes()), Some(&key)).unwrap();
        assert_eq!(read(&token), Credentials::Person { account: 7, epoch: key.epoch(7, Some("hash")) });
        assert_ne!(key.epoch(7, Some("hash")), key.epoch(7, Some("other")));
        assert_ne!(key.epoch(7, Some("hash")), key.epoch(8, Some("hash")));
        assert_eq!(read("dgm_0123"), Credentials::Program { hash: digest("dgm_0123") });
    }

    #[test]
    fn short_keys_are_refused() {
        assert_eq!(TokenKey::new(b"short").unwrap_err(), KeyTooShort { bytes: 5 });
    }

    #[test]
    fn what_is_signed_is_taken() {
        let key = TokenKey::new(KEY).unwrap();
        let token = key.sign("editor", "3", Lasts { from: 0, until: LATER }).unwrap();
        let caller = caller(Some(format!("Bearer {token}").as_bytes()), Some(&key)).unwrap();
        assert_eq!(caller.fingerprint(), plan::Fingerprint(Some(vec!["editor".to_owned()])));
    }
}
