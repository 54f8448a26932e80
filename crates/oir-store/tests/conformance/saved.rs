//! Searches that people keep: each person's own.

use oir_flow::ports::search::{Kept, SavedView, SavedViews};
use uuid::Uuid;

use crate::subject::{Subject, at};

on_both! {
    a_person_keeps_renames_and_forgets_their_own,
    nobody_touches_anothers,
    there_is_an_end_to_them,
}

fn view(number: u128, navn: &str) -> SavedView {
    SavedView {
        id: Uuid::from_u128(number),
        navn: navn.into(),
        query: "tilstand=afvist&q=%C3%A6".into(),
        made: at(0),
    }
}

async fn names(subject: &Subject, person: &str) -> Vec<String> {
    let saved = subject.store.saved(person).await.unwrap();
    saved.iter().map(|view| view.navn.to_string()).collect()
}

async fn a_person_keeps_renames_and_forgets_their_own(subject: &Subject) {
    let store = &subject.store;
    let one = view(1, "'; drop table saved_view; --");
    assert_eq!(store.save("a", &one, 9).await.unwrap(), Kept::Done);
    assert_eq!(
        store.save("a", &view(2, "to"), 9).await.unwrap(),
        Kept::Done
    );
    assert_eq!(store.saved("a").await.unwrap()[0], one);
    let again = view(3, "to");
    assert_eq!(store.save("a", &again, 9).await.unwrap(), Kept::NameTaken);
    let id = Uuid::from_u128(1);
    assert_eq!(store.rename("a", id, "to").await.unwrap(), Kept::NameTaken);
    assert_eq!(store.rename("a", id, "en").await.unwrap(), Kept::Done);
    assert_eq!(names(subject, "a").await, ["en", "to"]);
    assert_eq!(store.forget("a", id).await.unwrap(), Kept::Done);
    assert_eq!(store.forget("a", id).await.unwrap(), Kept::NotThere);
    assert_eq!(names(subject, "a").await, ["to"]);
}

async fn nobody_touches_anothers(subject: &Subject) {
    let store = &subject.store;
    store.save("a", &view(1, "min"), 9).await.unwrap();
    assert_eq!(
        store.save("b", &view(2, "min"), 9).await.unwrap(),
        Kept::Done
    );
    let id = Uuid::from_u128(1);
    assert_eq!(store.rename("b", id, "x").await.unwrap(), Kept::NotThere);
    assert_eq!(store.forget("b", id).await.unwrap(), Kept::NotThere);
    assert_eq!(names(subject, "a").await, ["min"]);
    assert_eq!(names(subject, "c").await, Vec::<String>::new());
}

async fn there_is_an_end_to_them(subject: &Subject) {
    for number in 0..3 {
        let view = view(number, &format!("v{number}"));
        let kept = subject.store.save("a", &view, 3).await;
        assert_eq!(kept.unwrap(), Kept::Done);
    }
    let kept = subject.store.save("a", &view(9, "én for meget"), 3).await;
    assert_eq!(kept.unwrap(), Kept::TooMany);
}
