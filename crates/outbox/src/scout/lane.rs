//! Whose turn it is: deficit round robin between accounts.
//!
//! A *lane* is one account's work in one queue. Lanes stand in a ring. In each round a lane may take
//! its quantum, and what it could not take because the worker's hands were full it may take in the
//! next one: that is its deficit. So an account with a hundred thousand waiting events delays
//! another account's single event by one turn, not by a hundred thousand.
//!
//! A lane that gives nothing rests beside the ring, at the place where it was last taken from: work
//! comes where work was, and is found there without looking everywhere.
//!
//! Nothing here asks the database: what there is was seen a moment ago, and may be gone.

use std::collections::{BTreeMap, HashMap, VecDeque};

use hashbuzz_db::FromQueryResult;

/// Lanes that rest and are not forgotten.
const RESTING: usize = 64;
/// A lane that gave nothing so many times in a row rests.
const PATIENCE: u32 = 8;
/// Resting lanes that are asked at a time, and the part of the room that they may have.
const ASKED: usize = 8;
const ASKED_PART: usize = 4;

/// One account's work in one queue.
#[derive(Clone, Debug)]
struct Lane {
    name: String,
    /// Nothing of a lower rank was there when it was last looked at, nor of this rank with a
    /// smaller id. Of events that are due together thousands may have one rank.
    low: i64,
    low_id: String,
    /// A look found nothing of a lower rank in it, taken or not.
    floor: i64,
    deficit: usize,
    /// Claims in a row that found nothing.
    empty: u32,
}

/// What to take from one lane.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Take {
    pub(crate) lane: String,
    pub(crate) low: i64,
    pub(crate) low_id: String,
    pub(crate) room: usize,
}

impl Take {
    /// Begins there, where it would begin later.
    pub(crate) fn begin_at(&mut self, rank: i64) {
        if rank < self.low {
            (self.low, self.low_id) = (rank, String::new());
        }
    }
}

/// What came of it: how many there were, and which was the last.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) count: usize,
    pub(crate) last: i64,
    pub(crate) last_id: String,
}

impl Default for Taken {
    fn default() -> Self {
        Self { count: 0, last: i64::MIN, last_id: String::new() }
    }
}

/// How many of each lane were taken, and which was the last.
pub(crate) fn by_lane<'a>(
    all: impl Iterator<Item = (&'a str, i64, &'a str)>,
) -> HashMap<String, Taken> {
    let mut lanes: HashMap<String, Taken> = HashMap::new();
    for (lane, rank, id) in all {
        let taken = lanes.entry(lane.to_owned()).or_default();
        taken.count += 1;
        if (rank, id) > (taken.last, &taken.last_id) {
            (taken.last, taken.last_id) = (rank, id.to_owned());
        }
    }
    lanes
}

/// What there was in a lane when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, FromQueryResult)]
pub(crate) struct Seen {
    pub(crate) lane: String,
    /// The lowest rank in it.
    pub(crate) rank: i64,
}

/// The ring, and who rests beside it.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    ring: VecDeque<Lane>,
    /// Whoever was asked longest ago first.
    resting: VecDeque<Lane>,
}

impl Lanes {
    /// Takes note of what was seen, where that is the first of each lane. Lanes that are known keep
    /// their place and their deficit.
    pub(crate) fn see(&mut self, seen: Vec<Seen>) {
        self.learn(seen, |lane, rank| {
            (lane.low, lane.low_id) = (rank, String::new());
            lane.floor = rank;
        });
    }

    /// Takes note of what came in; there may be more before it.
    pub(crate) fn came(&mut self, seen: Vec<Seen>) {
        self.learn(seen, Lane::begin_at);
    }

    /// From where to look on in each lane that is known.
    pub(crate) fn floors(&self) -> Vec<Seen> {
        let all = self.ring.iter().chain(&self.resting);
        all.map(|lane| Seen { lane: lane.name.clone(), rank: lane.floor }).collect()
    }

