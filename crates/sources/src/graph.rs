//! Puts migrations that name their predecessors in order: predecessors first, ties by name.
//!
//! Does not recurse, so a chain of any length is fine; a cycle is reported and its members still listed.

use std::collections::{BTreeMap, BTreeSet};

use segue_model::ProjectProblem;

/// One migration and those it comes after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// The tool's name for it.
    pub(crate) id: String,
    /// The ids it comes after.
    pub(crate) parents: Vec<String>,
}

/// The order of `nodes`, and what is wrong with the graph. Two nodes of one id are the caller's to report.
pub(crate) fn order(nodes: &[Node]) -> (Vec<usize>, Vec<ProjectProblem>) {
    let mut by_id: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate() {
        by_id.entry(&node.id).or_insert(index);
    }
    let mut search = Search {
        nodes,
        by_id,
        state: vec![State::New; nodes.len()],
        order: Vec::with_capacity(nodes.len()),
        problems: BTreeSet::new(),
    };
    let mut starts: Vec<usize> = (0..nodes.len()).collect();
    starts.sort_by_key(|index| nodes.get(*index).map(|node| node.id.as_str()));
    for start in starts {
        search.visit(start);
    }
    (search.order, search.problems.into_iter().collect())
}

/// How far the search is with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

struct Search<'nodes> {
    nodes: &'nodes [Node],
    by_id: BTreeMap<&'nodes str, usize>,
    state: Vec<State>,
    order: Vec<usize>,
    problems: BTreeSet<ProjectProblem>,
}

impl Search<'_> {
    fn visit(&mut self, start: usize) {
        if self.state.get(start) != Some(&State::New) {
            return;
        }
        self.set(start, State::Open);
        let mut path = vec![(start, 0)];
        while let Some((index, next)) = path.pop() {
            let Some(node) = self.nodes.get(index) else {
                continue;
            };
            let Some(parent) = node.parents.get(next) else {
                self.set(index, State::Done);
                self.order.push(index);
                continue;
            };
            path.push((index, next + 1));
            let Some(above) = self.by_id.get(parent.as_str()).copied() else {
                self.problems.insert(ProjectProblem::MissingParent {
                    id: node.id.clone(),
                    parent: parent.clone(),
                });
                continue;
            };
            match self.state.get(above) {
                Some(State::New) => {
                    self.set(above, State::Open);
                    path.push((above, 0));
                }
                Some(State::Open) => self.cycle(&path, above),
                Some(State::Done) | None => {}
            }
        }
    }

    fn set(&mut self, index: usize, state: State) {
        if let Some(slot) = self.state.get_mut(index) {
            *slot = state;
        }
    }

    fn cycle(&mut self, path: &[(usize, usize)], start: usize) {
        let mut ids: Vec<String> = path
            .iter()
            .skip_while(|(index, _)| *index != start)
            .filter_map(|(index, _)| self.nodes.get(*index))
            .map(|node| node.id.clone())
            .collect();
        ids.sort_unstable();
        self.problems.insert(ProjectProblem::Cycle { ids });
    }
}

/// The ids that occur more than once, each with its files.
pub(crate) fn duplicates<'unit>(
    units: impl Iterator<Item = (&'unit str, &'unit str)>,
) -> Vec<ProjectProblem> {
    let mut by_id: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (id, path) in units {
        by_id.entry(id).or_default().push(path.to_owned());
    }
    by_id
        .into_iter()
        .filter(|(_, paths)| paths.len() > 1)
        .map(|(id, paths)| ProjectProblem::DuplicateId {
            id: id.to_owned(),
            paths,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Node, order};
    use segue_model::ProjectProblem;

    fn node(id: &str, parents: &[&str]) -> Node {
        Node {
            id: id.to_owned(),
            parents: parents.iter().map(|p| (*p).to_owned()).collect(),
        }
    }

    #[test]
    fn predecessors_come_first_whatever_their_names() {
        let nodes = [node("a", &["z"]), node("z", &[]), node("m", &["a", "z"])];
        assert_eq!(order(&nodes).0, [1, 0, 2]);
    }

    #[test]
    fn a_cycle_is_named_once_and_its_members_are_still_listed() {
        let nodes = [node("a", &["b"]), node("b", &["a"])];
        let (listed, problems) = order(&nodes);
        assert_eq!(listed.len(), 2);
        let ids = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(problems, [ProjectProblem::Cycle { ids }]);
    }

    #[test]
    fn a_chain_of_100_000_is_ordered_without_recursion() {
        let nodes: Vec<Node> = (0..100_000)
            .map(|n| node(&format!("{n:06}"), &[&format!("{:06}", n + 1)]))
            .collect();
        let (listed, problems) = order(&nodes);
        assert_eq!(listed.first(), Some(&99_999));
        assert_eq!(problems.len(), 1, "the last one's parent is missing");
    }
}
