//! Omsætningstabeller: from draft to force, each write with its line of the log, nobody's work
//! overwritten unsaid, what is approved never changed, and nothing seen by those it is not for.

use std::sync::Arc;

use jiff::civil::{Date, date};
use oir_domain::access::{Patch, Scope};
use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::finans::Posteringstype;
use oir_domain::money::Side;
use oir_domain::omsaetning::{
    Condition, Rule, Share, Simulated, Stage, TableId, Target, Template, Version,
};
use oir_domain::party::Kommunekode;
use oir_domain::register::Omsaetningsrow;
use oir_fagsystem::sample;
use oir_flow::ports::inbox::Inbox;
use oir_flow::ports::omsaetning::{NewDraft, Omsaetningstabeller, Save, Sharing, Written};
use oir_flow::ports::sessions::{Deed, Sessions, deeds};

use crate::subject::{OTHER_KOMMUNE, Subject, at};

on_both! {
    a_draft_comes_into_force_and_every_step_is_logged,
    a_save_on_an_old_edition_changes_nothing,
    of_two_who_save_at_once_one_does,
    a_number_that_any_version_used_is_not_given_again,
    a_table_has_one_draft_at_a_time,
    what_is_approved_is_changed_by_nobody,
    rules_are_read_as_they_were_saved_in_their_order,
    twenty_thousand_rules_are_saved_and_read,
    a_version_for_next_year_leaves_this_years_rules,
    an_approved_version_is_compiled_once,
    what_came_with_the_register_is_compiled_again_when_it_is_another,
    a_simulation_counts_for_its_edition,
    tables_are_there_for_their_own_people_only,
    a_table_is_copied_by_others_when_its_owner_shares_it,
}

pub(crate) const TABLE: TableId = TableId {
    kommune: sample::KOMMUNE,
    fagsystem: sample::FAGSYSTEM,
};

fn rule(number: u32, vaerdi: &str, konto: &str) -> Rule {
    Rule {
        number,
        conditions: vec![("sted".into(), Condition::Is(vaerdi.into()))],
        side: None,
        regnskabsaar: None,
        posteringstype: None,
        validity: Validity {
            from: date(2020, 2, 29),
            to: None,
        },
        targets: vec![Target::whole(Template::parse(konto).unwrap())],
        comment: format!("regel {number}\næøå '\"\\").into(),
    }
}

fn deed(what: &str, seconds: i64) -> Deed {
    Deed {
        at: at(seconds),
        subject: "opdigtet|1".into(),
        navn: "Åse Opdigtet".into(),
        what: what.into(),
        kommune: Some(TABLE.kommune),
        object: "omsætning".into(),
    }
}

fn draft(rules: Vec<Rule>, writer: &str) -> NewDraft {
    NewDraft {
        table: TABLE,
        based_on: 0,
        purpose: "Nyt år – 'prøve' \\ \"x\"".into(),
        in_force_from: None,
        rules,
        writer: writer.into(),
        at: at(1),
    }
}

fn save(number: u32, edition: u32, rules: Option<Vec<Rule>>, from: Option<Date>) -> Save {
    Save {
        table: TABLE,
        number,
        edition,
        purpose: "Gemt".into(),
        in_force_from: from,
        rules,
        writer: "skriver|2".into(),
        at: at(2),
    }
}

async fn begin(subject: &Subject, rules: Vec<Rule>) -> Written {
    let deed = deed(deeds::BEGAN_OMSAETNING, 1);
    let draft = draft(rules, "skriver|1");
    Omsaetningstabeller::begin(&subject.store, &draft, &deed)
        .await
        .unwrap()
}

async fn saved(subject: &Subject, save: &Save) -> Written {
    let deed = deed(deeds::SAVED_OMSAETNING, 2);
    subject.store.save(save, &deed).await.unwrap()
}

