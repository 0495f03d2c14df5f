//! Claims: a line of the allocation, bound to the caller, once.

use alloy_primitives::{Bytes, U256};
use hashbuzz_escrow_tests::abi::{EscrowEvent, HashbuzzEscrow as abi, state};
use hashbuzz_escrow_tests::allocation::{Allocation, Binder, Line, entry};
use hashbuzz_escrow_tests::chain::{address, digest};
use hashbuzz_escrow_tests::escrow::{Escrow, ONE, Refused, events, small};
use hashbuzz_escrow_tests::stage::{BUDGET, Stage, WINDOW};

/// The order of secp256k1, to turn a signature into its other form.
const ORDER: &str = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

#[test]
fn leaf_and_binding_are_what_the_interface_says() {
    let (mut stage, allocation) = Stage::closed(&[3 * ONE]);
    let Line { index, profile, amount } = allocation.lines()[0];
    let id = stage.id;
    let leaf = stage.escrow.view(abi::leafHashCall { id, index, profile, amount });
    assert_eq!(leaf, allocation.root(), "a tree of one line");
    let domain = stage.escrow.view(abi::eip712DomainCall {});
    assert_eq!((domain.name.as_str(), domain.version.as_str()), ("HashbuzzEscrow", "1"));
    assert_eq!(domain.verifyingContract, stage.escrow.address);
}

#[test]
fn everybody_claims_their_own_line_in_trees_of_every_shape() {
    for lines in 1..=9 {
        let (mut stage, allocation) = Stage::closed(&vec![ONE; lines]);
        for position in 0..lines {
            let account = address(&format!("claimer {position}"));
            let done = stage.claim(&allocation, position, account).unwrap();
            let index = u32::try_from(position).unwrap();
            let paid = abi::Paid { id: stage.id, index, account, amount: ONE, credited: false };
            assert_eq!(events(&done, stage.escrow.address), [EscrowEvent::Paid(paid)]);
            assert_eq!(small(stage.escrow.chain.balance(account)), ONE);
        }
        assert_eq!(stage.campaign().paid, allocation.total());
    }
}

#[test]
fn a_claim_is_bound_to_line_amount_profile_and_campaign() {
    let (mut stage, allocation) = Stage::closed(&[ONE, 2 * ONE, 3 * ONE]);
    let anna = address("anna");
    let good = stage.claim_call(&allocation, 1, anna);
    let binder = stage.escrow.people.binder.clone();
    let other_line = abi::claimCall {
        index: 2,
        binding: binder.bind(stage.escrow.address, stage.id, 2, anna),
        ..good.clone()
    };
    let spoilt = [
        other_line,
        abi::claimCall { amount: good.amount + 1, ..good.clone() },
        abi::claimCall { profile: digest("somebody else"), ..good.clone() },
        abi::claimCall { proof: allocation.proof(2), ..good.clone() },
        abi::claimCall { proof: good.proof[1..].to_vec(), ..good.clone() },
        abi::claimCall { proof: vec![], ..good.clone() },
    ];
    for call in spoilt {
        let refused = stage.escrow.call(anna, call).unwrap_err();
        assert_eq!(refused, abi::BadProof {}.into());
    }
    stage.escrow.call(anna, good).unwrap();
}

#[test]
fn an_inner_node_does_not_pass_for_a_line() {
    // Its content would have to be a pair of hashes; a line is hashed twice and is longer.
    let (mut stage, allocation) = Stage::closed(&[ONE; 4]);
    let anna = address("anna");
    let mut call = stage.claim_call(&allocation, 0, anna);
    call.proof.remove(0);
    let refused = stage.escrow.call(anna, call).unwrap_err();
    assert_eq!(refused, abi::BadProof {}.into());
}

#[test]
fn an_allocation_of_another_contract_or_campaign_proves_nothing() {
    let mut stage = Stage::running();
    let lines = stage.allocation(&[ONE, ONE]).lines().to_vec();
    let anna = address("anna");
    let elsewhere = Allocation::new(address("other contract"), stage.id, lines.clone());
    let other_id = Allocation::new(stage.escrow.address, digest("other campaign"), lines);
    for allocation in [elsewhere, other_id] {
        let mut stage = Stage { escrow: stage.escrow.fork(), ..stage };
        stage.close(&allocation).unwrap();
        let refused = stage.claim(&allocation, 0, anna).unwrap_err();
        assert_eq!(refused, abi::BadProof {}.into());
    }
    let right = stage.allocation(&[ONE, ONE]);
    stage.close(&right).unwrap();
    stage.claim(&right, 0, anna).unwrap();
}

