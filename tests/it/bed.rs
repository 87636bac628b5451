//! What the tests stand on: the built program, a folder of their own, and the engine with nothing of ours left in it.

use assert_cmd::assert::Assert;
use assert_cmd::cargo::cargo_bin;
use assert_fs::TempDir;
use assert_fs::prelude::*;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One drill at a time: they share two cores and the engine.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Held while a test uses the engine.
pub fn engine() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder with the program's output.
pub struct TestBed {
    pub folder: TempDir,
}

impl TestBed {
    pub fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        self.folder.child(name).write_str(text).unwrap();
        self.path(name)
    }

    /// The program, in the project's folder.
    #[expect(clippy::unused_self, reason = "the bed outlives what it runs")]
    pub fn program(&self, args: &[&str]) -> Command {
        let mut command = Command::new(cargo_bin!("ernstfall"));
        command.args(args).env("NO_COLOR", "1").current_dir(root());
        command
    }

    pub fn output(&self, args: &[&str]) -> Output {
        self.program(args).output().unwrap()
    }

    /// Runs the program to its end, for claims about how it ended and what it said.
    pub fn run(&self, args: &[&str]) -> Assert {
        ended(self.program(args))
    }

    /// `notes-datacenter-loss` with a life of two days instead of eight, and a runbook that waits for the front no longer
    /// than a right one needs: for what is not about the backups of a week.
    pub fn short_loss(&self) -> PathBuf {
        let shipped = std::fs::read_to_string(root().join("scenarios/notes-datacenter-loss.yaml")).unwrap();
        let fixtures = root().join("fixtures");
        let runbook = "stacks/notes/runbooks/rebuild-from-mirror.yaml";
        let patient = std::fs::read_to_string(fixtures.join(runbook)).unwrap();
        let brief = patient.replace("wait: front\n    deadline: 1m", "wait: front\n    deadline: 30s");
        assert_ne!(brief, patient);
        let runbook_path = self.write("runbook.yaml", &brief).display().to_string();
        let short = shipped
            .replace(&format!("../fixtures/{runbook}"), &runbook_path)
            .replace("../fixtures", &fixtures.display().to_string())
            .replace("span: 8d", "span: 2d")
            .replace("soak: 5s", "soak: 2s");
        self.write("short.yaml", &short)
    }

    /// A shipped scenario with some of its words replaced; each must be there.
    pub fn changed(&self, scenario: &str, other: &[(&str, &str)]) -> PathBuf {
        let shipped = root().join("scenarios").join(scenario);
        if other.is_empty() {
            return shipped;
        }
        let mut text = std::fs::read_to_string(shipped).unwrap();
        let fixtures = root().join("fixtures").display().to_string();
        for (old, new) in [("../fixtures", fixtures.as_str())].iter().chain(other) {
            assert!(text.contains(old), "{old}");
            text = text.replace(old, new);
        }
        self.write("changed.yaml", &text)
    }

    /// A copy of all stacks, in `stacks`, to change something in.
    pub fn copy_stacks(&self) {
        let stacks = root().join("fixtures/stacks");
        let copied = Command::new("cp").arg("-r").arg(stacks).arg(self.folder.path()).status().unwrap();
        assert!(copied.success());
    }

    /// Runs a drill to its end; its exit code and its report, read from the file on disk.
    pub fn drill(&self, scenario: &Path, more: &[&str]) -> Drilled {
        let out = self.path("drills");
        let mut args = vec!["run", scenario.to_str().unwrap(), "--out", out.to_str().unwrap()];
        args.extend(more);
        let output = self.output(&args);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let run = only_run(&out).unwrap_or_else(|| panic!("no run in {}: {told}", out.display()));
        let report = std::fs::read_to_string(run.join("report.json"));
        let report = report.unwrap_or_else(|error| panic!("no report ({error}) after: {told}"));
        Drilled { exit: output.status.code(), report: serde_json::from_str(&report).unwrap(), run, told }
    }
}

/// Runs a command to its end, for claims about it.
pub fn ended(command: Command) -> Assert {
    assert_cmd::Command::from_std(command).assert()
}

/// A drill that has ended.
pub struct Drilled {
    pub exit: Option<i32>,
    pub report: Value,
    pub run: PathBuf,
    pub told: String,
}

impl Drilled {
    /// Codes and tenants of all findings: `lost globex`.
    pub fn findings(&self) -> Vec<String> {
        let findings = self.judgement()["findings"].as_array().unwrap();
        let mut shown: Vec<String> = findings
            .iter()
            .map(|finding| {
                let text = |key: &str| finding[key].as_str().unwrap_or("").to_owned();
                format!("{} {}", text("code"), text("tenant")).trim().to_owned()
            })
            .collect();
        shown.sort();
        shown.dedup();
        shown
    }

    pub fn judgement(&self) -> &Value {
        &self.report["judgement"]
    }

    #[track_caller]
    pub fn assert_exit(&self, code: i32) {
        let Self { exit, told, .. } = self;
        let judged = serde_json::to_string_pretty(self.judgement()).unwrap();
        assert_eq!(*exit, Some(code), "{told}\n{}", judged.chars().take(6000).collect::<String>());
    }
}

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of the only run in `out`.
pub fn only_run(out: &Path) -> Option<PathBuf> {
    let mut runs = std::fs::read_dir(out).ok()?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    let first = runs.next()?;
    assert!(runs.next().is_none(), "more than one run in {}", out.display());
    Some(first)
}

/// Everything in the engine that carries a label (`ernstfall.run`), by kind and name.
pub fn labelled(label: &str) -> Vec<String> {
    let lists: [&[&str]; 3] = [
        &["ps", "-a", "--format", "container {{.Names}}"],
        &["volume", "ls", "--format", "volume {{.Name}}"],
        &["network", "ls", "--format", "network {{.Name}}"],
    ];
    let filter = format!("label={label}");
    let mut found: Vec<String> = lists
        .iter()
        .flat_map(|list| {
            let output = Command::new("docker").args(*list).args(["--filter", &filter]).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    found.sort();
    found
}

/// Asserts that nothing of the run in `folder` is left in the engine.
#[track_caller]
pub fn assert_nothing_left(run: &Path) {
    let id = run.file_name().unwrap().to_str().unwrap();
    assert_eq!(labelled(&format!("ernstfall.run={id}")), Vec::<String>::new());
}