async fn approve(subject: &Subject, number: u32, edition: u32) -> Written {
    let deed = deed(deeds::APPROVED_OMSAETNING, 4);
    let approved = subject
        .store
        .approve(TABLE, number, edition, "godkender|3", at(4), &deed)
        .await;
    approved.unwrap()
}

/// A version with these rules in force from a day; gives its number.
async fn in_force(subject: &Subject, rules: Vec<Rule>, from: Date) -> u32 {
    let Written::Done(number) = begin(subject, rules).await else {
        panic!("a draft was there");
    };
    let day = saved(subject, &save(number, 1, None, Some(from))).await;
    assert_eq!(day, Written::Done(2));
    assert_eq!(approve(subject, number, 2).await, Written::Done(2));
    number
}

async fn versions(subject: &Subject) -> Vec<Version> {
    let all = Scope::everything();
    subject.store.versions(&all, TABLE).await.unwrap()
}

async fn rules(subject: &Subject, number: u32) -> Vec<Rule> {
    let all = Scope::everything();
    let found = subject.store.rules(&all, TABLE, number).await.unwrap();
    found.unwrap()
}

/// The words of the log, the oldest first.
async fn logged(subject: &Subject) -> Vec<String> {
    let all = Scope::everything();
    let lines = subject.store.logged(&all, None, 1_000).await.unwrap();
    let words = lines.into_iter().rev().map(|line| line.deed.what.into());
    words.collect()
}

fn simulated(edition: u32, moved: u64) -> Simulated {
    Simulated {
        edition,
        at: at(3),
        from: date(2026, 1, 1),
        to: date(2026, 12, 31),
        postings: 3_000_000_000,
        moved,
        booked_moved: 0,
        unmapped: 7,
    }
}

async fn a_number_that_any_version_used_is_not_given_again(subject: &Subject) {
    let all = Scope::everything();
    let next = async |scope: &Scope| subject.store.next_number(scope, TABLE).await.unwrap();
    let start = u32::try_from(rules(subject, 0).await.len()).unwrap();
    assert_eq!(
        next(&all).await,
        start + 1,
        "after the rows of the register"
    );
    let many = vec![rule(start + 40, "1", "5"), rule(3, "2", "5")];
    in_force(subject, many, date(2027, 1, 1)).await;
    assert_eq!(
        begin(subject, vec![rule(3, "2", "5")]).await,
        Written::Done(2)
    );
    assert_eq!(next(&all).await, start + 41, "what the draft left out, too");
    let elsewhere = Scope::of(vec![Patch {
        kommune: Some(OTHER_KOMMUNE),
        fagsystem: None,
    }]);
    assert_eq!(next(&elsewhere).await, 1, "no table is there");
}

async fn a_draft_comes_into_force_and_every_step_is_logged(subject: &Subject) {
    let before = subject.store.register_version().await.unwrap();
    let start = rules(subject, 0).await;
    assert!(!start.is_empty(), "the rows of the register");
    assert_eq!(begin(subject, start.clone()).await, Written::Done(1));
    let mut wanted = start;
    wanted.push(rule(5_000, "2041", "5577111{sted}01352"));
    let day = Some(date(2027, 1, 1));
    let done = saved(subject, &save(1, 1, Some(wanted.clone()), day)).await;
    assert_eq!(done, Written::Done(2));
    let (found, log) = (simulated(2, 4), deed(deeds::SIMULATED_OMSAETNING, 3));
    let kept = subject.store.keep_simulation(TABLE, 1, &found, &log).await;
    assert_eq!(kept.unwrap(), Written::Done(2));
    let untouched = subject.store.register_version().await.unwrap();
    assert_eq!(untouched, before, "a draft decides nothing");
    assert_eq!(approve(subject, 1, 2).await, Written::Done(2));
    let after = subject.store.register_version().await.unwrap();
    assert_eq!(after, before + 1, "every process reads it anew");

    let store = subject.another_process().await;
    let all = Scope::everything();
    let found = store.versions(&all, TABLE).await.unwrap();
    let [newest, zero] = found.as_slice() else {
        panic!("{found:?}");
    };
    let expected = Version {
        table: TABLE,
        number: 1,
        stage: Stage::Approved,
        based_on: 0,
        edition: 2,
        purpose: "Gemt".into(),
        in_force_from: day,
        rules: u32::try_from(wanted.len()).unwrap(),
        writers: vec!["skriver|1".into(), "skriver|2".into()],
        begun: at(1),
        saved: at(2),
        simulated: Some(simulated(2, 4)),
        approved: Some(("godkender|3".into(), at(4))),
    };
    assert_eq!(*newest, expected);
    assert_eq!((zero.number, zero.stage), (0, Stage::Approved));
    assert_eq!(store.rules(&all, TABLE, 1).await.unwrap(), Some(wanted));
    let words = [
        deeds::BEGAN_OMSAETNING,
        deeds::SAVED_OMSAETNING,
        deeds::SIMULATED_OMSAETNING,
        deeds::APPROVED_OMSAETNING,
    ];
    assert_eq!(logged(subject).await, words);
}

