//! A Beckon at some address, spoken to as its administrator, an invited person or the device
//! management speaks to it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::document;
use crate::mail::Mail;
use crate::people::{HistoryEntry, Person};
use crate::waiting::until;

/// A Beckon, by its address.
#[derive(Debug, Clone)]
pub struct Api {
    address: String,
    client: reqwest::Client,
}

/// A request in the making.
#[derive(Debug)]
#[must_use]
pub struct Call(reqwest::RequestBuilder);

impl Call {
    /// With a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    /// With an `Idempotency-Key`.
    pub fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        Self(self.0.json(body))
    }

    /// With this body, said to be JSON.
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self(
            self.0
                .header("Content-Type", "application/json")
                .body(body.into()),
        )
    }

    /// With this body and no word about what it is.
    pub fn bare_body(self, body: impl Into<Vec<u8>>) -> Self {
        Self(self.0.body(body.into()))
    }

    /// Makes the request. The answer must be one that the API's document describes.
    pub async fn answer(self) -> Answer {
        let (client, request) = self.0.build_split();
        let request = request.unwrap();
        let method = request.method().to_string();
        let path = request.url().path().to_owned();
        let answer = Answer::read(client.execute(request).await.unwrap()).await;
        document::check(&method, &path, &answer);
        answer
    }
}

/// The body of a batch or a preview for these people.
fn order(people: &[&Person], ownership: Option<&str>) -> Value {
    let ids: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
    json!({ "selection": { "userIds": ids }, "ownership": ownership })
}

