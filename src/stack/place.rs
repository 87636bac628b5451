//! The run's own folder on this host: its lock, which says that the run is alive, and its secrets.
//!
//! It lies outside the evidence, because evidence is handed out. Every user has a folder of their own below `/tmp`, at a
//! fixed place, so that `sweep` finds the lock of any run whatever `TMPDIR` says.

use crate::ids::RunId;
use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

const ROOT: &str = "/tmp";
const PREFIX: &str = "ernstfall-";

/// The private folder of one live run. Dropping it gives up the lock and leaves the files.
#[derive(Debug)]
pub struct Place {
    folder: PathBuf,
    _lock: File,
}

#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    #[error("cannot {action} {path}: {why}")]
    Io { action: &'static str, path: PathBuf, why: std::io::Error },
    #[error("{path} belongs to somebody else: remove it or ask its owner to")]
    Foreign { path: PathBuf },
}

/// Whether a run is alive, as far as this host can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    Live,
    /// Its lock is here and free.
    Dead,
    /// No lock that could be read: another user's run, or one that cannot be seen from here.
    Unknown,
}

impl Place {
    /// Makes the folder (mode 0700), takes the lock.
    ///
    /// # Errors
    /// [`PlaceError`] when it cannot be made or belongs to another user.
    pub fn make(run: &RunId) -> Result<Self, PlaceError> {
        let mine = std::fs::metadata("/proc/self").map_or(0, |meta| meta.uid());
        let parent = Path::new(ROOT).join(format!("{PREFIX}{mine}"));
        private_folder(&parent)?;
        if std::fs::symlink_metadata(&parent).map_err(io("look at", &parent))?.uid() != mine {
            return Err(PlaceError::Foreign { path: parent });
        }
        let folder = parent.join(run.as_str());
        private_folder(&folder)?;
        private_folder(&folder.join("secrets"))?;
        // Held before anyone can see it: a lock that is seen free is a dead run's.
        let (unseen, path) = (folder.join("lock.new"), folder.join("lock"));
        let lock = File::create(&unseen).map_err(io("create", &unseen))?;
        lock.try_lock().map_err(|why| PlaceError::Io { action: "lock", path: unseen.clone(), why: why.into() })?;
        std::fs::rename(&unseen, &path).map_err(io("rename", &unseen))?;
        Ok(Self { folder, _lock: lock })
    }

    #[must_use]
    pub fn secrets(&self) -> PathBuf {
        self.folder.join("secrets")
    }

    /// Where the stack is frozen; made then.
    #[must_use]
    pub fn checkpoint(&self) -> PathBuf {
        self.folder.join("checkpoint")
    }

    /// Removes the folder: no secret outlives the run.
    ///
    /// # Errors
    /// [`PlaceError`] when a file cannot be removed.
    pub fn remove(self) -> Result<(), PlaceError> {
        std::fs::remove_dir_all(&self.folder).map_err(io("remove", &self.folder))
    }
}

/// Whether `run` is alive on this host.
#[must_use]
pub fn liveness(run: &RunId) -> Liveness {
    let mut seen = Liveness::Unknown;
    for folder in folders_of(run) {
        let path = folder.join("lock");
        let is_file = std::fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_file());
        let Some(lock) = is_file.then(|| File::open(path).ok()).flatten() else { continue };
        // Shared, so that two who look at once do not take each other for the run.
        match lock.try_lock_shared() {
            Err(TryLockError::WouldBlock) => return Liveness::Live,
            Ok(()) => seen = Liveness::Dead,
            Err(TryLockError::Error(_)) => {}
        }
    }
    seen
}

/// The runs of this host that are dead and still have a private folder, which this user can read.
#[must_use]
pub fn dead() -> BTreeSet<RunId> {
    let names = homes().into_iter().filter_map(|home| std::fs::read_dir(home).ok()).flat_map(Iterator::flatten);
    let runs = names.filter_map(|entry| RunId::new(entry.file_name().into_string().ok()?).ok());
    runs.filter(|run| liveness(run) == Liveness::Dead).collect()
}

