#![expect(clippy::unwrap_used, reason = "tests")]
#![cfg_attr(feature = "oracle", expect(clippy::print_stdout, reason = "tests"))]

use jiff::Timestamp;
use oir_domain::klassifikation::{
    AktoerType, Egenskab, Field, Indhold, Kind, Livscyklus, Objekt, PubliceretStatus, Registrering,
    Relation, Soegeord, UnikId, Virkning,
};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
use uuid::Uuid;

use super::{Request, read, write};

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap()
}

fn text(most: usize) -> impl Strategy<Value = Box<str>> {
    let text = prop::collection::vec(
        prop_oneof![
            Just('æ'),
            Just('<'),
            Just(' '),
            Just('\n'),
            Just('"'),
            any::<char>()
        ],
        0..most.min(12),
    );
    text.prop_map(|chars| {
        let carried =
            |c: &char| !c.is_control() && *c != '\u{FFFE}' && *c != '\u{FFFF}' || *c == '\n';
        chars.into_iter().filter(carried).collect::<String>().into()
    })
}

fn id() -> impl Strategy<Value = UnikId> {
    prop_oneof![
        any::<u128>().prop_map(|n| UnikId::Uuid(Uuid::from_u128(n))),
        text(255).prop_map(UnikId::Urn),
    ]
}

fn virkning() -> impl Strategy<Value = Virkning> {
    let time = || prop::option::of((0_i64..4_000_000_000_000_000).prop_map(at));
    let aktoer = prop::option::of(prop::sample::select(AktoerType::ALL.to_vec()));
    (
        time(),
        time(),
        prop::option::of(id()),
        aktoer,
        prop::option::of(text(1_024)),
    )
        .prop_map(|(fra, til, aktoer, aktoer_type, note)| Virkning {
            fra,
            til,
            aktoer,
            aktoer_type,
            note,
        })
}

fn egenskab(kind: Kind) -> impl Strategy<Value = Egenskab> {
    let texts: Vec<_> = kind
        .fields()
        .iter()
        .map(|field| {
            let tekst = match field {
                Field::Plan => Just("42".into()).boxed(),
                field => text(field.length_max()).boxed(),
            };
            prop::option::of(tekst).prop_map(|tekst| tekst.map(|tekst| (*field, tekst)))
        })
        .collect();
    let word = (
        prop::option::of(text(50)),
        prop::option::of(text(50)),
        prop::option::of(text(50)),
    );
    let word = word.prop_map(|(identifikator, beskrivelse, kategori)| Soegeord {
        identifikator,
        beskrivelse,
        kategori,
    });
    let words = prop::collection::vec(word, 0..if kind == Kind::Klasse { 3 } else { 1 });
    (virkning(), texts, words).prop_map(|(virkning, tekster, soegeord)| Egenskab {
        virkning,
        tekster: tekster.into_iter().flatten().collect(),
        soegeord,
    })
}

fn registrering(kind: Kind) -> impl Strategy<Value = Registrering> {
    let state = (virkning(), any::<Option<bool>>());
    let state = state.prop_map(|(virkning, er_publiceret)| PubliceretStatus {
        virkning,
        er_publiceret,
    });
    let relations: Vec<_> = kind
        .relations()
        .iter()
        .map(|one| {
            let relation =
                (virkning(), prop::option::of(id())).prop_map(|(virkning, til)| Relation {
                    kind: *one,
                    virkning,
                    til,
                });
            prop::collection::vec(relation, 0..2)
        })
        .collect();
    let indhold = (
        prop::collection::vec(egenskab(kind), 0..3),
        prop::collection::vec(state, 0..3),
        relations,
    );
    let indhold = indhold.prop_map(|(egenskaber, tilstande, relationer)| Indhold {
        egenskaber,
        tilstande,
        relationer: relationer.into_iter().flatten().collect(),
    });
    let code = prop::sample::select(Livscyklus::ALL.to_vec());
    (
        (0_i64..4_000_000_000_000_000),
        code,
        prop::option::of(id()),
        prop::option::of(text(1_024)),
        indhold,
    )
        .prop_map(|(micros, livscyklus, bruger, note, indhold)| Registrering {
            tidspunkt: at(micros),
            livscyklus,
            bruger,
            note,
            indhold,
        })
}

