//! Where new public ids come from: the system's randomness, or for tests a seed that gives the same ones every time.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Error;

/// Characters of a public id.
pub const DOCUMENT_ID_LENGTH: usize = 24;
/// Characters at the beginning of a public id that tell the time.
const TIME_LENGTH: usize = 8;
/// The time is told in hundredths of a second.
const TIME_STEP_US: i64 = 10_000;

const LETTERS: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";
/// In the order of their bytes.
const DIGITS_AND_LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

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

    /// A new public id: lower-case letters and digits, the first one a letter, so that nobody takes it for a number. It begins with the time, so that
    /// ids made after each other stand beside each other in their index; the other 16 characters (82 bits) cannot be guessed.
    ///
    /// # Errors
    /// [`Error::Randomness`] when the system gives none.
    pub fn document_id(&self, now_us: i64) -> Result<String, Error> {
        let mut id = self.word()?;
        id.replace_range(..TIME_LENGTH, &time_word(now_us));
        Ok(id)
    }

    /// A word as long as a public id that cannot be guessed at all.
    ///
    /// # Errors
    /// [`Error::Randomness`] when the system gives none.
    pub fn word(&self) -> Result<String, Error> {
        let mut bytes = [0u8; DOCUMENT_ID_LENGTH * 2];
        self.fill(&mut bytes)?;
        let letter = |at: usize, letters: &[u8]| {
            let number = usize::from(u16::from_le_bytes([bytes[2 * at], bytes[2 * at + 1]]));
            char::from(letters[number % letters.len()])
        };
        let rest = (1..DOCUMENT_ID_LENGTH).map(|at| letter(at, DIGITS_AND_LETTERS));
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

/// The time in base 36, the first digit a letter: later times are greater texts, until the year 2600.
fn time_word(now_us: i64) -> String {
    let mut rest = usize::try_from(now_us / TIME_STEP_US).unwrap_or(0);
    let mut word = [b'a'; TIME_LENGTH];
    for place in word[1..].iter_mut().rev() {
        *place = DIGITS_AND_LETTERS[rest % DIGITS_AND_LETTERS.len()];
        rest /= DIGITS_AND_LETTERS.len();
    }
    word[0] = LETTERS[rest % LETTERS.len()];
    word.into_iter().map(char::from).collect()
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
    use super::{DOCUMENT_ID_LENGTH, Ids, TIME_STEP_US};

    #[test]
    fn public_ids_are_letters_and_digits_begin_with_a_letter_and_grow_with_time() {
        for ids in [Ids::Random, Ids::seeded(7)] {
            let mut last = String::new();
            for count in 0..200 {
                let id = ids.document_id(1_795_275_958_000_000 + count * TIME_STEP_US).expect("there is randomness");
                assert_eq!(id.len(), DOCUMENT_ID_LENGTH);
                assert!(id.starts_with(|first: char| first.is_ascii_lowercase()), "{id}");
                assert!(id.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit()), "{id}");
                assert!(last < id, "{last} {id}");
                last = id;
            }
        }
        assert_eq!(Ids::seeded(1).document_id(0).ok(), Ids::seeded(1).document_id(0).ok());
    }
}
