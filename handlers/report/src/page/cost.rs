//! What the temporary resources cost, and what is left of them.

use tenant_restore_core::price::{self, Hourly};

use crate::report::Report;
use crate::words::{Shown, clock, duration, seconds, title};

/// The cost of all temporary resources.
pub struct Costs {
    pub lines: Vec<CostLine>,
    /// The sum of what has a price, US dollars.
    pub total: String,
    /// How many have none.
    pub unpriced: usize,
    /// Region and date of the prices.
    pub list: Option<Shown>,
}

/// One resource.
pub struct CostLine {
    pub kind: String,
    pub name: Shown,
    pub size: Shown,
    pub lived: String,
    pub hourly: String,
    pub usd: String,
}

impl Costs {
    /// Of everything that AWS charges for by the hour and that was seen to exist.
    pub fn of(report: &Report) -> Self {
        let (mut sum, mut unpriced, mut list) = (0.0, 0, None);
        let charged = report
            .resources
            .iter()
            .filter(|resource| resource.was_charged());
        let lines = charged.map(|resource| {
            let end = resource.gone_at.unwrap_or(report.outcome.ended_at);
            let lived = seconds(resource.noted_at, end);
            let cost = resource.cost.as_ref();
            let hourly = cost.and_then(|cost| cost.hourly).map(Hourly::usd);
            let usd = resource.spent(report.outcome.ended_at);
            sum += usd.unwrap_or_default();
            unpriced += usize::from(usd.is_none());
            if let Some(name) = cost.and_then(|cost| cost.list.clone()) {
                list.get_or_insert(Shown(name));
            }
            let unknown = || "unknown".to_owned();
            CostLine {
                kind: title(&format!("{:?}", resource.kind)),
                name: Shown::of(&resource.name),
                size: Shown(cost.map(|cost| cost.size.clone()).unwrap_or_default()),
                lived: duration(lived),
                hourly: hourly.map_or_else(unknown, |usd| format!("{usd:.4}")),
                usd: usd.map_or_else(unknown, |usd| format!("{usd:.4}")),
            }
        });
        let lines = lines.collect();
        Self {
            lines,
            total: if sum < 0.01 {
                format!("{sum:.4}")
            } else {
                format!("{sum:.2}")
            },
            unpriced,
            list,
        }
    }
}

/// What wasn't seen to be gone when the outcome was decided.
pub fn leftovers(report: &Report) -> Vec<Shown> {
    let left = report
        .resources
        .iter()
        .filter(|resource| resource.gone_at.is_none());
    left.map(|resource| {
        let what = price::spoken(resource.kind, &resource.name, resource.cost.as_ref());
        Shown(format!("{what}, since {} UTC", clock(resource.noted_at)))
    })
    .collect()
}
