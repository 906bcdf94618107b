//! Each operation of AWS that we call, compiled into this library. An `async fn` is compiled where it is awaited;
//! ours being so too, each function would compile the whole path of a request through the SDK again, which took
//! most of the time that building the functions took.

use std::pin::Pin;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation as table;
use aws_sdk_eventbridge::operation as bus;
use aws_sdk_lambda::operation as lambda;
use aws_sdk_secretsmanager::operation as secrets;
use aws_sdk_sesv2::operation as mail;
use aws_sdk_sqs::operation as queue;

/// What a call comes to.
type Answer<T, E> = Pin<Box<dyn Future<Output = Result<T, SdkError<E>>> + Send>>;

/// A request that is ready to be sent.
pub(crate) trait SdkCall {
    /// What is answered.
    type Output;
    /// What the service says instead.
    type Error;

    /// Sends it. Where `send` of the SDK would do, this is meant.
    fn call(self) -> Answer<Self::Output, Self::Error>;
}

macro_rules! calls {
    ($($service:ident::$operation:ident: $builder:ident -> $output:ident or $error:ident;)*) => {
        $(impl SdkCall for $service::$operation::builders::$builder {
            type Output = $service::$operation::$output;
            type Error = $service::$operation::$error;

            #[inline(never)]
            fn call(self) -> Answer<Self::Output, Self::Error> {
                Box::pin(self.send())
            }
        })*
    };
}

calls! {
    table::batch_get_item: BatchGetItemFluentBuilder -> BatchGetItemOutput or BatchGetItemError;
    table::batch_write_item: BatchWriteItemFluentBuilder -> BatchWriteItemOutput or BatchWriteItemError;
    table::delete_item: DeleteItemFluentBuilder -> DeleteItemOutput or DeleteItemError;
    table::get_item: GetItemFluentBuilder -> GetItemOutput or GetItemError;
    table::put_item: PutItemFluentBuilder -> PutItemOutput or PutItemError;
    table::query: QueryFluentBuilder -> QueryOutput or QueryError;
    table::scan: ScanFluentBuilder -> ScanOutput or ScanError;
    table::transact_write_items: TransactWriteItemsFluentBuilder -> TransactWriteItemsOutput or TransactWriteItemsError;
    table::update_item: UpdateItemFluentBuilder -> UpdateItemOutput or UpdateItemError;
    bus::put_events: PutEventsFluentBuilder -> PutEventsOutput or PutEventsError;
    lambda::invoke: InvokeFluentBuilder -> InvokeOutput or InvokeError;
    mail::delete_suppressed_destination: DeleteSuppressedDestinationFluentBuilder -> DeleteSuppressedDestinationOutput or DeleteSuppressedDestinationError;
    mail::get_account: GetAccountFluentBuilder -> GetAccountOutput or GetAccountError;
    mail::send_email: SendEmailFluentBuilder -> SendEmailOutput or SendEmailError;
    queue::send_message: SendMessageFluentBuilder -> SendMessageOutput or SendMessageError;
    secrets::create_secret: CreateSecretFluentBuilder -> CreateSecretOutput or CreateSecretError;
    secrets::get_secret_value: GetSecretValueFluentBuilder -> GetSecretValueOutput or GetSecretValueError;
    secrets::put_secret_value: PutSecretValueFluentBuilder -> PutSecretValueOutput or PutSecretValueError;
}
