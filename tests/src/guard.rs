//! Holds the processes of steps for the workers of tests, as `dragoman guard` does.

/// Runs one task to its end.
fn main() -> Result<(), runs::guard::Error> {
    runs::guard::run(std::io::stdin(), std::io::stdout())
}
