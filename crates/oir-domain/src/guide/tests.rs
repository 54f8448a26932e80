#![expect(clippy::unwrap_used, reason = "tests")]
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::{BODY_MAX, Draft, DraftFault, GuideHead, GuidePlace, NOTE_MAX, Way, chain, resolve};
use crate::access::{Action, Grant, Person, Role};
use crate::fault::FaultCode;
use crate::ids::FagsystemId;
use crate::party::Kommunekode;

const HERE: Kommunekode = Kommunekode(101);
const THERE: Kommunekode = Kommunekode(751);

fn system(number: u128) -> FagsystemId {
    FagsystemId::from_uuid(Uuid::from_u128(number))
}

fn place(kommune: Option<Kommunekode>, number: u128, code: Option<FaultCode>) -> GuidePlace {
    GuidePlace {
        kommune,
        fagsystem: system(number),
        code,
    }
}

fn head(place: GuidePlace, withdrawn: bool) -> GuideHead {
    GuideHead {
        place,
        version: 1,
        at: Timestamp::UNIX_EPOCH,
        subject: "s".into(),
        navn: "n".into(),
        ways: vec![Way::Resend],
        note: "x".into(),
        withdrawn,
    }
}

#[test]
fn the_nearest_guide_holds() {
    let code = Some(FaultCode::Unbalanced);
    let order = [
        place(Some(HERE), 1, code),
        place(Some(HERE), 1, None),
        place(None, 1, code),
        place(None, 1, None),
    ];
    assert_eq!(chain(Some(HERE), system(1), code), order);
    let mut heads: Vec<GuideHead> = order.iter().map(|p| head(*p, false)).collect();
    for expected in order {
        let found = resolve(&heads, Some(HERE), system(1), code).unwrap();
        assert_eq!(found.place, expected);
        heads.retain(|head| head.place != expected);
    }
    assert_eq!(resolve(&heads, Some(HERE), system(1), code), None);
}

fn a_place() -> impl Strategy<Value = GuidePlace> {
    let kommune = prop_oneof![Just(None), Just(Some(HERE)), Just(Some(THERE))];
    let codes = [FaultCode::Unbalanced, FaultCode::Unmapped];
    let code = prop::option::of(prop::sample::select(codes.to_vec()));
    (kommune, 1_u128..3, code).prop_map(|(kommune, number, code)| place(kommune, number, code))
}

proptest! {
    /// Against a second way of saying it: the best score among those that apply.
    #[test]
    fn what_holds_is_the_best_of_those_that_apply(
        shelf in prop::collection::btree_map(a_place(), any::<bool>(), 0..12),
        asked in a_place(),
    ) {
        let heads: Vec<GuideHead> = shelf.iter().map(|(p, gone)| head(*p, *gone)).collect();
        let found = resolve(&heads, asked.kommune, asked.fagsystem, asked.code);
        let applies = |p: &GuidePlace| {
            p.fagsystem == asked.fagsystem
                && (p.kommune.is_none() || p.kommune == asked.kommune)
                && (p.code.is_none() || p.code == asked.code)
        };
        let score = |p: &GuidePlace| (p.kommune.is_some(), p.code.is_some());
        let best = heads.iter().filter(|h| !h.withdrawn && applies(&h.place));
        let best = best.max_by_key(|h| score(&h.place));
        prop_assert_eq!(found.map(|h| h.place), best.map(|h| h.place));
    }

    #[test]
    fn a_kept_text_holds_no_person_and_no_control_character(text in "(?s).{0,80}", cpr in "61010[1-9]-?[0-9]{4}") {
        if let Ok(draft) = Draft::try_new(&[], &text, "x") {
            prop_assert!(draft.body.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()));
            prop_assert!(!draft.body.trim().is_empty());
        }
        let with = format!("se {cpr} her");
        prop_assert_eq!(Draft::try_new(&[], &with, "x"), Err(vec![DraftFault::PersonInBody]));
    }
}

