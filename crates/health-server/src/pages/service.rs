//! The pages as a service of `tower`, for whatever server there is.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use http::{Request, Response};
use tower::Service;

use super::{Pages, reply};
use crate::Body;

/// Answers our paths, and 404 to any other. Nothing is waited for: the answer is there at once.
impl<B> Service<Request<B>> for Pages {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let page = self.find(request.method(), request.uri().path());
        ready(Ok(page.map_or_else(reply::no_page, |page| self.answer(page, &request))))
    }
}
