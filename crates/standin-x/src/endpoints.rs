//! Everything that can be asked, in one table: by which address, with which rights, how often in
//! 15 minutes, with which parameters, and who answers.
//!
//! Limits and rights are those of X's pay-per-use plan in August 2026. A parameter that is not in
//! an endpoint's row is refused, as there: `quote_tweets` knows no `end_time`.

use axum::http::Method;

use crate::auth::{self, Access};
use crate::call::{Call, Reply};
use crate::world::World;
use crate::{lists, media, posts, reactions, search, users};

/// One row.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Its name in counters, limits and faults.
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    /// Requests of one person within 15 minutes.
    pub(crate) per_user: u32,
    /// Requests of the app itself within 15 minutes.
    pub(crate) per_app: u32,
    /// Groups of query parameters that it knows.
    pub(crate) params: &'static [&'static [&'static str]],
    pub(crate) handle: fn(&mut World, &Call) -> Reply,
}

const POST_SHAPE: &[&str] = &[
    "tweet.fields",
    "post.fields",
    "user.fields",
    "expansions",
    "media.fields",
    "poll.fields",
    "place.fields",
];
const USER_SHAPE: &[&str] = &["user.fields", "tweet.fields", "post.fields", "expansions"];
const PAGING: &[&str] = &["max_results", "pagination_token"];
const SPAN: &[&str] = &["since_id", "until_id", "start_time", "end_time"];

/// The older form of uploading in steps has everything but the bytes in the query, if it likes.
const MEDIA_STEP: &[&str] = &[
    "additional_owners",
    "command",
    "media_category",
    "media_id",
    "media_type",
    "segment_index",
    "shared",
    "total_bytes",
];

const READ: Access = Access::Any(&["tweet.read", "users.read"]);
/// Bearer tokens only: the app's or a person's.
const READ_BY_TOKEN: Access = Access::Bearer(&["tweet.read", "users.read"]);
const READ_AS_USER: Access = Access::User(&["tweet.read", "users.read"]);
const WRITE: Access = Access::User(&["tweet.read", "tweet.write", "users.read"]);
const READ_LIKES: Access = Access::User(&["like.read", "tweet.read", "users.read"]);
const WRITE_LIKES: Access = Access::User(&["like.write", "tweet.read", "users.read"]);

const WRITE_MEDIA: Access = Access::User(&["media.write"]);

type Handler = fn(&mut World, &Call) -> Reply;
type Params = &'static [&'static [&'static str]];

const fn row(
    name: &'static str,
    method: Method,
    path: &'static str,
    access: Access,
    (per_user, per_app): (u32, u32),
    params: Params,
    handle: Handler,
) -> Endpoint {
    Endpoint { name, method, path, access, per_user, per_app, params, handle }
}

/// The table. The names of the paths' parameters are those that handlers ask for.
#[rustfmt::skip]
pub(crate) static ENDPOINTS: &[Endpoint] = &[
    row("create_post", Method::POST, "/2/tweets", WRITE, (100, 0), &[], posts::create),
    row("delete_post", Method::DELETE, "/2/tweets/{id}", WRITE, (50, 0), &[], posts::delete),
    row("posts_by_ids", Method::GET, "/2/tweets", READ, (5_000, 3_500),
        &[&["ids"], POST_SHAPE], posts::by_ids),
    row("post_by_id", Method::GET, "/2/tweets/{id}", READ, (900, 450), &[POST_SHAPE], posts::by_id),
    row("search_recent", Method::GET, "/2/tweets/search/recent", READ, (300, 450),
        &[&["query", "next_token", "sort_order"], PAGING, SPAN, POST_SHAPE], search::recent),
    row("count_recent", Method::GET, "/2/tweets/counts/recent", READ_BY_TOKEN, (300, 300),
        &[&["query", "granularity", "search_count.fields", "next_token", "pagination_token"], SPAN],
        search::count_recent),
    row("liking_users", Method::GET, "/2/tweets/{id}/liking_users", READ_LIKES, (75, 0),
        &[PAGING, USER_SHAPE], lists::liking_users),
    row("reposted_by", Method::GET, "/2/tweets/{id}/retweeted_by", READ, (75, 75),
        &[PAGING, USER_SHAPE], lists::reposted_by),
    row("reposts", Method::GET, "/2/tweets/{id}/retweets", READ, (75, 75),
        &[PAGING, POST_SHAPE], lists::reposts),
    row("quotes", Method::GET, "/2/tweets/{id}/quote_tweets", READ, (75, 75),
        &[&["exclude"], PAGING, POST_SHAPE], lists::quotes),
    row("users_by_ids", Method::GET, "/2/users", READ, (900, 300),
        &[&["ids"], USER_SHAPE], users::by_ids),
    row("me", Method::GET, "/2/users/me", READ_AS_USER, (75, 0), &[USER_SHAPE], users::me),
    row("user_by_id", Method::GET, "/2/users/{id}", READ, (900, 300), &[USER_SHAPE], users::by_id),
    row("user_by_username", Method::GET, "/2/users/by/username/{username}", READ, (900, 300),
        &[USER_SHAPE], users::by_username),
    row("users_by_usernames", Method::GET, "/2/users/by", READ, (900, 300),
        &[&["usernames"], USER_SHAPE], users::by_usernames),
    row("timeline", Method::GET, "/2/users/{id}/tweets", READ, (900, 10_000),
        &[&["exclude"], PAGING, SPAN, POST_SHAPE], lists::timeline),
    row("like", Method::POST, "/2/users/{id}/likes", WRITE_LIKES, (50, 0), &[], reactions::like),
    row("unlike", Method::DELETE, "/2/users/{id}/likes/{tweet_id}", WRITE_LIKES, (50, 0),
        &[], reactions::unlike),
    row("repost", Method::POST, "/2/users/{id}/retweets", WRITE, (50, 0), &[], reactions::repost),
    row("unrepost", Method::DELETE, "/2/users/{id}/retweets/{tweet_id}", WRITE, (50, 0),
        &[], reactions::unrepost),
    row("media_initialize", Method::POST, "/2/media/upload/initialize", WRITE_MEDIA, (1_875, 0),
        &[], media::initialize),
    row("media_append", Method::POST, "/2/media/upload/{id}/append", WRITE_MEDIA, (1_875, 0),
        &[], media::append),
    row("media_finalize", Method::POST, "/2/media/upload/{id}/finalize", WRITE_MEDIA, (1_875, 0),
        &[], media::finalize),
    row("media_status", Method::GET, "/2/media/upload", WRITE_MEDIA, (1_000, 0),
        &[&["command", "media_id"]], media::status),
    row("media_upload", Method::POST, "/2/media/upload", WRITE_MEDIA, (500, 0),
        &[MEDIA_STEP], media::upload),
    row("media_metadata", Method::POST, "/2/media/metadata", WRITE_MEDIA, (500, 0),
        &[], media::describe),
    row("oauth2_token", Method::POST, "/2/oauth2/token", Access::Open, (0, 0),
        &[], auth::oauth2::token),
    row("oauth2_revoke", Method::POST, "/2/oauth2/revoke", Access::Open, (0, 0),
        &[], auth::oauth2::revoke),
    row("app_token", Method::POST, "/oauth2/token", Access::Open, (0, 0),
        &[], auth::oauth2::app_token),
    row("consent_page", Method::GET, "/i/oauth2/authorize", Access::Open, (0, 0),
        &[], auth::consent_page),
    row("consent", Method::POST, "/i/oauth2/authorize", Access::Open, (0, 0),
        &[], auth::consent),
];
