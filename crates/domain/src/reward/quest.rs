//! Quests: whoever answers correctly, and only so, shares equally.
//!
//! Deleting an answer never helps: a deleted answer does not win, and it still disqualifies when
//! it named another option. Networks cannot prove every deletion, so a rule that forgave the
//! proved ones would treat equals unequally.

use std::collections::BTreeSet;

use super::allocation::{Claim, allocate};
use super::{Allocation, Reason};
use crate::engagement::eligibility::{Exclusion, Rules, Verdict};
use crate::engagement::score::{Score, Texts, scores};
use crate::engagement::{Kind, Log, Observation};
use crate::quest::{Letter, Quest};

/// What a quest pays. Amounts are units of one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prize {
    /// What the winners share.
    pub budget: u64,
    /// The most that one of them may receive.
    pub cap: Option<u64>,
    /// Shares below it are not paid.
    pub minimum_payout: u64,
}

/// Who receives what of a quest: ⌊budget ÷ winners⌋ each. Replies and quotes are answers; other
/// engagement is not looked at.
pub fn quest(log: &Log, rules: &Rules, quest: &Quest, prize: &Prize) -> Allocation {
    let scores = scores(log, Texts::Asked);
    let entries: Vec<_> = log
        .profiles()
        .filter_map(|rows| {
            let answers: Vec<_> = rows.iter().filter(|row| is_answer(row.kind)).collect();
            let profile = &answers.first()?.profile;
            Some((profile, enter(&answers, rules, quest, &scores[profile])))
        })
        .collect();
    let winners = entries.iter().filter(|(_, entry)| matches!(entry, Entry::Won { .. })).count();
    let winners = u64::try_from(winners).expect("64 bits count what memory holds");
    let share = prize.budget.checked_div(winners).unwrap_or(0);
    let claims = entries.into_iter().map(|(profile, entry)| {
        let (owed, reason) = match entry {
            Entry::Won { answer, last_sighting } => {
                (share, Reason::Won { answer, share, last_sighting })
            }
            Entry::Lost(reason) => (0, reason),
        };
        Claim { profile: profile.clone(), owed, reasons: vec![reason] }.capped(prize.cap)
    });
    allocate(claims.collect(), prize.budget, prize.minimum_payout)
}

fn is_answer(kind: Kind) -> bool {
    matches!(kind, Kind::Reply | Kind::Quote)
}

enum Entry {
    Won { answer: Letter, last_sighting: bool },
    Lost(Reason),
}

/// What the answers of one profile come to.
fn enter(answers: &[&Observation], rules: &Rules, quest: &Quest, score: &Score) -> Entry {
    let named = |row: &Observation| row.text.as_deref().and_then(|text| quest.answer(text));
    let mut options = BTreeSet::new();
    let mut why = None;
    for row in answers {
        match rules.outside(row) {
            Some(exclusion) => why = why.max(Some(exclusion)),
            None => options.extend(named(row)),
        }
    }
    let answer = match (options.len(), options.first(), why) {
        (1, Some(answer), _) => *answer,
        (0, _, Some(why)) => return Entry::Lost(Reason::AnswerNotCounted { why }),
        (0, ..) => return Entry::Lost(Reason::NoAnswer),
        _ => {
            let answers = options.into_iter().collect();
            return Entry::Lost(Reason::SeveralAnswers { answers });
        }
    };
    let of_answer = answers.iter().filter(|row| named(row) == Some(answer));
    match judge(of_answer.copied(), rules, score) {
        Err(why) => Entry::Lost(Reason::AnswerNotCounted { why }),
        Ok(_) if answer != quest.correct() => Entry::Lost(Reason::Wrong { answer }),
        Ok(last_sighting) => Entry::Won { answer, last_sighting },
    }
}

/// Whether any row counts, and if so whether only by its last sighting.
fn judge<'a>(
    rows: impl Iterator<Item = &'a Observation>,
    rules: &Rules,
    score: &Score,
) -> Result<bool, Exclusion> {
    let mut counted = None;
    let mut why = None;
    for row in rows {
        match rules.judge(row, score) {
            Verdict::Counts => counted = Some(false),
            Verdict::LastSighting => counted = counted.or(Some(true)),
            Verdict::Excluded(exclusion) => why = why.max(Some(exclusion)),
        }
    }
    match (counted, why) {
        (Some(last_sighting), _) => Ok(last_sighting),
        (None, why) => Err(why.unwrap_or(Exclusion::OtherPost)),
    }
}
