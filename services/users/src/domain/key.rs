//! The schedule of signing keys: which one signs, which are published, when the next one is due.

use std::time::Duration;

use kernel::Timestamp;

/// Where a key stands in the row of keys, and when its turn to sign begins. Its turn ends when
/// that of the next one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// 1 for the first key ever, then one more each time.
    pub generation: i64,
    /// From when it signs.
    pub active_from: Timestamp,
}

/// How keys follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// How long one key signs.
    pub every: Duration,
    /// How long a key is published before it signs, so that every verifier knows it by then.
    pub lead: Duration,
    /// How long a key is published after its turn; longer than any token lives.
    pub overlap: Duration,
}

/// The key that signs at `now`: the one whose turn began last. `turns` rise by generation.
pub fn signing(turns: &[Turn], now: Timestamp) -> Option<usize> {
    turns.iter().rposition(|turn| turn.active_from <= now)
}

/// Whether the key at `index` is to be known to verifiers at `now`.
pub fn is_published(turns: &[Turn], index: usize, schedule: &Schedule, now: Timestamp) -> bool {
    turns.get(index + 1).is_none_or(|next| now < next.active_from.plus(schedule.overlap))
}

/// The turn to add at `now`, if one is due: the first begins at once, later ones with a lead.
pub fn due(turns: &[Turn], schedule: &Schedule, now: Timestamp) -> Option<Turn> {
    let Some(last) = turns.last() else {
        return Some(Turn { generation: 1, active_from: now });
    };
    let ends_at = last.active_from.plus(schedule.every);
    (now.plus(schedule.lead) >= ends_at).then(|| following(last, now.plus(schedule.lead)))
}

/// The turn to add at `now` when somebody does not trust the present key any more. It has a lead
/// like every other, so that no verifier meets a key that it cannot know.
pub fn forced(turns: &[Turn], schedule: &Schedule, now: Timestamp) -> Turn {
    turns.last().map_or(Turn { generation: 1, active_from: now }, |last| {
        following(last, now.plus(schedule.lead))
    })
}

fn following(last: &Turn, active_from: Timestamp) -> Turn {
    // A turn never begins before the one it follows, even when the clock was set back.
    Turn { generation: last.generation + 1, active_from: active_from.max(last.active_from) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: Schedule = Schedule {
        every: Duration::from_secs(1000),
        lead: Duration::from_secs(10),
        overlap: Duration::from_secs(100),
    };

    fn at(s: i64) -> Timestamp {
        Timestamp::from_ms(s * 1000)
    }

    fn turn(generation: i64, s: i64) -> Turn {
        Turn { generation, active_from: at(s) }
    }

    fn check_due(turns: &[Turn], now_s: i64, expected: Option<Turn>) {
        assert_eq!(due(turns, &SCHEDULE, at(now_s)), expected, "{turns:?} at {now_s} s");
    }

    #[test]
    fn the_next_key_is_made_a_lead_before_its_turn() {
        check_due(&[], 5, Some(turn(1, 5)));
        check_due(&[turn(1, 0)], 500, None);
        check_due(&[turn(1, 0)], 989, None);
        check_due(&[turn(1, 0)], 990, Some(turn(2, 1000)));
        check_due(&[turn(1, 0), turn(2, 1000)], 995, None);
        check_due(&[turn(1, 0)], 5000, Some(turn(2, 5010)));
    }

    #[test]
    fn a_forced_turn_begins_as_soon_as_every_verifier_can_know_it() {
        assert_eq!(forced(&[turn(1, 0)], &SCHEDULE, at(7)), turn(2, 17));
        assert_eq!(forced(&[turn(1, 0), turn(2, 30)], &SCHEDULE, at(7)), turn(3, 30));
        assert_eq!(forced(&[], &SCHEDULE, at(7)), turn(1, 7));
    }

    fn check_published(now_s: i64, signs: usize, published: [bool; 2]) {
        let turns = [turn(1, 0), turn(2, 1000)];
        assert_eq!(signing(&turns, at(now_s)), Some(signs), "at {now_s} s");
        let found = [0, 1].map(|index| is_published(&turns, index, &SCHEDULE, at(now_s)));
        assert_eq!(found, published, "at {now_s} s");
    }

    #[test]
    fn a_key_is_published_before_and_after_it_signs() {
        check_published(995, 0, [true, true]);
        check_published(1000, 1, [true, true]);
        check_published(1099, 1, [true, true]);
        check_published(1100, 1, [false, true]);
        assert_eq!(signing(&[], at(0)), None);
    }
}
