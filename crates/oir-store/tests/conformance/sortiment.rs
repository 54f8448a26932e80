//! The classification: what is registered is kept in order and never changed, the judge's rows
//! follow it in the same transaction, and subscribers get everything once.

use jiff::civil::date;
use oir_domain::access::{Action, Grant, Person, Role, Scope};
use oir_domain::calendar::{Validity, copenhagen};
use oir_domain::ids::FagsystemId;
use oir_domain::klassifikation::apply::{Operation, Said, apply};
use oir_domain::klassifikation::sortiment::{facet_content, klasse_content, owner_id, virkning};
use oir_domain::klassifikation::{
    AktoerType, Field, Indhold, Kind, Relation, RelationKind, Soegeord, UnikId,
};
use oir_domain::party::Kommunekode;
use oir_domain::register::{RegisterData, Sortimentspost, ValueFault};
use oir_fagsystem::sample;
use oir_flow::ports::inbox::Inbox;
use oir_flow::ports::sessions::{Deed, Sessions, deeds};
use oir_flow::ports::sortiment::{
    Announcement, Draft, ObjektQuestion, Sortimenter, Subscription, VaerdiFilter,
};
use oir_store::Store;
use uuid::Uuid;

use crate::subject::{Subject, at};

on_both! {
    what_is_registered_reaches_the_judge_in_the_same_step,
    a_renamed_dimension_takes_its_rows_along,
    whoever_registers_second_judges_again,
    everything_said_is_read_back,
    values_are_for_those_who_see_them,
    a_register_becomes_objects_and_changes_only_what_changed,
    an_import_changes_the_days_of_a_value_and_nothing_else_that_was_said,
    values_older_than_the_classification_are_adopted_once,
    every_sign_but_the_two_for_anything_is_looked_for_as_itself,
    subscribers_get_the_whole_and_then_each_change,
    registrations_are_never_rewritten,
}

const FACET: Uuid = Uuid::from_u128(0xface7);
const HERE: Kommunekode = Kommunekode(791);
const THERE: Kommunekode = Kommunekode(101);

fn system() -> FagsystemId {
    FagsystemId::from_uuid(Uuid::from_u128(0x5151))
}

fn deed(second: i64) -> Deed {
    Deed {
        at: at(second),
        subject: "opdigtet|1".into(),
        navn: "Åse Opdigtet".into(),
        what: deeds::CHANGED_SORTIMENT.into(),
        kommune: None,
        object: "sortiment".into(),
    }
}

fn draft(kind: Kind, id: Uuid, before: Option<&Draft>, operation: Operation, second: i64) -> Draft {
    let said = Said {
        at: at(second),
        by: Some(UnikId::Uuid(Uuid::from_u128(9))),
        note: Some("derfor".into()),
    };
    let registrering = apply(kind, id, before.map(|b| &b.registrering), operation, said).unwrap();
    Draft {
        kind,
        objekt: id,
        number: before.map_or(0, |before| before.number + 1),
        registrering,
        fagsystem: Some(system()),
        kommune: None,
    }
}

fn facet(name: &str) -> Draft {
    let operation = Operation::Importer(facet_content(system(), name, "En dimension"));
    draft(Kind::Facet, FACET, None, operation, 1)
}

fn content(key: &str, from: i16, ejer: Option<Kommunekode>) -> Indhold {
    let days = Validity {
        from: date(from, 1, 1),
        to: Some(date(from, 12, 31)),
    };
    let ejer = ejer.map(|kommune| owner_id(kommune, None));
    let names = [(key.into(), "Titel æøå".into(), days)];
    klasse_content(FACET, ejer, &names, &copenhagen())
}

fn klasse(id: u128, key: &str, kommune: Option<Kommunekode>) -> Draft {
    let operation = Operation::Opret(content(key, 2026, kommune));
    Draft {
        kommune,
        ..draft(Kind::Klasse, Uuid::from_u128(id), None, operation, 1)
    }
}

async fn register(store: &Store, drafts: &[Draft], second: i64) {
    let position = store.position().await.unwrap();
    let deed = deed(second);
    let done = store.register_changes(position, drafts, None, &deed);
    assert!(done.await.unwrap());
}

async fn judged(store: &Store, facet: &str, key: &str, year: i16) -> Result<(), ValueFault> {
    let register = store.register().await.unwrap();
    register.value_in_force(HERE, system(), facet, key, date(year, 6, 1))
}

