//! Postings that share several accounts, the version that decided, and bilag that an ERP maps.

use oir_domain::access::{Grant, Person, Role, Scope};
use oir_domain::finans::Finansbilag;
use oir_domain::ids::BilagId;
use oir_domain::message::{Event, StateName};
use oir_domain::money::Oere;
use oir_domain::omsaetning::{
    Comparison, Foreseen, Konteret, Kontering, Konteringslinje, Mapped, Mode, Prediction, TableId,
    Told,
};
use oir_fagsystem::sample;
use oir_flow::ports::inbox::{Accounts, BilagRecord, Inbox, MessageRecord};
use oir_flow::ports::mirror::{MirrorBilag, MirrorCount, MirrorFilter, Mirrors, ModeChange};
use oir_flow::ports::outbox::{Advance, Compared, Outbox};
use oir_flow::ports::search::Search;
use oir_flow::ports::sessions::{Deed, deeds};
use oir_flow::ports::views::{BilagFilter, Views};

use crate::subject::{OTHER_KOMMUNE, Subject, at, booked, new_bilag, step};

on_both! {
    a_split_posting_comes_back_with_its_lines,
    a_split_posting_of_a_held_bilag_comes_with_the_step_that_maps,
    each_account_of_a_split_posting_is_found,
    the_ordinary_bilag_has_no_rows_more,
    balances_are_of_the_lines,
    lines_that_do_not_add_up_are_found,
    lines_and_versions_are_never_rewritten,
    the_last_decision_says_who_maps,
    another_decision_under_the_number_writes_nothing,
    a_prediction_is_kept_and_the_posting_untouched,
    a_prediction_is_held_against_the_answer,
    of_a_posting_that_the_books_name_twice_the_first_account_is_kept,
    what_a_scope_does_not_cover_is_not_there,
}

const TABLE: TableId = TableId {
    kommune: sample::KOMMUNE,
    fagsystem: sample::FAGSYSTEM,
};

fn line(konto: &str, oere: i64) -> Konteringslinje {
    Konteringslinje {
        konto: konto.into(),
        beloeb: Oere::new(oere),
    }
}

/// The first posting on two accounts, the others each on one.
fn split(bilag: &Finansbilag) -> Mapped {
    let mut mapped = Mapped::whole(3, bilag, vec!["9.22.01"; bilag.posteringer.len()]);
    let whole = bilag.posteringer[0].beloeb.get();
    mapped.posteringer[0] = Konteret {
        rule: 4,
        lines: vec![line("5.57.71", whole - 1), line("5.57.72", 1)],
    };
    mapped
}

fn with_accounts(
    mut record: MessageRecord,
    accounts: impl Fn(&Finansbilag) -> Accounts,
) -> MessageRecord {
    for bilag in &mut record.bilag {
        if let BilagRecord::New(new) = bilag {
            new.accounts = accounts(&new.bilag);
        }
    }
    record
}

/// Message `n` with one bilag whose first posting is split.
async fn received_split(subject: &Subject, n: u64) -> BilagId {
    let record = subject.judged(&sample::message(n, vec![sample::bilag(n)]), 0);
    let record = with_accounts(record, |bilag| Accounts::Mapped(split(bilag)));
    subject.admit(std::slice::from_ref(&record)).await;
    new_bilag(&record)[0].id
}

async fn loaded(subject: &Subject, id: BilagId) -> Finansbilag {
    let found = subject.store.load(sample::KOMMUNE, &[id]).await.unwrap();
    found.into_iter().next().unwrap()
}

async fn version(subject: &Subject, id: BilagId) -> Option<u32> {
    let detail = subject
        .store
        .detail(&Scope::everything(), id)
        .await
        .unwrap();
    detail.unwrap().omsaetning_version
}

fn konteringer(bilag: &Finansbilag) -> Vec<Option<Kontering>> {
    bilag
        .posteringer
        .iter()
        .map(|p| p.kontering.clone())
        .collect()
}

