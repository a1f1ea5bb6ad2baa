//! A number that is kept in one unit and answered in another.

use rust_decimal::{Decimal, RoundingStrategy};

/// From the unit that a number is kept in to the one that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Factor of the unit asked for.
    pub asked: Decimal,
    /// Factor of the unit that it is kept in, above 0.
    pub kept: Decimal,
    /// Decimals at most.
    pub decimals: u32,
}

impl Scale {
    /// `value x asked / kept`, rounded half away from zero; none where it has more digits than an exact number can hold.
    ///
    /// Source: the language's `@unit`.
    #[must_use]
    pub fn apply(&self, value: Decimal) -> Option<Decimal> {
        let scaled = value.checked_mul(self.asked)?.checked_div(self.kept)?;
        Some(scaled.round_dp_with_strategy(self.decimals, RoundingStrategy::MidpointAwayFromZero).normalize())
    }
}
