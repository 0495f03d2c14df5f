//! Contracts: creating them from uploaded or inline bytecode, and calling them.

use hiero_sdk_proto::services::contract_create_transaction_body::InitcodeSource;
use hiero_sdk_proto::services::contract_delete_transaction_body::Obtainers;
use hiero_sdk_proto::services::contract_get_info_response::ContractInfo;
use hiero_sdk_proto::services::contract_update_transaction_body::MemoField;
use hiero_sdk_proto::services::transaction_body::Data;
use hiero_sdk_proto::services::{
    ContractCallTransactionBody, ContractCreateTransactionBody, ContractDeleteTransactionBody,
    ContractId, ContractUpdateTransactionBody, Duration, Key, ResponseCodeEnum as Code,
    contract_id::Contract as Named, key::Key as Kind,
};
use revm::primitives::{Address, Bytes};

use super::handle::{Effect, Handling, Refused};
use super::{crypto, file};
use crate::entity::{Stamp, account_id, contract_id, file_num, long_zero, long_zero_num};
use crate::evm::{self, Call, Done, Failure, Ran, To};
use crate::fees::Schedule;
use crate::keys;
use crate::record::{Created, Event, Run};
use crate::state::{Account, Draft};

/// The contract that a transaction or a query names: by number, or by either of its addresses.
pub(super) fn find<'a>(draft: &'a Draft<'_>, id: Option<&ContractId>) -> Result<&'a Account, Code> {
    let id = id.filter(|id| id.shard_num == 0 && id.realm_num == 0);
    let account = match id.and_then(|id| id.contract.as_ref()) {
        Some(Named::ContractNum(num)) => draft.account(*num),
        Some(Named::EvmAddress(bytes)) => <[u8; 20]>::try_from(bytes.as_slice())
            .ok()
            .and_then(|bytes| draft.meant_by(&Address::from(bytes))),
        None => None,
    };
    account.filter(|account| account.contract.is_some()).ok_or(Code::InvalidContractId)
}

/// The same, but not one that has been deleted.
pub(super) fn existing<'a>(
    draft: &'a Draft<'_>,
    id: Option<&ContractId>,
) -> Result<&'a Account, Code> {
    let account = find(draft, id)?;
    if account.deleted { Err(Code::ContractDeleted) } else { Ok(account) }
}

/// The checks of a contract's transaction that need nothing but its body.
pub(super) fn check(data: &Data) -> Result<(), Code> {
    let id = match data {
        Data::ContractCall(call) if call.amount < 0 => return Err(Code::ContractNegativeValue),
        Data::ContractCreateInstance(create) if create.initial_balance < 0 => {
            return Err(Code::ContractNegativeValue);
        }
        Data::ContractCall(body) => &body.contract_id,
        Data::ContractUpdateInstance(body) => &body.contract_id,
        Data::ContractDeleteInstance(body) => &body.contract_id,
        _ => return Ok(()),
    };
    id.as_ref().map(drop).ok_or(Code::InvalidContractId)
}

/// What a call goes to: a contract, a token or a system contract.
pub(super) fn callee(draft: &Draft<'_>, id: Option<&ContractId>) -> Result<(i64, Address), Code> {
    let num = match id.and_then(|id| id.contract.as_ref()) {
        Some(Named::ContractNum(num)) => Some(*num),
        Some(Named::EvmAddress(bytes)) => <[u8; 20]>::try_from(bytes.as_slice())
            .ok()
            .and_then(|bytes| long_zero_num(&Address::from(bytes))),
        None => None,
    };
    match num {
        Some(num) if evm::answers(draft, num) => Ok((num, long_zero(num))),
        _ => existing(draft, id).map(|account| (account.num, account.address)),
    }
}

/// Calls a contract.
pub(super) fn call(
    handling: &mut Handling<'_, '_>,
    call: &ContractCallTransactionBody,
) -> Result<Effect, Refused> {
    let (num, address) = callee(handling.draft, call.contract_id.as_ref())?;
    let input = Bytes::from(call.function_parameters.clone());
    let mut run = begin(handling, call.gas, call.amount, input)?;
    run.contract = Some(num);
    run.address = Some(address);
    let born = execute(handling, &mut run, To::Contract(address))?;
    run.born = born;
    Ok(Effect { created: Created::Called(num), run: Some(run), ..Effect::about(num) })
}

