//! The YAML as it was typed: scenario, stack, runbook and Compose files, each with positions; all problems at once.
//!
//! First in the pipeline: nothing is opened but these files, no engine is asked. Each file becomes a tree whose nodes know
//! their places (`node`), which is walked by typed readers (`fields`) that collect problems (`reading`). What the words mean is
//! for `plan` to say.

pub mod compose;
mod deadlines;
mod fault_entry;
mod fields;
mod interruption;
mod loaded;
mod node;
pub mod paths;
mod problem;
mod reading;
mod runbook_file;
mod sabotage_file;
mod scenario_file;
mod stack_file;
mod suggest;

pub use deadlines::Deadlines;
pub use fault_entry::{FAULTS, Fault, FaultKind};
pub use interruption::Interruption;
pub use loaded::{Loaded, Overrides, TimeOfDay, load, read, sabotages};
pub use problem::{Problem, Problems};
pub use reading::{Place, Placed, Reading, Word, hex};
pub use runbook_file::{CommandEntry, Each, Runbook, ServiceList, StepAction, StepEntry};
pub use sabotage_file::{ActEntry, RaisesEntry, SabotageEntry};
pub use scenario_file::{Allowance, Detection, Disaster, History, MAX_TENANTS, Objectives, Probe, Scenario, Title};
pub use stack_file::{
    AccessEntry, DatabaseEntry, DatacenterEntry, DriverEntry, FrontEntry, OperationEntry, PlainEntry, PolicyEntry,
    ProtectionEntry, Stack, VolatileEntry,
};
pub use suggest::suggest;
