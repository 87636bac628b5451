//! Wrong drills as data: what is wrong must be noticed, and what goes unnoticed must be said.

use crate::bed::{TestBed, engine, labelled, root};
use serde_json::Value;
use std::path::Path;

const OF_NO_HARM: &str = r#"version: 1
sabotages:
  - name: of-no-harm
    title: { en: Nothing is done wrong, de: Nichts wird falsch gemacht }
    after: recover/load
    exec:
      - { service: backup, for: victim, datacenter: "${SURVIVOR}", run: ["true"] }
    raises: { findings: [lost], tenant: victim }
"#;

/// The result of the only series in `out`, from disk.
fn series(out: &Path) -> Value {
    let files = std::fs::read_dir(out).unwrap().flatten().map(|entry| entry.path());
    let file = files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "json")).unwrap();
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn what_is_wrong_is_caught_and_what_goes_unnoticed_is_called_missed() {
    let _engine = engine();
    let bed = TestBed::new();
    let more = bed.write("more.yaml", OF_NO_HARM);
    let out = bed.path("drills");
    let scenario = bed.short_loss();
    let output = bed.output(&[
        "sabotage",
        scenario.to_str().unwrap(),
        "--with",
        more.to_str().unwrap(),
        "--only",
        "older-snapshot,uploads-missing,databases-swapped,everyone-is-admin,of-no-harm",
        "--clean",
        "0",
        "--tenants",
        "2",
        "--out",
        out.to_str().unwrap(),
    ]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    let series = series(&out);
    assert_eq!((&series["caught"], &series["missed"], &series["void"]), (&4.into(), &1.into(), &0.into()), "{series}");
    for row in series["runs"].as_array().unwrap() {
        let expected = if row["sabotage"] == "of-no-harm" { ("missed", "passed") } else { ("caught", "failed") };
        assert_eq!((row["result"].as_str().unwrap(), row["verdict"].as_str().unwrap()), expected, "{row}");
        let folder = Path::new(row["run"].as_str().unwrap());
        let report: Value =
            serde_json::from_str(&std::fs::read_to_string(folder.join("report.json")).unwrap()).unwrap();
        // All of them go on from one frozen drill.
        assert!(report["run"]["parent"]["step"].as_str().is_some_and(|step| step.starts_with("steady/")), "{report}");
        for finding in report["judgement"]["findings"].as_array().unwrap() {
            let of_an_item =
                ["leaked", "corrupt", "lost", "permission-widened"].iter().any(|code| finding["code"] == *code);
            assert!(!of_an_item || finding["item"].is_string(), "it names what is wrong: {finding}");
        }
        // Nobody may take the report for that of a failed recovery.
        let page = std::fs::read_to_string(folder.join("report.html")).unwrap();
        assert!(page.contains("id=\"sabotaged\""), "{row}");
        let run = Path::new(row["run"].as_str().unwrap()).file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(labelled(&format!("ernstfall.run={run}")), Vec::<String>::new());
    }
}

#[test]
fn a_sabotage_that_could_never_be_caught_is_refused() {
    let bed = TestBed::new();
    let scenario = root().join("scenarios/notes-datacenter-loss.yaml");
    let broken = [
        ("findings: [lost]", "findings: [lots]", "there is no finding `lots`"),
        ("recover/load", "recover/laod", "the plan has no step `recover/laod`"),
        ("    after: recover/load\n", "", "it is not clear what this sabotage does"),
        ("tenant: victim", "tenant: acme", "a sabotage does not know the tenant `acme`"),
        ("tenant: victim", "also: other", "`also` without `tenant` says nothing"),
        ("service: backup", "service: bakcup", "bakcup"),
        ("findings: [lost], ", "", "a sabotage that raises nothing cannot be caught"),
    ];
    for (right, wrong, expected) in broken {
        let text = OF_NO_HARM.replacen(right, wrong, 1);
        assert_ne!(text, OF_NO_HARM, "{right}");
        let file = bed.write("broken.yaml", &text);
        let output = bed.output(&["sabotage", scenario.to_str().unwrap(), "--with", file.to_str().unwrap(), "--list"]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{told}");
        assert!(told.contains(expected) && told.contains("broken.yaml"), "{told}");
    }
    let file = bed.write("broken.yaml", &OF_NO_HARM.replacen("tenant: victim", "tenant: other", 1));
    let (scenario, file) = (scenario.to_str().unwrap(), file.to_str().unwrap());
    let output = bed.output(&["sabotage", scenario, "--with", file, "--list", "--tenants", "1"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("this scenario has no other tenant"));
}
