//! What may run beside what: statements with what comes before them, and the tables that they lock.

use std::collections::HashMap;

/// Statements on tables smaller than this share transactions, since commits would take the time; a bigger one is alone in
/// its transaction, so that none waits for its end.
pub const SMALL: u64 = 8 << 20;

/// Small statements per transaction, at most.
const BATCH: usize = 50;

/// How a statement locks a table that it works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Others that share may run beside it: building an index takes SHARE.
    Shared,
    /// Nothing else of the schedule on that table beside it.
    Alone,
}

/// What a statement needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Positions of what must be done before.
    pub after: Vec<usize>,
    /// The tables that it locks, by any number of their own.
    pub tables: Vec<(usize, Hold)>,
    /// Bytes of the largest table that it reads, for the order: the longest begin first.
    pub bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Running,
    Done,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// These, in one transaction.
    Run(Vec<usize>),
    /// Nothing until something that runs has ended.
    Wait,
    /// Nothing any more.
    End,
}

/// Who runs, who waits for what.
#[derive(Debug)]
pub struct Schedule {
    needs: Vec<Needs>,
    states: Vec<State>,
    /// How many of the statements before it aren't done.
    before: Vec<usize>,
    behind: Vec<Vec<usize>>,
    /// Positions, the longest first.
    order: Vec<usize>,
    held: HashMap<usize, (usize, Hold)>,
    running: usize,
    /// Those that lost a fight for a lock with a sibling, and get another try with nobody beside them.
    by_itself: Vec<usize>,
    exclusive: bool,
    stopped: bool,
}

impl Schedule {
    /// The schedule of statements with these needs.
    pub fn new(needs: Vec<Needs>) -> Self {
        let mut behind = vec![Vec::new(); needs.len()];
        for (at, need) in needs.iter().enumerate() {
            for before in &need.after {
                behind[*before].push(at);
            }
        }
        let mut order: Vec<usize> = (0..needs.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(needs[*at].bytes));
        Self {
            before: needs.iter().map(|need| need.after.len()).collect(),
            states: vec![State::Waiting; needs.len()],
            needs,
            behind,
            order,
            held: HashMap::new(),
            running: 0,
            by_itself: Vec::new(),
            exclusive: false,
            stopped: false,
        }
    }

    /// What one more session may run now. The answer counts as running from here on.
    pub fn take(&mut self) -> Next {
        self.order.retain(|at| self.states[*at] != State::Done);
        if self.stopped || self.order.is_empty() {
            return Next::End;
        }
        if self.exclusive {
            return Next::Wait;
        }
        let first = self.order.iter().copied().find(|at| self.may_run(*at));
        match first {
            Some(at) if self.needs[at].bytes >= SMALL => self.start(vec![at]),
            Some(_) => {
                let mut batch = self.order.clone();
                batch.retain(|at| self.may_run(*at));
                batch.truncate(BATCH);
                self.start(batch)
            }
            None if self.running > 0 => Next::Wait,
            None => match self.next_by_itself() {
                Some(at) => {
                    self.exclusive = true;
                    self.start(vec![at])
                }
                // Only a circle of statements leaves all waiting; whoever drives this schedule tells it.
                None => Next::End,
            },
        }
    }

    /// These are committed.
    pub fn done(&mut self, committed: &[usize]) {
        for at in committed {
            self.release(*at, State::Done);
            for behind in std::mem::take(&mut self.behind[*at]) {
                self.before[behind] -= 1;
            }
        }
        self.exclusive = false;
    }

    /// These weren't run.
    pub fn give_back(&mut self, given: &[usize]) {
        for at in given {
            self.release(*at, State::Waiting);
        }
        self.exclusive = false;
    }

    /// This one couldn't get a lock. Whether it gets another try, when nothing runs beside it.
    pub fn lost_a_lock(&mut self, at: usize) -> bool {
        self.give_back(&[at]);
        if self.by_itself.contains(&at) {
            return false;
        }
        self.by_itself.push(at);
        true
    }

    /// Nothing more is started.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// What isn't done.
    pub fn left(&self) -> Vec<usize> {
        let all = 0..self.states.len();
        all.filter(|at| self.states[*at] != State::Done).collect()
    }

    /// The bytes that the statement reads, about.
    pub fn bytes(&self, at: usize) -> u64 {
        self.needs[at].bytes
    }

    /// The list keeps those that are done: it also says who had a second try.
    fn next_by_itself(&self) -> Option<usize> {
        let mut losers = self.by_itself.iter().copied();
        losers.find(|at| self.states[*at] == State::Waiting)
    }

    fn may_run(&self, at: usize) -> bool {
        self.states[at] == State::Waiting
            && self.before[at] == 0
            && !self.by_itself.contains(&at)
            && self.needs[at].tables.iter().all(|(table, hold)| {
                let beside = self.held.get(table);
                beside.is_none_or(|(_, held)| (*held, *hold) == (Hold::Shared, Hold::Shared))
            })
    }

