//! The Danish words of alarms: what is wrong, and what to do about it now. Said to whoever
//! is woken at three in the morning: one thing at a time, and where to look.

use oir_domain::operation::alarm::{Alarm, AlarmCode, Severity, calls};

use super::filled;

/// Bytes of a megabyte, as disks are counted.
const MEGABYTE: u64 = 1_000_000;

struct Words {
    title: &'static str,
    /// `{0}` whose matter it is, `{1}` the instant in words, `{2}` the number, `{3}` the name.
    text: &'static str,
    remedy: &'static str,
}

const fn w(title: &'static str, text: &'static str, remedy: &'static str) -> Words {
    Words {
        title,
        text,
        remedy,
    }
}

/// What an alarm means, in a few words.
#[must_use]
pub fn alarm_title(code: AlarmCode) -> &'static str {
    words(code).title
}

/// What to do about it.
#[must_use]
pub fn alarm_remedy(code: AlarmCode) -> &'static str {
    words(code).remedy
}

/// What is wrong, as a sentence. `whose` is the name of the municipality or sender, `at` the
/// alarm's instant in words.
#[must_use]
pub fn alarm_text(alarm: &Alarm, whose: &str, at: Option<&str>) -> String {
    let number = match (alarm.code, alarm.number) {
        (AlarmCode::DiskFull | AlarmCode::WalGrows, Some(bytes)) => {
            Some(format!("{} MB", bytes / MEGABYTE))
        }
        (AlarmCode::ReceiverSlow, Some(millis)) => {
            Some(format!("{},{}", millis / 1_000, millis % 1_000 / 100))
        }
        (_, number) => number.map(|number| number.to_string()),
    };
    let values = [
        whose.into(),
        at.unwrap_or(without_instant(alarm.code)).into(),
        number
            .unwrap_or_else(|| without_number(alarm.code).to_owned())
            .into(),
        alarm.name.clone(),
    ];
    filled(words(alarm.code).text, &values)
}

/// How much of a hurry there is, in a word.
#[must_use]
pub const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Now => "Straks",
        Severity::Today => "I dag",
        Severity::Soon => "Snart",
        Severity::Know => "Til orientering",
    }
}

/// The whole in a sentence.
#[must_use]
pub fn headline(alarms: &[Alarm]) -> String {
    let count = |wanted| {
        alarms
            .iter()
            .filter(|alarm| alarm.severity == wanted)
            .count()
    };
    let (now, today, soon) = (
        count(Severity::Now),
        count(Severity::Today),
        count(Severity::Soon),
    );
    if !calls(alarms) {
        return "Alt kører. Du skal ikke gøre noget.".to_owned();
    }
    let mut parts = Vec::new();
    for (count, when) in [(now, "straks"), (today, "i dag"), (soon, "snart")] {
        match count {
            0 => {}
            1 => parts.push(format!("1 forhold skal ordnes {when}")),
            more => parts.push(format!("{more} forhold skal ordnes {when}")),
        }
    }
    format!("{}. Begynd øverst.", parts.join(", "))
}

/// What is said where no instant is known.
const fn without_instant(code: AlarmCode) -> &'static str {
    match code {
        AlarmCode::ReceiverSilent => "endnu ikke",
        AlarmCode::Paused => "nogen genoptager",
        _ => "aldrig",
    }
}

/// What is said where no number is known.
const fn without_number(code: AlarmCode) -> &'static str {
    match code {
        AlarmCode::BackupUnsound => "ikke efterregnet",
        _ => "–",
    }
}

const fn words(code: AlarmCode) -> Words {
    match code {
        AlarmCode::DeliveryLate
        | AlarmCode::ReceiverSilent
        | AlarmCode::ReceiverSlow
        | AlarmCode::Uncertain
        | AlarmCode::SenderRejected => of_traffic(code),
        AlarmCode::Paused | AlarmCode::PausedLong | AlarmCode::Stop => of_decisions(code),
        AlarmCode::Expiring | AlarmCode::Expired => of_ends(code),
        AlarmCode::DiskFull
        | AlarmCode::DiskFilling
        | AlarmCode::WalGrows
        | AlarmCode::BackupOld
        | AlarmCode::BackupUnsound
        | AlarmCode::VerifyDiffers
        | AlarmCode::VerifyOld => of_the_house(code),
    }
}

