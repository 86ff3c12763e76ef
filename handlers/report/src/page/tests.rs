use serde_json::{Value, json};

use super::*;

pub mod samples;

use samples::{completed, failed, rejected, with_tables};

fn shown(report: &Value) -> String {
    page(&serde_json::from_value(report.clone()).unwrap()).unwrap()
}

/// The tags of a page, in order, with all that stands in them but the places of bars.
fn tags(page: &str) -> Vec<&str> {
    let (_, body) = page.split_once("</style>").unwrap();
    let tags = body.split('<').skip(1);
    tags.map(|tag| tag.split_once('>').unwrap().0).collect()
}

/// Every text that isn't ours, in a report, replaced.
fn replaced(report: &Value, by: &str) -> Value {
    let text = serde_json::to_string(report).unwrap();
    let escaped = serde_json::to_string(by).unwrap();
    serde_json::from_str(&text.replace("FREE", escaped.trim_matches('"'))).unwrap()
}

fn position(page: &str, text: &str) -> usize {
    page.find(text)
        .unwrap_or_else(|| panic!("{text:?} is not in the page"))
}

#[test]
fn no_name_and_no_message_becomes_part_of_the_page_itself() {
    for report in [completed(), failed()] {
        let harmless = shown(&replaced(&report, "free"));
        for hostile in [
            "<script>alert(1)</script>",
            "\"><img src=x onerror=alert(1)>",
            "' onmouseover='alert(1)",
            "</style></title></details></table><h1>Completed</h1>",
            "<!-- ",
            "{{ 1 }}{% include \"x\" %}",
            "&lt;script&gt;",
        ] {
            let page = shown(&replaced(&report, hostile));
            assert_eq!(tags(&page), tags(&harmless), "{hostile}");
            assert_eq!(page.matches("<style>").count(), 1, "{hostile}");
        }
    }
}

#[test]
fn what_is_escaped_is_still_read_as_it_was() {
    let page = shown(&replaced(&completed(), "a<b>&\"'"));
    assert!(page.contains("a&#60;b&#62;&#38;&#34;&#39;"), "{page}");
}

#[test]
fn the_page_needs_nothing_beside_it_and_runs_nothing() {
    for report in [completed(), failed(), rejected()] {
        let page = shown(&report);
        for outside in [
            "http:", "https:", "//", "src=", "href=", "url(", "@import", "<script",
        ] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("default-src 'none'"));
        assert!(page.contains("prefers-color-scheme: dark"));
    }
}

