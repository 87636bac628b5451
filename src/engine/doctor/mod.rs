//! Looks at this host before a drill does: does an engine answer, can it do what is needed, does a plan fit?
//!
//! Findings only: nothing is changed, pulled or removed. Every finding that is not fine says what to do.

mod fit;
#[cfg(test)]
mod tests;

pub use fit::{Peak, peak};

use super::images::{self, base};
use super::sweep::{Fate, Reach, judge};
use super::{EngineError, EngineInfo, Yard};
use crate::clock::DrillTime;
use crate::ids::RunId;
use crate::plan::{BASE_IMAGE, ImagePlan, Plan};
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// Oldest engine and API that are known to work.
const VERSION: (u64, u64) = (20, 10);
const API: (u64, u64) = (1, 41);
/// Free bytes in the engine's folder: images of a stack, and backups of its tenants twice.
const DISK_WARN: u64 = 10 << 30;
const DISK_FAIL: u64 = 3 << 30;
/// Memory that a machine needs besides the containers.
const MEMORY_WARN: u64 = 2 << 30;
/// Backups are dated with the engine's clock in the containers and with ours outside.
const CLOCKS_APART: Duration = Duration::from_secs(2);

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Ok,
    /// A drill can run, with this in mind.
    Warn,
    /// A drill cannot run.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, a few words.
    pub what: &'static str,
    pub level: Level,
    /// What was seen.
    pub detail: String,
    /// What to do about it; empty when it is fine.
    pub hint: String,
}

impl Finding {
    pub(crate) fn ok(what: &'static str, detail: impl Into<String>) -> Self {
        Self { what, level: Level::Ok, detail: detail.into(), hint: String::new() }
    }

    pub(crate) fn warn(what: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what, level: Level::Warn, detail: detail.into(), hint: hint.into() }
    }

    fn fail(what: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what, level: Level::Fail, detail: detail.into(), hint: hint.into() }
    }
}

/// Who asks: this machine's name as in the label of the owner, and its wall clock in seconds since 1970.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    pub host: &'a str,
    pub now_unix: i64,
}

/// Examines engine and host, and whether `plan` fits, if one is given.
///
/// `engine` is the answer of the attempt to connect; `live` tells whether a run holds its lock here.
pub async fn examine(
    engine: Result<&dyn Yard, &EngineError>,
    asker: Asker<'_>,
    live: impl Fn(&RunId) -> bool + Send + Sync,
    plan: Option<&Plan>,
) -> Vec<Finding> {
    let answered = match engine {
        Ok(engine) => engine.info().await.map(|info| (engine, info)),
        Err(error) => Err(error.clone()),
    };
    let (engine, info) = match answered {
        Ok(answered) => answered,
        Err(error) => {
            let hint = "start it, or `make engine` on Debian and Ubuntu; DOCKER_HOST may name another socket";
            return vec![Finding::fail("engine", error.to_string(), hint)];
        }
    };
    let mut findings = vec![version(&info), storage(&info), disk(&info), memory(&info), cpus(&info)];
    findings.push(clocks(&info, asker.now_unix));
    let looked = async {
        findings.push(base_image(engine).await?);
        if let Some(plan) = plan {
            findings.push(plan_images(engine, plan).await?);
        }
        findings.push(leftovers(engine, asker, &live).await?);
        Ok::<(), EngineError>(())
    };
    if let Err(error) = looked.await {
        findings.push(Finding::fail("engine", error.to_string(), "look at the engine's own log"));
    }
    if let Some(plan) = plan {
        findings.push(plan_memory(&info, plan));
        findings.push(plan_front(plan));
    }
    findings
}

fn version(info: &EngineInfo) -> Finding {
    let detail = format!("{} (API {}, cgroup {})", info.version, info.api, info.cgroup);
    let fine =
        pair(&info.version).is_some_and(|version| version >= VERSION) && pair(&info.api).is_some_and(|api| api >= API);
    if fine {
        Finding::ok("engine", detail)
    } else {
        Finding::fail(
            "engine",
            detail,
            format!("version {}.{} with API {}.{} or newer is needed", VERSION.0, VERSION.1, API.0, API.1),
        )
    }
}

