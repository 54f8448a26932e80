//! Looks at personal numbers: written with their deeds, limited, found again by scope,
//! sampled by a seed, and followed by `oir verify`.

use oir_domain::access::{Action, Grant, Person, Role, Scope};
use oir_domain::finans::{Finansbilag, Part, PartNummer, PartRolle};
use oir_domain::ids::BilagId;
use oir_domain::look::{LookKind, Purpose, Verdict, draw};
use oir_domain::party::{Cpr, Kommunekode};
use oir_fagsystem::sample;
use oir_flow::ports::looks::{LogFilter, Look, Looks, Noted, Sampling};
use oir_flow::ports::sessions::{Deed, Sessions, deeds};
use uuid::Uuid;

use crate::subject::{OTHER_FAGSYSTEM, OTHER_KOMMUNE, Subject, at, new_bilag};

on_both! {
    a_look_and_its_line_are_written_together,
    a_search_is_written_only_when_nobody_counted_on_meanwhile,
    a_persons_bilag_are_found_by_those_who_see_them,
    a_persons_bilag_are_found_over_every_stretch_of_time,
    the_log_is_searched_by_each_filter,
    the_log_is_searched_within_what_one_sees_and_paged,
    a_sample_is_what_its_seed_draws_and_is_reviewed_by_adding,
    a_chain_is_followed_both_ways,
    looks_are_neither_changed_nor_deleted,
    verify_names_what_does_not_belong_together,
}

/// An invented number: day + 60.
const PERSON: &str = "6101011234";

fn cpr(text: &str) -> Cpr {
    text.parse().unwrap()
}

fn scope(role: Role, action: Action, kommune: Kommunekode) -> Scope {
    let system = sample::afsendelse(1).afsender_system;
    let grants = Grant::try_new(role, Some(kommune), Some(system));
    let person = Person {
        subject: "opdigtet|1".into(),
        navn: "Åse Opdigtet".into(),
        grants: grants.into_iter().collect(),
    };
    person.scope(action)
}

fn deed(what: &str, seconds: i64, kommune: Kommunekode) -> Deed {
    Deed {
        at: at(seconds),
        subject: "opdigtet|1".into(),
        navn: "Åse Opdigtet".into(),
        what: what.into(),
        kommune: Some(kommune),
        object: format!("sag {seconds}").into(),
    }
}

fn look(kind: LookKind, kommune: Kommunekode) -> Look {
    let search = kind == LookKind::LookedUp;
    Look {
        kind,
        kommune,
        bilag: (!search).then(|| BilagId::from_uuid(Uuid::from_u128(7))),
        purpose: Purpose::try_new("henvendelse", "Borger har ringet om sin sag").unwrap(),
        found: search.then_some(2),
    }
}

/// Writes a look at a bilag.
async fn taken(subject: &Subject, seconds: i64, kommune: Kommunekode) {
    let deed = deed(deeds::SAW_NUMBERS, seconds, kommune);
    let look = look(LookKind::Unmasked, kommune);
    subject.store.take_look(&look, &deed).await.unwrap();
}

fn sampling(size: u32) -> Sampling {
    Sampling {
        kommune: sample::KOMMUNE,
        from: at(0),
        until: at(1_000),
        size,
        seed: 0xfeed_0000_0000_0001,
    }
}

async fn findings(subject: &Subject) -> Vec<String> {
    let report = subject.store.verify(&|_| {}).await.unwrap();
    let line = |f: oir_store::Finding| format!("{}: {}", f.check, f.what);
    report.findings.into_iter().map(line).collect()
}

async fn a_look_and_its_line_are_written_together(subject: &Subject) {
    taken(subject, 5, sample::KOMMUNE).await;
    let all = Scope::everything();
    let log = subject.store.logged(&all, None, 10).await.unwrap();
    assert_eq!(&*log[0].deed.what, deeds::SAW_NUMBERS);
    let kept = subject.rows("select explanation from look").await;
    assert_eq!(kept, ["Borger har ringet om sin sag"]);
    // A look cannot go under another's line.
    for other in [
        deed(deeds::SEARCHED_PERSON, 6, sample::KOMMUNE),
        deed(deeds::SAW_NUMBERS, 6, OTHER_KOMMUNE),
    ] {
        let look = look(LookKind::Unmasked, sample::KOMMUNE);
        assert!(subject.store.take_look(&look, &other).await.is_err());
    }
    assert_eq!(subject.store.logged(&all, None, 10).await.unwrap().len(), 1);
    assert_eq!(findings(subject).await, [""; 0]);
}

