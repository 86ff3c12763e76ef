//! Mode `probe`: which version of the source's secret logs in to the temporary database.
//!
//! The login that works becomes that of the temporary secret, which all later steps read. Where none does, the result
//! says so and the handler has the master password reset.

use tenant_restore_core::credentials::dms_accepts;
use tenant_restore_core::error::{Cause, ErrorKind};
use tenant_restore_core::job::{LoginVerdict, Probe, ProbeReport, TriedVersion};

use crate::context::{Context, Report};
use crate::failed::Failed;

/// Runs the mode.
pub async fn run(context: &mut Context) -> Result<Report, Failed> {
    let Some(probe) = &context.job.probe else {
        let cause = Cause::new(ErrorKind::Internal, "the job names no logins to try");
        return Err(cause.into());
    };
    let mut report = ProbeReport {
        version: None,
        tried: Vec::new(),
    };
    for version in &probe.versions {
        let verdict = try_version(context, probe, version).await?;
        tracing::info!(
            secret = probe.secret,
            version,
            ?verdict,
            "a login was tried"
        );
        report.tried.push(TriedVersion {
            version: version.clone(),
            verdict,
        });
        match verdict {
            LoginVerdict::Accepted => {
                report.version = Some(version.clone());
                return Ok(Report::Probe(report));
            }
            // It is the password; another version can't be it too.
            LoginVerdict::NotForDms => break,
            LoginVerdict::Refused | LoginVerdict::Unreadable => {}
        }
    }
    tracing::info!(
        secret = probe.secret,
        "no version can be used; the master password is to be reset"
    );
    Ok(Report::Probe(report))
}

async fn try_version(
    context: &Context,
    probe: &Probe,
    version: &str,
) -> Result<LoginVerdict, Cause> {
    let server = context.temporary_server()?;
    let login = match context.secrets.version(&probe.secret, version).await {
        Ok(login) => login,
        Err(cause) if can_never_be_read(cause.kind) => {
            tracing::info!(version, %cause, "a version can't be read");
            return Ok(LoginVerdict::Unreadable);
        }
        Err(cause) => return Err(cause),
    };
    let connected = context
        .connector
        .connect(server, &login, &context.job.database)
        .await;
    match connected {
        Ok(_) => {}
        // PostgreSQL has let the user in before it looks for the database; the extraction says what is missing.
        Err(cause) if cause.kind == ErrorKind::DatabaseMissing => {}
        Err(cause) if cause.kind == ErrorKind::CredentialsRefused => {
            return Ok(LoginVerdict::Refused);
        }
        Err(cause) => return Err(cause),
    }
    if probe.for_dms && !dms_accepts(login.password()) {
        return Ok(LoginVerdict::NotForDms);
    }
    context.secrets.keep(server, &login).await?;
    Ok(LoginVerdict::Accepted)
}

/// Gone, of a key that we may not use, or not a login; and not merely refused for the moment.
fn can_never_be_read(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::CallRefused | ErrorKind::AccessDenied | ErrorKind::CredentialsRefused
    )
}
