//! The table's schema, for the places that make it themselves: one machine and tests. In AWS the
//! template makes the same one; a test holds the two together.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
    TimeToLiveSpecification,
};
use beckon_domain::ports::error::Unavailable;

use super::{foreign, keys, unavailable};

/// Makes the table if it does not exist. Gives whether it was made.
pub async fn create_table(config: &aws_types::SdkConfig, name: &str) -> Result<bool, Unavailable> {
    let client = Client::new(config);
    let attribute = |name: &str| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .map_err(foreign)
    };
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewImage)
        .build()
        .map_err(foreign)?;
    let answer = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute(keys::PK)?)
        .attribute_definitions(attribute(keys::SK)?)
        .attribute_definitions(attribute(keys::DUE_PK)?)
        .attribute_definitions(attribute(keys::DUE_SK)?)
        .attribute_definitions(attribute(keys::LIST_PK)?)
        .attribute_definitions(attribute(keys::LIST_SK)?)
        .key_schema(key(keys::PK, KeyType::Hash)?)
        .key_schema(key(keys::SK, KeyType::Range)?)
        .global_secondary_indexes(index(keys::DUE, keys::DUE_PK, keys::DUE_SK)?)
        .global_secondary_indexes(index(keys::LIST, keys::LIST_PK, keys::LIST_SK)?)
        .stream_specification(stream)
        .send()
        .await;
    match answer {
        Ok(_) => {}
        Err(error) if error.as_service_error().is_some_and(aws_sdk_dynamodb::operation::create_table::CreateTableError::is_resource_in_use_exception) => return Ok(false),
        Err(error) => return Err(unavailable(&error)),
    }
    let ttl = TimeToLiveSpecification::builder()
        .enabled(true)
        .attribute_name(keys::TTL)
        .build()
        .map_err(foreign)?;
    client
        .update_time_to_live()
        .table_name(name)
        .time_to_live_specification(ttl)
        .send()
        .await
        .map_err(|error| unavailable(&error))?;
    Ok(true)
}

fn key(name: &str, kind: KeyType) -> Result<KeySchemaElement, Unavailable> {
    KeySchemaElement::builder()
        .attribute_name(name)
        .key_type(kind)
        .build()
        .map_err(foreign)
}

fn index(name: &str, pk: &str, sk: &str) -> Result<GlobalSecondaryIndex, Unavailable> {
    GlobalSecondaryIndex::builder()
        .index_name(name)
        .key_schema(key(pk, KeyType::Hash)?)
        .key_schema(key(sk, KeyType::Range)?)
        .projection(
            Projection::builder()
                .projection_type(ProjectionType::KeysOnly)
                .build(),
        )
        .build()
        .map_err(foreign)
}
