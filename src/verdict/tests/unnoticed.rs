//! A disaster that nobody notices for a declared time, in which life goes on.

use super::data::{add, is, revision, take_out, written};
use super::*;
use crate::clock::DrillTime;
use crate::ids::StepName;
use crate::journal::sample::{drill_time, tenant};
use crate::journal::{FingerprintOf, Outcome, Print, WriteInvoked, WriteKind};
use crate::plan::{Action, Detection, Generation, Phase, Step, Tag};
use std::time::Duration;

const AFTER: Duration = Duration::from_secs(5 * 3600);

/// Moves acme's or globex's last write that `which` says into the time between the fault and its detection. It has not happened yet
/// when everything is read back before the fault: `steady` is what is seen instead of what it put there.
fn late(sample: &mut Sample, which: impl Fn(&WriteInvoked) -> bool, steady: &[Item]) -> WriteInvoked {
    let step = StepName("detect/write".to_owned());
    let last = written(sample, which).pop().expect("a write");
    let moved = take_out(sample, &last);
    sample.change_plan(|plan| {
        let at = plan.steps.iter().position(|step| step.phase == Phase::Detect).expect("a step");
        let (deadline, action) = (Duration::from_secs(1), Action::Write { before: DrillTime::from_unix(0) });
        plan.steps.insert(at, Step { name: step.clone(), phase: Phase::Detect, part: None, deadline, action });
    });
    let begun = Event::StepStarted { step: step.clone() };
    let ended = Event::StepEnded { step, outcome: Outcome::Done };
    for event in std::iter::once(begun).chain(moved).chain(std::iter::once(ended)).rev() {
        sample.insert_after(|event| matches!(event, Event::PhaseStarted { phase: Phase::Detect }), event);
    }
    let mut more = std::cell::RefCell::new(steady.to_vec());
    sample.rewrite(&[Moment::Steady], |of, item| {
        let own = |found: &Found| found.tokens.contains(&last.token);
        let put = matches!(&item, Item::Upload { found, .. } | Item::Revision { found, .. } if own(found));
        let here = *of == last.tenant && matches!(item, Item::Upload { .. });
        let mut seen = if *of == last.tenant && put { vec![] } else { vec![item] };
        seen.extend(here.then(|| more.take()).into_iter().flatten());
        seen
    });
    assert!(more.get_mut().is_empty(), "there is an upload before the fault");
    last
}

fn upload_of(whom: &'static str) -> impl Fn(&WriteInvoked) -> bool {
    move |write| write.tenant.as_str() == whom && write.kind == WriteKind::Upload
}

fn rpo(judgement: &Judgement, of: &str) -> crate::verdict::Rpo {
    judgement.tenants[&tenant(of)].rpo.clone()
}

#[test]
fn what_users_write_until_somebody_notices_is_gone_and_counted_apart() {
    let clean = loss(|_| {});
    let judgement = loss(|sample| drop(late(sample, upload_of("acme"), &[])));
    assert_eq!(judgement.verdict, Verdict::Passed, "{:#?} {:#?}", judgement.findings, judgement.reasons);
    assert_eq!((rpo(&judgement, "acme").lost_meanwhile, rpo(&judgement, "globex").lost_meanwhile), (1, 0));
    assert_eq!(rpo(&judgement, "acme").lost, rpo(&clean, "acme").lost - 1);
}

#[test]
fn what_was_written_in_that_time_cannot_come_from_a_backup_before_it() {
    let judgement = loss(|sample| {
        let write = late(sample, upload_of("acme"), &[]);
        add(sample, &[revision(&write, 0)]);
    });
    fires(&judgement, FindingCode::TooNew, Some("acme"));
}

#[test]
fn what_was_deleted_in_that_time_must_be_back_and_is_named() {
    let scan = |sample: &Sample| -> Vec<Item> {
        let of_it = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.key == "scan-4.pdf" && w.sha256.is_some();
        (0..).zip(&written(sample, of_it)).map(|(index, write)| revision(write, index)).collect()
    };
    let deletion =
        |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.kind == WriteKind::DeleteUpload && w.key == "scan-4.pdf";
    let right = full(|sample| {
        let steady = scan(sample);
        late(sample, deletion, &steady);
    });
    assert_eq!(right.verdict, Verdict::Passed, "{:#?} {:#?}", right.findings, right.reasons);
    assert!(rpo(&right, "acme").came_back.iter().any(|item| item.starts_with("delete-upload scan-4.pdf")));
    let wrong = full(|sample| {
        let steady = scan(sample);
        late(sample, deletion, &steady);
        sample.rewrite(&RECOVERED, |of, item| if is(of, "acme", &item, "scan-4.pdf") { vec![] } else { vec![item] });
    });
    fires(&wrong, FindingCode::Lost, Some("acme"));
}

