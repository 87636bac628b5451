//! A variant written into the text of its scenario, so that it can be run alone.

use super::table::Variant;

/// The scenario with the variant in it: comments and order stay.
pub(super) fn scenario(text: &str, variant: &Variant) -> String {
    let mut written = Vec::new();
    for line in text.lines() {
        match variant {
            Variant::Moment(at) if line.starts_with("disaster:") => {
                written.push(format!("disaster: {{ at: \"{at}\" }}"));
            }
            Variant::Untouched | Variant::Broken(_) | Variant::Moment(_) => written.push(line.to_owned()),
        }
        if let (Variant::Broken(at), true) = (variant, line.starts_with("recovery:")) {
            written.push(format!("  interrupt: {}", at.typed()));
        }
    }
    written.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::StepName;
    use crate::plan::{Break, Overrides, Phase, TimeOfDay, broken_off, compile};
    use std::path::Path;
    use std::time::Duration;

    const SCENARIO: &str = "scenarios/notes-datacenter-loss.yaml";

    fn shipped() -> String {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(SCENARIO)).expect("a scenario")
    }

    /// Steps of the recovery, as the written scenario plans them.
    fn planned(text: &str) -> (Vec<String>, crate::plan::Plan) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let bed = assert_fs::TempDir::new().expect("a folder");
        let path = bed.path().join("scenario.yaml");
        let absolute = text.replace("../fixtures", &folder.join("fixtures").display().to_string());
        std::fs::write(&path, absolute).expect("written");
        let plan = compile(&path, &Overrides::default()).expect("a plan").plan;
        let steps = plan.steps.iter().filter(|step| step.phase == Phase::Recover).map(|step| step.name.0.clone());
        (steps.collect(), plan)
    }

    #[test]
    fn what_is_printed_is_what_was_run() {
        let clean = planned(&shipped()).1;
        for during in [None, Some(Duration::from_millis(350))] {
            let at = Break { step: StepName("recover/load".to_owned()), during };
            let (steps, plan) = planned(&scenario(&shipped(), &Variant::Broken(at.clone())));
            assert_eq!(plan.steps, broken_off(&clean, &at).expect("such a step").steps);
            let first: Vec<&str> =
                steps.iter().map(String::as_str).take_while(|name| !name.ends_with("-again")).collect();
            assert_eq!(
                first,
                ["recover/start-platform", "recover/provide-tenants", "recover/fetch", "recover/load"],
                "then everything again"
            );
            assert_eq!(steps.len(), first.len() + 6);
        }
    }

    #[test]
    fn another_moment_is_written_too() {
        let at = TimeOfDay { hour: 3, minute: 7 };
        let (_, plan) = planned(&scenario(&shipped(), &Variant::Moment(at)));
        assert!(plan.calendar.disaster.to_string().contains("T03:07:00"), "{}", plan.calendar.disaster);
    }
}
