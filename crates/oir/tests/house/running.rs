//! A hub and its books as processes, on ports that the kernel chose.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use oir_domain::calendar::{copenhagen, day_of};
use oir_fagsystem::{Day, DayPlan};
use oir_wire::finans::SERVICE_PATH;
use oir_wire::register_csv::{KONTOPLAN, write, write_kontoplan};
use serde_json::Value;

/// Runs the program to its end.
pub(crate) fn oir(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_oir"))
        .args(arguments)
        .output()
        .unwrap()
}

/// An empty folder for a test.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A database with the register of the example, a folder for files, and one of the program's
/// commands to try.
pub(crate) struct Desk {
    pub(crate) folder: PathBuf,
    pub(crate) database: String,
    command: &'static str,
}

impl Desk {
    pub(crate) fn new(command: &'static str, name: &str) -> Self {
        let folder = folder(name);
        let example = text(&folder.join("example"));
        assert!(oir(&["example", &example]).status.success());
        let (register, database) = (format!("{example}/register"), text(&folder.join("oir.db")));
        let import = oir(&["register", "import", &register, "--database", &database]);
        assert!(import.status.success(), "{import:?}");
        Self {
            folder,
            database,
            command,
        }
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, content).unwrap();
        text(&path)
    }

    /// Runs the command on the database, and gives its exit code and all that it said.
    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let all = [&[self.command], arguments, &["--database", &self.database]].concat();
        let Output {
            status,
            stdout,
            stderr,
        } = oir(&all);
        let said = [stdout, stderr].concat();
        (status.code(), String::from_utf8_lossy(&said).into_owned())
    }
}

/// A process that is killed with this value.
pub(crate) struct Process(Child);