fn objekt() -> impl Strategy<Value = Objekt> {
    prop::sample::select(Kind::ALL.to_vec()).prop_flat_map(|kind| {
        (
            any::<u128>(),
            prop::collection::vec(registrering(kind), 1..3),
        )
            .prop_map(move |(id, registreringer)| Objekt {
                kind,
                id: Uuid::from_u128(id),
                registreringer,
            })
    })
}

#[test]
fn a_fault_is_the_same_bytes_every_time() {
    use crate::finans::SoapVersion;
    let one = write::fault(SoapVersion::V11, "Nej & nej");
    assert_eq!(
        String::from_utf8(one).unwrap(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>\
         <soap:Fault><faultcode>soap:Client</faultcode>\
         <faultstring>Nej &amp; nej</faultstring></soap:Fault></soap:Body></soap:Envelope>"
    );
    let two = write::fault(SoapVersion::V12, "Nej");
    assert_eq!(
        String::from_utf8(two).unwrap(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <soap:Envelope xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\"><soap:Body>\
         <soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code>\
         <soap:Reason><soap:Text xml:lang=\"da\">Nej</soap:Text></soap:Reason></soap:Fault>\
         </soap:Body></soap:Envelope>"
    );
}

proptest! {
    #[test]
    fn what_is_exported_is_imported(mut objekter in prop::collection::vec(objekt(), 0..4)) {
        objekter.sort_by_key(|objekt| objekt.kind);
        prop_assert_eq!(read::system(&write::system(&objekter)).unwrap(), objekter);
    }

    #[test]
    fn a_change_event_is_read_as_it_was_written(objekt in objekt()) {
        let said = objekt.latest().unwrap();
        let bytes = write::besked(objekt.kind, objekt.id, said);
        prop_assert_eq!(read::besked(objekt.kind, &bytes).unwrap(), (objekt.id, said.clone()));
    }
}

/// A registration that says one of everything.
fn full(kind: Kind) -> Registrering {
    let time = Virkning {
        fra: Some(at(1_767_222_000_000_000)),
        til: None,
        aktoer: Some(UnikId::Urn("urn:oio:cvr-nr:29189846".into())),
        aktoer_type: Some(AktoerType::Organisation),
        note: Some("Vedtaget".into()),
    };
    let text = |field: &Field| match field {
        Field::Plan => "42",
        field => field.word(),
    };
    let word = Soegeord {
        identifikator: Some("børn".into()),
        beskrivelse: None,
        kategori: Some("k".into()),
    };
    Registrering {
        tidspunkt: at(1_764_000_000_000_000),
        livscyklus: Livscyklus::Opstaaet,
        bruger: Some(UnikId::Uuid(Uuid::from_u128(9))),
        note: Some("Ny & god".into()),
        indhold: Indhold {
            egenskaber: vec![Egenskab {
                virkning: time.clone(),
                tekster: kind.fields().iter().map(|f| (*f, text(f).into())).collect(),
                soegeord: if kind == Kind::Klasse {
                    vec![word]
                } else {
                    Vec::new()
                },
            }],
            tilstande: vec![PubliceretStatus {
                virkning: time.clone(),
                er_publiceret: Some(true),
            }],
            relationer: kind
                .relations()
                .iter()
                .map(|one| Relation {
                    kind: *one,
                    virkning: time.clone(),
                    til: Some(UnikId::Uuid(Uuid::from_u128(7))),
                })
                .collect(),
        },
    }
}

#[test]
fn a_change_event_is_these_bytes() {
    let mut said = full(Kind::Facet);
    said.indhold.relationer.truncate(1);
    said.indhold.egenskaber.truncate(1);
    said.indhold
        .egenskaber
        .iter_mut()
        .for_each(|e| e.tekster.truncate(2));
    said.indhold.tilstande.clear();
    let bytes = write::besked(Kind::Facet, Uuid::from_u128(1), &said);
    let time = "<Virkning><FraTidspunkt><TidsstempelDatoTid>2025-12-31T23:00:00.000000Z\
        </TidsstempelDatoTid></FraTidspunkt><TilTidspunkt><GraenseIndikator>true\
        </GraenseIndikator></TilTidspunkt><AktoerRef><URNIdentifikator>urn:oio:cvr-nr:29189846\
        </URNIdentifikator></AktoerRef><AktoerTypeKode>Organisation</AktoerTypeKode>\
        <NoteTekst>Vedtaget</NoteTekst></Virkning>";
    let expected = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><k:RegistreringBesked \
         xmlns=\"urn:oio:sagdok:3.0.0\" \
         xmlns:k=\"http://stoettesystemerne.dk/klassifikation/facet/6/\">\
         <UUIDIdentifikator>00000000-0000-0000-0000-000000000001</UUIDIdentifikator>\
         <k:Registrering><NoteTekst>Ny &amp; god</NoteTekst>\
         <Tidspunkt>2025-11-24T16:00:00.000000Z</Tidspunkt>\
         <LivscyklusKode>Opstaaet</LivscyklusKode><BrugerRef><UUIDIdentifikator>\
         00000000-0000-0000-0000-000000000009</UUIDIdentifikator></BrugerRef>\
         <k:AttributListe><k:Egenskab>{time}\
         <BrugervendtNoegleTekst>BrugervendtNoegleTekst</BrugervendtNoegleTekst>\
         <TitelTekst>TitelTekst</TitelTekst></k:Egenskab></k:AttributListe>\
         <k:TilstandListe></k:TilstandListe><k:RelationListe><Ansvarlig>{time}\
         <ReferenceID><UUIDIdentifikator>00000000-0000-0000-0000-000000000007\
         </UUIDIdentifikator></ReferenceID></Ansvarlig></k:RelationListe>\
         </k:Registrering></k:RegistreringBesked>"
    );
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

#[test]
fn all_faults_of_a_call_come_at_once_with_their_places() {
    let body = br#"<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>
        <k:OpretInput xmlns:k="http://stoettesystemerne.dk/klassifikation/klasse/6/"
            xmlns="urn:oio:sagdok:3.0.0"><k:AttributListe><k:Egenskab>
        <Virkning><FraTidspunkt><TidsstempelDatoTid>i morgen</TidsstempelDatoTid></FraTidspunkt>
        </Virkning><KaldenavnTekst>x</KaldenavnTekst></k:Egenskab></k:AttributListe>
        <k:TilstandListe/><k:RelationListe><Ejer><ReferenceID><UUIDIdentifikator>7</UUIDIdentifikator>
        </ReferenceID></Ejer></k:RelationListe></k:OpretInput></e:Body></e:Envelope>"#;
    let faults = read::call(Kind::Klasse, body).unwrap_err();
    let found: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "OpretInput/AttributListe/Virkning/TidsstempelDatoTid: skal være et tidspunkt, \
             fx 2026-12-31T23:00:00Z",
            "OpretInput/AttributListe/Egenskab: elementet KaldenavnTekst hører ikke til her",
            "OpretInput/RelationListe/Ejer/UUIDIdentifikator: skal være en UUID",
        ]
        .map(
            |text| match text.strip_prefix("OpretInput/AttributListe/Virkning") {
                Some(rest) => format!("OpretInput/AttributListe/Egenskab/Virkning{rest}"),
                None => text.to_owned(),
            }
        )
    );
    let other = read::call(Kind::Facet, body).unwrap_err();
    assert_eq!(other.len(), 1);
}

