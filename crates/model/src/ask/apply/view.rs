//! Views and materialized views.

use crate::{Ident, QualifiedName, Relation, Target, View, ViewChange, ViewDefinition, ViewKind};

use super::Effect;
use super::index::set_parameters;
use super::mention::rename_in;

impl Effect<'_> {
    pub(super) fn view(&mut self, target: &Target, change: &ViewChange) {
        let name = &target.name;
        match change {
            ViewChange::Create(definition) => match self.catalog.relation(name) {
                Some(_) => self.exists("relation", name, target.presence),
                None => self.put_view(name, definition),
            },
            ViewChange::Replace(definition) => match self.catalog.relation(name) {
                Some(Relation::View(_)) => self.edit_view(name, |view| {
                    view.definition = definition.clone();
                }),
                Some(Relation::Table(_) | Relation::Index(_) | Relation::Sequence(_)) => {
                    self.unfit(name, format!("{name} is not a view"));
                }
                None => self.put_view(name, definition),
            },
            ViewChange::Drop { kind, reaction } => {
                if self.require_view(target, Some(*kind)) {
                    self.drop_relation(name, *reaction);
                }
            }
            ViewChange::Rename { kind, to } => {
                if self.require_view(target, Some(*kind)) {
                    self.move_relation(name, &name.sibling(to.clone()));
                }
            }
            ViewChange::RenameColumn { from, to } => {
                if self.require_view(target, None) {
                    self.rename_view_column(name, from, to);
                }
            }
            ViewChange::SetNamespace(namespace) => {
                if self.require_view(target, None) {
                    let to = QualifiedName {
                        namespace: namespace.clone(),
                        name: name.name.clone(),
                    };
                    self.move_relation(name, &to);
                }
            }
            ViewChange::SetParameters(parameters) => {
                if self.require_view(target, None) {
                    self.edit_view(name, |view| {
                        set_parameters(&mut view.definition.parameters, parameters);
                    });
                }
            }
            ViewChange::SetOwner(_) | ViewChange::SetColumnDefault(_) => {
                self.require_view(target, None);
            }
        }
    }

    fn put_view(&mut self, name: &QualifiedName, definition: &ViewDefinition) {
        let view = View {
            definition: definition.clone(),
            indexes: Vec::new(),
            born: self.catalog.now,
        };
        self.catalog
            .insert_relation(name.clone(), Relation::View(Box::new(view)));
    }

    fn require_view(&mut self, target: &Target, kind: Option<ViewKind>) -> bool {
        let name = &target.name;
        match self.catalog.relation(name) {
            Some(Relation::View(view)) => {
                let fits = kind.is_none_or(|kind| view.definition.kind == kind);
                if !fits {
                    let is = match view.definition.kind {
                        ViewKind::View => "a view",
                        ViewKind::Materialized => "a materialized view",
                    };
                    self.unfit(name, format!("{name} is {is}"));
                }
                fits
            }
            Some(Relation::Table(_) | Relation::Index(_) | Relation::Sequence(_)) => {
                self.unfit(name, format!("{name} is not a view"));
                false
            }
            None => {
                self.missing("view", name, target.presence);
                false
            }
        }
    }

    /// A column of a view gets another name; the views that read it follow.
    pub(super) fn rename_view_column(&mut self, view: &QualifiedName, from: &Ident, to: &Ident) {
        self.edit_view(view, |view| {
            rename_in(&mut view.definition.columns, from, to);
            for output in &mut view.definition.query.output {
                if output.name.as_ref() == Some(from) {
                    output.name = Some(to.clone());
                }
            }
        });
        let indexes: Vec<QualifiedName> = self
            .catalog
            .indexes_of(view)
            .map(|(name, _)| name)
            .collect();
        for index in indexes {
            self.catalog.edit(&index, |relation| {
                if let Relation::Index(index) = relation {
                    super::mention::rename_in_index(&mut index.definition, from, to);
                }
            });
        }
        self.rename_in_views(view, from, to);
    }

    /// A relation of any kind is there, or is reported.
    pub(super) fn require_relation(&mut self, what: &str, target: &Target) -> bool {
        let there = self.catalog.relation(&target.name).is_some();
        if !there && !self.may_be_of_assumed(&target.name) {
            self.missing(what, &target.name, target.presence);
        }
        there
    }
}