async fn a_save_on_an_old_edition_changes_nothing(subject: &Subject) {
    begin(subject, vec![rule(1, "a", "55")]).await;
    let theirs = save(1, 1, Some(vec![rule(1, "a", "56")]), None);
    assert_eq!(saved(subject, &theirs).await, Written::Done(2));
    let before = subject.contents().await;
    let mine = save(1, 1, Some(vec![rule(2, "b", "57")]), None);
    assert_eq!(saved(subject, &mine).await, Written::Stale);
    assert_eq!(approve(subject, 1, 1).await, Written::Stale);
    assert_eq!(
        approve(subject, 1, 2).await,
        Written::Stale,
        "without a day"
    );
    let log = deed(deeds::DISCARDED_OMSAETNING, 9);
    let gone = subject.store.discard(TABLE, 1, 1, &log).await.unwrap();
    assert_eq!(gone, Written::Stale);
    let absent = save(9, 1, None, None);
    assert_eq!(saved(subject, &absent).await, Written::Stale);
    assert_eq!(subject.contents().await, before, "nor is it logged");
}

async fn of_two_who_save_at_once_one_does(subject: &Subject) {
    begin(subject, Vec::new()).await;
    let other = subject.another_process().await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..6_u32 {
        let store = [&subject.store, &other][usize::from(writer % 2 == 0)].clone();
        writers.spawn(async move {
            let mine = save(1, 1, Some(vec![rule(writer + 1, "a", "55")]), None);
            let log = deed(deeds::SAVED_OMSAETNING, 2);
            (writer, store.save(&mine, &log).await.unwrap())
        });
    }
    let mut kept = Vec::new();
    while let Some(done) = writers.join_next().await {
        let (writer, written) = done.unwrap();
        kept.extend((written == Written::Done(2)).then_some(writer));
    }
    let [winner] = kept.as_slice() else {
        panic!("{kept:?}");
    };
    let there = rules(subject, 1).await;
    assert_eq!(
        there,
        [rule(winner + 1, "a", "55")],
        "nothing of the others"
    );
}

async fn a_table_has_one_draft_at_a_time(subject: &Subject) {
    assert_eq!(begin(subject, Vec::new()).await, Written::Done(1));
    assert_eq!(begin(subject, Vec::new()).await, Written::Stale);
    let log = deed(deeds::DISCARDED_OMSAETNING, 9);
    let gone = subject.store.discard(TABLE, 1, 1, &log).await.unwrap();
    assert_eq!(gone, Written::Done(1));
    assert_eq!(begin(subject, Vec::new()).await, Written::Done(2));
    let stages: Vec<_> = versions(subject).await.iter().map(|v| v.stage).collect();
    assert_eq!(stages, [Stage::Draft, Stage::Discarded, Stage::Approved]);
    let late = save(1, 1, None, None);
    assert_eq!(
        saved(subject, &late).await,
        Written::Stale,
        "it is given up"
    );
}