async fn what_is_registered_reaches_the_judge_in_the_same_step(subject: &Subject) {
    let store = &subject.store;
    let before = store.register_version().await.unwrap();
    let first = klasse(1, "A", None);
    register(store, &[facet("art"), first.clone()], 2).await;
    assert_eq!(store.register_version().await.unwrap(), before + 1);
    assert_eq!(judged(store, "art", "A", 2026).await, Ok(()));
    let late = judged(store, "art", "A", 2027).await;
    assert_eq!(late, Err(ValueFault::NotInForce));
    let renamed = Operation::Importer(content("B", 2027, None));
    let renamed = draft(Kind::Klasse, first.objekt, Some(&first), renamed, 3);
    register(store, std::slice::from_ref(&renamed), 4).await;
    assert_eq!(
        judged(store, "art", "A", 2026).await,
        Err(ValueFault::Value)
    );
    assert_eq!(judged(store, "art", "B", 2027).await, Ok(()));
    let gone = draft(
        Kind::Klasse,
        first.objekt,
        Some(&renamed),
        Operation::Slet,
        5,
    );
    register(store, &[gone], 6).await;
    assert_eq!(
        judged(store, "art", "B", 2027).await,
        Err(ValueFault::Facet)
    );
    let logged = store.logged(&Scope::everything(), None, 10).await.unwrap();
    assert_eq!(logged.len(), 3);
}

async fn a_renamed_dimension_takes_its_rows_along(subject: &Subject) {
    let store = &subject.store;
    let first = facet("art");
    register(store, &[first.clone(), klasse(1, "A", None)], 2).await;
    let renamed = Operation::Importer(facet_content(system(), "ydelse", "Ny"));
    let renamed = draft(Kind::Facet, FACET, Some(&first), renamed, 3);
    register(store, &[renamed, klasse(2, "B", None)], 4).await;
    assert_eq!(
        judged(store, "art", "A", 2026).await,
        Err(ValueFault::Facet)
    );
    assert_eq!(judged(store, "ydelse", "A", 2026).await, Ok(()));
    assert_eq!(judged(store, "ydelse", "B", 2026).await, Ok(()));
}

async fn whoever_registers_second_judges_again(subject: &Subject) {
    let store = &subject.store;
    let position = store.position().await.unwrap();
    let (one, other) = ([klasse(1, "A", None)], [klasse(2, "B", None)]);
    let (deed_one, deed_other) = (deed(2), deed(2));
    let (one, other) = tokio::join!(
        store.register_changes(position, &one, None, &deed_one),
        store.register_changes(position, &other, None, &deed_other),
    );
    let done = [one.unwrap(), other.unwrap()];
    assert_eq!(done.iter().filter(|done| **done).count(), 1);
    assert_eq!(store.position().await.unwrap(), position + 1);
}

async fn everything_said_is_read_back(subject: &Subject) {
    let store = &subject.store;
    let mut rich = content("A", 2026, Some(HERE));
    let egenskab = &mut rich.egenskaber[0];
    egenskab
        .tekster
        .push((Field::Retskilde, "Lov\nmed linjer; \"og\" mere".into()));
    egenskab.soegeord = vec![
        Soegeord {
            identifikator: Some("".into()),
            beskrivelse: None,
            kategori: Some("k".into()),
        },
        Soegeord::default(),
    ];
    egenskab.virkning.aktoer = Some(UnikId::Urn("urn:x:æ".into()));
    egenskab.virkning.aktoer_type = Some(AktoerType::ItSystem);
    egenskab.virkning.note = Some("".into());
    rich.tilstande[0].er_publiceret = Some(false);
    rich.relationer.push(Relation {
        kind: RelationKind::Mapninger,
        virkning: virkning(
            &Validity {
                from: date(2026, 3, 1),
                to: None,
            },
            &copenhagen(),
        ),
        til: None,
    });
    let id = Uuid::from_u128(1);
    let first = draft(Kind::Klasse, id, None, Operation::Opret(rich), 1);
    let second = draft(Kind::Klasse, id, Some(&first), Operation::Passiver, 2);
    register(store, &[facet("art"), first.clone()], 3).await;
    register(store, std::slice::from_ref(&second), 4).await;
    let read = store.objekter(&[id, Uuid::from_u128(77)]).await.unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!(
        read[0].registreringer,
        [first.registrering, second.registrering]
    );
}

