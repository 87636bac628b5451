//! The drill clock: a journalled mapping from the monotonic clock to simulated time.

use super::event::Event;
use super::writer::{WriteError, Writer};
use crate::clock::{DrillTime, Mono};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Shared by all that stamp writes with drill time.
#[derive(Clone)]
pub struct DrillClock {
    journal: Writer,
    mapping: Arc<Mutex<Mapping>>,
}

#[derive(Debug, Clone, Copy)]
struct Mapping {
    set_at: Mono,
    shows: DrillTime,
    running: bool,
}

impl DrillClock {
    /// A clock that stands at `begins`.
    #[must_use]
    pub fn new(journal: Writer, begins: DrillTime) -> Self {
        let mapping = Mapping { set_at: Mono::default(), shows: begins, running: false };
        Self { journal, mapping: Arc::new(Mutex::new(mapping)) }
    }

    #[must_use]
    pub fn now(&self) -> DrillTime {
        let mapping = *self.mapping.lock().unwrap_or_else(PoisonError::into_inner);
        if mapping.running {
            mapping.shows.plus(self.journal.clock().mono().since(mapping.set_at))
        } else {
            mapping.shows
        }
    }

    /// Moves the clock to `drill`; from there it stands still.
    ///
    /// # Errors
    /// [`WriteError`] when the journal cannot be written.
    pub fn stand_at(&self, drill: DrillTime) -> Result<(), WriteError> {
        self.set(drill, false)
    }

    /// Moves the clock to `drill`; from there it runs in real time.
    ///
    /// # Errors
    /// [`WriteError`] when the journal cannot be written.
    pub fn run_from(&self, drill: DrillTime) -> Result<(), WriteError> {
        self.set(drill, true)
    }

    /// Runs from `lead` before `moment`, but never backwards.
    ///
    /// # Errors
    /// [`WriteError`] when the journal cannot be written.
    pub fn run_up_to(&self, moment: DrillTime, lead: Duration) -> Result<(), WriteError> {
        let from = moment.minus(lead).max(self.now());
        self.set(from, true)
    }

    fn set(&self, drill: DrillTime, running: bool) -> Result<(), WriteError> {
        let set_at = self.journal.write(Event::ClockSet { drill, running })?;
        *self.mapping.lock().unwrap_or_else(PoisonError::into_inner) = Mapping { set_at, shows: drill, running };
        Ok(())
    }
}
