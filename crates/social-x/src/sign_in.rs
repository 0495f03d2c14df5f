//! Sending people to X's consent page, with a proof key (PKCE, RFC 7636) that only we know.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hashbuzz_social::{GrantError, Purpose, SignIn};
use rand::RngCore as _;
use reqwest::Url;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use crate::settings::ClientKeys;

/// What is asked for to know who somebody is. Without `offline.access` nothing is left to keep.
const IDENTITY: &str = "tweet.read users.read";
/// What is asked for to post for a brand and read who engaged. <X docs, scopes, August 2026>
const POSTING: &str = "tweet.read tweet.write users.read like.read media.write offline.access";

/// Where to send whoever signs in.
pub(crate) fn begin(
    keys: &ClientKeys,
    purpose: Purpose,
    state: &str,
) -> Result<SignIn, GrantError> {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    let verifier = URL_SAFE_NO_PAD.encode(bytes);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
    let mut url = Url::parse(&keys.consent_page)
        .map_err(|_| GrantError::Keys("the consent page's address is none".to_owned()))?;
    let scope = match purpose {
        Purpose::Identity => IDENTITY,
        Purpose::Posting => POSTING,
    };
    url.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", &keys.id),
        ("redirect_uri", &keys.redirect_uri),
        ("scope", scope),
        ("state", state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    Ok(SignIn { url: url.into(), verifier: SecretString::from(verifier) })
}
