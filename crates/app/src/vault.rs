//! Sealing what must not be read from a stolen database: the profiles' access tokens.
//!
//! ChaCha20-Poly1305 with a random nonce; the row that a value belongs to is part of what is
//! authenticated, so that a sealed value moved to another row does not open.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use rand::RngCore as _;
use secrecy::{ExposeSecret as _, SecretString};

/// The first byte of a sealed value: which form it has. Key rotation will add others.
const FORM: u8 = 1;
const NONCE: usize = 12;

/// Seals and opens.
#[derive(Clone)]
pub struct Vault {
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

impl Vault {
    /// With a key of 32 bytes in base64.
    ///
    /// # Errors
    /// [`VaultError::Key`].
    pub fn new(key: &SecretString) -> Result<Self, VaultError> {
        let bytes = STANDARD.decode(key.expose_secret().trim()).map_err(|_| VaultError::Key)?;
        let key: [u8; 32] = bytes.try_into().map_err(|_| VaultError::Key)?;
        Ok(Self { cipher: ChaCha20Poly1305::new(Key::from_slice(&key)) })
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
            .cipher
            .encrypt(Nonce::from_slice(&nonce), payload)
            .map_err(|_| VaultError::Sealed)?;
        Ok([&[FORM][..], &nonce, &sealed].concat())
    }

    /// Opens what was sealed for the row named `row`.
    ///
    /// # Errors
    /// [`VaultError::Sealed`].
    pub fn open(&self, row: &str, sealed: &[u8]) -> Result<SecretString, VaultError> {
        let (form, rest) = sealed.split_first().ok_or(VaultError::Sealed)?;
        if *form != FORM || rest.len() < NONCE {
            return Err(VaultError::Sealed);
        }
        let (nonce, sealed) = rest.split_at(NONCE);
        let payload = Payload { msg: sealed, aad: row.as_bytes() };
        let secret = self
            .cipher
            .decrypt(Nonce::from_slice(nonce), payload)
            .map_err(|_| VaultError::Sealed)?;
        Ok(SecretString::from(String::from_utf8(secret).map_err(|_| VaultError::Sealed)?))
    }
}
