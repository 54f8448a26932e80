//! The texts themselves, one per code of the catalogue.

use oir_domain::fault::FaultCode;

use super::Words;

const fn w(title: &'static str, text: &'static str, remedy: &'static str) -> Words {
    Words {
        title,
        text,
        remedy,
    }
}

const RET_OG_GENSEND: &str =
    "Ret bilaget i fagsystemet, og send det igen som et nyt bilag, der peger på det afviste.";
const LEVERANDOER: &str =
    "Fagsystemets leverandør skal rette beskeden, så den følger kontrakten, og sende den igen.";

/// The texts of a code.
pub(super) const fn words(code: FaultCode) -> Words {
    match code {
        FaultCode::NotWellFormed
        | FaultCode::WrongEncoding
        | FaultCode::DoctypeForbidden
        | FaultCode::TooLarge
        | FaultCode::TooComplex
        | FaultCode::NotSoap
        | FaultCode::UnknownOperation
        | FaultCode::WrongNamespace
        | FaultCode::NotUnderstood
        | FaultCode::WrongContentType
        | FaultCode::TooSlow => reading(code),
        FaultCode::NotSignedIn | FaultCode::NotAllowed | FaultCode::TooManyGuesses => door(code),
        FaultCode::UnexpectedElement
        | FaultCode::MissingElement
        | FaultCode::WrongForm
        | FaultCode::UnexpectedText
        | FaultCode::UnexpectedAttribute => schema(code),
        FaultCode::TransactionNotUuid
        | FaultCode::TransactionReused
        | FaultCode::UnknownFagsystem
        | FaultCode::UnknownMyndighed
        | FaultCode::NoAgreement
        | FaultCode::WrongCount
        | FaultCode::WrongTotal
        | FaultCode::MissingTotals
        | FaultCode::TooManyBilag
        | FaultCode::CreatedInFuture => message(code),
        FaultCode::Unbalanced
        | FaultCode::ZeroAmount
        | FaultCode::AmountOverLimit
        | FaultCode::WrongCurrency
        | FaultCode::NoPeriod
        | FaultCode::PeriodClosed
        | FaultCode::TooManyPostings
        | FaultCode::DuplicateLine
        | FaultCode::SumOverflow
        | FaultCode::BlankText => bilag(code),
        FaultCode::UnknownFacet
        | FaultCode::UnknownValue
        | FaultCode::ValueNotInForce
        | FaultCode::MissingKonteringsvalue
        | FaultCode::DuplicateFacet
        | FaultCode::PeriodReversed
        | FaultCode::CprWithoutDate
        | FaultCode::CvrCheckDigit
        | FaultCode::CorrectedUnknown
        | FaultCode::CorrectedNotOpen
        | FaultCode::BilagReused
        | FaultCode::BilagTwice
        | FaultCode::KonteringNotYours => postering(code),
        FaultCode::Unmapped
        | FaultCode::NoReceiver
        | FaultCode::RefusalForeseen
        | FaultCode::RefusedByBooks
        | FaultCode::AttemptsSpent
        | FaultCode::NoAnswer
        | FaultCode::Internal
        | FaultCode::Unavailable
        | FaultCode::NotFound => delivery(code),
    }
}

