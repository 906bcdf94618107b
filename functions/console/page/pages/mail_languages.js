// The languages that mails are written in.

export const MAIL_LANGUAGES = ["ar", "de", "en", "es", "fi", "fr", "it", "ja", "ko", "pt-BR", "zh-Hans", "zh-Hant"];
