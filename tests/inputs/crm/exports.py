# ruff: noqa: E501
"""Little exports made by hand, in the shapes Salesforce and HubSpot write."""

from pathlib import Path

import pandas as pd

from tierkit.inputs.crm.ids import widen_ids
from tierkit.inputs.opening import open_tables
from tierkit.inputs.settings import DataSettings
from tierkit.inputs.tables import Tables

ACME, BETA, MERGED, DELETED = (f"0015000000Gv7q{c}" for c in "JKLM")
ANA, OTHER = "0055000000Gv7qA", "0055000000Gv7qB"
WON, LOST, OPEN = (f"0065000000Ab1c{c}" for c in "DEF")
PERSON, LEAD = "0035000000Ab1cD", "00Q5000000Ab1cD"


def wide(short: str) -> str:
    """The id of 18 characters."""
    return str(widen_ids(pd.Series([short]))[0].iloc[0])


def write(folder: Path, **files: str) -> Path:
    """Write texts as CSV files."""
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text.lstrip("\n"), encoding="utf-8")
    return folder


def opened(folder: Path, crm: str, **settings: object) -> Tables:
    """The tables of a folder of exports."""
    return open_tables(folder, settings=DataSettings.model_validate({"crm": crm, **settings}))


def salesforce(folder: Path) -> Path:
    """Objects, reports and histories of a Salesforce company with two accounts and three deals."""
    return write(
        folder,
        Account=f"""
"ID","NAME","TYPE","INDUSTRY","NUMBEROFEMPLOYEES","BILLINGCOUNTRY","WEBSITE","OWNERID","LASTACTIVITYDATE","MASTERRECORDID","ISDELETED","CREATEDDATE","REGION__C","ICP_GRADE__C","TIER__C"
"{wide(ACME)}","Acme","Customer - Direct","Software","120","US","acme.com","{wide(ANA)}","2026-01-02","","false","2024-01-10T10:00:00.000+0000","West","A","1"
"{wide(BETA)}","Beta","Prospect","Retail","80","DE","beta.de","{wide(ANA)}","2026-01-03","","false","2024-02-10T10:00:00.000+0000","East","B","2"
"{wide(MERGED)}","Beta old","Prospect","Retail","80","DE","beta.de","{wide(ANA)}","","{wide(BETA)}","true","2024-02-10T10:00:00.000+0000","East","B",""
"{wide(DELETED)}","Gone","Prospect","Retail","80","DE","gone.de","{wide(ANA)}","","","true","2024-02-10T10:00:00.000+0000","East","B",""
""",
        Opportunity=f"""
Opportunity ID,Account ID,Opportunity Name,Stage,Amount,Amount Currency,Amount (converted),Amount (converted) Currency,Probability (%),Close Date,Created Date,Type,Lead Source,Contract Term,Deal Grade
{WON},{ACME},A new,Closed Won,24000,EUR,26000,USD,100,3/31/2025,1/15/2025,New Customer,Web,2 years,x
{LOST},{BETA},B new,Closed Lost,10000,USD,10000,USD,0,6/30/2025,2/20/2025,Existing Customer - Upgrade,Partner,12,y
{OPEN},{BETA},B two,Proposal/Price Quote,10000,USD,10000,USD,60,6/30/2026,5/20/2025,New Customer,Partner,12,z

"Grand Total",,,,44000,,,,,,,,,,
,,,,,,,,,,,,,,
"Confidential Information - Do Not Distribute"
"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."
""",
        OpportunityFieldHistory=f"""
Id,OpportunityId,Field,OldValue,NewValue,CreatedDate
1,{wide(WON)},StageName,Prospecting,Closed Won,2025-03-20T10:00:00.000Z
2,{wide(WON)},LeadSource,Referral,Web,2025-02-20T10:00:00.000Z
3,{wide(LOST)},StageName,Prospecting,Closed Lost,2025-06-01T10:00:00.000Z
4,{wide(WON)},Amount,1,24000,2025-02-20T10:00:00.000Z
""",
        AccountHistory=f"""
Id,AccountId,Field,OldValue,NewValue,CreatedDate
1,{wide(ACME)},NumberOfEmployees,100,"1,100",2025-03-20T10:00:00.000Z
2,{wide(ACME)},NumberOfEmployees,1100,110,2025-03-20T11:00:00.000Z
3,{wide(ACME)},NumberOfEmployees,110,120,2025-05-20T10:00:00.000Z
4,{wide(ACME)},Type,Prospect,Customer - Direct,2025-03-20T10:00:00.000Z
5,{wide(ACME)},Owner,Old Name,Ana Abara,2025-03-20T10:00:00.000Z
6,{wide(ACME)},Owner,{OTHER},{wide(ANA)},2025-03-20T10:00:00.000Z
7,{wide(ACME)},created,,,2024-01-10T10:00:00.000Z
""",
        Task=f"""
Id,AccountId,WhatId,WhoId,Subject,Type,TaskSubtype,Status,ActivityDate,CompletedDateTime,IsClosed,CallType,CallDurationInSeconds,CreatedDate
00T1,{wide(ACME)},,{PERSON},Call: hi,,Call,Completed,2025-01-02,2025-01-04T09:00:00Z,true,Inbound,600,2025-01-04T09:00:00Z
00T2,,{LOST},,Email: hi,Email,Task,Completed,2025-01-03,2025-01-03T09:00:00Z,true,,,2025-01-03T09:00:00Z
00T3,,,{LEAD},Email: hi,Email,Task,Completed,2025-01-03,2025-01-03T09:00:00Z,true,,,2025-01-03T09:00:00Z
00T4,{wide(MERGED)},,,Send,,Task,Completed,2025-01-03,2025-01-05T09:00:00Z,true,,,2025-01-03T09:00:00Z
00T5,{wide(BETA)},,,Send,,Task,Not Started,2026-01-03,,false,,,2025-01-03T09:00:00Z
00T6,{wide(DELETED)},,,Send,,Task,Completed,2025-01-03,2025-01-05T09:00:00Z,true,,,2025-01-03T09:00:00Z
""",
        Event=f"""
Id,AccountId,WhatId,WhoId,Subject,Type,StartDateTime,EndDateTime,DurationInMinutes,CreatedDate
00U1,,{BETA},{PERSON},Demo,Meeting,2025-02-02T09:00:00Z,2025-02-02T10:00:00Z,,2025-01-02T09:00:00Z
00U2,{wide(BETA)},,,Future,Meeting,2026-12-02T09:00:00Z,2026-12-02T10:00:00Z,60,2025-01-02T09:00:00Z
""",
        Contact=f"""
Contact ID,Account ID,First Name,Last Name,Title,Department,Created Date
{PERSON},{ACME},X,Y,VP Finance,Finance,1/30/2024
""",
        User=f"""
Id,Username,Name,IsActive,CreatedDate
{wide(ANA)},a@x,Ana Abara,true,2023-01-01T00:00:00.000Z
{wide(OTHER)},b@x,Bob,true,2023-01-01T00:00:00.000Z
""",
        signals=f"""
account_id,occurred_at,kind
{MERGED},2025-01-01,funding
""",
        budget="month,money\n1,2\n",
    )


