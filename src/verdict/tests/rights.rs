//! What is wrong with users, groups, protections and the role matrix.

use super::data::{later, retarget, take_out, written};
use super::*;
use crate::journal::sample::tenant;
use crate::journal::{WriteInvoked, WriteKind};
use crate::plan::{AccessAction, Who};
use crate::verdict::Severity;

/// Changes users and pages of acme in the readbacks `moments` of a history with every kind of write.
fn everywhere(moments: &[Moment], change: impl Fn(&mut Item) -> bool) -> Judgement {
    full(|sample| {
        sample.rewrite(
            moments,
            |of, mut item| {
                if of.as_str() == "acme" && !change(&mut item) { vec![] } else { vec![item] }
            },
        );
    })
}

/// Puts a user into a group.
fn put(item: &mut Item, user: &str, group: &str) -> bool {
    if let Item::User { name, groups, .. } = item
        && name == user
    {
        groups.push(group.to_owned());
    }
    true
}

/// Says in the readbacks `moments` that a user of acme is blocked or not.
pub(super) fn block(sample: &mut Sample, moments: &[Moment], user: &str, to: bool) {
    sample.rewrite(moments, |of, mut item| {
        if let Item::User { name, blocked, .. } = &mut item
            && of.as_str() == "acme"
            && name == user
        {
            *blocked = to;
        }
        vec![item]
    });
}

/// Says in the readbacks `moments` that a page of acme is protected or open.
pub(super) fn protect(sample: &mut Sample, moments: &[Moment], page: &str, to: bool) {
    sample.rewrite(moments, |of, mut item| {
        if let Item::Page { key, protected } = &mut item
            && of.as_str() == "acme"
            && key == page
        {
            *protected = to;
        }
        vec![item]
    });
}

#[test]
fn groups_of_which_the_ledger_knows_nothing_may_stay_as_they_were() {
    // A wiki puts users into groups by itself, and its own users are where its installer put them.
    for user in ["Reader", "Admin"] {
        let same = everywhere(&Moment::ALL, |item| put(item, user, "autoconfirmed"));
        assert_eq!(same.verdict, Verdict::Passed, "{:#?} {:#?}", same.findings, same.reasons);
        fires(
            &everywhere(&RECOVERED, |item| put(item, user, "autoconfirmed")),
            FindingCode::PermissionWidened,
            Some("acme"),
        );
    }
    // A group that the ledger knows is somebody's right only if somebody gave it.
    fires(
        &everywhere(&Moment::ALL, |item| put(item, "Reader", "editor")),
        FindingCode::PermissionWidened,
        Some("acme"),
    );
}

#[test]
fn a_user_of_the_systems_own_must_be_as_before_the_fault_whatever_we_gave_it() {
    let without = |group: &'static str| {
        everywhere(&RECOVERED, move |item| {
            if let Item::User { name, groups, .. } = item
                && name == "Admin"
            {
                groups.retain(|own| own != group);
            }
            true
        })
    };
    for group in ["bureaucrat", "oversight"] {
        let gone = without(group);
        fires(&gone, FindingCode::RightLost, Some("acme"));
        assert_eq!(gone.finding_counts[&FindingCode::RightLost], 1);
    }
    let nobody = everywhere(&RECOVERED, |item| !matches!(item, Item::User { name, .. } if name == "Admin"));
    let lost = nobody.findings.iter().filter(|finding| finding.code == FindingCode::Lost);
    assert_eq!(lost.filter_map(|finding| finding.item.as_deref()).collect::<Vec<_>>(), ["user Admin"]);
}

#[test]
fn a_user_whose_creation_was_not_answered_may_be_gone() {
    let judgement = loss(|sample| {
        let boss = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.kind == WriteKind::CreateUser && w.key == "Boss";
        let unknown = written(sample, boss).remove(0).write;
        sample.drop_where(|event| matches!(event, Event::WriteEnded { write, .. } if *write == unknown));
        sample.rewrite(&RECOVERED, |of, item| match &item {
            Item::User { name, .. } if of.as_str() == "acme" && name == "Boss" => vec![],
            _ => vec![item],
        });
    });
    assert_eq!(judgement.findings, Vec::new());
}

