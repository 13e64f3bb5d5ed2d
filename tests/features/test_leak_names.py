"""The name rule against column names written down before the rule was: what CRMs call things, from memory of them."""

import pytest

from tierkit.features.leak_names import judge_name

# How the deal stands, how it ended, or what came after: known only once the deal is under way.
LEAKY = (
    # Salesforce
    "StageName",
    "Probability",
    "Probability (%)",
    "ForecastCategory",
    "ForecastCategoryName",
    "CloseDate",
    "IsWon",
    "IsClosed",
    "NextStep",
    "LastStageChangeDate",
    "PushCount",
    "Loss_Reason__c",
    "Closed_Lost_Reason__c",
    "Days_in_Stage__c",
    "Contract_Signed_Date__c",
    "FiscalQuarterOfClose",
    "Win_Loss_Notes__c",
    # HubSpot
    "dealstage",
    "hs_deal_stage_probability",
    "hs_manual_forecast_category",
    "closed_won_reason",
    "closedate",
    "days_to_close",
    "hs_date_entered_closedlost",
    "hs_is_closed_won",
    "hs_next_step",
    # Dynamics and Pipedrive
    "estimatedclosedate",
    "actualclosedate",
    "closeprobability",
    "pipelinephase",
    "salesstage",
    "lost_reason",
    "won_time",
    "lost_time",
    "stage_change_time",
    "status",
    # homemade
    "Opp Stage",
    "opp_stg",
    "fcst_cat",
    "prob_pct",
    "cls_dt",
    "sales_cycle_length",
    "deal_age_days",
    "time_in_negotiation",
    "n_stage_changes",
    "stage_velocity",
    "times_pushed",
    "lost_to_competitor",
    "commit_flag",
    "go_live_date",
    "kickoff_call_held",
    "onboarding_owner",
    "implementation_start",
    "first_invoice_date",
    "invoice_no",
    "po_number",
    "churned_at",
    "renewal_date",
    "outcome_detail",
    "signed_on",
    "contract_end",
    "ratio_days_discovery_to_total",
    "opportunity_result",
    "ProposalToCloseDays",
)

# The size of the deal, or a band of it: never a feature of winning.
AMOUNTS = (
    "Amount",
    "acv_usd",
    "deal_size",
    "Deal Value",
    "ARR",
    "tcv",
    "opportunity_amount",
    "ExpectedRevenue",
    "hs_projected_amount",
    "amount_in_home_currency",
    "deal_size_category",
    "Contract Value",
    "mrr",
    "actualvalue",
    "Opportunity Revenue Band",
)

# Who holds the deal, or what the account already is to us.
NEVER = ("OwnerId", "sales_rep", "account_executive", "seller_name", "is_customer", "AccountType", "customer_flag")

# What was knowable before the deal opened, some of it in words that look like leaks.
HONEST = (
    "NumberOfEmployees",
    "Industry",
    "BillingCountry",
    "billing_city",
    "AnnualRevenue",
    "LeadSource",
    "technology_stack",
    "uses_salesforce",
    "founded_year",
    "funding_stage",
    "company_stage",
    "growth_stage",
    "state",
    "region",
    "Sales Territory",
    "sic_code",
    "is_public",
    "stock_ticker",
    "hq_state",
    "number_of_locations",
    "it_spend",
    "intent_score",
    "newsletter_subscriber",
    "demo_requested",
    "pricing_page_views",
    "forecasting_tool",
    "competitor_installed",
    "open_roles",
    "sales_headcount",
    "signed_up_for_trial",
    "closest_office",
    "seats_requested",
    "use_case",
    "product_line",
    "credit_score",
    "remote_share",
    "company_age_years",
    "market_cap_band",
    "employee_growth_pct",
    "has_procurement_team",
    "erp_vendor",
    "cloud_provider",
    "campaign_name",
    "first_touch_channel",
    "webinar_attended",
    "job_title",
    "decision_maker_seniority",
    "website_language",
    "company_revenue",
    "customer_count_of_company",
    "partner_sourced",
    "referral",
    "contact_role",
    "wonder_index",
    "lossless_codec",
    "postal_code",
    "provenance",
    "backstage_access",
    "rep_tenure_days",
    "seller_experience_years",
    "email_domain",
    "call_center_software",
    "frontier_region",
)

# Counts of touches without a last day, and tiers: flagged, since nobody wrote until or on which day.
UNDATED = ("n_activities", "total_emails", "meeting_count", "TouchCount", "calls", "account_tier", "Tier", "icp_grade")

# Look-backs, or the age of an account, a lead or a visitor: dated by their owner, so flagged rather than refused.
LOOK_BACKS = (
    "web_visits_last_90d",
    "emails_opened_30d",
    "meetings_180d",
    "past_won_deals",
    "prior_win_rate",
    "previous_loss_count",
    "historical_close_rate",
    "won_deals_365d",
    "account_age_days",
    "lead_age_days",
    "visitor_session_duration",
    "days_since_last_visit",
    "account_stage_changes_90d",
    "previous_deal_amount",
    "last_renewal_days",
    "prior_contract_value",
)


@pytest.mark.parametrize("column", LEAKY)
def test_names_of_how_the_deal_went_are_refused(column: str) -> None:
    judged = judge_name(column)
    assert judged is not None
    assert judged.verdict == "refused"


@pytest.mark.parametrize("column", AMOUNTS)
def test_names_of_the_amount_are_refused_as_amounts(column: str) -> None:
    judged = judge_name(column)
    assert judged is not None
    assert (judged.verdict, judged.rule) == ("refused", "amount")


@pytest.mark.parametrize("column", NEVER)
def test_owner_customer_flag_and_account_type_are_refused(column: str) -> None:
    judged = judge_name(column)
    assert judged is not None
    assert judged.verdict == "refused"


@pytest.mark.parametrize("column", HONEST)
def test_honest_names_pass(column: str) -> None:
    assert judge_name(column) is None


@pytest.mark.parametrize("column", LOOK_BACKS)
def test_look_backs_are_flagged_not_refused(column: str) -> None:
    judged = judge_name(column)
    assert judged is not None
    assert judged.verdict == "flagged"


@pytest.mark.parametrize("column", UNDATED)
def test_counts_without_a_last_day_and_tiers_are_flagged(column: str) -> None:
    judged = judge_name(column)
    assert judged is not None
    assert (judged.verdict, judged.rule) in {("flagged", "unbounded"), ("flagged", "tier")}
