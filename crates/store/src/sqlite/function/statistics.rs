//! Sums, means and deviations: exact for integers and decimals, as PostgreSQL's `numeric` has them; for doubles by its recurrence.

use rusqlite::Error;
use rusqlite::functions::{Aggregate, Context};
use rusqlite::types::{Value, ValueRef};
use rust_decimal::{Decimal, RoundingStrategy};

/// An aggregate function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Statistic {
    Sum,
    Average,
    StddevSample,
    StddevPopulation,
    VarianceSample,
    VariancePopulation,
}

/// What is known of the values so far.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Numbers {
    count: u32,
    /// Sum of the values that came last, all with `pending_scale` digits behind the point. It cannot run over: neither count nor values are so large.
    pending: i128,
    pending_scale: u32,
    /// Exact sum of those before, and sum of squares; none once digits ran out.
    sum: Option<Decimal>,
    squares: Option<Decimal>,
    has_doubles: bool,
    /// Count, sum and sum of squared differences of the values as doubles; of exact values only where a deviation is asked for.
    ///
    /// Source: Youngs and Cramer, as PostgreSQL's `float8_accum`.
    float_count: f64,
    float_sum: f64,
    float_squares: f64,
}

/// A sum with more digits than a decimal holds.
#[derive(Debug, thiserror::Error)]
#[error("a sum has more than 28 digits")]
struct TooManyDigits;

impl Statistic {
    /// Whether it is made of squares, too.
    fn is_deviation(self) -> bool {
        match self {
            Statistic::Sum | Statistic::Average => false,
            Statistic::StddevSample
            | Statistic::StddevPopulation
            | Statistic::VarianceSample
            | Statistic::VariancePopulation => true,
        }
    }
}

impl Numbers {
    fn new() -> Numbers {
        Numbers {
            count: 0,
            pending: 0,
            pending_scale: 0,
            sum: Some(Decimal::ZERO),
            squares: Some(Decimal::ZERO),
            has_doubles: false,
            float_count: 0.0,
            float_sum: 0.0,
            float_squares: 0.0,
        }
    }

    /// Adds `digits` shifted by `scale` places behind the point, for a sum alone: one addition of integers as a rule.
    fn add_digits(&mut self, digits: i64, scale: u32) {
        if scale != self.pending_scale {
            self.settle();
            self.pending_scale = scale;
        }
        self.count += 1;
        self.pending += i128::from(digits);
    }

    /// Brings what is pending into the sum.
    fn settle(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let pending = Decimal::try_from_i128_with_scale(pending, self.pending_scale).ok();
        self.float_sum += pending.and_then(|pending| f64::try_from(pending).ok()).unwrap_or(f64::NAN);
        self.sum = self.sum.zip(pending).and_then(|(sum, pending)| sum.checked_add(pending));
    }

    fn add(&mut self, value: Decimal) {
        self.count += 1;
        self.sum = self.sum.and_then(|sum| sum.checked_add(value));
        self.squares = self.squares.zip(value.checked_mul(value)).and_then(|(sum, square)| sum.checked_add(square));
        self.add_double(f64::try_from(value).unwrap_or(f64::NAN));
    }

    fn add_double(&mut self, value: f64) {
        self.float_count += 1.0;
        self.float_sum += value;
        if self.float_count > 1.0 {
            let difference = value * self.float_count - self.float_sum;
            self.float_squares += difference * difference / (self.float_count * (self.float_count - 1.0));
        }
    }

    fn finish(&self, statistic: Statistic) -> Result<Value, Error> {
        match statistic {
            Statistic::Sum if self.has_doubles => Ok(Value::Real(self.float_sum)),
            Statistic::Sum => {
                let sum = self.sum.ok_or_else(|| Error::UserFunctionError(TooManyDigits.into()))?;
                Ok(Value::Text(sum.to_string()))
            }
            Statistic::Average => Ok(Value::Real(self.average())),
            Statistic::VarianceSample => Ok(self.variance(true).map_or(Value::Null, |of| Value::Real(of.double))),
            Statistic::VariancePopulation => Ok(self.variance(false).map_or(Value::Null, |of| Value::Real(of.double))),
            Statistic::StddevSample => Ok(self.variance(true).map_or(Value::Null, |of| Value::Real(of.deviation()))),
            Statistic::StddevPopulation => {
                Ok(self.variance(false).map_or(Value::Null, |of| Value::Real(of.deviation())))
            }
        }
    }

    fn average(&self) -> f64 {
        let exact = self.sum.filter(|_| !self.has_doubles).and_then(|sum| divided(sum, Decimal::from(self.count)));
        exact.and_then(|quotient| double(quotient.number)).unwrap_or(self.float_sum / f64::from(self.count))
    }

    /// The variance, exact where it can be; none for fewer values than it needs.
    fn variance(&self, of_sample: bool) -> Option<Variance> {
        let missing = u32::from(of_sample);
        if self.float_count <= f64::from(missing) {
            return None;
        }
        let float = self.float_squares / (self.float_count - f64::from(missing));
        let exact = (!self.has_doubles).then(|| self.exact_variance(missing)).flatten();
        let double = exact.and_then(|quotient| double(quotient.number)).unwrap_or(float);
        Some(Variance { exact, double })
    }

