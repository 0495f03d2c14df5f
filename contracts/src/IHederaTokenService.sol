// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title What the escrow calls of Hedera's token service, the system contract at 0x167.
/// @notice It answers with a response code; 22 is success. A call that failed may answer with its
/// code or revert with it, so neither a call that went through nor an answer alone means success.
interface IHederaTokenService {
    function associateToken(address account, address token) external returns (int64 responseCode);

    /// Out of the caller's own account.
    function transferToken(
        address token,
        address sender,
        address recipient,
        int64 amount
    ) external returns (int64 responseCode);

    /// Out of an account that approved the caller for it.
    function transferFrom(
        address token,
        address from,
        address to,
        uint256 amount
    ) external returns (int64 responseCode);

    /// Answers the code and the fixed, fractional and royalty fees.
    function getTokenCustomFees(address token) external;
}
