//! Which handler answers at which address, room by room. Each address has a line in
//! [`door::PAGES`] that says what it needs; a test holds the two together.

use axum::routing::{MethodRouter, get, post};

use super::{
    PortalState, accessibility, afsendelse, afstemning, asset, bilag, door, drift, export, front,
    guides, job, keys, kontoplan, letters, list, log, omsaetning, person, raw, samples, saved,
    sign_in, sortiment, udvikling, unmask, work, work_acts, work_sheet,
};
use crate::machine::lookup;

/// Addresses with their handlers.
type Pages = Vec<(&'static str, MethodRouter<PortalState>)>;

/// Every page of the portal.
pub(super) fn all() -> Pages {
    let rooms = [
        finding(),
        one_bilag(),
        days(),
        worklist(),
        guidance(),
        people(),
        machines(),
        accounts(),
        running(),
        omsaetning::pages(),
        values(),
    ];
    rooms.into_iter().flatten().collect()
}

/// The front page, lists of bilag, and files of them.
fn finding() -> Pages {
    vec![
        ("/", get(front::show)),
        ("/bilag", get(list::show)),
        ("/bilag.xlsx", get(export::xlsx)),
        ("/bilag.csv", get(export::csv)),
        ("/eksport/{id}", get(job::show).post(job::stop)),
        ("/eksport/{id}/fil", get(job::file)),
        ("/visninger", get(saved::show).post(saved::change)),
        (lookup::LIST, lookup::list_route()),
        (lookup::ONE, lookup::one_route()),
    ]
}

/// One bilag, what it came in, and the persons in it.
fn one_bilag() -> Pages {
    vec![
        ("/bilag/{id}", get(bilag::show)),
        ("/bilag/{id}/xml", get(raw::bilag)),
        (
            "/bilag/{id}/personnumre",
            get(unmask::back).post(unmask::show),
        ),
        ("/afsendelser/{id}", get(afsendelse::show)),
        ("/afsendelser/{id}/xml", get(raw::afsendelse)),
        ("/personopslag", get(person::ask).post(person::search)),
        ("/stikproever", get(samples::list).post(samples::draw)),
        (
            "/stikproever/{number}",
            get(samples::show).post(samples::review),
        ),
        ("/stikproever/{number}/opslag.xlsx", get(samples::download)),
    ]
}

/// Whether days agree, and how it goes over time.
fn days() -> Pages {
    vec![
        ("/afstemning", get(afstemning::show)),
        ("/afstemning.xlsx", get(afstemning::download)),
        (door::DAY, get(afstemning::day::show)),
        (door::DAY_SHEET, get(afstemning::day::download)),
        (door::DAY_TOTAL, afstemning::forms::total_route()),
        (
            door::DAY_ASK,
            post(afstemning::forms::ask).get(afstemning::forms::day_page),
        ),
        (
            door::DAY_SIGN,
            post(afstemning::forms::sign).get(afstemning::forms::day_page),
        ),
        (
            door::DAY_REOPEN,
            post(afstemning::forms::reopen).get(afstemning::forms::day_page),
        ),
        ("/udvikling", get(udvikling::show)),
    ]
}

/// What stands still until a person acts.
fn worklist() -> Pages {
    vec![
        ("/fejl", get(work::show)),
        ("/fejl.xlsx", get(work_sheet::download)),
        ("/fejl/{gruppe}", get(work::group)),
        ("/fejl/bilag/{id}", get(work_acts::show)),
        (
            "/fejl/trin",
            get(work_acts::to_the_list).post(work_acts::step),
        ),
        (
            "/fejl/levering",
            get(work_acts::to_the_list).post(work_acts::deliver),
        ),
    ]
}

/// How errors are corrected, letters about them, and how the pages may be used.
fn guidance() -> Pages {
    vec![
        ("/vejledninger", get(guides::shelf)),
        ("/vejledninger.xlsx", get(guides::download)),
        ("/vejledninger/{fagsystem}", get(guides::show)),
        ("/vejledninger/{fagsystem}/udgaver", get(guides::versions)),
        (
            "/vejledninger/{fagsystem}/ret",
            get(guides::write).post(guides::save),
        ),
        ("/mine-mails", get(letters::choices).post(letters::choose)),
        ("/postkasse", get(letters::mailbox)),
        ("/tilgaengelighed", get(accessibility::show)),
    ]
}

/// Who is in, and what they did.
fn people() -> Pages {
    vec![
        ("/log-ind", get(sign_in::ask).post(sign_in::choose)),
        ("/log-ind/start", get(sign_in::start)),
        ("/log-ind/svar", get(sign_in::answer)),
        ("/log-ud", post(sign_in::leave)),
        ("/roller", get(sign_in::roles)),
        ("/sessioner", get(sign_in::sessions).post(sign_in::end)),
        ("/log", get(log::show)),
        ("/log.xlsx", get(log::workbook)),
        ("/log.csv", get(log::csv)),
    ]
}

/// The keys of machines.
fn machines() -> Pages {
    vec![
        ("/noegler", get(keys::show)),
        ("/noegler.xlsx", get(keys::download)),
        ("/noegler/ny", get(keys::ask).post(keys::make)),
        ("/noegler/{id}", get(keys::one)),
        ("/noegler/{id}/forny", post(keys::renew)),
        ("/noegler/{id}/afslut", post(keys::end)),
    ]
}

/// The municipalities' kontoplaner.
fn accounts() -> Pages {
    vec![
        ("/kontoplan", get(kontoplan::shelf)),
        ("/kontoplan.xlsx", get(kontoplan::sheets::shelf)),
        ("/kontoplan/{kommune}", get(kontoplan::list)),
        ("/kontoplan/{kommune}/konto", get(kontoplan::one::show)),
        (
            "/kontoplan/{kommune}/konti.xlsx",
            get(kontoplan::sheets::xlsx),
        ),
        (
            "/kontoplan/{kommune}/konti.csv",
            get(kontoplan::sheets::csv),
        ),
        (kontoplan::IMPORT, kontoplan::import::upload_route()),
        (
            "/kontoplan/{kommune}/import/{fil}",
            get(kontoplan::preview::show).post(kontoplan::preview::confirm),
        ),
        (
            "/kontoplan/{kommune}/import/{fil}/rapport.xlsx",
            get(kontoplan::sheets::report),
        ),
    ]
}

/// What fagsystemer may send.
fn values() -> Pages {
    vec![
        ("/sortiment", get(sortiment::overview)),
        ("/sortiment/{fagsystem}", get(sortiment::show)),
        (
            "/sortiment/{fagsystem}/vaerdier.xlsx",
            get(sortiment::download),
        ),
    ]
}

/// Whether all is running, what to do, and what pages are dressed with.
fn running() -> Pages {
    vec![
        ("/drift", get(drift::show)),
        ("/drift.xlsx", get(drift::download)),
        (
            "/drift/pause",
            get(drift::pause::ask).post(drift::pause::decide),
        ),
        (
            "/drift/stop",
            get(drift::stop::ask).post(drift::stop::decide),
        ),
        ("/assets/{*path}", get(asset)),
    ]
}
