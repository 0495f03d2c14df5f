//! OAuth 1.0a signatures, verified for real.
//!
//! The signature covers the method, the address as the client believes it to be, the query, the
//! fields of a form, and the header's own parameters; not a JSON body. A nonce is good once, and a
//! timestamp must be near our clock.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;

use super::{Grant, Proof};
use crate::query::{Pairs, decode, encode, first};
use crate::world::World;

const METHOD: &str = "HMAC-SHA1";

/// What the header's parameters stand for, if all of them are right.
pub(super) fn verify(world: &mut World, header: &str, proof: Proof<'_>) -> Option<Grant> {
    let given = parameters(header);
    let field = |name: &str| first(&given, name).filter(|value| !value.is_empty());
    let version_fits = field("oauth_version").is_none_or(|version| version == "1.0");
    let key_fits = field("oauth_consumer_key")? == world.app.consumer_key;
    if !version_fits || !key_fits || field("oauth_signature_method")? != METHOD {
        return None;
    }
    let timestamp: i64 = field("oauth_timestamp")?.parse().ok()?;
    let nonce = (timestamp, field("oauth_nonce")?.to_owned());
    let skew = (proof.now.div_euclid(1_000_000) - timestamp).abs();
    if world.settings.oauth1_skew_secs.is_some_and(|allowed| skew > allowed) {
        return None;
    }
    let signer = world.keys.signers.get(field("oauth_token")?)?;
    let base = signature_base(
        proof.method.as_str(),
        &format!("{}{}", world.settings.public_base_url, proof.path),
        given.iter().chain(proof.query).chain(proof.form),
    );
    let expected = BASE64_STANDARD.decode(field("oauth_signature")?).ok()?;
    mac(&world.app.consumer_secret, &signer.secret, &base).verify_slice(&expected).ok()?;
    let grant = Grant { user: Some(signer.user), scopes: None };
    // Only now: a forged request must not use up somebody's nonce.
    let nonces = &mut world.keys.nonces;
    if let Some(allowed) = world.settings.oauth1_skew_secs {
        // What is too old for its timestamp cannot be replayed and need not be remembered.
        let oldest = proof.now.div_euclid(1_000_000) - allowed;
        *nonces = nonces.split_off(&(oldest, String::new()));
    }
    nonces.insert(nonce).then_some(grant)
}

/// `name="value"` pairs, decoded, without the realm.
fn parameters(header: &str) -> Pairs {
    header
        .split(',')
        .filter_map(|part| part.trim().split_once('='))
        .map(|(name, value)| (decode(name), decode(value.trim_matches('"'))))
        .filter(|(name, _)| name != "realm")
        .collect()
}

/// The text that is signed (RFC 5849, 3.4.1).
fn signature_base<'a>(
    method: &str,
    address: &str,
    parameters: impl Iterator<Item = &'a (String, String)>,
) -> String {
    let mut encoded: Vec<(String, String)> = parameters
        .filter(|(name, _)| name != "oauth_signature")
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    encoded.sort();
    let listed: Vec<String> =
        encoded.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}&{}&{}", method.to_uppercase(), encode(address), encode(&listed.join("&")))
}

fn mac(consumer_secret: &str, token_secret: &str, base: &str) -> Hmac<Sha1> {
    let key = format!("{}&{}", encode(consumer_secret), encode(token_secret));
    let mut mac =
        Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(base.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the "Creating a signature" page in X's documentation.
    #[test]
    fn the_published_example_gives_the_published_signature() {
        let pairs: Pairs = [
            ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"),
            ("include_entities", "true"),
            ("oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"),
            ("oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "1318622958"),
            ("oauth_token", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
            ("oauth_version", "1.0"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let address = "https://api.twitter.com/1.1/statuses/update.json";
        let base = signature_base("post", address, pairs.iter());
        let signed = mac(
            "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
            "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
            &base,
        );
        let signature = BASE64_STANDARD.encode(signed.finalize().into_bytes());
        assert_eq!(signature, "hCtSmYh+iHYCEqBWrE7C7hYmtUk=");
    }
}
