//! `POST /contracts/call`: runs a call on the mirror's state and forgets it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use hiero_sdk_proto::services::Key;
use revm::primitives::{Address, Bytes};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Problem, hex0x};
use crate::entity::{Stamp, parse_address};
use crate::evm::{self, Call, Failure, INTRINSIC_GAS, MAX_GAS, Ran, To};
use crate::fees::Schedule;
use crate::network::Shared;
use crate::state::{Draft, State as Ledger};

/// What may be asked; `gasPrice` makes no difference.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(default)]
    block: Option<String>,
    #[serde(default)]
    data: Option<String>,
    #[serde(default)]
    estimate: bool,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    gas: Option<u64>,
    #[serde(default, rename = "gasPrice")]
    _gas_price: Option<u64>,
    to: Option<String>,
    /// Tinybars.
    #[serde(default)]
    value: i64,
}

/// Answers with the call's result or, for an estimate, with the least gas that is enough for it.
pub(super) async fn call(State(network): State<Shared>, body: String) -> Answer {
    let asked: Asked = serde_json::from_str(&body)
        .map_err(|error| bad(format!("Unable to parse JSON: {error}")))?;
    let latest = ["latest", "pending", "safe", "finalized"];
    if asked.block.as_deref().is_some_and(|block| !latest.contains(&block)) {
        return Err(Problem::new(StatusCode::NOT_IMPLEMENTED, "Only the latest block is kept"));
    }
    let address = |text: &Option<String>, name: &str| match text {
        None => Ok(None),
        Some(text) => parse_address(text).map(Some).ok_or_else(|| bad(format!("Bad {name}"))),
    };
    let to = address(&asked.to, "to")?.ok_or_else(|| bad("to: must not be empty".to_owned()))?;
    let from = address(&asked.from, "from")?.unwrap_or(Address::ZERO);
    let data = asked.data.as_deref().unwrap_or_default();
    let data = hex::decode(data.strip_prefix("0x").unwrap_or(data));
    let data = Bytes::from(data.map_err(|_| bad("data: invalid hexadecimal string".to_owned()))?);
    let gas = asked.gas.unwrap_or(MAX_GAS);
    if !(INTRINSIC_GAS..=MAX_GAS).contains(&gas) {
        return Err(bad(format!("gas: must be between {INTRINSIC_GAS} and {MAX_GAS}")));
    }
    let wanted = Wanted { from, to, value: asked.value, data };
    network.with(|network| {
        let world = (&network.mirror.state, network.mirror.watermark(), &network.fees);
        let Ran { gas_used, result } = wanted.run(world, gas);
        let done = result.map_err(refused)?;
        let result = match asked.estimate {
            true => format!("{:#x}", wanted.least_gas(world, gas_used, gas)),
            false => hex0x(&done.output),
        };
        Ok(Json(json!({ "result": result })))
    })
}

/// The mirror's state, its newest moment and the price list.
type World<'a> = (&'a Ledger, Stamp, &'a Schedule);

struct Wanted {
    from: Address,
    to: Address,
    value: i64,
    data: Bytes,
}

impl Wanted {
    fn run(&self, (state, at, fees): World<'_>, gas: u64) -> Ran {
        let draft = Draft::new(state);
        // A caller or a contract may be named by its number although it has an alias.
        let canonical =
            |address: Address| state.meant_by(&address).map_or(address, |account| account.address);
        let call = Call {
            from: canonical(self.from),
            to: To::Contract(canonical(self.to)),
            value: self.value,
            input: self.data.clone(),
            gas,
        };
        evm::run(&draft, at, fees, call, &|_: &Key| false)
    }

    /// The least gas with which the call succeeds, between what it used and what it had.
    fn least_gas(&self, world: World<'_>, used: u64, had: u64) -> u64 {
        let (mut low, mut high) = (used, had);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.run(world, middle).result {
                Ok(_) => high = middle,
                Err(_) => low = middle + 1,
            }
        }
        high
    }
}

fn bad(message: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, message)
}

fn refused(failure: Failure) -> Problem {
    let data = match &failure {
        Failure::Revert(data) => data.clone(),
        Failure::Halt(_) => Bytes::new(),
    };
    bad(failure.code().as_str_name().to_owned()).with(reason(&data), hex0x(&data))
}

/// The text of a `require`, if that is what the data is.
fn reason(data: &[u8]) -> String {
    let text = data.strip_prefix(&[0x08, 0xc3, 0x79, 0xa0]).and_then(|rest| {
        let length = rest.get(56..64)?;
        let length = usize::try_from(u64::from_be_bytes(length.try_into().ok()?)).ok()?;
        rest.get(64..64_usize.checked_add(length)?)
    });
    text.map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default()
}