#[test]
fn searching_takes_key_title_facet_and_bounds() {
    let body = r#"<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header>
        <h:RequestHeader xmlns:h="http://kombit.dk/xml/schemas/RequestHeader/1/">
        <h:TransactionUUID>t1</h:TransactionUUID></h:RequestHeader></e:Header><e:Body>
        <k:SoegInput xmlns:k="http://stoettesystemerne.dk/klassifikation/klasse/6/"
            xmlns="urn:oio:sagdok:3.0.0"><FoersteResultatReference>2</FoersteResultatReference>
        <MaksimalAntalKvantitet>5</MaksimalAntalKvantitet><k:AttributListe><k:Egenskab>
        <BrugervendtNoegleTekst>KTH*</BrugervendtNoegleTekst><TitelTekst/></k:Egenskab>
        </k:AttributListe><k:TilstandListe/><k:RelationListe><Facet><ReferenceID>
        <UUIDIdentifikator>00000000-0000-0000-0000-000000000007</UUIDIdentifikator>
        </ReferenceID></Facet></k:RelationListe></k:SoegInput></e:Body></e:Envelope>"#;
    let call = read::call(Kind::Klasse, body.as_bytes()).unwrap();
    assert_eq!(call.transaction.as_deref(), Some("t1"));
    let Request::Soeg(soeg) = call.request else {
        unreachable!("asked for a search");
    };
    assert_eq!((soeg.skip, soeg.limit), (2, Some(5)));
    assert_eq!((soeg.noegle.as_deref(), soeg.titel), (Some("KTH*"), None));
    assert_eq!(soeg.facet, Some(Uuid::from_u128(7)));
}

