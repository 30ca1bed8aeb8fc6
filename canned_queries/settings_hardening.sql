-- title: Settings weaker than recommended
-- question: Which settings of the account are weaker than they should be?
-- category: Account settings
-- severity: high
-- why: >
--   Weak settings let everybody create access that outlives them, and let outsiders and other
--   networks in.
-- remediation: >
--   Change the setting with its command, or in the console where there is none. Read below before
--   you restrict addresses, API key creation or external identities: a mistake locks people out.
-- notes: >
--   One row for each setting, with the value that counts (that of the account, or of a template of
--   its enterprise). High is what lets everybody keep access that nobody sees; medium what lets
--   outsiders and other networks in; low what only limits harm. Looked at: everybody may create
--   API keys and service IDs, and so keep access that outlives them; everybody sees all users;
--   logins from any address, or from more than half of all addresses of IPv4 or IPv6, however the
--   list writes them; sessions longer than IBM Cloud's own default of 24 hours, or 2 hours without
--   activity, or without a limit to their number; invitations to any mail address; identities of
--   other accounts that may use access here ("monitor" only records it). A newer setting that IBM
--   Cloud's answer does not have is not listed, for it is not known. Addresses may be limited by
--   context-based restrictions and for single users as well: this report does not look there. MFA
--   and public access have reports of their own. The command line cannot restrict the user list
--   and mail domains, and only you know your addresses: ibmcloud iam account-settings-update
--   --allowed-ip-addresses ADDRESSES (a wrong list locks you out). Where creation is restricted,
--   give those who need it, the account owner included, the roles User API key creator and Service
--   ID creator; API keys of service IDs are not affected. Before external identities are limited,
--   set them to monitor and look at what is recorded, then name the accounts that may stay with
--   --allowed-accounts. What a template sets is changed in the enterprise.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.4, v2.0 1.4"
--   - "CIS IBM Cloud Foundations Benchmark v2.0 1.13"
--   - "IBM Cloud Docs: Restricting users from creating API keys"
--   - "IBM Cloud Docs: Restricting users from creating service IDs"
--   - "IBM Cloud Docs: Restricting domains for account invitations"
-- shown: [setting, severity, present, recommended]
-- identifiers: [setting_id]
-- chart:
--   mark: bar
--   x_column: setting
--   x_type: nominal
--   y_column: settings
--   y_type: quantitative
with
  checked as (
    select
      account_id,
      1 as place,
      'high' as severity,
      'restrict_create_service_id' as setting_id,
      'Creation of service IDs' as setting,
      restrict_create_service_id as present,
      'RESTRICTED' as recommended,
      restrict_create_service_id <> 'RESTRICTED' as is_weak,
      'ibmcloud iam account-settings-update --restrict-create-service-id RESTRICTED' as command
    from account_settings
    union all
    select
      account_id,
      2,
      'high',
      'restrict_create_platform_apikey',
      'Creation of API keys',
      restrict_create_platform_apikey,
      'RESTRICTED',
      restrict_create_platform_apikey <> 'RESTRICTED',
      'ibmcloud iam account-settings-update --restrict-create-platform-apikey RESTRICTED'
    from account_settings
    union all
    select
      account_id,
      3,
      'low',
      'restrict_user_list_visibility',
      'Visibility of the user list',
      restrict_user_list_visibility,
      'RESTRICTED',
      restrict_user_list_visibility <> 'RESTRICTED',
      null
    from account_settings
    union all
    select
      account_id,
      4,
      'medium',
      'allowed_ip_addresses',
      'Addresses to log in from',
      iif(trim(coalesce(allowed_ip_addresses, '')) = '', 'any', allowed_ip_addresses),
      'your own networks',
      trim(coalesce(allowed_ip_addresses, '')) = ''
        or account_id in (select account_id from open_logins),
      null
    from account_settings
    union all
    select
      account_id,
      5,
      'low',
      'session_expiration_in_seconds',
      'Longest session',
      session_expiration_in_seconds || ' seconds',
      '86400 seconds or less',
      cast(session_expiration_in_seconds as integer) > 86400,
      'ibmcloud iam account-settings-update --session-expiration-in-seconds 86400'
    from account_settings
    union all
    select
      account_id,
      6,
      'low',
      'session_invalidation_in_seconds',
      'Longest time without activity',
      session_invalidation_in_seconds || ' seconds',
      '7200 seconds or less',
      cast(session_invalidation_in_seconds as integer) > 7200,
      'ibmcloud iam account-settings-update --session-invalidation-in-seconds 7200'
    from account_settings
    union all
    select
      account_id,
      7,
      'low',
      'max_sessions_per_identity',
      'Sessions at a time',
      'no limit',
      'a limit, such as 5',
      max_sessions_per_identity = 'NOT_SET',
      'ibmcloud iam account-settings-update --max-sessions-per-identity 5'
    from account_settings
    union all
    select
      account_id,
      8,
      'medium',
      'restrict_user_domains',
      'Mail domains that may be invited',
      'any',
      'your own domains',
      json_valid(restrict_user_domains)
        and not exists (
          select 1
          from json_tree(
            iif(json_valid(restrict_user_domains), restrict_user_domains, '[]')
          ) as each
          where each.key = 'restrict_invitation' and each.type = 'true'
        ),
      null
    from account_settings
    union all
    select
      account_id,
      9,
      'medium',
      'external_identity_settings.' || identity_type,
      'Access of other accounts'' '
        || case identity_type
          when 'user' then 'users'
          when 'service_id' then 'service IDs'
          when 'service' then 'services'
          else identity_type
        end,
      state,
      'limited',
      state <> 'limited',
      'ibmcloud iam account-settings-external-interaction-update '''
        || replace(identity_type, '''', '''\''''') || ''' --state limited'
    from external_identity_settings
  )
select
  coalesce(accounts.name, checked.account_id) as account,
  checked.setting,
  checked.present,
  checked.recommended,
  checked.severity,
  1 as settings,
  checked.command,
  'https://cloud.ibm.com/iam/settings' as console,
  acknowledged.note as acknowledged,
  checked.setting_id,
  checked.account_id,
  count(*) over () as report_rows
from checked
join accounts on accounts.account_id = checked.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'settings_hardening'
  and acknowledged.account_id = checked.account_id
  and acknowledged.finding = checked.setting_id
where checked.is_weak
order by account, checked.account_id, checked.place, checked.setting_id