#[test]
fn a_user_whose_deletion_was_not_answered_may_be_there_with_or_without_its_rights() {
    for bare in [true, false] {
        let judgement = loss(|sample| {
            // The deletion of one user becomes one of another, without an answer.
            let erased = |w: &WriteInvoked| w.tenant.as_str() == "acme" && w.key == "Erased";
            let [created, deleted] = &written(sample, erased)[..] else { panic!("a creation and a deletion") };
            take_out(sample, created);
            sample.drop_where(|event| matches!(event, Event::WriteEnded { write, .. } if *write == deleted.write));
            sample.change(|event| match event {
                Event::WriteInvoked(write) if write.write == deleted.write => retarget(write, "Boss"),
                _ => {}
            });
            sample.rewrite(&RECOVERED, |of, mut item| {
                if let (Item::User { name, groups, .. }, "acme", true) = (&mut item, of.as_str(), bare)
                    && name == "Boss"
                {
                    groups.clear();
                }
                vec![item]
            });
        });
        assert_eq!(judgement.verdict, Verdict::Passed, "{:#?} {:#?}", judgement.findings, judgement.reasons);
    }
}

#[test]
fn blocks_and_protections_of_which_the_ledger_knows_nothing_must_be_as_before_the_fault() {
    type Change = fn(&mut Sample, &[Moment], bool);
    let admin: Change = |sample, moments, to| block(sample, moments, "Admin", to);
    let main: Change = |sample, moments, to| protect(sample, moments, "Main Page", to);
    for (change, on, off) in [
        (admin, (WriteKind::Block, "Admin"), (WriteKind::Unblock, "Admin")),
        (main, (WriteKind::Protect, "Main Page"), (WriteKind::Unprotect, "Main Page")),
    ] {
        let said = |moments: &[Moment]| full(|sample| change(sample, moments, true));
        let same = said(&Moment::ALL);
        assert_eq!(same.verdict, Verdict::Passed, "{:#?} {:#?}", same.findings, same.reasons);
        fires(&said(&RECOVERED), FindingCode::PermissionMissing, Some("acme"));
        fires(&said(&[Moment::Steady]), FindingCode::PermissionWidened, Some("acme"));
        // What we changed after the recovery point is by right as it was before that.
        for ((kind, key), moments) in [(on, &[Moment::Steady][..]), (off, &RECOVERED[..])] {
            let undone = full(|sample| {
                later(sample, kind, key);
                change(sample, moments, true);
            });
            assert_eq!(undone.findings, Vec::new());
        }
    }
    // Of our own users and pages the ledger knows all.
    let reader = full(|sample| block(sample, &Moment::ALL, "Reader", true));
    fires(&reader, FindingCode::PermissionMissing, Some("acme"));
    let page = full(|sample| protect(sample, &Moment::ALL, "Page-2", true));
    fires(&page, FindingCode::PermissionMissing, Some("acme"));
}

/// Changes the groups of one user of acme after the recovery; `None` removes the user.
fn groups(user: &str, change: impl Fn(&mut Vec<String>) -> bool) -> Judgement {
    read_back(|of, mut item| {
        if let Item::User { name, groups, .. } = &mut item
            && of.as_str() == "acme"
            && name == user
            && !change(groups)
        {
            return vec![];
        }
        vec![item]
    })
}

#[test]
fn a_right_that_is_gone_is_lost() {
    let judgement = groups("Boss", |groups| {
        groups.retain(|group| group != "sysop");
        true
    });
    fires(&judgement, FindingCode::RightLost, Some("acme"));
}

#[test]
fn a_revoked_right_that_is_back_is_resurrected() {
    let judgement = groups("Former", |groups| {
        groups.push("editor".to_owned());
        true
    });
    fires(&judgement, FindingCode::Resurrected, Some("acme"));
}