fn expected(bilag: &Finansbilag) -> Vec<Option<Kontering>> {
    split(bilag)
        .posteringer
        .iter()
        .map(Konteret::kontering)
        .collect()
}

async fn a_split_posting_comes_back_with_its_lines(subject: &Subject) {
    let ordinary = subject.receive(1, vec![sample::bilag(1)], 0).await;
    let id = received_split(subject, 2).await;
    assert_eq!(
        konteringer(&loaded(subject, id).await),
        expected(&sample::bilag(2))
    );
    assert_eq!(version(subject, id).await, Some(3));
    // Beside one that is not split, in one load and in the order asked for.
    let other = new_bilag(&ordinary)[0].id;
    let both = subject
        .store
        .load(sample::KOMMUNE, &[id, other])
        .await
        .unwrap();
    assert_eq!(konteringer(&both[0]), expected(&sample::bilag(2)));
    let whole = both[1]
        .posteringer
        .iter()
        .map(|p| p.kontering.as_ref().unwrap());
    assert!(
        whole
            .clone()
            .all(|kontering| kontering.as_whole().is_some())
    );
    assert_eq!(version(subject, other).await, Some(0));
    assert_eq!(subject.store.verify(&|_| {}).await.unwrap().findings, []);
}

async fn a_split_posting_of_a_held_bilag_comes_with_the_step_that_maps(subject: &Subject) {
    let record = subject.receive(1, vec![sample::held(1)], 0).await;
    let id = new_bilag(&record)[0].id;
    assert_eq!(version(subject, id).await, None);
    let held = subject.store.held(None, 9).await.unwrap().remove(0);
    let mut moved = step(&held, &Event::AccountsFound, 5);
    moved.accounts = Accounts::Mapped(split(&sample::held(1)));
    assert_eq!(
        subject.store.advance(&[moved]).await.unwrap(),
        Advance::Done
    );
    assert_eq!(
        konteringer(&loaded(subject, id).await),
        expected(&sample::held(1))
    );
    assert_eq!(version(subject, id).await, Some(3));
    assert_eq!(subject.store.verify(&|_| {}).await.unwrap().findings, []);
}

async fn each_account_of_a_split_posting_is_found(subject: &Subject) {
    subject.receive(1, vec![sample::bilag(1)], 0).await;
    let id = received_split(subject, 2).await;
    for entered in [false, true] {
        if entered {
            let after = BilagId::from_uuid(uuid::Uuid::max());
            while subject.store.enter(after, 50).await.unwrap() > 0 {}
        }
        for (typed, found) in [("5.57.71", true), ("5.57.72", true), ("5.57.73", false)] {
            let filter = BilagFilter {
                konto: Some(typed.into()),
                ..BilagFilter::default()
            };
            let lines = subject
                .store
                .list(&Scope::everything(), &filter, None, 9)
                .await
                .unwrap();
            let ids: Vec<BilagId> = lines.iter().map(|line| line.id).collect();
            let wanted = if found { vec![id] } else { Vec::new() };
            assert_eq!(ids, wanted, "{typed}, entered: {entered}");
        }
    }
}

async fn the_ordinary_bilag_has_no_rows_more(subject: &Subject) {
    subject
        .receive(1, vec![sample::bilag(1), sample::held(2)], 0)
        .await;
    for table in [
        "konteringslinje",
        "mirror_bilag",
        "mirror_line",
        "mirror_answer",
    ] {
        let rows = subject
            .rows(&format!("select cast(count(*) as text) from {table}"))
            .await;
        assert_eq!(rows, ["0"], "{table}");
    }
}

async fn balances_are_of_the_lines(subject: &Subject) {
    received_split(subject, 1).await;
    let bilag = sample::bilag(1);
    let balances = subject.store.balances().await.unwrap();
    let of = |konto: &str| balances.iter().find(|(_, k, _)| **k == *konto).map(|b| b.2);
    let sign = match bilag.posteringer[0].side {
        oir_domain::money::Side::Debit => 1,
        oir_domain::money::Side::Credit => -1,
    };
    assert_eq!(of("5.57.72"), Some(sign));
    assert_eq!(
        of("5.57.71"),
        Some(sign * (bilag.posteringer[0].beloeb.get() - 1))
    );
    assert_eq!(of(""), None);
    assert_eq!(balances.iter().map(|b| b.2).sum::<i64>(), 0);
}

