//! The table of every command in every state, and what must hold over all of it.

use super::*;
use crate::{Span, Time};

fn states() -> Vec<State> {
    let mut states = vec![State::Draft, State::InReview, State::Approved];
    states.extend(Phase::ALL.map(State::At));
    states.extend(Step::ALL.map(|step| State::Stalled { origin: step.phase(), step }));
    states.extend([State::Closed, State::Cancelled, State::RolledBack]);
    states
}

fn commands() -> Vec<(String, Command)> {
    let mut commands: Vec<(String, Command)> = vec![
        ("Edit".into(), Command::Edit),
        ("Submit(review)".into(), Command::Submit { review: true }),
        ("Submit(no review)".into(), Command::Submit { review: false }),
        ("Approve".into(), Command::Approve { own: false }),
        ("Approve(own)".into(), Command::Approve { own: true }),
        ("Reject".into(), Command::Reject),
        ("Cancel".into(), Command::Cancel),
        ("Publish".into(), Command::Publish { media: false }),
        ("Publish(media)".into(), Command::Publish { media: true }),
    ];
    for done in [Step::Media, Step::Post1, Step::Fund, Step::Post2] {
        commands.push((format!("Advance({})", done.as_str()), Command::Advance { done }));
    }
    commands.extend([
        ("Abandon".into(), Command::Abandon),
        ("Activate(60 s)".into(), Command::Activate { duration: Span::from_secs(60) }),
        ("Close".into(), Command::Close),
        ("Settle".into(), Command::Settle),
        ("OpenClaims(90 s)".into(), Command::OpenClaims { until: Time::from_micros(90_000_000) }),
        ("Finish".into(), Command::Finish),
    ]);
    for step in Step::ALL {
        commands.push((format!("Stall({})", step.as_str()), Command::Stall { step }));
    }
    commands.extend([
        ("Resume".into(), Command::Resume),
        ("RollBack".into(), Command::RollBack { undecided: false }),
        ("RollBack(undecided)".into(), Command::RollBack { undecided: true }),
        ("FinishRollBack".into(), Command::FinishRollBack),
    ]);
    commands
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Reserve => "Reserve".into(),
        Effect::Release => "Release".into(),
        Effect::Begin(step) => format!("Begin({})", step.as_str()),
        Effect::Schedule(step, at) => format!("Schedule({}, {} s)", step.as_str(), at.secs()),
        Effect::CloseAt(at) => format!("CloseAt({} s)", at.secs()),
    }
}

fn table() -> String {
    let now = Time::from_micros(0);
    let mut lines = Vec::new();
    for state in states() {
        for (name, command) in commands() {
            let outcome = match apply(state, command, now) {
                Ok(next) => {
                    let effects: Vec<String> = next.effects.iter().map(effect).collect();
                    format!("{} {}", next.state, effects.join(" ")).trim_end().to_owned()
                }
                Err(refusal) => format!("- {refusal:?}"),
            };
            lines.push(format!("{:<34} {name:<22} {outcome}", state.to_string()));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

#[test]
fn every_command_in_every_state_does_what_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/campaign/table.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, table()).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap();
    assert!(table() == golden, "table.txt differs: read the change, then run with BLESS=1");
}

#[test]
fn a_final_state_never_changes() {
    for state in states().into_iter().filter(|state| state.is_final()) {
        for (_, command) in commands() {
            assert!(apply(state, command, Time::from_micros(0)).is_err());
        }
    }
}

#[test]
fn publishing_twice_changes_nothing_the_second_time() {
    let now = Time::from_micros(0);
    let once = apply(State::Approved, Command::Publish { media: false }, now).unwrap();
    assert_eq!(
        apply(once.state, Command::Publish { media: true }, now),
        Err(Refusal::AlreadyPublishing)
    );
}

#[test]
fn every_working_state_can_stall_and_resume_at_the_same_step() {
    let now = Time::from_micros(0);
    for step in Step::ALL {
        let stalled = apply(State::At(step.phase()), Command::Stall { step }, now).unwrap();
        let resumed = apply(stalled.state, Command::Resume, now).unwrap();
        assert_eq!(resumed.state, State::At(step.phase()));
        assert_eq!(resumed.effects, vec![Effect::Begin(step)]);
    }
}

#[test]
fn only_a_campaign_that_failed_while_publishing_can_be_rolled_back() {
    for step in Step::ALL {
        let stalled = State::Stalled { origin: step.phase(), step };
        let rolled = apply(stalled, Command::RollBack { undecided: false }, Time::from_micros(0));
        assert_eq!(rolled.is_ok(), step.phase() == Phase::Publishing);
    }
}

#[test]
fn every_state_can_be_written_and_read_back() {
    for state in states() {
        let stalled = match state {
            State::Stalled { origin, step } => Some((origin, step)),
            _ => None,
        };
        assert_eq!(State::read(state.as_str(), stalled), Some(state));
    }
}
