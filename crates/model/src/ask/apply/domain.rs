//! Domains.

use crate::{
    ChosenName, Constraint, ConstraintKind, DataType, Deferral, DomainChange, Enforcement,
    Expression, Ident, Presence, QualifiedName, UserType, UserTypeKind, Validity,
};

use super::Effect;
use super::naming::{first_free, object_name};

impl Effect<'_> {
    pub(super) fn domain(&mut self, name: &QualifiedName, change: &DomainChange) {
        match change {
            DomainChange::Create {
                base,
                default,
                constraints,
            } => self.create_domain(name, (base, default.as_ref()), constraints),
            DomainChange::Drop { presence, reaction } => {
                self.drop_type(name, (*presence, *reaction));
            }
            DomainChange::AddConstraint(constraint) => self.add_domain_constraint(name, constraint),
            DomainChange::DropConstraint {
                name: constraint,
                presence,
                ..
            } => {
                let mut found = false;
                self.edit_domain(name, |constraints, _| {
                    found = constraints.iter().any(|own| own.name.ident() == constraint);
                    constraints.retain(|own| own.name.ident() != constraint);
                });
                self.require_domain_constraint(name, constraint, (found, *presence));
            }
            DomainChange::ValidateConstraint(constraint) => {
                let mut found = false;
                self.edit_domain(name, |constraints, _| {
                    for own in named(constraints, constraint) {
                        found = true;
                        own.validity = Validity::Valid;
                    }
                });
                self.require_domain_constraint(name, constraint, (found, Presence::Required));
            }
            DomainChange::RenameConstraint { from, to } => {
                let mut found = false;
                self.edit_domain(name, |constraints, _| {
                    for own in named(constraints, from) {
                        found = true;
                        own.name = ChosenName::Given(to.clone());
                    }
                });
                self.require_domain_constraint(name, from, (found, Presence::Required));
            }
            DomainChange::SetNotNull => self.refuse_null_in_domain(name),
            DomainChange::DropNotNull => self.edit_domain(name, |constraints, _| {
                constraints.retain(|own| !matches!(own.kind, ConstraintKind::NotNull(_)));
            }),
            DomainChange::SetDefault(expression) => {
                self.edit_domain(name, |_, default| *default = Some(expression.clone()));
            }
            DomainChange::DropDefault => self.edit_domain(name, |_, default| *default = None),
            DomainChange::Rename(to) => self.move_type(name, &name.sibling(to.clone())),
            DomainChange::SetNamespace(namespace) => {
                let to = QualifiedName {
                    namespace: namespace.clone(),
                    name: name.name.clone(),
                };
                self.move_type(name, &to);
            }
            DomainChange::SetOwner(_) => self.require_type(name),
        }
    }

    fn create_domain(
        &mut self,
        name: &QualifiedName,
        (base, default): (&DataType, Option<&Expression>),
        constraints: &[Constraint],
    ) {
        let taken = self.catalog.types.contains_key(name);
        let kind = UserTypeKind::Domain {
            base: base.clone(),
            default: default.cloned(),
            constraints: Vec::new(),
        };
        self.create_type(name, kind);
        if !taken {
            for constraint in constraints {
                self.add_domain_constraint(name, constraint);
            }
        }
    }

    /// Changes a domain's constraints and default. A shell that stands for an unknown type stays silent.
    fn edit_domain(
        &mut self,
        name: &QualifiedName,
        change: impl FnOnce(&mut Vec<Constraint>, &mut Option<Expression>),
    ) {
        self.require_type(name);
        if let Some(UserType {
            kind:
                UserTypeKind::Domain {
                    constraints,
                    default,
                    ..
                },
            ..
        }) = self.catalog.types.get_mut(name)
        {
            change(constraints, default);
        }
    }

    fn is_domain(&self, name: &QualifiedName) -> bool {
        match self.catalog.types.get(name).map(|found| &found.kind) {
            Some(UserTypeKind::Domain { .. }) => true,
            Some(UserTypeKind::Plain(_)) | None => false,
        }
    }

    fn require_domain_constraint(
        &mut self,
        domain: &QualifiedName,
        constraint: &Ident,
        (found, presence): (bool, Presence),
    ) {
        if !found && presence == Presence::Required && self.is_domain(domain) {
            self.missing_part("constraint", constraint, domain);
        }
    }

    fn add_domain_constraint(&mut self, domain: &QualifiedName, constraint: &Constraint) {
        let mut taken = None;
        self.edit_domain(domain, |constraints, _| {
            let is_free = |name: &Ident| constraints.iter().all(|own| own.name.ident() != name);
            let name = match &constraint.name {
                ChosenName::Given(name) if is_free(name) => name.clone(),
                ChosenName::Given(name) => {
                    taken = Some(name.clone());
                    return;
                }
                ChosenName::Generated(base) => first_free(base, is_free),
            };
            constraints.push(Constraint {
                name: ChosenName::Given(name),
                ..constraint.clone()
            });
        });
        if let Some(name) = taken {
            self.exists("constraint", name, Presence::Required);
        }
    }

    fn refuse_null_in_domain(&mut self, domain: &QualifiedName) {
        let name = object_name(domain.name.as_str(), "", "not_null");
        self.edit_domain(domain, |constraints, _| {
            if constraints
                .iter()
                .any(|own| matches!(own.kind, ConstraintKind::NotNull(_)))
            {
                return;
            }
            let is_free = |name: &Ident| constraints.iter().all(|own| own.name.ident() != name);
            constraints.push(Constraint {
                name: ChosenName::Given(first_free(&name, is_free)),
                kind: ConstraintKind::NotNull(Ident::new("value")),
                validity: Validity::Valid,
                enforcement: Enforcement::Enforced,
                deferral: Deferral::NotDeferrable,
            });
        });
    }
}

fn named<'a>(
    constraints: &'a mut [Constraint],
    name: &'a Ident,
) -> impl Iterator<Item = &'a mut Constraint> {
    constraints
        .iter_mut()
        .filter(move |own| own.name.ident() == name)
}
