// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title What the escrow promises.
/// @notice Amounts are in the asset's smallest unit; asset address(0) is HBAR, whose unit inside
/// Hedera's EVM is the tinybar. Times are Unix seconds. A campaign's id is its UUID followed by
/// sixteen zero bytes.
interface IHashbuzzEscrow {
    enum State { None, Active, Closed, Finalised, Cancelled }

    struct Campaign {
        address sponsor;
        State state;
        uint32 lastBatch;      // the last batch paid; 0 before the first
        uint32 claimWindow;    // seconds
        address asset;
        uint64 refundAfter;    // never closed by then: the sponsor alone may recover
        uint128 budget;
        uint128 fee;
        uint128 total;         // of the committed allocation
        uint128 paid;          // sent or credited
        uint128 refunded;
        uint64 claimUntil;     // 0 before close; grows by the time payouts were paused
        bytes32 root;
    }

    event Deposited(address indexed sponsor, address indexed asset, uint256 amount);
    event Allowed(address indexed sponsor, address indexed asset, uint128 amount, uint16 maxFeeBps);
    event Withdrawn(address indexed sponsor, address indexed asset, uint256 amount);
    event CampaignCreated(bytes32 indexed id, address indexed sponsor, address indexed asset, uint128 budget, uint128 fee, uint64 refundAfter);
    event CampaignToppedUp(bytes32 indexed id, uint128 budget, uint128 fee);
    event CampaignCancelled(bytes32 indexed id, uint128 returned);
    event CampaignClosed(bytes32 indexed id, bytes32 root, uint128 total, uint64 claimUntil);
    event BatchPaid(bytes32 indexed id, uint32 indexed batch, uint32 entries, uint128 amount);
    event Paid(bytes32 indexed id, uint32 indexed index, address indexed account, uint128 amount, bool credited);
    event Refunded(bytes32 indexed id, uint128 amount);
    event CampaignFinalised(bytes32 indexed id, uint128 paid, uint128 refunded);
    event Recovered(bytes32 indexed id, uint128 returned);
    event CreditWithdrawn(address indexed account, address indexed asset, uint256 amount);
    event FeesWithdrawn(address indexed asset, address indexed to, uint256 amount);

    error CampaignExists(bytes32 id);
    error WrongState(bytes32 id, State state);
    error InsufficientBalance(uint256 available, uint256 needed);
    error InsufficientAllowance(uint256 available, uint256 needed);
    error FeeAboveCap(uint256 feeBps, uint256 capBps);
    error WrongBatch(uint32 expected, uint32 given);
    error AlreadyPaid(uint32 index);
    error TotalExceeded(uint256 total, uint256 wanted);
    error TooEarly(uint64 until);
    error NotSponsor();
    error BadProof();
    error BadBinding();
    error NothingToDo();
    error UnsupportedAsset(address asset);
    error TransferFailed();

    // ---- sponsors ----
    function deposit() external payable;
    function allow(address asset, uint128 amount, uint16 maxFeeBps) external;
    function depositAndAllow(uint128 amount, uint16 maxFeeBps) external payable;
    function withdraw(address asset, uint128 amount) external;
    function recover(bytes32 id) external;

    // ---- operator ----
    function createCampaign(bytes32 id, address sponsor, address asset, uint128 budget, uint128 fee, uint32 claimWindow, uint64 refundAfter) external;
    function topUp(bytes32 id, uint128 budget, uint128 fee) external;
    function cancel(bytes32 id) external;
    function close(bytes32 id, bytes32 root, uint128 total) external;
    /// @param entries account (20 bytes) | amount (8 bytes) | index (4 bytes), big-endian
    function payBatch(bytes32 id, uint32 batch, bytes32[] calldata entries) external;
    function refund(bytes32 id) external;
    function finalise(bytes32 id) external;

    // ---- participants ----
    function claim(bytes32 id, uint32 index, bytes32 profile, uint128 amount, bytes32[] calldata proof, bytes calldata binding) external;
    function withdrawCredit(address asset) external;

    // ---- treasury and guardian ----
    function withdrawFees(address asset, address to, uint128 amount) external;
    function pause() external;
    function unpause() external;

    // ---- views ----
    function freeBalance(address sponsor, address asset) external view returns (uint256);
    function allowance(address sponsor, address asset) external view returns (uint128 amount, uint16 maxFeeBps);
    function campaign(bytes32 id) external view returns (Campaign memory);
    function isPaid(bytes32 id, uint32 index) external view returns (bool);
    function credit(address account, address asset) external view returns (uint256);
    function liabilities(address asset) external view returns (uint256);
    function fees(address asset) external view returns (uint256);
}
