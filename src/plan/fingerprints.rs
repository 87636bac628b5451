//! Fingerprints out of band: the operator's own tool says what every table and every folder of a tenant holds, before the fault
//! and after the recovery. What the prober writes stays out of them, so that nobody must stop using the system for them.

use super::steps::{Outline, Steps, longest};
use super::{Action, Check, Command, Moment, Operation, Phase};
use crate::ids::Datacenter;
use crate::scenario::Reading;

/// How the titles of the pages begin that change after the fingerprint before the fault: the prober's, and that of the users who
/// write into it; and of no others.
pub const PROBE_PAGES_BEGIN: &str = "Probe ";

impl Outline<'_> {
    /// The commands that take fingerprints in a datacenter; none if nobody asks for them.
    pub fn fingerprint(&self, at: &Datacenter, reading: &mut Reading) -> Vec<Command> {
        if !self.checks.contains(&Check::OutOfBand) {
            return Vec::new();
        }
        let volatile: Vec<&str> = self.volatile.iter().map(|one| one.table.as_str()).collect();
        let volatile = volatile.join(",");
        let more = [("VOLATILE", volatile.as_str()), ("LEAVE_OUT", PROBE_PAGES_BEGIN)];
        self.commands.operation(Operation::Fingerprint, at, &more, reading)
    }

    /// A step that takes fingerprints, if somebody asks for them.
    pub fn add_fingerprint(
        &self,
        steps: &mut Steps,
        (phase, moment): (Phase, Moment),
        at: &Datacenter,
        reading: &mut Reading,
    ) {
        let commands = self.fingerprint(at, reading);
        if !commands.is_empty() {
            steps.add(phase, "fingerprint", longest(&commands), Action::Fingerprint { moment, commands });
        }
    }
}
