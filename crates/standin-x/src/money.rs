//! What X charges, in millionths of a dollar: by the object that was read or by the request.
//!
//! The prices are those of pay-per-use in August 2026. A refusal costs nothing; what is read twice
//! in one UTC day is paid for once; related objects that come along with an answer are free. The
//! list that we have does not price likes and reposts: here giving one costs as much as a post,
//! and taking it back as much as deleting one. Uploads are free.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::auth::Access;
use crate::call::{Answer, Call, Reply};
use crate::endpoints::Endpoint;
use crate::problem::Problem;
use crate::text;
use crate::world::{Draft, PostId, UserId, World};

const POST_READ: u64 = 5_000;
const OWN_POST_READ: u64 = 1_000;
const USER_READ: u64 = 10_000;
const COUNT: u64 = 5_000;
const POST: u64 = 15_000;
const POST_WITH_LINK: u64 = 200_000;
/// An answer to somebody who spoke to the author.
const SUMMONED_REPLY: u64 = 10_000;
const DELETION: u64 = 10_000;

const DAY: i64 = 24 * 3600 * 1_000_000;

/// What an endpoint is paid by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Price {
    Free,
    Request(u64),
    Posts,
    Users,
    Publishing,
}

/// What was spent.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Money {
    spent: BTreeMap<String, Spent>,
    /// Days since the epoch, of `billed`.
    day: i64,
    /// What was paid for on that day: whether it is a post, and its id.
    billed: HashSet<(bool, u64)>,
    /// The month that the cap on reads counts in, as written.
    month: String,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Spent {
    /// Objects or requests that were paid for.
    units: u64,
    micros: u64,
}

impl Price {
    fn of(endpoint: &str) -> Self {
        match endpoint {
            "posts_by_ids" | "post_by_id" | "search_recent" | "reposts" | "quotes" | "timeline" => {
                Self::Posts
            }
            "liking_users" | "reposted_by" | "users_by_ids" | "users_by_usernames" | "me"
            | "user_by_id" | "user_by_username" => Self::Users,
            "count_recent" => Self::Request(COUNT),
            "create_post" => Self::Publishing,
            "delete_post" | "unlike" | "unrepost" => Self::Request(DELETION),
            "like" | "repost" => Self::Request(POST),
            _ => Self::Free,
        }
    }

    /// What one request costs at least, if it is answered with anything.
    fn least(self, world: &World) -> u64 {
        match self {
            Self::Free => 0,
            Self::Request(price) => price,
            Self::Posts if world.settings.app_owner.is_some() => OWN_POST_READ,
            Self::Posts => POST_READ,
            Self::Users => USER_READ,
            Self::Publishing => SUMMONED_REPLY,
        }
    }
}

/// Refuses what nobody pays for, and reads beyond the month's cap.
pub(crate) fn check(world: &mut World, endpoint: &Endpoint) -> Result<(), Problem> {
    if endpoint.access == Access::Open {
        return Ok(());
    }
    turn_the_month(world);
    let price = Price::of(endpoint.name);
    // An empty account is refused everything, what is free as well.
    covers(world, price.least(world).max(1))?;
    if price == Price::Posts && world.settings.reads_left == Some(0) {
        return Err(Problem::usage_cap(&world.app.account_id));
    }
    Ok(())
}

/// Refuses a post that the credit does not cover: what it costs is known before it is published.
pub(crate) fn check_post(world: &World, draft: &Draft) -> Result<(), Problem> {
    let has_link = !text::bare_links(&draft.text).is_empty();
    covers(world, publishing(world, draft.author, draft.reply_to, has_link))
}

fn covers(world: &World, needed: u64) -> Result<(), Problem> {
    let short = world.settings.credits.is_some_and(|credits| credits < needed);
    if short { Err(Problem::credits_depleted(&world.app.account_id)) } else { Ok(()) }
}

