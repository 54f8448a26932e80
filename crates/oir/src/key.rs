//! `oir key`: the keys of machines from the command line, for the operator at the machine.
//! A secret is written once, to standard output, and never to the log.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use jiff::SignedDuration;
use oir_domain::access::Scope;
use oir_domain::calendar::copenhagen;
use oir_domain::ids::KeyId;
use oir_domain::machine_key::{Holder, NAVN_MAX, Right, Standing, Terms, TermsFault, standing};
use oir_domain::party::Kommunekode;
use oir_domain::register::Register;
use oir_flow::keyring::Wish;
use oir_flow::ports::inbox::Inbox;
use oir_flow::ports::machine_keys::KeyRecord;
use oir_web::danish_format::instant_short;

use crate::cli::KeyNew;
use crate::house;

/// Makes a key and prints it.
pub(crate) async fn make(options: &KeyNew) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(&options.at.database).await?;
    let keys = house::keyring(&store);
    let now = keys.now();
    let days = |days: u16| SignedDuration::from_hours(i64::from(days).saturating_mul(24));
    let later = |by: SignedDuration| now.saturating_add(by).unwrap_or(now);
    let register = store.register().await?;
    let holder = holder(options, &register)?;
    let terms = Terms::try_new(
        holder,
        kommuner(options, &register)?,
        rights(options, holder)?,
        (now, later(days(options.days))),
    );
    let terms = terms.map_err(|faults| anyhow::anyhow!(in_words(&faults)))?;
    let length = options.name.chars().count();
    ensure!(
        (1..=NAVN_MAX).contains(&length),
        "--name skal være 1 til {NAVN_MAX} tegn"
    );
    let follows = match &options.follows {
        Some(id) => {
            let all = keys.seen(&Scope::everything()).await?;
            let old = find(&all, id)?;
            let until = later(days(options.overlap_days)).min(old.terms.until());
            Some((old.id, until))
        }
        None => None,
    };
    let wish = Wish {
        id: keys.next_id(),
        navn: options.name.as_str().into(),
        terms,
        follows,
    };
    let id = wish.id;
    let made = keys.make(&house::operator(), wish).await?;
    let secret = made.context("nøglen, der skulle afløses, er allerede slut")?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "client_id     {id}\nclient_secret {secret}")?;
    drop(writeln!(
        std::io::stderr(),
        "Gem nøglen nu: den vises ikke igen."
    ));
    Ok(ExitCode::SUCCESS)
}

fn holder(options: &KeyNew, register: &Register) -> anyhow::Result<Holder> {
    let Some(short) = options.fagsystem.as_deref() else {
        return Ok(Holder::Books);
    };
    Ok(Holder::Fagsystem(house::fagsystem(register, short)?.id))
}

fn kommuner(options: &KeyNew, register: &Register) -> anyhow::Result<Vec<Kommunekode>> {
    let codes = options.kommune.iter();
    codes.map(|code| house::kommune(register, *code)).collect()
}

fn rights(options: &KeyNew, holder: Holder) -> anyhow::Result<Vec<Right>> {
    if options.right.is_empty() {
        return Ok(holder.rights().to_vec());
    }
    let read = |word: &String| {
        Right::from_word(word).with_context(|| {
            let known = Right::ALL.map(Right::word).join(", ");
            format!("--right {word} findes ikke; vælg {known}")
        })
    };
    options.right.iter().map(read).collect()
}

fn in_words(faults: &[TermsFault]) -> String {
    let words = |fault: &TermsFault| match fault {
        TermsFault::NoKommune => "--kommune mangler".to_owned(),
        TermsFault::NoRight => "--right mangler".to_owned(),
        TermsFault::RightOfAnother(right) => {
            format!("systemet kan ikke få {}", right.word())
        }
        TermsFault::EndsFirst | TermsFault::TooLong => "--days skal være 1 til 397".to_owned(),
    };
    faults.iter().map(words).collect::<Vec<_>>().join("; ")
}

fn find<'a>(keys: &'a [KeyRecord], id: &str) -> anyhow::Result<&'a KeyRecord> {
    let id: KeyId = id
        .parse()
        .with_context(|| format!("{id} er ikke en nøgles id"))?;
    let found = keys.iter().find(|key| key.id == id);
    found.with_context(|| format!("nøglen {id} findes ikke"))
}

/// Prints all keys.
pub(crate) async fn list(database: &str) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(database).await?;
    let keys = house::keyring(&store);
    let (now, zone) = (keys.now(), copenhagen());
    let mut out = std::io::stdout().lock();
    let all = keys.seen(&Scope::everything()).await?;
    for key in &all {
        let used = key.last_used.map(|at| instant_short(at, &zone));
        let ended = key.ended.as_ref().map(|end| end.at);
        writeln!(
            out,
            "{} {:<17} {} {:<16} {}",
            key.id,
            word(standing(&key.terms, ended, now)),
            instant_short(key.terms.until(), &zone),
            used.unwrap_or_else(|| "aldrig brugt".to_owned()),
            key.navn
        )?;
    }
    if all.is_empty() {
        writeln!(out, "Ingen nøgler.")?;
    }
    Ok(ExitCode::SUCCESS)
}

const fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Valid => "gyldig",
        Standing::EndsSoon => "udløber snart",
        Standing::NotYet => "gælder ikke endnu",
        Standing::Expired => "udløbet",
        Standing::Ended => "afsluttet",
    }
}

/// Ends a key.
pub(crate) async fn end(database: &str, id: &str, reason: &str) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(database).await?;
    let keys = house::keyring(&store);
    let all = keys.seen(&Scope::everything()).await?;
    let key = find(&all, id)?;
    ensure!(!reason.trim().is_empty(), "--reason må ikke være tom");
    if !keys.end(&house::operator(), key, reason.trim()).await? {
        bail!("nøglen {id} er allerede slut");
    }
    writeln!(std::io::stdout(), "{id} er afsluttet.")?;
    Ok(ExitCode::SUCCESS)
}
