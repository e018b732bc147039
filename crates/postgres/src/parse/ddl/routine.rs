//! CREATE, ALTER and DROP FUNCTION, PROCEDURE and ROUTINE.

use segue_model::{
    Change, DataType, Ident, RoutineBody, RoutineChange, RoutineDefinition, Volatility,
};
use squawk_syntax::ast::{self, AstNode};

use super::{
    Answer,
    clause::{made, new_name, new_namespace, non_empty, owner, presence, reaction},
};
use crate::parse::reader::{ReadError, Reader};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum: the rest is for other files"
)]
pub(super) fn changes(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Answer {
    Ok(Some(match statement {
        ast::Stmt::CreateFunction(create) => vec![create_function(reader, create)?],
        ast::Stmt::CreateProcedure(create) => vec![create_procedure(reader, create)?],
        ast::Stmt::AlterFunction(alter) => vec![alter_function(reader, alter)?],
        ast::Stmt::AlterProcedure(alter) => vec![alter_procedure(reader, alter)?],
        ast::Stmt::AlterRoutine(alter) => vec![alter_routine(reader, alter)?],
        ast::Stmt::DropFunction(drop) => {
            let list = reader.require(drop.function_sig_list(), drop, "a function")?;
            let change = drop_change(drop.if_exists().as_ref(), drop.drop_behavior().as_ref());
            dropped(reader, list.function_sigs(), &change, drop)?
        }
        ast::Stmt::DropProcedure(drop) => {
            let list = reader.require(drop.procedure_sig_list(), drop, "a procedure")?;
            let change = drop_change(drop.if_exists().as_ref(), drop.drop_behavior().as_ref());
            dropped(reader, list.procedure_sigs(), &change, drop)?
        }
        ast::Stmt::DropRoutine(drop) => {
            let list = reader.require(drop.routine_sig_list(), drop, "a routine")?;
            let change = drop_change(drop.if_exists().as_ref(), drop.drop_behavior().as_ref());
            dropped(reader, list.routine_sigs(), &change, drop)?
        }
        _ => return Ok(None),
    }))
}

fn drop_change(
    if_exists: Option<&ast::IfExists>,
    behavior: Option<&ast::DropBehavior>,
) -> RoutineChange {
    RoutineChange::Drop {
        presence: presence(if_exists),
        reaction: reaction(behavior),
    }
}

fn dropped<N: AstNode>(
    reader: &mut Reader<'_>,
    signatures: impl Iterator<Item = N>,
    change: &RoutineChange,
    inside: &impl AstNode,
) -> Result<Vec<Change>, ReadError> {
    let mut changes = Vec::new();
    for signature in signatures {
        changes.push(Change::Routine(
            reader.qualified(&signature)?,
            change.clone(),
        ));
    }
    non_empty(reader, changes, inside, "a routine")
}

fn create_function(
    reader: &mut Reader<'_>,
    statement: &ast::CreateFunction,
) -> Result<Change, ReadError> {
    let name = made(reader, statement.name(), statement)?;
    let parameters = reader.require(statement.param_list(), statement, "arguments")?;
    let returns = match statement.ret_type() {
        Some(clause) => returns(reader, &clause)?,
        None => returned_by_arguments(reader, &parameters)?,
    };
    let code = (statement.option_list(), statement.body());
    let arguments = arguments(reader, Some(parameters))?;
    let definition = definition(reader, arguments, returns, code, statement)?;
    let change = match statement.or_replace() {
        Some(_) => RoutineChange::Replace(definition),
        None => RoutineChange::Create(definition),
    };
    Ok(Change::Routine(name, change))
}

fn create_procedure(
    reader: &mut Reader<'_>,
    statement: &ast::CreateProcedure,
) -> Result<Change, ReadError> {
    let name = made(reader, statement.name(), statement)?;
    let parameters = reader.require(statement.param_list(), statement, "arguments")?;
    let arguments = arguments(reader, Some(parameters))?;
    let code = (statement.option_list(), statement.body());
    let definition = definition(reader, arguments, "void".to_owned(), code, statement)?;
    let change = match statement.or_replace() {
        Some(_) => RoutineChange::Replace(definition),
        None => RoutineChange::Create(definition),
    };
    Ok(Change::Routine(name, change))
}

type Code = (Option<ast::FuncOptionList>, Option<ast::RoutineBody>);

fn definition(
    reader: &mut Reader<'_>,
    arguments: Vec<DataType>,
    returns: String,
    (options, body): Code,
    inside: &impl AstNode,
) -> Result<Box<RoutineDefinition>, ReadError> {
    let mut volatility = Volatility::Volatile;
    let mut language = None;
    for option in options.iter().flat_map(ast::FuncOptionList::options) {
        if let ast::FuncOption::VolatilityFuncOption(written) = &option {
            volatility = match written {
                ast::VolatilityFuncOption::Immutable(_) => Volatility::Immutable,
                ast::VolatilityFuncOption::Stable(_) => Volatility::Stable,
                ast::VolatilityFuncOption::Volatile(_) => Volatility::Volatile,
            };
        }
        if let ast::FuncOption::LanguageFuncOption(written) = &option {
            let name = reader
                .require(written.language_name(), written, "a language")?
                .name;
            language = Some(Ident::new(name.to_ascii_lowercase()));
        }
    }
    // Only a body in standard SQL may leave the language out.
    let default = body.is_some().then(|| Ident::from("sql"));
    let language = reader.require(language.or(default), inside, "LANGUAGE")?;
    Ok(Box::new(RoutineDefinition {
        arguments,
        returns,
        volatility,
        body: match &options {
            Some(options) => reader.routine_body(options),
            None => RoutineBody::Unread("a body in standard SQL".to_owned()),
        },
        language,
    }))
}

/// The types of the arguments that a call gives, which are a routine's signature.
pub(super) fn arguments(
    reader: &mut Reader<'_>,
    list: Option<ast::ParamList>,
) -> Result<Vec<DataType>, ReadError> {
    let mut arguments = Vec::new();
    for parameter in list.into_iter().flat_map(|list| list.params()) {
        if !matches!(parameter.mode(), Some(ast::ParamMode::ParamOut(_))) {
            let written = reader.require(parameter.func_type(), &parameter, "a type")?;
            arguments.push(routine_type(reader, &written)?);
        }
    }
    Ok(arguments)
}

/// `table.column%TYPE` stays as it is written: it follows the column.
fn routine_type(reader: &mut Reader<'_>, written: &ast::FuncType) -> Result<DataType, ReadError> {
    match written {
        ast::FuncType::Type(data_type) => reader.data_type(data_type),
        ast::FuncType::PercentType(percent) => Ok(DataType::built_in(
            &reader.verbatim(percent).to_ascii_lowercase(),
        )),
    }
}

fn returns(reader: &mut Reader<'_>, clause: &ast::RetType) -> Result<String, ReadError> {
    if clause.table_token().is_some() {
        let list = reader.require(clause.return_table_arg_list(), clause, "columns")?;
        let columns: Vec<_> = list.args().collect();
        non_empty(reader, columns, &list, "columns")?;
        return Ok("table".to_owned());
    }
    let written = reader.require(clause.func_type(), clause, "a type")?;
    let name = routine_type(reader, &written)?.to_string();
    let is_set = written
        .syntax()
        .descendants_with_tokens()
        .any(|element| element.kind() == squawk_syntax::SyntaxKind::SETOF_KW);
    Ok(if is_set {
        ["setof ", &name].concat()
    } else {
        name
    })
}

/// Without RETURNS a function returns its OUT arguments: one, or a record of several.
fn returned_by_arguments(
    reader: &mut Reader<'_>,
    list: &ast::ParamList,
) -> Result<String, ReadError> {
    let mut out = Vec::new();
    for parameter in list.params() {
        let is_out = matches!(
            parameter.mode(),
            Some(ast::ParamMode::ParamOut(_) | ast::ParamMode::ParamInOut(_))
        );
        if is_out {
            let written = reader.require(parameter.func_type(), &parameter, "a type")?;
            out.push(routine_type(reader, &written)?);
        }
    }
    match out.as_slice() {
        [] => Err(reader.missing(list, "RETURNS or an OUT argument")),
        [one] => Ok(one.to_string()),
        _ => Ok("record".to_owned()),
    }
}

fn alter_function(
    reader: &mut Reader<'_>,
    statement: &ast::AlterFunction,
) -> Result<Change, ReadError> {
    use ast::AlterFunctionAction as Action;
    let name = reader.require_qualified(statement.function_sig(), statement, "a function")?;
    let change = match reader.require(statement.action(), statement, "an action")? {
        Action::FunctionRenameTo(rename) => {
            RoutineChange::Rename(new_name(reader, rename.function_name(), &rename)?)
        }
        Action::OwnerTo(clause) => RoutineChange::SetOwner(owner(reader, &clause)?),
        Action::SetSchema(set) => RoutineChange::SetNamespace(new_namespace(reader, &set)?),
        Action::FuncOptionList(options) => altered(reader, &options)?,
        Action::DependsOnExtension(_) | Action::NoDependsOnExtension(_) => RoutineChange::Alter,
    };
    Ok(Change::Routine(name, change))
}

fn alter_procedure(
    reader: &mut Reader<'_>,
    statement: &ast::AlterProcedure,
) -> Result<Change, ReadError> {
    use ast::AlterProcedureAction as Action;
    let name = reader.require_qualified(statement.procedure_sig(), statement, "a procedure")?;
    let change = match reader.require(statement.action(), statement, "an action")? {
        Action::ProcedureRenameTo(rename) => {
            RoutineChange::Rename(new_name(reader, rename.procedure_name(), &rename)?)
        }
        Action::OwnerTo(clause) => RoutineChange::SetOwner(owner(reader, &clause)?),
        Action::SetSchema(set) => RoutineChange::SetNamespace(new_namespace(reader, &set)?),
        Action::FuncOptionList(options) => altered(reader, &options)?,
        Action::DependsOnExtension(_) | Action::NoDependsOnExtension(_) => RoutineChange::Alter,
    };
    Ok(Change::Routine(name, change))
}

fn alter_routine(
    reader: &mut Reader<'_>,
    statement: &ast::AlterRoutine,
) -> Result<Change, ReadError> {
    use ast::AlterRoutineAction as Action;
    let name = reader.require_qualified(statement.routine_sig(), statement, "a routine")?;
    let change = match reader.require(statement.action(), statement, "an action")? {
        Action::RoutineRenameTo(rename) => {
            RoutineChange::Rename(new_name(reader, rename.routine_name(), &rename)?)
        }
        Action::OwnerTo(clause) => RoutineChange::SetOwner(owner(reader, &clause)?),
        Action::SetSchema(set) => RoutineChange::SetNamespace(new_namespace(reader, &set)?),
        Action::FuncOptionList(options) => altered(reader, &options)?,
        Action::DependsOnExtension(_) | Action::NoDependsOnExtension(_) => RoutineChange::Alter,
    };
    Ok(Change::Routine(name, change))
}

fn altered(reader: &Reader<'_>, options: &ast::FuncOptionList) -> Result<RoutineChange, ReadError> {
    let written: Vec<_> = options.options().collect();
    non_empty(reader, written, options, "an option")?;
    Ok(RoutineChange::Alter)
}
