//! The three systems and their values. Functions and their names are real
//! (`data/kontoplan_funktioner.csv`). Grupperinger of 5.57.71, 5.57.73 and 8.51.52 are the
//! published ones (`data/kontoplan_dimensioner.csv`) but for 010-014 of 5.57.73 and what
//! ends in 00 or 99, which are assumed; `000` stands where no list was at hand. Kinds: 5.2
//! transfers to persons, 8.6 state refund, 7.9 other income, 6.0 and 8.0 on main account 8
//! (assumed). The names of the values and facets are ours: the real ones are not public.

use super::{System, value};

/// Sygedagpenge.
pub(crate) static KSD: System = System {
    id: 0x6b73_6400_4f50_4d49_8a01_0000_0000_0001,
    kortnavn: "KSD",
    navn: "Kommunernes Sygedagpengesystem",
    facet: "ydelsesart",
    kle: "32.33.04",
    weight: 50,
    costs: [
        value(
            "SDP-LOENMODTAGER",
            "Sygedagpenge",
            ("5.57.71", 1, "013", "52"),
        ),
        value(
            "SDP-SELVSTAENDIG",
            "Sygedagpenge, selvstændig",
            ("5.57.71", 1, "013", "52"),
        ),
        value(
            "SDP-LEDIG",
            "Sygedagpenge, ledig",
            ("5.57.71", 1, "013", "52"),
        ),
        value(
            "SDP-ARBEJDSGIVER",
            "Refusion til arbejdsgiver",
            ("5.57.71", 1, "013", "52"),
        ),
    ],
    refusion: [
        (
            80,
            value(
                "SDP-REF-80",
                "Statsrefusion 80 pct.",
                ("5.57.71", 2, "010", "86"),
            ),
        ),
        (
            40,
            value(
                "SDP-REF-40",
                "Statsrefusion 40 pct.",
                ("5.57.71", 2, "011", "86"),
            ),
        ),
        (
            30,
            value(
                "SDP-REF-30",
                "Statsrefusion 30 pct.",
                ("5.57.71", 2, "012", "86"),
            ),
        ),
        (
            20,
            value(
                "SDP-REF-20",
                "Statsrefusion 20 pct.",
                ("5.57.71", 2, "013", "86"),
            ),
        ),
    ],
    receivable: value(
        "SDP-TILGODE",
        "Refusion til gode",
        ("8.25.12", 5, "000", "60"),
    ),
    atp: value("SDP-ATP", "ATP-bidrag", ("8.51.52", 5, "101", "80")),
    pension: value(
        "SDP-PENSION",
        "Obligatorisk pension",
        ("8.51.52", 5, "124", "80"),
    ),
    skat: value("SDP-SKAT", "A-skat", ("8.52.59", 5, "001", "80")),
    bank: value("SDP-BANK", "Udbetaling", ("8.22.05", 5, "001", "80")),
    third: value(
        "SDP-TILLAEG",
        "Tillæg til arbejdsgiver",
        ("8.51.52", 5, "125", "80"),
    ),
    recovery: value("SDP-REGRES", "Regres", ("5.57.71", 1, "090", "79")),
    local: value("SDP-LOKAL", "Lokal ordning", ("5.57.71", 1, "900", "52")),
    new: value("SDP-NY-ORDNING", "Ny ordning", ("5.57.71", 1, "014", "52")),
    closed: value(
        "SDP-AFLOEB-50",
        "Afløb, 50 pct.",
        ("5.57.71", 1, "003", "52"),
    ),
    gone: value("SDP-PROJEKT", "Projekt", ("5.57.71", 1, "999", "52")),
    expired: value("SDP-FORSOEG", "Forsøgsordning", ("5.57.71", 1, "013", "52")),
};

