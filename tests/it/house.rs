//! The house keeps its shape: data flows one way, files stay short, every module says what it is for.

use crate::bed::root;
use std::path::{Path, PathBuf};

/// What each folder of `src` may use beside itself. `verdict` and `report` never see an engine.
const MAY_USE: [(&str, &[&str]); 19] = [
    ("ids", &[]),
    ("clock", &[]),
    ("secret", &[]),
    ("scenario", &["ids", "clock", "secret", "plan"]),
    ("plan", &["ids", "clock", "secret", "scenario"]),
    ("journal", &["ids", "clock", "plan"]),
    ("engine", &["ids", "clock", "plan", "journal"]),
    ("stack", &BUILDERS),
    ("runbook", &BUILDERS),
    ("fault", &BUILDERS),
    ("ledger", &BUILDERS),
    ("workload", &BUILDERS),
    ("probe", &BUILDERS),
    ("drill", &BUILDERS),
    ("timeline", &["ids", "clock", "plan", "journal"]),
    ("verdict", &["ids", "clock", "plan", "journal", "timeline"]),
    ("report", &["ids", "clock", "plan", "journal", "timeline", "verdict"]),
    ("calibrate", &["ids", "clock", "secret", "plan", "journal", "ledger", "workload", "probe", "timeline", "verdict"]),
    ("cli", &ALL),
];
const BUILDERS: [&str; 12] =
    ["ids", "clock", "secret", "plan", "journal", "engine", "stack", "runbook", "fault", "ledger", "workload", "probe"];
const ALL: [&str; 19] = [
    "ids",
    "clock",
    "secret",
    "scenario",
    "plan",
    "journal",
    "engine",
    "stack",
    "runbook",
    "fault",
    "ledger",
    "workload",
    "probe",
    "drill",
    "timeline",
    "verdict",
    "report",
    "calibrate",
    "cli",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The first folder (or file) below `src`: the layer.
fn layer(path: &Path) -> String {
    let relative = path.strip_prefix(root().join("src")).unwrap();
    let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn data_flows_one_way() {
    let mut wrong = Vec::new();
    for path in sources(&root().join("src")) {
        let here = layer(&path);
        let Some((_, may_use)) = MAY_USE.iter().find(|(name, _)| *name == here) else { continue };
        for (number, line) in std::fs::read_to_string(&path).unwrap().lines().enumerate() {
            let code = line.split("//").next().unwrap();
            for used in code.split("crate::").skip(1) {
                let used: String = used.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                if used != here && ALL.contains(&used.as_str()) && !may_use.contains(&used.as_str()) {
                    wrong.push(format!("{}:{}: {here} uses {used}", path.display(), number + 1));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    for path in sources(&root().join("src")) {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.lines().count() <= 400, "{} has {} lines", path.display(), text.lines().count());
        let is_test = path.to_string_lossy().contains("test");
        assert!(text.starts_with("//!") || is_test, "{} does not say what it is for", path.display());
    }
}

#[test]
fn no_place_of_this_machine_and_no_registry_is_named() {
    let mut files = sources(&root().join("src"));
    files.extend(["README.md", "Makefile", ".ci/run"].map(|name| root().join(name)));
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        for word in ["/work/", "/root/", concat!("deb.", "debian.org"), concat!("docker", ".io/library")] {
            assert!(!text.contains(word), "{} names {word}", path.display());
        }
    }
}

/// An explanation of a line that is not there any more explains nothing.
#[test]
fn what_explains_a_surviving_mutant_names_a_line_that_is_there() {
    let text = std::fs::read_to_string(root().join(".ci/mutants.explained")).unwrap();
    let (mut file, mut lines) = (String::new(), 0);
    for line in text.lines().skip_while(|line| !line.starts_with('#')).filter(|line| !line.starts_with('#')) {
        if let Some(code) = line.strip_prefix("    ") {
            let source = std::fs::read_to_string(root().join(&file)).unwrap();
            assert!(source.lines().any(|line| line.trim_start() == code), "{file} has no line {code:?}");
            lines += 1;
        } else if let Some((path, _)) = line.split_once(": ") {
            path.clone_into(&mut file);
        }
    }
    assert!(lines > 20, "only {lines} lines are explained");
}
