//! Routes with or without their part of the OpenAPI document. The same lines say both, but only the local system
//! asks for the document: making it takes time at each start and room in each function, and none of them shows it.

use axum::Router;
use axum::handler::Handler;
use axum::routing::MethodRouter;
use utoipa_axum::PathItemExt as _;
use utoipa_axum::router::UtoipaMethodRouter;

pub use utoipa_axum::router::OpenApiRouter;
// For what `routes!` becomes.
#[doc(hidden)]
pub use utoipa_axum::{paste, routes as with_description};

/// What routes are collected in: axum's router keeps the routes alone, utoipa's their description too.
pub trait Routes<S>: Sized {
    /// None yet.
    #[must_use]
    fn new() -> Self;

    /// With the handlers of one path, as [`routes!`](crate::routes!) gives them.
    #[must_use]
    fn routes<D>(self, handlers: Handlers<S, D>) -> Self
    where
        D: FnOnce() -> UtoipaMethodRouter<S>;

    /// With a path that no document describes.
    #[must_use]
    fn route(self, path: &str, methods: MethodRouter<S>) -> Self;

    /// With others.
    #[must_use]
    fn merge(self, others: Self) -> Self;
}

/// The handlers of one path.
#[derive(Debug)]
pub struct Handlers<S, D> {
    path: String,
    methods: MethodRouter<S>,
    described: D,
}

impl<S, D> Handlers<S, D>
where
    S: Clone + Send + Sync + 'static,
{
    /// No handler yet. `described` makes all of them again, with their description.
    #[doc(hidden)]
    pub fn of<P: utoipa::Path>(described: D) -> Self {
        Self {
            path: P::path(),
            methods: MethodRouter::new(),
            described,
        }
    }

    /// With the handler that `P` describes.
    #[doc(hidden)]
    #[must_use]
    pub fn and<P, H, T>(mut self, handler: &H) -> Self
    where
        P: utoipa::Path,
        H: Handler<T, S>,
        T: 'static,
    {
        for method in P::methods() {
            self.methods = self.methods.on(method.to_method_filter(), handler.clone());
        }
        self
    }
}

impl<S> Routes<S> for Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    fn new() -> Self {
        Router::new()
    }

    fn routes<D>(self, handlers: Handlers<S, D>) -> Self
    where
        D: FnOnce() -> UtoipaMethodRouter<S>,
    {
        self.route(&handlers.path, handlers.methods)
    }

    fn route(self, path: &str, methods: MethodRouter<S>) -> Self {
        self.route(path, methods)
    }

    fn merge(self, others: Self) -> Self {
        self.merge(others)
    }
}

impl<S> Routes<S> for OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    fn new() -> Self {
        OpenApiRouter::new()
    }

    fn routes<D>(self, handlers: Handlers<S, D>) -> Self
    where
        D: FnOnce() -> UtoipaMethodRouter<S>,
    {
        self.routes((handlers.described)())
    }

    fn route(self, path: &str, methods: MethodRouter<S>) -> Self {
        self.route(path, methods)
    }

    fn merge(self, others: Self) -> Self {
        self.merge(others)
    }
}

/// The handlers of one path, each annotated with `utoipa::path`, for [`Routes::routes`].
#[macro_export]
macro_rules! routes {
    ($first:ident $(, $other:ident)* $(,)?) => {
        $crate::routes::paste! {
            $crate::routes::Handlers::of::<[<__path_ $first>]>(
                || $crate::routes::with_description!($first $(, $other)*),
            )
            .and::<[<__path_ $first>], _, _>(&$first)
            $(.and::<[<__path_ $other>], _, _>(&$other))*
        }
    };
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;
    use http::StatusCode;
    use tower::ServiceExt as _;

    use super::*;

    #[utoipa::path(get, path = "/things/{id}", responses((status = 200)))]
    async fn read() -> &'static str {
        "read"
    }

    #[utoipa::path(delete, path = "/things/{id}", responses((status = 202)))]
    async fn delete() -> StatusCode {
        StatusCode::ACCEPTED
    }

    fn all<R: Routes<()>>() -> R {
        R::new().routes(crate::routes!(read, delete))
    }

    #[tokio::test]
    async fn the_same_routes_are_there_with_and_without_a_document() {
        let (described, document) = all::<OpenApiRouter>().split_for_parts();
        for router in [all::<Router>(), described] {
            for (method, expected) in [("GET", 200), ("DELETE", 202), ("PUT", 405)] {
                let request = Request::builder()
                    .method(method)
                    .uri("/things/7")
                    .body(Body::empty())
                    .unwrap();

                let response = router.clone().oneshot(request).await.unwrap();

                assert_eq!(response.status().as_u16(), expected, "{method}");
            }
        }
        let path = document.paths.paths.get("/things/{id}").unwrap();
        assert!(path.get.is_some() && path.delete.is_some());
    }
}
