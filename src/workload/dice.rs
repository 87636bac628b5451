//! Chance by seed. What a seed means must never change: the generator and the way from its bits to a choice are fixed here,
//! and a golden test holds them.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// A stream of choices; the same seed and path give the same choices on every machine.
pub(crate) struct Dice(Xoshiro256PlusPlus);

impl Dice {
    /// `path` names the purpose, so that choices for one thing do not shift those for another.
    pub(crate) fn new(seed: u64, path: &[&str]) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        for part in path {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        Self(Xoshiro256PlusPlus::from_seed(hash.finalize().into()))
    }

    /// From 0 to below `bound`; 0 if `bound` is 0. The bias is below `bound` in 2^64.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.0.next_u64()) * (bound as u128);
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// One of them, or none if there is none.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let index = self.below(of.len());
        of.get(index)
    }

    /// Takes one of them out.
    pub(crate) fn take<T>(&mut self, of: &mut Vec<T>) -> Option<T> {
        let index = self.below(of.len());
        (index < of.len()).then(|| of.remove(index))
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last + 1);
            items.swap(last, other);
        }
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend_from_slice(&self.0.next_u64().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_means_the_same() {
        let mut dice = Dice::new(42, &["acme", "page"]);
        let mut order: Vec<usize> = (0..8).collect();
        dice.shuffle(&mut order);
        // Computed apart from this program, with xoshiro256++ as published.
        assert_eq!(order, [5, 6, 2, 4, 1, 0, 7, 3]);
        assert_eq!((dice.bytes(4), dice.below(1000)), (vec![234, 213, 33, 74], 973));
    }

    #[test]
    fn paths_and_seeds_are_told_apart() {
        let first = |seed, path: &[&str]| Dice::new(seed, path).bytes(8);
        assert_ne!(first(1, &["a", "b"]), first(1, &["ab"]));
        assert_ne!(first(1, &["a"]), first(2, &["a"]));
    }

    #[test]
    fn nothing_can_be_chosen_from_nothing() {
        let mut dice = Dice::new(0, &[]);
        assert_eq!((dice.below(0), dice.pick::<u8>(&[]), dice.take::<u8>(&mut vec![])), (0, None, None));
        assert!((0..1000).map(|_| dice.below(3)).all(|choice| choice < 3));
    }
}