/// Where the public schemas lie, on machines that have them; they are not ours to keep.
#[cfg(feature = "oracle")]
#[test]
fn what_is_written_is_valid_by_the_public_schemas() {
    use super::Status;
    use super::write::Answer;
    use crate::finans::SoapVersion;
    let Ok(official) = std::env::var("OIR_OFFICIAL_XSD") else {
        println!("left out: OIR_OFFICIAL_XSD names no folder with KOMBIT's schemas");
        return;
    };
    let folder = format!("{official}/klassifikation");
    let python = std::env::var("OIR_TEST_PYTHON").unwrap();
    let script = "import sys, lxml.etree as e\n\
        schema = e.XMLSchema(e.parse(sys.argv[1]))\n\
        root = e.parse(sys.stdin.buffer).getroot()\n\
        body = root.find('{http://www.w3.org/2003/05/soap-envelope}Body')\n\
        schema.assertValid(root if body is None else body[0])\n";
    let valid = |file: &str, bytes: &[u8]| {
        use std::io::Write as _;
        let schema = format!("{folder}/xsd/6.0.STS-0/{file}");
        let mut child = std::process::Command::new(&python)
            .args(["-c", script, &schema])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        assert!(
            child.wait().unwrap().success(),
            "{file}: {}",
            String::from_utf8_lossy(bytes)
        );
    };
    let id = Uuid::from_u128(1);
    let objekter = Kind::ALL.map(|kind| Objekt {
        kind,
        id,
        registreringer: vec![full(kind), full(kind)],
    });
    for one in &objekter {
        let (kind, name) = (one.kind, one.kind.name());
        valid(
            &format!("{name}Besked.xsd"),
            &write::besked(kind, id, &full(kind)),
        );
        valid(&format!("{name}.xsd"), &write::objekt(one));
        for (output, answer) in [
            ("k:ImportOutput", Answer::Plain),
            ("k:RetOutput", Answer::Plain),
            ("k:PassiverOutput", Answer::Plain),
            ("k:SletOutput", Answer::Plain),
            ("k:OpretOutput", Answer::Made(id)),
            ("k:LaesOutput", Answer::Seen(vec![one.clone()])),
            ("k:ListOutput", Answer::Seen(vec![one.clone(), one.clone()])),
            ("k:SoegOutput", Answer::Found(vec![id, id])),
        ] {
            let status = (Status::Ok, "OK");
            let bytes = write::reply((SoapVersion::V12, kind), Some("t"), output, status, &answer);
            valid(&format!("{name}Operationer.xsd"), &bytes);
        }
    }
    valid(
        "KlassifikationSystemOperationer.xsd",
        &write::system(&objekter),
    );
}
