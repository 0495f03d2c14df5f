// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IHashbuzzEscrow} from "../IHashbuzzEscrow.sol";
import {IHederaTokenService} from "../IHederaTokenService.sol";
import {Roles} from "./Roles.sol";

/// @title Which tokens there are, and how they come and go.
/// @notice A token is believed nothing. It moves by the system contract 0x167, whose response code
/// is checked; what came in and what went out is what the contract's balance says. Whatever it does
/// to a transaction, it can spoil that one and its own books, never those of another asset: no
/// call hands it more gas or takes more of its answer than is written here.
abstract contract Tokens is Roles {
    enum Listing {
        Never,
        Listed,
        Unlisted
    }

    /// What there was before something was sent.
    struct Before {
        uint256 units;
        uint256 tinybars;
    }

    /// The most units that a token on Hedera can have.
    uint256 internal constant MAX_UNITS = uint64(type(int64).max);

    /// What one payout of a token may burn. A transfer takes some 14,000; one that associates the
    /// recipient on the way, which costs $0.05 on Hedera, some 720,000. The batch must have that
    /// much left for each, or it reverts: nobody is credited for want of gas.
    uint256 public constant TOKEN_PAYOUT_GAS = 800_000;

    /// What a question may burn.
    uint256 private constant VIEW_GAS = 100_000;

    address internal constant HBAR = address(0);
    address private constant HTS = address(0x167);

    uint256 private constant SUCCESS = 22;
    uint256 private constant ALREADY_ASSOCIATED = 194;

    mapping(address token => Listing) private _listings;

    /// Was listed at some time, so that there may be money in it.
    modifier supported(address asset) {
        if (asset != HBAR && _listings[asset] == Listing.Never) revert UnsupportedAsset(asset);
        _;
    }

    // ---- admin ----

    /// @inheritdoc IHashbuzzEscrow
    function unlistToken(address token) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _requireListed(token);
        _listings[token] = Listing.Unlisted;
        emit TokenUnlisted(token);
    }

    // ---- views ----

    /// @inheritdoc IHashbuzzEscrow
    function isListed(address token) public view returns (bool) {
        return _listings[token] == Listing.Listed;
    }

    // ---- inside ----

    function _requireListed(address token) internal view {
        if (!isListed(token)) revert UnsupportedAsset(token);
    }

    /// 0x167 associates real HTS tokens only, whose units fit 63 bits; it refuses all other code.
    function _list(address token) internal {
        if (token == HBAR) revert UnsupportedAsset(token);
        uint256 code = _call(
            gasleft(),
            abi.encodeCall(IHederaTokenService.associateToken, (address(this), token))
        );
        if (code != SUCCESS && code != ALREADY_ASSOCIATED) revert TokenRefused(token, code);
        _before(token);
        _listings[token] = Listing.Listed;
        emit TokenListed(token);
    }

    /// Takes what the caller approved. Fees that the token takes on the way are the sponsor's:
    /// what did not arrive is not here.
    function _pull(address token, uint128 amount) internal returns (uint256 arrived) {
        if (amount == 0) revert NothingToDo();
        if (amount > MAX_UNITS) revert OutOfRange(amount, 1, MAX_UNITS);
        uint256 had = _units(token);
        uint256 code = _call(
            gasleft(),
            abi.encodeCall(
                IHederaTokenService.transferFrom,
                (token, msg.sender, address(this), amount)
            )
        );
        if (code != SUCCESS) revert TokenRefused(token, code);
        uint256 has = _units(token);
        if (has <= had) revert NothingToDo();
        arrived = has - had;
    }

    /// Sends from our own account, or answers why not.
    function _push(
        address token,
        address to,
        uint256 amount,
        uint256 gasLimit
    ) private returns (uint256 code) {
        // No account can have more, so it cannot be sent in one piece.
        if (amount > MAX_UNITS) return 0;
        int64 units = int64(uint64(amount));
        code = _call(
            gasLimit,
            abi.encodeCall(
                IHederaTokenService.transferToken,
                (token, address(this), to, units)
            )
        );
    }

    /// Sends what somebody asked for, or reverts.
    function _sendToken(address token, address to, uint256 amount) internal {
        Before memory before = _before(token);
        uint256 code = _push(token, to, amount, gasleft());
        if (code != SUCCESS) revert TokenRefused(token, code);
        _after(token, before, amount);
    }

    /// Sends to one of many, between `_before` and `_after`.
    function _payToken(address token, address to, uint256 amount) internal returns (bool success) {
        // The 64th part that a call leaves behind, and a credit with its log entry.
        uint256 needed = TOKEN_PAYOUT_GAS + TOKEN_PAYOUT_GAS / 63 + 60_000;
        if (gasleft() < needed) revert NotEnoughGas(needed);
        return _push(token, to, amount, TOKEN_PAYOUT_GAS) == SUCCESS;
    }

    /// Before tokens are sent. A fixed fee is the sender's, in HBAR or any token that its issuer
    /// names, so it would be paid with other people's money.
    function _before(address asset) internal returns (Before memory before) {
        if (asset == HBAR) return before;
        if (_charges(asset)) revert TokenCharges(asset);
        before.units = _units(asset);
        before.tinybars = address(this).balance;
    }

    /// After they were: what left must be what was sent, else nothing was.
    function _after(address asset, Before memory before, uint256 sent) internal view {
        if (asset == HBAR) return;
        if (_units(asset) + sent != before.units || address(this).balance < before.tinybars) {
            revert TokenMisbehaved(asset);
        }
    }

    /// What of an asset the contract has.
    function _units(address asset) internal view returns (uint256 units) {
        if (asset == HBAR) return address(this).balance;
        uint256 gasLimit = VIEW_GAS;
        bytes memory data = abi.encodeCall(IERC20.balanceOf, (address(this)));
        bool answered;
        assembly ("memory-safe") {
            answered := staticcall(gasLimit, asset, add(data, 0x20), mload(data), 0, 0x20)
            answered := and(answered, gt(returndatasize(), 0x1f))
            units := mload(0)
        }
        if (!answered || units > MAX_UNITS) revert TokenRefused(asset, 0);
    }

    /// Whether the token has fixed fees: the first word of the first of three lists. An answer that
    /// is not understood is no reason to keep money in.
    function _charges(address token) private returns (bool charges) {
        uint256 gasLimit = VIEW_GAS;
        address hts = HTS;
        uint256 expected = SUCCESS;
        bytes memory data = abi.encodeCall(IHederaTokenService.getTokenCustomFees, (token));
        assembly ("memory-safe") {
            let answer := mload(0x40)
            if call(gasLimit, hts, 0, add(data, 0x20), mload(data), answer, 0xa0) {
                if gt(returndatasize(), 0x9f) {
                    charges := and(
                        eq(mload(answer), expected),
                        gt(mload(add(answer, 0x80)), 0)
                    )
                }
            }
        }
    }

    /// The response code of 0x167; 0 for an answer that is none. Of what it returns one word is
    /// read.
    function _call(uint256 gasLimit, bytes memory data) private returns (uint256 code) {
        address hts = HTS;
        bool success;
        bool answered;
        assembly ("memory-safe") {
            success := call(gasLimit, hts, 0, add(data, 0x20), mload(data), 0, 0x20)
            answered := gt(returndatasize(), 0x1f)
            code := mload(0)
        }
        if (!answered || code > MAX_UNITS || (!success && code == SUCCESS)) return 0;
    }
}