const fn reading(code: FaultCode) -> Words {
    match code {
        FaultCode::NotWellFormed => w(
            "Kan ikke læses",
            "Beskeden kan ikke læses: {0}.",
            LEVERANDOER,
        ),
        FaultCode::WrongEncoding => w(
            "Forkert tegnsæt",
            "Beskeden skal være i UTF-8; fundet: {0}.",
            "Send beskeden i UTF-8, og lad XML-erklæringen sige det samme.",
        ),
        FaultCode::DoctypeForbidden => w(
            "Dokumenttype ikke tilladt",
            "Beskeden har en dokumenttype eller egne entiteter, og det tillader SOAP ikke.",
            "Fjern DOCTYPE fra beskeden, og send den igen.",
        ),
        FaultCode::TooLarge => w(
            "For stor",
            "Beskeden er større end {0} byte.",
            "Del bundtet i flere mindre, og send dem hver for sig.",
        ),
        FaultCode::TooComplex => w(
            "For indlejret",
            "Beskeden er mere sammensat, end der læses: {0}.",
            LEVERANDOER,
        ),
        FaultCode::NotSoap => w(
            "Ikke en SOAP-konvolut",
            "Beskeden er ikke en SOAP-konvolut af den version, der er oplyst; fundet: {0}.",
            "Brug SOAP 1.1 med text/xml eller SOAP 1.2 med application/soap+xml.",
        ),
        FaultCode::UnknownOperation => w(
            "Ukendt operation",
            "Tjenesten har ingen operation, der hedder {0}.",
            "Se tjenestens WSDL for operationernes navne, og send igen.",
        ),
        FaultCode::WrongNamespace => w(
            "Forkert version",
            "Operationen er i navnerummet {0}; her ventes {1}.",
            "Skift til den version af kontrakten, som tjenestens WSDL viser.",
        ),
        FaultCode::NotUnderstood => w(
            "SOAP-header ikke forstået",
            "SOAP-headeren {0} skal forstås, men kendes ikke her.",
            "Fjern headeren eller dens mustUnderstand, og send igen.",
        ),
        FaultCode::WrongContentType => w(
            "Forkert indholdstype",
            "Indholdstypen {0} modtages ikke.",
            "Brug text/xml (SOAP 1.1), application/soap+xml (SOAP 1.2) eller application/json.",
        ),
        _ => w(
            "For langsom",
            "Beskeden var ikke nået frem efter {0} sekunder.",
            "Send igen; varer det ved, så undersøg forbindelsen hertil.",
        ),
    }
}

const fn door(code: FaultCode) -> Words {
    match code {
        FaultCode::NotSignedIn => w(
            "Ikke logget ind",
            "Kaldet er ikke logget ind, eller nøglen gælder ikke.",
            "Kald med en gyldig nøgle, eller log ind i portalen og kald i samme session.",
        ),
        FaultCode::NotAllowed => w(
            "Ingen adgang",
            "Kaldets nøgle eller roller giver ikke adgang til det.",
            "Brug nøglen til eget system og egen myndighed, eller få en nøgle eller rolle, der rækker.",
        ),
        _ => w(
            "For mange forkerte nøgler",
            "Der er kommet for mange forkerte nøgler; prøv igen om {0} sekunder.",
            "Ret nøglen i det kaldende system. En gyldig nøgle slipper ind hele tiden.",
        ),
    }
}

const fn schema(code: FaultCode) -> Words {
    match code {
        FaultCode::UnexpectedElement => w(
            "Uventet element",
            "Elementet {0} må ikke stå her; ventet: {1}.",
            LEVERANDOER,
        ),
        FaultCode::MissingElement => w("Manglende element", "Elementet {0} mangler.", LEVERANDOER),
        FaultCode::WrongForm => w(
            "Forkert form",
            "Værdien har ikke den rette form; ventet: {0}.",
            LEVERANDOER,
        ),
        FaultCode::UnexpectedText => w(
            "Tekst mellem elementer",
            "Der står tekst mellem elementerne.",
            LEVERANDOER,
        ),
        _ => w(
            "Uventet attribut",
            "Attributten {0} må ikke stå her.",
            LEVERANDOER,
        ),
    }
}

