"""Web domains: one spelling of a host, and the part of it that somebody registered.

Which part that is cannot be told by counting dots (acme.co.uk, acme.com.au, acme.myshopify.com), so it is looked up in
the Public Suffix List (publicsuffix.org, the list browsers keep apart the cookies of strangers by), its private section
included: shops on one shop system stay apart. publicsuffixlist carries the list in its wheel and never asks the
network, so the same version gives the same domains. Under a suffix nobody lists, the last label is taken for it.
"""

import functools
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_FREE_MAIL = (
    "126.com 163.com aol.com bigpond.com bluewin.ch bol.com.br btinternet.com comcast.net duck.com fastmail.com "
    "free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.co.uk "
    "hotmail.com hotmail.de hotmail.fr hotmail.it icloud.com laposte.net libero.it live.co.uk live.com live.nl "
    "mac.com mail.com mail.ru me.com msn.com naver.com orange.fr outlook.com outlook.de outlook.fr pm.me "
    "proton.me protonmail.com qq.com rediffmail.com rocketmail.com sbcglobal.net sfr.fr sina.com t-online.de "
    "tuta.io tutanota.com uol.com.br verizon.net wanadoo.fr web.de wp.pl yahoo.co.in yahoo.co.jp yahoo.co.uk "
    "yahoo.com yahoo.de yahoo.es yahoo.fr yahoo.it yandex.com yandex.ru ymail.com zoho.com zohomail.com"
)
"""Mail services: an address there says nothing of a company."""

_SHARED_HOSTS = (
    "about.me angel.co apps.apple.com behance.net bit.ly business.google.com business.site crunchbase.com "
    "dribbble.com docs.google.com drive.google.com etsy.com facebook.com fb.com fb.me forms.gle g.co g.page "
    "github.com gitlab.com goo.gl instagram.com linkedin.com linktr.ee lnkd.in maps.google.com medium.com "
    "meetup.com notion.site notion.so pinterest.com play.google.com plus.google.com reddit.com sites.google.com "
    "soundcloud.com t.co t.me taplink.cc telegram.me threads.net tiktok.com tinyurl.com twitter.com vimeo.com "
    "vk.com wa.me whatsapp.com wikipedia.org x.com xing.com yelp.com youtu.be youtube.com"
)
"""Hosts where everybody may have a page: what stands before or after them names the company, not they."""

_NOBODY = frozenset(f"{_FREE_MAIL} {_SHARED_HOSTS}".split())
_HOST = r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
_LONGEST = 2048
_LONGEST_HOST = 253


def normalise_domains(domains: pd.Series) -> pd.Series:
    """Hosts in one spelling, missing where a cell holds none.

    Addresses of pages and of mail are cut to their host: no scheme, user, port, path or `www.`; of several the first
    counts. Lower case, letters outside ASCII in punycode as registries write them (IDNA 2008, UTS 46). An IP address,
    a single word (`localhost`, `n/a`) and anything else that is no host is missing.

    >>> normalise_domains(pd.Series(["HTTPS://www.Acme.com:443/about?x=1", "info@acme.com", "n/a", None])).tolist()
    ['acme.com', 'acme.com', nan, nan]
    """
    given = domains.astype("str")
    plain = given.str.slice(0, _LONGEST).str.strip().str.lower()
    plain = plain.str.replace(r"^[^<]*<([^<>]*)>.*$", r"\1", regex=True).str.replace(r"[\s,;|].*$", "", regex=True)
    plain = plain.str.replace(r"^(?:[a-z][a-z0-9+-]*:[/\\]*)+", "", regex=True).str.lstrip("/\\")
    plain = plain.str.replace(r"[/\\?#].*$", "", regex=True).str.replace(r"^.*@", "", regex=True)
    plain = plain.str.replace(r":\d*$", "", regex=True).str.strip(".'\"()").str.replace(r"^\*\.", "", regex=True)
    foreign = plain[plain.notna() & ~plain.str.fullmatch(r"[\x00-\x7f]*", na=True)]
    if len(foreign):
        spelled = {host: _punycode(host) for host in foreign.unique()}
        plain = plain.where(~plain.isin(list(spelled)), plain.map(spelled).astype("str"))
    plain = plain.str.replace(r"^(?:www\d{0,2}\.)+(.+\..+)$", r"\1", regex=True)
    is_host = plain.str.fullmatch(_HOST, na=False) & (plain.str.len() <= _LONGEST_HOST)
    return plain.where(is_host.astype(bool))


def registrable_domains(hosts: pd.Series) -> pd.Series:
    """The registrable domain of each host as `normalise_domains` spells it; missing where it identifies nobody.

    Mail services, social networks and other hosts many share identify nobody, nor does a public suffix itself.

    >>> registrable_domains(pd.Series(["shop.acme.co.uk", "acme.myshopify.com", "sites.google.com"])).tolist()
    ['acme.co.uk', 'acme.myshopify.com', nan]
    """
    found = dict(zip(*_registrable(hosts.dropna().unique()), strict=True))
    return hosts.map(found).astype("str")


def covering_domains(hosts: pd.Series, named: Collection[str]) -> pd.Series:
    """For each host the one of `named` that covers it, missing if none does.

    A name covers itself and every host below it, the nearest name first: acme.co.uk covers shop.acme.co.uk, not the
    other way round. No name above a registrable domain covers anything but itself (`co.uk`, `myshopify.com`), and a
    page on a shared host is not its owner's (google.com does not cover sites.google.com).
    """
    wanted = frozenset(named)
    found = {}
    # Few hosts stand below a name at all, and a public suffix takes long to look up
    below = (host for host in hosts.dropna().unique() if not wanted.isdisjoint(_rungs(host)))
    for host, top in zip(*_registrable(below), strict=True):
        rung = host
        while rung not in wanted and top is not None and rung != top:
            rung = rung.split(".", 1)[1]
        found[host] = rung if rung in wanted else None
    return hosts.map(found).astype("str")


def say_domains(given: pd.Series, hosts: pd.Series) -> list[str]:
    """A sentence if some cells that were given hold no host."""
    lost = given[given.notna() & hosts.isna()]
    if lost.empty:
        return []
    return [f"{len(lost):,} cells of 'domain' hold no web domain, such as {lost.iloc[0]!r}, and were read as empty"]


def _rungs(host: str) -> Iterator[str]:
    """A host and every name above it."""
    yield host
    while "." in host:
        host = host.split(".", 1)[1]
        yield host


def _registrable(hosts: Iterable[str]) -> tuple[list[str], list[str | None]]:
    """Hosts, and their registrable domains."""
    given, suffixes = list(hosts), _suffixes()
    return given, [None if _is_shared(host) else suffixes.privatesuffix(host) for host in given]


@functools.cache
def _suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


def _is_shared(host: str) -> bool:
    return not _NOBODY.isdisjoint(_rungs(host))


def _punycode(host: str) -> str | None:
    import idna

    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None
