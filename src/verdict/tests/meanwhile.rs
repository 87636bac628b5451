//! What is written while the fault strikes: on its way, or acknowledged and gone.

use super::data::{take_out, written};
use super::*;
use crate::journal::sample::tenant;
use crate::journal::{WriteInvoked, WriteKind, WriteResult};

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
fn only_what_was_begun_before_the_fault_and_not_yet_given_up_is_on_its_way() {
    // Acme's last upload, which ends in doubt: whether it begins, and whether it ends, after the fault.
    let in_flight = |begins_after: bool, ends_after: bool| {
        let judgement = loss(|sample| {
            let upload = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.kind == WriteKind::Upload;
            let last = written(sample, upload).pop().expect("a write");
            sample.change(|event| match event {
                Event::WriteEnded { write, result } if *write == last.write => {
                    *result = WriteResult::Info { why: "timed out".to_owned() };
                }
                _ => {}
            });
            let place = sample.position(|event| matches!(event, Event::WriteInvoked(w) if w.write == last.write));
            let later = |event: &Event| matches!(event, Event::FaultInjecting { .. });
            for (after, event) in [ends_after, begins_after].into_iter().zip(take_out(sample, &last).into_iter().rev())
            {
                if after {
                    sample.insert_after(later, event);
                } else {
                    let mono = sample.events[place].0;
                    sample.events.insert(place, (mono, event));
                }
            }
        });
        judgement.tenants[&tenant("acme")].rpo.in_flight
    };
    assert_eq!((in_flight(false, true), in_flight(false, false), in_flight(true, true)), (1, 0, 0));
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
