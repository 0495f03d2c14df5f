// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Does what a test tells it to, as itself, and hands a revert on unchanged.
abstract contract Actor {
    function act(address target, uint256 value, bytes calldata data) external payable {
        (bool ok, bytes memory answer) = target.call{value: value}(data);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }
}

/// Takes money only while it is open, like an account that has to sign to receive.
contract Shutter is Actor {
    error Shut();

    bool private _open;

    receive() external payable {
        if (!_open) revert Shut();
    }

    function set(bool open) external {
        _open = open;
    }
}

/// Burns whatever gas it is given.
contract Burner is Actor {
    receive() external payable {
        assembly {
            invalid()
        }
    }
}

/// Answers with more bytes than anybody wants to copy.
contract Bomb is Actor {
    receive() external payable {
        assembly {
            revert(0, 0x4000)
        }
    }
}

/// Calls back while it is being paid, and says in its log how that went.
contract Reenterer is Actor {
    event Tried(bool ok, bytes4 why);

    address private _target;
    bytes private _call;

    receive() external payable {
        if (_target == address(0)) return;
        (bool ok, bytes memory answer) = _target.call(_call);
        bytes4 why;
        assembly ("memory-safe") {
            if gt(mload(answer), 3) {
                why := mload(add(answer, 0x20))
            }
        }
        emit Tried(ok, why);
    }

    function arm(address target, bytes calldata call_) external {
        _target = target;
        _call = call_;
    }
}
