//! A PostgreSQL server of its own for the tests, on a free port, gone with the run.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::run;
use crate::tools::{Tools, is_root};

/// Longest wait for the server to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Server {
    /// Makes a cluster in a temporary folder and starts it.
    pub(crate) fn start(tools: &Tools) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("oir-xtask-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        if is_root() {
            run(Command::new("chown").arg("postgres:").arg(&folder))?;
        }
        let data = folder.join("data");
        let mut make = as_nobody(&tools.postgres.join("initdb"));
        make.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "-D"]);
        run(make.arg(&data).stdout(Stdio::null()))?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = as_nobody(&tools.postgres.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-k"])
            .arg(&folder)
            .args([
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "max_connections=200",
            ])
            .stderr(std::fs::File::create(folder.join("log"))?)
            .spawn()
            .context("postgres")?;
        let server = Self {
            child,
            folder,
            port,
        };
        server.wait(tools)?;
        Ok(server)
    }

    /// Its address without a database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}", self.port)
    }

    fn wait(&self, tools: &Tools) -> Result<()> {
        let started = Instant::now();
        let ready = |program: &Path| {
            Command::new(program)
                .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
                .status()
                .is_ok_and(|status| status.success())
        };
        while !ready(&tools.postgres.join("pg_isready")) {
            if started.elapsed() > PATIENCE {
                bail!(
                    "PostgreSQL did not start; see {}/log",
                    self.folder.display()
                );
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

/// PostgreSQL refuses to run as root: the package's own user runs it then.
fn as_nobody(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args([
        "--reuid",
        "postgres",
        "--regid",
        "postgres",
        "--clear-groups",
    ]);
    command.arg(program).current_dir("/");
    command
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast stop; `kill` of the standard library would be SIGKILL.
        let id = self.child.id().to_string();
        drop(Command::new("kill").args(["-INT", &id]).status());
        drop(self.child.wait());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}
