use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipcrypt_rs::IpcryptPfx;
use sha2::{Digest, Sha256};

/// Octets of a key.
pub const KEY_LEN: usize = 32;

/// What everything is renamed with.
pub struct Key {
    secret: [u8; KEY_LEN],
    addresses: IpcryptPfx,
}

impl Key {
    /// The key of these octets.
    pub fn new(secret: [u8; KEY_LEN]) -> Self {
        // The two halves must differ, which a random key's do but for one in 2^128; a digest makes it so for any.
        let mut expanded = [0; KEY_LEN];
        expanded.copy_from_slice(&digest(&secret, "addresses", &[]));
        Self { secret, addresses: IpcryptPfx::new(expanded) }
    }

    /// A key that nobody knows and nobody can use again.
    ///
    /// # Errors
    /// Where the system has no randomness to give.
    pub fn random() -> std::io::Result<Self> {
        random_octets().map(Self::new)
    }

    /// Another address of the same family: two addresses share as long a prefix afterwards as before.
    pub fn ip(&self, ip: IpAddr) -> IpAddr {
        match ip {
            IpAddr::V4(v4) => IpAddr::V4(self.v4(v4)),
            IpAddr::V6(v6) => IpAddr::V6(self.v6(v6)),
        }
    }

    /// The same for IPv4.
    pub(super) fn v4(&self, ip: Ipv4Addr) -> Ipv4Addr {
        match self.addresses.encrypt_ipaddr(IpAddr::V4(ip)) {
            IpAddr::V4(other) => other,
            // The construction keeps the family.
            IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
        }
    }

    /// The same for IPv6. What is IPv4 in the form of IPv6 is renamed like it.
    pub(super) fn v6(&self, ip: Ipv6Addr) -> Ipv6Addr {
        if let Some(v4) = ip.to_ipv4_mapped() {
            return self.v4(v4).to_ipv6_mapped();
        }
        match self.addresses.encrypt_ipaddr(IpAddr::V6(ip)) {
            IpAddr::V6(other) => other,
            IpAddr::V4(other) => other.to_ipv6_mapped(),
        }
    }

    /// Renames a link address in place: locally administered, groups stay groups; all ones and all zeros stay.
    pub(super) fn mac(&self, octets: &mut [u8]) {
        if octets.iter().all(|&octet| octet == 0xff) || octets.iter().all(|&octet| octet == 0) {
            return;
        }
        let group = octets.first().is_some_and(|first| first & 1 == 1);
        let renamed = digest(&self.secret, "mac", octets);
        octets.iter_mut().zip(renamed).for_each(|(octet, new)| *octet = new);
        if let Some(first) = octets.first_mut() {
            *first = (*first & !3) | 2 | u8::from(group);
        }
    }

    /// Another name for a name: `KIND-1f2e3d4c`.
    pub fn name(&self, kind: &str, name: &str) -> String {
        let [a, b, c, d, ..] = digest(&self.secret, "name", name.to_lowercase().as_bytes());
        format!("{kind}-{a:02x}{b:02x}{c:02x}{d:02x}")
    }
}

pub(super) fn random_octets() -> std::io::Result<[u8; KEY_LEN]> {
    let mut secret = [0; KEY_LEN];
    getrandom::fill(&mut secret).map_err(std::io::Error::other)?;
    Ok(secret)
}

/// A keyed hash: the key fills its own block's beginning, and no input can be longer in its place.
fn digest(secret: &[u8; KEY_LEN], purpose: &str, text: &[u8]) -> [u8; 32] {
    let inner =
        Sha256::new().chain_update(secret).chain_update(purpose).chain_update([0]).chain_update(text).finalize();
    // Hashed once more with the key, so that nobody can lengthen what was hashed.
    Sha256::new().chain_update(secret).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::new([7; KEY_LEN])
    }

    #[test]
    fn common_prefixes_stay_as_long_as_they_were() {
        let key = key();
        let bits = |text: &str| match text.parse::<IpAddr>().unwrap() {
            IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, u128::from(u32::from(key.v4(v4))) << 96),
            IpAddr::V6(v6) => (u128::from(v6), u128::from(key.v6(v6))),
        };
        for (one, other) in [
            ("10.0.0.1", "10.0.0.2"),
            ("10.0.0.1", "10.0.128.1"),
            ("10.0.0.1", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::2"),
            ("2001:db8::1", "2001:db9::1"),
        ] {
            let ((a, new_a), (b, new_b)) = (bits(one), bits(other));
            assert_eq!((new_a ^ new_b).leading_zeros(), (a ^ b).leading_zeros(), "{one} {other}");
            assert!(new_a != a || new_b != b, "{one} {other}");
        }
    }

    #[test]
    fn another_key_gives_other_names() {
        let (one, other) = (key(), Key::new([8; KEY_LEN]));
        assert_ne!(one.ip([10, 0, 0, 1].into()), other.ip([10, 0, 0, 1].into()));
        assert_eq!(one.name("name", "Shop.Example"), key().name("name", "shop.example"));
        assert_ne!(one.name("name", "shop.example"), other.name("name", "shop.example"));
    }

    #[test]
    fn link_addresses_keep_what_they_are_for() {
        let mac = |octets: [u8; 6]| {
            let mut renamed = octets;
            key().mac(&mut renamed);
            renamed
        };
        assert_eq!(mac([0xff; 6]), [0xff; 6]);
        assert_eq!(mac([0; 6]), [0; 6]);
        assert_eq!(mac([0x33, 0x33, 0, 0, 0, 1])[0] & 3, 3);
        assert_eq!(mac([0, 1, 2, 3, 4, 5])[0] & 3, 2);
        assert_ne!(mac([0, 1, 2, 3, 4, 5])[1..], [1, 2, 3, 4, 5]);
    }

    proptest::proptest! {
        /// Bit by bit: other names differ first where the names do. So no two addresses get the same name.
        #[test]
        fn any_two_addresses_part_where_they_did(
            secret: [u8; KEY_LEN],
            (one, other) in (proptest::num::u128::ANY, proptest::num::u128::ANY),
            common in 0..=128u32,
        ) {
            let key = Key::new(secret);
            let parted = |one: u128, other: u128, bits: u32| (0..bits).find(|bit| (one ^ other) >> (bits - 1 - bit) & 1 == 1);
            let other = if common == 128 { one } else { one ^ (other | 1 << 127) >> common };
            let v6 = |address: u128| Ipv6Addr::from(address);
            if [one, other].iter().all(|address| v6(*address).to_ipv4_mapped().is_none()) {
                let [new_one, new_other] = [one, other].map(|address| u128::from(key.v6(v6(address))));
                assert_eq!(parted(new_one, new_other, 128), parted(one, other, 128));
            }
            let [one, other] = [one, other].map(|address| (address >> 96) as u32);
            let [new_one, new_other] = [one, other].map(|address| u32::from(key.v4(Ipv4Addr::from(address))));
            assert_eq!(parted(new_one.into(), new_other.into(), 32), parted(one.into(), other.into(), 32));
        }
    }
}
