//! Networks, each with an explicit subnet: the engine's default pools end after about thirty networks.
//!
//! The subnet is a random /24 of a private range. It must overlap with no other network of the engine (the engine says
//! so) and with no route of this machine (the engine does not look), or the drill would cut the machine off from a
//! neighbour.

use super::containers::endpoint;
use super::{DockerEngine, failed, is, told};
use crate::engine::{EngineError, Id, ResourceKind, Result};
use bollard::errors::Error;
use bollard::models::{Ipam, IpamConfig, NetworkConnectRequest, NetworkCreateRequest, NetworkDisconnectRequest};
use rand::RngExt;
use std::net::Ipv4Addr;

/// How many subnets are tried before giving up.
const TRIES: usize = 50;
/// Kernel's table of routes; elsewhere than on Linux the engine lives in a machine of its own.
const ROUTES: &str = "/proc/net/route";

impl DockerEngine {
    pub(super) async fn network_create(&self, name: &str, internal: bool) -> Result<Id> {
        // The engine takes a second network of the same name on some versions: our own name must mean one thing.
        if self.guard.admit_if_there(self, "replace", ResourceKind::Network, name).await?.is_some() {
            return Err(gave_up(name, "there is one of this name already".to_owned()));
        }
        let routes = std::fs::read_to_string(ROUTES).map(|table| parse(&table)).unwrap_or_default();
        let mut last = "no private subnet is free beside the routes of this machine".to_owned();
        for _ in 0..TRIES {
            let Some(subnet) = choose(&routes) else { break };
            let ipam = Ipam {
                config: Some(vec![IpamConfig { subnet: Some(subnet.to_string()), ..Default::default() }]),
                ..Default::default()
            };
            let request = NetworkCreateRequest {
                name: name.to_owned(),
                driver: Some("bridge".to_owned()),
                internal: Some(internal),
                ipam: Some(ipam),
                labels: Some(self.labels(None)),
                ..Default::default()
            };
            match self.docker.create_network(request).await {
                Ok(created) => return Ok(Id(created.id)),
                Err(error) if overlaps(&error) => last = told(&error),
                Err(error) => return Err(failed("create network", name)(error)),
            }
        }
        Err(gave_up(name, last))
    }

    pub(super) async fn network_connect(&self, network: &str, container: &Id, aliases: &[String]) -> Result<()> {
        let network = self.admit("join", ResourceKind::Network, network).await?;
        let container = self.admit_container("connect", container).await?;
        let what = format!("{} to network {}", container.0, network.0);
        let _counting = self.counting.lock().await;
        let request = NetworkConnectRequest { container: container.0, endpoint_config: Some(endpoint(aliases)) };
        self.docker.connect_network(&network.0, request).await.map_err(failed("connect container", what))
    }

    pub(super) async fn network_disconnect(&self, network: &str, container: &Id) -> Result<()> {
        let network = self.admit("leave", ResourceKind::Network, network).await?;
        let container = self.admit_container("disconnect", container).await?;
        let _counting = self.counting.lock().await;
        self.detach(&network, container).await
    }

    /// Forced, so that a hung or dead container cannot hold a network back. The caller holds `counting`.
    pub(super) async fn detach(&self, network: &Id, container: Id) -> Result<()> {
        let what = format!("{} from network {}", container.0, network.0);
        let request = NetworkDisconnectRequest { container: container.0, force: Some(true) };
        self.docker.disconnect_network(&network.0, request).await.map_err(failed("disconnect container", what))
    }

    /// The guard has admitted the network; its members must be ours as well, or nothing is changed.
    pub(super) async fn network_remove(&self, id: &Id) -> Result<()> {
        let network = match self.docker.inspect_network(&id.0, None).await {
            Ok(network) => network,
            Err(error) if is(&error, 404) => return Ok(()),
            Err(error) => return Err(failed("remove network", &id.0)(error)),
        };
        let mut members = Vec::new();
        for member in network.containers.unwrap_or_default().into_keys() {
            let admitted = self.guard.admit_if_there(self, "disconnect", ResourceKind::Container, &member).await?;
            members.extend(admitted);
        }
        let _counting = self.counting.lock().await;
        for member in members {
            if let Err(error) = self.detach(id, member.clone()).await {
                // It may have ended by itself in the meantime; if it has not, the removal says so.
                tracing::debug!(%error, "before removing a network");
            }
        }
        match self.docker.remove_network(&id.0).await {
            Ok(()) => Ok(()),
            Err(error) if is(&error, 404) => Ok(()),
            Err(error) => Err(failed("remove network", &id.0)(error)),
        }
    }
}

