use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

use super::*;

const LENGTH: Duration = Duration::from_secs(20);

fn quest() -> Asks {
    let options = ["Keeps them", "Sends them back", "Burns them", "Holds a raffle"];
    Asks::Answer { options: options.map(String::from).into(), correct: 1 }
}

fn planned(seed: u64, asks: &Asks) -> Vec<Act> {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    let population = Population::new(&mut rng);
    plan(&population, asks, LENGTH, &mut rng)
}

/// The acts of people, of many seeds.
fn by_people(asks: &Asks) -> Vec<Act> {
    let human = |act: &Act| matches!(act.who, Member::Person(_));
    (0..60).flat_map(|seed| planned(seed, asks)).filter(human).collect()
}

fn percent(acts: &[Act], wanted: impl Fn(&Act) -> bool) -> usize {
    100 * acts.iter().filter(|act| wanted(act)).count() / acts.len()
}

#[test]
fn one_seed_gives_one_plan() {
    assert_eq!(planned(7, &quest()), planned(7, &quest()));
    assert_ne!(planned(7, &quest()), planned(8, &quest()));
}

#[test]
fn acts_are_in_the_order_of_time() {
    assert!(planned(7, &Asks::Attention).is_sorted_by_key(|act| act.at));
}

#[test]
fn a_day_of_the_model_is_the_length_of_the_campaign() {
    let first = [Deed::Quote, Deed::Reply];
    let texts: Vec<Act> =
        by_people(&Asks::Attention).into_iter().filter(|act| first.contains(&act.deed)).collect();
    let within = |minutes: u64| {
        let limit = compressed(Duration::from_secs(minutes * 60), LENGTH);
        percent(&texts, |act| act.at < limit)
    };
    assert!((15..=19).contains(&within(5)), "{} % in 5 minutes", within(5));
    assert!((31..=35).contains(&within(15)), "{} % in 15 minutes", within(15));
    assert!((53..=58).contains(&within(60)), "{} % in an hour", within(60));
    assert!((95..=99).contains(&within(24 * 60)), "{} % in a day", within(24 * 60));
}

#[test]
fn people_like_more_than_they_repost_reply_and_quote() {
    let acts = by_people(&Asks::Attention);
    let share = |deed| acts.iter().filter(|act| act.deed == deed).count();
    assert!(share(Deed::Like) > share(Deed::Repost));
    assert!(share(Deed::Repost) > share(Deed::Reply));
    assert!(share(Deed::Reply) > share(Deed::Quote));
    assert!(share(Deed::Quote) > 0);
}

#[test]
fn a_like_and_a_repost_happen_once_a_person_and_post() {
    let mut seen = BTreeSet::new();
    for act in planned(7, &Asks::Attention) {
        if matches!(act.deed, Deed::Like | Deed::Repost) {
            assert!(seen.insert((act.who, act.deed, act.target)), "{act:?}");
        }
    }
}

#[test]
fn whatever_is_taken_back_was_done_before_and_is_taken_back_before_the_close() {
    let mut taken_back = 0;
    for seed in 0..20 {
        let acts = planned(seed, &Asks::Attention);
        for act in &acts {
            let done = match act.deed {
                Deed::Unlike => Deed::Like,
                Deed::Unrepost => Deed::Repost,
                Deed::DeleteReply => Deed::Reply,
                _ => continue,
            };
            taken_back += 1;
            assert!(act.at <= LENGTH * 9 / 10);
            let same = |other: &&Act| (other.who, other.target) == (act.who, act.target);
            let first = acts.iter().filter(same).find(|other| other.deed == done);
            assert!(first.is_some_and(|first| first.at <= act.at), "{act:?}");
        }
    }
    assert!(taken_back > 100, "{taken_back}");
}

#[test]
fn a_quest_gets_right_answers_wrong_ones_remarks_and_two_answers_by_one_person() {
    let Asks::Answer { options, correct } = quest() else { unreachable!() };
    let asked = hashbuzz_domain::quest::Quest::new(options, correct).unwrap();
    let mut answers: BTreeMap<Member, BTreeSet<Option<usize>>> = BTreeMap::new();
    for act in planned(7, &quest()).into_iter().filter(|act| act.deed == Deed::Reply) {
        let answer = asked.answer(&act.text).map(|letter| letter.position());
        answers.entry(act.who).or_default().insert(answer);
    }
    let with = |wanted: &dyn Fn(&BTreeSet<Option<usize>>) -> bool| {
        answers.values().filter(|given| wanted(given)).count()
    };
    assert!(with(&|given| *given == BTreeSet::from([Some(1)])) > 50);
    assert!(with(&|given| given.len() == 1 && given.contains(&Some(0))) > 3);
    assert!(with(&|given| given.contains(&None)) > 3);
    assert!(with(&|given| given.iter().flatten().count() > 1) > 0);
}

#[test]
fn four_in_five_of_the_burst_farm_act_within_three_minutes_of_the_model() {
    let soon = compressed(Duration::from_secs(180), LENGTH);
    let acts: Vec<Act> = (0..60)
        .flat_map(|seed| planned(seed, &Asks::Attention))
        .filter(|act| act.deed == Deed::Like && matches!(act.who, Member::Bot(0..25)))
        .collect();
    assert_eq!(acts.len(), 60 * 25);
    // A fifth of the rest, which has an hour, is early by chance.
    assert!((79..=83).contains(&percent(&acts, |act| act.at < soon)));
}

#[test]
fn a_campaign_gets_a_crowd_large_enough_to_see() {
    for seed in 0..40 {
        let acts = planned(seed, &Asks::Attention);
        let people: BTreeSet<Member> =
            acts.iter().map(|act| act.who).filter(|w| matches!(w, Member::Person(_))).collect();
        assert!(people.len() > 100, "seed {seed}: {}", people.len());
    }
}