#[test]
fn a_binding_is_worth_nothing_to_anybody_else_or_for_anything_else() {
    let (mut stage, allocation) = Stage::closed(&[ONE, ONE]);
    let (anna, thief) = (address("anna"), address("thief"));
    let bad = Refused::from(abi::BadBinding {});
    let good = stage.claim_call(&allocation, 0, anna);
    assert_eq!(stage.escrow.call(thief, good.clone()).unwrap_err(), bad, "another account");
    let binder = stage.escrow.people.binder.clone();
    let (here, id) = (stage.escrow.address, stage.id);
    let spoilt = [
        ("another line", binder.bind(here, id, 1, anna)),
        ("another campaign", binder.bind(here, digest("other"), 0, anna)),
        ("another contract", binder.bind(address("other contract"), id, 0, anna)),
        ("another signer", Binder::named("thief").bind(here, id, 0, anna)),
        ("no signature", Bytes::new()),
        ("too short", good.binding[..64].to_vec().into()),
        ("zeros", vec![0; 65].into()),
        ("its other form", malleable(&good.binding)),
    ];
    for (what, binding) in spoilt {
        let call = abi::claimCall { binding, ..good.clone() };
        assert_eq!(stage.escrow.call(anna, call).unwrap_err(), bad, "{what}");
    }
    stage.escrow.call(anna, good).unwrap();
}

/// The same signature with s replaced by n - s: valid mathematically, refused by rule.
fn malleable(binding: &Bytes) -> Bytes {
    let order: U256 = ORDER.parse().unwrap();
    let s = order - U256::from_be_slice(&binding[32..64]);
    let mut other = binding.to_vec();
    other[32..64].copy_from_slice(&s.to_be_bytes::<32>());
    other[64] = 27 + 28 - other[64];
    other.into()
}

#[test]
fn bindings_of_a_key_that_lost_its_role_are_worth_nothing() {
    let (mut stage, allocation) = Stage::closed(&[ONE]);
    let anna = address("anna");
    let role = stage.escrow.view(abi::BINDER_ROLECall {});
    let people = stage.escrow.people.clone();
    let revoke = abi::revokeRoleCall { role, account: people.binder.address() };
    stage.escrow.call(people.admin, revoke).unwrap();
    let refused = stage.claim(&allocation, 0, anna).unwrap_err();
    assert_eq!(refused, abi::BadBinding {}.into());
}

#[test]
fn a_line_is_paid_once_whether_pushed_or_claimed() {
    let (mut stage, allocation) = Stage::closed(&[ONE; 3]);
    let anna = address("anna");
    stage.claim(&allocation, 0, anna).unwrap();
    let again = stage.claim(&allocation, 0, anna).unwrap_err();
    assert_eq!(again, abi::AlreadyPaid { index: 0 }.into());
    let pushed = stage.pay(1, vec![entry(anna, 100_000_000, 0)]).unwrap_err();
    assert_eq!(pushed, abi::AlreadyPaid { index: 0 }.into());
    stage.pay(1, vec![entry(anna, 100_000_000, 1)]).unwrap();
    let claimed = stage.claim(&allocation, 1, anna).unwrap_err();
    assert_eq!(claimed, abi::AlreadyPaid { index: 1 }.into());
    assert_eq!(small(stage.escrow.chain.balance(anna)), 2 * ONE);
}

#[test]
fn claims_stay_within_a_total_that_is_below_the_lines() {
    let mut stage = Stage::running();
    let allocation = stage.allocation(&[ONE, ONE]);
    let total = 2 * ONE - 1;
    stage.operate(abi::closeCall { id: stage.id, root: allocation.root(), total }).unwrap();
    stage.claim(&allocation, 0, address("anna")).unwrap();
    let refused = stage.claim(&allocation, 1, address("ben")).unwrap_err();
    let (total, wanted) = (U256::from(total), U256::from(2 * ONE));
    assert_eq!(refused, abi::TotalExceeded { total, wanted }.into());
}

#[test]
fn claims_are_taken_until_the_rest_is_refunded() {
    let (mut stage, allocation) = Stage::closed(&[ONE; 3]);
    stage.escrow.chain.pass(10 * WINDOW);
    stage.claim(&allocation, 0, address("late")).unwrap();
    stage.refund(stage.sponsor).unwrap();
    let refused = stage.claim(&allocation, 1, address("too late")).unwrap_err();
    let (total, wanted) = (U256::from(ONE), U256::from(2 * ONE));
    assert_eq!(refused, abi::TotalExceeded { total, wanted }.into());
    stage.finalise(stage.sponsor).unwrap();
    let refused = stage.claim(&allocation, 1, address("too late")).unwrap_err();
    let state = state::FINALISED;
    assert_eq!(refused, abi::WrongState { id: stage.id, state }.into());
    assert_eq!(stage.campaign().refunded, BUDGET - ONE);
}

#[test]
fn a_line_of_nothing_cannot_be_claimed() {
    let (mut stage, allocation) = Stage::closed(&[0, ONE]);
    let refused = stage.claim(&allocation, 0, address("anna")).unwrap_err();
    assert_eq!(refused, abi::NothingToDo {}.into());
}

#[test]
fn a_contract_that_cannot_receive_can_still_claim_and_is_credited() {
    use alloy_sol_types::SolCall;
    use hashbuzz_escrow_tests::abi::Recipient;
    let (mut stage, allocation) = Stage::closed(&[ONE]);
    let shutter = stage.recipient("Shutter");
    let claim = stage.claim_call(&allocation, 0, shutter).abi_encode().into();
    let Escrow { chain, address: target, .. } = &mut stage.escrow;
    let act = Recipient::actCall { target: *target, value: U256::ZERO, data: claim };
    chain.transact(address("tester"), shutter, 0, act.abi_encode().into()).unwrap();
    assert_eq!(stage.escrow.credit(shutter), ONE);
    stage.assert_covered();
}
