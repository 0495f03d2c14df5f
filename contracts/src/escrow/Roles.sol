// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {
    ReentrancyGuardTransient
} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IHashbuzzEscrow} from "../IHashbuzzEscrow.sol";

/// @title Who may do what, and the pause.
/// @notice The predecessor had one hot key that was owner, payer and custodian. Here the key that
/// works all day (operator) moves money only where sponsors allowed it and only so fast; the key
/// that stops it (guardian) can do nothing else; fees have a key of their own; and the admin, who
/// names the others, changes only in two steps with two days between them.
abstract contract Roles is
    IHashbuzzEscrow,
    AccessControlDefaultAdminRules,
    Pausable,
    ReentrancyGuardTransient
{
    using SafeCast for uint256;

    /// Creates, tops up, cancels, closes and pays campaigns.
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");
    /// Signs which account a line of an allocation belongs to. The operator has it to begin with;
    /// it is a role of its own so that the key that signs for every claimer need not be the key
    /// that closes campaigns (and because that one may be ED25519, which no contract can check).
    bytes32 public constant BINDER_ROLE = keccak256("BINDER_ROLE");
    /// Pauses.
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");
    /// Withdraws the fees of closed campaigns.
    bytes32 public constant TREASURY_ROLE = keccak256("TREASURY_ROLE");

    /// How long a change of the admin waits before it can be accepted.
    uint48 public constant ADMIN_DELAY = 2 days;

    uint64 private _pausedSince;
    uint64 private _pausedBefore;

    constructor(
        address admin,
        address operator,
        address guardian,
        address treasury
    ) AccessControlDefaultAdminRules(ADMIN_DELAY, admin) {
        _grantRole(OPERATOR_ROLE, operator);
        _grantRole(BINDER_ROLE, operator);
        _grantRole(GUARDIAN_ROLE, guardian);
        _grantRole(TREASURY_ROLE, treasury);
    }

    /// @inheritdoc IHashbuzzEscrow
    /// @dev Stops deposits, whatever lets money find a new recipient (create, top up, close) and
    /// pushed payouts. Withdrawals, credits, claims, refunds, cancel and recover go on: a pause
    /// is no reason to keep what is somebody's.
    function pause() external onlyRole(GUARDIAN_ROLE) {
        _pause();
        _pausedSince = _now();
    }

    /// @inheritdoc IHashbuzzEscrow
    /// @dev The admin's, not the guardian's: whoever stole the guardian's key with the operator's
    /// must not be able to undo the pause that stopped them.
    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
        _pausedBefore += _now() - _pausedSince;
    }

    /// @inheritdoc IHashbuzzEscrow
    function pausedSeconds() public view returns (uint64) {
        return paused() ? _pausedBefore + (_now() - _pausedSince) : _pausedBefore;
    }

    function _now() internal view returns (uint64) {
        return block.timestamp.toUint64();
    }
}