    /// Takes note of the first of each lane from its floor on. What was written after `late` may be
    /// committed later, before that.
    pub(crate) fn looked_on(&mut self, first: Vec<Seen>, late: i64) {
        let mut firsts: HashMap<&str, i64> = HashMap::new();
        for seen in &first {
            firsts.insert(&seen.lane, seen.rank);
        }
        for lane in self.ring.iter_mut().chain(&mut self.resting) {
            let first = firsts.get(&*lane.name).copied();
            lane.floor = lane.floor.max(first.unwrap_or(i64::MAX).min(late));
        }
        self.came(first);
    }

    fn learn(&mut self, seen: Vec<Seen>, begin: impl Fn(&mut Lane, i64)) {
        let mut news: BTreeMap<String, i64> = BTreeMap::new();
        for seen in seen {
            let lowest = news.entry(seen.lane).or_insert(seen.rank);
            *lowest = seen.rank.min(*lowest);
        }
        let (rise, rest): (VecDeque<_>, _) = std::mem::take(&mut self.resting)
            .into_iter()
            .partition(|lane| news.contains_key(&lane.name));
        self.resting = rest;
        self.ring.extend(rise);
        for lane in &mut self.ring {
            if let Some(rank) = news.remove(&lane.name) {
                begin(lane, rank);
                lane.empty = 0;
            }
        }
        for (name, low) in news {
            let (low_id, floor) = (String::new(), low);
            self.ring.push_back(Lane { name, low, low_id, floor, deficit: 0, empty: 0 });
        }
    }

    /// Who is known, at work or at rest.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.ring.iter().chain(&self.resting).map(|lane| lane.name.as_str())
    }

    /// Shares `room` out between the lanes that are `open`, and moves the ring on by as many as had
    /// their turn.
    pub(crate) fn share(&mut self, room: usize, open: impl Fn(&str) -> bool) -> Vec<Take> {
        let sharing = self.ring.iter().filter(|lane| open(&lane.name)).count();
        let mut takes = self.ask(room, sharing == 0, &open);
        let mut left = room - takes.len();
        if sharing == 0 || left == 0 {
            return takes;
        }
        let quantum = left.div_ceil(sharing).max(1);
        for _ in 0..self.ring.len() {
            let Some(mut lane) = self.ring.pop_front() else { break };
            if !open(&lane.name) {
                self.ring.push_back(lane);
                continue;
            }
            lane.deficit = (lane.deficit + quantum).min(room);
            let take = lane.deficit.min(left);
            left -= take;
            takes.push(lane.take(take));
            self.ring.push_back(lane);
            if left == 0 {
                break;
            }
        }
        takes
    }

    /// One event of each of a few resting lanes: of all there is room for, when nobody else wants
    /// it.
    fn ask(&mut self, room: usize, alone: bool, open: impl Fn(&str) -> bool) -> Vec<Take> {
        let most = if alone { room } else { ASKED.min(room / ASKED_PART) };
        let mut asked = VecDeque::new();
        let mut others = VecDeque::new();
        for lane in std::mem::take(&mut self.resting) {
            let is_asked = asked.len() < most && open(&lane.name);
            if is_asked { &mut asked } else { &mut others }.push_back(lane);
        }
        let takes = asked.iter().map(|lane: &Lane| lane.take(1)).collect();
        others.append(&mut asked);
        self.resting = others;
        takes
    }

    /// Takes note of what came of it.
    pub(crate) fn took(&mut self, takes: &[Take], taken: &HashMap<String, Taken>) {
        for take in takes {
            let gave = taken.get(&take.lane);
            if let Some(at) = self.resting.iter().position(|lane| lane.name == take.lane) {
                if gave.is_some() {
                    self.ring.extend(self.resting.remove(at));
                } else {
                    continue;
                }
            }
            let Some(lane) = self.ring.iter_mut().find(|lane| lane.name == take.lane) else {
                continue;
            };
            let count = gave.map_or(0, |gave| gave.count);
            // Nothing is owed to whoever has nothing to do.
            lane.deficit = if count < take.room { 0 } else { lane.deficit.saturating_sub(count) };
            lane.empty += 1;
            if let Some(gave) = gave {
                (lane.low, lane.low_id) = (gave.last, gave.last_id.clone());
                lane.empty = 0;
            }
        }
        self.rest();
    }

    fn rest(&mut self) {
        let (ring, tired) =
            std::mem::take(&mut self.ring).into_iter().partition(|lane| lane.empty < PATIENCE);
        self.ring = ring;
        let tired: VecDeque<Lane> = tired;
        self.resting.extend(tired);
        while self.resting.len() > RESTING {
            self.resting.pop_front();
        }
    }
}

