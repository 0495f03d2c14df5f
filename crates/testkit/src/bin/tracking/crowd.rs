//! What people do, and whether the system has seen it.

use std::collections::BTreeSet;

use hashbuzz_db::{FromQueryResult, Sql as _, values};
use hashbuzz_testkit::World;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha12Rng;
use serde_json::{Value, json};

/// Of so many likes of one post X shows all; of more, only the first hundred, for ever.
const LIKES: usize = 80;
/// Half of all engagement comes within the first hours.
const EARLY: f64 = 3.0;

/// Everything that is done.
pub(crate) struct Acts {
    all: Vec<Value>,
    /// Post, kind and person.
    truth: BTreeSet<(String, &'static str, String)>,
    chance: ChaCha12Rng,
}

/// What the system has seen of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) done: usize,
    pub(crate) seen: usize,
    pub(crate) missed: usize,
    pub(crate) invented: usize,
}

impl Acts {
    pub(crate) fn new(seed: u64) -> Self {
        let chance = ChaCha12Rng::seed_from_u64(seed);
        Self { all: Vec::new(), truth: BTreeSet::new(), chance }
    }

    pub(crate) fn all(&self) -> &[Value] {
        &self.all
    }

    /// So many people take part in a campaign: each engages once or more, the first of them by a
    /// like, one in ten with the second post.
    pub(crate) fn on(
        &mut self,
        world: &World,
        posts: &[String],
        people: &[String],
        participants: usize,
        hours: u32,
    ) {
        let length = i64::from(hours) * 3_600 * 1_000_000;
        let now = world.now();
        let some: Vec<String> =
            people.choose_multiple(&mut self.chance, participants).cloned().collect();
        for (n, person) in some.iter().enumerate() {
            let post = &posts[usize::from(n % 10 == 9)];
            let mut kinds = BTreeSet::new();
            kinds.insert(if n < LIKES { "like" } else { ["repost", "quote", "reply"][n % 3] });
            if self.chance.random_bool(0.3) {
                kinds.insert(["repost", "quote", "reply"][self.chance.random_range(0..3)]);
            }
            for kind in kinds {
                #[expect(clippy::cast_possible_truncation, reason = "a part of a day")]
                #[expect(clippy::cast_precision_loss, reason = "a part of a day")]
                #[expect(clippy::float_arithmetic, reason = "when somebody acts, not what is paid")]
                let after = (length as f64 * 0.98 * self.chance.random::<f64>().powf(EARLY)) as i64;
                let text = format!("Number {n} says {kind}: {}", self.all.len());
                self.all.push(json!({
                    "at": now + after, "user": person, "kind": kind, "post": post, "text": text,
                }));
                self.truth.insert((post.clone(), kind, person.clone()));
            }
        }
    }

    /// Compares what was done with what the system has seen.
    pub(crate) async fn compare(&self, world: &World) -> Seen {
        #[derive(FromQueryResult)]
        struct Row {
            post: String,
            kind: String,
            profile: String,
        }
        let rows: Vec<Row> = world
            .app()
            .db
            .all("SELECT DISTINCT post, kind, profile FROM observation", values![])
            .await
            .expect("the database answers");
        let name =
            |kind: &str| ["like", "repost", "quote", "reply"].into_iter().find(|k| *k == kind);
        // A campaign's second post answers its first, and is the brand's own.
        let people: BTreeSet<&String> = self.truth.iter().map(|(_, _, person)| person).collect();
        let seen: BTreeSet<(String, &'static str, String)> = rows
            .into_iter()
            .filter(|row| people.contains(&row.profile))
            .filter_map(|row| Some((row.post, name(&row.kind)?, row.profile)))
            .collect();
        Seen {
            done: self.truth.len(),
            seen: seen.len(),
            missed: self.truth.difference(&seen).count(),
            invented: seen.difference(&self.truth).count(),
        }
    }
}
