-- title: >
--   What to fix: every finding of every report, the most severe first.
-- notes: |
--   Each row is a finding as counted by the last collection. acknowledged is empty while nobody
--   accepts the finding, and again after the acknowledgement expires, so open findings are those
--   where it is empty. Severities are looked up one after the other, the most severe first, instead
--   of being sorted: a page of many thousands of findings starts immediately, and another order
--   costs nothing extra. Names are looked up one by one instead of being joined, because a query
--   that only counts needs none of them.
-- facets: [severity, category, account, kind, title]
-- columns:
--   severity: How severe it is.
--   category: The category of its report.
--   title: The title of its report.
--   what: The name of what needs to be fixed.
--   who: "The holder: the name of an identity, access group, or service."
--   kind: "Kind of holder: person, service ID, trusted profile, access group, or service."
--   account: The account's name.
--   first_seen: "When a collection first found it; empty: not known."
--   acknowledged: Why it is accepted, and until when; empty while it is open.
--   command: The ibmcloud command that fixes it, if there is one.
--   policy: The policy, as a sentence.
--   report: Its report.
--   finding: What identifies it in its report and account.
--   account_id: The account.
--   iam_id: The identity that it is about.
--   access_group_id: The access group that it is about.
--   policy_id: The policy that it is about.
--   instance_id: The service instance that it is about.
with severities(severity) as (
  values ('critical'), ('high'), ('medium'), ('low'), ('info')
)
select
  findings.severity,
  (select category from reports where reports.name = findings.report) as category,
  (select title from reports where reports.name = findings.report) as title,
  findings.what,
  findings.who,
  findings.kind,
  (
    select coalesce(accounts.name, accounts.account_id)
    from accounts
    where accounts.account_id = findings.account_id
  ) as account,
  findings.first_seen,
  (
    select accepted.note
    from current_acknowledgements as accepted
    where accepted.id = findings.acknowledgement_id
  ) as acknowledged,
  findings.command,
  (
    select policies.sentence
    from policy_sentences as policies
    where policies.policy_id = findings.policy_id
  ) as policy,
  findings.report,
  findings.finding,
  findings.account_id,
  findings.iam_id,
  findings.access_group_id,
  findings.policy_id,
  findings.instance_id
from severities
cross join findings on findings.severity = severities.severity
