//! The sample tenants: two databases, two schemas each. Tests, demonstrations and the functions that load them in AWS
//! all take them from here.

/// A sample tenant: a schema of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tenant {
    /// Its database.
    pub database: &'static str,
    /// Its schema.
    pub schema: &'static str,
}

/// All sample tenants, those of a database beside each other.
pub const TENANTS: [Tenant; 4] = [
    Tenant {
        database: "tenant_a",
        schema: "customer_a1",
    },
    Tenant {
        database: "tenant_a",
        schema: "customer_a2",
    },
    Tenant {
        database: "tenant_b",
        schema: "customer_b1",
    },
    Tenant {
        database: "tenant_b",
        schema: "customer_b2",
    },
];

/// One checkout in the first schema of `search_path`; its parameter makes the customer unique, its answer is the number of
/// rows written.
pub const CHECKOUT: &str = include_str!("activity.sql");

const OBJECTS: &str = include_str!("tenant.sql");
const ROWS: &str = include_str!("rows.sql");

/// The tenants by their databases.
pub fn by_database() -> impl Iterator<Item = (&'static str, &'static [Tenant])> {
    TENANTS
        .chunk_by(|one, next| one.database == next.database)
        .filter_map(|tenants| tenants.first().map(|first| (first.database, tenants)))
}

/// Creates a schema with the objects and rows of a sample tenant, in one transaction.
pub fn script(schema: &str) -> String {
    let name = format!("\"{}\"", schema.replace('"', "\"\""));
    format!(
        "begin; create schema {name}; set local search_path to {name}; {OBJECTS} {ROWS} commit;"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tenant_is_found_under_its_database_once() {
        let found: Vec<_> = by_database()
            .flat_map(|(database, tenants)| {
                assert!(tenants.iter().all(|tenant| tenant.database == database));
                tenants
            })
            .copied()
            .collect();
        assert_eq!(found, TENANTS);
        assert_eq!(by_database().count(), 2);
    }

    #[test]
    fn a_tenant_is_created_whole_or_not_at_all() {
        let script = script("odd\"name");
        assert!(script.starts_with("begin; create schema \"odd\"\"name\";"));
        assert!(script.ends_with("commit;"));
        assert_eq!(script.matches("commit;").count(), 1);
    }
}