async fn what_is_approved_is_changed_by_nobody(subject: &Subject) {
    in_force(subject, vec![rule(1, "a", "55")], date(2027, 1, 1)).await;
    let late = save(1, 2, Some(vec![rule(1, "a", "66")]), None);
    assert_eq!(saved(subject, &late).await, Written::Stale);
    for sql in [
        "update omsaetning_version set in_force_from = '2026-01-01'",
        "update omsaetning_version set stage = 'draft'",
        "update omsaetning_version set number = number + 1",
        "delete from omsaetning_version",
        "update omsaetning_rule set targets = 'x'",
        "update omsaetning_rule set rule = rule + 1",
        "delete from omsaetning_rule",
        "insert into omsaetning_rule (kommune, fagsystem, number, rule, position, conditions, \
         valid_from, targets, comment) select kommune, fagsystem, number, 2, 1, conditions, \
         valid_from, targets, comment from omsaetning_rule",
        "update omsaetning_writer set subject = 'x'",
        "delete from omsaetning_writer",
    ] {
        let why = subject.past_the_store(sql).await.unwrap_err();
        assert!(why.contains("append-only"), "{sql}: {why}");
    }
    assert_eq!(rules(subject, 1).await, [rule(1, "a", "55")]);
}

async fn rules_are_read_as_they_were_saved_in_their_order(subject: &Subject) {
    let half = Share::new(5_000).unwrap();
    let full = Rule {
        conditions: vec![
            (
                "a\tb\\".into(),
                Condition::OneOf(vec!["1\n".into(), "2".into()]),
            ),
            ("kle".into(), Condition::Prefix("32.".into())),
            ("sted".into(), Condition::Range("10".into(), "20".into())),
        ],
        side: Some(Side::Credit),
        regnskabsaar: Some((Regnskabsaar(2026), Regnskabsaar(2027))),
        posteringstype: Some(Posteringstype::Supplement),
        validity: Validity {
            from: date(2024, 2, 29),
            to: Some(date(2026, 12, 31)),
        },
        targets: vec![
            Target {
                share: half,
                konto: Template::parse("55{sted}/x").unwrap(),
            },
            Target {
                share: half,
                konto: Template::fixed("{ikke en del}"),
            },
        ],
        ..rule(7, "a", "55")
    };
    let first = vec![rule(3, "c", "55"), full.clone(), rule(1, "a", "55")];
    begin(subject, first.clone()).await;
    assert_eq!(rules(subject, 1).await, first);
    // One gone, one changed, one new in front, the others moved.
    let mut changed = rule(3, "c", "56");
    changed.comment = Box::default();
    let second = vec![rule(9, "i", "1"), rule(1, "a", "55"), changed.clone()];
    let done = saved(subject, &save(1, 1, Some(second.clone()), None)).await;
    assert_eq!(done, Written::Done(2));
    assert_eq!(rules(subject, 1).await, second);
    assert_eq!(versions(subject).await[0].rules, 3);
    let kept = saved(subject, &save(1, 2, None, None)).await;
    assert_eq!(kept, Written::Done(3));
    assert_eq!(
        rules(subject, 1).await,
        second,
        "a new purpose keeps the rules"
    );
    let none = saved(subject, &save(1, 3, Some(Vec::new()), None)).await;
    assert_eq!(none, Written::Done(4));
    assert_eq!(rules(subject, 1).await, []);
    let absent = subject.store.rules(&Scope::everything(), TABLE, 8).await;
    assert_eq!(absent.unwrap(), None);
}

