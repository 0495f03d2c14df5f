//! What the node tells about accounts, contracts, files, tokens and topics.

use hiero_sdk_proto::services::crypto_get_info_response::AccountInfo;
use hiero_sdk_proto::services::file_get_contents_response::FileContents;
use hiero_sdk_proto::services::query::Query as Question;
use hiero_sdk_proto::services::response::Response as Answer;
use hiero_sdk_proto::services::{
    AccountId, ConsensusGetTopicInfoResponse, ContractGetBytecodeResponse, ContractGetInfoResponse,
    CryptoGetAccountRecordsResponse, CryptoGetInfoResponse, Duration, FileGetContentsResponse,
    FileGetInfoResponse, QueryHeader, ResponseCodeEnum as Code, ResponseHeader,
    ScheduleGetInfoResponse, StakingInfo, TokenGetInfoResponse, TokenGetNftInfoResponse,
    TransactionRecord, staking_info::StakedId,
};

use super::paid;
use crate::entity::account_id;
use crate::network::Network;
use crate::node::{contract, crypto, file, schedule, token, topic};
use crate::state::{Account, Draft};

/// Answers a query about an entity; `None` when it is about something else.
pub(super) fn answer(network: &mut Network, question: Question) -> Option<Answer> {
    Some(match question {
        Question::CryptoGetInfo(q) => {
            let (header, account_info) =
                ask(network, q.header.as_ref(), |_, draft| account(draft, q.account_id.as_ref()));
            Answer::CryptoGetInfo(CryptoGetInfoResponse { header, account_info })
        }
        Question::CryptoGetAccountRecords(q) => {
            let (header, records) = ask(network, q.header.as_ref(), |network, draft| {
                records(network, draft, q.account_id.as_ref())
            });
            let records = records.unwrap_or_default();
            let account_id = q.account_id;
            Answer::CryptoGetAccountRecords(CryptoGetAccountRecordsResponse {
                header,
                account_id,
                records,
            })
        }
        Question::ContractGetInfo(q) => {
            let (header, contract_info) = ask(network, q.header.as_ref(), |_, draft| {
                contract::info(draft, q.contract_id.as_ref())
            });
            Answer::ContractGetInfo(ContractGetInfoResponse { header, contract_info })
        }
        Question::ContractGetBytecode(q) => {
            let (header, code) = ask(network, q.header.as_ref(), |_, draft| {
                let account = contract::find(draft, q.contract_id.as_ref())?;
                let contract = account.contract.as_ref().ok_or(Code::InvalidContractId)?;
                Ok(contract.code.original_byte_slice().to_vec())
            });
            let bytecode = code.unwrap_or_default();
            Answer::ContractGetBytecodeResponse(ContractGetBytecodeResponse { header, bytecode })
        }
        Question::FileGetInfo(q) => {
            let (header, file_info) =
                ask(network, q.header.as_ref(), |_, draft| file::info(draft, q.file_id));
            Answer::FileGetInfo(FileGetInfoResponse { header, file_info })
        }
        Question::FileGetContents(q) => {
            let (header, file_contents) = ask(network, q.header.as_ref(), |_, draft| {
                let (_, file) = file::existing(draft, q.file_id)?;
                Ok(FileContents { file_id: q.file_id, contents: file.contents })
            });
            Answer::FileGetContents(FileGetContentsResponse { header, file_contents })
        }
        question => return of_services(network, question),
    })
}

