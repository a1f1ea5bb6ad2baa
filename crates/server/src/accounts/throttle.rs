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

/// Whose attempts are counted, and at what: each purpose has windows of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    /// Signing in by a name or address as it was typed, whether an account has it or not.
    Identifier(Box<str>),
    /// Signing in to an account, by whichever of its names.
    Account(i64),
    /// Telling the present password of an account, to change it.
    Change(i64),
    /// Asking for a code that is sent to an address.
    Code(Box<str>),
    /// Anything, from the first bytes of an address.
    Network([u8; 7]),
}

impl Subject {
    /// Signing in by this name or address.
    pub(super) fn identifier(typed: &str) -> Subject {
        Subject::Identifier(normalized(typed))
    }

    /// Asking for a code to this address.
    pub(super) fn code(email: &str) -> Subject {
        Subject::Code(normalized(email))
    }

    fn most(&self, settings: &AccountSettings) -> u32 {
        match self {
            Subject::Identifier(_) | Subject::Account(_) | Subject::Change(_) | Subject::Code(_) => {
                settings.attempts_max
            }
            Subject::Network(_) => settings.address_attempts_max,
        }
    }
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
    settings: &'a AccountSettings,
    now: i64,
    subjects: Vec<Subject>,
}

impl Throttle {
    /// Counts an attempt.
    ///
    /// # Errors
    /// It is one too many; after so many seconds another one may come.
    pub(super) fn attempt<'a>(
        &'a self,
        (subject, address): (Option<Subject>, Option<IpAddr>),
        settings: &'a AccountSettings,
        now: i64,
    ) -> Result<Attempt<'a>, u32> {
        let address = address.map(|address| Subject::Network(network(address)));
        let subjects: Vec<Subject> = subject.into_iter().chain(address).collect();
        self.count(&subjects, settings, now)?;
        Ok(Attempt { throttle: self, settings, now, subjects })
    }

    /// Counts an attempt of each, or of none where one has had too many.
    fn count(&self, subjects: &[Subject], settings: &AccountSettings, now: i64) -> Result<(), u32> {
        let span = i64::try_from(settings.attempts_window.as_micros()).unwrap_or(i64::MAX);
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.forget(now.saturating_sub(span), settings.attempts_kept_max);
        for subject in subjects {
            if let Some(window) = windows.counts.get(subject).filter(|window| window.attempts >= subject.most(settings))
            {
                return Err(seconds(window.began.saturating_add(span).saturating_sub(now)));
            }
        }
        for subject in subjects {
            windows.count(subject, now);
        }
        Ok(())
    }
}

impl Attempt<'_> {
    /// Counts it for one more, which is known only now; false: that one has had too many.
    pub(super) fn also(&mut self, subject: Subject) -> bool {
        let is_open = self.throttle.count(std::slice::from_ref(&subject), self.settings, self.now).is_ok();
        self.subjects.push(subject);
        is_open
    }

    /// It was no guess: the account's counts begin anew within their windows, and the network's attempt is taken back.
    pub(crate) fn succeeded(self) {
        let mut windows = self.throttle.windows.lock().unwrap_or_else(PoisonError::into_inner);
        for subject in &self.subjects {
            // The window stays, so that its place in the order does, too: many successes must not push others out.
            let Some(window) = windows.counts.get_mut(subject) else { continue };
            window.attempts = match subject {
                Subject::Identifier(_) | Subject::Account(_) | Subject::Change(_) | Subject::Code(_) => 0,
                Subject::Network(_) => window.attempts.saturating_sub(1),
            };
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

/// Names that may be one account's are one: addresses are known in any case.
fn normalized(name: &str) -> Box<str> {
    name.trim().chars().take(NAME_CHARS_MAX).flat_map(char::to_lowercase).collect::<String>().into()
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
            attempts_kept_max: 6,
            ..AccountSettings::default()
        }
    }

    /// What a word stands for: `#7` the account 7, `!7` its present password, `?ann` a code for that address, all else a name as it is typed.
    fn subject(word: &str) -> Subject {
        let (mark, rest) = word.split_at(1);
        match mark {
            "#" => Subject::Account(rest.parse().unwrap()),
            "!" => Subject::Change(rest.parse().unwrap()),
            "?" => Subject::code(rest),
            _ => Subject::identifier(word),
        }
    }

    /// Attempts as `subject@address@second`, a second subject after a comma, and what became of each: `.` let through, a number of seconds to wait,
    /// `x` closed by the second subject, `+` let through and good.
    fn check(attempts: &[&str], expected: &[&str]) {
        let (throttle, settings) = (Throttle::default(), settings());
        let met: Vec<String> = attempts
            .iter()
            .map(|attempt| {
                let parts: Vec<&str> = attempt.trim_end_matches('+').split('@').collect();
                let at: i64 = parts[2].parse().unwrap();
                let address: IpAddr = parts[1].parse().unwrap();
                let (first, second) = parts[0].split_once(',').map_or((parts[0], None), |(one, two)| (one, Some(two)));
                match throttle.attempt((Some(subject(first)), Some(address)), &settings, at * SECOND) {
                    Ok(mut made) => match second.is_none_or(|word| made.also(subject(word))) {
                        true if attempt.ends_with('+') => {
                            made.succeeded();
                            "+".to_owned()
                        }
                        true => ".".to_owned(),
                        false => "x".to_owned(),
                    },
                    Err(seconds) => seconds.to_string(),
                }
            })
            .collect();
        assert_eq!(met, expected);
    }

    #[test]
    fn the_names_of_one_account_are_counted_together_and_a_closed_account_is_not_told_by_the_wait() {
        check(
            &["ann,#7@10.0.0.1@0", "a.mail,#7@10.0.1.1@1", "A.Mail ,#7@10.0.2.1@2", "a.mail@10.0.3.1@3"],
            &[".", ".", "x", "59"],
        );
        check(
            &["ann,#7@10.0.0.1@0", "ann,#7@10.0.1.1@1+", "a.mail,#7@10.0.2.1@2", "ann,#7@10.0.3.1@3"],
            &[".", "+", ".", "."],
        );
    }

    #[test]
    fn each_purpose_has_windows_of_its_own() {
        check(&["7@10.0.0.1@0", "7@10.0.1.1@0", "?7@10.0.2.1@1", "!7@10.0.3.1@1"], &[".", ".", ".", "."]);
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
