//! `oir sortiment`: sortimenter in and out, announced changes, and who follows them.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::calendar::{copenhagen, day_of};
use oir_domain::klassifikation::apply::Operation;
use oir_domain::klassifikation::check::KlasseFault;
use oir_domain::klassifikation::sortiment::facet_uuid;
use oir_domain::klassifikation::{
    Egenskab, Field, Indhold, Kind, Livscyklus, Objekt, PubliceretStatus, Registrering, Relation,
    RelationKind, UnikId, Virkning,
};
use oir_domain::party::{Fagsystem, Kommunekode};
use oir_domain::register::Register;
use oir_flow::ports::inbox::Inbox;
use oir_flow::ports::sessions::deeds;
use oir_flow::ports::sortiment::{Announcement, ListedVaerdi, Sortimenter, VaerdiFilter};
use oir_flow::sortiment::rows::{all_values, orders, rows};
use oir_flow::sortiment::{Editor, NotRegistered, Order};
use oir_store::Store;
use oir_web::danish_format::instant_short;
use oir_wire::danish::klasse_fault;
use oir_wire::klassifikation::{read, write};
use oir_wire::sheet;
use oir_wire::sortiment_sheet;
use uuid::Uuid;

use crate::cli::{Sortiment, Whose};
use crate::files::{ending, refuse};
use crate::house;

pub(crate) async fn run(command: Sortiment) -> anyhow::Result<ExitCode> {
    match command {
        Sortiment::Import { file, whose } => import(&file, &whose).await,
        Sortiment::Export {
            file,
            whose,
            kommune,
        } => export(&file, &whose, kommune).await,
        Sortiment::List {
            whose,
            kommune,
            day,
        } => list(&whose, kommune, day).await,
        Sortiment::Announce {
            file,
            whose,
            from,
            text,
            kommune,
        } => announce(&file, &whose, (from, &text), kommune).await,
        Sortiment::Subscribers { at } => subscribers(&at.database).await,
    }
}

async fn opened(whose: &Whose) -> anyhow::Result<(Store, Register, Fagsystem)> {
    let store = house::open_existing(&whose.at.database).await?;
    let register = store.register().await?;
    let fagsystem = house::fagsystem(&register, &whose.fagsystem)?.clone();
    Ok((store, register, fagsystem))
}

/// The kommune of the code that is given, if any.
fn named(register: &Register, code: Option<u16>) -> anyhow::Result<Option<Kommunekode>> {
    code.map(|code| house::kommune(register, code)).transpose()
}

/// What a file asks for, and the place in it that each object comes from.
type Asked = (Vec<Order>, HashMap<Uuid, String>);

/// Reads a file; the inner error is everything wrong in it.
async fn asked(
    store: &Store,
    fagsystem: &Fagsystem,
    file: &Path,
) -> anyhow::Result<Result<Asked, Vec<String>>> {
    let bytes = std::fs::read(file).with_context(|| format!("filen {}", file.display()))?;
    if ending(file) == "xml" {
        let objekter = match read::system(&bytes) {
            Ok(objekter) => objekter,
            Err(faults) => return Ok(Err(lines(&faults))),
        };
        let orders = objekter.into_iter().filter_map(|objekt| {
            let last = objekt.registreringer.into_iter().next_back()?;
            let operation = match last.livscyklus {
                Livscyklus::Slettet => Operation::Slet,
                _ => Operation::Importer(last.indhold),
            };
            Some(Order {
                kind: objekt.kind,
                objekt: objekt.id,
                operation,
                note: last.note,
            })
        });
        return Ok(Ok((orders.collect(), HashMap::new())));
    }
    let read = sheet::read(&bytes).and_then(|sheet| sortiment_sheet::read(&sheet));
    let read = match read {
        Ok(read) => read,
        Err(faults) => return Ok(Err(lines(&faults))),
    };
    let (numbers, plain): (Vec<u32>, Vec<_>) = read.into_iter().unzip();
    let (orders, from_row) = orders(store, fagsystem.id, &plain).await?;
    let place = |index: &usize| numbers.get(*index).map(|number| format!("række {number}"));
    let places = from_row.iter();
    let places = places.filter_map(|(id, index)| Some((*id, place(index)?)));
    Ok(Ok((orders, places.collect())))
}

fn lines(faults: &[impl ToString]) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

