//! Starts each slot on a fixed grid, whatever happened to the one before, and journals how it ended.
//!
//! One thread with a current-thread runtime of its own, so that nothing the drill does delays a slot. Give it a driver of its
//! own, too: a connection that is kept by two runtimes is served by only one of them.

use super::cost::{Cost, thread_cpu};
use super::look::{ProbeTarget, look};
use crate::clock::{Clock, DrillTime, Mono};
use crate::journal::{Event, Probe, ProbeKind, WriteError, Writer};
use crate::ledger::Ledger;
use crate::plan::ProbePlan;
use crate::workload::Driver;
use futures_util::future::join_all;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::task::{JoinSet, LocalSet};
use tokio_util::sync::{CancellationToken, DropGuard};

/// What the drill clock shows.
pub type DrillNow = Arc<dyn Fn() -> DrillTime + Send + Sync>;

/// The prober could not probe.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    #[error("cannot start the prober: {0}")]
    Start(std::io::Error),
    #[error("the plan's probe interval is zero")]
    Interval,
    #[error(transparent)]
    Journal(#[from] WriteError),
    #[error("the prober's thread broke")]
    Broken,
}

/// A prober at work. Dropped without [`Prober::stop`], it ends too, but nobody waits for it.
pub struct Prober {
    stop: DropGuard,
    thread: JoinHandle<Result<Cost, ProbeError>>,
}

/// So many slots of one tenant and kind may be outstanding.
const OUTSTANDING: usize = 64;

impl Prober {
    /// Starts probing all targets at once.
    ///
    /// # Errors
    /// [`ProbeError`] when there is no thread for it or an interval is zero.
    pub fn start(
        driver: Arc<dyn Driver>,
        journal: Writer,
        ledger: Ledger,
        plan: ProbePlan,
        targets: Vec<ProbeTarget>,
        drill: DrillNow,
    ) -> Result<Self, ProbeError> {
        if plan.light.is_zero() || plan.full.is_zero() {
            return Err(ProbeError::Interval);
        }
        let token = CancellationToken::new();
        let stop = token.clone();
        let thread = std::thread::Builder::new()
            .name("prober".to_owned())
            .spawn(move || {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ProbeError::Start)?;
                let hand =
                    Hand { driver, clock: journal.clock(), journal, ledger, plan, drill, stop, cost: Cell::default() };
                LocalSet::new().block_on(&runtime, hand.probe(targets))
            })
            .map_err(ProbeError::Start)?;
        Ok(Self { stop: token.drop_guard(), thread })
    }

    /// Starts no further slot, waits for the outstanding ones (at most the probe's timeout) and says what it cost.
    ///
    /// # Errors
    /// [`ProbeError`] when the prober had to give up before, or could not write.
    pub async fn stop(self) -> Result<Cost, ProbeError> {
        let Self { stop, thread } = self;
        drop(stop);
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        joined.map_err(|_| ProbeError::Broken)?.map_err(|_| ProbeError::Broken)?
    }
}

struct Hand {
    driver: Arc<dyn Driver>,
    clock: Arc<dyn Clock>,
    journal: Writer,
    ledger: Ledger,
    plan: ProbePlan,
    drill: DrillNow,
    stop: CancellationToken,
    cost: Cell<Cost>,
}

/// The slots of one tenant and kind.
struct Grid {
    target: Rc<ProbeTarget>,
    kind: ProbeKind,
    first: Mono,
    interval: Duration,
}

