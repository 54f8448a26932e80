//! The worklist's Danish words: causes, desks, steps, and why a step was not possible.

use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::work::{Act, Area, Cause, Closing, Stop, Wrong};
use oir_flow::work::{Effect, Tally};

use super::view::{Advice, Badge};
use super::{FaultWords, words};
use crate::danish_format::{kroner, whole};
use crate::masking::mask_text;

/// How something stands still, with its badge.
pub(super) fn stop(stop: Stop) -> Badge {
    let state = |name| words::state(name);
    use oir_domain::message::StateName as S;
    match stop {
        Stop::Rejected => state(S::Rejected),
        Stop::Refused => state(S::Refused),
        Stop::Held => state(S::Held),
        Stop::Parked => state(S::Parked),
        Stop::Uncertain => state(S::Uncertain),
        Stop::Waiting => state(S::Waiting),
        Stop::Unreadable => Badge {
            text: "Kunne ikke læses",
            weight: "error",
        },
        Stop::MessageParked => Badge {
            text: "Stoppet af en fejl i ØiR",
            weight: "error",
        },
    }
}

/// What neighbours have in common, as a heading: what is wrong and the value it is about.
pub(super) fn cause(cause: &Cause, words: FaultWords) -> String {
    let value = mask_text(&cause.value);
    match (cause.stop, cause.code) {
        (Stop::Uncertain, _) => "Svaret fra bogføringen udeblev; der spørges igen".to_owned(),
        (Stop::Waiting, _) => "Bogføringen kunne ikke nås; der prøves igen".to_owned(),
        (_, Some(FaultCode::Unmapped)) => format!("Mangler konto for {value}"),
        (_, Some(code)) if value.is_empty() => (words.title)(code),
        (_, Some(code)) => format!("{}: {value}", (words.title)(code)),
        (other, None) => stop(other).text.to_owned(),
    }
}

/// How a group's cause is put right, in the words of the fault catalogue; the values of a
/// single fault stand on the bilag's own page.
pub(super) fn advice(cause: &Cause) -> Advice {
    let (heading, text) = match cause.stop {
        Stop::Rejected | Stop::Refused => (
            "Rettes i fagsystemet",
            "Ret fejlen, hvor bilaget kommer fra, og send et nyt bilag, der peger på det gamle \
             som det, det korrigerer. Fejlen lukker af sig selv, når det nye bilag er taget imod.",
        ),
        Stop::Held => (
            "Rettes i omsætningstabellen",
            "Tilføj den manglende konto i omsætningstabellen. Så leveres bilagene af sig selv, og \
             fejlen lukker.",
        ),
        Stop::Parked => (
            "Find årsagen, og frigiv så",
            "Når årsagen er fjernet, kan bilagene frigives. Bogføringen spørges først, og kun det, \
             den ikke kender, sendes igen.",
        ),
        Stop::Uncertain => (
            "Går videre af sig selv",
            "Bilagene er måske bogført. Bogføringen spørges, før noget sendes igen, så intet bliver \
             bogført to gange. Du kan bede om, at der spørges nu.",
        ),
        Stop::Waiting => (
            "Går videre af sig selv",
            "Bogføringen kunne ikke nås. Der prøves igen med stigende mellemrum. Du kan bede om, at \
             der prøves nu.",
        ),
        Stop::Unreadable => (
            "Fagsystemets leverandør skal rette afsendelsen",
            "Ingen bilag er taget ind. Fejlen lukker af sig selv, når afsendelsen kommer igen med \
             samme id og kan læses.",
        ),
        Stop::MessageParked => (
            "Driften skal se på afsendelsen",
            "En fejl i ØiR stoppede behandlingen. Afsendelsen er gemt, som den blev modtaget.",
        ),
    };
    let weight = if cause.stop.passes_by_itself() {
        "info"
    } else {
        "warning"
    };
    Advice {
        weight,
        heading,
        text,
    }
}

/// The remedy of the catalogue for a code alone.
pub(super) fn remedy(code: FaultCode, words: FaultWords) -> String {
    mask_text(&(words.remedy)(&Fault::new(code, Place::message(""), &[])))
}

