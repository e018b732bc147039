//! The order in which objects load: what something needs comes first, then by kind and text.
//!
//! Pure. A circle is cut at the object that comes first by kind and text; the text is still complete.

use std::collections::{BTreeMap, BTreeSet};

use super::read::{Item, Reading};

/// The items in loading order. The same catalog gives the same order, whatever the oids are.
pub(super) fn loading(reading: &Reading) -> Vec<&Item> {
    let mut waiting: BTreeSet<(Rank<'_>, usize)> = BTreeSet::new();
    let mut rank = Vec::with_capacity(reading.items.len());
    let mut position: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, item) in reading.items.iter().enumerate() {
        let own = (item.kind, item.text.as_str());
        rank.push(own);
        waiting.insert((own, number));
        position.entry(item.id.as_str()).or_default().push(number);
    }
    let mut needs: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); rank.len()];
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); rank.len()];
    let all = |id: &str| position.get(id).cloned().unwrap_or_default();
    for (from, to) in &reading.dependencies {
        for dependent in all(from) {
            for on in all(to) {
                if let Some(set) = needs.get_mut(dependent)
                    && set.insert(on)
                    && let Some(list) = needed_by.get_mut(on)
                {
                    list.push(dependent);
                }
            }
        }
    }
    let mut ready: BTreeSet<(Rank<'_>, usize)> = waiting
        .iter()
        .filter(|(_, number)| needs.get(*number).is_none_or(BTreeSet::is_empty))
        .copied()
        .collect();
    let mut order = Vec::with_capacity(rank.len());
    while let Some(next) = ready.pop_first().or_else(|| waiting.first().copied()) {
        waiting.remove(&next);
        let (_, number) = next;
        order.extend(reading.items.get(number));
        for dependent in needed_by.get(number).into_iter().flatten() {
            let is_free = needs.get_mut(*dependent).is_some_and(|set| {
                set.remove(&number);
                set.is_empty()
            });
            if is_free && let Some(own) = rank.get(*dependent) {
                let entry = (*own, *dependent);
                if waiting.contains(&entry) {
                    ready.insert(entry);
                }
            }
        }
    }
    order
}

type Rank<'a> = (super::queries::Kind, &'a str);