impl Lane {
    /// Begins there, where it would begin later.
    fn begin_at(&mut self, rank: i64) {
        if rank < self.low {
            (self.low, self.low_id) = (rank, String::new());
        }
        self.floor = self.floor.min(rank);
    }

    fn take(&self, room: usize) -> Take {
        Take { lane: self.name.clone(), low: self.low, low_id: self.low_id.clone(), room }
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

    fn every(_: &str) -> bool {
        true
    }

    fn takes(lanes: &mut Lanes, room: usize) -> Vec<(String, usize)> {
        lanes.share(room, every).into_iter().map(|take| (take.lane, take.room)).collect()
    }

    fn all(takes: &[Take]) -> HashMap<String, Taken> {
        takes.iter().map(|take| (take.lane.clone(), taken(take.room))).collect()
    }

    fn taken(count: usize) -> Taken {
        Taken { count, last: 9, last_id: "a".into() }
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
            let shared = lanes.share(1, every);
            lanes.took(&shared, &all(&shared));
            order.extend(shared.into_iter().map(|take| take.lane));
        }
        assert_eq!(order, ["a", "b", "c", "a", "b", "c"]);
    }

    #[test]
    fn what_a_lane_could_not_take_it_may_take_in_the_next_round() {
        let mut lanes = lanes(&["a", "b", "c"]);
        // Quantum 2: c gets one of its two.
        let first = lanes.share(5, every);
        assert_eq!(first.iter().map(|take| take.room).collect::<Vec<_>>(), [2, 2, 1]);
        lanes.took(&first, &all(&first));
        let second = lanes.share(6, every);
        let of = |name: &str| second.iter().find(|take| take.lane == name).map(|take| take.room);
        assert_eq!(of("c").unwrap_or(0), 2, "{second:?}");
    }

    #[test]
    fn lanes_that_are_closed_wait_and_the_others_share_the_room() {
        let mut lanes = lanes(&["a", "b", "c"]);
        let shared = lanes.share(8, |name| name != "b");
        let rooms: Vec<_> = shared.iter().map(|take| (take.lane.as_str(), take.room)).collect();
        assert_eq!(rooms, [("a", 4), ("c", 4)]);
        lanes.took(&shared, &all(&shared));
        assert_eq!(lanes.share(3, every).len(), 3, "nobody was forgotten");
        let mut resting = resting(4);
        assert!(resting.share(8, |_| false).is_empty());
        assert_eq!(resting.share(8, |name| name == "resting-2").len(), 1);
    }

    /// Lanes that were seen once and never gave anything.
    fn resting(count: usize) -> Lanes {
        let mut lanes = Lanes::default();
        let seen = (0..count).map(|n| Seen { lane: format!("resting-{n}"), rank: 7 });
        lanes.see(seen.collect());
        for _ in 0..PATIENCE {
            let shared = lanes.share(count, every);
            lanes.took(&shared, &HashMap::new());
        }
        assert_eq!(lanes.ring.len(), 0);
        lanes
    }

    #[test]
    fn a_lane_without_work_rests_and_is_asked_where_it_was() {
        let mut lanes = resting(1);
        let asked = lanes.share(4, every);
        let lane = || "resting-0".to_owned();
        assert_eq!(asked, [Take { lane: lane(), low: 7, low_id: String::new(), room: 1 }]);
        lanes.took(&asked, &HashMap::from([(lane(), taken(1))]));
        let next = lanes.share(4, every);
        assert_eq!(next, [Take { lane: lane(), low: 9, low_id: "a".into(), room: 4 }]);
    }

    fn of(low: i64, low_id: &str) -> Lanes {
        let mut lanes = lanes(&["a"]);
        let shared = lanes.share(4, every);
        let last = Taken { count: 4, last: low, last_id: low_id.into() };
        lanes.took(&shared, &HashMap::from([("a".into(), last)]));
        lanes
    }

