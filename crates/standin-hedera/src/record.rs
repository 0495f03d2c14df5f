//! What is left of a transaction once consensus has handled it: the source of its receipt, its
//! record and everything the mirror tells about it.

use std::collections::BTreeMap;

use hiero_sdk_proto::services::{
    AccountAmount, AssessedCustomFee, ConsensusMessageChunkInfo, ContractFunctionResult,
    ContractLoginfo, ContractNonceInfo, NftTransfer as NftTransferProto, PendingAirdropRecord,
    ResponseCodeEnum as Code, TokenAssociation, TokenTransferList, TransactionReceipt,
    TransactionRecord, TransferList,
    transaction_record::{self, Entropy},
};
use revm::primitives::{Address, B256, Bytes};

use crate::entity::{
    Stamp, TxId, account_id, contract_id, file_id, schedule_id, token_id, topic_id,
};
use crate::fees::Schedule;
use crate::node::Kind;
use crate::state::{Delta, NftTransfer, TokenTransfer};
use crate::token::Assessed;

/// A handled transaction.
#[derive(Debug)]
pub(crate) struct Handled {
    pub(crate) at: Stamp,
    pub(crate) id: TxId,
    pub(crate) kind: Kind,
    pub(crate) code: Code,
    pub(crate) memo: String,
    /// What the payer paid, in tinybars.
    pub(crate) fee: i64,
    /// What the payer was ready to pay.
    pub(crate) max_fee: u64,
    /// Seconds.
    pub(crate) duration: i64,
    /// SHA-384 of the signed transaction.
    pub(crate) hash: [u8; 48],
    /// Net changes of balances, fees included, by account number.
    pub(crate) transfers: Vec<(i64, i64)>,
    pub(crate) token_transfers: Vec<TokenTransfer>,
    pub(crate) nft_transfers: Vec<NftTransfer>,
    /// Associations that transfers made, as (account, token).
    pub(crate) associations: Vec<(i64, i64)>,
    pub(crate) extra: Extra,
    /// The entity that was created, or the one that the transaction is about.
    pub(crate) entity: Option<i64>,
    pub(crate) created: Created,
    pub(crate) run: Option<Run>,
    pub(crate) delta: Delta,
}

/// What only some kinds of transactions leave behind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extra {
    /// A token's supply after it was changed.
    pub(crate) supply: Option<u64>,
    /// The serial numbers of the pieces that were made.
    pub(crate) serials: Vec<i64>,
    pub(crate) message: Option<Message>,
    pub(crate) assessed: Vec<Assessed>,
    pub(crate) random: Option<Entropy>,
    /// Airdrops that wait.
    pub(crate) pending: Vec<PendingAirdropRecord>,
    /// How many times as much it cost on the lane of high volume, in thousandths.
    pub(crate) multiplier: Option<u64>,
    /// The schedule that is carried out next.
    pub(crate) due: Option<i64>,
}

/// A topic's message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) topic: i64,
    pub(crate) sequence: u64,
    pub(crate) running_hash: [u8; 48],
    pub(crate) contents: Vec<u8>,
    /// Which part of a longer message this is.
    pub(crate) chunk: Option<ConsensusMessageChunkInfo>,
}

/// What a transaction created, for its receipt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Created {
    #[default]
    Nothing,
    Account(i64),
    File(i64),
    Contract(i64),
    Token(i64),
    Topic(i64),
    /// A schedule, and the id of the transaction that waits.
    Schedule(i64, TxId),
    /// Only the id of a scheduled transaction.
    Scheduled(TxId),
    /// A call's receipt names the contract that was called.
    Called(i64),
}

/// A contract's run, successful or not.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// The contract called or created; none when the creation failed.
    pub(crate) contract: Option<i64>,
    pub(crate) address: Option<Address>,
    pub(crate) from: Address,
    pub(crate) creates: bool,
    pub(crate) gas_limit: u64,
    pub(crate) gas_used: u64,
    /// Tinybars.
    pub(crate) amount: i64,
    pub(crate) input: Bytes,
    pub(crate) output: Bytes,
    /// Revert data in hexadecimal, or the name of the failure.
    pub(crate) error: Option<String>,
    pub(crate) logs: Vec<Event>,
    /// The contracts created on the way.
    pub(crate) born: Vec<i64>,
    /// The nonces of contracts that were created or called, by contract.
    pub(crate) nonces: Vec<(i64, u64)>,
}

/// A log entry.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) contract: i64,
    pub(crate) address: Address,
    pub(crate) topics: Vec<B256>,
    pub(crate) data: Bytes,
}

