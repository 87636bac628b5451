//! Host ports on the loopback address, chosen once per container.
//!
//! Docker gives an ephemeral port anew at every restart, so the port is chosen here and given explicitly. It is taken from
//! below the range that the kernel hands out to outgoing connections: otherwise a connection of the prober could sit on it
//! while the container restarts. From the choice to the start the port is held, so that two runs cannot choose the same.

use crate::engine::Id;
use rand::RngExt;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};

/// Below the usual ephemeral ranges (from 32768 or 49152) and above what services of a machine listen on.
const RANGE: std::ops::Range<u16> = 20_000..30_000;
const TRIES: usize = 64;

/// The ports that are held for containers which are not started yet.
#[derive(Debug, Default)]
pub(super) struct Ports {
    held: Mutex<BTreeMap<Id, TcpListener>>,
}

impl Ports {
    /// Holds the port of a created container until [`Self::release`].
    pub fn hold(&self, container: &Id, listener: TcpListener) {
        self.held().insert(container.clone(), listener);
    }

    /// Lets the port go, for the engine to take it.
    pub fn release(&self, container: &Id) {
        self.held().remove(container);
    }

    fn held(&self) -> std::sync::MutexGuard<'_, BTreeMap<Id, TcpListener>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A free port, and the listener that keeps it so.
pub(super) fn choose() -> std::io::Result<(u16, TcpListener)> {
    let mut random = rand::rng();
    for _ in 0..TRIES {
        let port = random.random_range(RANGE);
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return Ok((port, listener));
        }
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok((listener.local_addr()?.port(), listener))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_port_is_nobody_elses_until_released() {
        let ports = Ports::default();
        let id = Id("c".to_owned());
        let (port, listener) = choose().expect("a port");
        ports.hold(&id, listener);
        assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err());
        ports.release(&id);
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("free again");
    }

    #[test]
    fn many_ports_are_different() {
        let chosen: Vec<_> = (0..20).map(|_| choose().expect("a port")).collect();
        let distinct: std::collections::BTreeSet<_> = chosen.iter().map(|(port, _)| *port).collect();
        assert_eq!(distinct.len(), 20);
    }
}
