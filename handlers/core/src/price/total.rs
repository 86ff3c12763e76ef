//! The cost of several resources together, and how it is said.

use std::fmt::{self, Display, Formatter};

use jiff::Timestamp;

use super::{Cost, Hourly, is_charged};
use crate::restore::{Resource, ResourceKind, Restore};
use tenant_restore_events::outgoing;

/// What some resources cost together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Total {
    /// Of all with a known price.
    pub hourly: Hourly,
    /// How many have a known price.
    pub priced: usize,
    /// Names of those whose price isn't known.
    pub unpriced: Vec<String>,
    /// Name of the list of prices.
    pub list: Option<String>,
}

/// Adds up; what isn't charged for doesn't count.
pub fn total<'a>(resources: impl Iterator<Item = &'a Resource>) -> Total {
    let mut total = Total::default();
    for resource in resources.filter(|resource| is_charged(resource.kind)) {
        let cost = resource.cost.as_ref();
        match cost.and_then(|cost| cost.hourly) {
            Some(hourly) => {
                total.hourly = [total.hourly, hourly].into_iter().sum();
                total.priced += 1;
            }
            None => total.unpriced.push(resource.name.clone()),
        }
        if let Some(list) = cost.and_then(|cost| cost.list.as_ref()) {
            total.list.get_or_insert_with(|| list.clone());
        }
    }
    total
}

impl Display for Total {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.priced == 0 && !self.unpriced.is_empty() {
            return f.write_str("price unknown");
        }
        if !self.unpriced.is_empty() {
            f.write_str("at least ")?;
        }
        self.hourly.fmt(f)?;
        if let Some(list) = &self.list {
            write!(f, " (prices of {list})")?;
        }
        Ok(())
    }
}

/// A resource, what it is made of, and what it costs.
pub fn spoken(kind: ResourceKind, name: &str, cost: Option<&Cost>) -> String {
    let price = match cost.and_then(|cost| cost.hourly) {
        _ if !is_charged(kind) => return format!("{kind:?} {name} (not charged by the hour)"),
        Some(hourly) => hourly.to_string(),
        None => "price unknown".to_owned(),
    };
    match cost {
        Some(cost) => format!("{kind:?} {name} ({}: {price})", cost.size),
        None => format!("{kind:?} {name} ({price})"),
    }
}

impl Resource {
    /// Whether AWS charged for it by the hour: it is known to have existed.
    pub fn was_charged(&self) -> bool {
        is_charged(self.kind) && (self.owned || self.confirmed)
    }

    /// US dollars that it cost until it was gone, or until `end` if it wasn't; none without a price.
    pub fn spent(&self, end: Timestamp) -> Option<f64> {
        let hourly = self.cost.as_ref()?.hourly?;
        let lived = self.gone_at.unwrap_or(end).duration_since(self.noted_at);
        Some(hourly.usd() * lived.as_secs_f64().max(0.0) / 3600.0)
    }
}

impl Restore {
    /// What may still exist of it.
    pub fn remaining(&self) -> impl Iterator<Item = &Resource> {
        self.resources
            .iter()
            .filter(|resource| resource.gone_at.is_none())
    }

    /// What it costs as long as it exists, for an event.
    pub fn upkeep(&self) -> outgoing::Upkeep {
        let Total {
            hourly,
            unpriced,
            list,
            ..
        } = total(self.remaining());
        let charged = self
            .remaining()
            .filter(|resource| is_charged(resource.kind));
        let resources = charged.map(|resource| outgoing::Charged {
            kind: format!("{:?}", resource.kind),
            name: resource.name.clone(),
            size: resource.cost.as_ref().map(|cost| cost.size.clone()),
            usd_per_hour: resource
                .cost
                .as_ref()
                .and_then(|cost| cost.hourly)
                .map(Hourly::usd),
        });
        outgoing::Upkeep {
            usd_per_hour: hourly.usd(),
            unpriced,
            prices: list,
            resources: resources.collect(),
        }
    }
}
