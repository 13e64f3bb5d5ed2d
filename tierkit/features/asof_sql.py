"""SQL text of the as-of features, in the subset that DuckDB, PostgreSQL and Spark agree on.

Sums of cases, minima, maxima, joins and ROW_NUMBER over partitions, on integers; no dates, floats or distinct counts.
Every text reads `moments` (moment, account_id, as_of_day, own_deal_id) and staging views, and returns rows by moment.
Nothing known or dated after `as_of_day` passes a join.
"""

TOUCH_KINDS = """
SELECT kind, COALESCE(direction, '') AS direction, COUNT(*) AS n
FROM stage_activities
WHERE known_day <= {cutoff_day}
GROUP BY kind, COALESCE(direction, '')
"""
"""Kinds of touch known at a cutoff, with their number."""

SIGNAL_KINDS = """
SELECT kind, COUNT(*) AS n
FROM stage_signals
WHERE known_day <= {cutoff_day}
GROUP BY kind
"""
"""Kinds of signal known at a cutoff, with their number."""

TOUCHES = """
SELECT m.moment, k.code, m.as_of_day - a.occurred_day AS days_since
FROM moments m
JOIN stage_activities a
    ON a.account_id = m.account_id
    AND a.occurred_day >= m.as_of_day - 365
    AND a.occurred_day <= m.as_of_day
    AND a.known_day <= m.as_of_day
JOIN touch_kinds k ON k.kind = a.kind AND k.direction = COALESCE(a.direction, '')
WHERE a.occurred_day >= {first_day} - 365 AND a.occurred_day <= {last_day} AND a.known_day <= {last_day}
"""
"""Touches of the last year; `touch_kinds` names the code of each kind and direction.

Moments lie between `first_day` and `last_day`, said again so that an engine leaves other rows out before it joins.
"""

CONTACTS = """
SELECT p.moment,
    SUM(CASE WHEN p.days_since <= 90 THEN 1 ELSE 0 END) AS n_90,
    COUNT(*) AS n_365,
    SUM(CASE WHEN p.days_since_inbound <= 90 THEN 1 ELSE 0 END) AS n_inbound_90,
    SUM(CASE WHEN p.days_since_inbound <= 365 THEN 1 ELSE 0 END) AS n_inbound_365
FROM (
    SELECT m.moment, a.contact_id,
        MIN(m.as_of_day - a.occurred_day) AS days_since,
        MIN(CASE WHEN a.direction = 'inbound' THEN m.as_of_day - a.occurred_day END) AS days_since_inbound
    FROM moments m
    JOIN stage_activities a
        ON a.account_id = m.account_id
        AND a.occurred_day >= m.as_of_day - 365
        AND a.occurred_day <= m.as_of_day
        AND a.known_day <= m.as_of_day
    WHERE a.contact_id IS NOT NULL
        AND a.occurred_day >= {first_day} - 365 AND a.occurred_day <= {last_day} AND a.known_day <= {last_day}
    GROUP BY m.moment, a.contact_id
) p
GROUP BY p.moment
"""
"""Distinct people of the last year's touches: first one row a person, so that no engine counts distinct values."""

SIGNALS = """
SELECT m.moment, k.code, MIN(m.as_of_day - s.occurred_day) AS days_since
FROM moments m
JOIN stage_signals s
    ON s.account_id = m.account_id
    AND s.occurred_day >= m.as_of_day - 90
    AND s.occurred_day <= m.as_of_day
    AND s.known_day <= m.as_of_day
JOIN signal_kinds k ON k.kind = s.kind
GROUP BY m.moment, k.code
"""
"""Signals of the last 90 days by kind; `signal_kinds` names the code of each."""

PAST_DEALS = """
SELECT m.moment,
    SUM(CASE WHEN d.outcome = 'won' AND d.closed_day <= m.as_of_day THEN 1 ELSE 0 END) AS n_won_past,
    SUM(CASE WHEN d.outcome = 'won' AND d.closed_day <= m.as_of_day THEN d.acv_cents ELSE 0 END) AS won_cents_past,
    SUM(CASE WHEN d.outcome = 'lost' AND d.closed_day <= m.as_of_day THEN 1 ELSE 0 END) AS n_lost_past,
    MIN(CASE WHEN d.outcome = 'lost' AND d.closed_day <= m.as_of_day THEN m.as_of_day - d.closed_day END)
        AS days_since_loss,
    SUM(CASE WHEN d.opened_day <= m.as_of_day AND (d.outcome = 'open' OR d.closed_day > m.as_of_day)
        THEN 1 ELSE 0 END) AS n_open_deals
FROM moments m
JOIN stage_deals d
    ON d.account_id = m.account_id
    AND (d.opened_day <= m.as_of_day OR d.closed_day <= m.as_of_day)
    AND d.deal_id <> COALESCE(m.own_deal_id, '')
GROUP BY m.moment
"""
"""Deals known at the moment, without the row's own: closed later counts as open, opened later does not exist."""

DATED_FIELDS = """
SELECT field
FROM stage_account_history
WHERE field IS NOT NULL
GROUP BY field
ORDER BY field
"""
"""Fields of accounts that have a history."""

VALUES_OF_FIELD = """
SELECT h.value
FROM stage_account_history h
JOIN history_fields f ON f.field = h.field
GROUP BY h.value
"""
"""What the history of fields holds."""

FIELDS_TOLD = """
SELECT m.moment, {flags}
FROM moments m
JOIN stage_account_history h ON h.account_id = m.account_id
JOIN history_fields f ON f.field = h.field
GROUP BY m.moment
"""
"""Whether the account of each moment has any history of each field, known by then or not."""

FIELD_TOLD = "MAX(CASE WHEN f.code = {code} THEN 1 ELSE 0 END) AS told_{code}"

FIELD_VALUES = """
WITH ranked AS (
    SELECT h.account_id, f.code, h.known_day, h.value,
        ROW_NUMBER() OVER (
            PARTITION BY h.account_id, f.code ORDER BY h.known_day, COALESCE(h.value, '')
        ) AS place
    FROM stage_account_history h
    JOIN history_fields f ON f.field = h.field
)
SELECT m.moment, r.code, r.value
FROM moments m
JOIN ranked r ON r.account_id = m.account_id AND r.known_day <= m.as_of_day
LEFT JOIN ranked n ON n.account_id = r.account_id AND n.code = r.code AND n.place = r.place + 1
WHERE n.known_day IS NULL OR n.known_day > m.as_of_day
"""
"""The last value of each field known at the moment; `history_fields` names the code of each field."""
