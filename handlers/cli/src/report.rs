//! `report`: the report of an attempt, for people in their browser, for programs as JSON.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use aws_config::SdkConfig;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde_json::{Value, json};
use tenant_restore_core::restore::Restore;
use tenant_restore_events::outgoing::Ended;

use crate::arguments::{Deployment, Output, Report};
use crate::record::{Found, Records};
use crate::teller;
use crate::trouble::Trouble;

/// What opens a file as its user likes it: freedesktop.org's tool, or that of macOS.
const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else {
    "xdg-open"
};

/// Fetches the report and shows it.
///
/// # Errors
/// There is no such restore or attempt, it hasn't ended, its report is gone, or AWS or the file can't be reached.
pub async fn run(
    config: &SdkConfig,
    deployment: &Deployment,
    output: Output,
    wanted: &Report,
) -> Result<ExitCode, Trouble> {
    let records = Records::new(config, deployment);
    let id = &wanted.id;
    let restore = match records.find(id).await? {
        Some(Found::Restore(restore)) => restore,
        Some(Found::Plan(_) | Found::RefusedPlan(_)) => return Err(only_planned(id)),
        Some(Found::Rejection(_)) => return Err(never_opened(id)),
        None => return Err(records.unknown(id)),
    };
    let ended = attempt(&restore, wanted.attempt)?;
    let uri = place(&restore, ended, output)?;
    let document = fetch(config, &uri).await?;
    match output {
        Output::Text => show_page(&restore, ended, wanted, &document),
        Output::Json => show_document(&restore, ended, wanted, &uri, &document),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn show_page(
    restore: &Restore,
    ended: &Ended,
    wanted: &Report,
    page: &[u8],
) -> Result<(), Trouble> {
    let file = wanted.save.clone().unwrap_or_else(|| {
        PathBuf::from(format!(
            "tenant-restore-{}-{}.html",
            restore.id, ended.attempt
        ))
    });
    save(&file, page)?;
    let outcome = ended.outcome.as_str().to_lowercase();
    let shown = file.display();
    teller::write(&format!(
        "Restore {}, attempt {}: {outcome}.\n  page  {shown}\n",
        restore.id, ended.attempt
    ))?;
    if !wanted.no_open && !opened(OPENER, &file) {
        teller::write(&format!(
            "No program opens it here ({OPENER}); open the file in a browser.\n"
        ))?;
    }
    Ok(())
}

fn show_document(
    restore: &Restore,
    ended: &Ended,
    wanted: &Report,
    uri: &str,
    document: &[u8],
) -> Result<(), Trouble> {
    let report: Value = serde_json::from_slice(document).map_err(|error| {
        let what = format!("The report {uri} is not valid JSON: {error}.");
        Trouble::new(
            what,
            "Look at the file in S3; nobody but the pipeline should write it.",
        )
    })?;
    let Some(file) = &wanted.save else {
        return teller::write(&format!("{report:#}\n"));
    };
    save(file, document)?;
    let saved = json!({"restoreId": restore.id, "attempt": ended.attempt, "saved": file});
    teller::write(&format!("{saved}\n"))
}

/// The outcome of the wanted attempt.
fn attempt(restore: &Restore, wanted: Option<u32>) -> Result<&Ended, Trouble> {
    let id = &restore.id;
    let number = wanted.unwrap_or(restore.attempt);
    if number > restore.attempt {
        let what = format!(
            "The restore {id} has had no attempt {number}; the last is {}.",
            restore.attempt
        );
        return Err(Trouble::new(what, "Leave --attempt out for the last one."));
    }
    let earlier = restore.earlier.iter().find(|ended| ended.attempt == number);
    let told = restore.ended.as_ref().filter(|_| restore.announced);
    earlier
        .or(told.filter(|ended| ended.attempt == number))
        .ok_or_else(|| not_ended(restore))
}

fn not_ended(restore: &Restore) -> Trouble {
    let id = &restore.id;
    let what = format!(
        "The restore {id} has not ended; it is in phase {}.",
        restore.phase
    );
    let earlier = match restore.attempt {
        1 => String::new(),
        last => format!("; --attempt {} shows the attempt before", last - 1),
    };
    Trouble::new(
        what,
        format!("Wait for its end with `tenant-restore watch {id}`{earlier}."),
    )
}

/// Where the report is, in the form that is wanted.
fn place(restore: &Restore, ended: &Ended, output: Output) -> Result<String, Trouble> {
    let uri = match output {
        Output::Text => &ended.report_page,
        Output::Json => &ended.report,
    };
    uri.clone().ok_or_else(|| {
        let what = format!(
            "Attempt {} of the restore {} was told without a page: an earlier version of the pipeline ended it.",
            ended.attempt, restore.id
        );
        Trouble::new(what, "Read its report with --output json.")
    })
}

async fn fetch(config: &SdkConfig, uri: &str) -> Result<Vec<u8>, Trouble> {
    let (bucket, key) = uri
        .strip_prefix("s3://")
        .and_then(|place| place.split_once('/'))
        .ok_or_else(|| {
            let what = format!("The record names {uri:?} as the report, which is no S3 URI.");
            Trouble::new(what, "Use the command line of the deployed version.")
        })?;
    let context = format!("fetch the report {uri}");
    // An endpoint of one's own rarely resolves bucket names as hosts.
    let path_style = config.endpoint_url().is_some();
    let settings = aws_sdk_s3::config::Builder::from(config).force_path_style(path_style);
    let client = aws_sdk_s3::Client::from_conf(settings.build());
    let answer = client.get_object().bucket(bucket).key(key).send().await;
    let answer = answer.map_err(|error| match error.code() {
        Some("NoSuchKey") => expired(uri),
        _ => Trouble::aws(&context, &error),
    })?;
    let body = answer.body.collect().await.map_err(|error| {
        let what = format!("Could not {context}: {error}.");
        Trouble::new(what, "Try again; the connection broke.")
    })?;
    Ok(body.to_vec())
}

fn expired(uri: &str) -> Trouble {
    Trouble::new(
        format!(
            "The report {uri} is gone: reports are deleted after the time that the deployment keeps them."
        ),
        "Look at what the record still tells with `tenant-restore status --log`; `auditDays` of the deployment is the time.",
    )
}

fn save(file: &Path, document: &[u8]) -> Result<(), Trouble> {
    std::fs::write(file, document).map_err(|error| {
        let what = format!("Could not write {}: {error}.", file.display());
        Trouble::new(what, "Name a file that can be written with --save.")
    })
}

/// Whether the program is there and opened the file.
fn opened(program: &str, file: &Path) -> bool {
    let status = Command::new(program).arg(file).status();
    status.is_ok_and(|status| status.success())
}

fn only_planned(id: &str) -> Trouble {
    Trouble::new(
        format!("{id:?} is a plan, which has no report of a restore."),
        format!("See its answer with `tenant-restore status {id}`."),
    )
}

fn never_opened(id: &str) -> Trouble {
    Trouble::new(
        format!(
            "The request {id:?} was rejected before a restore was opened for it; it has no report."
        ),
        format!("See why with `tenant-restore status {id}`."),
    )
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use tenant_restore_core::error::{Cause, ErrorKind};
    use tenant_restore_events::Phase;

    use super::*;
    use crate::status::samples;

    fn now() -> Timestamp {
        "2024-01-29T08:13:30Z".parse().unwrap()
    }

    fn failed() -> Restore {
        let mut restore = samples::in_ddl();
        restore.fail(vec![Cause::new(ErrorKind::ApplyFailed, "x")], now());
        restore.enter(Phase::Complete, &[], now());
        restore.decide_outcome("s3://bucket/audit/mfrggzdfmztw/1", now());
        restore.announced = true;
        restore
    }

    #[test]
    fn people_get_the_page_and_programs_the_document() {
        let restore = failed();
        let ended = attempt(&restore, None).unwrap();
        let uri = |output| place(&restore, ended, output).unwrap();
        assert_eq!(
            uri(Output::Text),
            "s3://bucket/audit/mfrggzdfmztw/1/report.html"
        );
        assert_eq!(
            uri(Output::Json),
            "s3://bucket/audit/mfrggzdfmztw/1/report.json"
        );
    }

    #[test]
    fn a_restore_under_way_or_whose_outcome_is_being_told_is_to_be_waited_for() {
        let mut telling = failed();
        telling.announced = false;
        for restore in [samples::in_ddl(), telling] {
            let trouble = attempt(&restore, None).unwrap_err();
            assert!(trouble.what.contains("has not ended"), "{trouble}");
            assert!(trouble.remedy.contains("watch mfrggzdfmztw"), "{trouble}");
        }
    }

    #[test]
    fn the_report_of_an_earlier_attempt_is_there_while_the_next_one_runs() {
        let second = failed().next_attempt(now()).unwrap();
        assert_eq!(attempt(&second, Some(1)).unwrap().attempt, 1);
        let trouble = attempt(&second, None).unwrap_err();
        assert!(trouble.remedy.contains("--attempt 1"), "{trouble}");
        let trouble = attempt(&second, Some(3)).unwrap_err();
        assert!(trouble.what.contains("the last is 2"), "{trouble}");
    }

    #[test]
    fn an_attempt_of_before_there_were_pages_still_has_its_document() {
        let restore = failed();
        let mut ended = attempt(&restore, None).unwrap().clone();
        ended.report_page = None;
        let trouble = place(&restore, &ended, Output::Text).unwrap_err();
        assert!(trouble.remedy.contains("--output json"), "{trouble}");
        assert!(place(&restore, &ended, Output::Json).is_ok());
    }

    #[test]
    fn a_report_that_was_deleted_is_told_with_the_time_that_it_is_kept() {
        assert!(expired("s3://b/k").remedy.contains("auditDays"));
    }

    #[test]
    fn a_program_that_is_not_there_or_fails_has_opened_nothing() {
        let file = Path::new("page.html");
        assert!(opened("true", file));
        assert!(!opened("false", file));
        assert!(!opened("tenant-restore-no-such-program", file));
    }

    #[test]
    fn a_file_that_can_not_be_written_is_named() {
        let trouble = save(Path::new("/no-such-folder/page.html"), b"x").unwrap_err();
        assert!(
            trouble.what.contains("/no-such-folder/page.html"),
            "{trouble}"
        );
        assert!(trouble.remedy.contains("--save"), "{trouble}");
    }
}
