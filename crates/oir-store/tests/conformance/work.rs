//! The worklist: items open and close with their bilag, and people's steps on them.

use std::collections::BTreeSet;

use jiff::civil::date;
use oir_domain::access::{Grant, Person, Role, Scope};
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::finans::Finansbilag;
use oir_domain::ids::BilagId;
use oir_domain::message::{Event, StateName};
use oir_domain::party::Kommunekode;
use oir_domain::work::{Act, Area, Closing, Stop, Subject as Item, WorkItem, Wrong};
use oir_fagsystem::sample;
use oir_flow::ports::outbox::{Advance, Outbox};
use oir_flow::ports::process::Clock;
use oir_flow::ports::sessions::Sessions;
use oir_flow::ports::work::{CauseGroup, Whose, WorkFilter, WorkItems};
use oir_flow::work::{Asker, Selection, Worklist};
use oir_testkit::process::ManualClock;

use crate::subject::{NOW, OTHER_KOMMUNE, Subject, at, booked, new_bilag, on_accounts, step};

on_both!(
    a_clean_bilag_leaves_no_item,
    what_stops_is_listed_by_cause,
    what_moves_on_closes_by_itself,
    a_correction_closes_when_it_is_accepted_and_not_before,
    an_unreadable_message_closes_when_it_comes_again,
    steps_of_people_are_kept_and_logged,
    a_step_on_what_moved_meanwhile_is_not_written,
    others_items_are_not_there,
    what_is_handed_over_must_be_theirs_to_handle,
    what_is_held_is_given_up_for_good,
    what_is_parked_is_released_once,
    what_waits_is_hurried_and_what_is_taken_is_not,
    what_stood_still_before_is_listed_after,
    verify_finds_what_the_worklist_lost,
);

fn person(navn: &str, kommune: Kommunekode) -> Person {
    Person {
        subject: format!("sub-{navn}").into(),
        navn: navn.into(),
        grants: Grant::try_new(Role::OekonomiFinans, Some(kommune), None)
            .into_iter()
            .collect(),
    }
}

fn worklist(subject: &Subject) -> Worklist {
    let clock = ManualClock::at(NOW);
    clock.advance_millis(3_600_000);
    let clock: std::sync::Arc<dyn Clock> = std::sync::Arc::new(clock);
    Worklist::new(std::sync::Arc::new(subject.store.clone()), clock)
}

/// Does it as a person of the sample's municipality.
async fn perform(subject: &Subject, id: Item, act: Act) -> oir_flow::work::Effect {
    let person = person("Opdigtet Bogholder", sample::KOMMUNE);
    let scope = Scope::everything();
    let asker = Asker {
        person: &person,
        scope: &scope,
    };
    let list = worklist(subject);
    list.perform(asker, &Selection::These(vec![id]), &act)
        .await
        .unwrap()
}

async fn groups(subject: &Subject) -> Vec<CauseGroup> {
    let filter = WorkFilter::on(sample::DAY);
    let mut all = subject
        .store
        .causes(&Scope::everything(), &filter)
        .await
        .unwrap();
    all.sort_by(|a, b| a.key.cmp(&b.key));
    all
}

async fn item(subject: &Subject, id: Item) -> Option<WorkItem> {
    let found = subject.store.item(&Scope::everything(), id).await.unwrap();
    found.map(|detail| detail.line.item)
}

async fn nothing_is_lost(subject: &Subject) {
    let report = subject.store.verify(&|_| {}).await.unwrap();
    assert_eq!(report.findings, []);
}

async fn received(subject: &Subject, n: u64, bilag: Finansbilag) -> BilagId {
    let seconds = i64::try_from(n).unwrap();
    let record = subject.receive(n, vec![bilag], seconds).await;
    new_bilag(&record)[0].id
}

async fn a_clean_bilag_leaves_no_item(subject: &Subject) {
    let id = received(subject, 1, sample::bilag(1)).await;
    assert_eq!(item(subject, Item::Bilag(id)).await, None);
    assert_eq!(groups(subject).await, []);
    let rows = subject.rows("select 'x' from work_item").await;
    assert!(rows.is_empty());
}

