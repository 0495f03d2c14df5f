// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IHederaTokenService} from "../src/IHederaTokenService.sol";

/// Stands at 0x167 in the tests: Hedera's token service as far as the escrow meets it. Association,
/// freeze, KYC, pause, deletion, allowances and custom fees, each with its response code. On Hedera
/// a call that failed may answer its code or revert with it; here `loud` says which.
contract Hts is IHederaTokenService {
    struct Token {
        bool exists;
        bool paused;
        bool deleted;
        bool needsKyc;
        address treasury; // collects the fees, and pays none
        uint16 cutBps; // fractional fee, out of what the recipient gets
        uint64 fixedFee; // paid by the sender
        address fixedIn; // in this token
    }

    struct Holding {
        uint64 units;
        bool associated;
        bool automatic; // would be associated by a transfer
        bool frozen;
        bool kyc;
    }

    int64 internal constant SUCCESS = 22;

    mapping(address token => Token) internal _tokens;
    mapping(address token => mapping(address account => Holding)) internal _holdings;
    mapping(address token => mapping(address owner => mapping(address spender => uint256)))
        internal _approved;
    bool private _loud;

    // ---- what contracts call ----

    function associateToken(address account, address token) external returns (int64) {
        if (account != msg.sender) return _answer(7); // INVALID_SIGNATURE
        if (!_tokens[token].exists) return _answer(167); // INVALID_TOKEN_ID
        if (_tokens[token].deleted) return _answer(179); // TOKEN_WAS_DELETED
        Holding storage holding = _holdings[token][account];
        if (holding.associated) return _answer(194); // TOKEN_ALREADY_ASSOCIATED_TO_ACCOUNT
        holding.associated = true;
        return SUCCESS;
    }

    function transferToken(
        address token,
        address sender,
        address recipient,
        int64 amount
    ) external virtual returns (int64) {
        if (sender != msg.sender) return _answer(7);
        if (amount < 0) return _answer(48); // INVALID_ACCOUNT_AMOUNTS
        return _answer(_move(token, sender, recipient, uint64(amount)));
    }

    function transferFrom(
        address token,
        address from,
        address to,
        uint256 amount
    ) external virtual returns (int64) {
        return _answer(_moveApproved(token, msg.sender, from, to, amount));
    }

    function getTokenCustomFees(address token) external view {
        Token storage t = _tokens[token];
        if (!t.exists) _give(abi.encode(int64(167), 128, 160, 192, 0, 0, 0));
        if (t.fixedFee == 0) {
            if (t.cutBps == 0) _give(abi.encode(SUCCESS, 128, 160, 192, 0, 0, 0));
            bytes memory cut = abi.encode(t.cutBps, 10_000, 0, 0, false, t.treasury);
            _give(bytes.concat(abi.encode(SUCCESS, 128, 160, 384, 0, 1), cut, abi.encode(0)));
        }
        bytes memory fee = abi.encode(t.fixedFee, t.fixedIn, false, false, t.treasury);
        _give(bytes.concat(abi.encode(SUCCESS, 128, 320, 352, 1), fee, abi.encode(0, 0)));
    }

    // ---- what the tokens' ERC-20 faces call ----

    function balanceOf(address token, address account) external view returns (uint256) {
        return _holdings[token][account].units;
    }

    function approve(address owner, address spender, uint256 amount) external {
        _approved[msg.sender][owner][spender] = amount;
    }

    function transfer(
        address spender,
        address from,
        address to,
        uint256 amount
    ) external returns (bool) {
        int64 code = spender == from
            ? _move(msg.sender, from, to, amount)
            : _moveApproved(msg.sender, spender, from, to, amount);
        return code == SUCCESS;
    }

    // ---- what the test calls ----

    function create(address token, address treasury, uint64 units) external {
        Token storage t = _tokens[token];
        t.exists = true;
        t.treasury = treasury;
        _holdings[token][treasury] = Holding(units, true, false, false, true);
    }

    function setToken(address token, bool paused, bool deleted, bool needsKyc) external {
        Token storage t = _tokens[token];
        (t.paused, t.deleted, t.needsKyc) = (paused, deleted, needsKyc);
    }

    function setFees(address token, uint16 cutBps, uint64 fixedFee, address fixedIn) external {
        Token storage t = _tokens[token];
        (t.cutBps, t.fixedFee, t.fixedIn) = (cutBps, fixedFee, fixedIn);
    }

    /// Who leaves gives its units back to the treasury first.
    function setHolding(
        address token,
        address account,
        bool associated,
        bool automatic,
        bool frozen,
        bool kyc
    ) external {
        Holding storage holding = _holdings[token][account];
        (holding.associated, holding.automatic) = (associated, automatic);
        (holding.frozen, holding.kyc) = (frozen, kyc);
        if (!associated) {
            _holdings[token][_tokens[token].treasury].units += holding.units;
            holding.units = 0;
        }
    }

    /// A native transfer of the treasury's, which no rule but association holds up.
    function grant(address token, address to, uint64 units) external {
        _holdings[token][_tokens[token].treasury].units -= units;
        _holdings[token][to].units += units;
        _holdings[token][to].associated = true;
    }

    function wipe(address token, address account, uint64 units) external {
        _holdings[token][account].units -= units;
    }

    function setLoud(bool loud) external {
        _loud = loud;
    }

    // ---- inside ----

    function _moveApproved(
        address token,
        address spender,
        address from,
        address to,
        uint256 amount
    ) internal returns (int64 code) {
        uint256 approved = _approved[token][from][spender];
        if (approved == 0) return 292; // SPENDER_DOES_NOT_HAVE_ALLOWANCE
        if (approved < amount) return 293; // AMOUNT_EXCEEDS_ALLOWANCE
        code = _move(token, from, to, amount);
        if (code == SUCCESS) _approved[token][from][spender] = approved - amount;
    }

    function _move(
        address token,
        address from,
        address to,
        uint256 amount
    ) internal virtual returns (int64) {
        Token storage t = _tokens[token];
        Holding storage sender = _holdings[token][from];
        Holding storage recipient = _holdings[token][to];
        if (!t.exists) return 167;
        if (t.deleted) return 179;
        if (t.paused) return 265; // TOKEN_IS_PAUSED
        if (from == to) return 74; // ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS
        if (!sender.associated) return 184; // TOKEN_NOT_ASSOCIATED_TO_ACCOUNT
        if (!recipient.associated && !recipient.automatic) return 184;
        if (sender.frozen || recipient.frozen) return 165; // ACCOUNT_FROZEN_FOR_TOKEN
        if (t.needsKyc && !(sender.kyc && recipient.kyc)) return 176; // ..._KYC_NOT_GRANTED_...
        if (sender.units < amount) return 178; // INSUFFICIENT_TOKEN_BALANCE
        if (t.fixedFee > 0 && from != t.treasury) {
            Holding storage purse = _holdings[t.fixedIn][from];
            if (purse.units < t.fixedFee) return 259; // INSUFFICIENT_..._FOR_CUSTOM_FEE
            purse.units -= t.fixedFee;
            _holdings[t.fixedIn][t.treasury].units += t.fixedFee;
        }
        uint64 units = uint64(amount);
        uint64 cut = from == t.treasury ? 0 : uint64((amount * t.cutBps) / 10_000);
        recipient.associated = true;
        sender.units -= units;
        recipient.units += units - cut;
        _holdings[token][t.treasury].units += cut;
        return SUCCESS;
    }

    function _answer(int64 code) internal view returns (int64) {
        if (code == SUCCESS || !_loud) return code;
        assembly ("memory-safe") {
            mstore(0, code)
            revert(0, 0x20)
        }
    }

    function _give(bytes memory answer) private pure {
        assembly ("memory-safe") {
            return(add(answer, 0x20), mload(answer))
        }
    }
}

/// A token's own address: the ERC-20 face that Hedera puts there.
contract HtsToken {
    Hts private constant HTS = Hts(address(0x167));

    function balanceOf(address account) external view virtual returns (uint256) {
        return HTS.balanceOf(address(this), account);
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        HTS.approve(msg.sender, spender, amount);
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        require(HTS.transfer(msg.sender, msg.sender, to, amount));
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        require(HTS.transfer(msg.sender, from, to, amount));
        return true;
    }
}