fn refused(faults: &[KlasseFault], places: &HashMap<Uuid, String>) -> anyhow::Result<ExitCode> {
    let line = |fault: &KlasseFault| {
        let place = places.get(&fault.objekt);
        let place = place.map_or_else(String::new, |place| format!("{place}: "));
        format!("{place}{}", klasse_fault(fault))
    };
    refuse(&mut std::io::stdout().lock(), faults.iter().map(line))
}

async fn import(file: &Path, whose: &Whose) -> anyhow::Result<ExitCode> {
    let (store, _, fagsystem) = opened(whose).await?;
    let (orders, places) = match asked(&store, &fagsystem, file).await? {
        Ok(asked) => asked,
        Err(faults) => return refuse(&mut std::io::stdout().lock(), faults),
    };
    let classification = house::classification(&store);
    let now = classification.clock.now();
    let object = fagsystem.kortnavn.clone();
    let deed = house::deed(now, deeds::CHANGED_SORTIMENT, None, object);
    let editor = Editor::everything();
    match classification.register(&editor, &orders, None, &deed).await {
        Ok(drafts) => {
            let count = drafts.len();
            writeln!(
                std::io::stdout(),
                "{}: {count} ændringer registreret.",
                fagsystem.kortnavn
            )?;
            Ok(ExitCode::SUCCESS)
        }
        Err(NotRegistered::Faults(faults)) => refused(&faults, &places),
        Err(NotRegistered::Store(failure)) => Err(failure.into()),
    }
}

