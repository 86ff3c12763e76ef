//! `DescribeAccountAttributes`.

use local_cloud_wire::query::Xml;

use crate::fleet::Fleet;
use crate::quotas::{Quota, all};

/// Describes the quotas and what is used of them.
pub fn describe(fleet: &Fleet) -> Xml {
    let quotas = all(&fleet.state(), &fleet.config.quotas);
    let render = |one: &Quota| {
        Xml::parent("AccountQuota")
            .child(Xml::text("AccountQuotaName", one.name))
            .child(Xml::text("Used", one.used))
            .child(Xml::text("Max", one.most))
    };
    let list = Xml::list("AccountQuotas", quotas.iter().map(render));
    Xml::parent("DescribeAccountAttributesResult").child(list)
}
