-- title: >
--   Findings that somebody has accepted, with the reason, until a day.
-- notes: |
--   Findings that somebody has acknowledged, with the reason, until the day it names.
select
  findings.report,
  findings.account_id,
  findings.finding,
  findings.severity,
  acknowledgements.reason || ' (until ' || acknowledgements.expires || ')' as note
from findings
join acknowledgements on acknowledgements.id = findings.acknowledgement_id
where acknowledgements.expires >= date('now')