fn scope(role: Role, kommune: Kommunekode) -> Scope {
    let person = Person {
        subject: "s".into(),
        navn: "n".into(),
        grants: vec![Grant::try_new(role, Some(kommune), Some(system())).unwrap()],
    };
    person.scope(Action::SeeFigures)
}

async fn values_are_for_those_who_see_them(subject: &Subject) {
    let store = &subject.store;
    let drafts = [
        facet("art"),
        klasse(1, "A", None),
        klasse(2, "B", Some(HERE)),
        klasse(3, "C", Some(THERE)),
    ];
    register(store, &drafts, 2).await;
    let keys = async |scope: &Scope, filter: &VaerdiFilter| -> Vec<String> {
        let values = store.values(scope, filter, 100).await.unwrap();
        values
            .iter()
            .map(|value| value.noegle.to_string())
            .collect()
    };
    let all = VaerdiFilter {
        fagsystem: Some(system()),
        ..VaerdiFilter::default()
    };
    assert_eq!(keys(&Scope::everything(), &all).await, ["A", "B", "C"]);
    assert_eq!(
        keys(&scope(Role::OekonomiFinans, HERE), &all).await,
        ["A", "B"]
    );
    assert_eq!(
        keys(&scope(Role::Fagomraade, THERE), &all).await,
        ["A", "C"]
    );
    assert_eq!(keys(&Scope::nothing(), &all).await, Vec::<String>::new());
    let own = VaerdiFilter {
        kommune: Some(THERE),
        day: Some(date(2026, 12, 31)),
        ..all.clone()
    };
    assert_eq!(keys(&Scope::everything(), &own).await, ["A", "C"]);
    let first = store.values(&Scope::everything(), &all, 1).await.unwrap();
    let after = VaerdiFilter {
        after: Some((
            first[0].dimension.noegle.clone(),
            first[0].noegle.clone(),
            first[0].objekt,
            first[0].validity.from,
        )),
        ..all.clone()
    };
    assert_eq!(keys(&Scope::everything(), &after).await, ["B", "C"]);
    let question = ObjektQuestion {
        kind: Kind::Klasse,
        noegle: None,
        titel: Some("TITEL*".into()),
        facet: Some(FACET),
        livscyklus: None,
        skip: 0,
        limit: 10,
    };
    let found = store
        .search(&scope(Role::OekonomiFinans, HERE), &question)
        .await;
    assert_eq!(found.unwrap(), [Uuid::from_u128(1), Uuid::from_u128(2)]);
    let asked = [Uuid::from_u128(2), Uuid::from_u128(3)];
    let own = scope(Role::OekonomiFinans, HERE);
    let seen = Sortimenter::seen(store, &own, &asked).await;
    assert_eq!(seen.unwrap(), [Uuid::from_u128(2)]);
}

fn plain(kommune: Option<Kommunekode>, vaerdi: &str, from: i16) -> Sortimentspost {
    Sortimentspost {
        fagsystem: system(),
        kommune,
        facet: "art".into(),
        vaerdi: vaerdi.into(),
        validity: Validity {
            from: date(from, 1, 1),
            to: None,
        },
    }
}

async fn a_register_becomes_objects_and_changes_only_what_changed(subject: &Subject) {
    let store = &subject.store;
    let mut data = RegisterData {
        sortiment: vec![plain(None, "A", 2025), plain(Some(HERE), "B", 2025)],
        ..sample::register_data("http://127.0.0.1:1")
    };
    store.import_register(&data, at(10)).await.unwrap();
    let first = store.position().await.unwrap();
    let read = store.register_data().await.unwrap();
    assert_eq!(read.sortiment, data.sortiment);
    store.import_register(&data, at(11)).await.unwrap();
    assert_eq!(store.position().await.unwrap(), first, "nothing was new");
    data.sortiment[0].validity.from = date(2024, 1, 1);
    data.sortiment.pop();
    store.import_register(&data, at(12)).await.unwrap();
    assert_eq!(store.position().await.unwrap(), first + 2);
    assert_eq!(
        store.register_data().await.unwrap().sortiment,
        data.sortiment
    );
    assert_eq!(
        judged(store, "art", "B", 2026).await,
        Err(ValueFault::Value)
    );
    let changes = store.changes(system(), HERE, first, 10).await.unwrap();
    let times: Vec<_> = changes
        .iter()
        .map(|c| c.draft.registrering.tidspunkt)
        .collect();
    assert_eq!(times, [at(12), at(12)]);
}

