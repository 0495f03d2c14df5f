//! Reads of the contract's state and of accounts, all through the mirror node.

use alloy_primitives::B256;
use alloy_sol_types::SolCall;
use hashbuzz_domain::{AccountId, Asset, CampaignId, EvmAddress};
use hashbuzz_ledger::{Account, EscrowCampaign, EscrowState, Prices, ReadError, SponsorFunds};

use crate::contract::{IHashbuzzEscrow, address, asset_address, evm_address, units};
use crate::hedera::Hedera;

impl Hedera {
    async fn view<C: SolCall>(&self, call: C) -> Result<C::Return, ReadError> {
        let data = format!("0x{}", hex::encode(call.abi_encode()));
        let answer = self.mirror.call(&self.escrow.address.to_string(), &data).await?;
        let bytes = answer.strip_prefix("0x").and_then(|text| hex::decode(text).ok());
        bytes.and_then(|bytes| C::abi_decode_returns(&bytes).ok()).ok_or_else(|| {
            ReadError::Malformed(format!(
                "{} of {} answers `{}`: is it our contract?",
                C::SIGNATURE,
                self.escrow.contract,
                answer.chars().take(80).collect::<String>()
            ))
        })
    }

    pub(crate) async fn read_sponsor_funds(
        &self,
        sponsor: EvmAddress,
        asset: Asset,
    ) -> Result<SponsorFunds, ReadError> {
        let asset = asset_address(asset).map_err(ReadError::Malformed)?;
        let sponsor = address(sponsor);
        let free = IHashbuzzEscrow::freeBalanceCall { sponsor, asset };
        let allowance = IHashbuzzEscrow::allowanceCall { sponsor, asset };
        let (free, allowance) = tokio::try_join!(self.view(free), self.view(allowance))?;
        Ok(SponsorFunds {
            free: units(free).ok_or_else(too_large)?,
            // An allowance has no upper bound: "all that I will ever deposit" is a fair answer.
            allowance: u64::try_from(allowance.amount).unwrap_or(u64::MAX),
            max_fee_bps: allowance.maxFeeBps,
        })
    }

    pub(crate) async fn read_campaign(
        &self,
        campaign: CampaignId,
    ) -> Result<EscrowCampaign, ReadError> {
        let id = B256::from(campaign.contract_key());
        let found = self.view(IHashbuzzEscrow::campaignCall { id }).await?;
        let state = match found.state {
            IHashbuzzEscrow::State::None => EscrowState::None,
            IHashbuzzEscrow::State::Active => EscrowState::Active,
            IHashbuzzEscrow::State::Closed => EscrowState::Closed,
            IHashbuzzEscrow::State::Finalised => EscrowState::Finalised,
            IHashbuzzEscrow::State::Cancelled => EscrowState::Cancelled,
            IHashbuzzEscrow::State::__Invalid => {
                return Err(ReadError::Malformed(format!("{campaign} is in no known state")));
            }
        };
        let units = |amount: u128| u64::try_from(amount).map_err(|_| too_large());
        Ok(EscrowCampaign {
            state,
            sponsor: evm_address(found.sponsor),
            budget: units(found.budget)?,
            fee: units(found.fee)?,
            total: units(found.total)?,
            paid: units(found.paid)?,
            refunded: units(found.refunded)?,
            last_batch: found.lastBatch,
            claim_until: i64::try_from(found.claimUntil).map_err(|_| too_large())?,
        })
    }

    pub(crate) async fn read_account(
        &self,
        account: AccountId,
    ) -> Result<Option<Account>, ReadError> {
        let Some(found) = self.mirror.account(account).await? else { return Ok(None) };
        let evm_address = found
            .evm_address
            .as_deref()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| ReadError::Malformed(format!("{account} has no EVM address")))?;
        Ok(Some(Account {
            id: account,
            evm_address,
            deleted: found.deleted.unwrap_or(false),
            receiver_sig_required: found.receiver_sig_required.unwrap_or(false),
        }))
    }

    pub(crate) async fn read_contract_balance(&self, asset: Asset) -> Result<u64, ReadError> {
        asset_address(asset).map_err(ReadError::Malformed)?;
        self.read_balance(self.escrow.contract).await
    }

    /// Tinybars of an account.
    pub(crate) async fn read_balance(&self, account: AccountId) -> Result<u64, ReadError> {
        let found = self.mirror.account(account).await?;
        found.and_then(|account| account.balance).map(|balance| balance.balance).ok_or_else(|| {
            ReadError::Malformed(format!("the mirror node has no balance of {account}"))
        })
    }

    pub(crate) async fn read_prices(&self) -> Result<Prices, ReadError> {
        let (gas_tinybar, rate) = tokio::try_join!(self.mirror.gas_price(), self.mirror.rate())?;
        Ok(Prices { gas_tinybar, cents: rate.cent_equivalent, hbar: rate.hbar_equivalent })
    }
}

fn too_large() -> ReadError {
    ReadError::Malformed("an amount that is larger than all there is".to_owned())
}
