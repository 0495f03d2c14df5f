//! The contract's interface, from the committed artefact: what is tested is what is deployed.
#![expect(missing_docs, reason = "generated; the meaning is in the Solidity sources")]

alloy_sol_types::sol!(
    #[sol(all_derives)]
    HashbuzzEscrow,
    "../../contracts/artifacts/HashbuzzEscrow.json"
);

alloy_sol_types::sol! {
    /// `contracts/test/Recipients.sol`: what the contracts that receive money can be told.
    #[sol(all_derives)]
    interface Recipient {
        event Tried(bool ok, bytes4 why);

        function act(address target, uint256 value, bytes data) external payable;
        function set(bool open) external;
        function arm(address target, bytes call_) external;
    }
}

pub use HashbuzzEscrow::{
    HashbuzzEscrowErrors as EscrowError, HashbuzzEscrowEvents as EscrowEvent,
};
pub use IHashbuzzEscrow::Campaign;

/// A campaign's states; the artefact says only that they are numbers.
pub mod state {
    pub const NONE: u8 = 0;
    pub const ACTIVE: u8 = 1;
    pub const CLOSED: u8 = 2;
    pub const FINALISED: u8 = 3;
    pub const CANCELLED: u8 = 4;
}
/// `EscrowError::X(X {})` from `X {}`: a test names an error once.
macro_rules! errors {
    ($($name:ident),* $(,)?) => {
        $(impl From<HashbuzzEscrow::$name> for EscrowError {
            fn from(error: HashbuzzEscrow::$name) -> Self {
                Self::$name(error)
            }
        })*
    };
}

errors!(
    AccessControlEnforcedDefaultAdminDelay,
    AccessControlInvalidDefaultAdmin,
    AccessControlUnauthorizedAccount,
    AlreadyPaid,
    BadBinding,
    BadProof,
    BadRecipient,
    CampaignExists,
    EnforcedPause,
    ExpectedPause,
    FeeAboveCap,
    InsufficientAllowance,
    InsufficientBalance,
    NotEnoughGas,
    NotSponsor,
    NothingToDo,
    OutOfRange,
    PayoutCeilingReached,
    TokenCharges,
    TokenMisbehaved,
    TokenRefused,
    TooEarly,
    TotalExceeded,
    TransferFailed,
    UnsupportedAsset,
    WrongBatch,
    WrongState,
);
