//! Hashing passwords before a transaction begins: it takes tens of milliseconds and 19 MiB, so that only a few run at a time.

use std::collections::HashMap;
use std::sync::LazyLock;

use argon2::{Argon2, PasswordHasher as _};
use model::{ContentType, Field, FieldKind, Model, Scalar};
use plan::rules::PASSWORD_BYTES_MAX;
use plan::{Content, Data, Given, Held, Value, Values};
use tokio::sync::Semaphore;

use crate::Error;

/// Passwords and their hashes.
pub(crate) type Hashes = HashMap<String, String>;

/// Hashes that run at a time, for each core.
const HASHES_PER_CORE: usize = 2;

static RUNNING: LazyLock<Semaphore> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Semaphore::new(cores * HASHES_PER_CORE)
});

/// The hash of every password that a change gives.
///
/// # Errors
/// [`Error::Randomness`] when the system gives no salt, [`Error::Closed`] while the runtime ends.
pub(crate) async fn hashes(model: &Model, of: &ContentType, data: &Data, values: &Values) -> Result<Hashes, Error> {
    let mut passwords = Vec::new();
    gather(model, &of.fields, data, values, &mut passwords);
    let mut hashes = Hashes::new();
    for password in passwords {
        if hashes.contains_key(&password) {
            continue;
        }
        let permit = RUNNING.acquire().await.map_err(|_| Error::Closed)?;
        let plain = password.clone();
        let outcome = tokio::task::spawn_blocking(move || hash(&plain)).await.map_err(|_| Error::Closed)?;
        drop(permit);
        hashes.insert(password, outcome?);
    }
    Ok(hashes)
}

/// A password as argon2id keeps it, with its own salt.
///
/// # Errors
/// [`Error::Randomness`] when the system gives no salt.
pub fn hash(password: &str) -> Result<String, Error> {
    let hashed: Result<argon2::password_hash::phc::PasswordHash, _> =
        Argon2::default().hash_password(password.as_bytes());
    hashed.map(|hash| hash.to_string()).map_err(|error| Error::Randomness { reason: error.to_string() })
}

/// Puts the hash in the place of every password, in elements, too.
pub(crate) fn put_hashes(model: &Model, fields: &[Field], content: &mut Content, hashes: &Hashes) {
    for (id, held) in &mut content.fields {
        match (held, &fields[usize::from(id.0)].kind) {
            (held @ Held::Value(_), FieldKind::Scalar { scalar: Scalar::Password, .. }) => {
                let Held::Value(Value::Text(plain)) = held else { continue };
                *held = hashes.get(plain).map_or(Held::Null, |hash| Held::Hash(hash.clone()));
            }
            (Held::Elements(elements), _) => {
                for element in elements {
                    let fields = &model.component(element.component).fields;
                    put_hashes(model, fields, &mut element.content, hashes);
                }
            }
            _ => {}
        }
    }
}

/// Passwords that may be kept; those that are too long become a fault later and are not worth a hash.
fn gather(model: &Model, fields: &[Field], data: &Data, values: &Values, passwords: &mut Vec<String>) {
    for assignment in &data.assignments {
        let field = &fields[usize::from(assignment.field.0)];
        match (&assignment.given, &field.kind) {
            (Given::Value(hole), FieldKind::Scalar { scalar: Scalar::Password, .. }) => {
                if let Value::Text(text) = values.get(*hole)
                    && text.len() <= PASSWORD_BYTES_MAX
                {
                    passwords.push(text.clone());
                }
            }
            (Given::Elements(elements), _) => {
                for element in elements {
                    gather(model, &model.component(element.component).fields, &element.data, values, passwords);
                }
            }
            (
                Given::Null
                | Given::Value(_)
                | Given::Engine(_)
                | Given::Increment(_)
                | Given::Links(_)
                | Given::TypedLinks(_),
                _,
            ) => {}
        }
    }
}
