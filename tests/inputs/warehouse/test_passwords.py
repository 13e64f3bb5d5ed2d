import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tierkit.errors import SheetError
from tierkit.inputs.settings import DataSettings
from tierkit.inputs.warehouse.failures import Secrets
from tierkit.inputs.warehouse.passwords import BLOT, blot, holds_password
from tierkit.runsheet import check_sheet, read_sheet

CANARY = "q7Kanari93xZ"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://ana:{CANARY}@db.internal/crm",
        f"postgres://:{CANARY}@db/crm",
        f"postgresql://ana:{CANARY}@/crm?host=/run/pg",
        f"postgresql://ana:a/b?{CANARY}#@db/crm",
        f"postgresql://ana@db/crm?password={CANARY}",
        f"postgresql://db/crm?user=ana&sslpassword={CANARY}",
        f"mssql+pyodbc:///?odbc_connect=DRIVER%3D%7BODBC%7D%3BUID%3Dana%3BPWD%3D{CANARY}",
        f"snowflake://ana@acme/crm?token={CANARY}",
    ],
)
def test_a_url_with_a_password_is_refused_wherever_it_stands_and_never_repeated(url, tmp_path):
    assert holds_password(url)
    sheets = [
        {"data": {"database": {"url": url}}},
        {"data": {"database": {"url": url, "timeout_seconds": "soon", "quries": "x"}}},
        {"data": {"database": url}},
        {"data": {"database": {"url": [url]}}},
        {"data": {"database": {"url_env": url}}},
        {"data": {"database": {"url": "x://y", "password_env": url}}},
        {"data": {"database": {"url": "x://y", "password": url}}},
        {"data": {"folder": url}},
        {"data": {"deals": {"file": url}}},
        {"data": {"max_rejected": url}},
        {"databse": {"url": url}},
        {"data": {url: 1}},
        {url: 1},
        {"report": {"review_managers": [url]}},
    ]
    for raw in sheets:
        with pytest.raises(SheetError) as error:
            check_sheet(raw, folder=tmp_path)
        assert CANARY not in "".join(traceback.format_exception(error.value))
        assert "holds a password" in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://tierkit@db.internal:5432/crm",
        "postgresql://tierkit@[::1]:5432/crm?sslmode=verify-full&sslkey=/etc/tierkit.key&passfile=/home/t/.pgpass",
        "duckdb:///crm.duckdb",
        "sqlite:////srv/crm.sqlite",
        "bigquery://project/crm?credentials_path=/etc/key.json",
        "Meridian: sales@meridian.example",
    ],
)
def test_a_url_without_a_password_is_taken(url):
    assert not holds_password(url)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (f'url = "{CANARY}"', "'data.database.url' must be a URL such as"),
        (f'url = "x://y"\npassword = "{CANARY}"', "unknown key 'data.database.password'; did you mean 'password_env'?"),
        (
            f'url = "x://y"\npassword_env = "{CANARY}!"',
            "must be the name of an environment variable, not what it holds",
        ),
        (
            f'url = "x://y"\ntimeout_seconds = "{CANARY}"',
            "'data.database.timeout_seconds' must be a whole number",
        ),
        (f'url = ["{CANARY}"]', "'data.database.url' must be text in quotes"),
        (f'queries = "{CANARY}"', "'data.database' needs url or url_env, one of the two"),
        ('url = "x://y"\nurl_env = "U"', "'data.database' needs url or url_env, one of the two"),
        (f'url = "postgresql://ana:{CANARY}@db/crm', "not valid TOML"),
        (f"url = postgresql://ana:{CANARY}@db/crm", "not valid TOML"),
        (f'"x://ana:{CANARY}@db" = 1\n"x://ana:{CANARY}@db" = 2', "not valid TOML"),
        (f'url = {{ "x://ana:{CANARY}@db" = 1, "x://ana:{CANARY}@db" = 2 }}', "not valid TOML"),
    ],
)
def test_what_stands_in_the_section_by_mistake_is_not_repeated(section, said, tmp_path):
    sheet = tmp_path / "tierkit.toml"
    sheet.write_text(f"[data.database]\n{section}\n")
    with pytest.raises(SheetError, match=r"tierkit\.toml") as error:
        read_sheet(sheet)
    assert said in str(error.value)
    assert CANARY not in "".join(traceback.format_exception(error.value))


def test_settings_made_without_a_sheet_do_not_repeat_it_either():
    for url in (f"postgresql://ana:{CANARY}@db/crm", [CANARY], CANARY):
        with pytest.raises(ValidationError) as error:
            DataSettings.model_validate({"database": {"url": url}})
        assert CANARY not in f"{error.value}{error.value!r}"


def test_an_environment_variable_that_is_not_set_is_not_named_since_it_may_be_the_password(tmp_path, monkeypatch):
    from tierkit.inputs.warehouse.databases import database_of

    monkeypatch.delenv(CANARY, raising=False)
    for keys in ({"url_env": CANARY}, {"url": "postgresql://ana@db/crm", "password_env": CANARY}):
        settings = DataSettings.model_validate({"database": keys}).database
        with pytest.raises(SheetError, match="names is not set") as error:
            database_of(settings, root=tmp_path)
        assert CANARY not in str(error.value)


def test_a_url_whose_password_has_an_unescaped_mark_is_refused_rather_than_cut_at_the_wrong_place(
    tmp_path, monkeypatch
):
    from tierkit.inputs.warehouse.databases import database_of

    for url, said in (
        (f"postgresql://ana:a@{CANARY}/b@db/crm", "more than one @"),
        (f"postgresql://ana:{CANARY}/crm", "cannot be read"),
        (f"nodatabase://ana:{CANARY}@db/crm", "of no known database"),
        (CANARY, "cannot be read"),
    ):
        monkeypatch.setenv("TIERKIT_URL", url)
        settings = DataSettings.model_validate({"database": {"url_env": "TIERKIT_URL"}}).database
        with pytest.raises(SheetError, match=said) as error:
            database_of(settings, root=tmp_path)
        assert CANARY not in "".join(traceback.format_exception(error.value))


@settings(deadline=None)
@given(
    secret=st.text(st.characters(codec="utf-8", exclude_characters="*"), min_size=4),
    around=st.lists(st.sampled_from(["no route to db: ", "'", " at line 3", "%", "@", "://"]), max_size=4),
)
def test_no_way_of_writing_a_secret_survives(secret, around):
    from urllib.parse import quote, quote_plus

    forms = [secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]]
    said = blot("|".join(forms).join(["".join(around), ""]), [secret])
    assert not any(form in said for form in forms)
    assert BLOT in said


def test_secrets_are_not_shown():
    secrets = Secrets.of(f"postgresql://ana:{CANARY}%40x@db/crm?sslpassword=two{CANARY}", f"three{CANARY}")
    assert CANARY not in repr(secrets)
    assert CANARY not in secrets.blot(f"{CANARY}%40x, {CANARY}@x, two{CANARY}, three{CANARY}")