/// Takes what was delivered off the account.
pub(crate) fn charge(world: &mut World, call: &Call, reply: &Reply) {
    let Ok(Answer::Json(_, body)) = reply else { return };
    let day = call.now.div_euclid(DAY);
    if world.money.day != day {
        world.money.day = day;
        world.money.billed.clear();
    }
    let price = Price::of(call.endpoint.name);
    let ids = ids(body);
    if price == Price::Posts
        && let Some(left) = &mut world.settings.reads_left
    {
        // Reads count towards the cap each time.
        *left = left.saturating_sub(u64::try_from(ids.len()).unwrap_or(u64::MAX));
    }
    let costs: Vec<u64> = match price {
        Price::Free => Vec::new(),
        Price::Request(price) => vec![price],
        Price::Publishing => ids.iter().map(|id| published(world, PostId(*id))).collect(),
        Price::Posts | Price::Users => {
            let posts = price == Price::Posts;
            let fresh = ids.into_iter().filter(|id| world.money.billed.insert((posts, *id)));
            let fresh: Vec<u64> = fresh.collect();
            fresh.into_iter().map(|id| reading(world, call, posts, id)).collect()
        }
    };
    let micros = costs.iter().sum::<u64>();
    if let Some(credits) = &mut world.settings.credits {
        *credits = credits.saturating_sub(micros);
    }
    let spent = world.money.spent.entry(call.endpoint.name.to_owned()).or_default();
    spent.micros += micros;
    spent.units += u64::try_from(costs.len()).unwrap_or(u64::MAX);
}

impl Money {
    /// What was spent, for a test to compare with what the system believes.
    pub(crate) fn counted(&self) -> Value {
        let total: u64 = self.spent.values().map(|spent| spent.micros).sum();
        let rows = self.spent.iter().filter(|(_, spent)| spent.units > 0);
        let rows = rows.map(|(route, spent)| {
            json!({ "route": route, "units": spent.units, "micros": spent.micros })
        });
        json!({ "total_micros": total, "routes": rows.collect::<Vec<_>>() })
    }
}

/// With a new month there are as many reads as in every other.
fn turn_the_month(world: &mut World) {
    let month = crate::clock::written(world.now).chars().take(7).collect::<String>();
    if !world.money.month.is_empty() && world.money.month != month {
        world.settings.reads_left = world.settings.post_reads_per_month;
    }
    world.money.month = month;
}

fn ids(body: &Value) -> Vec<u64> {
    let id = |row: &Value| row.get("id")?.as_str()?.parse().ok();
    match body.get("data") {
        Some(Value::Array(rows)) => rows.iter().filter_map(id).collect(),
        Some(row) => id(row).into_iter().collect(),
        None => Vec::new(),
    }
}

fn published(world: &World, id: PostId) -> u64 {
    world.posts.ever_by_id(id).map_or(POST, |post| {
        let links = post.links.iter().filter(|link| !link.to_media).count();
        // One of them stands for the post that is quoted.
        let has_link = links > usize::from(post.quotes.is_some());
        publishing(world, post.author, post.reply_to, has_link)
    })
}

fn publishing(world: &World, author: UserId, reply_to: Option<PostId>, has_link: bool) -> u64 {
    let target = reply_to.and_then(|target| world.posts.ever_by_id(target));
    if has_link {
        POST_WITH_LINK
    } else if target.is_some_and(|target| target.author != author) {
        SUMMONED_REPLY
    } else {
        POST
    }
}

/// Reading is cheaper for whoever owns the app, as far as it is their own.
fn reading(world: &World, call: &Call, posts: bool, id: u64) -> u64 {
    if !posts {
        return USER_READ;
    }
    let owner: Option<UserId> = world
        .settings
        .app_owner
        .as_deref()
        .and_then(|owner| world.users.find(owner))
        .map(|user| user.id);
    let author = world.posts.ever_by_id(PostId(id)).map(|post| post.author);
    let own = owner.is_some() && owner == author && owner == call.caller.user();
    if own { OWN_POST_READ } else { POST_READ }
}