#[test]
fn a_right_that_nobody_gave_is_widened() {
    for (user, group) in [("Reader", "sysop"), ("Reader", "unheard-of"), ("Admin", "oversight")] {
        let judgement = groups(user, |groups| {
            groups.push(group.to_owned());
            true
        });
        fires(&judgement, FindingCode::PermissionWidened, Some("acme"));
    }
}

#[test]
fn a_right_from_after_the_recovery_point_is_too_new() {
    let round = crate::journal::sample::drill_time("2026-01-07T12:50:00Z").unix();
    let judgement = groups("Reader", |groups| {
        groups.push(format!("team-{round}"));
        true
    });
    fires(&judgement, FindingCode::TooNew, Some("acme"));
    let new = judgement.findings.iter().find(|finding| finding.code == FindingCode::TooNew).expect("it");
    assert_eq!(new.expected.as_deref(), Some("daily 2026-01-07T00:05:00Z"));
}

#[test]
fn users_are_lost_resurrected_foreign_or_alien() {
    let gone = groups("Editor", |_| false);
    fires(&gone, FindingCode::Lost, Some("acme"));
    let lost = &gone.tenants[&tenant("acme")].rpo.lost_writes;
    assert!(lost.iter().any(|write| write.item.starts_with("create-user Editor ")), "{lost:#?}");
    fires(&groups("Admin", |_| false), FindingCode::Lost, Some("acme"));
    let rename = |to: &'static str| {
        read_back(move |of, item| match &item {
            Item::User { name, .. } if of.as_str() == "acme" && name == "Boss" => {
                vec![item.clone(), Item::User { name: to.to_owned(), groups: Vec::new(), blocked: false }]
            }
            _ => vec![item],
        })
    };
    fires(&rename("Erased"), FindingCode::Resurrected, Some("acme"));
    fires(&rename("Mallory"), FindingCode::Alien, Some("acme"));
    let judgement = loss(|sample| {
        let only = |event: &Event| matches!(event, Event::WriteInvoked(w) if w.tenant.as_str() == "globex" && w.key == "Erased");
        // The erased user of globex becomes one that only globex ever had.
        sample.change(|event| {
            if only(event) {
                let Event::WriteInvoked(w) = event else { return };
                w.key = "Globex-Only".into();
            }
        });
        sample.rewrite(&RECOVERED, |of, item| match &item {
            Item::User { name, .. } if of.as_str() == "acme" && name == "Boss" => {
                vec![item.clone(), Item::User { name: "Globex-Only".to_owned(), groups: Vec::new(), blocked: false }]
            }
            _ => vec![item],
        });
    });
    fires(&judgement, FindingCode::Leaked, Some("acme"));
}

#[test]
fn a_protection_that_is_gone_or_new_is_noticed() {
    let protect = |page, to| loss(|sample| protect(sample, &RECOVERED, page, to));
    fires(&protect("Locked", false), FindingCode::RightLost, Some("acme"));
    fires(&protect("Page-1", true), FindingCode::PermissionMissing, Some("acme"));
}

#[test]
fn the_role_matrix_holds_in_both_directions() {
    let turn = |of_who: Who, of_action: AccessAction| {
        read_back(move |of, mut item| {
            if let Item::Access { who, action, allowed, .. } = &mut item
                && of.as_str() == "acme"
                && *who == of_who
                && *action == of_action
            {
                *allowed = !*allowed;
            }
            vec![item]
        })
    };
    let open = turn(Who::Stranger, AccessAction::Read);
    fires(&open, FindingCode::PermissionWidened, Some("acme"));
    let widened = open.findings.iter().find(|finding| finding.code == FindingCode::PermissionWidened).expect("it");
    assert_eq!((widened.severity, widened.item.as_deref()), (Severity::Critical, Some("stranger read Page-2")));
    fires(&turn(Who::Editor, AccessAction::EditProtected), FindingCode::PermissionWidened, Some("acme"));
    fires(&turn(Who::Editor, AccessAction::Edit), FindingCode::PermissionMissing, Some("acme"));
    fires(&turn(Who::Admin, AccessAction::EditProtected), FindingCode::PermissionMissing, Some("acme"));
}
