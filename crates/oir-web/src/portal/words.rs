//! The portal's Danish words for states, events, channels and roles. The words of the fault
//! catalogue stand with the receipts and are handed in, see [`super::FaultWords`].

use oir_domain::access::{Action, Reach, Role};
use oir_domain::fault::{Responsible, Severity};
use oir_domain::finans::{PartRolle, Posteringstype};
use oir_domain::look::{LookKind, Reason, Verdict};
use oir_domain::message::StateName;
use oir_flow::ports::inbox::{Channel, MessageOutcome};
use oir_flow::ports::sessions::deeds;

use super::view::{Advice, Badge};

/// A state as a person calls it, with the design system's weight for its badge.
pub(super) fn state(name: StateName) -> Badge {
    let (text, weight) = match name {
        StateName::Rejected => ("Afvist", "error"),
        StateName::Held => ("Tilbageholdt", "warning"),
        StateName::Mapped => ("Klar til levering", "info"),
        StateName::Sending => ("Sendes", "info"),
        StateName::AwaitingReceipt => ("Afventer kvittering", "info"),
        StateName::Waiting => ("Venter på nyt forsøg", "info"),
        StateName::Uncertain => ("Usikker", "warning"),
        StateName::Booked => ("Bogført", "success"),
        StateName::Refused => ("Nægtet af bogføringen", "error"),
        StateName::Parked => ("Parkeret", "error"),
    };
    Badge { text, weight }
}

/// What somebody must do about a bilag in that state, and who.
pub(super) fn advice(name: StateName) -> Advice {
    let (weight, heading, text) = match name {
        StateName::Rejected => (
            "error",
            "Fagsystemet skal sende et nyt bilag",
            "Bilaget har fejl og er ikke sendt til bogføringen. Ret fejlene nedenfor i \
             fagsystemet, og send et nyt bilag, der peger på dette som det, det korrigerer.",
        ),
        StateName::Held => (
            "warning",
            "Økonomiafdelingen skal supplere omsætningstabellen",
            "Bilaget er i orden, men mindst én sortimentsværdi har ingen konto. Når kontoen er \
             tilføjet i omsætningstabellen, leveres bilaget af sig selv.",
        ),
        StateName::Mapped | StateName::Sending => (
            "info",
            "Bilaget er på vej til bogføringen",
            "Du skal ikke gøre noget. Siden viser bogføringens svar, når det er kommet.",
        ),
        StateName::AwaitingReceipt => (
            "info",
            "Bogføringssystemet har bilaget",
            "Du skal ikke gøre noget. Forretningskvitteringen kommer senere og vises her.",
        ),
        StateName::Waiting => (
            "info",
            "Bogføringssystemet kunne ikke nås",
            "Du skal ikke gøre noget. Der prøves igen af sig selv.",
        ),
        StateName::Uncertain => (
            "warning",
            "Svaret fra bogføringssystemet udeblev",
            "Bilaget er måske bogført. Bogføringssystemet spørges, før noget sendes igen, så \
             bilaget ikke bliver bogført to gange. Du skal ikke gøre noget.",
        ),
        StateName::Booked => ("success", "Bilaget er bogført", "Du skal ikke gøre mere."),
        StateName::Refused => (
            "error",
            "Bogføringssystemet har nægtet at bogføre bilaget",
            "Se årsagen nedenfor. Når den er bragt i orden, sender fagsystemet et nyt bilag, \
             der peger på dette som det, det korrigerer.",
        ),
        StateName::Parked => (
            "error",
            "En driftsmedarbejder skal se på bilaget",
            "Alle forsøg på at levere er brugt. Kontakt driften, og oplys bilagets id. Når \
             årsagen er fjernet, kan bilaget frigives igen.",
        ),
    };
    Advice {
        weight,
        heading,
        text,
    }
}

/// What happened, as a sentence for the timeline.
pub(super) fn event(word: &str, to: StateName, attempt: u32) -> String {
    let sentence = match (word, to) {
        ("received", StateName::Rejected) => "Modtaget og afvist, fordi bilaget har fejl.",
        ("received", StateName::Held) => {
            "Modtaget og registreret, men tilbageholdt: der mangler en konto i \
             omsætningstabellen."
        }
        ("received", _) => "Modtaget, registreret og konteret. Klar til levering.",
        ("accounts_found", _) => "Konti fundet i omsætningstabellen. Klar til levering.",
        ("claimed", _) => return format!("Leveringsforsøg {attempt} begyndt."),
        ("handed_over", _) => "Modtaget af bogføringssystemet, som kvitterer senere.",
        ("booked", _) => "Bogført.",
        ("refused", _) => "Bogføringssystemet nægtede at bogføre.",
        ("unavailable", _) => "Bogføringssystemet kunne ikke nås. Der prøves igen.",
        ("no_answer", _) => {
            "Sendt, men svaret udeblev. Bogføringssystemet spørges, før der sendes igen."
        }
        ("not_there", _) => "Bogføringssystemet kender ikke bilaget. Det sendes igen.",
        ("given_up", _) => "Alle forsøg er brugt. Parkeret.",
        ("given_up_by_hand", _) => "Opgivet af en medarbejder. Bilaget leveres ikke.",
        ("released", _) => "Frigivet af en medarbejder. Bogføringssystemet spørges først.",
        (other, _) => return other.to_owned(),
    };
    sentence.to_owned()
}

