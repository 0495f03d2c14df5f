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

alloy_sol_types::sol! {
    /// `contracts/test/Hts.sol` and `Wicked.sol`: what the token service of the tests can be told.
    #[sol(all_derives)]
    interface Service {
        event Tried(bool ok, bytes4 why);

        function create(address token, address treasury, uint64 units) external;
        function setToken(address token, bool paused, bool deleted, bool needsKyc) external;
        function setFees(
            address token, uint16 cutBps, uint64 fixedFee, address fixedIn
        ) external;
        function setHolding(
            address token, address account,
            bool associated, bool automatic, bool frozen, bool kyc
        ) external;
        function grant(address token, address to, uint64 units) external;
        function wipe(address token, address account, uint64 units) external;
        function setLoud(bool loud) external;
        function setMode(address token, uint8 mode) external;
        function arm(address target, bytes call_) external;
    }
}

alloy_sol_types::sol! {
    /// A token's own address.
    #[sol(all_derives)]
    interface Token {
        function balanceOf(address account) external view returns (uint256);
        function approve(address spender, uint256 amount) external returns (bool);
        function transfer(address to, uint256 amount) external returns (bool);
        function setMode(uint8 mode) external;
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
