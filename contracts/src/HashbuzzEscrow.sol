// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {Payouts} from "./escrow/Payouts.sol";
import {Roles} from "./escrow/Roles.sol";

/// @title Holds what sponsors deposit until their campaigns are paid out or it goes back.
/// @notice Read it bottom up, each file adds one thing: `Roles` (who, and the pause), `Books`
/// (what is owed), `Deposits` (sponsors), `Campaigns` (their life), `Payouts` (participants).
///
/// Not upgradeable, and to be deployed without an admin key: on Hedera the holder of a contract's
/// admin key signs its money away past every line of this code, which is how the predecessor
/// worked. A new version is a new address; campaigns end on the one where they began.
///
/// There is no `receive`: a plain transfer from the EVM reverts. A native one cannot be refused
/// and is credited to nobody (`sweepSurplus`).
contract HashbuzzEscrow is Payouts {
    constructor(
        address admin,
        address operator,
        address guardian,
        address treasury,
        uint128 payoutCeilingPerHour
    ) Roles(admin, operator, guardian, treasury) EIP712("HashbuzzEscrow", "1") {
        _setPayoutCeiling(HBAR, payoutCeilingPerHour);
    }
}