    fn start(&mut self, batch: Vec<usize>) -> Next {
        for at in &batch {
            self.states[*at] = State::Running;
            self.running += 1;
            for (table, hold) in &self.needs[*at].tables {
                let held = self.held.entry(*table).or_insert((0, *hold));
                held.0 += 1;
                if *hold == Hold::Alone {
                    held.1 = Hold::Alone;
                }
            }
        }
        Next::Run(batch)
    }

    fn release(&mut self, at: usize, state: State) {
        self.states[at] = state;
        self.running -= 1;
        for (table, _) in &self.needs[at].tables {
            if let Some(held) = self.held.get_mut(table) {
                held.0 -= 1;
                if held.0 == 0 {
                    self.held.remove(table);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIG: u64 = 1 << 30;

    fn on(table: usize, hold: Hold, bytes: u64) -> Needs {
        Needs {
            after: Vec::new(),
            tables: vec![(table, hold)],
            bytes,
        }
    }

    #[test]
    fn indexes_of_one_table_are_built_beside_each_other_and_a_key_alone() {
        let mut schedule = Schedule::new(vec![
            on(1, Hold::Shared, BIG),
            on(1, Hold::Shared, BIG),
            on(1, Hold::Alone, BIG),
        ]);
        assert_eq!(schedule.take(), Next::Run(vec![0]));
        assert_eq!(schedule.take(), Next::Run(vec![1]));
        assert_eq!(schedule.take(), Next::Wait);
        schedule.done(&[0]);
        assert_eq!(schedule.take(), Next::Wait);
        schedule.done(&[1]);
        assert_eq!(schedule.take(), Next::Run(vec![2]));
        schedule.done(&[2]);
        assert_eq!(schedule.take(), Next::End);
        assert_eq!(schedule.left(), Vec::<usize>::new());
    }

    #[test]
    fn nothing_runs_before_what_it_depends_on_is_committed() {
        let after_first = Needs {
            after: vec![0],
            ..on(2, Hold::Alone, BIG)
        };
        let mut schedule = Schedule::new(vec![on(1, Hold::Alone, 0), after_first]);
        assert_eq!(schedule.take(), Next::Run(vec![0]));
        assert_eq!(schedule.take(), Next::Wait);
        schedule.give_back(&[0]);
        assert_eq!(schedule.take(), Next::Run(vec![0]));
        schedule.done(&[0]);
        assert_eq!(schedule.take(), Next::Run(vec![1]));
    }

    #[test]
    fn the_longest_begin_first_and_small_ones_share_a_transaction() {
        let mut schedule = Schedule::new(vec![
            on(1, Hold::Alone, 10),
            on(2, Hold::Alone, BIG),
            on(3, Hold::Alone, 20),
            on(4, Hold::Alone, 2 * BIG),
        ]);
        assert_eq!(schedule.take(), Next::Run(vec![3]));
        assert_eq!(schedule.take(), Next::Run(vec![1]));
        assert_eq!(schedule.take(), Next::Run(vec![2, 0]));
    }

    #[test]
    fn who_lost_a_lock_runs_once_more_with_nobody_beside_it() {
        let mut schedule = Schedule::new(vec![on(1, Hold::Alone, BIG), on(2, Hold::Alone, BIG)]);
        assert_eq!(schedule.take(), Next::Run(vec![0]));
        assert_eq!(schedule.take(), Next::Run(vec![1]));
        assert!(schedule.lost_a_lock(0));
        assert_eq!(schedule.take(), Next::Wait);
        schedule.done(&[1]);
        assert_eq!(schedule.take(), Next::Run(vec![0]));
        assert_eq!(schedule.take(), Next::Wait);
        assert!(!schedule.lost_a_lock(0), "it had its second try");
    }

    #[test]
    fn of_several_that_lost_a_lock_each_runs_once_more_and_what_waits_for_them_follows() {
        let after_first = Needs {
            after: vec![0],
            ..on(3, Hold::Alone, BIG)
        };
        let mut schedule = Schedule::new(vec![
            on(1, Hold::Alone, BIG),
            on(2, Hold::Alone, BIG),
            after_first,
        ]);
        assert_eq!(schedule.take(), Next::Run(vec![0]));
        assert_eq!(schedule.take(), Next::Run(vec![1]));
        assert!(schedule.lost_a_lock(0));
        assert!(schedule.lost_a_lock(1));
        for at in [0, 2, 1] {
            assert_eq!(schedule.take(), Next::Run(vec![at]));
            schedule.done(&[at]);
        }
        assert_eq!(schedule.take(), Next::End);
        assert_eq!(schedule.left(), Vec::<usize>::new());
    }

    #[test]
    fn a_circle_ends_with_something_left() {
        let circle = |other| Needs {
            after: vec![other],
            ..Needs::default()
        };
        let mut schedule = Schedule::new(vec![circle(1), circle(0)]);
        assert_eq!(schedule.take(), Next::End);
        assert_eq!(schedule.left(), [0, 1]);
    }
}
