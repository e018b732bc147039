//! A session that is cut at a chosen call: everything before it is real, and so is what the server does then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use segue_model::{Catalog, CatalogScope, Failure, Session, SessionError, Sql, TextRows};
use segue_postgres::{PostgresError, PostgresSession};

/// Which side of a call the cut is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The call never reaches the server.
    BeforeSending,
    /// The server did it; the reply is lost.
    AfterReply,
}

/// Whether anything works after the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The process is gone: nothing of this run works any more.
    Dead,
    /// Only that connection is gone.
    Reconnects,
}

/// Where the cut is; shared by all connections of a run.
#[derive(Debug)]
pub(crate) struct Knife {
    calls_left: AtomicUsize,
    is_used: AtomicBool,
    moment: Moment,
    then: Then,
}

impl Knife {
    pub(crate) fn at(call: usize, moment: Moment, then: Then) -> Arc<Self> {
        Arc::new(Self {
            calls_left: AtomicUsize::new(call),
            is_used: AtomicBool::new(false),
            moment,
            then,
        })
    }

    /// True when the run had more calls than the number of the cut.
    pub(crate) fn is_used(&self) -> bool {
        self.is_used.load(Ordering::SeqCst)
    }
}

/// A connection of the run that is cut.
pub(crate) struct Cut {
    inner: Option<PostgresSession>,
    knife: Arc<Knife>,
}

impl Cut {
    pub(crate) fn new(inner: PostgresSession, knife: &Arc<Knife>) -> Result<Self, CutError> {
        if knife.is_used() && knife.then == Then::Dead {
            return Err(CutError::Cut);
        }
        Ok(Self {
            inner: Some(inner),
            knife: Arc::clone(knife),
        })
    }

    fn call<T>(
        &mut self,
        act: impl FnOnce(&mut PostgresSession) -> Result<T, PostgresError>,
    ) -> Result<T, CutError> {
        let is_dead = self.knife.is_used() && self.knife.then == Then::Dead;
        let Some(inner) = self.inner.as_mut().filter(|_| !is_dead) else {
            self.inner = None;
            return Err(CutError::Cut);
        };
        let left = self
            .knife
            .calls_left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        if left != Ok(1) {
            return act(inner).map_err(CutError::Server);
        }
        self.knife.is_used.store(true, Ordering::SeqCst);
        if self.knife.moment == Moment::AfterReply {
            let _ = act(inner);
        }
        self.inner = None;
        Err(CutError::Cut)
    }
}

#[derive(Debug)]
pub(crate) enum CutError {
    Cut,
    Server(PostgresError),
}

impl std::fmt::Display for CutError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cut => formatter.write_str("the connection was cut"),
            Self::Server(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for CutError {}

impl SessionError for CutError {
    fn failure(&self) -> Failure {
        match self {
            Self::Cut => Failure::ConnectionLost,
            Self::Server(error) => error.failure(),
        }
    }

    fn code(&self) -> Option<&str> {
        match self {
            Self::Cut => None,
            Self::Server(error) => error.code(),
        }
    }
}

impl Session for Cut {
    type Error = CutError;

    fn execute(&mut self, statement: &Sql) -> Result<(), CutError> {
        self.call(|session| session.execute(statement))
    }

    fn execute_users(&mut self, text: &str) -> Result<(), CutError> {
        self.call(|session| session.execute_users(text))
    }

    fn query(&mut self, statement: &Sql) -> Result<TextRows, CutError> {
        self.call(|session| session.query(statement))
    }

    fn query_with(
        &mut self,
        statement: &Sql,
        parameters: &[Option<&str>],
    ) -> Result<TextRows, CutError> {
        self.call(|session| session.query_with(statement, parameters))
    }

    fn execute_and_query(
        &mut self,
        first: &Sql,
        second: &Sql,
        parameters: &[Option<&str>],
    ) -> Result<TextRows, CutError> {
        self.call(|session| session.execute_and_query(first, second, parameters))
    }

    fn query_and_execute(
        &mut self,
        first: &Sql,
        parameters: &[Option<&str>],
        second: &Sql,
    ) -> Result<TextRows, CutError> {
        self.call(|session| session.query_and_execute(first, parameters, second))
    }

    fn catalog(&mut self, scope: &CatalogScope) -> Result<Catalog, CutError> {
        self.call(|session| session.catalog(scope))
    }
}
