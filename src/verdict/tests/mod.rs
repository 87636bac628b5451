//! Every finding and every reason is made to fire by changing one thing in a clean journal; the clean one has none.

mod clean;
mod conduct;
mod corruption;
mod data;
mod drill;
mod exact;
mod field;
mod fingerprints;
mod kinds;
mod marks;
mod meanwhile;
mod planted;
mod points;
mod properties;
mod protection;
mod reasons;
mod rights;
mod scope;
mod services;
mod soak;
mod speed;
mod unnoticed;
mod vaults;
mod versions;

use super::{Finding, FindingCode, Judgement, ReasonCode, Verdict, gate, judge};
use crate::ids::Tenant;
use crate::journal::sample::{Disaster, Sample};
use crate::journal::{Checksum, Event, Found, Item, Token};
use crate::plan::{Check, Moment};
use crate::timeline::Timeline;

/// The readbacks after the recovery.
const RECOVERED: [Moment; 3] = [Moment::Health, Moment::Restart, Moment::Soak];

fn judged(sample: &Sample) -> Judgement {
    let entries = sample.entries();
    judge(&Timeline::from(&entries, false).expect("a possible journal"))
}

/// A datacenter loss with one change.
fn loss(change: impl FnOnce(&mut Sample)) -> Judgement {
    let mut sample = Sample::datacenter_loss();
    change(&mut sample);
    judged(&sample)
}

/// A datacenter loss whose history has every kind of write, with one change. Its rounds 0 to 3 lie before the recovery point.
fn full(change: impl FnOnce(&mut Sample)) -> Judgement {
    let mut sample = Sample::seeded(Disaster::DatacenterLoss, 1);
    change(&mut sample);
    judged(&sample)
}

/// A deleted tenant with one change.
fn deletion(change: impl FnOnce(&mut Sample)) -> Judgement {
    let mut sample = Sample::tenant_deleted();
    change(&mut sample);
    judged(&sample)
}

/// A datacenter loss in which the readbacks after it say something else.
fn read_back(change: impl Fn(&Tenant, Item) -> Vec<Item>) -> Judgement {
    loss(|sample| {
        sample.rewrite(&RECOVERED, change);
    })
}

fn codes(judgement: &Judgement) -> Vec<FindingCode> {
    judgement.finding_counts.keys().copied().collect()
}

fn reasons(judgement: &Judgement) -> Vec<ReasonCode> {
    let mut codes: Vec<ReasonCode> = judgement.reasons.iter().map(|reason| reason.code).collect();
    codes.dedup();
    codes
}

/// Fails unless `code` was found, about `tenant` if one is given, and the drill failed.
#[track_caller]
fn fires(judgement: &Judgement, code: FindingCode, of: Option<&str>) {
    let about = |finding: &&Finding| {
        finding.code == code && of.is_none_or(|of| finding.tenant.as_ref().is_some_and(|tenant| tenant.as_str() == of))
    };
    assert!(judgement.findings.iter().any(|finding| about(&finding)), "no {code} in {:#?}", judgement.findings);
    assert_eq!(judgement.verdict, Verdict::Failed);
    assert_eq!(judgement.exit_code, 1);
}

/// Fails unless `code` is among the reasons and the drill is inconclusive for no other cause than reasons.
#[track_caller]
fn doubts(judgement: &Judgement, code: ReasonCode) {
    assert!(reasons(judgement).contains(&code), "no {code} in {:#?}", judgement.reasons);
    assert_eq!(judgement.findings, Vec::new());
    assert_eq!(judgement.verdict, Verdict::Inconclusive);
    assert_eq!(judgement.exit_code, 2);
}

/// What nobody wrote has a hash like this.
fn digits(digit: &str) -> Checksum {
    serde_json::from_value(digit.repeat(64).into()).expect("64 digits")
}

/// Bytes in which this mark was found.
fn holding(mark: Token) -> Found {
    Found { tokens: [mark].into(), ..Found::default() }
}

fn is_step(event: &Event, name: &str) -> bool {
    matches!(event, Event::StepEnded { step, .. } if step.0 == name)
}

/// Whether an event belongs to one of the readbacks `moments`.
fn is_readback(event: &Event, moments: &[Moment]) -> bool {
    match event {
        Event::ReadbackStarted { moment, .. } | Event::Seen { moment, .. } | Event::SurfaceRead { moment, .. } => {
            moments.contains(moment)
        }
        _ => false,
    }
}

fn key_of(item: &Item) -> Option<&str> {
    match item {
        Item::Revision { key, .. } | Item::Page { key, .. } | Item::Upload { key, .. } => Some(key),
        _ => None,
    }
}
