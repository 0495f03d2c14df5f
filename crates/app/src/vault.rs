//! Sealing what must not be read from a stolen database: the profiles' access tokens.
//!
//! ChaCha20-Poly1305 with a random nonce. The row that a value belongs to is part of what is
//! authenticated, so that a sealed value moved to another row does not open. A sealed value names the
//! key that sealed it: keys are changed by giving the new one and the old ones, sealing everything
//! anew (`hashbuzz vault reseal`), and taking the old ones away.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use rand::RngCore as _;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// The first byte of a sealed value says which form it has. This one does not name its key.
const NAMELESS: u8 = 1;
/// This one does, behind the first byte.
const NAMED: u8 = 2;
const NONCE: usize = 12;
/// Enough to tell a handful of keys apart, and too little to say anything about them.
const NAME: usize = 4;

/// Seals and opens.
#[derive(Clone)]
pub struct Vault {
    current: Sealer,
    old: Vec<Sealer>,
}

#[derive(Clone)]
struct Sealer {
    name: [u8; NAME],
    cipher: ChaCha20Poly1305,
}

/// Why a key or a sealed value cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Not 32 bytes in base64.
    #[error("a vault key is 32 random bytes in base64 (`hashbuzz vault-key` makes one)")]
    Key,
    /// Another key, another row, or changed bytes.
    #[error("a sealed value does not open: another key sealed it, or it was changed")]
    Sealed,
}

impl Sealer {
    fn new(key: &SecretString) -> Result<Self, VaultError> {
        let bytes = STANDARD.decode(key.expose_secret().trim()).map_err(|_| VaultError::Key)?;
        let key: [u8; 32] = bytes.try_into().map_err(|_| VaultError::Key)?;
        let digest: [u8; 32] = Sha256::digest(key).into();
        let mut name = [0; NAME];
        name.copy_from_slice(&digest[..NAME]);
        Ok(Self { name, cipher: ChaCha20Poly1305::new(Key::from_slice(&key)) })
    }

    fn open(&self, row: &str, sealed: &[u8]) -> Option<SecretString> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        let payload = Payload { msg: sealed, aad: row.as_bytes() };
        let secret = self.cipher.decrypt(Nonce::from_slice(nonce), payload).ok()?;
        String::from_utf8(secret).ok().map(SecretString::from)
    }
}

impl Vault {
    /// With a key of 32 bytes in base64.
    ///
    /// # Errors
    /// [`VaultError::Key`].
    pub fn new(key: &SecretString) -> Result<Self, VaultError> {
        Ok(Self { current: Sealer::new(key)?, old: Vec::new() })
    }

    /// The same, able to open what `keys` have sealed.
    ///
    /// # Errors
    /// [`VaultError::Key`].
    pub fn with_old(mut self, keys: &[SecretString]) -> Result<Self, VaultError> {
        self.old = keys.iter().map(Sealer::new).collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// A new random key in base64.
    pub fn new_key() -> SecretString {
        let mut bytes = [0; 32];
        rand::rng().fill_bytes(&mut bytes);
        SecretString::from(STANDARD.encode(bytes))
    }

    /// Seals `secret` for the row named `row`.
    ///
    /// # Errors
    /// [`VaultError::Sealed`] only when `secret` is larger than the cipher takes (256 GB).
    pub fn seal(&self, row: &str, secret: &str) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: secret.as_bytes(), aad: row.as_bytes() };
        let sealed = self
            .current
            .cipher
            .encrypt(Nonce::from_slice(&nonce), payload)
            .map_err(|_| VaultError::Sealed)?;
        Ok([&[NAMED][..], &self.current.name, &nonce, &sealed].concat())
    }

    /// Opens what was sealed for the row named `row`.
    ///
    /// # Errors
    /// [`VaultError::Sealed`].
    pub fn open(&self, row: &str, sealed: &[u8]) -> Result<SecretString, VaultError> {
        let (form, rest) = sealed.split_first().ok_or(VaultError::Sealed)?;
        let mut keys = std::iter::once(&self.current).chain(&self.old);
        let opened = match *form {
            NAMELESS => keys.find_map(|key| key.open(row, rest)),
            NAMED => {
                let (name, rest) = rest.split_at_checked(NAME).ok_or(VaultError::Sealed)?;
                keys.filter(|key| key.name == name).find_map(|key| key.open(row, rest))
            }
            _ => None,
        };
        opened.ok_or(VaultError::Sealed)
    }

    /// Whether the current key has sealed it, in the current form.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        matches!(sealed.split_first(), Some((&NAMED, rest)) if rest.starts_with(&self.current.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_old_key_has_sealed_opens_until_the_key_is_taken_away() {
        let (old, new) = (Vault::new_key(), Vault::new_key());
        let sealed = Vault::new(&old).unwrap().seal("row", "secret").unwrap();
        let both = Vault::new(&new).unwrap().with_old(&[old]).unwrap();
        assert!(!both.is_current(&sealed));
        let opened = both.open("row", &sealed).unwrap();
        assert_eq!(opened.expose_secret(), "secret");
        let anew = both.seal("row", opened.expose_secret()).unwrap();
        assert!(both.is_current(&anew));
        let only = Vault::new(&new).unwrap();
        assert_eq!(only.open("row", &sealed).err(), Some(VaultError::Sealed));
        assert_eq!(only.open("row", &anew).unwrap().expose_secret(), "secret");
    }

    #[test]
    fn what_was_moved_or_changed_does_not_open() {
        let vault = Vault::new(&Vault::new_key()).unwrap();
        let sealed = vault.seal("one", "secret").unwrap();
        assert!(vault.open("two", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault.open("one", &changed).is_err(), "byte {at}");
            assert!(vault.open("one", &sealed[..at]).is_err(), "cut at {at}");
        }
    }
}