async fn lines_that_do_not_add_up_are_found(subject: &Subject) {
    const CHECK: &str = "posteringernes konteringslinjer summer til posteringen";
    received_split(subject, 1).await;
    received_split(subject, 2).await;
    subject.unguard("konteringslinje").await;
    subject.unguard("postering").await;
    let damages = [
        (
            "update konteringslinje set beloeb = beloeb + 1 where number = 1",
            2,
        ),
        (
            "update konteringslinje set beloeb = beloeb - 1 where number = 1",
            0,
        ),
        ("update postering set konto = '9.22.01' where konto = ''", 2),
        ("update postering set konto = '' where position = 0", 0),
        ("delete from konteringslinje where number = 2", 2),
        ("delete from konteringslinje", 2),
    ];
    for (damage, wanted) in damages {
        subject.past_the_store(damage).await.unwrap();
        let found = subject.store.verify(&|_| {}).await.unwrap().findings;
        let checks: Vec<_> = found.iter().map(|finding| finding.check).collect();
        assert_eq!(checks, vec![CHECK; wanted], "{damage}");
    }
}

async fn lines_and_versions_are_never_rewritten(subject: &Subject) {
    received_split(subject, 1).await;
    for statement in [
        "update konteringslinje set beloeb = 0",
        "update konteringslinje set konto = '1'",
        "delete from konteringslinje",
        "update bilag set omsaetning_version = 9, version = version + 1",
        "update bilag set omsaetning_version = null, version = version + 1",
    ] {
        let refused = subject.past_the_store(statement).await;
        assert!(refused.is_err(), "{statement}");
    }
}

fn change(number: u32, mode: Mode, seconds: i64) -> (ModeChange, Deed) {
    let change = ModeChange {
        table: TABLE,
        number,
        mode,
        since: at(seconds),
        navn: "Vera Ven".into(),
    };
    let deed = Deed {
        at: at(seconds),
        subject: "vera".into(),
        navn: "Vera Ven".into(),
        what: deeds::DECIDED_MODE.into(),
        kommune: Some(TABLE.kommune),
        object: mode.word().into(),
    };
    (change, deed)
}

async fn decide(subject: &Subject, number: u32, mode: Mode, seconds: i64) -> bool {
    let (change, deed) = change(number, mode, seconds);
    subject.store.decide_mode(&change, &deed).await.unwrap()
}

async fn mode(subject: &Subject) -> Mode {
    let register = subject.store.register().await.unwrap();
    register.mode(TABLE.kommune, TABLE.fagsystem)
}

async fn the_last_decision_says_who_maps(subject: &Subject) {
    let before = subject.store.register_version().await.unwrap();
    assert_eq!(mode(subject).await, Mode::Apply);
    assert!(decide(subject, 1, Mode::Mirror, 10).await);
    assert_eq!(mode(subject).await, Mode::Mirror);
    assert!(decide(subject, 2, Mode::Apply, 20).await);
    assert_eq!(mode(subject).await, Mode::Apply);
    assert_eq!(subject.store.register_version().await.unwrap(), before + 2);
    let all = Scope::everything();
    let (first, second) = (change(1, Mode::Mirror, 10).0, change(2, Mode::Apply, 20).0);
    assert_eq!(
        subject.store.modes(&all).await.unwrap(),
        std::slice::from_ref(&second)
    );
    let history = subject.store.mode_history(&all, TABLE).await.unwrap();
    assert_eq!(history, [second, first]);
    // An import of the register says nothing of who maps.
    let data = subject.store.register_data().await.unwrap();
    subject.store.replace_register(&data).await.unwrap();
    assert_eq!(
        subject.store.mode_history(&all, TABLE).await.unwrap().len(),
        2
    );
}

