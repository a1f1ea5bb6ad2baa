//! Objects that this answer holds already: many rows lead to few others (tracks to their genre), and what was written once is copied.
//!
//! It lives as long as one answer, whose rows are all of one snapshot: the same key below the same node is the same object.

use std::ops::Range;

/// Objects remembered of one node; the last one of several that fall together stays.
const PLACES: usize = 64;

/// Where objects stand in the answer.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// By the slot of the node's statement.
    by_slot: Vec<Option<Box<[Place; PLACES]>>>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    key: i64,
    /// An empty range: nothing is remembered here.
    start: u32,
    end: u32,
}

const NOTHING: Place = Place { key: 0, start: 0, end: 0 };

impl Memo {
    /// Where the object of a node with this key stands.
    pub(super) fn find(&self, slot: u16, key: i64) -> Option<Range<usize>> {
        let place = self.by_slot.get(usize::from(slot))?.as_ref()?[place_of(key)];
        let is_it = place.key == key && place.start < place.end;
        is_it.then_some(place.start as usize..place.end as usize)
    }

    pub(super) fn keep(&mut self, slot: u16, key: i64, range: Range<usize>) {
        // What stands behind the fourth gigabyte is written again.
        let (Ok(start), Ok(end)) = (u32::try_from(range.start), u32::try_from(range.end)) else { return };
        let slot = usize::from(slot);
        if self.by_slot.len() <= slot {
            self.by_slot.resize_with(slot + 1, || None);
        }
        let places = self.by_slot[slot].get_or_insert_with(|| Box::new([NOTHING; PLACES]));
        places[place_of(key)] = Place { key, start, end };
    }

    /// Bytes of the answer were taken back: what stood there is gone.
    pub(super) fn forget(&mut self) {
        self.by_slot.clear();
    }
}

fn place_of(key: i64) -> usize {
    usize::from(key.to_le_bytes()[0]) % PLACES
}

#[cfg(test)]
mod tests {
    use super::Memo;

    #[test]
    fn what_was_kept_is_found_until_another_takes_its_place() {
        let mut memo = Memo::default();
        assert_eq!(memo.find(3, 7), None);
        memo.keep(3, 7, 10..20);
        assert_eq!(memo.find(3, 7), Some(10..20));
        assert_eq!((memo.find(3, 7 + 64), memo.find(2, 7), memo.find(3, 0)), (None, None, None));
        memo.keep(3, 7 + 64, 30..40);
        assert_eq!((memo.find(3, 7), memo.find(3, 7 + 64)), (None, Some(30..40)));
        memo.forget();
        assert_eq!(memo.find(3, 7 + 64), None);
    }
}
