//! Styles that may stand in a wording, and styles that may not.

use super::looks::parse;

#[test]
fn what_letters_are_dressed_in_may_stand() {
    for good in [
        "",
        " ; ",
        "color:#333; margin: 0 0 12px; font-family: 'Segoe UI', Arial; background-color: rgb(1, 2, 3) !important",
        "font-size:16px;line-height:1.5;font-weight:700;font-style:italic",
        "FONT-SIZE: 12PT; Color: Navy",
        "font-size:.9em;line-height:150%;font-size:small",
        "font: italic bold 16px/1.5 'Helvetica Neue', Arial, sans-serif",
        "font:12pt Georgia",
        "padding:14px 28px;padding-inline-start:26px;margin:0 auto",
        "border:1px solid #e1e5ea;border-radius:8px;border-left:4px solid rgb(11, 92, 173);border-collapse:separate",
        "border-top-color:transparent;border:0;border:none;border-bottom-width:thin",
        "text-align:center;text-decoration:underline;text-transform:uppercase;text-indent:2em",
        "width:100%;max-width:560px;height:auto;min-width:40px",
        "display:inline-block;vertical-align:middle;white-space:nowrap;letter-spacing:2px;word-spacing:normal",
        "list-style-type:disc;list-style:square inside;direction:rtl;word-break:break-word;overflow-wrap:anywhere",
        "background:#0b5cad;background-color:transparent;color:inherit",
    ] {
        assert!(parse(good).is_ok(), "{good}: {:?}", parse(good));
    }
}

#[test]
fn what_hides_text_is_refused_with_what_it_may_say_instead() {
    for (bad, why) in [
        ("text-indent:-9999px", "0 to 100 px"),
        ("text-indent:100%", "0 to 100 px"),
        ("font-size:0", "8 to 100 px"),
        ("font-size:1px", "8 to 100 px"),
        ("font-size:.01em", "8 to 100 px"),
        ("font-size:1e-9px", "8 to 100 px"),
        ("font-size:9999px", "8 to 100 px"),
        ("font:0/0 a", "0.8 to 4 times"),
        ("font:1px Arial", "8 to 100 px"),
        ("line-height:0", "0.8 to 4 times"),
        ("line-height:1px", "0.8 to 4 times"),
        ("width:0", "1 to 2000 px"),
        ("height:0px", "1 to 2000 px"),
        ("max-height:0", "1 to 2000 px"),
        ("max-width:0%", "1 to 2000 px"),
        ("width:99999px", "1 to 2000 px"),
        ("margin-left:-9999px", "not negative"),
        ("margin:0 0 0 -9999px", "not negative"),
        ("margin:-1em", "not negative"),
        ("margin-top:9999px", "0 to 100 px"),
        ("padding-left:5000px", "0 to 100 px"),
        ("margin-inline-start:-100px", "not negative"),
        ("letter-spacing:-10px", "-0.5 to 10 px"),
        ("letter-spacing:-1em", "-0.5 to 10 px"),
        ("word-spacing:900px", "0 to 20 px"),
        ("color:transparent", "opaque"),
        ("color:rgba(0,0,0,0)", "opaque"),
        ("color:#0000", "opaque"),
        ("color:hsla(0,0%,0%,.01)", "opaque"),
        ("background-color:rgba(0,0,0,.5)", "opaque"),
        ("color:currentcolor", "opaque"),
        ("font-family:Wingdings", "one of letters"),
        ("font-family:'Adobe Blank'", "one of letters"),
        ("border:900px solid white", "0 to 20 px"),
        ("display:none", "not one of the words"),
        ("white-space:pre", "not one of the words"),
    ] {
        let refused = parse(bad).expect_err(bad);

        assert_eq!(refused.declaration, bad);
        assert!(refused.why.contains(why), "{bad}: {}", refused.why);
    }
}

#[test]
fn a_property_that_is_not_on_the_list_is_refused_whatever_it_says() {
    for bad in [
        "visibility:hidden",
        "opacity:0",
        "position:absolute",
        "left:-9999px",
        "overflow:hidden",
        "clip:rect(0,0,0,0)",
        "clip-path:inset(100%)",
        "transform:scale(0)",
        "filter:opacity(0)",
        "zoom:0",
        "mso-hide:all",
        "unicode-bidi:bidi-override",
        "-webkit-text-fill-color:transparent",
        "-webkit-text-security:disc",
        "text-shadow:0 0 99px",
        "text-overflow:ellipsis",
        "content-visibility:hidden",
        "font-size-adjust:0",
        "font-feature-settings:'x'",
        "margin-lefty:0",
        "border-image:none",
        "float:left",
        "mask:none",
        "writing-mode:vertical-rl",
        "--x:0",
        "color",
        "color:",
        "background:url(https://e)",
        "background-color:url(x)",
        "width:calc(1px)",
        "width:expression(x)",
        "color:\\72 ed",
        "color:red/**/",
        "color:var(--x)",
        "font-family:'Arial",
        "color:red}p{display:none",
    ] {
        assert!(parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_semicolon_in_quotes_ends_no_declaration() {
    assert!(parse("font-family:'a;font-size:0'").is_err());
    assert!(parse("font-family:'Arial';font-size:0").is_err());
    assert!(parse("font-family:\"It's\";color:red").is_err());
}
