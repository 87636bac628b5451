//! What the histories of the samples leave to chance, and how much there is of it.

use super::Bulk;

/// Rounds of writes in the plan of a sample.
pub const ROUNDS: u32 = 7;
/// The last of them before the recovery point, counted from 1.
pub const BEFORE: u32 = 4;

/// A small generator of the linear congruential kind; 0 always rolls 0, and leaves out the rarer kinds of writes.
pub struct Dice {
    state: u64,
    /// How many rounds have begun.
    pub round: u32,
    pub bulk: Bulk,
}

impl Dice {
    pub const fn new(seed: u64, bulk: Bulk) -> Self {
        Self { state: seed, round: 0, bulk }
    }

    pub fn roll(&mut self, sides: u64) -> u64 {
        if self.state == 0 {
            return 0;
        }
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) | 1;
        (self.state >> 33) % sides
    }

    /// What the baseline makes so many of that each round of the history can do something to one.
    pub const fn numbers(&self) -> std::ops::Range<u32> {
        if self.state == 0 { 0..0 } else { 0..ROUNDS }
    }

    /// The number of this round.
    pub fn round(&mut self) -> Option<u32> {
        let number = self.round;
        self.round += 1;
        self.numbers().contains(&number).then_some(number)
    }
}