async fn an_import_changes_the_days_of_a_value_and_nothing_else_that_was_said(subject: &Subject) {
    let store = &subject.store;
    let mut rich = content("A", 2026, None);
    let egenskab = &mut rich.egenskaber[0];
    egenskab.tekster.push((Field::Retskilde, "Lov".into()));
    egenskab.soegeord = vec![Soegeord {
        identifikator: None,
        beskrivelse: Some("at finde den på".into()),
        kategori: None,
    }];
    let before = egenskab.clone();
    let id = Uuid::from_u128(1);
    let first = draft(Kind::Klasse, id, None, Operation::Opret(rich), 1);
    register(store, &[facet("art"), first], 3).await;
    let mut data = store.register_data().await.unwrap();
    let own = |post: &&mut Sortimentspost| post.fagsystem == system();
    let post = data.sortiment.iter_mut().find(own).unwrap();
    post.validity.to = Some(date(2027, 12, 31));
    let days = post.validity;
    store.import_register(&data, at(12)).await.unwrap();
    let read = store.objekter(&[id]).await.unwrap().remove(0);
    assert_eq!(read.registreringer.len(), 2);
    let [after] = read.latest().unwrap().indhold.egenskaber.as_slice() else {
        panic!("one name");
    };
    assert_eq!(after.tekster, before.tekster);
    assert_eq!(after.soegeord, before.soegeord);
    assert_eq!(after.virkning, virkning(&days, &copenhagen()));
}

async fn values_older_than_the_classification_are_adopted_once(subject: &Subject) {
    let store = &subject.store;
    // As a database of before the classification is after its upgrade.
    subject.unguard("klassifikation_registrering").await;
    for statement in [
        "delete from klassifikation_registrering",
        "delete from klassifikation_objekt",
        "delete from klassifikation_edge",
        "delete from sortiment_vaerdi",
        "update klassifikation_position set position = 0",
    ] {
        subject.past_the_store(statement).await.unwrap();
    }
    let data = store.register_data().await.unwrap();
    assert!(!data.sortiment.is_empty());
    let all = VaerdiFilter::default();
    let listed = async || {
        let values = store.values(&Scope::everything(), &all, 1_000).await;
        values.unwrap().len()
    };
    assert_eq!(listed().await, 0);
    assert!(store.adopt_sortiment(at(5)).await.unwrap());
    assert_eq!(listed().await, data.sortiment.len());
    assert_eq!(store.register_data().await.unwrap(), data);
    let position = store.position().await.unwrap();
    assert!(!store.adopt_sortiment(at(6)).await.unwrap());
    assert_eq!(store.position().await.unwrap(), position);
}

async fn every_sign_but_the_two_for_anything_is_looked_for_as_itself(subject: &Subject) {
    let store = &subject.store;
    let named = |id: u128, key: &str, titel: &str| {
        let days = Validity {
            from: date(2026, 1, 1),
            to: None,
        };
        let names = [(key.into(), titel.into(), days)];
        let operation = Operation::Opret(klasse_content(FACET, None, &names, &copenhagen()));
        draft(Kind::Klasse, Uuid::from_u128(id), None, operation, 1)
    };
    let drafts = [
        facet("art"),
        named(1, "A_1", "ÆBLER og pærer"),
        named(2, "AB1", "Æblegrød"),
        named(3, "C\\", "Blåbær"),
    ];
    register(store, &drafts, 2).await;
    let found = async |noegle: Option<&str>, titel: Option<&str>| -> Vec<u128> {
        let question = ObjektQuestion {
            kind: Kind::Klasse,
            noegle: noegle.map(Into::into),
            titel: titel.map(Into::into),
            facet: Some(FACET),
            livscyklus: None,
            skip: 0,
            limit: 10,
        };
        let found = store.search(&Scope::everything(), &question).await;
        let found = found.unwrap().into_iter();
        let mut found: Vec<u128> = found.map(|id| id.as_u128()).collect();
        found.sort_unstable();
        found
    };
    assert_eq!(found(Some("A_1"), None).await, [1]);
    assert_eq!(found(Some("a*1"), None).await, [1, 2]);
    assert_eq!(found(Some("A%"), None).await, [1, 2]);
    assert_eq!(found(Some("C\\"), None).await, [3]);
    assert_eq!(found(Some("\\*"), None).await, [0_u128; 0]);
    assert_eq!(found(None, Some("æble*")).await, [1, 2]);
    assert_eq!(found(None, Some("*PÆRER")).await, [1]);
    assert_eq!(found(None, Some("BLÅBÆR\0")).await, [0_u128; 0]);
}

