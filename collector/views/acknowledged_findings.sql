-- title: >
--   Findings that somebody accepted, with the reason and the expiration date.
-- notes: |
--   Findings that somebody acknowledged, with the reason and the expiration date.
select
  findings.report,
  findings.account_id,
  findings.finding,
  findings.severity,
  accepted.note
from findings
join current_acknowledgements as accepted on accepted.id = findings.acknowledgement_id
