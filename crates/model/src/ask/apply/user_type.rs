//! Types that are no domain: enums, composite types and the rest.

use crate::{
    Column, ColumnChange, DataType, EnumPosition, Ident, Link, Presence, QualifiedName, Reaction,
    Scope, Target, TypeChange, TypeDefinition, TypeName, UserType, UserTypeKind,
};

use super::Effect;
use super::rename::retype_columns;

impl Effect<'_> {
    pub(super) fn user_type(&mut self, name: &QualifiedName, change: &TypeChange) {
        match change {
            TypeChange::Create(definition) => {
                self.create_type(name, UserTypeKind::Plain(definition.clone()));
            }
            TypeChange::Drop { presence, reaction } => {
                self.drop_type(name, (*presence, *reaction));
            }
            TypeChange::Rename(to) => self.move_type(name, &name.sibling(to.clone())),
            TypeChange::SetNamespace(namespace) => {
                let to = QualifiedName {
                    namespace: namespace.clone(),
                    name: name.name.clone(),
                };
                self.move_type(name, &to);
            }
            TypeChange::SetOwner(_) => self.require_type(name),
            TypeChange::AddValue {
                label,
                position,
                presence,
            } => self.add_label(name, label, position, *presence),
            TypeChange::RenameValue { from, to } => self.rename_label(name, from, to),
            TypeChange::AddAttribute { .. }
            | TypeChange::DropAttribute { .. }
            | TypeChange::AlterAttribute { .. }
            | TypeChange::RenameAttribute { .. } => self.attribute(name, change),
        }
    }

    fn attribute(&mut self, name: &QualifiedName, change: &TypeChange) {
        match change {
            TypeChange::AddAttribute {
                attribute,
                reaction,
            } => {
                self.edit_attributes(name, |attributes| attributes.push(attribute.clone()));
                let add = ColumnChange::Add {
                    column: attribute.clone(),
                    constraints: Vec::new(),
                    presence: Presence::Lenient,
                };
                self.follow(name, *reaction, &add);
            }
            TypeChange::DropAttribute {
                name: attribute,
                reaction,
                ..
            } => {
                self.edit_attributes(name, |attributes| {
                    attributes.retain(|own| &own.name != attribute);
                });
                let drop = ColumnChange::Drop {
                    name: attribute.clone(),
                    presence: Presence::Lenient,
                    reaction: *reaction,
                };
                self.follow(name, *reaction, &drop);
            }
            TypeChange::AlterAttribute {
                name: attribute,
                data_type,
                reaction,
            } => self.alter_attribute(name, attribute, data_type, *reaction),
            TypeChange::RenameAttribute { from, to, reaction } => {
                self.edit_attributes(name, |attributes| {
                    for own in attributes.iter_mut().filter(|own| &own.name == from) {
                        own.name.clone_from(to);
                    }
                });
                let rename = ColumnChange::Rename {
                    from: from.clone(),
                    to: to.clone(),
                };
                self.follow(name, *reaction, &rename);
            }
            TypeChange::Create(_)
            | TypeChange::Drop { .. }
            | TypeChange::Rename(_)
            | TypeChange::SetNamespace(_)
            | TypeChange::SetOwner(_)
            | TypeChange::AddValue { .. }
            | TypeChange::RenameValue { .. } => {}
        }
    }

    /// Puts a type under a name; one that was only mentioned before makes way.
    pub(super) fn create_type(&mut self, name: &QualifiedName, kind: UserTypeKind) {
        let shell = UserTypeKind::Plain(TypeDefinition::Base);
        let taken = self
            .catalog
            .types
            .get(name)
            .is_some_and(|found| found.kind != shell);
        if taken {
            self.exists("type", name, Presence::Required);
            return;
        }
        let created = UserType {
            kind,
            born: self.catalog.now,
            new_labels: Vec::new(),
        };
        self.catalog.types.insert(name.clone(), created);
    }

    /// A type that is not known is reported once and kept as a shell. An extension may have brought it.
    pub(super) fn require_type(&mut self, name: &QualifiedName) {
        if self.catalog.types.contains_key(name) {
            return;
        }
        if self.catalog.extensions.is_empty() && self.catalog.relation(name).is_none() {
            self.missing("type", name, Presence::Required);
        }
        self.create_type(name, UserTypeKind::Plain(TypeDefinition::Base));
    }

    pub(super) fn drop_type(
        &mut self,
        name: &QualifiedName,
        (presence, reaction): (Presence, Reaction),
    ) {
        if self.catalog.types.remove(name).is_none() && self.catalog.extensions.is_empty() {
            self.missing("type", name, presence);
        }
        match reaction {
            Reaction::Restrict => {}
            Reaction::Cascade => {
                let mut doomed = vec![name.clone()];
                while let Some(name) = doomed.pop() {
                    self.drop_columns_of_type(&name);
                    for table in self.dependents(&Link::HasType(name.clone())) {
                        self.drop_relation(&table, Reaction::Cascade);
                    }
                    let over: Vec<QualifiedName> = self.domains_over(&name);
                    for domain in &over {
                        self.catalog.types.remove(domain);
                    }
                    doomed.extend(over);
                }
            }
        }
    }

    fn domains_over(&self, base: &QualifiedName) -> Vec<QualifiedName> {
        self.catalog
            .types
            .iter()
            .filter(|(_, found)| match &found.kind {
                UserTypeKind::Domain { base: under, .. } => under.user_type() == Some(base),
                UserTypeKind::Plain(_) => false,
            })
            .map(|(name, _)| name.clone())
            .collect()
    }

    pub(super) fn move_type(&mut self, from: &QualifiedName, to: &QualifiedName) {
        if from == to {
            return;
        }
        self.require_type(from);
        if self.catalog.types.contains_key(to) {
            self.exists("type", to, Presence::Required);
            return;
        }
        if let Some(found) = self.catalog.types.remove(from) {
            self.catalog.types.insert(to.clone(), found);
        }
        for table in self.dependents(&Link::HasType(from.clone())) {
            self.catalog.edit_table(&table, |table| {
                retype_columns(&mut table.columns, from, to);
                if table.of_type.as_ref() == Some(from) {
                    table.of_type = Some(to.clone());
                }
            });
        }
        for found in self.catalog.types.values_mut() {
            match &mut found.kind {
                UserTypeKind::Domain { base, .. }
                | UserTypeKind::Plain(TypeDefinition::Range(base)) => retype(base, from, to),
                UserTypeKind::Plain(TypeDefinition::Composite(attributes)) => {
                    retype_columns(attributes, from, to);
                }
                UserTypeKind::Plain(TypeDefinition::Enum(_) | TypeDefinition::Base) => {}
            }
        }
    }

    fn add_label(
        &mut self,
        name: &QualifiedName,
        label: &String,
        position: &EnumPosition,
        presence: Presence,
    ) {
        self.require_type(name);
        let now = self.catalog.now;
        let Some(found) = self.catalog.types.get_mut(name) else {
            return;
        };
        let unfit = match &mut found.kind {
            UserTypeKind::Plain(TypeDefinition::Enum(labels)) => {
                if labels.contains(label) {
                    self.exists("label", format!("'{label}' of {name}"), presence);
                    return;
                }
                let at = match position {
                    EnumPosition::End => None,
                    EnumPosition::Before(other) => labels.iter().position(|own| own == other),
                    EnumPosition::After(other) => {
                        labels.iter().position(|own| own == other).map(|at| at + 1)
                    }
                };
                labels.insert(at.unwrap_or(labels.len()).min(labels.len()), label.clone());
                false
            }
            UserTypeKind::Plain(TypeDefinition::Base) => false,
            UserTypeKind::Plain(TypeDefinition::Composite(_) | TypeDefinition::Range(_))
            | UserTypeKind::Domain { .. } => true,
        };
        if unfit {
            self.unfit(name, format!("{name} is not an enum"));
        } else {
            found.new_labels.retain(|(own, _)| own != label);
            found.new_labels.push((label.clone(), now));
        }
    }

    fn rename_label(&mut self, name: &QualifiedName, from: &String, to: &String) {
        self.require_type(name);
        let Some(found) = self.catalog.types.get_mut(name) else {
            return;
        };
        for (label, _) in found.new_labels.iter_mut().filter(|(own, _)| own == from) {
            label.clone_from(to);
        }
        if let UserTypeKind::Plain(TypeDefinition::Enum(labels)) = &mut found.kind {
            if labels.contains(to) {
                self.exists("label", format!("'{to}' of {name}"), Presence::Required);
            } else if let Some(label) = labels.iter_mut().find(|own| *own == from) {
                label.clone_from(to);
            } else {
                self.missing("label", format!("'{from}' of {name}"), Presence::Required);
            }
        }
    }

    fn edit_attributes(&mut self, name: &QualifiedName, change: impl FnOnce(&mut Vec<Column>)) {
        self.require_type(name);
        if let Some(UserType {
            kind: UserTypeKind::Plain(TypeDefinition::Composite(attributes)),
            ..
        }) = self.catalog.types.get_mut(name)
        {
            change(attributes);
        }
    }

    fn alter_attribute(
        &mut self,
        name: &QualifiedName,
        attribute: &Ident,
        data_type: &DataType,
        reaction: Reaction,
    ) {
        self.edit_attributes(name, |attributes| {
            for own in attributes.iter_mut().filter(|own| &own.name == attribute) {
                own.data_type = data_type.clone();
            }
        });
        let set_type = ColumnChange::SetType {
            name: attribute.clone(),
            data_type: data_type.clone(),
            collation: None,
            using: None,
        };
        self.follow(name, reaction, &set_type);
    }

    /// With CASCADE the typed tables follow a change of their composite type.
    fn follow(&mut self, of_type: &QualifiedName, reaction: Reaction, change: &ColumnChange) {
        match reaction {
            Reaction::Restrict => {}
            Reaction::Cascade => {
                for table in self.dependents(&Link::HasType(of_type.clone())) {
                    let typed = self
                        .catalog
                        .table(&table)
                        .is_some_and(|found| found.of_type.as_ref() == Some(of_type));
                    if typed {
                        let target = Target {
                            name: table,
                            presence: Presence::Required,
                            scope: Scope::WithDescendants,
                        };
                        self.column(&target, change);
                    }
                }
            }
        }
    }
}

fn retype(data_type: &mut DataType, from: &QualifiedName, to: &QualifiedName) {
    if let TypeName::User(name) = &mut data_type.name
        && name == from
    {
        name.clone_from(to);
    }
}
