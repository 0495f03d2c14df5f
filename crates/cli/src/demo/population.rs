//! Who lives in the demo: people as measured among accounts that engage, and three farms.
//!
//! Everything is drawn from one generator and counted exactly where the story depends on it (how
//! many have linked a wallet), so that one seed always gives the same town. Ages are relative: the
//! town is equally old whenever the demo runs.

use std::time::Duration;

use hashbuzz_simulator::control::Profile;
use rand::Rng;
use rand::seq::SliceRandom;

use super::engagement::LogNormal;

/// People who take part.
pub(super) const PEOPLE: usize = 300;

const DAY: Duration = Duration::from_secs(86_400);

/// Followers of accounts that engage: half have fewer than 925, one in twenty more than 12,700.
const FOLLOWERS: LogNormal = LogNormal { median: 925.0, sigma: 1.6 };
const FOLLOWING: LogNormal = LogNormal { median: 700.0, sigma: 1.0 };
/// Posts in a year of an account's life.
const POSTS: LogNormal = LogNormal { median: 400.0, sigma: 1.3 };

const NAMES: [&str; 24] = [
    "ada", "bela", "chidi", "dana", "emil", "farah", "goro", "hana", "ines", "jonas", "kemi",
    "lena", "mateo", "nadia", "oskar", "priya", "quinn", "rosa", "sami", "tala", "uma", "viktor",
    "wanda", "yusuf",
];

/// When a person tells us which ledger account is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wallet {
    /// Before the first campaign.
    FromTheStart,
    /// Only when they hear that something waits for them.
    DuringTheClaimWindow,
    /// They never do; what they earned goes back to the campaigner.
    Never,
}

/// Somebody who takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) profile: Profile,
    pub(super) wallet: Wallet,
}

/// How a farm works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Farm {
    /// Made on one day, four in five act within three minutes, all paste one text.
    Burst,
    /// Made within a week, follow many, act one by one all day long.
    Drip,
    /// Bought accounts with a past, which copy one text and show nothing else.
    Copy,
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bot {
    pub(super) profile: Profile,
    pub(super) farm: Farm,
}

/// Somebody of the town, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Member {
    Person(usize),
    Bot(usize),
}

/// Everybody but the brands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Population {
    /// The busiest first.
    pub(super) people: Vec<Person>,
    pub(super) bots: Vec<Bot>,
}

impl Population {
    /// The town of this generator: [`PEOPLE`] people, of whom 80 % have linked a wallet at the
    /// start, 10 % will, 10 % never do; and 60 bots.
    pub(super) fn new(rng: &mut impl Rng) -> Self {
        let tenth = PEOPLE / 10;
        let mut wallets = vec![Wallet::FromTheStart; PEOPLE];
        wallets[..tenth].fill(Wallet::DuringTheClaimWindow);
        wallets[tenth..2 * tenth].fill(Wallet::Never);
        wallets.shuffle(rng);
        let person = |(number, wallet)| Person { profile: somebody(number, rng), wallet };
        let people = wallets.into_iter().enumerate().map(person).collect();
        let farms = [(Farm::Burst, 25), (Farm::Drip, 20), (Farm::Copy, 15)];
        let bots = farms.into_iter().flat_map(|(farm, size)| (0..size).map(move |n| (farm, n)));
        let bots = bots.map(|(farm, n)| Bot { profile: machine(farm, n, rng), farm }).collect();
        Self { people, bots }
    }

    /// What everybody can see of a member.
    pub(super) fn profile(&self, member: Member) -> &Profile {
        match member {
            Member::Person(position) => &self.people[position].profile,
            Member::Bot(position) => &self.bots[position].profile,
        }
    }

    /// All members: people, then bots.
    pub(super) fn members(&self) -> impl Iterator<Item = Member> + use<> {
        let people = (0..self.people.len()).map(Member::Person);
        people.chain((0..self.bots.len()).map(Member::Bot))
    }
}

/// A brand that posts campaigns.
pub(super) fn brand(handle: &str, name: &str) -> Profile {
    Profile {
        handle: handle.to_owned(),
        name: name.to_owned(),
        age: DAY * 1_500,
        followers: 48_000,
        following: 310,
        posts: 5_200,
        default_avatar: false,
        protected: false,
    }
}

fn somebody(number: usize, rng: &mut impl Rng) -> Profile {
    let name = NAMES[rng.random_range(0..NAMES.len())];
    let age = DAY * rng.random_range(200..5_000) + second_of_the_day(rng);
    let years = age.as_secs().div_ceil(365 * DAY.as_secs());
    Profile {
        handle: format!("{name}_{number:03}"),
        name: capitalised(name),
        age,
        followers: FOLLOWERS.whole(rng).max(2),
        following: FOLLOWING.whole(rng).max(5),
        posts: POSTS.whole(rng).saturating_mul(years).max(1),
        default_avatar: rng.random_ratio(4, 100),
        protected: rng.random_ratio(2, 100),
    }
}

fn machine(farm: Farm, number: u32, rng: &mut impl Rng) -> Profile {
    let name = NAMES[rng.random_range(0..NAMES.len())];
    let tail = rng.random_range(10_000..100_000);
    let (age, followers, following) = match farm {
        // A quarter of an hour on one day; a script registers them one after another.
        Farm::Burst => (DAY * 12 + Duration::from_secs(u64::from(number) * 36), 0..4, 20..60),
        Farm::Drip => (DAY * rng.random_range(20..27) + second_of_the_day(rng), 3..30, 600..1_500),
        Farm::Copy => (DAY * rng.random_range(700..3_000), 60..400, 300..900),
    };
    Profile {
        handle: format!("{name}{tail}{}{number:02}", mark(farm)),
        name: capitalised(name),
        age,
        followers: rng.random_range(followers),
        following: rng.random_range(following),
        posts: rng.random_range(3..90),
        default_avatar: farm != Farm::Copy,
        protected: false,
    }
}

/// Keeps handles of different farms apart.
const fn mark(farm: Farm) -> char {
    match farm {
        Farm::Burst => 'a',
        Farm::Drip => 'b',
        Farm::Copy => 'c',
    }
}

fn second_of_the_day(rng: &mut impl Rng) -> Duration {
    Duration::from_secs(rng.random_range(0..DAY.as_secs()))
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng;
    use rand_chacha::ChaCha12Rng;

    use super::*;

    fn town(seed: u64) -> Population {
        Population::new(&mut ChaCha12Rng::seed_from_u64(seed))
    }

    #[test]
    fn one_seed_gives_one_town() {
        assert_eq!(town(7), town(7));
        assert_ne!(town(7), town(8));
    }

    #[test]
    fn eight_in_ten_have_a_wallet_one_comes_late_one_never() {
        let count = |wallet| town(7).people.iter().filter(|p| p.wallet == wallet).count();
        assert_eq!(count(Wallet::FromTheStart), 240);
        assert_eq!(count(Wallet::DuringTheClaimWindow), 30);
        assert_eq!(count(Wallet::Never), 30);
    }

    #[test]
    fn handles_are_different_and_fit_the_network() {
        for seed in 0..50 {
            let town = town(seed);
            let handles: BTreeSet<&str> =
                town.members().map(|member| town.profile(member).handle.as_str()).collect();
            assert_eq!(handles.len(), 360);
            let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
            assert!(handles.iter().all(|h| h.len() <= 15 && h.chars().all(legal)));
        }
    }
}
