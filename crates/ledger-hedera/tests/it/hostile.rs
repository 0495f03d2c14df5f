//! Recipients that do what they can to spoil the batch that pays them.

use std::collections::HashMap;
use std::time::Duration;

use hashbuzz_domain::{Asset, EvmAddress, Span};
use hashbuzz_ledger::conformance::Proving as _;
use hashbuzz_ledger::{EscrowCall, EscrowEventKind, Ledger as _, Outcome, PayEntry};
use hiero_sdk::{
    AccountId, Client, ContractCreateTransaction, Hbar, PrivateKey, TransactionId,
    TransactionReceiptQuery,
};

use crate::ground::Ground;

/// Creation code of a contract that runs in circles until its gas is gone (JUMPDEST PUSH0 JUMP).
const BURNER: &str = "625b5f565f526003601df3";

#[tokio::test]
async fn a_full_batch_of_recipients_that_burn_their_gas_is_credited_and_does_not_revert() {
    let ground = Ground::with_lag(Duration::ZERO).await;
    let sponsor = ground.fresh_party().await;
    ground.deposit_and_allow(sponsor, 5_000, 2_000, 1_000).await;
    let campaign = ground.fresh_campaign();
    done(
        &ground,
        &EscrowCall::CreateCampaign {
            campaign,
            sponsor: sponsor.address,
            asset: Asset::Hbar,
            budget: 1_000,
            fee: 100,
            claim_window: Span::from_secs(3_600),
            refund_after: ground.now().secs() + 30 * 86_400,
        },
    )
    .await;
    done(&ground, &EscrowCall::Close { campaign, root: [7; 32], total: 1_000 }).await;

    let most = u32::try_from(ground.hedera.max_batch()).unwrap();
    let burners = burners(&ground, most).await;
    // Indexes so far apart that each has a slot of its own to write.
    let entry = |(account, n): (EvmAddress, u32)| PayEntry { account, amount: 1, index: n * 256 };
    let entries = burners.into_iter().zip(0..).map(entry).collect();
    done(&ground, &EscrowCall::PayBatch { campaign, batch: 1, entries }).await;

    let found = ground.hedera.campaign(campaign).await.unwrap();
    assert_eq!(found.paid, u64::from(most));
    let mut credited = 0;
    let mut cursor = None;
    loop {
        let page = ground.hedera.escrow_events(cursor.as_ref()).await.unwrap();
        let kinds = page.events.iter().map(|event| &event.kind);
        credited += kinds
            .filter(|kind| matches!(kind, EscrowEventKind::Paid { credited: true, .. }))
            .count();
        cursor = page.next;
        if !page.more {
            break;
        }
    }
    assert_eq!(credited, ground.hedera.max_batch());
}

async fn done(ground: &Ground, call: &EscrowCall) {
    let prepared = ground.hedera.prepare(call, ground.now()).await.unwrap();
    ground.hedera.send(&prepared).await.unwrap();
    ground.later(Span::from_secs(1)).await;
    let outcome = ground.hedera.look_up(&prepared).await.unwrap();
    assert!(matches!(outcome, Outcome::Done { .. }), "{}: {outcome:?}", call.function());
}

async fn burners(ground: &Ground, count: u32) -> Vec<EvmAddress> {
    let payer = ground.open().await;
    let account: AccountId = payer.party.account.to_string().parse().unwrap();
    let node = AccountId::new(0, 0, 3);
    let nodes: HashMap<String, AccountId> =
        ground.network.nodes.keys().map(|address| (address.clone(), node)).collect();
    let client = Client::for_network(nodes).unwrap();
    client.set_operator(account, PrivateKey::from_str_der(&payer.key_der).unwrap());
    let mut made = Vec::new();
    for n in 0..count {
        let secs = ground.now().secs() - 5;
        let id: TransactionId = format!("{account}@{secs}.{n:09}").parse().unwrap();
        ContractCreateTransaction::new()
            .bytecode(hex::decode(BURNER).unwrap())
            .gas(200_000)
            .transaction_id(id)
            .node_account_ids([node])
            .max_transaction_fee(Hbar::new(50))
            .execute(&client)
            .await
            .unwrap();
        let mut receipt = TransactionReceiptQuery::new();
        receipt.transaction_id(id).node_account_ids([node]);
        made.push(receipt.execute(&client).await.unwrap().contract_id.unwrap());
    }
    ground.later(Span::from_secs(1)).await;
    let mut addresses = Vec::new();
    for contract in made {
        let known = ground.mirror(&format!("contracts/{contract}")).await;
        addresses.push(known["evm_address"].as_str().unwrap().parse().unwrap());
    }
    addresses
}