impl Api {
    /// The Beckon at an address like `http://127.0.0.1:8080`.
    #[must_use]
    pub fn at(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            client: reqwest::Client::new(),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A request of any kind.
    pub fn call(&self, method: &str, path: &str) -> Call {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        Call(
            self.client
                .request(method, format!("{}{path}", self.address)),
        )
    }

    /// `GET`, whatever it answers.
    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).answer().await
    }

    /// `POST` of JSON, whatever it answers.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path).json(body).answer().await
    }

    // What an administrator does.

    /// Adds a user, and waits until the invitation, if there is one, was delivered.
    pub async fn add_user(&self, user: &Value) -> Person {
        let added = self.post("/v1/users", user).await.with_status(201);
        if let Some(batch) = added["batch"]["id"].as_str() {
            self.delivered(batch).await;
        }
        Person {
            id: added["user"]["id"].as_str().unwrap().to_owned(),
            email: user["email"].as_str().unwrap().to_owned(),
        }
    }

    /// Adds somebody of whom only the address matters, invited by default.
    pub async fn invite(&self, email: &str) -> Person {
        self.add_user(&json!({ "email": email })).await
    }

    /// Adds somebody who is not invited.
    pub async fn add_uninvited(&self, email: &str) -> Person {
        self.add_user(&json!({ "email": email, "invite": false }))
            .await
    }

    /// Saves settings, whatever was saved before.
    pub async fn settings(&self, settings: &Value) -> Value {
        self.call("PUT", "/v1/settings")
            .header("If-Match", "*")
            .json(settings)
            .answer()
            .await
            .with_status(200)
    }

    /// Lets people register by another method.
    pub async fn method(&self, method: &str) {
        self.settings(&json!({ "registration": { "method": method } }))
            .await;
    }

    /// The preview of a batch.
    pub async fn preview(&self, people: &[&Person], ownership: Option<&str>) -> Value {
        self.post("/v1/invitations/preview", &order(people, ownership))
            .await
            .with_status(200)
    }

    /// Sends, and waits until every mail was delivered. Gives what Send answered.
    pub async fn send(&self, people: &[&Person], ownership: Option<&str>) -> Value {
        let sent = self
            .post("/v1/invitations", &order(people, ownership))
            .await
            .with_status(202);
        self.delivered(sent["batch"]["id"].as_str().unwrap()).await;
        sent
    }

    /// A batch with an `Idempotency-Key`, whatever it answers.
    pub async fn send_once(
        &self,
        key: &str,
        people: &[&Person],
        ownership: Option<&str>,
    ) -> Answer {
        self.call("POST", "/v1/invitations")
            .key(key)
            .json(&order(people, ownership))
            .answer()
            .await
    }

    /// Sends, and waits for nothing. Gives the id of the batch.
    pub async fn begin_batch(&self, people: &[&Person]) -> String {
        let sent = self
            .post("/v1/invitations", &order(people, None))
            .await
            .with_status(202);
        sent["batch"]["id"].as_str().unwrap().to_owned()
    }

    /// Takes somebody's invitation back.
    pub async fn cancel(&self, person: &Person) {
        let path = format!("/v1/users/{}/invitation/cancel", person.id);
        let _ = self.call("POST", &path).answer().await.with_status(200);
    }

    /// Lets nobody register in somebody's name until they are enabled again.
    pub async fn disable(&self, person: &Person) {
        let path = format!("/v1/users/{}", person.id);
        let request = self.call("PATCH", &path).json(&json!({ "enabled": false }));
        let _ = request.answer().await.with_status(200);
    }

    /// A batch as it stands.
    pub async fn batch(&self, id: &str) -> Value {
        self.get(&format!("/v1/batches/{id}"))
            .await
            .with_status(200)
    }

    /// Every batch, newest first.
    pub async fn batches(&self) -> Vec<Value> {
        items(&self.get("/v1/batches").await.with_status(200))
    }

    /// Waits until a batch reached every mailbox it is for.
    pub async fn delivered(&self, id: &str) -> Value {
        until("a batch is delivered", async || {
            let batch = self.batch(id).await["batch"].take();
            let all = batch["counts"]["issued"] == batch["counts"]["delivered"];
            (batch["state"] == "expanded" && all).then_some(batch)
        })
        .await
    }

    /// Waits until the mail service took every mail of a batch. The news that a mail was
    /// delivered may get lost when the process ends; this does not.
    pub async fn taken(&self, id: &str) -> Value {
        until("a batch is taken by the mail service", async || {
            let batch = self.batch(id).await["batch"].take();
            let all = batch["counts"]["issued"] == batch["counts"]["sent"];
            (batch["state"] == "expanded" && all).then_some(batch)
        })
        .await
    }

    /// A user with their invitation.
    pub async fn user(&self, person: &Person) -> Value {
        self.get(&format!("/v1/users/{}", person.id))
            .await
            .with_status(200)
    }

    /// Every user, by address.
    pub async fn users(&self) -> Vec<Value> {
        items(&self.get("/v1/users").await.with_status(200))
    }

    /// What happened to somebody, oldest first.
    pub async fn history(&self, person: &Person) -> Vec<HistoryEntry> {
        let answer = self.get(&format!("/v1/users/{}/history", person.id)).await;
        let mut items = items(&answer.with_status(200));
        items.reverse();
        items.iter().map(HistoryEntry::read).collect()
    }

    /// The names of what happened to somebody, oldest first.
    pub async fn history_events(&self, person: &Person) -> Vec<String> {
        let history = self.history(person).await;
        history.into_iter().map(|entry| entry.what).collect()
    }

    // What somebody who was invited does.

    /// Every mail that was sent, oldest first.
    pub async fn mailbox(&self) -> Vec<Mail> {
        let answer = self.get("/local/mailbox").await.with_status(200);
        items(&answer).iter().map(Mail::read).collect()
    }

    /// The mails to one address, oldest first.
    pub async fn mailbox_of(&self, address: &str) -> Vec<Mail> {
        let mut mails = self.mailbox().await;
        mails.retain(|mail| mail.to == address);
        mails
    }

    /// Waits until this many mails went to an address, and gives the newest.
    pub async fn mail_number(&self, number: usize, address: &str) -> Mail {
        until("a mail arrives", async || {
            self.mailbox_of(address).await.get(number - 1).cloned()
        })
        .await
    }

    /// The newest mail to an address.
    pub async fn newest_mail(&self, address: &str) -> Mail {
        let mut mails = self.mailbox_of(address).await;
        mails.pop().expect("there is a mail")
    }

    /// The PIN in the newest mail to an address.
    pub async fn newest_pin(&self, address: &str) -> String {
        let mail = self.newest_mail(address).await;
        mail.pin().expect("the mail has a PIN")
    }

    /// The token of the link in the newest mail to an address.
    pub async fn newest_token(&self, address: &str) -> String {
        let mail = self.newest_mail(address).await;
        mail.token().expect("the mail has a link")
    }

    /// Shows address and PIN, whatever it answers.
    pub async fn show_pin(&self, address: &str, pin: &str) -> Answer {
        self.post("/v1/redemptions", &json!({ "email": address, "pin": pin }))
            .await
    }

    /// Shows a token, whatever it answers.
    pub async fn show_token(&self, token: &str) -> Answer {
        self.post("/v1/redemptions", &json!({ "token": token }))
            .await
    }

    /// Redeems the PIN in somebody's newest mail. Gives the `registrationId`.
    pub async fn redeem(&self, person: &Person) -> String {
        let pin = self.newest_pin(&person.email).await;
        let opened = self.show_pin(&person.email, &pin).await.with_status(200);
        opened["registrationId"].as_str().unwrap().to_owned()
    }

    /// Says "this was not me" with the link of the newest mail to somebody.
    pub async fn decline(&self, person: &Person) {
        let token = self.newest_mail(&person.email).await.decline_token();
        let token = token.expect("the mail lets them decline");
        let answer = self.post("/v1/declines", &json!({ "token": token })).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
    }

    /// Asks for the PIN of an address, whatever it answers.
    pub async fn request_pin(&self, address: &str) -> Answer {
        self.post("/v1/pin-requests", &json!({ "email": address }))
            .await
    }

    /// What became of a registration.
    pub async fn registration(&self, id: &str) -> Value {
        self.get(&format!("/v1/registrations/{id}"))
            .await
            .with_status(200)
    }

    // What the device management does.

    /// Sends an event, whatever it answers.
    pub async fn report(&self, detail: &Value) -> Answer {
        let entry = json!({
            "Source": "mdm.example",
            "DetailType": "Device Registered",
            "Detail": detail.to_string(),
        });
        self.post("/local/events", &json!({ "Entries": [entry] }))
            .await
    }

    /// Reports a device registered now for whom `registrant` names, like
    /// `{ "registrationId": "…" }`.
    pub async fn report_device(&self, registrant: &Value, device: &Value) {
        self.report_device_at(registrant, device, jiff::Timestamp::now())
            .await;
    }

    /// The same for a device that was registered at another time.
    pub async fn report_device_at(
        &self,
        registrant: &Value,
        device: &Value,
        registered_at: jiff::Timestamp,
    ) {
        let mut detail = registrant.clone();
        detail["device"] = device.clone();
        detail["registeredAt"] = json!(registered_at.to_string());
        let taken = self.report(&detail).await.with_status(200);
        assert_eq!(taken["FailedEntryCount"], 0, "{taken}");
    }

    // What the mail service does, and what an administrator sees of it.

    /// Has the mail service go wrong, like `{ "fault": "throttle", "next": 1 }`; without `next`
    /// until [`Self::mend_mail_service`].
    pub async fn break_mail_service(&self, order: &Value) {
        let _ = self.post("/local/ses/faults", order).await.with_status(200);
    }

    /// Has the mail service do as it should again.
    pub async fn mend_mail_service(&self) {
        let answer = self.call("DELETE", "/local/ses/faults").answer().await;
        assert_eq!(answer.status, 204, "{}", answer.text);
    }

    /// Changes what the mail account may do, like `{ "max24HourSend": 3 }`.
    pub async fn mail_account(&self, change: &Value) {
        let request = self.call("PUT", "/local/ses/account").json(change);
        let _ = request.answer().await.with_status(200);
    }

    /// How many mails the mail service took in the last day.
    pub async fn mails_taken(&self) -> u64 {
        let account = self.get("/local/ses/account").await.with_status(200);
        account["sentLast24Hours"].as_u64().unwrap()
    }

    /// Whether mail goes out.
    pub async fn delivery_state(&self) -> Value {
        self.get("/v1/delivery").await.with_status(200)
    }

    /// Waits until delivery is paused, and gives why.
    pub async fn paused(&self) -> Value {
        until("delivery pauses", async || {
            let mut state = self.delivery_state().await;
            (state["state"] == "paused").then(|| state["pause"].take())
        })
        .await
    }

    /// Ends a pause.
    pub async fn resume(&self) {
        let resumed = self.post("/v1/delivery/resume", &Value::Null).await;
        assert_eq!(resumed.with_status(200)["state"], "running");
    }

    /// Waits until the mail of somebody's invitation stands like this, and gives the invitation.
    pub async fn delivery(&self, person: &Person, state: &str) -> Value {
        until(state, async || {
            let invitation = self.user(person).await["invitation"].take();
            (invitation["delivery"] == state).then_some(invitation)
        })
        .await
    }

    /// The events that nobody could use.
    pub async fn failures(&self) -> Vec<Value> {
        items(&self.get("/local/failures").await.with_status(200))
    }

    /// All that anybody can see: settings, users with their histories, batches, mails, failures.
    /// Two of these are equal if nothing happened in between.
    pub async fn everything(&self) -> Value {
        let users = self.users().await;
        let mut histories = Vec::new();
        for user in &users {
            let path = format!("/v1/users/{}/history", user["id"].as_str().unwrap());
            histories.push(self.get(&path).await.with_status(200));
        }
        json!({
            "settings": self.get("/v1/settings").await.with_status(200),
            "users": users,
            "histories": histories,
            "batches": self.batches().await,
            "mails": self.get("/local/mailbox").await.with_status(200),
            "failures": self.failures().await,
        })
    }
}

/// The items of a list that fits on one page.
fn items(page: &Value) -> Vec<Value> {
    assert!(page["next"].is_null(), "the list has another page");
    page["items"].as_array().unwrap().clone()
}