impl Handled {
    pub(crate) fn receipt(&self, schedule: &Schedule) -> TransactionReceipt {
        let mut receipt = TransactionReceipt {
            status: self.code.into(),
            exchange_rate: Some(schedule.rates(self.at)),
            ..TransactionReceipt::default()
        };
        match self.created {
            Created::Nothing => {}
            Created::Account(num) => receipt.account_id = Some(account_id(num)),
            Created::File(num) => receipt.file_id = Some(file_id(num)),
            Created::Token(num) => receipt.token_id = Some(token_id(num)),
            Created::Schedule(num, id) => {
                receipt.schedule_id = Some(schedule_id(num));
                receipt.scheduled_transaction_id = Some(id.to_proto());
            }
            Created::Scheduled(id) => receipt.scheduled_transaction_id = Some(id.to_proto()),
            Created::Topic(num) => receipt.topic_id = Some(topic_id(num)),
            Created::Contract(num) | Created::Called(num) => {
                receipt.contract_id = Some(contract_id(num));
            }
        }
        receipt.new_total_supply = self.extra.supply.unwrap_or_default();
        receipt.serial_numbers.clone_from(&self.extra.serials);
        if let Some(message) = &self.extra.message {
            receipt.topic_sequence_number = message.sequence;
            receipt.topic_running_hash = message.running_hash.to_vec();
            receipt.topic_running_hash_version = 3;
        }
        receipt
    }

    pub(crate) fn record(&self, schedule: &Schedule) -> TransactionRecord {
        let amount = |&(num, amount): &(i64, i64)| AccountAmount {
            account_id: Some(account_id(num)),
            amount,
            ..AccountAmount::default()
        };
        let body = self.run.as_ref().map(|run| {
            let result = run.result(self.id.payer);
            match run.creates {
                true => transaction_record::Body::ContractCreateResult(result),
                false => transaction_record::Body::ContractCallResult(result),
            }
        });
        TransactionRecord {
            receipt: Some(self.receipt(schedule)),
            transaction_hash: self.hash.to_vec(),
            consensus_timestamp: Some(self.at.to_proto()),
            transaction_id: Some(self.id.to_proto()),
            memo: self.memo.clone(),
            transaction_fee: u64::try_from(self.fee).unwrap_or_default(),
            transfer_list: Some(TransferList {
                account_amounts: self.transfers.iter().map(amount).collect(),
            }),
            body,
            token_transfer_lists: self.token_lists(),
            assessed_custom_fees: self.extra.assessed.iter().map(assessed).collect(),
            automatic_token_associations: self.associations.iter().map(association).collect(),
            entropy: self.extra.random.clone(),
            high_volume_pricing_multiplier: self.extra.multiplier.unwrap_or_default(),
            new_pending_airdrops: self.extra.pending.clone(),
            ..TransactionRecord::default()
        }
    }

    /// What changed hands, by token.
    fn token_lists(&self) -> Vec<TokenTransferList> {
        let mut lists = BTreeMap::<i64, TokenTransferList>::new();
        let empty = |token| TokenTransferList {
            token: Some(token_id(token)),
            ..TokenTransferList::default()
        };
        for change in &self.token_transfers {
            let list = lists.entry(change.token).or_insert_with(|| empty(change.token));
            list.transfers.push(AccountAmount {
                account_id: Some(account_id(change.account)),
                amount: change.amount,
                ..AccountAmount::default()
            });
        }
        for piece in &self.nft_transfers {
            let list = lists.entry(piece.token).or_insert_with(|| empty(piece.token));
            list.nft_transfers.push(NftTransferProto {
                sender_account_id: Some(account_id(piece.from.unwrap_or_default())),
                receiver_account_id: Some(account_id(piece.to.unwrap_or_default())),
                serial_number: piece.serial,
                ..NftTransferProto::default()
            });
        }
        lists.into_values().collect()
    }
}

fn assessed(fee: &Assessed) -> AssessedCustomFee {
    AssessedCustomFee {
        amount: fee.amount,
        token_id: fee.token.map(token_id),
        fee_collector_account_id: Some(account_id(fee.collector)),
        effective_payer_account_id: vec![account_id(fee.payer)],
    }
}

fn association(&(account, token): &(i64, i64)) -> TokenAssociation {
    TokenAssociation { token_id: Some(token_id(token)), account_id: Some(account_id(account)) }
}

impl Run {
    /// The network's description of the run; `sender` is the paying account.
    pub(crate) fn result(&self, sender: i64) -> ContractFunctionResult {
        let log = |event: &Event| ContractLoginfo {
            contract_id: Some(contract_id(event.contract)),
            bloom: Vec::new(),
            topic: event.topics.iter().map(|topic| topic.to_vec()).collect(),
            data: event.data.to_vec(),
        };
        let created = self.creates && self.error.is_none();
        ContractFunctionResult {
            contract_id: self.contract.map(contract_id),
            contract_call_result: self.output.to_vec(),
            error_message: self.error.clone().unwrap_or_default(),
            gas_used: self.gas_used,
            log_info: self.logs.iter().map(log).collect(),
            evm_address: self.address.filter(|_| created).map(|address| address.to_vec()),
            gas: i64::try_from(self.gas_limit).unwrap_or(i64::MAX),
            amount: self.amount,
            function_parameters: self.input.to_vec(),
            sender_id: Some(account_id(sender)),
            contract_nonces: self.nonces.iter().map(nonce).collect(),
            ..ContractFunctionResult::default()
        }
    }
}

fn nonce(&(num, nonce): &(i64, u64)) -> ContractNonceInfo {
    let nonce = i64::try_from(nonce).unwrap_or(i64::MAX);
    ContractNonceInfo { contract_id: Some(contract_id(num)), nonce }
}
