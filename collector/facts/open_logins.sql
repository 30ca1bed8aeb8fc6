-- title: >
--   Accounts whose list of addresses to log in from leaves the way open.
-- grain: one row for each account with such a list
-- key: [account_id]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
-- rests_on: [account_settings]
-- errs: Open begins at more than half of all addresses of an IP version, which is a convention.
select account_id
from account_settings
where lets_in_most(allowed_ip_addresses)