    #[test]
    fn what_came_in_later_hides_nothing_before_it_and_what_came_in_earlier_is_found() {
        let came = |rank| {
            let mut lanes = of(100, "id");
            let seen = |rank| Seen { lane: "a".into(), rank };
            lanes.came(vec![seen(rank + 5), seen(rank), seen(rank + 9)]);
            let take = lanes.share(1, every).remove(0);
            (take.low, take.low_id)
        };
        assert_eq!(came(200), (100, "id".into()));
        assert_eq!(came(100), (100, "id".into()));
        assert_eq!(came(60), (60, String::new()));
    }

    #[test]
    fn a_look_goes_on_from_the_oldest_that_was_there_and_from_before_what_may_come_late() {
        let floor = |lanes: &Lanes| lanes.floors()[0].rank;
        let seen = |rank| vec![Seen { lane: "a".into(), rank }];
        let mut lanes = of(100, "id");
        assert_eq!(floor(&lanes), 0);
        lanes.looked_on(seen(60), 80);
        assert_eq!(floor(&lanes), 60, "it waits, for its key perhaps");
        lanes.looked_on(seen(95), 80);
        assert_eq!(floor(&lanes), 80, "what is committed late comes before it");
        lanes.looked_on(Vec::new(), 90);
        assert_eq!(floor(&lanes), 90);
        lanes.looked_on(Vec::new(), 70);
        assert_eq!(floor(&lanes), 90, "never back");
        lanes.came(seen(30));
        assert_eq!(floor(&lanes), 30, "but for what came in there");
        assert_eq!(lanes.share(1, every)[0].low, 30);
    }

    #[test]
    fn a_resting_lane_goes_on_where_it_rested_when_something_comes_in() {
        let mut lanes = resting(2);
        lanes.came(vec![Seen { lane: "resting-1".into(), rank: 50 }]);
        assert_eq!((lanes.ring.len(), lanes.resting.len()), (1, 1));
        let asked = lanes.share(8, every);
        let low = |name: &str| asked.iter().find(|take| take.lane == name).map(|take| take.low);
        assert_eq!((low("resting-1"), low("resting-0")), (Some(7), Some(7)));
    }

    #[test]
    fn a_claim_can_begin_before_the_place_that_was_reached_and_never_after_it() {
        let take = |rank| {
            let mut take = of(100, "id").share(1, every).remove(0);
            take.begin_at(rank);
            (take.low, take.low_id)
        };
        assert_eq!(take(80), (80, String::new()));
        assert_eq!(take(100), (100, "id".into()));
        assert_eq!(take(300), (100, "id".into()));
    }

    #[test]
    fn who_rests_takes_little_from_who_works_and_is_asked_in_turn() {
        let mut lanes = resting(20);
        lanes.see(vec![Seen { lane: "busy".into(), rank: 0 }]);
        let mut asked = std::collections::BTreeSet::new();
        for _ in 0..3 {
            let shared = lanes.share(100, every);
            let busy = shared.iter().find(|take| take.lane == "busy").map(|take| take.room);
            assert_eq!(busy, Some(100 - ASKED));
            lanes.took(&shared, &HashMap::from([("busy".into(), taken(92))]));
            asked.extend(shared.into_iter().map(|take| take.lane));
        }
        assert_eq!(asked.len(), 21);
        assert_eq!(lanes.share(1, every).len(), 1, "nobody is asked where there is room for one");
    }

    #[test]
    fn more_resting_lanes_than_can_be_remembered_are_forgotten() {
        let lanes = resting(RESTING + 9);
        assert_eq!(lanes.resting.len(), RESTING);
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
            let shared = lanes.share(7 + round % 11, every);
            let mut taken = HashMap::new();
            for take in &shared {
                let left = waiting.get_mut(&take.lane).expect("a lane");
                let count = take.room.min(*left);
                *left -= count;
                *served.entry(take.lane.clone()).or_default() += count;
                taken.insert(take.lane.clone(), self::taken(count));
            }
            lanes.took(&shared, &taken);
        }
        let (least, most) = (served.values().min(), served.values().max());
        let (least, most) = (least.copied().unwrap_or(0), most.copied().unwrap_or(0));
        assert!(most - least <= 20, "{served:?}");
    }
}
