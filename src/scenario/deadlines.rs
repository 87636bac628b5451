//! How long the steps of each kind may take, as typed in a scenario.

use super::fields::Fields;
use super::node::Node;
use super::reading::Reading;
use std::time::Duration;

/// How long the steps of each kind may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    pub images: Duration,
    pub start: Duration,
    pub baseline: Duration,
    pub write: Duration,
    pub readback: Duration,
    pub encryption: Duration,
    pub gate: Duration,
    pub fault: Duration,
    pub front: Duration,
    pub sustain: Duration,
}

pub const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

pub fn deadlines(node: Option<&Node>, reading: &mut Reading) -> Deadlines {
    let mut deadlines = Deadlines {
        images: minutes(30),
        start: minutes(5),
        baseline: minutes(10),
        write: minutes(5),
        readback: minutes(10),
        encryption: minutes(10),
        gate: minutes(2),
        fault: minutes(2),
        front: minutes(5),
        sustain: minutes(3),
    };
    let Some(mut fields) = node.and_then(|node| Fields::of(node, "`deadlines`", reading)) else { return deadlines };
    let all: [(&'static str, &mut Duration); 10] = [
        ("images", &mut deadlines.images),
        ("start", &mut deadlines.start),
        ("baseline", &mut deadlines.baseline),
        ("write", &mut deadlines.write),
        ("readback", &mut deadlines.readback),
        ("encryption", &mut deadlines.encryption),
        ("gate", &mut deadlines.gate),
        ("fault", &mut deadlines.fault),
        ("front", &mut deadlines.front),
        ("sustain", &mut deadlines.sustain),
    ];
    for (key, deadline) in all {
        *deadline = fields.duration(key, *deadline, reading);
    }
    fields.done(reading);
    deadlines
}
