//! Platforms of devices, and the many names that device managements, browsers and people have for
//! them. One table, for the enrolment addresses of the settings, for redeeming, and for reports.

use crate::values::names::Label;
use crate::values::problem::FieldProblem;

/// A platform that is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Platform {
    /// Apple's phones.
    Ios,
    /// Apple's tablets.
    IpadOs,
    /// Apple's computers.
    MacOs,
    /// Apple's television boxes.
    TvOs,
    /// Apple's watches.
    WatchOs,
    /// Apple's headsets.
    VisionOs,
    /// Android, whoever made the device.
    Android,
    /// Windows, of computers and phones.
    Windows,
    /// Chromebooks.
    ChromeOs,
    /// Linux, of any distribution.
    Linux,
}

/// Every name of each platform, letters alone and in lower case. What a name says after its first
/// digit is a version or a model: `iPhone15,2`, `Windows 10 Pro`, `macOS 15.1`.
const NAMES: [(Platform, &[&str]); 10] = [
    (
        Platform::Ios,
        &[
            "ios",
            "iphone",
            "iphoneos",
            "ipod",
            "ipodtouch",
            "appleios",
            "iosipados",
        ],
    ),
    (
        Platform::IpadOs,
        &[
            "ipados",
            "ipad",
            "ipadair",
            "ipadpro",
            "ipadmini",
            "appleipados",
        ],
    ),
    (
        Platform::MacOs,
        &[
            "macos",
            "mac",
            "macosx",
            "osx",
            "darwin",
            "macintosh",
            "applemac",
            "applemacos",
            "appleosx",
            "macbook",
            "macbookair",
            "macbookpro",
            "imac",
            "imacpro",
            "macmini",
            "macpro",
            "macstudio",
            "macintel",
        ],
    ),
    (Platform::TvOs, &["tvos", "appletv", "appletvos"]),
    (Platform::WatchOs, &["watchos", "watch", "applewatch"]),
    (
        Platform::VisionOs,
        &[
            "visionos",
            "xros",
            "visionpro",
            "applevisionpro",
            "applevision",
        ],
    ),
    (Platform::Android, &["android", "aosp"]),
    (
        Platform::Windows,
        &["windows", "win", "winnt", "winrt", "microsoftwindows"],
    ),
    (
        Platform::ChromeOs,
        &[
            "chromeos",
            "chromebook",
            "chromiumos",
            "cros",
            "googlechromeos",
        ],
    ),
    (
        Platform::Linux,
        &[
            "linux",
            "gnulinux",
            "ubuntu",
            "debian",
            "fedora",
            "rhel",
            "redhat",
            "centos",
            "opensuse",
            "sles",
            "archlinux",
        ],
    ),
];

/// Names that go on in many ways: `Android Enterprise`, `android_for_work`, `WINDOWS_PHONE`.
const BEGINNINGS: [(Platform, &str); 2] = [
    (Platform::Android, "android"),
    (Platform::Windows, "windows"),
];

impl Platform {
    /// The platform of this name, however it is written.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let letters = letters_of(name);
        named(&letters)
            .or_else(|| {
                BEGINNINGS
                    .iter()
                    .find(|(_, beginning)| letters.starts_with(beginning))
                    .map(|(platform, _)| *platform)
            })
            .or_else(|| by_words(name))
    }

    /// The name in documents of ours.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Ios => "ios",
            Self::IpadOs => "ipados",
            Self::MacOs => "macos",
            Self::TvOs => "tvos",
            Self::WatchOs => "watchos",
            Self::VisionOs => "visionos",
            Self::Android => "android",
            Self::Windows => "windows",
            Self::ChromeOs => "chromeos",
            Self::Linux => "linux",
        }
    }

    /// The name as its maker writes it, for people to read.
    #[must_use]
    pub const fn brand(self) -> &'static str {
        match self {
            Self::Ios => "iOS",
            Self::IpadOs => "iPadOS",
            Self::MacOs => "macOS",
            Self::TvOs => "tvOS",
            Self::WatchOs => "watchOS",
            Self::VisionOs => "visionOS",
            Self::Android => "Android",
            Self::Windows => "Windows",
            Self::ChromeOs => "ChromeOS",
            Self::Linux => "Linux",
        }
    }

    /// The platform whose enrolment address serves this one where it has none of its own.
    #[must_use]
    pub const fn served_as(self) -> Option<Self> {
        match self {
            Self::IpadOs => Some(Self::Ios),
            Self::Ios
            | Self::MacOs
            | Self::TvOs
            | Self::WatchOs
            | Self::VisionOs
            | Self::Android
            | Self::Windows
            | Self::ChromeOs
            | Self::Linux => None,
        }
    }
}

fn named(letters: &str) -> Option<Platform> {
    let mut platforms = NAMES.iter();
    platforms
        .find(|(_, names)| names.contains(&letters))
        .map(|(platform, _)| *platform)
}