async fn a_search_is_written_only_when_nobody_counted_on_meanwhile(subject: &Subject) {
    let store = &subject.store;
    let search = look(LookKind::LookedUp, sample::KOMMUNE);
    for made in 0..3 {
        let deed = deed(
            deeds::SEARCHED_PERSON,
            10 + i64::try_from(made).unwrap(),
            sample::KOMMUNE,
        );
        let noted = store.take_search(&search, &deed, (at(0), made)).await;
        assert_eq!(noted.unwrap(), Noted::Done);
    }
    let late = deed(deeds::SEARCHED_PERSON, 20, sample::KOMMUNE);
    let noted = store.take_search(&search, &late, (at(0), 2)).await;
    assert_eq!(noted.unwrap(), Noted::Counted);
    let times = store.searches("opdigtet|1", at(10)).await.unwrap();
    assert_eq!(times, [at(12), at(11)]);
    assert_eq!(store.searches("opdigtet|2", at(0)).await.unwrap(), []);
    let all = Scope::everything();
    assert_eq!(store.logged(&all, None, 10).await.unwrap().len(), 3);
    // Eight at once, each having counted three: one of them is the fourth.
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let (store, search) = (store.clone(), search.clone());
        let deed = deed(deeds::SEARCHED_PERSON, 30 + writer, sample::KOMMUNE);
        writers.spawn(async move { store.take_search(&search, &deed, (at(0), 3)).await });
    }
    let mut done = 0;
    while let Some(noted) = writers.join_next().await {
        done += usize::from(noted.unwrap().unwrap() == Noted::Done);
    }
    assert_eq!(done, 1);
}

/// A bilag about a person.
fn about(n: u64, person: &str) -> Finansbilag {
    let mut bilag = sample::bilag(n);
    for line in &mut bilag.posteringer {
        line.part = Some(Part {
            nummer: PartNummer::Cpr(cpr(person)),
            rolle: PartRolle::Ydelsesmodtager,
        });
    }
    bilag
}

async fn a_persons_bilag_are_found_by_those_who_see_them(subject: &Subject) {
    let bilag = vec![
        about(1, PERSON),
        about(2, "6202021234"),
        about(3, PERSON),
        sample::bilag(4),
    ];
    let record = subject.receive(1, bilag, 0).await;
    let mine: Vec<BilagId> = [2, 0].map(|n| new_bilag(&record)[n].id).into();
    let store = &subject.store;
    let here = scope(Role::OekonomiFinans, Action::LookUpPerson, sample::KOMMUNE);
    let found = store
        .bilag_of(&here, sample::KOMMUNE, &cpr(PERSON), 10)
        .await
        .unwrap();
    let ids: Vec<BilagId> = found.lines.iter().map(|line| line.id).collect();
    assert_eq!(
        (ids, found.found),
        (mine.clone(), 2),
        "newest first, each once"
    );
    let first = store
        .bilag_of(&here, sample::KOMMUNE, &cpr(PERSON), 1)
        .await
        .unwrap();
    assert_eq!((first.lines.len(), first.found), (1, 2));
    let sender = scope(Role::Fagomraade, Action::LookUpPerson, sample::KOMMUNE);
    let found = store
        .bilag_of(&sender, sample::KOMMUNE, &cpr(PERSON), 10)
        .await
        .unwrap();
    assert_eq!(found.found, 2);
    let other_sender = Person {
        subject: "s".into(),
        navn: "n".into(),
        grants: Grant::try_new(
            Role::Fagomraade,
            Some(sample::KOMMUNE),
            Some(OTHER_FAGSYSTEM),
        )
        .into_iter()
        .collect(),
    };
    let elsewhere = scope(Role::OekonomiFinans, Action::LookUpPerson, OTHER_KOMMUNE);
    let nowhere = [
        (
            other_sender.scope(Action::LookUpPerson),
            sample::KOMMUNE,
            PERSON,
        ),
        (elsewhere.clone(), sample::KOMMUNE, PERSON),
        (elsewhere, OTHER_KOMMUNE, PERSON),
        (Scope::nothing(), sample::KOMMUNE, PERSON),
        (here, sample::KOMMUNE, "6303031234"),
    ];
    for (scope, kommune, person) in nowhere {
        let found = store
            .bilag_of(&scope, kommune, &cpr(person), 10)
            .await
            .unwrap();
        assert_eq!(
            (found.lines.len(), found.found),
            (0, 0),
            "{scope:?} {person}"
        );
    }
}

