//! Quests.