#[test]
fn who_is_not_hit_keeps_what_was_written_in_that_time() {
    let kept = deletion(|sample| drop(late(sample, upload_of("globex"), &[])));
    assert_eq!(kept.verdict, Verdict::Passed, "{:#?} {:#?}", kept.findings, kept.reasons);
    assert_eq!((rpo(&kept, "globex").lost, rpo(&kept, "globex").lost_meanwhile), (0, 0));
    let gone = deletion(|sample| {
        let write = late(sample, upload_of("globex"), &[]);
        sample.rewrite(&RECOVERED, |of, item| {
            let own = matches!(&item, Item::Upload { found, .. } if found.tokens.contains(&write.token));
            if of.as_str() == "globex" && own { vec![] } else { vec![item] }
        });
    });
    fires(&gone, FindingCode::Lost, Some("globex"));
    assert_eq!(rpo(&gone, "globex").lost, 1);
}

fn declared(sample: &mut Sample) {
    sample.change_plan(|plan| {
        plan.detection = Detection::Fixed { after: AFTER };
        plan.objectives.rto = AFTER * 2;
    });
}

#[test]
fn what_the_clock_showed_until_the_detection_is_not_counted_twice() {
    let measured = loss(|_| {});
    let late = loss(declared);
    let of = |judgement: &Judgement| judgement.rto.expect("a recovery time");
    let mut sample = Sample::datacenter_loss();
    let at = |sample: &Sample, which: fn(&Event) -> bool| sample.events[sample.position(which)].0;
    let from = at(&sample, |event| matches!(event, Event::PhaseStarted { phase: Phase::Detect }));
    let to = at(&sample, |event| matches!(event, Event::PhaseEnded { phase: Phase::Detect, .. }));
    let took = to.since(from);
    assert!(took > Duration::ZERO);
    assert_eq!(of(&measured).machine_hi, of(&late).machine_hi + took);
    assert_eq!((of(&late).replaced, of(&measured).replaced), (took, Duration::ZERO));
    assert_eq!(of(&late).hi, of(&late).machine_hi + of(&measured).declared + AFTER);
    let parts = |judgement: &Judgement| judgement.tenants[&tenant("acme")].parts.expect("parts");
    assert_eq!(parts(&late).detection, AFTER);
    assert_eq!(parts(&late).other + took, parts(&measured).other + parts(&measured).detection);
    // It stays that late however quick the rest is.
    declared(&mut sample);
    sample.change_plan(|plan| plan.objectives.rto = AFTER);
    fires(&judged(&sample), FindingCode::RtoMissed, Some("acme"));
}

#[test]
fn a_bystander_is_compared_with_the_last_backup_before_the_detection() {
    let generation = Generation { tag: Tag::Hourly, time: drill_time("2026-01-12T18:00:00Z") };
    // What users of globex wrote meanwhile; `kept`: whether it is still there after the recovery.
    let written = |kept: bool| {
        deletion(|sample| {
            sample.change_plan(|plan| {
                let at = plan.steps.iter().position(|step| step.phase == Phase::Detect).expect("a step");
                let action = Action::Backup { generation, commands: Vec::new(), fingerprint: Vec::new() };
                let name = StepName("detect/backup-hourly".to_owned());
                let deadline = Duration::from_secs(1);
                plan.steps.insert(at, Step { name, phase: Phase::Detect, part: None, deadline, action });
            });
            let mut now = None;
            sample.change(|event| {
                if let Event::Fingerprinted { of: FingerprintOf::Moment(moment), tenant: whose, parts } = event
                    && *whose == tenant("globex")
                    && (kept || *moment == Moment::Steady)
                {
                    let more = Print { items: 4, digest: "4".repeat(64) };
                    if *moment != Moment::Steady {
                        parts.insert("table more".to_owned(), more.clone());
                    }
                    let mut after = parts.clone();
                    after.insert("table more".to_owned(), more);
                    now.get_or_insert(after);
                }
            });
            let parts = now.expect("a fingerprint of globex");
            let of = FingerprintOf::Generation(generation);
            let taken = Event::Fingerprinted { of, tenant: tenant("globex"), parts };
            sample.insert_before(|event| matches!(event, Event::Detected { .. }), taken);
        })
    };
    assert_eq!(written(true).findings, Vec::new());
    fires(&written(false), FindingCode::FingerprintDiffers, Some("globex"));
}
