//! Whole artefacts from sample runs.

use super::catalogue::Label;
use super::lang::Lang;
use super::sample::{Case, calibrated, failed, inconclusive, passed};
use super::*;
use crate::journal::Event;
use crate::journal::sample::{Bulk, Disaster, Sample};
use crate::plan::Check;
use crate::verdict::{CheckOutcome, Finding, FindingCode, Reason, ReasonCode, Verdict};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
#[ignore = "writes pages to look at into the folder that LOOK names"]
fn pages_to_look_at() {
    let Some(folder) = std::env::var_os("LOOK") else { return };
    for (name, case) in cases() {
        for lang in Lang::ALL {
            let dir = Path::new(&folder).join(format!("{name}-{lang}"));
            fs::create_dir_all(&dir).expect("a folder");
            write(&case, &dir, lang);
            fs::write(dir.join("console.txt"), told(&case, lang, Colour::Never)).expect("a file");
        }
    }
}

fn cases() -> Vec<(&'static str, Case)> {
    let judged = journals::journals().map(|(name, journal)| {
        let entries = journal.sealed();
        let judgement = crate::verdict::judge(&Timeline::from(&entries, false).expect("a possible journal"));
        (name, Case { entries, judgement })
    });
    let mut cases = vec![("passed", passed()), ("failed", failed()), ("inconclusive", inconclusive())];
    cases.extend(judged);
    cases
}

fn write(case: &Case, dir: &Path, lang: Lang) -> Artefacts {
    let timeline = Timeline::from(&case.entries, false).expect("a possible journal");
    write_all(&case.entries, &timeline, &case.judgement, dir, lang).expect("written")
}

fn told(case: &Case, lang: Lang, colour: Colour) -> String {
    case.tell(lang, |view| console::console(view, colour, "drills/sample-1/report.html"))
}

#[test]
fn the_same_journal_makes_the_same_bytes_for_the_owner_only() {
    for (name, case) in cases() {
        let (one, two) = (assert_fs::TempDir::new().expect("a folder"), assert_fs::TempDir::new().expect("a folder"));
        for lang in Lang::ALL {
            let (first, second) = (write(&case, one.path(), lang), write(&case, two.path(), lang));
            assert_eq!(fs::read_dir(one.path()).expect("a folder").count(), 5, "{name}");
            let files = |artefacts: &Artefacts| {
                [
                    &artefacts.plan_json,
                    &artefacts.report_json,
                    &artefacts.report_html,
                    &artefacts.junit_xml,
                    &artefacts.summary_md,
                ]
                .map(Clone::clone)
            };
            for (first, second) in files(&first).iter().zip(files(&second)) {
                let bytes = fs::read(first).expect("a file");
                assert_eq!(bytes, fs::read(second).expect("a file"), "{}", first.display());
                assert_eq!(fs::metadata(first).expect("a file").permissions().mode() & 0o777, 0o600);
                let text = String::from_utf8(bytes).expect("UTF-8");
                let machine = [env!("CARGO_MANIFEST_DIR"), one.path().to_str().expect("UTF-8")];
                assert!(machine.iter().all(|path| !text.contains(path)), "a machine path is in {}", first.display());
            }
        }
    }
}

#[test]
fn nothing_that_a_tenant_wrote_becomes_markup_or_steers_a_terminal() {
    for lang in Lang::ALL {
        let case = failed();
        let page = case.tell(lang, html::page);
        let junit = case.tell(lang, |view| junit::junit(view).expect("XML"));
        let summary = case.tell(lang, summary::summary);
        let console = told(&case, lang, Colour::Never);
        for text in [&page, &junit, &summary] {
            assert!(!text.contains("<script"), "{text}");
            assert!(text.contains("&lt;script&gt;"), "the name itself must be told");
        }
        for text in [&junit, &summary, &console] {
            assert!(!text.contains('\u{1b}'), "{text}");
        }
        assert!(!page.contains("http://") && !page.contains("url(http"), "nothing is fetched");
        assert!(!summary.contains("![") && !summary.contains("[i]("));
    }
}