async fn a_persons_bilag_are_found_over_every_stretch_of_time(subject: &Subject) {
    // Past the store, since ids of the tests lie within one stretch: a copy of a posting
    // under ids of other years, as the index sees them.
    let record = subject.receive(1, vec![about(1, PERSON)], 0).await;
    let owner = new_bilag(&record)[0].id.as_uuid().simple().to_string();
    let mut wanted = 1;
    for (year, front) in ["0100", "01a0", "0200", "7fff"].iter().enumerate() {
        let id = format!("{front}{}", &owner[4..]);
        let literal = |hex: &str| match subject.folder() {
            Some(_) => format!("x'{hex}'"),
            None => format!("'{hex}'::uuid"),
        };
        for table in ["bilag", "postering"] {
            let columns = columns(subject, table).await;
            let values: Vec<String> = columns
                .iter()
                .map(|column| match column.as_str() {
                    "bilag_id" => literal(&id),
                    "claimed_uuid" => "null".to_owned(),
                    column => column.to_owned(),
                })
                .collect();
            let sql = format!(
                "insert into {table} ({}) select {} from {table} where bilag_id = {}",
                columns.join(","),
                values.join(","),
                literal(&owner)
            );
            subject.past_the_store(&sql).await.unwrap();
        }
        wanted += 1;
        let all = Scope::everything();
        let found = subject
            .store
            .bilag_of(&all, sample::KOMMUNE, &cpr(PERSON), 10)
            .await;
        assert_eq!(found.unwrap().found, wanted, "{year}");
    }
}

async fn columns(subject: &Subject, table: &str) -> Vec<String> {
    let sql = match subject.folder() {
        Some(_) => format!("select name from pragma_table_info('{table}')"),
        None => format!(
            "select column_name::text from information_schema.columns where table_name = '{table}'"
        ),
    };
    subject.rows(&sql).await
}

/// Three lines: two looks, here and elsewhere, and somebody else's list.
async fn three_lines(subject: &Subject) {
    taken(subject, 10, sample::KOMMUNE).await;
    taken(subject, 20, OTHER_KOMMUNE).await;
    let other = Deed {
        subject: "opdigtet|2".into(),
        navn: "Ærlig_Opdigtet".into(),
        object: "liste 100 %".into(),
        ..deed(deeds::EXPORTED, 30, sample::KOMMUNE)
    };
    subject.store.log(&other).await.unwrap();
}

async fn numbers(
    subject: &Subject,
    scope: &Scope,
    filter: &LogFilter,
    before: Option<u64>,
) -> Vec<u64> {
    let found = subject.store.search_log(scope, filter, before, 10).await;
    found.unwrap().into_iter().map(|line| line.number).collect()
}

async fn the_log_is_searched_by_each_filter(subject: &Subject) {
    three_lines(subject).await;
    let all = Scope::everything();
    let is = async |set: &dyn Fn(&mut LogFilter), wanted: &[u64]| {
        let mut filter = LogFilter::default();
        set(&mut filter);
        let found = numbers(subject, &all, &filter, None).await;
        assert_eq!(found, wanted, "{filter:?}");
    };
    is(&|_| (), &[3, 2, 1]).await;
    for (person, wanted) in [
        ("åse", &[2, 1][..]),
        ("ÆRLIG_", &[3]),
        ("opdigtet|2", &[3]),
        ("g_O", &[3]),
        ("Å_e", &[]),
    ] {
        is(&|f| f.person = Some(person.into()), wanted).await;
    }
    for (object, wanted) in [("%", &[3][..]), ("SAG 1", &[1]), ("a\0b", &[])] {
        is(&|f| f.object = Some(object.into()), wanted).await;
    }
    is(&|f| f.what = Some(deeds::EXPORTED.into()), &[3]).await;
    is(&|f| f.kommune = Some(OTHER_KOMMUNE), &[2]).await;
    is(&|f| f.from = Some(at(20)), &[3, 2]).await;
    is(&|f| f.until = Some(at(20)), &[1]).await;
}

