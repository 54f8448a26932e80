//! The steps of people on the worklist: what each changes, what is refused, and what holds
//! after any number of them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use jiff::Timestamp;
use jiff::civil::{Date, date};
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::ids::BilagId;
use oir_domain::message::StateName;
use oir_domain::money::Oere;
use oir_domain::party::Kommunekode;
use oir_domain::work::{
    Act, Area, Cause, Closing, Holder, Stop, Subject, TEXT_MAX, VALUE_MAX, WorkItem, Wrong, act,
    deadline,
};
use uuid::Uuid;

const TODAY: Date = date(2026, 11, 23);

fn person(navn: &str) -> Holder {
    Holder {
        subject: format!("sub-{navn}").into(),
        navn: navn.into(),
    }
}

fn item(stop: Stop) -> WorkItem {
    let cause = Cause::of(stop, &[]);
    WorkItem {
        kommune: Kommunekode(791),
        subject: Subject::Bilag(BilagId::from_uuid(Uuid::from_u128(7))),
        fagsystem: None,
        area: cause.area(),
        cause,
        opened: Timestamp::UNIX_EPOCH,
        debet: Oere::new(100),
        holder: None,
        postponed: None,
        closed: None,
        version: 1,
    }
}

fn step(item: &WorkItem, wanted: &Act, who: &str) -> Result<WorkItem, Wrong> {
    let moment = (Timestamp::UNIX_EPOCH, TODAY);
    act(item, wanted, &person(who), moment).map(|done| done.item)
}

fn fault(code: FaultCode, values: &[&str]) -> Fault {
    let values: Vec<&dyn std::fmt::Display> = values.iter().map(|v| v as _).collect();
    Fault::new(code, Place::message("x"), &values)
}

#[test]
fn neighbours_share_a_cause_and_strangers_do_not() {
    let held = |value| {
        let values = ["ydelsesart", value, "2026-11-23"];
        Cause::of(Stop::Held, &[fault(FaultCode::Unmapped, &values)])
    };
    assert_eq!(held("SDP"), held("SDP"));
    assert_ne!(held("SDP"), held("ATP"));
    assert_eq!(
        (&*held("SDP").value, held("SDP").area()),
        ("SDP", Area::Oekonomi)
    );
    // Amounts differ from bilag to bilag and tell nothing.
    let unbalanced = |a| {
        Cause::of(
            Stop::Rejected,
            &[fault(FaultCode::Unbalanced, &[a, "2", "1"])],
        )
    };
    assert_eq!(unbalanced("3"), unbalanced("4"));
    let long = "æ".repeat(VALUE_MAX * 2);
    assert_eq!(held(&long).value.chars().count(), VALUE_MAX);
}

#[test]
fn a_warning_decides_nothing() {
    let faults = [
        fault(FaultCode::CvrCheckDigit, &["11111111"]),
        fault(FaultCode::PeriodClosed, &["2026-01-01", "2025"]),
    ];
    let cause = Cause::of(Stop::Rejected, &faults);
    assert_eq!(cause.code, Some(FaultCode::PeriodClosed));
    assert_eq!(cause.area(), Area::Oekonomi, "only finance opens a period");
}

#[test]
fn each_stop_lies_on_a_desk_and_has_a_word() {
    let desks = Stop::ALL.map(|stop| Cause::of(stop, &[]).area());
    use Area::{Drift, Fagomraade, Oekonomi};
    let wanted = [
        Fagomraade, Fagomraade, Oekonomi, Drift, Drift, Drift, Fagomraade, Drift,
    ];
    assert_eq!(desks, wanted);
    for stop in Stop::ALL {
        assert_eq!(Stop::from_word(stop.word()), Some(stop));
    }
    for state in StateName::FOR_A_PERSON {
        assert!(Stop::of(state).is_some_and(|stop| !stop.passes_by_itself()));
    }
    assert_eq!(Stop::of(StateName::Booked), None);
}

#[test]
fn deadlines_are_working_days() {
    let friday = date(2026, 11, 20);
    assert_eq!(deadline(Area::Drift, friday), friday);
    assert_eq!(deadline(Area::Oekonomi, friday), date(2026, 11, 23));
    assert_eq!(deadline(Area::Fagomraade, friday), date(2026, 11, 24));
    assert_eq!(
        deadline(Area::Drift, date(2026, 11, 21)),
        date(2026, 11, 23)
    );
    for area in Area::ALL {
        let mut day = date(2026, 1, 1);
        while day < date(2027, 1, 1) {
            let next = day.tomorrow().unwrap();
            assert!(deadline(area, day) >= day && deadline(area, next) >= deadline(area, day));
            day = next;
        }
    }
}

#[test]
fn an_item_is_taken_passed_on_and_given_back() {
    let open = item(Stop::Rejected);
    let taken = step(&open, &Act::Take, "a").unwrap();
    assert_eq!(taken.holder, Some(person("a")));
    assert_eq!(step(&taken, &Act::Take, "a"), Err(Wrong::AlreadyTheirs));
    assert_eq!(step(&taken, &Act::GiveBack, "b"), Err(Wrong::NotTheirs));
    assert_eq!(step(&taken, &Act::GiveBack, "a").unwrap().holder, None);
    assert_eq!(
        step(&taken, &Act::Take, "b").unwrap().holder,
        Some(person("b"))
    );
    let passed = step(&taken, &Act::ToArea(Area::Oekonomi, "".into()), "a").unwrap();
    assert_eq!((passed.area, passed.holder), (Area::Oekonomi, None));
    let same = Act::ToArea(Area::Fagomraade, "".into());
    assert_eq!(step(&taken, &same, "a"), Err(Wrong::SameArea));
    let given = step(&open, &Act::ToPerson(person("c"), "".into()), "a").unwrap();
    assert_eq!(given.holder, Some(person("c")));
}

