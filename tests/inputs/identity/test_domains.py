import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierkit.inputs.identity.domains import covering_domains, normalise_domains, registrable_domains, say_domains


def text(*cells):
    return pd.Series(cells, dtype="str")


def one(cell):
    found = normalise_domains(text(cell)).iloc[0]
    return None if pd.isna(found) else found


def top(cell):
    found = registrable_domains(normalise_domains(text(cell))).iloc[0]
    return None if pd.isna(found) else found


@pytest.mark.parametrize(
    "cell",
    [
        "acme.com",
        "ACME.com ",
        "http://www.acme.com",
        "https://acme.com:443/x?y#z",
        "https://user:secret@acme.com/",
        "ana@acme.com",
        "mailto:ana@acme.com",
        "Ana <ana@acme.com>",
        "@acme.com",
        "*.acme.com",
        "acme.com.",
        "//acme.com",
        "http:/acme.com",
        "http://https://acme.com",
        "acme.com; acme.de",
        "acme.com, acme.de",
        "www2.acme.com",
        "ａｃｍｅ。com",
    ],
)
def test_a_host_has_one_spelling(cell):
    assert one(cell) == "acme.com"


@pytest.mark.parametrize(
    "cell",
    [
        "",
        None,
        "n/a",
        "none",
        "-",
        "http://",
        "acme",
        "localhost:80",
        "10.0.0.1",
        "http://10.0.0.1:8080/",
        "[::1]:80",
        "a..com",
        "-a.com",
        "1.2",
        "x" * 300 + ".com",
        "\x00.com",
        "ex ample",
        "💩.la",
        "ana@",
        "www.com/@",
    ],
)
def test_what_is_no_host_is_missing(cell):
    assert one(cell) in (None, "www.com" if cell == "www.com/@" else None)


def test_letters_outside_ascii_are_punycode():
    # xn--mnchen-3ya is münchen; sharp s is a letter of its own since IDNA 2008 (RFC 5892), not ss
    assert one("www.MÜNCHEN.de") == one("xn--mnchen-3ya.de") == "xn--mnchen-3ya.de"
    assert one("straße.de") == "xn--strae-oqa.de"
    assert one("strasse.de") == "strasse.de"


@pytest.mark.parametrize(
    ("cell", "domain"),
    [
        ("shop.acme.co.uk", "acme.co.uk"),
        ("www.acme.co.uk", "acme.co.uk"),
        ("acme.com.au", "acme.com.au"),
        ("eu.north.acme.example", "acme.example"),
        # private suffixes: the shops of a shop system are not one company
        ("acme.myshopify.com", "acme.myshopify.com"),
        ("user.github.io", "user.github.io"),
        # suffixes, mail services and shared hosts identify nobody
        ("co.uk", None),
        ("github.io", None),
        ("gmail.com", None),
        ("mail.yahoo.co.uk", None),
        ("facebook.com/acme", None),
        ("de.linkedin.com/company/acme", None),
        ("sites.google.com/view/acme", None),
        ("linktr.ee/acme", None),
        ("google.com", "google.com"),
    ],
)
def test_registrable_domain(cell, domain):
    assert top(cell) == domain


def test_a_name_covers_the_hosts_below_it():
    hosts = normalise_domains(
        text("shop.acme.co.uk", "acme.co.uk", "acme.com", "eu.shop.b.de", "sites.google.com", "other.co.uk", None)
    )
    covers = covering_domains(hosts, {"acme.co.uk", "shop.b.de", "google.com", "co.uk", "eu.acme.com"})
    assert covers.fillna("-").tolist() == ["acme.co.uk", "acme.co.uk", "-", "shop.b.de", "-", "-", "-"]
    # the nearest name, and a name above a registrable domain covers none
    assert covering_domains(text("a.b.acme.de"), {"acme.de", "b.acme.de"}).tolist() == ["b.acme.de"]


@given(st.lists(st.text(max_size=30) | st.from_regex(r"[a-z@:/.]{1,20}\.(com|co\.uk|de)", fullmatch=True), max_size=8))
def test_spelling_is_idempotent_and_a_registrable_domain_is_its_own(cells):
    hosts = normalise_domains(text(*cells))
    again = normalise_domains(hosts)
    assert again.fillna("-").tolist() == hosts.fillna("-").tolist()
    domains = registrable_domains(hosts)
    assert registrable_domains(domains).fillna("-").tolist() == domains.fillna("-").tolist()
    for host, domain in zip(hosts, domains, strict=True):
        assert pd.isna(domain) or host == domain or host.endswith(f".{domain}")


def test_cells_that_hold_no_domain_are_counted():
    given_cells = text("acme.com", "n/a", "tbd", None)
    assert say_domains(given_cells, normalise_domains(given_cells)) == [
        "2 cells of 'domain' hold no web domain, such as 'n/a', and were read as empty"
    ]
    assert say_domains(text("acme.com", None), normalise_domains(text("acme.com", None))) == []
