//! The transactions that this network knows, with their names in faults and fees and on the mirror.

use hiero_sdk_proto::services::transaction_body::Data;
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($kind:ident $data:ident $mirror:literal)*) => {
        /// A kind of transaction.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub(crate) enum Kind {
            $($kind,)*
        }

        impl Kind {
            /// The kind of a transaction's body; `None` when this network does not know it.
            pub(crate) fn of(data: &Data) -> Option<Self> {
                match data {
                    $(Data::$data(_) => Some(Self::$kind),)*
                    _ => None,
                }
            }

            /// The name in the counters, the faults and the price list.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => stringify!($kind),)*
                }
            }

            /// The name on the mirror.
            pub(crate) fn mirror_name(self) -> &'static str {
                match self {
                    $(Self::$kind => $mirror,)*
                }
            }
        }
    };
}

kinds! {
    CryptoCreate CryptoCreateAccount "CRYPTOCREATEACCOUNT"
    CryptoUpdate CryptoUpdateAccount "CRYPTOUPDATEACCOUNT"
    CryptoDelete CryptoDelete "CRYPTODELETE"
    CryptoTransfer CryptoTransfer "CRYPTOTRANSFER"
    CryptoApproveAllowance CryptoApproveAllowance "CRYPTOAPPROVEALLOWANCE"
    CryptoDeleteAllowance CryptoDeleteAllowance "CRYPTODELETEALLOWANCE"
    TokenCreate TokenCreation "TOKENCREATION"
    TokenUpdate TokenUpdate "TOKENUPDATE"
    TokenDelete TokenDeletion "TOKENDELETION"
    TokenAssociate TokenAssociate "TOKENASSOCIATE"
    TokenDissociate TokenDissociate "TOKENDISSOCIATE"
    TokenFreeze TokenFreeze "TOKENFREEZE"
    TokenUnfreeze TokenUnfreeze "TOKENUNFREEZE"
    TokenGrantKyc TokenGrantKyc "TOKENGRANTKYC"
    TokenRevokeKyc TokenRevokeKyc "TOKENREVOKEKYC"
    TokenPause TokenPause "TOKENPAUSE"
    TokenUnpause TokenUnpause "TOKENUNPAUSE"
    TokenMint TokenMint "TOKENMINT"
    TokenBurn TokenBurn "TOKENBURN"
    TokenWipe TokenWipe "TOKENWIPE"
    TokenFeeScheduleUpdate TokenFeeScheduleUpdate "TOKENFEESCHEDULEUPDATE"
    TokenUpdateNfts TokenUpdateNfts "TOKENUPDATENFTS"
    TokenReject TokenReject "TOKENREJECT"
    TokenAirdrop TokenAirdrop "TOKENAIRDROP"
    TokenCancelAirdrop TokenCancelAirdrop "TOKENCANCELAIRDROP"
    TokenClaimAirdrop TokenClaimAirdrop "TOKENCLAIMAIRDROP"
    TopicCreate ConsensusCreateTopic "CONSENSUSCREATETOPIC"
    TopicUpdate ConsensusUpdateTopic "CONSENSUSUPDATETOPIC"
    TopicDelete ConsensusDeleteTopic "CONSENSUSDELETETOPIC"
    TopicSubmit ConsensusSubmitMessage "CONSENSUSSUBMITMESSAGE"
    FileCreate FileCreate "FILECREATE"
    FileAppend FileAppend "FILEAPPEND"
    FileUpdate FileUpdate "FILEUPDATE"
    FileDelete FileDelete "FILEDELETE"
    ContractCreate ContractCreateInstance "CONTRACTCREATEINSTANCE"
    ContractUpdate ContractUpdateInstance "CONTRACTUPDATEINSTANCE"
    ContractDelete ContractDeleteInstance "CONTRACTDELETEINSTANCE"
    ContractCall ContractCall "CONTRACTCALL"
    ScheduleCreate ScheduleCreate "SCHEDULECREATE"
    ScheduleSign ScheduleSign "SCHEDULESIGN"
    ScheduleDelete ScheduleDelete "SCHEDULEDELETE"
    UtilPrng UtilPrng "UTILPRNG"
}