def hubspot(folder: Path) -> Path:
    """Companies, deals, engagements and property history of a HubSpot company."""
    return write(
        folder,
        **{
            "hubspot-crm-exports-all-companies": """
Record ID,Company name,Company Domain Name,Industry,Number of Employees,Country/Region,Company Owner,Create Date,Lifecycle Stage,Last Activity Date,Number of Associated Deals,Merged Company IDs,Region
101,Acme,acme.com,Software,120,US,Ana Abara,2024-01-10 10:00,Customer,2026-01-01 10:00,2,109;110,West
102,Beta,,Retail,80,DE,Ana Abara,2024-02-10 10:00,Opportunity,2026-01-01 10:00,1,,East
""",
            "hubspot-deals": '''
Record ID,Deal Name,Deal Stage,Pipeline,Amount,Currency,Amount in company currency,Close Date,Create Date,Deal Type,Deal owner,Is Deal Closed?,Is Closed Won,Associated Company IDs,Associated Company,"Date entered ""Closed Won (Sales Pipeline)""",Deal probability,Closed Lost Reason,Term (Years)
201,A,Closed Won,Sales Pipeline,24000,EUR,26000,2025-03-31 10:00,2025-01-15 10:00,newbusiness,Ana Abara,true,true,101;102,Acme;Beta,2025-03-20 10:00,1.0,,2
202,B,Verloren,Sales Pipeline,100,USD,100,2025-06-30 10:00,2025-02-15 10:00,existingbusiness,Ana Abara,true,false,102,Beta,,0.0,price,1
203,C,Phase 3,Sales Pipeline,100,USD,100,2026-06-30 10:00,2025-02-15 10:00,newbusiness,Ana Abara,false,false,109,Beta,,0.4,,1
''',
            "calls": """
hs_object_id,hs_timestamp,hs_createdate,hs_call_title,hs_call_duration,hs_call_direction,hs_call_status,Associated Company IDs,Associated Contact IDs
1,2025-01-02T10:00:00Z,2025-01-02T10:00:00Z,x,600000,INBOUND,COMPLETED,101;102,301
2,2025-01-03T10:00:00Z,2025-01-03T10:00:00Z,x,60000,OUTBOUND,COMPLETED,,301
""",
            "meetings": """
Record ID,Activity date,Meeting name,Meeting start time,Meeting end time,Meeting outcome,Associated Company IDs,Associated Deal IDs,Create date
3,2025-02-02 10:00,x,2025-02-02 10:00,2025-02-02 10:45,Completed,,201,2025-02-01 10:00
4,2025-02-03 10:00,x,2025-02-03 10:00,2025-02-03 10:45,No show,101,,2025-02-01 10:00
5,2025-02-04 10:00,x,2025-02-04 10:00,2025-02-04 10:45,,101,,2025-02-01 10:00
""",
            "emails": """
hs_object_id,hs_timestamp,hs_email_subject,hs_email_direction,Associated Company IDs
6,1735812000000,x,INCOMING_EMAIL,101
7,1735812000000,x,EMAIL,101
""",
            "tasks": """
hs_object_id,hs_timestamp,hs_task_subject,hs_task_status,hs_task_type,Associated Company IDs
8,2025-01-02T10:00:00Z,x,COMPLETED,TODO,101
9,2025-01-02T10:00:00Z,x,NOT_STARTED,EMAIL,101
""",
            "notes": "Record ID,Activity date,Note body,Associated Company IDs\n10,2025-01-02 10:00,hello,102\n",
            "contacts": """
Record ID,First Name,Last Name,Email,Job Title,Buying Role,Create Date,Primary Associated Company ID,Associated Company IDs
301,X,Y,x@y,Head of IT,End user,2024-05-05 10:00,101,102;101
""",
            "property-history": """
companyId,property,value,timestamp
101,numberofemployees,100,2024-01-10T10:00:00Z
101,numberofemployees,120,2025-01-10T10:00:00Z
101,lifecyclestage,lead,2024-01-10T10:00:00Z
101,lifecyclestage,customer,2025-03-20T10:00:00Z
""",
        },
    )