async fn the_log_is_searched_within_what_one_sees_and_paged(subject: &Subject) {
    three_lines(subject).await;
    let (all, any) = (Scope::everything(), LogFilter::default());
    assert_eq!(numbers(subject, &all, &any, Some(3)).await, [2, 1]);
    let auditor = scope(Role::Revisor, Action::SeeAudit, OTHER_KOMMUNE);
    assert_eq!(numbers(subject, &auditor, &any, None).await, [2]);
    let foreign = LogFilter {
        kommune: Some(sample::KOMMUNE),
        ..any
    };
    assert_eq!(numbers(subject, &auditor, &foreign, None).await, [0; 0]);
}

async fn a_sample_is_what_its_seed_draws_and_is_reviewed_by_adding(subject: &Subject) {
    let store = &subject.store;
    for n in 0..30 {
        taken(subject, n * 10, sample::KOMMUNE).await;
        taken(subject, n * 10 + 1, OTHER_KOMMUNE).await;
    }
    taken(subject, 1_000, sample::KOMMUNE).await;
    let drew = deed(deeds::DREW_SAMPLE, 2_000, sample::KOMMUNE);
    let number = store.draw_sample(&sampling(7), &drew).await.unwrap();
    let population: Vec<u64> = (0..30).map(|n| n * 2 + 1).collect();
    let wanted = draw(sampling(7).seed, &population, 7);
    // A look of the period that is written later does not change what was drawn.
    taken(subject, 5, sample::KOMMUNE).await;
    let here = scope(Role::Revisor, Action::SampleLooks, sample::KOMMUNE);
    let (found, looks) = store.sample(&here, number).await.unwrap().unwrap();
    assert_eq!((found.population, found.drawn, found.reviewed), (30, 7, 0));
    assert_eq!(found.sampling, sampling(7));
    let drawn: Vec<u64> = looks.iter().map(|sampled| sampled.look.number).collect();
    assert_eq!(drawn, wanted);
    let reviewed = deed(deeds::REVIEWED_LOOK, 2_100, sample::KOMMUNE);
    let first = wanted[0];
    for written in [(Verdict::Doubtful, "Ingen sag nævnt"), (Verdict::Sound, "")] {
        assert!(
            store
                .review((number, first), written, &reviewed)
                .await
                .unwrap()
        );
    }
    let missing = (1..=60).find(|n| !wanted.contains(n)).unwrap();
    let none = store
        .review((number, missing), (Verdict::Sound, ""), &reviewed)
        .await;
    assert!(!none.unwrap(), "not of that sample");
    let (found, looks) = store.sample(&here, number).await.unwrap().unwrap();
    assert_eq!(found.reviewed, 1);
    let verdicts: Vec<Verdict> = looks[0].reviews.iter().map(|r| r.verdict).collect();
    assert_eq!(verdicts, [Verdict::Doubtful, Verdict::Sound]);
    let there = scope(Role::Revisor, Action::SampleLooks, OTHER_KOMMUNE);
    assert_eq!(store.sample(&there, number).await.unwrap(), None);
    assert_eq!(store.samples(&there).await.unwrap(), []);
    assert_eq!(store.samples(&here).await.unwrap(), [found]);
    assert_eq!(findings(subject).await, [""; 0]);
}

