//! What a temporary database will be made of: what its source has, or what is left of a deleted one tells, and what the
//! configuration wishes otherwise.

use aws_sdk_rds::types::DbInstance;
use tenant_restore_core::price::Size;
use tenant_restore_core::sight::Remains;

use crate::placement::DatabaseWishes;

/// Serverless v2 (Aurora user guide, DB instance classes).
const SERVERLESS_CLASS: &str = "db.serverless";

/// The copy to be made.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Copied {
    /// An instance. What nothing tells is absent.
    Instance {
        class: Option<String>,
        storage_type: Option<String>,
        gigabytes: Option<u32>,
    },
    /// A cluster and its writer; none if no writer is shown.
    Cluster { writer: Option<Size> },
}

impl Copied {
    /// Of an instance, which may be a cluster's member, and has this size.
    pub fn like(source: &DbInstance, size: Option<Size>) -> Self {
        if source.db_cluster_identifier().is_some() {
            return Self::Cluster { writer: size };
        }
        let storage = source.allocated_storage();
        Self::Instance {
            class: source.db_instance_class().map(str::to_owned),
            storage_type: source.storage_type().map(str::to_owned),
            gigabytes: storage.and_then(|gigabytes| u32::try_from(gigabytes).ok()),
        }
    }

    /// Of a source that was deleted.
    pub fn of_remains(remains: &Remains) -> Self {
        match remains {
            Remains::Instance {
                storage_type,
                gigabytes,
            } => Self::Instance {
                class: None,
                storage_type: Some(storage_type.clone()),
                gigabytes: *gigabytes,
            },
            Remains::Cluster { class } => Self::Cluster {
                writer: Some(Size::Aurora {
                    class: class.clone(),
                }),
            },
        }
    }

    /// Clusters that it takes.
    pub fn clusters(&self) -> u64 {
        match self {
            Self::Instance { .. } => 0,
            Self::Cluster { .. } => 1,
        }
    }

    /// GiB of the account's storage; Aurora's volumes don't count.
    pub fn storage(&self) -> u64 {
        match self {
            Self::Instance { gigabytes, .. } => gigabytes.map_or(0, u64::from),
            Self::Cluster { .. } => 0,
        }
    }

    /// What its price depends on; none if something of that isn't known.
    pub fn size(&self, wishes: &DatabaseWishes) -> Option<Size> {
        match self {
            Self::Instance {
                class,
                storage_type,
                gigabytes,
            } => {
                let storage = wishes.storage.as_ref().map(|wish| &wish.storage_type);
                Some(Size::Database {
                    class: wishes.instance.class.as_ref().or(class.as_ref())?.clone(),
                    storage: storage.or(storage_type.as_ref())?.clone(),
                    gigabytes: (*gigabytes)?,
                })
            }
            Self::Cluster { writer } => match wishes.writer.class.as_deref() {
                Some(class) if class != SERVERLESS_CLASS => Some(Size::Aurora {
                    class: class.to_owned(),
                }),
                _ => writer.clone(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use tenant_restore_core::source_kind::Storage;

    use super::*;

    fn wishes(instance: Option<&str>, writer: Option<&str>) -> DatabaseWishes {
        let mut wishes = DatabaseWishes::default();
        wishes.instance.class = instance.map(str::to_owned);
        wishes.writer.class = writer.map(str::to_owned);
        wishes
    }

    fn source() -> DbInstance {
        DbInstance::builder()
            .db_instance_class("db.m6g.large")
            .storage_type("gp2")
            .allocated_storage(200)
            .build()
    }

    fn database(class: &str, storage: &str, gigabytes: u32) -> Size {
        Size::Database {
            class: class.to_owned(),
            storage: storage.to_owned(),
            gigabytes,
        }
    }

    #[test]
    fn a_copy_is_priced_as_its_source_or_as_the_configuration_wishes() {
        let copy = Copied::like(&source(), None);
        let mut wish = wishes(None, Some("db.r6g.large"));
        assert_eq!(copy.size(&wish), Some(database("db.m6g.large", "gp2", 200)));
        wish.instance.class = Some("db.t4g.small".to_owned());
        wish.storage = Some(Storage {
            storage_type: "gp3".to_owned(),
            iops: None,
        });
        assert_eq!(copy.size(&wish), Some(database("db.t4g.small", "gp3", 200)));
        assert_eq!((copy.clusters(), copy.storage()), (0, 200));
    }

    #[test]
    fn a_copy_of_a_deleted_instance_has_a_price_only_if_the_configuration_names_its_class() {
        let copy = Copied::of_remains(&Remains::Instance {
            storage_type: "gp3".to_owned(),
            gigabytes: Some(50),
        });
        assert_eq!(copy.size(&wishes(None, None)), None);
        let named = copy.size(&wishes(Some("db.m6g.large"), None));
        assert_eq!(named, Some(database("db.m6g.large", "gp3", 50)));
        assert_eq!((copy.clusters(), copy.storage()), (0, 50), "it takes quota");
    }

    #[test]
    fn a_cluster_takes_no_storage_of_the_account_and_its_writer_the_class_that_is_wished() {
        let copy = Copied::of_remains(&Remains::Cluster {
            class: "db.r6g.large".to_owned(),
        });
        let aurora = |class: &str| Size::Aurora {
            class: class.to_owned(),
        };
        assert_eq!(copy.size(&wishes(None, None)), Some(aurora("db.r6g.large")));
        let wished = copy.size(&wishes(Some("db.m6g.large"), Some("db.r7g.large")));
        assert_eq!(wished, Some(aurora("db.r7g.large")));
        assert_eq!((copy.clusters(), copy.storage()), (1, 0));
    }
}
