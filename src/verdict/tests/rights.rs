//! What is wrong with users, groups, protections and the role matrix.

use super::*;
use crate::plan::{AccessAction, Who};
use crate::verdict::Severity;

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
}

#[test]
fn users_are_lost_resurrected_foreign_or_alien() {
    fires(&groups("Editor", |_| false), FindingCode::Lost, Some("acme"));
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
    let protect = |page: &'static str, to: bool| {
        read_back(move |of, mut item| {
            if let Item::Page { key, protected } = &mut item
                && of.as_str() == "acme"
                && key == page
            {
                *protected = to;
            }
            vec![item]
        })
    };
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
    assert_eq!(
        open.findings.iter().find(|f| f.code == FindingCode::PermissionWidened).map(|f| f.severity),
        Some(Severity::Critical)
    );
    fires(&turn(Who::Editor, AccessAction::EditProtected), FindingCode::PermissionWidened, Some("acme"));
    fires(&turn(Who::Editor, AccessAction::Edit), FindingCode::PermissionMissing, Some("acme"));
    fires(&turn(Who::Admin, AccessAction::EditProtected), FindingCode::PermissionMissing, Some("acme"));
}