const fn message(code: FaultCode) -> Words {
    match code {
        FaultCode::TransactionNotUuid => w(
            "TransactionUUID er ikke en UUID",
            "TransactionUUID skal være en UUID.",
            "Giv hvert kald sin egen UUID, og send igen.",
        ),
        FaultCode::TransactionReused => w(
            "TransactionUUID genbrugt",
            "TransactionUUID {0} er brugt før til noget andet; det første gælder uændret.",
            "Send igen under en ny TransactionUUID; brug kun den gamle til at gentage det samme.",
        ),
        FaultCode::UnknownFagsystem => w(
            "Ukendt fagsystem",
            "Afsendersystemet {0} er ikke oprettet her.",
            "Få systemet oprettet, eller ret AfsenderSystem, og send igen.",
        ),
        FaultCode::UnknownMyndighed => w(
            "Ukendt myndighed",
            "Myndigheden med CVR {0} betjenes ikke her.",
            "Ret MunicipalityCVR til kommunens CVR-nummer, og send igen.",
        ),
        FaultCode::NoAgreement => w(
            "Ingen aftale",
            "{0} har ingen aftale om at sende for {1} den {2:dag}.",
            "Kommunens økonomi skal oprette eller forlænge aftalen; derefter sendes igen.",
        ),
        FaultCode::WrongCount => w(
            "Forkert antal bilag",
            "Kontroltotalen siger {0} bilag; der er {1}.",
            LEVERANDOER,
        ),
        FaultCode::WrongTotal => w(
            "Forkert kontroltotal",
            "Kontroltotalen for {0} siger {1:kr}, bilagene summer til {2:kr}.",
            LEVERANDOER,
        ),
        FaultCode::MissingTotals => w(
            "Kontroltotal mangler",
            "Et bundt skal have kontroltotal.",
            "Tilføj Kontroltotal med antal, debet og kredit, og send igen.",
        ),
        FaultCode::TooManyBilag => w(
            "For mange bilag",
            "Beskeden har {0} bilag; grænsen er {1}.",
            "Del bundtet i flere mindre, og send dem hver for sig.",
        ),
        _ => w(
            "Dannet i fremtiden",
            "Beskeden siger, at den er dannet {0}; klokken er {1}.",
            "Stil afsendersystemets ur, og send igen.",
        ),
    }
}

const fn bilag(code: FaultCode) -> Words {
    match code {
        FaultCode::Unbalanced => w(
            "Balancerer ikke",
            "Debet {0:kr} og kredit {1:kr} afviger med {2:kr}.",
            RET_OG_GENSEND,
        ),
        FaultCode::ZeroAmount => w("Beløb på nul", "Beløbet er nul.", RET_OG_GENSEND),
        FaultCode::AmountOverLimit => w(
            "Beløb over grænsen",
            "Beløbet {0:kr} er over grænsen på {1:kr}.",
            RET_OG_GENSEND,
        ),
        FaultCode::WrongCurrency => w(
            "Forkert valuta",
            "Valutaen er {0}; kun DKK modtages.",
            LEVERANDOER,
        ),
        FaultCode::NoPeriod => w(
            "Ingen periode",
            "Ingen periode i regnskabsåret {1} for {2} rummer bogføringsdatoen {0:dag}.",
            "Ret bogføringsdato, regnskabsår eller posteringstype i fagsystemet, og send et nyt bilag.",
        ),
        FaultCode::PeriodClosed => w(
            "Lukket periode",
            "Perioden med {0:dag} i regnskabsåret {1} er lukket.",
            "Økonomi åbner perioden, eller fagområdet sender et nyt bilag med en dato i en åben periode.",
        ),
        FaultCode::TooManyPostings => w(
            "For mange posteringer",
            "Bilaget har {0} posteringer; grænsen er {1}.",
            "Del bilaget i flere, der hver balancerer, og send dem igen.",
        ),
        FaultCode::DuplicateLine => w(
            "Linjenummer to gange",
            "Linjenummer {0} er brugt to gange.",
            LEVERANDOER,
        ),
        FaultCode::SumOverflow => w(
            "Sum for stor",
            "Summen af beløbene er større, end der kan regnes med.",
            LEVERANDOER,
        ),
        _ => w(
            "Blank tekst",
            "{0} består kun af mellemrum.",
            RET_OG_GENSEND,
        ),
    }
}

