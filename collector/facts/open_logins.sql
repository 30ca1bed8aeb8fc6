-- title: >
--   Accounts whose list of allowed IP addresses does not limit logins.
-- grain: one row for each account with such a list
-- key: [account_id]
-- columns:
--   account_id: {is: The account., references: accounts, required: true}
-- rests_on: [account_settings]
-- errs: The threshold of more than half of all addresses of an IP version is a convention.
select account_id
from account_settings
where lets_in_most(allowed_ip_addresses)
