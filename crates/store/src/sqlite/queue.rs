//! A bounded queue between the async side and threads.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Error;

/// Jobs that wait for threads.
#[derive(Debug)]
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    max: usize,
}

#[derive(Debug)]
struct State<T> {
    jobs: VecDeque<T>,
    open: bool,
    /// Threads that wait: without any, nobody is woken, which is a call into the kernel each time.
    waiting: usize,
}

/// What a thread gets from the queue.
pub(super) enum Taken<T> {
    /// A job.
    Job(T),
    /// Nothing came in the time given.
    Idle,
    /// The queue is closed and empty.
    Closed,
}

impl<T> Queue<T> {
    pub(super) fn new(max: usize) -> Queue<T> {
        Queue {
            state: Mutex::new(State { jobs: VecDeque::new(), open: true, waiting: 0 }),
            changed: Condvar::new(),
            max,
        }
    }

    /// Adds a job, or refuses it at once.
    pub(super) fn push(&self, job: T) -> Result<(), Error> {
        let mut state = self.lock();
        if !state.open {
            return Err(Error::Closed);
        }
        if state.jobs.len() >= self.max {
            return Err(Error::Overloaded { waiting: state.jobs.len() });
        }
        state.jobs.push_back(job);
        let is_waited_for = state.waiting > 0;
        drop(state);
        if is_waited_for {
            self.changed.notify_one();
        }
        Ok(())
    }

    /// The next job; waits for one.
    pub(super) fn take(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if !state.open {
                return None;
            }
            state.waiting += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
    }

    /// The next job; waits for one, but not longer than this.
    pub(super) fn take_within(&self, wait: Duration) -> Taken<T> {
        let mut state = self.lock();
        if state.jobs.is_empty() && state.open {
            state.waiting += 1;
            let waited = self.changed.wait_timeout_while(state, wait, |state| state.jobs.is_empty() && state.open);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.waiting -= 1;
        }
        match state.jobs.pop_front() {
            Some(job) => Taken::Job(job),
            None if state.open => Taken::Idle,
            None => Taken::Closed,
        }
    }

    /// A job that is there already.
    pub(super) fn take_ready(&self) -> Option<T> {
        self.lock().jobs.pop_front()
    }

    /// Refuses new jobs; the ones inside are still done.
    pub(super) fn close(&self) {
        self.lock().open = false;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