async fn another_decision_under_the_number_writes_nothing(subject: &Subject) {
    assert!(decide(subject, 1, Mode::Mirror, 10).await);
    let before = subject.contents().await;
    assert!(!decide(subject, 1, Mode::Apply, 11).await);
    assert!(!decide(subject, 3, Mode::Apply, 11).await);
    assert_eq!(subject.contents().await, before);
}

/// The second posting has no account when a refusal is foreseen.
fn foreseen(bilag: &Finansbilag, refusal: bool) -> Prediction {
    let split = split(bilag);
    let postings = bilag.posteringer.iter().zip(&split.posteringer);
    let posteringer = postings
        .enumerate()
        .map(|(at, (postering, konteret))| Foreseen {
            linjenummer: postering.linjenummer,
            kontering: konteret.kontering().filter(|_| !refusal || at != 1),
        });
    Prediction {
        version: Some(3),
        posteringer: posteringer.collect(),
    }
}

/// Two bilag that the ERP maps: of the second a refusal is foreseen.
async fn mirrored(subject: &Subject) -> [BilagId; 2] {
    let record = subject.judged(
        &sample::message(1, vec![sample::bilag(1), sample::bilag(2)]),
        0,
    );
    let second = sample::bilag(2).bilag_uuid;
    let record = with_accounts(record, |bilag| {
        Accounts::Foreseen(foreseen(bilag, bilag.bilag_uuid == second))
    });
    subject.admit(std::slice::from_ref(&record)).await;
    let ids: Vec<BilagId> = new_bilag(&record).iter().map(|new| new.id).collect();
    [ids[0], ids[1]]
}

fn day() -> MirrorFilter {
    MirrorFilter {
        table: Some(TABLE),
        days: (sample::DAY, sample::DAY),
        comparison: None,
    }
}

async fn one(subject: &Subject, id: BilagId) -> MirrorBilag {
    let found = subject
        .store
        .mirror_of(&Scope::everything(), id)
        .await
        .unwrap();
    found.unwrap()
}

fn count(comparison: Option<Comparison>, refusal_foreseen: bool) -> MirrorCount {
    MirrorCount {
        table: TABLE,
        comparison,
        refusal_foreseen,
        bilag: 1,
    }
}

async fn a_prediction_is_kept_and_the_posting_untouched(subject: &Subject) {
    let [sound, lacking] = mirrored(subject).await;
    let all = Scope::everything();
    let kept = subject
        .store
        .foreseen(sample::KOMMUNE, &[lacking, sound])
        .await
        .unwrap();
    let wanted = [
        (sound, foreseen(&sample::bilag(1), false)),
        (lacking, foreseen(&sample::bilag(2), true)),
    ];
    assert_eq!(kept, wanted);
    // The books get the untouched posting.
    assert!(
        konteringer(&loaded(subject, sound).await)
            .iter()
            .all(Option::is_none)
    );
    assert_eq!(version(subject, sound).await, None);
    let counts = subject.store.mirror_counts(&all, day().days).await.unwrap();
    assert_eq!(counts, [count(None, false), count(None, true)]);
    assert_eq!(one(subject, sound).await.answered, None);
}

/// The books' answers: the first booked on another account, the second refused as foreseen.
async fn answered(subject: &Subject, sound: BilagId, told: &[Told]) {
    let mut moves = Vec::new();
    for seen in &subject.start_sending(2, 2).await {
        let (event, comparison, told) = if seen.id == sound {
            (booked("7"), Comparison::OtherAccount, told.to_vec())
        } else {
            (Event::Refused, Comparison::RefusedAsForeseen, Vec::new())
        };
        let mut moved = step(seen, &event, 6);
        moved.compared = Some(Compared { comparison, told });
        moves.push(moved);
    }
    assert_eq!(subject.store.advance(&moves).await.unwrap(), Advance::Done);
}

