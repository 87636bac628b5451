//! A variant written into the text of its scenario, so that it can be run alone.

use super::table::Variant;
use crate::plan::Overrides;

/// The scenario with the variant and what the command line overrode in it: comments and order stay.
pub(super) fn scenario(text: &str, variant: &Variant, overrides: &Overrides) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if let Some(tenants) = overrides.tenants {
        set(&mut lines, "tenants", &tenants.to_string());
    }
    if let Some(seed) = overrides.seed {
        set(&mut lines, "seed", &seed.to_string());
    }
    match variant {
        Variant::Untouched => {}
        Variant::Moment(at) => set(&mut lines, "disaster", &format!("{{ at: \"{at}\" }}")),
        Variant::Broken(at) => {
            if let Some(recovery) = lines.iter().position(|line| line.starts_with("recovery:")) {
                lines.insert(recovery + 1, format!("  interrupt: {}", at.typed()));
            }
        }
    }
    lines.join("\n") + "\n"
}

/// Gives a key of the outermost mapping another value, whatever lines the old one takes.
fn set(lines: &mut Vec<String>, key: &str, value: &str) {
    let line = format!("{key}: {value}");
    let Some(first) = lines.iter().position(|line| line.starts_with(&format!("{key}:"))) else {
        lines.push(line);
        return;
    };
    let is_of_value = |line: &str| line.starts_with([' ', '-', ']', '}']) && !line.trim().is_empty();
    let is_between = |line: &str| line.trim().is_empty() || line.starts_with('#');
    let below = lines[first + 1..].iter().take_while(|line| is_of_value(line) || is_between(line));
    let below: Vec<&String> = below.collect();
    // What stands after its last line belongs to the next key.
    let last = below.iter().rposition(|line| is_of_value(line)).map_or(0, |last| last + 1);
    let past = first + 1 + last;
    lines.splice(first..past, [line]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::StepName;
    use crate::plan::{Break, Phase, TimeOfDay, broken_off, compile};
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
            let (steps, plan) = planned(&scenario(&shipped(), &Variant::Broken(at.clone()), &Overrides::default()));
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
        let (_, plan) = planned(&scenario(&shipped(), &Variant::Moment(at), &Overrides::default()));
        assert!(plan.calendar.disaster.to_string().contains("T03:07:00"), "{}", plan.calendar.disaster);
    }

    #[test]
    fn what_the_command_line_overrode_is_written_too() {
        let over = Overrides { seed: Some(9), tenants: Some(2), disaster: None };
        let block = shipped().replace("tenants: [acme, acme-prod, globex]\nseed: 7", "tenants:\n  - acme\n  - globex");
        assert_ne!(block, shipped());
        let loose = block.replace("  - acme\n", "\n# the first\n  - acme\n\n");
        let wide = shipped().replace("tenants: [acme, acme-prod, globex]", "tenants: [\n  acme,\n  globex\n]");
        assert_ne!(wide, shipped());
        for text in [shipped(), block, loose, wide] {
            let (_, plan) = planned(&scenario(&text, &Variant::Untouched, &over));
            let tenants: Vec<&str> = plan.tenants.iter().map(crate::ids::Tenant::as_str).collect();
            assert_eq!((plan.seed, tenants), (9, vec!["t-01", "t-02"]));
        }
    }
}
