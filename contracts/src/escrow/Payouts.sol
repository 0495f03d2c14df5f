// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {RateLimiter} from "@openzeppelin/contracts/utils/RateLimiter.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {IHashbuzzEscrow} from "../IHashbuzzEscrow.sol";
import {Campaigns} from "./Campaigns.sol";

/// @title How participants are paid: pushed by the operator, or claimed by themselves.
/// @notice Both ways share three bounds. A bit an index: no line is paid twice. The campaign's
/// total and what it still holds: no campaign spends another one's money. A ceiling on any 60
/// minutes: whoever steals the operator's key gets that much an hour until somebody notices.
/// Claims count towards the ceiling too, for the thief of the key that closes campaigns could
/// commit a root of their own and claim.
abstract contract Payouts is Campaigns, EIP712 {
    using BitMaps for BitMaps.BitMap;
    using RateLimiter for RateLimiter.SlidingWindow;
    using SafeCast for uint256;

    /// What a recipient's code may burn, on top of the 2,300 that come with a value. Enough for
    /// a proxy that writes a log entry. If the caller sent so little gas that less than this is
    /// forwarded, what remains does not pay for a credit either, and the batch reverts as a whole.
    uint256 public constant PAYOUT_GAS = 20_000;

    /// The length of the window that the ceiling looks at.
    uint48 public constant CEILING_WINDOW = 1 hours;

    bytes32 private constant BINDING_TYPEHASH =
        keccak256("Binding(bytes32 id,uint32 index,address account)");

    mapping(bytes32 id => BitMaps.BitMap) private _paidIndexes;
    mapping(address asset => RateLimiter.SlidingWindow) private _ceilings;

    // ---- operator ----

    /// @inheritdoc IHashbuzzEscrow
    /// @dev A batch repeated under a new transaction finds its number used. A recipient that
    /// cannot be paid is credited and does not hold up the others. Late batches (after the claim
    /// window) are paid as long as nobody refunded the rest: a service that was down pays late
    /// rather than never.
    function payBatch(
        bytes32 id,
        uint32 batch,
        bytes32[] calldata entries
    ) external onlyRole(OPERATOR_ROLE) whenNotPaused nonReentrant {
        Campaign storage c = _in(id, State.Closed);
        if (batch != c.lastBatch + 1) revert WrongBatch(c.lastBatch + 1, batch);
        if (entries.length == 0) revert NothingToDo();
        uint256 sum;
        for (uint256 i = 0; i < entries.length; ++i) {
            (address account, uint64 amount, uint32 index) = _unpack(entries[i]);
            if (account == address(0) || account == address(this)) revert BadRecipient(account);
            if (amount == 0) revert NothingToDo();
            _mark(id, index);
            sum += amount;
        }
        c.lastBatch = batch;
        _spend(c, sum);
        address asset = c.asset;
        Before memory before = _before(asset);
        uint256 sent;
        for (uint256 i = 0; i < entries.length; ++i) {
            (address account, uint64 amount, uint32 index) = _unpack(entries[i]);
            sent += _pay(id, asset, index, account, amount);
        }
        _after(asset, before, sent);
        emit BatchPaid(id, batch, entries.length.toUint32(), sum.toUint128());
    }

    // ---- participants ----

    /// @inheritdoc IHashbuzzEscrow
    /// @dev Never paused. The proof says that the line is part of the allocation, the binding that
    /// it is the caller's: lines of people who had no wallet at close are committed by profile.
    /// Taken, like late batches, until the rest is refunded.
    function claim(
        bytes32 id,
        uint32 index,
        bytes32 profile,
        uint128 amount,
        bytes32[] calldata proof,
        bytes calldata binding
    ) external nonReentrant {
        Campaign storage c = _in(id, State.Closed);
        if (amount == 0) revert NothingToDo();
        _mark(id, index);
        bytes32 leaf = leafHash(id, index, profile, amount);
        if (!MerkleProof.verifyCalldata(proof, c.root, leaf)) revert BadProof();
        (address signer, ECDSA.RecoverError err, ) = ECDSA.tryRecoverCalldata(
            bindingHash(id, index, msg.sender),
            binding
        );
        if (err != ECDSA.RecoverError.NoError || !hasRole(BINDER_ROLE, signer)) {
            revert BadBinding();
        }
        _spend(c, amount);
        _payCaller(id, c.asset, index, amount);
    }

    // ---- admin ----

    /// @inheritdoc IHashbuzzEscrow
    /// @dev Zero is refused: "no payouts" is the pause, and "no ceiling" is a number that somebody
    /// has to have chosen. A line above the ceiling cannot be paid, so it belongs well above the
    /// largest.
    function setPayoutCeiling(
        address asset,
        uint128 perHour
    ) external onlyRole(DEFAULT_ADMIN_ROLE) supported(asset) {
        _setPayoutCeiling(asset, perHour);
    }

    /// @inheritdoc IHashbuzzEscrow
    /// @dev With the ceiling, for a token without one could be committed and never paid. A token
    /// that is listed again gets the new ceiling.
    function listToken(
        address token,
        uint128 payoutCeilingPerHour
    ) external onlyRole(DEFAULT_ADMIN_ROLE) nonReentrant {
        _list(token);
        _setPayoutCeiling(token, payoutCeilingPerHour);
    }

    // ---- views ----

    /// @inheritdoc IHashbuzzEscrow
    function isPaid(bytes32 id, uint32 index) external view returns (bool) {
        return _paidIndexes[id].get(index);
    }

    /// @inheritdoc IHashbuzzEscrow
    function payoutCeiling(address asset) external view returns (uint256 perHour) {
        return _ceilings[asset]._limit;
    }

    /// @inheritdoc IHashbuzzEscrow
    function payoutRoom(address asset) external view returns (uint256) {
        return _ceilings[asset].available(bytes32(0));
    }

    /// @inheritdoc IHashbuzzEscrow
    /// @dev Hashed twice, so that no inner node of the tree can pass for a leaf; with chain and
    /// contract, so that a proof is worth nothing elsewhere.
    function leafHash(
        bytes32 id,
        uint32 index,
        bytes32 profile,
        uint128 amount
    ) public view returns (bytes32) {
        return
            keccak256(
                bytes.concat(
                    keccak256(
                        abi.encode(block.chainid, address(this), id, index, profile, amount)
                    )
                )
            );
    }

    /// @inheritdoc IHashbuzzEscrow
    function bindingHash(bytes32 id, uint32 index, address account) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(BINDING_TYPEHASH, id, index, account)));
    }

    // ---- inside ----

    function _setPayoutCeiling(address asset, uint128 perHour) internal {
        if (perHour == 0) revert OutOfRange(0, 1, type(uint128).max);
        _ceilings[asset].updateSettings(CEILING_WINDOW, perHour);
        emit PayoutCeilingSet(asset, perHour);
    }

    function _unpack(
        bytes32 entry
    ) private pure returns (address account, uint64 amount, uint32 index) {
        uint256 word = uint256(entry);
        // Each cast keeps the low bits that are meant.
        account = address(uint160(word >> 96));
        amount = uint64(word >> 32);
        index = uint32(word);
    }

    function _mark(bytes32 id, uint32 index) private {
        BitMaps.BitMap storage marks = _paidIndexes[id];
        if (marks.get(index)) revert AlreadyPaid(index);
        marks.set(index);
    }

    /// Books `amount` of the campaign as paid, within its total, what it holds and the ceiling.
    function _spend(Campaign storage c, uint256 amount) private {
        uint256 paid = c.paid + amount;
        if (paid > c.total) revert TotalExceeded(c.total, paid);
        // After the claim window a refund takes what the total would still promise.
        uint256 held = c.budget - c.refunded;
        if (paid > held) revert TotalExceeded(held, paid);
        RateLimiter.SlidingWindow storage ceiling = _ceilings[c.asset];
        if (!ceiling.tryConsume(bytes32(0), amount)) {
            revert PayoutCeilingReached(ceiling.available(bytes32(0)), amount);
        }
        c.paid = paid.toUint128();
        _settle(c.asset, amount);
    }

    function _payCaller(bytes32 id, address asset, uint32 index, uint128 amount) private {
        Before memory before = _before(asset);
        uint256 sent = _pay(id, asset, index, msg.sender, amount);
        _after(asset, before, sent);
    }

    /// Sends, or credits what cannot be sent. Books and bits were written before. Answers what was
    /// sent.
    function _pay(
        bytes32 id,
        address asset,
        uint32 index,
        address account,
        uint128 amount
    ) private returns (uint256 sent) {
        bool success = asset == HBAR
            ? _transfer(account, amount, PAYOUT_GAS)
            : _payToken(asset, account, amount);
        if (success) sent = amount;
        else _addCredit(account, asset, amount);
        emit Paid(id, index, account, amount, !success);
    }
}