fn gave_up(name: &str, why: String) -> EngineError {
    EngineError::Failed { action: "create network", what: name.to_owned(), why }
}

fn overlaps(error: &Error) -> bool {
    let message = told(error);
    message.contains("overlaps") || message.contains("conflicts with network")
}

/// An IPv4 network: address and number of leading bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Subnet {
    address: u32,
    bits: u32,
}

impl Subnet {
    const fn mask(bits: u32) -> u32 {
        match bits {
            0 => 0,
            bits => u32::MAX << (32 - bits),
        }
    }

    const fn overlaps(self, other: Self) -> bool {
        let shorter = if self.bits < other.bits { self.bits } else { other.bits };
        let mask = Self::mask(shorter);
        self.address & mask == other.address & mask
    }
}

impl std::fmt::Display for Subnet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.address), self.bits)
    }
}

/// The private ranges, the roomiest first. 10.0 to 10.31 are left out: homes and offices like them.
const RANGES: [(Ipv4Addr, u32); 3] =
    [(Ipv4Addr::new(10, 0, 0, 0), 8), (Ipv4Addr::new(172, 16, 0, 0), 12), (Ipv4Addr::new(192, 168, 0, 0), 16)];

/// A random /24 beside all routes; `None` when none was found.
fn choose(routes: &[Subnet]) -> Option<Subnet> {
    let mut random = rand::rng();
    for (base, bits) in RANGES {
        let range = Subnet { address: u32::from(base), bits };
        for _ in 0..TRIES {
            let free: u32 = random.random();
            let address = (range.address | (free & !Subnet::mask(bits))) & Subnet::mask(24);
            let subnet = Subnet { address, bits: 24 };
            let crowded = bits == 8 && (address >> 16) & 0xff < 32;
            if !crowded && !routes.iter().any(|route| route.overlaps(subnet)) {
                return Some(subnet);
            }
        }
    }
    None
}

/// The kernel's routes but the default ones. Destination and mask are hexadecimal in the byte order of the machine.
fn parse(table: &str) -> Vec<Subnet> {
    let number = |text: &str| u32::from_str_radix(text, 16).ok().map(|raw| u32::from_be_bytes(raw.to_ne_bytes()));
    let route = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let address = number(fields.get(1)?)?;
        let mask = number(fields.get(7)?)?;
        (mask != 0).then_some(Subnet { address, bits: mask.leading_ones() })
    };
    table.lines().skip(1).filter_map(route).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(a: u8, b: u8, c: u8, bits: u32) -> Subnet {
        Subnet { address: u32::from(Ipv4Addr::new(a, b, c, 0)), bits }
    }

    #[test]
    fn overlap_counts_in_both_directions() {
        assert!(subnet(10, 0, 0, 8).overlaps(subnet(10, 200, 3, 24)));
        assert!(subnet(10, 200, 3, 24).overlaps(subnet(10, 0, 0, 8)));
        assert!(!subnet(10, 200, 3, 24).overlaps(subnet(10, 200, 4, 24)));
        assert!(subnet(0, 0, 0, 0).overlaps(subnet(10, 200, 4, 24)));
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn routes_are_read_and_the_default_route_is_not_one() {
        let table = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
                     eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
                     docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n";
        assert_eq!(parse(table), [subnet(172, 17, 0, 16)]);
    }

    #[test]
    fn a_routed_range_is_avoided() {
        for _ in 0..100 {
            let chosen = choose(&[subnet(10, 0, 0, 8)]).expect("another range");
            assert!(!chosen.overlaps(subnet(10, 0, 0, 8)), "{chosen}");
            assert_eq!(chosen.bits, 24);
        }
        assert_eq!(choose(&[subnet(0, 0, 0, 1), subnet(128, 0, 0, 1)]), None);
        let free = choose(&[]).expect("a subnet");
        assert!(free.to_string().starts_with("10.") && free.to_string().ends_with(".0/24"));
    }
}
