//! Contracts: creating them from uploaded or inline bytecode, and calling them.

use hiero_sdk_proto::services::contract_create_transaction_body::InitcodeSource;
use hiero_sdk_proto::services::{
    ContractCallTransactionBody, ContractCreateTransactionBody, ContractId, Key,
    ResponseCodeEnum as Code, contract_id::Contract as Named,
};
use revm::primitives::{Address, Bytes};

use super::handle::{Effect, Handling, Refused};
use super::{crypto, file};
use crate::entity::{Stamp, file_num, long_zero};
use crate::evm::{self, Call, Done, Failure, Ran, To};
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

/// Calls a contract.
pub(super) fn call(
    handling: &mut Handling<'_, '_>,
    call: &ContractCallTransactionBody,
) -> Result<Effect, Refused> {
    let contract = find(handling.draft, call.contract_id.as_ref())?;
    let (num, address) = (contract.num, contract.address);
    let input = Bytes::from(call.function_parameters.clone());
    let mut run = begin(handling, call.gas, call.amount, input)?;
    run.contract = Some(num);
    run.address = Some(address);
    let born = execute(handling, &mut run, To::Contract(address))?;
    run.born = born;
    Ok(Effect { entity: Some(num), created: Created::Called(num), run: Some(run) })
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
    account.max_associations = create.max_automatic_token_associations;
    if let Some(contract) = &mut account.contract {
        contract.init_code = init_code;
        contract.file = from_file;
    }
    handling.draft.put_account(account);
    Ok(Effect { entity: Some(num), created: Created::Contract(num), run: Some(run) })
}

/// Runs a read-only call for a query.
pub(super) fn call_local(
    draft: &Draft<'_>,
    at: Stamp,
    contract: &Account,
    from: Address,
    input: Bytes,
    gas: u64,
) -> (Run, Result<Done, Failure>) {
    let to = To::Contract(contract.address);
    let call = Call { from, to, value: 0, input: input.clone(), gas };
    let Ran { gas_used, result } = evm::run(draft, at, call, &|_: &Key| false);
    let run = Run {
        contract: Some(contract.num),
        address: Some(contract.address),
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
        None => return Err(Code::ContractBytecodeEmpty),
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
    let Ran { gas_used, result } = evm::run(handling.draft, handling.at, call, &signed);
    run.gas_used = gas_used;
    let applied = result.and_then(|done| {
        let (output, logs) = (done.output.clone(), done.logs.clone());
        done.apply(handling.draft, handling.at).map(|born| (output, logs, born))
    });
    let (output, logs, born) = applied.map_err(|failure| {
        run.error = Some(failure.message());
        Refused { code: failure.code(), run: Some(Box::new(run.clone())) }
    })?;
    run.output = output;
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
