//! A build's context as a tar stream.
//!
//! The same files make the same bytes on every machine: sorted, owned by root, without times, with two file modes only.
//! So the engine's layer cache works, and a strict umask of the person who cloned the repository does not end up in an
//! image. A `.dockerignore` is honoured by the engine itself.

use bytes::Bytes;
use futures_util::{Stream, stream};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tar::{Builder, EntryType, Header};
use tokio::sync::mpsc;

/// Size of a piece, and how many are on the way between the thread that reads files and the engine.
const PIECE: usize = 64 << 10;
const IN_FLIGHT: usize = 4;

/// The folder's content. An unreadable file ends the stream with an error, which ends the build.
pub(super) fn packed(folder: &Path) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
    let (pieces, reader) = mpsc::channel(IN_FLIGHT);
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || {
        let mut out = BufWriter::with_capacity(PIECE, Pieces(pieces.clone()));
        let packed = pack(&folder, &mut out).and_then(|()| out.flush());
        drop(out);
        if let Err(error) = packed {
            // Nobody to tell when the reader is gone: the build was cancelled.
            drop(pieces.blocking_send(Err(error)));
        }
    });
    stream::unfold(reader, async |mut reader| reader.recv().await.map(|piece| (piece, reader)))
}

/// Sends what is written on its way; belongs on a thread that may block.
struct Pieces(mpsc::Sender<io::Result<Bytes>>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn pack(folder: &Path, out: &mut impl Write) -> io::Result<()> {
    let mut tar = Builder::new(out);
    let mut waiting = vec![PathBuf::new()];
    while let Some(relative) = waiting.pop() {
        let mut entries = fs::read_dir(folder.join(&relative))?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = relative.join(entry.file_name());
            let at = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
            let metadata = entry.metadata().map_err(at)?;
            if metadata.is_dir() {
                tar.append_data(&mut header(EntryType::Directory, 0o755, 0), &path, io::empty())?;
                waiting.push(path);
            } else if metadata.is_symlink() {
                let target = fs::read_link(entry.path()).map_err(at)?;
                tar.append_link(&mut header(EntryType::Symlink, 0o777, 0), &path, target)?;
            } else if metadata.is_file() {
                let mode = if metadata.permissions().mode() & 0o111 == 0 { 0o644 } else { 0o755 };
                let file = fs::File::open(entry.path()).map_err(at)?;
                tar.append_data(&mut header(EntryType::Regular, mode, metadata.len()), &path, file)?;
            }
            // Sockets and pipes are nothing to build from.
        }
    }
    tar.finish()
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use assert_fs::TempDir;
    use assert_fs::prelude::*;
    use futures_util::StreamExt;

    async fn bytes(folder: &Path) -> Vec<u8> {
        let pieces: Vec<_> = packed(folder).collect().await;
        pieces.into_iter().map(|piece| piece.expect("a piece").to_vec()).collect::<Vec<_>>().concat()
    }

    #[tokio::test]
    async fn same_files_same_bytes_whatever_their_modes_and_times() {
        let (one, two) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
        for (folder, mode) in [(&one, 0o600), (&two, 0o664)] {
            folder.child("z/inner/file").write_str("inner").expect("written");
            folder.child("Dockerfile").write_str("FROM scratch").expect("written");
            let file = folder.child("Dockerfile");
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).expect("set");
            let script = folder.child("run");
            script.write_str("#!/bin/sh").expect("written");
            fs::set_permissions(script.path(), fs::Permissions::from_mode(0o700 | mode)).expect("set");
            std::os::unix::fs::symlink("run", folder.child("link").path()).expect("linked");
        }
        let packed = bytes(one.path()).await;
        assert_eq!(packed, bytes(two.path()).await);

        let mut archive = tar::Archive::new(packed.as_slice());
        let entries: Vec<_> = archive
            .entries()
            .expect("entries")
            .map(|entry| {
                let entry = entry.expect("an entry");
                (entry.path().expect("a path").display().to_string(), entry.header().mode().expect("a mode"))
            })
            .collect();
        let expected = [("Dockerfile", 0o644), ("link", 0o777), ("run", 0o755), ("z", 0o755), ("z/inner", 0o755)];
        assert_eq!(entries[..5], expected.map(|(path, mode)| (path.to_owned(), mode)));
        assert_eq!(entries[5], ("z/inner/file".to_owned(), 0o644));
    }

    #[tokio::test]
    async fn a_missing_folder_ends_the_stream_with_an_error() {
        let pieces: Vec<_> = packed(Path::new("/nowhere/at/all")).collect().await;
        assert!(pieces.last().expect("an item").is_err());
    }
}
