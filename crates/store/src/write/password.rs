//! Passwords of a change: hashed before its transaction begins, put in their places inside it.

use std::collections::HashMap;

use model::{ContentType, Field, FieldKind, Model, Scalar};
use plan::rules::PASSWORD_BYTES_MAX;
use plan::{Content, Data, Given, Held, Value, Values};

use crate::{Error, hashing};

/// Passwords and their hashes.
pub(crate) type Hashes = HashMap<String, String>;

/// The hash of every password that a change gives.
///
/// # Errors
/// Those of [`hashing::password_hash`].
pub(crate) async fn hashes(model: &Model, of: &ContentType, data: &Data, values: &Values) -> Result<Hashes, Error> {
    let mut passwords = Vec::new();
    gather(model, &of.fields, data, values, &mut passwords);
    let mut hashes = Hashes::new();
    for password in passwords {
        if hashes.contains_key(&password) {
            continue;
        }
        let hash = hashing::password_hash(password.clone()).await?;
        hashes.insert(password, hash);
    }
    Ok(hashes)
}

/// Puts the hash in the place of every password, in elements, too.
pub(crate) fn put_hashes(model: &Model, fields: &[Field], content: &mut Content, hashes: &Hashes) {
    for (id, held) in &mut content.fields {
        let is_password = matches!(fields[usize::from(id.0)].kind, FieldKind::Scalar { scalar: Scalar::Password, .. });
        match held {
            Held::Value(Value::Text(plain)) if is_password => {
                *held = hashes.get(plain).map_or(Held::Null, |hash| Held::Hash(hash.clone()));
            }
            Held::Elements(elements) => {
                for element in elements {
                    let fields = &model.component(element.component).fields;
                    put_hashes(model, fields, &mut element.content, hashes);
                }
            }
            Held::Null
            | Held::Value(_)
            | Held::Increment(_)
            | Held::Append(_)
            | Held::Links(_)
            | Held::AddedLinks(_)
            | Held::Hash(_)
            | Held::Kept => {}
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
                | Given::Append(_)
                | Given::Links(_)
                | Given::AddedLinks(_)
                | Given::TypedLinks(_),
                _,
            ) => {}
        }
    }
}
