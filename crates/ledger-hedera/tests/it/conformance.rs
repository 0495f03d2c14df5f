//! The exam of the port, once with a mirror node that keeps up and once with one that trails.

use std::time::Duration;

use hashbuzz_ledger::conformance;

use crate::ground::Ground;

macro_rules! exam {
    ($module:ident, $lag:expr, [$($promise:ident),* $(,)?]) => {
        mod $module {
            use super::*;
            $(
                #[tokio::test]
                async fn $promise() {
                    let ground = Ground::with_lag($lag).await;
                    conformance::$promise(&ground.hedera, &ground).await;
                }
            )*
        }
    };
    ([$($promise:ident),* $(,)?]) => {
        exam!(with_a_mirror_that_keeps_up, Duration::ZERO, [$($promise),*]);
        exam!(with_a_mirror_four_seconds_behind, Duration::from_secs(4), [$($promise),*]);
    };
}

exam!([
    a_call_is_prepared_sent_and_done,
    a_lost_answer_is_unknown_and_the_same_bytes_apply_once,
    a_lost_request_is_absent_after_its_validity_and_not_before,
    what_was_never_sent_is_pending_until_it_has_expired,
    a_busy_network_takes_the_same_bytes_later,
    a_refused_call_says_why,
    a_deposit_is_in_the_log_once,
    a_campaign_lives_from_deposit_to_finalise,
    a_full_batch_is_paid_and_a_larger_one_is_not_prepared,
    prices_and_what_is_left_for_them_are_known,
    what_does_not_exist_is_told_apart_from_a_failure,
]);