/// Creates a contract. It has its own key as administrator only when that key signed.
pub(super) fn create(
    handling: &mut Handling<'_, '_>,
    create: &ContractCreateTransactionBody,
) -> Result<Effect, Refused> {
    let renew = create.auto_renew_period.ok_or(Code::InvalidRenewalPeriod)?.seconds;
    if create.memo.len() > crypto::MAX_ENTITY_MEMO {
        return Err(Code::MemoTooLong.into());
    }
    let admin = create.admin_key.as_ref();
    if admin.is_some() && !handling.signed(admin) {
        return Err(Code::InvalidSignature.into());
    }
    let (init_code, from_file) = init_code(handling.draft, create)?;
    let num = handling.draft.next_num();
    let address = long_zero(num);
    let input = Bytes::from(init_code.clone());
    let mut run = begin(handling, create.gas, create.initial_balance, input)?;
    run.creates = true;
    run.address = Some(address);
    let mut born = execute(handling, &mut run, To::New(address))?;
    born.retain(|created| *created != num);
    run.born = born;
    run.contract = Some(num);
    let mut account = handling.draft.account(num).cloned().ok_or(Code::FailInvalid)?;
    account.key = create.admin_key.clone();
    account.memo.clone_from(&create.memo);
    account.auto_renew = renew;
    account.expires = handling.at.plus_seconds(renew);
    account.auto_renew_account = match &create.auto_renew_account_id {
        Some(id) => Some(crypto::find_num(handling.draft, Some(id))?),
        None => None,
    };
    account.max_associations = create.max_automatic_token_associations;
    if let Some(contract) = &mut account.contract {
        contract.init_code = init_code;
        contract.file = from_file;
    }
    handling.draft.put_account(account);
    Ok(Effect { created: Created::Contract(num), run: Some(run), ..Effect::about(num) })
}

/// Changes a contract; its administrator signs. A contract without one cannot be changed, except
/// that it may live longer.
pub(super) fn update(
    handling: &mut Handling<'_, '_>,
    update: &ContractUpdateTransactionBody,
) -> Result<Effect, Code> {
    let mut account = existing(handling.draft, update.contract_id.as_ref())?.clone();
    let only_expiry = ContractUpdateTransactionBody {
        contract_id: update.contract_id.clone(),
        expiration_time: update.expiration_time,
        ..ContractUpdateTransactionBody::default()
    } == *update;
    if !only_expiry {
        administers(handling, &account)?;
    }
    if let Some(key) = &update.admin_key {
        // An empty list takes the administrator away for ever.
        let takes_away = matches!(&key.key, Some(Kind::KeyList(list)) if list.keys.is_empty());
        if !takes_away && !keys::is_usable(key) {
            return Err(Code::InvalidAdminKey);
        }
        if !takes_away && !handling.signed(Some(key)) {
            return Err(Code::InvalidSignature);
        }
        account.key = (!takes_away).then(|| key.clone());
    }
    if let Some(MemoField::MemoWrapper(memo)) = &update.memo_field {
        if memo.len() > crypto::MAX_ENTITY_MEMO {
            return Err(Code::MemoTooLong);
        }
        account.memo.clone_from(memo);
    }
    if let Some(period) = &update.auto_renew_period {
        crypto::check_renewal(period.seconds)?;
        account.auto_renew = period.seconds;
    }
    if let Some(expires) = update.expiration_time {
        account.expires = crypto::later(account.expires, Stamp::from_proto(expires), handling.at)?;
    }
    if let Some(slots) = update.max_automatic_token_associations {
        account.max_associations = slots;
    }
    if let Some(id) = &update.auto_renew_account_id {
        account.auto_renew_account = Some(crypto::find_num(handling.draft, Some(id))?);
    }
    let num = account.num;
    handling.draft.put_account(account);
    Ok(Effect { created: Created::Called(num), ..Effect::about(num) })
}

fn administers(handling: &Handling<'_, '_>, account: &Account) -> Result<(), Code> {
    let admin = account.key.as_ref().ok_or(Code::ModifyingImmutableContract)?;
    match handling.signed(Some(admin)) {
        true => Ok(()),
        false => Err(Code::InvalidSignature),
    }
}

/// Deletes a contract, whose HBAR go to somebody else.
pub(super) fn delete(
    handling: &mut Handling<'_, '_>,
    delete: &ContractDeleteTransactionBody,
) -> Result<Effect, Code> {
    let mut account = existing(handling.draft, delete.contract_id.as_ref())?.clone();
    administers(handling, &account)?;
    let obtainer = delete.obtainers.as_ref().ok_or(Code::ObtainerRequired)?;
    let obtainer = match obtainer {
        Obtainers::TransferAccountId(id) => crypto::find_num(handling.draft, Some(id)),
        Obtainers::TransferContractId(id) => {
            existing(handling.draft, Some(id)).map(|account| account.num)
        }
    };
    let obtainer = obtainer.map_err(|_| Code::ObtainerDoesNotExist)?;
    let num = account.num;
    if obtainer == num {
        return Err(Code::ObtainerSameContractId);
    }
    if handling.draft.holdings_of(num).values().any(|holding| holding.balance > 0) {
        return Err(Code::TransactionRequiresZeroTokenBalances);
    }
    handling
        .draft
        .pay(num, obtainer, account.balance)
        .map_err(|_| Code::InsufficientAccountBalance)?;
    account.balance = 0;
    account.deleted = true;
    handling.draft.put_account(account);
    Ok(Effect { created: Created::Called(num), ..Effect::about(num) })
}

