-- title: Numbers from 1 to 1,000, as positions of the letters of a text.
-- notes: |
--   With letter_cases it makes a pattern of what somebody looks for, which fits it in any case.
with recursive places(place) as (
  select 1
  union all
  select place + 1 from places where place < 1000
)
select place from places
