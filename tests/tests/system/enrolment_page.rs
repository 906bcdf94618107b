//! Where mails lead: the page that the invited open, or the device management itself for whoever
//! has nothing to enter there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_tests::Beckon;
use serde_json::json;

/// The device management's addresses: for one platform, as an app, and for everybody.
async fn settle(beckon: &Beckon, method: &str) {
    let addresses = json!([
        { "platform": "ios", "url": "https://mdm.example.com/ios" },
        { "url": "awagent://enroll?u={email}" },
        { "url": "https://mdm.example.com/s/{registrationId}" },
        { "url": "https://mdm.example.com/any?u={email}" },
    ]);
    beckon
        .settings(&json!({
            "registration": { "method": method },
            "enrolment": { "addresses": addresses },
        }))
        .await;
}

#[tokio::test]
async fn the_page_is_kept_by_nobody_on_the_way_and_loads_nothing_from_elsewhere() {
    let beckon = Beckon::start().await;

    let page = beckon.get("/enroll").await;

    assert_eq!(page.status, 200);
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    for part in ["/enroll/enroll.css", "/enroll/enroll.js"] {
        assert!(page.text.contains(part), "{part}");
        let part = beckon.get(part).await;
        assert_eq!(part.status, 200);
        assert_eq!(part.header("cache-control"), "no-cache");
    }
}

#[tokio::test]
async fn the_page_speaks_each_language_in_words_that_are_fetched_alone() {
    let beckon = Beckon::start().await;

    let script = beckon.get("/enroll/enroll.js").await;
    let arabic = beckon.get("/enroll/words/ar").await;
    let dutch = beckon.get("/enroll/words/nl").await;

    // English is there before anything is fetched: the page works without the rest.
    assert!(script.text.starts_with("const ENGLISH = {"));
    assert_eq!(arabic.status, 200);
    assert_eq!(arabic.header("content-type"), "application/json");
    assert_eq!(arabic.header("cache-control"), "no-cache");
    assert_eq!(arabic.json()["dir"], "rtl");
    assert_eq!(dutch.status, 404);
}

/// The header and the end of a picture are all that is looked at.
fn logo() -> String {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    file.extend(440_u32.to_be_bytes());
    file.extend(64_u32.to_be_bytes());
    file.extend([8, 6, 0, 0, 0]);
    file.extend(b"\0\0\0\0IEND\xae\x42\x60\x82");
    STANDARD.encode(file)
}

#[tokio::test]
async fn the_page_is_the_organisations_as_its_mails_are() {
    let beckon = Beckon::start().await;

    let ours = beckon.get("/enroll/look").await;
    beckon
        .settings(&json!({
            "organisation": {
                "name": "Example & Sons",
                "helpDesk": { "name": "IT", "email": "help@example.com", "phone": "+1 555 01 00" },
            },
            "registration": { "pin": { "alphabet": "unambiguous" } },
            "branding": {
                "accentColour": "#fc0",
                "logo": { "contentType": "image/png", "contentBase64": logo() },
            },
        }))
        .await;
    let theirs = beckon.get("/enroll/look").await;

    assert_eq!(ours.status, 200);
    assert_eq!(
        ours.json(),
        json!({ "organisation": null, "helpDesk": null, "accent": null, "logo": null, "pinLetters": false })
    );
    assert_eq!(theirs.header("cache-control"), "public, max-age=60");
    assert_eq!(
        theirs.json(),
        json!({
            "organisation": "Example & Sons",
            "helpDesk": { "name": "IT", "email": "help@example.com", "phone": "+1 555 01 00" },
            "accent": { "fill": "#ffcc00", "text": "#000000" },
            "pinLetters": true,
            "logo": {
                "src": format!("data:image/png;base64,{}", logo()),
                "alt": "Example & Sons",
                "width": 220,
                "height": 32,
            },
        })
    );
}

#[tokio::test]
async fn with_a_password_alone_the_mail_leads_to_the_device_management() {
    let beckon = Beckon::start().await;
    settle(&beckon, "password").await;
    let ada = beckon.invite("ada+1@example.com").await;

    let mail = beckon.newest_mail(&ada.email).await;
    let preview = beckon.preview(&[&ada], None).await;

    let there = "https://mdm.example.com/any?u=ada%2B1%40example.com";
    for text in [
        &mail.text,
        preview["mail"]["text"].as_str().unwrap_or_default(),
    ] {
        assert!(text.contains(there), "{text}");
        let text = text.replace("/enroll?lang=en#decline=", "");
        assert!(!text.contains("/enroll"), "{text}");
    }
}

#[tokio::test]
async fn with_a_password_alone_and_nowhere_to_go_the_mail_leads_to_what_the_page_says() {
    let beckon = Beckon::start().await;
    beckon.method("password").await;
    let ada = beckon.invite("ada@example.com").await;

    let mail = beckon.newest_mail(&ada.email).await;

    let page = format!("{}/enroll?lang=en#password", beckon.address());
    assert!(mail.text.contains(&page), "{}", mail.text);
}

#[tokio::test]
async fn whoever_has_a_secret_shows_it_on_the_page_first() {
    let beckon = Beckon::start().await;

    for (method, page) in [
        ("pin", "/enroll?lang=en\n"),
        ("passwordAndPin", "/enroll?lang=en\n"),
        ("qrCode", "/enroll?lang=en#t="),
    ] {
        settle(&beckon, method).await;
        let person = beckon.invite(&format!("{method}@example.com")).await;

        let mail = beckon.newest_mail(&person.email).await;

        let page = format!("{}{page}", beckon.address());
        assert!(mail.text.contains(&page), "{method}: {}", mail.text);
        assert!(!mail.text.contains("mdm.example.com"), "{method}");
    }
}