/// Removes the private folder of a run that is dead.
pub fn forget(run: &RunId) -> Result<(), PlaceError> {
    for folder in folders_of(run) {
        match std::fs::remove_dir_all(&folder) {
            // Another sweep was quicker.
            Err(why) if why.kind() == ErrorKind::NotFound => {}
            result => result.map_err(io("remove", &folder))?,
        }
    }
    Ok(())
}

/// The private folders of `run`: one for each user who has one of that name.
fn folders_of(run: &RunId) -> Vec<PathBuf> {
    let folders = homes().into_iter().map(|home| home.join(run.as_str()));
    folders.filter(|folder| owner_of(folder).is_some()).collect()
}

/// The folders in which the users have their private folders. Anybody may make such a name in `/tmp`, so it counts only as the
/// real folder of the user whom it names.
fn homes() -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(ROOT) else { return Vec::new() };
    let ours = entries.flatten().filter_map(|entry| {
        let path = entry.path();
        let named = entry.file_name().to_str()?.strip_prefix(PREFIX)?.parse::<u32>().ok()?;
        (owner_of(&path)? == named).then_some(path)
    });
    ours.collect()
}

/// Whose folder this is; `None` if it is none, or only a link to one.
fn owner_of(path: &Path) -> Option<u32> {
    std::fs::symlink_metadata(path).ok().filter(std::fs::Metadata::is_dir).map(|meta| meta.uid())
}

fn private_folder(path: &Path) -> Result<(), PlaceError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(why) if why.kind() != ErrorKind::AlreadyExists => Err(io("create", path)(why)),
        _ => Ok(()),
    }
}

fn io(action: &'static str, path: &Path) -> impl Fn(std::io::Error) -> PlaceError {
    let path = path.to_owned();
    move |why| PlaceError::Io { action, path: path.clone(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What somebody else calls like one of ours is not ours: a link, or a folder with another user's number.
    #[test]
    fn only_the_real_folder_of_its_user_counts() {
        let bed = assert_fs::TempDir::new().unwrap();
        let run = RunId::new(format!("elsewhere-{}", std::process::id())).unwrap();
        std::fs::create_dir_all(bed.path().join(run.as_str())).unwrap();
        std::fs::write(bed.path().join(run.as_str()).join("lock"), "").unwrap();
        let id = std::process::id();
        let link = Path::new(ROOT).join(format!("{PREFIX}x{id}"));
        std::os::unix::fs::symlink(bed.path(), &link).unwrap();
        let foreign = Path::new(ROOT).join(format!("{PREFIX}4{id:09}"));
        std::fs::create_dir_all(foreign.join(run.as_str())).unwrap();
        std::fs::write(foreign.join(run.as_str()).join("lock"), "").unwrap();
        let seen = (liveness(&run), dead().contains(&run), forget(&run).is_ok());
        let still = (bed.path().join(run.as_str()).exists(), foreign.join(run.as_str()).exists());
        std::fs::remove_file(&link).unwrap();
        std::fs::remove_dir_all(&foreign).unwrap();
        assert_eq!(seen, (Liveness::Unknown, false, true));
        assert_eq!(still, (true, true));
    }

    #[test]
    fn a_run_is_alive_while_its_place_is_held() {
        let run = RunId::new(format!("place-{}", std::process::id())).unwrap();
        assert_eq!(liveness(&run), Liveness::Unknown, "nothing of it can be seen from here");
        let place = Place::make(&run).unwrap();
        assert_eq!(liveness(&run), Liveness::Live);
        assert!(!dead().contains(&run));
        let mode = std::fs::metadata(place.secrets()).unwrap().mode();
        assert_eq!(mode & 0o777, 0o700);
        drop(place);
        assert_eq!(liveness(&run), Liveness::Dead);
        assert!(dead().contains(&run));
        forget(&run).unwrap();
        assert!(!dead().contains(&run));
        assert_eq!(folders_of(&run).iter().filter(|folder| folder.exists()).count(), 0);
    }
}