#[test]
fn it_tells_things_in_the_order_in_which_they_are_needed() {
    let page = shown(&failed());
    let headings = [
        "Failed <span>",
        "<h1>",
        "What to do next",
        "<h2>Schemas",
        "<h2>Causes",
        "<h2>Findings",
        "<h2>What differs",
        "<h2>Not restored as it was",
        "<h2>Mended",
        "<h2>Timeline",
        "<h2>Tables",
        "<h2>Cost",
        "<h2>Left over",
    ];
    let places: Vec<_> = headings.iter().map(|text| position(&page, text)).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn a_completed_restore_names_its_schemas_and_how_to_look_at_them_and_drop_them() {
    let page = shown(&completed());
    for text in [
        "1 schema restored",
        "set search_path to &#34;FREE_20240128143000&#34;;",
        "drop schema &#34;FREE_20240128143000&#34; cascade;",
        "undo what was mended",
        "what may still name a live schema",
        "8, 15: ",
        "Nothing temporary is left.",
    ] {
        position(&page, text);
    }
    assert!(!page.contains("tenant-restore replay"));
}

#[test]
fn schemas_that_differ_and_are_kept_are_not_to_be_used() {
    let page = shown(&failed());
    position(&page, "1 schema restored, but not as they were");
    position(&page, "Don&#39;t use the restored schemas");
    assert!(!page.contains("Look at the restored rows"), "they differ");
    position(&page, "tenant-restore replay mfrggzdfmztw");
}

#[test]
fn what_became_of_the_schemas_of_a_failure_is_told_from_the_drop() {
    let told = |change: &dyn Fn(&mut Value)| {
        let mut report = failed();
        report["opened"] = json!(false);
        change(&mut report);
        shown(&report)
    };
    let dropped = told(&|report| {
        let drop = json!({"dropped": ["x"], "roleDropped": true});
        report["jobs"][0]["drop"] = drop;
    });
    position(&dropped, "What was made in production was dropped again");
    let not_dropped = told(&|report| report["failedIn"] = json!("migrate"));
    position(&not_dropped, "could not be dropped");
    position(&not_dropped, "Drop by hand what is left");
    let never = told(&|report| report["failedIn"] = json!("provision"));
    position(&never, "Nothing is left in production");
}

#[test]
fn a_rejection_says_what_is_to_be_corrected() {
    let page = shown(&rejected());
    position(&page, "Nothing was created");
    position(&page, "Remove each cause");
    position(&page, "snapshotId");
    assert!(!page.contains("drop schema"));
}

#[test]
fn causes_that_the_notice_left_out_are_in_the_page_and_none_twice() {
    let mut report = failed();
    let cause = |message: &str| json!({"kind": "ApplyFailed", "message": message, "remedy": "r"});
    report["outcome"]["causes"] = json!([
        cause("first (and 1 more, in the report)"),
        cause("a long on…")
    ]);
    let causes = json!([cause("first"), cause("a long one"), cause("left out")]);
    report["jobs"][0]["failure"] = json!({"mode": "apply-pre-data", "causes": causes});
    let page = shown(&report);
    position(&page, "Causes <small>3</small>");
    position(&page, "left out");
}

#[test]
fn tables_that_differ_come_first_then_the_largest_and_none_is_missing() {
    let page = shown(&with_tables(500));
    for number in 0..500 {
        assert!(page.contains(&format!(">table_{number:03}<")), "{number}");
    }
    // One of the sample's tables differs; the larger the number of another, the larger the table.
    let order = [
        "table_017",
        "table_499",
        "table_476",
        "475 more",
        "table_475",
        "table_000",
    ];
    let places: Vec<_> = order.iter().map(|name| position(&page, name)).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn a_table_has_its_rows_bytes_mover_time_and_comparison() {
    let page = shown(&with_tables(3));
    for text in [
        "3 tables, 3,003 rows",
        "1,000",
        "2.0 KiB",
        "<b>COPY</b> <small>5.9 KiB streamed</small>",
        "column status is an enum",
        "1.5 s",
        "same content</span>",
    ] {
        position(&page, text);
    }
}

#[test]
fn of_a_table_compared_by_a_sample_the_page_tells_how_many_rows_that_were() {
    let mut report = with_tables(3);
    let tables = &mut report["jobs"][0]["validate"]["tables"];
    tables[0]["oneRowIn"] = json!(7);
    tables[0]["sampledRows"] = json!(14_321);
    tables[1]["oneRowIn"] = json!(9);
    let page = shown(&report);
    position(
        &page,
        "same content in a sample: 1 row in 7, 14,321 rows</span>",
    );
    position(&page, "same content in a sample: 1 row in 9</span>");
}

#[test]
fn what_dms_moved_has_the_time_and_rows_that_dms_told() {
    let page = shown(&completed());
    position(&page, "<b>DMS</b>");
    position(&page, ">1 min 12 s<");
    let mut report = completed();
    report["jobs"][0]
        .as_object_mut()
        .unwrap()
        .shift_remove("validate");
    report["replicated"][0]["rows"] = json!(4711);
    position(&shown(&report), "4,711 rows");
}

#[test]
fn bars_stay_within_the_timeline() {
    let page = shown(&failed());
    let mut bars = 0;
    for bar in page.split("style=\"left:").skip(1) {
        let (left, rest) = bar.split_once("%;width:").unwrap();
        let width = rest.split_once('%').unwrap().0;
        let (left, width): (f64, f64) = (left.parse().unwrap(), width.parse().unwrap());
        assert!(left >= 0.0 && left + width <= 100.01, "{left} {width}");
        bars += 1;
    }
    assert!(bars > 5, "{bars}");
    position(&page, "waited: temporary database");
    position(&page, "worker: extract");
}

#[test]
fn costs_are_those_of_the_time_that_a_resource_existed() {
    let page = shown(&failed());
    // Half an hour of 0.072 USD.
    position(&page, "0.0360");
    position(&page, "Cost <small>at least 0.04 USD</small>");
    position(&page, "1 without a known price");
    position(&page, "Left over <small>1</small>");
}

#[test]
fn a_job_of_another_form_is_told_and_does_not_hold_up_the_page() {
    let mut report = completed();
    report["jobs"] = json!([{"version": 9}]);
    position(&shown(&report), "The results of 1 worker tasks");
}

#[test]
fn a_report_of_before_is_still_read() {
    let mut report = completed();
    let fields = report.as_object_mut().unwrap();
    for later in ["request", "opened", "failedIn", "waits", "replicated"] {
        fields.shift_remove(later);
    }
    position(&shown(&report), "1 schema restored");
}

#[test]
fn whatever_may_act_on_live_data_is_marked_and_is_the_first_thing_to_look_at() {
    for code in [
        "FunctionNamesOldSchema",
        "TextNamesOldSchema",
        "NotMended",
        "SearchPathNamesLive",
        "LeadsToLive",
    ] {
        let mut report = completed();
        report["jobs"][0]["remarks"] = json!([{"code": code, "object": "s.v", "message": "look"}]);
        let page = shown(&report);
        assert!(page.contains("act on live data: 1 object"), "{code}");
        assert!(page.contains("may act on live data"), "{code}");
    }
}
