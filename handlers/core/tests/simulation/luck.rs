//! Chance that can be repeated.

/// Knuth's linear congruential generator (MMIX); its high bits are good enough here.
pub struct Luck {
    state: u64,
    stormy: bool,
}

impl Luck {
    pub fn new(seed: u64) -> Self {
        let mut luck = Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            stormy: seed % 2 == 1,
        };
        luck.next();
        luck
    }

    /// Whether AWS refuses a call; in a storm it does so often.
    pub fn refuses(&mut self) -> bool {
        let times = if self.stormy { 8 } else { 60 };
        self.once_in(times)
    }

    /// Seconds between two steps of a handler; in a storm there are long ones.
    pub fn pause(&mut self) -> i64 {
        let (times, most) = if self.stormy { (4, 20) } else { (10, 8) };
        if self.once_in(times) {
            self.between(1, most)
        } else {
            0
        }
    }

    fn next(&mut self) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.state >> 33
    }

    /// A number from the first to before the second.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let width = u64::try_from(most - least).unwrap();
        least + i64::try_from(self.next() % width).unwrap()
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: i64) -> bool {
        self.between(0, times) == 0
    }
}
