"""What the presets know: every field the CRMs document, by API name and label, in any case."""

import subprocess
import sys

import pytest

from tierkit.inputs.contracts import CONTRACTS
from tierkit.inputs.crm.presets import own_name, read_preset

NAMES = {
    (
        "salesforce",
        "Account",
    ): "Id Name ParentId Type Industry AnnualRevenue NumberOfEmployees BillingCity BillingState "
    "BillingPostalCode BillingCountry Website AccountSource Ownership Rating AccountNumber OwnerId RecordTypeId "
    "LastActivityDate MasterRecordId IsDeleted CreatedDate LastModifiedDate SystemModstamp Sic NaicsCode YearStarted "
    "TickerSymbol",
    ("salesforce", "Opportunity"): "Id AccountId Name StageName Amount CurrencyIsoCode Probability ExpectedRevenue "
    "CloseDate Type LeadSource NextStep IsClosed IsWon ForecastCategory ForecastCategoryName CampaignId OwnerId "
    "RecordTypeId Pricebook2Id HasOpportunityLineItem FiscalYear FiscalQuarter Fiscal LastActivityDate CreatedDate "
    "LastModifiedDate IsDeleted",
    ("salesforce", "OpportunityHistory"): "Id OpportunityId CreatedDate CreatedById StageName Amount PrevAmount "
    "CloseDate PrevCloseDate Probability ExpectedRevenue ForecastCategory SystemModstamp IsDeleted",
    ("salesforce", "OpportunityFieldHistory"): "Id OpportunityId Field OldValue NewValue DataType CreatedDate "
    "CreatedById",
    ("salesforce", "AccountHistory"): "Id AccountId Field OldValue NewValue DataType CreatedDate CreatedById",
    ("salesforce", "Task"): "Id AccountId WhatId WhoId OwnerId Subject Type TaskSubtype Status Priority ActivityDate "
    "CompletedDateTime IsClosed CallType CallDurationInSeconds CallDisposition CreatedDate",
    ("salesforce", "Event"): "Id AccountId WhatId WhoId OwnerId Subject Type EventSubtype StartDateTime EndDateTime "
    "ActivityDate ActivityDateTime DurationInMinutes IsGroupEvent Location",
    ("hubspot", "companies"): "hs_object_id name domain industry numberofemployees annualrevenue city state country "
    "lifecyclestage hs_lead_status type hubspot_owner_id createdate hs_lastmodifieddate notes_last_contacted "
    "notes_last_updated num_associated_contacts num_associated_deals founded_year website",
    ("hubspot", "deals"): "hs_object_id dealname dealstage pipeline amount hs_acv hs_arr hs_mrr hs_tcv "
    "amount_in_home_currency deal_currency_code closedate createdate dealtype hs_is_closed hs_is_closed_won "
    "hs_deal_stage_probability days_to_close closed_lost_reason closed_won_reason hubspot_owner_id "
    "hs_date_entered_closedwon hs_date_exited_contractsent",
    ("hubspot", "calls"): "hs_timestamp hubspot_owner_id hs_createdate hs_call_title hs_call_duration "
    "hs_call_disposition hs_call_direction hs_call_status",
    ("hubspot", "meetings"): "hs_timestamp hs_meeting_title hs_meeting_start_time hs_meeting_end_time "
    "hs_meeting_outcome",
    ("hubspot", "emails"): "hs_timestamp hs_email_subject hs_email_direction",
    ("hubspot", "tasks"): "hs_timestamp hs_task_subject hs_task_status hs_task_type",
    ("hubspot", "notes"): "hs_timestamp hs_note_body",
}
LABELS = {
    ("salesforce", "Opportunity"): (
        ("Account ID", "account_id"),
        ("Account Name", "account_name"),
        ("Opportunity ID", "deal_id"),
        ("Stage", "stage"),
        ("Probability (%)", "probability"),
        ("Close Date", "closed_at"),
        ("Created Date", "opened_at"),
        ("Lead Source", "source"),
        ("Opportunity Owner", "owner_name"),
        ("Closed", "is_closed"),
        ("Won", "is_won"),
    ),
    ("salesforce", "Account"): (
        ("Employees", "employees"),
        ("Annual Revenue", "annual_revenue"),
        ("Billing Country", "country"),
    ),
    ("hubspot", "companies"): (
        ("Record ID", "account_id"),
        ("Company Domain Name", "domain"),
        ("Number of Employees", "employees"),
        ("Company owner", "owner_id"),
        ("Company Owner", "owner_id"),
        ("Country/Region", "country"),
    ),
    ("hubspot", "deals"): (
        ("Associated Company IDs", "account_id"),
        ("Annual contract value", "acv"),
        ("Is Deal Closed?", "is_closed"),
        ("Is Closed Won", "is_won"),
        ("Deal probability", "probability"),
        ("Deal owner", "owner_id"),
        ("Currency", "currency"),
    ),
}
LEAKY = {
    ("salesforce", "Opportunity"): "Probability ForecastCategory ForecastCategoryName StageName ExpectedRevenue "
    "IsClosed IsWon NextStep LastActivityDate FiscalQuarter",
    ("salesforce", "Account"): "LastActivityDate Type Tier__c",
    ("hubspot", "companies"): "lifecyclestage num_associated_deals notes_last_updated tier_score",
    ("hubspot", "deals"): "hs_deal_stage_probability days_to_close closed_lost_reason closed_won_reason "
    "hs_date_entered_closedwon dealstage",
}


@pytest.mark.parametrize(("crm", "name"), NAMES)
def test_every_documented_field_is_known_in_any_case(crm, name):
    of = read_preset(crm).objects[name]
    for field in NAMES[crm, name].split():
        assert of.find(field) is not None, field
        assert of.find(field.upper()) is not None, field


@pytest.mark.parametrize(("crm", "name"), LABELS)
def test_labels_lead_where_names_do(crm, name):
    of = read_preset(crm).objects[name]
    for label, to in LABELS[crm, name]:
        assert of.find(label).to == to, label
        assert of.find(label.lower()).to == to, label


@pytest.mark.parametrize(("crm", "name"), LEAKY)
def test_what_is_known_afterwards_is_leaky(crm, name):
    of = read_preset(crm).objects[name]
    for field in LEAKY[crm, name].split():
        assert of.find(field).leaky, field


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_presets_hold_together(crm):
    for of in read_preset(crm).objects.values():
        assert of.table in CONTRACTS
        known = set(of.fields)
        for signature in (*of.signatures, *of.named_signatures, of.enough):
            assert signature <= known, (of.name, signature - known)
        for field in of.fields.values():
            assert not (field.leaky and field.ignored), field
            # what is read and can be no feature is no column of ours: it would be one under our name
            assert not (field.leaky and field.to in CONTRACTS[of.table]), field


def test_own_names_are_the_same_by_name_and_label():
    for api, label in (("ICP_Grade__c", "ICP Grade"), ("AccountSource", "Account Source"), ("hs_x_y", "HS X Y")):
        assert own_name(api) == own_name(label)


def test_a_run_without_a_crm_loads_none_of_it():
    code = (
        "import sys; from tierkit.inputs.opening import open_tables; import pandas as pd;"
        "open_tables({'deals': pd.DataFrame({'deal_id': ['1', '2'], 'outcome': ['won', 'lost']})});"
        "assert not [m for m in sys.modules if m.startswith('tierkit.inputs.crm')], sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
