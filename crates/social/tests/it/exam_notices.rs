//! Each question passes without flaws and fails on the flaw that it is there for.

use std::future::Future;
use std::pin::Pin;

use hashbuzz_social::conformance::{self as exam, World};

use crate::memory::{Flaw, Memory};

async fn sound() -> Memory {
    Memory::new(None)
}

mod passes {
    use super::sound;

    hashbuzz_social::exam!(sound);
}

type Question = for<'a> fn(&'a dyn World) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

async fn fails(flaw: Flaw, question: Question) -> bool {
    let outcome = tokio::spawn(async move { question(&Memory::new(Some(flaw))).await }).await;
    outcome.is_err_and(|error| error.is_panic())
}

macro_rules! notices {
    ($($flaw:ident => $question:ident,)*) => {
        vec![$((Flaw::$flaw, (|world| Box::pin(exam::$question(world))) as Question),)*]
    };
}

#[tokio::test]
async fn every_flaw_fails_its_question() {
    let cases = notices! {
        ConfusesProfiles => a_profile_is_known_by_its_access,
        ResendsWhenLost => a_lost_answer_is_found_exactly_once,
        ReportsLostAsRefused => a_lost_answer_is_found_exactly_once,
        ForgetsWhatIsTaken => a_post_that_another_effect_owns_is_not_found_again,
        IgnoresTheTarget => a_reply_is_told_from_the_same_text_elsewhere,
        IgnoresSince => an_earlier_post_is_not_taken_for_this_one,
        IgnoresTheAuthor => a_published_post_is_found,
        KeepsEntities => texts_survive_the_network,
        DeletesOnce => a_deletion_may_be_repeated,
        ReportsLostDeletionAsLimit => a_lost_deletion_may_be_repeated,
        ReportsRevokedAsRefused => a_revoked_access_asks_for_a_new_link,
        WaitsUntilThePast => a_limited_request_says_until_when,
        DoesWhatIsLimited => a_limited_request_says_until_when,
        MeasuresTooLittle => the_measure_is_the_network_s,
        StopsAfterAPage => reposts_are_listed_to_the_end,
        ClaimsTheCapIsAll => likes_are_listed_to_the_end,
        ClaimsOnEveryPage => quotes_are_listed_to_the_end,
        HasNoObjects => replies_are_listed_to_the_end,
        InventsPeople => reposts_are_listed_to_the_end,
        ListsTheWithdrawn => who_took_it_back_is_listed_no_more,
        MovesItsPages => a_page_may_be_asked_for_again,
        MiscountsLikes => counts_are_those_of_the_people,
        CountsTheDeleted => a_deleted_post_is_not_counted,
        OneActAPerson => one_person_engages_in_several_ways,
        TakesBareForShowing => what_was_uploaded_in_pieces_is_shown,
        RefusesRepeatedPieces => every_step_of_an_upload_may_be_repeated,
        ShowsTheUnfinished => what_cannot_be_shown_is_refused_for_its_media,
        KeepsUploadsForEver => what_cannot_be_shown_is_refused_for_its_media,
        HidesFailures => a_medium_that_the_network_cannot_use_says_so,
    };
    for (flaw, question) in cases {
        assert!(fails(flaw, question).await, "{flaw:?} went unnoticed");
    }
}
