"""Run sheets: exit 2, before a single table is read."""

from pathlib import Path

from tests.bad_inputs.cases import Case, reads, refused, sheet, stops, whole_sheet


def _folder(project: Path) -> None:
    (project / "tierkit.toml").unlink()
    (project / "tierkit.toml").mkdir()


CASES = (
    Case(
        "no run sheet",
        lambda project: (project / "tierkit.toml").unlink(),
        refused("{project}/tierkit.toml: no such run sheet (make one with `tierkit init`)"),
    ),
    Case(
        "a folder called tierkit.toml",
        _folder,
        refused("{project}/tierkit.toml: cannot be read: is a directory"),
    ),
    Case(
        "a sheet that is not TOML",
        whole_sheet("[tiers\nlabels = 3"),
        refused("{project}/tierkit.toml: not valid TOML: line 1: the bracket of a section is not closed"),
    ),
    Case(
        "a sheet of YAML",
        whole_sheet("data:\n  folder: data\n"),
        refused("{project}/tierkit.toml: not valid TOML: line 1: a key must be followed by = and its value"),
    ),
    Case(
        "a value without quotes",
        whole_sheet("[data]\nfolder = data\n"),
        refused(
            '{project}/tierkit.toml: not valid TOML: line 2: a value is none: text stands in straight quotes, "so", a number or true and false without'
        ),
    ),
    Case(
        "curly quotes of a word processor",
        whole_sheet("[data]\nfolder = “data”\n"),
        refused(
            '{project}/tierkit.toml: not valid TOML: line 2: a value is none: text stands in straight quotes, "so", a number or true and false without'
        ),
    ),
    Case(
        "a backslash in a path",
        whole_sheet('[data]\nfolder = "C:\\users\\kim"\n'),
        refused("{project}/tierkit.toml: not valid TOML: line 2: a backslash in quotes: write paths with /"),
    ),
    Case(
        "a key twice",
        whole_sheet('[data]\nfolder = "data"\nfolder = "data"\n'),
        refused("{project}/tierkit.toml: not valid TOML: line 3: a key stands twice"),
    ),
    Case(
        "a section twice",
        whole_sheet("[data]\n[tiers]\n[data]\n"),
        refused("{project}/tierkit.toml: not valid TOML: line 3: section [data] stands twice"),
    ),
    Case(
        "a byte order mark of Notepad",
        lambda project: (
            (project / "tierkit.toml").write_bytes(b"\xef\xbb\xbf" + (project / "tierkit.toml").read_bytes()) and None
        ),
        reads(),
    ),
    Case(
        "a sheet in UTF-16",
        whole_sheet('[data]\nfolder = "data"\n'.encode("utf-16")),
        refused("{project}/tierkit.toml: line 1 is not UTF-8 (save the run sheet as UTF-8)"),
    ),
    Case(
        "a sheet in Windows' code page",
        whole_sheet('[report]\ncompany = "Café"\n'.encode("cp1252")),
        refused("{project}/tierkit.toml: line 2 is not UTF-8 (save the run sheet as UTF-8)"),
    ),
    Case(
        "a sheet of brackets",
        whole_sheet("a = " + "[" * 5000),
        refused("{project}/tierkit.toml: not valid TOML: too deeply nested, or a number of too many digits"),
    ),
    Case(
        "a number of ten thousand digits",
        whole_sheet("seed = " + "9" * 10_000),
        refused("{project}/tierkit.toml: not valid TOML: too deeply nested, or a number of too many digits"),
    ),
    Case(
        "a misspelt key",
        sheet('curency = "EUR"'),
        refused("tierkit.toml: unknown key 'data.curency'; did you mean 'currency'?"),
    ),
    Case(
        "a misspelt section",
        whole_sheet("[teirs]\n"),
        refused("tierkit.toml: unknown key 'teirs'; did you mean 'tiers'?"),
    ),
    Case(
        "a key that belongs to another section",
        whole_sheet('[tiers]\nfolder = "x"\n'),
        refused(
            "tierkit.toml: unknown key 'tiers.folder'; known keys: preset, labels, sizes, shares, tier1_per_rep, tier2_per_rep, strategic_slots, max_per_parent, uplift, promotion_share, promotion_min_fit, exploration_slots, exploration_tier, windows, promote, stability, band, min_stay_months, moving_cost, churn_budget, gates, plays, budget, investment_floor, investment_ceiling, hours, hours_per_rep"
        ),
    ),
    Case(
        "a table nobody knows",
        sheet('opportunities = { file = "deals.csv" }'),
        refused("tierkit.toml: unknown key 'data.opportunities'; did you mean 'activities'?"),
    ),
    Case(
        "a column nobody knows",
        sheet('deals = { columns = { outcom = "Stage" } }'),
        refused("tierkit.toml: 'data' names a column that deals do not have, 'outcom'; did you mean 'outcome'?"),
    ),
    Case(
        "a column and a constant at once",
        sheet('deals = { columns = { outcome = "Stage" }, constants = { outcome = "won" } }'),
        refused("tierkit.toml: 'data' names 'outcome' of deals as a column and as a constant; keep one"),
    ),
    Case(
        "a section where a value stands",
        whole_sheet("data = 3\n"),
        refused("tierkit.toml: 'data' must be a section of keys, key = value, got 3"),
    ),
    Case(
        "a list where text stands",
        sheet("currency = [1, 2]"),
        refused("tierkit.toml: 'data.currency' must be text in quotes, such as \"this\", got [1, 2]"),
    ),
    Case(
        "text where a number stands",
        sheet('max_rejected = "few"'),
        refused("tierkit.toml: 'data.max_rejected' must be a number, got 'few'"),
    ),
    Case(
        "a share of 5", sheet("max_rejected = 5"), refused("tierkit.toml: 'data.max_rejected' must be 1 or less, got 5")
    ),
    Case(
        "a share that is no number",
        sheet("max_rejected = nan"),
        refused("tierkit.toml: 'data.max_rejected' must be a finite number, got nan"),
    ),
    Case(
        "a day that is none",
        whole_sheet('[data]\ndata_through = "2026-02-30"\n'),
        refused("tierkit.toml: 'data.data_through' must be a day, YYYY-MM-DD, got '2026-02-30'"),
    ),
    Case(
        "a day of another order",
        whole_sheet('[data]\ndata_through = "31.12.2026"\n'),
        refused("tierkit.toml: 'data.data_through' must be a day, YYYY-MM-DD, got '31.12.2026'"),
    ),
    Case(
        "a time zone nobody knows",
        sheet('time_zone = "Mars/Olympus"'),
        refused("tierkit.toml: 'data.time_zone' must be a time zone such as Europe/Berlin, got 'Mars/Olympus'"),
    ),
    Case("a seed below zero", whole_sheet("seed = -1\n"), refused("tierkit.toml: 'seed' must be 0 or more, got -1")),
    Case(
        "a seed too large to be one",
        whole_sheet("seed = 99999999999\n"),
        refused("tierkit.toml: 'seed' must be 2,000,000,000 or less, got 99999999999"),
    ),
    Case(
        "a seed in words",
        whole_sheet('seed = "random"\n'),
        refused("tierkit.toml: 'seed' must be a whole number, got 'random'"),
    ),
    Case(
        "one tier",
        whole_sheet('[tiers]\nlabels = ["only"]\n'),
        refused("tierkit.toml: 'tiers.labels' names 1 tiers; tierkit has 2, 3 or 4, got ['only']"),
    ),
    Case(
        "five tiers",
        whole_sheet('[tiers]\nlabels = ["1", "2", "3", "4", "5"]\n'),
        refused("tierkit.toml: 'tiers.labels' names 5 tiers; tierkit has 2, 3 or 4, got ['1', '2', '3', '4', '5']"),
    ),
    Case(
        "tiers that are not text",
        whole_sheet("[tiers]\nlabels = [1, 2, 3]\n"),
        refused(
            "tierkit.toml: 'tiers.labels.0' must be text in quotes, such as \"this\", got 1; tierkit.toml: 'tiers.labels.1' must be text in quotes, such as \"this\", got 2; tierkit.toml: 'tiers.labels.2' must be text in quotes, such as \"this\", got 3"
        ),
    ),
    Case(
        "shares above the whole",
        whole_sheet("[tiers]\nshares = [0.6, 0.6]\n"),
        refused("tierkit.toml: 'tiers.shares' must add up to at most 1, got [0.6, 0.6]"),
    ),
    Case(
        "an infinite budget",
        whole_sheet("[tiers]\nbudget = inf\n"),
        refused("tierkit.toml: 'tiers.budget' must be a finite number, got inf"),
    ),
    Case(
        "an uplift that rises",
        whole_sheet("[tiers]\nuplift = [0.1, 0.2, 0.3]\n"),
        refused(
            "tierkit.toml: 'tiers.uplift' must fall from tier to tier, got 0.1, 0.2, 0.3; a better tier that gains no more is none, got [0.1, 0.2, 0.3]"
        ),
    ),
    Case(
        "stability in other words",
        whole_sheet('[tiers]\nstability = "very"\n'),
        refused("tierkit.toml: 'tiers.stability' must be 'low', 'normal' or 'high', got 'very'"),
    ),
    Case(
        "maybe for yes or no",
        whole_sheet('[report]\napproval = "maybe"\n'),
        refused("tierkit.toml: 'report.approval' must be true or false, got 'maybe'"),
    ),
    Case(
        "a join without its column",
        sheet('deals = { join = [{ file = "x.csv" }] }'),
        refused("tierkit.toml: 'data.deals.join.0.on' must be stated"),
    ),
    Case(
        "a decimal mark that is none",
        sheet('deals = { decimal = "·" }'),
        refused("tierkit.toml: 'data.deals.decimal' must be '.' or ',', got '·'"),
    ),
    Case(
        "several faults at once",
        whole_sheet('seed = "x"\n[data]\nfolder = 3\n[tiers]\npromotion_share = 2\n'),
        refused(
            "tierkit.toml: 'seed' must be a whole number, got 'x'; tierkit.toml: 'data.folder' must be text in quotes, such as \"this\", got 3; tierkit.toml: 'tiers.promotion_share' must be 0.5 or less, got 2"
        ),
    ),
    Case(
        "a very long value",
        whole_sheet(f'seed = "{"9x" * 5000}"\n'),
        refused(
            "tierkit.toml: 'seed' must be a whole number, got '9x9x9x9x9x9x9x9x9x9x9x9x9x9x9x9x9x9x9x9x9x9x9x9x9x9x9x9x9x9..."
        ),
    ),
    # The sheet is well formed, but the files it names are not there
    Case(
        "a folder that is not there",
        whole_sheet('[data]\nfolder = "dta"\n'),
        stops("{project}/dta: no such folder ([data] folder in tierkit.toml)"),
    ),
    Case(
        "a file that is not there",
        sheet('deals = { file = "deal.csv" }'),
        stops("deal.csv: no such file in {data} (did you mean 'deals.csv'?)"),
    ),
    Case(
        "a file with a zero byte in its name",
        sheet('deals = { file = "a\\u0000b.csv" }'),
        stops("a\u0000b.csv: no such file in {data} (there are accounts.csv, deals.csv)"),
    ),
    Case(
        "a file of an ending nobody reads",
        sheet('deals = { file = "../tierkit.toml" }'),
        stops(
            "tierkit.toml: nobody reads files of this ending (use .csv, .csv.gz, .tsv, .tsv.gz, .txt, .parquet, .xlsx, .xlsm, .duckdb, .db)"
        ),
    ),
    Case(
        "a column that the file lacks",
        sheet('accounts = {}\ndeals = { columns = { outcome = "Stage" } }'),
        stops(
            "deals.csv: column 'Stage', mapped to 'outcome', is missing (map it in tierkit.toml, [data.deals]; the header says 'deal_id', 'account_id', 'outcome', 'opened_at', 'closed_at', 'acv', ...)"
        ),
    ),
    Case(
        "values of a column that the file lacks",
        sheet('accounts = {}\ndeals = { values = { product = { a = "b" } } }'),
        stops("deals.csv: values are mapped of column 'product', which is missing (tierkit.toml, [data.deals.values])"),
    ),
    Case(
        "values mapped to one that is none",
        sheet('accounts = {}\ndeals = { values = { outcome = { won = "yes" } } }'),
        stops(
            "deals.csv: 'outcome' must be one of won, lost, open, got 'yes' on line 2 (60 rows) (map it in tierkit.toml, [data.deals.values.outcome])"
        ),
    ),
    Case(
        "a constant that is none",
        sheet('accounts = {}\ndeals = { constants = { deal_type = "brand new" } }'),
        stops(
            "deals.csv: 'deal_type' must be one of new, expansion, renewal, got 'brand new' on line 2 (240 rows) (map it in tierkit.toml, [data.deals.values.deal_type])"
        ),
    ),
    Case(
        "a joined file that is not there",
        sheet('accounts = {}\ndeals = { join = [{ file = "lines.csv", on = "deal_id" }] }'),
        stops("lines.csv: no such file in {data} (there are accounts.csv, deals.csv)"),
    ),
    Case(
        "a joined file without the column",
        sheet('accounts = {}\ndeals = { join = [{ file = "accounts.csv", on = "deal_id" }] }'),
        stops(
            "deals.csv: cannot be joined with accounts.csv: column 'deal_id' is missing in accounts.csv (set on in tierkit.toml, [data.deals])"
        ),
    ),
)
