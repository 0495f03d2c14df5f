//! `hashbuzz escrow deploy`: puts the escrow contract on the ledger.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use hashbuzz_domain::{EvmAddress, Time};
use hashbuzz_ledger_hedera::{Roles, deploy};
use hashbuzz_outbox::{Clock as _, SystemClock};

use crate::settings::{Settings, account_id, tinybars};

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
    Ok(ExitCode::SUCCESS)
}