#[test]
fn lost_writes_are_all_in_the_json_and_the_oldest_in_the_page() {
    let sample = Sample::bulky(Disaster::DatacenterLoss, Bulk { before: 0, after: 500 });
    let entries = sample.sealed();
    let judgement = crate::verdict::judge(&Timeline::from(&entries, false).expect("a possible journal"));
    let case = Case { entries, judgement };
    let report: serde_json::Value =
        serde_json::from_str(&case.tell(Lang::En, |view| json::report(view).expect("JSON"))).expect("JSON");
    let rpo = &report["judgement"]["tenants"]["acme"]["rpo"];
    let listed = rpo["lost_writes"].as_array().expect("a list");
    assert_eq!((rpo["lost"].as_u64(), listed.len()), (Some(512), 512));
    assert!(listed.iter().all(|write| write["tenant"] == "acme" && write["writer"] == "workload"));
    for (lang, heading) in [(Lang::En, "Lost writes"), (Lang::De, "Verlorene Schreibvorgänge")] {
        let page = case.tell(lang, html::page);
        assert!(page.contains(heading));
        assert_eq!(page.matches("(workload ").count(), 3 * 20);
        assert!(page.contains("+ 492"));
    }
    assert!(!inconclusive().tell(Lang::En, html::page).contains("Lost writes"));
}