const fn postering(code: FaultCode) -> Words {
    match code {
        FaultCode::UnknownFacet => w(
            "Ukendt facet",
            "Fagsystemets sortiment har ingen facet {0}.",
            RET_OG_GENSEND,
        ),
        FaultCode::UnknownValue => w(
            "Ukendt sortimentsværdi",
            "Sortimentet har ingen værdi {1} i {0}.",
            "Brug en værdi fra sortimentet, eller få den nye værdi oprettet, og send et nyt bilag.",
        ),
        FaultCode::ValueNotInForce => w(
            "Værdi gælder ikke",
            "Værdien {1} i {0} gælder ikke den {2:dag}.",
            "Brug en værdi, der gælder på bogføringsdatoen, og send et nyt bilag.",
        ),
        FaultCode::MissingKonteringsvalue => w(
            "Konteringsværdi mangler",
            "Posteringen har ingen værdi i {0}, som afgør kontoen.",
            RET_OG_GENSEND,
        ),
        FaultCode::DuplicateFacet => w(
            "Facet to gange",
            "Facetten {0} står to gange på posteringen.",
            LEVERANDOER,
        ),
        FaultCode::PeriodReversed => w(
            "Omvendt periode",
            "Perioden slutter {1:dag}, før den begynder {0:dag}.",
            RET_OG_GENSEND,
        ),
        FaultCode::CprWithoutDate => w(
            "CPR-nummer uden dato",
            "CPR-nummerets første seks cifre er ikke en dato.",
            RET_OG_GENSEND,
        ),
        FaultCode::CvrCheckDigit => w(
            "CVR-nummerets kontrolciffer",
            "CVR-nummeret {0} har et kontrolciffer, der ikke passer.",
            "Efterse nummeret; bilaget er taget imod.",
        ),
        FaultCode::CorrectedUnknown => w(
            "Rettet bilag kendes ikke",
            "Bilaget {0}, som skal rettes, kendes ikke her.",
            "Peg på det afviste bilags BilagUUID, eller send bilaget uden KorrigererBilag.",
        ),
        FaultCode::CorrectedNotOpen => w(
            "Rettet bilag er ikke afvist",
            "Bilaget {0}, som skal rettes, er hverken afvist her eller i økonomisystemet.",
            "Vent på dets kvittering; er det bogført, rettes det med et modbilag.",
        ),
        FaultCode::BilagReused => w(
            "BilagUUID genbrugt",
            "BilagUUID {0} er brugt før til et andet bilag; det første gælder uændret.",
            "Send bilaget under en ny BilagUUID.",
        ),
        FaultCode::BilagTwice => w(
            "Bilag to gange",
            "BilagUUID {0} står to gange i beskeden; det første gælder.",
            LEVERANDOER,
        ),
        _ => w(
            "Kontering sat af afsender",
            "Kontering må kun sættes her, ikke af afsenderen.",
            LEVERANDOER,
        ),
    }
}

const fn delivery(code: FaultCode) -> Words {
    match code {
        FaultCode::Unmapped => w(
            "Mangler konto",
            "Omsætningstabellen har ingen konto for {1} i {0} den {2:dag}.",
            "Økonomi tilføjer rækken i omsætningstabellen; bilaget går så videre af sig selv.",
        ),
        FaultCode::NoReceiver => w(
            "Intet økonomisystem",
            "Der er ikke sat et økonomisystem op for kommune {0}.",
            "Drift sætter kommunens økonomisystem op; bilaget går så videre af sig selv.",
        ),
        FaultCode::RefusalForeseen => w(
            "Ventes afvist af økonomisystemet",
            "Økonomisystemet konterer selv, og vores kopi af dets omsætningstabel har ingen konto for {1} i {0} den {2:dag}.",
            "Økonomi tilføjer rækken i økonomisystemets omsætningstabel og i kopien her; afvises bilaget, sender fagsystemet det igen bagefter.",
        ),
        FaultCode::RefusedByBooks => w(
            "Afvist af økonomisystemet",
            "Økonomisystemet afviste med {0}: {1}.",
            "Ret årsagen sammen med økonomi, og send et nyt bilag, der peger på det afviste.",
        ),
        FaultCode::AttemptsSpent => w(
            "Alle forsøg brugt",
            "Bilaget kunne ikke afleveres efter {0} forsøg; sidst: {1}.",
            "Drift får økonomisystemet i gang og frigiver bilaget.",
        ),
        FaultCode::NoAnswer => w(
            "Intet svar",
            "Bilaget er sendt uden svar, og økonomisystemet kan ikke spørges: {0}.",
            "Drift undersøger hos økonomisystemet, om bilaget er bogført, og frigiver det.",
        ),
        FaultCode::Internal => w(
            "Fejl hos os",
            "En fejl hos os stoppede beskeden; den er gemt, og driften er alarmeret.",
            "Vent på besked fra driften; send eventuelt igen senere under samme id.",
        ),
        FaultCode::Unavailable => w(
            "Midlertidigt utilgængelig",
            "Der kan ikke modtages lige nu.",
            "Send det samme igen om lidt, under samme id.",
        ),
        _ => w(
            "Findes ikke",
            "{0} kendes ikke her.",
            "Efterse id og myndighed, og spørg igen.",
        ),
    }
}
