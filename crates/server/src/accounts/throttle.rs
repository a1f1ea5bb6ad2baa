//! Attempts to open accounts, counted for each account and each network, in bounded memory.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::AccountSettings;

/// Counts attempts.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    windows: Mutex<Windows>,
}

/// Whose attempts are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Subject {
    /// What an account is known by.
    Account(Box<str>),
    /// The first bytes of an address.
    Network([u8; 7]),
}

/// Attempts since a moment.
#[derive(Debug, Clone, Copy)]
struct Window {
    began: i64,
    attempts: u32,
}

#[derive(Debug, Default)]
struct Windows {
    counts: HashMap<Subject, Window>,
    /// In the order in which they began.
    order: VecDeque<(Subject, i64)>,
}

/// One attempt that is let through.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    throttle: &'a Throttle,
    subjects: Vec<(Subject, u32)>,
}

impl Throttle {
    /// Counts an attempt.
    ///
    /// # Errors
    /// It is one too many; after so many seconds another one may come.
    pub(crate) fn attempt(
        &self,
        (account, address): (Option<&str>, Option<IpAddr>),
        settings: &AccountSettings,
        now: i64,
    ) -> Result<Attempt<'_>, u32> {
        let account = account.map(|name| (Subject::Account(shortened(name)), settings.attempts_max));
        let address = address.map(|address| (Subject::Network(network(address)), settings.address_attempts_max));
        let subjects: Vec<(Subject, u32)> = account.into_iter().chain(address).collect();
        let span = i64::try_from(settings.attempts_window.as_micros()).unwrap_or(i64::MAX);
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.forget(now.saturating_sub(span), settings.attempts_kept_max);
        for (subject, most) in &subjects {
            if let Some(window) = windows.counts.get(subject).filter(|window| window.attempts >= *most) {
                return Err(seconds(window.began.saturating_add(span).saturating_sub(now)));
            }
        }
        for (subject, _) in &subjects {
            windows.count(subject, now);
        }
        drop(windows);
        Ok(Attempt { throttle: self, subjects })
    }
}

impl Attempt<'_> {
    /// It was no guess: the account's count begins anew within its window, and the network's attempt is taken back.
    pub(crate) fn succeeded(self) {
        let mut windows = self.throttle.windows.lock().unwrap_or_else(PoisonError::into_inner);
        for (subject, _) in &self.subjects {
            match subject {
                // The window stays, so that its place in the order does, too: many successes must not push others out.
                Subject::Account(_) => {
                    if let Some(window) = windows.counts.get_mut(subject) {
                        window.attempts = 0;
                    }
                }
                Subject::Network(_) => {
                    if let Some(window) = windows.counts.get_mut(subject) {
                        window.attempts = window.attempts.saturating_sub(1);
                    }
                }
            }
        }
    }
}

impl Windows {
    /// Forgets windows that began before a moment, and the oldest of too many.
    fn forget(&mut self, before: i64, most: usize) {
        while let Some((subject, began)) = self.order.front() {
            if *began > before && self.order.len() <= most {
                break;
            }
            if self.counts.get(subject).is_some_and(|window| window.began == *began) {
                self.counts.remove(subject);
            }
            self.order.pop_front();
        }
    }

    fn count(&mut self, subject: &Subject, now: i64) {
        if let Some(window) = self.counts.get_mut(subject) {
            window.attempts += 1;
            return;
        }
        self.counts.insert(subject.clone(), Window { began: now, attempts: 1 });
        self.order.push_back((subject.clone(), now));
    }
}

/// Longest name that is told apart: a longer one cannot be an account's.
const NAME_CHARS_MAX: usize = 320;

fn shortened(name: &str) -> Box<str> {
    name.chars().take(NAME_CHARS_MAX).flat_map(char::to_lowercase).collect::<String>().into()
}

/// The network that an address belongs to: one caller has a whole one as a rule. /24 for version 4, /56 for version 6.
fn network(address: IpAddr) -> [u8; 7] {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            [4, a, b, c, 0, 0, 0]
        }
        IpAddr::V6(address) => {
            let octets = address.octets();
            // A first byte of 4 would be taken for the mark above; no such network is in use.
            std::array::from_fn(|at| octets[at])
        }
    }
}

fn seconds(micros: i64) -> u32 {
    u32::try_from(micros.max(0) / 1_000_000 + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: i64 = 1_000_000;

    fn settings() -> AccountSettings {
        AccountSettings {
            attempts_max: 2,
            address_attempts_max: 3,
            attempts_window: Duration::from_mins(1),
            attempts_kept_max: 4,
            ..AccountSettings::default()
        }
    }

    /// Attempts as `account@address@second`, and what became of each: `.` let through, a number of seconds to wait, `+` let through and good.
    fn check(attempts: &[&str], expected: &[&str]) {
        let throttle = Throttle::default();
        let met: Vec<String> = attempts
            .iter()
            .map(|attempt| {
                let parts: Vec<&str> = attempt.trim_end_matches('+').split('@').collect();
                let at: i64 = parts[2].parse().unwrap();
                let address: IpAddr = parts[1].parse().unwrap();
                match throttle.attempt((Some(parts[0]), Some(address)), &settings(), at * SECOND) {
                    Ok(attempt_made) if attempt.ends_with('+') => {
                        attempt_made.succeeded();
                        "+".to_owned()
                    }
                    Ok(_) => ".".to_owned(),
                    Err(seconds) => seconds.to_string(),
                }
            })
            .collect();
        assert_eq!(met, expected);
    }

    #[test]
    fn an_account_is_closed_after_its_attempts_until_the_window_ends() {
        check(&["a@10.0.0.1@0", "A@10.0.1.1@1", "a@10.0.2.1@2", "a@10.0.2.1@61"], &[".", ".", "59", "."]);
    }

    #[test]
    fn a_network_is_closed_after_its_attempts_whatever_the_account() {
        check(&["a@10.0.0.1@0", "b@10.0.0.2@0", "c@10.0.0.3@0", "d@10.0.0.4@1"], &[".", ".", ".", "60"]);
        check(
            &["a@2001:db8::1@0", "b@2001:db8:0:1::1@0", "c@2001:db8::3@0", "d@2001:db8::4@1"],
            &[".", ".", ".", "60"],
        );
    }

    #[test]
    fn who_signs_in_is_not_counted() {
        check(&["a@10.0.0.1@0", "a@10.0.0.1@1+", "a@10.0.0.1@2", "a@10.0.0.1@3"], &[".", "+", ".", "."]);
    }

    #[test]
    fn the_oldest_are_forgotten_when_there_are_too_many() {
        let names = ["a@10.0.0.1@0", "b@10.0.1.1@1", "c@10.0.2.1@2", "d@10.0.3.1@3", "a@10.0.4.1@4", "a@10.0.5.1@5"];
        check(&names, &[".", ".", ".", ".", ".", "."]);
    }
}
