//! Whether a drill noticed its own sabotage: what must be raised, beside what was.

use super::codes::{FindingCode, ReasonCode};
use super::model::{Finding, Judgement, Verdict};
use crate::ids::Tenant;
use crate::plan::{Action, SabotagePlan};
use crate::timeline::Timeline;
use serde::Serialize;
use std::collections::BTreeSet;

/// What became of one sabotage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Catch {
    /// An expected code at the expected tenant, and the drill did not pass.
    Caught,
    /// The drill passed, or found other things only.
    Missed,
    /// It was noticed, and a tenant was blamed whom it does not touch: a false alarm.
    Misblamed,
    /// The sabotage itself could not be carried out, or the drill was aborted: nothing is proved.
    Void,
}

/// The result, with all codes that the drill raised (`code tenant`), for the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counterproof {
    pub catch: Catch,
    pub verdict: Verdict,
    /// The expected ones among them.
    pub hits: BTreeSet<String>,
    /// All others.
    pub others: BTreeSet<String>,
}

/// Whether everything that the sabotage executes was executed; what it leaves out or turns needs nothing.
#[must_use]
pub fn took_place(timeline: &Timeline<'_>) -> bool {
    let mut acts = timeline.plan().steps.iter().filter(|step| matches!(step.action, Action::Sabotage { .. }));
    acts.all(|act| {
        let end = timeline.step(&act.name).and_then(|run| run.span.end);
        end.is_some_and(|(_, outcome)| outcome.is_done())
    })
}

/// Compares; `took_place` is [`took_place`] of the same drill. Of the reasons only those count that a sabotage names: an
/// inconclusive drill is no catch by itself.
#[must_use]
pub fn counterproof(sabotage: &SabotagePlan, judgement: &Judgement, took_place: bool) -> Counterproof {
    let here = |tenant: Option<&Tenant>| sabotage.tenant.is_none() || tenant == sabotage.tenant.as_ref();
    let findings = judgement.findings.iter().map(|finding| {
        let code = finding.code.name();
        let hit = sabotage.findings.iter().any(|one| one == code) && here(finding.tenant.as_ref());
        (told(code, finding.tenant.as_ref()), hit)
    });
    let reasons = judgement.reasons.iter().map(|reason| {
        let code = reason.code.name();
        let hit = sabotage.reasons.iter().any(|one| one == code) && here(reason.tenant.as_ref());
        (told(code, reason.tenant.as_ref()), hit)
    });
    let (mut hits, mut others) = (BTreeSet::new(), BTreeSet::new());
    for (text, hit) in findings.chain(reasons) {
        if hit {
            hits.insert(text)
        } else {
            others.insert(text)
        };
    }
    // What was hit at one item may be raised without a tenant at another.
    others.retain(|text| !hits.contains(text));
    let aborted = judgement.reasons.iter().any(|reason| reason.code == ReasonCode::Aborted);
    let catch = if aborted || !took_place {
        Catch::Void
    } else if judgement.verdict == Verdict::Passed || hits.is_empty() {
        Catch::Missed
    } else if blames_others(sabotage, judgement) {
        Catch::Misblamed
    } else {
        Catch::Caught
    };
    Counterproof { catch, verdict: judgement.verdict, hits, others }
}

/// Whether a drill that is under way has noticed its sabotage for good: by a finding about what was read back, after all of the
/// sabotage was done. What may yet change, or means only that the drill is not done, does not count.
#[must_use]
pub fn noticed(sabotage: &SabotagePlan, so_far: &Judgement, took_place: bool) -> bool {
    let here = |finding: &Finding| sabotage.tenant.is_none() || finding.tenant == sabotage.tenant;
    let named = |finding: &Finding| sabotage.findings.iter().any(|one| one == finding.code.name());
    took_place && so_far.findings.iter().any(|finding| finding.code.lasts() && here(finding) && named(finding))
}

/// Whether the data of a tenant is called wrong whom the sabotage does not touch. A recovery that was stopped half-way has not come
/// to all of them yet, and blames nobody.
fn blames_others(sabotage: &SabotagePlan, judgement: &Judgement) -> bool {
    let touched = [&sabotage.tenant, &sabotage.also];
    let other = |finding: &Finding| finding.tenant.is_some() && !touched.contains(&&finding.tenant);
    let stopped = judgement.findings.iter().any(|finding| finding.code == FindingCode::RecoveryStepFailed);
    let blamed = judgement.findings.iter().any(|finding| finding.code.is_about_data() && other(finding));
    sabotage.tenant.is_some() && !stopped && blamed
}

