// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IHashbuzzEscrow} from "../IHashbuzzEscrow.sol";
import {Tokens} from "./Tokens.sol";

/// @title What is owed, and the only door through which money leaves.
/// @notice Every amount here arrived with a call that carried or pulled it: there is no function
/// with which anybody can assert that something was paid in. `liabilities` is one counter an asset;
/// the contract's balance is never below it, and only `_send` and the payouts lower it.
abstract contract Books is Tokens {
    struct Allowance {
        uint128 amount;
        uint16 maxFeeBps;
    }

    /// Owed to all together.
    mapping(address asset => uint256) private _liabilities;
    /// Of closed campaigns, for the treasury.
    mapping(address asset => uint256) private _fees;
    /// Deposited and not locked.
    mapping(address sponsor => mapping(address asset => uint256)) private _free;
    /// What campaigns may still take.
    mapping(address sponsor => mapping(address asset => Allowance)) internal _allowances;
    /// Paid, and waiting because the transfer failed.
    mapping(address account => mapping(address asset => uint256)) private _credits;

    // ---- treasury and admin ----

    /// @inheritdoc IHashbuzzEscrow
    /// @dev Not paused: fees are owed like everything else.
    function withdrawFees(
        address asset,
        address to,
        uint128 amount
    ) external onlyRole(TREASURY_ROLE) supported(asset) nonReentrant {
        _checkOut(to, amount);
        uint256 available = _fees[asset];
        if (amount > available) revert InsufficientBalance(available, amount);
        _fees[asset] = available - amount;
        emit FeesWithdrawn(asset, to, amount);
        _send(asset, to, amount);
    }

    /// @inheritdoc IHashbuzzEscrow
    /// @dev On Hedera a native transfer reaches a contract without running its code. Such money
    /// is nobody's here, and without this function it would be lost for who sent it by mistake.
    function sweepSurplus(
        address asset,
        address to,
        uint128 amount
    ) external onlyRole(DEFAULT_ADMIN_ROLE) supported(asset) nonReentrant {
        _checkOut(to, amount);
        // The issuer of a token may be able to wipe it, so that there is less than is owed.
        uint256 surplus = Math.saturatingSub(_units(asset), _liabilities[asset]);
        if (amount > surplus) revert InsufficientBalance(surplus, amount);
        emit SurplusSwept(asset, to, amount);
        _leave(asset, to, amount);
    }

    // ---- participants ----

    /// @inheritdoc IHashbuzzEscrow
    /// @dev Never paused.
    function withdrawCredit(address asset) external supported(asset) nonReentrant {
        uint256 amount = _credits[msg.sender][asset];
        if (amount == 0) revert NothingToDo();
        _credits[msg.sender][asset] = 0;
        emit CreditWithdrawn(msg.sender, asset, amount);
        _send(asset, msg.sender, amount);
    }

    // ---- views ----

    /// @inheritdoc IHashbuzzEscrow
    function freeBalance(address sponsor, address asset) external view returns (uint256) {
        return _free[sponsor][asset];
    }

    /// @inheritdoc IHashbuzzEscrow
    function allowance(
        address sponsor,
        address asset
    ) external view returns (uint128 amount, uint16 maxFeeBps) {
        Allowance storage allowed = _allowances[sponsor][asset];
        return (allowed.amount, allowed.maxFeeBps);
    }

    /// @inheritdoc IHashbuzzEscrow
    function credit(address account, address asset) external view returns (uint256) {
        return _credits[account][asset];
    }

    /// @inheritdoc IHashbuzzEscrow
    function liabilities(address asset) external view returns (uint256) {
        return _liabilities[asset];
    }

    /// @inheritdoc IHashbuzzEscrow
    function fees(address asset) external view returns (uint256) {
        return _fees[asset];
    }

    // ---- entries ----

    /// New money, which is in the contract already.
    function _owe(address asset, uint256 amount) internal {
        _liabilities[asset] += amount;
    }

    /// Money that is about to leave. Lowered before it leaves: whoever looks from within the
    /// transfer sees books that the balance covers.
    function _settle(address asset, uint256 amount) internal {
        _liabilities[asset] -= amount;
    }

    function _addFree(address sponsor, address asset, uint256 amount) internal {
        _free[sponsor][asset] += amount;
    }

    function _takeFree(address sponsor, address asset, uint256 amount) internal {
        uint256 available = _free[sponsor][asset];
        if (amount > available) revert InsufficientBalance(available, amount);
        _free[sponsor][asset] = available - amount;
    }

    function _addFees(address asset, uint256 amount) internal {
        if (amount != 0) _fees[asset] += amount;
    }

    function _addCredit(address account, address asset, uint256 amount) internal {
        _credits[account][asset] += amount;
        _owe(asset, amount);
    }

    // ---- the way out ----

    /// Sends what somebody asked for, or reverts.
    function _send(address asset, address to, uint256 amount) internal {
        _settle(asset, amount);
        _leave(asset, to, amount);
    }

    function _leave(address asset, address to, uint256 amount) private {
        if (asset != HBAR) _sendToken(asset, to, amount);
        else if (!_transfer(to, amount, gasleft())) revert TransferFailed();
    }

    /// A bare call: no return data is copied, so that a recipient cannot make us pay for a
    /// megabyte of it.
    function _transfer(
        address to,
        uint256 amount,
        uint256 gasLimit
    ) internal returns (bool success) {
        assembly ("memory-safe") {
            success := call(gasLimit, to, amount, 0, 0, 0, 0)
        }
    }

    function _checkOut(address to, uint128 amount) private view {
        if (amount == 0) revert NothingToDo();
        if (to == address(0) || to == address(this)) revert BadRecipient(to);
    }
}
