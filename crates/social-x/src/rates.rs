//! What asking uses up: by endpoint and by who asks, and in money.
//!
//! Each endpoint's file says its own numbers ([`Rate`]); here they become the buckets that a request
//! draws from before it is sent. The numbers are those of X's documentation and hold until an answer
//! says others.

use hashbuzz_domain::{Span, Time};
use hashbuzz_social::{Bucket, Draw, Reading, Settled, Spent, Window};

use crate::limits::{self, Limit};
use crate::problem::Problem;
use crate::remedy::Answer;
use crate::settings::{Caps, Prices};
use crate::sign::Right;

/// X's usual window. <X docs, rate limits, August 2026>
pub(crate) const WINDOW: Span = Span::from_secs(15 * 60);
/// Posts that one profile may make in 24 hours. <X help, limits, read August 2026>
const PROFILE_POSTS: u64 = 2_400;
/// Posts that all profiles of an app may make in 24 hours. <X docs, rate limits, August 2026>
const APP_POSTS: u64 = 10_000;
/// Longer than a day, so that a bucket is not thought full a moment too early.
const DAY: Span = Span::from_secs(86_400);

/// Closed while prepaid credit is used up.
const CREDIT: &str = "x/credit";
/// Closed while a cap of X's is used up that its answers do not number.
const USAGE: &str = "x/usage";
/// When a credit that was used up is tried again.
const CREDIT_AGAIN: Span = Span::from_secs(10 * 60);

/// What one endpoint allows and bills.
#[derive(Debug)]
pub(crate) struct Rate {
    /// The endpoint, in traces, buckets and books.
    pub(crate) name: &'static str,
    /// Requests of one profile in a [`WINDOW`].
    pub(crate) profile: u64,
    /// Requests of the app itself; 0 where it may not ask.
    pub(crate) app: u64,
    /// What is billed for each object that is delivered.
    pub(crate) billed: Billed,
}

/// What an object costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Billed {
    /// Nothing.
    Free,
    /// A post that is read.
    Post,
    /// A profile that is read.
    Profile,
    /// A new post.
    NewPost,
    /// A new post with a link in it.
    NewPostWithLink,
    /// A deletion.
    Deletion,
}

impl Billed {
    /// The price of one, in millionths of a dollar.
    pub(crate) const fn price(self, prices: &Prices) -> u64 {
        match self {
            Self::Free => 0,
            Self::Post => prices.post_read,
            Self::Profile => prices.profile_read,
            Self::NewPost => prices.post,
            Self::NewPostWithLink => prices.post_with_link,
            Self::Deletion => prices.deletion,
        }
    }
}

/// What one request has reserved.
#[derive(Debug)]
pub(crate) struct Tab {
    rate: &'static Rate,
    billed: Billed,
    price: u64,
    /// Objects that were reserved.
    at_most: u64,
    purse: Option<String>,
    draws: Vec<Draw>,
}

impl Tab {
    /// Everything that a request of `right` draws from.
    pub(crate) fn new(
        rate: &'static Rate,
        billed: Billed,
        at_most: u64,
        right: Right<'_>,
        (prices, caps): (&Prices, &Caps),
    ) -> Self {
        let price = billed.price(prices);
        let mut draws = vec![draw(CREDIT, 0, u64::MAX, Window::Day)];
        draws.extend(windows(rate, billed, right));
        if matches!(billed, Billed::Post | Billed::Profile) {
            draws.push(draw(USAGE, 0, u64::MAX, Window::Day));
        }
        if let Some(cap) = caps.posts_read_per_month.filter(|_| billed == Billed::Post) {
            draws.push(draw(POSTS_READ, at_most, cap, Window::Month));
        }
        let money = at_most.saturating_mul(price);
        if let Some(cap) = caps.micros_per_day.filter(|_| money > 0) {
            draws.push(draw(MONEY_DAY, money, cap, Window::Day));
        }
        if let Some(cap) = caps.micros_per_month.filter(|_| money > 0) {
            draws.push(draw(MONEY_MONTH, money, cap, Window::Month));
        }
        Self { rate, billed, price, at_most, purse: purse(right), draws }
    }

    pub(crate) fn draws(&self) -> &[Draw] {
        &self.draws
    }

    /// What became of it when nothing has left.
    pub(crate) fn not_sent(&self) -> Settled {
        let unused = self.draws.iter().filter(|draw| draw.amount > 0).cloned().collect();
        Settled { unused, ..Settled::default() }
    }

    /// What became of it when no answer came: a read that failed is free, a write may be billed.
    pub(crate) fn unanswered(&self) -> Settled {
        match self.billed {
            Billed::Post | Billed::Profile | Billed::Free => self.delivered(0),
            Billed::NewPost | Billed::NewPostWithLink | Billed::Deletion => {
                self.delivered(self.at_most)
            }
        }
    }