/// The first two numbers of a version.
fn pair(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.trim_start_matches('v').split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn storage(info: &EngineInfo) -> Finding {
    if info.storage == "vfs" {
        let hint = "every container copies its whole image: use overlay2 or fuse-overlayfs";
        Finding::warn("storage", info.storage.clone(), hint)
    } else {
        Finding::ok("storage", info.storage.clone())
    }
}

fn disk(info: &EngineInfo) -> Finding {
    const WHAT: &str = "disk";
    // On a Mac or with a remote engine the folder is in another machine; ours may have one of that name by chance.
    match fs4::available_space(Path::new(&info.root)) {
        Ok(free) => disk_level(&info.root, free),
        Err(error) => Finding::warn(
            WHAT,
            format!("{} cannot be seen from here: {error}", info.root),
            format!("see to {} free in it", Bytes(DISK_WARN)),
        ),
    }
}

fn disk_level(root: &str, free: u64) -> Finding {
    let detail = format!("{} free in {root}", Bytes(free));
    let hint = || format!("make room: {} is comfortable", Bytes(DISK_WARN));
    match free {
        free if free < DISK_FAIL => Finding::fail("disk", detail, hint()),
        free if free < DISK_WARN => Finding::warn("disk", detail, hint()),
        _ => Finding::ok("disk", detail),
    }
}

fn memory(info: &EngineInfo) -> Finding {
    let detail = Bytes(info.memory).to_string();
    if info.memory < MEMORY_WARN {
        Finding::warn("memory", detail, format!("{} or more is comfortable", Bytes(MEMORY_WARN)))
    } else {
        Finding::ok("memory", detail)
    }
}

fn cpus(info: &EngineInfo) -> Finding {
    match info.cpus {
        0 | 1 => Finding::warn(
            "cpu",
            info.cpus.to_string(),
            "with one core the prober competes with the stack: times are too long",
        ),
        cores => Finding::ok("cpu", format!("{cores} cores")),
    }
}

fn clocks(info: &EngineInfo, now_unix: i64) -> Finding {
    match DrillTime::parse(&info.time) {
        Ok(theirs) => {
            let apart = Duration::from_secs(theirs.unix().abs_diff(now_unix));
            let detail = format!("{} s apart", apart.as_secs());
            if apart > CLOCKS_APART {
                Finding::warn(
                    "clocks",
                    detail,
                    "set the clocks of engine and host right: backups would bear wrong times",
                )
            } else {
                Finding::ok("clocks", detail)
            }
        }
        Err(error) => Finding::warn("clocks", error.to_string(), "compare the engine's clock by hand"),
    }
}

async fn base_image(engine: &dyn Yard) -> Result<Finding, EngineError> {
    if let Some(base) = base::present(engine).await? {
        return Ok(Finding::ok("base image", format!("{} is here", base.tag)));
    }
    Ok(match base::tool() {
        Some(tool) => {
            let detail = format!("not here; pulled, or made from packages with {} (about a minute)", tool.display());
            Finding::ok("base image", detail)
        }
        None => Finding::warn(
            "base image",
            format!("{} is not here, and {} is not installed", BASE_IMAGE, base::TOOL),
            format!("fine if a registry answers; otherwise `make engine` installs {} on Debian and Ubuntu", base::TOOL),
        ),
    })
}

async fn plan_images(engine: &dyn Yard, plan: &Plan) -> Result<Finding, EngineError> {
    let base = base::present(engine).await?;
    let (mut here, mut to_build, mut to_pull) = (0, Vec::new(), Vec::new());
    for (key, image) in &plan.stack.images {
        let (tag, missing) = match (image, &base) {
            (ImagePlan::Named(name), _) => (Some(name.clone()), &mut to_pull),
            (ImagePlan::Build { context, content, .. }, Some(base)) => {
                (Some(images::tag(context, content, &base.id)), &mut to_build)
            }
            (ImagePlan::Build { .. }, None) => (None, &mut to_build),
        };
        let present = match tag {
            Some(tag) => engine.image(&tag).await?.is_some(),
            None => false,
        };
        if present { here += 1 } else { missing.push(key.clone()) }
    }
    let mut detail = format!("{here} here");
    for (verb, keys) in [("to build", &to_build), ("to pull", &to_pull)] {
        if !keys.is_empty() {
            detail = format!("{detail}, {} {verb} ({})", keys.len(), keys.join(", "));
        }
    }
    Ok(if to_pull.is_empty() {
        Finding::ok("images", detail)
    } else {
        Finding::warn("images", detail, "a registry must answer")
    })
}

async fn leftovers(
    engine: &dyn Yard,
    asker: Asker<'_>,
    live: &(impl Fn(&RunId) -> bool + Send + Sync),
) -> Result<Finding, EngineError> {
    let all = engine.everything().await?;
    let mut lives = |run: &RunId| live(run);
    let dead = all.iter().filter(|thing| {
        matches!(judge(thing, asker.host, &mut lives, asker.now_unix, Reach::Careful), Fate::Remove(_))
    });
    let dead = dead.count();
    Ok(match (dead, all.len()) {
        (0, 0) => Finding::ok("leftovers", "none"),
        (0, others) => Finding::ok("leftovers", format!("none; {others} things of runs that may be going on")),
        (dead, _) => {
            let detail = format!("{dead} containers, networks and volumes of killed runs");
            Finding::warn("leftovers", detail, "`ernstfall sweep` removes them")
        }
    })
}

fn plan_memory(info: &EngineInfo, plan: &Plan) -> Finding {
    let peak = peak(plan);
    let detail = format!(
        "limits of up to {} containers sum up to {} ({}), of {}",
        peak.containers,
        Bytes(peak.memory),
        peak.step,
        Bytes(info.memory)
    );
    if peak.memory > info.memory {
        return Finding::fail("plan: memory", detail, "fewer tenants, lower limits, or a larger machine");
    }
    if !peak.unlimited.is_empty() {
        let names: Vec<String> = peak.unlimited.iter().map(ToString::to_string).collect();
        let detail = format!("{detail}; without a limit: {}", names.join(", "));
        return Finding::warn("plan: memory", detail, "give every service a `mem_limit`");
    }
    if peak.memory > info.memory / 10 * 9 {
        return Finding::warn("plan: memory", detail, "it fits, but only just");
    }
    Finding::ok("plan: memory", detail)
}

fn plan_front(plan: &Plan) -> Finding {
    let front = &plan.stack.front;
    let published: Vec<_> = plan.stack.services.iter().filter(|service| service.published.is_some()).collect();
    match published[..] {
        [one] if one.key.service == front.service => {
            Finding::ok("plan: front", format!("{} publishes port {} on the loopback address", one.key, front.port))
        }
        [] => Finding::fail("plan: front", "no service publishes a port", "the front service must publish its port"),
        [other] => {
            Finding::fail("plan: front", format!("{} publishes a port", other.key), "only the front service may")
        }
        [..] => Finding::fail("plan: front", "several services publish a port", "only the front service may"),
    }
}

/// Bytes as people read them.
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = self;
        match bytes {
            0..0x4000_0000 => write!(f, "{} MiB", bytes >> 20),
            _ => write!(f, "{}.{} GiB", bytes >> 30, (bytes >> 20) % 1024 * 10 / 1024),
        }
    }
}
