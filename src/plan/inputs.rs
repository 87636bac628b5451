//! What a plan was made from: hashes of every file that it read, mounts or builds from.

use super::Input;
use crate::scenario::{Reading, hex, paths};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// All inputs: what was read, and the files below `used` (folders and files that are mounted or built from).
pub fn inputs(folder: &Path, used: &BTreeSet<PathBuf>, reading: &mut Reading) -> Vec<Input> {
    let mut hashes: BTreeMap<PathBuf, String> = reading.hashes().clone();
    for path in used {
        let mut files = BTreeMap::new();
        if let Err(why) = walk(path, path, &mut files) {
            unreadable(path, &why, reading);
        }
        for (file, _) in files.into_values() {
            if hashes.contains_key(&file) {
                continue;
            }
            match hash_of(&file) {
                Ok(hash) => drop(hashes.insert(file, hash)),
                Err(why) => unreadable(&file, &why, reading),
            }
        }
    }
    let relative = |(path, sha256): (PathBuf, String)| Input { path: paths::relative(&path, folder), sha256 };
    let mut inputs: Vec<Input> = hashes.into_iter().map(relative).collect();
    inputs.sort_by(|left, right| left.path.cmp(&right.path));
    inputs
}

/// SHA-256 (hex) over names, modes and bytes of a build context, over the Dockerfile's name and the arguments.
pub fn content(
    context: &Path,
    dockerfile: &Path,
    args: &BTreeMap<String, String>,
    reading: &mut Reading,
) -> Option<String> {
    let mut sum = Sha256::new();
    let mut part = |kind: u8, bytes: &[u8]| {
        sum.update([kind]);
        sum.update((bytes.len() as u64).to_be_bytes());
        sum.update(bytes);
    };
    let mut files = BTreeMap::new();
    let walked = walk(context, context, &mut files);
    let mut failed = walked.err().map(|why| (context.to_path_buf(), why));
    for (name, (path, executable)) in files {
        match hash_of(&path) {
            Ok(hash) => {
                part(if executable { b'x' } else { b'f' }, name.as_os_str().as_encoded_bytes());
                part(b'h', hash.as_bytes());
            }
            Err(why) => failed = Some((path, why)),
        }
    }
    part(b'd', dockerfile.as_os_str().as_encoded_bytes());
    for (name, value) in args {
        part(b'a', name.as_bytes());
        part(b'v', value.as_bytes());
    }
    if let Some((path, why)) = failed {
        unreadable(&path, &why, reading);
        return None;
    }
    Some(hex(&sum.finalize()))
}

/// Files by their names relative to `root`: where they are, and whether they are executable.
type Files = BTreeMap<PathBuf, (PathBuf, bool)>;

/// All files and symbolic links below `path`; links are not followed.
fn walk(path: &Path, root: &Path, files: &mut Files) -> io::Result<()> {
    let meta = path.symlink_metadata()?;
    if meta.is_dir() {
        for entry in path.read_dir()? {
            walk(&entry?.path(), root, files)?;
        }
    } else if meta.is_file() || meta.is_symlink() {
        let executable = meta.is_file() && meta.permissions().mode() & 0o100 != 0;
        files.insert(paths::relative(path, root), (path.to_path_buf(), executable));
    }
    Ok(())
}

/// SHA-256 (hex) of a file's bytes, or of where a link leads.
fn hash_of(path: &Path) -> io::Result<String> {
    let mut sum = Sha256::new();
    if path.is_symlink() {
        sum.update(b"link:");
        sum.update(path.read_link()?.as_os_str().as_encoded_bytes());
        return Ok(hex(&sum.finalize()));
    }
    let mut file = std::fs::File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(hex(&sum.finalize()));
        }
        sum.update(&buffer[..count]);
    }
}

fn unreadable(path: &Path, why: &io::Error, reading: &mut Reading) {
    let hint = "the plan names every file that the stack mounts or builds from, with its hash";
    reading.problem_with(path.display().to_string(), format!("it cannot be read: {why}"), hint);
}