impl Process {
    /// Ends it as a power cut does.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Asks it to stop, and gives its exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        let id = self.0.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        self.0.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts the program and reads what it logs until it says all the names.
fn start(arguments: &[&str], wanted: &[&str]) -> (Process, Vec<String>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_oir"))
        .args(arguments)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut found: Vec<Option<String>> = vec![None; wanted.len()];
    let mut said = String::new();
    while found.iter().any(Option::is_none) {
        let Some(Ok(line)) = lines.next() else {
            drop(child.kill());
            panic!("{arguments:?} ended early: {said}");
        };
        for (place, name) in found.iter_mut().zip(wanted) {
            if line.contains(name) {
                *place = Some(line.clone());
            }
        }
        said.push_str(&line);
        said.push('\n');
    }
    // What it says from now on is read away, so that it never waits for us.
    std::thread::spawn(move || lines.for_each(drop));
    (Process(child), found.into_iter().flatten().collect())
}

/// Starts another's program whose first line says where it is; it ends with its stdin.
pub(crate) fn started(command: &mut Command) -> (Process, String) {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    said.read_line(&mut line).unwrap();
    (Process(child), line.trim().to_owned())
}

/// Starts a demo and waits until its day is done; its pages stay.
pub(crate) fn demo(more: &[&str], port: &str) -> (Process, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oir"));
    command.arg("demo").arg("--json").args(more);
    let (process, report) = started(&mut command);
    assert!(report.contains("\"lost\":0"), "{report}");
    (process, format!("http://127.0.0.1:{port}"))
}

/// Everything that runs for a test.
pub(crate) struct House {
    pub(crate) folder: PathBuf,
    pub(crate) database: String,
    pub(crate) day: Day,
    pub(crate) hub: Process,
    books: Process,
    pub(crate) service: String,
    pub(crate) portal: String,
    pub(crate) operation: String,
}

const CONFIG: &str = r#"
[service]
listen = "127.0.0.1:0"
[portal]
listen = "127.0.0.1:0"
[operation]
listen = "127.0.0.1:0"
[delivery]
call_seconds = 2
lease_seconds = 4
ask_seconds = 1
retry_first_ms = 100
retry_longest_seconds = 1
[log]
form = "json"
"#;

impl House {
    /// Starts hub and books; the database is a file unless a server's is given.
    pub(crate) fn open(name: &str, database: Option<&str>, books: &[&str], bilag: u32) -> Self {
        let folder = folder(name);
        let register = folder.join("register");
        let file = folder.join("oir.db");
        let database = database.map_or_else(|| text(&file), str::to_owned);
        let mut day = day(&register, "http://127.0.0.1:1", bilag);
        let (books_file, register_text) = (text(&folder.join("books.db")), text(&register));
        let mut arguments = vec!["erp", "--register", &register_text, "--file", &books_file];
        arguments.extend(["--listen", "127.0.0.1:0"]);
        arguments.extend(books);
        let (books, said) = start(&arguments, &["the books are open"]);
        let url = said[0]
            .split("url=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        day.register = self::day(&register, url, bilag).register;
        let imported = oir(&[
            "register",
            "import",
            &register_text,
            "--database",
            &database,
        ]);
        assert!(imported.status.success(), "{imported:?}");
        std::fs::write(folder.join("oir.toml"), CONFIG).unwrap();
        let (hub, addresses) = serve(&folder, &database);
        let [operation, service, portal] = addresses;
        Self {
            folder,
            database,
            day,
            hub,
            books,
            service,
            portal,
            operation,
        }
    }

    /// Starts the hub again, after it was killed or stopped.
    pub(crate) fn reopen(&mut self) {
        let (hub, [operation, service, portal]) = serve(&self.folder, &self.database);
        (self.hub, self.operation, self.service, self.portal) = (hub, operation, service, portal);
    }

    /// Starts the hub again with its pages on that port, behind a sign-in.
    pub(crate) fn behind(&mut self, port: u16, identity: &str) {
        self.hub.kill();
        let listen = format!("[portal]\nlisten = \"127.0.0.1:{port}\"");
        let config = CONFIG.replace("[portal]\nlisten = \"127.0.0.1:0\"", &listen);
        std::fs::write(self.folder.join("oir.toml"), config + identity).unwrap();
        self.reopen();
    }

    /// Starts the hub again with its service behind keys.
    pub(crate) fn requiring_keys(&mut self) {
        self.hub.kill();
        let config = CONFIG.replace("[service]", "[service]\nsign_in = \"required\"");
        std::fs::write(self.folder.join("oir.toml"), config).unwrap();
        self.reopen();
    }

    /// The SOAP service's address.
    pub(crate) fn soap(&self) -> String {
        format!("{}{SERVICE_PATH}", self.service)
    }

    /// Waits until nothing is on its way to the books.
    pub(crate) async fn rest(&self) {
        let quiet = async {
            let mut look = tokio::time::interval(Duration::from_millis(50));
            loop {
                look.tick().await;
                let (_, body) = get(&format!("{}/health/ready", self.operation));
                let ready: Value = serde_json::from_str(&body).unwrap();
                if ready["backlog"] == 0 {
                    return;
                }
            }
        };
        let patience = Duration::from_secs(60);
        tokio::time::timeout(patience, quiet)
            .await
            .expect("the corridor never came to rest");
    }

    /// Stops everything in order, and gives the books' file and the hub's exit code.
    pub(crate) fn close(mut self) -> (PathBuf, String, Option<i32>) {
        let code = self.hub.stop();
        self.books.kill();
        (self.folder.join("books.db"), self.database.clone(), code)
    }
}

pub(crate) fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// A day of invented bilag whose register and kontoplan lie in a folder.
fn day(register: &Path, url: &str, bilag: u32) -> Day {
    let now = Timestamp::now();
    let day = oir_fagsystem::day(&DayPlan {
        seed: 11,
        bilag,
        day: day_of(now, &copenhagen()),
        now,
        kommuner: 10,
        receiver_url: url.to_owned(),
        body_limit: 16 * 1024 * 1024,
    });
    std::fs::create_dir_all(register).unwrap();
    for (name, bytes) in write(&day.register) {
        std::fs::write(register.join(name), bytes).unwrap();
    }
    let accounts: Vec<_> = day
        .kontoplan
        .iter()
        .map(oir_fagsystem::KontoplanRow::in_the_books)
        .collect();
    std::fs::write(register.join(KONTOPLAN), write_kontoplan(&accounts)).unwrap();
    day
}

fn serve(folder: &Path, database: &str) -> (Process, [String; 3]) {
    let config = text(&folder.join("oir.toml"));
    let arguments = ["serve", "--config", &config, "--database", database];
    let wanted = [
        "\"what\":\"operation\"",
        "\"what\":\"service\"",
        "\"what\":\"portal\"",
    ];
    let (hub, said) = start(&arguments, &wanted);
    let address = |line: &String| {
        let line: Value = serde_json::from_str(line).unwrap();
        format!("http://{}", line["address"].as_str().unwrap())
    };
    let addresses: Vec<String> = said.iter().map(address).collect();
    (hub, addresses.try_into().unwrap())
}

/// Asks for a page, and gives status and body.
pub(crate) fn get(url: &str) -> (u16, String) {
    let (host, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    exchange(
        host,
        format!("GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n").as_bytes(),
    )
}

/// Sends bytes as they are, and gives status and body of what comes back.
pub(crate) fn exchange(host: &str, request: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(host).unwrap();
    // A server that has answered and closed does not take the rest.
    drop(stream.write_all(request));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|s| s.parse().ok())
        .unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, body.to_owned())
}