/// By which door a message came.
pub(super) fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Soap11 => "SOAP 1.1",
        Channel::Soap12 => "SOAP 1.2",
        Channel::Json => "JSON",
    }
}

/// What became of a message as a whole.
pub(super) fn outcome(outcome: MessageOutcome) -> Badge {
    let (text, weight) = match outcome {
        MessageOutcome::Taken => ("Modtaget", "success"),
        MessageOutcome::Unreadable => ("Afvist som helhed", "error"),
        MessageOutcome::Parked => ("Parkeret", "error"),
    };
    Badge { text, weight }
}

/// What somebody must do about a message as a whole; nothing when its bilag say it.
pub(super) fn message_advice(outcome: MessageOutcome) -> Option<Advice> {
    match outcome {
        MessageOutcome::Taken => None,
        MessageOutcome::Unreadable => Some(Advice {
            weight: "error",
            heading: "Fagsystemets leverandør skal rette afsendelsen",
            text: "Afsendelsen kunne ikke læses eller henføres, så ingen bilag er taget ind. \
                   Ret fejlene nedenfor, og send igen. Samme TransactionUUID må bruges.",
        }),
        MessageOutcome::Parked => Some(Advice {
            weight: "error",
            heading: "Driften skal se på afsendelsen",
            text: "En fejl i ØiR stoppede behandlingen. Afsendelsen er gemt, som den blev \
                   modtaget. Kontakt driften, og oplys afsendelsens id.",
        }),
    }
}

/// The weight of a fault.
pub(super) fn severity(severity: Severity) -> Badge {
    match severity {
        Severity::Warning => Badge {
            text: "Advarsel",
            weight: "warning",
        },
        Severity::Fault => Badge {
            text: "Fejl",
            weight: "error",
        },
    }
}

/// Who can put a fault right.
pub(super) fn responsible(who: Responsible) -> &'static str {
    match who {
        Responsible::SenderVendor => "Fagsystemets leverandør",
        Responsible::Fagomraade => "Fagområdet",
        Responsible::Finance => "Økonomiafdelingen",
        Responsible::Operation => "Driften",
    }
}

/// What kind of posting a bilag makes.
pub(super) fn posteringstype(kind: Posteringstype) -> &'static str {
    match kind {
        Posteringstype::Normal => "Normal (NOR)",
        Posteringstype::Supplement => "Supplementsperiode (SUP)",
        Posteringstype::Primo => "Primo (PRI)",
    }
}

/// A party's role.
pub(super) fn rolle(rolle: PartRolle) -> &'static str {
    match rolle {
        PartRolle::Ydelsesmodtager => "ydelsesmodtager",
        PartRolle::Udbetalingsmodtager => "udbetalingsmodtager",
        PartRolle::Anden => "anden part",
    }
}

/// A role as people call it.
pub(super) const fn role(role: Role) -> &'static str {
    match role {
        Role::KombitProjekt => "KOMBIT-projekt",
        Role::KombitProgramleder => "KOMBIT-programleder",
        Role::ErpSystemejer => "ERP-systemejer",
        Role::AnsvarligFinans => "ØiR-ansvarlig Finans",
        Role::AnsvarligDebitor => "ØiR-ansvarlig Debitor",
        Role::OekonomiFinans => "Bruger i økonomi, finans",
        Role::OekonomiDebitor => "Bruger i økonomi, debitor",
        Role::Fagomraade => "Bruger i fagområde",
        Role::Leverandoer => "Leverandør",
        Role::Drift => "Drift",
        Role::Revisor => "Revisor",
    }
}

/// How far a role reaches.
pub(super) const fn reach(reach: Reach) -> &'static str {
    match reach {
        Reach::Country => "Hele landet",
        Reach::Kommune => "En kommune",
        Reach::KommuneFagsystem => "Et fagsystem i en kommune",
        Reach::Fagsystem => "Et fagsystem i alle kommuner",
    }
}

/// An action, as the table of roles heads its column.
pub(super) const fn action(action: Action) -> &'static str {
    match action {
        Action::SeeFigures => "Se dagens tal",
        Action::SeeBilag => "Se bilag",
        Action::Export => "Hente lister som filer",
        Action::HandleWork => "Behandle fejl",
        Action::Redeliver => "Sende igen, frigive og opgive",
        Action::WriteGuides => "Skrive vejledninger",
        Action::StateControlTotal => "Angive fagsystemets kontroltotal",
        Action::SignOffDay => "Godkende dagens afstemning",
        Action::Unmask => "Se personnumre på et bilag",
        Action::LookUpPerson => "Finde en persons bilag",
        Action::SampleLooks => "Udtage stikprøver af opslag",
        Action::SeeAudit => "Se loggen",
        Action::SeeOperation => "Se driften",
        Action::RunPartners => "Sætte modtagere på pause",
        Action::ManageKeys => "Udstede nøgler til maskiner",
        Action::EndSessions => "Afslutte sessioner",
        Action::SeeSortiment => "Se sortiment og kontering",
        Action::EditSortiment => "Rette sortiment",
        Action::EditKontoplan => "Rette kontoplan",
        Action::EditOmsaetning => "Skrive omsætningstabel",
        Action::ApproveOmsaetning => "Godkende omsætningstabel",
    }
}

