-- title: >
--   People who can log in to an account, being neither invited nor suspended.
-- notes: |
--   The states PENDING and PROCESSING (invited), SUSPENDED, IAMID_INVALID (the IBMid is gone), and
--   VPN_ONLY (a login only to the VPN of classic infrastructure) are left out. People in a state
--   that is not known here count as able to log in.
select account_id, iam_id, user_id, state, email, realm, added_on
from users
where coalesce(state, '') not in (
  'PENDING', 'PROCESSING', 'SUSPENDED', 'IAMID_INVALID', 'VPN_ONLY'
)