    /// What became of it by an answer that delivered `objects`.
    pub(crate) fn answered(&self, answer: &Answer, objects: u64, now: Time) -> Settled {
        let mut settled = self.delivered(objects);
        for gauge in limits::gauges(&answer.headers) {
            if let Some(bucket) = self.bucket(gauge.limit) {
                let bucket = bucket.to_owned();
                let (size, left) = (gauge.size, gauge.left);
                settled.readings.push(Reading { bucket, size, left, resets_at: gauge.resets_at });
            }
        }
        if answer.status.is_success() {
            return settled;
        }
        let problem = Problem::read(&answer.body);
        if answer.is_no_credit(&problem) {
            let why = "the prepaid credit at X is used up: top it up".to_owned();
            settled.closed.push((CREDIT.to_owned(), now.plus(CREDIT_AGAIN), why));
        } else if limits::is_usage_cap(&problem) {
            let (until, why) = limits::wait(&answer.headers, &problem, now);
            settled.closed.push((USAGE.to_owned(), until, why));
        } else if answer.is_limited(&problem) {
            let (until, why) = limits::wait(&answer.headers, &problem, now);
            let limit = limits::used_up(&answer.headers).unwrap_or(Limit::Window);
            if let Some(bucket) = self.bucket(limit) {
                settled.closed.push((bucket.to_owned(), until, why));
            }
        }
        settled
    }

    fn delivered(&self, objects: u64) -> Settled {
        let micros = objects.saturating_mul(self.price);
        let reserved = self.at_most.saturating_mul(self.price);
        let mut unused = Vec::new();
        for draw in &self.draws {
            let back = match draw.bucket.name.as_str() {
                MONEY_DAY | MONEY_MONTH => reserved.saturating_sub(micros),
                POSTS_READ => self.at_most.saturating_sub(objects),
                _ => 0,
            };
            if back > 0 {
                unused.push(Draw { bucket: draw.bucket.clone(), amount: back });
            }
        }
        let purse = self.purse.clone();
        let spent = Spent { endpoint: self.rate.name, purse, objects, micros };
        Settled { unused, spent: Some(spent), ..Settled::default() }
    }

    fn bucket(&self, limit: Limit) -> Option<&str> {
        let prefix = match limit {
            Limit::Window => format!("x/{}/", self.rate.name),
            Limit::ProfileDay => DAY_PREFIX.to_owned(),
            Limit::AppDay => return self.draws.iter().find_map(|d| named(d, APP_DAY)),
        };
        let mut names = self.draws.iter().map(|draw| draw.bucket.name.as_str());
        names.find(|name| name.starts_with(&prefix) && *name != APP_DAY)
    }
}

const MONEY_DAY: &str = "x/money/day";
const MONEY_MONTH: &str = "x/money/month";
const POSTS_READ: &str = "x/posts_read/month";
const DAY_PREFIX: &str = "x/posts_24h/";
const APP_DAY: &str = "x/posts_24h/app";

fn named<'a>(draw: &'a Draw, name: &str) -> Option<&'a str> {
    (draw.bucket.name == name).then_some(draw.bucket.name.as_str())
}

/// The windows that X counts a request in.
fn windows(rate: &'static Rate, billed: Billed, right: Right<'_>) -> Vec<Draw> {
    let posting = matches!(billed, Billed::NewPost | Billed::NewPostWithLink);
    let mut draws = Vec::new();
    match right {
        Right::App(_) => {
            let name = format!("x/{}/app", rate.name);
            draws.push(draw(&name, 1, rate.app, Window::Since(WINDOW)));
        }
        // Whose token it is, X says only in its answer.
        Right::Profile(access) => {
            if let Some(profile) = &access.profile {
                let name = format!("x/{}/{profile}", rate.name);
                draws.push(draw(&name, 1, rate.profile, Window::Since(WINDOW)));
                if posting {
                    let name = format!("{DAY_PREFIX}{profile}");
                    draws.push(draw(&name, 1, PROFILE_POSTS, Window::Since(DAY)));
                }
            }
            if posting {
                draws.push(draw(APP_DAY, 1, APP_POSTS, Window::Since(DAY)));
            }
        }
        Right::Client(_) => {}
    }
    draws
}

fn draw(name: &str, amount: u64, size: u64, window: Window) -> Draw {
    Draw { bucket: Bucket { name: name.to_owned(), size, window }, amount }
}

fn purse(right: Right<'_>) -> Option<String> {
    match right {
        Right::Profile(access) | Right::App(access) => access.booked_on.clone(),
        Right::Client(_) => None,
    }
}

/// When a credit that is used up is tried again.
pub(crate) fn credit_again(now: Time) -> Time {
    now.plus(CREDIT_AGAIN)
}
