-- title: >
--   People who can log in to an account, being neither invited nor suspended.
-- notes: |
--   Left out are the states PENDING and PROCESSING (invited), SUSPENDED, IAMID_INVALID (the IBMid
--   is gone) and VPN_ONLY (a login to the VPN of the classic infrastructure, and no other). Whoever
--   is in a state that is not known here may log in.
select account_id, iam_id, user_id, state, email, realm, added_on
from users
where coalesce(state, '') not in (
  'PENDING', 'PROCESSING', 'SUSPENDED', 'IAMID_INVALID', 'VPN_ONLY'
)
