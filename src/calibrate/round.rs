//! One round: the prober looks at the stub, the stub goes wrong by its programme, and everything stands in a journal that a drill could
//! have written.

use super::cases::{Outage, Role, place};
use super::plan::{API, plan};
use super::stub::{self, Programme, Stub};
use super::{CalibrateError, PROBE, Wish};
use crate::clock::{DrillTime, Mono, SystemClock};
use crate::ids::{RunId, Tenant};
use crate::journal::{Event, Outcome, ProbeKind, RunStarted, WriteError, Writer, checksum};
use crate::ledger::{Ledger, RunKey};
use crate::plan::{Phase, Plan};
use crate::probe::{Cost, FrontWatch, ProbeTarget, Prober, Progress, attach};
use crate::secret::Secret;
use crate::workload::{Account, Door, MediaWiki};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Longest wait until every tenant has answered right once.
const WARM_UP: Duration = Duration::from_secs(20);
/// From `t0` to the earliest outage.
const AHEAD: Duration = Duration::from_millis(300);

/// A round that was played.
pub struct Played {
    /// What the stub was told, by tenant.
    pub truth: Programme,
    pub cost: Cost,
}

/// The first light slot of every tenant.
type Grids = Arc<Mutex<BTreeMap<Tenant, Mono>>>;

pub async fn play(roles: &[Role], path: &Path, wish: &Wish) -> Result<Played, CalibrateError> {
    let clock = Arc::new(SystemClock::start());
    let journal = Writer::create(path, clock.clone())?;
    let stub = Stub::start(clock).map_err(CalibrateError::Stub)?;
    let plan = plan(roles, wish.seed)?;
    let (run, key) = (RunId::new("calibration")?, RunKey::draw()?);
    journal.write(Event::RunStarted(Box::new(started(&run, &plan, &key, wish)?)))?;

    begin(&journal, Phase::Steady)?;
    let (grids, tenants) = (listen(&journal), plan.tenants.clone());
    let mut seen = attach(&journal, FrontWatch::new(&tenants, Mono::default()));
    let door = Door { address: stub.address, domain: stub::DOMAIN.to_owned(), ca_pem: Vec::new() };
    let driver = Arc::new(MediaWiki::plain(door, API.to_owned(), PROBE.timeout));
    let ledger = Ledger::new(journal.clone(), key.clone(), run);
    let drill = Arc::new(|| DrillTime::from_unix(0));
    let prober = Prober::start(driver, journal.clone(), ledger, PROBE, targets(&tenants), drill)?;
    let warm = tokio::time::timeout(WARM_UP, seen.wait_for(Progress::is_met)).await;
    warm.map_err(|_| CalibrateError::Unseen(WARM_UP))?.map_err(|_| CalibrateError::Unseen(WARM_UP))?;
    end(&journal, Phase::Steady)?;

    begin(&journal, Phase::Fault)?;
    journal.write(Event::UndoPlanned { fault: 0, what: "the stub's programme ends by itself".to_owned() })?;
    let zero = journal.write(Event::FaultInjecting { fault: 0 })?;
    let truth = programme(roles, &grids, zero.plus(AHEAD), wish.seed);
    stub.play(late(&truth, wish.late_by));
    end(&journal, Phase::Fault)?;

    begin(&journal, Phase::Recover)?;
    let over = truth.values().flatten().map(|outage| outage.to).max().unwrap_or(zero);
    tokio::time::sleep(over.since(journal.clock().mono()) + wish.late_by).await;
    end(&journal, Phase::Recover)?;
    begin(&journal, Phase::Verify)?;
    // The slot before the first one that counts, those that must be sustained, and time for the last one's answer.
    tokio::time::sleep(PROBE.full * (PROBE.sustain + 1) + PROBE.timeout / 2).await;
    end(&journal, Phase::Verify)?;
    let cost = prober.stop().await?;
    journal.write(Event::KeyDisclosed { key: key.disclose() })?;
    journal.write(Event::RunEnded { outcome: Outcome::Done })?;
    Ok(Played { truth, cost })
}

fn begin(journal: &Writer, phase: Phase) -> Result<Mono, WriteError> {
    journal.write(Event::PhaseStarted { phase })
}

fn end(journal: &Writer, phase: Phase) -> Result<Mono, WriteError> {
    journal.write(Event::PhaseEnded { phase, outcome: Outcome::Done })
}

fn listen(journal: &Writer) -> Grids {
    let grids = Grids::default();
    let heard = Arc::clone(&grids);
    journal.listen(move |entry| {
        if let Event::Probe(probe) = &entry.event
            && probe.kind == ProbeKind::Light
            && probe.slot == 0
        {
            let mut grids = heard.lock().unwrap_or_else(PoisonError::into_inner);
            grids.insert(probe.tenant.clone(), probe.intended);
        }
    });
    grids
}

fn programme(roles: &[Role], grids: &Grids, earliest: Mono, seed: u64) -> Programme {
    let grids = grids.lock().unwrap_or_else(PoisonError::into_inner);
    let grid = |role: &Role| grids.get(&role.tenant).copied().unwrap_or(earliest);
    roles.iter().map(|role| (role.tenant.clone(), place(role, grid(role), earliest, seed))).collect()
}

/// The same, but every outage lasts longer.
fn late(truth: &Programme, by: Duration) -> Programme {
    let later = |outage: &Outage| Outage { to: outage.to.plus(by), ..*outage };
    truth.iter().map(|(tenant, outages)| (tenant.clone(), outages.iter().map(later).collect())).collect()
}

fn targets(tenants: &[Tenant]) -> Vec<ProbeTarget> {
    let target = |tenant: &Tenant| ProbeTarget {
        tenant: tenant.clone(),
        account: Account { name: "Editor".to_owned(), password: Secret::new("known to everybody".to_owned()) },
        page: (stub::PAGE.to_owned(), checksum(stub::TEXT.as_bytes())),
        upload: (stub::FILE.to_owned(), checksum(stub::CONTENT.as_bytes())),
        word: stub::WORD.to_owned(),
        probe_page: "Probe".to_owned(),
    };
    tenants.iter().map(target).collect()
}

fn started(run: &RunId, plan: &Plan, key: &RunKey, wish: &Wish) -> Result<RunStarted, CalibrateError> {
    Ok(RunStarted {
        run: run.clone(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        host: wish.host.clone(),
        trigger: "calibrate".to_owned(),
        commit: None,
        plan: plan.clone(),
        plan_sha256: checksum(&serde_json::to_vec(plan)?).to_string(),
        key_sha256: key.commitment(),
        canaries: BTreeMap::new(),
        decoy: String::new(),
        calibration: None,
        parent: None,
    })
}