/// Everything about a contract but its code.
pub(super) fn info(draft: &Draft<'_>, id: Option<&ContractId>) -> Result<ContractInfo, Code> {
    let account = find(draft, id)?;
    Ok(ContractInfo {
        contract_id: Some(contract_id(account.num)),
        account_id: Some(account_id(account.num)),
        contract_account_id: hex::encode(account.address),
        admin_key: account
            .key
            .clone()
            .or_else(|| Some(Key { key: Some(Kind::ContractId(contract_id(account.num))) })),
        expiration_time: Some(account.expires.to_proto()),
        auto_renew_period: Some(Duration { seconds: account.auto_renew }),
        // A slot takes two words.
        storage: i64::try_from(draft.slots_of(&account.address) * 64).unwrap_or(i64::MAX),
        memo: account.memo.clone(),
        balance: u64::try_from(account.balance).unwrap_or_default(),
        deleted: account.deleted,
        ledger_id: vec![3],
        auto_renew_account_id: account.auto_renew_account.map(account_id),
        max_automatic_token_associations: account.max_associations,
        ..ContractInfo::default()
    })
}

/// Runs a read-only call for a query.
pub(super) fn call_local(
    draft: &Draft<'_>,
    (at, fees): (Stamp, &Schedule),
    (num, contract): (i64, Address),
    from: Address,
    input: Bytes,
    gas: u64,
) -> (Run, Result<Done, Failure>) {
    let to = To::Contract(contract);
    let call = Call { from, to, value: 0, input: input.clone(), gas };
    let Ran { gas_used, result } = evm::run(draft, at, fees, call, &|_: &Key| false);
    let run = Run {
        contract: Some(num),
        address: Some(contract),
        from,
        creates: false,
        gas_limit: gas,
        gas_used,
        amount: 0,
        input,
        output: result.as_ref().map(|done| done.output.clone()).unwrap_or_default(),
        error: result.as_ref().err().map(Failure::message),
        logs: Vec::new(),
        born: Vec::new(),
        nonces: Vec::new(),
    };
    (run, result)
}

/// The bytecode followed by the constructor's arguments, and the file it came from.
fn init_code(
    draft: &Draft<'_>,
    create: &ContractCreateTransactionBody,
) -> Result<(Vec<u8>, Option<i64>), Code> {
    let (mut code, from_file) = match &create.initcode_source {
        Some(InitcodeSource::Initcode(bytes)) => (bytes.clone(), None),
        Some(InitcodeSource::FileId(id)) => {
            let (_, file) = file::existing(draft, Some(*id))?;
            // A file holds the bytecode as hexadecimal text.
            let text = file.contents.strip_prefix(b"0x").unwrap_or(&file.contents);
            let code = hex::decode(text).map_err(|_| Code::ErrorDecodingBytestring)?;
            (code, file_num(Some(*id)))
        }
        None => return Err(Code::InvalidFileId),
    };
    if code.is_empty() {
        return Err(match from_file {
            Some(_) => Code::ContractFileEmpty,
            None => Code::ContractBytecodeEmpty,
        });
    }
    code.extend_from_slice(&create.constructor_parameters);
    Ok((code, from_file))
}

fn begin(handling: &Handling<'_, '_>, gas: i64, amount: i64, input: Bytes) -> Result<Run, Code> {
    let payer = handling.draft.account(handling.tx.id.payer).ok_or(Code::PayerAccountNotFound)?;
    Ok(Run {
        contract: None,
        address: None,
        from: payer.address,
        creates: false,
        gas_limit: u64::try_from(gas).map_err(|_| Code::ContractNegativeGas)?,
        gas_used: 0,
        amount,
        input,
        output: Bytes::new(),
        error: None,
        logs: Vec::new(),
        born: Vec::new(),
        nonces: Vec::new(),
    })
}

/// Runs the EVM, writes its changes into the draft and fills in the run.
fn execute(handling: &mut Handling<'_, '_>, run: &mut Run, to: To) -> Result<Vec<i64>, Refused> {
    let call = Call {
        from: run.from,
        to,
        value: run.amount,
        input: run.input.clone(),
        gas: run.gas_limit,
    };
    let signatures = &handling.tx.signatures;
    let signed = |key: &Key| signatures.satisfy(key);
    let Ran { gas_used, result } =
        evm::run(handling.draft, handling.at, handling.fees, call, &signed);
    run.gas_used = gas_used;
    let applied = result.and_then(|done| {
        let (output, logs) = (done.output.clone(), done.logs.clone());
        done.apply(handling.draft, handling.at).map(|born| (output, logs, born))
    });
    let (output, logs, born) = applied.map_err(|failure| {
        run.error = Some(failure.message());
        Refused { run: Some(Box::new(run.clone())), ..failure.code().into() }
    })?;
    run.output = output;
    let now = |num: &i64| handling.draft.account(*num).and_then(|a| a.contract.as_ref());
    run.nonces = born
        .iter()
        .chain(run.contract.as_ref())
        .filter_map(|num| Some((*num, now(num)?.nonce)))
        .collect();
    run.logs = logs
        .into_iter()
        .map(|log| Event {
            contract: handling.draft.at(&log.address).map_or(0, |account| account.num),
            address: log.address,
            topics: log.topics().to_vec(),
            data: log.data.data.clone(),
        })
        .collect();
    Ok(born)
}