async fn a_chain_is_followed_both_ways(subject: &Subject) {
    let correcting = |n: u64, corrected: u64| {
        let mut bilag = sample::rejected(n);
        bilag.korrigerer = Some(sample::bilag(corrected).bilag_uuid);
        bilag
    };
    let mut ids = Vec::new();
    for (n, bilag) in [
        (1, sample::rejected(1)),
        (2, correcting(2, 1)),
        (3, correcting(3, 2)),
        (4, correcting(4, 2)),
        (5, sample::bilag(5)),
    ] {
        let record = subject
            .receive(n, vec![bilag], i64::try_from(n).unwrap())
            .await;
        ids.push(new_bilag(&record)[0].id);
    }
    let here = scope(Role::OekonomiFinans, Action::SeeBilag, sample::KOMMUNE);
    for asked in &ids[..4] {
        let chain = subject.store.chain(&here, *asked).await.unwrap();
        let links: Vec<(BilagId, u32)> = chain
            .iter()
            .map(|link| (link.line.id, link.depth))
            .collect();
        assert_eq!(links, [(ids[0], 0), (ids[1], 1), (ids[2], 2), (ids[3], 2)]);
    }
    let alone = subject.store.chain(&here, ids[4]).await.unwrap();
    assert_eq!(alone.len(), 1);
    let there = scope(Role::OekonomiFinans, Action::SeeBilag, OTHER_KOMMUNE);
    assert_eq!(subject.store.chain(&there, ids[0]).await.unwrap(), []);
}

/// A look, a sample of it and a review: lines 1 to 3.
async fn reviewed(subject: &Subject) {
    taken(subject, 5, sample::KOMMUNE).await;
    let drew = deed(deeds::DREW_SAMPLE, 6, sample::KOMMUNE);
    let number = subject
        .store
        .draw_sample(&sampling(1), &drew)
        .await
        .unwrap();
    let deed = deed(deeds::REVIEWED_LOOK, 7, sample::KOMMUNE);
    let written = (Verdict::Sound, "");
    assert!(
        subject
            .store
            .review((number, 1), written, &deed)
            .await
            .unwrap()
    );
}

async fn looks_are_neither_changed_nor_deleted(subject: &Subject) {
    reviewed(subject).await;
    for table in ["look", "look_sample", "sampled_look", "look_review"] {
        let column = columns(subject, table).await.remove(0);
        let mut statements = vec![
            format!("update {table} set {column} = {column}"),
            format!("delete from {table}"),
        ];
        if subject.folder().is_none() {
            statements.push(format!("truncate {table}"));
        }
        for sql in statements {
            let why = subject.past_the_store(&sql).await.unwrap_err();
            assert!(why.contains("append-only"), "{sql}: {why}");
        }
    }
}

async fn verify_names_what_does_not_belong_together(subject: &Subject) {
    reviewed(subject).await;
    assert_eq!(findings(subject).await, [""; 0]);
    for table in ["look", "look_sample", "sampled_look", "look_review"] {
        subject.unguard(table).await;
    }
    let changed = async |change: &str, back: &str, wanted: &str| {
        subject.past_the_store(change).await.unwrap();
        let found = findings(subject).await;
        assert!(
            found.iter().any(|line| line == wanted),
            "{change}: {found:?}"
        );
        subject.past_the_store(back).await.unwrap();
        assert_eq!(findings(subject).await, [""; 0], "{back}");
    };
    changed(
        "update look set explanation = 'Noget helt andet'",
        "update look set explanation = 'Borger har ringet om sin sag'",
        "opslagene følger hvert af det foregående: linje 1",
    )
    .await;
    changed(
        "update look set number = 9",
        "update look set number = 1",
        "hver linje om et opslag har sit opslag: linje 1",
    )
    .await;
    changed(
        "update look set number = 9",
        "update look set number = 1",
        "hvert opslag har sin linje i loggen: linje 9",
    )
    .await;
    changed(
        "update look_sample set kommune = 1",
        "update look_sample set kommune = 101",
        "hver stikprøve er den, dens startværdi udtager: linje 2",
    )
    .await;
    changed(
        "update look_sample set population = 9",
        "update look_sample set population = 1",
        "hver stikprøve er den, dens startværdi udtager: linje 2",
    )
    .await;
    changed(
        "update look_review set navn = 'En anden'",
        "update look_review set navn = 'Åse Opdigtet'",
        "hver gennemgang har sin linje i loggen og sit opslag i stikprøven: linje 3",
    )
    .await;
}
