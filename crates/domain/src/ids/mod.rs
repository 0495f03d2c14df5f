//! Identifiers. Each is its own type, so that a profile is never taken for a post.

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use sha3::{Digest as _, Keccak256};

/// A text that is not the identifier it was said to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct MalformedId {
    text: String,
    expected: &'static str,
}

fn malformed(text: &str, expected: &'static str) -> MalformedId {
    MalformedId { text: text.chars().take(80).collect(), expected }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// From the sixteen bytes of a UUID.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                for (i, byte) in self.0.iter().enumerate() {
                    if matches!(i, 4 | 6 | 8 | 10) {
                        f.write_str("-")?;
                    }
                    write!(f, "{byte:02x}")?;
                }
                Ok(())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;

            fn from_str(text: &str) -> Result<Self, MalformedId> {
                uuid(text).map(Self).ok_or_else(|| malformed(text, $expected))
            }
        }
    };
}

/// The bytes of a UUID that is written in lower case with hyphens.
fn uuid(text: &str) -> Option<[u8; 16]> {
    let shape = text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_digit() || (b'a'..=b'f').contains(&b),
        });
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    if shape { hex::decode(digits).ok()?.try_into().ok() } else { None }
}

uuid_id!(
    /// A campaign: a UUID, written in lower case with hyphens.
    CampaignId,
    "a campaign id (a UUID such as 0190c1f2-…)"
);
uuid_id!(
    /// A picture or video that somebody handed to us: a UUID, written like a campaign's.
    MediumId,
    "a medium id (a UUID such as 0190c1f2-…)"
);

impl CampaignId {
    /// The key of this campaign in the escrow contract: the UUID, then sixteen zero bytes.
    /// Reversible on purpose: whoever reads the chain can find the campaign.
    pub fn contract_key(self) -> [u8; 32] {
        let mut key = [0; 32];
        key[..16].copy_from_slice(&self.0);
        key
    }
}

/// A ledger account, `0.0.n`: who a person or brand is to us.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId {
    /// Always 0 on today's Hedera networks.
    pub shard: u32,
    /// Always 0 on today's Hedera networks.
    pub realm: u32,
    /// The number that people know.
    pub num: u64,
}

impl AccountId {
    /// `0.0.num`.
    pub const fn new(num: u64) -> Self {
        Self { shard: 0, realm: 0, num }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.shard, self.realm, self.num)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AccountId {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let error = || malformed(text, "a ledger account (such as 0.0.1234)");
        let mut parts = text.split('.');
        let (Some(shard), Some(realm), Some(num), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(error());
        };
        let digits = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_digit())
                && (part == "0" || !part.starts_with('0'))
        };
        if !(digits(shard) && digits(realm) && digits(num)) {
            return Err(error());
        }
        Ok(Self {
            shard: shard.parse().map_err(|_| error())?,
            realm: realm.parse().map_err(|_| error())?,
            num: num.parse().map_err(|_| error())?,
        })
    }
}

/// A 20-byte address in the ledger's EVM. Always the one that the mirror node reports for an
/// account: an alias and a long-zero form of one account must never become two balances.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EvmAddress(pub [u8; 20]);

impl EvmAddress {
    /// As people write it: capitals are a checksum. <EIP-55>
    pub fn checksummed(self) -> String {
        let digits = hex::encode(self.0);
        let hash = Keccak256::digest(&digits);
        let nibble =
            |at: usize| if at.is_multiple_of(2) { hash[at / 2] >> 4 } else { hash[at / 2] & 15 };
        let digit = |(at, digit): (usize, char)| {
            if nibble(at) >= 8 { digit.to_ascii_uppercase() } else { digit }
        };
        format!("0x{}", digits.chars().enumerate().map(digit).collect::<String>())
    }
}

impl fmt::Display for EvmAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for EvmAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EvmAddress {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let error = || malformed(text, "an EVM address (0x and 40 hexadecimal digits)");
        let digits = text.strip_prefix("0x").ok_or_else(error)?;
        let bytes = hex::decode(digits).map_err(|_| error())?;
        Ok(Self(bytes.try_into().map_err(|_| error())?))
    }
}

macro_rules! network_id {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The identifier as the network writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;

            fn from_str(text: &str) -> Result<Self, MalformedId> {
                let legal = (1..=256).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_graphic());
                if !legal {
                    return Err(malformed(text, $expected));
                }
                Ok(Self(text.to_owned()))
            }
        }
    };
}

network_id!(
    /// A social profile by its immutable id; never by its handle, which can change hands.
    ProfileId,
    "a profile id of the network"
);
network_id!(
    /// A post by the network's id.
    PostId,
    "a post id of the network"
);
network_id!(
    /// A medium that was uploaded to the network, by the network's id.
    UploadId,
    "an upload id of the network"
);
