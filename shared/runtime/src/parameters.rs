//! Parameters of a path and of a query: axum's own extractors, with problem documents for what
//! they refuse.

use axum::extract::{FromRequestParts, Path as AxumPath, Query as AxumQuery};
use beckon_domain::problem::FieldProblem;
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::Problem;

/// A parameter of the path. What is not even text names nothing of ours.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        AxumPath::from_request_parts(parts, state)
            .await
            .map(|AxumPath(value)| Self(value))
            .map_err(|_| {
                Problem::new(
                    StatusCode::NOT_FOUND,
                    "not-found",
                    "Not found",
                    "There is nothing at this address; check the id, it is not one of ours.",
                )
            })
    }
}

/// The parameters of the query.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        AxumQuery::from_request_parts(parts, state)
            .await
            .map(|AxumQuery(value)| Self(value))
            .map_err(|_| {
                Problem::invalid_fields(vec![FieldProblem::new(
                    "",
                    "malformedQuery",
                    "has parameters that this route does not take, or not in this form, or not twice; /openapi.json lists them",
                )])
            })
    }
}
