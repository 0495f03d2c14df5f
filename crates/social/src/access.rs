//! The right to act for one profile.

use hashbuzz_domain::ProfileId;
use secrecy::SecretString;

/// The right to act for one profile. Redacts itself.
#[derive(Clone, Debug)]
pub struct Access {
    /// Whose right it is; none until the network has said so. Limits are kept by profile.
    pub profile: Option<ProfileId>,
    /// What the money is booked on that asking costs, such as a campaign's key.
    pub booked_on: Option<String>,
    /// What proves it.
    pub proof: Proof,
}

/// What proves a right.
#[derive(Clone, Debug)]
pub enum Proof {
    /// OAuth 2.0 user access token.
    OAuth2 {
        /// The bearer token.
        token: SecretString,
    },
    /// OAuth 1.0a user access token.
    OAuth1 {
        /// The token.
        token: SecretString,
        /// Its secret.
        secret: SecretString,
    },
}

impl Access {
    /// By an OAuth 2.0 token, of a profile that is not known yet.
    pub fn oauth2(token: impl Into<SecretString>) -> Self {
        Self::by(Proof::OAuth2 { token: token.into() })
    }

    /// By an OAuth 1.0a token, of a profile that is not known yet.
    pub fn oauth1(token: impl Into<SecretString>, secret: impl Into<SecretString>) -> Self {
        Self::by(Proof::OAuth1 { token: token.into(), secret: secret.into() })
    }

    /// By this proof.
    pub const fn by(proof: Proof) -> Self {
        Self { profile: None, booked_on: None, proof }
    }

    /// The right of `profile`.
    #[must_use]
    pub fn of(mut self, profile: ProfileId) -> Self {
        self.profile = Some(profile);
        self
    }

    /// What it costs to use it is booked on `purse`.
    #[must_use]
    pub fn booked_on(mut self, purse: impl Into<String>) -> Self {
        self.booked_on = Some(purse.into());
        self
    }
}
