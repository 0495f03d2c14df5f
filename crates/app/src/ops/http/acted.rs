//! What did not come of an act, as a problem.

use hashbuzz_outbox::operator::Acted;

use crate::campaign::http::rfc3339;
use crate::http::Problem;

/// Whether something was changed; a problem where it could not be.
pub(super) fn changed(acted: Acted) -> Result<bool, Problem> {
    Err(match acted {
        Acted::Done => return Ok(true),
        Acted::Already => return Ok(false),
        Acted::Missing => Problem::not_found(),
        Acted::Finished => {
            Problem::conflict("event.finished", "it is finished; nothing was changed")
        }
        Acted::Leased { worker, until } => Problem::conflict(
            "event.leased",
            format!(
                "{worker} has it in hand until {} at the latest; nothing was changed. Ask again \
                 when that is over",
                rfc3339(until)
            ),
        ),
        Acted::Paused => Problem::conflict(
            "event.paused",
            "its queue, kind or account is paused; nothing was changed. Resume that first",
        ),
        Acted::EqualWaits => Problem::conflict(
            "event.equal_waits",
            "an equal event waits and will do its work; nothing was changed. This one can be \
             discarded",
        ),
    })
}
