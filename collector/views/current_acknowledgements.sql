-- title: >
--   Acknowledgements that still apply today, with their text.
-- notes: |
--   A finding is accepted until the acknowledgement's expiration date; from the next day on, it is
--   open again. That is decided here and nowhere else.
select id, reason || ' (until ' || expires || ')' as note
from acknowledgements
where expires >= date('now')
