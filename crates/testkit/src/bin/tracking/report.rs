//! What is printed.

use serde_json::{Value, json};

use crate::Args;
use crate::crowd::Seen;

/// A quarter of an hour.
const WINDOW: i64 = 900;

/// A run.
pub(crate) struct Report {
    pub(crate) args: Args,
    /// What the owner of one campaign was told before it was published.
    pub(crate) told: Value,
    /// What X had counted when all of them ran.
    pub(crate) running: Value,
    /// What X had counted when the last one was allocated.
    pub(crate) counted: Value,
    pub(crate) seen: Seen,
    /// Microseconds from the last end to the last allocation.
    pub(crate) finished_after: i64,
}

impl Report {
    /// Nobody was missed or invented, and X never had to refuse us for asking too much.
    pub(crate) fn is_well(&self) -> bool {
        self.seen.missed == 0 && self.seen.invented == 0 && self.refused() == 0
    }

    /// Requests that X refused with 429.
    fn refused(&self) -> u64 {
        rows(&self.counted["requests"]).filter(|row| row["status"] == 429).map(count).sum()
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "campaigns": self.args.campaigns,
            "participants": self.args.participants,
            "crowd": self.args.crowd(),
            "brands": self.args.brands,
            "hours": self.args.hours,
            "together": !self.args.apart,
            "limits": self.counted["limits"],
            "told": self.told,
            "asked": self.asked(),
            "refused_429": self.refused(),
            "usd": usd(&self.counted["spend"]["total_micros"]),
            "usd_until_all_ran": usd(&self.running["spend"]["total_micros"]),
            "engagements": self.seen.done,
            "seen": self.seen.seen,
            "missed": self.seen.missed,
            "invented": self.seen.invented,
            "finished_seconds_after_the_end": self.finished_after / 1_000_000,
        })
    }

    /// Windows that the last walks of all campaigns take, if they begin at once.
    fn windows(&self, calls: &Value) -> u64 {
        let brands = u64::try_from(self.args.brands).unwrap_or(1);
        let campaigns = u64::try_from(self.args.campaigns).unwrap_or(1);
        let room = number(&calls["app_window"]) + brands * number(&calls["profile_window"]);
        (campaigns * number(&calls["at_close"])).div_ceil(room.max(1)).max(1)
    }

    /// Requests that X had, by endpoint.
    fn asked(&self) -> Vec<Value> {
        let mut asked: Vec<(String, u64)> = Vec::new();
        for row in rows(&self.counted["requests"]) {
            let route = row["route"].as_str().unwrap_or_default();
            match asked.iter_mut().find(|(name, _)| name == route) {
                Some((_, sum)) => *sum += count(row),
                None => asked.push((route.to_owned(), count(row))),
            }
        }
        asked
            .into_iter()
            .map(|(route, sum)| json!({ "endpoint": route, "requests": sum }))
            .collect()
    }

    pub(crate) fn print(&self) {
        let Args { campaigns, participants, brands, hours, apart, .. } = self.args;
        let how = if apart { "each post and kind apart" } else { "together" };
        println!(
            "{campaigns} campaigns of {brands} brands, {participants} participants each of {} people, \
             {hours} h, read {how}; X's limits: {}",
            self.args.crowd(),
            self.counted["limits"].as_str().unwrap_or("documented")
        );
        println!("\nplan of one campaign, as its owner was told before funding");
        println!(
            "{:<16}{:>9}{:>9}{:>14}{:>22}{:>17}",
            "endpoint",
            "requests",
            "at close",
            "usd at most",
            "window: app + brands",
            "windows at close"
        );
        for calls in rows(&self.told["calls"]) {
            let (app, profile) = (number(&calls["app_window"]), number(&calls["profile_window"]));
            println!(
                "{:<16}{:>9}{:>9}{:>14}{:>22}{:>17}",
                calls["endpoint"].as_str().unwrap_or_default(),
                number(&calls["requests"]),
                number(&calls["at_close"]),
                calls["usd"].as_str().unwrap_or_default(),
                format!("{app} + {brands} x {profile}"),
                self.windows(calls),
            );
        }
        let windows = rows(&self.told["calls"]).map(|calls| self.windows(calls)).max();
        // Following them may have used up the windows in which they end.
        println!(
            "planned: if all {campaigns} end at once, the last one is read {} min later at most",
            windows.unwrap_or(1) * WINDOW.unsigned_abs() / 60
        );
        println!(
            "at most ${} for {} participants, each engaging in every kind",
            self.told["estimated_usd"].as_str().unwrap_or_default(),
            self.told["assumed_participants"]
        );
        println!("\nasked of X by all of them");
        for row in self.asked() {
            let endpoint = row["endpoint"].as_str().unwrap_or_default();
            println!("{endpoint:<16}{:>10}", number(&row["requests"]));
        }
        println!("refused with 429: {}", self.refused());
        println!(
            "X billed ${}, of it ${} until all of them ran",
            usd(&self.counted["spend"]["total_micros"]),
            usd(&self.running["spend"]["total_micros"])
        );
        println!(
            "engagements {}, seen {}, missed {}, invented {}",
            self.seen.done, self.seen.seen, self.seen.missed, self.seen.invented
        );
        println!("the last one was allocated {} s after its end", self.finished_after / 1_000_000);
    }
}

fn rows(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn count(row: &Value) -> u64 {
    number(&row["count"])
}

fn usd(micros: &Value) -> String {
    let micros = micros.as_u64().unwrap_or_default();
    format!("{}.{:02}", micros / 1_000_000, micros % 1_000_000 / 10_000)
}
