//! Pages of a list that changes while it is read.
//!
//! A token remembers how many rows were shown and which was the last. When rows were added at the
//! top since, the next page starts where the count says, and shows some rows again; when rows were
//! taken away, it starts after the last one shown, and skips none. So a reader may see a row twice
//! but never misses one that stayed.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::call::Call;
use crate::faults::FaultKind;
use crate::problem::Problem;
use crate::world::World;

/// One page, and where to go on.
#[derive(Clone, Debug)]
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) next: Option<String>,
}

/// Where a page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// Rows shown so far.
    shown: usize,
    /// The key of the last of them; keys fall along the list.
    last: u64,
    /// When the token was given out, in microseconds since the epoch.
    at: i64,
}

/// Cuts the page that `call` asks for out of `rows`, which are `(key, row)`, newest first.
/// `subject` says what list it is; a token of one list is no good for another.
pub(crate) fn page<T: Copy>(
    world: &World,
    call: &Call,
    subject: &str,
    size: usize,
    rows: Vec<(u64, T)>,
) -> Result<Page<T>, Problem> {
    let name = if call.param("next_token").is_some() { "next_token" } else { "pagination_token" };
    let place = match call.param(name) {
        None => None,
        Some(token) => Some(understood(world, call, subject, token).ok_or_else(|| {
            let message = format!("The `{name}` query parameter value [{token}] is not valid");
            Problem::invalid(name, token, &message)
        })?),
    };
    let start = place.map_or(0, |place| {
        let after_last = rows.partition_point(|(key, _)| *key >= place.last);
        place.shown.min(after_last)
    });
    if call.struck(FaultKind::DuplicatePage)
        && let Some(place) = place
    {
        let before = rows[start.saturating_sub(size)..start].iter().map(|(_, row)| *row);
        let next = write(world, call, subject, place);
        return Ok(Page { rows: before.collect(), next: Some(next) });
    }
    let end = rows.len().min(start + size);
    let next = rows.get(end).and(end.checked_sub(1)).map(|last| {
        let place = Place { shown: end, last: rows[last].0, at: call.now };
        write(world, call, subject, place)
    });
    let left_out = call.struck(FaultKind::MissingRows);
    let shown = rows[start..end].iter().filter(|(key, _)| !(left_out && is_unlucky(*key)));
    Ok(Page { rows: shown.map(|(_, row)| *row).collect(), next })
}

/// Whether a list that leaves rows out leaves out this one: the same ones every time, a quarter.
fn is_unlucky(key: u64) -> bool {
    key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 62 == 0
}

fn understood(world: &World, call: &Call, subject: &str, token: &str) -> Option<Place> {
    if call.struck(FaultKind::ExpiredToken) { None } else { read(world, call, subject, token) }
}

fn write(world: &World, call: &Call, subject: &str, place: Place) -> String {
    let text = format!("{}.{}.{}", place.shown, place.last, place.at);
    let seal = seal(world, call, subject, &text);
    BASE64_URL_SAFE_NO_PAD.encode(format!("{text}.{seal}"))
}

fn read(world: &World, call: &Call, subject: &str, token: &str) -> Option<Place> {
    let decoded = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (text, sealed) = decoded.rsplit_once('.')?;
    if sealed != seal(world, call, subject, text) {
        return None;
    }
    let mut parts = text.split('.');
    let place = Place {
        shown: parts.next()?.parse().ok()?,
        last: parts.next()?.parse().ok()?,
        at: parts.next()?.parse().ok()?,
    };
    let lifetime = world.settings.page_token_lifetime_secs;
    let expired = lifetime.is_some_and(|seconds| call.now >= place.at + seconds * 1_000_000);
    (!expired).then_some(place)
}

fn seal(world: &World, call: &Call, subject: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(world.app.page_key.as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(format!("{}\n{subject}\n{text}", call.endpoint.name).as_bytes());
    hex::encode(&mac.finalize().into_bytes()[..8])
}