async fn announce(
    file: &Path,
    whose: &Whose,
    (from, text): (Date, &str),
    kommune: Option<u16>,
) -> anyhow::Result<ExitCode> {
    let (store, register, fagsystem) = opened(whose).await?;
    let kommune = named(&register, kommune)?;
    let classification = house::classification(&store);
    let now = classification.clock.now();
    if from <= day_of(now, &copenhagen()) {
        bail!("et varsel gælder fra en dag, der ikke er kommet endnu; {from} er for tidligt");
    }
    let (orders, places) = match asked(&store, &fagsystem, file).await? {
        Ok(asked) => asked,
        Err(faults) => return refuse(&mut std::io::stdout().lock(), faults),
    };
    let announcement = Announcement {
        id: classification.ids.next(),
        fagsystem: fagsystem.id,
        kommune,
        effective: from,
        tekst: text.into(),
        navn: house::operator().navn,
        announced: now,
        positions: (0, 0),
    };
    let object = fagsystem.kortnavn.clone();
    let deed = house::deed(now, deeds::ANNOUNCED_SORTIMENT, kommune, object);
    let editor = Editor::everything();
    let said = Some(&announcement);
    match classification.register(&editor, &orders, said, &deed).await {
        Ok(drafts) if drafts.is_empty() => {
            writeln!(
                std::io::stdout(),
                "Filen ændrer intet, så intet er varslet."
            )?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(drafts) => {
            let count = drafts.len();
            writeln!(std::io::stdout(), "{count} ændringer varslet fra {from}.")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(NotRegistered::Faults(faults)) => refused(&faults, &places),
        Err(NotRegistered::Store(failure)) => Err(failure.into()),
    }
}

async fn found(
    store: &Store,
    fagsystem: &Fagsystem,
    kommune: Option<Kommunekode>,
    day: Option<Date>,
) -> anyhow::Result<Vec<ListedVaerdi>> {
    let filter = VaerdiFilter {
        fagsystem: Some(fagsystem.id),
        kommune,
        day,
        ..VaerdiFilter::default()
    };
    Ok(all_values(store, &Scope::everything(), filter).await?)
}

async fn export(file: &Path, whose: &Whose, kommune: Option<u16>) -> anyhow::Result<ExitCode> {
    let (store, register, fagsystem) = opened(whose).await?;
    let kommune = named(&register, kommune)?;
    let values = found(&store, &fagsystem, kommune, None).await?;
    let bytes = match &*ending(file) {
        "xml" => whole(&store, &fagsystem, &values).await?,
        "csv" => sortiment_sheet::csv(&rows(&values)),
        "xlsx" => {
            let book = sortiment_sheet::xlsx(&rows(&values));
            book.context("regnearket kunne ikke skrives")?
        }
        _ => bail!("filens navn skal ende på .xml, .xlsx eller .csv"),
    };
    std::fs::write(file, bytes).with_context(|| format!("filen {}", file.display()))?;
    let (count, shown) = (values.len(), file.display());
    writeln!(std::io::stdout(), "{count} rækker skrevet i {shown}.")?;
    Ok(ExitCode::SUCCESS)
}

/// A classification of the fagsystem's own, its facets, and their values.
async fn whole(
    store: &Store,
    fagsystem: &Fagsystem,
    values: &[ListedVaerdi],
) -> anyhow::Result<Vec<u8>> {
    let dimensions = store.dimensions().await?;
    let own = dimensions.iter().filter(|d| d.fagsystem == fagsystem.id);
    let mut ids: Vec<Uuid> = own.map(|d| d.facet).collect();
    ids.extend(values.iter().map(|value| value.objekt));
    ids.sort_unstable();
    ids.dedup();
    let mut objekter = store.objekter(&ids).await?;
    objekter.insert(0, classification_of(fagsystem, &objekter));
    Ok(write::system(&objekter))
}

fn classification_of(fagsystem: &Fagsystem, objekter: &[Objekt]) -> Objekt {
    let always = Virkning::default();
    let latest = objekter.iter().filter_map(Objekt::latest);
    let latest = latest.map(|said| said.tidspunkt).max();
    Objekt {
        kind: Kind::Klassifikation,
        // No facet has an empty name, so that none has this UUID.
        id: facet_uuid(fagsystem.id, ""),
        registreringer: vec![Registrering {
            tidspunkt: latest.unwrap_or(jiff::Timestamp::UNIX_EPOCH),
            livscyklus: Livscyklus::Opstaaet,
            bruger: None,
            note: None,
            indhold: Indhold {
                egenskaber: vec![Egenskab {
                    virkning: always.clone(),
                    tekster: vec![
                        (
                            Field::BrugervendtNoegle,
                            fagsystem
                                .kortnavn
                                .chars()
                                .take(50)
                                .collect::<String>()
                                .into(),
                        ),
                        (
                            Field::Titel,
                            fagsystem.navn.chars().take(300).collect::<String>().into(),
                        ),
                    ],
                    soegeord: Vec::new(),
                }],
                tilstande: vec![PubliceretStatus {
                    virkning: always.clone(),
                    er_publiceret: Some(true),
                }],
                relationer: vec![Relation {
                    kind: RelationKind::Ejer,
                    virkning: always,
                    til: Some(UnikId::Uuid(fagsystem.id.as_uuid())),
                }],
            },
        }],
    }
}

async fn list(whose: &Whose, kommune: Option<u16>, day: Option<Date>) -> anyhow::Result<ExitCode> {
    let (store, register, fagsystem) = opened(whose).await?;
    let values = found(&store, &fagsystem, named(&register, kommune)?, day).await?;
    let mut out = std::io::stdout().lock();
    for value in &values {
        let owner = value
            .kommune
            .map_or_else(|| "alle".to_owned(), |k| k.to_string());
        let to = value
            .validity
            .to
            .map_or_else(String::new, |to| to.to_string());
        writeln!(
            out,
            "{:<16} {:<24} {owner:<5} {} – {to:<10} {}",
            value.dimension.noegle, value.noegle, value.validity.from, value.titel
        )?;
    }
    writeln!(out, "{} rækker.", values.len())?;
    Ok(ExitCode::SUCCESS)
}

async fn subscribers(database: &str) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(database).await?;
    let all = store.subscribers(&Scope::everything()).await?;
    let zone = copenhagen();
    let mut out = std::io::stdout().lock();
    for lag in &all {
        let of = &lag.subscription;
        let behind = match lag.oldest {
            None => "er fulgt med".to_owned(),
            Some(oldest) => format!(
                "mangler {}, den ældste fra {}",
                lag.behind,
                instant_short(oldest, &zone)
            ),
        };
        writeln!(
            out,
            "{} {} {} position {}: {behind}",
            of.navn, of.kommune, of.fagsystem, of.acknowledged
        )?;
    }
    writeln!(out, "{} abonnenter.", all.len())?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use oir_domain::klassifikation::sortiment::facet_uuid;
    use oir_domain::party::Fagsystem;
    use oir_fagsystem::sample;

    use super::classification_of;

    #[test]
    fn a_facet_is_never_taken_for_the_classification_that_it_is_in() {
        let fagsystem = Fagsystem {
            id: sample::FAGSYSTEM,
            kortnavn: "KSD".into(),
            navn: "Sygedagpenge".into(),
            konteringsfacet: "Klassifikation".into(),
        };
        let facet = facet_uuid(fagsystem.id, &fagsystem.konteringsfacet);
        assert_ne!(classification_of(&fagsystem, &[]).id, facet);
    }
}