async fn twenty_thousand_rules_are_saved_and_read(subject: &Subject) {
    let many = |konto: &str| -> Vec<Rule> {
        let rule = |n: u32| rule(n, &format!("værdi {n}"), konto);
        (1..=20_000).map(rule).collect()
    };
    assert_eq!(begin(subject, many("5577111")).await, Written::Done(1));
    assert_eq!(rules(subject, 1).await, many("5577111"));
    let all = saved(subject, &save(1, 1, Some(many("5577112")), None)).await;
    assert_eq!(all, Written::Done(2));
    // So many go that the rest is written anew.
    let mut few = many("5577112");
    few.drain(..1_000);
    let fewer = saved(subject, &save(1, 2, Some(few.clone()), None)).await;
    assert_eq!(fewer, Written::Done(3));
    assert_eq!(rules(subject, 1).await, few);
}

async fn a_version_for_next_year_leaves_this_years_rules(subject: &Subject) {
    in_force(subject, vec![rule(1, "a", "55")], date(2026, 1, 1)).await;
    in_force(subject, vec![rule(1, "a", "66")], date(2027, 1, 1)).await;
    let register = subject.store.register().await.unwrap();
    let number = |day| {
        let version = register.table(TABLE.kommune, TABLE.fagsystem, day);
        version.map(|version| version.number)
    };
    assert_eq!(number(date(2025, 12, 31)), Some(0));
    assert_eq!(number(date(2026, 12, 31)), Some(1));
    assert_eq!(number(date(2027, 1, 1)), Some(2));
    // Undone: the older rules again, as a new version from the same day.
    in_force(subject, vec![rule(1, "a", "55")], date(2027, 1, 1)).await;
    let register = subject.store.register().await.unwrap();
    let now = register.table(TABLE.kommune, TABLE.fagsystem, date(2027, 1, 1));
    assert_eq!(now.unwrap().number, 3);
    assert_eq!(now.unwrap().table.rules(), [rule(1, "a", "55")]);
}

async fn an_approved_version_is_compiled_once(subject: &Subject) {
    in_force(subject, vec![rule(1, "a", "55")], date(2026, 1, 1)).await;
    let (one, other) = (
        subject.store.register().await.unwrap(),
        subject.store.clone().register().await.unwrap(),
    );
    let [one, other] = [&one, &other].map(|register| {
        let day = date(2026, 6, 1);
        let version = register.table(TABLE.kommune, TABLE.fagsystem, day).unwrap();
        assert_eq!(version.number, 1);
        Arc::clone(&version.table)
    });
    assert!(Arc::ptr_eq(&one, &other));
}

async fn what_came_with_the_register_is_compiled_again_when_it_is_another(subject: &Subject) {
    let day = date(2026, 6, 1);
    let start = async || {
        let register = subject.store.register().await.unwrap();
        let version = register.table(TABLE.kommune, TABLE.fagsystem, day).unwrap();
        assert_eq!(version.number, 0);
        Arc::clone(&version.table)
    };
    let first = start().await;
    let mut data = subject.store.register_data().await.unwrap();
    subject.store.replace_register(&data).await.unwrap();
    assert!(Arc::ptr_eq(&first, &start().await));
    let own = |row: &&mut Omsaetningsrow| {
        (row.kommune, row.fagsystem) == (TABLE.kommune, TABLE.fagsystem)
    };
    data.omsaetning.iter_mut().find(own).unwrap().konto = "9.99.99".into();
    subject.store.replace_register(&data).await.unwrap();
    let other = start().await;
    assert_eq!(other.rules(), rules(subject, 0).await);
    assert_ne!(other.rules(), first.rules());
}

async fn a_simulation_counts_for_its_edition(subject: &Subject) {
    begin(subject, Vec::new()).await;
    let log = deed(deeds::SIMULATED_OMSAETNING, 3);
    let keep = async |found: &Simulated| {
        let kept = subject.store.keep_simulation(TABLE, 1, found, &log).await;
        kept.unwrap()
    };
    assert_eq!(keep(&simulated(2, 0)).await, Written::Stale);
    assert_eq!(keep(&simulated(1, 5)).await, Written::Done(1));
    let mut later = simulated(1, 6);
    later.at = at(30);
    assert_eq!(keep(&later).await, Written::Done(1));
    assert_eq!(versions(subject).await[0].simulated, Some(later.clone()));
    saved(subject, &save(1, 1, None, None)).await;
    assert_eq!(keep(&simulated(1, 7)).await, Written::Stale);
    assert_eq!(versions(subject).await[0].simulated, Some(later));
    for sql in [
        "update omsaetning_simulation set moved = 0",
        "delete from omsaetning_simulation",
    ] {
        let why = subject.past_the_store(sql).await.unwrap_err();
        assert!(why.contains("append-only"), "{sql}: {why}");
    }
}

