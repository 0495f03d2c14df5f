// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title What the escrow promises.
/// @notice Amounts are in the asset's smallest unit; asset address(0) is HBAR, whose unit inside
/// Hedera's EVM is the tinybar; any other is an HTS token that the admin listed. Times are Unix
/// seconds. A campaign's id is its UUID followed by sixteen zero bytes.
interface IHashbuzzEscrow {
    enum State {
        None,
        Active,
        Closed,
        Finalised,
        Cancelled
    }

    struct Campaign {
        address sponsor;
        State state;
        uint32 lastBatch; // the last batch paid; 0 before the first
        uint32 claimWindow; // seconds
        address asset;
        uint64 refundAfter; // never closed by then: the sponsor alone may recover
        uint128 budget;
        uint128 fee;
        uint128 total; // of the committed allocation
        uint128 paid; // sent or credited
        uint128 refunded; // back in the sponsor's free balance; with the fee if never closed
        uint64 claimUntil; // 0 before close; grows by the time payouts were paused
        bytes32 root;
    }

    event Deposited(address indexed sponsor, address indexed asset, uint256 amount);
    event Allowed(address indexed sponsor, address indexed asset, uint128 amount, uint16 maxFeeBps);
    event Withdrawn(address indexed sponsor, address indexed asset, uint256 amount);
    event CampaignCreated(
        bytes32 indexed id,
        address indexed sponsor,
        address indexed asset,
        uint128 budget,
        uint128 fee,
        uint64 refundAfter
    );
    event CampaignToppedUp(bytes32 indexed id, uint128 budget, uint128 fee);
    event CampaignCancelled(bytes32 indexed id, uint128 returned);
    event CampaignClosed(bytes32 indexed id, bytes32 root, uint128 total, uint64 claimUntil);
    event BatchPaid(bytes32 indexed id, uint32 indexed batch, uint32 entries, uint128 amount);
    event Paid(
        bytes32 indexed id,
        uint32 indexed index,
        address indexed account,
        uint128 amount,
        bool credited
    );
    event Refunded(bytes32 indexed id, uint128 amount);
    event CampaignFinalised(bytes32 indexed id, uint128 paid, uint128 refunded);
    event Recovered(bytes32 indexed id, uint128 returned);
    event CreditWithdrawn(address indexed account, address indexed asset, uint256 amount);
    event FeesWithdrawn(address indexed asset, address indexed to, uint256 amount);
    event SurplusSwept(address indexed asset, address indexed to, uint256 amount);
    event PayoutCeilingSet(address indexed asset, uint128 perHour);
    event TokenListed(address indexed token);
    event TokenUnlisted(address indexed token);

    error CampaignExists(bytes32 id);
    error WrongState(bytes32 id, State state);
    error InsufficientBalance(uint256 available, uint256 needed);
    error InsufficientAllowance(uint256 available, uint256 needed);
    error FeeAboveCap(uint256 feeBps, uint256 capBps);
    error WrongBatch(uint32 expected, uint32 given);
    error AlreadyPaid(uint32 index);
    error TotalExceeded(uint256 total, uint256 wanted);
    error PayoutCeilingReached(uint256 available, uint256 wanted);
    error TooEarly(uint64 until);
    error OutOfRange(uint256 given, uint256 least, uint256 most);
    error NotSponsor();
    error BadProof();
    error BadBinding();
    error BadRecipient(address account);
    error NothingToDo();
    error UnsupportedAsset(address asset);
    error TransferFailed();
    error TokenRefused(address token, uint256 code); // what 0x167 answered; 0 for nonsense
    error TokenCharges(address token); // its transfers cost the sender a fixed fee
    error TokenMisbehaved(address token); // what left is not what the books say
    error NotEnoughGas(uint256 needed);

    // ---- sponsors ----

    /// @notice Credits what arrives to the caller's free balance. A plain transfer is refused.
    function deposit() external payable;

    /// @notice Pulls `amount` of a listed token, which the caller has approved the contract for, and
    /// credits what arrives to the caller's free balance.
    function depositToken(address token, uint128 amount) external;

    /// @notice Sets (does not add to) what campaigns may take of the caller's free balance, fees
    /// included, and the highest fee in basis points of the budget.
    function allow(address asset, uint128 amount, uint16 maxFeeBps) external;

    /// @notice `deposit` and `allow` in one transaction; HBAR.
    function depositAndAllow(uint128 amount, uint16 maxFeeBps) external payable;

    /// @notice `depositToken` and `allow` in one transaction.
    function depositTokenAndAllow(
        address token,
        uint128 amount,
        uint128 allowed,
        uint16 maxFeeBps
    ) external;