    /// `(n * sum(x^2) - sum(x)^2) / (n * (n - 1))`, or by `n * n`.
    fn exact_variance(&self, missing: u32) -> Option<Quotient> {
        let count = Decimal::from(self.count);
        let sum = self.sum?;
        let numerator = count.checked_mul(self.squares?)?.checked_sub(sum.checked_mul(sum)?)?;
        if numerator <= Decimal::ZERO {
            return Some(Quotient { number: Decimal::ZERO, scale: 0 });
        }
        divided(numerator, count.checked_mul(Decimal::from(self.count - missing))?)
    }
}

/// A variance, and where it is exact, its digits.
#[derive(Debug, Clone, Copy)]
struct Variance {
    exact: Option<Quotient>,
    double: f64,
}

/// A quotient and the digits behind its point that PostgreSQL keeps.
#[derive(Debug, Clone, Copy)]
struct Quotient {
    number: Decimal,
    scale: u32,
}

impl Variance {
    /// The root. Of an exact variance PostgreSQL keeps as many digits behind the point as of the variance itself; one step of Newton's method
    /// gives those that the root of a double lacks.
    fn deviation(self) -> f64 {
        let root = self.double.sqrt();
        let exact = self.exact.filter(|exact| !exact.number.is_zero()).and_then(|exact| {
            let guess = Decimal::try_from(root).ok()?;
            let step = guess.checked_add(exact.number.checked_div(guess)?)?.checked_div(Decimal::TWO)?;
            double(rounded(step, exact.scale))
        });
        exact.unwrap_or(root)
    }
}

fn rounded(number: Decimal, scale: u32) -> Decimal {
    number.round_dp_with_strategy(scale, RoundingStrategy::MidpointAwayFromZero)
}

fn double(number: Decimal) -> Option<f64> {
    // By its digits: the nearest double, which the conversion of the library does not promise.
    number.to_string().parse().ok()
}

/// The quotient with as many digits as PostgreSQL gives it: at least 16 that count, in groups of four.
///
/// Source: PostgreSQL, `select_div_scale` in `numeric.c`.
fn divided(left: Decimal, right: Decimal) -> Option<Quotient> {
    let ((left_weight, left_first), (right_weight, right_first)) = (leading_group(left), leading_group(right));
    let weight = left_weight - right_weight - i32::from(left_first <= right_first);
    let scale = (16 - weight * 4).max(i32::try_from(left.scale().max(right.scale())).ok()?).max(0);
    let quotient = left.checked_div(right)?;
    let scale = u32::try_from(scale).ok()?.min(Decimal::MAX_SCALE);
    Some(Quotient { number: rounded(quotient, scale), scale })
}

/// Weight (as a power of 10,000) and value of the first group of four digits that is not zero.
fn leading_group(number: Decimal) -> (i32, u32) {
    let digits = number.abs().to_string();
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let whole = whole.trim_start_matches('0');
    let group = |digits: &str| digits.parse().unwrap_or(0);
    let power = |groups: usize| i32::try_from(groups).unwrap_or(i32::MAX);
    if !whole.is_empty() {
        let weight = (whole.len() - 1) / 4;
        return (power(weight), group(&whole[..whole.len() - 4 * weight]));
    }
    let groups = fraction.as_bytes().chunks(4).map(|four| {
        let padded: String = four.iter().map(|byte| char::from(*byte)).chain("0000".chars()).take(4).collect();
        group(&padded)
    });
    let first = groups.enumerate().find(|(_, group)| *group != 0);
    first.map_or((0, 0), |(index, group)| (-power(index + 1), group))
}

/// Digits that fit an integer, without their point, and how many of them stand behind it.
fn short_digits(text: &str) -> Option<(i64, u32)> {
    const DIGITS_MAX: usize = 18;
    let (is_negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    if unsigned.is_empty() || unsigned.len() > DIGITS_MAX {
        return None;
    }
    let (mut number, mut scale) = (0_i64, None);
    for byte in unsigned.bytes() {
        match byte {
            b'0'..=b'9' => {
                number = number * 10 + i64::from(byte - b'0');
                scale = scale.map(|scale: u32| scale + 1);
            }
            b'.' if scale.is_none() => scale = Some(0),
            _other => return None,
        }
    }
    Some((if is_negative { -number } else { number }, scale.unwrap_or(0)))
}

impl Aggregate<Numbers, Option<Value>> for Statistic {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Numbers> {
        Ok(Numbers::new())
    }

    fn step(&self, context: &mut Context<'_>, numbers: &mut Numbers) -> rusqlite::Result<()> {
        match context.get_raw(0) {
            ValueRef::Null => {}
            ValueRef::Integer(value) if self.is_deviation() => numbers.add(Decimal::from(value)),
            ValueRef::Integer(value) => numbers.add_digits(value, 0),
            ValueRef::Real(value) => {
                numbers.count += 1;
                numbers.has_doubles = true;
                numbers.add_double(value);
            }
            value => {
                let digits = value.as_str()?;
                if !self.is_deviation()
                    && let Some((digits, scale)) = short_digits(digits)
                {
                    numbers.add_digits(digits, scale);
                    return Ok(());
                }
                let value =
                    digits.parse().map_err(|error: rust_decimal::Error| Error::UserFunctionError(error.into()))?;
                numbers.add(value);
            }
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, numbers: Option<Numbers>) -> rusqlite::Result<Option<Value>> {
        match numbers {
            Some(mut numbers) if numbers.count > 0 => {
                numbers.settle();
                numbers.finish(*self).map(Some)
            }
            Some(_) | None => Ok(None),
        }
    }
}