async fn a_prediction_is_held_against_the_answer(subject: &Subject) {
    let [sound, lacking] = mirrored(subject).await;
    let all = Scope::everything();
    let posting = &sample::bilag(1).posteringer[0];
    let told = Told {
        linjenummer: posting.linjenummer,
        kontering: Kontering::whole("5.99.99", posting.beloeb),
    };
    answered(subject, sound, std::slice::from_ref(&told)).await;
    let differing = subject
        .store
        .mirror_bilag(&all, &day(), None, 9)
        .await
        .unwrap();
    assert_eq!(differing, [one(subject, sound).await]);
    let [found] = differing.as_slice() else {
        panic!("one differs");
    };
    assert_eq!(found.answered, Some((Comparison::OtherAccount, at(6))));
    assert_eq!((found.state, found.version), (StateName::Booked, Some(3)));
    assert_eq!(found.lines[0].told, Some(told.kontering));
    let first = foreseen(&sample::bilag(1), false).posteringer.remove(0);
    assert_eq!(found.lines[0].foreseen, first.kontering);
    assert_eq!(found.lines[1].told, None);
    let counts = subject.store.mirror_counts(&all, day().days).await.unwrap();
    let wanted = [
        count(Some(Comparison::OtherAccount), false),
        count(Some(Comparison::RefusedAsForeseen), true),
    ];
    assert_eq!(counts, wanted);
    let filter = MirrorFilter {
        comparison: Some(Comparison::RefusedAsForeseen),
        ..day()
    };
    let agreed = subject
        .store
        .mirror_bilag(&all, &filter, None, 9)
        .await
        .unwrap();
    assert_eq!(agreed.iter().map(|b| b.id).collect::<Vec<_>>(), [lacking]);
    let older = subject
        .store
        .mirror_bilag(&all, &filter, Some(lacking), 9)
        .await
        .unwrap();
    assert_eq!(older, []);
}

async fn of_a_posting_that_the_books_name_twice_the_first_account_is_kept(subject: &Subject) {
    let [sound, _] = mirrored(subject).await;
    let posting = &sample::bilag(1).posteringer[0];
    let first = Told {
        linjenummer: posting.linjenummer,
        kontering: Kontering::whole("5.99.99", posting.beloeb),
    };
    let halves = vec![
        line("5.99.97", 1),
        line("5.99.98", posting.beloeb.get() - 1),
    ];
    let again = Told {
        linjenummer: posting.linjenummer,
        kontering: Kontering::try_new(halves).unwrap(),
    };
    answered(subject, sound, &[first.clone(), again]).await;
    let told = one(subject, sound).await.lines.remove(0).told;
    assert_eq!(told, Some(first.kontering), "not lines of both");
}

async fn what_a_scope_does_not_cover_is_not_there(subject: &Subject) {
    let [sound, _] = mirrored(subject).await;
    decide(subject, 1, Mode::Mirror, 10).await;
    let grant = Grant::try_new(Role::OekonomiFinans, Some(OTHER_KOMMUNE), None);
    let stranger = Person {
        subject: "s".into(),
        navn: "n".into(),
        grants: vec![grant.unwrap()],
    };
    let scope = stranger.concern();
    assert_eq!(subject.store.mirror_of(&scope, sound).await.unwrap(), None);
    assert_eq!(
        subject
            .store
            .mirror_counts(&scope, day().days)
            .await
            .unwrap(),
        []
    );
    let filter = MirrorFilter {
        table: None,
        ..day()
    };
    assert_eq!(
        subject
            .store
            .mirror_bilag(&scope, &filter, None, 9)
            .await
            .unwrap(),
        []
    );
    assert_eq!(subject.store.modes(&scope).await.unwrap(), []);
    assert_eq!(subject.store.mode_history(&scope, TABLE).await.unwrap(), []);
    let others = subject
        .store
        .foreseen(OTHER_KOMMUNE, &[sound])
        .await
        .unwrap();
    assert_eq!(others, []);
}
