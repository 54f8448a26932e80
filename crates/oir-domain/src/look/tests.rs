#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::{
    EXPLANATION_MAX, Purpose, PurposeFault, Reason, SEARCH_DAY, SEARCH_SPELL, SEARCHES_PER_DAY,
    SEARCHES_PER_SPELL, TooMany, Verdict, draw, may_search, period, read_number,
};
use crate::calendar::copenhagen;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + seconds).unwrap()
}

#[test]
fn a_purpose_says_why_and_names_nobody() {
    let faults = |reason: &str, text: &str| Purpose::try_new(reason, text).unwrap_err();
    use PurposeFault as F;
    assert_eq!(faults("x", "Borger har ringet"), [F::NoReason]);
    assert_eq!(faults("andet", "  kort      "), [F::TooShort]);
    assert_eq!(
        faults("andet", &"æ".repeat(EXPLANATION_MAX + 1)),
        [F::TooLong]
    );
    for number in ["6101011234", "610101-1234", "610101 1234"] {
        let text = format!("Borger {number} har ringet");
        assert_eq!(faults("andet", &text), [F::NamesPerson], "{number}");
    }
    let split = "Borger 610101\n1234 har ringet";
    assert_eq!(faults("andet", split), [F::NamesPerson]);
    let sound = Purpose::try_new("indsigt", " Sag 2026-17,\r\nanmodning ").unwrap();
    assert_eq!(sound.reason(), Reason::Request);
    assert_eq!(sound.explanation(), "Sag 2026-17,  anmodning");
    let longest = "æ".repeat(EXPLANATION_MAX);
    assert!(Purpose::try_new("andet", &longest).is_ok());
}

#[test]
fn words_lead_back() {
    for reason in Reason::ALL {
        assert_eq!(Reason::from_word(reason.word()), Some(reason));
    }
    for verdict in Verdict::ALL {
        assert_eq!(Verdict::from_word(verdict.word()), Some(verdict));
    }
}

#[test]
fn searches_are_limited_in_a_spell_and_in_a_day() {
    let every = |count: usize, seconds: i64| -> Vec<Timestamp> {
        let count = i64::try_from(count).unwrap();
        (0..count).map(|n| at(-n * seconds)).collect()
    };
    let one_less = every(SEARCHES_PER_SPELL - 1, 1);
    assert_eq!(may_search(&one_less, at(0)), Ok(()));
    let full = every(SEARCHES_PER_SPELL, 1);
    let oldest = *full.last().unwrap();
    let again = oldest + SEARCH_SPELL;
    assert_eq!(may_search(&full, at(0)), Err(TooMany { again }));
    assert_eq!(
        may_search(&full, again - SignedDuration::from_micros(1)),
        Err(TooMany { again })
    );
    assert_eq!(may_search(&full, again), Ok(()));
    // Slowly enough for every spell, but too many for a day.
    let slowly = every(SEARCHES_PER_DAY, 60);
    let again = *slowly.last().unwrap() + SEARCH_DAY;
    assert_eq!(may_search(&slowly, at(0)), Err(TooMany { again }));
    let mut shuffled = slowly.clone();
    shuffled.reverse();
    assert_eq!(may_search(&shuffled, at(0)), Err(TooMany { again }));
    assert_eq!(may_search(&slowly[1..], at(0)), Ok(()));
}

#[test]
fn a_sample_is_drawn_again_from_its_seed() {
    let looks: Vec<u64> = (1..=1_000).collect();
    let drawn = draw(42, &looks, 50);
    assert_eq!(drawn.len(), 50);
    assert!(drawn.windows(2).all(|pair| pair[0] < pair[1]));
    let backwards: Vec<u64> = looks.iter().rev().copied().collect();
    assert_eq!(draw(42, &backwards, 50), drawn);
    assert_ne!(draw(43, &looks, 50), drawn);
    assert_eq!(draw(42, &looks[..10], 50), looks[..10]);
    assert_eq!(draw(42, &[], 5), [0; 0]);
    // Fixed for ever: earlier samples are drawn again by `oir verify`.
    assert_eq!(draw(1, &looks, 5), [99, 161, 390, 566, 726]);
}

#[test]
fn every_look_is_as_likely_as_every_other() {
    let looks: Vec<u64> = (1..=100).collect();
    let mut times = vec![0_u32; 101];
    for seed in 0..2_000 {
        for number in draw(seed * 7_919, &looks, 10) {
            times[usize::try_from(number).unwrap()] += 1;
        }
    }
    // 200 each on average; five standard deviations are some 67.
    for (number, times) in times.iter().enumerate().skip(1) {
        assert!((133..=267).contains(times), "{number}: {times}");
    }
}

#[test]
fn a_period_is_whole_danish_days() {
    let zone = copenhagen();
    let (from, until) = period(date(2026, 10, 25), date(2026, 10, 25), &zone).unwrap();
    // The night of the change back: a day of twenty-five hours.
    assert_eq!(until.duration_since(from), SignedDuration::from_hours(25));
    assert_eq!(from.to_string(), "2026-10-24T22:00:00Z");
    assert_eq!(period(date(2026, 1, 2), date(2026, 1, 1), &zone), None);
}

#[test]
fn a_number_is_read_as_people_write_it() {
    let forms = [
        "6101011234",
        "610101-1234",
        " 610101 1234 ",
        "61 01 01 - 1234",
        "610101\u{2013}1234",
    ];
    for form in forms {
        let read = read_number(form).unwrap();
        assert_eq!(read.unmasked(), "6101011234", "{form}");
    }
    for wrong in [
        "",
        "610101123",
        "61010112345",
        "7213010000",
        "610101x1234",
        "\u{661}101011234",
    ] {
        assert_eq!(read_number(wrong), None, "{wrong}");
    }
}