/// Kontanthjælp, uddannelseshjælp and their kin.
pub(crate) static KY: System = System {
    id: 0x6b79_0000_4f50_4d49_8a01_0000_0000_0002,
    kortnavn: "KY",
    navn: "Kommunernes Ydelsessystem",
    facet: "ydelsestype",
    kle: "32.24.04",
    weight: 40,
    costs: [
        value("KONTANTHJAELP", "Kontanthjælp", ("5.57.73", 1, "007", "52")),
        value(
            "UDDANNELSESHJAELP",
            "Uddannelseshjælp",
            ("5.57.73", 1, "008", "52"),
        ),
        value(
            "RESSOURCEFORLOEB",
            "Ressourceforløbsydelse",
            ("5.58.82", 1, "000", "52"),
        ),
        value(
            "LEDIGHEDSYDELSE",
            "Ledighedsydelse",
            ("5.58.83", 1, "000", "52"),
        ),
    ],
    refusion: [
        (
            80,
            value(
                "KY-REF-80",
                "Statsrefusion 80 pct.",
                ("5.57.73", 2, "010", "86"),
            ),
        ),
        (
            40,
            value(
                "KY-REF-40",
                "Statsrefusion 40 pct.",
                ("5.57.73", 2, "011", "86"),
            ),
        ),
        (
            30,
            value(
                "KY-REF-30",
                "Statsrefusion 30 pct.",
                ("5.57.73", 2, "012", "86"),
            ),
        ),
        (
            20,
            value(
                "KY-REF-20",
                "Statsrefusion 20 pct.",
                ("5.57.73", 2, "013", "86"),
            ),
        ),
    ],
    receivable: value(
        "KY-TILGODE",
        "Refusion til gode",
        ("8.25.12", 5, "000", "60"),
    ),
    atp: value("KY-ATP", "ATP-bidrag", ("8.51.52", 5, "100", "80")),
    pension: value("KY-PENSION", "Pensionsordning", ("8.51.52", 5, "123", "80")),
    skat: value("KY-SKAT", "A-skat", ("8.52.59", 5, "001", "80")),
    bank: value("KY-BANK", "Udbetaling", ("8.22.05", 5, "001", "80")),
    third: value(
        "KY-HUSLEJE",
        "Husleje til udlejer",
        ("8.52.56", 5, "000", "80"),
    ),
    recovery: value("KY-TILBAGE", "Tilbagebetaling", ("8.28.15", 5, "000", "60")),
    local: value(
        "KY-ENKELTYDELSE",
        "Enkeltydelse",
        ("5.57.72", 1, "900", "52"),
    ),
    new: value("KY-JOBTILLÆG", "Jobtillæg", ("5.57.73", 1, "014", "52")),
    closed: value(
        "KY-SAERLIG-2016",
        "Særlig støtte 2016",
        ("5.57.73", 1, "009", "52"),
    ),
    gone: value("KY-PROJEKT", "Projekt", ("5.57.73", 1, "999", "52")),
    expired: value("KY-LOFT", "Kontanthjælpsloft", ("5.57.73", 1, "007", "52")),
};

/// Ydelsesrefusion: the state's share, settled per municipality.
pub(crate) static YR: System = System {
    id: 0x7972_0000_4f50_4d49_8a01_0000_0000_0003,
    kortnavn: "YR",
    navn: "Ydelsesrefusion",
    facet: "refusionsart",
    kle: "32.45.04",
    weight: 10,
    costs: [
        value(
            "YR-BERIGTIGELSE",
            "Berigtigelse",
            ("5.57.71", 2, "003", "86"),
        ),
        value(
            "YR-REGRES",
            "Refusion af regres",
            ("5.57.71", 2, "002", "86"),
        ),
        value(
            "YR-RESSOURCE",
            "Refusion, ressourceforløb",
            ("5.58.82", 2, "000", "86"),
        ),
        value(
            "YR-LEDIGHED",
            "Refusion, ledighedsydelse",
            ("5.58.83", 2, "000", "86"),
        ),
    ],
    refusion: [
        (
            80,
            value("YR-80", "Refusion 80 pct.", ("5.57.71", 2, "010", "86")),
        ),
        (
            40,
            value("YR-40", "Refusion 40 pct.", ("5.57.71", 2, "011", "86")),
        ),
        (
            30,
            value("YR-30", "Refusion 30 pct.", ("5.57.71", 2, "012", "86")),
        ),
        (
            20,
            value("YR-20", "Refusion 20 pct.", ("5.57.71", 2, "013", "86")),
        ),
    ],
    receivable: value(
        "YR-TILGODE",
        "Refusion til gode",
        ("8.25.12", 5, "000", "60"),
    ),
    atp: value("YR-ATP", "Refusion af ATP", ("8.51.52", 5, "097", "80")),
    pension: value(
        "YR-PENSION",
        "Refusion af pension",
        ("8.51.52", 5, "126", "80"),
    ),
    skat: value("YR-MELLEM", "Mellemregning", ("8.52.59", 5, "001", "80")),
    bank: value(
        "YR-BANK",
        "Indbetaling fra staten",
        ("8.22.05", 5, "001", "60"),
    ),
    third: value("YR-KOMMUNE", "Anden kommune", ("8.52.54", 5, "000", "80")),
    recovery: value(
        "YR-EFTERREGULERING",
        "Efterregulering",
        ("8.25.13", 5, "000", "80"),
    ),
    local: value("YR-LOKAL", "Lokal refusion", ("5.57.72", 2, "900", "86")),
    new: value(
        "YR-REFORM",
        "Refusion efter reform",
        ("5.57.73", 2, "014", "86"),
    ),
    closed: value(
        "YR-AFLOEB-30",
        "Refusion af afløb",
        ("5.57.71", 2, "009", "86"),
    ),
    gone: value("YR-PROJEKT", "Projekt", ("5.57.71", 2, "999", "86")),
    expired: value(
        "YR-GAMMEL",
        "Refusion, gammel ordning",
        ("5.57.71", 2, "002", "86"),
    ),
};
