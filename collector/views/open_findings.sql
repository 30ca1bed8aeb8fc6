-- title: >
--   Findings that nobody accepts.
-- notes: |
--   The others are in acknowledged_findings. An acknowledgement that has expired accepts nothing.
select findings.*
from findings
where acknowledgement_id is null
  or acknowledgement_id not in (select id from current_acknowledgements)