/// What somebody did.
pub(super) fn deed(what: &str) -> &'static str {
    match what {
        deeds::SIGNED_IN => "Loggede ind",
        deeds::SIGNED_OUT => "Loggede ud",
        deeds::ENDED_SESSION => "Afsluttede en session",
        deeds::PAUSED => "Satte en modtager på pause",
        deeds::RESUMED => "Genoptog en modtager",
        deeds::ANNOUNCED_STOP => "Varslede et stop",
        deeds::CANCELLED_STOP => "Aflyste et stop",
        deeds::EXPORTED => "Hentede en liste som fil",
        deeds::STATED_TOTAL => "Angav et fagsystems kontroltotal",
        deeds::SIGNED_DAY => "Godkendte en dags afstemning",
        deeds::REOPENED_DAY => "Genåbnede en dags afstemning",
        deeds::ASKED_BOOKS => "Bad bogføringen om svar på en dags bilag",
        deeds::HANDLED_WORK => "Behandlede en fejl",
        deeds::LET_GO_ON => "Satte i gang igen",
        deeds::GAVE_UP => "Opgav levering",
        deeds::MADE_KEY => "Lavede en nøgle til en maskine",
        deeds::RENEWED_KEY => "Fornyede en maskines nøgle",
        deeds::ENDED_KEY => "Afsluttede en maskines nøgle",
        deeds::GUESSING => "Så nogen gætte på nøgler eller login",
        deeds::SAW_NUMBERS => "Så personnumre på et bilag",
        deeds::SEARCHED_PERSON => "Søgte bilag på et personnummer",
        deeds::REFUSED_SEARCH => "Fik afvist et personopslag",
        deeds::READ_MESSAGE => "Læste det modtagne indhold",
        deeds::DREW_SAMPLE => "Udtog en stikprøve af opslag",
        deeds::REVIEWED_LOOK => "Gennemgik et opslag",
        deeds::IMPORTED_KONTOPLAN => "Importerede en kontoplan",
        deeds::BEGAN_OMSAETNING => "Begyndte en kladde til en omsætningstabel",
        deeds::SAVED_OMSAETNING => "Gemte en kladde til en omsætningstabel",
        deeds::SIMULATED_OMSAETNING => "Simulerede en kladde til en omsætningstabel",
        deeds::APPROVED_OMSAETNING => "Godkendte en omsætningstabel",
        deeds::DISCARDED_OMSAETNING => "Kasserede en kladde til en omsætningstabel",
        deeds::SHARED_OMSAETNING => "Bestemte, om andre må kopiere en omsætningstabel",
        deeds::WROTE_GUIDE => "Skrev en vejledning",
        deeds::CHANGED_SORTIMENT => "Ændrede et sortiment",
        deeds::ANNOUNCED_SORTIMENT => "Varslede ændringer af et sortiment",
        deeds::SUBSCRIBED_SORTIMENT => "Begyndte at abonnere på et sortiment",
        deeds::UNSUBSCRIBED_SORTIMENT => "Opsagde et abonnement på et sortiment",
        deeds::DECIDED_MODE => "Bestemte, om ØiR eller økonomisystemet konterer",
        deeds::CHOSE_LETTERS => "Valgte, hvornår der kommer mails",
        _ => "Andet",
    }
}

/// What a personal number is needed for.
pub(super) const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Inquiry => "Borgeren har henvendt sig",
        Reason::Correction => "Fejl i bilaget skal rettes",
        Reason::Reconciliation => "Afstemning",
        Reason::Request => "Anmodning om indsigt, klage eller myndighed",
        Reason::Other => "Andet, som forklaringen siger",
    }
}

/// What was looked at.
pub(super) const fn look(kind: LookKind) -> &'static str {
    match kind {
        LookKind::Unmasked => "Så personnumre på et bilag",
        LookKind::LookedUp => "Søgte på et personnummer",
    }
}

/// What an auditor makes of a look.
pub(super) const fn verdict(verdict: Verdict) -> Badge {
    let (text, weight) = match verdict {
        Verdict::Sound => ("I orden", "success"),
        Verdict::Doubtful => ("Skal undersøges", "warning"),
        Verdict::Unsound => ("Ikke i orden", "error"),
    };
    Badge { text, weight }
}

#[cfg(test)]
mod tests {
    use super::{deed, deeds};
    use std::collections::BTreeSet;

    #[test]
    fn every_deed_has_words_of_its_own() {
        let words: BTreeSet<&str> = deeds::ALL.into_iter().map(deed).collect();
        assert_eq!(words.len(), deeds::ALL.len());
        assert!(!words.contains(deed("ukendt")), "{words:?}");
    }
}
