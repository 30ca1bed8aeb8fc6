-- title: Overly broad claim rules in trusted profiles
-- question: Which claim rules for federated users have no condition that narrows down who matches?
-- category: Trusted profiles
-- severity: high
-- why: >
--   Everyone who matches such a rule can assume the trusted profile, without anyone's approval.
-- remediation: >
--   Create a rule that names a group of the identity provider with EQUALS or IN, using ibmcloud
--   iam trusted-profile-rule-create, then delete this one with its command.
-- notes: >
--   All conditions of a rule must be met, so one good condition is enough; the report lists rules
--   that have none. NOT_EQUALS matches everyone but a few. CONTAINS on a text also matches longer
--   texts, such as not-admins for admins; on a list of groups it matches exactly one of them. IBM
--   Cloud does not say which kind a claim is: claims named groups, roles, memberOf, and the like
--   are treated as lists, and rules with such a condition are listed for information only. Claims
--   that many people share, under their usual names, are country, location, region, city,
--   language, time zone, company, organization, domain, employee type, and verified address. How
--   many people a good claim matches is not known, nor whether people can change the claim
--   themselves. Operators other than the six in IBM's documentation are not judged. is_privileged
--   is yes for trusted profiles that administer the account, and empty otherwise. Whatever an
--   enterprise template created is changed in the enterprise, so it has no command.
-- references:
--   - "IBM Cloud Docs: IAM condition properties"
-- shown: [profile, rule, severity, conditions, weakness, is_privileged, identity_provider]
-- breakdown: {by: severity}
-- identifiers: [rule_id]
-- chart:
--   mark: bar
--   x_column: weakness
--   x_type: nominal
--   y_column: rules
--   y_type: quantitative
with
  weak_rules as materialized (
    select rule_id, conditions, weakness, severity from weak_claim_rules where kind = 'trusted_profile'
  ),
  privileged as materialized (
    select account_id, iam_id from administrators where kind = 'trusted_profile'
  )
select
  coalesce(accounts.name, profiles.account_id) as account,
  coalesce(nullif(profiles.name, ''), profiles.id) as profile,
  coalesce(nullif(rules.name, ''), rules.id) as rule,
  weak_rules.conditions,
  weak_rules.weakness,
  weak_rules.severity,
  rules.realm_name as identity_provider,
  case
    when (profiles.account_id, profiles.iam_id) in (select account_id, iam_id from privileged)
      then 'yes'
  end as is_privileged,
  rules.expiration / 3600 as session_hours,
  rules.created_at,
  1 as rules,
  iif(
    profiles.template_id is null,
    'ibmcloud iam trusted-profile-rule-delete ' || arguments.word || ' '''
      || replace(rules.id, '''', '''\''''') || '''',
    null
  ) as command,
  arguments.console,
  acknowledged.note as acknowledged,
  profiles.iam_id,
  profiles.id as profile_id,
  rules.id as rule_id,
  profiles.account_id,
  count(*) over () as report_rows
from weak_rules
join trustedprofile_rules as rules on rules.id = weak_rules.rule_id
join trustedprofiles as profiles on profiles.id = rules.tp_id
join accounts on accounts.account_id = profiles.account_id
join identity_arguments as arguments
  on arguments.iam_id = profiles.iam_id and arguments.account_id = profiles.account_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'profile_claim_broad'
  and acknowledged.account_id = profiles.account_id
  and acknowledged.finding = rules.id
order by account, profiles.account_id, profile, profiles.id, rule, rules.id
