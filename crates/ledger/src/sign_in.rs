//! Signing in with a wallet: the text that it is asked to sign, and what it gives back.
//!
//! The text follows EIP-4361 (sign in with Ethereum) and, for an account of the ledger, its chain
//! agnostic form CAIP-122. It is ASCII alone: wallets of HIP-820 sign its length in UTF-16 units, and
//! only of ASCII these are its bytes. Whoever asks keeps the text, hands it out once, and accepts it
//! once and in time; nothing here remembers anything.

use hashbuzz_domain::{AccountId, EvmAddress, Time};
use jiff::Timestamp;

use crate::ReadError;

/// The shortest nonce. <EIP-4361>
const SHORTEST_NONCE: usize = 8;

/// Who signs, as their wallet names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// A wallet of the ledger: `hedera_signMessage`. <HIP-820>
    Account(AccountId),
    /// A wallet of the EVM: `personal_sign`. <EIP-191>
    Address(EvmAddress),
}

/// What somebody is asked to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Who asks: host, and port where it is not the usual one.
    pub domain: String,
    /// What they are signing in to.
    pub uri: String,
    /// One line that a person understands.
    pub statement: String,
    /// The session that asked, or what stands for it: nobody else's signature is good in it.
    pub session: String,
    /// Good once.
    pub nonce: String,
    /// When it was handed out.
    pub issued_at: Time,
    /// After this it is good for nothing.
    pub expires_at: Time,
}

/// Why a text cannot be made: something in it could be read as something else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} of a sign-in {problem}")]
pub struct Unfit {
    field: &'static str,
    problem: &'static str,
}

/// The chain that a sign-in is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// EIP-155: 295 is Hedera's mainnet, 296 testnet, 297 previewnet, 298 a local network.
    pub id: u64,
    /// CAIP-2, such as `hedera:mainnet`.
    pub name: &'static str,
    /// As people call it, such as `Hedera`.
    pub ledger: &'static str,
}

impl Challenge {
    /// The text, for `signer` on `chain`.
    ///
    /// # Errors
    /// [`Unfit`]: a field that has a line of its own breaks it, or is not ASCII; a nonce that is too
    /// short.
    pub fn text(&self, chain: Chain, signer: Signer) -> Result<String, Unfit> {
        self.check()?;
        let (kind, name, chain) = match signer {
            Signer::Account(account) => (chain.ledger, account.to_string(), chain.name.to_owned()),
            Signer::Address(address) => ("Ethereum", address.checksummed(), chain.id.to_string()),
        };
        let Self { domain, uri, statement, session, nonce, .. } = self;
        let (issued, expires) = (instant(self.issued_at), instant(self.expires_at));
        Ok(format!(
            "{domain} wants you to sign in with your {kind} account:\n{name}\n\n{statement}\n\n\
             URI: {uri}\nVersion: 1\nChain ID: {chain}\nNonce: {nonce}\nIssued At: {issued}\n\
             Expiration Time: {expires}\nRequest ID: {session}"
        ))
    }

    fn check(&self) -> Result<(), Unfit> {
        let words = [
            ("the domain", &self.domain),
            ("the address", &self.uri),
            ("the session", &self.session),
            ("the nonce", &self.nonce),
        ];
        for (field, text) in words {
            if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(Unfit { field, problem: "is not one word of printable ASCII" });
            }
        }
        if self.nonce.len() < SHORTEST_NONCE
            || !self.nonce.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            let problem = "is not eight or more letters and digits";
            return Err(Unfit { field: "the nonce", problem });
        }
        let printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        if self.statement.is_empty() || !self.statement.bytes().all(printable) {
            return Err(Unfit { field: "the statement", problem: "is not one line of ASCII" });
        }
        Ok(())
    }
}

/// What a wallet gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WalletProof {
    /// Of `hedera_signMessage`: a `SignatureMap` as base64. <HIP-820>
    SignatureMap(String),
    /// Of `personal_sign`: 65 bytes, r, s and v, in hexadecimal. <EIP-191>
    Personal(String),
}

