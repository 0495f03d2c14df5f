//! Private keys from settings. A key of the SDK prints itself with `Debug`, so nothing that holds
//! one derives it, and no error here quotes what it could not read.

use hashbuzz_domain::AccountId;
use hiero_sdk::PrivateKey;
use secrecy::{ExposeSecret as _, SecretString};

use crate::mirror::{KeyAnswer, Mirror};
use crate::settings::SetupError;

/// The key, checked against what the mirror node says of the account. 32 raw bytes do not say
/// which kind of key they are; the account does.
pub(crate) async fn of_account(
    mirror: &Mirror,
    account: AccountId,
    secret: &SecretString,
) -> Result<PrivateKey, SetupError> {
    let candidates = candidates(secret)
        .ok_or_else(|| SetupError::Settings(format!("the key of {account} cannot be read")))?;
    let known = mirror
        .account(account)
        .await?
        .ok_or_else(|| SetupError::Settings(format!("the network has no account {account}")))?;
    choose(candidates, known.key.as_ref())
        .ok_or_else(|| SetupError::Settings(format!("the key is not the one of {account}")))
}

/// What the text can mean: one key if it says its kind, else one of each kind.
fn candidates(secret: &SecretString) -> Option<Vec<PrivateKey>> {
    let text = secret.expose_secret().trim();
    let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()?;
    if bytes.len() != 32 {
        return Some(vec![PrivateKey::from_bytes_der(&bytes).ok()?]);
    }
    let kinds = [PrivateKey::from_bytes_ed25519(&bytes), PrivateKey::from_bytes_ecdsa(&bytes)];
    Some(kinds.into_iter().flatten().collect())
}

fn choose(candidates: Vec<PrivateKey>, known: Option<&KeyAnswer>) -> Option<PrivateKey> {
    let matches = |key: &PrivateKey, known: &KeyAnswer| {
        let kind = if key.is_ed25519() { "ED25519" } else { "ECDSA_SECP256K1" };
        kind == known.kind
            && hex::encode(key.public_key().to_bytes_raw()) == known.key.to_lowercase()
    };
    match known {
        Some(known) if known.kind != "ProtobufEncoded" => {
            candidates.into_iter().find(|key| matches(key, known))
        }
        // A key list or threshold key: ours may be one of several, which only the node can judge.
        Some(_) | None if candidates.len() == 1 => candidates.into_iter().next(),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(key: &PrivateKey) -> KeyAnswer {
        let kind = if key.is_ed25519() { "ED25519" } else { "ECDSA_SECP256K1" };
        KeyAnswer { kind: kind.to_owned(), key: hex::encode(key.public_key().to_bytes_raw()) }
    }

    #[test]
    fn a_key_is_read_as_der_and_raw_of_either_kind() {
        for key in [PrivateKey::generate_ed25519(), PrivateKey::generate_ecdsa()] {
            for text in [key.to_string_der(), key.to_string_raw(), format!("0x{key}")] {
                let read = candidates(&text.into()).unwrap();
                let chosen = choose(read, Some(&known(&key))).unwrap();
                assert_eq!(chosen.to_bytes_der(), key.to_bytes_der());
            }
        }
    }

    #[test]
    fn a_key_of_another_account_is_refused() {
        let key = PrivateKey::generate_ecdsa();
        let other = known(&PrivateKey::generate_ecdsa());
        let read = candidates(&key.to_string_raw().into()).unwrap();
        assert!(choose(read, Some(&other)).is_none());
    }

    #[test]
    fn raw_bytes_without_an_account_to_tell_their_kind_are_refused() {
        let key = PrivateKey::generate_ed25519();
        assert!(choose(candidates(&key.to_string_raw().into()).unwrap(), None).is_none());
        assert!(choose(candidates(&key.to_string_der().into()).unwrap(), None).is_some());
    }

    #[test]
    fn text_that_is_no_key_is_refused() {
        for text in ["", "zz", "0x", "00ff", "not a key"] {
            assert!(candidates(&text.to_owned().into()).is_none_or(|keys| keys.is_empty()));
        }
    }
}
