-- title: >
--   Letters that exist in more than one case, as a GLOB pattern that matches any case, and the
--   characters that have a special meaning for GLOB.
-- grain: one row for each letter in one of its cases
-- key: [letter]
-- columns:
--   letter: {is: "The letter.", required: true}
--   pattern: {is: "All its cases in brackets, such as [Aa].", required: true}
-- rests_on: []
-- errs: >
--   SQLite's lower() supports only ASCII letters. This fact has Latin, Greek, Cyrillic, Armenian, and
--   full-width letters whose cases differ by one letter each. Letters that become two letters in
--   another case, such as ß and SS, and combined accents are missing: such a name is found only as
--   written.
with recursive
  -- From the first to the last capital, every so many; and how far from each its small letter is.
  ranges(first, last, step, distance) as (
    values
      (65, 90, 1, 32),
      (192, 214, 1, 32),
      (216, 222, 1, 32),
      (256, 302, 2, 1),
      (306, 310, 2, 1),
      (313, 327, 2, 1),
      (330, 374, 2, 1),
      (376, 376, 1, -121),
      (377, 381, 2, 1),
      (461, 475, 2, 1),
      (478, 494, 2, 1),
      (504, 542, 2, 1),
      (546, 562, 2, 1),
      (902, 902, 1, 38),
      (904, 906, 1, 37),
      (908, 908, 1, 64),
      (910, 911, 1, 63),
      (913, 929, 1, 32),
      (931, 939, 1, 32),
      (1024, 1039, 1, 80),
      (1040, 1071, 1, 32),
      (1120, 1152, 2, 1),
      (1162, 1214, 2, 1),
      (1216, 1216, 1, 15),
      (1217, 1229, 2, 1),
      (1232, 1326, 2, 1),
      (1329, 1366, 1, 48),
      (7680, 7828, 2, 1),
      (7838, 7838, 1, -7615),
      (7840, 7934, 2, 1),
      (65313, 65338, 1, 32)
  ),
  capitals(code, last, step, distance) as (
    select first, last, step, distance from ranges
    union all
    select code + step, last, step, distance from capitals where code + step <= last
  ),
  cases as (
    select char(code) as capital, char(code + distance) as small from capitals
    union all
    select 'Σ', 'ς' -- as it is written at the end of a word
  ),
  patterns as (
    select capital, '[' || capital || group_concat(small, '') || ']' as pattern
    from cases
    group by capital
  )
select capital, pattern
from patterns
union
select cases.small, patterns.pattern
from cases
join patterns on patterns.capital = cases.capital
union
select column1, '[' || column1 || ']' from (values ('*'), ('?'), ('['))