/// Why a sign-in is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// Nobody can sign for it.
    #[error("{account} cannot sign in: {problem}")]
    NoSigner {
        /// Which account.
        account: AccountId,
        /// Why not, in words.
        problem: &'static str,
    },
    /// What came back is no signature; what one looks like.
    #[error("the signature cannot be read: {0}")]
    Malformed(&'static str),
    /// A signature, and not of this text by this account.
    #[error("the key of {0} did not sign this text")]
    NotSigned(AccountId),
    /// The key could not be fetched.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// RFC 3339, whole seconds, UTC.
fn instant(time: Time) -> String {
    Timestamp::from_second(time.secs()).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAIN: Chain = Chain { id: 295, name: "hedera:mainnet", ledger: "Hedera" };

    fn challenge() -> Challenge {
        Challenge {
            domain: "hashbuzz.example".to_owned(),
            uri: "https://hashbuzz.example/sign-in".to_owned(),
            statement: "Sign in to HashBuzz. This costs nothing and moves no money.".to_owned(),
            session: "0198f6a2".to_owned(),
            nonce: "k3Jd9sQ2mZ7v".to_owned(),
            issued_at: Time::from_micros(1_788_264_000_000_000),
            expires_at: Time::from_micros(1_788_264_300_000_000),
        }
    }

    #[test]
    fn a_wallet_of_the_ledger_is_shown_its_account() {
        let account: AccountId = "0.0.1234".parse().unwrap();
        let text = challenge().text(CHAIN, Signer::Account(account)).unwrap();
        assert_eq!(
            text,
            "hashbuzz.example wants you to sign in with your Hedera account:\n0.0.1234\n\n\
             Sign in to HashBuzz. This costs nothing and moves no money.\n\n\
             URI: https://hashbuzz.example/sign-in\nVersion: 1\nChain ID: hedera:mainnet\n\
             Nonce: k3Jd9sQ2mZ7v\nIssued At: 2026-09-01T12:00:00Z\n\
             Expiration Time: 2026-09-01T12:05:00Z\nRequest ID: 0198f6a2"
        );
    }

    #[test]
    fn a_wallet_of_the_evm_is_shown_its_address_with_its_checksum() {
        // <EIP-55, test cases>
        let address = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed".parse().unwrap();
        let text = challenge().text(CHAIN, Signer::Address(address)).unwrap();
        let mut lines = text.lines();
        let first = "hashbuzz.example wants you to sign in with your Ethereum account:";
        assert_eq!(lines.next(), Some(first));
        assert_eq!(lines.next(), Some("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"));
        assert!(text.contains("\nChain ID: 295\n"), "{text}");
    }

    #[test]
    fn what_could_be_read_as_something_else_is_refused() {
        let account = Signer::Account("0.0.1234".parse().unwrap());
        let with = |change: &dyn Fn(&mut Challenge)| {
            let mut challenge = challenge();
            change(&mut challenge);
            challenge.text(CHAIN, account).map_err(|unfit| unfit.field)
        };
        assert!(with(&|_| {}).is_ok());
        for bad in ["", "evil.example\nwants", "hash buzz", "h\u{e4}shbuzz"] {
            assert_eq!(with(&|c| c.domain = bad.to_owned()), Err("the domain"), "{bad}");
            assert_eq!(with(&|c| c.uri = bad.to_owned()), Err("the address"), "{bad}");
            assert_eq!(with(&|c| c.session = bad.to_owned()), Err("the session"), "{bad}");
        }
        for bad in ["", "1234567", "12345678\n", "1234-5678"] {
            assert_eq!(with(&|c| c.nonce = bad.to_owned()), Err("the nonce"), "{bad}");
        }
        for bad in ["", "two\nlines", "gr\u{fc}ezi"] {
            assert_eq!(with(&|c| c.statement = bad.to_owned()), Err("the statement"), "{bad}");
        }
    }
}
