//! Whose turn it is: deficit round robin between accounts.
//!
//! A *lane* is one account's work in one queue. Lanes stand in a ring. In each round a lane may take
//! its quantum, and what it could not take because the worker's hands were full it may take in the
//! next one: that is its deficit. So an account with a hundred thousand waiting events delays
//! another account's single event by one turn, not by a hundred thousand.
//!
//! Nothing here asks the database: what there is was seen a moment ago, and may be gone.

use std::collections::{HashMap, VecDeque};

/// Lanes without work that are still asked, because work comes where work was.
const RESTING: usize = 64;
/// A lane that gave nothing so many times in a row is forgotten until it is seen again.
const PATIENCE: u32 = 40;

/// One account's work in one queue.
#[derive(Clone, Debug)]
struct Lane {
    name: String,
    /// Nothing with a lower rank was there when it was last looked at.
    low: i64,
    deficit: usize,
    /// Claims in a row that found nothing.
    empty: u32,
}

/// What to take from one lane.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Take {
    pub(crate) lane: String,
    pub(crate) low: i64,
    pub(crate) room: usize,
}

/// What there was in a lane when it was looked at.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) lane: String,
    /// The lowest rank in it.
    pub(crate) rank: i64,
}

/// The ring.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    ring: VecDeque<Lane>,
}

impl Lanes {
    /// Takes note of what was seen. Lanes that are known keep their place and their deficit.
    pub(crate) fn see(&mut self, seen: Vec<Seen>) {
        let mut new: HashMap<String, i64> =
            seen.into_iter().map(|seen| (seen.lane, seen.rank)).collect();
        for lane in &mut self.ring {
            if let Some(rank) = new.remove(&lane.name) {
                lane.low = rank;
                lane.empty = 0;
            }
        }
        let mut new: Vec<_> = new.into_iter().collect();
        new.sort();
        for (name, low) in new {
            self.ring.push_back(Lane { name, low, deficit: 0, empty: 0 });
        }
        self.forget();
    }

    /// Shares `room` out, and moves the ring on by as many lanes as had their turn.
    pub(crate) fn share(&mut self, room: usize) -> Vec<Take> {
        if self.ring.is_empty() || room == 0 {
            return Vec::new();
        }
        let quantum = room.div_ceil(self.ring.len()).max(1);
        let mut left = room;
        let mut takes = Vec::new();
        for _ in 0..self.ring.len() {
            let Some(mut lane) = self.ring.pop_front() else { break };
            lane.deficit = (lane.deficit + quantum).min(room);
            let take = lane.deficit.min(left);
            left -= take;
            takes.push(Take { lane: lane.name.clone(), low: lane.low, room: take });
            self.ring.push_back(lane);
            if left == 0 {
                break;
            }
        }
        takes
    }

    /// Takes note of what came of it: for each lane how many were taken and the rank of the last.
    pub(crate) fn took(&mut self, takes: &[Take], taken: &HashMap<String, (usize, i64)>) {
        for take in takes {
            let Some(lane) = self.ring.iter_mut().find(|lane| lane.name == take.lane) else {
                continue;
            };
            let (count, last) = taken.get(&take.lane).copied().unwrap_or((0, take.low));
            if count < take.room {
                // Nothing is owed to whoever has nothing to do.
                lane.deficit = 0;
            } else {
                lane.deficit = lane.deficit.saturating_sub(count);
            }
            if count > 0 {
                lane.low = last;
                lane.empty = 0;
            } else {
                lane.empty += 1;
            }
        }
        self.forget();
    }

    fn forget(&mut self) {
        let resting = self.ring.iter().filter(|lane| lane.empty > 0).count();
        let crowded = resting > RESTING;
        self.ring.retain(|lane| lane.empty == 0 || (!crowded && lane.empty < PATIENCE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(names: &[&str]) -> Lanes {
        let mut lanes = Lanes::default();
        lanes.see(names.iter().map(|name| Seen { lane: (*name).into(), rank: 0 }).collect());
        lanes
    }

    fn takes(lanes: &mut Lanes, room: usize) -> Vec<(String, usize)> {
        lanes.share(room).into_iter().map(|take| (take.lane, take.room)).collect()
    }

    fn all(takes: &[Take]) -> HashMap<String, (usize, i64)> {
        takes.iter().map(|take| (take.lane.clone(), (take.room, 1))).collect()
    }

    #[test]
    fn room_is_shared_equally() {
        let shared = takes(&mut lanes(&["a", "b", "c"]), 9);
        assert_eq!(shared, [("a".into(), 3), ("b".into(), 3), ("c".into(), 3)]);
    }

    #[test]
    fn with_less_room_than_lanes_every_lane_has_its_turn() {
        let mut lanes = lanes(&["a", "b", "c"]);
        let mut order = Vec::new();
        for _ in 0..6 {
            let shared = lanes.share(1);
            lanes.took(&shared, &all(&shared));
            order.extend(shared.into_iter().map(|take| take.lane));
        }
        assert_eq!(order, ["a", "b", "c", "a", "b", "c"]);
    }

    #[test]
    fn what_a_lane_could_not_take_it_may_take_in_the_next_round() {
        let mut lanes = lanes(&["a", "b", "c"]);
        // Quantum 2: c gets one of its two.
        let first = lanes.share(5);
        assert_eq!(first.iter().map(|take| take.room).collect::<Vec<_>>(), [2, 2, 1]);
        lanes.took(&first, &all(&first));
        let second = lanes.share(6);
        let of = |name: &str| second.iter().find(|take| take.lane == name).map(|take| take.room);
        assert_eq!(of("c").unwrap_or(0), 2, "{second:?}");
    }

    #[test]
    fn a_lane_without_work_is_owed_nothing_and_forgotten() {
        let mut lanes = lanes(&["a"]);
        for _ in 0..PATIENCE {
            let shared = lanes.share(4);
            assert_eq!(shared.len(), 1);
            lanes.took(&shared, &HashMap::new());
        }
        assert_eq!(lanes.share(4), []);
    }

    #[test]
    fn over_many_rounds_everybody_is_served_alike_whatever_they_have() {
        // One lane has 90% of the work, nine others share the rest.
        let names: Vec<String> = (0..10).map(|n| format!("{n}")).collect();
        let mut waiting: HashMap<String, usize> =
            names.iter().map(|name| (name.clone(), 1_000)).collect();
        waiting.insert("0".into(), 81_000);
        let mut served: HashMap<String, usize> = HashMap::new();
        let mut lanes = lanes(&names.iter().map(String::as_str).collect::<Vec<_>>());
        for round in 0..400 {
            let shared = lanes.share(7 + round % 11);
            let mut taken = HashMap::new();
            for take in &shared {
                let left = waiting.get_mut(&take.lane).expect("a lane");
                let count = take.room.min(*left);
                *left -= count;
                *served.entry(take.lane.clone()).or_default() += count;
                taken.insert(take.lane.clone(), (count, 0));
            }
            lanes.took(&shared, &taken);
        }
        let (least, most) = (served.values().min(), served.values().max());
        let (least, most) = (least.copied().unwrap_or(0), most.copied().unwrap_or(0));
        assert!(most - least <= 20, "{served:?}");
    }
}