#[test]
fn everything_wrong_with_a_text_is_said_at_once() {
    let long = "æ".repeat(BODY_MAX + 1);
    let note = "ø".repeat(NOTE_MAX + 1);
    let faults = Draft::try_new(&[], &long, &note).unwrap_err();
    assert_eq!(faults, [DraftFault::BodyTooLong, DraftFault::NoteTooLong]);
    let faults = Draft::try_new(&[], " \r\n", "").unwrap_err();
    assert_eq!(faults, [DraftFault::NoBody, DraftFault::NoNote]);
    assert!(Draft::try_new(&[], &"æ".repeat(BODY_MAX), "x").is_ok());
    let faults = Draft::withdrawal("se 610101-1234").unwrap_err();
    assert_eq!(faults, [DraftFault::PersonInNote]);
}

#[test]
fn a_version_follows_the_one_it_was_written_on() {
    let ways = [Way::ByHand, Way::Resend, Way::Resend];
    let draft = Draft::try_new(&ways, "a\r\nb\0", " hvorfor ").unwrap();
    let place = place(Some(HERE), 1, None);
    let at = Timestamp::UNIX_EPOCH;
    let guide = draft.version(place, 4, at, ("s", "n"));
    assert_eq!((guide.head.version, &*guide.body), (5, "a\nb"));
    assert_eq!(guide.head.ways, [Way::Resend, Way::ByHand]);
    assert!(!guide.head.withdrawn && &*guide.head.note == "hvorfor");
    let gone = Draft::withdrawal("x")
        .unwrap()
        .version(place, 5, at, ("s", "n"));
    assert!(gone.head.withdrawn && gone.body.is_empty());
}

fn may_write(role: Role, place: GuidePlace) -> bool {
    let grant = Grant::try_new(role, Some(HERE), Some(system(1)));
    let person = Person {
        subject: "s".into(),
        navn: "n".into(),
        grants: grant.into_iter().collect(),
    };
    place.is_writable(&person.scope(Action::WriteGuides))
}

#[test]
fn nobody_writes_in_anothers_name() {
    let country = place(None, 1, None);
    let other_system = place(None, 2, None);
    let here = place(Some(HERE), 1, Some(FaultCode::Unbalanced));
    let here_other = place(Some(HERE), 2, None);
    let there = place(Some(THERE), 1, None);
    let written =
        |role| [country, other_system, here, here_other, there].map(|place| may_write(role, place));
    assert_eq!(
        written(Role::KombitProjekt),
        [true, true, false, false, false]
    );
    assert_eq!(
        written(Role::Leverandoer),
        [true, false, false, false, false]
    );
    assert_eq!(
        written(Role::AnsvarligFinans),
        [false, false, true, true, false]
    );
    assert_eq!(
        written(Role::Fagomraade),
        [false, false, true, false, false]
    );
    assert_eq!(written(Role::Revisor), [false; 5]);
    assert_eq!(written(Role::Drift), [false; 5]);
}

#[test]
fn the_countrys_are_read_by_everybody_and_a_kommunes_where_it_is_seen() {
    let grant = Grant::try_new(Role::Fagomraade, Some(HERE), Some(system(1)));
    let person = Person {
        subject: "s".into(),
        navn: "n".into(),
        grants: grant.into_iter().collect(),
    };
    let scope = person.scope(Action::SeeFigures);
    assert!(place(None, 2, None).is_seen(&scope));
    assert!(place(Some(HERE), 1, None).is_seen(&scope));
    assert!(!place(Some(HERE), 2, None).is_seen(&scope));
    assert!(!place(Some(THERE), 1, None).is_seen(&scope));
}

#[test]
fn words_lead_back() {
    for way in Way::ALL {
        assert_eq!(Way::from_word(way.word()), Some(way));
    }
    assert_eq!(Way::from_word(""), None);
}