async fn what_stops_is_listed_by_cause(subject: &Subject) {
    for n in 1..4 {
        received(subject, n, sample::rejected(n)).await;
    }
    for n in 4..6 {
        received(subject, n, sample::held(n)).await;
    }
    let found = groups(subject).await;
    let said: Vec<_> = found
        .iter()
        .map(|g| (g.key.cause.stop, g.key.cause.code, g.area, g.antal, g.taken))
        .collect();
    let wanted = [
        (
            Stop::Rejected,
            Some(FaultCode::Unbalanced),
            Area::Fagomraade,
            3,
            0,
        ),
        (Stop::Held, Some(FaultCode::Unmapped), Area::Oekonomi, 2, 0),
    ];
    assert_eq!(said, wanted);
    assert_eq!(found[0].oldest, at(1));
    assert!(
        !found[1].key.cause.value.is_empty(),
        "the value without account"
    );
    let filter = WorkFilter::on(sample::DAY);
    let lines = subject
        .store
        .items(&Scope::everything(), &filter, Some(&found[0].key), None, 2)
        .await
        .unwrap();
    assert_eq!(lines.len(), 2);
    let after = Some(lines[1].item.subject);
    let rest = subject
        .store
        .items(&Scope::everything(), &filter, Some(&found[0].key), after, 2)
        .await
        .unwrap();
    assert_eq!(rest.len(), 1);
    nothing_is_lost(subject).await;
}

async fn what_moves_on_closes_by_itself(subject: &Subject) {
    let id = received(subject, 1, sample::held(1)).await;
    let held = subject
        .store
        .standings(sample::KOMMUNE, &[id])
        .await
        .unwrap();
    let mut moved = step(&held[0], &Event::AccountsFound, 5);
    moved.accounts = on_accounts(&sample::held(1), &["5.57.71", "5.57.71"]);
    assert_eq!(
        subject.store.advance(&[moved]).await.unwrap(),
        Advance::Done
    );
    let closed = item(subject, Item::Bilag(id)).await.unwrap();
    assert_eq!(closed.closed, Some((at(5), Closing::Settled)));
    let sending = subject.start_sending(6, 10).await.remove(0);
    let fault = Fault::new(
        FaultCode::RefusedByBooks,
        Place::message(""),
        &[&"K-1", &"nej"],
    );
    let mut refused = step(&sending, &Event::Refused, 7);
    refused.faults = vec![fault];
    assert_eq!(
        subject.store.advance(&[refused]).await.unwrap(),
        Advance::Done
    );
    let open = item(subject, Item::Bilag(id)).await.unwrap();
    assert_eq!((open.closed, open.opened), (None, at(7)));
    assert_eq!(open.cause.stop, Stop::Refused);
    assert_eq!(&*open.cause.value, "K-1");
    nothing_is_lost(subject).await;
}

async fn a_correction_closes_when_it_is_accepted_and_not_before(subject: &Subject) {
    let first = sample::rejected(1);
    let old = received(subject, 1, first.clone()).await;
    let mut second = sample::rejected(2);
    second.korrigerer = Some(first.bilag_uuid);
    let attempt = received(subject, 2, second).await;
    assert_eq!(item(subject, Item::Bilag(old)).await.unwrap().closed, None);
    let detail = subject
        .store
        .item(&Scope::everything(), Item::Bilag(attempt))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (detail.corrects, detail.line.item.closed),
        (Some(old), None)
    );
    let mut third = sample::bilag(3);
    third.korrigerer = Some(first.bilag_uuid);
    let accepted = received(subject, 3, third).await;
    let wanted = Some((at(3), Closing::Corrected(accepted)));
    for id in [old, attempt] {
        assert_eq!(item(subject, Item::Bilag(id)).await.unwrap().closed, wanted);
    }
    assert_eq!(groups(subject).await, []);
    nothing_is_lost(subject).await;
}

