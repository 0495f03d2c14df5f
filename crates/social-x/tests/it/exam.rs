//! The port's exam, in each manner in which X can be spoken to.

mod by_oauth_2_in_the_old_vocabulary {
    use crate::standin::{Manner, StandIn};

    async fn world() -> StandIn {
        StandIn::start(Manner::USUAL).await
    }

    hashbuzz_social::exam!(world);
}

mod by_oauth_1_in_the_new_vocabulary {
    use crate::standin::{Manner, StandIn};

    async fn world() -> StandIn {
        StandIn::start(Manner::NEW).await
    }

    hashbuzz_social::exam!(world);
}

mod with_the_app_reading_what_is_public {
    use crate::standin::{Manner, StandIn};

    async fn world() -> StandIn {
        StandIn::start(Manner::APP).await
    }

    hashbuzz_social::exam!(world);
}