fn only(kommune: Kommunekode) -> Scope {
    Scope::of(vec![Patch {
        kommune: Some(kommune),
        fagsystem: None,
    }])
}

async fn tables_are_there_for_their_own_people_only(subject: &Subject) {
    in_force(subject, vec![rule(1, "a", "55")], date(2026, 1, 1)).await;
    subject.receive(1, vec![sample::held(1)], 1).await;
    let (own, other) = (only(TABLE.kommune), only(OTHER_KOMMUNE));
    let store = &subject.store;
    let lines = store.tables(&own).await.unwrap();
    assert!(lines.iter().all(|line| line.table.kommune == TABLE.kommune));
    let line = lines.iter().find(|line| line.table == TABLE).unwrap();
    assert_eq!((line.approved, line.rules, line.draft), (1, 1, None));
    assert_eq!(line.held, 1);
    let lines = store.tables(&other).await.unwrap();
    assert!(!lines.is_empty());
    assert!(lines.iter().all(|line| line.table.kommune == OTHER_KOMMUNE));
    assert!(
        lines
            .iter()
            .all(|line| line.held == 0 && line.approved == 0)
    );
    assert_eq!(store.tables(&Scope::nothing()).await.unwrap(), []);

    assert_eq!(store.versions(&other, TABLE).await.unwrap(), []);
    assert_eq!(store.rules(&other, TABLE, 1).await.unwrap(), None);
    assert_eq!(store.copy(&other, TABLE).await.unwrap(), None);
    let days = (date(2000, 1, 1), date(2100, 1, 1));
    let past = store.past(&other, TABLE, days, None).await.unwrap();
    assert_eq!((past.postings, past.next), (Vec::new(), None));
    let seen = Omsaetningstabeller::seen(store, &other, TABLE, days.0).await;
    let seen = seen.unwrap();
    assert_eq!(seen, []);
    let past = store.past(&own, TABLE, days, None).await.unwrap();
    assert_eq!(past.postings.len(), 2);
}

async fn a_table_is_copied_by_others_when_its_owner_shares_it(subject: &Subject) {
    in_force(subject, vec![rule(1, "a", "55")], date(2026, 1, 1)).await;
    let (other, store) = (only(OTHER_KOMMUNE), &subject.store);
    let sources = async |scope: &Scope| {
        let found = store.copyable(scope, TABLE.fagsystem).await.unwrap();
        let mine = found.iter().find(|source| source.table == TABLE);
        mine.map(|source| (source.approved, source.rules, source.sharing))
    };
    let share = async |sharing, seconds| {
        let deed = deed(deeds::SHARED_OMSAETNING, seconds);
        store.share(TABLE, sharing, &deed).await.unwrap();
    };
    let own = only(TABLE.kommune);
    assert_eq!(sources(&own).await, Some((1, 1, Sharing::Private)));
    assert_eq!(sources(&other).await, None);
    share(Sharing::Shared, 10).await;
    assert_eq!(sources(&other).await, Some((1, 1, Sharing::Shared)));
    assert_eq!(sources(&Scope::nothing()).await, None);
    let copied = store.copy(&other, TABLE).await.unwrap();
    assert_eq!(copied, Some(vec![rule(1, "a", "55")]));
    share(Sharing::Private, 20).await;
    assert_eq!(sources(&other).await, None);
    assert_eq!(store.copy(&other, TABLE).await.unwrap(), None);
}
