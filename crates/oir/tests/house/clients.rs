//! Clients that we did not write: Python's `zeep` from the WSDL alone, `schemathesis` on
//! the OpenAPI description, `openpyxl` on the lists as files, a browser with axe on the pages.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use oir_fagsystem::{Content, Expected};
use oir_wire::finans::message::Call;
use oir_wire::finans::{SoapVersion, write};

use crate::running::{House, demo, oir, started, text};

fn python() -> OsString {
    std::env::var_os("OIR_TEST_PYTHON").expect("OIR_TEST_PYTHON is not set: run `cargo xtask test`")
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs a client to its end; what it said is shown when it fails.
fn succeeds(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{said}\n{complained}");
}

/// Writes the first message of a day that comes to the wanted end.
fn message(house: &House, file: &str, wanted: impl Fn(&Expected) -> bool) {
    let fits = |planned: &oir_fagsystem::Planned| {
        let new = matches!(planned.content, Content::New(_));
        new && planned.expected.len() == 1 && planned.expected.iter().all(&wanted)
    };
    let planned = house.day.messages().find(fits).unwrap();
    let afsendelse = planned.content.afsendelse();
    let call = Call::Modtag(Box::new(afsendelse.clone()));
    let body = write::call(SoapVersion::V11, afsendelse.transaktions_id, &call);
    std::fs::write(house.folder.join(file), body).unwrap();
}

fn house(name: &str) -> House {
    let house = House::open(name, None, &[], 600);
    message(
        &house,
        "sound.xml",
        |e| matches!(e, Expected::Booked(w) if w.is_empty()),
    );
    message(&house, "refused.xml", |e| {
        matches!(e, Expected::RefusedByBooks)
    });
    message(&house, "held.xml", |e| matches!(e, Expected::Held));
    house
}

#[test]
fn zeep_sends_is_refused_corrects_and_asks_for_its_receipt() {
    let house = house("zeep");
    let script = project().join("tests/clients/soap_client.py");
    succeeds(
        Command::new(python())
            .arg(script)
            .arg(house.soap())
            .arg(&house.folder),
    );
    assert!(oir(&["verify", &house.database]).status.success());
}

#[test]
fn zeep_by_the_public_wsdls_keeps_a_sortiment() {
    let Some(official) = std::env::var_os("OIR_OFFICIAL_XSD") else {
        let said = "left out: OIR_OFFICIAL_XSD names no folder with KOMBIT's WSDLs";
        std::io::Write::write_all(&mut std::io::stdout(), said.as_bytes()).unwrap();
        return;
    };
    let house = House::open("klassifikation", None, &[], 1);
    let script = project().join("tests/clients/klassifikation_client.py");
    let system = house
        .day
        .register
        .fagsystemer
        .first()
        .unwrap()
        .id
        .to_string();
    succeeds(
        Command::new(python())
            .arg(script)
            .arg(&house.service)
            .arg(official)
            .arg(system),
    );
    assert!(oir(&["verify", &house.database]).status.success());
}

#[test]
fn openpyxl_reads_a_long_list_and_finds_no_formula() {
    // More than comes at once: the workbook grows behind a page of its own.
    let database = text(&crate::running::folder("workbook-data").join("oir.db"));
    let filled = [
        "bench",
        "portal",
        "--database",
        &database,
        "--postings",
        "48000",
    ];
    let filled = [filled.as_slice(), &["--requests", "1"]].concat();
    assert!(oir(&filled).status.success());
    let house = House::open("workbook", Some(&database), &[], 600);
    let planned = house.day.messages().find(|planned| {
        let sound = |e: &Expected| matches!(e, Expected::Booked(w) if w.is_empty());
        matches!(planned.content, Content::New(_)) && matches!(&*planned.expected, [e] if sound(e))
    });
    let mut afsendelse = planned.unwrap().content.afsendelse().clone();
    let hostile = afsendelse.bilag.first_mut().unwrap();
    hostile.tekst = "=HYPERLINK(\"http://ond.example/\";\"Klik her\")".into();
    hostile.afsender_bilagsnummer = "@SUM(1)".into();
    let call = Call::Modtag(Box::new(afsendelse.clone()));
    let body = write::call(SoapVersion::V11, afsendelse.transaktions_id, &call);
    let file = house.folder.join("hostile.xml");
    std::fs::write(&file, body).unwrap();
    let soap = house.soap();
    assert!(oir(&["send", &text(&file), "--to", &soap]).status.success());
    let script = project().join("tests/clients/workbook.py");
    succeeds(
        Command::new(python())
            .arg(script)
            .arg(&house.portal)
            .arg("6001"),
    );
}

#[test]
fn duckdb_finds_the_same_rules_as_the_compiled_table() {
    let folder = crate::running::folder("table-bench");
    let (python, folder) = (text(Path::new(&python())), text(&folder));
    let small = [
        ["--rules", "2000"],
        ["--postings", "2000"],
        ["--compared", "2000"],
        ["--growth", "200"],
        ["--rounds", "1"],
        ["--python", &python],
        ["--data", &folder],
    ];
    let asked = [&["bench", "omsaetning"], small.as_flattened()].concat();
    let said = oir(&asked);
    assert!(said.status.success(), "{said:?}");
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("Samme regel for alle 2000"), "{said}");
}

