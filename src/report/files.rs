//! Puts artefacts on disk: written whole or not at all, readable by the owner only.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Writes `bytes` beside the target, flushes them to disk, and renames; what stood there before is replaced.
///
/// # Errors
/// Whatever the file system says; the half-written file is removed, and the old one still stands.
pub(super) fn write_whole(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let half = dir.join(format!(".{name}.half"));
    let result = write(&half, bytes).and_then(|()| fs::rename(&half, dir.join(name)));
    if result.is_err() {
        // The first error is the one to tell; a file that cannot be removed either shows by its name what it is.
        drop(fs::remove_file(&half));
    }
    result
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Left by a killed run: `create_new` below makes sure that the mode is ours, not that of an older file.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn files_are_the_owners_and_whole() {
        let dir = assert_fs::TempDir::new().expect("a folder");
        fs::write(dir.path().join(".a.txt.half"), "left by a killed run").expect("a file");
        fs::write(dir.path().join("a.txt"), "old").expect("a file");
        write_whole(dir.path(), "a.txt", b"new").expect("written");
        let file = dir.path().join("a.txt");
        assert_eq!(fs::read(&file).expect("a file"), b"new");
        assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let dir = assert_fs::TempDir::new().expect("a folder");
        fs::create_dir_all(dir.path().join("a.txt/occupied")).expect("a folder in the way");
        assert!(write_whole(dir.path(), "a.txt", b"new").is_err());
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1);
    }
}
