//! Signing in at the network: how a person lets us know who they are, or post for their brand.

use hashbuzz_domain::Time;
use secrecy::SecretString;

use crate::Access;

/// What somebody signs in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To say which profile is theirs; we get no more than that, and keep no token.
    Identity,
    /// To let us post, and read who engaged, for as long as they do not take it back.
    Posting,
}

/// A sign-in that begins: where to send the person, and what only we know of it.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The network's consent page.
    pub url: String,
    /// Proves at the end that whoever began it ends it. Never leaves us before.
    pub verifier: SecretString,
}

/// What the network granted.
#[derive(Clone, Debug)]
pub struct Granted {
    /// The right.
    pub access: Access,
    /// What renews it, once: using it makes it useless, and the answer brings the next one.
    pub refresh: Option<SecretString>,
    /// When the right ends by itself.
    pub expires_at: Option<Time>,
    /// What it is good for, as the network calls it.
    pub scopes: Vec<String>,
}

/// Why nothing was granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// The network does not take what it was given: a code that is too old or was used, a refresh
    /// token that was used or taken back. The person has to sign in again.
    #[error("the network does not accept it: {0}")]
    Refused(String),
    /// This deployment's own keys are refused, or it has none: an operator has to act.
    #[error("the network does not accept this deployment's keys: {0}")]
    Keys(String),
    /// Nothing was sent, or nobody took it. Ask again later, with the same.
    #[error("the network did not take the request: {0}")]
    Unavailable(String),
    /// It may have been granted, and the answer was lost.
    #[error("the outcome is unknown: {0}")]
    Unknown(String),
}
