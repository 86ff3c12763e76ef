//! The demonstration's Lambda functions, deployed for one database: the built binary in the runtime of the local cloud.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, FunctionCode, Runtime};
use serde_json::Value;
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::cloud::Cloud;
use crate::error::{Context, Error, Result};
use crate::production::Production;

/// May read the secrets that are tagged for the deployment, as those of the tests' instances are.
const ROLE: &str = "arn:aws:iam::000000000000:role/tenant-restore-worker-task";

/// Seconds that a function may take.
const TIMEOUT: i32 = 120;

/// One of the two functions.
#[derive(Debug)]
pub struct SampleFunction {
    /// Its name in Lambda.
    pub name: String,
    cloud: Cloud,
}

impl SampleFunction {
    /// Deploys the function with this `HANDLER` for the database, trusting the authority in `ca` alone.
    ///
    /// # Errors
    /// When the binary isn't built, or what Lambda answers.
    pub async fn deploy(production: &Production, handler: &str, ca: &Path) -> Result<Self> {
        let cloud = production.cloud().clone();
        let name = format!("{handler}-{}", unique(production, ca));
        let doing = || format!("deploy the function {name}");
        let secret = production.secret().context(doing())?;
        let environment = Environment::builder()
            .variables("HANDLER", handler)
            .variables("DATABASE_HOST", &production.login.host)
            .variables("DATABASE_PORT", production.login.port.to_string())
            .variables("DATABASE_SECRET_ARN", secret)
            .variables("PGSSLROOTCERT", ca.display().to_string())
            .variables("RUST_LOG", "debug")
            .build();
        let code = FunctionCode::builder().zip_file(Blob::new(package().await?.clone()));
        cloud
            .lambda
            .create_function()
            .function_name(&name)
            .runtime(Runtime::Providedal2023)
            .handler("bootstrap")
            .role(ROLE)
            .timeout(TIMEOUT)
            .memory_size(256)
            .environment(environment)
            .code(code.build())
            .send()
            .await
            .context(doing())?;
        Ok(Self { name, cloud })
    }

    /// Invokes it and gives what it answers.
    ///
    /// # Errors
    /// What the function failed with.
    pub async fn invoke(&self, event: &Value) -> Result<Value> {
        let doing = || format!("invoke the function {}", self.name);
        let answer = self
            .cloud
            .lambda
            .invoke()
            .function_name(&self.name)
            .payload(Blob::new(event.to_string()))
            .send()
            .await
            .context(doing())?;
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        if answer.function_error.is_some() {
            let text = String::from_utf8_lossy(&payload);
            return Err(Error::new(format!("{}: {text}", doing())));
        }
        serde_json::from_slice(&payload).context(doing())
    }

    /// Everything it has logged.
    ///
    /// # Errors
    /// When there is no log.
    pub fn log(&self) -> Result<String> {
        let file = format!("logs/functions/{}.log", self.name);
        let path = self.cloud.home.join(file);
        fs::read_to_string(&path).context(format!("read {}", path.display()))
    }

    /// Removes it.
    ///
    /// # Errors
    /// What Lambda answers.
    pub async fn remove(self) -> Result<()> {
        let delete = self.cloud.lambda.delete_function();
        delete
            .function_name(&self.name)
            .send()
            .await
            .context(format!("remove the function {}", self.name))?;
        Ok(())
    }
}

/// Sets functions of one database with other authorities apart.
fn unique(production: &Production, ca: &Path) -> String {
    let authority = ca.file_stem().unwrap_or_default().to_string_lossy();
    format!("{}-{authority}", production.identifier)
}

/// The built binary as a Lambda package, made once.
async fn package() -> Result<&'static Vec<u8>> {
    static PACKAGE: OnceCell<Vec<u8>> = OnceCell::const_new();
    PACKAGE.get_or_try_init(zipped).await
}

async fn zipped() -> Result<Vec<u8>> {
    let doing = "package the sample functions";
    let binary = binary()?;
    let folder = env::temp_dir().join(format!("sample-functions-{}", std::process::id()));
    fs::create_dir_all(&folder).context(doing)?;
    let bootstrap = folder.join("bootstrap");
    fs::copy(&binary, &bootstrap).context(doing)?;
    let archive = folder.join("bootstrap.zip");
    let zip = Command::new("python3")
        .args(["-m", "zipfile", "-c"])
        .args([&archive, &bootstrap])
        .status();
    let status = zip.await.context(doing)?;
    if !status.success() {
        return Err(Error::new(format!("{doing}: python3 ended with {status}")));
    }
    let package = fs::read(&archive).context(doing)?;
    fs::remove_dir_all(&folder).context(doing)?;
    Ok(package)
}

/// Beside the tests' own binaries.
fn binary() -> Result<PathBuf> {
    let doing = "find the binary of the sample functions; `cargo build -p tenant-restore-samples` builds it";
    let tests = env::current_exe().context(doing)?;
    let found = tests
        .ancestors()
        .map(|folder| folder.join("tenant-restore-samples"))
        .find(|file| file.is_file());
    found.context(doing)
}
