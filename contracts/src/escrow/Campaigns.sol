// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IHashbuzzEscrow} from "../IHashbuzzEscrow.sol";
import {Deposits} from "./Deposits.sol";

/// @title A campaign's life: created, closed or cancelled, finalised.
/// @notice `budget + fee` are locked from creation on. Of a campaign that was closed,
/// `paid + refunded` never exceeds `budget` and reaches it when it is finalised; of one that was
/// not, everything comes back, fee included. Whatever comes back goes to the sponsor's free
/// balance and nowhere else, whoever calls.
abstract contract Campaigns is Deposits {
    using SafeCast for uint256;

    /// Longest claim window. With `MAX_RUN` it bounds how long a stolen operator key can keep
    /// from a sponsor what it cannot take.
    uint32 public constant MAX_CLAIM_WINDOW = 60 days;
    /// `refundAfter` is at most this far away.
    uint64 public constant MAX_RUN = 180 days;
    /// A claim window grows by at most this much of paused time, so that a pause that nobody
    /// lifts cannot keep the sponsor's rest for ever.
    uint64 public constant MAX_PAUSE_GROWTH = 30 days;
    /// Operator and sponsor refund and finalise when they want to; this long after the claim
    /// window everybody may, in case both are gone.
    uint64 public constant OPEN_TO_ALL_AFTER = 30 days;

    uint256 private constant BPS = 10_000;

    mapping(bytes32 id => Campaign) internal _campaigns;
    /// `pausedSeconds` when the campaign was closed: what was paused before counts for nothing.
    mapping(bytes32 id => uint64) private _pausedAtClose;

    // ---- operator ----

    /// @inheritdoc IHashbuzzEscrow
    function createCampaign(
        bytes32 id,
        address sponsor,
        address asset,
        uint128 budget,
        uint128 fee,
        uint32 claimWindow,
        uint64 refundAfter
    ) external onlyRole(OPERATOR_ROLE) whenNotPaused nonReentrant {
        Campaign storage c = _campaigns[id];
        if (c.state != State.None) revert CampaignExists(id);
        if (budget == 0) revert NothingToDo();
        if (claimWindow > MAX_CLAIM_WINDOW) revert OutOfRange(claimWindow, 0, MAX_CLAIM_WINDOW);
        uint64 latest = _now() + MAX_RUN;
        if (refundAfter <= _now() || refundAfter > latest) {
            revert OutOfRange(refundAfter, _now() + 1, latest);
        }
        _lock(sponsor, asset, budget, fee);
        c.sponsor = sponsor;
        c.state = State.Active;
        c.claimWindow = claimWindow;
        c.asset = asset;
        c.refundAfter = refundAfter;
        c.budget = budget;
        c.fee = fee;
        emit CampaignCreated(id, sponsor, asset, budget, fee, refundAfter);
    }

    /// @inheritdoc IHashbuzzEscrow
    function topUp(
        bytes32 id,
        uint128 budget,
        uint128 fee
    ) external onlyRole(OPERATOR_ROLE) whenNotPaused nonReentrant {
        Campaign storage c = _in(id, State.Active);
        if (budget == 0) revert NothingToDo();
        _lock(c.sponsor, c.asset, budget, fee);
        c.budget += budget;
        c.fee += fee;
        emit CampaignToppedUp(id, budget, fee);
    }

    /// @inheritdoc IHashbuzzEscrow
    /// @dev Never paused: it only returns.
    function cancel(bytes32 id) external onlyRole(OPERATOR_ROLE) nonReentrant {
        emit CampaignCancelled(id, _return(_in(id, State.Active)));
    }

    /// @inheritdoc IHashbuzzEscrow
    /// @dev Paused with the payouts: a root committed by a stolen key is a payout in waiting.
    function close(
        bytes32 id,
        bytes32 root,
        uint128 total
    ) external onlyRole(OPERATOR_ROLE) whenNotPaused nonReentrant {
        Campaign storage c = _in(id, State.Active);
        if (total > c.budget) revert TotalExceeded(c.budget, total);
        c.state = State.Closed;
        c.root = root;
        c.total = total;
        c.claimUntil = _now() + c.claimWindow;
        _pausedAtClose[id] = pausedSeconds();
        _addFees(c.asset, c.fee);
        emit CampaignClosed(id, root, total, c.claimUntil);
    }

    // ---- sponsor ----

    /// @inheritdoc IHashbuzzEscrow
    /// @dev Never paused, and `refundAfter` does not grow: it is the sponsor's way out when we
    /// are gone, whatever the reason.
    function recover(bytes32 id) external nonReentrant {
        Campaign storage c = _in(id, State.Active);
        if (msg.sender != c.sponsor) revert NotSponsor();
        if (_now() < c.refundAfter) revert TooEarly(c.refundAfter);
        emit Recovered(id, _return(c));
    }

    // ---- operator or sponsor, in the end anybody ----

    /// @inheritdoc IHashbuzzEscrow
    function refund(bytes32 id) external nonReentrant {
        Campaign storage c = _in(id, State.Closed);
        _checkCaller(id, c);
        if (_refund(id, c) == 0) revert NothingToDo();
    }

    /// @inheritdoc IHashbuzzEscrow
    function finalise(bytes32 id) external nonReentrant {
        Campaign storage c = _in(id, State.Closed);
        _checkCaller(id, c);
        uint64 until = _claimUntil(id, c);
        if (_now() < until) revert TooEarly(until);
        _refund(id, c);
        c.state = State.Finalised;
        c.claimUntil = until;
        emit CampaignFinalised(id, c.paid, c.refunded);
    }

    // ---- views ----

    /// @inheritdoc IHashbuzzEscrow
    function campaign(bytes32 id) external view returns (Campaign memory c) {
        c = _campaigns[id];
        if (c.state == State.Closed) c.claimUntil = _claimUntil(id, _campaigns[id]);
    }

    /// @inheritdoc IHashbuzzEscrow
    function refundable(bytes32 id) external view returns (uint128) {
        Campaign storage c = _campaigns[id];
        return c.state == State.Closed ? _refundable(id, c) : 0;
    }

    // ---- inside ----

    function _in(bytes32 id, State state) internal view returns (Campaign storage c) {
        c = _campaigns[id];
        if (c.state != state) revert WrongState(id, c.state);
    }

    /// Takes `budget + fee` of what the sponsor allowed and has.
    function _lock(address sponsor, address asset, uint128 budget, uint128 fee) private {
        if (asset != HBAR) _requireListed(asset);
        Allowance storage allowed = _allowances[sponsor][asset];
        if (uint256(fee) * BPS > uint256(budget) * allowed.maxFeeBps) {
            uint256 bps = Math.ceilDiv(uint256(fee) * BPS, budget);
            revert FeeAboveCap(bps, allowed.maxFeeBps);
        }
        uint256 needed = uint256(budget) + fee;
        if (needed > allowed.amount) revert InsufficientAllowance(allowed.amount, needed);
        allowed.amount -= needed.toUint128();
        _takeFree(sponsor, asset, needed);
    }

    /// Gives everything back that a campaign locked; it was never closed.
    function _return(Campaign storage c) private returns (uint128 returned) {
        returned = c.budget + c.fee;
        c.state = State.Cancelled;
        c.refunded = returned;
        _addFree(c.sponsor, c.asset, returned);
    }

    function _refund(bytes32 id, Campaign storage c) private returns (uint128 amount) {
        amount = _refundable(id, c);
        if (amount == 0) return 0;
        c.refunded += amount;
        _addFree(c.sponsor, c.asset, amount);
        emit Refunded(id, amount);
    }

    /// Before the claim window ends: what the allocation leaves of the budget. After: all that
    /// was not paid.
    function _refundable(bytes32 id, Campaign storage c) private view returns (uint128) {
        uint128 kept = _now() < _claimUntil(id, c) ? c.total : c.paid;
        return c.budget - kept - c.refunded;
    }

    /// The end of the claim window, with the paused time since close. It moves no faster than
    /// the clock, so a window that is over stays over.
    function _claimUntil(bytes32 id, Campaign storage c) private view returns (uint64) {
        uint64 grown = pausedSeconds() - _pausedAtClose[id];
        return c.claimUntil + (grown < MAX_PAUSE_GROWTH ? grown : MAX_PAUSE_GROWTH);
    }

    function _checkCaller(bytes32 id, Campaign storage c) private view {
        if (msg.sender == c.sponsor || hasRole(OPERATOR_ROLE, msg.sender)) return;
        uint64 openFrom = _claimUntil(id, c) + OPEN_TO_ALL_AFTER;
        if (_now() < openFrom) revert TooEarly(openFrom);
    }
}
