"""The words that the name rule of the leak screen knows."""

import re


def words_of(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


# What a column may be about. A deal's own words are known only once it is under way.
DEAL = words_of("deal opportunity quote proposal pipeline sales sale bid tender contract order")
SUBJECT = words_of(
    "account lead visitor visit session contact company firm client customer user website site web prospect person"
    " employee staff"
    " organization org trial email campaign webinar business page vehicle"
)
OTHER_PARTY = words_of("competitor vendor incumbent supplier partner")
TOOL = words_of("tool software system platform app technology tech stack uses provider solution module suite")

# Look-backs: dated by whoever made the column. "Last" and "previous" may also mean the deal's own last stage.
LOOK_BACK = words_of("past prior historical historic history lifetime trailing rolling")
SOFT_LOOK_BACK = words_of("last previous recent since ago ytd")
WINDOW = re.compile(r"\d+(d|w|m|q|y|day|days|wk|week|weeks|mo|month|months|yr|year|years)")

STAGE = words_of("stage phase substage milestone")
HONEST_STAGE = words_of(
    "funding company growth startup investment seed series venture maturity adoption digital business life career"
)
PROBABILITY = words_of("probability likelihood odds")
FORECAST = words_of("forecast commit upside")
OTHER_RISK = words_of("default weather bankruptcy credit market")
OUTCOME = words_of("won win wins lost loss losses outcome disposition disqualified converted closed close closing")
HONEST_OUTCOME = words_of("award awards hours location")
RESULT = words_of("result results resolution verdict conversion")
AMOUNT = words_of("amount acv arr mrr tcv booking bookings")
MONEY = words_of("value revenue size worth budget price total band category range bucket")
MONEY_OF = (DEAL - {"sales"}) | words_of("expected projected actual estimated weighted win won closed close")
OWNER = words_of("owner rep reps seller salesperson salesman ae sdr bdr csm salesrep")
OWNER_PAIRS = frozenset({"account executive", "account manager", "sales manager", "assigned to", "created by"})
OF_A_PERSON = words_of("tenure experience seniority ramp")
DURATION = words_of("days day time duration age elapsed hours hour weeks week ratio velocity aging length")
SPAN = words_of("in to until till through between from")
COURSE = words_of(
    "decision negotiation negotiating discovery qualification qualified qualify identified validation"
    " validated gaining closing procurement legal evaluation presentation"
)
AFTER = words_of(
    "signed signature onboarding onboarded kickoff golive implementation invoice invoiced invoices renewal renewed"
    " churn churned handover provisioned delivered shipped paid payment fulfilment nps csat upsell upsold cancelled"
)
PAPER = words_of(
    "start end signed date number no id status sent term length months expiry expires type received accepted"
)
KEEPERS = words_of(
    "is has flag existing current active since date became status start already our new yn indicator type"
)
TOUCH = words_of("activity touch touchpoint email call meeting interaction engagement visit session")
TOUCHES = words_of("activities touches touchpoints emails calls meetings interactions engagements tasks")
TOUCHES_OF = TOUCHES | words_of("sales crm account deal opportunity all our logged held sent made")
COUNTED = words_of("count number total sum num times lifetime all")
TIER = words_of("tier tiers tiering grade grading")
COURSE_COUNTS = words_of("pushed slipped stalled reopened slippage")
FILLER = words_of(
    "id name code reason detail details key label text date category type current hs of the no number flag"
)

SHORT = {
    "opp": "opportunity",
    "oppty": "opportunity",
    "opty": "opportunity",
    "opportunities": "opportunity",
    "deals": "deal",
    "quotes": "quote",
    "proposals": "proposal",
    "contracts": "contract",
    "orders": "order",
    "stg": "stage",
    "stages": "stage",
    "prob": "probability",
    "propensity": "probability",
    "fcst": "forecast",
    "frcst": "forecast",
    "forecasted": "forecast",
    "cls": "close",
    "clsd": "closed",
    "closure": "close",
    "winning": "win",
    "losing": "loss",
    "lose": "loss",
    "dt": "date",
    "amt": "amount",
    "val": "value",
    "rev": "revenue",
    "cust": "customer",
    "customers": "customer",
    "clients": "client",
    "acct": "account",
    "accounts": "account",
    "leads": "lead",
    "visitors": "visitor",
    "visits": "visit",
    "rsn": "reason",
    "num": "number",
    "prev": "previous",
    "hist": "historical",
    "impl": "implementation",
    "agent": "rep",
    "cycles": "cycle",
    "changed": "change",
    "changes": "change",
    "steps": "step",
    "est": "estimated",
}

KNOWN_WORDS = (
    DEAL | SUBJECT | STAGE | PROBABILITY | FORECAST | OUTCOME | AMOUNT | OWNER | AFTER | DURATION | COURSE
    | words_of("actual estimated expected projected weighted date reason status value revenue size code name step next")
    | words_of("cycle change count number category type executive manager annual age live employees in to is")
)  # fmt: skip