#[test]
fn the_german_page_has_no_english_headings() {
    for case in [passed(), failed(), inconclusive()] {
        let page = case.tell(Lang::De, html::page);
        assert!(page.contains(r#"<html lang="de">"#));
        for label in Label::ALL.iter().filter(|label| label.text(Lang::En) != label.text(Lang::De)) {
            let english = label.text(Lang::En);
            for tag in ["h2", "h3", "th", "dt", "b", "span", "a", "small"] {
                assert!(!page.contains(&format!(">{english}</{tag}>")), "{english}");
            }
        }
    }
    assert!(passed().tell(Lang::De, html::page).contains("Bestanden"));
    assert!(failed().tell(Lang::De, html::page).contains("Nicht bestanden"));
    assert!(inconclusive().tell(Lang::De, html::page).contains("Nicht bewertbar"));
}

#[test]
fn a_drill_that_did_not_pass_is_never_green_in_ci() {
    for (name, case) in cases() {
        let junit = case.tell(Lang::En, |view| junit::junit(view).expect("XML"));
        let red = ["<failure", "<error"].iter().any(|sign| junit.contains(sign));
        assert_eq!(red, case.judgement.verdict != Verdict::Passed, "{name}: {junit}");
    }
    // Even when nothing else tells why.
    let mut case = passed();
    case.judgement.verdict = Verdict::Inconclusive;
    assert!(case.tell(Lang::En, |view| junit::junit(view).expect("XML")).contains("<error"));
}

#[test]
fn findings_that_are_not_listed_spare_no_tenant() {
    // Three findings of `data`, one of them listed, at acme: the two others may be anybody's.
    let junit = failed().tell(Lang::En, |view| junit::junit(view).expect("XML"));
    let case = |class: &str| {
        let start = junit.find(&format!(r#"name="data" classname="datacenter-loss.{class}""#)).expect("a case");
        junit[start..].split("<testcase").next().expect("a case").to_owned()
    };
    assert!(case("acme").contains("<failure"));
    assert!(case("globex").contains("<error"), "{}", case("globex"));
}

#[test]
fn a_finding_that_names_no_tenant_spares_none() {
    let mut case = passed();
    case.judgement.verdict = Verdict::Failed;
    case.judgement.findings = vec![Finding::new(FindingCode::PlainTextInVault).check(Check::Encryption)];
    let result = case.judgement.checks.iter_mut().find(|result| result.check == Check::Encryption).expect("a check");
    (result.outcome, result.findings) = (CheckOutcome::Failed, 1);
    let junit = case.tell(Lang::En, |view| junit::junit(view).expect("XML"));
    assert!(!junit.contains(r#"name="encryption" classname="datacenter-loss"/>"#));
    assert!(!junit.contains(r#"name="encryption" classname="datacenter-loss.acme"/>"#), "{junit}");
}

#[test]
fn the_folder_of_the_logs_is_named_where_somebody_will_look() {
    let keep = |case: &mut Case| {
        let at = case.entries.iter().position(|entry| matches!(entry.event, Event::Leftovers { .. }));
        let at = at.unwrap_or(case.entries.len());
        let mut entry = case.entries[at - 1].clone();
        entry.event = Event::LogsKept { files: vec!["helsinki.vault.log".to_owned(), "front.proxy.log".to_owned()] };
        case.entries.insert(at, entry);
    };
    for (mut case, told) in [(passed(), false), (failed(), true), (inconclusive(), true)] {
        assert!(!case.tell(Lang::En, html::page).contains("logs/"), "none were kept");
        keep(&mut case);
        assert!(case.tell(Lang::En, html::page).contains("<code>logs/</code> (2 files)"));
        assert_eq!(case.tell(Lang::De, summary::summary).contains("`logs/` (2 Dateien)"), told);
    }
}

#[test]
fn the_verdict_fits_a_screen_whatever_happened() {
    let mut case = failed();
    let one = case.judgement.tenants.values().next().expect("a tenant").clone();
    for index in 0..60 {
        let tenant = crate::journal::sample::tenant(&format!("tenant-with-a-name-{index:02}"));
        case.judgement.tenants.insert(tenant.clone(), one.clone());
        case.judgement.findings.push(Finding::new(FindingCode::Hole).tenant(&tenant).item("x".repeat(300)));
        case.judgement.reasons.push(Reason::new(ReasonCode::SurfaceFailed).tenant(&tenant).seen("y".repeat(300)));
    }
    for lang in Lang::ALL {
        for case in [&case, &failed(), &inconclusive(), &passed()] {
            let text = told(case, lang, Colour::Never);
            assert!(text.lines().count() <= 40, "{text}");
            assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
            assert!(text.contains("drills/sample-1/report.html"));
        }
        assert!(told(&case, lang, Colour::Never).contains(lang.pick("more", "weitere")));
    }
    assert!(told(&case, Lang::En, Colour::Ansi).starts_with("\u{1b}[1;31mFAILED\u{1b}[0m"));
}

#[test]
fn every_report_says_the_last_calibration_or_that_there_was_none() {
    let none = passed();
    let mut known = passed();
    if let Some(Event::RunStarted(started)) = known.entries.first_mut().map(|entry| &mut entry.event) {
        started.calibration = Some(calibrated());
    }
    for lang in Lang::ALL {
        for (case, calibration) in [(&none, None), (&known, Some(calibrated()))] {
            let said = catalogue::calibration(calibration.as_ref(), lang);
            assert!(case.tell(lang, html::page).contains(&said), "{said}");
            assert!(case.tell(lang, summary::summary).contains(&said), "{said}");
        }
    }
    let json = |case: &Case| case.tell(Lang::En, |view| json::report(view).expect("JSON"));
    let json = |case: &Case| serde_json::from_str::<serde_json::Value>(&json(case)).expect("JSON");
    assert!(json(&none)["calibration"].is_null());
    assert_eq!(json(&known)["calibration"]["inside"], 94);
}

#[test]
fn the_json_says_its_version_and_what_it_was_made_from() {
    let case = passed();
    let text = case.tell(Lang::De, |view| json::report(view).expect("JSON"));
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report["version"], REPORT_VERSION);
    assert_eq!(report["judgement"]["verdict"], "passed");
    assert_eq!(report["test_object"], "model");
    assert_eq!(report["bytes_backed_up"], 90_000_000);
    assert_eq!(report["journal"]["head"], case.entries.last().expect("an entry").hash.as_str());
    assert_eq!(report["versions"]["engine"], "20.10.24");
    let plan = case.tell(Lang::En, |view| json::plan(view).expect("JSON"));
    let plan: crate::plan::Plan = serde_json::from_str(&plan).expect("a plan");
    case.tell(Lang::En, |view| assert_eq!(&plan, view.timeline.plan()));
}
