// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IHashbuzzEscrow} from "../IHashbuzzEscrow.sol";
import {Books} from "./Books.sol";

/// @title What sponsors do themselves.
/// @notice Signed by the sponsor's own wallet, so it works when our service is down, and our
/// service cannot do it in their name.
abstract contract Deposits is Books {
    /// @inheritdoc IHashbuzzEscrow
    function deposit() external payable nonReentrant {
        _deposit();
    }

    /// @inheritdoc IHashbuzzEscrow
    function depositAndAllow(uint128 amount, uint16 maxFeeBps) external payable nonReentrant {
        _deposit();
        _allow(HBAR, amount, maxFeeBps);
    }

    /// @inheritdoc IHashbuzzEscrow
    function depositToken(address token, uint128 amount) external nonReentrant {
        _depositToken(token, amount);
    }

    /// @inheritdoc IHashbuzzEscrow
    function depositTokenAndAllow(
        address token,
        uint128 amount,
        uint128 allowed,
        uint16 maxFeeBps
    ) external nonReentrant {
        _depositToken(token, amount);
        _allow(token, allowed, maxFeeBps);
    }

    /// @inheritdoc IHashbuzzEscrow
    /// @dev Never paused: taking an allowance back is the sponsor's own brake. It may exceed the
    /// free balance, for deposits to come.
    function allow(address asset, uint128 amount, uint16 maxFeeBps) external supported(asset) {
        _allow(asset, amount, maxFeeBps);
    }

    /// @inheritdoc IHashbuzzEscrow
    /// @dev Never paused.
    function withdraw(address asset, uint128 amount) external supported(asset) nonReentrant {
        if (amount == 0) revert NothingToDo();
        _takeFree(msg.sender, asset, amount);
        emit Withdrawn(msg.sender, asset, amount);
        _send(asset, msg.sender, amount);
    }

    function _deposit() private whenNotPaused {
        if (msg.value == 0) revert NothingToDo();
        _credit(HBAR, msg.value);
    }

    function _depositToken(address token, uint128 amount) private whenNotPaused {
        _requireListed(token);
        _credit(token, _pull(token, amount));
    }

    function _credit(address asset, uint256 arrived) private {
        _addFree(msg.sender, asset, arrived);
        _owe(asset, arrived);
        emit Deposited(msg.sender, asset, arrived);
    }

    function _allow(address asset, uint128 amount, uint16 maxFeeBps) private {
        _allowances[msg.sender][asset] = Allowance(amount, maxFeeBps);
        emit Allowed(msg.sender, asset, amount, maxFeeBps);
    }
}