    /// @notice Takes free balance out, at any time.
    function withdraw(address asset, uint128 amount) external;

    /// @notice Takes budget and fee of a campaign that was not closed by `refundAfter` back to
    /// the free balance.
    function recover(bytes32 id) external;

    // ---- operator ----

    /// @notice Locks `budget + fee` of the sponsor's allowance and free balance.
    function createCampaign(
        bytes32 id,
        address sponsor,
        address asset,
        uint128 budget,
        uint128 fee,
        uint32 claimWindow,
        uint64 refundAfter
    ) external;

    /// @notice Adds to a running campaign, out of the same allowance.
    function topUp(bytes32 id, uint128 budget, uint128 fee) external;

    /// @notice Returns budget and fee of a running campaign to the sponsor's free balance.
    function cancel(bytes32 id) external;

    /// @notice Commits the allocation: `root` over all its lines, `total` their sum.
    function close(bytes32 id, bytes32 root, uint128 total) external;

    /// @notice Pays one numbered batch; `batch` is the last one plus 1.
    /// @param entries account (20 bytes) | amount (8 bytes) | index (4 bytes), big-endian
    function payBatch(bytes32 id, uint32 batch, bytes32[] calldata entries) external;

    /// @notice Returns what is refundable now to the sponsor's free balance.
    function refund(bytes32 id) external;

    /// @notice Ends a campaign after its claim window and refunds the rest.
    function finalise(bytes32 id) external;

    // ---- participants ----

    /// @notice Pays the caller's line.
    /// @param profile the salted digest of the line's profile
    /// @param proof the line's Merkle proof (pairs sorted, keccak256)
    /// @param binding the operator's signature over `bindingHash(id, index, caller)`
    function claim(
        bytes32 id,
        uint32 index,
        bytes32 profile,
        uint128 amount,
        bytes32[] calldata proof,
        bytes calldata binding
    ) external;

    /// @notice Pays out what could not be sent to the caller before.
    function withdrawCredit(address asset) external;

    // ---- treasury, guardian, admin ----

    /// @notice Takes fees of closed campaigns out; treasury.
    function withdrawFees(address asset, address to, uint128 amount) external;

    /// @notice Stops deposits, new commitments and payouts; guardian.
    function pause() external;

    /// @notice Lets them go on; admin.
    function unpause() external;

    /// @notice Sets how much participants may be paid in any 60 minutes; admin.
    function setPayoutCeiling(address asset, uint128 perHour) external;

    /// @notice Associates the contract with an HTS token, lets sponsors deposit it and sets its
    /// payout ceiling; admin.
    function listToken(address token, uint128 payoutCeilingPerHour) external;

    /// @notice Ends deposits and new commitments in a token. Everything that is in the contract
    /// already goes on to its end; admin.
    function unlistToken(address token) external;

    /// @notice Sends on what the contract holds and owes nobody (a transfer sent past `deposit`);
    /// admin.
    function sweepSurplus(address asset, address to, uint128 amount) external;

    // ---- views ----

    function freeBalance(address sponsor, address asset) external view returns (uint256);

    function allowance(
        address sponsor,
        address asset
    ) external view returns (uint128 amount, uint16 maxFeeBps);

    function campaign(bytes32 id) external view returns (Campaign memory);

    function isPaid(bytes32 id, uint32 index) external view returns (bool);

    /// @notice What `refund` would return now.
    function refundable(bytes32 id) external view returns (uint128);

    function credit(address account, address asset) external view returns (uint256);

    /// @notice Whether deposits and new commitments in a token are taken.
    function isListed(address token) external view returns (bool);

    /// @notice What the contract owes to all: free balances, held budgets and fees, credits.
    function liabilities(address asset) external view returns (uint256);

    /// @notice What the treasury may withdraw.
    function fees(address asset) external view returns (uint256);

    function payoutCeiling(address asset) external view returns (uint256 perHour);

    /// @notice What the ceiling leaves right now.
    function payoutRoom(address asset) external view returns (uint256);

    /// @notice Seconds during which payouts were paused, ever.
    function pausedSeconds() external view returns (uint64);

    /// @notice A line's leaf in the allocation's Merkle tree.
    function leafHash(
        bytes32 id,
        uint32 index,
        bytes32 profile,
        uint128 amount
    ) external view returns (bytes32);

    /// @notice What the operator signs (EIP-712) to bind a line to an account.
    function bindingHash(bytes32 id, uint32 index, address account) external view returns (bytes32);
}
