//! `hashbuzz escrow deploy`: puts the escrow contract on the ledger.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use hashbuzz_domain::{AccountId, EvmAddress, Time};
use hashbuzz_ledger_hedera::{Roles, deploy};
use hashbuzz_outbox::{Clock as _, SystemClock};

use crate::settings::{Settings, account_id, tinybars};
use crate::wiring;

/// How often to look for the new contract, and how long in between (microseconds).
const LOOKS: u32 = 40;
const LOOK_EVERY: i64 = 500_000;

#[derive(Args)]
pub(crate) struct EscrowArgs {
    #[command(subcommand)]
    command: EscrowCommand,
}

#[derive(Subcommand)]
enum EscrowCommand {
    /// Deploy a new contract, paid by `hedera.operator`, and print its id.
    Deploy(DeployArgs),
}

#[derive(Args)]
struct DeployArgs {
    /// EVM address of the admin: names the other roles.
    #[arg(long)]
    admin: EvmAddress,
    /// EVM address of the operator: the service's account.
    #[arg(long)]
    operator: EvmAddress,
    /// EVM address of the guardian: may pause.
    #[arg(long)]
    guardian: EvmAddress,
    /// EVM address of the treasury: withdraws fees.
    #[arg(long)]
    treasury: EvmAddress,
    /// The most that participants may be paid in any hour, in HBAR.
    #[arg(long)]
    payout_ceiling_per_hour: String,
}

/// Deploys.
///
/// # Errors
/// Settings that cannot be right; the network's refusal.
pub(crate) async fn run(args: EscrowArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let EscrowCommand::Deploy(args) = args.command;
    let roles = Roles {
        admin: args.admin,
        operator: args.operator,
        guardian: args.guardian,
        treasury: args.treasury,
        payout_ceiling_per_hour: tinybars(
            "--payout-ceiling-per-hour",
            &args.payout_ceiling_per_hour,
        )?,
    };
    let hedera = &settings.hedera;
    let payer = account_id("hedera.operator", &hedera.operator)?;
    let now = Time::from_micros(SystemClock.now());
    let contract = deploy(&hedera.network()?, payer, &hedera.operator_key, &roles, now)
        .await
        .context("cannot deploy")?;
    println!("{contract}");
    shown(settings, contract).await?;
    Ok(ExitCode::SUCCESS)
}

/// Waits until the mirror node shows the contract, so that `serve` can follow at once. Mirror nodes
/// are a few seconds behind.
async fn shown(settings: &Settings, contract: AccountId) -> anyhow::Result<()> {
    let mut settings = settings.clone();
    settings.hedera.contract = Some(contract.to_string());
    let clock = SystemClock;
    for _ in 0..LOOKS {
        if wiring::ledger(&settings).await.is_ok() {
            return Ok(());
        }
        clock.sleep_until(clock.now() + LOOK_EVERY).await;
    }
    wiring::ledger(&settings).await.context("the mirror node does not show the contract yet")?;
    Ok(())
}
