-- title: >
--   Findings that somebody has accepted, with the reason, until a day.
-- notes: |
--   Findings that somebody has acknowledged, with the reason, until the day it names.
select
  findings.report,
  findings.account_id,
  findings.finding,
  findings.severity,
  accepted.note
from findings
join current_acknowledgements as accepted on accepted.id = findings.acknowledgement_id
