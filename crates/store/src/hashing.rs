//! Passwords as argon2id. A hash takes tens of milliseconds and 19 MiB: how many are made at a time, and how many wait, is bounded here for everybody.

use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;

use crate::Error;

/// Hashes that are made at a time, for each core.
pub const HASHES_PER_CORE: usize = 1;
/// Hashes that wait for their turn, for each core; one more is refused.
pub const HASHES_WAITING_PER_CORE: usize = 32;

static RUNNING: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(cores() * HASHES_PER_CORE));
static ADMITTED: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(cores() * (HASHES_PER_CORE + HASHES_WAITING_PER_CORE)));

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A password as it is kept, with a salt of its own, made when its turn comes.
///
/// # Errors
/// [`Error::Overloaded`] when too many wait, [`Error::Randomness`] when the system gives no salt, [`Error::Closed`] while the runtime ends.
pub async fn password_hash(password: String) -> Result<String, Error> {
    in_turn(move || password_hash_now(&password)).await?
}

/// Whether a password is the one that was hashed. Without a hash, or with one that is none, the answer is no and takes as long.
///
/// # Errors
/// [`Error::Overloaded`] when too many wait, [`Error::Closed`] while the runtime ends.
pub async fn password_matches(password: String, hash: Option<String>) -> Result<bool, Error> {
    in_turn(move || {
        if let Some(hash) = hash.as_deref().and_then(|hash| PasswordHash::new(hash).ok()) {
            return Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
        }
        // Whoever asks for an account that is not there learns nothing from the time that it takes.
        let _wasted = password_hash_now(&password);
        false
    })
    .await
}

/// A password as it is kept, made at once on this thread: for whoever hashes one after the other.
///
/// # Errors
/// [`Error::Randomness`] when the system gives no salt.
pub fn password_hash_now(password: &str) -> Result<String, Error> {
    let hashed: Result<PasswordHash, _> = Argon2::default().hash_password(password.as_bytes());
    hashed.map(|hash| hash.to_string()).map_err(|error| Error::Randomness { reason: error.to_string() })
}

/// Does a job on a thread that may block, when its turn comes.
async fn in_turn<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let waiting = cores() * HASHES_WAITING_PER_CORE;
    let admitted = ADMITTED.try_acquire().map_err(|_full| Error::Overloaded { waiting })?;
    let turn = RUNNING.acquire().await.map_err(|_closed| Error::Closed)?;
    // The job holds its place itself: it goes on when nobody waits for it any more.
    let held = move || {
        let _place = (admitted, turn);
        job()
    };
    tokio::task::spawn_blocking(held).await.map_err(|_ended| Error::Closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_alone_and_few_wait() {
        let hash = password_hash("correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        let matches =
            |password: &str, hash: Option<&str>| password_matches(password.to_owned(), hash.map(str::to_owned));
        assert!(matches("correct horse", Some(&hash)).await.unwrap());
        assert!(!matches("wrong horse", Some(&hash)).await.unwrap());
        assert!(!matches("correct horse", None).await.unwrap());
        assert!(!matches("correct horse", Some("no hash")).await.unwrap());

        // What would wait too long is refused.
        let most = cores() * (HASHES_PER_CORE + HASHES_WAITING_PER_CORE);
        let all = ADMITTED.acquire_many(u32::try_from(most).unwrap()).await.unwrap();
        let refused = password_hash("one more".to_owned()).await;
        assert!(matches!(refused, Err(Error::Overloaded { .. })), "{refused:?}");
        drop(all);
    }
}
