use std::path::Path;

use expect_test::{Expect, expect};

use super::Config;

const EXAMPLE: &str = include_str!("../../../../config/example.toml");

#[expect(clippy::needless_pass_by_value, reason = "the expectation is written where it is used")]
fn check(text: &str, expect: Expect) {
    let said = match Config::parse(Path::new("cordial.toml"), text) {
        Ok(_) => "fine".to_owned(),
        Err(error) => error.to_string(),
    };
    expect.assert_eq(&said);
}

#[test]
fn an_empty_file_means_the_defaults() {
    assert_eq!(Config::parse(Path::new(""), "").unwrap(), Config::default());
}

#[test]
fn the_example_shows_every_option_with_its_default() {
    let document = toml_edit::Document::parse(EXAMPLE).expect("the example is TOML");
    let mut shown = std::collections::BTreeSet::new();
    for (table, options) in document.as_table() {
        let options = options.as_table_like().expect("the example holds tables only");
        shown.extend(options.iter().map(|(option, _)| format!("{table}.{option}")));
    }
    assert_eq!(shown, Config::keys(), "an option is missing from config/example.toml or unknown there");
    let config = Config::parse(Path::new("config/example.toml"), EXAMPLE).expect("the example is right");
    assert_eq!(config, Config::default(), "a default in config/example.toml differs from the program's");
}

#[test]
fn the_example_gives_each_option_a_reason() {
    let mut commented = false;
    for (number, line) in EXAMPLE.lines().enumerate() {
        if line.starts_with('#') {
            commented = true;
        } else if line.contains(" = ") {
            assert!(commented, "config/example.toml:{}: no comment above {line:?}", number + 1);
            commented = false;
        }
    }
}