/// A name that says more than the platform: `macOS Sequoia 15.1`, `Apple iPhone SE`, `ChromeOS Flex`,
/// `Red Hat Enterprise Linux`. The words that it begins with count, as many as make a name; a
/// distribution of Linux says so last.
fn by_words(name: &str) -> Option<Platform> {
    let words: Vec<String> = name
        .split(|c: char| !c.is_alphanumeric())
        .map(letters_of)
        .filter(|word| !word.is_empty())
        .skip_while(|word| word == "apple")
        .collect();
    let mut beginnings = (1..=words.len()).rev();
    beginnings
        .find_map(|count| named(&words.get(..count)?.concat()))
        .or_else(|| (words.last()? == "linux").then_some(Platform::Linux))
}

fn letters_of(name: &str) -> String {
    name.chars()
        .take_while(|c| !c.is_ascii_digit())
        .filter(|c| c.is_alphabetic())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Reads the name of a platform to be kept and compared: one that is known by its id, any other in
/// lower case.
pub fn parse(name: &str) -> Result<String, FieldProblem> {
    let label = Label::parse(name)?;
    Ok(canonical(label.as_str()))
}

/// The name by which two names of one platform are the same.
#[must_use]
pub fn canonical(name: &str) -> String {
    Platform::of(name).map_or_else(|| name.to_lowercase(), |platform| platform.id().to_owned())
}

/// A platform as people are shown it: by its brand if it is known, otherwise as it was told.
#[must_use]
pub fn shown(told: &Label) -> Label {
    Platform::of(told.as_str())
        .and_then(|platform| Label::parse(platform.brand()).ok())
        .unwrap_or_else(|| told.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table: the names of each platform")]
    fn every_name_of_a_platform_is_that_platform() {
        for (platform, names) in [
            (
                Platform::Ios,
                &[
                    "iPhone",
                    "iOS",
                    "IOS",
                    "iPhone OS",
                    "iPhone15,2",
                    "iOS 18.1",
                    "iPod touch",
                    "iOS/iPadOS",
                    "iPhone SE (3rd generation)",
                    "iPhone XR",
                    "iOS,iPadOS",
                    "Apple iPhone 15",
                ][..],
            ),
            (
                Platform::IpadOs,
                &[
                    "iPad",
                    "iPadOS",
                    "iPadOS 18",
                    "iPad14,1",
                    "iPad Pro (11-inch)",
                    "Apple iPad Air",
                ],
            ),
            (
                Platform::MacOs,
                &[
                    "Darwin",
                    "mac",
                    "Mac",
                    "macOS",
                    "Mac OS X",
                    "OS X 10.15",
                    "MacBookPro18,3",
                    "AppleOsX",
                    "macOS Sequoia 15.1",
                    "Mac OS X Server",
                    "Darwin Kernel Version 24.1.0",
                ],
            ),
            (
                Platform::Android,
                &[
                    "Android",
                    "ANDROID 14",
                    "Android Enterprise",
                    "android_for_work",
                ],
            ),
            (
                Platform::Windows,
                &[
                    "Windows",
                    "Windows 10",
                    "Windows 11 Pro",
                    "Win32",
                    "WINDOWS_PHONE",
                    "WinRT",
                    "Microsoft Windows",
                ],
            ),
            (Platform::TvOs, &["tvOS", "Apple TV", "AppleTV14,1"]),
            (Platform::WatchOs, &["watchOS", "Apple Watch", "Watch6,1"]),
            (
                Platform::VisionOs,
                &["visionOS", "xrOS", "Apple Vision Pro"],
            ),
            (
                Platform::ChromeOs,
                &["ChromeOS", "Chrome OS", "Chromebook", "ChromeOS Flex"],
            ),
            (
                Platform::Linux,
                &[
                    "Linux",
                    "GNU/Linux",
                    "Ubuntu 24.04",
                    "Ubuntu Server",
                    "linux-gnu",
                    "Red Hat Enterprise Linux 9",
                    "Alpine Linux",
                ],
            ),
        ] {
            for name in names {
                assert_eq!(Platform::of(name), Some(platform), "{name}");
                assert_eq!(parse(name).unwrap(), platform.id(), "{name}");
            }
        }
    }

    #[test]
    fn a_name_that_is_no_platform_s_stays_as_it_is_but_for_its_case() {
        for name in [
            "Apple",
            "Tizen",
            "KaiOS",
            "",
            "7",
            "Macaroni",
            "Winter",
            "Apple Macaroni",
            "not iOS",
            "iOSApp",
            "Linuxfan",
        ] {
            assert_eq!(Platform::of(name), None, "{name}");
        }
        assert_eq!(parse(" Tizen 4 ").unwrap(), "tizen 4");
        let told = Label::parse("Tizen 4").unwrap();
        assert_eq!(shown(&told), told);
    }

    #[test]
    fn each_platform_is_found_by_its_own_id_and_brand() {
        for (platform, _) in NAMES {
            assert_eq!(Platform::of(platform.id()), Some(platform));
            assert_eq!(Platform::of(platform.brand()), Some(platform));
        }
    }
}
