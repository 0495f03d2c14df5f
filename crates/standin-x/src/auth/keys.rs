//! Every token that was ever given out and is still good for something.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::world::{UserId, World};

/// What a valid credential stands for.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    /// The person; `None` for the app itself.
    pub(crate) user: Option<UserId>,
    /// OAuth 2.0 scopes; `None` where there are no scopes and everything is allowed.
    pub(crate) scopes: Option<Vec<String>>,
}

impl Grant {
    pub(super) fn allows(&self, scope: &str) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|held| held == scope))
    }
}

/// An OAuth 2.0 access token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct AccessToken {
    pub(super) family: u64,
    /// Microseconds since the epoch; `None`: never.
    pub(super) expires_at: Option<i64>,
}

/// A refresh token. A spent one is remembered, since using it again is an alarm.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct RefreshToken {
    pub(super) family: u64,
    pub(super) spent: bool,
    /// Microseconds since the epoch.
    pub(super) expires_at: i64,
}

/// One consent, and all tokens that came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Family {
    pub(super) user: UserId,
    pub(super) scopes: Vec<String>,
    pub(super) lifetime_secs: Option<i64>,
}

/// A code that waits to be exchanged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Code {
    pub(super) user: UserId,
    pub(super) scopes: Vec<String>,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) hashed: bool,
    pub(super) expires_at: i64,
}

/// All keys.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Keys {
    pub(super) access: HashMap<String, AccessToken>,
    pub(super) refresh: HashMap<String, RefreshToken>,
    /// Families that are alive.
    pub(super) families: HashMap<u64, Family>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) signers: HashMap<String, Signer>,
    /// Nonces that were seen, with their timestamps.
    pub(super) nonces: BTreeSet<(i64, String)>,
    turn: u64,
}

/// An OAuth 1.0a token's owner and secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Signer {
    pub(super) user: UserId,
    pub(super) secret: String,
}

/// A new pair of OAuth 2.0 tokens.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) access: String,
    /// Only with the scope `offline.access`.
    pub(crate) refresh: Option<String>,
    pub(crate) expires_in: Option<i64>,
    pub(crate) scopes: Vec<String>,
}

impl Keys {
    /// Ends a family: none of its tokens is good any more.
    pub(super) fn end(&mut self, family: u64) {
        self.families.remove(&family);
        self.access.retain(|_, token| token.family != family);
    }

    /// The keys that act for a person now, of either kind, as a client holds them.
    pub(crate) fn of(&self, user: UserId) -> Vec<(&'static str, Value)> {
        let theirs = self.families.iter().filter(|(_, family)| family.user == user);
        // Whoever signed in since has keys of their own.
        let first = theirs.map(|(id, _)| *id).min();
        let access = self.access.iter().find(|(_, held)| Some(held.family) == first);
        let refresh =
            self.refresh.iter().find(|(_, held)| Some(held.family) == first && !held.spent);
        let signers = self.signers.iter().filter(|(_, signer)| signer.user == user);
        let signer = signers.min_by_key(|(token, _)| *token);
        let signed = signer
            .map(|(token, signer)| ("oauth1", json!({ "token": token, "secret": signer.secret })));
        let bearer = access.map(|(token, _)| {
            let refresh = refresh.map(|(token, _)| token);
            ("oauth2", json!({ "access_token": token, "refresh_token": refresh }))
        });
        signed.into_iter().chain(bearer).collect()
    }

    /// Ends everything that acts for a person, as when they remove the app in their settings.
    pub(crate) fn revoke(&mut self, user: UserId) {
        let theirs: Vec<u64> = self
            .families
            .iter()
            .filter(|(_, family)| family.user == user)
            .map(|(id, _)| *id)
            .collect();
        for family in theirs {
            self.end(family);
        }
        self.codes.retain(|_, code| code.user != user);
        self.signers.retain(|_, signer| signer.user != user);
    }
}

impl World {
    /// Starts a family of tokens. They live `lifetime_secs`, or for ever.
    pub(crate) fn grant(
        &mut self,
        user: UserId,
        scopes: Vec<String>,
        lifetime_secs: Option<i64>,
        now: i64,
    ) -> Pair {
        self.keys.turn += 1;
        let family = self.keys.turn;
        self.keys.families.insert(family, Family { user, scopes, lifetime_secs });
        self.issue(family, now)
    }

    /// A new pair within a living family. The access token before it ends.
    pub(super) fn issue(&mut self, family: u64, now: i64) -> Pair {
        let access = self.secret(91);
        let refresh = self.secret(91);
        let Family { scopes, lifetime_secs, .. } =
            self.keys.families.get(&family).cloned().expect("only living families issue tokens");
        let expires_at = lifetime_secs.map(|seconds| now + seconds * 1_000_000);
        self.keys.access.retain(|_, token| token.family != family);
        self.keys.access.insert(access.clone(), AccessToken { family, expires_at });
        let offline = scopes.iter().any(|scope| scope == "offline.access");
        if offline {
            let lifetime = self.settings.refresh_token_lifetime_secs * 1_000_000;
            let token = RefreshToken { family, spent: false, expires_at: now + lifetime };
            self.keys.refresh.insert(refresh.clone(), token);
        }
        Pair { access, refresh: offline.then_some(refresh), expires_in: lifetime_secs, scopes }
    }

    /// A new OAuth 1.0a token and its secret.
    pub(crate) fn sign_for(&mut self, user: UserId) -> (String, String) {
        let token = format!("{user}-{}", self.secret(40));
        let secret = self.secret(45);
        self.keys.signers.insert(token.clone(), Signer { user, secret: secret.clone() });
        (token, secret)
    }
}