impl Hand {
    async fn probe(self, targets: Vec<ProbeTarget>) -> Result<Cost, ProbeError> {
        let began = self.clock.mono();
        let hand = Rc::new(self);
        let grids = grids(began, hand.plan, targets);
        let failed: RefCell<Option<WriteError>> = RefCell::default();
        join_all(grids.into_iter().map(|grid| async {
            if let Err(error) = Rc::clone(&hand).follow(grid).await {
                // Without a journal nothing is observed: the other grids end, too.
                hand.stop.cancel();
                failed.borrow_mut().get_or_insert(error);
            }
        }))
        .await;
        if let Some(error) = failed.into_inner() {
            return Err(error.into());
        }
        let mut cost = hand.cost.get();
        cost.ran = hand.clock.mono().since(began);
        cost.cpu = thread_cpu();
        hand.journal.write(Event::Note { text: format!("prober: {cost}") })?;
        Ok(cost)
    }

    /// Until the stop; then until the outstanding slots have ended, each of which has its timeout.
    async fn follow(self: Rc<Self>, grid: Grid) -> Result<(), WriteError> {
        let mut outstanding = JoinSet::new();
        let mut intended = grid.first;
        for slot in 0.. {
            let wait = tokio::time::sleep(intended.since(self.clock.mono()));
            if self.stop.run_until_cancelled(wait).await.is_none() || self.stop.is_cancelled() {
                break;
            }
            while let Some(ended) = outstanding.try_join_next() {
                end(ended)?;
            }
            if outstanding.len() < OUTSTANDING {
                let (hand, target) = (Rc::clone(&self), Rc::clone(&grid.target));
                outstanding.spawn_local(hand.slot(target, grid.kind, slot, intended));
            } else {
                self.skip(&grid, slot, intended)?;
            }
            intended = intended.plus(grid.interval);
        }
        while let Some(ended) = outstanding.join_next().await {
            end(ended)?;
        }
        Ok(())
    }

    async fn slot(
        self: Rc<Self>,
        target: Rc<ProbeTarget>,
        kind: ProbeKind,
        slot: u64,
        intended: Mono,
    ) -> Result<(), WriteError> {
        let started = self.clock.mono();
        self.count(|cost| cost.slot(intended, started));
        let drill = (self.drill)();
        let bad = look(&*self.driver, &self.ledger, &target, kind, slot, drill, self.plan.timeout).await?;
        let ended = self.clock.mono();
        let tenant = target.tenant.clone();
        self.journal.write(Event::Probe(Probe { tenant, kind, slot, intended, started, ended, bad }))?;
        Ok(())
    }

    fn skip(&self, grid: &Grid, slot: u64, intended: Mono) -> Result<(), WriteError> {
        let now = self.clock.mono();
        self.count(|cost| {
            cost.slot(intended, now);
            cost.skipped += 1;
        });
        let (tenant, bad) = (grid.target.tenant.clone(), Some("prober saturated".to_owned()));
        let probe = Probe { tenant, kind: grid.kind, slot, intended, started: now, ended: now, bad };
        self.journal.write(Event::Probe(probe))?;
        Ok(())
    }

    fn count(&self, change: impl FnOnce(&mut Cost)) {
        let mut cost = self.cost.get();
        change(&mut cost);
        self.cost.set(cost);
    }
}

/// A slot that panicked (not its driver: that is caught) is a bug of ours; its missing line is seen as a gap in the grid.
fn end(ended: Result<Result<(), WriteError>, tokio::task::JoinError>) -> Result<(), WriteError> {
    ended.unwrap_or(Ok(()))
}

/// One grid per tenant and kind; tenants stand evenly in between, so that they are not all asked at once.
fn grids(began: Mono, plan: ProbePlan, targets: Vec<ProbeTarget>) -> Vec<Grid> {
    let count = u32::try_from(targets.len()).unwrap_or(u32::MAX).max(1);
    let one = |(index, target): (u32, ProbeTarget)| {
        let target = Rc::new(target);
        [(ProbeKind::Light, plan.light), (ProbeKind::Full, plan.full)].map(|(kind, interval)| Grid {
            target: Rc::clone(&target),
            kind,
            first: began.plus(interval / count * index),
            interval,
        })
    };
    (0..).zip(targets).flat_map(one).collect()
}

#[cfg(test)]
#[path = "prober_tests.rs"]
mod tests;
