// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Hts, HtsToken} from "./Hts.sol";

/// What a token service or a token would do if it were out to do harm.
enum Mode {
    Honest,
    SaysYes, // and moves nothing
    SaysNo, // and moves
    MovesTwice,
    Reverts,
    RevertsWithYes,
    Burns, // all gas
    Floods, // with more bytes than anybody wants to copy
    Mumbles, // one byte
    Boasts, // a word that is success only in its low bits
    Reenters
}

/// At 0x167: each token can be made wicked.
contract WickedHts is Hts {
    event Tried(bool ok, bytes4 why);

    mapping(address token => Mode) private _modes;
    address private _target;
    bytes private _call;

    function setMode(address token, Mode mode) external {
        _modes[token] = mode;
    }

    function arm(address target, bytes calldata call_) external {
        (_target, _call) = (target, call_);
    }

    function transferToken(
        address token,
        address sender,
        address recipient,
        int64 amount
    ) external override returns (int64) {
        _misbehave(token);
        if (sender != msg.sender) return _answer(7);
        if (amount < 0) return _answer(48);
        return _answer(_lie(token, _move(token, sender, recipient, uint64(amount))));
    }

    function transferFrom(
        address token,
        address from,
        address to,
        uint256 amount
    ) external override returns (int64) {
        _misbehave(token);
        return _answer(_lie(token, _moveApproved(token, msg.sender, from, to, amount)));
    }

    function _move(
        address token,
        address from,
        address to,
        uint256 amount
    ) internal override returns (int64 code) {
        Mode mode = _modes[token];
        if (mode == Mode.SaysYes) return SUCCESS;
        code = super._move(token, from, to, amount);
        if (mode == Mode.MovesTwice && code == SUCCESS) super._move(token, from, to, amount);
    }

    function _lie(address token, int64 code) private view returns (int64) {
        return _modes[token] == Mode.SaysNo ? int64(178) : code;
    }

    function _misbehave(address token) private {
        Mode mode = _modes[token];
        if (mode < Mode.Reverts) return;
        if (mode == Mode.Reenters) {
            (bool ok, bytes memory answer) = _target.call(_call);
            emit Tried(ok, bytes4(answer));
            return;
        }
        act(mode);
    }
}

/// At a token's address: its balance is what it says.
contract WickedToken is HtsToken {
    Mode private _mode;

    function setMode(Mode mode) external {
        _mode = mode;
    }

    function balanceOf(address account) external view override returns (uint256) {
        Mode mode = _mode;
        if (mode == Mode.Honest) return Hts(address(0x167)).balanceOf(address(this), account);
        if (mode == Mode.SaysYes) return uint64(type(int64).max);
        act(mode);
        return 0;
    }
}

function act(Mode mode) pure {
    assembly ("memory-safe") {
        switch mode
        case 4 {
            revert(0, 0)
        }
        case 5 {
            mstore(0, 22)
            revert(0, 0x20)
        }
        case 6 {
            invalid()
        }
        case 7 {
            return(0, 0x10000)
        }
        case 8 {
            return(0, 1)
        }
        case 9 {
            mstore(0, add(shl(64, 1), 22))
            return(0, 0x20)
        }
    }
}
