//! Indexes, views and sequences.

use crate::{
    Catalog, ChosenName, Holds, IndexChange, IndexDefinition, IndexState, Parameter, QualifiedName,
    Relation, Scope, SequenceChange, ViewChange, ViewDefinition,
};

use super::super::apply::owner;
use super::likeness::{self, Likeness};
use super::{renamed, unknown, yes_if};

pub(super) fn index(change: &IndexChange, catalog: &Catalog) -> Holds {
    match change {
        IndexChange::Create { index, .. } => built(index, catalog),
        IndexChange::Drop { name, .. } => yes_if(catalog.relation(name).is_none()),
        IndexChange::Rename { from, to, .. } => moved(from, &from.sibling(to.clone()), catalog),
        IndexChange::SetParameters { name, parameters } => match catalog.index(name) {
            Some(index) => yes_if(have(&index.definition.parameters, parameters)),
            None => Holds::No,
        },
        IndexChange::SetTablespace { name, tablespace } => yes_if(
            catalog
                .index(name)
                .is_some_and(|index| index.definition.tablespace.as_ref() == Some(tablespace)),
        ),
        IndexChange::AttachPartition { parent, child } => yes_if(
            catalog
                .index(child)
                .is_some_and(|index| index.parent.as_ref() == Some(parent)),
        ),
        IndexChange::Rebuild { .. } => unknown("upkeep leaves no trace in the catalog"),
        IndexChange::SetStatistics(_) | IndexChange::DependsOnExtension(_) => {
            unknown("the catalog does not keep this of an index")
        }
    }
}

fn moved(from: &QualifiedName, to: &QualifiedName, catalog: &Catalog) -> Holds {
    renamed(
        catalog.relation(from).is_some(),
        catalog.relation(to).is_some(),
        "relation",
    )
}

/// An index counts only when it is the one that was asked for, and valid: a build that failed leaves one behind that
/// is not.
fn built(wanted: &IndexDefinition, catalog: &Catalog) -> Holds {
    let found = match &wanted.name {
        ChosenName::Given(name) => {
            let name = wanted.table.sibling(name.clone());
            match catalog.relation(&name) {
                None => return Holds::No,
                Some(Relation::Index(index)) => (name, index.as_ref()),
                Some(Relation::Table(_) | Relation::View(_) | Relation::Sequence(_)) => {
                    return Holds::Differs(format!("{name} is there and is not an index"));
                }
            }
        }
        ChosenName::Generated(_) => {
            let same = catalog
                .indexes_of(&wanted.table)
                .map(|found| (likeness::index(&found.1.definition, wanted), found))
                .filter(|(likeness, _)| *likeness != Likeness::Different)
                .min_by_key(|(likeness, _)| *likeness);
            match same {
                None => return Holds::No,
                Some((_, found)) => found,
            }
        }
    };
    let (name, index) = found;
    if index.definition.table != wanted.table {
        return Holds::Differs(format!(
            "index {name} is there and stands on {}",
            index.definition.table
        ));
    }
    let alike = likeness::index(&index.definition, wanted)
        .holds(|| format!("index {name} is there with another definition"));
    if alike != Holds::Yes {
        return alike;
    }
    match (index.state, wanted.scope) {
        (IndexState::Valid, _) | (IndexState::Invalid, Scope::Only) => Holds::Yes,
        (IndexState::Invalid, Scope::WithDescendants) => Holds::Differs(format!(
            "index {name} is there and invalid: its build did not finish"
        )),
    }
}

fn have(own: &[Parameter], wanted: &[Parameter]) -> bool {
    wanted.iter().all(|parameter| {
        let has = own.iter().find(|own| own.name == parameter.name);
        has.and_then(|own| own.value.as_ref()) == parameter.value.as_ref()
    })
}

pub(super) fn view(name: &QualifiedName, change: &ViewChange, catalog: &Catalog) -> Holds {
    match change {
        ViewChange::Create(wanted) => match viewed(name, wanted, catalog) {
            Holds::No if catalog.relation(name).is_some() => {
                Holds::Differs(format!("{name} is there with another definition"))
            }
            answer @ (Holds::Yes | Holds::No | Holds::Differs(_) | Holds::Unknown(_)) => answer,
        },
        ViewChange::Replace(wanted) => viewed(name, wanted, catalog),
        ViewChange::Drop { .. } => yes_if(catalog.view(name).is_none()),
        ViewChange::Rename { to, .. } => moved(name, &name.sibling(to.clone()), catalog),
        ViewChange::SetNamespace(namespace) => {
            let to = QualifiedName {
                namespace: namespace.clone(),
                name: name.name.clone(),
            };
            moved(name, &to, catalog)
        }
        ViewChange::SetParameters(parameters) => match catalog.view(name) {
            Some(view) => yes_if(have(&view.definition.parameters, parameters)),
            None => Holds::No,
        },
        ViewChange::RenameColumn { from, to } => match catalog.view(name) {
            Some(view) => {
                let definition = &view.definition;
                let has = |column| {
                    definition.columns.contains(column)
                        || (definition.columns.is_empty()
                            && definition
                                .query
                                .output
                                .iter()
                                .any(|output| output.name.as_ref() == Some(column)))
                };
                match (has(from), has(to)) {
                    (false, false) => unknown("the names of the view's columns are not known"),
                    (has_from, has_to) => renamed(has_from, has_to, "column"),
                }
            }
            None => Holds::No,
        },
        ViewChange::SetOwner(_) | ViewChange::SetColumnDefault(_) => {
            unknown("the catalog does not keep this of a view")
        }
    }
}

fn viewed(name: &QualifiedName, wanted: &ViewDefinition, catalog: &Catalog) -> Holds {
    let Some(view) = catalog.view(name) else {
        return Holds::No;
    };
    let own = &view.definition;
    if own == wanted {
        Holds::Yes
    } else if own.kind == wanted.kind && own.query.text != wanted.query.text {
        unknown("the server may have spelt the view's query in its own way")
    } else {
        Holds::No
    }
}

pub(super) fn sequence(name: &QualifiedName, change: &SequenceChange, catalog: &Catalog) -> Holds {
    match change {
        SequenceChange::Create { owned_by, .. } => match catalog.relation(name) {
            None => Holds::No,
            Some(Relation::Sequence(sequence)) => {
                if sequence.owned_by == owner(owned_by.as_ref()) {
                    Holds::Yes
                } else {
                    Holds::Differs(format!("{name} is there and belongs to another column"))
                }
            }
            Some(Relation::Table(_) | Relation::Index(_) | Relation::View(_)) => {
                Holds::Differs(format!("{name} is there and is not a sequence"))
            }
        },
        SequenceChange::Drop { .. } => yes_if(catalog.sequence(name).is_none()),
        SequenceChange::SetOwnedBy(owned_by) => yes_if(
            catalog
                .sequence(name)
                .is_some_and(|sequence| sequence.owned_by == owner(owned_by.as_ref())),
        ),
        SequenceChange::Rename(to) => moved(name, &name.sibling(to.clone()), catalog),
        SequenceChange::SetNamespace(namespace) => {
            let to = QualifiedName {
                namespace: namespace.clone(),
                name: name.name.clone(),
            };
            moved(name, &to, catalog)
        }
        SequenceChange::Alter { .. } | SequenceChange::SetOwner(_) => {
            unknown("the catalog does not keep the options of sequences")
        }
    }
}