/// Answers a query about a token, a schedule or a topic.
fn of_services(network: &mut Network, question: Question) -> Option<Answer> {
    Some(match question {
        Question::TokenGetInfo(q) => {
            let (header, token_info) =
                ask(network, q.header.as_ref(), |_, draft| token::info(draft, q.token));
            Answer::TokenGetInfo(TokenGetInfoResponse { header, token_info })
        }
        Question::TokenGetNftInfo(q) => {
            let (header, nft) = ask(network, q.header.as_ref(), |_, draft| {
                token::nft_info(draft, q.nft_id.as_ref())
            });
            Answer::TokenGetNftInfo(TokenGetNftInfoResponse { header, nft })
        }
        Question::ScheduleGetInfo(q) => {
            let (header, schedule_info) = ask(network, q.header.as_ref(), |network, draft| {
                schedule::info(draft, q.schedule_id, network.now())
            });
            Answer::ScheduleGetInfo(ScheduleGetInfoResponse { header, schedule_info })
        }
        Question::ConsensusGetTopicInfo(q) => {
            let (header, topic_info) =
                ask(network, q.header.as_ref(), |_, draft| topic::info(draft, q.topic_id));
            let topic_id = q.topic_id;
            Answer::ConsensusGetTopicInfo(ConsensusGetTopicInfoResponse {
                header,
                topic_id,
                topic_info,
            })
        }
        _ => return None,
    })
}

/// A paid query about the ledger as it is.
fn ask<T>(
    network: &mut Network,
    asked: Option<&QueryHeader>,
    find: impl Fn(&Network, &Draft<'_>) -> Result<T, Code>,
) -> (Option<ResponseHeader>, Option<T>) {
    let cost = network.fees.query();
    let (header, found) = paid(network, asked, cost, |network| {
        find(network, &Draft::new(&network.state)).map(|found| (Code::Ok, found))
    });
    (Some(header), found)
}

fn account(draft: &Draft<'_>, id: Option<&AccountId>) -> Result<AccountInfo, Code> {
    let account = crypto::find(draft, id.ok_or(Code::InvalidAccountId)?)?;
    if account.deleted {
        return Err(Code::AccountDeleted);
    }
    Ok(shown(draft, account))
}

fn shown(draft: &Draft<'_>, account: &Account) -> AccountInfo {
    // An EVM address is shown as such; the alias is a key or nothing.
    let alias = account.alias_key.clone().unwrap_or_default();
    let holdings = draft.holdings_of(account.num);
    let pieces = holdings.iter().filter(|(num, _)| draft.token(**num).is_some_and(|t| t.unique));
    let stake = account.stake;
    let staked = match (stake.account, stake.node) {
        (Some(num), _) => Some(StakedId::StakedAccountId(account_id(num))),
        (None, Some(node)) => Some(StakedId::StakedNodeId(node)),
        (None, None) => None,
    };
    AccountInfo {
        account_id: Some(account_id(account.num)),
        contract_account_id: hex::encode(account.address),
        deleted: account.deleted,
        key: account.key.clone().or_else(|| Some(no_key())),
        balance: u64::try_from(account.balance).unwrap_or_default(),
        receiver_sig_required: account.receiver_sig_required,
        expiration_time: Some(account.expires.to_proto()),
        auto_renew_period: Some(Duration { seconds: account.auto_renew }),
        memo: account.memo.clone(),
        owned_nfts: pieces.map(|(_, holding)| holding.balance).sum(),
        max_automatic_token_associations: account.max_associations,
        alias,
        ledger_id: vec![3],
        staking_info: Some(StakingInfo {
            decline_reward: stake.declines_reward,
            staked_id: staked,
            ..StakingInfo::default()
        }),
        ..AccountInfo::default()
    }
}

/// An account that nobody has the key of shows an empty list.
fn no_key() -> hiero_sdk_proto::services::Key {
    use hiero_sdk_proto::services::{Key, KeyList, key::Key as Kind};
    Key { key: Some(Kind::KeyList(KeyList::default())) }
}

/// The transactions of the last 180 seconds that an account paid for.
fn records(
    network: &Network,
    draft: &Draft<'_>,
    id: Option<&AccountId>,
) -> Result<Vec<TransactionRecord>, Code> {
    let num = crypto::find_num(draft, id)?;
    Ok(network.recent_of(num).map(|handled| handled.record(&network.fees)).collect())
}
