//! What is written while the fault strikes: on its way, or acknowledged and gone.

use super::data::{take_out, written};
use super::*;
use crate::journal::sample::tenant;
use crate::journal::{WriteInvoked, WriteKind};

#[test]
fn a_write_on_its_way_is_counted_apart_and_never_lost() {
    let clean = loss(|_| {});
    let judgement = loss(|sample| {
        let last =
            written(sample, |w| w.tenant.as_str() == "acme" && w.kind == WriteKind::Upload).pop().expect("a write");
        sample.drop_where(|event| matches!(event, Event::WriteEnded { write, .. } if *write == last.write));
    });
    assert_eq!(judgement.verdict, Verdict::Passed, "{:#?}", judgement.reasons);
    let rpo = |judgement: &Judgement, of: &str| judgement.tenants[&tenant(of)].rpo.clone();
    assert_eq!((rpo(&clean, "acme").in_flight, rpo(&judgement, "globex").in_flight), (0, 0));
    assert_eq!(rpo(&judgement, "acme").in_flight, 1);
    assert_eq!(rpo(&judgement, "acme").lost, rpo(&clean, "acme").lost - 1);
}

#[test]
fn what_is_acknowledged_while_the_fault_strikes_and_gone_is_counted_apart() {
    let clean = loss(|_| {});
    let judgement = loss(|sample| {
        let upload = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.kind == WriteKind::Upload;
        let last = written(sample, upload).pop().expect("a write");
        let moved = take_out(sample, &last);
        for event in moved.into_iter().rev() {
            sample.insert_after(|event| matches!(event, Event::FaultInjecting { .. }), event);
        }
        // Before the fault it had not been written.
        sample.rewrite(&[Moment::Steady], |of, item| {
            let own = matches!(&item, Item::Upload { found, .. } if found.tokens.contains(&last.token));
            if of.as_str() == "acme" && own { vec![] } else { vec![item] }
        });
    });
    assert_eq!(judgement.verdict, Verdict::Passed, "{:#?} {:#?}", judgement.findings, judgement.reasons);
    let rpo = |judgement: &Judgement| judgement.tenants[&tenant("acme")].rpo.clone();
    assert_eq!((rpo(&clean).lost_meanwhile, rpo(&judgement).lost_meanwhile), (0, 1));
    assert_eq!(rpo(&judgement).lost, rpo(&clean).lost - 1);
}
