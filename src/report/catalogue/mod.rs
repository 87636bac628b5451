//! Every text of a report, in English and German. A code, a check or a phase without a text does not compile.

mod calibration;
mod findings;
mod glossary;
mod judgement;
mod label;
mod names;

pub use calibration::calibration;
pub use findings::{finding, finding_facts, finding_line, joined, one_line, reason, reason_facts, reason_line};
pub use glossary::glossary;
pub use judgement::{limit, not_tested, outcome, severity, tenant_state, verdict, verdict_means};
pub use label::Label;
pub use names::{
    check, check_means, fault, parent, part, phase, prediction, role, tag, test_object, test_object_limit,
};