#[test]
fn what_is_set_aside_comes_back_on_its_day() {
    let open = item(Stop::Rejected);
    let until = |day, why: &str| step(&open, &Act::Postpone(day, why.into()), "a");
    assert_eq!(until(TODAY, "x"), Err(Wrong::DayNotLater));
    assert_eq!(until(date(2027, 11, 1), "x"), Err(Wrong::DayTooFar));
    assert_eq!(until(date(2026, 12, 1), " "), Err(Wrong::NoText));
    let aside = until(date(2026, 12, 1), "venter").unwrap();
    assert!(aside.is_postponed(date(2026, 11, 30)));
    assert!(!aside.is_postponed(date(2026, 12, 1)));
    assert_eq!(step(&aside, &Act::Resume, "b").unwrap().postponed, None);
    assert_eq!(step(&open, &Act::Resume, "b"), Err(Wrong::NotPostponed));
}

#[test]
fn what_may_be_booked_is_given_up_and_not_closed() {
    let close = Act::Close("ordnet".into());
    let give_up = Act::GiveUp("ordnet".into());
    for stop in Stop::ALL {
        let (closed, given_up) = (
            step(&item(stop), &close, "a"),
            step(&item(stop), &give_up, "a"),
        );
        match stop {
            Stop::Held | Stop::Parked => {
                assert_eq!(closed, Err(Wrong::MayGoOn));
                let how = given_up.unwrap().closed.unwrap().1;
                assert_eq!(how, Closing::GivenUp("ordnet".into()));
            }
            Stop::Uncertain | Stop::Waiting => {
                assert_eq!(closed, Err(Wrong::PassesByItself));
                assert_eq!(given_up, Err(Wrong::PassesByItself));
            }
            _ => {
                assert_eq!(
                    closed.unwrap().closed.unwrap().1,
                    Closing::ByHand("ordnet".into())
                );
                assert_eq!(given_up, Err(Wrong::CannotGoOn));
            }
        }
        let goes_on = step(&item(stop), &Act::GoOn, "a").is_ok();
        assert_eq!(
            goes_on,
            matches!(stop, Stop::Parked | Stop::Uncertain | Stop::Waiting)
        );
    }
}

#[test]
fn words_are_kept_without_persons_and_without_tricks() {
    let said = |text: &str| {
        let moment = (Timestamp::UNIX_EPOCH, TODAY);
        let wanted = Act::Comment(text.into());
        act(&item(Stop::Rejected), &wanted, &person("a"), moment).map(|done| done.text)
    };
    assert_eq!(
        said("610190-1234 er\r\nringet op\0").as_deref(),
        Ok("610190-**** er\nringet op")
    );
    assert_eq!(said(" \t\r\n"), Err(Wrong::NoText));
    assert_eq!(said(&"æ".repeat(TEXT_MAX + 1)), Err(Wrong::TextTooLong));
    assert!(said(&"æ".repeat(TEXT_MAX)).is_ok());
}

/// Every way of eight steps drawn by a seed: versions grow by one, what is closed stays
/// closed, nobody closes without a reason, and neither what it is nor what it is worth moves.
#[test]
fn whatever_people_do_an_item_stays_itself() {
    let until = date(2026, 12, 1);
    let acts = [
        Act::Take,
        Act::GiveBack,
        Act::ToArea(Area::Oekonomi, "".into()),
        Act::ToArea(Area::Drift, "x".into()),
        Act::ToPerson(person("c"), "".into()),
        Act::Comment("x".into()),
        Act::Postpone(until, "x".into()),
        Act::Resume,
        Act::Close("".into()),
        Act::Close("x".into()),
        Act::GiveUp("".into()),
        Act::GiveUp("x".into()),
        Act::GoOn,
    ];
    let mut seed = 1_u64;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(seed >> 33).unwrap() % below
    };
    for round in 0..5_000 {
        let first = item(*Stop::ALL.get(draw(Stop::ALL.len())).unwrap());
        let mut now = first.clone();
        for _ in 0..8 {
            let wanted = acts.get(draw(acts.len())).unwrap();
            let who = ["a", "b", "c"].get(draw(3)).unwrap();
            let Ok(after) = step(&now, wanted, who) else {
                continue;
            };
            assert!(
                now.closed.is_none(),
                "round {round}: {wanted:?} on what is closed"
            );
            assert_eq!(after.version, now.version + 1, "round {round}");
            let same = (&after.subject, &after.cause, after.debet, after.opened);
            assert_eq!(
                same,
                (&first.subject, &first.cause, first.debet, first.opened)
            );
            if let Some((_, how)) = &after.closed {
                let (Closing::ByHand(why) | Closing::GivenUp(why)) = how else {
                    panic!("round {round}: a person corrected or settled it");
                };
                assert!(!why.is_empty(), "round {round}");
            }
            now = after;
        }
    }
}
