-- title: Account settings weaker than recommended
-- question: Which account settings are weaker than they should be?
-- category: Account settings
-- severity: high
-- why: >
--   Weak settings let everyone create access that remains when their own access ends, and admit
--   outsiders and other networks.
-- remediation: >
--   Change the setting with its command, or in the console if it has none. Read the notes before
--   you restrict IP addresses, API key creation, or external identities: a mistake locks people
--   out.
-- notes: >
--   One row for each setting, with the value in effect (from the account, or from an enterprise
--   template). Settings that let everyone keep access that nobody sees have the severity high,
--   settings that admit outsiders and other networks have the severity medium, and settings that
--   only limit damage have the severity low. The report checks the following settings. Everyone
--   can create API keys and service IDs, and so keep access when their own access ends. Everyone
--   can see all users. Logins are allowed from any address, or from more than half of all IPv4 or
--   IPv6 addresses, no matter how the list writes them. Sessions last longer than IBM Cloud's own
--   default of 24 hours, or of 2 hours without activity, or their number is not limited. Any email
--   address can be invited. Identities of other accounts can use access here (monitor only records
--   it). A newer setting that is missing from IBM Cloud's response is not listed, because its
--   value is not known. IP addresses can also be restricted by context-based restrictions and for
--   individual users, which this report does not check. MFA and public access have separate
--   reports. The command line cannot restrict the user list or email domains. Only you know your
--   addresses, so there is no ready command for them, but you can use ibmcloud iam
--   account-settings-update --allowed-ip-addresses ADDRESSES (a wrong list locks you out). If you
--   restrict creation, give the roles User API key creator and Service ID creator to those who
--   need them, including the account owner; API keys of service IDs are not affected. Before you
--   limit external identities, set them to monitor and review what is recorded, then name the
--   accounts to keep with --allowed-accounts. Change settings from a template in the enterprise.
-- references:
--   - "CIS IBM Cloud Foundations Benchmark v1.0 1.4, v2.0 1.4"
--   - "CIS IBM Cloud Foundations Benchmark v2.0 1.13"
--   - "IBM Cloud Docs: Restricting users from creating API keys"
--   - "IBM Cloud Docs: Restricting users from creating service IDs"
--   - "IBM Cloud Docs: Restricting domains for account invitations"
-- shown: [setting, severity, present, recommended]
-- breakdown: {by: severity}
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
      'IP addresses allowed to log in',
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
      'Maximum session length',
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
      'Maximum idle time',
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
      'Concurrent sessions',
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
      'Email domains that can be invited',
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
