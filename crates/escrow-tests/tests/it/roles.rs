//! Who may do what: every protected function, and what each key can do on its own.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use hashbuzz_escrow_tests::abi::HashbuzzEscrow as abi;
use hashbuzz_escrow_tests::artefact::creation_code;
use hashbuzz_escrow_tests::chain::address;
use hashbuzz_escrow_tests::escrow::{Escrow, HBAR, Refused};
use hashbuzz_escrow_tests::stage::{BUDGET, DAY, FEE, Stage};

#[test]
fn every_protected_function_is_refused_to_everybody_else() {
    let mut stage = Stage::running();
    let people = stage.escrow.people.clone();
    let id = stage.id;
    let [operator, guardian, treasury] = [
        stage.escrow.view(abi::OPERATOR_ROLECall {}),
        stage.escrow.view(abi::GUARDIAN_ROLECall {}),
        stage.escrow.view(abi::TREASURY_ROLECall {}),
    ];
    let to = address("till");
    let calls = [
        (operator, stage.create_call(BUDGET, FEE).abi_encode()),
        (operator, abi::topUpCall { id, budget: 1, fee: 0 }.abi_encode()),
        (operator, abi::cancelCall { id }.abi_encode()),
        (operator, abi::closeCall { id, root: B256::ZERO, total: 0 }.abi_encode()),
        (operator, abi::payBatchCall { id, batch: 1, entries: vec![] }.abi_encode()),
        (guardian, abi::pauseCall {}.abi_encode()),
        (treasury, abi::withdrawFeesCall { asset: HBAR, to, amount: 1 }.abi_encode()),
        (B256::ZERO, abi::unpauseCall {}.abi_encode()),
        (B256::ZERO, abi::setPayoutCeilingCall { asset: HBAR, perHour: 1 }.abi_encode()),
        (B256::ZERO, abi::sweepSurplusCall { asset: HBAR, to, amount: 1 }.abi_encode()),
        (B256::ZERO, abi::grantRoleCall { role: operator, account: to }.abi_encode()),
        (B256::ZERO, abi::revokeRoleCall { role: operator, account: to }.abi_encode()),
    ];
    let holders = [
        (operator, people.operator),
        (guardian, people.guardian),
        (treasury, people.treasury),
        (B256::ZERO, people.admin),
    ];
    let everybody = [
        people.operator,
        people.guardian,
        people.treasury,
        people.admin,
        stage.sponsor,
        address("stranger"),
    ];
    for (role, call) in calls {
        for account in everybody {
            if holders.contains(&(role, account)) {
                continue;
            }
            let refused = stage.escrow.raw(account, 0, call.clone().into()).unwrap_err();
            let expected = abi::AccessControlUnauthorizedAccount { account, neededRole: role };
            assert_eq!(refused, expected.into());
        }
    }
}

#[test]
fn a_revoked_operator_can_do_nothing_more() {
    let mut stage = Stage::running();
    let people = stage.escrow.people.clone();
    let role = stage.escrow.view(abi::OPERATOR_ROLECall {});
    let revoke = abi::revokeRoleCall { role, account: people.operator };
    stage.escrow.call(people.admin, revoke).unwrap();
    let account = people.operator;
    let expected = abi::AccessControlUnauthorizedAccount { account, neededRole: role };
    let refused = stage.operate(abi::cancelCall { id: stage.id }).unwrap_err();
    assert_eq!(refused, expected.into());
}

#[test]
fn the_admin_changes_in_two_steps_two_days_apart() {
    let mut escrow = Escrow::deploy();
    let (admin, next) = (escrow.people.admin, address("next admin"));
    let begin = abi::beginDefaultAdminTransferCall { newAdmin: next };
    escrow.call(admin, begin).unwrap();
    let accept = abi::acceptDefaultAdminTransferCall {};
    let schedule = U256::from(escrow.chain.now() + 2 * DAY);
    escrow.chain.pass(2 * DAY);
    let refused = escrow.call(next, accept.clone()).unwrap_err();
    let schedule = alloy_primitives::aliases::U48::from(schedule);
    assert_eq!(refused, abi::AccessControlEnforcedDefaultAdminDelay { schedule }.into());
    escrow.chain.pass(1);
    let stranger = address("stranger");
    let refused = escrow.call(stranger, accept.clone()).unwrap_err();
    assert_eq!(refused, abi::AccessControlInvalidDefaultAdmin { defaultAdmin: stranger }.into());
    escrow.call(next, accept).unwrap();
    assert_eq!(escrow.view(abi::defaultAdminCall {}), next);
    let refused = escrow.call(admin, abi::unpauseCall {}).unwrap_err();
    let expected = abi::AccessControlUnauthorizedAccount { account: admin, neededRole: B256::ZERO };
    assert_eq!(refused, expected.into());
}

#[test]
fn a_contract_without_an_admin_is_not_deployed() {
    use alloy_sol_types::SolValue;
    let mut escrow = Escrow::deploy();
    let someone = address("someone");
    let mut code = creation_code("HashbuzzEscrow").to_vec();
    code.extend((Address::ZERO, someone, someone, someone, 1_u128).abi_encode_params());
    let failed = escrow.chain.deploy(someone, &code).unwrap_err();
    let expected =
        Refused::from(abi::AccessControlInvalidDefaultAdmin { defaultAdmin: Address::ZERO });
    assert_eq!(hashbuzz_escrow_tests::escrow::refused(failed), expected);
}
