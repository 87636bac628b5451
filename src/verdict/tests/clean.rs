//! Clean drills pass, and say the right numbers.

use super::*;
use crate::journal::sample::{drill_time, tenant};
use crate::verdict::{CheckOutcome, TenantState};
use std::time::Duration;

#[test]
fn a_clean_loss_passes() {
    let judgement = loss(|_| {});
    assert_eq!(judgement.findings, Vec::new());
    assert_eq!(judgement.reasons, Vec::new());
    assert_eq!(judgement.verdict, Verdict::Passed);
    assert_eq!(judgement.exit_code, 0);
    assert_eq!(judgement.checks.len(), Check::ALL.len());
    for check in &judgement.checks {
        assert_eq!((check.outcome, check.findings), (CheckOutcome::Passed, 0), "{check:?}");
        assert!(check.items > 0, "{check:?}");
    }
}

#[test]
fn a_clean_loss_has_the_right_times() {
    let judgement = loss(|_| {});
    let rto = judgement.rto.expect("an RTO");
    // 1.5 s to confirm, 0.8 s to detect, 2 s to start, four steps of 1.2 s, 0.7 s at the front (which answers at its beginning).
    let truth = Duration::from_millis(1500 + 800 + 2000 + 4 * 1200);
    assert!(rto.machine_lo <= truth && truth <= rto.machine_hi, "{rto:?}");
    assert!(rto.machine_hi.checked_sub(rto.machine_lo).unwrap() <= Duration::from_millis(2400), "{rto:?}");
    assert_eq!(rto.declared, Duration::from_secs(1500));
    assert_eq!(rto.hi, rto.machine_hi + rto.declared);
    let result = &judgement.tenants[&tenant("acme")];
    assert_eq!(result.state, TenantState::Recovered);
    assert_eq!(result.outage.windows.len(), 1);
    let parts = result.parts.expect("parts");
    assert_eq!(parts.detection, Duration::from_millis(2300));
    assert_eq!(parts.decision, Duration::from_secs(1500));
    assert_eq!(parts.restore, Duration::from_millis(1200));
    assert_eq!(parts.restore_tool, Duration::from_millis(2400));
    assert_eq!(parts.provisioning, Duration::from_secs(2));
    assert_eq!(result.probes.missing, 0);
}

#[test]
fn a_clean_loss_loses_what_came_after_the_daily() {
    let judgement = loss(|_| {});
    for result in judgement.tenants.values() {
        let daily = drill_time("2026-01-07T00:05:00Z");
        assert_eq!(result.rpo.predicted, Some(daily));
        assert_eq!(result.rpo.listed, Some(daily));
        assert_eq!(result.rpo.claimed, Some(daily));
        assert_eq!(result.rpo.found, Some(daily));
        assert_eq!(result.rpo.loss, Some(Duration::from_secs((13 * 60 + 32) * 60)));
        assert!(result.rpo.met);
        // Three rounds: edit, upload, note, the deletion and its draft are nothing, a right.
        assert_eq!(result.rpo.lost, 12);
        assert_eq!(result.rpo.lost_writes.len(), 12);
        assert_eq!(result.rpo.oldest_lost_age, Some(Duration::from_secs(107 * 60)));
        assert_eq!(result.rpo.came_back, Vec::<String>::new());
    }
    assert_eq!(judgement.rpo, Some(Duration::from_secs((13 * 60 + 32) * 60)));
}

#[test]
fn a_clean_deletion_passes_and_bystanders_lose_nothing() {
    let judgement = deletion(|_| {});
    assert_eq!(judgement.findings, Vec::new());
    assert_eq!(judgement.reasons, Vec::new());
    assert_eq!(judgement.verdict, Verdict::Passed);
    let other = &judgement.tenants[&tenant("globex")];
    assert_eq!(other.state, TenantState::Bystander);
    assert_eq!((other.rpo.lost, other.rpo.loss), (0, Some(Duration::ZERO)));
    assert_eq!(other.rto, None);
    assert_eq!(other.outage.total, Duration::ZERO);
    let acme = &judgement.tenants[&tenant("acme")];
    assert_eq!(acme.rpo.found, Some(drill_time("2026-01-07T13:00:00Z")));
}

#[test]
fn a_judgement_survives_json() {
    let judgement = loss(|_| {});
    let text = serde_json::to_string(&judgement).expect("JSON");
    let back: Judgement = serde_json::from_str(&text).expect("a judgement");
    assert_eq!(back, judgement);
    assert!(text.contains("\"machine_hi_seconds\":"));
}

#[test]
fn the_gate_is_ready_before_a_clean_fault_and_says_what_is_wrong_with_another() {
    for disaster in [Disaster::DatacenterLoss, Disaster::TenantDeleted] {
        let mut sample = Sample::new(disaster);
        sample.cut_at(|event| matches!(event, Event::Gate { .. }));
        let entries = sample.entries();
        let result = gate(&Timeline::from(&entries, false).expect("a possible journal"));
        assert_eq!(result.problems, Vec::<String>::new());
        assert!(result.ready);

        sample.rewrite(&[Moment::Steady], |_, item| if key_of(&item) == Some("Page-1") { vec![] } else { vec![item] });
        sample.drop_where(|event| matches!(event, Event::VaultSearched { .. }));
        sample.change(|event| {
            if let Event::Probe(probe) = event {
                probe.bad = Some("wrong page".to_owned());
            }
        });
        let entries = sample.entries();
        let result = gate(&Timeline::from(&entries, false).expect("a possible journal"));
        assert!(!result.ready);
        for word in ["lost: acme, create Page-1", "search of falkenstein", "wrong page"] {
            assert!(result.problems.iter().any(|problem| problem.contains(word)), "{word} in {:#?}", result.problems);
        }
    }
}
