//! House tasks: tidy, test, bench.
fn main() {}
