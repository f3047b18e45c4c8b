"""The words of the screen: verdicts, states and the auditor's terms, each in one place.

Sources: design.md 4 (glossary), domain.md 0.2 (vocabulary) and 8.2 (states of a request), in own words.
"""

from __future__ import annotations

VERDICTS: dict[str, str] = {
    "pass": "Pass",
    "fail": "Fail",
    "undetermined": "Undetermined",
    "not_applicable": "Not applicable",
}

# state: (word, tone, icon); tones are neutral, info, good, warn, bad - colour is never the only sign
STATES: dict[str, tuple[str, str, str]] = {
    "draft": ("Draft", "neutral", "open"),
    "open": ("Open", "info", "open"),
    "in_progress": ("In progress", "info", "half"),
    "submitted": ("Submitted", "info", "sent"),
    "in_review": ("In review", "info", "eye"),
    "accepted": ("Accepted", "good", "good"),
    "returned": ("Returned", "warn", "back"),
    "reopened": ("Reopened", "warn", "back"),
    "withdrawn": ("Withdrawn", "neutral", "not_applicable"),
    "closed": ("Closed", "neutral", "good"),
    "overdue": ("Overdue", "bad", "clock"),
    "due": ("Due", "warn", "clock"),
    "late": ("Late", "warn", "clock"),
    "missed": ("Missed", "bad", "bad"),
    "met": ("Met", "good", "good"),
    "not_yet_due": ("Not yet due", "neutral", "clock"),
    "filed": ("Waits for acceptance", "info", "sent"),
    "in_a_list": ("A list covers it", "warn", "undetermined"),
    "did_not_operate": ("Did not operate", "neutral", "not_applicable"),
    "running": ("Running", "info", "half"),
    "queued": ("Queued", "neutral", "clock"),
    "failed": ("Failed", "bad", "bad"),
    "delivered": ("Taken", "good", "good"),
    "undelivered": ("Terminal only", "warn", "warn"),
    "complete": ("Complete", "good", "good"),
    "incomplete": ("Incomplete", "bad", "warn"),
    "reconciled": ("Reconciled", "good", "good"),
    "unreconciled": ("Not reconciled", "warn", "warn"),
    "locked": ("Locked", "neutral", "lock"),
    "approved": ("Approved", "good", "good"),
    "published": ("Published", "good", "good"),
    "prepared": ("Prepared", "info", "half"),
    "reviewed": ("Reviewed", "good", "good"),
    "concluded": ("Concluded", "good", "good"),
    "issued": ("Issued", "good", "lock"),
    "superseded": ("Superseded", "neutral", "not_applicable"),
    "retired": ("Retired", "neutral", "not_applicable"),
    "excluded": ("Excluded", "warn", "eye"),
    "said": ("Said", "good", "good"),
    "missing": ("Missing", "warn", "warn"),
    "none": ("None", "neutral", "not_applicable"),
    "elsewhere": ("Not held here", "neutral", "open"),
    "critical": ("Critical", "bad", "warn"),
    "high": ("High", "bad", "up"),
    "medium": ("Medium", "warn", "open"),
    "low": ("Low", "neutral", "down"),
}

SIDES: dict[str, str] = {"company": "Company", "auditor": "Auditor"}
ROAD: dict[str, str] = {"done": "done", "current": "now", "next": "next", "later": "later"}
TONES: dict[str, str] = {"info": "info", "good": "good", "warning": "warn", "refusal": "bad"}

# what the auditor says: what it means to somebody who hears it for the first time
TERMS: dict[str, str] = {
    "Attribute": "One thing checked on every item of a sample, named A, B, C …",
    "Assertion": "Management's own signed statement about the system and its controls. It stands in the report.",
    "Bridge letter": "Management's letter for the time between the end of the reported period and today. "
    "The auditor says nothing in it.",
    "C&A": "Completeness and accuracy: is everything on the list, and is what it says true?",
    "Carve-out": "A vendor's controls are left out of the description and the tests; its own report is read instead.",
    "Category": "Security, availability, processing integrity, confidentiality or privacy: what the report is about.",
    "Census": "Every item of the population is tested, so nothing is drawn.",
    "Checkpoint": "The signed size and fingerprint of the ledger at a moment. Keep an old one: "
    "it proves later that nothing before it was changed.",
    "Commitment": "A promise to customers, in a contract, a service level or a notice.",
    "Control": "Something a person or a system does, again and again, so that a criterion is met.",
    "Criterion": "One of the statements that the examination measures the system against.",
    "CSOC": "A control that a subservice organisation must operate so that yours work as described.",
    "CUEC": "A control that your customers must operate themselves so that yours work as described.",
    "Deficiency": "A control that is badly designed, missing or not operating.",
    "Deviation": "One tested item that did not do what the control says. Also called an exception. "
    "Fixing it later does not erase it.",
    "Evidence": "A file that cannot be changed any more, with the period it covers and where it came from.",
    "Exclusion": "Something left out, by whom, why and until when. The auditor always sees it.",
    "Gap": "What is missing today between what a control says and what can be shown.",
    "Inclusive": "A vendor's controls are described and tested together with yours.",
    "IPE": "Information produced by the entity: any list, report or screenshot from the company that is used as "
    "evidence. The auditor first asks whether it is complete and accurate.",
    "Item": "One member of a population: one change, one leaver, one review.",
    "Occurrence": "One expected operation of a periodic control. It is met by evidence, or it is missed.",
    "Opinion": "The auditor's conclusion. Only the auditor writes it.",
    "PBC": "Provided by client: the auditor's list of what the company should send.",
    "Point of focus": "A characteristic to consider under a criterion. It is a help, never a requirement.",
    "Population": "All occurrences in the period, from the source system, counted twice and locked. "
    "Only then may a sample be drawn.",
    "Procedure": "What the auditor does to test a control: ask, observe, inspect or do it again.",
    "Roll-forward": "The tests at the end of the period for the time after the interim tests.",
    "Sample": "The items drawn from a locked population by a rule and a seed that anybody can run again.",
    "Seed": "The number that fixes a draw. It is committed before the population is locked, by the auditor.",
    "Sign-off": "A person's signature under a test: first who prepared it, then another who reviewed it.",
    "Subservice organisation": "A vendor whose controls are needed, with yours, to keep a promise to customers.",
    "System": "Infrastructure, software, people, procedures and data that together deliver the service.",
    "Type 1": "A report on the description and the design of controls as of one day.",
    "Type 2": "A report on the design and the operation of controls throughout a period.",
    "Undetermined": "What could not be seen. It is never a pass and never a fail, and its cause is named.",
    "User entity": "A customer of the company that is examined.",
    "Walkthrough": "Following one occurrence from start to end to understand how a control works.",
}
