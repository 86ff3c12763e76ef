//! Where the temporary DB instance is tried. RDS may take the call and find only then that it has no capacity: the instance
//! ends in the status `insufficient-capacity`, which it can't leave (RDS user guide, "Viewing DB instance status"). It is
//! given up then, and one of another name is made in the next place.

use serde::{Deserialize, Serialize};

use super::{ResourceKind, Restore};
use crate::naming::Names;

/// Places count from 0, in the order in which the shell tries them: zones, then other classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Placing {
    /// The first place that the present instance may be made in; those before had no capacity.
    pub from: u32,
    /// Where it was made, as far as is known.
    pub at: u32,
}

impl Placing {
    /// Takes in that the calls before that place were refused.
    pub(crate) fn reach(&mut self, place: u32) {
        self.at = self.at.max(place);
    }

    fn give_up(&mut self) {
        self.from = self.from.max(self.at) + 1;
        self.at = self.from;
    }
}

impl Restore {
    /// Gives the present temporary instance up: the next one has a name of its own, so that nothing which AWS still tells
    /// of this one is taken for the other's.
    pub(crate) fn give_up_place(&mut self) {
        self.placing.give_up();
        self.database_announced = false;
    }

    /// Instances that were given up, until the next one was asked for. That they are gone is proved by the cleanup.
    pub(crate) fn given_up(&self, names: &Names) -> Vec<String> {
        let present = names.temporary_database();
        let databases = self.resources.iter();
        let databases = databases.filter(|resource| resource.kind == ResourceKind::Database);
        let all: Vec<_> = databases.map(|resource| resource.name.clone()).collect();
        if all.contains(&present) {
            return Vec::new();
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_place_is_tried_twice() {
        let mut placing = Placing::default();
        placing.give_up();
        assert_eq!(placing.from, 1);
        // The second place was refused at once, the third made an instance and had no capacity either.
        placing.reach(2);
        placing.reach(1);
        placing.give_up();
        assert_eq!(placing, Placing { from: 3, at: 3 });
    }
}