async fn an_unreadable_message_closes_when_it_comes_again(subject: &Subject) {
    let broken = subject.unreadable(1, b"<a>", 1);
    subject.admit(std::slice::from_ref(&broken)).await;
    let found = groups(subject).await;
    assert_eq!(
        (found.len(), found[0].key.cause.stop),
        (1, Stop::Unreadable)
    );
    let id = Item::Message(broken.id);
    assert_eq!(item(subject, id).await.unwrap().closed, None);
    let record = subject.judged(&sample::afsendelse(1), 9);
    subject.admit(std::slice::from_ref(&record)).await;
    assert_eq!(groups(subject).await, []);
    assert_eq!(
        item(subject, id).await.unwrap().closed,
        Some((at(9), Closing::Settled))
    );
}

async fn steps_of_people_are_kept_and_logged(subject: &Subject) {
    let id = Item::Bilag(received(subject, 1, sample::rejected(1)).await);
    let day = date(2026, 12, 1);
    let acts = [
        Act::Take,
        Act::Comment("ringet til 610190-1234".into()),
        Act::Postpone(day, "venter på svar".into()),
        Act::ToArea(Area::Oekonomi, "jeres".into()),
        Act::Resume,
        Act::Close("bogført i hånden".into()),
    ];
    for act in acts.clone() {
        assert_eq!(perform(subject, id, act.clone()).await.done(), 1, "{act:?}");
    }
    let found = subject.store.item(&Scope::everything(), id).await;
    let detail = found.unwrap().unwrap();
    let kept: Vec<&str> = detail.history.iter().map(|e| &*e.what).collect();
    assert_eq!(kept, acts.each_ref().map(Act::word));
    assert_eq!(&*detail.history[1].text, "ringet til 610190-****");
    let numbers: BTreeSet<i64> = detail.history.iter().map(|e| e.number).collect();
    assert_eq!(numbers.len(), acts.len());
    let (_, how) = detail.line.item.closed.clone().unwrap();
    assert_eq!(how, Closing::ByHand("bogført i hånden".into()));
    let log = subject.store.logged(&Scope::everything(), None, 50).await;
    let log = log.unwrap();
    assert_eq!(log.len(), acts.len());
    assert!(log.iter().all(|l| *l.deed.object == id.to_string()));
    let again = perform(subject, id, Act::Take).await;
    assert_eq!((again.done(), again.left.antal), (0, 1));
    for sql in [
        "update work_event set text = 'x'",
        "delete from work_event",
        "delete from work_item",
        "update work_item set fagsystem = fagsystem, version = version + 1",
        "update work_item set area = 'drift'",
    ] {
        let refused = subject.past_the_store(sql).await.unwrap_err();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
    nothing_is_lost(subject).await;
}

async fn a_step_on_what_moved_meanwhile_is_not_written(subject: &Subject) {
    use oir_domain::work::act;
    use oir_flow::ports::work::Written;
    let id = Item::Bilag(received(subject, 1, sample::rejected(1)).await);
    let seen = item(subject, id).await.unwrap();
    assert_eq!(perform(subject, id, Act::Take).await.done(), 1);
    let other = person("En Anden", sample::KOMMUNE);
    let who = oir_flow::work::holder(&other);
    let done = act(&seen, &Act::Take, &who, (at(9), sample::DAY)).unwrap();
    let written = Written {
        seen: seen.version,
        done,
        who,
        at: at(9),
    };
    let deed = oir_flow::ports::sessions::Deed {
        at: at(9),
        subject: other.subject,
        navn: other.navn,
        what: "handled_work".into(),
        kommune: Some(sample::KOMMUNE),
        object: id.to_string().into(),
    };
    assert!(!subject.store.write(&[written], &deed).await.unwrap());
    let log = subject.store.logged(&Scope::everything(), None, 50).await;
    assert_eq!(log.unwrap().len(), 1, "and nothing is logged");
}

async fn others_items_are_not_there(subject: &Subject) {
    let id = Item::Bilag(received(subject, 1, sample::rejected(1)).await);
    let foreign = person("Nabo", OTHER_KOMMUNE);
    let scope = foreign.scope(oir_domain::access::Action::HandleWork);
    let filter = WorkFilter::on(sample::DAY);
    let store = &subject.store;
    assert_eq!(store.item(&scope, id).await.unwrap(), None);
    assert_eq!(store.causes(&scope, &filter).await.unwrap(), []);
    let lines = store.items(&scope, &filter, None, None, 10).await.unwrap();
    assert_eq!(lines, []);
    let asker = Asker {
        person: &foreign,
        scope: &scope,
    };
    let list = worklist(subject);
    let effect = list
        .perform(asker, &Selection::These(vec![id]), &Act::Take)
        .await
        .unwrap();
    assert_eq!(effect, oir_flow::work::Effect::default());
    assert_eq!(item(subject, id).await.unwrap().holder, None);
}

async fn what_is_held_is_given_up_for_good(subject: &Subject) {
    let bilag = sample::held(1);
    let id = received(subject, 1, bilag.clone()).await;
    let given_up = Act::GiveUp("bogføres i hånden".into());
    assert_eq!(
        perform(subject, Item::Bilag(id), given_up)
            .await
            .given_up
            .antal,
        1
    );
    let held = subject.store.held(None, 10).await.unwrap();
    assert_eq!(held, [], "a new account does not send it");
    let stands = subject
        .store
        .standings(sample::KOMMUNE, &[id])
        .await
        .unwrap();
    assert_eq!(stands[0].state.name(), StateName::Parked);
    assert_eq!(subject.store.next_due().await.unwrap(), None);
    let on = perform(subject, Item::Bilag(id), Act::GoOn).await;
    assert_eq!((on.done(), on.left.antal), (0, 1));
    assert_eq!(groups(subject).await, []);
    nothing_is_lost(subject).await;
}

async fn what_is_parked_is_released_once(subject: &Subject) {
    let id = received(subject, 1, sample::bilag(1)).await;
    let sending = subject.start_sending(2, 10).await.remove(0);
    subject.happen(&sending, &Event::GivenUp, 3).await;
    let open = item(subject, Item::Bilag(id)).await.unwrap();
    assert_eq!((open.cause.stop, open.area), (Stop::Parked, Area::Drift));
    let released = perform(subject, Item::Bilag(id), Act::GoOn).await;
    assert_eq!((released.released.antal, released.left.antal), (1, 0));
    let stands = subject
        .store
        .standings(sample::KOMMUNE, &[id])
        .await
        .unwrap();
    assert_eq!(stands[0].state.name(), StateName::Uncertain, "asked first");
    // It is not parked any more: to press again only asks again.
    let again = perform(subject, Item::Bilag(id), Act::GoOn).await;
    assert_eq!((again.released.antal, again.asked.antal), (0, 1));
    let seen = subject.again(&stands).await.remove(0);
    subject.happen(&seen, &booked("1"), 9).await;
    let done = perform(subject, Item::Bilag(id), Act::GoOn).await;
    assert_eq!((done.done(), done.left.antal), (0, 1));
    nothing_is_lost(subject).await;
}

async fn what_waits_is_hurried_and_what_is_taken_is_not(subject: &Subject) {
    let id = received(subject, 1, sample::bilag(1)).await;
    let sending = subject.start_sending(2, 10).await.remove(0);
    let waiting = subject
        .happen(&sending, &Event::Unavailable(at(90_000)), 3)
        .await;
    let found = groups(subject).await;
    assert_eq!((found.len(), found[0].key.cause.stop), (1, Stop::Waiting));
    let untaken = WorkFilter {
        whose: Whose::Of("sub-x"),
        ..WorkFilter::on(sample::DAY)
    };
    let all = Scope::everything();
    assert_eq!(subject.store.causes(&all, &untaken).await.unwrap(), []);
    let effect = perform(subject, Item::Bilag(id), Act::GoOn).await;
    assert_eq!(effect.sent.antal, 1);
    assert_eq!(subject.store.next_due().await.unwrap(), Some(at(3_600)));
    // A worker takes it: pressing again must not give it to a second one.
    let again = subject.store.standings(waiting.kommune, &[id]).await;
    assert_eq!(again.unwrap()[0].version, waiting.version);
    let until = at(99_000);
    let lease = crate::subject::lease("a", (at(3_600), until), 10);
    assert_eq!(subject.store.claim(&lease).await.unwrap().len(), 1);
    perform(subject, Item::Bilag(id), Act::GoOn).await;
    assert_eq!(subject.store.next_due().await.unwrap(), Some(until));
}

/// The migration's own statements, run again over bilag that stood still before it.
async fn what_stood_still_before_is_listed_after(subject: &Subject) {
    let first = sample::rejected(1);
    received(subject, 1, first.clone()).await;
    received(subject, 2, sample::rejected(2)).await;
    received(subject, 3, sample::held(3)).await;
    let mut unknown = sample::bilag(4);
    for postering in &mut unknown.posteringer {
        postering.sortiment[0].vaerdi = "FINDES-IKKE".into();
    }
    received(subject, 4, unknown).await;
    let broken = subject.unreadable(5, b"<a>", 5);
    subject.admit(std::slice::from_ref(&broken)).await;
    let mut correcting = sample::bilag(6);
    correcting.korrigerer = Some(first.bilag_uuid);
    received(subject, 6, correcting).await;
    let sending = subject.start_sending(7, 10).await.remove(0);
    let mut refused = step(&sending, &Event::Refused, 8);
    let values: [&dyn std::fmt::Display; 2] = [&"K-204", &"lukket"];
    let fault = Fault::new(FaultCode::RefusedByBooks, Place::message(""), &values);
    refused.faults = vec![fault];
    assert_eq!(
        subject.store.advance(&[refused]).await.unwrap(),
        Advance::Done
    );
    let before = groups(subject).await;
    assert_eq!(before.len(), 5);
    subject.unguard("work_item").await;
    subject
        .past_the_store("delete from work_item")
        .await
        .unwrap();
    assert_eq!(groups(subject).await, []);
    let script = subject.migration("V4__work.sql");
    let fill = script
        .split("-- What stands still already.")
        .nth(1)
        .unwrap();
    let fill = format!("-- {fill}");
    subject.past_the_store(&fill).await.unwrap();
    assert_eq!(groups(subject).await, before);
    nothing_is_lost(subject).await;
}

async fn verify_finds_what_the_worklist_lost(subject: &Subject) {
    received(subject, 1, sample::rejected(1)).await;
    received(subject, 2, sample::bilag(2)).await;
    nothing_is_lost(subject).await;
    subject.unguard("work_item").await;
    subject
        .past_the_store("delete from work_item")
        .await
        .unwrap();
    let lost = subject.store.verify(&|_| {}).await.unwrap();
    assert_eq!(lost.findings.len(), 1, "{:?}", lost.findings);
}

async fn what_is_handed_over_must_be_theirs_to_handle(subject: &Subject) {
    let id = Item::Bilag(received(subject, 1, sample::rejected(1)).await);
    let from = person("Opdigtet Bogholder", sample::KOMMUNE);
    let scope = Scope::everything();
    let asker = Asker {
        person: &from,
        scope: &scope,
    };
    let (list, these) = (worklist(subject), Selection::These(vec![id]));
    let foreign = person("Nabo", OTHER_KOMMUNE);
    let refused = list.hand_over(asker, &these, &foreign, "kig på den").await;
    let refused = refused.unwrap();
    assert_eq!((refused.done(), refused.left.antal), (0, 1));
    assert_eq!(refused.why_left, Some(Wrong::OutOfReach));
    assert_eq!(item(subject, id).await.unwrap().holder, None);
    let colleague = person("Kollega", sample::KOMMUNE);
    let given = list.hand_over(asker, &these, &colleague, "").await.unwrap();
    assert_eq!(given.done(), 1);
    let holder = item(subject, id).await.unwrap().holder.unwrap();
    assert_eq!(holder.subject, colleague.subject);
}
