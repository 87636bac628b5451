//! One readback of a tenant: which surfaces could be read, and every check that looks at them.

use super::bench::Bench;
use super::codes::ReasonCode;
use super::ledger::{Cut, Ledger};
use super::marks::Marks;
use super::model::Reason;
use super::rights;
use super::subject::{Subject, View};
use super::surfaces;
use super::versions::{self, Store};
use crate::ids::Tenant;
use crate::journal::{Item, Surface};
use crate::plan::{Check, Moment};
use crate::timeline::{Reading, Timeline};

/// The checks that look at what was read back.
pub(super) const CHECKS: [Check; 6] =
    [Check::Data, Check::Files, Check::Permissions, Check::Isolation, Check::Search, Check::Pdf];

/// Judges the readbacks of one journal.
pub(super) struct Readbacks<'t, 'a> {
    pub timeline: &'t Timeline<'a>,
    pub ledger: &'t Ledger<'t, 'a>,
    pub marks: Marks<'t, 'a>,
}

impl<'a> Readbacks<'_, 'a> {
    /// Judges a tenant at one moment; what was seen of it. `steady` is what was there before the fault.
    pub fn judge(
        &mut self,
        bench: &mut Bench<'_>,
        moment: Moment,
        tenant: &'a Tenant,
        steady: Option<&View<'a>>,
    ) -> Option<View<'a>> {
        let timeline = self.timeline;
        let doubt = |bench: &mut Bench<'_>, code: ReasonCode, item: &str| {
            for check in CHECKS.into_iter().filter(|check| bench.wants(*check)).collect::<Vec<_>>() {
                bench.doubt(Reason::new(code).check(check).tenant(tenant).item(item));
            }
        };
        let Some(readback) = timeline.readback(moment, tenant) else {
            doubt(bench, ReasonCode::ReadbackMissing, moment_name(moment));
            return None;
        };
        let Some(cut) = Cut::predicted(timeline, tenant, readback.seq) else {
            doubt(bench, ReasonCode::CheckIncomplete, "the predicted generation was never taken");
            return None;
        };
        let subject = Subject::new(timeline, self.ledger, tenant, cut, steady);
        let mut view = View::of(self.ledger.writes.len());
        let open = |bench: &mut Bench<'_>, surface, checks: &[Check]| {
            open(bench, timeline, Place { moment, tenant, surface }, checks)
        };
        let mut total = 0;

        let pages = open(bench, Surface::Pages, &[Check::Data]);
        if let Some(pages) = pages {
            total += pages.len();
            bench.looked(Check::Data, Some(tenant), pages.len());
            // Pages without a write that must be among them prove as little as no pages.
            if !subject.expects_anything() && bench.wants(Check::Data) {
                bench.doubt(
                    Reason::new(ReasonCode::ZeroItems).check(Check::Data).tenant(tenant).item("expected writes"),
                );
            }
            versions::judge(bench, &mut self.marks, &subject, Store::Pages, pages, &mut view);
            rights::protections(bench, &subject, pages, &mut view);
        }
        if let Some(uploads) = open(bench, Surface::Uploads, &[Check::Files]) {
            total += uploads.len();
            bench.looked(Check::Files, Some(tenant), uploads.len());
            versions::judge(bench, &mut self.marks, &subject, Store::Uploads, uploads, &mut view);
            view.uploads = true;
        }
        if let Some(users) = open(bench, Surface::Users, &[Check::Permissions]) {
            total += users.len();
            bench.looked(Check::Permissions, Some(tenant), users.len());
            rights::users(bench, &subject, users, &mut view);
        }
        if let Some(access) = open(bench, Surface::Access, &[Check::Permissions]) {
            bench.looked(Check::Permissions, Some(tenant), access.len());
            surfaces::access(bench, tenant, &timeline.plan().stack.access, access);
        }
        if let Some(logins) = open(bench, Surface::ForeignLogin, &[Check::Isolation]) {
            total += logins.len();
            surfaces::foreign_logins(bench, tenant, timeline.plan(), logins);
        }
        if let Some(searches) = open(bench, Surface::Search, &[Check::Search, Check::Isolation]) {
            total += searches.len();
            bench.looked(Check::Search, Some(tenant), searches.len());
            surfaces::search(bench, &subject, &timeline.plan().tenants, searches, pages);
        }
        if let Some(pdf) = open(bench, Surface::Pdf, &[Check::Pdf]) {
            total += pdf.len();
            bench.looked(Check::Pdf, Some(tenant), pdf.len());
            surfaces::pdf(bench, &mut self.marks, &subject, pdf);
        }
        bench.looked(Check::Isolation, Some(tenant), total);
        Some(view)
    }
}

#[derive(Clone, Copy)]
struct Place<'p> {
    moment: Moment,
    tenant: &'p Tenant,
    surface: Surface,
}

/// The items of a surface; if there are none to look at, says to the checks that wanted them why.
fn open<'t, 'a>(
    bench: &mut Bench<'_>,
    timeline: &'t Timeline<'a>,
    place: Place<'_>,
    checks: &[Check],
) -> Option<&'t [&'a Item]> {
    let Place { moment, tenant, surface } = place;
    let at = format!("{} {}", moment_name(moment), surface_name(surface));
    let mut doubt = |code: ReasonCode, seen: Option<&str>| {
        for check in checks {
            if bench.wants(*check) {
                let mut reason = Reason::new(code).check(*check).tenant(tenant).item(at.as_str());
                reason.seen = seen.map(str::to_owned);
                bench.doubt(reason);
            }
        }
    };
    match timeline.reading(moment, tenant, surface) {
        Some(Reading::Items { items, said }) => {
            if *said != items.len() as u64 {
                doubt(ReasonCode::ReadbackIncomplete, Some(&format!("{} of {said} items", items.len())));
            }
            Some(items)
        }
        Some(Reading::Failed(why)) => {
            doubt(ReasonCode::SurfaceFailed, Some(why));
            None
        }
        Some(Reading::Absent(why)) => {
            // A surface that was there before the fault cannot be "not applicable" after it.
            if moment != Moment::Steady && timeline.items(Moment::Steady, tenant, surface).is_some() {
                doubt(ReasonCode::SurfaceFailed, Some(why));
            } else {
                for check in checks {
                    bench.absent(*check, why);
                }
            }
            None
        }
        None => {
            doubt(ReasonCode::ReadbackMissing, None);
            None
        }
    }
}

pub(super) const fn moment_name(moment: Moment) -> &'static str {
    match moment {
        Moment::Steady => "steady",
        Moment::Health => "health",
        Moment::Restart => "restart",
        Moment::Soak => "soak",
    }
}

pub(super) const fn surface_name(surface: Surface) -> &'static str {
    match surface {
        Surface::Pages => "pages",
        Surface::Uploads => "uploads",
        Surface::Users => "users",
        Surface::Search => "search",
        Surface::Access => "access",
        Surface::ForeignLogin => "foreign-login",
        Surface::Pdf => "pdf",
    }
}