#[test]
fn a_wrong_value_is_told_with_line_key_and_what_would_be_right() {
    check(
        "[sip]\n# ours\nudp = \"5060\"\n",
        expect![[
            r#"cordial.toml:3: sip.udp: expected an address and port such as "127.0.0.1:5060", or a list of at most 16, found "5060""#
        ]],
    );
    check(
        "[sip]\nudp = 5060\n",
        expect![[
            r#"cordial.toml:2: sip.udp: expected an address and port such as "127.0.0.1:5060", or a list of at most 16, found 5060"#
        ]],
    );
    check(
        "[media]\nrtp_ports = \"7000-7000\"\n",
        expect![[
            r#"cordial.toml:2: media.rtp_ports: expected a first and a last port such as "16384-24575", at least one even port and the next, found "7000-7000""#
        ]],
    );
    check(
        "[limits]\n\ndrain_s = -1\n",
        expect!["cordial.toml:3: limits.drain_s: expected a whole number from 0 to 86400, found -1"],
    );
    check(
        "[limits]\ndrain_s = \"a while\"\n",
        expect![[
            r#"cordial.toml:2: limits.drain_s: expected a whole number from 0 to 86400, found "a while""#
        ]],
    );
    check(
        "[media]\nlearn_sources = \"yes\"\n",
        expect![[r#"cordial.toml:2: media.learn_sources: expected true or false, found "yes""#]],
    );
    check(
        "log.format = \"xml\"\n",
        expect![[r#"cordial.toml:1: log.format: expected "text" or "json", found "xml""#]],
    );
    check("sip = 3\n", expect!["cordial.toml:1: sip: expected a table, found 3"]);
}

#[test]
fn an_unknown_option_suggests_the_nearest() {
    check(
        "[sip]\nudp_adress = \"127.0.0.1:5060\"\n",
        expect![[r#"cordial.toml:2: sip.udp_adress: no such option; did you mean "udp"?"#]],
    );
    check(
        "[http]\nnatvie = \"127.0.0.1:8080\"\n",
        expect![[r#"cordial.toml:2: http.natvie: no such option; did you mean "native"?"#]],
    );
    check(
        "[medai]\nip = \"127.0.0.1\"\n",
        expect![[r#"cordial.toml:1: medai: no such option; did you mean "media"?"#]],
    );
}

#[test]
fn values_that_contradict_each_other_are_told_at_one_of_them() {
    check(
        "[sip]\nudp = \"0.0.0.0:5060\"\n",
        expect![[
            r#"cordial.toml:1: sip.advertised_host: needed because sip.udp is 0.0.0.0:5060: the name or address that phones reach us by"#
        ]],
    );
    check(
        "[sip]\nudp = \"127.0.0.1:17000\"\n",
        expect!["cordial.toml: media.rtp_ports: must not hold the port of sip.udp (17000)"],
    );
    check(
        "[sip]\nsession_expires_s = 60\n",
        expect![
            "cordial.toml:2: sip.session_expires_s: must be 0 or at least sip.session_expires_min_s (90)"
        ],
    );
    check(
        "[sip]\nexpires_min_s = 900\nexpires_max_s = 600\n",
        expect!["cordial.toml:2: sip.expires_min_s: must be at most sip.expires_max_s (600)"],
    );
    check(
        "[media]\nip = \"0.0.0.0\"\n",
        expect![[
            r#"cordial.toml:2: media.ip: phones are told this address, so it must be one of this machine's own such as "192.0.2.10""#
        ]],
    );
    check(
        "[sip]\nudp = \"\"\ntcp = []\ntls = \"\"\n",
        expect![
            "cordial.toml:2: sip.udp: at least one of sip.udp, sip.tcp and sip.tls must name a place to listen"
        ],
    );
    check(
        "[sip]\ntcp = [\"127.0.0.1:5060\", \"[::1]:5060\"]\n",
        expect!["cordial.toml: media.ip: needs an IPv6 address because sip.tcp is [::1]:5060"],
    );
    check(
        "[media]\nip = \"127.0.0.1, 127.0.0.2\"\n",
        expect!["cordial.toml:2: media.ip: must hold at most one IPv4 and one IPv6 address"],
    );
    check(
        "[log]\nfilter = \"info,=x=\"\n",
        expect![[
            r#"cordial.toml:2: log.filter: expected levels such as "info" or "info,cordial_sip=debug" (invalid filter directive)"#
        ]],
    );
}

#[test]
fn several_listeners_are_a_list_or_a_text_with_commas_and_an_empty_one_is_none() {
    let read = |text| Config::parse(Path::new("cordial.toml"), text).unwrap().sip;
    let list = read("[sip]\ntcp = [\"127.0.0.1:1\", \"127.0.0.1:2\"]\n");
    assert_eq!(list, read("[sip]\ntcp = \"127.0.0.1:1, 127.0.0.1:2\"\n"));
    assert_eq!(list.tcp.all().len(), 2);
    assert_eq!(read("[sip]\ntcp = \"\"\n").tcp.all(), []);
}

#[test]
fn each_listener_is_advertised_by_the_address_of_its_family_or_the_name() {
    let sip = Config::parse(
        Path::new("cordial.toml"),
        "[sip]\nadvertised_host = [\"192.0.2.1\", \"pbx.example.org\"]\n",
    );
    let sip = sip.unwrap().sip;
    assert_eq!(sip.advertised([127, 0, 0, 1].into()), Some("192.0.2.1"));
    assert_eq!(sip.advertised(std::net::Ipv6Addr::LOCALHOST.into()), Some("pbx.example.org"));
    assert_eq!(super::Sip::default().advertised([127, 0, 0, 1].into()), None);
}

#[test]
fn folders_and_addresses_that_cannot_be_used_are_told_before_the_start() {
    check(
        "[paths]\ndata = \"\"\n",
        expect![[r#"cordial.toml:2: paths.data: expected the path of a folder such as "/var/lib/cordial""#]],
    );
    check(
        "[paths]\nprompts = \"a\\u0000b\"\n",
        expect![[
            r#"cordial.toml:2: paths.prompts: expected the path of a folder such as "/var/lib/cordial""#
        ]],
    );
    check(
        "[media]\nip = \"224.0.0.1\"\n",
        expect!["cordial.toml:2: media.ip: must be an address of one machine, not of a group"],
    );
}

#[test]
fn broken_toml_is_told_with_its_line() {
    check(
        "[sip]\nudp = \"127.0.0.1:5060\n",
        expect![[r#"cordial.toml:2: this is not TOML: invalid basic string, expected `"`"#]],
    );
    check("[sip]\nudp = \"a\"\nudp = \"b\"\n", expect!["cordial.toml:3: this is not TOML: duplicate key"]);
}

/// Values as if from the environment; the real one belongs to the whole process.
struct FakeEnvironment(&'static str, &'static str);

impl figment::Provider for FakeEnvironment {
    fn metadata(&self) -> figment::Metadata {
        figment::providers::Env::prefixed("CORDIAL_").metadata()
    }

    fn data(&self) -> figment::error::Result<figment::value::Map<figment::Profile, figment::value::Dict>> {
        figment::providers::Serialized::default(self.0, self.1).data()
    }
}

#[test]
fn the_environment_is_named_when_it_is_wrong_and_wins_over_the_file() {
    let read = |environment| {
        Config::read(Path::new("cordial.toml"), "[http]\nnative = \"127.0.0.1:1\"\n", environment)
    };
    let wrong = read(figment::Figment::from(FakeEnvironment("sip.udp", "nowhere"))).unwrap_err();
    expect![[r#"environment variable CORDIAL_SIP__UDP: sip.udp: expected an address and port such as "127.0.0.1:5060", or a list of at most 16, found "nowhere""#]].assert_eq(&wrong.to_string());
    let unknown = read(figment::Figment::from(FakeEnvironment("sip.upd", "127.0.0.1:5060"))).unwrap_err();
    expect![[r#"environment variable CORDIAL_SIP__UPD: sip.upd: no such option; did you mean "udp"?"#]]
        .assert_eq(&unknown.to_string());
    let right = read(figment::Figment::from(FakeEnvironment("http.native", "127.0.0.1:2"))).unwrap();
    assert_eq!(right.http.native.to_string(), "127.0.0.1:2");
}
