//! Windows that fill up, and what they show.

use std::borrow::Cow;
use std::collections::HashMap;

use axum::http::HeaderMap;
use axum::http::header::{HeaderName, HeaderValue};

use serde::{Deserialize, Serialize};

use super::{Day, Limits, days};
use crate::faults::UsedUp;
use crate::world::UserId;

const SECOND: i64 = 1_000_000;
const WINDOW: i64 = 15 * 60 * SECOND;
const DAY: i64 = 24 * 3600 * SECOND;

/// Whose window it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Owner {
    App,
    User(UserId),
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Window {
    start: i64,
    used: u32,
}

/// All windows.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rates {
    #[serde(with = "crate::state::pairs")]
    windows: HashMap<(Cow<'static, str>, Owner), Window>,
}

/// What one window shows after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gauge {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Unix seconds.
    pub(crate) reset: i64,
}

/// The windows that one request fell into.
#[derive(Clone, Debug)]
pub(crate) struct Readings {
    window: Gauge,
    day: DayReadings,
}

#[derive(Clone, Copy, Debug)]
struct DayReadings {
    app: Option<Gauge>,
    user: Option<Gauge>,
}

impl Rates {
    /// Counts one request of `user`, or of the app itself: in the 15 minutes of whoever asks, and
    /// in the days of the endpoint, if it has any. The flag says whether it may go on.
    pub(crate) fn take(
        &mut self,
        endpoint: &'static str,
        limits: &Limits,
        (limit, user): (u32, Option<UserId>),
        now: i64,
    ) -> (Readings, bool) {
        let owner = user.map_or(Owner::App, Owner::User);
        let measure = |day: Option<Day>| day.map(|day| (day.0, (limits.of_day(day), DAY)));
        let (app_day, user_day) = days(endpoint);
        let all = [(measure(app_day), Owner::App), (measure(user_day), owner)];
        let full = all.iter().any(|(day, owner)| {
            day.is_some_and(|(name, measure)| self.is_full(name, *owner, measure, now))
        });
        let (window, allowed) = if full {
            (self.gauge(endpoint, owner, (limit, WINDOW), now), false)
        } else {
            self.step(endpoint, owner, (limit, WINDOW), now)
        };
        let [app, user] = all.map(|(day, owner)| {
            let (name, measure) = day?;
            if allowed {
                self.step(name, owner, measure, now);
            }
            Some(self.gauge(name, owner, measure, now))
        });
        (Readings { window, day: DayReadings { app, user } }, allowed)
    }

    fn step(
        &mut self,
        name: &'static str,
        owner: Owner,
        (limit, span): (u32, i64),
        now: i64,
    ) -> (Gauge, bool) {
        let allowed = !self.is_full(name, owner, (limit, span), now);
        if allowed {
            let window =
                self.windows.entry((name.into(), owner)).or_insert(Window { start: now, used: 0 });
            if now >= window.start + span {
                *window = Window { start: now, used: 0 };
            }
            window.used += 1;
        }
        (self.gauge(name, owner, (limit, span), now), allowed)
    }

    fn is_full(&self, name: &'static str, owner: Owner, measure: (u32, i64), now: i64) -> bool {
        self.gauge(name, owner, measure, now).remaining == 0
    }

    fn gauge(
        &self,
        name: &'static str,
        owner: Owner,
        (limit, span): (u32, i64),
        now: i64,
    ) -> Gauge {
        let current =
            self.windows.get(&(name.into(), owner)).filter(|window| now < window.start + span);
        let Window { start, used } = current.copied().unwrap_or(Window { start: now, used: 0 });
        // Rounded up: a client that waits until this second finds the window open.
        let reset = (start + span + SECOND - 1).div_euclid(SECOND);
        Gauge { limit, remaining: limit.saturating_sub(used), reset }
    }
}

impl Readings {
    /// Readings of which one window is used up until `reset`, in Unix seconds.
    pub(crate) fn exhausted(mut self, which: UsedUp, reset: i64) -> Self {
        let gauge = match which {
            UsedUp::Window => Some(&mut self.window),
            UsedUp::UserDay => self.day.user.as_mut(),
            UsedUp::AppDay => self.day.app.as_mut(),
        };
        if let Some(gauge) = gauge {
            *gauge = Gauge { remaining: 0, reset, ..*gauge };
        }
        self
    }

    /// Writes the headers.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        write(headers, "x-rate-limit", self.window);
        if let Some(app) = self.day.app {
            write(headers, "x-app-limit-24hour", app);
        }
        if let Some(user) = self.day.user {
            write(headers, "x-user-limit-24hour", user);
        }
    }
}

fn write(headers: &mut HeaderMap, prefix: &str, gauge: Gauge) {
    let numbers = [
        ("limit", i64::from(gauge.limit)),
        ("remaining", i64::from(gauge.remaining)),
        ("reset", gauge.reset),
    ];
    for (name, number) in numbers {
        let name = HeaderName::try_from(format!("{prefix}-{name}"))
            .expect("the prefixes are valid header names");
        headers.insert(name, HeaderValue::from(number));
    }
}