const fn of_traffic(code: AlarmCode) -> Words {
    match code {
        AlarmCode::DeliveryLate => w(
            "Afleveringen er bagud",
            "{0}: {2} bilag venter. Det ældste skulle have været afleveret {1}.",
            "Se, om mindst én proces med rollen worker kører, og om databasen svarer \
             (/health/ready). Start processen igen, hvis den er stoppet. Kører den, så læs dens \
             log. Intet er tabt: bilagene venter i databasen.",
        ),
        AlarmCode::ReceiverSilent => w(
            "Økonomisystemet svarer ikke",
            "{0}: {2} kald i træk uden svar ({3}). Seneste svar: {1}.",
            "Ring til driften af kommunens økonomisystem. Er stoppet kendt, så sæt modtageren på \
             pause med en grund. Bilagene venter og går igennem af sig selv, når der svares.",
        ),
        AlarmCode::ReceiverSlow => w(
            "Økonomisystemet er langsomt",
            "{0}: hvert tyvende svar tager mindst {2} sekunder.",
            "Sig det til driften af kommunens økonomisystem. Du skal ikke gøre noget her: der er \
             kun ét kald ad gangen til hver kommune.",
        ),
        AlarmCode::Uncertain => w(
            "Bilag er usikre",
            "{0}: {2} bilag er sendt uden svar, det ældste {1}.",
            "Bed driften af kommunens økonomisystem om at svare på HentStatus. Send intet igen i \
             hånden: bilagene er måske bogført, og der spørges igen af sig selv.",
        ),
        _ => w(
            "Et fagsystem får det meste afvist",
            "{0}: {2} procent af den seneste times bilag er afvist.",
            "Se de afviste bilags fejlkoder, og ring til fagsystemets leverandør, hvis de er ens. \
             De afviste bilag er hos afsenderen; intet er bogført forkert.",
        ),
    }
}

const fn of_decisions(code: AlarmCode) -> Words {
    match code {
        AlarmCode::Paused => w(
            "En modtager er på pause",
            "{0} er på pause, til {1}: {3}.",
            "Du skal ikke gøre noget. Bilagene venter og afleveres, når pausen er slut.",
        ),
        AlarmCode::PausedLong => w(
            "En pause kan være glemt",
            "{0} har været på pause siden {1} uden sluttid: {3}.",
            "Spørg den, der satte pausen, om den stadig skal gælde. Genoptag, hvis ikke.",
        ),
        _ => w(
            "Planlagt stop",
            "{0}: {3}. Slutter {1}.",
            "Du skal ikke gøre noget. Aflys stoppet, hvis det ikke bliver til noget.",
        ),
    }
}

const fn of_ends(code: AlarmCode) -> Words {
    match code {
        AlarmCode::Expiring => w(
            "Et certifikat eller en nøgle udløber",
            "{0}: {3} udløber {1}, om {2} dage.",
            "Få udstedt et nyt, og skift det, før det gamle udløber. Er det en partners \
             certifikat, så ring til partneren.",
        ),
        _ => w(
            "Et certifikat eller en nøgle er udløbet",
            "{0}: {3} udløb {1}.",
            "Kald med et udløbet certifikat bliver afvist. Få det skiftet nu; er det en partners, \
             så ring til partneren og sæt modtageren på pause imens.",
        ),
    }
}

const fn of_the_house(code: AlarmCode) -> Words {
    match code {
        AlarmCode::DiskFull => w(
            "Disken er næsten fuld",
            "Der er {2} tilbage på databasens disk.",
            "Gør plads nu: flyt gamle kopier og logfiler væk, eller udvid disken. Slet intet i \
             databasens mappe. Er der ingen plads, afvises modtagelsen med 503, og afsenderne \
             prøver igen; intet kvitteret går tabt.",
        ),
        AlarmCode::DiskFilling => w(
            "Disken bliver fuld",
            "I samme tempo er databasens disk fuld om {2} dage.",
            "Bestil mere plads i dag, eller flyt gamle kopier væk.",
        ),
        AlarmCode::WalGrows => w(
            "Databasens skrivelog vokser",
            "Skriveloggen fylder {2}.",
            "Se efter en læsning, der aldrig slutter (en kopi eller en efterregning, der hænger), \
             og på PostgreSQL efter en replika, der er faldet fra.",
        ),
        AlarmCode::BackupOld => w(
            "Sikkerhedskopien er for gammel",
            "Seneste sikkerhedskopi: {1}.",
            "Tag en nu: oir backup (SQLite), eller databasens egne værktøjer og bagefter \
             oir backup-noted (PostgreSQL). Se så, hvorfor den planlagte ikke kørte.",
        ),
        AlarmCode::BackupUnsound => w(
            "Sikkerhedskopien er ikke efterprøvet",
            "Kopien {3} fra {1}. Afvigelser: {2}.",
            "Tag en ny kopi, og kør oir verify på den. Gem den gamle, til den nye er i orden.",
        ),
        AlarmCode::VerifyDiffers => w(
            "Efterregningen fandt afvigelser",
            "oir verify fandt {2} afvigelser {1}.",
            "Tag en kopi af databasen, som den er, og ret intet i den. Kør oir verify igen, og \
             send udskriften til udviklerne. Modtagelsen kan fortsætte.",
        ),
        _ => w(
            "Databasen er ikke efterregnet længe",
            "Seneste efterregning: {1}.",
            "Kør oir verify, helst uden for arbejdstid; den læser kun.",
        ),
    }
}