/// A key for the sender of a message in a folder, made at the machine while the hub runs.
fn key(house: &House, file: &str) -> (String, String) {
    let message = std::fs::read_to_string(house.folder.join(file)).unwrap();
    let value = |name: &str| {
        let rest = message.split(&format!("{name}>")).nth(1).unwrap();
        rest.split('<').next().unwrap().to_owned()
    };
    let register = &house.day.register;
    let (system, cvr) = (value("AfsenderSystem"), value("MunicipalityCVR"));
    let mut systems = register.fagsystemer.iter();
    let system = systems.find(|f| f.id.to_string() == system).unwrap();
    let mut myndigheder = register.myndigheder.iter();
    let kommune = myndigheder
        .find(|m| m.cvr.to_string() == cvr)
        .unwrap()
        .kommune;
    let kommune = kommune.0.to_string();
    let made = oir(&[
        "key",
        "new",
        "--database",
        &house.database,
        "--name",
        "Opdigtet fagsystem",
        "--fagsystem",
        &system.kortnavn,
        "--kommune",
        &kommune,
    ]);
    assert!(made.status.success(), "{made:?}");
    let said = String::from_utf8(made.stdout).unwrap();
    let word = |name: &str| {
        let line = said.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    (word("client_id"), word("client_secret"))
}

#[test]
fn a_fagsystem_signs_in_with_its_key_and_sends() {
    let mut house = house("oauth");
    house.requiring_keys();
    let (client, secret) = key(&house, "sound.xml");
    let script = project().join("tests/clients/oauth_client.py");
    let mut command = Command::new(python());
    command.arg(script).args([&house.service, &client, &secret]);
    succeeds(command.arg(&house.folder));
    let listed = oir(&["key", "list", "--database", &house.database]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains(&client) && !listed.contains(&secret) && !listed.contains("aldrig"));
    assert!(oir(&["verify", &house.database]).status.success());
}

/// Runs schemathesis on the operations of one tag at one address.
fn described(house: &House, tag: &str, url: &str) {
    let schemathesis = PathBuf::from(python()).with_file_name("schemathesis");
    let mut command = Command::new(schemathesis);
    command.current_dir(&house.folder).arg("run");
    command.arg(project().join("schemas/finans/openapi.json"));
    command.args([
        "--url",
        &format!("{url}/api/finans/v2"),
        "--include-tag",
        tag,
    ]);
    command.args([
        "--checks",
        "all",
        "--max-examples",
        "60",
        "--seed",
        "1",
        "--no-color",
    ]);
    succeeds(&mut command);
}

#[test]
fn schemathesis_finds_no_answer_that_is_not_described() {
    let house = house("schemathesis");
    let sent = ["sound.xml", "refused.xml", "held.xml"].map(|f| text(&house.folder.join(f)));
    let soap = house.soap();
    let mut arguments = vec!["send", "--to", &soap];
    arguments.extend(sent.iter().map(String::as_str));
    assert!(oir(&arguments).status.success());
    described(&house, "operationer", &house.service);
    described(&house, "tabeller", &house.service);
    described(&house, "opslag", &house.portal);
    assert!(oir(&["verify", &house.database]).status.success());
}

#[test]
fn a_browser_finds_no_barrier_on_any_page() {
    let house = house("browser");
    let soap = house.soap();
    for file in ["sound.xml", "refused.xml", "held.xml"] {
        let file = text(&house.folder.join(file));
        assert!(oir(&["send", &file, "--to", &soap]).status.success());
    }
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(house.rest());
    look("pages.mjs", &house.portal, &[]);
}

/// Lets a browser walk a script at a portal.
fn look(script: &str, portal: &str, more: &[&str]) {
    let script = project().join("tests/browser").join(script);
    let pictures = project().join("target/pictures");
    let mut command = Command::new("node");
    succeeds(command.arg(script).arg(portal).arg(pictures).args(more));
}

/// A port that nobody has at this moment.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// What the provider's roles mean in the test; it is somebody else's program and process.
fn identity(portal: &str, issuer: &str) -> String {
    format!(
        r#"
[identity]
public_url = "{portal}"
issuer = "{issuer}"
client_id = "oir"
client_secret_file = "SECRET"
claim = "privileges_b64"
[[identity.role]]
name = "urn:oir:test:sagsbehandler"
role = "oekonomi-finans"
[[identity.role]]
name = "urn:oir:test:godkender"
role = "oir-ansvarlig-debitor"
"#
    )
}

#[test]
fn a_person_signs_in_at_a_provider_and_sees_what_is_theirs() {
    let mut house = house("sign-in");
    let soap = house.soap();
    for file in ["sound.xml", "refused.xml", "held.xml"] {
        let file = text(&house.folder.join(file));
        assert!(oir(&["send", &file, "--to", &soap]).status.success());
    }
    let port = free_port();
    let portal = format!("http://127.0.0.1:{port}");
    let answer = format!("{portal}/log-ind/svar");
    let script = project().join("tests/identity/provider.mjs");
    let (_provider, issuer) = started(Command::new("node").arg(script).arg(answer));
    let secret = house.folder.join("secret");
    std::fs::write(&secret, "a secret: of 100 % invented characters\n").unwrap();
    let identity = identity(&portal, &issuer).replace("SECRET", &text(&secret));
    house.behind(port, &identity);
    assert_eq!(house.portal, portal);
    look("sign_in.mjs", &portal, &[&issuer]);
}

/// Lets a browser walk a script at a demo of its own.
fn look_at_demo(name: &str, bilag: &str) {
    let port = free_port().to_string();
    let data = text(&crate::running::folder(name));
    let (_demo, portal) = demo(&["--bilag", bilag, "--port", &port, "--data", &data], &port);
    look(&format!("{name}.mjs"), &portal, &[]);
}

#[test]
fn operation_makes_a_key_that_is_seen_once() {
    look_at_demo("keys", "100");
}

#[test]
fn the_demos_persons_see_what_is_theirs() {
    look_at_demo("persons", "400");
}

#[test]
fn every_page_is_sound_for_every_person() {
    look_at_demo("everything", "400");
}

#[test]
fn an_auditor_samples_looks() {
    look_at_demo("samples", "400");
}