fn told(code: &str, tenant: Option<&Tenant>) -> String {
    tenant.map_or_else(|| code.to_owned(), |tenant| format!("{code} {tenant}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Event;
    use crate::journal::sample::Sample;
    use crate::plan::Text;
    use crate::verdict::{Reason, judge};

    fn tenant(name: &str) -> Tenant {
        Tenant::new(name).expect("a name")
    }

    fn sabotage(findings: &[&str], reasons: &[&str], at: Option<&str>) -> SabotagePlan {
        let owned = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
        SabotagePlan {
            name: "uploads-missing".to_owned(),
            title: Text { en: "x".to_owned(), de: "x".to_owned() },
            does: "x".to_owned(),
            victim: tenant("acme"),
            harness: None,
            findings: owned(findings),
            reasons: owned(reasons),
            tenant: at.map(tenant),
            also: None,
        }
    }

    fn clean() -> Judgement {
        let entries = Sample::datacenter_loss().entries();
        judge(&Timeline::from(&entries, false).expect("a story"))
    }

    fn with(finding: Option<Finding>, reason: Option<Reason>) -> Judgement {
        let mut judgement = clean();
        assert_eq!(judgement.verdict, Verdict::Passed);
        judgement.verdict = if finding.is_some() { Verdict::Failed } else { Verdict::Inconclusive };
        judgement.findings.extend(finding);
        judgement.reasons.extend(reason);
        judgement
    }

    #[test]
    fn a_drill_that_passes_has_missed_it() {
        assert_eq!(counterproof(&sabotage(&["lost"], &[], None), &clean(), true).catch, Catch::Missed);
    }

    #[test]
    fn the_code_and_the_tenant_must_be_right() {
        let found = with(Some(Finding::new(FindingCode::Lost).tenant(&tenant("acme"))), None);
        assert_eq!(counterproof(&sabotage(&["lost"], &[], Some("acme")), &found, true).catch, Catch::Caught);
        assert_eq!(counterproof(&sabotage(&["lost"], &[], None), &found, true).catch, Catch::Caught);
        assert_eq!(counterproof(&sabotage(&["lost"], &[], Some("globex")), &found, true).catch, Catch::Missed);
        let other = counterproof(&sabotage(&["leaked"], &[], Some("acme")), &found, true);
        assert_eq!((other.catch, other.others), (Catch::Missed, BTreeSet::from(["lost acme".to_owned()])));
    }

    #[test]
    fn nobody_else_may_be_blamed() {
        let blamed = |code, whom: &str| {
            let mut found = with(Some(Finding::new(FindingCode::Lost).tenant(&tenant("acme"))), None);
            found.findings.push(Finding::new(code).tenant(&tenant(whom)));
            found
        };
        let mut expects = sabotage(&["lost"], &[], Some("acme"));
        let catch = |expects: &SabotagePlan, found: &Judgement| counterproof(expects, found, true).catch;
        assert_eq!(catch(&expects, &blamed(FindingCode::Corrupt, "globex")), Catch::Misblamed);
        assert_eq!(catch(&expects, &blamed(FindingCode::Corrupt, "acme")), Catch::Caught);
        // A repair may be noticed by all, and one that stops half-way has not come to all of them.
        for code in [FindingCode::NotRecovered, FindingCode::OutageOfBystander] {
            assert_eq!(catch(&expects, &blamed(code, "globex")), Catch::Caught);
        }
        let mut stopped = blamed(FindingCode::Corrupt, "globex");
        stopped.findings.push(Finding::new(FindingCode::RecoveryStepFailed).item("recover/load"));
        assert_eq!(catch(&expects, &stopped), Catch::Caught);
        expects.also = Some(tenant("globex"));
        assert_eq!(catch(&expects, &blamed(FindingCode::Corrupt, "globex")), Catch::Caught);
        let anybody = sabotage(&["lost"], &[], None);
        assert_eq!(catch(&anybody, &blamed(FindingCode::Corrupt, "globex")), Catch::Caught);
    }

    #[test]
    fn what_was_not_executed_is_no_catch() {
        let lost = with(Some(Finding::new(FindingCode::Lost).tenant(&tenant("acme"))), None);
        assert_eq!(counterproof(&sabotage(&["lost"], &[], Some("acme")), &lost, false).catch, Catch::Void);
        for done in [true, false] {
            let mut sample = Sample::datacenter_loss();
            let name = crate::ids::StepName("recover/restore".to_owned());
            sample.change_plan(|plan| {
                let act = plan.steps.iter_mut().find(|step| step.name == name).expect("such a step");
                act.action = Action::Sabotage { commands: Vec::new() };
            });
            if !done {
                sample.drop_where(|event| {
                    matches!(event, Event::StepStarted { step } | Event::StepEnded { step, .. } if *step == name)
                });
            }
            let entries = sample.entries();
            assert_eq!(took_place(&Timeline::from(&entries, false).expect("a story")), done);
        }
    }

    #[test]
    fn what_may_yet_change_does_not_end_a_drill() {
        let at = |code| with(Some(Finding::new(code).tenant(&tenant("acme"))), None);
        let expects = sabotage(&["lost", "not-recovered"], &["zero-items"], Some("acme"));
        assert!(noticed(&expects, &at(FindingCode::Lost), true));
        assert!(!noticed(&expects, &at(FindingCode::Lost), false), "its act is still to come");
        assert!(!noticed(&expects, &at(FindingCode::NotRecovered), true));
        assert!(!noticed(&expects, &at(FindingCode::Corrupt), true), "not the one that is expected");
        assert!(!noticed(&expects, &with(Some(Finding::new(FindingCode::Lost).tenant(&tenant("globex"))), None), true));
        assert!(
            !noticed(&expects, &with(None, Some(Reason::new(ReasonCode::ZeroItems))), true),
            "a reason is no finding"
        );
    }

    #[test]
    fn only_a_named_reason_counts() {
        let vague = with(None, Some(Reason::new(ReasonCode::ZeroItems)));
        assert_eq!(counterproof(&sabotage(&["lost"], &[], None), &vague, true).catch, Catch::Missed);
        let named = counterproof(&sabotage(&[], &["zero-items"], None), &vague, true);
        assert_eq!((named.catch, named.hits), (Catch::Caught, BTreeSet::from(["zero-items".to_owned()])));
    }

    #[test]
    fn a_sabotage_that_did_not_take_place_proves_nothing() {
        let broken = Reason::new(ReasonCode::HarnessBroken).item("recover/sabotage-uploads-missing");
        let mut found = with(Some(Finding::new(FindingCode::Lost)), Some(broken));
        assert_eq!(counterproof(&sabotage(&["lost"], &[], None), &found, false).catch, Catch::Void);
        found.reasons = vec![Reason::new(ReasonCode::Aborted)];
        assert_eq!(counterproof(&sabotage(&["lost"], &[], None), &found, true).catch, Catch::Void);
    }
}
