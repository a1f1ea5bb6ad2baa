//! Where new public ids come from: the system's randomness, or for tests a seed that gives the same ones every time.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Error;

/// Characters of a public id.
pub const DOCUMENT_ID_LENGTH: usize = 24;

const LETTERS: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";
const LETTERS_AND_DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// A source of ids.
#[derive(Debug)]
pub enum Ids {
    /// The system's randomness.
    Random,
    /// The same ids for the same seed, for tests.
    Seeded(AtomicU64),
}

impl Ids {
    /// The same ids for the same seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Ids {
        Ids::Seeded(AtomicU64::new(seed))
    }

    /// A new public id: lower-case letters and digits, the first one a letter, so that nobody takes it for a number.
    ///
    /// # Errors
    /// [`Error::Randomness`] when the system gives none.
    pub fn document_id(&self) -> Result<String, Error> {
        let mut bytes = [0u8; DOCUMENT_ID_LENGTH * 2];
        self.fill(&mut bytes)?;
        let letter = |at: usize, letters: &[u8]| {
            let number = usize::from(u16::from_le_bytes([bytes[2 * at], bytes[2 * at + 1]]));
            char::from(letters[number % letters.len()])
        };
        let rest = (1..DOCUMENT_ID_LENGTH).map(|at| letter(at, LETTERS_AND_DIGITS));
        Ok(std::iter::once(letter(0, LETTERS)).chain(rest).collect())
    }

    /// A new UUID of version 7: the time in milliseconds, then randomness.
    ///
    /// # Errors
    /// [`Error::Randomness`] when the system gives none.
    pub fn uuid(&self, now_us: i64) -> Result<u128, Error> {
        let mut bytes = [0u8; 10];
        self.fill(&mut bytes)?;
        let millis = u64::try_from(now_us / 1000).unwrap_or(0);
        Ok(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid().as_u128())
    }

    /// A number below `bound`, for jitter.
    ///
    /// # Errors
    /// [`Error::Randomness`] when the system gives none.
    pub fn below(&self, bound: u64) -> Result<u64, Error> {
        let mut bytes = [0u8; 8];
        self.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes) % bound.max(1))
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), Error> {
        match self {
            Ids::Random => getrandom::fill(bytes).map_err(|error| Error::Randomness { reason: error.to_string() }),
            Ids::Seeded(state) => {
                for chunk in bytes.chunks_mut(8) {
                    let number = next_of(state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed));
                    chunk.copy_from_slice(&number.to_le_bytes()[..chunk.len()]);
                }
                Ok(())
            }
        }
    }
}

/// `splitmix64`.
fn next_of(state: u64) -> u64 {
    let mut mixed = state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::{DOCUMENT_ID_LENGTH, Ids};

    #[test]
    fn public_ids_are_letters_and_digits_and_begin_with_a_letter() {
        for ids in [Ids::Random, Ids::seeded(7)] {
            for _ in 0..200 {
                let id = ids.document_id().expect("there is randomness");
                assert_eq!(id.len(), DOCUMENT_ID_LENGTH);
                assert!(id.starts_with(|first: char| first.is_ascii_lowercase()), "{id}");
                assert!(id.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit()), "{id}");
            }
        }
        assert_eq!(Ids::seeded(1).document_id().ok(), Ids::seeded(1).document_id().ok());
    }
}
