//! The report as a page: what it tells of a restore whose names are meant to break it, and how the command line gets it.

use std::collections::BTreeSet;

use tenant_restore_tests::command_line::run;
use tenant_restore_tests::outcome::Outcome;
use tenant_restore_tests::report::{File, Report};
use tenant_restore_tests::truth::Truth;
use tenant_restore_tests::{Context, Error, Result};
use tokio::sync::OnceCell;

use crate::stage::{Stage, none_of, play};

/// A schema's and a table's name that would be markup, if they weren't escaped.
const SCHEMA: &str = "<img src=x onerror='a()'>";
const TABLE: &str = "</td><script>alert(\"1\")</script>";
const ESCAPED_SCHEMA: &str = "&#60;img src=x onerror=&#39;a()&#39;&#62;";
const ESCAPED_TABLE: &str = "&#60;/td&#62;&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;";

struct Told {
    outcome: Outcome,
    report: Report,
    page: String,
}

static TOLD: OnceCell<Result<Told, String>> = OnceCell::const_new();

async fn told(stage: &Stage) -> Result<&'static Told> {
    let told = TOLD.get_or_init(async || restore(stage).await.map_err(|error| error.to_string()));
    told.await
        .as_ref()
        .map_err(|error| Error::new(error.clone()))
}

async fn restore(stage: &Stage) -> Result<Told> {
    let mut tenant = stage.tenant("paged", &[SCHEMA]).await?;
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let (schema, table) = (quoted(SCHEMA), quoted(TABLE));
    let script = format!(
        "create table {schema}.{table} (id int); insert into {schema}.{table} values (1), (2)"
    );
    let making = "make a table with a name of markup";
    tenant
        .connection
        .batch_execute(&script)
        .await
        .context(making)?;
    tenant.truth = Truth::note(&mut tenant.connection, &[SCHEMA]).await?;
    stage
        .production
        .wait_until_restorable(tenant.truth.at)
        .await?;
    let outcome = stage
        .ask(&tenant.request(&stage.request_id("paged")))
        .await?;
    none_of(
        "why it failed",
        &[outcome.why()]
            .into_iter()
            .filter(|why| !why.is_empty())
            .collect::<Vec<_>>(),
    )?;
    let report = outcome.report.as_deref().context("find the report")?;
    let page = outcome.report_page.as_deref().context("find the page")?;
    Ok(Told {
        report: Report::read(&stage.cloud, report).await?,
        page: File::read(&stage.cloud, page).await?.text,
        outcome,
    })
}

#[test]
fn the_outcome_links_a_page_that_names_the_restored_schema_and_every_table() {
    play(async |stage| {
        let told = told(stage).await?;
        let tables: BTreeSet<_> = told.report.tables().map(|plan| &plan.table).collect();
        assert_eq!(tables.len(), 5, "the sample's four and ours: {tables:?}");
        for table in tables.into_iter().filter(|table| *table != TABLE) {
            assert!(told.page.contains(&format!(">{table}<")), "{table}");
        }
        let restored_as = told.outcome.schemas[0].restored_as.as_deref();
        let suffix = restored_as
            .and_then(|name| name.strip_prefix(SCHEMA))
            .context("find the suffix")?;
        assert!(told.page.contains(&format!("{ESCAPED_SCHEMA}{suffix}")));
        for part in [
            "What to do next",
            "provision",
            "worker: extract",
            "same content",
            "COPY",
            "DMS",
        ] {
            assert!(told.page.contains(part), "{part}");
        }
        Ok(())
    });
}

#[test]
fn names_that_look_like_markup_stay_names() {
    play(async |stage| {
        let Told { page, .. } = told(stage).await?;
        assert!(page.contains(&format!(">{ESCAPED_TABLE}<")));
        assert!(page.contains(&format!(">{ESCAPED_SCHEMA}<")));
        for markup in ["<script", "<img", "</td><script"] {
            assert!(!page.contains(markup), "{markup}");
        }
        Ok(())
    });
}

#[test]
fn the_command_line_saves_the_page_and_prints_the_report_for_programs() {
    play(async |stage| {
        let told = told(stage).await?;
        let id = told.outcome.restore_id.as_deref().context("find the id")?;
        let file = std::env::temp_dir().join(format!("{id}.html"));
        let path = file.to_str().context("name the file")?;
        let saved = run(&["report", id, "--save", path, "--no-open"], "").await?;
        assert_eq!(saved.code, Some(0), "{saved:?}");
        assert!(saved.said.contains(path), "{saved:?}");
        let page = std::fs::read_to_string(&file).context("read the saved page")?;
        assert_eq!(page, told.page);
        std::fs::remove_file(&file).context("delete the saved page")?;

        let printed = run(
            &["report", &told.outcome.request_id, "--output", "json"],
            "",
        )
        .await?;
        assert_eq!(printed.code, Some(0), "{printed:?}");
        let report = printed.json()?;
        assert_eq!(report["outcome"]["restoreId"], id);
        assert!(report["jobs"].as_array().is_some_and(|jobs| jobs.len() > 1));
        Ok(())
    });
}

#[test]
fn a_report_that_is_not_there_is_told_with_what_to_do() {
    play(async |_| {
        let ran = run(&["report", "nobody-asked-this"], "").await?;
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.complained.contains("nobody-asked-this"), "{ran:?}");
        assert!(ran.complained.contains("remedy:"), "{ran:?}");
        Ok(())
    });
}
