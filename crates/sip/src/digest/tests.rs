use super::*;

#[test]
fn rfc_2617_section_3_5_example_gives_its_response() {
    let ha1 = to_hex(&ha1_md5("Mufasa", "testrealm@host.com", "Circle Of Life"));
    let given = response(
        Algorithm::Md5,
        &ha1,
        "GET",
        "/dir/index.html",
        "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        Some(("00000001", "0a4f113b")),
    );
    assert_eq!(given, "6629fae49393a05397450978507c4ef1");
}

#[test]
fn rfc_7616_section_3_9_1_example_gives_both_its_responses() {
    let (realm, nonce) = ("http-auth@example.org", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v");
    let quality = Some(("00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"));
    let md5 = to_hex(&ha1_md5("Mufasa", realm, "Circle of Life"));
    let sha256 = to_hex(&ha1_sha256("Mufasa", realm, "Circle of Life"));
    assert_eq!(
        response(Algorithm::Md5, &md5, "GET", "/dir/index.html", nonce, quality),
        "8ca523f5e9506fed4657c9700eebdbec"
    );
    assert_eq!(
        response(Algorithm::Sha256, &sha256, "GET", "/dir/index.html", nonce, quality),
        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    );
}

#[test]
fn fields_survive_quotes_commas_and_odd_spacing() {
    let fields =
        DigestFields::parse(r#"digest  username="a\"b, c" ,realm= "r",qop=auth,nc=0000000a"#).unwrap();
    assert_eq!(fields.get("username"), Some("a\"b, c"));
    assert_eq!(fields.get("realm"), Some("r"));
    assert_eq!(fields.get("nc"), Some("0000000a"));
    assert_eq!(DigestFields::parse("Digest realm=a, realm=b"), None);
    assert_eq!(DigestFields::parse("Basic QWxhZGRpbg=="), None);
}