/// A desk.
pub(super) const fn area(area: Area) -> &'static str {
    match area {
        Area::Fagomraade => "Fagområde",
        Area::Oekonomi => "Økonomi",
        Area::Drift => "Drift",
    }
}

/// A step in the history.
pub(super) fn step(word: &str) -> &'static str {
    match word {
        "taken" => "Tog fejlen",
        "given_back" => "Gav fejlen tilbage",
        "to_area" => "Sendte fejlen videre til et andet område",
        "to_person" => "Gav fejlen til en anden",
        "comment" => "Skrev en kommentar",
        "postponed" => "Udskød fejlen",
        "resumed" => "Tog fejlen op igen",
        "closed" => "Lukkede fejlen",
        "given_up" => "Opgav levering",
        "let_go_on" => "Satte i gang igen",
        _ => "Andet",
    }
}

/// How it ended.
pub(super) fn closing(closing: &Closing) -> String {
    match closing {
        Closing::Corrected(_) => "Rettet: et bilag, der korrigerer det, er taget imod".to_owned(),
        Closing::Settled => "Kommet videre af sig selv".to_owned(),
        Closing::ByHand(why) => format!("Lukket i hånden: {}", mask_text(why)),
        Closing::GivenUp(why) => format!("Levering opgivet: {}", mask_text(why)),
    }
}

/// Why a step was not possible, and what to do instead.
pub(super) const fn wrong(wrong: Wrong) -> &'static str {
    match wrong {
        Wrong::Closed => "Fejlen er lukket. Der er ikke mere at gøre.",
        Wrong::PassesByItself => "Bilaget går videre af sig selv. Ingen skal behandle det.",
        Wrong::AlreadyTheirs => "Fejlen ligger allerede hos den person.",
        Wrong::NotTheirs => "Fejlen ligger ikke hos dig. Tag den først.",
        Wrong::SameArea => "Fejlen ligger allerede i det område. Vælg et andet.",
        Wrong::NoText => "Skriv en begrundelse eller en kommentar.",
        Wrong::TextTooLong => "Teksten er for lang. Skriv højst 2.000 tegn.",
        Wrong::DayNotLater => "Vælg en dag, der ligger efter i dag.",
        Wrong::DayTooFar => "Dagen ligger for langt ude. Vælg en dag inden for to måneder.",
        Wrong::NotPostponed => "Fejlen er ikke udskudt.",
        Wrong::MayGoOn => {
            "Bilaget kan stadig blive bogført herfra. Opgiv levering i stedet for at lukke fejlen."
        }
        Wrong::OutOfReach => {
            "Personen kan ikke behandle fejl her. Vælg en anden, eller send den til et område."
        }
        Wrong::CannotGoOn => {
            "Bilaget kan ikke sættes i gang herfra. Se under fejlen, hvordan den rettes."
        }
    }
}

/// What will happen or has happened, a line each.
pub(super) fn effect(effect: &Effect) -> Vec<String> {
    let line = |tally: Tally, words: &str| {
        (tally.antal > 0).then(|| {
            format!(
                "{} bilag for {} kr. {words}",
                whole(tally.antal),
                kroner(tally.debet)
            )
        })
    };
    let lines = [
        line(effect.sent, "sendes igen nu i stedet for senere."),
        line(
            effect.asked,
            "spørges der til nu hos bogføringen. Kender den dem ikke, sendes de igen.",
        ),
        line(
            effect.released,
            "frigives. Bogføringen spørges om hvert af dem, og kun dem, den ikke kender, sendes.",
        ),
        line(
            effect.given_up,
            "opgives. De leveres ikke herfra og skal bogføres på anden måde.",
        ),
        line(effect.handled, "behandles."),
        line(effect.left, "forbliver, som de er."),
        (effect.beyond > 0).then(|| {
            format!(
                "{} i gruppen kommer ikke med nu. Gør det samme igen bagefter.",
                whole(effect.beyond)
            )
        }),
    ];
    lines.into_iter().flatten().collect()
}

/// The act that a button asks for, from what was filled in.
pub(super) fn asks_reason(act: &Act) -> bool {
    matches!(act, Act::GiveUp(_))
}
