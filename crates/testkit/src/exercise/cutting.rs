//! Sessions that are not what they seem. One is cut at a chosen call: everything before it is real, and so is what the
//! server does then. One says that it did what it did not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use segue_model::{Catalog, CatalogScope, Failure, Request, Session, SessionError, Sql, TextRows};

/// Which side of a call the cut is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The call never reaches the server.
    BeforeSending,
    /// The server did it; the reply is lost.
    AfterReply,
}

/// Whether anything works after the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The process is gone: nothing of this run works any more.
    Dead,
    /// Only that connection is gone.
    Reconnects,
}

/// Where the cut is; shared by all connections of a run.
#[derive(Debug)]
pub struct Knife {
    place: Place,
    is_used: AtomicBool,
    moment: Moment,
    then: Then,
}

/// Which call is cut.
#[derive(Debug)]
enum Place {
    /// The last of so many that are left.
    Call(AtomicUsize),
    /// The first with these words.
    Saying(&'static str),
}

impl Place {
    fn is_reached(&self, says: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Call(left) => {
                let before = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                    left.checked_sub(1)
                });
                before == Ok(1)
            }
            Self::Saying(words) => says(words),
        }
    }
}

impl Knife {
    /// At a call, counted from 1.
    pub fn at(call: usize, moment: Moment, then: Then) -> Arc<Self> {
        Self::placed(Place::Call(AtomicUsize::new(call)), (moment, then))
    }

    /// At the first call with these words in a statement, or as one of its values: the same step, however many calls come
    /// before it.
    pub fn at_words(words: &'static str, moment: Moment, then: Then) -> Arc<Self> {
        Self::placed(Place::Saying(words), (moment, then))
    }

    fn placed(place: Place, (moment, then): (Moment, Then)) -> Arc<Self> {
        Arc::new(Self {
            place,
            is_used: AtomicBool::new(false),
            moment,
            then,
        })
    }

    /// True when the run came to its cut.
    pub fn is_used(&self) -> bool {
        self.is_used.load(Ordering::SeqCst)
    }
}

/// A connection of the run that is cut.
#[derive(Debug)]
pub struct Cut<S> {
    inner: Option<S>,
    knife: Arc<Knife>,
}

impl<S: Session> Cut<S> {
    /// A connection that the knife may cut.
    ///
    /// # Errors
    /// When the process is dead.
    pub fn new(inner: S, knife: &Arc<Knife>) -> Result<Self, CutError<S::Error>> {
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
        requests: &[Request<'_>],
        act: impl FnOnce(&mut S) -> Result<T, S::Error>,
    ) -> Result<T, CutError<S::Error>> {
        let is_dead = self.knife.is_used() && self.knife.then == Then::Dead;
        let Some(inner) = self.inner.as_mut().filter(|_| !is_dead) else {
            self.inner = None;
            return Err(CutError::Cut);
        };
        let says = |words: &str| requests.iter().any(|request| says(request, words));
        if self.knife.is_used() || !self.knife.place.is_reached(says) {
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

fn says(request: &Request<'_>, words: &str) -> bool {
    match request {
        Request::Execute(statement) => statement.as_str().contains(words),
        Request::Users(text) => text.contains(words),
        Request::Query(statement, values) => {
            let mut values = values.iter().flatten();
            statement.as_str().contains(words) || values.any(|value| *value == words)
        }
    }
}

/// Why a call failed.
#[derive(Debug)]
pub enum CutError<E> {
    /// It was cut.
    Cut,
    /// The server said so.
    Server(E),
}

impl<E: SessionError> std::fmt::Display for CutError<E> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cut => formatter.write_str("the connection was cut"),
            Self::Server(error) => write!(formatter, "{error}"),
        }
    }
}

impl<E: SessionError> std::error::Error for CutError<E> {}

impl<E: SessionError> SessionError for CutError<E> {
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

impl<S: Session> Session for Cut<S> {
    type Error = CutError<S::Error>;

    fn execute(&mut self, statement: &Sql) -> Result<(), Self::Error> {
        self.call(&[Request::Execute(statement)], |session| {
            session.execute(statement)
        })
    }

    fn execute_users(&mut self, text: &str) -> Result<(), Self::Error> {
        self.call(&[Request::Users(text)], |session| {
            session.execute_users(text)
        })
    }

    fn query(&mut self, statement: &Sql) -> Result<TextRows, Self::Error> {
        self.call(&[Request::Query(statement, &[])], |session| {
            session.query(statement)
        })
    }

    fn query_with(
        &mut self,
        statement: &Sql,
        parameters: &[Option<&str>],
    ) -> Result<TextRows, Self::Error> {
        self.call(&[Request::Query(statement, parameters)], |session| {
            session.query_with(statement, parameters)
        })
    }

    fn change_with(
        &mut self,
        statement: &Sql,
        parameters: &[Option<&str>],
    ) -> Result<u64, Self::Error> {
        self.call(&[Request::Query(statement, parameters)], |session| {
            session.change_with(statement, parameters)
        })
    }

    fn send_all(
        &mut self,
        requests: &[Request<'_>],
    ) -> Result<Vec<TextRows>, (usize, Self::Error)> {
        let mut failed = 0;
        self.call(requests, |session| {
            let sent = session.send_all(requests);
            sent.map_err(|(number, error)| {
                failed = number;
                error
            })
        })
        .map_err(|error| (failed, error))
    }

    fn catalog_after(
        &mut self,
        requests: &[Request<'_>],
        scope: &CatalogScope,
    ) -> Result<Catalog, (usize, Self::Error)> {
        let mut failed = 0;
        self.call(requests, |session| {
            let read = session.catalog_after(requests, scope);
            read.map_err(|(number, error)| {
                failed = number;
                error
            })
        })
        .map_err(|error| (failed, error))
    }

    fn catalog(&mut self, scope: &CatalogScope) -> Result<Catalog, Self::Error> {
        self.call(&[], |session| session.catalog(scope))
    }

    fn copy(&mut self, named_after: &str) -> Result<Option<String>, Self::Error> {
        self.call(&[], |session| session.copy(named_after))
    }
}

/// A connection that does not send what has a certain word in it, and says that it was done.
#[derive(Debug)]
pub struct Lying<S> {
    inner: S,
    about: &'static str,
}

impl<S: Session> Lying<S> {
    /// It lies about the user's statements that have this word.
    pub fn new(inner: S, about: &'static str) -> Self {
        Self { inner, about }
    }
}

impl<S: Session> Session for Lying<S> {
    type Error = S::Error;

    fn execute(&mut self, statement: &Sql) -> Result<(), S::Error> {
        self.inner.execute(statement)
    }

    fn execute_users(&mut self, text: &str) -> Result<(), S::Error> {
        if text.contains(self.about) {
            Ok(())
        } else {
            self.inner.execute_users(text)
        }
    }

    fn query(&mut self, statement: &Sql) -> Result<TextRows, S::Error> {
        self.inner.query(statement)
    }

    fn query_with(
        &mut self,
        statement: &Sql,
        parameters: &[Option<&str>],
    ) -> Result<TextRows, S::Error> {
        self.inner.query_with(statement, parameters)
    }

    fn change_with(
        &mut self,
        statement: &Sql,
        parameters: &[Option<&str>],
    ) -> Result<u64, S::Error> {
        self.inner.change_with(statement, parameters)
    }

    fn catalog(&mut self, scope: &CatalogScope) -> Result<Catalog, S::Error> {
        self.inner.catalog(scope)
    }
}
