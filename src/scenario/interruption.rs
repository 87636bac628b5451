//! A recovery that is broken off, as it was typed: `{ after: load }`, or `{ during: load, at: 300ms }`.

use super::fields::Fields;
use super::node::Node;
use super::reading::{Reading, Word};
use std::time::Duration;

/// Where the runbook is broken off, to be begun again from its first step.
#[derive(Debug, Clone)]
pub enum Interruption {
    /// The step is done.
    After(Word),
    /// The containers that carry the step out are killed this long after it began.
    During(Word, Duration),
}

pub fn read(node: &Node, reading: &mut Reading) -> Option<Interruption> {
    let mut fields = Fields::of(node, "`interrupt`", reading)?;
    let after = fields.maybe_word("after", reading);
    let during = fields.maybe_word("during", reading);
    let at = fields.get("at").and_then(|node| reading.duration(node));
    fields.done(reading);
    match (after, during, at) {
        (Some(step), None, None) => Some(Interruption::After(step)),
        (None, Some(step), Some(at)) => Some(Interruption::During(step, at)),
        (_, _, _) => {
            let hint = "`after: STEP`, or `during: STEP` with `at: 300ms`";
            reading.advise(node.owner(), "it is not clear when the runbook is interrupted", hint);
            None
        }
    }
}