fn announcement() -> Announcement {
    Announcement {
        id: Uuid::from_u128(60),
        fagsystem: system(),
        kommune: Some(HERE),
        effective: date(2026, 1, 1),
        tekst: "Nye værdier".into(),
        navn: "Åse".into(),
        announced: at(4),
        positions: (0, 0),
    }
}

async fn subscribers_get_the_whole_and_then_each_change(subject: &Subject) {
    let store = &subject.store;
    let before = store.position().await.unwrap();
    let first = [
        facet("art"),
        klasse(1, "A", None),
        klasse(2, "C", Some(THERE)),
    ];
    register(store, &first, 2).await;
    let (position, whole) = store.snapshot(system(), HERE).await.unwrap();
    let ids: Vec<Uuid> = whole.iter().map(|change| change.draft.objekt).collect();
    assert_eq!(
        (position, ids),
        (before + 3, vec![FACET, Uuid::from_u128(1)])
    );
    let id = Uuid::from_u128(50);
    let subscription = Subscription {
        id,
        subscriber: "books".into(),
        navn: "Opdigtet ERP".into(),
        fagsystem: system(),
        kommune: HERE,
        made: at(3),
        acknowledged: position,
        acknowledged_at: None,
        ended: None,
    };
    store.subscribe(&subscription, &deed(3)).await.unwrap();
    let announcement = announcement();
    let (own, others) = (klasse(3, "B", Some(HERE)), klasse(4, "D", Some(THERE)));
    let (drafts, said) = ([own.clone(), others], deed(4));
    let done = store.register_changes(position, &drafts, Some(&announcement), &said);
    assert!(done.await.unwrap());
    let changes = store.changes(system(), HERE, position, 10).await.unwrap();
    assert_eq!((changes.len(), changes[0].position), (1, position + 1));
    assert_eq!(changes[0].draft, own);
    let lag = store.subscribers(&Scope::everything()).await.unwrap();
    assert_eq!((lag[0].behind, lag[0].oldest), (1, Some(at(1))));
    assert!(store.acknowledge(id, position + 2, at(6)).await.unwrap());
    assert!(
        !store.acknowledge(id, position + 3, at(6)).await.unwrap(),
        "not registered yet"
    );
    assert_eq!(
        store.subscribers(&Scope::everything()).await.unwrap()[0].behind,
        0
    );
    assert!(
        store.acknowledge(id, position, at(7)).await.unwrap(),
        "a replay"
    );
    assert_eq!(
        store.subscription(id).await.unwrap().unwrap().acknowledged,
        position
    );
    let elsewhere = scope(Role::OekonomiFinans, THERE);
    assert!(store.subscribers(&elsewhere).await.unwrap().is_empty());
    let announced = store
        .announcements(&Scope::everything(), date(2026, 1, 1))
        .await;
    assert_eq!(
        announced.unwrap()[0].positions,
        (position + 1, position + 2)
    );
    let elsewhere = store.announcements(&elsewhere, date(2026, 1, 1)).await;
    assert!(elsewhere.unwrap().is_empty());
    assert!(store.unsubscribe(id, &deed(8)).await.unwrap());
    assert!(!store.unsubscribe(id, &deed(9)).await.unwrap());
    assert_eq!(store.subscription(id).await.unwrap(), None);
}

async fn registrations_are_never_rewritten(subject: &Subject) {
    register(&subject.store, &[facet("art"), klasse(1, "A", None)], 2).await;
    for attack in [
        "update klassifikation_registrering set indhold = ''",
        "delete from klassifikation_registrering",
    ] {
        assert!(subject.past_the_store(attack).await.is_err(), "{attack}");
    }
}
